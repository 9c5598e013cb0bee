//! Client authentication: the server asks, the client answers, the server verifies.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription as A, ProtocolVersion, SignatureScheme};
use shakedown::profile::{CertificateType, ClientAuth, Flaw, KeyType};
use shakedown::scenario::{Scenario, StackId};

use super::certificate::{Check, verify};
use super::ending::{Agreed, Fault, Phase};
use super::hello::{Abilities, Hello, any_for_tls13};
use super::negotiation::{BAD_COMPRESSION, corrupted, curve, server_fault};
use super::signature::{is_for_tls13, openssl_choice, rustls_choice};
use super::{Cause, raw_keys};

/// Sending and reading a CertificateRequest, which comes before the server's certificate is looked
/// at.
pub(super) fn request(
    scenario: &Scenario,
    hello: &Hello<'_>,
    server: &Abilities,
    agreed: &Agreed,
) -> Result<(), Box<Fault>> {
    let asks = scenario.server.profile.client_auth != ClientAuth::None;
    let tls13 = agreed.version == ProtocolVersion::TLS1_3;
    if asks && server.schemes.is_empty() && (tls13 || hello.abilities.stack.is_rustls()) {
        return Err(empty_list(hello, agreed));
    }
    if !asks || !tls13 || any_for_tls13(&server.schemes) {
        return Ok(());
    }
    if !scenario.server.stack.is_rustls() {
        // ssl/t1_lib.c, `tls12_copy_sigalgs`.
        return Err(server_fault(
            Cause::CfgNoSchemes,
            "NO_SUITABLE_SIGNATURE_ALGORITHM",
            Some(A::internal_error),
            Phase::AfterServerHello,
        ));
    }
    if hello.abilities.stack.is_rustls() {
        // client/tls13.rs, `ExpectCertificateRequest`.
        return Err(Box::new(Fault {
            cause: Cause::ClientSigalgEmpty,
            detector: Role::Client,
            native: "PeerIncompatible(NoCertificateRequestSignatureSchemesInCommon)".into(),
            alert: Some(A::handshake_failure),
            phase: Phase::ServerFlight(agreed.version),
        }));
    }
    Ok(())
}

/// Only a rustls server sends an empty list.
fn empty_list(hello: &Hello<'_>, agreed: &Agreed) -> Box<Fault> {
    let (native, alert) = match (hello.abilities.stack.is_rustls(), agreed.version) {
        (true, _) => ("InvalidMessage(NoSignatureSchemes)", A::decode_error),
        (false, ProtocolVersion::TLS1_3) => ("BAD_EXTENSION", A::decode_error),
        // ssl/statem/statem_clnt.c, `tls_process_certificate_request`.
        (false, _) => ("SIGNATURE_ALGORITHMS_ERROR", A::internal_error),
    };
    Box::new(Fault {
        cause: Cause::SigalgListEmpty,
        detector: Role::Client,
        native: native.into(),
        alert: Some(alert),
        phase: Phase::ServerFlight(agreed.version),
    })
}

