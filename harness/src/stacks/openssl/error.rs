//! From OpenSSL's error queue to failures.
//!
//! The first error that the SSL library itself queued tells what happened: what other libraries queued
//! before it depends on the bytes at hand (a damaged signature may or may not parse), what comes after
//! is the record layer's echo. Where the SSL library queued none, the first error counts.

use openssl::error::{Error as Queued, ErrorStack};
use openssl::ssl::{Error, ErrorCode, SslRef};
use openssl::x509::X509VerifyResult;

use super::trace;
use crate::connection::{Failure, Reason};
use crate::iana::AlertDescription;

/// The failure of a connection; `heard` is whether it has received anything.
pub(super) fn connection(error: &Error, ssl: &SslRef, heard: bool) -> Failure {
    match error.ssl_error() {
        Some(errors) => match errors.errors().iter().find_map(|e| Some((e, alert(e)?))) {
            Some((own, alert)) if !received(ssl, alert) => {
                plain(reason(&name(own), heard), &name(own), &text(own))
            }
            _ => connection_failure(errors, ssl.verify_result(), heard),
        },
        None if error.code() == ErrorCode::SYSCALL => plain(
            Reason::Truncated,
            "SYSCALL_EOF",
            "SSL_ERROR_SYSCALL: the input ended without close_notify",
        ),
        None if error.code() == ErrorCode::ZERO_RETURN => plain(
            Reason::UnexpectedMessage,
            "ZERO_RETURN",
            "SSL_ERROR_ZERO_RETURN: close_notify before the handshake was done",
        ),
        None => plain(
            Reason::Unmapped,
            &format!("SSL_ERROR_{}", error.code().as_raw()),
            &format!("SSL_get_error says {}", error.code().as_raw()),
        ),
    }
}

/// The failure to take a configuration.
pub(super) fn configuration(errors: &ErrorStack) -> Failure {
    Failure {
        reason: Reason::Configuration,
        ..library(errors)
    }
}

/// The failure of a call outside the handshake.
pub(super) fn library(errors: &ErrorStack) -> Failure {
    connection_failure(errors, X509VerifyResult::OK, true)
}

/// A label of an exporter that is not UTF-8, which the `openssl` crate has no way to say.
pub(super) fn label_is_not_text() -> Failure {
    plain(
        Reason::Internal,
        "LABEL_IS_NOT_TEXT",
        "the label is not UTF-8",
    )
}

fn connection_failure(errors: &ErrorStack, verified: X509VerifyResult, heard: bool) -> Failure {
    let queue = errors.errors();
    let from_ssl = queue.iter().find(|e| e.library_code() == LIBRARY_SSL);
    let Some(error) = from_ssl.or_else(|| queue.first()) else {
        return plain(
            Reason::Unmapped,
            "REFUSED_WITHOUT_ERROR",
            "OpenSSL refused and queued no error",
        );
    };
    let text = text(error);
    if let Some(alert) = alert(error) {
        return plain(
            Reason::AlertReceived(alert),
            &format!("ALERT_RECEIVED({alert})"),
            &text,
        );
    }
    let name = name(error);
    if name == "CERTIFICATE_VERIFY_FAILED" {
        return plain(
            Reason::Certificate,
            &format!("{name}({})", verified.as_raw()),
            &format!("{text}:{}", verified.error_string()),
        );
    }
    let reason = if from_ssl.is_some() {
        reason(&name, heard)
    } else {
        Reason::Unmapped
    };
    plain(reason, &name, &text)
}

fn plain(reason: Reason, native: &str, text: &str) -> Failure {
    Failure {
        reason,
        native: native.to_owned(),
        text: text.to_owned(),
    }
}

/// The description of an alert that was received, which OpenSSL numbers from 1000 on
/// (`SSL_AD_REASON_OFFSET`): the names of these reasons change between versions.
fn alert(error: &Queued) -> Option<AlertDescription> {
    let description = error.reason_code().checked_sub(ALERT_OFFSET)?;
    (error.library_code() == LIBRARY_SSL)
        .then(|| u8::try_from(description).ok().map(AlertDescription))
        .flatten()
}

/// Whether the alert has come in. OpenSSL has its own errors with the reasons of alerts too, such as for
/// a stapled response that is none (ssl/statem/statem_clnt.c, `tls_process_cert_status_body`).
fn received(ssl: &SslRef, alert: AlertDescription) -> bool {
    trace::seen(ssl).is_none_or(|seen| seen.alerts_received.contains(&alert))
}

/// The reason as its constant is named, but for the few whose text differs from their name.
fn name(error: &Queued) -> String {
    match error.reason() {
        Some(reason) => reason
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() {
                    c.to_ascii_uppercase()
                } else {
                    '_'
                }
            })
            .collect(),
        None => format!("REASON_{}", error.reason_code()),
    }
}

