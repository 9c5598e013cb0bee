//! `report`: our own readers. Whatever a file says, they read it or say in a line why not, and what they
//! read they write and read again.

use shakedown::scenario::Scenario;

use super::{Finding, Kept, Target};
use crate::axes::Axes;
use crate::known::Known;
use crate::lab::Lab;
use crate::recording;
use crate::report::Report;

pub(super) const TARGET: Target = Target {
    name: "report",
    about: "scenario, report, known-divergence and recording files; readers refuse in a line or read true",
    max_len: 1 << 16,
    check: try_file,
    seeds,
};

/// The first byte says which file it is.
fn try_file(_: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    let Some((kind, text)) = input.split_first() else {
        return Ok(Kept::No);
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return Ok(Kept::No);
    };
    let refused = |error: &dyn std::fmt::Display| {
        let error = error.to_string();
        if error.is_empty() || error.contains('\n') {
            return Err(Finding::new(
                "an error is one line",
                format!("{error:?}\n{text}"),
            ));
        }
        Ok(Kept::Yes)
    };
    match kind % FILES {
        0 => match Scenario::from_json(text) {
            Ok(scenario) => same(text, &scenario, Scenario::from_json(&scenario.to_json())),
            Err(error) => refused(&error),
        },
        1 => match Report::from_json(text) {
            Ok(report) => {
                let written = report
                    .to_json()
                    .map_err(|error| Finding::new("a report writes", error))?;
                let again = Report::from_json(&written)
                    .ok()
                    .and_then(|report| report.to_json().ok());
                if again.as_deref() != Some(&written) {
                    return Err(Finding::new("what is written reads back", written));
                }
                Ok(Kept::Yes)
            }
            Err(error) => refused(&error),
        },
        2 => match Known::from_json("known.json", text, &Axes::new()) {
            Ok(_) => Ok(Kept::Yes),
            Err(error) => refused(&error),
        },
        _ => match recording::read(text, |_, _, _| ()) {
            Ok(()) => Ok(Kept::Yes),
            Err(error) => refused(&error),
        },
    }
}

fn same<T: PartialEq, E: std::fmt::Display>(
    text: &str,
    one: &T,
    again: Result<T, E>,
) -> Result<Kept, Box<Finding>> {
    match again {
        Ok(again) if again == *one => Ok(Kept::Yes),
        Ok(_) => Err(Finding::new("what is written reads back the same", text)),
        Err(error) => Err(Finding::new(
            "what is written reads back",
            format!("{error}\n{text}"),
        )),
    }
}

/// How many kinds of file there are.
const FILES: u8 = 4;

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scenario = r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"]}}},
        "server":{"stack":"rustls-ring"},"link":{"ops":[{"from":"client","at":{"record":0},"act":"drop"}]}}"#;
    let known =
        r#"[{"id":"x","reason":"r","upstream":"https://example.org/1","client":"openssl"}]"#;
    let outcome = r#"{"seen":{}}"#;
    [
        ("scenario", 0, scenario),
        ("report", 1, r#"{"schema":2,"stacks":[]}"#),
        ("known", 2, known),
        ("built-in", 2, include_str!("../../known.json")),
        ("recording", 3, outcome),
        ("rare", 3, RARE),
    ]
    .into_iter()
    .map(|(name, kind, text)| {
        let mut input = vec![kind];
        input.extend(text.as_bytes());
        (name.to_owned(), input)
    })
    .collect()
}

/// An outcome, and a scenario that came to it.
const RARE: &str = concat!(
    r#"{"seen":{"client":{"established":false,"end":"stalled","alert_sent":null,"alert_received":null,"#,
    r#""session":null,"data_intact":null},"server":{"established":false,"end":"stalled","alert_sent":null,"#,
    r#""alert_received":null,"session":null,"data_intact":null},"exporters_agree":null}}"#,
    "\n",
    r#"{"went":{"scenario":{"client":{"stack":"openssl"},"server":{"stack":"openssl"}},"outcome":0,"#,
    r#""verdict":"stall"}}"#,
    "\n"
);
