//! The model against the recorded outcomes of a run, with no stack linked: what `ci/mutants` asks
//! of each mutant. `cargo test` leaves it out unless asked: `--test recorded`.

mod scenarios;

use std::fs;

use shakedown::scenario::Scenario;
use shakedown_matrix::model::predict;
use shakedown_matrix::recording::Recording;
use shakedown_matrix::verdict::{Verdict, judge};

use self::scenarios::RARE;

#[test]
fn every_recorded_scenario_goes_as_it_went() {
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
    assert!(agreed(include_str!("rare.jsonl")) > 0);
}

#[test]
fn every_rare_scenario_has_its_cause() {
    for (cause, json) in RARE {
        let prediction = predict(&Scenario::from_json(json).expect("well-formed"));
        assert_eq!(prediction.cause().map(|cause| cause.id()), *cause, "{json}");
    }
}

/// How many scenarios of a recording go as the model says. Every one must go as recorded.
fn agreed(recording: &str) -> usize {
    let recording = Recording::from_lines(recording).expect("a recording");
    recording
        .iter()
        .filter(|(scenario, outcome, recorded)| {
            let verdict = judge(&predict(scenario), outcome);
            assert_eq!(verdict, **recorded, "{}", scenario.to_json());
            verdict == Verdict::Agree
        })
        .count()
}

const RECORDED: &str = "SHAKEDOWN_RECORDED";
/// The default run has some twenty times as many.
const LEAST: usize = 1000;
