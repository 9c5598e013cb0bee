//! The handshake in order, once both configurations are made.

use shakedown::connection::{HandshakeKind, Role};
use shakedown::iana::{
    AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
};
use shakedown::profile::{
    CertificateType, Compression, Credential, Ems, Flaw, KeyType, Ocsp, ServerProfile, Staple,
};
use shakedown::scenario::Scenario;

use super::certificate::{Check, verify};
use super::ending::{Agreed, Fault, Phase};
use super::hello::{Abilities, Hello, server_abilities};
use super::resumption::{self, Past, Remembered};
use super::traits::openssl::READS_STAPLES;
use super::{Cause, client_auth, openssl_server, raw_keys, rustls_server};

/// What a server makes of a ClientHello.
pub(super) struct Choice {
    pub(super) version: ProtocolVersion,
    pub(super) suite: CipherSuite,
    pub(super) group: Option<NamedGroup>,
    /// `None` where the key exchange is not signed, and before TLS 1.2.
    pub(super) scheme: Option<SignatureScheme>,
    pub(super) alpn: Option<String>,
    pub(super) retried: bool,
    /// The session that is resumed; `None`: a full handshake.
    pub(super) resumed: Option<Remembered>,
}

impl Choice {
    /// An abbreviated handshake: nothing is signed, and before TLS 1.3 there is no key exchange
    /// either.
    pub(super) fn resumed(
        session: &Remembered,
        suite: CipherSuite,
        group: Option<NamedGroup>,
        alpn: Option<String>,
    ) -> Self {
        Self {
            version: session.version,
            suite,
            group,
            scheme: None,
            alpn,
            retried: false,
            resumed: Some(session.clone()),
        }
    }
}

/// What was chosen by the time that it went wrong, if it did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    pub(super) version: ProtocolVersion,
    /// `None`: none yet.
    pub(super) suite: Option<CipherSuite>,
    /// That of a ServerHello.
    pub(super) group: Option<NamedGroup>,
    pub(super) retried: bool,
    pub(super) resumed: bool,
    pub(super) staple: Staple,
    /// Whether the client asks for no ticket that it could use.
    pub(super) ticketless: bool,
    /// Whether the server is OpenSSL and has verified a binder of the client's.
    pub(super) bound: bool,
}

/// What both sides agree on, or what goes wrong first; and what was chosen.
pub(super) fn handshake_telling(
    scenario: &Scenario,
    past: &Past,
    chosen: &mut Option<Chosen>,
) -> Result<Agreed, Box<Fault>> {
    let mut hello = Hello::of(&scenario.client)?;
    past.tell(&scenario.client, &mut hello);
    handshake_heard(scenario, &hello, None, chosen)
}

