//! How OpenSSL reads a ServerHello. Paths are of OpenSSL 3.6.3's `ssl/statem/`.

use shakedown::iana::{
    AlertDescription as A, CipherSuite, ExtensionType as E, HandshakeType as M, NamedGroup,
    ProtocolVersion as V,
};

use super::cursor::Cursor;
use super::server_hello::{Client, is_share};
use super::{Effect, Found, written};
use crate::model::hello::usable_in;

type Raw<'a> = Vec<(u16, &'a [u8])>;

/// statem_clnt.c, `tls_process_server_hello`.
pub(super) fn read(client: &Client<'_>, body: &[u8]) -> Result<Effect, Found> {
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let mut r = Cursor::new(body);
    let legacy = r.u16().ok_or_else(mismatch)?;
    let random = r.take(32).ok_or_else(mismatch)?;
    let newest = client.hello.abilities.versions.last() == Some(&V::TLS1_3);
    let retry = newest && legacy == V::TLS1_2.0 && random == written::RETRY;
    if retry && client.retried {
        return Err(Found::of("UNEXPECTED_MESSAGE", A::unexpected_message));
    }
    let mut id = r.vector(1).ok_or_else(mismatch)?;
    let id = id.rest();
    if id.len() > 32 {
        return Err(illegal("SSL3_SESSION_ID_TOO_LONG"));
    }
    let suite = CipherSuite(r.u16().ok_or_else(mismatch)?);
    let compression = r.u8().ok_or_else(mismatch)?;
    let mut list = Cursor::new(&[]);
    if !r.is_empty() || retry {
        list = r
            .whole(2)
            .ok_or_else(|| Found::of("BAD_LENGTH", A::decode_error))?;
    }
    let mut raw = Vec::new();
    let mut version = V::TLS1_3;
    if !retry {
        raw = collect(
            client,
            &mut list,
            &[SERVER_HELLO_OLD, SERVER_HELLO_NEW].concat(),
        )?;
        version = self::version(client, legacy, &raw)?;
    }
    let same_id = id.len() == 32 && id.iter().all(|byte| *byte == 0);
    if version == V::TLS1_3 {
        if compression != 0 {
            return Err(illegal("INVALID_COMPRESSION_ALGORITHM"));
        }
        if !same_id {
            return Err(illegal("INVALID_SESSION_ID"));
        }
    }
    if retry {
        // No version is chosen yet.
        self::suite(client, suite, None)?;
        return self::retry(client, &mut list);
    }
    let allowed: &[u16] = if version == V::TLS1_3 {
        SERVER_HELLO_NEW
    } else {
        SERVER_HELLO_OLD
    };
    if raw
        .iter()
        .any(|(kind, _)| KNOWN.contains(kind) && !allowed.contains(kind))
    {
        return Err(illegal("BAD_EXTENSION"));
    }
    self::suite(client, suite, Some(version))?;
    if client.retried && suite != client.agreed.suite {
        return Err(illegal("WRONG_CIPHER_RETURNED"));
    }
    if compression != 0 {
        return Err(illegal("UNSUPPORTED_COMPRESSION_ALGORITHM"));
    }
    if version == V::TLS1_3 {
        return share(client, &raw);
    }
    older(&raw)?;
    let body = |kind: E| raw.iter().find(|(found, _)| *found == kind.0);
    if let Some((_, list)) = body(E::ec_point_formats)
        && !list[1..].contains(&0)
    {
        // ../t1_lib.c, `tls12_check_peer_sigalg` and `tls1_check_pkey_comp`.
        let found = illegal("ILLEGAL_POINT_COMPRESSION");
        return Ok(Effect::FailsAt(M::server_key_exchange, found));
    }
    let by_rsa = |suite: CipherSuite| suite.name().is_some_and(|name| name.contains("_RSA_"));
    if by_rsa(suite) != by_rsa(client.agreed.suite) {
        // `tls_post_process_server_certificate`: the certificate is not for the suite.
        let found = illegal("WRONG_CERTIFICATE_TYPE");
        return Ok(Effect::FailsAt(M::certificate, found));
    }
    Ok(if random.iter().any(|byte| *byte != 0) {
        Effect::Resigned
    } else {
        Effect::Misled
    })
}

