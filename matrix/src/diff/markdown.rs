//! The diff as GitHub-flavoured Markdown: what regressed comes first, and the page stays within what a comment takes.

use std::fmt::Write;

use super::words::{
    about, asked, compared, example, meaning, pairings, place, result, stacks, values,
};
use super::{Diff, Group, Kind};
use crate::report::human::replay;
use crate::report::markdown::{CODE_WIDTH, bounded, cell_code, fenced, table, text};

/// Renders the diff.
pub fn render(diff: &Diff) -> String {
    let mut page = format!("# shakedown diff\n\n**{}**\n\n", text(&result(diff)));
    for line in stacks(diff) {
        let _ = writeln!(page, "- {}", text(&line));
    }
    let _ = writeln!(
        page,
        "\n{}. Before: {}. After: {}.\n",
        text(&compared(diff)),
        text(&asked(&diff.old)),
        text(&asked(&diff.new))
    );
    page += &overview(diff);
    for kind in Kind::ALL {
        let groups: Vec<_> = diff.of(kind).collect();
        if groups.is_empty() {
            continue;
        }
        let _ = writeln!(
            page,
            "## {}: {}\n\n{}.\n",
            kind.name(),
            diff.counts.of(kind),
            meaning(kind)
        );
        for (number, group) in groups.iter().enumerate().take(MOST_GROUPS) {
            page += &section(number + 1, group);
        }
        if groups.len() > MOST_GROUPS {
            let left = groups.len() - MOST_GROUPS;
            let _ = writeln!(
                page,
                "And {left} smaller groups, which the JSON form has.\n"
            );
        }
    }
    bounded(page)
}

/// A line for each group, so that what is cut off below is named at least.
fn overview(diff: &Diff) -> String {
    let groups: Vec<_> = diff
        .groups
        .iter()
        .filter(|group| !matches!(group.kind, Kind::Added | Kind::Removed))
        .collect();
    if groups.len() < 2 {
        return String::new();
    }
    let heads = ["", "scenarios", "who, why", "what"].map(str::to_owned);
    let rows = groups.iter().take(MOST_ROWS).map(|group| {
        let changes: Vec<_> = group.changes.iter().map(place).collect();
        vec![
            group.kind.name().to_owned(),
            group.count.to_string(),
            text(&about(group)),
            text(&changes.join(", ")),
        ]
    });
    table(&heads, rows)
}

fn section(number: usize, group: &Group) -> String {
    if matches!(group.kind, Kind::Added | Kind::Removed) {
        return format!("{}\n\n", text(&pairings(group)));
    }
    let mut out = format!(
        "### {number}. ×{}: {}\n\n",
        group.count,
        text(&about(group))
    );
    let heads = ["what", "before -> after"].map(str::to_owned);
    let rows = group
        .changes
        .iter()
        .map(|change| vec![text(&place(change)), cell_code(&values(change))]);
    out += &table(&heads, rows);
    let _ = writeln!(out, "On {}.\n", text(&pairings(group)));
    let _ = writeln!(out, "{}\n", text(&example(group)));
    out + &fenced(&replay(&group.example.replay, CODE_WIDTH))
}

const MOST_GROUPS: usize = 30;
const MOST_ROWS: usize = 60;
