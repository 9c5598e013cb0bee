//! How long records are, as far as the model knows: header, content and seal.

use shakedown::connection::Role;
use shakedown::iana::HandshakeType as M;
use shakedown::profile::ClientAuth;
use shakedown::scenario::Means;

use super::symbol::{Content, Datum, Keys, Record, Said};
use super::{Setting, domain, effect};
use crate::model::hello::Hello;

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
        Content::Messages(said) => {
            let (least, most) = said.iter().fold((0, 0), |sum, said| {
                let (least, most) =
                    written(setting, said).unwrap_or_else(|| message(setting, said, tls13));
                (sum.0 + least, sum.1 + most)
            });
            (least, most.min(MANY))
        }
        Content::ChangeCipherSpec(_) => (1, 1),
        Content::Alert { .. } => (2, 2),
        Content::Data(Datum::Of(_)) => (27, 30),
        Content::Data(Datum::Noise) => (32, 32),
        Content::Data(Datum::Nothing) => (0, 0),
        Content::Foreign(_) | Content::Empty => (0, 0),
    }
}

/// Of a hello in the clear, as its sender writes it.
fn written(setting: &Setting<'_>, said: &Said) -> Option<(usize, usize)> {
    let scenario = setting.scenario;
    if !domain::writes(scenario, said.kind) {
        return None;
    }
    let forms = match (said.kind, said.nth) {
        (M::client_hello, 0) => effect::first_hello(scenario, &Hello::of(&scenario.client).ok()?),
        (M::client_hello, nth) => effect::written(setting, Role::Client, said.kind, nth),
        (M::server_hello, nth) => effect::written(setting, Role::Server, said.kind, nth),
        _ => return None,
    };
    let lengths = || forms.iter().map(Vec::len);
    Some((lengths().min()?, lengths().max()?))
}

fn message(setting: &Setting<'_>, said: &Said, tls13: bool) -> (usize, usize) {
    match said.kind {
        M::server_hello_done => (4, 4),
        M::finished if tls13 => (36, 52),
        M::finished => (16, 16),
        kind if setting.plain => plain(setting, kind),
        kind => any(kind),
    }
}

/// Where nothing is special that makes a message longer (`domain::has_plain_lengths`).
fn plain(setting: &Setting<'_>, kind: M) -> (usize, usize) {
    let rustls = setting.scenario.server.stack.is_rustls();
    let means = setting.scenario.earlier.as_ref().map(|it| it.means);
    match kind {
        // A ticket may hold the client's own chain.
        M::client_hello => (100, 4000),
        M::server_hello => (50, 1400),
        M::encrypted_extensions => (6, 100),
        // A client that is asked has none (RFC 5246 §7.4.6).
        M::certificate if setting.shape.asks && !setting.shape.signs => (EMPTY, 1000),
        M::certificate => (940, 1000),
        M::server_key_exchange => (104, 220),
        M::certificate_request if rustls => (1200, 1400),
        M::certificate_request => (15, 120),
        M::certificate_verify => (74, 84),
        M::client_key_exchange => (37, 140),
        // What OpenSSL knows of a session is in its ticket, or else in its memory.
        M::new_session_ticket if !rustls && means == Some(Means::SessionId) => {
            (REMEMBERED_BY_OPENSSL, 800)
        }
        M::new_session_ticket if !rustls => (180, 800),
        // The client's chain may be in it.
        M::new_session_ticket
            if setting.scenario.server.profile.client_auth != ClientAuth::None =>
        {
            (REMEMBERED, 2000)
        }
        M::new_session_ticket => (REMEMBERED, 300),
        _ => (70, 800),
    }
}

/// Whatever the keys, the chains and the session.
fn any(kind: M) -> (usize, usize) {
    match kind {
        M::client_hello => (45, MANY),
        M::server_hello => (42, 1400),
        // An application protocol may have 255 bytes.
        M::encrypted_extensions => (6, MANY),
        M::certificate => (EMPTY, MANY),
        // From X25519 and a short signature to a group of 8192 bits, signed with RSA of 4096.
        M::server_key_exchange => (90, 3200),
        // From Ed25519, or a short ECDSA, to RSA of 4096.
        M::certificate_verify => (70, 530),
        // From X25519 to a group of 8192 bits.
        M::client_key_exchange => (37, 1100),
        _ => (10, MANY),
    }
}

/// A Certificate without a certificate, of TLS 1.2, which is the shorter one.
const EMPTY: usize = 4 + 3;
/// A ticket of TLS 1.3 that is the name of what a server of rustls's keeps in its memory: lifetime, age, a nonce of
/// 32 bytes, a name of 32 and no extensions (server/tls13.rs, `emit_ticket_tls13`).
const REMEMBERED: usize = 4 + 4 + 4 + (1 + 32) + (2 + 32) + 2;
/// As that, of OpenSSL's, with a nonce of 8 bytes (ssl/statem/statem_srvr.c, `create_ticket_prequel`).
const REMEMBERED_BY_OPENSSL: usize = 4 + 4 + 4 + (1 + 8) + (2 + 32) + 2;
/// As much as a record holds (RFC 8446 §5.1).
const MANY: usize = 1 << 14;
pub(super) const HEADER: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8446 §4.6.1.
    #[test]
    fn a_ticket_that_is_a_name_has_so_many_bytes() {
        let ticket = |nonce: usize| {
            let mut message = vec![M::new_session_ticket.0, 0, 0, 0];
            // Its lifetime, and what is added to its age.
            message.extend([0; 4]);
            message.extend([0; 4]);
            message.push(nonce as u8);
            message.extend(vec![0; nonce]);
            message.extend(32_u16.to_be_bytes());
            message.extend([0; 32]);
            message.extend(0_u16.to_be_bytes());
            message.len()
        };
        assert_eq!(ticket(32), REMEMBERED);
        assert_eq!(ticket(8), REMEMBERED_BY_OPENSSL);
    }
}