/// The same, where the server may have heard something else than the client has said.
pub(super) fn handshake_heard(
    scenario: &Scenario,
    hello: &Hello<'_>,
    heard: Option<&Hello<'_>>,
    chosen: &mut Option<Chosen>,
) -> Result<Agreed, Box<Fault>> {
    let server = server_abilities(&scenario.server);
    let told = heard.unwrap_or(hello);
    let choice = match answer(scenario, told) {
        Ok(choice) => choice,
        Err(fault) => {
            // Only a rustls server has answered by then, and maybe asked again before.
            let begun = matches!(fault.phase, Phase::AfterServerHello);
            *chosen = (begun || fault.cause == Cause::ResumePskWithdrawn).then(|| Chosen {
                version: ProtocolVersion::TLS1_3,
                suite: None,
                group: rustls_server::first_group(told, &server).filter(|_| begun),
                retried: rustls_server::asks_again(told, &server),
                resumed: false,
                staple: Staple::None,
                ticketless: false,
                bound: false,
            });
            return Err(fault);
        }
    };
    *chosen = Some(Chosen {
        version: choice.version,
        suite: Some(choice.suite),
        group: choice.group,
        retried: choice.retried,
        resumed: choice.resumed.is_some(),
        ticketless: hello.holds_useless,
        bound: !scenario.server.stack.is_rustls()
            && choice.version == ProtocolVersion::TLS1_3
            && resumption::openssl_checks_binder(told, choice.suite),
        staple: scenario
            .server
            .profile
            .identity
            .map_or(Staple::None, |credential| {
                received_staple(scenario, credential)
            }),
    });
    if !hello.abilities.has(choice.version) {
        return Err(Box::new(Fault {
            cause: Cause::VersionMismatch,
            detector: Role::Client,
            // rustls client/hs.rs, `ExpectServerHello`.
            native: if scenario.client.stack.is_rustls() {
                "PeerIncompatible(ServerTlsVersionIsDisabledByOurConfig)".into()
            } else {
                "UNSUPPORTED_PROTOCOL".into()
            },
            alert: Some(AlertDescription::protocol_version),
            phase: Phase::UnwantedVersion,
        }));
    }
    if let Some(heard) = heard {
        client_objects(hello, heard, &server, &scenario.server.profile, &choice)?;
    }
    if let Some(phase) = minds_mark(hello, &server, choice.version) {
        return Err(Box::new(Fault {
            cause: Cause::VersionDowngradeSentinel,
            detector: Role::Client,
            native: "INAPPROPRIATE_FALLBACK".into(),
            alert: Some(AlertDescription::illegal_parameter),
            phase,
        }));
    }
    ems_required(hello, told, &server, choice.version)?;
    let agreed = Agreed {
        version: choice.version,
        suite: choice.suite,
        group: choice.group,
        server_signature: choice.scheme,
        client_signature: None,
        alpn: choice.alpn,
        server_name: hello.server_name.map(str::to_owned),
        kind: match (&choice.resumed, choice.retried) {
            (Some(_), _) => HandshakeKind::Resumed,
            (None, true) => HandshakeKind::HelloRetryRequest,
            (None, false) => HandshakeKind::Full,
        },
        client_presented: false,
        resumed: choice.resumed,
    };
    raw_keys::rustls_client(hello, scenario, agreed.version)?;
    if agreed.resumed.is_some() {
        // No certificate is asked for, sent or looked at again (RFC 8446 §2.2; RFC 5246 §7.3).
        return Ok(agreed);
    }
    client_auth::request(scenario, hello, &server, &agreed)?;
    server_certificate(scenario, hello, &agreed)?;
    client_auth::answer(scenario, hello, &server, agreed)
}

/// What the scenario's server answers to a hello.
pub(super) fn answer(scenario: &Scenario, hello: &Hello<'_>) -> Result<Choice, Box<Fault>> {
    let server = server_abilities(&scenario.server);
    let profile = &scenario.server.profile;
    if scenario.server.stack.is_rustls() {
        rustls_server::answer(hello, &server, profile)
    } else {
        openssl_server::answer(hello, &server, profile)
    }
}

