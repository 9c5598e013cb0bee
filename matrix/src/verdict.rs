//! Verdicts: an outcome held against its expectation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::connection::{Reason, Role, Session};
use shakedown::link::Deed;
use shakedown::outcome::{End, Outcome, SideOutcome};

pub use self::field::Field;
use crate::model::{Expected, ExpectedDeed, ExpectedEnd, ExpectedSide, Prediction};

mod always;
mod field;

/// How a scenario went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// As the model says.
    Agree,
    /// A stack cannot express the scenario, as the model says; the reason.
    Unsupported(String),
    /// The model does not know the scenario, and nothing that always holds was broken; the reason.
    Unmodelled(String),
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
    pub field: Field,
    /// What the model says.
    pub expected: String,
    /// What happened.
    pub actual: String,
}

/// Holds an outcome against its prediction.
///
/// ```
/// # #[cfg(feature = "stacks")] {
/// use shakedown::scenario::{Scenario, StackId};
/// use shakedown_matrix::lab::Lab;
/// use shakedown_matrix::model::predict;
/// use shakedown_matrix::verdict::{Verdict, judge};
///
/// let scenario = Scenario::plain(StackId::RustlsRing, StackId::Openssl);
/// let prediction = predict(&scenario);
/// let mut outcome = Lab::new().run(&scenario);
/// assert_eq!(judge(&prediction, &outcome), Verdict::Agree);
/// outcome.exporters_agree = Some(false);
/// assert!(matches!(judge(&prediction, &outcome), Verdict::Diverge(_)));
/// # }
/// ```
pub fn judge(prediction: &Prediction, outcome: &Outcome) -> Verdict {
    if let Some(message) = first(outcome, |end| match end {
        End::Crashed(message) => Some(message.clone()),
        _ => None,
    }) {
        return Verdict::Crash(message);
    }
    let unsupported = Role::BOTH
        .into_iter()
        .find_map(|role| match &outcome.side(role).end {
            End::Unsupported(reason) => Some((role, reason)),
            _ => None,
        });
    match (prediction, unsupported) {
        (Prediction::Unmodelled { reason }, _) => without_a_model(reason, outcome),
        (Prediction::Unsupported { role, .. }, Some((side, reason))) if *role == side => {
            Verdict::Unsupported(reason.clone())
        }
        (Prediction::Unsupported { role, reason }, _) => Verdict::Diverge(vec![Difference {
            side: Some(*role),
            field: Field::Support,
            expected: format!("unsupported: {reason}"),
            actual: "supported".into(),
        }]),
        (Prediction::Expect(_), Some((role, reason))) => Verdict::Diverge(vec![Difference {
            side: Some(role),
            field: Field::Support,
            expected: "supported".into(),
            actual: format!("unsupported: {reason}"),
        }]),
        (Prediction::Expect(expectation), None) => hold_against(&expectation.allowed, outcome),
    }
}

