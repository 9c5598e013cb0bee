//! How rustls reads a ClientHello. Paths are of rustls 0.23.46's `src/`.

use shakedown::iana::{AlertDescription as A, CipherSuite, ExtensionType as E};

use super::Found;
use super::cursor::Cursor;
use super::heard::Heard;

/// msgs/handshake.rs, `ClientHelloPayload::read`; then server/hs.rs, `process_client_hello`.
pub(super) fn read(body: &[u8]) -> Result<Heard, Found> {
    let mut r = Cursor::new(body);
    let mut heard = Heard {
        legacy_version: r.u16().ok_or_else(|| missing("ProtocolVersion"))?,
        ..Heard::default()
    };
    r.take(32).ok_or_else(|| missing("Random"))?;
    heard.other_id = session_id(&mut r)?.iter().any(|byte| *byte != 0);
    heard.suites = pairs(&mut r, "CipherSuites", "CipherSuite")?;
    heard.compressions = bytes(&mut r, "Compressions")?;
    if !r.is_empty() {
        extensions(&mut r, &mut heard)?;
    }
    if !r.is_empty() {
        return Err(trailing("ClientHelloPayload"));
    }
    heard.renegotiation |= heard
        .suites
        .contains(&CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV.0);
    if !heard.compressions.contains(&0) {
        return Err(Found::of(
            "PeerIncompatible(NullCompressionRequired)",
            A::illegal_parameter,
        ));
    }
    Ok(heard)
}

fn extensions(r: &mut Cursor<'_>, heard: &mut Heard) -> Result<(), Found> {
    let length = r.number(2).ok_or_else(|| missing("u16"))?;
    let mut sub = sub(r, length)?;
    let mut seen = Vec::new();
    while !sub.is_empty() {
        let kind = sub.u16().ok_or_else(|| missing("ExtensionType"))?;
        let length = sub.number(2).ok_or_else(|| missing("u16"))?;
        let mut body = self::sub(&mut sub, length)?;
        if seen.contains(&kind) {
            return Err(Found::of(
                &format!("InvalidMessage(DuplicateExtension({kind}))"),
                A::illegal_parameter,
            ));
        }
        seen.push(kind);
        extension(E(kind), &mut body, heard)?;
        if !body.is_empty() {
            return Err(trailing("ClientExtensions"));
        }
        if kind == PRE_SHARED_KEY && !sub.is_empty() {
            return Err(Found::of(
                "InvalidMessage(PreSharedKeyIsNotFinalExtension)",
                A::illegal_parameter,
            ));
        }
    }
    Ok(())
}

