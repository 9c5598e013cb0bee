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
    let known = KNOWN_SUITES
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&suite.0));
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
/// ../s3_lib.c, `ssl3_ciphers`, without what needs an algorithm that is not built: from one suite to another. Measured.
const KNOWN_SUITES: [(u16, u16); 44] = [
    (0x0001, 0x0002),
    (0x0007, 0x0007),
    (0x002c, 0x002f),
    (0x0032, 0x0035),
    (0x0038, 0x003d),
    (0x0040, 0x0041),
    (0x0044, 0x0046),
    (0x0067, 0x0067),
    (0x006a, 0x006d),
    (0x0081, 0x0081),
    (0x0083, 0x0084),
    (0x0087, 0x0089),
    (0x008c, 0x008d),
    (0x0090, 0x0091),
    (0x0094, 0x0096),
    (0x0099, 0x009f),
    (0x00a2, 0x00a3),
    (0x00a6, 0x00ba),
    (0x00bd, 0x00c0),
    (0x00c3, 0x00c5),
    (0x1301, 0x1305),
    (0xc006, 0xc006),
    (0xc009, 0xc00a),
    (0xc010, 0xc010),
    (0xc013, 0xc015),
    (0xc018, 0xc019),
    (0xc01d, 0xc024),
    (0xc027, 0xc028),
    (0xc02b, 0xc02c),
    (0xc02f, 0xc030),
    (0xc035, 0xc03b),
    (0xc050, 0xc053),
    (0xc056, 0xc057),
    (0xc05c, 0xc05d),
    (0xc060, 0xc061),
    (0xc06a, 0xc06f),
    (0xc072, 0xc073),
    (0xc076, 0xc077),
    (0xc094, 0xc0af),
    (0xc0b4, 0xc0b5),
    (0xc100, 0xc102),
    (0xcca8, 0xccae),
    (0xff85, 0xff85),
    (0xff87, 0xff87),
];
