//! Raw public keys instead of certificates (RFC 7250), which rustls alone has: what its sides say of
//! them in their hellos, and how the harness's own verifier judges a key.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription as A, ProtocolVersion};
use shakedown::profile::{CertificateType, ClientAuth, Credential, ServerProfile, Trust};
use shakedown::scenario::Scenario;

use super::Cause;
use super::certificate::Finding;
use super::ending::{Fault, Phase};
use super::hello::Hello;
use super::negotiation::server_fault;

/// rustls server/hs.rs, `process_cert_type_extension`, for the server's key and then for the client's:
/// a rustls client names raw keys alone, or says nothing; both sides must want the same.
pub(super) fn rustls_server(
    hello: &Hello<'_>,
    profile: &ServerProfile,
    phase: Phase,
) -> Result<(), Box<Fault>> {
    let raw = CertificateType::RawPublicKey;
    let demands = profile.client_auth != ClientAuth::None && profile.client_certificate_type == raw;
    if (profile.certificate_type == raw) == hello.demands_raw_key
        && demands == hello.presents_raw_key
    {
        return Ok(());
    }
    Err(server_fault(
        Cause::CertTypeMismatch,
        MISMATCH,
        Some(A::handshake_failure),
        phase,
    ))
}

/// An OpenSSL server passes the extensions over (ssl/statem/extensions_srvr.c,
/// `tls_parse_ctos_server_cert_type`); a rustls client misses the answer in EncryptedExtensions
/// (client/hs.rs, `process_cert_type_extension`), and in TLS 1.2 does not look for it.
pub(super) fn rustls_client(
    hello: &Hello<'_>,
    scenario: &Scenario,
    version: ProtocolVersion,
) -> Result<(), Box<Fault>> {
    let wanted = hello.demands_raw_key || hello.presents_raw_key;
    if scenario.server.stack.is_rustls() || !wanted || version != ProtocolVersion::TLS1_3 {
        return Ok(());
    }
    Err(Box::new(Fault {
        cause: Cause::CertTypeMismatch,
        detector: Role::Client,
        native: MISMATCH.into(),
        alert: Some(A::handshake_failure),
        phase: Phase::ServerFlight(version),
    }))
}

/// What the harness's verifier finds wrong with a key; `certificate` says that a certificate came
/// instead.
pub(super) fn verify(
    credential: Credential,
    trust: Trust,
    version: ProtocolVersion,
    certificate: bool,
) -> Option<Finding> {
    let trusted = match trust {
        Trust::Roots => true,
        // All end entities of a role and a key type have one key.
        Trust::Leaf(leaf) => leaf.key == credential.key,
        _ => false,
    };
    if certificate || !trusted {
        return Some(Finding {
            cause: if certificate {
                Cause::CertTypeMismatch
            } else {
                Cause::CertUnknownCa
            },
            native: "InvalidCertificate(UnknownIssuer)".into(),
            alert: Some(A::unknown_ca),
        });
    }
    // rustls has no verification by raw keys for TLS 1.2, and so the verifier says no
    // (common_state.rs, `send_cert_verify_error_alert`).
    (version != ProtocolVersion::TLS1_3).then(|| Finding {
        cause: Cause::CertTypeMismatch,
        native: "PeerIncompatible(Tls12NotOffered)".into(),
        alert: Some(A::handshake_failure),
    })
}

/// What is amiss with a credential that is to be presented as a raw key.
pub(super) fn unsupported(kind: CertificateType, credential: Option<Credential>) -> Option<String> {
    if kind == CertificateType::X509 {
        return None;
    }
    match credential {
        None => Some("there is no key".to_owned()),
        Some(credential) if credential.flaws().next().is_some() => {
            Some("what is wrong with a certificate is not wrong with its key".to_owned())
        }
        Some(_) => None,
    }
}

const MISMATCH: &str = "PeerIncompatible(IncorrectCertificateTypeExtension)";
