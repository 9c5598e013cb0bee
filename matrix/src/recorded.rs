//! The model against the recorded outcomes of a run, with no stack linked: what `ci/mutants` asks
//! of each mutant that is built alone; `ci/plant/planted.rs` asks it of those that are planted together.

#[path = "../tests/scenarios/mod.rs"]
mod scenarios;

use std::fs;
use std::io::{self, Write};
use std::panic;
use std::process;
use std::sync::Once;

use shakedown::scenario::Scenario;

use self::scenarios::RARE;
use crate::model::predict;
use crate::recording;
use crate::verdict::{Verdict, judge};

#[test]
fn every_recorded_scenario_goes_as_it_went() {
    stop_at_a_panic();
    let path = std::env::var_os(RECORDED)
        .unwrap_or_else(|| panic!("{RECORDED} names no file of `shakedown run --record`"));
    let text = fs::read_to_string(&path).expect("the recording can be read");
    let agreed = agreed(&text);
    assert!(
        agreed >= LEAST,
        "a recording of {agreed} handshakes is no test"
    );
    println!("{agreed} recorded handshakes went as the model says");
}

#[test]
fn every_rare_scenario_goes_as_it_went() {
    stop_at_a_panic();
    assert!(agreed(include_str!("../tests/rare.jsonl")) > 0);
}

#[test]
fn every_rare_scenario_has_its_cause() {
    stop_at_a_panic();
    for (cause, json) in RARE {
        let prediction = predict(&Scenario::from_json(json).expect("well-formed"));
        assert_eq!(prediction.cause().map(|cause| cause.id()), *cause, "{json}");
    }
}

/// How many scenarios of a recording go as the model says. Every one must go as recorded, and the
/// first that does not ends it.
fn agreed(recording: &str) -> usize {
    let (mut agreed, mut seen) = (0, 0);
    recording::read(recording, |scenario, outcome, recorded, allowed| {
        let prediction = predict(scenario);
        let verdict = judge(&prediction, outcome);
        seen += 1;
        assert_eq!(verdict, *recorded, "the {seen}th: {}", scenario.to_json());
        let own = prediction.allowed().len();
        assert_eq!(own, allowed, "the {seen}th: {}", scenario.to_json());
        agreed += usize::from(verdict == Verdict::Agree);
    })
    .expect("a recording");
    agreed
}

/// The first test that fails ends them all: a mutant that one has caught need not meet the others. Tests that
/// ought to panic are in `cover` alone, which `ci/mutants` leaves out here.
fn stop_at_a_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            // The test harness keeps what a test prints, and would not get to show it.
            let _ = writeln!(io::stderr(), "{info}");
            process::exit(FAILED);
        }));
    });
}

/// As the test harness ends where tests have failed.
const FAILED: i32 = 101;
const RECORDED: &str = "SHAKEDOWN_RECORDED";
/// The default run has some twenty times as many.
const LEAST: usize = 1000;
