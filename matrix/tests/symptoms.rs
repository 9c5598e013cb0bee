//! The sheet of symptoms that is checked in is what happens on the linked stacks.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rayon::prelude::*;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Prediction, predict};
use shakedown_matrix::plan::{Plan, Request};
use shakedown_matrix::symptoms::{Observation, sheet};

#[test]
fn the_sheet_is_what_happens() {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("symptoms.md");
    let lab = Lab::new();
    let sheet = sheet::render(&lab.stacks(), &observed(&lab));
    if std::env::var_os("SHAKEDOWN_BLESS").is_some() {
        fs::write(&place, &sheet).expect("the folder can be written");
    }
    let kept = fs::read_to_string(&place).expect("the sheet is checked in");
    for (number, (kept, seen)) in kept.lines().zip(sheet.lines()).enumerate() {
        assert_eq!(kept, seen, "symptoms.md, line {}", number + 1);
    }
    assert!(
        kept == sheet,
        "symptoms.md ends otherwise; see its head for how it is made"
    );
}

fn observed(lab: &Lab) -> BTreeMap<String, Observation> {
    let request = Request {
        strength: 1,
        random: 0,
        ..Request::default()
    };
    let plan = Plan::new(&request).expect("strength 1 is in range");
    let cases: Vec<_> = (0..plan.batches())
        .flat_map(|number| plan.batch(number))
        .filter(|case| case.name.starts_with("cause/"))
        .collect();
    assert!(cases.len() > 1000, "{}", cases.len());
    cases
        .into_par_iter()
        .map(|case| {
            let (cause, detector) = match predict(&case.scenario) {
                Prediction::Expect(expectation) => (expectation.cause, expectation.detector),
                Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => (None, None),
            };
            let seen = Observation {
                id: case.scenario.id(),
                cause,
                detector,
                outcome: lab.run(&case.scenario),
            };
            (case.name, seen)
        })
        .collect()
}
