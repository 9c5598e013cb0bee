//! The diff for a terminal. Colour adds nothing that the words do not say.

use std::fmt::Write;

use super::words::{
    about, asked, compared, example, meaning, pairings, place, result, stacks, values,
};
use super::{Diff, Group, Kind};
use crate::report::human::{BOLD, GREEN, RED, RESET, replay};
use crate::wrap::{paragraph, printable, wrap};

/// Renders the diff in lines of at most `width` columns, the most important last, where it is seen.
pub fn render(diff: &Diff, width: usize, color: bool) -> String {
    let mut page = Page {
        text: String::new(),
        width,
        color,
    };
    page.heading("shakedown diff", BOLD);
    page.line(1, &format!("before: {}", asked(&diff.old)));
    page.line(1, &format!("after:  {}", asked(&diff.new)));
    page.section("Stacks");
    for line in stacks(diff) {
        page.line(1, &line);
    }
    for kind in Kind::ALL.into_iter().rev() {
        page.kind(diff, kind);
    }
    page.section("Result");
    page.line(1, &compared(diff));
    let style = if diff.counts.regressed > 0 {
        RED
    } else {
        GREEN
    };
    page.heading(&format!("  {}", result(diff)), style);
    page.text
}

struct Page {
    text: String,
    width: usize,
    color: bool,
}

impl Page {
    fn kind(&mut self, diff: &Diff, kind: Kind) {
        let groups: Vec<_> = diff.of(kind).collect();
        if groups.is_empty() {
            return;
        }
        let scenarios = diff.counts.of(kind);
        let many = match groups.len() {
            1 => String::new(),
            many => format!(" in {many} groups"),
        };
        self.section(&format!(
            "{}: {scenarios} scenarios{many} ({})",
            kind.name(),
            meaning(kind)
        ));
        for (number, group) in groups.iter().enumerate().take(MOST_GROUPS) {
            self.group(number + 1, group);
        }
        if let Some(left) = groups.len().checked_sub(MOST_GROUPS)
            && left > 0
        {
            self.line(
                1,
                &format!("and {left} smaller groups; --format json has all"),
            );
        }
    }

    fn group(&mut self, number: usize, group: &Group) {
        if matches!(group.kind, Kind::Added | Kind::Removed) {
            self.line(1, &pairings(group));
            return;
        }
        let head = format!("{number}. ×{}: {}", group.count, about(group));
        self.line(1, &head);
        for change in &group.changes {
            self.line(2, &format!("{}: {}", place(change), values(change)));
        }
        self.line(2, &format!("on {}", pairings(group)));
        self.line(2, &example(group));
        self.text += &replay(&group.example.replay, self.width);
    }

    fn section(&mut self, text: &str) {
        self.text.push('\n');
        self.heading(text, BOLD);
    }

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

    fn line(&mut self, depth: usize, text: &str) {
        self.text += &paragraph(text, depth, self.width);
    }
}

/// A terminal has only so many lines.
const MOST_GROUPS: usize = 20;