/// What a client finds in the answer to a hello that is not its own.
fn client_objects(
    hello: &Hello<'_>,
    heard: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
    choice: &Choice,
) -> Result<(), Box<Fault>> {
    let (old, new) = (ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3);
    let rustls = hello.abilities.stack.is_rustls();
    let fault = |cause, native: &str, alert| {
        Err(Box::new(Fault {
            cause,
            detector: Role::Client,
            native: native.to_owned(),
            alert: Some(alert),
            phase: Phase::ServerFlight(choice.version),
        }))
    };
    // rustls client/hs.rs, `ExpectServerHello`: no rustls client asks for a ticket before it has seen the
    // server, and no OpenSSL client leaves it.
    let answered = choice.version == old && !server.stack.is_rustls();
    if rustls && answered && heard.odd.asks_ticket {
        return fault(
            Cause::NetCorruptHello,
            "PeerMisbehaved(UnsolicitedServerHelloExtension)",
            AlertDescription::unsupported_extension,
        );
    }
    // Each server marks what lies below the newest version that it has (rustls server/tls12.rs,
    // `DOWNGRADE_SENTINEL`; OpenSSL ssl/statem/statem_lib.c, `check_for_downgrade`), and each client
    // minds (RFC 8446 §4.1.3).
    let could = server.stack.is_rustls() || openssl_server::is_tls13_capable(server, profile);
    let marked = choice.version == old && server.has(new) && could;
    if marked && hello.abilities.has(new) {
        return if rustls {
            fault(
                Cause::VersionDowngradeSentinel,
                "PeerMisbehaved(AttemptedDowngradeToTls12WhenTls13IsSupported)",
                AlertDescription::illegal_parameter,
            )
        } else {
            fault(
                Cause::VersionDowngradeSentinel,
                "INAPPROPRIATE_FALLBACK",
                AlertDescription::illegal_parameter,
            )
        };
    }
    let own = |openssl: &str, rustls_says: &str| {
        let native = if rustls {
            format!("PeerMisbehaved(IllegalHelloRetryRequest{rustls_says})")
        } else {
            openssl.to_owned()
        };
        fault(
            if choice.retried {
                Cause::HrrIllegal
            } else {
                Cause::NetCorruptHello
            },
            &native,
            AlertDescription::illegal_parameter,
        )
    };
    let offered = choice
        .group
        .is_some_and(|group| hello.shares.contains(&group));
    if choice.retried && offered && rustls {
        return own("", "WithOfferedGroup");
    }
    if heard.odd.other_id && choice.version == new && (!rustls || choice.retried) {
        return own("INVALID_SESSION_ID", "WithWrongSessionId");
    }
    if choice.retried && offered {
        return own("BAD_KEY_SHARE", "");
    }
    let unknown = choice
        .group
        .zip(hello.groups.as_ref())
        .is_some_and(|(group, own)| !own.contains(&group));
    if choice.retried && unknown {
        return own("BAD_KEY_SHARE", "WithUnofferedNamedGroup");
    }
    if !hello.suites.contains(&choice.suite) {
        // rustls client/hs.rs, `ExpectServerHello`; OpenSSL statem_clnt.c, `set_client_ciphersuite`.
        return if rustls {
            fault(
                Cause::NetCorruptHello,
                "PeerMisbehaved(SelectedUnofferedCipherSuite)",
                AlertDescription::handshake_failure,
            )
        } else {
            fault(
                Cause::NetCorruptHello,
                "WRONG_CIPHER_RETURNED",
                AlertDescription::illegal_parameter,
            )
        };
    }
    if choice.version <= old && unknown {
        // rustls client/tls12.rs, `ExpectServerDone`; OpenSSL statem_clnt.c, `tls_process_ske_ecdhe`.
        return fault(
            Cause::NetCorruptHello,
            if rustls {
                "PeerMisbehaved(SelectedUnofferedKxGroup)"
            } else {
                "WRONG_CURVE"
            },
            AlertDescription::illegal_parameter,
        );
    }
    if !rustls && choice.version <= old && heard.odd.renegotiation_unsafe {
        // extensions.c, `final_renegotiate`.
        return fault(
            Cause::RenegInfoMissing,
            "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
            AlertDescription::handshake_failure,
        );
    }
    Ok(())
}

/// ssl/statem/statem_lib.c, `check_for_downgrade` and `ssl_choose_client_version`: an OpenSSL server
/// that has TLS 1.2 marks what lies below it, and an OpenSSL client minds the mark wherever it has a
/// version above the chosen one, be it TLS 1.1 (RFC 8446 §4.1.3 asks that of TLS 1.2 clients alone).
///
/// A client that says it falls back minds the marks as one that has TLS 1.3, whatever it has enabled
/// (`ssl_get_min_max_version`, `real_max`). OpenSSL servers do not let it come to that, but a rustls
/// server with TLS 1.3 knows no fallback and marks TLS 1.2 (server/tls12.rs, `DOWNGRADE_SENTINEL`).
fn minds_mark(hello: &Hello<'_>, server: &Abilities, chosen: ProtocolVersion) -> Option<Phase> {
    if server.stack.is_rustls() {
        let minds = hello.fallback
            && chosen == ProtocolVersion::TLS1_2
            && server.has(ProtocolVersion::TLS1_3);
        return minds.then_some(Phase::ServerFlight(chosen));
    }
    let minds = chosen < ProtocolVersion::TLS1_2
        && server.has(ProtocolVersion::TLS1_2)
        && hello.abilities.versions.last() > Some(&chosen);
    minds.then_some(Phase::UnwantedVersion)
}

