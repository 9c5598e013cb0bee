//! Hellos, and what is signed, that say something else when they arrive: what it would take a hostile peer
//! to say.

use shakedown::connection::Role;
use shakedown::iana::{
    CipherSuite, ExtensionType as E, HandshakeType as M, NamedGroup as G, ProtocolVersion as V,
};
use shakedown::link::{Act, At, Edit, Field, FieldFlip, FieldValue, Message, Op};
use shakedown::scenario::{Earlier, Means, Scenario, StackId};

use super::label;
use crate::plan::Case;

/// The handshakes whose hellos are changed, by name.
pub(super) fn handshakes(client: StackId, server: StackId) -> Vec<(String, Scenario)> {
    let plain = Scenario::plain(client, server);
    let of = |version| {
        let mut scenario = plain.clone();
        scenario.client.profile.protocol.versions = vec![version];
        scenario
    };
    let mut retried = of(V::TLS1_3);
    retried.client.profile.protocol.groups = Some(vec![G::x25519, G::secp256r1]);
    retried.server.profile.protocol.groups = Some(vec![G::secp256r1]);
    let mut resumed = of(V::TLS1_3);
    resumed.earlier = Some(Earlier {
        means: Means::Ticket,
        client: None,
        server: None,
    });
    [
        ("both", plain.clone()),
        ("TLS1.2", of(V::TLS1_2)),
        ("TLS1.3", of(V::TLS1_3)),
        (RETRIED, retried),
        (RESUMED, resumed),
    ]
    .map(|(name, scenario)| (format!("{client}->{server}/{name}"), scenario))
    .into()
}

/// Each change of it.
pub(super) fn of_handshake(name: &str, scenario: &Scenario, cases: &mut Vec<Case>) {
    let acts = if name.ends_with(RESUMED) {
        vec![(Role::Client, M::client_hello, 0, other_binder())]
    } else {
        acts(name.ends_with(RETRIED))
    };
    for (from, kind, nth, act) in acts {
        let mut scenario = scenario.clone();
        let name = format!("link:{}/{name}/{from}/{kind}#{nth}", label(&act));
        let at = At::Message(Message { kind, nth });
        scenario.link.ops = vec![Op { from, at, act }];
        cases.push(Case {
            name,
            scenario,
            point: None,
        });
    }
}

/// The last byte of the binder is another.
fn other_binder() -> Act {
    Act::Field(FieldFlip {
        field: Field::Extension(E::pre_shared_key),
        at: -1,
        bits: 1,
    })
}

const RETRIED: &str = "retried";
const RESUMED: &str = "resumed";

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
    if !retried {
        for scheme in ["0401", "0503", "0807", "0203", "ffff"] {
            let act = set(Field::SignatureScheme, scheme);
            acts.push((server, M::server_key_exchange, 0, act));
        }
    } else {
        for group in ["001d", "0018", "ffff"] {
            let act = set(Field::Extension(E::key_share), group);
            acts.push((server, M::server_hello, 0, act));
        }
    }
    acts
}