/// The client's answer, and what the server makes of it.
pub(super) fn answer(
    scenario: &Scenario,
    hello: &Hello<'_>,
    server: &Abilities,
    agreed: Agreed,
) -> Result<Agreed, Box<Fault>> {
    let profile = &scenario.server.profile;
    if profile.client_auth == ClientAuth::None {
        return Ok(agreed);
    }
    let openssl = !scenario.server.stack.is_rustls();
    let version = agreed.version;
    if server.schemes.is_empty() && version == ProtocolVersion::TLS1_2 {
        // An OpenSSL client has looked at the server's certificate by now.
        return Err(empty_list(hello, &agreed));
    }
    let answer = choose(scenario, hello, server, version);
    let agreed = Agreed {
        client_signature: answer.and_then(|(_, scheme)| scheme),
        ..agreed
    };
    let fault = |cause, native: &str, alert| {
        Err(server_fault(
            cause,
            native,
            Some(alert),
            Phase::ClientFlight(Box::new(agreed.clone())),
        ))
    };
    let compression = scenario.client.profile.compression;
    if answer.is_some() && corrupted(compression, profile.compression, version) {
        return fault(
            Cause::CertCompressionBad,
            BAD_COMPRESSION,
            A::bad_certificate,
        );
    }
    let empty = answer.is_some_and(|(credential, _)| credential.has(Flaw::EmptyChain));
    let Some((credential, _)) = answer.filter(|_| !empty) else {
        return match (profile.client_auth, openssl) {
            (ClientAuth::Required, false) => fault(
                Cause::ClientCertMissing,
                "NoCertificatesPresented",
                A::certificate_required,
            ),
            // ssl/t1_enc.c, `tls1_alert_code`: before TLS 1.3 there is no certificate_required.
            (ClientAuth::Required, true) => fault(
                Cause::ClientCertMissing,
                "PEER_DID_NOT_RETURN_A_CERTIFICATE",
                if version == ProtocolVersion::TLS1_3 {
                    A::certificate_required
                } else {
                    A::handshake_failure
                },
            ),
            // An empty list, and a signature after it all the same.
            (_, false) if empty => fault(
                Cause::CertEmpty,
                if version == ProtocolVersion::TLS1_3 {
                    "InappropriateHandshakeMessage(CertificateVerify)"
                } else {
                    // It waits for a ChangeCipherSpec.
                    "InappropriateMessage(Handshake)"
                },
                A::unexpected_message,
            ),
            (_, true) if empty => fault(
                Cause::CertEmpty,
                "UNEXPECTED_MESSAGE",
                A::unexpected_message,
            ),
            _ => Ok(agreed),
        };
    };
    let raw = scenario.client.profile.certificate_type == CertificateType::RawPublicKey;
    if raw && openssl {
        // A key is no certificate (ssl/statem/statem_srvr.c, `tls_process_client_certificate`).
        return fault(Cause::CertTypeMismatch, "ASN1_LIB", A::decode_error);
    }
    let finding = if raw {
        raw_keys::verify(credential, profile.trust, version, false)
    } else {
        verify(&Check {
            verifier: scenario.server.stack,
            level: server.level,
            peer: Role::Client,
            credential,
            trust: profile.trust,
            revocation: profile.revocation,
            partial_chain: profile.partial_chain,
            staple: None,
            name: None,
        })
    };
    if let Some(finding) = finding {
        return Err(server_fault(
            finding.cause,
            &finding.native,
            finding.alert,
            Phase::ClientFlight(Box::new(agreed)),
        ));
    }
    if openssl && version == ProtocolVersion::TLS1_2 {
        // ssl/t1_lib.c, `tls12_check_peer_sigalg`: the curve must be among both sides' groups.
        let own = server.flat_groups();
        let refused = curve(credential.key).is_some_and(|curve| {
            !own.contains(&curve)
                || hello
                    .groups
                    .as_ref()
                    .is_some_and(|groups| !groups.contains(&curve))
        });
        if refused {
            return fault(
                Cause::CertCurveNotOffered,
                "WRONG_CURVE",
                A::illegal_parameter,
            );
        }
    }
    if credential.has(Flaw::KeyMismatch) {
        return fault(
            Cause::KeyPossessionFailure,
            if openssl {
                "BAD_SIGNATURE"
            } else {
                "InvalidCertificate(BadSignature)"
            },
            A::decrypt_error,
        );
    }
    Ok(Agreed {
        client_presented: true,
        ..agreed
    })
}

/// The certificate that the client sends and the scheme that it signs with; `None`: an empty list.
fn choose(
    scenario: &Scenario,
    hello: &Hello<'_>,
    server: &Abilities,
    version: ProtocolVersion,
) -> Option<(shakedown::profile::Credential, Option<SignatureScheme>)> {
    let credential = scenario.client.profile.identity?;
    if version < ProtocolVersion::TLS1_2 {
        // There is no scheme of old for EdDSA, nor for keys for PSS alone (ssl/t1_lib.c,
        // `tls_default_sigalg`).
        let signs = !credential.key.is_eddsa() && credential.key != KeyType::RsaPss2048;
        return signs.then_some((credential, None));
    }
    let accepted = server.schemes.iter().copied();
    let scheme = match scenario.client.stack {
        StackId::Openssl => {
            // The server's order counts (`tls1_set_shared_sigalgs`).
            let shared: Vec<_> = accepted
                .filter(|scheme| hello.abilities.schemes.contains(scheme))
                .collect();
            openssl_choice(credential.key, version, &shared)
        }
        StackId::RustlsAwsLcRs | StackId::RustlsRing => {
            let usable: Vec<_> = accepted
                .filter(|scheme| version == ProtocolVersion::TLS1_2 || is_for_tls13(*scheme))
                .collect();
            rustls_choice(credential.key, &usable)
        }
    }?;
    Some((credential, Some(scheme)))
}