fn extension(kind: E, r: &mut Cursor<'_>, heard: &mut Heard) -> Result<(), Found> {
    match kind {
        E::server_name => server_name(r, heard)?,
        E::status_request => {
            heard.status = true;
            if r.u8().ok_or_else(|| missing("CertificateStatusType"))? == 1 {
                let length = r.number(2).ok_or_else(|| missing("u16"))?;
                let mut ids = sub(r, length)?;
                while !ids.is_empty() {
                    opaque(&mut ids, 2, 0)?;
                }
                opaque(r, 2, 0)?;
            } else {
                r.rest();
            }
        }
        E::supported_groups => heard.groups = Some(pairs(r, "NamedGroups", "NamedGroup")?),
        E::ec_point_formats => heard.formats = Some(bytes(r, "ECPointFormats")?),
        E::signature_algorithms => {
            let length = r.number(2).ok_or_else(|| missing("u16"))?;
            if length == 0 {
                return Err(invalid("NoSignatureSchemes"));
            }
            heard.schemes = Some(pairs_in(sub(r, length)?, "SignatureScheme")?);
        }
        E::application_layer_protocol_negotiation => {
            let length = nonzero(r, 2, "ProtocolNames")?;
            let mut names = sub(r, length)?;
            while !names.is_empty() {
                let name = opaque(&mut names, 1, 1)?;
                heard.alpn.push(String::from_utf8_lossy(name).into_owned());
            }
        }
        E(CLIENT_CERTIFICATE_TYPE) => heard.client_types = bytes(r, "CertificateTypes")?,
        E(SERVER_CERTIFICATE_TYPE) => heard.server_types = bytes(r, "CertificateTypes")?,
        E::extended_master_secret => {
            empty(r)?;
            heard.ems = true;
        }
        E(COMPRESS_CERTIFICATE) => {
            let length = nonzero(r, 1, "CertificateCompressionAlgorithms")?;
            pairs_in(sub(r, length)?, "CertificateCompressionAlgorithm")?;
        }
        E::session_ticket => {
            heard.ticket = true;
            r.rest();
        }
        E(PRE_SHARED_KEY) => {
            heard.psk = true;
            let length = nonzero(r, 2, "PskIdentities")?;
            let mut identities = sub(r, length)?;
            while !identities.is_empty() {
                opaque(&mut identities, 2, 1)?;
                identities.number(4).ok_or_else(|| missing("u32"))?;
            }
            let length = nonzero(r, 2, "PskBinders")?;
            let mut binders = sub(r, length)?;
            while !binders.is_empty() {
                opaque(&mut binders, 1, 1)?;
            }
        }
        E(EARLY_DATA) => empty(r)?,
        E::supported_versions => {
            let length = nonzero(r, 1, "ProtocolVersions")?;
            heard.versions = Some(pairs_in(sub(r, length)?, "ProtocolVersion")?);
        }
        E(COOKIE) => {
            opaque(r, 2, 1)?;
        }
        E(PSK_KEY_EXCHANGE_MODES) => {
            heard.psk_modes = true;
            bytes(r, "PskKeyExchangeModes")?;
        }
        E(CERTIFICATE_AUTHORITIES) => {
            let length = r.number(2).ok_or_else(|| missing("u16"))?;
            let mut names = sub(r, length)?;
            while !names.is_empty() {
                opaque(&mut names, 2, 1)?;
            }
        }
        E::key_share => {
            let length = r.number(2).ok_or_else(|| missing("u16"))?;
            let mut list = sub(r, length)?;
            let mut shares = Vec::new();
            while !list.is_empty() {
                let group = list.u16().ok_or_else(|| missing("NamedGroup"))?;
                shares.push((group, opaque(&mut list, 2, 1)?.to_vec()));
            }
            heard.shares = Some(shares);
        }
        E(TICKET_REQUEST) => {
            r.u8().ok_or_else(|| missing("u8"))?;
            r.u8().ok_or_else(|| missing("u8"))?;
        }
        E::renegotiation_info => {
            opaque(r, 1, 0)?;
            heard.renegotiation = true;
        }
        // draft-ietf-tls-esni §5, §5.1: read, and no more.
        E(ENCRYPTED_CLIENT_HELLO) => match r.u8().ok_or_else(|| missing("EchClientHelloType"))? {
            OUTER => {
                r.u16().ok_or_else(|| missing("HpkeKdf"))?;
                r.u16().ok_or_else(|| missing("HpkeAead"))?;
                r.u8().ok_or_else(|| missing("u8"))?;
                opaque(r, 2, 0)?;
                opaque(r, 2, 1)?;
            }
            INNER => {}
            _ => return Err(invalid("InvalidContentType")),
        },
        E(ECH_OUTER_EXTENSIONS) => {
            let length = nonzero(r, 1, "ExtensionTypes")?;
            pairs_in(sub(r, length)?, "ExtensionType")?;
        }
        _ => {
            r.rest();
        }
    }
    Ok(())
}

/// `ServerNamePayload::read`.
fn server_name(r: &mut Cursor<'_>, heard: &mut Heard) -> Result<(), Found> {
    let length = nonzero(r, 2, "ServerNames")?;
    let mut list = sub(r, length)?;
    let mut found = None;
    while !list.is_empty() {
        let kind = list.u8().ok_or_else(|| missing("ServerNameType"))?;
        if kind != 0 {
            list.rest();
            break;
        }
        let name = opaque(&mut list, 2, 1)?;
        if found.is_some() {
            return Err(invalid("InvalidServerName"));
        }
        found = Some(String::from_utf8_lossy(name).into_owned());
    }
    // Without a host name it counts as a malformed one.
    heard.server_name = Some(found.unwrap_or_default());
    Ok(())
}

