//! The report for a terminal: what is long comes first, so that what matters is seen at the end.

use std::fmt::Write;

use super::{DeviationReport, DivergenceReport, Report, RequestReport, Symptom, Table};
use crate::conformance::NEW;
use crate::model::Cause;
use crate::wrap::{paragraph, printable, wrap};

mod grid;

/// Renders the report in lines of at most `width` columns. Colour adds nothing that the words do not
/// say.
pub fn render(report: &Report, width: usize, color: bool) -> String {
    let mut page = Page {
        text: String::new(),
        width,
        color,
    };
    page.title(report);
    page.stacks(report);
    for table in &report.tables {
        page.table(table);
    }
    page.symptoms(&report.symptoms);
    page.divergences(&report.divergences);
    page.counted("Known divergences", &report.known);
    page.deviations(&report.deviations);
    page.counted("What stacks cannot express", &report.unsupported);
    page.summary(report);
    page.text
}

/// A share in percent, rounded down, so that 100 % means all.
pub(super) fn percent(share: f64) -> String {
    format!("{:.2} %", (share * 10_000.0 + ROUNDING).floor() / 100.0)
}

/// What the run was asked for, in a line.
pub(super) fn request(report: &Report) -> String {
    asked(&report.request)
}

/// What a run was asked for, in a line.
pub(crate) fn asked(request: &RequestReport) -> String {
    let mut text = format!(
        "strength {}, {} random scenarios, seed {}",
        request.strength, request.random, request.seed
    );
    if let Some(filter) = &request.filter {
        let _ = write!(text, ", only {filter}");
    }
    if let Some(shard) = request.shard {
        let _ = write!(text, ", shard {shard}");
    }
    text
}

/// The causes that a run of everything ought to meet and this one did not, and the number of all.
pub(super) fn never_exercised(report: &Report) -> (Vec<&str>, usize) {
    let never = report
        .causes
        .iter()
        .filter(|(_, counts)| counts.is_empty())
        .map(|(id, _)| id.as_str())
        .collect();
    (never, report.causes.len())
}

/// How it went, in a line.
pub(super) fn result(report: &Report) -> String {
    let summary = &report.summary;
    let interrupted = if report.request.interrupted {
        "interrupted; "
    } else {
        ""
    };
    if summary.scenarios == 0 {
        return format!("{interrupted}nothing was tried");
    }
    if report.agrees() {
        return format!("{interrupted}every scenario went as the model or a known divergence says");
    }
    let otherwise = summary.diverge + summary.stall + summary.crash;
    if otherwise == 0 {
        let surprises = report.deviations.iter().filter(|told| !told.is_expected());
        return format!(
            "{interrupted}{} deviations from the RFCs are new or gone",
            surprises.count()
        );
    }
    format!("{interrupted}{otherwise} scenarios went otherwise than the model says")
}

/// What is to be done about a deviation, if anything.
pub(super) fn standing(deviation: &DeviationReport) -> String {
    match (deviation.declared, deviation.count) {
        (true, 0) => ": GONE; take it off the declared ones".into(),
        (true, _) => String::new(),
        (false, _) => format!(": {NEW}"),
    }
}

struct Page {
    text: String,
    width: usize,
    color: bool,
}

impl Page {
    fn title(&mut self, report: &Report) {
        self.heading(&format!("shakedown {}", report.shakedown), BOLD);
        self.line(0, &request(report));
    }

    fn stacks(&mut self, report: &Report) {
        self.section("Stacks");
        for stack in &report.stacks {
            self.line(
                1,
                &format!(
                    "{}: {} {}, {}",
                    stack.id, stack.name, stack.version, stack.crypto
                ),
            );
        }
    }

    fn table(&mut self, table: &Table) {
        self.section(&format!("{} [{}]", table.title, table.id));
        self.text += &grid::draw(table, self.width);
        for note in &table.notes {
            self.line(1, note);
        }
    }

    fn symptoms(&mut self, symptoms: &[Symptom]) {
        if symptoms.is_empty() {
            return;
        }
        self.section("Symptoms: what each cause looks like");
        let mut last = None;
        for symptom in symptoms {
            if last != Some(symptom.cause) {
                last = Some(symptom.cause);
                self.cause(symptom.cause);
            }
            self.line(1, &format!("{} [{}]", symptom.example, symptom.id));
            let sent = match &symptom.alert {
                Some(alert) => format!("sends {alert}"),
                None => "sends no alert".into(),
            };
            self.line(2, &format!("the {} finds it and {sent}", symptom.detector));
            self.line(2, &format!("client: {}", symptom.client));
            self.line(2, &format!("server: {}", symptom.server));
        }
    }

    fn cause(&mut self, cause: Cause) {
        self.text.push('\n');
        self.heading(cause.id(), BOLD);
        self.line(
            1,
            &format!("rule: {}; remedy: {}", cause.rule(), cause.remedy()),
        );
    }

    fn divergences(&mut self, divergences: &[DivergenceReport]) {
        if divergences.is_empty() {
            return;
        }
        self.section(&format!("Divergences, {} kinds", divergences.len()));
        for (number, divergence) in divergences.iter().enumerate() {
            self.text.push('\n');
            self.divergence(number + 1, divergence);
        }
    }

