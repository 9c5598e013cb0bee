//! Where rustls and OpenSSL are known to take the same flight differently. Paths are of rustls 0.23.46's
//! `rustls/src/` and of OpenSSL 3.6.3.

use shakedown::wire::HELLO_RETRY_REQUEST_RANDOM;

use super::at_a_hello::{self, AT_A_HELLO};

/// One goes on where the other refuses.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::fuzz) struct Difference {
    pub(in crate::fuzz) onward: Family,
    /// What the one says that does not go on.
    pub(in crate::fuzz) native: &'static str,
    pub(in crate::fuzz) reason: &'static str,
    /// Where to read it.
    pub(in crate::fuzz) link: &'static str,
}

/// Whose client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fuzz) enum Family {
    Rustls,
    Openssl,
}

/// The one that is declared for this.
pub(in crate::fuzz) fn declared(onward: Family, native: &str) -> Option<&'static Difference> {
    DIFFERENCES
        .iter()
        .chain(&AT_A_HELLO)
        .find(|known| known.onward == onward && known.native == native)
}

/// What the one says that does not go on, and where: a suite is not wrong in the same way in a ServerHello.
pub(in crate::fuzz) fn named<'a>(native: &'a str, told: &[u8]) -> &'a str {
    let mut parts = told.windows(HELLO_RETRY_REQUEST_RANDOM.len());
    match native {
        "WRONG_CIPHER_RETURNED" if parts.any(|it| it == HELLO_RETRY_REQUEST_RANDOM) => {
            WRONG_SUITE_IN_RETRY
        }
        native => at_a_hello::named(native, told),
    }
}

const WRONG_SUITE_IN_RETRY: &str = "WRONG_CIPHER_RETURNED, in a HelloRetryRequest";

