//! Recordings: the real outcomes of a run, to hold the model against where no stack is linked.
//!
//! One JSON object a line. `{"seen":OUTCOME}` is an outcome, and the first has the number 0;
//! `{"went":{"scenario":…,"outcome":NUMBER,"verdict":…,"allowed":COUNT}}` is a scenario that came to an outcome
//! further up, of so many that the model allowed: one that hedges more is worse, be it right. Many scenarios come
//! to the same, so that a recording stays small.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shakedown::outcome::{End, Outcome};
use shakedown::scenario::{Scenario, ScenarioId, one_line};

use crate::model::predict;
use crate::verdict::Verdict;

/// Writes a recording, each distinct scenario once. Its memory grows with the scenarios.
#[derive(Debug)]
pub struct Recorder<W> {
    out: W,
    numbers: HashMap<String, usize>,
    written: HashSet<ScenarioId>,
}

impl<W: Write> Recorder<W> {
    /// Writes to `out`, which should be buffered.
    pub fn new(out: W) -> Self {
        Self {
            out,
            numbers: HashMap::new(),
            written: HashSet::new(),
        }
    }

    /// Writes down what a scenario came to.
    ///
    /// # Errors
    ///
    /// The I/O error.
    pub fn add(
        &mut self,
        scenario: &Scenario,
        outcome: &Outcome,
        verdict: &Verdict,
    ) -> io::Result<()> {
        if !self.written.insert(scenario.id()) {
            return Ok(());
        }
        let seen = serde_json::to_string(&Line::Seen(Box::new(without_text(outcome))))?;
        let next = self.numbers.len();
        let number = match self.numbers.get(&seen) {
            Some(number) => *number,
            None => {
                writeln!(self.out, "{seen}")?;
                self.numbers.insert(seen, next);
                next
            }
        };
        let allowed = predict(scenario).allowed().len();
        let scenario = RawValue::from_string(scenario.to_json())?;
        let went = Line::Went {
            scenario: &scenario,
            outcome: number,
            verdict: verdict.clone(),
            allowed,
        };
        writeln!(self.out, "{}", serde_json::to_string(&went)?)
    }

    /// Writes the rest out, and says how many scenarios there are.
    ///
    /// # Errors
    ///
    /// The I/O error.
    pub fn finish(mut self) -> io::Result<usize> {
        self.out.flush()?;
        Ok(self.written.len())
    }
}

/// Reads a recording, and shows each scenario, its outcome, and the verdict and the number of outcomes allowed
/// when it was recorded, as soon as it is read.
///
/// # Errors
///
/// [`RecordingError`] at the first line that is not one of a recording.
pub fn read(
    text: &str,
    mut show: impl FnMut(&Scenario, &Outcome, &Verdict, usize),
) -> Result<(), RecordingError> {
    let mut outcomes = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        let at = |message: String| RecordingError {
            line,
            message: one_line(&message),
        };
        match serde_json::from_str(text).map_err(|error| at(error.to_string()))? {
            Line::Seen(outcome) => outcomes.push(*outcome),
            Line::Went {
                scenario,
                outcome,
                verdict,
                allowed,
            } => {
                let outcome = outcomes
                    .get(outcome)
                    .ok_or_else(|| at(format!("outcome {outcome} is not further up")))?;
                let scenario =
                    Scenario::from_json(scenario.get()).map_err(|error| at(error.to_string()))?;
                show(&scenario, outcome, &verdict, allowed);
            }
        }
    }
    Ok(())
}

/// A line that is not one of a recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the recording: {message}; record anew with `shakedown run --record FILE`")]
pub struct RecordingError {
    line: usize,
    message: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Line<'a> {
    Seen(Box<Outcome>),
    Went {
        #[serde(borrow)]
        scenario: &'a RawValue,
        outcome: usize,
        verdict: Verdict,
        allowed: usize,
    },
}

/// Verdicts do not read an error's text, and it makes outcomes many.
fn without_text(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    for side in [&mut outcome.client, &mut outcome.server] {
        if let End::Failed(failure) | End::Refused(failure) = &mut side.end {
            failure.text.clear();
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown::connection::{Failure, Reason};
    use shakedown::outcome::SideOutcome;

    #[test]
    fn what_is_recorded_reads_back_without_the_text() {
        let mut shown = Vec::new();
        read(&recorded(), |scenario, outcome, verdict, allowed| {
            shown.push((scenario.clone(), outcome.clone(), verdict.clone(), allowed));
        })
        .expect("just written");
        assert_eq!(
            shown,
            [
                (scenario("openssl"), outcome(""), Verdict::Agree, 1),
                (scenario("rustls-ring"), outcome(""), Verdict::Stall, 1),
            ]
        );
    }

    #[test]
    fn scenarios_and_outcomes_are_written_once() {
        let text = recorded();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert_eq!(text.matches("seen").count(), 1, "{text}");
    }

    #[test]
    fn a_line_of_something_else_is_named() {
        let error = |text: &str| read(text, |_, _, _, _| ()).expect_err("bad").line;
        let text = recorded();
        assert_eq!(error("{}"), 1);
        assert_eq!(error(&text.replace("rustls-ring", "gnutls")), 3);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(error(lines[1]), 1);
    }

    fn recorded() -> String {
        let mut bytes = Vec::new();
        let mut recorder = Recorder::new(&mut bytes);
        for (stack, text, verdict) in [
            ("openssl", "one", Verdict::Agree),
            ("rustls-ring", "another", Verdict::Stall),
            ("openssl", "one", Verdict::Agree),
        ] {
            recorder
                .add(&scenario(stack), &outcome(text), &verdict)
                .expect("memory can be written");
        }
        assert_eq!(recorder.finish().expect("memory can be written"), 2);
        String::from_utf8(bytes).expect("JSON is UTF-8")
    }

    fn scenario(stack: &str) -> Scenario {
        let json = r#"{"client":{"stack":"STACK"},"server":{"stack":"openssl"}}"#;
        Scenario::from_json(&json.replace("STACK", stack)).expect("plain")
    }

    fn outcome(text: &str) -> Outcome {
        let side = |end| SideOutcome {
            established: false,
            end,
            alert_sent: None,
            alert_received: None,
            session: None,
            data_intact: None,
        };
        Outcome {
            client: side(End::Failed(Failure {
                reason: Reason::Unmapped,
                native: "N".into(),
                text: text.into(),
            })),
            server: side(End::NotStarted),
            exporters_agree: None,
            deeds: Vec::new(),
        }
    }
}