/// What `ERR_error_string` prints, and the data that goes with it; no file, no line.
fn text(error: &Queued) -> String {
    let mut text = format!(
        "error:{:08X}:{}::{}",
        error.code(),
        error.library().unwrap_or_default(),
        error.reason().unwrap_or_default(),
    );
    if let Some(data) = error.data().filter(|data| !data.is_empty()) {
        text.push(':');
        text.push_str(data);
    }
    text
}

/// The reasons that a handshake, a record or an alert can fail for (`SSLfatal` in `ssl/statem`,
/// `ssl/record` and `ssl/*.c`); what is not listed is not guessed at.
fn reason(name: &str, heard: bool) -> Reason {
    match name {
        "NO_CIPHERS_AVAILABLE" | "NO_PROTOCOLS_AVAILABLE" | "NO_SUITABLE_GROUPS" => {
            Reason::Configuration
        }
        // A client without a group that fits its versions fails before it speaks.
        "NO_SUITABLE_KEY_SHARE" if !heard => Reason::Configuration,
        "UNEXPECTED_EOF_WHILE_READING" => Reason::Truncated,
        "BAD_LEGACY_VERSION"
        | "INAPPROPRIATE_FALLBACK"
        | "SSL_SESSION_VERSION_MISMATCH"
        | "UNKNOWN_PROTOCOL"
        | "UNSUPPORTED_PROTOCOL"
        | "UNSUPPORTED_SSL_VERSION"
        | "VERSION_TOO_HIGH"
        | "VERSION_TOO_LOW"
        | "WRONG_SSL_VERSION" => Reason::Version,
        "NO_SHARED_CIPHER" | "UNKNOWN_CIPHER_RETURNED" | "WRONG_CIPHER_RETURNED" => Reason::Suite,
        "BAD_ECPOINT"
        | "BAD_KEY_SHARE"
        | "MISSING_SUPPORTED_GROUPS_EXTENSION"
        | "NO_SUITABLE_KEY_SHARE"
        | "UNSUPPORTED_ELLIPTIC_CURVE"
        | "WRONG_CURVE" => Reason::Group,
        "MISSING_SIGALGS_EXTENSION"
        | "NO_SHARED_SIGNATURE_ALGORITHMS"
        | "NO_SUITABLE_DIGEST_ALGORITHM"
        | "NO_SUITABLE_SIGNATURE_ALGORITHM"
        | "UNKNOWN_DIGEST"
        | "WRONG_SIGNATURE_TYPE" => Reason::SignatureScheme,
        "NO_APPLICATION_PROTOCOL" => Reason::Alpn,
        // Of the callbacks that this adapter sets, only the one for server names can fail so.
        "CALLBACK_FAILED" => Reason::ServerName,
        // Without a verification of its own: a certificate that cannot be read.
        "ASN1_LIB"
        | "BAD_ECC_CERT"
        | "MISSING_SIGNING_CERT"
        | "MISSING_RSA_ENCRYPTING_CERT"
        | "DH_KEY_TOO_SMALL"
        | "EE_KEY_TOO_SMALL"
        | "CA_KEY_TOO_SMALL"
        | "CA_MD_TOO_WEAK"
        | "SIGNATURE_FOR_NON_SIGNING_CERTIFICATE"
        | "UNKNOWN_CERTIFICATE_TYPE"
        | "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE"
        | "WRONG_CERTIFICATE_TYPE" => Reason::Certificate,
        "NO_CERTIFICATES_RETURNED" | "PEER_DID_NOT_RETURN_A_CERTIFICATE" => Reason::NoCertificate,
        "BAD_SIGNATURE" => Reason::Signature,
        "BINDER_DOES_NOT_VERIFY"
        | "DECRYPTION_FAILED"
        | "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"
        | "DIGEST_CHECK_FAILED" => Reason::Decrypt,
        _ if DECODE.contains(&name) => Reason::Decode,
        _ if UNEXPECTED_MESSAGE.contains(&name) => Reason::UnexpectedMessage,
        _ if ILLEGAL_PARAMETER.contains(&name) => Reason::IllegalParameter,
        _ if INTERNAL.contains(&name) => Reason::Internal,
        _ => Reason::Unmapped,
    }
}

