//! `predict` and `replay`: one scenario, in theory and in practice.

use std::io::{self, Read};
use std::path::Path;

use shakedown::scenario::Scenario;

use super::args::{OneArgs, OneFormat};
use super::{Fault, exit, json, plan, show};
use crate::conformance::{Breach, breaches};
use crate::lab::Lab;
use crate::plan::Plan;
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
    let (text, status) = tried(&Lab::new(), &scenario, args.format)?;
    show(&text)?;
    Ok(status)
}

/// What comes of the scenario, in print.
pub(super) fn played(lab: &Lab, scenario: &Scenario) -> Result<String, Fault> {
    Ok(tried(lab, scenario, OneFormat::Human)?.0)
}

/// What comes of the scenario in a laboratory, in print, and the status that it ends with.
fn tried(lab: &Lab, scenario: &Scenario, format: OneFormat) -> Result<(String, u8), Fault> {
    let prediction = model::predict(scenario);
    let (outcome, transcript) = lab.run_recorded(scenario);
    let verdict = judge(&prediction, &outcome);
    let breaches = breaches(scenario, &prediction, &verdict, &outcome);
    let text = match format {
        OneFormat::Human => [
            explain::scenario(scenario),
            explain::prediction(&prediction),
            explain::outcome(&outcome),
            explain::transcript(scenario, &transcript),
            explain::breaches(&breaches),
            explain::verdict(&verdict),
        ]
        .concat(),
        OneFormat::Json => json(&serde_json::json!({
            "scenario": scenario,
            "id": scenario.id(),
            "prediction": prediction,
            "outcome": outcome,
            "deviations": breaches.iter().map(deviation).collect::<Vec<_>>(),
            "verdict": verdict,
        }))?,
    };
    Ok((text, status(&verdict, &breaches)))
}

/// In the words of a report.
fn deviation(breach: &Breach) -> serde_json::Value {
    serde_json::json!({
        "library": breach.library,
        "rule": breach.rule.id,
        "citation": breach.rule.citation,
        "demand": breach.rule.demand,
        "deed": breach.deed,
        "declared": breach.is_declared(),
    })
}

/// As a run ends that has this scenario alone.
fn status(verdict: &Verdict, breaches: &[Breach]) -> u8 {
    match verdict {
        Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_)
            if breaches.iter().all(Breach::is_declared) =>
        {
            exit::AGREE
        }
        _ => exit::DIVERGENCE,
    }
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
        let request = args.plan.request();
        let known = |plan: &Plan| run::find(plan, source);
        // Covering arrays take long to make.
        let quick = Plan::uncovered(&request).ok();
        if let Some(scenario) = quick.as_ref().and_then(known) {
            return Ok(scenario);
        }
        return known(&plan(&request, None)?).ok_or_else(|| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{DECLARED, rules};

    #[test]
    fn a_breach_that_is_not_declared_is_told_and_fails() {
        let declared = &DECLARED[0];
        let rule = rules().find(|rule| rule.id == declared.rule);
        let by = |deed: &str| Breach {
            rule: rule.expect("it is declared"),
            library: declared.library,
            deed: deed.into(),
        };
        let both = [by(declared.deed), by("sends user_canceled")];
        assert_eq!(status(&Verdict::Agree, &[]), exit::AGREE);
        assert_eq!(status(&Verdict::Agree, &both[..1]), exit::AGREE);
        assert_eq!(status(&Verdict::Agree, &both), exit::DIVERGENCE);
        assert_eq!(status(&Verdict::Stall, &[]), exit::DIVERGENCE);
        assert_eq!(
            explain::breaches(&both),
            "deviations from the RFCs:
  version, RFC 8446 \u{a7}4.2.1, \u{a7}D.2, RFC 5246 \u{a7}E.1: no common version is
    protocol_version
    rustls sends handshake_failure: declared
  version, RFC 8446 \u{a7}4.2.1, \u{a7}D.2, RFC 5246 \u{a7}E.1: no common version is
    protocol_version
    rustls sends user_canceled: NEW; report it to the library, then declare it
"
        );
        assert_eq!(deviation(&both[0])["declared"], true);
        assert_eq!(deviation(&both[1])["declared"], false);
    }
}
