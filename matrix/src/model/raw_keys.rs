//! Raw public keys instead of certificates (RFC 7250), which rustls alone has: what its sides say of
//! them in their hellos, and how the harness's own verifier judges a key.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription as A, ProtocolVersion};
use shakedown::profile::{CertificateType, ClientAuth, Credential, ServerProfile, Trust};
use shakedown::scenario::Scenario;

use super::Cause;
use super::certificate::Finding;
use super::ending::{Fault, Phase};
use super::hello::{Hello, KeyKinds};
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
    let fits = |raw: bool, kinds| match kinds {
        KeyKinds::Certificates => !raw,
        KeyKinds::RawKeys => raw,
        KeyKinds::Either => true,
    };
    if fits(profile.certificate_type == raw, hello.demands) && fits(demands, hello.presents) {
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
    let wanted = [hello.demands, hello.presents].contains(&KeyKinds::RawKeys);
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

#[cfg(test)]
mod tests {
    use shakedown::profile::Flaw;

    use super::*;
    use shakedown::profile::KeyType;

    #[test]
    fn a_raw_key_is_trusted_with_the_roots_or_as_the_leafs() {
        let credential = Credential::default();
        let another = Credential {
            key: KeyType::Rsa2048,
            ..credential
        };
        let flawed = Credential {
            flaw: Flaw::Expired,
            ..credential
        };
        let found = |trust, version, certificate| {
            verify(credential, trust, version, certificate).map(|finding| finding.cause)
        };
        let new = ProtocolVersion::TLS1_3;
        assert_eq!(found(Trust::Roots, new, false), None);
        assert_eq!(found(Trust::Leaf(credential), new, false), None);
        assert_eq!(found(Trust::Leaf(flawed), new, false), None);
        for trust in [Trust::Leaf(another), Trust::OtherRoot] {
            assert_eq!(found(trust, new, false), Some(Cause::CertUnknownCa));
        }
        for (version, certificate) in [(new, true), (ProtocolVersion::TLS1_2, false)] {
            assert_eq!(
                found(Trust::Roots, version, certificate),
                Some(Cause::CertTypeMismatch)
            );
        }
    }

    #[test]
    fn only_a_key_without_a_flaw_is_presented_raw() {
        let sound = Credential::default();
        let flawed = Credential {
            flaw: Flaw::Expired,
            ..sound
        };
        let raw = CertificateType::RawPublicKey;
        assert_eq!(unsupported(raw, Some(sound)), None);
        assert!(unsupported(raw, Some(flawed)).is_some());
        assert!(unsupported(raw, None).is_some());
        assert_eq!(unsupported(CertificateType::X509, Some(flawed)), None);
        assert_eq!(unsupported(CertificateType::X509, None), None);
    }
}
