//! Where rustls and OpenSSL are known to take the same ServerHello or HelloRetryRequest differently, beside what is in
//! `differences.rs`; `bytes_to_client` has a seed for each. Paths are of rustls 0.23.46's `rustls/src/` and of
//! OpenSSL 3.6.3.

use super::differences::{Difference, Family};
use crate::fuzz::client_hello::differences::KNOWN_TO_OPENSSL;

pub(in crate::fuzz) static AT_A_HELLO: [Difference; 8] = [
    Difference {
        onward: Family::Openssl,
        native: OF_UNKNOWN_TWICE,
        reason: "OpenSSL passes over an extension that it does not know, however often it comes \
            (ssl/statem/extensions.c, `tls_collect_extensions`); there must be one of a type (RFC 8446 §4.2).",
        link: "https://github.com/openssl/openssl/blob/openssl-3.6.3/ssl/statem/extensions.c",
    },
    Difference {
        onward: Family::Openssl,
        native: UNREADABLE,
        reason: "rustls reads encrypted_client_hello and ticket_request before it knows whether it has asked for \
            them (msgs/handshake.rs, `ServerExtensions`); OpenSSL 3.6 knows neither.",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/msgs/handshake.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerMisbehaved(IllegalHelloRetryRequestWithInvalidEch)",
        reason: "encrypted_client_hello again, in a HelloRetryRequest (client/hs.rs, \
            `handle_hello_retry_request`).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/client/hs.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "InvalidMessage(IllegalEmptyValue)",
        reason: "OpenSSL takes a HelloRetryRequest's cookie that is empty (ssl/statem/extensions_clnt.c, \
            `tls_parse_stoc_cookie`), which must have a byte at least (RFC 8446 §4.2.2).",
        link: "https://www.rfc-editor.org/rfc/rfc8446#section-4.2.2",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerMisbehaved(ServerEchoedCompatibilitySessionId)",
        reason: "A client that would take TLS 1.3 offers a session id of no session (RFC 8446 §D.4), which no \
            server of TLS 1.2 can know: rustls refuses its echo (client/tls12.rs, `handle_server_hello`), \
            OpenSSL looks whether it has such a session, and goes on without (ssl/statem/statem_clnt.c, \
            `tls_process_server_hello`).",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/client/tls12.rs",
    },
    Difference {
        onward: Family::Openssl,
        native: "PeerMisbehaved(ServerHelloMustOfferUncompressedEcPoints)",
        reason: "A server's ec_point_formats must have the uncompressed one (RFC 8422 §5.2); OpenSSL looks only \
            where the client was given a list of its own (ssl/statem/extensions.c, `final_ec_pt_formats`).",
        link: "https://www.rfc-editor.org/rfc/rfc8422#section-5.2",
    },
    Difference {
        onward: Family::Rustls,
        native: "BAD_PROTOCOL_VERSION_NUMBER",
        reason: "rustls looks at supported_versions only beside a legacy_version of TLS 1.2, and takes TLS 1.3 for \
            a legacy_version (client/hs.rs, `ExpectServerHello`), where it must be TLS 1.2 (RFC 8446 §4.1.3); \
            OpenSSL takes what supported_versions says.",
        link: "https://github.com/rustls/rustls/blob/v/0.23.46/rustls/src/client/hs.rs",
    },
    Difference {
        onward: Family::Rustls,
        native: "INAPPROPRIATE_FALLBACK",
        reason: "Of the two values that tell of a downgrade in a ServerHello's random, rustls knows TLS 1.2's \
            (client/tls12.rs, `handle_server_hello`); that of TLS 1.1 and below must be looked for too (RFC 8446 \
            §4.1.3).",
        link: "https://www.rfc-editor.org/rfc/rfc8446#section-4.1.3",
    },
];

/// Which of them it is, where the stack's own word does not say it.
pub(super) fn named<'a>(native: &'a str, told: &[u8]) -> &'a str {
    let twice = native
        .strip_prefix("InvalidMessage(DuplicateExtension(")
        .and_then(|rest| rest.strip_suffix("))")?.parse().ok());
    if twice.is_some_and(|kind| !KNOWN_TO_OPENSSL.contains(&kind)) {
        OF_UNKNOWN_TWICE
    } else if READ_BY_RUSTLS
        .iter()
        .any(|(kind, errors)| errors.contains(&native) && has_extension(told, *kind))
    {
        UNREADABLE
    } else {
        native
    }
}

/// Whether the first record's message is a server's hello with such an extension.
fn has_extension(told: &[u8], kind: u16) -> bool {
    let word = |at: usize| Some(u16::from_be_bytes([*told.get(at)?, *told.get(at + 1)?]));
    let Some(session_id) = told.get(SESSION_ID) else {
        return false;
    };
    // Behind the session id come the suite, the compression and the extensions' length.
    let mut at = SESSION_ID + 1 + usize::from(*session_id) + 2 + 1 + 2;
    while let (Some(own), Some(length)) = (word(at), word(at + 2)) {
        if own == kind {
            return true;
        }
        at += 4 + usize::from(length);
    }
    false
}

/// Behind the heads of a record and of a message, the version and the random.
const SESSION_ID: usize = 5 + 4 + 2 + 32;
const OF_UNKNOWN_TWICE: &str = "DuplicateExtension, of one that OpenSSL does not know";
const UNREADABLE: &str = "an extension that OpenSSL does not know cannot be read";
/// Extensions that rustls knows in a ServerHello and OpenSSL does not, with what rustls says where it cannot read them:
/// ticket_request (RFC 9149 §3) and encrypted_client_hello.
const READ_BY_RUSTLS: [(u16, &[&str]); 2] = [
    (
        58,
        &[
            "InvalidMessage(MissingData(\"u8\"))",
            "InvalidMessage(TrailingData(\"ServerExtensions\"))",
        ],
    ),
    (
        0xfe0d,
        &[
            "InvalidMessage(MessageTooShort)",
            "InvalidMessage(MissingData(\"EchVersion\"))",
            "InvalidMessage(MissingData(\"u16\"))",
            "InvalidMessage(TrailingData(\"ServerExtensions\"))",
        ],
    ),
];
