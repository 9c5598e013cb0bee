//! `predict` and `replay`: one scenario, in theory and in practice.

use std::io::{self, Read};
use std::path::Path;

use shakedown::scenario::Scenario;

use super::args::{OneArgs, OneFormat};
use super::{Fault, exit, json, plan, show};
use crate::lab::Lab;
use crate::verdict::{Verdict, judge};
use crate::{explain, model, run};

pub(super) fn predict(args: &OneArgs) -> Result<u8, Fault> {
    let scenario = read_scenario(args)?;
    let prediction = model::predict(&scenario);
    show(&match args.format {
        OneFormat::Human => explain::scenario(&scenario) + &explain::prediction(&prediction),
        OneFormat::Json => json(&prediction)?,
    })?;
    Ok(exit::AGREE)
}

pub(super) fn replay(args: &OneArgs) -> Result<u8, Fault> {
    let scenario = read_scenario(args)?;
    let prediction = model::predict(&scenario);
    let (outcome, transcript) = Lab::new().run_recorded(&scenario);
    let verdict = judge(&prediction, &outcome);
    show(&match args.format {
        OneFormat::Human => [
            explain::scenario(&scenario),
            explain::prediction(&prediction),
            explain::outcome(&outcome),
            explain::transcript(&transcript),
            explain::verdict(&verdict),
        ]
        .concat(),
        OneFormat::Json => json(&serde_json::json!({
            "scenario": scenario,
            "id": scenario.id(),
            "prediction": prediction,
            "outcome": outcome,
            "verdict": verdict,
        }))?,
    })?;
    Ok(match verdict {
        Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_) => exit::AGREE,
        _ => exit::DIVERGENCE,
    })
}

/// A scenario from a file, from standard input, from the argument itself, or from the plan.
fn read_scenario(args: &OneArgs) -> Result<Scenario, Fault> {
    let source = args.scenario.trim();
    if source.is_empty() {
        return Err(Fault::Usage(
            "no scenario: give its file, `-` for standard input, its JSON or its id".into(),
        ));
    }
    let (name, text) = if source == "-" {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| Fault::Usage(format!("standard input: {error}")))?;
        ("standard input".to_owned(), text)
    } else if source.starts_with('{') {
        ("the scenario".to_owned(), source.to_owned())
    } else if is_id(source) && !Path::new(source).exists() {
        return run::find(&plan(&args.plan.request())?, source).ok_or_else(|| {
            Fault::Usage(format!(
                "no scenario of this plan has the id {source}; `shakedown list` shows them, and \
                 --strength, --random and --seed choose the plan"
            ))
        });
    } else {
        let text = std::fs::read_to_string(source).map_err(|error| {
            Fault::Usage(format!(
                "{source}: {error}; give a scenario's file, `-`, its JSON or its id"
            ))
        })?;
        (source.to_owned(), text)
    };
    Scenario::from_json(&text).map_err(|error| {
        Fault::Usage(format!(
            "{name}: {error}; `shakedown schema scenario` has the form"
        ))
    })
}

fn is_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
