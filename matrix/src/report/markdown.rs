//! The report as GitHub-flavoured Markdown: what went otherwise comes first.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::human::{never_exercised, percent, replay, request, result, share, standing};
use super::{DeviationReport, DivergenceReport, Report, Symptom, Table};
use crate::wrap::printable;

/// Renders the report.
pub fn render(report: &Report) -> String {
    let mut page = format!(
        "# shakedown {}\n\n**{}**\n\n{}\n\n",
        text(&report.shakedown),
        text(&result(report)),
        text(&request(report))
    );
    page += &counts(report);
    page += &divergences(&report.divergences);
    page += &counted("Known divergences", &report.known);
    page += &deviations(&report.deviations);
    page += &thoroughness(report);
    page += &stacks(report);
    if !report.tables.is_empty() {
        page += "## Compatibility\n\n";
        for table in &report.tables {
            page += &compatibility(table);
        }
    }
    page += &symptoms(&report.symptoms);
    page += &counted("What stacks cannot express", &report.unsupported);
    bounded(page)
}

/// The page without what is beyond [`MOST_BYTES`], cut between paragraphs.
pub(crate) fn bounded(mut page: String) -> String {
    if page.len() > MOST_BYTES {
        let mut end = MOST_BYTES - ROOM;
        while !page.is_char_boundary(end) {
            end -= 1;
        }
        let end = page[..end].rfind("\n\n").unwrap_or(end);
        let left = page.len() - end;
        page.truncate(end);
        // A line that opens a fence has a partner that closes it.
        let fences = page.lines().filter(|line| line.starts_with("```")).count();
        if fences % 2 == 1 {
            page += "\n```";
        }
        let lines = |tag: &str| page.lines().filter(|line| line.starts_with(tag)).count();
        // Ours begin a line; a text's own are escaped.
        if lines("<details>") > lines("</details>") {
            page += "\n\n</details>";
        }
        let _ = write!(
            page,
            "\n\n**Cut off here: {left} more bytes, which the JSON form has.**"
        );
    }
    page.truncate(page.trim_end().len());
    page + "\n"
}

fn counts(report: &Report) -> String {
    let summary = &report.summary;
    let counts = [
        ("scenarios", summary.scenarios),
        ("agree", summary.agree),
        ("known", summary.known),
        ("diverge", summary.diverge),
        ("unsupported", summary.unsupported),
        ("unmodelled", summary.unmodelled),
        ("stall", summary.stall),
        ("crash", summary.crash),
    ];
    let heads: Vec<_> = counts.iter().map(|(name, _)| (*name).to_owned()).collect();
    let values: Vec<_> = counts.iter().map(|(_, count)| count.to_string()).collect();
    table(&heads, [values])
}

fn divergences(divergences: &[DivergenceReport]) -> String {
    if divergences.is_empty() {
        return String::new();
    }
    let mut out = "## Divergences\n\n".to_owned();
    for (number, divergence) in divergences.iter().enumerate() {
        let expected = divergence
            .cause
            .map_or_else(|| "success".to_owned(), |cause| format!("failure, {cause}"));
        let _ = writeln!(
            out,
            "### {}. {} ×{}, expected: {}\n",
            number + 1,
            text(&divergence.verdict),
            divergence.count,
            text(&expected)
        );
        if let Some(message) = &divergence.message {
            let _ = writeln!(out, "Panic: {}\n", code(message));
        }
        if !divergence.differences.is_empty() {
            let heads = ["side", "what", "expected", "actual"].map(str::to_owned);
            let rows = divergence.differences.iter().map(|difference| {
                vec![
                    difference
                        .side
                        .map_or("both", |side| side.name())
                        .to_owned(),
                    text(difference.field.name()),
                    cell_code(&difference.expected),
                    cell_code(&difference.actual),
                ]
            });
            out += &table(&heads, rows);
        }
        let axes: Vec<_> = divergence.axes.iter().map(|axis| code(axis)).collect();
        if !axes.is_empty() {
            let _ = writeln!(out, "Smallest: {}\n", axes.join(" "));
        }
        let _ = writeln!(
            out,
            "First seen in {} ({}); the smallest is {}:\n",
            code(&divergence.example),
            code(&divergence.id.0),
            code(&divergence.shrunk_id.0)
        );
        out += &fenced(&replay(&divergence.replay(), CODE_WIDTH));
    }
    out
}

