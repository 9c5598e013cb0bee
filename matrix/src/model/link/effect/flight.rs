//! The messages of TLS 1.2 that follow the hellos, changed on their way. Paths are of rustls 0.23.46's
//! `src/` and OpenSSL 3.6.3's `ssl/statem/`.

use shakedown::connection::Role;
use shakedown::iana::{
    AlertDescription as A, HandshakeType as M, NamedGroup, SignatureScheme as Sig,
};
use shakedown::link::Act;
use shakedown::profile::KeyType;

use super::client_hello::share_length;
use super::cursor::Cursor;
use super::rustls_hello::{bytes, empty, invalid, missing, opaque, sub, trailing};
use super::{Effect, Found, certificate, rustls_hello, rustls_server_hello};
use crate::model::link::peer::Peer;
use crate::model::link::rustls::debug_name;
use crate::model::signature::{is_ecdsa, rustls_choice};
use crate::model::traits::rustls::TELLS_OF_WRONG_SIGNER;

/// What rustls makes of a message that is as long as it says.
pub(super) fn by_rustls(reader: &Peer<'_>, kind: M, body: &[u8], act: &Act) -> Vec<Effect> {
    if let Err(found) = parse(kind, body) {
        return vec![Effect::Fails(found)];
    }
    match kind {
        M::certificate => certificate::effects(reader, act),
        M::server_key_exchange => {
            let fails = |found| vec![Effect::FailsAt(M::server_hello_done, found)];
            let Some(scheme) = exchange(body) else {
                return vec![Effect::Fails(invalid("MissingKeyExchange"))];
            };
            // client/tls12.rs, `ExpectServerDone`.
            if !is_ecdsa(scheme) && !matches!(scheme, Sig::ed25519 | Sig::ed448) {
                let native = "PeerMisbehaved(SignedKxWithWrongAlgorithm)";
                return fails(if TELLS_OF_WRONG_SIGNER.is_in() {
                    Found::of(native, A::illegal_parameter)
                } else {
                    Found::silent(native)
                });
            }
            fails(verified(reader, scheme))
        }
        M::certificate_request => {
            let unsuited = reader
                .setting
                .scenario
                .client
                .profile
                .identity
                .is_some_and(|own| rustls_choice(own.key, &schemes(body)).is_none());
            vec![if unsuited {
                Effect::Unsuited
            } else {
                Effect::Misled
            }]
        }
        M::client_key_exchange => {
            let mut r = Cursor::new(body);
            // server/tls12.rs, `ExpectClientKx`, and tls12/mod.rs, `decode_kx_params`, which tells nobody.
            let key = match opaque(&mut r, 1, 1) {
                Err(found) => return vec![Effect::Fails(Found::silent(&found.native))],
                Ok(_) if !r.is_empty() => {
                    return vec![Effect::Fails(invalid("InvalidDhParams"))];
                }
                Ok(key) => key,
            };
            vec![key_effect(reader, key).unwrap_or_else(|| {
                Effect::Fails(Found::of(
                    "PeerMisbehaved(InvalidKeyShare)",
                    A::illegal_parameter,
                ))
            })]
        }
        M::certificate_verify => {
            let scheme = Sig(u16::from_be_bytes([body[0], body[1]]));
            vec![Effect::Fails(verified(reader, scheme))]
        }
        _ => vec![Effect::Misled],
    }
}

/// webpki/verify.rs, `verify_tls12_signature`: of a scheme that this side has not listed, or wrong.
fn verified(reader: &Peer<'_>, scheme: Sig) -> Found {
    let own = crate::model::traits::of(reader.stack).default_schemes;
    if own.contains(&scheme) && !is_ecdsa(scheme) {
        // The keys are P-256's.
        let native = "InvalidCertificate(UnsupportedSignatureAlgorithmForPublicKey)";
        return Found::of(native, A::decrypt_error);
    }
    if own.contains(&scheme) {
        Found::of("InvalidCertificate(BadSignature)", A::decrypt_error)
    } else {
        Found::of(
            "PeerMisbehaved(SignedHandshakeWithUnadvertisedSigScheme)",
            A::illegal_parameter,
        )
    }
}