    fn divergence(&mut self, number: usize, divergence: &DivergenceReport) {
        let expected = divergence
            .cause
            .map_or_else(|| "success".to_owned(), |cause| format!("failure, {cause}"));
        self.heading(
            &format!(
                "{number}. {} x{}, expected: {expected}",
                divergence.verdict, divergence.count
            ),
            RED,
        );
        for difference in &divergence.differences {
            let side = difference.side.map_or("both", |side| side.name());
            self.line(2, &format!("{side} {}", difference.field));
            self.line(3, &format!("expected: {}", difference.expected));
            self.line(3, &format!("actual:   {}", difference.actual));
        }
        if let Some(message) = &divergence.message {
            self.line(2, &format!("panic: {message}"));
        }
        if divergence.axes.is_empty() {
            self.line(2, "smallest: nothing that the axes name");
        } else {
            self.line(2, &format!("smallest: {}", divergence.axes.join(" ")));
        }
        self.line(
            2,
            &format!(
                "first: {} [{}], smallest [{}]",
                divergence.example, divergence.id, divergence.shrunk_id
            ),
        );
        self.text += &replay(&divergence.replay(), self.width);
    }

    fn deviations(&mut self, deviations: &[DeviationReport]) {
        if deviations.is_empty() {
            return;
        }
        self.section("Deviations from the RFCs");
        let mut last = None;
        for told in deviations {
            if last != Some(&told.rule) {
                last = Some(&told.rule);
                self.line(1, &format!("{}: {}", told.citation, told.demand));
            }
            let seen = match &told.id {
                Some(id) => format!("x{} [{id}]", told.count),
                None => "not seen".into(),
            };
            self.line(
                2,
                &format!("{} {}, {seen}{}", told.library, told.deed, standing(told)),
            );
        }
    }

    fn counted(&mut self, title: &str, counts: &std::collections::BTreeMap<String, u64>) {
        if counts.is_empty() {
            return;
        }
        self.section(title);
        for (what, count) in counts {
            self.line(1, &format!("{count} x {what}"));
        }
    }

    fn summary(&mut self, report: &Report) {
        let summary = &report.summary;
        self.section("Summary");
        self.line(
            1,
            &format!(
                "scenarios: {}: {} agree, {} known, {} diverge, {} unsupported, {} unmodelled, {} stall, {} crash",
                summary.scenarios,
                summary.agree,
                summary.known,
                summary.diverge,
                summary.unsupported,
                summary.unmodelled,
                summary.stall,
                summary.crash
            ),
        );
        let (never, all) = never_exercised(report);
        let mut causes = format!("causes exercised: {} of {all}", all - never.len());
        if !never.is_empty() {
            let _ = write!(causes, "; never: {}", never.join(", "));
        }
        self.line(1, &causes);
        for coverage in &report.coverage {
            let share = share(coverage.covered, coverage.coverable);
            self.line(
                1,
                &format!(
                    "coverage, {} at a time: {} ({} of {})",
                    coverage.strength,
                    percent(share),
                    coverage.covered,
                    coverage.coverable
                ),
            );
            for uncovered in &coverage.uncovered {
                self.line(2, &format!("not covered: {uncovered}"));
            }
        }
        self.line(
            1,
            &format!(
                "sharpness: the model allows exactly one outcome for {}",
                percent(summary.sharpness)
            ),
        );
        let style = if report.agrees() && !report.request.interrupted {
            GREEN
        } else {
            RED
        };
        self.heading(&format!("result: {}", result(report)), style);
    }

    fn section(&mut self, title: &str) {
        self.text.push('\n');
        self.heading(title, BOLD);
    }

    /// Lines that colour sets off.
    fn heading(&mut self, text: &str, style: &str) {
        for line in wrap(&printable(text), self.width) {
            if self.color {
                let _ = writeln!(self.text, "{style}{line}{RESET}");
            } else {
                self.text += &line;
                self.text.push('\n');
            }
        }
    }

    /// A text, indented, and more so from its second line on.
    fn line(&mut self, depth: usize, text: &str) {
        self.text += &paragraph(text, depth, self.width);
    }
}

/// The part that `some` is of `all`; all of nothing is all.
pub(super) fn share(some: usize, all: usize) -> f64 {
    if all == 0 {
        1.0
    } else {
        some as f64 / all as f64
    }
}

/// The line that replays a scenario, in lines that a shell takes as they stand: they break where JSON
/// has room for white space, within the quotes.
pub(crate) fn replay(line: &str, width: usize) -> String {
    let mut text = String::new();
    let mut column = 0;
    for token in tokens(line) {
        let columns = token.chars().count();
        if column > 0 && column + columns > width {
            text.push('\n');
            column = 0;
        }
        text += &token;
        column += columns;
    }
    text.push('\n');
    text
}

/// The parts between which JSON may be broken, with what a terminal might take amiss escaped as JSON
/// does.
fn tokens(line: &str) -> Vec<String> {
    let mut tokens = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        if let Some(token) = tokens.last_mut() {
            if c.is_ascii() && !c.is_control() {
                token.push(c);
            } else {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(token, "\\u{unit:04x}");
                }
            }
        }
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' | '{' | '[' if !quoted => tokens.push(String::new()),
            _ => {}
        }
    }
    tokens
}

/// Makes up for what a share that is exact in decimal loses in binary.
const ROUNDING: f64 = 1e-6;
pub(crate) const BOLD: &str = "\u{1b}[1m";
pub(crate) const RED: &str = "\u{1b}[1;31m";
pub(crate) const GREEN: &str = "\u{1b}[1;32m";
pub(crate) const RESET: &str = "\u{1b}[0m";

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