fn deviations(deviations: &[DeviationReport]) -> String {
    if deviations.is_empty() {
        return String::new();
    }
    let heads = ["rule", "asks", "library", "does", "scenarios", ""].map(str::to_owned);
    let rows = deviations.iter().map(|told| {
        vec![
            text(&told.citation),
            text(&told.demand),
            told.library.to_string(),
            text(&told.deed),
            told.count.to_string(),
            text(standing(told).trim_start_matches(": ")),
        ]
    });
    format!("## Deviations from the RFCs\n\n{}", table(&heads, rows))
}

fn thoroughness(report: &Report) -> String {
    let (never, all) = never_exercised(report);
    let mut out = format!(
        "## Thoroughness\n\n- Causes exercised: {} of {all}",
        all - never.len()
    );
    if !never.is_empty() {
        let names: Vec<_> = never.iter().map(|id| code(id)).collect();
        let _ = write!(out, "; never: {}", names.join(", "));
    }
    out.push('\n');
    for coverage in &report.coverage {
        let _ = writeln!(
            out,
            "- Coverage, {} at a time: {} ({} of {})",
            coverage.strength,
            percent(share(coverage.covered, coverage.coverable)),
            coverage.covered,
            coverage.coverable
        );
        for uncovered in &coverage.uncovered {
            let _ = writeln!(out, "  - not covered: {}", code(uncovered));
        }
    }
    let _ = writeln!(
        out,
        "- Sharpness: the model allows exactly one outcome for {}\n",
        percent(report.summary.sharpness)
    );
    out
}

fn stacks(report: &Report) -> String {
    let heads = ["stack", "library", "version", "cryptography"].map(str::to_owned);
    let rows = report.stacks.iter().map(|stack| {
        vec![
            text(stack.id.name()),
            text(&stack.name),
            text(&stack.version),
            text(&stack.crypto),
        ]
    });
    format!("## Stacks\n\n{}", table(&heads, rows))
}

fn compatibility(shown: &Table) -> String {
    let heads: Vec<_> = shown.columns.iter().map(|head| text(head)).collect();
    let rows = shown.rows.iter().map(|row| {
        std::iter::once(&row.label)
            .chain(row.cells.iter().map(|cell| &cell.text))
            .map(|content| text(content))
            .collect()
    });
    let mut out = format!("### {}\n\n{}", text(&shown.title), table(&heads, rows));
    for note in &shown.notes {
        let _ = writeln!(out, "- {}", text(note));
    }
    if !shown.notes.is_empty() {
        out.push('\n');
    }
    out
}

fn symptoms(symptoms: &[Symptom]) -> String {
    if symptoms.is_empty() {
        return String::new();
    }
    let mut out =
        "## Symptoms\n\n<details>\n<summary>What each cause looks like</summary>\n".to_owned();
    let mut last = None;
    for symptom in symptoms {
        let cause = symptom.cause;
        if last != Some(cause) {
            last = Some(cause);
            let _ = writeln!(
                out,
                "\n### {}\n\nRule: {}. Remedy: {}.\n",
                text(cause.id()),
                text(cause.rule()),
                text(cause.remedy())
            );
        }
        let sent = match &symptom.alert {
            Some(alert) => format!("sends {}", code(alert)),
            None => "sends no alert".into(),
        };
        let _ = writeln!(
            out,
            "- {} ({}): the {} finds it and {sent}\n  - client: {}\n  - server: {}",
            text(&symptom.example),
            code(&symptom.id.0),
            symptom.detector,
            code(&symptom.client),
            code(&symptom.server)
        );
    }
    out + "\n</details>\n\n"
}

