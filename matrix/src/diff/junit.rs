//! The diff as JUnit XML: a case for each group, and a failure where it regressed.

use std::fmt::Write;

use quick_junit::{Report, TestCase, TestCaseStatus, TestSuite};

use super::words::{about, example, pairings, place, result, values};
use super::{Diff, FailOn, Group};
use crate::report::junit::{failed, passed, xml};

/// Renders the diff. What `on` is about fails; `None`: what regressed.
pub fn render(diff: &Diff, on: Option<FailOn>) -> String {
    let on = on.unwrap_or(FailOn::Regressed);
    let mut report = Report::new("shakedown diff");
    let mut suite = TestSuite::new("upgrade");
    if diff.groups.is_empty() {
        suite.add_test_case(TestCase::new(result(diff), TestCaseStatus::success()));
    }
    for group in &diff.groups {
        suite.add_test_case(case(group, on));
    }
    report.add_test_suite(suite);
    xml(&report)
}

fn case(group: &Group, on: FailOn) -> TestCase {
    let mut told = String::new();
    for change in &group.changes {
        let _ = writeln!(told, "{}: {}", place(change), values(change));
    }
    let _ = writeln!(
        told,
        "on {}\n{}\n{}",
        pairings(group),
        example(group),
        group.example.replay
    );
    let name = format!("{} {}", about(group), group.example.id);
    let mut case = if on.kinds().contains(&group.kind) {
        let message = format!("{}: {} scenarios", group.kind.name(), group.count);
        failed(&name, message, told)
    } else {
        passed(&name, told)
    };
    case.set_classname(group.kind.name());
    case
}
