//! How a rustls server answers a ClientHello (server/hs.rs, tls12.rs, tls13.rs).

use shakedown::iana::{
    AlertDescription as A, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
};
use shakedown::profile::{Credential, KeyType, Preference, ServerName, ServerProfile, SniPolicy};

use super::ending::{Fault, Phase};
use super::hello::{Abilities, Hello, is_ecdsa_suite, usable_below_tls13};
use super::name::{NameText, name_text};
use super::negotiation::{Choice, application_protocol, server_fault};
use super::signature::{is_for_tls13, rustls_choice};
use super::traits::rustls::{TLS12_ECDSA_SCHEMES, TLS12_RSA_SCHEMES};
use super::{Cause, raw_keys, resumption};

/// What the server makes of the hello, in the order of `process_client_hello`,
/// `with_certified_key` and `CompleteClientHelloHandling::handle_client_hello`.
pub(super) fn answer(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
) -> Result<Choice, Box<Fault>> {
    // msgs/handshake.rs: parsing comes before all else.
    if hello.schemes.as_ref().is_some_and(Vec::is_empty) {
        return refuse(
            Cause::SigalgListEmpty,
            "InvalidMessage(NoSignatureSchemes)",
            A::decode_error,
        );
    }
    if hello.groups.as_ref().is_some_and(Vec::is_empty) {
        return refuse(
            Cause::GroupListEmpty,
            "InvalidMessage(IllegalEmptyList(\"NamedGroups\"))",
            A::decode_error,
        );
    }
    // `process_client_hello`: the text of SNI, before the schemes are missed.
    if hello.server_name.map(name_text) == Some(NameText::Malformed) {
        return refuse(
            Cause::SniMalformed,
            "PeerMisbehaved(ServerNameMustContainOneHostName)",
            A::illegal_parameter,
        );
    }
    let Some(offered) = &hello.schemes else {
        return refuse(
            if hello.names_versions && hello.abilities.has(ProtocolVersion::TLS1_3) {
                Cause::SigalgMissing
            } else {
                Cause::VersionLegacyClient
            },
            "PeerIncompatible(SignatureAlgorithmsExtensionRequired)",
            A::handshake_failure,
        );
    };
    let version = version(hello, server)?;
    let credential = certificate(hello, profile)?;
    let key = credential.key;
    let groups = groups(hello, server, version)?;
    let suite = suite(hello, server, profile, version, key)?;
    // Both lists are of elliptic-curve groups, so the first common one serves.
    let group = groups[0];
    if version == ProtocolVersion::TLS1_3 {
        oddities(hello)?;
        let retried = !hello.shares.contains(&group);
        if hello.odd.modeless && !retried {
            return refuse(
                Cause::NetCorruptHello,
                "PeerMisbehaved(MissingPskModesExtension)",
                A::missing_extension,
            );
        }
        let session = resumption::by_rustls_tls13(hello, suite, retried)?;
        let alpn = alpn(hello, profile, Phase::AfterServerHello)?;
        raw_keys::rustls_server(hello, profile, Phase::AfterServerHello)?;
        if let Some(session) = session {
            return Ok(Choice {
                retried,
                ..Choice::resumed(session, suite, Some(group), alpn)
            });
        }
        let usable: Vec<_> = offered
            .iter()
            .copied()
            .filter(|scheme| is_for_tls13(*scheme))
            .collect();
        let scheme = rustls_choice(key, &usable).ok_or_else(|| {
            server_fault(
                Cause::SigalgMismatch,
                "PeerIncompatible(NoSignatureSchemesInCommon)",
                Some(A::handshake_failure),
                Phase::AfterServerHello,
            )
        })?;
        return Ok(Choice {
            version,
            suite,
            group: Some(group),
            scheme: Some(scheme),
            alpn,
            retried,
            resumed: None,
        });
    }
    if hello.odd.no_points {
        return refuse(
            Cause::NetCorruptHello,
            "PeerIncompatible(UncompressedEcPointsRequired)",
            A::illegal_parameter,
        );
    }
    if let Some(session) = resumption::by_rustls_tls12(hello, server, suite)? {
        // server/tls12.rs, `start_resumption`: the extensions are processed as ever (`emit_server_hello`).
        let alpn = alpn(hello, profile, Phase::ClientHello)?;
        raw_keys::rustls_server(hello, profile, Phase::ClientHello)?;
        return Ok(Choice::resumed(session, suite, None, alpn));
    }
    let usable: Vec<_> = offered
        .iter()
        .copied()
        .filter(|scheme| suite_signs(suite, *scheme))
        .collect();
    if usable.is_empty() {
        return refuse(
            Cause::SigalgMismatch,
            "PeerIncompatible(NoSignatureSchemesInCommon)",
            A::handshake_failure,
        );
    }
    let alpn = alpn(hello, profile, Phase::ClientHello)?;
    raw_keys::rustls_server(hello, profile, Phase::ClientHello)?;
    let Some(scheme) = rustls_choice(key, &usable) else {
        // `emit_server_kx`: an error without an alert; nothing of the flight has been sent.
        return Err(server_fault(
            Cause::SigalgMismatch,
            "General(incompatible signing key)",
            None,
            Phase::ClientHello,
        ));
    };
    Ok(Choice {
        version,
        suite,
        group: Some(group),
        scheme: Some(scheme),
        alpn,
        retried: false,
        resumed: None,
    })
}

