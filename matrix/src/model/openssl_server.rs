//! How an OpenSSL server answers a ClientHello (ssl/statem/statem_srvr.c, extensions_srvr.c,
//! t1_lib.c).

use shakedown::iana::{
    AlertDescription as A, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
};
use shakedown::profile::{
    Credential, Flaw, KeyType, Miss, Preference, ServerName, ServerProfile, SniPolicy,
};

use super::ending::{Fault, Phase};
use super::hello::{
    Abilities, Hello, is_dhe, is_ecdhe, is_ecdsa_suite, lowest_run, usable_below_tls13, usable_in,
};
use super::negotiation::{Choice, application_protocol, curve, server_fault};
use super::openssl_schemes::shared_schemes;
use super::signature::{fits_tls12, is_ecdsa, openssl_choice};
use super::traits::openssl::HAS_TUPLES;
use super::{Cause, resumption};

/// What the server makes of the hello, in the order of `tls_early_post_process_client_hello` and
/// `tls_post_process_client_hello`.
pub(super) fn answer(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
) -> Result<Choice, Box<Fault>> {
    setup(server)?;
    read(&hello.odd.unreadable.version)?;
    let version = version(hello, server, profile)?;
    read(&hello.odd.unreadable.suites)?;
    // `tls_early_post_process_client_hello`, before it chooses a suite. What counts is the newest
    // version that is enabled, be it of no use without a certificate or behind a hole
    // (ssl/statem/statem_lib.c, `ssl_check_version_downgrade`; RFC 7507 §3).
    if hello.fallback && server.versions.last() != Some(&version) {
        return refuse(
            Cause::VersionFallbackScsv,
            "INAPPROPRIATE_FALLBACK",
            A::inappropriate_fallback,
        );
    }
    if version == ProtocolVersion::TLS1_3 {
        answer_tls13(hello, server, profile)
    } else {
        answer_older(hello, server, profile, version)
    }
}

/// ssl/statem/statem_lib.c, `tls_setup_handshake`.
pub(super) fn setup(server: &Abilities) -> Result<(), Box<Fault>> {
    let run = lowest_run(&server.versions);
    let Some(&newest) = run.last() else {
        return refuse(
            Cause::CfgNoProtocols,
            "NO_PROTOCOLS_AVAILABLE",
            A::protocol_version,
        );
    };
    // Whether the security level allows them is not asked here.
    if !server
        .configured
        .iter()
        .any(|suite| usable_in(*suite, newest))
    {
        return refuse(
            Cause::CfgNoCiphers,
            "NO_CIPHERS_AVAILABLE",
            A::handshake_failure,
        );
    }
    Ok(())
}

/// ssl/statem/statem_lib.c, `ssl_choose_server_version`.
fn version(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
) -> Result<ProtocolVersion, Box<Fault>> {
    let capable = is_tls13_capable(server, profile);
    if !hello.names_versions {
        return legacy_version(hello, server);
    }
    let common = hello
        .abilities
        .versions
        .iter()
        .rev()
        .copied()
        .find(|version| server.has(*version) && (capable || *version != ProtocolVersion::TLS1_3));
    match common {
        Some(version) => Ok(version),
        None if !capable
            && hello.abilities.has(ProtocolVersion::TLS1_3)
            && server.has(ProtocolVersion::TLS1_3) =>
        {
            refuse(
                if profile.identity.is_none() {
                    Cause::ServerNoCertificate
                } else {
                    Cause::SigalgMismatch
                },
                "UNSUPPORTED_PROTOCOL",
                A::protocol_version,
            )
        }
        None => refuse(
            Cause::VersionMismatch,
            "UNSUPPORTED_PROTOCOL",
            A::protocol_version,
        ),
    }
}

/// Without supported_versions a ClientHello names its newest version alone, so the server may choose
/// one that the client has not enabled (RFC 5246 §E.1).
fn legacy_version(hello: &Hello<'_>, server: &Abilities) -> Result<ProtocolVersion, Box<Fault>> {
    let newest = hello.abilities.versions.last();
    let chosen = server
        .versions
        .iter()
        .rev()
        .copied()
        .find(|version| Some(version) <= newest);
    match chosen {
        Some(version) => Ok(version),
        None => refuse(
            Cause::VersionMismatch,
            if newest < Some(&ProtocolVersion::TLS1_0) {
                "VERSION_TOO_LOW"
            } else {
                "UNSUPPORTED_PROTOCOL"
            },
            A::protocol_version,
        ),
    }
}

