//! Hellos, and what is signed, that say something else when they arrive: what it would take a hostile peer
//! to say.

use shakedown::connection::Role;
use shakedown::iana::{
    CipherSuite, ExtensionType as E, HandshakeType as M, NamedGroup as G, ProtocolVersion as V,
};
use shakedown::link::{Act, At, Edit, Field, FieldValue, Message, Op};
use shakedown::scenario::{Scenario, StackId};

use super::label;
use crate::plan::Case;

/// The cases, on every pairing.
pub fn cases(stacks: &[StackId]) -> Vec<Case> {
    let mut cases = Vec::new();
    for client in stacks {
        for server in stacks {
            let pairing = format!("{client}->{server}");
            for (handshake, scenario) in handshakes(*client, *server) {
                let retried = handshake == "retried";
                for (from, kind, nth, act) in acts(retried) {
                    let mut scenario = scenario.clone();
                    let name = format!(
                        "link:{}/{pairing}/{handshake}/{from}/{kind}#{nth}",
                        label(&act)
                    );
                    let at = At::Message(Message { kind, nth });
                    scenario.link.ops = vec![Op { from, at, act }];
                    cases.push(Case {
                        name,
                        scenario,
                        point: None,
                    });
                }
            }
        }
    }
    cases
}

fn handshakes(client: StackId, server: StackId) -> Vec<(&'static str, Scenario)> {
    let plain = Scenario::plain(client, server);
    let of = |version| {
        let mut scenario = plain.clone();
        scenario.client.profile.protocol.versions = vec![version];
        scenario
    };
    let mut retried = of(V::TLS1_3);
    retried.client.profile.protocol.groups = Some(vec![G::x25519, G::secp256r1]);
    retried.server.profile.protocol.groups = Some(vec![G::secp256r1]);
    vec![
        ("both", plain.clone()),
        ("TLS1.2", of(V::TLS1_2)),
        ("TLS1.3", of(V::TLS1_3)),
        ("retried", retried),
    ]
}

/// From whom, at which message, and what.
pub fn acts(retried: bool) -> Vec<(Role, M, u32, Act)> {
    let (client, server) = (Role::Client, Role::Server);
    let mut acts = Vec::new();
    for kind in E::NAMED {
        let without = || Act::Edit(Edit::WithoutExtension(*kind));
        acts.push((client, M::client_hello, 0, without()));
        acts.push((server, M::server_hello, 0, without()));
        if retried {
            acts.push((client, M::client_hello, 1, without()));
            acts.push((server, M::server_hello, 1, without()));
        }
    }
    for version in [V::TLS1_2, V::TLS1_3] {
        let act = Act::Edit(Edit::WithoutVersion(version));
        acts.push((client, M::client_hello, 0, act));
    }
    let fallback = CipherSuite::TLS_FALLBACK_SCSV;
    acts.push((
        client,
        M::client_hello,
        0,
        Act::Edit(Edit::WithSuite(fallback)),
    ));
    for suite in CipherSuite::NAMED {
        let act = Act::Edit(Edit::WithoutSuite(*suite));
        acts.push((client, M::client_hello, 0, act));
    }
    let set = |field, value: &str| {
        Act::Set(FieldValue {
            field,
            value: value.to_owned(),
        })
    };
    for scheme in ["0401", "0503", "0807", "0203", "ffff"] {
        let act = set(Field::SignatureScheme, scheme);
        acts.push((server, M::server_key_exchange, 0, act));
    }
    if retried {
        for group in ["001d", "0018", "ffff"] {
            let act = set(Field::Extension(E::key_share), group);
            acts.push((server, M::server_hello, 0, act));
        }
    }
    acts
}