/// server/tls13.rs, `handle_client_hello`: what no stack sends.
fn oddities(hello: &Hello<'_>) -> Result<(), Box<Fault>> {
    if hello.odd.compressions {
        return refuse(
            Cause::NetCorruptHello,
            "PeerMisbehaved(OfferedIncorrectCompressions)",
            A::illegal_parameter,
        );
    }
    if hello.odd.shareless {
        return refuse(
            Cause::KeyShareMissing,
            "PeerIncompatible(KeyShareExtensionRequired)",
            A::handshake_failure,
        );
    }
    if hello.odd.shares_twice {
        return refuse(
            Cause::NetCorruptHello,
            "PeerMisbehaved(OfferedDuplicateKeyShares)",
            A::illegal_parameter,
        );
    }
    Ok(())
}

/// Whether a TLS 1.3 server asks for another key share.
pub(super) fn asks_again(hello: &Hello<'_>, server: &Abilities) -> bool {
    first_group(hello, server).is_some_and(|group| !hello.shares.contains(&group))
}

/// The group that a TLS 1.3 server chooses; `None`: there is none in common.
pub(super) fn first_group(hello: &Hello<'_>, server: &Abilities) -> Option<NamedGroup> {
    let groups = groups(hello, server, ProtocolVersion::TLS1_3).ok()?;
    groups.first().copied()
}

fn version(hello: &Hello<'_>, server: &Abilities) -> Result<ProtocolVersion, Box<Fault>> {
    let both = |version| hello.abilities.has(version) && server.has(version);
    let (old, new) = (ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3);
    if hello.names_versions {
        if both(new) {
            return Ok(new);
        }
        if both(old) {
            return Ok(old);
        }
        return refuse(
            Cause::VersionMismatch,
            "PeerIncompatible(Tls12NotOfferedOrEnabled)",
            A::protocol_version,
        );
    }
    if !hello.abilities.has(old) {
        return refuse(
            Cause::VersionMismatch,
            "PeerIncompatible(Tls12NotOffered)",
            A::protocol_version,
        );
    }
    if !server.has(old) {
        return refuse(
            Cause::VersionMismatch,
            "PeerIncompatible(SupportedVersionsExtensionRequired)",
            A::protocol_version,
        );
    }
    Ok(old)
}

fn certificate(hello: &Hello<'_>, profile: &ServerProfile) -> Result<Credential, Box<Fault>> {
    let unresolved = |cause| {
        refuse(
            cause,
            "General(no server certificate chain resolved)",
            A::access_denied,
        )
    };
    let known = hello
        .server_name
        .is_some_and(|name| name.eq_ignore_ascii_case(ServerName::RIGHT));
    if profile.sni == SniPolicy::Strict && !known {
        return unresolved(Cause::SniUnknown);
    }
    match profile.identity {
        Some(credential) => Ok(credential),
        None => unresolved(Cause::ServerNoCertificate),
    }
}

/// The common groups in the client's order.
fn groups(
    hello: &Hello<'_>,
    server: &Abilities,
    version: ProtocolVersion,
) -> Result<Vec<NamedGroup>, Box<Fault>> {
    let own = server.flat_groups();
    let common: Vec<_> = hello
        .groups
        .iter()
        .flatten()
        .copied()
        .filter(|group| {
            own.contains(group)
                && (version == ProtocolVersion::TLS1_3 || usable_below_tls13(*group))
        })
        .collect();
    if common.is_empty() {
        return refuse(
            Cause::GroupMismatch,
            "PeerIncompatible(NoKxGroupsInCommon)",
            A::handshake_failure,
        );
    }
    Ok(common)
}

fn suite(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
    version: ProtocolVersion,
    key: KeyType,
) -> Result<CipherSuite, Box<Fault>> {
    let own = if version == ProtocolVersion::TLS1_3 {
        &server.tls13_suites
    } else {
        &server.suites
    };
    let (first, second) = match profile.preference {
        Preference::Client => (&hello.suites, own),
        Preference::Server => (own, &hello.suites),
    };
    let common: Vec<_> = first
        .iter()
        .copied()
        .filter(|suite| second.contains(suite))
        .collect();
    let fitting = common
        .iter()
        .copied()
        .find(|suite| suite.is_tls13() || is_ecdsa_suite(*suite) != key.is_rsa());
    match fitting {
        Some(suite) => Ok(suite),
        None => refuse(
            if common.is_empty() {
                Cause::SuiteMismatch
            } else {
                Cause::SuiteKeyType
            },
            "PeerIncompatible(NoCipherSuitesInCommon)",
            A::handshake_failure,
        ),
    }
}

fn alpn(
    hello: &Hello<'_>,
    profile: &ServerProfile,
    phase: Phase,
) -> Result<Option<String>, Box<Fault>> {
    application_protocol(hello.alpn, &profile.alpn).map_err(|()| {
        server_fault(
            Cause::AlpnMismatch,
            "NoApplicationProtocol",
            Some(A::no_application_protocol),
            phase,
        )
    })
}

/// Whether a TLS 1.2 suite signs with the scheme.
fn suite_signs(suite: CipherSuite, scheme: SignatureScheme) -> bool {
    let signs = if is_ecdsa_suite(suite) {
        TLS12_ECDSA_SCHEMES
    } else {
        TLS12_RSA_SCHEMES
    };
    signs.contains(&scheme)
}

fn refuse<T>(cause: Cause, native: &str, alert: A) -> Result<T, Box<Fault>> {
    Err(server_fault(cause, native, Some(alert), Phase::ClientHello))
}
