//! Where rustls and OpenSSL make something else of the same ClientHello, and why.

use std::collections::BTreeSet;

use shakedown::iana::ProtocolVersion;

use super::hello::Part::{self, Extension, LegacyVersion, RecordVersion, Suites};
use crate::fuzz::bytes::seen::{Answer, Seen};
use crate::model::traits::{openssl, rustls};

/// What a server did at a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fuzz) enum Did<'a> {
    /// It answered so.
    Answered(Answer),
    /// It waits for more.
    Waits,
    /// It refused, with this error and this alert, if any.
    Refused(&'a str, Option<u8>),
}

/// Whether that is what the end of the stream is to who waits.
fn is_the_end(failure: &str) -> bool {
    [rustls::TRUNCATED, openssl::truncated().0].contains(&failure)
}

impl<'a> Did<'a> {
    pub(in crate::fuzz) fn of(seen: &'a Seen) -> Self {
        match &seen.failure {
            Some(failure) if !is_the_end(failure) => {
                Self::Refused(failure, seen.alert().map(|[_, description]| description))
            }
            _ => seen.answer.map_or(Self::Waits, Self::Answered),
        }
    }

    fn answer(self) -> Option<Answer> {
        match self {
            Self::Answered(answer) => Some(answer),
            Self::Waits | Self::Refused(..) => None,
        }
    }
}

/// A declared difference: one stack refuses a hello that the other takes or wants more of.
#[derive(Debug)]
pub(in crate::fuzz) struct Difference {
    refuses: Refuses,
    /// How the refusing stack's error begins.
    error: &'static str,
    /// One of these parts must have been edited; where none stands here, the extension that the error
    /// names, which OpenSSL does not know.
    parts: &'static [Part],
    /// What the other answers.
    answer: Answers,
    #[cfg_attr(not(test), expect(dead_code, reason = "people read it"))]
    reason: &'static str,
    /// Where that stands.
    #[cfg_attr(not(test), expect(dead_code, reason = "people read it"))]
    source: &'static str,
}

impl Difference {
    fn concerns(&self, error: &str, parts: &BTreeSet<Part>) -> bool {
        if !self.parts.is_empty() {
            return self.parts.iter().any(|part| parts.contains(part));
        }
        let named = error[DUPLICATE.len()..].trim_end_matches(')').parse();
        named
            .is_ok_and(|kind| parts.contains(&Extension(kind)) && !KNOWN_TO_OPENSSL.contains(&kind))
    }
}

/// Answers to a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Any,
    /// Any, or none yet: the refusing stack does not wait for the whole hello.
    AnyOrNone,
    /// A ServerHello of TLS 1.2.
    Tls12,
    /// A HelloRetryRequest.
    Retry,
    Tls12OrRetry,
}