/// extensions.c, `tls_collect_extensions`.
fn collect<'a>(
    client: &Client<'_>,
    list: &mut Cursor<'a>,
    allowed: &[u16],
) -> Result<Raw<'a>, Found> {
    let sent = super::client_hello::kinds(client.setting.scenario, &client.hello);
    let mut raw: Raw<'a> = Vec::new();
    while !list.is_empty() {
        let entry = list
            .u16()
            .and_then(|kind| Some((kind, list.vector(2)?.rest())));
        let Some((kind, body)) = entry else {
            return Err(Found::of("BAD_EXTENSION", A::decode_error));
        };
        let known = KNOWN.contains(&kind);
        let twice = known && raw.iter().any(|(found, _)| *found == kind);
        if twice || known && !allowed.contains(&kind) {
            return Err(illegal("BAD_EXTENSION"));
        }
        if known && !UNASKED.contains(&kind) && !sent.contains(&kind) {
            return Err(Found::of("UNSOLICITED_EXTENSION", A::unsupported_extension));
        }
        raw.push((kind, body));
    }
    Ok(raw)
}

/// statem_lib.c, `ssl_choose_client_version`, and extensions_clnt.c, `tls_parse_stoc_supported_versions`.
fn version(client: &Client<'_>, legacy: u16, raw: &Raw<'_>) -> Result<V, Found> {
    let mut version = V(legacy);
    // extensions.c, `extension_is_relevant`: of SSL 3.0 it is not.
    if let Some((_, body)) = raw
        .iter()
        .find(|(kind, _)| *kind == E::supported_versions.0 && legacy != SSL3)
    {
        version = selected(body)?;
    }
    let refused = |native| Err(Found::of(native, A::protocol_version));
    if client.retried && version != V::TLS1_3 {
        return refused("WRONG_SSL_VERSION");
    }
    if !client.hello.abilities.has(version) {
        return refused("UNSUPPORTED_PROTOCOL");
    }
    Ok(version)
}

fn selected(body: &[u8]) -> Result<V, Found> {
    match body {
        [high, low] if V(u16::from_be_bytes([*high, *low])) == V::TLS1_3 => Ok(V::TLS1_3),
        [_, _] => Err(illegal("BAD_PROTOCOL_VERSION_NUMBER")),
        _ => Err(Found::of("LENGTH_MISMATCH", A::decode_error)),
    }
}

/// statem_clnt.c, `set_client_ciphersuite`.
fn suite(client: &Client<'_>, suite: CipherSuite, version: Option<V>) -> Result<(), Found> {
    use crate::model::traits::openssl::OPENSSL;
    let known = OPENSSL.suites.contains(&suite)
        || OPENSSL.tls13_suites.contains(&suite)
        || UNLISTED.contains(&suite.0);
    if !known {
        return Err(illegal("UNKNOWN_CIPHER_RETURNED"));
    }
    if !client.hello.suites.contains(&suite)
        || version.is_some_and(|version| !usable_in(suite, version))
    {
        return Err(illegal("WRONG_CIPHER_RETURNED"));
    }
    Ok(())
}

/// extensions_clnt.c, `tls_parse_stoc_key_share`; extensions.c, `final_key_share`.
fn share(client: &Client<'_>, raw: &Raw<'_>) -> Result<Effect, Found> {
    let mismatch = || Found::of("LENGTH_MISMATCH", A::decode_error);
    let Some((_, body)) = raw.iter().find(|(kind, _)| *kind == E::key_share.0) else {
        return Err(illegal("NO_SUITABLE_KEY_SHARE"));
    };
    let mut r = Cursor::new(body);
    let group = NamedGroup(r.u16().ok_or_else(mismatch)?);
    if !client.hello.shares.contains(&group) {
        return Err(illegal("BAD_KEY_SHARE"));
    }
    let mut key = r
        .whole(2)
        .filter(|key| !key.is_empty())
        .ok_or_else(mismatch)?;
    let key = key.rest();
    if is_share(group, key) {
        Ok(Effect::Misled)
    } else if group == NamedGroup::X25519MLKEM768 {
        // ../s3_lib.c, `ssl_decapsulate`.
        Err(Found::of("INTERNAL_ERROR", A::internal_error))
    } else {
        Err(illegal("BAD_ECPOINT"))
    }
}

