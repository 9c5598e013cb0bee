//! What today's stacks are known to do otherwise than the RFCs ask.

use std::sync::LazyLock;

use super::Deviation;
use super::Library::{Openssl, Rustls};
use crate::model::traits::Change;
use crate::model::traits::openssl::CHECKS_STAPLES;
use crate::model::traits::rustls::HOLDS_SECOND_HELLO_TO_FIRST;

/// Those of the linked versions. Each is documented in the stack's source, where the model cites it.
pub static DECLARED: LazyLock<Vec<Deviation>> = LazyLock::new(|| {
    let brought = BROUGHT.iter().filter(|(change, _)| change.is_in());
    ALWAYS
        .iter()
        .chain(brought.map(|(_, deviation)| deviation))
        .copied()
        .collect()
});

/// In every version that we know.
const ALWAYS: &[Deviation] = &[
    // server/hs.rs looks for signature_algorithms before it looks at the version.
    Deviation {
        library: Rustls,
        rule: "version",
        deed: "sends handshake_failure",
    },
    // server/tls13.rs, `KeyShareExtensionRequired`, and server/hs.rs,
    // `SignatureAlgorithmsExtensionRequired`.
    Deviation {
        library: Rustls,
        rule: "missing-extension",
        deed: "sends handshake_failure",
    },
    // server/hs.rs looks for no TLS_FALLBACK_SCSV.
    Deviation {
        library: Rustls,
        rule: "fallback-ignored",
        deed: "goes on",
    },
    // server/tls12.rs, `emit_server_kx`: an error without an alert.
    Deviation {
        library: Rustls,
        rule: "parameters",
        deed: "sends no alert",
    },
    // server/hs.rs, `access_denied` wherever no certificate is resolved.
    Deviation {
        library: Rustls,
        rule: "server-name",
        deed: "sends access_denied",
    },
    Deviation {
        library: Rustls,
        rule: "server-name-missing",
        deed: "sends access_denied",
    },
    // ssl/statem/extensions.c, `final_server_name`, has what the callback says.
    Deviation {
        library: Openssl,
        rule: "server-name-missing",
        deed: "sends unrecognized_name",
    },
    // ssl/ssl_sess.c, `ssl_get_prev_session`, looks at no name.
    Deviation {
        library: Openssl,
        rule: "resumption-name",
        deed: "resumes it",
    },
    // client/tls13.rs: `NoCertificatesPresented` without an alert (rustls pull request 2649).
    Deviation {
        library: Rustls,
        rule: "no-server-certificate",
        deed: "sends no alert",
    },
    // src/error.rs, `From<CertificateError>`.
    Deviation {
        library: Rustls,
        rule: "chain-signature",
        deed: "sends decrypt_error",
    },
    Deviation {
        library: Rustls,
        rule: "impostor",
        deed: "sends decrypt_error",
    },
    Deviation {
        library: Rustls,
        rule: "weak-digest",
        deed: "sends decrypt_error",
    },
    // server/tls12.rs and tls13.rs have one alert for both versions.
    Deviation {
        library: Rustls,
        rule: "client-certificate-1.2",
        deed: "sends certificate_required",
    },
    // webpki looks at keyUsage of no certificate (verify_cert.rs).
    Deviation {
        library: Rustls,
        rule: "certificate-signing",
        deed: "accepts it",
    },
    // server/hs.rs and tls12.rs hold no key against supported_groups.
    Deviation {
        library: Rustls,
        rule: "curve-of-key",
        deed: "uses a key on another curve",
    },
    // client/hs.rs filters post-quantum groups out without asking whether any is left.
    Deviation {
        library: Rustls,
        rule: "empty-list-sent",
        deed: "sends an empty list of groups",
    },
    // client/hs.rs and server/tls13.rs send what the verifier lists, if it lists nothing too.
    Deviation {
        library: Rustls,
        rule: "empty-list-sent",
        deed: "sends an empty list of signature schemes",
    },
    // client/tls13.rs, `ExpectCertificateRequest`.
    Deviation {
        library: Rustls,
        rule: "no-suitable-certificate",
        deed: "fails",
    },
    // server/hs.rs, `process_cert_type_extension`.
    Deviation {
        library: Rustls,
        rule: "certificate-type",
        deed: "sends handshake_failure",
    },
    // ssl/statem/statem_lib.c, `is_tls13_capable`: TLS 1.3 is switched off instead.
    Deviation {
        library: Openssl,
        rule: "parameters",
        deed: "sends protocol_version",
    },
    // ssl/statem/statem_clnt.c, `tls_process_certificate_request`.
    Deviation {
        library: Openssl,
        rule: "empty-list",
        deed: "sends internal_error",
    },
    // ssl/statem/statem_lib.c, `x509table`.
    Deviation {
        library: Openssl,
        rule: "dates",
        deed: "sends bad_certificate",
    },
    Deviation {
        library: Openssl,
        rule: "chain-signature",
        deed: "sends decrypt_error",
    },
    // crypto/x509/v3_utl.c, `do_x509_check`, without X509_CHECK_FLAG_NEVER_CHECK_SUBJECT.
    Deviation {
        library: Openssl,
        rule: "common-name",
        deed: "accepts it",
    },
    // crypto/x509/v3_utl.c, `valid_star`, without X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS.
    Deviation {
        library: Openssl,
        rule: "wildcard",
        deed: "accepts it",
    },
    // A callback for ALPN that answers SSL_TLSEXT_ERR_NOACK.
    Deviation {
        library: Openssl,
        rule: "alpn-ignored",
        deed: "goes on, if it is told to",
    },
    // msgs/message/outbound.rs, `MessageTooLarge`, is an error of syntax like others
    // (conn.rs, `handle_deframe_error`).
    Deviation {
        library: Rustls,
        rule: "oversize",
        deed: "sends decode_error",
    },
];

/// With the change that brought each.
const BROUGHT: &[(Change, Deviation)] = &[
    // crypto/x509/x509_vfy.c has one error for all that a checked staple can fail with, and the table
    // of alerts none for it.
    (
        CHECKS_STAPLES,
        Deviation {
            library: Openssl,
            rule: "staple-revoked",
            deed: "sends certificate_unknown",
        },
    ),
    (
        CHECKS_STAPLES,
        Deviation {
            library: Openssl,
            rule: "staple",
            deed: "sends certificate_unknown",
        },
    ),
    // server/tls13.rs, `MissingPskExtensionInSecondClientHello`.
    (
        HOLDS_SECOND_HELLO_TO_FIRST,
        Deviation {
            library: Rustls,
            rule: "psk-withdrawn",
            deed: "refuses",
        },
    ),
];