const DECODE: &[&str] = &[
    "BAD_CERTIFICATE",
    "BAD_DATA",
    "BAD_DECOMPRESSION",
    "BAD_DIGEST_LENGTH",
    "BAD_EXTENSION",
    "BAD_KEY_UPDATE",
    "BAD_LENGTH",
    "BAD_PACKET",
    "BAD_VALUE",
    "CA_DN_LENGTH_MISMATCH",
    "CERT_LENGTH_MISMATCH",
    "COMPRESSED_LENGTH_TOO_LONG",
    "DATA_LENGTH_TOO_LONG",
    "DH_PUBLIC_VALUE_LENGTH_IS_WRONG",
    "EMPTY_RAW_PUBLIC_KEY",
    "ENCRYPTED_LENGTH_TOO_LONG",
    "ERROR_IN_RECEIVED_CIPHER_LIST",
    "EXCESSIVE_MESSAGE_SIZE",
    "EXTRA_DATA_IN_MESSAGE",
    "HTTPS_PROXY_REQUEST",
    "HTTP_REQUEST",
    "INVALID_CONTEXT",
    "INVALID_STATUS_RESPONSE",
    "LENGTH_MISMATCH",
    "LENGTH_TOO_LONG",
    "LENGTH_TOO_SHORT",
    "NO_COMPRESSION_SPECIFIED",
    "NO_CIPHERS_SPECIFIED",
    "PACKET_LENGTH_TOO_LONG",
    "POST_HANDSHAKE_AUTH_ENCODING_ERR",
    "RECORD_LENGTH_MISMATCH",
    "RENEGOTIATION_ENCODING_ERR",
    "SIGNATURE_ALGORITHMS_ERROR",
    "SSL3_SESSION_ID_TOO_LONG",
    "UNSUPPORTED_STATUS_TYPE",
    "WRONG_VERSION_NUMBER",
];

const UNEXPECTED_MESSAGE: &[&str] = &[
    "APPLICATION_DATA_AFTER_CLOSE_NOTIFY",
    "APP_DATA_IN_HANDSHAKE",
    "BAD_CHANGE_CIPHER_SPEC",
    "BAD_RECORD_TYPE",
    "CCS_RECEIVED_EARLY",
    "DATA_BETWEEN_CCS_AND_FINISHED",
    "GOT_A_FIN_BEFORE_A_CCS",
    "INVALID_ALERT",
    "INVALID_CCS_MESSAGE",
    "MIXED_HANDSHAKE_AND_NON_HANDSHAKE_DATA",
    "NOT_ON_RECORD_BOUNDARY",
    "NO_RENEGOTIATION",
    "RECORD_TOO_SMALL",
    "TOO_MANY_KEY_UPDATES",
    "TOO_MANY_WARN_ALERTS",
    "UNEXPECTED_CCS_MESSAGE",
    "UNEXPECTED_MESSAGE",
    "UNEXPECTED_RECORD",
    "UNKNOWN_ALERT_TYPE",
];

const ILLEGAL_PARAMETER: &[&str] = &[
    "ATTEMPT_TO_REUSE_SESSION_IN_DIFFERENT_CONTEXT",
    "BAD_CIPHER",
    "BAD_COMPRESSION_ALGORITHM",
    "BAD_DH_VALUE",
    "BAD_EARLY_DATA",
    "BAD_PROTOCOL_VERSION_NUMBER",
    "BAD_PSK_IDENTITY",
    "CIPHERSUITE_DIGEST_HAS_CHANGED",
    "COMPRESSION_DISABLED",
    "COOKIE_MISMATCH",
    "ILLEGAL_POINT_COMPRESSION",
    "INCONSISTENT_COMPRESSION",
    "INCONSISTENT_EXTMS",
    "INVALID_COMPRESSION_ALGORITHM",
    "INVALID_MAX_EARLY_DATA",
    "INVALID_SESSION_ID",
    "MISSING_PSK_KEX_MODES_EXTENSION",
    "MISSING_SUPPORTED_VERSIONS_EXTENSION",
    "NO_CHANGE_FOLLOWING_HRR",
    "OLD_SESSION_CIPHER_NOT_RETURNED",
    "OLD_SESSION_COMPRESSION_ALGORITHM_NOT_RETURNED",
    "RENEGOTIATION_MISMATCH",
    "REQUIRED_CIPHER_MISSING",
    "REQUIRED_COMPRESSION_ALGORITHM_MISSING",
    "SCSV_RECEIVED_WHEN_RENEGOTIATING",
    "SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH",
    "TLS_INVALID_ECPOINTFORMAT_LIST",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
    "UNSOLICITED_EXTENSION",
    "UNSUPPORTED_COMPRESSION_ALGORITHM",
];

const INTERNAL: &[&str] = &[
    "BAD_HANDSHAKE_LENGTH",
    "BAD_HANDSHAKE_STATE",
    "BIO_LIB",
    "BN_LIB",
    "BUF_LIB",
    "COPY_PARAMETERS_FAILED",
    "CRYPTO_LIB",
    "EC_LIB",
    "EVP_LIB",
    "INTERNAL_ERROR",
    "INVALID_RECORD",
    "LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED",
    "LIBRARY_BUG",
    "MALLOC_FAILURE",
    "MISSING_FATAL",
    "NO_SUITABLE_RECORD_LAYER",
    "RAND_LIB",
    "SEQUENCE_CTR_WRAPPED",
    "SESSION_ID_CONTEXT_UNINITIALIZED",
    "SSL_LIB",
    "UNABLE_TO_FIND_ECDH_PARAMETERS",
    "UNABLE_TO_FIND_PUBLIC_KEY_PARAMETERS",
    "X509_LIB",
];

const ALERT_OFFSET: i32 = 1000;

/// `ERR_LIB_SSL`.
const LIBRARY_SSL: i32 = 20;