/// extensions_clnt.c, in the order of extensions.c, `ext_defs`.
fn older(raw: &Raw<'_>) -> Result<(), Found> {
    let body = |kind: E| {
        raw.iter()
            .find(|(found, _)| *found == kind.0)
            .map(|it| it.1)
    };
    let bad = || Found::of("BAD_EXTENSION", A::decode_error);
    let encoding = || Found::of("RENEGOTIATION_ENCODING_ERR", A::decode_error);
    if let Some(info) = body(E::renegotiation_info) {
        let verify = Cursor::new(info).whole(1).ok_or_else(encoding)?;
        if !verify.is_empty() {
            return Err(illegal("RENEGOTIATION_MISMATCH"));
        }
    }
    let empty = |kind| body(kind).is_none_or(<[u8]>::is_empty);
    if !empty(E::server_name) {
        return Err(bad());
    }
    if let Some(formats) = body(E::ec_point_formats) {
        let list = Cursor::new(formats).whole(1).ok_or_else(bad)?;
        if list.is_empty() {
            return Err(Found::of("BAD_LENGTH", A::decode_error));
        }
    }
    if !empty(E::session_ticket) || !empty(E::status_request) {
        return Err(bad());
    }
    if body(E(SIGNED_CERTIFICATE_TIMESTAMP)).is_some() {
        // extensions_clnt.c, `tls_parse_stoc_sct`: nobody has asked for it.
        return Err(Found::of("BAD_EXTENSION", A::unsupported_extension));
    }
    // `final_renegotiate`.
    if body(E::renegotiation_info).is_none() {
        return Err(Found::of(
            "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
            A::handshake_failure,
        ));
    }
    Ok(())
}

/// statem_clnt.c, `tls_process_as_hello_retry_request`.
fn retry(client: &Client<'_>, list: &mut Cursor<'_>) -> Result<Effect, Found> {
    let raw = collect(client, list, HELLO_RETRY)?;
    if let Some((_, body)) = raw
        .iter()
        .find(|(kind, _)| *kind == E::supported_versions.0)
    {
        selected(body)?;
    }
    let share = raw.iter().find(|(kind, _)| *kind == E::key_share.0);
    if let Some((_, body)) = share {
        let [high, low] = body[..] else {
            return Err(Found::of("LENGTH_MISMATCH", A::decode_error));
        };
        let group = NamedGroup(u16::from_be_bytes([high, low]));
        let listed = client.hello.abilities.flat_groups().contains(&group);
        if client.hello.shares.contains(&group) || !listed {
            return Err(illegal("BAD_KEY_SHARE"));
        }
    }
    if let Some((_, body)) = raw.iter().find(|(kind, _)| *kind == COOKIE)
        && Cursor::new(body).whole(2).is_none()
    {
        return Err(Found::of("LENGTH_MISMATCH", A::decode_error));
    }
    if !raw.iter().any(|(kind, _)| *kind == E::supported_versions.0) {
        // `final_supported_versions`.
        return Err(Found::of(
            "MISSING_SUPPORTED_VERSIONS_EXTENSION",
            A::missing_extension,
        ));
    }
    if share.is_none() {
        return Err(illegal("NO_CHANGE_FOLLOWING_HRR"));
    }
    Ok(Effect::Misled)
}

fn illegal(native: &str) -> Found {
    Found::of(native, A::illegal_parameter)
}

/// extensions.c, `ext_defs`.
const KNOWN: [u16; 28] = [
    0xff01, 0, 1, 12, 11, 10, 35, 5, 13172, 16, 14, 22, 18, 23, 50, 49, 19, 20, 13, 43, 45, 51, 44,
    27, 42, 47, 21, 41,
];
/// What need not have been asked for.
const UNASKED: [u16; 3] = [COOKIE, 0xff01, SIGNED_CERTIFICATE_TIMESTAMP];
const SIGNED_CERTIFICATE_TIMESTAMP: u16 = 18;
const COOKIE: u16 = 44;
const SSL3: u16 = V::TLS1_0.0 - 1;
const SERVER_HELLO_OLD: &[u16] = &[0xff01, 0, 1, 11, 10, 35, 5, 13172, 16, 22, 18, 23, 19, 20];
const SERVER_HELLO_NEW: &[u16] = &[43, 51, 41];
const HELLO_RETRY: &[u16] = &[43, 51, 44];
/// ../s3_lib.c, `ssl3_ciphers`: what this OpenSSL knows, but has no client offer by default; those that
/// lie near what it offers.
const UNLISTED: [u16; 15] = [
    0x1304, 0x1305, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc09c, 0xc09d, 0xc0a0, 0xc0a1, 0xc0a2, 0xc0a3,
    0x00a8, 0x00ae, 0xc06c,
];
