//! The report as JUnit XML: a case for each pairing and cause, whose failure has the line that replays it. Without
//! results by scenario there is a case for each kind of divergence.

use std::collections::BTreeMap;
use std::fmt::Write;

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::human::standing;
use super::results::{Results, VerdictKind};
use super::{DeviationReport, DivergenceReport, Report};

/// Renders the report.
pub fn render(report: &Report) -> String {
    let mut page = quick_junit::Report::new("shakedown");
    let mut suites: BTreeMap<String, TestSuite> = BTreeMap::new();
    for (group, counts) in groups(report.results.as_ref()) {
        let suite = suites
            .entry(group.pairing.clone())
            .or_insert_with(|| TestSuite::new(group.pairing.clone()));
        suite.add_test_case(case(&group, &counts, &report.divergences));
    }
    page.add_test_suites(suites.into_values());
    if report.results.is_none() {
        page.add_test_suite(without_results(report));
    }
    if !report.deviations.is_empty() {
        let mut suite = TestSuite::new("deviations from the RFCs");
        suite.add_test_cases(report.deviations.iter().map(|told| deviation(report, told)));
        page.add_test_suite(suite);
    }
    xml(&page)
}

/// What is known where no results were kept: what diverged, and how many scenarios did not.
fn without_results(report: &Report) -> TestSuite {
    let mut suite = TestSuite::new("all pairings");
    let summary = &report.summary;
    let bad = summary.diverge + summary.stall + summary.crash;
    let others = format!("{} of {}", summary.scenarios - bad, summary.scenarios);
    suite.add_test_case(passed("all other scenarios", others));
    for divergence in &report.divergences {
        let mut description = String::new();
        tell(&mut description, divergence);
        let message = format!("{} ×{}", divergence.verdict, divergence.count);
        suite.add_test_case(failed(&divergence.example, message, description));
    }
    suite
}

/// The document. A run's time is not in it, so that the same run makes the same bytes.
pub(crate) fn xml(report: &quick_junit::Report) -> String {
    report.to_string().expect("memory takes what is written")
}

/// A case that fails.
pub(crate) fn failed(name: &str, message: String, description: String) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_description(description);
    TestCase::new(name, status)
}

/// A case that passes, and what it has to say.
pub(crate) fn passed(name: &str, told: String) -> TestCase {
    let mut case = TestCase::new(name, TestCaseStatus::success());
    case.set_system_out(told);
    case
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    pairing: String,
    cause: Option<String>,
}

/// How many scenarios came to which verdict.
fn groups(results: Option<&Results>) -> BTreeMap<Place, BTreeMap<VerdictKind, usize>> {
    let mut found: BTreeMap<Place, BTreeMap<VerdictKind, usize>> = BTreeMap::new();
    for (class, results) in results
        .into_iter()
        .flat_map(|results| results.outcomes.iter().map(move |class| (class, results)))
    {
        let group = &results.groups[class.0];
        let place = Place {
            pairing: format!("{}->{}", group.client, group.server),
            cause: group.cause.clone(),
        };
        let count = class.ids().map_or(0, |ids| ids.len());
        *found
            .entry(place)
            .or_default()
            .entry(group.verdict)
            .or_default() += count;
    }
    found
}

fn case(
    place: &Place,
    counts: &BTreeMap<VerdictKind, usize>,
    divergences: &[DivergenceReport],
) -> TestCase {
    let name = place.cause.as_deref().unwrap_or("no cause of failure");
    let told: Vec<_> = counts
        .iter()
        .map(|(verdict, count)| format!("{} {count}", verdict.name()))
        .collect();
    let told = told.join(", ");
    let bad = counts.keys().any(|verdict| verdict.is_bad());
    let unsupported = counts
        .keys()
        .all(|verdict| *verdict == VerdictKind::Unsupported);
    let mut case = if bad {
        failed(name, told, replays(place, divergences))
    } else if unsupported {
        let mut status = TestCaseStatus::skipped();
        status.set_message(told);
        TestCase::new(name, status)
    } else {
        passed(name, told)
    };
    case.set_classname(place.pairing.clone());
    case
}

/// What went otherwise there. Divergences that are alike on several pairings have one example.
fn replays(place: &Place, divergences: &[DivergenceReport]) -> String {
    let mut out = String::new();
    let of_cause = divergences
        .iter()
        .filter(|divergence| divergence.cause.map(|cause| cause.id()) == place.cause.as_deref());
    let (here, elsewhere): (Vec<_>, Vec<_>) = of_cause.partition(|divergence| {
        let scenario = &divergence.shrunk;
        format!("{}->{}", scenario.client.stack, scenario.server.stack) == place.pairing
    });
    if here.is_empty() {
        out += "alike with another pairing, or one of those beyond the first hundred kinds:\n";
    }
    let shown = if here.is_empty() { elsewhere } else { here };
    for divergence in shown {
        tell(&mut out, divergence);
    }
    out
}

fn tell(out: &mut String, divergence: &DivergenceReport) {
    let _ = writeln!(out, "{} ×{}", divergence.verdict, divergence.count);
    if let Some(message) = &divergence.message {
        let _ = writeln!(out, "panic: {message}");
    }
    for difference in &divergence.differences {
        let side = difference.side.map_or("both", |side| side.name());
        let _ = writeln!(
            out,
            "{side}: {}: expected {}, got {}",
            difference.field, difference.expected, difference.actual
        );
    }
    let _ = writeln!(out, "{}", divergence.replay());
}

fn deviation(report: &Report, told: &DeviationReport) -> TestCase {
    let name = format!("{} {}: {}", told.library, told.rule, told.deed);
    let mut case = if told.is_expected() {
        passed(&name, format!("declared; in {} scenarios", told.count))
    } else {
        let example = told
            .id
            .as_ref()
            .map_or_else(String::new, |id| report.replay_by_id(id));
        let message = format!("{} asks: {}{}", told.citation, told.demand, standing(told));
        failed(&name, message, example)
    };
    case.set_classname(told.citation.clone());
    case
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::human::sample;

    #[test]
    fn what_diverges_fails_even_without_results() {
        let report = sample::report();
        assert_eq!(report.results, None);
        let page = render(&report);
        let failures = page.matches("<failure").count();
        let deviations = report.deviations.iter().filter(|told| !told.is_expected());
        assert!(!report.divergences.is_empty());
        assert_eq!(failures, report.divergences.len() + deviations.count());
        assert!(page.contains("97 of 100"), "{page}");
    }
}