/// What OpenSSL makes of a message that is as long as it says.
pub(super) fn by_openssl(
    reader: &Peer<'_>,
    kind: M,
    original: &[u8],
    body: &[u8],
    act: &Act,
) -> Vec<Effect> {
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let read = match kind {
        M::certificate => return certificates_by_openssl(reader, original, body, act),
        M::server_key_exchange => exchange_by_openssl(reader, body),
        M::certificate_request => request_by_openssl(body),
        M::client_key_exchange => {
            if body.is_empty() {
                Err(Found::of("MISSING_TMP_ECDH_KEY", A::handshake_failure))
            } else {
                Cursor::new(body)
                    .whole(1)
                    .filter(|key| !key.is_empty())
                    .ok_or_else(mismatch)
                    .and_then(|mut key| {
                        key_effect(reader, key.rest())
                            .ok_or_else(|| Found::of("BAD_KEY_SHARE", A::illegal_parameter))
                    })
            }
        }
        M::certificate_verify => match Cursor::new(body).u16() {
            None => Err(Found::of("BAD_PACKET", A::decode_error)),
            Some(scheme) if !listed(scheme) => {
                Err(Found::of("WRONG_SIGNATURE_TYPE", A::illegal_parameter))
            }
            Some(_) => match Cursor::new(&body[2..]).whole(2) {
                None => Err(mismatch()),
                Some(_) => Err(Found::of("BAD_SIGNATURE", A::decrypt_error)),
            },
        },
        M::new_session_ticket => {
            let mut r = Cursor::new(body);
            r.take(4)
                .and_then(|_| r.whole(2))
                .map(|_| Effect::Misled)
                .ok_or_else(mismatch)
        }
        _ => Ok(Effect::Misled),
    };
    vec![read.unwrap_or_else(Effect::Fails)]
}

/// statem_clnt.c, `tls_process_key_exchange` and `tls_process_ske_ecdhe`.
fn exchange_by_openssl(reader: &Peer<'_>, body: &[u8]) -> Result<Effect, Found> {
    let short = || Found::of("LENGTH_TOO_SHORT", A::decode_error);
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let mut r = Cursor::new(body);
    let curve = r.u8().ok_or_else(short)?;
    let group = NamedGroup(r.u16().ok_or_else(short)?);
    let own = crate::model::hello::Hello::of(&reader.setting.scenario.client)
        .ok()
        .and_then(|hello| hello.groups)
        .unwrap_or_default();
    if curve != 3 || !own.contains(&group) {
        return Err(Found::of("WRONG_CURVE", A::illegal_parameter));
    }
    let mut point = r.vector(1).ok_or_else(mismatch)?;
    if !is_point(group, point.rest()) {
        return Err(Found::of("BAD_ECPOINT", A::illegal_parameter));
    }
    let scheme = r.u16().ok_or_else(short)?;
    if !listed(scheme) {
        return Err(Found::of("WRONG_SIGNATURE_TYPE", A::illegal_parameter));
    }
    r.whole(2).ok_or_else(mismatch)?;
    Err(Found::of("BAD_SIGNATURE", A::decrypt_error))
}

/// statem_clnt.c, `tls_process_certificate_request`.
fn request_by_openssl(body: &[u8]) -> Result<Effect, Found> {
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let mut r = Cursor::new(body);
    r.vector(1).ok_or_else(mismatch)?;
    let schemes = r.vector(2).ok_or_else(mismatch)?;
    if schemes.is_empty() || !schemes.len().is_multiple_of(2) {
        return Err(Found::of("SIGNATURE_ALGORITHMS_ERROR", A::internal_error));
    }
    names_by_openssl(&mut r)?;
    if r.is_empty() {
        Ok(Effect::Misled)
    } else {
        Err(mismatch())
    }
}

/// statem_lib.c, `parse_ca_names`.
pub(super) fn names_by_openssl(r: &mut Cursor<'_>) -> Result<(), Found> {
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let mut names = r.vector(2).ok_or_else(mismatch)?;
    while !names.is_empty() {
        let mut name = names.vector(2).ok_or_else(mismatch)?;
        match certificate::name(name.rest()) {
            None => return Err(Found::of("ASN1_LIB", A::decode_error)),
            Some(false) => return Err(Found::of("CA_DN_LENGTH_MISMATCH", A::decode_error)),
            Some(true) => {}
        }
    }
    Ok(())
}

