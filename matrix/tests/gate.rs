//! The example of a gate in a project of one's own, as that project would run it, and with planted upgrades.

use shakedown_matrix::diff::{FailOn, Kind, diff};
use shakedown_matrix::plan::Request;
use shakedown_matrix::report::Report;
use shakedown_matrix::report::results::VerdictKind;
use shakedown_matrix::run::report;

#[path = "../../examples/gate/tests/gate.rs"]
mod example;

const BASELINE: &str = include_str!("../../examples/gate/compat.json");

#[test]
fn a_baseline_of_somebody_who_had_no_failure_makes_the_gate_fail() {
    // What is refused now is said to have worked before: as if the upgrade had broken it.
    let mut before = Report::from_json(BASELINE).expect("the baseline");
    let results = before.results.as_mut().expect("results");
    let works = results
        .outcomes
        .iter()
        .find(|class| results.groups[class.0].cause.is_none() && class.1.is_some())
        .expect("something works")
        .clone();
    let mut planted = 0;
    for class in &mut results.outcomes {
        if results.groups[class.0].cause.as_deref() == Some("cert-expired") {
            (class.1, class.2) = (works.1, works.2);
            (class.3, class.4) = (works.3, works.4);
            planted += 1;
        }
    }
    assert!(planted > 0, "no expired certificate in the baseline");
    let after = report(&Request::default(), Some("table/*expired*")).expect("a run");
    let diff = diff(&before, &after).expect("some are shared");
    assert!(diff.fails(FailOn::Regressed));
    let group = diff.of(Kind::Regressed).next().expect("a group");
    assert_eq!(group.cause.as_deref(), Some("cert-expired"));
    assert!(
        group.example.replay.contains("expired"),
        "{}",
        group.example.replay
    );
}

#[test]
fn a_baseline_that_diverged_is_fixed_and_fails_no_gate() {
    let mut before = Report::from_json(BASELINE).expect("the baseline");
    let results = before.results.as_mut().expect("results");
    for group in &mut results.groups {
        if group.verdict == VerdictKind::Agree {
            group.verdict = VerdictKind::Diverge;
        }
    }
    let after = report(&Request::default(), Some("table/*expired*")).expect("a run");
    let diff = diff(&before, &after).expect("some are shared");
    assert!(diff.counts.fixed > 0);
    assert!(!diff.fails(FailOn::Regressed));
}
