//! One suite for every stack in both roles: what a stack claims, it does.

use std::sync::Arc;

use shakedown::connection::{HandshakeKind, Peer, Refusal, Role, Stack};
use shakedown::iana::{
    AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
};
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::outcome::{End, Outcome, Protection, SentAlert};
use shakedown::pair;
use shakedown::profile::{
    ClientAuth, ClientProfile, Credential, KeyType, Protocol, ServerName, ServerProfile,
};
use shakedown::scenario::StackId;
use shakedown::stacks::linked;

#[test]
fn both_versions_come_about_with_every_pairing() {
    for_each_pairing(|client, server| {
        for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
            let outcome = meet(client, server, &only(version), &ServerProfile::default());
            assert!(outcome.is_success(), "{outcome:?}");
            assert_eq!(outcome.exporters_agree, Some(true));
            for role in Role::BOTH {
                let side = outcome.side(role);
                let session = side.session.as_ref().expect("established");
                assert_eq!(session.version, version);
                assert_eq!(session.kind, HandshakeKind::Full);
                assert_eq!(session.server_name.as_deref(), Some(ServerName::RIGHT));
                if version == ProtocolVersion::TLS1_3 {
                    assert_eq!(
                        session.server_signature,
                        Some(SignatureScheme::ecdsa_secp256r1_sha256)
                    );
                }
                assert_eq!(side.data_intact, Some(true));
                assert_eq!((side.alert_sent, side.alert_received), (None, None));
            }
        }
    });
}

#[test]
fn both_sides_tell_the_same_parameters() {
    for_each_pairing(|client, server| {
        let protocol = Protocol {
            tls13_suites: Some(vec![CipherSuite::TLS_CHACHA20_POLY1305_SHA256]),
            groups: Some(vec![NamedGroup::secp384r1, NamedGroup::x25519]),
            ..Protocol::default()
        };
        let profile = ClientProfile {
            protocol: protocol.clone(),
            identity: Some(Credential {
                key: KeyType::Ed25519,
                ..Credential::default()
            }),
            alpn: vec!["h2".into(), "http/1.1".into()],
            ..ClientProfile::default()
        };
        let server_profile = ServerProfile {
            protocol,
            client_auth: ClientAuth::Required,
            alpn: vec!["http/1.1".into()],
            ..ServerProfile::default()
        };
        let outcome = meet(client, server, &profile, &server_profile);
        assert!(outcome.is_success(), "{outcome:?}");
        let mine = outcome.client.session.expect("established");
        let theirs = outcome.server.session.expect("established");
        assert_eq!(mine.suite, CipherSuite::TLS_CHACHA20_POLY1305_SHA256);
        assert_eq!(mine.group, Some(NamedGroup::secp384r1));
        assert_eq!(mine.alpn.as_deref(), Some("http/1.1"));
        assert_eq!(mine.client_signature, Some(SignatureScheme::ed25519));
        assert_eq!(
            theirs.peer,
            Some(Peer::Known {
                role: Role::Client,
                credential: profile.identity.expect("given above"),
            })
        );
        assert_eq!(
            mine.peer,
            Some(Peer::Known {
                role: Role::Server,
                credential: Credential::default(),
            })
        );
        assert_eq!(mine.server_signature, theirs.server_signature);
        assert_eq!(mine.client_signature, theirs.client_signature);
        assert_eq!(
            (mine.version, mine.suite, mine.group, mine.alpn, mine.kind),
            (
                theirs.version,
                theirs.suite,
                theirs.group,
                theirs.alpn,
                theirs.kind
            )
        );
    });
}