/// `tls_process_server_certificate` and `tls_process_client_certificate`.
fn certificates_by_openssl(
    reader: &Peer<'_>,
    original: &[u8],
    body: &[u8],
    act: &Act,
) -> Vec<Effect> {
    let fails = |native: &str, alert| vec![Effect::Fails(Found::of(native, alert))];
    let unreadable = if reader.role == Role::Client {
        A::bad_certificate
    } else {
        A::decode_error
    };
    let lengths = |body: &[u8]| {
        let mut list = Cursor::new(body).whole(3)?;
        let mut lengths = Vec::new();
        while !list.is_empty() {
            lengths.push(list.vector(3).map(|certificate| certificate.len()));
            if lengths.last() == Some(&None) {
                break;
            }
        }
        Some(lengths)
    };
    let Some(now) = lengths(body) else {
        return fails("LENGTH_MISMATCH", A::decode_error);
    };
    let before = lengths(original).unwrap_or_default();
    for (now, before) in now.iter().zip(&before) {
        match (now, before) {
            (None, _) => return fails("CERT_LENGTH_MISMATCH", A::decode_error),
            (Some(now), Some(before)) if now < before => {
                return fails("ASN1_LIB", unreadable);
            }
            (Some(now), Some(before)) if now > before => {
                return fails("CERT_LENGTH_MISMATCH", A::decode_error);
            }
            _ => {}
        }
    }
    certificate::effects(reader, act)
}

/// A message of another type, read by rustls as what it says it is (msgs/handshake.rs, `read_version`),
/// and then not waited for.
pub(super) fn taken_for(kind: M, body: &[u8]) -> Found {
    let read = match kind {
        M::client_hello => rustls_hello::read(body).map(|_| ()),
        M(END_OF_EARLY_DATA) if !body.is_empty() => Err(trailing("EndOfEarlyData")),
        M(HELLO_RETRY_REQUEST) => Err(invalid("UnexpectedMessage(\"HelloRetryRequest\")")),
        kind => parse(kind, body),
    };
    read.err().unwrap_or_else(|| {
        let name = if kind.0 == HELLO_VERIFY_REQUEST {
            "HelloVerifyRequest".to_owned()
        } else if kind.name().is_some() {
            debug_name(kind)
        } else {
            format!("HandshakeType(0x{:x})", kind.0)
        };
        Found::of(
            &format!("InappropriateHandshakeMessage({name})"),
            A::unexpected_message,
        )
    })
}

/// What rustls minds before it looks closer.
fn parse(kind: M, body: &[u8]) -> Result<(), Found> {
    let mut r = Cursor::new(body);
    match kind {
        M::certificate => {
            let length = r.number(3).ok_or_else(|| missing("u24"))?;
            if length > MOST_CERTIFICATES {
                return Err(invalid("CertificatePayloadTooLarge"));
            }
            let mut list = sub(&mut r, length)?;
            while !list.is_empty() {
                let length = list.number(3).ok_or_else(|| missing("u24"))?;
                sub(&mut list, length)?;
            }
        }
        M::server_hello_done => {
            if empty(&r).is_err() {
                return Err(trailing("ServerHelloDone"));
            }
        }
        M::certificate_request => {
            bytes(&mut r, "ClientCertificateTypes")?;
            let length = r.number(2).ok_or_else(|| missing("u16"))?;
            if length == 0 {
                return Err(invalid("NoSignatureSchemes"));
            }
            let mut schemes = sub(&mut r, length)?;
            while !schemes.is_empty() {
                schemes.u16().ok_or_else(|| missing("SignatureScheme"))?;
            }
            let length = r.number(2).ok_or_else(|| missing("u16"))?;
            let mut names = sub(&mut r, length)?;
            while !names.is_empty() {
                opaque(&mut names, 2, 1)?;
            }
        }
        M::certificate_verify => {
            r.u16().ok_or_else(|| missing("SignatureScheme"))?;
            opaque(&mut r, 2, 0)?;
        }
        M::new_session_ticket => {
            r.number(4).ok_or_else(|| missing("u32"))?;
            opaque(&mut r, 2, 0)?;
        }
        M::encrypted_extensions => {
            rustls_server_hello::extensions(&mut r, &mut Default::default())?;
        }
        M::key_update => {
            r.u8().ok_or_else(|| missing("KeyUpdateRequest"))?;
        }
        _ => {
            r.rest();
        }
    }
    if r.is_empty() {
        Ok(())
    } else {
        Err(trailing("HandshakeMessagePayload"))
    }
}