/// rustls client/tls12.rs, `handle_server_hello`; no other client can insist.
fn ems_required(
    hello: &Hello<'_>,
    heard: &Hello<'_>,
    server: &Abilities,
    version: ProtocolVersion,
) -> Result<(), Box<Fault>> {
    if version != ProtocolVersion::TLS1_2
        || hello.abilities.ems != Ems::Required
        || server.uses_ems() && heard.abilities.uses_ems()
    {
        return Ok(());
    }
    Err(Box::new(Fault {
        cause: Cause::EmsRequired,
        detector: Role::Client,
        native: "PeerIncompatible(ExtendedMasterSecretExtensionRequired)".into(),
        alert: Some(AlertDescription::handshake_failure),
        phase: Phase::ServerFlight(version),
    }))
}

/// The client verifies the server's chain, then the signature over the handshake.
fn server_certificate(
    scenario: &Scenario,
    hello: &Hello<'_>,
    agreed: &Agreed,
) -> Result<(), Box<Fault>> {
    let client = &scenario.client;
    let server = &scenario.server.profile;
    let Some(credential) = server.identity else {
        return Ok(());
    };
    let fault = |cause, native: &str, alert| {
        Err(Box::new(Fault {
            cause,
            detector: Role::Client,
            native: native.into(),
            alert,
            phase: Phase::ServerFlight(agreed.version),
        }))
    };
    if corrupted(
        server.compression,
        client.profile.compression,
        agreed.version,
    ) {
        return fault(
            Cause::CertCompressionBad,
            BAD_COMPRESSION,
            Some(AlertDescription::bad_certificate),
        );
    }
    if client.profile.server_certificate_type == CertificateType::RawPublicKey {
        // In TLS 1.2 OpenSSL's certificate comes as far as this.
        let certificate = server.certificate_type == CertificateType::X509;
        let trust = client.profile.trust;
        return match raw_keys::verify(credential, trust, agreed.version, certificate) {
            Some(finding) => fault(finding.cause, &finding.native, finding.alert),
            None => Ok(()),
        };
    }
    let stapled = received_staple(scenario, credential);
    let checked = match client.profile.ocsp {
        Ocsp::Check if agreed.version == ProtocolVersion::TLS1_3 => Some(stapled),
        // Before TLS 1.3 it comes after the certificate has been verified (ssl/ssl_cert.c,
        // `ssl_verify_internal`).
        Ocsp::Check => Some(Staple::None),
        Ocsp::Ignore | Ocsp::Request => None,
    };
    let unreadable = || {
        // ssl/statem/statem_clnt.c, `tls_process_cert_status_body`.
        fault(
            Cause::OcspStapleMalformed,
            "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
            Some(AlertDescription::bad_certificate_status_response),
        )
    };
    let reads = !client.stack.is_rustls() && READS_STAPLES.is_in();
    let bad_staple = reads && stapled == Staple::Malformed;
    // In TLS 1.3 it is an extension of the first certificate, read after it and before the next.
    let readable = !credential.has(Flaw::Malformed) && !credential.has(Flaw::EmptyChain);
    if bad_staple && readable && agreed.version == ProtocolVersion::TLS1_3 {
        return unreadable();
    }
    let finding = verify(&Check {
        verifier: client.stack,
        level: hello.abilities.level,
        peer: Role::Server,
        credential,
        trust: client.profile.trust,
        revocation: client.profile.revocation,
        partial_chain: client.profile.partial_chain,
        staple: checked,
        name: Some((&client.profile.server_name, client.profile.name_check)),
    });
    if let Some(finding) = finding {
        return fault(finding.cause, &finding.native, finding.alert);
    }
    if bad_staple {
        return unreadable();
    }
    // ssl/t1_lib.c, `tls12_check_peer_sigalg`: below TLS 1.3 the key's curve must be among the
    // client's groups; an OpenSSL server sees to that itself.
    if !client.stack.is_rustls() && agreed.version == ProtocolVersion::TLS1_2 {
        let listed = hello.abilities.flat_groups();
        if curve(credential.key).is_some_and(|curve| !listed.contains(&curve)) {
            return fault(
                Cause::CertCurveNotOffered,
                "WRONG_CURVE",
                Some(AlertDescription::illegal_parameter),
            );
        }
    }
    if credential.has(Flaw::KeyMismatch) {
        let native = if client.stack.is_rustls() {
            "InvalidCertificate(BadSignature)"
        } else {
            "BAD_SIGNATURE"
        };
        return fault(
            Cause::KeyPossessionFailure,
            native,
            Some(AlertDescription::decrypt_error),
        );
    }
    Ok(())
}