/// `is_tls13_capable`: a callback for names, or a certificate; an ECDSA key needs a scheme for its
/// curve among the server's own.
pub(super) fn is_tls13_capable(server: &Abilities, profile: &ServerProfile) -> bool {
    if profile.sni == SniPolicy::Strict {
        return true;
    }
    match profile.identity.map(|credential| credential.key) {
        None => false,
        Some(key) if curve(key).is_some() => server
            .schemes
            .iter()
            .any(|scheme| super::signature::fits_tls13(key, *scheme)),
        Some(_) => true,
    }
}

fn answer_tls13(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
) -> Result<Choice, Box<Fault>> {
    let suite = preferred(hello, &server.tls13_suites, profile, CipherSuite::is_tls13);
    let Some(suite) = suite else {
        return refuse(
            Cause::SuiteMismatch,
            "NO_SHARED_CIPHER",
            A::handshake_failure,
        );
    };
    let session =
        resumption::by_openssl(hello, server, profile, ProtocolVersion::TLS1_3, Some(suite))?;
    lists_parse(hello)?;
    read(&hello.odd.unreadable.extensions[1])?;
    server_name(hello.server_name, profile)?;
    let alpn = alpn(hello, profile)?;
    // `final_sig_algs`, and `final_key_share`.
    if hello.schemes.is_none() && session.is_none() {
        return refuse(
            Cause::SigalgMissing,
            "MISSING_SIGALGS_EXTENSION",
            A::missing_extension,
        );
    }
    if hello.odd.shareless {
        return refuse(
            Cause::KeyShareMissing,
            "NO_SUITABLE_KEY_SHARE",
            A::missing_extension,
        );
    }
    let Some((group, retried)) = group_tls13(hello, server, profile) else {
        return refuse(
            Cause::GroupMismatch,
            "NO_SUITABLE_KEY_SHARE",
            A::handshake_failure,
        );
    };
    modes(hello, A::missing_extension)?;
    if let Some(session) = session {
        one_compression(hello)?;
        return Ok(Choice {
            retried,
            ..Choice::resumed(session, suite, Some(group), alpn)
        });
    }
    let shared = shared_schemes(hello, server, profile, ProtocolVersion::TLS1_3)?;
    one_compression(hello)?;
    let scheme = profile
        .identity
        .and_then(|credential| openssl_choice(credential.key, ProtocolVersion::TLS1_3, &shared))
        .filter(|_| !hello.odd.certificate_unfit);
    let Some(scheme) = scheme else {
        return refuse(
            if profile.identity.is_none() {
                Cause::ServerNoCertificate
            } else {
                Cause::SigalgMismatch
            },
            "NO_SUITABLE_SIGNATURE_ALGORITHM",
            A::handshake_failure,
        );
    };
    Ok(Choice {
        version: ProtocolVersion::TLS1_3,
        suite,
        group: Some(group),
        scheme: Some(scheme),
        alpn,
        retried,
        resumed: None,
    })
}

fn answer_older(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
    version: ProtocolVersion,
) -> Result<Choice, Box<Fault>> {
    if let Some(session) = resumption::by_openssl(hello, server, profile, version, None)? {
        // `tls_early_post_process_client_hello` looks at the client's suites alone, not at its own.
        if !hello.suites.contains(&session.suite) {
            return refuse(
                Cause::ResumeSuiteMissing,
                "REQUIRED_CIPHER_MISSING",
                A::illegal_parameter,
            );
        }
        lists_parse(hello)?;
        read(&hello.odd.unreadable.extensions[0])?;
        server_name(session.accepted_name.as_deref(), profile)?;
        modes(hello, A::handshake_failure)?;
        let alpn = alpn(hello, profile)?;
        return Ok(Choice::resumed(session, session.suite, None, alpn));
    }
    lists_parse(hello)?;
    read(&hello.odd.unreadable.extensions[0])?;
    server_name(hello.server_name, profile)?;
    modes(hello, A::handshake_failure)?;
    let shared = if version == ProtocolVersion::TLS1_2 {
        shared_schemes(hello, server, profile, version)?
    } else {
        // The extension is passed over (`tls1_save_sigalgs`).
        Vec::new()
    };
    let group = group_older(hello, server, profile);
    let signs = |suite: CipherSuite| {
        profile
            .identity
            .is_some_and(|credential| key_serves(credential, suite, hello, &shared, version))
    };
    let suite = preferred(hello, &server.suites, profile, |suite| {
        usable_in(suite, version) && signs(suite) && (!is_ecdhe(suite) || group.is_some())
    });
    let Some(suite) = suite else {
        return refuse(
            no_suite_cause(hello, server, profile, version, &shared, group),
            "NO_SHARED_CIPHER",
            A::handshake_failure,
        );
    };
    let key = profile.identity.map_or_else(KeyType::default, |c| c.key);
    let scheme = if version == ProtocolVersion::TLS1_2 {
        match openssl_choice(key, version, &shared).filter(|_| !hello.odd.certificate_unfit) {
            Some(scheme) => Some(scheme),
            None => {
                return refuse(
                    Cause::SigalgMismatch,
                    "NO_SUITABLE_SIGNATURE_ALGORITHM",
                    A::handshake_failure,
                );
            }
        }
    } else {
        None
    };
    let signed = is_ecdhe(suite) || is_dhe(suite);
    let alpn = alpn(hello, profile)?;
    Ok(Choice {
        version,
        suite,
        group: if is_ecdhe(suite) { group } else { None },
        scheme: scheme.filter(|_| signed),
        alpn,
        retried: false,
        resumed: None,
    })
}