/// What rustls says of a message that has swallowed what follows it.
pub(super) fn overfull(kind: M, body: &[u8]) -> Found {
    match kind {
        M::server_hello => trailing("ServerHelloPayload"),
        M::server_key_exchange => invalid("MissingKeyExchange"),
        M::client_key_exchange => invalid("InvalidDhParams"),
        kind => {
            let mut longer = body.to_vec();
            longer.push(0);
            parse(kind, &longer)
                .err()
                .unwrap_or_else(|| trailing("HandshakeMessagePayload"))
        }
    }
}

/// The same for OpenSSL.
pub(super) fn overfull_by_openssl(kind: M) -> Found {
    let native = if kind == M::server_hello {
        "BAD_LENGTH"
    } else {
        "LENGTH_MISMATCH"
    };
    Found::of(native, A::decode_error)
}

/// The roots that a rustls server names to whom it asks for a certificate (webpki/client_verifier.rs).
pub(super) fn authorities() -> Vec<Vec<u8>> {
    let name =
        |key: &KeyType, root| certificate::common_name(&format!("shakedown {} {root}", key.name()));
    let mut names = Vec::new();
    for key in &KeyType::ALL {
        names.extend(["root", "root expired", "root narrow"].map(|root| name(key, root)));
        if *key == KeyType::default() {
            // Of that type alone there are chains with two flaws.
            names.push(name(key, "root expired narrow"));
        }
    }
    names
}

/// msgs/handshake.rs, `ServerKeyExchangePayload::unwrap_given_kxa`.
fn exchange(body: &[u8]) -> Option<Sig> {
    let mut r = Cursor::new(body);
    if r.u8()? != 3 {
        return None;
    }
    r.u16()?;
    r.vector(1)?;
    let scheme = Sig(r.u16()?);
    r.whole(2)?;
    Some(scheme)
}

fn schemes(body: &[u8]) -> Vec<Sig> {
    let mut r = Cursor::new(body);
    let _ = r.vector(1);
    let mut list = r.vector(2).unwrap_or_else(|| Cursor::new(&[]));
    let mut found = Vec::new();
    while let Some(scheme) = list.u16() {
        found.push(Sig(scheme));
    }
    found
}

/// A client's key that was changed; `None`: it is none.
fn key_effect(reader: &Peer<'_>, key: &[u8]) -> Option<Effect> {
    let group = reader.setting.result.as_ref().ok()?.group?;
    is_point(group, key).then_some(Effect::Rekeyed)
}

/// Whether a changed key is one: a plain handshake of TLS 1.2 is over X25519, where any 32 bytes are a point
/// (RFC 7748 §5).
fn is_point(group: NamedGroup, key: &[u8]) -> bool {
    key.len() == share_length(group)
}

/// ../t1_lib.c, `tls12_check_peer_sigalg`: what an ECDSA key may have signed with in TLS 1.2.
fn listed(scheme: u16) -> bool {
    [0x0403, 0x0503, 0x0603, 0x0303].contains(&scheme)
}

const HELLO_VERIFY_REQUEST: u8 = 3;
const END_OF_EARLY_DATA: u8 = 5;
/// What rustls calls one of its own that has another type on the wire (enums.rs, `HandshakeType`).
const HELLO_RETRY_REQUEST: u8 = 6;
/// rustls msgs/handshake.rs, `CERTIFICATE_MAX_SIZE_LIMIT`.
const MOST_CERTIFICATES: usize = 0x1_0000;
