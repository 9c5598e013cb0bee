//! What holds of every handshake, whatever the stacks, the profiles and the link do.

use shakedown::connection::{Reason, Role, Session};
use shakedown::outcome::{End, Outcome, SideOutcome};

use super::{Difference, Field, describe};

/// Whether the link has done something that leaves somebody waiting (`Act::may_stall`): it has kept
/// back bytes, for good or until more are sent, or changed what tells where a record or a message
/// ends. Nothing else excuses a stall, or data that does not arrive.
pub(super) fn may_stall(outcome: &Outcome) -> bool {
    outcome
        .deeds
        .iter()
        .any(|deed| deed.applied && deed.may_stall)
}

/// What is broken of it.
pub(super) fn breaches(outcome: &Outcome) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut demand = |side, field: Field, holds: bool, actual: String| {
        if !holds {
            found.push(Difference {
                side,
                field,
                expected: "what always holds".into(),
                actual,
            });
        }
    };
    let excused = may_stall(outcome);
    for role in Role::BOTH {
        let side = outcome.side(role);
        // An error has a word of ours, and nobody waits without a reason.
        let unmapped = matches!(
            &side.end,
            End::Failed(failure) | End::Refused(failure) if failure.reason == Reason::Unmapped
        );
        let stalled = side.end == End::Stalled && !excused;
        demand(
            Some(role),
            Field::End,
            !unmapped && !stalled,
            describe(&side.end),
        );
        demand(
            Some(role),
            Field::DataIntact,
            side.data_intact != Some(false) || excused,
            "false".into(),
        );
        demand(
            Some(role),
            Field::EndAfterAlert,
            !heard_or_said_fatal(side) || matches!(side.end, End::Failed(_) | End::Crashed(_)),
            describe(&side.end),
        );
    }
    demand(
        None,
        Field::ExportersAgree,
        outcome.exporters_agree != Some(false)
            && (!outcome.is_success() || outcome.exporters_agree == Some(true)),
        format!("{:?}", outcome.exporters_agree),
    );
    if let (Some(mine), Some(theirs)) = (&outcome.client.session, &outcome.server.session) {
        demand(
            None,
            Field::Session,
            agreed(mine) == agreed(theirs),
            "the sides hold different parameters".into(),
        );
    }
    // RFC 8446 §5.2 and RFC 5246 §6.2.3.3: what does not open ends the connection.
    let broken = outcome
        .deeds
        .iter()
        .any(|deed| deed.applied && deed.breaks_seal);
    demand(
        None,
        Field::SealedRecords,
        !(broken && outcome.is_success()),
        "one was changed or kept back, and both sides succeed".into(),
    );
    found
}

/// RFC 8446 §6.2, RFC 5246 §7.2.2: a fatal alert ends the connection at once, for both.
fn heard_or_said_fatal(side: &SideOutcome) -> bool {
    side.alert_sent.is_some() || side.alert_received.is_some()
}

/// What both sides must hold alike.
fn agreed(session: &Session) -> impl PartialEq + use<> {
    (
        session.version,
        session.suite,
        session.group,
        session.server_signature,
        session.client_signature,
        session.alpn.clone(),
        session.kind,
    )
}

#[cfg(test)]
mod tests {
    use shakedown::connection::{Failure, HandshakeKind};
    use shakedown::iana::{AlertDescription, CipherSuite, ContentType, ProtocolVersion};
    use shakedown::link::Deed;
    use shakedown::outcome::{Protection, SentAlert};

    use super::*;

    #[test]
    fn each_breach_is_seen() {
        type Breach = (Field, fn(&mut Outcome));
        let breaches_of: [Breach; 12] = [
            (Field::End, |o| o.client.end = failed(Reason::Unmapped)),
            (Field::End, |o| o.server.end = End::Stalled),
            (Field::End, |o| {
                o.server.end = End::Stalled;
                o.deeds = vec![deed(false)];
            }),
            (Field::DataIntact, |o| o.client.data_intact = Some(false)),
            (Field::EndAfterAlert, |o| {
                o.client.alert_sent = Some(SentAlert {
                    description: None,
                    protection: Protection::Plain,
                });
            }),
            (Field::EndAfterAlert, |o| {
                o.server.alert_received = Some(AlertDescription::decode_error);
            }),
            (Field::EndAfterAlert, |o| {
                o.server.alert_received = Some(AlertDescription::decode_error);
                o.server.end = End::Stalled;
                o.deeds = vec![deed(true)];
            }),
            (Field::ExportersAgree, |o| o.exporters_agree = Some(false)),
            (Field::ExportersAgree, |o| o.exporters_agree = None),
            (Field::Session, |o| {
                session(o).version = ProtocolVersion::TLS1_2;
            }),
            (Field::Session, |o| session(o).kind = HandshakeKind::Resumed),
            (Field::SealedRecords, |o| {
                o.deeds = vec![Deed {
                    breaks_seal: true,
                    ..deed(true)
                }];
            }),
        ];
        assert_eq!(breaches(&success()), []);
        for (field, breach) in breaches_of {
            let mut outcome = success();
            breach(&mut outcome);
            let found: Vec<_> = breaches(&outcome)
                .into_iter()
                .map(|difference| difference.field)
                .collect();
            assert_eq!(found, [field]);
        }
    }

    #[test]
    fn a_link_that_withholds_excuses_what_does_not_arrive() {
        let mut outcome = success();
        outcome.server.end = End::Stalled;
        outcome.server.data_intact = Some(false);
        outcome.deeds = vec![deed(true)];
        assert_eq!(breaches(&outcome), []);
    }

    #[test]
    fn a_failure_may_follow_an_alert_and_a_broken_record() {
        let mut outcome = success();
        outcome.client.end = failed(Reason::Decrypt);
        outcome.client.alert_sent = Some(SentAlert {
            description: None,
            protection: Protection::Protected,
        });
        outcome.exporters_agree = None;
        outcome.deeds = vec![Deed {
            breaks_seal: true,
            may_stall: false,
            ..deed(true)
        }];
        assert_eq!(breaches(&outcome), []);
    }

    #[test]
    fn a_record_that_nobody_broke_may_arrive() {
        let mut outcome = success();
        let harmless = Deed {
            may_stall: false,
            ..deed(true)
        };
        let never_done = Deed {
            breaks_seal: true,
            ..deed(false)
        };
        outcome.deeds = vec![harmless, never_done];
        assert_eq!(breaches(&outcome), []);
    }

    fn deed(applied: bool) -> Deed {
        Deed {
            op: 0,
            record: 0,
            content_type: ContentType::handshake,
            applied,
            may_stall: true,
            breaks_seal: false,
            back_ends: false,
        }
    }

    fn failed(reason: Reason) -> End {
        End::Failed(Failure {
            reason,
            native: "N".into(),
            text: String::new(),
        })
    }

    fn session(outcome: &mut Outcome) -> &mut Session {
        outcome.client.session.as_mut().expect("established")
    }

    fn success() -> Outcome {
        let side = SideOutcome {
            established: true,
            end: End::Closed,
            alert_sent: None,
            alert_received: None,
            session: Some(Session {
                version: ProtocolVersion::TLS1_3,
                suite: CipherSuite(0x1301),
                group: None,
                server_signature: None,
                client_signature: None,
                alpn: None,
                server_name: None,
                kind: HandshakeKind::Full,
                peer: None,
            }),
            data_intact: Some(true),
        };
        Outcome {
            client: side.clone(),
            server: side,
            exporters_agree: Some(true),
            deeds: Vec::new(),
        }
    }
}
