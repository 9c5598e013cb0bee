//! Everything that a link can do to a record, at every record of a handshake, on every pairing and
//! version.

use std::collections::BTreeMap;

use rayon::prelude::*;
use shakedown::connection::Role;
use shakedown::scenario::StackId;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Prediction, predict};
use shakedown_matrix::plan::Case;
use shakedown_matrix::sweep;
use shakedown_matrix::verdict::{Verdict, judge};

#[test]
fn every_op_at_every_record_goes_as_the_model_says() {
    goes_as_the_model_says(&sweep::cases(&StackId::ALL.map(|a| a)));
}

#[test]
fn hellos_that_say_something_else_go_as_the_model_says() {
    goes_as_the_model_says(&sweep::edits::cases(&StackId::ALL.map(|a| a)));
}

fn goes_as_the_model_says(cases: &[Case]) {
    let lab = Lab::new();
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let judged: Vec<_> = cases
        .par_iter()
        .map(|case| {
            let prediction = predict(&case.scenario);
            let outcome = lab.run(&case.scenario);
            let verdict = judge(&prediction, &outcome);
            (case, prediction, verdict)
        })
        .collect();
    let (mut sharp, mut ran) = (0, 0);
    for (case, prediction, verdict) in &judged {
        if let Prediction::Expect(_) = prediction {
            ran += 1;
            sharp += usize::from(prediction.is_sharp());
        }
        if matches!(verdict, Verdict::Agree | Verdict::Unsupported(_)) {
            continue;
        }
        let lib = |stack: StackId| {
            if stack.is_rustls() {
                "rustls"
            } else {
                "openssl"
            }
        };
        let op = &case.scenario.link.ops[0];
        let kind = format!(
            "{} -> {}: {:?} {:?}\n    {verdict:?}",
            lib(case.scenario.client.stack),
            lib(case.scenario.server.stack),
            op.from,
            op.act,
        );
        let entry = wrong
            .entry(kind)
            .or_insert_with(|| (0, case.name.clone() + "\n    " + &case.scenario.to_json()));
        entry.0 += 1;
    }
    let _ = Role::BOTH;
    let total: usize = wrong.values().map(|(count, _)| count).sum();
    for (kind, (count, example)) in &wrong {
        println!("{count} x {kind}\n    {example}");
    }
    println!(
        "{} cases, {sharp} of {ran} sharp, {total} wrong in {} ways",
        judged.len(),
        wrong.len()
    );
    assert_eq!(total, 0);
}