/// `ssl_set_masks` and `tls1_check_chain`: whether the key can authenticate the suite.
fn key_serves(
    credential: Credential,
    suite: CipherSuite,
    hello: &Hello<'_>,
    shared: &[SignatureScheme],
    version: ProtocolVersion,
) -> bool {
    let key = credential.key;
    if key == KeyType::RsaPss2048 {
        // It takes a scheme of its own, and serves no key transport.
        return serves(key, suite)
            && version == ProtocolVersion::TLS1_2
            && shared.iter().any(|scheme| fits_tls12(key, *scheme));
    }
    if key.is_rsa() {
        return !is_ecdsa_suite(suite);
    }
    if !is_ecdsa_suite(suite) {
        return false;
    }
    match curve(key) {
        Some(curve) => {
            // A ClientHello without groups allows any curve (RFC 8422 §4).
            let offered = hello
                .groups
                .as_ref()
                .is_none_or(|groups| groups.contains(&curve));
            // ../t1_lib.c, `tls1_check_pkey_comp`.
            offered
                && !hello.odd.no_points
                && !credential.has(Flaw::BadKeyUsage)
                && (version < ProtocolVersion::TLS1_2
                    || shared.iter().any(|scheme| is_ecdsa(*scheme)))
        }
        None => {
            version == ProtocolVersion::TLS1_2
                && shared.iter().any(|scheme| fits_tls12(key, *scheme))
        }
    }
}

/// Whether a suite is for keys of this type. One for PSS alone has no part in key transport.
fn serves(key: KeyType, suite: CipherSuite) -> bool {
    is_ecdsa_suite(suite) != key.is_rsa()
        && (key != KeyType::RsaPss2048 || is_ecdhe(suite) || is_dhe(suite))
}

/// Which of the reasons for NO_SHARED_CIPHER it is.
fn no_suite_cause(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
    version: ProtocolVersion,
    shared: &[SignatureScheme],
    group: Option<NamedGroup>,
) -> Cause {
    let Some(credential) = profile.identity else {
        return Cause::ServerNoCertificate;
    };
    let common = |extra: &dyn Fn(CipherSuite) -> bool| {
        server.suites.iter().any(|suite| {
            hello.suites.contains(suite) && usable_in(*suite, version) && extra(*suite)
        })
    };
    let of_type = |suite: CipherSuite| serves(credential.key, suite);
    let can_sign = |suite| key_serves(credential, suite, hello, shared, version);
    if !common(&|_| true) {
        Cause::SuiteMismatch
    } else if !common(&of_type) {
        Cause::SuiteKeyType
    } else if common(&can_sign) && group.is_none() {
        Cause::GroupMismatch
    } else if curve(credential.key)
        .is_some_and(|curve| hello.groups.as_ref().is_some_and(|g| !g.contains(&curve)))
    {
        Cause::CertCurveNotOffered
    } else if credential.has(Flaw::BadKeyUsage) {
        Cause::CertBadKeyUsage
    } else {
        Cause::SigalgMismatch
    }
}

/// ssl/s3_lib.c, `ssl3_choose_cipher`.
fn preferred(
    hello: &Hello<'_>,
    own: &[CipherSuite],
    profile: &ServerProfile,
    fits: impl Fn(CipherSuite) -> bool,
) -> Option<CipherSuite> {
    let (first, second): (&[_], &[_]) = match profile.preference {
        Preference::Client => (&hello.suites, own),
        Preference::Server => (own, &hello.suites),
    };
    first
        .iter()
        .copied()
        .find(|suite| second.contains(suite) && fits(*suite))
}