#[test]
fn a_hello_retry_request_is_seen_from_both_sides() {
    for_each_pairing(|client, server| {
        let groups = |groups: &[NamedGroup]| Protocol {
            groups: Some(groups.to_vec()),
            ..Protocol::default()
        };
        let outcome = meet(
            client,
            server,
            &ClientProfile {
                protocol: groups(&[NamedGroup::x25519, NamedGroup::secp256r1]),
                ..ClientProfile::default()
            },
            &ServerProfile {
                protocol: groups(&[NamedGroup::secp256r1]),
                ..ServerProfile::default()
            },
        );
        assert!(outcome.is_success(), "{outcome:?}");
        for role in Role::BOTH {
            let session = outcome.side(role).session.as_ref().expect("established");
            assert_eq!(session.kind, HandshakeKind::HelloRetryRequest);
            assert_eq!(session.group, Some(NamedGroup::secp256r1));
        }
    });
}

#[test]
fn a_tls13_client_is_done_before_the_server_misses_its_certificate() {
    for_each_pairing(|client, server| {
        let outcome = meet(
            client,
            server,
            &only(ProtocolVersion::TLS1_3),
            &ServerProfile {
                client_auth: ClientAuth::Required,
                ..ServerProfile::default()
            },
        );
        assert!(outcome.client.established && !outcome.server.established);
        assert_eq!(
            outcome.server.alert_sent,
            Some(SentAlert {
                description: Some(AlertDescription::certificate_required),
                protection: Protection::Protected,
            })
        );
        assert_eq!(
            outcome.client.alert_received,
            Some(AlertDescription::certificate_required)
        );
        assert!(matches!(outcome.client.end, End::Failed(_)));
    });
}

#[test]
fn one_byte_at_a_time_changes_nothing() {
    for_each_pairing(|client, server| {
        let profile = ClientProfile::default();
        let whole = meet(client, server, &profile, &ServerProfile::default());
        let link = Link {
            deliver: Some(1),
            ..Link::default()
        };
        let pieces = meet_over(client, server, &profile, &ServerProfile::default(), &link);
        assert_eq!(whole, pieces);
    });
}

#[test]
fn what_a_stack_lacks_it_says() {
    for stack in stacks() {
        let old = ServerProfile {
            protocol: Protocol {
                versions: vec![ProtocolVersion::TLS1_0],
                ..Protocol::default()
            },
            ..ServerProfile::default()
        };
        let refused = matches!(stack.server(&old), Err(Refusal::Unsupported(_)));
        assert_eq!(refused, stack.info().id.is_rustls());
        let hybrid = ClientProfile {
            protocol: Protocol {
                groups: Some(vec![NamedGroup::X25519MLKEM768]),
                ..Protocol::default()
            },
            ..ClientProfile::default()
        };
        let refused = matches!(stack.client(&hybrid), Err(Refusal::Unsupported(_)));
        assert_eq!(refused, stack.info().id == StackId::RustlsRing);
    }
}

#[test]
fn every_stack_tells_its_exact_version() {
    for stack in stacks() {
        let info = stack.info();
        assert!(
            info.version.starts_with(|c: char| c.is_ascii_digit()),
            "{info:?}"
        );
        assert!(!info.crypto.contains("unknown"), "{info:?}");
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
    let all = linked(&Arc::new(Identities::new()));
    assert_eq!(all.len(), StackId::ALL.len());
    all
}

fn only(version: ProtocolVersion) -> ClientProfile {
    ClientProfile {
        protocol: Protocol {
            versions: vec![version],
            ..Protocol::default()
        },
        ..ClientProfile::default()
    }
}

fn meet(
    client: &dyn Stack,
    server: &dyn Stack,
    client_profile: &ClientProfile,
    server_profile: &ServerProfile,
) -> Outcome {
    meet_over(
        client,
        server,
        client_profile,
        server_profile,
        &Link::default(),
    )
}

fn meet_over(
    client: &dyn Stack,
    server: &dyn Stack,
    client_profile: &ClientProfile,
    server_profile: &ServerProfile,
    link: &Link,
) -> Outcome {
    let client = client.client(client_profile);
    let server = server.server(server_profile);
    pair::meet(
        client.as_ref().map(AsRef::as_ref),
        server.as_ref().map(AsRef::as_ref),
        link,
    )
}
