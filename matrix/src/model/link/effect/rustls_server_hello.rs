//! How rustls reads a ServerHello. Paths are of rustls 0.23.46's `src/`.

use shakedown::iana::{
    AlertDescription as A, CipherSuite, ExtensionType as E, NamedGroup, ProtocolVersion as V,
};

use super::cursor::Cursor;
use super::rustls_hello::{
    ENCRYPTED_CLIENT_HELLO, bytes, empty, invalid, missing, opaque, session_id, sub, trailing,
};
use super::server_hello::{Client, is_share};
use super::{Effect, Found, written};
use crate::model::hello::usable_in;

/// The extensions.
#[derive(Default)]
pub(super) struct Told<'a> {
    kinds: Vec<u16>,
    version: Option<u16>,
    share: Option<(u16, &'a [u8])>,
    formats: Option<Vec<u8>>,
    protocol: Option<&'a [u8]>,
}

/// msgs/handshake.rs, `HandshakeMessagePayload::read_version`; client/hs.rs, `ExpectServerHello`.
pub(super) fn read(client: &Client<'_>, body: &[u8]) -> Result<Effect, Found> {
    let mut r = Cursor::new(body);
    let legacy = r.u16().ok_or_else(|| missing("ProtocolVersion"))?;
    let random = r.take(32).ok_or_else(|| missing("Random"))?;
    let id = session_id(&mut r)?;
    let suite = CipherSuite(r.u16().ok_or_else(|| missing("CipherSuite"))?);
    let compression = r.u8().ok_or_else(|| missing("Compression"))?;
    if random == written::RETRY {
        if compression != 0 {
            return Err(invalid("UnsupportedCompression"));
        }
        return retry(client, &mut r, id, suite);
    }
    let mut told = Told::default();
    if !r.is_empty() {
        extensions(&mut r, &mut told)?;
    }
    if !r.is_empty() {
        return Err(trailing("ServerHelloPayload"));
    }
    server_hello(client, legacy, random, suite, compression, &told)
}

/// client/tls12.rs, `handle_server_hello`: a ServerHello of TLS 1.2, which can be read, must not echo a session id that was made
/// up, and is all zeros here.
#[cfg(any(test, feature = "stacks"))]
pub(super) fn no_echo(client: &Client<'_>, body: &[u8]) -> Result<(), Found> {
    // Made up for the sake of others (RFC 8446 §D.4), by who offers TLS 1.3.
    if client.hello.abilities.has(V::TLS1_3) && echoes_in_tls12(body) {
        return Err(misbehaved(
            "ServerEchoedCompatibilitySessionId",
            A::illegal_parameter,
        ));
    }
    Ok(())
}

/// Whether a ServerHello that can be read is of TLS 1.2, and has a session id of zeros.
#[cfg(any(test, feature = "stacks"))]
fn echoes_in_tls12(body: &[u8]) -> bool {
    let mut r = Cursor::new(body);
    let random = r.take(2).and_then(|_| r.take(32));
    let id = r.vector(1).map(|mut id| id.rest());
    r.take(2 + 1);
    let mut list = r.vector(2).unwrap_or_else(|| Cursor::new(&[]));
    let mut tls13 = random == Some(&written::RETRY);
    while let Some(kind) = list.u16() {
        tls13 |= kind == E::supported_versions.0;
        list.vector(2);
    }
    !tls13 && id == Some(&[0; 32])
}