/// What it minds now in a hello that was changed on its way.
fn read(mistake: &Option<(String, Option<A>)>) -> Result<(), Box<Fault>> {
    match mistake {
        Some((native, alert)) => Err(server_fault(
            Cause::NetCorruptHello,
            native,
            *alert,
            Phase::ClientHello,
        )),
        None => Ok(()),
    }
}

/// `tls_parse_ctos_supported_groups` and `tls_parse_ctos_sig_algs`.
fn lists_parse(hello: &Hello<'_>) -> Result<(), Box<Fault>> {
    if hello.groups.as_ref().is_some_and(Vec::is_empty) {
        return refuse(Cause::GroupListEmpty, "BAD_EXTENSION", A::decode_error);
    }
    if hello.schemes.as_ref().is_some_and(Vec::is_empty) {
        return refuse(Cause::SigalgListEmpty, "BAD_EXTENSION", A::decode_error);
    }
    Ok(())
}

/// `final_server_name`; before TLS 1.3 a resumed session's name counts (ssl/ssl_lib.c,
/// `SSL_get_servername`).
fn server_name(name: Option<&str>, profile: &ServerProfile) -> Result<(), Box<Fault>> {
    let known = name.is_some_and(|name| name.eq_ignore_ascii_case(ServerName::RIGHT));
    if profile.sni == SniPolicy::Strict && !known {
        return refuse(Cause::SniUnknown, "CALLBACK_FAILED", A::unrecognized_name);
    }
    Ok(())
}

fn alpn(hello: &Hello<'_>, profile: &ServerProfile) -> Result<Option<String>, Box<Fault>> {
    match application_protocol(hello.alpn, &profile.alpn) {
        Ok(name) => Ok(name),
        Err(()) if profile.alpn_miss == Miss::Ignore => Ok(None),
        Err(()) => refuse(
            Cause::AlpnMismatch,
            "NO_APPLICATION_PROTOCOL",
            A::no_application_protocol,
        ),
    }
}

/// `tls_parse_ctos_key_share`: tuple by tuple, a share that came, else a group to ask for.
fn group_tls13(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
) -> Option<(NamedGroup, bool)> {
    let offered = hello.groups.as_deref().unwrap_or_default();
    if !HAS_TUPLES.is_in() {
        // `tls_parse_ctos_key_share` as before: the client's first share that fits; and ssl/statem/extensions.c,
        // `final_key_share`: the server's first group that fits.
        let own = server.flat_groups();
        let fits = |these: &[NamedGroup], those: &[NamedGroup]| {
            these.iter().copied().find(|group| those.contains(group))
        };
        return fits(&hello.shares, &own)
            .map(|group| (group, false))
            .or_else(|| fits(&own, offered).map(|group| (group, true)));
    }
    let first = |candidates: &[NamedGroup], tuple: &[NamedGroup]| {
        let (order, other) = match profile.preference {
            Preference::Client => (candidates, tuple),
            Preference::Server => (tuple, candidates),
        };
        order.iter().copied().find(|group| other.contains(group))
    };
    server.groups.iter().find_map(|tuple| {
        first(&hello.shares, tuple)
            .map(|group| (group, false))
            .or_else(|| first(offered, tuple).map(|group| (group, true)))
    })
}

/// ssl/t1_lib.c, `tls1_shared_group`.
fn group_older(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
) -> Option<NamedGroup> {
    let own = server.flat_groups();
    // Without the extension there is none, though RFC 8422 §4 would allow any.
    let offered = hello.groups.as_ref()?;
    let (first, second) = match profile.preference {
        Preference::Client => (offered, &own),
        Preference::Server => (&own, offered),
    };
    first
        .iter()
        .copied()
        .find(|group| second.contains(group) && usable_below_tls13(*group))
}

/// `final_psk`, whatever the version is; before TLS 1.3 there is no such alert (ssl/t1_enc.c, `tls1_alert_code`).
fn modes(hello: &Hello<'_>, alert: A) -> Result<(), Box<Fault>> {
    if hello.odd.modeless {
        return refuse(
            Cause::NetCorruptHello,
            "MISSING_PSK_KEX_MODES_EXTENSION",
            alert,
        );
    }
    Ok(())
}

/// `tls_early_post_process_client_hello`, behind the extensions, in TLS 1.3.
fn one_compression(hello: &Hello<'_>) -> Result<(), Box<Fault>> {
    if hello.odd.compressions {
        return refuse(
            Cause::NetCorruptHello,
            "INVALID_COMPRESSION_ALGORITHM",
            A::illegal_parameter,
        );
    }
    Ok(())
}

fn refuse<T>(cause: Cause, native: &str, alert: A) -> Result<T, Box<Fault>> {
    Err(server_fault(cause, native, Some(alert), Phase::ClientHello))
}
