use std::sync::Arc;

use shakedown::connection::{Config, HandshakeKind, Peer, Role};
use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion};
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::outcome::Outcome;
use shakedown::pair;
use shakedown::profile::Credential;
use shakedown::stacks::rustls::Rustls;

use super::{client_config, server_config};
use crate::by_hand;
use crate::shape::VERSIONS;
use crate::whole;

#[test]
fn a_pair_shakes_hands_in_both_versions() {
    for version in VERSIONS {
        let [client, server] = pair(version, false);
        for _ in 0..2 {
            let outcome = pair::meet(Ok(&*client), Ok(&*server), &Link::default());
            assert_whole(&outcome, version, HandshakeKind::Full);
        }
    }
}

#[test]
fn a_pair_resumes_in_both_versions() {
    for version in VERSIONS {
        let [client, server] = pair(version, true);
        for kind in [
            HandshakeKind::Full,
            HandshakeKind::Resumed,
            HandshakeKind::Resumed,
        ] {
            let outcome = pair::meet(Ok(&*client), Ok(&*server), &Link::default());
            assert_whole(&outcome, version, kind);
        }
    }
}

#[test]
fn a_pair_shakes_hands_by_hand_in_both_versions() {
    for version in VERSIONS {
        for resumes in [false, true] {
            let (config, name) = client_config(version, resumes);
            let client = by_hand::Client::Rustls(config, name);
            let server = server_config(version, resumes, &Identities::new());
            let server = by_hand::Server::Rustls(server);
            for _ in 0..2 {
                by_hand::meet(&client, &server).expect("handshake, data, exporter, close");
            }
        }
    }
}

fn pair(version: ProtocolVersion, resumes: bool) -> [Arc<dyn Config>; 2] {
    let identities = Arc::new(Identities::new());
    let (config, name) = client_config(version, resumes);
    let server = server_config(version, resumes, &identities);
    let stack = Rustls::aws_lc_rs(identities);
    [stack.adopt_client(config, name), stack.adopt_server(server)]
}

fn assert_whole(outcome: &Outcome, version: ProtocolVersion, kind: HandshakeKind) {
    for (_, session) in whole(outcome) {
        assert_eq!(session.version, version);
        assert_eq!(session.kind, kind);
        let (suite, group) = if version == ProtocolVersion::TLS1_3 {
            (
                CipherSuite::TLS_AES_128_GCM_SHA256,
                Some(NamedGroup::x25519),
            )
        } else {
            (
                CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                (kind == HandshakeKind::Full).then_some(NamedGroup::x25519),
            )
        };
        assert_eq!(session.suite, suite);
        assert_eq!(session.group, group);
    }
    let peer = outcome
        .client
        .session
        .as_ref()
        .and_then(|it| it.peer.clone());
    assert_eq!(
        peer,
        Some(Peer::Known {
            role: Role::Server,
            credential: Credential::default(),
        })
    );
}
