//! `report`: our own readers. Whatever a file says, they read it or say in a line why not, and what they
//! read they write and read again.

use shakedown::scenario::Scenario;

use super::{Finding, Kept, Target};
use crate::axes::Axes;
use crate::known::Known;
use crate::lab::Lab;
use crate::recording;
use crate::report::{Report, ReportError};

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
    read(kind % FILES, text).map_err(|oracle| {
        Finding::new(
            oracle,
            format!("as a file of kind {}: {text}", kind % FILES),
        )
    })?;
    Ok(Kept::Yes)
}

/// Whether the reader takes the text; `Err`: the oracle that fails.
fn read(kind: u8, text: &str) -> Result<bool, &'static str> {
    match kind {
        0 => match Scenario::from_json(text) {
            Ok(scenario) => same(&scenario, Scenario::from_json(&scenario.to_json())),
            Err(error) => refused(error),
        },
        1 => match Report::from_json(text) {
            Ok(report) => {
                let write = |report: &Report| report.to_json().map_err(|_| UNWRITTEN);
                let written = write(&report)?;
                let again = Report::from_json(&written).map_err(|_| UNREAD)?;
                same(&written, Ok::<_, ReportError>(write(&again)?))
            }
            Err(error) => refused(error),
        },
        2 => match Known::from_json("known.json", text, &Axes::new()) {
            Ok(_) => Ok(true),
            Err(error) => refused(error),
        },
        _ => match recording::read(text, |_, _, _, _| ()) {
            Ok(()) => Ok(true),
            Err(error) => refused(error),
        },
    }
}

fn refused(error: impl std::fmt::Display) -> Result<bool, &'static str> {
    let error = error.to_string();
    if error.is_empty() || error.contains('\n') {
        return Err(NO_LINE);
    }
    Ok(false)
}

fn same<T: PartialEq, E>(one: &T, again: Result<T, E>) -> Result<bool, &'static str> {
    match again {
        Ok(again) if again == *one => Ok(true),
        Ok(_) => Err(CHANGED),
        Err(_) => Err(UNREAD),
    }
}

const NO_LINE: &str = "a reader refuses in one line";
const UNWRITTEN: &str = "what is read can be written";
const UNREAD: &str = "what is written reads back";
const CHANGED: &str = "what is written reads back the same";

/// How many kinds of file there are.
const FILES: u8 = 4;

fn seeds() -> Vec<(String, Vec<u8>)> {
    [
        ("scenario", 0, SCENARIO),
        ("report", 1, REPORT),
        ("known", 2, KNOWN),
        ("recording", 3, RECORDING),
    ]
    .into_iter()
    .map(|(name, kind, text)| {
        let mut input = vec![kind];
        input.extend(text.as_bytes());
        (name.to_owned(), input)
    })
    .collect()
}

const SCENARIO: &str = r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"]}}},
"server":{"stack":"rustls-ring"},"link":{"ops":[{"from":"client","at":{"record":0},"act":"drop"}]}}"#;

/// Of `shakedown run --strength 1 --random 0 --stacks openssl --filter 'cause/alpn-mismatch/*'`.
const REPORT: &str = include_str!("report.json");

const KNOWN: &str = r#"[{"id":"a","client":"openssl","axes":{"client.trust":"leaf"},
"differences":[{"side":"client","field":"end","expected":"x","actual":"y"}],
"reason":"r","link":"https://example.org/1","versions":{"openssl":">=3.5, <4"}}]"#;

/// An outcome, and a scenario that came to it.
const RECORDING: &str = concat!(
    r#"{"seen":{"client":{"established":false,"end":"stalled","alert_sent":null,"alert_received":null,"#,
    r#""session":null,"data_intact":null},"server":{"established":false,"end":"stalled","alert_sent":null,"#,
    r#""alert_received":null,"session":null,"data_intact":null},"exporters_agree":null}}"#,
    "\n",
    r#"{"went":{"scenario":{"client":{"stack":"openssl"},"server":{"stack":"openssl"}},"outcome":0,"#,
    r#""verdict":"stall","allowed":1}}"#,
    "\n"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_takes_its_seed_and_no_other() {
        for (name, seed) in seeds() {
            let text = std::str::from_utf8(&seed[1..]).expect("UTF-8");
            for kind in 0..FILES {
                assert_eq!(read(kind, text), Ok(kind == seed[0]), "{name} as {kind}");
            }
        }
    }

    /// A key or a value with a line break, in whatever place, is refused in a line or written as it is read.
    #[test]
    fn no_line_break_gets_into_a_refusal() {
        for (name, seed) in seeds() {
            let text = std::str::from_utf8(&seed[1..]).expect("UTF-8");
            let quotes: Vec<usize> = text.match_indices('"').map(|(at, _)| at + 1).collect();
            let mut refused = 0;
            for at in quotes {
                let broken = format!("{}\\n{}", &text[..at], &text[at..]);
                let read = read(seed[0], &broken);
                assert!(read.is_ok(), "{name}: {read:?}: {broken}");
                refused += usize::from(read == Ok(false));
            }
            assert!(refused > 10, "{name}: {refused}");
        }
    }

    #[test]
    fn each_oracle_can_fail() {
        assert_eq!(refused("two\nlines"), Err(NO_LINE));
        assert_eq!(refused(""), Err(NO_LINE));
        assert_eq!(refused("a line"), Ok(false));
        assert_eq!(same(&1, Ok::<_, ()>(2)), Err(CHANGED));
        assert_eq!(same(&1, Err(())), Err(UNREAD));
        assert_eq!(same(&1, Ok::<_, ()>(1)), Ok(true));
    }
}
