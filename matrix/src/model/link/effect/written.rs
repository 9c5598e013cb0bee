//! The messages in the clear but the first ClientHello, as their senders write them.

use shakedown::connection::Role;
use shakedown::iana::{HandshakeType as M, NamedGroup, ProtocolVersion as V};
use shakedown::link::{Act, Field};
use shakedown::profile::SniPolicy;

use super::HEADER;
use super::client_hello::{ML_KEM_KEY, SOMETHING, moves, share_length, vector};
use super::second_hello;
use crate::model::ending::Agreed;
use crate::model::hello::{Hello, server_abilities};
use crate::model::link::Setting;

/// Each way in which it may be written.
pub(in crate::model::link) fn all(
    setting: &Setting<'_>,
    sender: Role,
    kind: M,
    nth: u32,
) -> Vec<Vec<u8>> {
    let Ok(agreed) = setting.result else {
        return Vec::new();
    };
    let bodies = match kind {
        M::client_hello => return second_hello::written(setting, agreed),
        M::server_hello if nth == 0 && setting.shape.retried => vec![hello_retry(setting, agreed)],
        M::server_hello => vec![server_hello(setting, agreed)],
        M::certificate => certificates(sender, about_content(setting)),
        M::certificate_request => vec![certificate_request(setting)],
        M::server_hello_done => vec![Vec::new()],
        M::server_key_exchange => signed(&key_exchange(agreed), agreed.server_signature),
        M::client_key_exchange => {
            let group = agreed.group.unwrap_or(NamedGroup::x25519);
            let mut body = Vec::new();
            vector(&mut body, 1, &vec![0; share_length(group)]);
            vec![body]
        }
        M::certificate_verify => signed(&[], agreed.client_signature),
        M::new_session_ticket => vec![ticket(setting)],
        _ => Vec::new(),
    };
    bodies
        .into_iter()
        .map(|body| {
            let mut message = vec![kind.0];
            vector(&mut message, 3, &body);
            message
        })
        .collect()
}

/// How many bytes of handshake messages in the clear follow in the same flight: at least, at most.
pub(super) fn follows(setting: &Setting<'_>, kind: M) -> (usize, usize) {
    let shape = &setting.shape;
    if shape.version == V::TLS1_3 {
        return (0, 0);
    }
    let (certificate, exchange, done, key) = (900, (112, 120), 4, 37);
    let asks = if shape.asks {
        HEADER + certificate_request(setting).len()
    } else {
        0
    };
    match kind {
        M::server_hello => {
            let sum = certificate + asks + done;
            (sum + exchange.0, sum + exchange.1 + 100)
        }
        M::certificate if shape.asks && setting.reads_client_certificate => (key + 70, key + 84),
        M::certificate => (exchange.0 + asks + done, exchange.1 + asks + done + 40),
        M::server_key_exchange => (asks + done, asks + done + if asks > 100 { 40 } else { 0 }),
        M::certificate_request => (done, done),
        M::client_key_exchange if shape.asks && shape.signs => (70, 84),
        _ => (0, 0),
    }
}

/// Whether a ChangeCipherSpec comes behind the rest of the flight, and in which version.
pub(super) fn comes_after(setting: &Setting<'_>, kind: M) -> Option<V> {
    let version = setting.shape.version;
    let client = matches!(kind, M::client_key_exchange | M::certificate_verify)
        || kind == M::certificate && setting.reads_client_certificate;
    let comes = match kind {
        M::server_hello => version == V::TLS1_3,
        M::new_session_ticket => true,
        _ => client,
    };
    comes.then_some(version)
}

