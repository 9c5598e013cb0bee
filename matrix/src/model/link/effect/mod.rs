//! What a message that was changed on its way comes to, with the side that reads it.
//!
//! The model writes the message down as its sender does, with zeros in the place of what is random,
//! lets the link change it, and reads it as the receiver does. Where a random byte decides, every way
//! is told.

use shakedown::iana::{AlertDescription as A, HandshakeType as M, ProtocolVersion as V};
use shakedown::link::{Act, Field, alter};
use shakedown::scenario::Scenario;

use super::peer::Peer;
use crate::model::hello::Hello;

mod certificate;
mod client_hello;
mod cursor;
mod der;
mod flight;
mod heard;
#[cfg(test)]
mod hello_table;
mod openssl_hello;
mod openssl_server_hello;
#[cfg(any(test, feature = "stacks"))]
pub(crate) mod refusal;
mod rustls_hello;
mod rustls_server_hello;
mod second_hello;
mod server_hello;
mod webpki_reader;
mod written;

pub(super) use client_hello::{fits_group, is_length, readings};
pub(super) use heard::{Heard, Reading};
#[cfg(all(test, feature = "stacks"))]
pub(crate) use hello_table::{WEAK_SCHEME, hellos};
pub(super) use second_hello::breach;
pub(super) use written::all as written;

/// The first ClientHello, in each form that matters where nothing is changed.
pub(super) fn first_hello(scenario: &Scenario, hello: &Hello<'_>) -> Vec<Vec<u8>> {
    client_hello::written(scenario, hello, &Act::Drop)
}

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// The link has found nothing to do.
    None,
    /// It reads as well, but the two sides have not seen the same.
    Misled,
    /// The same, and the key exchange has come to something else.
    Rekeyed,
    /// The same, and what the server has signed before TLS 1.3 is something else than the client checks.
    Resigned,
    /// The same, and the sender's certificate is asked for no more, for it has no scheme in common.
    Unsuited,
    /// The same, and the reader's ServerHello is not what its HelloRetryRequest promised.
    Breaks(Promise),
    /// The reader finds fault.
    Fails(Found),
    /// The reader finds fault, and its alert has this version.
    FailsIn(V, Found),
    /// The same, when it reads that message.
    FailsAt(M, Found),
    /// The reader waits for more, which does not come.
    Waits,
    /// The reader waits for more, and this comes.
    WaitsInVain(Found),
}

/// What a HelloRetryRequest says of the ServerHello that follows it (RFC 8446 §4.1.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Promise {
    Version,
    Suite,
}

/// What a reader says of a message, and the alert that it sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) native: String,
    pub(super) alert: Option<A>,
}

impl Found {
    pub(super) fn of(native: &str, alert: A) -> Self {
        Self {
            native: native.to_owned(),
            alert: Some(alert),
        }
    }

    /// Nobody is told.
    pub(super) fn silent(native: &str) -> Self {
        Self {
            native: native.to_owned(),
            alert: None,
        }
    }
}

/// All that may come of it.
pub(super) fn effects(reader: &Peer<'_>, kind: M, nth: u32, act: &Act) -> Vec<Effect> {
    let setting = reader.setting;
    let mut found = Vec::new();
    for message in written::all(setting, reader.role.peer(), kind, nth) {
        let Some(changed) = alter(&message, act) else {
            continue;
        };
        let rustls = reader.stack.is_rustls();
        let told = u32::from_be_bytes([0, changed[1], changed[2], changed[3]]) as usize;
        let there = changed.len() - HEADER;
        let effects = if told > there {
            longer(reader, kind, &changed, told, told - there)
        } else {
            let body = &changed[HEADER..HEADER + told];
            if rustls && told + HEADER <= there {
                // What is left begins with a length of anything.
                found.push(Effect::Fails(too_large()));
            }
            match (kind, rustls) {
                (M::client_hello, _) => second_hello::read(reader, body),
                (M::server_hello, _) => server_hello::read(reader, body),
                (_, true) => flight::by_rustls(reader, kind, body, act),
                (_, false) => flight::by_openssl(reader, kind, &message[HEADER..], body, act),
            }
        };
        found.dedup();
        for effect in effects {
            if !found.contains(&effect) {
                found.push(effect);
            }
        }
    }
    if found.is_empty() {
        found.push(Effect::None);
    }
    found
}

