//! Fails when a TLS library that `cargo update` brought changes anything for the worse.

use shakedown_matrix::diff::{FailOn, diff, human};
use shakedown_matrix::plan::Request;
use shakedown_matrix::report::Report;
use shakedown_matrix::run::report;

#[test]
fn an_upgrade_breaks_nobody() {
    let before = Report::from_json(include_str!("../compat.json")).expect("the baseline");
    let after = report(&Request::default(), Some("table/*")).expect("a run");
    let diff = diff(&before, &after).expect("two reports of the same scenarios");
    assert!(
        !diff.fails(FailOn::Regressed),
        "{}",
        human::render(&diff, 100, false)
    );
}