fn counted(title: &str, counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let heads = ["what", "scenarios"].map(str::to_owned);
    let rows = counts
        .iter()
        .map(|(what, count)| vec![text(what), count.to_string()]);
    format!("## {title}\n\n{}", table(&heads, rows))
}

/// A table of cells that are escaped already, with an empty line after it.
pub(crate) fn table(heads: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut out = line(heads);
    out += &line(&vec!["---".to_owned(); heads.len()]);
    for row in rows {
        out += &line(&row);
    }
    out.push('\n');
    out
}

/// Text that stands for itself, in a table or out of it.
pub(crate) fn text(content: &str) -> String {
    let chars: Vec<_> = printable(content).chars().collect();
    let mut out = String::with_capacity(content.len());
    for (place, c) in chars.iter().enumerate() {
        let within_word = |near: Option<&char>| near.is_some_and(|c| c.is_alphanumeric());
        let special = match c {
            '\\' | '`' | '*' | '[' | ']' | '<' | '|' | '#' | '~' | '&' | '@' => true,
            // Harmless within words, and common there.
            '_' => {
                !(place > 0
                    && within_word(chars.get(place - 1))
                    && within_word(chars.get(place + 1)))
            }
            _ => false,
        };
        if special {
            out.push('\\');
        }
        out.push(*c);
    }
    out
}

/// Text as it is, in a fixed-width font.
pub(crate) fn code(content: &str) -> String {
    let content = printable(content);
    if content.is_empty() {
        return String::new();
    }
    let ticks = "`".repeat(longest_run(&content) + 1);
    // A space inside keeps backticks apart, and is taken off again.
    let pad = if content.starts_with(['`', ' ']) || content.ends_with(['`', ' ']) {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{content}{pad}{ticks}")
}

/// The same in a table, which is taken apart at bars before anything else is read.
pub(crate) fn cell_code(content: &str) -> String {
    code(content).replace('|', "\\|")
}

pub(crate) fn fenced(block: &str) -> String {
    let fence = "`".repeat((longest_run(block) + 1).max(3));
    format!("{fence}sh\n{block}{fence}\n\n")
}

fn longest_run(content: &str) -> usize {
    content.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

pub(crate) const CODE_WIDTH: usize = 100;
/// GitHub takes 65,536 characters in a comment.
const MOST_BYTES: usize = 60_000;
/// For what is said at the end of a page that was cut.
const ROOM: usize = 200;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::human::sample;

    #[test]
    fn what_went_otherwise_comes_first() {
        let page = render(&sample::report());
        let places: Vec<_> = [
            "**3 scenarios went otherwise",
            "## Divergences",
            "## Compatibility",
            "## Symptoms",
        ]
        .iter()
        .map(|part| {
            page.find(part)
                .unwrap_or_else(|| panic!("{part} in {page}"))
        })
        .collect();
        assert!(places.is_sorted(), "{places:?}");
    }

    #[test]
    fn every_table_has_as_many_bars_in_each_row() {
        let page = render(&sample::report());
        let mut bars = None;
        let mut tables = 0;
        for line in page.lines() {
            if !line.starts_with('|') {
                bars = None;
                continue;
            }
            let found = line.replace("\\|", "").matches('|').count();
            if bars.is_none() {
                tables += 1;
            }
            assert_eq!(*bars.get_or_insert(found), found, "{line}");
        }
        assert!(tables >= 4, "{tables}");
    }

    #[test]
    fn text_stands_for_itself() {
        assert_eq!(text("a|b"), "a\\|b");
        assert_eq!(text("<b>&amp; @team #1"), "\\<b>\\&amp; \\@team \\#1");
        assert_eq!(text("TLS_RSA_WITH"), "TLS_RSA_WITH");
        assert_eq!(text("_x_"), "\\_x\\_");
        assert_eq!(text("a\nb\u{1b}"), "a\\\\nb\\\\u{1b}");
    }

    #[test]
    fn code_survives_backticks_and_bars() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a``b"), "```a``b```");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(cell_code("a|b"), "`a\\|b`");
        assert_eq!(fenced("````\n"), "`````sh\n````\n`````\n\n");
    }
}
