//! From rustls's errors to failures.

use rustls::client::VerifierBuilderError;
use rustls::{CertificateError, Error, PeerIncompatible, PeerMisbehaved};

use crate::connection::{Failure, Reason};
use crate::iana::AlertDescription;

pub(super) fn failure_of(error: &Error) -> Failure {
    Failure {
        reason: reason_of(error),
        native: native_of(error),
        text: error.to_string(),
    }
}

pub(super) fn verifier_failure(error: &VerifierBuilderError) -> Failure {
    Failure {
        reason: Reason::Configuration,
        native: variant(&format!("{error:?}")).to_owned(),
        text: error.to_string(),
    }
}

/// The same failure, met while the configuration was made.
pub(super) fn config_failure(failure: Failure) -> Failure {
    Failure {
        // What has no word of ours keeps none.
        reason: match failure.reason {
            Reason::Unmapped => Reason::Unmapped,
            _ => Reason::Configuration,
        },
        ..failure
    }
}

fn reason_of(error: &Error) -> Reason {
    match error {
        Error::AlertReceived(alert) => Reason::AlertReceived(AlertDescription(u8::from(*alert))),
        Error::InvalidCertificate(CertificateError::BadSignature)
        | Error::InvalidCertificate(_)
        | Error::InvalidCertRevocationList(_) => Reason::Certificate,
        Error::NoCertificatesPresented => Reason::NoCertificate,
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            Reason::UnexpectedMessage
        }
        Error::InvalidMessage(_) | Error::PeerSentOversizedRecord => Reason::Decode,
        Error::DecryptError => Reason::Decrypt,
        Error::PeerIncompatible(incompatible) => incompatible_reason(incompatible),
        Error::PeerMisbehaved(misbehaved) => misbehaved_reason(misbehaved),
        Error::NoApplicationProtocol => Reason::Alpn,
        Error::InconsistentKeys(_) => Reason::Configuration,
        Error::General(text) => match text.as_str() {
            "no server certificate chain resolved" => Reason::ServerName,
            "incompatible signing key" => Reason::SignatureScheme,
            "no usable cipher suites configured"
            | "no kx groups configured"
            | "failed to parse private key as RSA, ECDSA, or EdDSA" => Reason::Configuration,
            _ => Reason::Unmapped,
        },
        Error::EncryptError
        | Error::FailedToGetCurrentTime
        | Error::FailedToGetRandomBytes
        | Error::HandshakeNotComplete => Reason::Internal,
        _ => Reason::Unmapped,
    }
}

fn incompatible_reason(incompatible: &PeerIncompatible) -> Reason {
    use PeerIncompatible as I;
    match incompatible {
        I::SupportedVersionsExtensionRequired
        | I::Tls12NotOffered
        | I::Tls12NotOfferedOrEnabled
        | I::ServerDoesNotSupportTls12Or13
        | I::ServerTlsVersionIsDisabledByOurConfig => Reason::Version,
        I::NoCipherSuitesInCommon => Reason::Suite,
        I::NoKxGroupsInCommon
        | I::NamedGroupsExtensionRequired
        | I::KeyShareExtensionRequired
        | I::EcPointsExtensionRequired
        | I::NoEcPointFormatsInCommon
        | I::UncompressedEcPointsRequired => Reason::Group,
        I::NoSignatureSchemesInCommon
        | I::NoCertificateRequestSignatureSchemesInCommon
        | I::SignatureAlgorithmsExtensionRequired => Reason::SignatureScheme,
        I::ExtendedMasterSecretExtensionRequired | I::NullCompressionRequired => {
            Reason::IllegalParameter
        }
        I::IncorrectCertificateTypeExtension | I::UnsolicitedCertificateTypeExtension => {
            Reason::Certificate
        }
        _ => Reason::Unmapped,
    }
}

fn misbehaved_reason(misbehaved: &PeerMisbehaved) -> Reason {
    use PeerMisbehaved as M;
    match misbehaved {
        M::AttemptedDowngradeToTls12WhenTls13IsSupported
        | M::SelectedTls12UsingTls13VersionExtension => Reason::Version,
        M::SelectedUnofferedCipherSuite | M::SelectedUnusableCipherSuiteForVersion => Reason::Suite,
        M::SelectedUnofferedKxGroup
        | M::InvalidKeyShare
        | M::MissingKeyShare
        | M::WrongGroupForKeyShare => Reason::Group,
        M::SignedKxWithWrongAlgorithm | M::SignedHandshakeWithUnadvertisedSigScheme => {
            Reason::SignatureScheme
        }
        M::SelectedUnofferedApplicationProtocol => Reason::Alpn,
        M::ServerNameDifferedOnRetry | M::ServerNameMustContainOneHostName => Reason::ServerName,
        M::InvalidCertCompression | M::SelectedUnofferedCertCompression => Reason::Certificate,
        M::IllegalMiddleboxChangeCipherSpec
        | M::KeyEpochWithPendingFragment
        | M::MessageInterleavedWithHandshakeMessage => Reason::UnexpectedMessage,
        _ => Reason::IllegalParameter,
    }
}

/// The variants, without what they carry: contexts hold times and names that only matter to people.
fn native_of(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => {
            format!("InvalidCertificate({})", certificate_error(error))
        }
        Error::InappropriateMessage { got_type, .. } => {
            format!("InappropriateMessage({got_type:?})")
        }
        Error::InappropriateHandshakeMessage { got_type, .. } => {
            format!("InappropriateHandshakeMessage({got_type:?})")
        }
        Error::AlertReceived(alert) => {
            format!("AlertReceived({})", AlertDescription(u8::from(*alert)))
        }
        Error::General(text) => format!("General({text})"),
        other => format!("{other:?}"),
    }
}

fn certificate_error(error: &CertificateError) -> String {
    match error {
        CertificateError::Other(other) => format!("Other({})", variant(&format!("{:?}", other.0))),
        other => {
            let text = format!("{other:?}");
            let name = variant(&text);
            name.strip_suffix("Context").unwrap_or(name).to_owned()
        }
    }
}

/// The name at the head of a `Debug` text.
fn variant(debug: &str) -> &str {
    let end = debug
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(debug.len());
    &debug[..end]
}
