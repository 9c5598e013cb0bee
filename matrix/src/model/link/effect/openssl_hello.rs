//! How OpenSSL reads a ClientHello. Paths are of OpenSSL 3.6.3's `ssl/statem/`.

use shakedown::iana::{AlertDescription as A, ExtensionType as E, ProtocolVersion as V};

use super::Found;
use super::cursor::Cursor;
use super::heard::Heard;
use crate::model::hello::Unreadable;

/// statem_srvr.c, `tls_process_client_hello`; what `tls_early_post_process_client_hello` and the
/// parsers of extensions mind in it is told apart, for they come later.
pub(super) fn read(body: &[u8]) -> Result<(Heard, Unreadable), Found> {
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let mut r = Cursor::new(body);
    let mut heard = Heard {
        legacy_version: r
            .u16()
            .ok_or_else(|| Found::of("LENGTH_TOO_SHORT", A::decode_error))?,
        ..Heard::default()
    };
    r.take(32).ok_or_else(mismatch)?;
    let mut session_id = r.vector(1).ok_or_else(mismatch)?;
    if session_id.len() > 32 {
        return Err(mismatch());
    }
    heard.other_id = session_id.rest().iter().any(|byte| *byte != 0);
    let suites = r.vector(2).ok_or_else(mismatch)?;
    heard.compressions = r.vector(1).ok_or_else(mismatch)?.rest().to_vec();
    let mut extensions = Cursor::new(&[]);
    if !r.is_empty() {
        extensions = r.whole(2).ok_or_else(mismatch)?;
    }
    let raw = collect(&mut extensions)?;
    let mut unreadable = Unreadable::default();
    suite_list(suites, &mut heard, &mut unreadable);
    versions(&raw, &mut heard, &mut unreadable);
    let compressions = compressions(&heard);
    for tls13 in [false, true] {
        let mut parse = |kinds: &[u16]| {
            kinds.iter().try_for_each(|kind| {
                let body = raw.iter().find(|(found, _)| found == kind);
                body.map_or(Ok(()), |(_, body)| {
                    parse(E(*kind), Cursor::new(body), tls13, &mut heard)
                })
            })
        };
        unreadable.extensions[usize::from(tls13)] = parse(&BEFORE_SESSIONS)
            .and_then(|()| compressions.clone())
            .and_then(|()| parse(&ORDER))
            .err()
            .map(|found| (found.native, found.alert));
    }
    heard.psk = raw.iter().any(|(kind, _)| *kind == PRE_SHARED_KEY);
    heard.psk_modes = raw
        .iter()
        .any(|(kind, _)| *kind == E::psk_key_exchange_modes.0);
    Ok((heard, unreadable))
}

/// extensions.c, `tls_collect_extensions`.
fn collect<'a>(extensions: &mut Cursor<'a>) -> Result<Vec<(u16, &'a [u8])>, Found> {
    let mut raw = Vec::new();
    while !extensions.is_empty() {
        let entry = extensions
            .u16()
            .and_then(|kind| Some((kind, extensions.vector(2)?.rest())));
        let Some((kind, body)) = entry else {
            return Err(Found::of("BAD_EXTENSION", A::decode_error));
        };
        let known = ORDER.contains(&kind);
        let twice = known && raw.iter().any(|(found, _)| *found == kind);
        if twice || kind == USE_SRTP || kind == PRE_SHARED_KEY && !extensions.is_empty() {
            return Err(Found::of("BAD_EXTENSION", A::illegal_parameter));
        }
        raw.push((kind, body));
    }
    Ok(raw)
}

/// ../ssl_lib.c, `ssl_cache_cipherlist`.
fn suite_list(mut suites: Cursor<'_>, heard: &mut Heard, unreadable: &mut Unreadable) {
    if suites.is_empty() {
        unreadable.suites = Some(("NO_CIPHERS_SPECIFIED".into(), Some(A::decode_error)));
    } else if !suites.len().is_multiple_of(2) {
        unreadable.suites = Some((
            "ERROR_IN_RECEIVED_CIPHER_LIST".into(),
            Some(A::decode_error),
        ));
    }
    while let Some(suite) = suites.u16() {
        heard.suites.push(suite);
    }
    heard.renegotiation |= heard.suites.contains(&0xff);
}

