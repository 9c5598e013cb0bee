//! Scenarios that the axes say seldom or never, each for a rule that nothing else reaches. What they
//! come to on the linked stacks is recorded in `rare.jsonl`, so that `recorded.rs` can judge the
//! model by it where no stack is linked.

#![cfg(feature = "stacks")]

mod scenarios;

use std::path::Path;

use shakedown::scenario::Scenario;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::predict;
use shakedown_matrix::recording::Recorder;
use shakedown_matrix::verdict::{Verdict, judge};

use self::scenarios::RARE;

/// `SHAKEDOWN_BLESS=1` writes the record anew, for a new version of a stack.
#[test]
fn rare_scenarios_go_as_the_model_says_and_as_recorded() {
    let lab = Lab::new();
    let mut bytes = Vec::new();
    let mut recorder = Recorder::new(&mut bytes);
    for (cause, json) in RARE {
        let prediction = predict(&Scenario::from_json(json).expect("well-formed"));
        assert_eq!(prediction.cause().map(|cause| cause.id()), *cause, "{json}");
    }
    let all = RARE.iter().map(|(_, json)| *json).chain(HUNTED.lines());
    for json in all.clone() {
        let scenario = Scenario::from_json(json).expect("well-formed");
        let prediction = predict(&scenario);
        let outcome = lab.run(&scenario);
        let verdict = judge(&prediction, &outcome);
        assert!(
            matches!(
                verdict,
                Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_)
            ),
            "{json}: {verdict:?}"
        );
        recorder
            .add(&scenario, &outcome, &verdict)
            .expect("memory can be written");
    }
    assert_eq!(
        recorder.finish().expect("memory can be written"),
        all.count()
    );
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    if std::env::var_os("SHAKEDOWN_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rare.jsonl");
        std::fs::write(path, &text).expect("written");
    } else {
        assert!(
            text == include_str!("rare.jsonl"),
            "otherwise than recorded; if that is right, run this with SHAKEDOWN_BLESS=1"
        );
    }
}

/// A scenario a line, found by machine (`hunt` in ci/plant): each goes otherwise with a mutant of the model that no
/// other scenario tells from it.
const HUNTED: &str = include_str!("scenarios/hunted.jsonl");
