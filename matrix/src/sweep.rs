//! The sweep of the link: every op at every record of a handshake, on every pairing and version.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, ContentType, HandshakeType as M, ProtocolVersion as V};
use shakedown::link::{Act, At, Bytes, Flip, Message, Op};
use shakedown::profile::{ClientAuth, Credential};
use shakedown::scenario::{Earlier, Means, Scenario, StackId};

use crate::model::link::framing;
use crate::plan::Case;

pub mod bytes;
pub mod edits;

/// A handshake that is swept, on one pairing.
#[derive(Clone, Debug)]
pub struct Sweep {
    name: String,
    scenario: Scenario,
    what: What,
}

/// What is done to it.
#[derive(Clone, Copy, Debug)]
enum What {
    Records,
    Words,
}

impl Sweep {
    /// Every handshake on these pairings.
    pub fn all(pairings: &[(StackId, StackId)]) -> Vec<Self> {
        let of = |what, (name, scenario)| Self {
            name,
            scenario,
            what,
        };
        pairings
            .iter()
            .flat_map(|(client, server)| {
                let records = handshakes(*client, *server).into_iter();
                let words = edits::handshakes(*client, *server).into_iter();
                records
                    .map(|it| of(What::Records, it))
                    .chain(words.map(|it| of(What::Words, it)))
                    .collect::<Vec<_>>()
            })
            .collect()
    }

    /// Each op at each record of either side, or each change of a hello, always in the same order.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        match self.what {
            What::Records => of_handshake(&self.name, &self.scenario, &mut cases),
            What::Words => edits::of_handshake(&self.name, &self.scenario, &mut cases),
        }
        cases
    }
}

/// The handshakes that are swept, by name: every version, with and without a client's certificate, with a
/// HelloRetryRequest, resumed.
fn handshakes(client: StackId, server: StackId) -> Vec<(String, Scenario)> {
    let mut all = Vec::new();
    for (name, version) in [("TLS1.2", V::TLS1_2), ("TLS1.3", V::TLS1_3)] {
        let mut plain = Scenario::plain(client, server);
        plain.client.profile.protocol.versions = vec![version];
        let mut mutual = plain.clone();
        mutual.client.profile.identity = Some(Credential::default());
        mutual.server.profile.client_auth = ClientAuth::Required;
        all.push((name.to_owned(), plain.clone()));
        all.push((format!("{name}-mutual"), mutual));
        if version == V::TLS1_3 {
            let mut retried = plain.clone();
            let groups = |list: &[shakedown::iana::NamedGroup]| Some(list.to_vec());
            use shakedown::iana::NamedGroup as G;
            retried.client.profile.protocol.groups = groups(&[G::x25519, G::secp256r1]);
            retried.server.profile.protocol.groups = groups(&[G::secp256r1]);
            all.push((format!("{name}-retried"), retried));
        }
        let mut resumed = plain;
        resumed.earlier = Some(Earlier {
            means: Means::Ticket,
            client: None,
            server: None,
        });
        all.push((format!("{name}-resumed"), resumed));
    }
    if !client.is_rustls() && !server.is_rustls() {
        for (name, version) in [("TLS1.0", V::TLS1_0), ("TLS1.1", V::TLS1_1)] {
            let mut old = Scenario::plain(client, server);
            for protocol in [
                &mut old.client.profile.protocol,
                &mut old.server.profile.protocol,
            ] {
                protocol.versions = vec![version];
                protocol.security_level = Some(0);
            }
            all.push((name.to_owned(), old));
        }
    }
    all
}

fn of_handshake(handshake: &str, scenario: &Scenario, cases: &mut Vec<Case>) {
    let Some(records) = framing(scenario) else {
        return;
    };
    let pairing = format!("{}->{}", scenario.client.stack, scenario.server.stack);
    let mut push = |from: Role, at: At, act: Act| {
        let place = match &at {
            At::Record(number) => number.to_string(),
            At::Message(message) if message.nth == 0 => message.kind.to_string(),
            At::Message(message) => format!("{}#{}", message.kind, message.nth),
        };
        let name = format!("link:{}/{pairing}/{handshake}/{from}/{place}", label(&act));
        let mut scenario = scenario.clone();
        scenario.link.ops = vec![Op { from, at, act }];
        cases.push(Case {
            name,
            scenario,
            point: None,
        });
    };
    for from in Role::BOTH {
        for (number, (kind, sealed)) in records[from as usize].iter().enumerate() {
            for act in acts(*kind, *sealed) {
                push(from, At::Record(number as u32), act);
            }
        }
        for kind in MESSAGES {
            for act in [
                Act::Drop,
                Act::Duplicate,
                Act::Swap,
                Act::Split(1),
                Act::Split(3),
            ] {
                let kind = *kind;
                push(from, At::Message(Message { kind, nth: 0 }), act);
            }
        }
    }
}

/// What can be done to a record.
fn acts(kind: ContentType, sealed: bool) -> Vec<Act> {
    let mut acts = vec![
        Act::Drop,
        Act::Duplicate,
        Act::Swap,
        Act::Delay,
        Act::Fragment(1),
        Act::Split(1),
        Act::Merge,
        Act::Version(V(0x0203)),
        Act::Version(V(0x0305)),
        Act::Length(1),
        Act::Length(OVERSIZE),
    ];
    for after in [0, 3, 6] {
        acts.extend([Act::Stall(after), Act::Cut(after), Act::Close(after)]);
    }
    for other in [
        ContentType::change_cipher_spec,
        ContentType::alert,
        ContentType::handshake,
        ContentType::application_data,
        ContentType(24),
        ContentType(99),
    ] {
        acts.push(Act::Type(other));
    }
    if sealed || kind == ContentType::change_cipher_spec {
        acts.push(Act::Body(Flip { at: 0, bits: 0x80 }));
        acts.push(Act::Body(Flip { at: -1, bits: 1 }));
    }
    for bytes in Bytes::ALL {
        acts.push(Act::Inject(bytes));
        acts.push(Act::Replace(bytes));
    }
    acts.push(Act::Answer(Bytes::HttpResponse));
    acts.push(Act::Answer(Bytes::SmtpBanner));
    acts.push(Act::Answer(Bytes::TlsAlert));
    acts.push(Act::Inject(Bytes::Warning(AlertDescription::user_canceled)));
    acts
}

/// The name of an op in the names of cases.
pub fn label(act: &Act) -> String {
    let debug = serde_json::to_value(act).unwrap_or_default();
    match debug {
        serde_json::Value::String(name) => name,
        serde_json::Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| {
                let value = value
                    .to_string()
                    .replace(['"', '{', '}'], "")
                    .replace(':', "=");
                format!("{name}={value}")
            })
            .collect(),
        _ => String::new(),
    }
}

const MESSAGES: &[M] = &[
    M::client_hello,
    M::server_hello,
    M::certificate,
    M::server_key_exchange,
    M::certificate_request,
    M::server_hello_done,
    M::client_key_exchange,
    M::certificate_verify,
    M::new_session_ticket,
];
const OVERSIZE: i32 = 20_000;
