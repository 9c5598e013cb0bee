//! How long records are, as far as the model knows: header, content and seal.

use shakedown::iana::HandshakeType as M;

use super::Setting;
use super::symbol::{Content, Datum, Keys, Record};

/// At least, at most.
pub(super) fn of(setting: &Setting<'_>, record: &Record) -> (usize, usize) {
    if let Content::Foreign(bytes) = &record.content {
        let length = bytes.to_wire().len();
        return (length, length);
    }
    let (least, most) = content(setting, record);
    let (lightest, heaviest) = match record.seal {
        None => (0, 0),
        // A type, and a tag (RFC 8446 §5.2).
        Some(seal) if seal.keys != Keys::Session => (17, 17),
        // A tag, and mostly eight bytes of a nonce (RFC 5288 §3, RFC 7905 §2); or a MAC and padding.
        Some(_) => (16, 80),
    };
    (HEADER + least + lightest, HEADER + most + heaviest)
}

/// Without its header and seal: at least, at most.
pub(super) fn content(setting: &Setting<'_>, record: &Record) -> (usize, usize) {
    let tls13 = record.seal.is_some_and(|seal| seal.keys != Keys::Session);
    match &record.content {
        Content::Messages(said) => said.iter().fold((0, 0), |sum, said| {
            let (least, most) = message(setting, said.kind, tls13);
            (sum.0 + least, sum.1 + most)
        }),
        Content::ChangeCipherSpec(_) => (1, 1),
        Content::Alert { .. } => (2, 2),
        Content::Data(Datum::Of(_)) => (27, 30),
        Content::Data(Datum::Noise | Datum::Nothing) => (32, 32),
        Content::Foreign(_) | Content::Empty => (0, 0),
    }
}

fn message(setting: &Setting<'_>, kind: M, tls13: bool) -> (usize, usize) {
    match kind {
        M::client_hello => (100, 2000),
        M::server_hello => (50, 1400),
        M::encrypted_extensions => (6, 100),
        M::certificate => (940, 1000),
        M::server_key_exchange => (104, 220),
        M::certificate_request if setting.scenario.server.stack.is_rustls() => (1200, 1400),
        M::certificate_request => (20, 120),
        M::certificate_verify => (74, 84),
        M::server_hello_done => (4, 4),
        M::client_key_exchange => (37, 140),
        M::finished if tls13 => (36, 52),
        M::finished => (16, 16),
        _ => (70, 800),
    }
}

const HEADER: usize = 5;