/// msgs/handshake.rs, `ServerExtensions`.
pub(super) fn extensions<'a>(r: &mut Cursor<'a>, told: &mut Told<'a>) -> Result<(), Found> {
    let length = r.number(2).ok_or_else(|| missing("u16"))?;
    let mut list = sub(r, length)?;
    while !list.is_empty() {
        let kind = list.u16().ok_or_else(|| missing("ExtensionType"))?;
        let length = list.number(2).ok_or_else(|| missing("u16"))?;
        let mut body = sub(&mut list, length)?;
        if told.kinds.contains(&kind) {
            return Err(Found::of(
                &format!("InvalidMessage(DuplicateExtension({kind}))"),
                A::illegal_parameter,
            ));
        }
        told.kinds.push(kind);
        let r = &mut body;
        match E(kind) {
            E::ec_point_formats => told.formats = Some(bytes(r, "ECPointFormats")?),
            E::server_name
            | E::session_ticket
            | E::extended_master_secret
            | E::status_request
            | E(EARLY_DATA) => empty(r)?,
            E::renegotiation_info => {
                opaque(r, 1, 0)?;
            }
            E::application_layer_protocol_negotiation => {
                let length = super::rustls_hello::nonzero(r, 2, "ProtocolNames")?;
                let mut names = sub(r, length)?;
                told.protocol = Some(opaque(&mut names, 1, 1)?);
                if !names.is_empty() {
                    return Err(trailing("SingleProtocolName"));
                }
            }
            E::key_share => {
                let group = r.u16().ok_or_else(|| missing("NamedGroup"))?;
                told.share = Some((group, opaque(r, 2, 1)?));
            }
            E::pre_shared_key => {
                r.u16().ok_or_else(|| missing("u16"))?;
            }
            E::client_certificate_type | E::server_certificate_type => {
                r.u8().ok_or_else(|| missing("CertificateType"))?;
            }
            E::supported_versions => {
                told.version = Some(r.u16().ok_or_else(|| missing("ProtocolVersion"))?);
            }
            E(TICKET_REQUEST) => {
                r.u8().ok_or_else(|| missing("u8"))?;
            }
            // `EchConfigPayload`, of any version but 0xfe0d, whose contents are read too.
            E(ENCRYPTED_CLIENT_HELLO) => {
                let length = r.number(2).ok_or_else(|| missing("u16"))?;
                let mut configs = sub(r, length)?;
                while !configs.is_empty() {
                    configs.u16().ok_or_else(|| missing("EchVersion"))?;
                    opaque(&mut configs, 2, 0)?;
                }
            }
            _ => {
                r.rest();
            }
        }
        if !body.is_empty() {
            return Err(trailing("ServerExtensions"));
        }
    }
    Ok(())
}

fn server_hello(
    client: &Client<'_>,
    legacy: u16,
    random: &[u8],
    suite: CipherSuite,
    compression: u8,
    told: &Told<'_>,
) -> Result<Effect, Found> {
    let abilities = &client.hello.abilities;
    let has = |version| abilities.has(version);
    let named = match (legacy == V::TLS1_2.0, told.version) {
        (true, Some(version)) => version,
        _ => legacy,
    };
    let version = match V(named) {
        V::TLS1_3 if has(V::TLS1_3) => V::TLS1_3,
        V::TLS1_2 if has(V::TLS1_2) => {
            if told.version.is_some() {
                return Err(misbehaved(
                    "SelectedTls12UsingTls13VersionExtension",
                    A::illegal_parameter,
                ));
            }
            V::TLS1_2
        }
        other => {
            let why = if matches!(other, V::TLS1_2 | V::TLS1_3) {
                "ServerTlsVersionIsDisabledByOurConfig"
            } else {
                "ServerDoesNotSupportTls12Or13"
            };
            return Err(Found::of(
                &format!("PeerIncompatible({why})"),
                A::protocol_version,
            ));
        }
    };
    if compression != 0 {
        return Err(misbehaved(
            "SelectedUnofferedCompression",
            A::illegal_parameter,
        ));
    }
    let sent = super::client_hello::kinds(client.setting.scenario, &client.hello);
    if told
        .kinds
        .iter()
        .any(|kind| !sent.contains(kind) && *kind != E::renegotiation_info.0)
    {
        return Err(misbehaved(
            "UnsolicitedServerHelloExtension",
            A::unsupported_extension,
        ));
    }
    if version == V::TLS1_2
        && told
            .protocol
            .is_some_and(|name| !client.hello.alpn.iter().any(|own| own.as_bytes() == name))
    {
        return Err(misbehaved(
            "SelectedUnofferedApplicationProtocol",
            A::illegal_parameter,
        ));
    }
    if told.formats.as_ref().is_some_and(|list| !list.contains(&0)) {
        return Err(misbehaved(
            "ServerHelloMustOfferUncompressedEcPoints",
            A::handshake_failure,
        ));
    }
    if !client.hello.suites.contains(&suite) {
        return Err(misbehaved(
            "SelectedUnofferedCipherSuite",
            A::handshake_failure,
        ));
    }
    if !usable_in(suite, version) {
        return Err(misbehaved(
            "SelectedUnusableCipherSuiteForVersion",
            A::illegal_parameter,
        ));
    }
    if client.retried && suite != client.agreed.suite {
        return Err(misbehaved(
            "SelectedDifferentCipherSuiteAfterRetry",
            A::illegal_parameter,
        ));
    }
    if version == V::TLS1_2 {
        return Ok(if random.iter().any(|byte| *byte != 0) {
            Effect::Resigned
        } else {
            Effect::Misled
        });
    }
    // client/tls13.rs, `validate_server_hello` and `handle_server_hello`.
    let allowed = [E::key_share, E::pre_shared_key, E::supported_versions];
    if told
        .kinds
        .iter()
        .any(|kind| KNOWN.contains(kind) && !allowed.contains(&E(*kind)))
    {
        return Err(misbehaved(
            "UnexpectedCleartextExtension",
            A::unsupported_extension,
        ));
    }
    let Some((group, key)) = told.share else {
        return Err(misbehaved("MissingKeyShare", A::missing_extension));
    };
    let group = NamedGroup(group);
    if !client.hello.shares.contains(&group) {
        return Err(misbehaved("WrongGroupForKeyShare", A::illegal_parameter));
    }
    if !is_share(group, key) {
        return Err(misbehaved("InvalidKeyShare", A::illegal_parameter));
    }
    Ok(Effect::Misled)
}