impl Answers {
    fn includes(self, answer: Option<Answer>) -> bool {
        let Some(answer) = answer else {
            return self == Self::AnyOrNone;
        };
        let tls12 = answer.version == ProtocolVersion::TLS1_2;
        match self {
            Self::Any | Self::AnyOrNone => true,
            Self::Tls12 => tls12,
            Self::Retry => answer.retry,
            Self::Tls12OrRetry => tls12 || answer.retry,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refuses {
    Rustls,
    OpenSsl,
}

/// The difference that one side's refusal comes under.
pub(in crate::fuzz) fn declared(
    rustls: Did<'_>,
    openssl: Did<'_>,
    parts: &BTreeSet<Part>,
) -> Result<Option<&'static Difference>, String> {
    let (refuses, error, answer) = match (rustls, openssl) {
        // In which order a stack looks at two faults is its own business.
        (Did::Answered(_), Did::Answered(_))
        | (Did::Waits, Did::Waits)
        | (Did::Refused(..), Did::Refused(..)) => return Ok(None),
        (Did::Refused(error, _), other) => (Refuses::Rustls, error, other.answer()),
        (other, Did::Refused(error, _)) => (Refuses::OpenSsl, error, other.answer()),
        _ => return Err(format!("rustls {rustls:?}, OpenSSL {openssl:?}")),
    };
    DIFFERENCES
        .iter()
        .find(|it| {
            it.refuses == refuses
                && error.starts_with(it.error)
                && error.starts_with(DUPLICATE) == (it.error == DUPLICATE)
                && it.concerns(error, parts)
                && it.answer.includes(answer)
        })
        .map(Some)
        .ok_or_else(|| format!("rustls {rustls:?}, OpenSSL {openssl:?}, {parts:?}"))
}

/// Each of them is met by a seed.
pub(super) static DIFFERENCES: &[Difference] = &[
    Difference {
        refuses: Refuses::OpenSsl,
        error: "BAD_LEGACY_VERSION",
        parts: &[LegacyVersion],
        answer: Answers::Any,
        reason: "OpenSSL refuses a legacy_version of SSL 3.0 or older, as a server must; rustls ignores it where \
            there are supported_versions",
        source: "RFC 8446 §D.5; ssl/statem/statem_lib.c, `ssl_choose_server_version`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "WRONG_VERSION_NUMBER",
        parts: &[RecordVersion],
        answer: Answers::AnyOrNone,
        reason: "rustls ignores the version of a first record, as it may; to OpenSSL the first byte must be 3, before \
            it waits for the rest of a message",
        source: "RFC 8446 §5.1; ssl/record/methods/tls_common.c, `rlayer_validate_record_header`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "ASN1_LIB",
        parts: &[CERTIFICATE_AUTHORITIES],
        answer: Answers::Any,
        reason: "OpenSSL takes the names apart, to rustls they are bytes",
        source: "RFC 8446 §4.2.4; ssl/statem/statem_lib.c, `parse_ca_names`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "BAD_EXTENSION",
        parts: UNREAD_BY_RUSTLS,
        answer: Answers::Any,
        reason: "a server of rustls does not know the extension, or does not look into it",
        source: "RFC 6066 §4, RFC 5764 §4.1.1, RFC 8446 §4.2; rustls msgs/handshake.rs, `ClientExtensions`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "BAD_EXTENSION",
        parts: &[Extension(0)],
        answer: Answers::Any,
        reason: "rustls passes over what comes behind a host name with another type; OpenSSL takes one name alone",
        source: "RFC 6066 §3; ssl/statem/extensions_srvr.c, `tls_parse_ctos_server_name`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH",
        parts: &[MAX_FRAGMENT_LENGTH],
        answer: Answers::Any,
        reason: "rustls does not know max_fragment_length",
        source: "RFC 6066 §4",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "POST_HANDSHAKE_AUTH_ENCODING_ERR",
        parts: &[Extension(49)],
        answer: Answers::Any,
        reason: "rustls does not know post_handshake_auth",
        source: "RFC 8446 §4.2.6",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "MISSING_PSK_KEX_MODES_EXTENSION",
        parts: &[PRE_SHARED_KEY],
        answer: Answers::Tls12OrRetry,
        reason: "rustls asks for the modes that belong to a PSK only where TLS 1.3 is chosen, and then behind a retry",
        source: "RFC 8446 §4.2.9; ssl/statem/extensions.c, `final_psk`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "BAD_KEY_SHARE",
        parts: &[SUPPORTED_GROUPS, KEY_SHARE],
        answer: Answers::Any,
        reason: "OpenSSL checks that shares are of groups that are offered, as a server may; rustls does not",
        source: "RFC 8446 §4.2.8; ssl/statem/extensions_srvr.c, `extract_keyshares`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "BAD_ECPOINT",
        parts: &[KEY_SHARE],
        answer: Answers::Retry,
        reason: "rustls asks for a share of the group that it likes best, and never looks at the one there is",
        source: "RFC 8446 §4.1.4; rustls server/hs.rs, `choose_suite_and_kx_group`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "NO_SHARED_CIPHER",
        parts: &[
            SUPPORTED_GROUPS,
            SIGNATURE_ALGORITHMS,
            SUPPORTED_VERSIONS,
            Suites,
        ],
        answer: Answers::Tls12,
        reason: "in TLS 1.2 OpenSSL wants the curve of its certificate among the groups of the client",
        source: "RFC 8422 §5.1; ssl/t1_lib.c, `tls1_check_cert_param`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "INAPPROPRIATE_FALLBACK",
        parts: &[Suites],
        answer: Answers::Tls12,
        reason: "rustls does not know TLS_FALLBACK_SCSV",
        source: "RFC 7507 §3; ssl/statem/statem_srvr.c, `tls_early_post_process_client_hello`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "RENEGOTIATION_MISMATCH",
        parts: &[RENEGOTIATION_INFO],
        answer: Answers::Tls12,
        reason: "rustls, which never renegotiates, does not look into renegotiation_info, which must be empty in a first \
            hello",
        source: "RFC 5746 §3.6; rustls server/hs.rs, `process_tls12`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "NO_SHARED_SIGNATURE_ALGORITHMS",
        parts: &[SIGNATURE_ALGORITHMS],
        answer: Answers::Retry,
        reason: "rustls asks for another share before it looks for a scheme",
        source: "RFC 8446 §4.1.4; rustls server/tls13.rs",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "NO_SUITABLE_SIGNATURE_ALGORITHM",
        parts: &[
            SIGNATURE_ALGORITHMS,
            SUPPORTED_GROUPS,
            SUPPORTED_VERSIONS,
            KEY_SHARE,
            Suites,
        ],
        answer: Answers::Retry,
        reason: "rustls asks for another share before it looks for a scheme",
        source: "RFC 8446 §4.1.4, §4.2.3; ssl/t1_lib.c, `check_cert_usable`",
    },
    Difference {
        refuses: Refuses::OpenSsl,
        error: "NO_SUITABLE_SIGNATURE_ALGORITHM",
        parts: &[SIGNATURE_ALGORITHMS_CERT],
        answer: Answers::Any,
        reason: "rustls does not know signature_algorithms_cert, with which the certificate must be signed",
        source: "RFC 8446 §4.2.3; ssl/t1_lib.c, `check_cert_usable`",
    },
    Difference {
        refuses: Refuses::Rustls,
        error: "PeerMisbehaved(ServerNameMustContainOneHostName)",
        parts: &[Extension(0)],
        answer: Answers::Any,
        reason: "rustls takes a host name for one only if its letters can be a DNS name's; to OpenSSL it is bytes",
        source: "RFC 6066 §3; rustls msgs/handshake.rs, `ServerNamePayload`",
    },
    Difference {
        refuses: Refuses::Rustls,
        error: "PeerIncompatible(NoSignatureSchemesInCommon)",
        parts: &[SIGNATURE_ALGORITHMS],
        answer: Answers::Tls12,
        reason: "in TLS 1.2 OpenSSL signs with SHA-224 too where nothing else is offered, of which rustls has no scheme",
        source: "RFC 5246 §7.4.1.4.1; ssl/t1_lib.c, `tls12_sigalgs`",
    },
    Difference {
        refuses: Refuses::Rustls,
        error: "General(incompatible signing key)",
        parts: &[
            SIGNATURE_ALGORITHMS,
            SUPPORTED_GROUPS,
            SUPPORTED_VERSIONS,
            Suites,
        ],
        answer: Answers::Tls12,
        reason: "in TLS 1.2 an ECDSA key of any curve may sign with any hash; a P-256 key of rustls's signs \
            with SHA-256 alone",
        source: "RFC 5246 §7.4.1.4.1; rustls server/tls12.rs",
    },
    Difference {
        refuses: Refuses::Rustls,
        error: DUPLICATE,
        parts: &[],
        answer: Answers::Any,
        reason: "OpenSSL sees that an extension comes twice only where it knows its type",
        source: "RFC 8446 §4.2; ssl/statem/extensions.c, `verify_extension`",
    },
    Difference {
        refuses: Refuses::Rustls,
        error: "InvalidMessage(",
        parts: &[ENCRYPTED_CLIENT_HELLO, OUTER_EXTENSIONS],
        answer: Answers::Any,
        reason: "rustls reads the extensions of Encrypted Client Hello, which OpenSSL does not know",
        source: "draft-ietf-tls-esni-25 §5; rustls msgs/handshake.rs, `ClientExtensions`",
    },
    Difference {
        refuses: Refuses::Rustls,
        error: "InvalidMessage(",
        parts: READ_LATE_BY_OPENSSL,
        answer: Answers::Any,
        reason: "OpenSSL reads an extension only where the version that was chosen has it, and some of them \
            not to their end; rustls reads all that it knows before it chooses",
        source: "ssl/statem/extensions.c, `tls_parse_extension`; rustls msgs/handshake.rs, `ClientExtensions`",
    },
];

const DUPLICATE: &str = "InvalidMessage(DuplicateExtension(";
const MAX_FRAGMENT_LENGTH: Part = Extension(1);
const SUPPORTED_GROUPS: Part = Extension(10);
const SIGNATURE_ALGORITHMS: Part = Extension(13);
const PRE_SHARED_KEY: Part = Extension(41);
const SUPPORTED_VERSIONS: Part = Extension(43);
const CERTIFICATE_AUTHORITIES: Part = Extension(47);
const SIGNATURE_ALGORITHMS_CERT: Part = Extension(50);
const KEY_SHARE: Part = Extension(51);
const RENEGOTIATION_INFO: Part = Extension(0xff01);
const OUTER_EXTENSIONS: Part = Extension(0xfd00);
const ENCRYPTED_CLIENT_HELLO: Part = Extension(0xfe0d);
/// max_fragment_length, srp, use_srtp, signature_algorithms_cert.
const UNREAD_BY_RUSTLS: &[Part] = &[
    MAX_FRAGMENT_LENGTH,
    Extension(12),
    Extension(14),
    SIGNATURE_ALGORITHMS_CERT,
];
/// ec_point_formats, the types of certificates, extended_master_secret, compress_certificate, early_data,
/// pre_shared_key, cookie, psk_key_exchange_modes, certificate_authorities, key_share, ticket_request, renegotiation_info.
const READ_LATE_BY_OPENSSL: &[Part] = &[
    Extension(11),
    Extension(19),
    Extension(20),
    Extension(23),
    Extension(27),
    Extension(42),
    Extension(44),
    PRE_SHARED_KEY,
    Extension(45),
    CERTIFICATE_AUTHORITIES,
    KEY_SHARE,
    Extension(58),
    RENEGOTIATION_INFO,
];
/// As `ext_defs` in ssl/statem/extensions.c has them.
pub(in crate::fuzz) const KNOWN_TO_OPENSSL: &[u16] = &[
    0, 1, 5, 10, 11, 12, 13, 14, 16, 18, 19, 20, 21, 22, 23, 27, 35, 41, 42, 43, 44, 45, 47, 49,
    50, 51, 13172, 65281,
];

#[cfg(test)]
mod tests {
    use shakedown::iana::CipherSuite;

    use super::*;

    #[test]
    fn every_difference_says_what_and_why() {
        for (number, it) in DIFFERENCES.iter().enumerate() {
            assert!(!it.reason.is_empty(), "{it:?}");
            assert!(
                it.source.contains("RFC") || it.source.contains(".rs"),
                "{it:?}"
            );
            let same = |other: &Difference| {
                (other.refuses, other.error, other.parts) == (it.refuses, it.error, it.parts)
            };
            assert_eq!(
                DIFFERENCES.iter().position(same),
                Some(number),
                "{it:?} twice"
            );
        }
    }

    #[test]
    fn another_part_another_error_and_the_other_stack_are_not_declared() {
        let answered = |retry| {
            Did::Answered(Answer {
                version: ProtocolVersion::TLS1_3,
                suite: CipherSuite::TLS_AES_128_GCM_SHA256,
                group: None,
                retry,
            })
        };
        let version = BTreeSet::from([LegacyVersion]);
        let refused = Did::Refused("BAD_LEGACY_VERSION", Some(70));
        assert!(declared(answered(false), refused, &version).is_ok_and(|it| it.is_some()));
        assert!(declared(answered(false), refused, &BTreeSet::from([Suites])).is_err());
        assert!(declared(refused, answered(false), &version).is_err());
        let twice = Did::Refused("InvalidMessage(DuplicateExtension(77))", Some(47));
        assert!(declared(twice, answered(false), &BTreeSet::from([Extension(77)])).is_ok());
        assert!(declared(twice, answered(false), &BTreeSet::from([Extension(78)])).is_err());
        // What is read late, but not so late.
        let share = Did::Refused("InvalidMessage(DuplicateExtension(51))", Some(47));
        assert!(declared(share, answered(false), &BTreeSet::from([Extension(51)])).is_err());
        let point = Did::Refused("BAD_ECPOINT", Some(47));
        assert!(declared(answered(true), point, &BTreeSet::from([KEY_SHARE])).is_ok());
        assert!(declared(answered(false), point, &BTreeSet::from([KEY_SHARE])).is_err());
        let known = Did::Refused("InvalidMessage(DuplicateExtension(10))", Some(47));
        assert!(declared(known, answered(false), &BTreeSet::from([Extension(10)])).is_err());
        let other = Did::Refused("BAD_EXTENSION", Some(50));
        assert!(declared(answered(false), other, &version).is_err());
        assert!(declared(answered(false), Did::Waits, &version).is_err());
        assert!(declared(Did::Waits, refused, &version).is_err());
        let first = Did::Refused("WRONG_VERSION_NUMBER", Some(70));
        assert!(declared(Did::Waits, first, &BTreeSet::from([RecordVersion])).is_ok());
        assert!(declared(Did::Waits, first, &version).is_err());
        assert!(declared(refused, other, &version).is_ok_and(|it| it.is_none()));
    }
}