/// A message that says that it is longer than it is: the rest of its flight is taken for it.
fn longer(reader: &Peer<'_>, kind: M, changed: &[u8], told: usize, lacks: usize) -> Vec<Effect> {
    let rustls = reader.stack.is_rustls();
    if rustls && told > MOST_BY_RUSTLS {
        // msgs/deframer/handshake.rs, `coalesce`.
        return vec![Effect::Fails(too_large())];
    }
    if !rustls && told > most(kind) {
        return vec![Effect::Fails(Found::of(
            "EXCESSIVE_MESSAGE_SIZE",
            A::illegal_parameter,
        ))];
    }
    let (least, greatest) = written::follows(reader.setting, kind);
    let mut effects = Vec::new();
    if lacks <= greatest {
        if rustls {
            // What then comes next has a length of anything.
            effects.push(Effect::Fails(too_large()));
            effects.push(Effect::Fails(flight::overfull(kind, &changed[HEADER..])));
        } else {
            effects.push(Effect::Fails(flight::overfull_by_openssl(kind)));
        }
    }
    if lacks > least {
        effects.push(match written::comes_after(reader.setting, kind) {
            // conn.rs, `process_msg`.
            Some(_) if rustls => Effect::WaitsInVain(Found::silent(
                "PeerMisbehaved(MessageInterleavedWithHandshakeMessage)",
            )),
            // statem/statem_lib.c, `tls_get_message_body`; record/rec_layer_s3.c, `ssl3_read_bytes`.
            Some(V::TLS1_3) => {
                Effect::WaitsInVain(Found::of("UNEXPECTED_MESSAGE", A::unexpected_message))
            }
            Some(_) => Effect::WaitsInVain(Found::of("CCS_RECEIVED_EARLY", A::unexpected_message)),
            None => Effect::Waits,
        });
    }
    effects
}

/// What a message is taken for that has another type: the type is looked at before all else by OpenSSL,
/// and by rustls after the message has been read as what it is not.
pub(super) fn mistyped(reader: &Peer<'_>, kind: M, nth: u32, act: &Act) -> Vec<Found> {
    if !matches!(act, Act::Field(flip) if flip.field == Field::MessageType) {
        return Vec::new();
    }
    if !reader.stack.is_rustls() {
        return vec![Found::of("UNEXPECTED_MESSAGE", A::unexpected_message)];
    }
    let mut found = Vec::new();
    for message in written::all(reader.setting, reader.role.peer(), kind, nth) {
        let Some(changed) = alter(&message, act) else {
            continue;
        };
        // A key read as lengths: of nothing, of too much, or by chance of something.
        for key in [0, 0x55, 1] {
            let mut body = changed[HEADER..].to_vec();
            if kind == M::server_key_exchange {
                body[4..6].copy_from_slice(&[0, key]);
                body[6..36].fill(0x55);
                if key == 0x55 {
                    body[4] = 0x55;
                }
            }
            let fault = flight::taken_for(M(changed[0]), &body);
            if !found.contains(&fault) {
                found.push(fault);
            }
        }
    }
    found
}

fn too_large() -> Found {
    Found::silent("InvalidMessage(HandshakePayloadTooLarge)")
}

/// ssl/statem/statem_local.h, and the functions that end with `_max_message_size`.
fn most(kind: M) -> usize {
    match kind {
        M::client_hello => 131_396,
        M::server_hello => 65_607,
        M::server_hello_done => 0,
        M::client_key_exchange => 2048,
        M::certificate_verify => 65_539,
        M::new_session_ticket => 65_541,
        // SSL_MAX_CERT_LIST_DEFAULT, and as many for a key exchange.
        _ => 102_400,
    }
}

const HEADER: usize = 4;
/// rustls msgs/deframer/handshake.rs, `MAX_HANDSHAKE_SIZE`.
const MOST_BY_RUSTLS: usize = 0xffff;
