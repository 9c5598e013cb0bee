//! Verdicts: an outcome held against its expectation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::connection::{Reason, Role};
use shakedown::outcome::{End, Outcome, SideOutcome};

use crate::model::{Expected, ExpectedEnd, ExpectedSide, Prediction};

/// How a scenario went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the model says.
    Agree,
    /// A stack cannot express the scenario, as the model says, or the model does not know it; the
    /// reason.
    Unsupported(String),
    /// Otherwise than the model says; where.
    Diverge(Vec<Difference>),
    /// Both sides wait for each other, which the model does not say.
    Stall,
    /// A stack panicked; the message.
    Crash(String),
}

/// One thing that went otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// On which side; `null`: between the two.
    pub side: Option<Role>,
    /// Of what.
    pub field: String,
    /// What the model says.
    pub expected: String,
    /// What happened.
    pub actual: String,
}

/// Holds an outcome against its prediction.
pub fn judge(prediction: &Prediction, outcome: &Outcome) -> Verdict {
    if let Some(message) = first(outcome, |end| match end {
        End::Crashed(message) => Some(message.clone()),
        _ => None,
    }) {
        return Verdict::Crash(message);
    }
    let unsupported = first(outcome, |end| match end {
        End::Unsupported(reason) => Some(reason.clone()),
        _ => None,
    });
    match (prediction, unsupported) {
        (Prediction::Unmodelled { reason }, _) => {
            Verdict::Unsupported(format!("not modelled: {reason}"))
        }
        (Prediction::Unsupported { .. }, Some(reason)) => Verdict::Unsupported(reason),
        (Prediction::Unsupported { role, reason }, None) => Verdict::Diverge(vec![Difference {
            side: Some(*role),
            field: "support".into(),
            expected: format!("unsupported: {reason}"),
            actual: "supported".into(),
        }]),
        (Prediction::Expect(_), Some(reason)) => Verdict::Diverge(vec![Difference {
            side: None,
            field: "support".into(),
            expected: "supported".into(),
            actual: format!("unsupported: {reason}"),
        }]),
        (Prediction::Expect(expectation), None) => hold_against(&expectation.allowed, outcome),
    }
}

fn hold_against(allowed: &[Expected], outcome: &Outcome) -> Verdict {
    let closest = allowed
        .iter()
        .map(|expected| differences(expected, outcome))
        .min_by_key(Vec::len);
    match closest {
        Some(differences) if differences.is_empty() => Verdict::Agree,
        _ if is_stalled(outcome) => Verdict::Stall,
        Some(differences) => Verdict::Diverge(differences),
        // A model without an answer is wrong, whatever happened.
        None => Verdict::Diverge(vec![Difference {
            side: None,
            field: "expectation".into(),
            expected: "nothing: the model allows no outcome".into(),
            actual: "an outcome".into(),
        }]),
    }
}

fn differences(expected: &Expected, outcome: &Outcome) -> Vec<Difference> {
    let mut found = Vec::new();
    for role in Role::BOTH {
        compare_side(role, expected.side(role), outcome.side(role), &mut found);
    }
    if outcome.is_success() && outcome.exporters_agree != Some(true) {
        found.push(Difference {
            side: None,
            field: "exporters agree".into(),
            expected: "Some(true)".into(),
            actual: format!("{:?}", outcome.exporters_agree),
        });
    }
    found
}

fn compare_side(
    role: Role,
    expected: &ExpectedSide,
    actual: &SideOutcome,
    found: &mut Vec<Difference>,
) {
    let mut compare = |field: &str, expected: String, actual: String| {
        if expected != actual {
            found.push(Difference {
                side: Some(role),
                field: field.to_owned(),
                expected,
                actual,
            });
        }
    };
    compare(
        "established",
        expected.established.to_string(),
        actual.established.to_string(),
    );
    compare(
        "end",
        describe_expected(&expected.end),
        describe(&actual.end),
    );
    compare(
        "alert sent",
        format!("{:?}", expected.alert_sent),
        format!("{:?}", actual.alert_sent),
    );
    compare(
        "alert received",
        format!("{:?}", expected.alert_received),
        format!("{:?}", actual.alert_received),
    );
    if actual.end == End::Closed {
        compare(
            "data intact",
            "Some(true)".into(),
            format!("{:?}", actual.data_intact),
        );
    } else if actual.data_intact == Some(false) {
        compare("data intact", "true".into(), "false".into());
    }
    match (&expected.session, &actual.session) {
        (Some(expected), Some(actual)) if expected == actual => {}
        (Some(expected), Some(actual)) => {
            compare(
                "version",
                expected.version.to_string(),
                actual.version.to_string(),
            );
            compare(
                "suite",
                expected.suite.to_string(),
                actual.suite.to_string(),
            );
            compare(
                "group",
                format!("{:?}", expected.group),
                format!("{:?}", actual.group),
            );
            compare(
                "server signature",
                format!("{:?}", expected.server_signature),
                format!("{:?}", actual.server_signature),
            );
            compare(
                "client signature",
                format!("{:?}", expected.client_signature),
                format!("{:?}", actual.client_signature),
            );
            compare(
                "alpn",
                format!("{:?}", expected.alpn),
                format!("{:?}", actual.alpn),
            );
            compare(
                "server name",
                format!("{:?}", expected.server_name),
                format!("{:?}", actual.server_name),
            );
            compare(
                "kind",
                format!("{:?}", expected.kind),
                format!("{:?}", actual.kind),
            );
            compare(
                "peer",
                format!("{:?}", expected.peer),
                format!("{:?}", actual.peer),
            );
        }
        (expected, actual) => compare(
            "session",
            if expected.is_some() { "some" } else { "none" }.into(),
            if actual.is_some() { "some" } else { "none" }.into(),
        ),
    }
}

fn describe_expected(end: &ExpectedEnd) -> String {
    match end {
        ExpectedEnd::NotStarted => "not started".into(),
        ExpectedEnd::Refused { native } => format!("refused: {native}"),
        ExpectedEnd::Failed { native } => format!("failed: {native}"),
        ExpectedEnd::Closed => "closed".into(),
        ExpectedEnd::Stalled => "stalled".into(),
    }
}

fn describe(end: &End) -> String {
    match end {
        End::NotStarted => "not started".into(),
        // An error without a word of ours fails the run, even if its name was foreseen.
        End::Failed(failure) | End::Refused(failure) if failure.reason == Reason::Unmapped => {
            format!("unmapped error: {}", failure.native)
        }
        End::Refused(failure) => format!("refused: {}", failure.native),
        End::Failed(failure) => format!("failed: {}", failure.native),
        End::Closed => "closed".into(),
        End::Stalled => "stalled".into(),
        End::Unsupported(reason) => format!("unsupported: {reason}"),
        End::Crashed(message) => format!("crashed: {message}"),
    }
}

fn is_stalled(outcome: &Outcome) -> bool {
    outcome.client.end == End::Stalled && outcome.server.end == End::Stalled
}

fn first(outcome: &Outcome, pick: impl Fn(&End) -> Option<String>) -> Option<String> {
    pick(&outcome.client.end).or_else(|| pick(&outcome.server.end))
}