pub(super) static DIFFERENCES: [Difference; 32] = [
    Difference {
        onward: Family::Rustls,
        native: "UNSUPPORTED_PROTOCOL",
        reason: "With SSL 3.0 for legacy_version OpenSSL passes over supported_versions \
            (ssl/statem/extensions.c, `extension_is_relevant`), and refuses, as it must (RFC 8446 §D.5); \
            rustls does not look at the legacy_version of a HelloRetryRequest, which it knows by its random.",
        link: "https://www.rfc-editor.org/rfc/rfc8446#appendix-D.5",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(CertificatePayloadTooLarge)",
        reason: "rustls reads a Certificate as one of the version in its record's head (msgs/handshake.rs, \
            `read_version`), and one of TLS 1.2 in a record of version 0x0304 has another length then; \
            OpenSSL reads it as the ServerHello's version has it. RFC 8446 §5.1 has a record's version \
            ignored for all purposes.",
        link: "https://www.rfc-editor.org/rfc/rfc8446#section-5.1",
    },
    Difference {
        onward: Family::Openssl,
        native: "InappropriateHandshakeMessage(HelloRequest)",
        reason: "A HelloRequest is passed over while a handshake goes on (RFC 5246 §7.4.1.1); OpenSSL \
            does so in TLS 1.3 too, where there is none (ssl/statem/statem_lib.c, \
            `tls_get_message_header`). rustls waits for none before the handshake is done.",
        link: "https://www.rfc-editor.org/rfc/rfc5246#section-7.4.1.1",
    },
    Difference {
        onward: Family::Openssl,
        native: "InappropriateMessage(Handshake)",
        reason: "The same, behind ServerHelloDone, where rustls waits for a ChangeCipherSpec \
            (client/tls12.rs, `ExpectCcs`).",
        link: "https://www.rfc-editor.org/rfc/rfc5246#section-7.4.1.1",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(InvalidEmptyPayload)",
        reason: "OpenSSL passes over 32 empty records in a row, of any type \
            (ssl/record/methods/tls_common.c, MAX_EMPTY_RECORDS); rustls takes none but of \
            application data (msgs/message/outbound.rs, `read_opaque_message_header`; RFC 8446 \
            §5.1).",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/record/methods/tls_common.c",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(MissingData(\"u24\"))",
        reason: "OpenSSL takes a CertificateStatus that ends behind its type (ssl/statem/statem_clnt.c, \
            `tls_process_cert_status_body`: only what remains is read), against RFC 6066 §8.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_clnt.c",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(UnknownHelloRetryRequestExtension)",
        reason: "OpenSSL passes over an extension that it does not know (ssl/statem/extensions.c, \
            `verify_extension`); a client must refuse what it has not asked for (RFC 8446 §4.2).",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/extensions.c",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerMisbehaved(UnsolicitedServerHelloExtension)",
        reason: "The same in a ServerHello; or an extension that OpenSSL asks for and rustls does not, \
            as encrypt_then_mac.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/extensions.c",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerIncompatible(ServerDoesNotSupportTls12Or13)",
        reason: "With supported_versions in a ServerHello, OpenSSL does not look at legacy_version \
            (ssl/statem/statem_lib.c, `ssl_choose_client_version`), which must be TLS 1.2's (RFC \
            8446 §4.1.3).",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_lib.c",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerMisbehaved(IllegalMiddleboxChangeCipherSpec)",
        reason: "rustls passes over two ChangeCipherSpec in a handshake (common_state.rs, \
            `TemperCounters`), OpenSSL over 32 in a row; RFC 8446 §5 sets no bound.",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/common_state.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerMisbehaved(TooManyWarningAlertsReceived)",
        reason: "rustls passes over four warnings in a connection (common_state.rs, `TemperCounters`), OpenSSL over \
            four in a row (ssl/record/rec_layer_s3.c, MAX_WARN_ALERT_COUNT); no RFC sets a bound.",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/common_state.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(IllegalEmptyList(\"ClientCertificateTypes\"))",
        reason: "OpenSSL takes a CertificateRequest without certificate_types (ssl/statem/statem_clnt.c, \
            `tls_process_certificate_request`), of which there must be one (RFC 5246 §7.4.4).",
        link: "https://www.rfc-editor.org/rfc/rfc5246#section-7.4.4",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerMisbehaved(KeyEpochWithPendingFragment)",
        reason: "OpenSSL answers at ServerHelloDone, and looks at what comes behind it later; rustls \
            wants the record to end there, for the keys change (client/tls12.rs, \
            `check_aligned_handshake`).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/client/tls12.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(HandshakePayloadTooLarge)",
        reason: "The same, where what is behind ServerHelloDone begins with a length that is too much: rustls reads \
            the heads of all messages that have come (msgs/deframer/handshake.rs, `coalesce`).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/msgs/deframer/handshake.rs",
    },
    Difference {
        onward: Family::Rustls,
        native: "ASN1_LIB",
        reason: "rustls hands on the names of a CertificateRequest as they are; OpenSSL reads them \
            (ssl/statem/statem_lib.c, `parse_ca_names`). Likewise a certificate that no path needs.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_lib.c",
    },
    Difference {
        onward: Family::Openssl,
        native: "AlertReceived",
        reason: "Behind a HelloRetryRequest rustls knows that this is TLS 1.3, where no warning is passed \
            over but user_canceled (common_state.rs, `process_alert`; RFC 8446 §6.2); OpenSSL knows it \
            from the ServerHello on (ssl/record/rec_layer_s3.c).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/common_state.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(TrailingData(\"Empty\"))",
        reason: "OpenSSL does not look at the content of extended_master_secret \
            (ssl/statem/extensions_clnt.c, `tls_parse_stoc_ems`), which must be empty (RFC 7627 §5.1).",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/extensions_clnt.c",
    },
    Difference {
        onward: Family::Rustls,
        native: "UNSAFE_LEGACY_RENEGOTIATION_DISABLED",
        reason: "A server need not know of renegotiation_info, and a client may go on without it (RFC 5746 \
            §3.4): rustls never renegotiates and does, OpenSSL does not unless it is told to \
            (ssl/statem/extensions.c, `final_renegotiate`).",
        link: "https://www.rfc-editor.org/rfc/rfc5746#section-3.4",
    },
    Difference {
        onward: Family::Rustls,
        native: "CERTIFICATE_VERIFY_FAILED, with a certificate twice",
        reason: "Of several certificates with an issuer's name OpenSSL goes on with the first that fits \
            (crypto/x509/x509_vfy.c, `get0_best_issuer_sk`), webpki tries each until a path verifies.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/crypto/x509/x509_vfy.c",
    },
    Difference {
        onward: Family::Rustls,
        native: "CA_DN_LENGTH_MISMATCH",
        reason: "The same, where bytes are left behind a name.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_lib.c",
    },
    Difference {
        onward: Family::Rustls,
        native: "CERT_LENGTH_MISMATCH",
        reason: "OpenSSL reads the DER of every certificate, and wants it to fill its place \
            (ssl/statem/statem_clnt.c, `tls_process_server_certificate`); rustls looks at none that the \
            path does not need.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_clnt.c",
    },
    Difference {
        onward: Family::Rustls,
        native: "BAD_EXTENSION",
        reason: "rustls passes over an extension that it has asked for, but knows in no ServerHello, \
            such as supported_groups (msgs/handshake.rs, `ServerExtensions`); a client must refuse \
            what does not belong there (RFC 8446 §4.2).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/msgs/handshake.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(TrailingData(\"HelloRetryRequestExtensions\"))",
        reason: "To rustls a HelloRetryRequest's random is enough, to OpenSSL it is one only with TLS 1.2 for \
            legacy_version: else a ServerHello, whose share is read to its end.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_clnt.c",
    },
    Difference {
        onward: Family::Rustls,
        native: "BAD_KEY_SHARE",
        reason: "rustls knows a HelloRetryRequest by its random alone (msgs/handshake.rs, \
            `read_version`), OpenSSL by legacy_version too (ssl/statem/statem_clnt.c, \
            `tls_process_server_hello`): another one makes it a ServerHello with a share of a \
            group without one.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_clnt.c",
    },
    Difference {
        onward: Family::Rustls,
        native: "BAD_RECORD_TYPE",
        reason: "rustls takes a warning user_canceled in the clear among sealed records, and opens a \
            sealed record whatever type its head says (msgs/message/inbound.rs): only the length \
            in its head is part of what is sealed (crypto/cipher.rs, `make_tls13_aad`). OpenSSL \
            takes none but application data (ssl/record/methods/tls13_meth.c, \
            `tls13_validate_record_header`; RFC 8446 §5.2).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/crypto/cipher.rs",
    },
    Difference {
        onward: Family::Rustls,
        native: "INVALID_SESSION_ID",
        reason: "rustls does not look at a ServerHello's legacy_session_id_echo (client/tls13.rs, \
            `handle_server_hello`), which must be the client's (RFC 8446 §4.1.3); it does in a \
            HelloRetryRequest.",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/client/tls13.rs",
    },
    Difference {
        onward: Family::Rustls,
        native: "NO_RENEGOTIATION",
        reason: "A warning no_renegotiation is one of four that rustls passes over (common_state.rs, \
            `process_alert`); OpenSSL always fails for it (ssl/record/rec_layer_s3.c).",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/record/rec_layer_s3.c",
    },
    Difference {
        onward: Family::Rustls,
        native: "RENEGOTIATION_MISMATCH",
        reason: "rustls reads renegotiation_info and does not hold it against anything \
            (msgs/handshake.rs); in an initial handshake it must be empty (RFC 5746 §3.4).",
        link: "https://www.rfc-editor.org/rfc/rfc5746#section-3.4",
    },
    Difference {
        onward: Family::Rustls,
        native: "TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE",
        reason: "OpenSSL reads a stapled response's DER at once (ssl/statem/statem_clnt.c, \
            `tls_process_cert_status_body`); rustls hands it to the verifier, and the one that \
            only asks for it does not look.",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/statem_clnt.c",
    },
    Difference {
        onward: Family::Rustls,
        native: WRONG_SUITE_IN_RETRY,
        reason: "rustls looks for a HelloRetryRequest's suite among all that it is configured with, of \
            whichever version (client/hs.rs, `handle_hello_retry_request`), OpenSSL among those it \
            has offered (ssl/statem/statem_clnt.c, `set_client_ciphersuite`).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/client/hs.rs",
    },
    Difference {
        onward: Family::Rustls,
        native: "WRONG_VERSION_NUMBER",
        reason: "rustls takes a record of any version that begins with 3 (msgs/message/outbound.rs, \
            `read_opaque_message_header`), OpenSSL once it knows the version none but its own \
            (ssl/record/methods/tls_common.c, tlsany_meth.c, tls13_meth.c), even where RFC 8446 \
            §5.1 has it ignored.",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/msgs/message/outbound.rs",
    },
    Difference {
        onward: Family::Rustls,
        native: "ZERO_RETURN",
        reason: "A warning close_notify that is not sealed closes nothing in rustls (common_state.rs, \
            `process_alert`: there may be no application data yet), and is one of four warnings; \
            OpenSSL is closed by it (ssl/record/rec_layer_s3.c).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/common_state.rs",
    },
];