/// What always holds is demanded all the same.
fn without_a_model(reason: &str, outcome: &Outcome) -> Verdict {
    if is_stalled(outcome) && !always::may_stall(outcome) {
        return Verdict::Stall;
    }
    let found = always::breaches(outcome);
    if found.is_empty() {
        Verdict::Unmodelled(reason.to_owned())
    } else {
        Verdict::Diverge(found)
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
            field: Field::Expectation,
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
    compare_deeds(&expected.deeds, &outcome.deeds, &mut found);
    if outcome.is_success() && outcome.exporters_agree != Some(true) {
        found.push(Difference {
            side: None,
            field: Field::ExportersAgree,
            expected: "Some(true)".into(),
            actual: format!("{:?}", outcome.exporters_agree),
        });
    }
    found
}

/// What the link did, against what it was to do.
fn compare_deeds(expected: &[ExpectedDeed], actual: &[Deed], found: &mut Vec<Difference>) {
    let fits = |expected: &ExpectedDeed, actual: &Deed| {
        (expected.op, expected.record, expected.content_type)
            == (actual.op, actual.record, actual.content_type)
            && expected.applied.is_none_or(|applied| {
                (applied, expected.back_ends) == (actual.applied, actual.back_ends)
            })
    };
    let fit = expected.len() == actual.len()
        && expected
            .iter()
            .zip(actual)
            .all(|(expected, actual)| fits(expected, actual));
    if !fit {
        found.push(Difference {
            side: None,
            field: Field::Link,
            expected: format!("{expected:?}"),
            actual: format!("{actual:?}"),
        });
    }
}

fn compare_side(
    role: Role,
    expected: &ExpectedSide,
    actual: &SideOutcome,
    found: &mut Vec<Difference>,
) {
    let mut compare = |field: Field, expected: String, actual: String| {
        if expected != actual {
            found.push(Difference {
                side: Some(role),
                field,
                expected,
                actual,
            });
        }
    };
    compare(
        Field::Established,
        expected.established.to_string(),
        actual.established.to_string(),
    );
    compare(
        Field::End,
        describe_expected(&expected.end),
        describe(&actual.end),
    );
    compare(
        Field::AlertSent,
        format!("{:?}", expected.alert_sent),
        format!("{:?}", actual.alert_sent),
    );
    compare(
        Field::AlertReceived,
        format!("{:?}", expected.alert_received),
        format!("{:?}", actual.alert_received),
    );
    if actual.end == End::Closed {
        compare(
            Field::DataIntact,
            "Some(true)".into(),
            format!("{:?}", actual.data_intact),
        );
    } else if (actual.data_intact == Some(false)) != expected.data_lost {
        compare(
            Field::DataIntact,
            (!expected.data_lost).to_string(),
            expected.data_lost.to_string(),
        );
    }
    match (&expected.session, &actual.session) {
        (Some(expected), Some(actual)) if expected == actual => {}
        (Some(expected), Some(actual)) => {
            for ((field, expected), (_, actual)) in fields(expected).into_iter().zip(fields(actual))
            {
                compare(field, expected, actual);
            }
        }
        (expected, actual) => compare(
            Field::Session,
            if expected.is_some() { "some" } else { "none" }.into(),
            if actual.is_some() { "some" } else { "none" }.into(),
        ),
    }
}

/// What a session says, by field.
pub(crate) fn fields(session: &Session) -> [(Field, String); 9] {
    // Named one by one, so that a field that is added is compared too.
    let Session {
        version,
        suite,
        group,
        server_signature,
        client_signature,
        alpn,
        server_name,
        kind,
        peer,
    } = session;
    [
        (Field::Version, version.to_string()),
        (Field::Suite, suite.to_string()),
        (Field::Group, format!("{group:?}")),
        (Field::ServerSignature, format!("{server_signature:?}")),
        (Field::ClientSignature, format!("{client_signature:?}")),
        (Field::Alpn, format!("{alpn:?}")),
        (Field::ServerName, format!("{server_name:?}")),
        (Field::Kind, format!("{kind:?}")),
        (Field::Peer, format!("{peer:?}")),
    ]
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

/// An end in a few words.
pub(crate) fn describe(end: &End) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::predict;
    use shakedown::connection::{Failure, HandshakeKind};
    use shakedown::iana::{
        AlertDescription, CipherSuite, ContentType, NamedGroup, ProtocolVersion, SignatureScheme,
    };
    use shakedown::outcome::{Protection, SentAlert};
    use shakedown::scenario::Scenario;

    #[test]
    fn what_the_model_expects_agrees_with_it() {
        for json in [SUCCESS, REFUSED, CLIENT_DONE_FIRST] {
            let (prediction, outcome) = as_expected(json);
            assert_eq!(judge(&prediction, &outcome), Verdict::Agree, "{json}");
        }
    }

    #[test]
    fn each_field_that_goes_otherwise_is_named() {
        type Change = fn(&mut Outcome);
        let on_success: [(&str, Change); 16] = [
            ("established", |o| o.client.established = false),
            ("end", |o| o.server.end = End::NotStarted),
            ("alert sent", |o| {
                o.client.alert_sent = Some(SentAlert {
                    description: None,
                    protection: Protection::Protected,
                });
            }),
            ("alert received", |o| {
                o.server.alert_received = Some(AlertDescription::internal_error);
            }),
            ("data intact", |o| o.server.data_intact = Some(false)),
            ("exporters agree", |o| o.exporters_agree = Some(false)),
            ("session", |o| o.client.session = None),
            ("version", |o| session(o).version = ProtocolVersion::TLS1_2),
            ("suite", |o| session(o).suite = CipherSuite(0)),
            ("group", |o| session(o).group = Some(NamedGroup::x448)),
            ("server signature", |o| session(o).server_signature = None),
            ("client signature", |o| {
                session(o).client_signature = Some(SignatureScheme::ed25519);
            }),
            ("alpn", |o| session(o).alpn = Some("h2".into())),
            ("kind", |o| session(o).kind = HandshakeKind::Resumed),
            ("server name", |o| session(o).server_name = None),
            ("peer", |o| session(o).peer = None),
        ];
        for (field, change) in on_success {
            assert_otherwise(SUCCESS, field, change);
        }
        let on_failure: [(&str, Change); 5] = [
            ("end", |o| o.server.end = End::Closed),
            ("data intact", |o| o.client.data_intact = Some(false)),
            ("alert sent", |o| o.server.alert_sent = None),
            // The right alert under the wrong protection.
            ("alert sent", |o| {
                if let Some(alert) = &mut o.server.alert_sent {
                    alert.protection = Protection::Plain;
                }
            }),
            ("established", |o| o.client.established = false),
        ];
        for (field, change) in on_failure {
            assert_otherwise(CLIENT_DONE_FIRST, field, change);
        }
    }

    #[test]
    fn a_stall_a_crash_and_a_false_claim_have_verdicts_of_their_own() {
        let (prediction, outcome) = as_expected(SUCCESS);
        let mut stalled = outcome.clone();
        stalled.client.end = End::Stalled;
        stalled.server.end = End::Stalled;
        assert_eq!(judge(&prediction, &stalled), Verdict::Stall);
        let mut crashed = outcome.clone();
        crashed.server.end = End::Crashed("planted".into());
        assert_eq!(
            judge(&prediction, &crashed),
            Verdict::Crash("planted".into())
        );
        let mut unsupported = outcome.clone();
        unsupported.client.end = End::Unsupported("planted".into());
        assert!(matches!(
            judge(&prediction, &unsupported),
            Verdict::Diverge(_)
        ));
        let absent = Prediction::Unsupported {
            role: Role::Client,
            reason: "planted".into(),
        };
        assert_eq!(
            judge(&absent, &unsupported),
            Verdict::Unsupported("planted".into())
        );
        assert!(matches!(judge(&absent, &outcome), Verdict::Diverge(_)));
        let absent_on_the_other_side = Prediction::Unsupported {
            role: Role::Server,
            reason: "planted".into(),
        };
        assert!(matches!(
            judge(&absent_on_the_other_side, &unsupported),
            Verdict::Diverge(_)
        ));
    }

    #[test]
    fn one_side_that_waits_is_no_stall() {
        let (prediction, outcome) = as_expected(SUCCESS);
        let sides: [fn(&mut Outcome); 2] = [
            |o| o.client.end = End::Stalled,
            |o| o.server.end = End::Stalled,
        ];
        for wait in sides {
            let mut waiting = outcome.clone();
            wait(&mut waiting);
            assert!(matches!(judge(&prediction, &waiting), Verdict::Diverge(_)));
        }
    }

    #[test]
    fn without_a_model_what_always_holds_is_demanded_all_the_same() {
        let unmodelled = Prediction::Unmodelled {
            reason: "planted".into(),
        };
        let (_, outcome) = as_expected(SUCCESS);
        assert_eq!(
            judge(&unmodelled, &outcome),
            Verdict::Unmodelled("planted".into())
        );
        let breaches: [fn(&mut Outcome); 4] = [
            |o| o.exporters_agree = Some(false),
            |o| o.server.data_intact = Some(false),
            |o| session(o).suite = CipherSuite(0),
            |o| {
                o.server.end = End::Failed(Failure {
                    reason: Reason::Unmapped,
                    native: "?".into(),
                    text: String::new(),
                });
            },
        ];
        for breach in breaches {
            let mut broken = outcome.clone();
            breach(&mut broken);
            assert!(matches!(judge(&unmodelled, &broken), Verdict::Diverge(_)));
        }
        let mut stalled = outcome;
        stalled.client.end = End::Stalled;
        stalled.server.end = End::Stalled;
        assert_eq!(judge(&unmodelled, &stalled), Verdict::Stall);
    }

    #[test]
    fn every_end_has_words_of_its_own() {
        let failure = |reason| Failure {
            reason,
            native: "N".into(),
            text: String::new(),
        };
        let native = || "N".to_owned();
        for (expected, actual, words) in [
            (ExpectedEnd::NotStarted, End::NotStarted, "not started"),
            (
                ExpectedEnd::Refused { native: native() },
                End::Refused(failure(Reason::Internal)),
                "refused: N",
            ),
            (
                ExpectedEnd::Failed { native: native() },
                End::Failed(failure(Reason::Internal)),
                "failed: N",
            ),
            (ExpectedEnd::Closed, End::Closed, "closed"),
            (ExpectedEnd::Stalled, End::Stalled, "stalled"),
        ] {
            assert_eq!(describe_expected(&expected), words);
            assert_eq!(describe(&actual), words);
        }
        for end in [
            End::Refused(failure(Reason::Unmapped)),
            End::Failed(failure(Reason::Unmapped)),
        ] {
            assert_eq!(describe(&end), "unmapped error: N");
        }
        assert_eq!(describe(&End::Unsupported(native())), "unsupported: N");
        assert_eq!(describe(&End::Crashed(native())), "crashed: N");
    }

    #[test]
    fn a_model_that_allows_nothing_is_wrong_whatever_happens() {
        let (mut prediction, outcome) = as_expected(SUCCESS);
        if let Prediction::Expect(expectation) = &mut prediction {
            expectation.allowed.clear();
        }
        assert!(matches!(judge(&prediction, &outcome), Verdict::Diverge(_)));
    }

    #[test]
    fn what_the_link_does_otherwise_is_named() {
        let (prediction, outcome) = as_expected(DUPLICATED);
        assert_eq!(judge(&prediction, &outcome), Verdict::Agree);
        assert_eq!(outcome.deeds.len(), 1);
        let changes: [fn(&mut Outcome); 7] = [
            |o| o.deeds[0].op = 1,
            |o| o.deeds[0].record = 1,
            |o| o.deeds[0].content_type = ContentType::alert,
            |o| o.deeds[0].applied = false,
            |o| o.deeds[0].back_ends = true,
            |o| o.deeds.clear(),
            |o| o.deeds.extend_from_within(..),
        ];
        for change in changes {
            assert_otherwise(DUPLICATED, "link", change);
        }
        // Where the record's length decides, nothing is said of what came of it.
        let mut open = prediction;
        if let Prediction::Expect(expectation) = &mut open {
            for expected in &mut expectation.allowed {
                expected.deeds[0].applied = None;
            }
        }
        for applied in [true, false] {
            let mut outcome = outcome.clone();
            outcome.deeds[0].applied = applied;
            assert_eq!(judge(&open, &outcome), Verdict::Agree);
        }
    }

    fn assert_otherwise(json: &str, field: &str, change: impl Fn(&mut Outcome)) {
        let (prediction, mut outcome) = as_expected(json);
        change(&mut outcome);
        let Verdict::Diverge(differences) = judge(&prediction, &outcome) else {
            panic!("{field} went otherwise unseen");
        };
        assert!(
            differences
                .iter()
                .any(|difference| difference.field.name() == field),
            "{field}: {differences:?}"
        );
    }

    /// The prediction of a scenario, and an outcome that is exactly as it says.
    fn as_expected(json: &str) -> (Prediction, Outcome) {
        let prediction = predict(&Scenario::from_json(json).expect("well-formed"));
        let Prediction::Expect(expectation) = &prediction else {
            panic!("{json} is in the model");
        };
        let expected = &expectation.allowed[0];
        let side = |expected: &ExpectedSide| {
            let failure = |native: &str| Failure {
                reason: Reason::Internal,
                native: native.into(),
                text: String::new(),
            };
            let end = match &expected.end {
                ExpectedEnd::NotStarted => End::NotStarted,
                ExpectedEnd::Refused { native } => End::Refused(failure(native)),
                ExpectedEnd::Failed { native } => End::Failed(failure(native)),
                ExpectedEnd::Closed => End::Closed,
                ExpectedEnd::Stalled => End::Stalled,
            };
            SideOutcome {
                established: expected.established,
                data_intact: (end == End::Closed).then_some(true),
                end,
                alert_sent: expected.alert_sent,
                alert_received: expected.alert_received,
                session: expected.session.clone(),
            }
        };
        let outcome = Outcome {
            client: side(&expected.client),
            server: side(&expected.server),
            exporters_agree: (expectation.cause.is_none()).then_some(true),
            deeds: expected.deeds.iter().map(deed).collect(),
        };
        (prediction, outcome)
    }

    fn deed(expected: &ExpectedDeed) -> Deed {
        Deed {
            op: expected.op,
            record: expected.record,
            content_type: expected.content_type,
            applied: expected.applied.unwrap_or(true),
            may_stall: false,
            breaks_seal: false,
            back_ends: expected.back_ends,
        }
    }

    fn session(outcome: &mut Outcome) -> &mut Session {
        outcome.client.session.as_mut().expect("established")
    }

    const SUCCESS: &str = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring"}}"#;
    const REFUSED: &str = r#"{"client":{"stack":"rustls-ring","profile":{"trust":"empty"}},
        "server":{"stack":"openssl"}}"#;
    const DUPLICATED: &str = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring"},
        "link":{"ops":[{"from":"client","at":{"record":0},"act":"duplicate"}]}}"#;
    const CLIENT_DONE_FIRST: &str = r#"{"client":{"stack":"openssl"},
        "server":{"stack":"openssl","profile":{"client_auth":"required"}}}"#;
}