/// rustls msgs/handshake.rs, `ServerExtensions`, and OpenSSL ssl/statem/extensions.c, `ext_defs`: the order.
fn server_hello(setting: &Setting<'_>, agreed: &Agreed) -> Vec<u8> {
    let rustls = setting.scenario.server.stack.is_rustls();
    let tls13 = agreed.version == V::TLS1_3;
    let act = setting.scenario.link.ops.first().map(|op| &op.act);
    let filler = if act.is_some_and(moves) { SOMETHING } else { 0 };
    let hello = Hello::of(&setting.scenario.client).ok();
    let named = hello.is_some_and(|hello| hello.server_name.is_some());
    let mut extensions: Vec<(u16, Vec<u8>)> = Vec::new();
    if tls13 {
        let mut share = Vec::new();
        if let Some(group) = agreed.group {
            share.extend(group.0.to_be_bytes());
            let length = match group {
                NamedGroup::X25519MLKEM768 => share_length(group) - ML_KEM_KEY + ML_KEM_TEXT,
                group => share_length(group),
            };
            vector(&mut share, 2, &vec![filler; length]);
        }
        let version = (43, V::TLS1_3.0.to_be_bytes().to_vec());
        extensions = if rustls {
            vec![(51, share), version]
        } else {
            vec![version, (51, share)]
        };
    } else {
        let ticket = setting.shape.ticket;
        let mut name = Vec::new();
        if let Some(protocol) = &agreed.alpn {
            vector(&mut name, 1, protocol.as_bytes());
        }
        let mut protocols = Vec::new();
        vector(&mut protocols, 2, &name);
        let alpn = agreed.alpn.is_some();
        // It confirms a name where somebody asked for it (harness, stacks/openssl/config.rs).
        let strict = setting.scenario.server.profile.sni == SniPolicy::Strict;
        let on_curves = agreed
            .suite
            .name()
            .is_some_and(|name| name.contains("_ECDHE_"));
        let ems = setting.shape.ems;
        let every = [
            (!rustls, 0xff01, vec![0]),
            (!rustls && named && strict, 0, Vec::new()),
            (!rustls && on_curves, 11, vec![1, 0]),
            (rustls && named, 0, Vec::new()),
            (ticket, 35, Vec::new()),
            (rustls, 0xff01, vec![0]),
            (alpn, 16, protocols),
            (!rustls && !setting.shape.aead, 22, Vec::new()),
            (ems, 23, Vec::new()),
        ];
        for (there, kind, content) in every {
            if there {
                extensions.push((kind, content));
            }
        }
    }
    // OpenSSL gives no session id to whom it gives a ticket (statem_srvr.c,
    // `tls_construct_server_hello`).
    let id = if !rustls && !tls13 && setting.shape.ticket {
        0
    } else {
        32
    };
    hello_body(agreed, &[0; 32], id, &extensions)
}

fn hello_retry(setting: &Setting<'_>, agreed: &Agreed) -> Vec<u8> {
    let group = agreed.group.unwrap_or(NamedGroup::x25519);
    let share = (51, group.0.to_be_bytes().to_vec());
    let version = (43, V::TLS1_3.0.to_be_bytes().to_vec());
    let extensions = if setting.scenario.server.stack.is_rustls() {
        [share, version]
    } else {
        [version, share]
    };
    hello_body(agreed, &RETRY, 32, &extensions)
}

fn hello_body(
    agreed: &Agreed,
    random: &[u8; 32],
    session_id: usize,
    extensions: &[(u16, Vec<u8>)],
) -> Vec<u8> {
    let mut body = agreed.version.min(V::TLS1_2).0.to_be_bytes().to_vec();
    body.extend(random);
    vector(&mut body, 1, &vec![0; session_id]);
    body.extend(agreed.suite.0.to_be_bytes());
    body.push(0);
    let mut list = Vec::new();
    for (kind, content) in extensions {
        list.extend(kind.to_be_bytes());
        vector(&mut list, 2, content);
    }
    vector(&mut body, 2, &list);
    body
}

/// Two certificates, of which nothing is said here but their lengths: that depends on their signatures.
fn certificates(sender: Role, any: bool) -> Vec<Vec<u8>> {
    let leaf = if sender == Role::Client { 514 } else { 520 };
    let most = if any { 1 } else { usize::MAX };
    let lengths = (leaf..=leaf + 4).flat_map(|leaf| (421..=425).map(move |issuer| (leaf, issuer)));
    lengths
        .take(most)
        .map(|(leaf, issuer)| {
            let mut list = Vec::new();
            vector(&mut list, 3, &vec![0x55; leaf]);
            vector(&mut list, 3, &vec![0x55; issuer]);
            let mut body = Vec::new();
            vector(&mut body, 3, &list);
            body
        })
        .collect()
}

