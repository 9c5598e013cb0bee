//! The sweep of bytes: every byte of every record of a handshake, changed on its way.

use std::collections::HashMap;

use shakedown::iana::{ContentType, HandshakeType as M, ProtocolVersion as V};
use shakedown::link::{Act, At, Field, FieldFlip, Flight, Flip, Message, Op, fields};
use shakedown::profile::{ClientAuth, Credential};
use shakedown::scenario::{Scenario, StackId};

use crate::plan::Case;

/// The handshakes whose bytes are swept, by name.
pub fn handshakes(stacks: &[StackId]) -> Vec<(String, Scenario)> {
    let mut all = Vec::new();
    for client in stacks {
        for server in stacks {
            let pairing = format!("{client}->{server}");
            for (name, versions) in [
                ("TLS1.2", &[V::TLS1_2][..]),
                ("TLS1.3", &[V::TLS1_3]),
                ("both", &[V::TLS1_2, V::TLS1_3]),
            ] {
                let mut plain = Scenario::plain(*client, *server);
                plain.client.profile.protocol.versions = versions.to_vec();
                let mut mutual = plain.clone();
                mutual.client.profile.identity = Some(Credential::default());
                mutual.server.profile.client_auth = ClientAuth::Required;
                all.push((format!("{pairing}/{name}"), plain));
                if versions == [V::TLS1_2] {
                    all.push((format!("{pairing}/{name}-mutual"), mutual));
                }
            }
        }
    }
    all
}

/// One case for each byte of each record that crossed a clean link: these bits of it flipped.
///
/// A byte of a header is another type, version or length; one of a message in the clear is named by its
/// field, any other by its place. What lies in the second half of something is counted from its end,
/// because signatures are not always of one length.
pub fn of_transcript(name: &str, scenario: &Scenario, flights: &[Flight], bits: u8) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut ways = [Way::default(), Way::default()];
    let tls13 = scenario
        .client
        .profile
        .protocol
        .versions
        .contains(&V::TLS1_3);
    for flight in flights {
        let way = &mut ways[flight.from as usize];
        let mut rest = &flight.bytes[..];
        while let [kind, _, _, high, low, ..] = *rest {
            let end = HEADER + usize::from(u16::from_be_bytes([high, low]));
            let Some((record, after)) = rest.split_at_checked(end) else {
                break;
            };
            let kind = ContentType(kind);
            let mut acts = of_header(record, bits, way.records);
            if kind == ContentType::handshake && (tls13 || !way.changed) {
                acts.extend(of_messages(&record[HEADER..], bits, &mut way.messages));
            } else {
                acts.extend((0..record.len() - HEADER).map(|at| {
                    let at = near(at, record.len() - HEADER);
                    (At::Record(way.records), Act::Body(Flip { at, bits }))
                }));
            }
            for (place, (at, act)) in acts.into_iter().enumerate() {
                let (from, number) = (flight.from, way.records);
                let mut scenario = scenario.clone();
                scenario.link.ops = vec![Op { from, at, act }];
                cases.push(Case {
                    name: format!("link:byte/{name}/{from}/{number}/{place}^{bits:02x}"),
                    scenario,
                    point: None,
                });
            }
            way.changed |= kind == ContentType::change_cipher_spec;
            way.records += 1;
            rest = after;
        }
    }
    cases
}

/// One direction.
#[derive(Default)]
struct Way {
    records: u32,
    changed: bool,
    messages: HashMap<M, u32>,
}

fn of_header(record: &[u8], bits: u8, number: u32) -> Vec<(At, Act)> {
    let told = |high: usize, low: usize, at: usize, flip: u8| {
        let byte = |place| record[place] ^ if place == at { flip } else { 0 };
        u16::from_be_bytes([byte(high), byte(low)])
    };
    let mut acts = vec![Act::Type(ContentType(record[0] ^ bits))];
    acts.extend([1, 2].map(|at| Act::Version(V(told(1, 2, at, bits)))));
    acts.extend([3, 4].map(|at| {
        let by = i32::from(told(3, 4, at, bits)) - i32::from(told(3, 4, at, 0));
        Act::Length(by)
    }));
    acts.into_iter()
        .map(|act| (At::Record(number), act))
        .collect()
}

fn of_messages(mut body: &[u8], bits: u8, messages: &mut HashMap<M, u32>) -> Vec<(At, Act)> {
    let mut acts = Vec::new();
    while let [kind, a, b, c, ..] = *body {
        let end = MESSAGE_HEADER + u32::from_be_bytes([0, a, b, c]) as usize;
        let Some((message, rest)) = body.split_at_checked(end) else {
            break;
        };
        let kind = M(kind);
        let nth = messages.entry(kind).or_default();
        let at = At::Message(Message { kind, nth: *nth });
        *nth += 1;
        for (field, range) in fields(message) {
            acts.extend((0..range.len()).map(|place| {
                let flip = FieldFlip {
                    field,
                    at: match field {
                        Field::Certificate(_) => beginning(place, range.len()),
                        _ => near(place, range.len()),
                    },
                    bits,
                };
                (at.clone(), Act::Field(flip))
            }));
        }
        body = rest;
    }
    acts
}

/// The place of a byte of a certificate: from its end, where that is near, for there is the signature.
fn beginning(at: usize, of: usize) -> i32 {
    if of - at > SIGNATURE {
        i32::try_from(at).unwrap_or(i32::MAX)
    } else {
        near(at, of)
    }
}

/// The place of a byte among so many, from the end that it is nearer to.
fn near(at: usize, of: usize) -> i32 {
    let place = |at: usize| i32::try_from(at).unwrap_or(i32::MAX);
    if of < SHORT || 2 * at < of {
        place(at)
    } else {
        -place(of - at)
    }
}

/// What such a field is called, for whoever groups cases by it.
pub fn label(field: Field) -> String {
    match serde_json::to_value(field).unwrap_or_default() {
        serde_json::Value::String(name) => name,
        serde_json::Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| format!("{name}({value})"))
            .collect(),
        _ => String::new(),
    }
}

/// No ECDSA signature by P-256 is longer.
const SIGNATURE: usize = 72;
const HEADER: usize = 5;
const MESSAGE_HEADER: usize = 4;
/// So few bytes are always as many.
const SHORT: usize = 4;