/// msgs/handshake.rs, `HelloRetryRequestExtensions`; client/hs.rs, `handle_hello_retry_request`.
fn retry(
    client: &Client<'_>,
    r: &mut Cursor<'_>,
    id: &[u8],
    suite: CipherSuite,
) -> Result<Effect, Found> {
    let length = r.number(2).ok_or_else(|| missing("u16"))?;
    let mut list = sub(r, length)?;
    let (mut kinds, mut group, mut version, mut cookie) = (Vec::new(), None, None, false);
    while !list.is_empty() {
        let kind = list.u16().ok_or_else(|| missing("ExtensionType"))?;
        let length = list.number(2).ok_or_else(|| missing("u16"))?;
        let mut body = sub(&mut list, length)?;
        if kinds.contains(&kind) {
            return Err(Found::of(
                &format!("InvalidMessage(DuplicateExtension({kind}))"),
                A::illegal_parameter,
            ));
        }
        kinds.push(kind);
        match E(kind) {
            E::key_share => group = Some(body.u16().ok_or_else(|| missing("NamedGroup"))?),
            E::supported_versions => {
                version = Some(body.u16().ok_or_else(|| missing("ProtocolVersion"))?);
            }
            E(COOKIE) => {
                opaque(&mut body, 2, 1)?;
                cookie = true;
            }
            E(ENCRYPTED_CLIENT_HELLO) => {
                body.rest();
            }
            _ => {
                return Err(Found::of(
                    "InvalidMessage(UnknownHelloRetryRequestExtension)",
                    A::unsupported_extension,
                ));
            }
        }
        if !body.is_empty() {
            return Err(trailing("HelloRetryRequestExtensions"));
        }
    }
    if !r.is_empty() {
        return Err(trailing("HandshakeMessagePayload"));
    }
    if client.retried || !client.hello.abilities.has(V::TLS1_3) {
        return Err(Found::of(
            "InappropriateHandshakeMessage(HelloRetryRequest)",
            A::unexpected_message,
        ));
    }
    let illegal = |what: &str| {
        Err(misbehaved(
            &format!("IllegalHelloRetryRequest{what}"),
            A::illegal_parameter,
        ))
    };
    if !cookie && group.is_some_and(|group| client.hello.shares.contains(&NamedGroup(group))) {
        return illegal("WithOfferedGroup");
    }
    if !cookie && group.is_none() {
        return illegal("WithNoChanges");
    }
    if id.len() != 32 || id.iter().any(|byte| *byte != 0) {
        return illegal("WithWrongSessionId");
    }
    if version != Some(V::TLS1_3.0) {
        return illegal("WithUnsupportedVersion");
    }
    if !client.hello.suites.contains(&suite) {
        return illegal("WithUnofferedCipherSuite");
    }
    if kinds.contains(&ENCRYPTED_CLIENT_HELLO) {
        return Err(misbehaved(
            "IllegalHelloRetryRequestWithInvalidEch",
            A::unsupported_extension,
        ));
    }
    if let Some(group) = group
        && !client
            .hello
            .abilities
            .flat_groups()
            .contains(&NamedGroup(group))
    {
        return illegal("WithUnofferedNamedGroup");
    }
    Ok(Effect::Misled)
}

fn misbehaved(what: &str, alert: A) -> Found {
    Found::of(&format!("PeerMisbehaved({what})"), alert)
}

const EARLY_DATA: u16 = 42;
const COOKIE: u16 = 44;
const TICKET_REQUEST: u16 = 58;
/// msgs/handshake.rs, `ServerExtensions`.
const KNOWN: [u16; 16] = [
    11, 0, 35, 0xff01, 16, 51, 41, 19, 20, 23, 5, 43, 57, 42, 58, 0xfe0d,
];