/// Whether it is a certificate itself that is changed, so that no length matters.
fn about_content(setting: &Setting<'_>) -> bool {
    let act = setting.scenario.link.ops.first().map(|op| &op.act);
    matches!(act, Some(Act::Field(flip)) if matches!(flip.field, Field::Certificate(_)))
}

fn key_exchange(agreed: &Agreed) -> Vec<u8> {
    let group = agreed.group.unwrap_or(NamedGroup::x25519);
    let mut params = vec![3];
    params.extend(group.0.to_be_bytes());
    vector(&mut params, 1, &vec![0; share_length(group)]);
    params
}

/// With an ECDSA signature by P-256, whose two numbers are of 31 to 33 bytes as they come.
fn signed(params: &[u8], scheme: Option<shakedown::iana::SignatureScheme>) -> Vec<Vec<u8>> {
    let Some(scheme) = scheme else {
        return Vec::new();
    };
    (68..=72)
        .map(|length| {
            let mut body = params.to_vec();
            body.extend(scheme.0.to_be_bytes());
            // A sequence, and in it an integer (RFC 8422 §5.4).
            let mut signature = vec![0; length];
            signature[..3].copy_from_slice(&[0x30, length as u8 - 2, 2]);
            vector(&mut body, 2, &signature);
            body
        })
        .collect()
}

/// rustls server/tls12.rs, `emit_certificate_req`; OpenSSL statem_srvr.c,
/// `tls_construct_certificate_request`.
fn certificate_request(setting: &Setting<'_>) -> Vec<u8> {
    let server = &setting.scenario.server;
    let rustls = server.stack.is_rustls();
    let abilities = server_abilities(server);
    let schemes = super::client_hello::wire_schemes(
        server.stack,
        &server.profile.protocol,
        &abilities.schemes,
        (false, true, abilities.level),
    );
    let mut body = Vec::new();
    vector(&mut body, 1, &certificate_types(rustls, &schemes));
    let schemes: Vec<u8> = schemes.into_iter().flat_map(u16::to_be_bytes).collect();
    vector(&mut body, 2, &schemes);
    let mut authorities = Vec::new();
    if rustls {
        for name in super::flight::authorities() {
            vector(&mut authorities, 2, &name);
        }
    }
    vector(&mut body, 2, &authorities);
    body
}

/// Of an OpenSSL server those of which there is a scheme (ssl/s3_lib.c, `ssl3_get_req_cert_type`).
fn certificate_types(rustls: bool, schemes: &[u16]) -> Vec<u8> {
    if rustls {
        return vec![RSA_SIGN, ECDSA_SIGN];
    }
    // A hash and a signature (RFC 5246 §7.4.1.4.1), or else both at once.
    let of = |scheme: &u16| match scheme.to_be_bytes() {
        [0x08, 0x04..=0x06 | 0x09..=0x0b] | [0..=0x06, 1] => Some(RSA_SIGN),
        [0x08, 0x07 | 0x08] | [0..=0x06, 3] => Some(ECDSA_SIGN),
        [0..=0x06, 2] => Some(DSS_SIGN),
        _ => None,
    };
    let all: Vec<u8> = schemes.iter().filter_map(of).collect();
    [RSA_SIGN, DSS_SIGN, ECDSA_SIGN]
        .into_iter()
        .filter(|kind| all.contains(kind))
        .collect()
}

/// Of an OpenSSL server: what it knows of the session, sealed; more where that has a certificate.
fn ticket(setting: &Setting<'_>) -> Vec<u8> {
    // ../ssl_sess.c, `SSL_CTX_new_ex`: two hours.
    let mut body = 7200_u32.to_be_bytes().to_vec();
    let length = if setting.shape.signs { 704 } else { 176 };
    vector(&mut body, 2, &vec![0; length]);
    body
}

/// The random of a HelloRetryRequest (RFC 8446 §4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
/// Types of client certificates (RFC 5246 §7.4.4, RFC 8422 §5.5).
const RSA_SIGN: u8 = 1;
const DSS_SIGN: u8 = 2;
const ECDSA_SIGN: u8 = 64;
/// FIPS 203 §8, ML-KEM-768.
const ML_KEM_TEXT: usize = 1088;