/// statem_lib.c, `ssl_choose_server_version`.
fn versions(raw: &[(u16, &[u8])], heard: &mut Heard, unreadable: &mut Unreadable) {
    let Some((_, body)) = raw
        .iter()
        .find(|(kind, _)| *kind == E::supported_versions.0)
    else {
        return;
    };
    let fault = |native: &str| Some((native.to_owned(), Some(A::protocol_version)));
    let Some(mut list) = Cursor::new(body).whole(1) else {
        heard.versions = Some(Vec::new());
        unreadable.version = fault("LENGTH_MISMATCH");
        return;
    };
    let mut found = Vec::new();
    while let Some(version) = list.u16() {
        found.push(version);
    }
    if heard.legacy_version <= SSL3 {
        unreadable.version = fault("BAD_LEGACY_VERSION");
    } else if !list.is_empty() {
        unreadable.version = fault("LENGTH_MISMATCH");
    }
    heard.versions = Some(found);
}

/// statem_srvr.c, `tls_early_post_process_client_hello`.
fn compressions(heard: &Heard) -> Result<(), Found> {
    if heard.compressions.is_empty() {
        Err(Found::of("NO_COMPRESSION_SPECIFIED", A::decode_error))
    } else if !heard.compressions.contains(&0) {
        Err(Found::of(
            "REQUIRED_COMPRESSION_ALGORITHM_MISSING",
            A::illegal_parameter,
        ))
    } else {
        Ok(())
    }
}

/// extensions_srvr.c; extensions.c, `extension_is_relevant`: what is another version's is passed over.
fn parse(kind: E, body: Cursor<'_>, tls13: bool, heard: &mut Heard) -> Result<(), Found> {
    let bad = || Found::of("BAD_EXTENSION", A::decode_error);
    let mut r = body;
    let older_alone = matches!(
        kind,
        E::renegotiation_info
            | E::ec_point_formats
            | E::session_ticket
            | E::encrypt_then_mac
            | E::extended_master_secret
            | E(SRP)
    );
    if older_alone && tls13 || NEWER_ALONE.contains(&kind.0) && !tls13 {
        return Ok(());
    }
    match kind {
        E::renegotiation_info => {
            let verify = r
                .vector(1)
                .ok_or_else(|| Found::of("RENEGOTIATION_ENCODING_ERR", A::decode_error))?;
            if !verify.is_empty() {
                return Err(Found::of("RENEGOTIATION_MISMATCH", A::handshake_failure));
            }
            heard.renegotiation = true;
        }
        E::server_name => {
            let mut list = r.whole(2).filter(|list| !list.is_empty()).ok_or_else(bad)?;
            if list.u8() != Some(0) {
                return Err(bad());
            }
            let mut name = list.whole(2).ok_or_else(bad)?;
            let name = name.rest();
            if name.len() > 255 || name.contains(&0) {
                return Err(Found::of("BAD_EXTENSION", A::unrecognized_name));
            }
            heard.server_name = Some(String::from_utf8_lossy(name).into_owned());
        }
        E(MAX_FRAGMENT_LENGTH) => match r.u8() {
            Some(code) if r.is_empty() => {
                if !(1..=4).contains(&code) {
                    return Err(Found::of(
                        "SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH",
                        A::illegal_parameter,
                    ));
                }
            }
            _ => return Err(bad()),
        },
        E(SRP) => {
            let mut name = r.whole(1).ok_or_else(bad)?;
            if name.rest().contains(&0) {
                return Err(bad());
            }
        }
        E::ec_point_formats => {
            let mut list = r.whole(1).filter(|list| !list.is_empty()).ok_or_else(bad)?;
            heard.formats = Some(list.rest().to_vec());
        }
        E::supported_groups => {
            let list = r.whole(2).filter(|list| !list.is_empty()).ok_or_else(bad)?;
            if !list.len().is_multiple_of(2) {
                return Err(bad());
            }
            heard.groups = Some(pairs(list));
        }
        E::status_request => {
            heard.status = r.u8().ok_or_else(bad)? == 1;
            if heard.status {
                let ids = r.vector(2).ok_or_else(bad)?;
                if !ids.is_empty() {
                    // No responder of ours reads as one.
                    return Err(bad());
                }
                if r.whole(2).is_none_or(|extensions| !extensions.is_empty()) {
                    return Err(bad());
                }
            }
        }
        E::application_layer_protocol_negotiation => {
            let mut list = r.whole(2).filter(|list| list.len() >= 2).ok_or_else(bad)?;
            heard.alpn.clear();
            while !list.is_empty() {
                let mut name = list
                    .vector(1)
                    .filter(|name| !name.is_empty())
                    .ok_or_else(bad)?;
                heard
                    .alpn
                    .push(String::from_utf8_lossy(name.rest()).into_owned());
            }
        }
        E::session_ticket => heard.ticket = true,
        E::extended_master_secret => {
            if !r.is_empty() {
                return Err(bad());
            }
            heard.ems = true;
        }
        E(SIGNATURE_ALGORITHMS_CERT) | E::signature_algorithms => {
            let list = r.whole(2).filter(|list| !list.is_empty()).ok_or_else(bad)?;
            if !list.len().is_multiple_of(2) {
                return Err(bad());
            }
            let told = if kind == E::signature_algorithms {
                &mut heard.schemes
            } else {
                &mut heard.certificate_schemes
            };
            *told = Some(pairs(list));
        }
        E::psk_key_exchange_modes => {
            let mut list = r.whole(1).filter(|list| !list.is_empty()).ok_or_else(bad)?;
            heard.psk_dhe = list.rest().contains(&PSK_DHE_KE);
        }
        // None of them is a ticket of this server's.
        E(PRE_SHARED_KEY) if heard.psk_dhe => {
            let mut identities = r.vector(2).ok_or_else(bad)?;
            while !identities.is_empty() {
                let identity = identities.vector(2).filter(|identity| !identity.is_empty());
                if identity.is_none() || identities.take(4).is_none() {
                    return Err(bad());
                }
            }
        }
        E::key_share => heard.shares = Some(shares(r, heard.groups.as_deref())?),
        E::post_handshake_auth if !r.is_empty() => {
            return Err(Found::of(
                "POST_HANDSHAKE_AUTH_ENCODING_ERR",
                A::decode_error,
            ));
        }
        E(EARLY_DATA) if !r.is_empty() => return Err(bad()),
        E(CERTIFICATE_AUTHORITIES) => {
            super::flight::names_by_openssl(&mut r)?;
            if !r.is_empty() {
                return Err(bad());
            }
        }
        _ => {}
    }
    Ok(())
}

