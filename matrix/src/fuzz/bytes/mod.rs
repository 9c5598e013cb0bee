//! What `bytes_to_client` and `bytes_to_server` share: one end of a connection, alone, that is told any bytes.
//!
//! The first byte of an input is a set-up, the second says what it is compared with, and the rest is what
//! arrives. Nobody who does not know a key can be let in, whatever he says; and what a side makes of bytes
//! must hang neither on the pieces in which they come nor, in rustls, on whose cryptography it is.

use std::panic::{AssertUnwindSafe, catch_unwind};

use shakedown::connection::{Connection, Role};
use shakedown::iana::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion as V};
use shakedown::profile::{ClientAuth, Credential, Ocsp, Protocol};
use shakedown::scenario::{Scenario, StackId};

use self::seen::Seen;
use super::{Finding, Kept, NO_PANIC, panicked};
use crate::lab::Lab;

pub(super) mod reading;
pub(super) mod seen;

/// The oracle that fails, and why.
pub(super) type Failed = (&'static str, String);

/// Tries an input on both stacks, and holds what came of its bytes to `judge`.
pub(super) fn check(
    lab: &Lab,
    role: Role,
    input: &[u8],
    judge: fn(&[u8], &Seen, &Seen) -> Result<(), Failed>,
) -> Result<Kept, Box<Finding>> {
    let [set_up, _, told @ ..] = input else {
        return Ok(Kept::No);
    };
    let [rustls, openssl] = tell(lab, role, input)?;
    judge(told, &rustls, &openssl)
        .and_then(|()| reading::holds(role, *set_up, told, &rustls, &openssl))
        .map(|()| Kept::Yes)
        .map_err(|(oracle, why)| {
            let story = format!("set-up {set_up}: {why}\nrustls: {rustls:?}\nOpenSSL: {openssl:?}");
            let mut finding = Finding::new(oracle, story);
            finding.kind = why;
            finding
        })
}

/// What rustls and OpenSSL make of an input of at least two bytes.
pub(super) fn tell(lab: &Lab, role: Role, input: &[u8]) -> Result<[Seen; 2], Box<Finding>> {
    let (set_up, how, bytes) = (&input[0], &input[1], &input[2..]);
    let told = |stack, at_a_time| -> Result<Seen, Box<Finding>> {
        let seen = hear(lab, role, stack, *set_up, bytes, at_a_time)?;
        if seen.established || seen.data {
            let story = format!("{stack} {role}, set-up {set_up}: {seen:?}");
            return Err(Finding::new(NOBODY, story));
        }
        Ok(seen)
    };
    let ring = told(StackId::RustlsRing, usize::MAX)?;
    let openssl = told(StackId::Openssl, usize::MAX)?;
    if let (Some(rustls), Some(openssl)) = (&ring.answer, &openssl.answer)
        && (rustls.version, rustls.suite) != (openssl.version, openssl.suite)
    {
        return Err(Finding::new(
            SAME_ANSWER,
            format!("set-up {set_up}: rustls: {rustls:?}\nOpenSSL: {openssl:?}"),
        ));
    }
    let differ = |oracle, one: &Seen, other: &Seen| {
        let story = format!("{role}, set-up {set_up}, {how}: {one:?}\nbut {other:?}");
        Err(Finding::new(oracle, story))
    };
    let aws;
    // Each comparison costs connections, so that one input asks for one.
    let (whole, stack) = match how >> 6 {
        0 => return Ok([ring, openssl]),
        1 => {
            aws = told(StackId::RustlsAwsLcRs, usize::MAX)?;
            if ring != aws && !ring_knows_less(&ring, &aws) {
                return differ(SAME_RUSTLS, &ring, &aws);
            }
            (&aws, StackId::RustlsAwsLcRs)
        }
        2 => (&ring, StackId::RustlsRing),
        _ => (&openssl, StackId::Openssl),
    };
    let cut = told(stack, piece(*how))?;
    if *whole != cut {
        return differ(PIECES, whole, &cut);
    }
    Ok([ring, openssl])
}

/// Whether ring does not know the kind of an issuer's key, as P-521, with which aws-lc-rs finds a signature
/// wrong (`SUPPORTED_SIG_ALGS` in rustls's crypto/ring/mod.rs and crypto/aws_lc_rs/mod.rs): a name that was
/// changed may lead to any anchor, and what ranks highest is told (webpki's error.rs, `Error::rank`). Nothing else may
/// differ.
fn ring_knows_less(ring: &Seen, aws: &Seen) -> bool {
    let Some((_, alert)) = ring
        .failure
        .as_deref()
        .and_then(|failure| RANKED_BELOW.iter().find(|(below, _)| *below == failure))
    else {
        return false;
    };
    let mut known = ring.clone();
    known.failure = Some("InvalidCertificate(BadSignature)".into());
    for (_, sent) in &mut known.records {
        if *sent == Some([2, alert.0]) {
            *sent = Some([2, AlertDescription::decrypt_error.0]);
        }
    }
    *aws == known
}

/// What ranks below a wrong signature, and the alert that says so.
const RANKED_BELOW: [(&str, AlertDescription); 2] = [
    (
        "InvalidCertificate(UnsupportedSignatureAlgorithmForPublicKey)",
        AlertDescription::decrypt_error,
    ),
    (
        "InvalidCertificate(Other(SignatureAlgorithmMismatch))",
        AlertDescription::certificate_unknown,
    ),
];

/// How many bytes come at a time.
fn piece(how: u8) -> usize {
    1 + usize::from(how & 63)
}

/// As [`hear_alive`], of a stack that may panic.
fn hear(
    lab: &Lab,
    role: Role,
    stack: StackId,
    set_up: u8,
    bytes: &[u8],
    at_a_time: usize,
) -> Result<Seen, Box<Finding>> {
    let hear = || hear_alive(lab, role, stack, set_up, bytes, at_a_time);
    // A connection that panicked is never called again.
    catch_unwind(AssertUnwindSafe(hear)).unwrap_or_else(|panic| {
        let message = panicked(&*panic);
        let story = format!("{stack} {role}, set-up {set_up}: {message}");
        Err(Finding::new(NO_PANIC, story))
    })
}

/// What one side makes of bytes that come so many at a time, and of their end.
fn hear_alive(
    lab: &Lab,
    role: Role,
    stack: StackId,
    set_up: u8,
    bytes: &[u8],
    at_a_time: usize,
) -> Result<Seen, Box<Finding>> {
    let mut connection = begin(lab, role, &scenario(stack, set_up))?;
    let mut sent = Vec::new();
    connection.advance();
    connection.transmit(&mut sent);
    let bytes = match role {
        Role::Client => seen::echo_session_id(&sent, bytes),
        Role::Server => bytes.to_vec(),
    };
    let hello = sent.len();
    for piece in bytes.chunks(at_a_time) {
        connection.receive(piece);
        connection.transmit(&mut sent);
    }
    connection.receive_end();
    connection.transmit(&mut sent);
    Ok(Seen::of(&mut *connection, &sent[hello..]))
}

fn begin(lab: &Lab, role: Role, scenario: &Scenario) -> Result<Box<dyn Connection>, Box<Finding>> {
    let prepared = match role {
        Role::Client => lab.client(scenario),
        Role::Server => lab.server(scenario),
    };
    prepared
        .as_ref()
        .as_ref()
        .map_err(|refusal| format!("{refusal:?}"))
        .and_then(|config| config.connect().map_err(|failure| failure.text))
        .map_err(|why| Finding::new("a plain profile can be used", why))
}

/// The profiles of a set-up: the same suites and groups for all, and none of one's own.
pub(super) fn scenario(stack: StackId, set_up: u8) -> Scenario {
    let mut scenario = Scenario::plain(stack, stack);
    let protocol = Protocol {
        versions: match set_up % 3 {
            0 => vec![V::TLS1_2, V::TLS1_3],
            1 => vec![V::TLS1_2],
            _ => vec![V::TLS1_3],
        },
        suites: Some(SUITES.to_vec()),
        tls13_suites: Some(TLS13_SUITES.to_vec()),
        groups: Some(GROUPS.to_vec()),
        ..Protocol::default()
    };
    scenario.client.profile.protocol = protocol.clone();
    scenario.server.profile.protocol = protocol;
    // rustls asks in any case.
    scenario.client.profile.ocsp = Ocsp::Request;
    if set_up / 3 % 2 == 1 {
        scenario.client.profile.identity = Some(Credential::default());
        scenario.server.profile.client_auth = ClientAuth::Required;
    }
    scenario
}

/// What a side hears in a handshake with each stack, in every set-up: once recorded, so that seeds are always
/// the same.
pub(super) fn seeds(role: Role) -> Vec<(String, Vec<u8>)> {
    RECORDED
        .lines()
        .filter_map(|line| line.strip_prefix(role.name())?.strip_prefix(' '))
        .filter_map(|line| {
            let (name, digits) = line.split_once(' ')?;
            Some((name, hex::decode(digits).ok()?))
        })
        .flat_map(|(name, seed)| {
            // Every comparison, in pieces of seven bytes.
            [0, 64, 128, 192].map(|compared| {
                let mut seed = seed.clone();
                seed[1] |= compared;
                (format!("{name}-{compared}"), seed)
            })
        })
        .collect()
}

/// Each line: the side that hears, a name, and an input in hexadecimal digits.
const RECORDED: &str = include_str!("recorded.txt");
/// Versions, with and without a client's certificate.
#[cfg(test)]
const SET_UPS: u8 = 6;
/// More than any flight of the set-ups.
pub(super) const MOST: usize = 6000;
pub(super) const SUITES: [CipherSuite; 2] = [
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
];
pub(super) const TLS13_SUITES: [CipherSuite; 2] = [
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_AES_256_GCM_SHA384,
];
/// Where it does not matter what keys are agreed on with, nor what they seal with, but for the time it takes.
pub(super) fn plain(version: V, suite: usize) -> Protocol {
    Protocol {
        versions: vec![version],
        suites: Some(vec![SUITES[suite], RSA_SUITES[suite]]),
        tls13_suites: Some(vec![TLS13_SUITES[suite]]),
        groups: Some(GROUPS.to_vec()),
        ..Protocol::default()
    }
}

const RSA_SUITES: [CipherSuite; 2] = [
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
];
/// The groups of every set-up.
pub(super) const GROUPS: [NamedGroup; 2] = [NamedGroup::x25519, NamedGroup::secp256r1];

const NOBODY: &str = "nobody is let in who knows no key";
const PIECES: &str = "bytes mean the same in pieces";
const SAME_RUSTLS: &str = "rustls does the same with any cryptography";
pub(super) const SAME_ANSWER: &str = "servers that answer choose the same version and suite";

#[cfg(test)]
mod tests;
