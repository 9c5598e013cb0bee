//! Sessions that outlive their connection: with every pairing, version and means, and with nobody
//! else's.

use std::sync::Arc;

use shakedown::connection::{Config, HandshakeKind, Peer, Refusal, Role, Stack};
use shakedown::iana::ProtocolVersion;
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::outcome::Outcome;
use shakedown::pair;
use shakedown::profile::{
    ClientAuth, ClientProfile, Credential, KeyType, Protocol, ServerName, ServerProfile,
};
use shakedown::scenario::Means;
use shakedown::stacks::linked;

#[test]
fn every_pairing_resumes_in_both_versions_by_both_means() {
    for_each_pairing(|client, server| {
        for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
            for means in MEANS {
                let client = client.client(&only(version)).expect("made");
                let server = server.server(&asking()).expect("made");
                let outcome = again(&*client, &*server, means);
                assert!(outcome.is_success(), "{means:?} {outcome:?}");
                for role in Role::BOTH {
                    let side = outcome.side(role);
                    let session = side.session.as_ref().expect("established");
                    assert_eq!(session.kind, HandshakeKind::Resumed, "{means:?} {role}");
                    assert_eq!(session.version, version);
                    assert_eq!(session.group.is_some(), version == ProtocolVersion::TLS1_3);
                    assert_eq!(session.server_signature, None);
                    assert_eq!(session.client_signature, None);
                    // Neither side has sent its certificate; both remember.
                    assert_eq!(
                        session.peer,
                        Some(Peer::Known {
                            role: role.peer(),
                            credential: Credential::default(),
                        })
                    );
                    assert_eq!(side.data_intact, Some(true));
                }
                assert_eq!(outcome.exporters_agree, Some(true));
            }
        }
    });
}

#[test]
fn what_failed_is_not_resumed() {
    for_each_pairing(|client, server| {
        let wrong = ClientProfile {
            server_name: ServerName::Dns(ServerName::WRONG.to_owned()),
            ..ClientProfile::default()
        };
        let then = client.client(&wrong).expect("made");
        let now = client.client(&ClientProfile::default()).expect("made");
        let server = server.server(&ServerProfile::default()).expect("made");
        for means in MEANS {
            let outcome = pair::meet_again(
                [Ok(&*then), Ok(&*server)],
                [Ok(&*now), Ok(&*server)],
                means,
                &Link::default(),
            );
            assert_eq!(kinds(&outcome), [Some(HandshakeKind::Full); 2]);
        }
    });
}

#[test]
fn what_cannot_be_said_of_the_past_is_unsupported() {
    let stacks = stacks();
    let [stack, ..] = &stacks[..] else {
        unreachable!("three are linked")
    };
    let old = ClientProfile {
        protocol: Protocol {
            versions: vec![ProtocolVersion::TLS1_0],
            ..Protocol::default()
        },
        ..ClientProfile::default()
    };
    let (then, now) = (stack.client(&old), stack.client(&ClientProfile::default()));
    let server = stack.server(&ServerProfile::default()).expect("made");
    assert!(matches!(then, Err(Refusal::Unsupported(_))));
    let outcome = pair::meet_again(
        [then.as_ref().map(AsRef::as_ref), Ok(&*server)],
        [now.as_ref().map(AsRef::as_ref), Ok(&*server)],
        Means::Ticket,
        &Link::default(),
    );
    assert!(matches!(
        outcome.client.end,
        shakedown::outcome::End::Unsupported(_)
    ));
}

#[test]
fn threads_that_share_configurations_share_no_sessions() {
    const TIMES: usize = 20;
    for_each_pairing(|client, server| {
        let server = server.server(&asking()).expect("made");
        let clients = [KeyType::EcdsaP256, KeyType::Rsa2048].map(|key| {
            let identity = Credential {
                key,
                ..Credential::default()
            };
            let profile = ClientProfile {
                identity: Some(identity),
                ..ClientProfile::default()
            };
            (identity, client.client(&profile).expect("made"))
        });
        std::thread::scope(|scope| {
            for (credential, client) in &clients {
                let server = &*server;
                scope.spawn(move || {
                    for turn in 0..TIMES {
                        let means = MEANS[turn % MEANS.len()];
                        let outcome = again(&**client, server, means);
                        assert_eq!(kinds(&outcome), [Some(HandshakeKind::Resumed); 2]);
                        let peer = outcome.server.session.and_then(|session| session.peer);
                        assert_eq!(
                            peer,
                            Some(Peer::Known {
                                role: Role::Client,
                                credential: *credential,
                            })
                        );
                        // Whoever has no past has none of the others' either.
                        let outcome = pair::meet(Ok(&**client), Ok(server), &Link::default());
                        assert_eq!(kinds(&outcome), [Some(HandshakeKind::Full); 2]);
                    }
                });
            }
        });
    });
}

fn kinds(outcome: &Outcome) -> [Option<HandshakeKind>; 2] {
    Role::BOTH.map(|role| outcome.side(role).session.as_ref().map(|s| s.kind))
}

fn again(client: &dyn Config, server: &dyn Config, means: Means) -> Outcome {
    let sides = [Ok(client), Ok(server)];
    pair::meet_again(sides, sides, means, &Link::default())
}

fn only(version: ProtocolVersion) -> ClientProfile {
    ClientProfile {
        protocol: Protocol {
            versions: vec![version],
            ..Protocol::default()
        },
        identity: Some(Credential::default()),
        ..ClientProfile::default()
    }
}

fn asking() -> ServerProfile {
    ServerProfile {
        client_auth: ClientAuth::Optional,
        ..ServerProfile::default()
    }
}

fn for_each_pairing(check: impl Fn(&dyn Stack, &dyn Stack)) {
    let stacks = stacks();
    for client in &stacks {
        for server in &stacks {
            check(&**client, &**server);
        }
    }
}

fn stacks() -> Vec<Box<dyn Stack>> {
    linked(&Arc::new(Identities::new()))
}

const MEANS: [Means; 2] = [Means::Ticket, Means::SessionId];