/// `tls_parse_ctos_key_share` and `extract_keyshares`.
fn shares(r: Cursor<'_>, groups: Option<&[u16]>) -> Result<Vec<(u16, Vec<u8>)>, Found> {
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let mut list = r.whole(2).ok_or_else(mismatch)?;
    let Some(groups) = groups else {
        return Err(Found::of(
            "MISSING_SUPPORTED_GROUPS_EXTENSION",
            A::missing_extension,
        ));
    };
    let mut shares = Vec::new();
    while !list.is_empty() {
        let group = list.u16().ok_or_else(mismatch)?;
        let mut key = list
            .vector(2)
            .filter(|key| !key.is_empty())
            .ok_or_else(mismatch)?;
        if !groups.contains(&group) {
            return Err(Found::of("BAD_KEY_SHARE", A::illegal_parameter));
        }
        shares.push((group, key.rest().to_vec()));
    }
    Ok(shares)
}

fn pairs(mut list: Cursor<'_>) -> Vec<u16> {
    let mut found = Vec::new();
    while let Some(item) = list.u16() {
        found.push(item);
    }
    found
}

const SSL3: u16 = V::TLS1_0.0 - 1;
const MAX_FRAGMENT_LENGTH: u16 = 1;
const SRP: u16 = 12;
const USE_SRTP: u16 = 14;
const PRE_SHARED_KEY: u16 = 41;
/// RFC 8446 §4.2.9.
const PSK_DHE_KE: u8 = 1;
const EARLY_DATA: u16 = 42;
const CERTIFICATE_AUTHORITIES: u16 = 47;
const SIGNATURE_ALGORITHMS_CERT: u16 = 50;
/// statem_srvr.c, `tls_early_post_process_client_hello`, and ../ssl_sess.c, `ssl_get_prev_session`: what is parsed before
/// it looks at compressions. What it parses there it does not parse again.
const BEFORE_SESSIONS: [u16; 3] = [23, 45, 41];
/// extensions.c, `ext_defs`: what it knows, in the order in which it is parsed.
const ORDER: [u16; 27] = [
    0xff01, 0, 1, 12, 11, 10, 35, 5, 13172, 16, 22, 18, 23, 50, 49, 19, 20, 13, 43, 45, 51, 44, 27,
    42, 47, 21, 41,
];
/// Those of them that are TLS 1.3's alone.
const NEWER_ALONE: [u16; 8] = [49, 45, 51, 44, 27, 42, 47, 41];