pub(super) fn session_id<'a>(r: &mut Cursor<'a>) -> Result<&'a [u8], Found> {
    let length = r.number(1).ok_or_else(|| missing("u8"))?;
    if length > 32 {
        return Err(trailing("SessionID"));
    }
    r.take(length).ok_or_else(|| missing("SessionID"))
}

/// msgs/codec.rs, `Reader::sub`.
pub(super) fn sub<'a>(r: &mut Cursor<'a>, length: usize) -> Result<Cursor<'a>, Found> {
    r.take(length)
        .map(Cursor::new)
        .ok_or_else(|| invalid("MessageTooShort"))
}

/// msgs/base.rs, `PayloadU8` and `PayloadU16`.
pub(super) fn opaque<'a>(
    r: &mut Cursor<'a>,
    width: usize,
    least: usize,
) -> Result<&'a [u8], Found> {
    let name = if width == 1 { "u8" } else { "u16" };
    let length = r.number(width).ok_or_else(|| missing(name))?;
    if length < least {
        return Err(invalid("IllegalEmptyValue"));
    }
    sub(r, length).map(|mut sub| sub.rest())
}

/// msgs/codec.rs, `ListLength`.
pub(super) fn nonzero(r: &mut Cursor<'_>, width: usize, list: &str) -> Result<usize, Found> {
    let name = if width == 1 { "u8" } else { "u16" };
    match r.number(width).ok_or_else(|| missing(name))? {
        0 => Err(Found::of(
            &format!("InvalidMessage(IllegalEmptyList(\"{list}\"))"),
            A::decode_error,
        )),
        length => Ok(length),
    }
}

fn pairs(r: &mut Cursor<'_>, list: &str, item: &str) -> Result<Vec<u16>, Found> {
    let length = nonzero(r, 2, list)?;
    pairs_in(sub(r, length)?, item)
}

fn pairs_in(mut list: Cursor<'_>, item: &str) -> Result<Vec<u16>, Found> {
    let mut found = Vec::new();
    while !list.is_empty() {
        found.push(list.u16().ok_or_else(|| missing(item))?);
    }
    Ok(found)
}

pub(super) fn bytes(r: &mut Cursor<'_>, list: &str) -> Result<Vec<u8>, Found> {
    let length = nonzero(r, 1, list)?;
    Ok(sub(r, length)?.rest().to_vec())
}

pub(super) fn empty(r: &Cursor<'_>) -> Result<(), Found> {
    if r.is_empty() {
        Ok(())
    } else {
        Err(trailing("Empty"))
    }
}

pub(super) fn missing(what: &str) -> Found {
    invalid(&format!("MissingData(\"{what}\")"))
}

pub(super) fn trailing(what: &str) -> Found {
    invalid(&format!("TrailingData(\"{what}\")"))
}

pub(super) fn invalid(what: &str) -> Found {
    Found::of(&format!("InvalidMessage({what})"), A::decode_error)
}

/// `EchClientHelloType`.
const OUTER: u8 = 0;
const INNER: u8 = 1;

const ECH_OUTER_EXTENSIONS: u16 = 0xfd00;
pub(super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
const CLIENT_CERTIFICATE_TYPE: u16 = 19;
const SERVER_CERTIFICATE_TYPE: u16 = 20;
const COMPRESS_CERTIFICATE: u16 = 27;
const PRE_SHARED_KEY: u16 = 41;
const EARLY_DATA: u16 = 42;
const COOKIE: u16 = 44;
const PSK_KEY_EXCHANGE_MODES: u16 = 45;
const CERTIFICATE_AUTHORITIES: u16 = 47;
const TICKET_REQUEST: u16 = 58;