/// Whether what one side sends compressed cannot be decompressed: it compresses only where the other
/// says that it would decompress (RFC 8879 §3), in TLS 1.3.
pub(super) fn corrupted(from: Compression, to: Compression, version: ProtocolVersion) -> bool {
    from == Compression::Broken && to != Compression::None && version == ProtocolVersion::TLS1_3
}

/// The stapled response that the client gets.
fn received_staple(scenario: &Scenario, credential: Credential) -> Staple {
    let (client, server) = (&scenario.client, &scenario.server);
    // A rustls client always asks (client/hs.rs, `emit_client_hello_for_retry`).
    let asked = client.stack.is_rustls() || client.profile.ocsp != Ocsp::Ignore;
    match server.profile.staple {
        _ if !asked => Staple::None,
        staple if server.stack.is_rustls() || !READS_STAPLES.is_in() => staple,
        // ssl/s3_lib.c, `SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP`, and ssl/statem/statem_srvr.c,
        // `ossl_get_ocsp_response`: what is no response, is for another certificate, or for one that
        // has signed itself, is left out.
        Staple::Malformed | Staple::Other => Staple::None,
        _ if credential.signs_itself() => Staple::None,
        staple => staple,
    }
}

/// The group that is the curve of an ECDSA key.
pub(super) fn curve(key: KeyType) -> Option<NamedGroup> {
    match key {
        KeyType::EcdsaP256 => Some(NamedGroup::secp256r1),
        KeyType::EcdsaP384 => Some(NamedGroup::secp384r1),
        KeyType::EcdsaP521 => Some(NamedGroup::secp521r1),
        _ => None,
    }
}

/// The application protocol: the first of the server's that the client has; `Err`: they have lists
/// and nothing in common.
pub(super) fn application_protocol(
    client: &[String],
    server: &[String],
) -> Result<Option<String>, ()> {
    if client.is_empty() || server.is_empty() {
        return Ok(None);
    }
    server
        .iter()
        .find(|name| client.contains(name))
        .map(|name| Some(name.clone()))
        .ok_or(())
}

/// A fault that the server finds.
pub(super) fn server_fault(
    cause: Cause,
    native: &str,
    alert: Option<AlertDescription>,
    phase: Phase,
) -> Box<Fault> {
    Box::new(Fault {
        cause,
        detector: Role::Server,
        native: native.into(),
        alert,
        phase,
    })
}

/// client/tls13.rs and server/tls13.rs, `ExpectCompressedCertificate`.
pub(super) const BAD_COMPRESSION: &str = "PeerMisbehaved(InvalidCertCompression)";
