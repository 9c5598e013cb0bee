//! Which alert an RFC names for a failure.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription as A, ProtocolVersion as V};
use shakedown::outcome::{End, Outcome};
use shakedown::scenario::Scenario;

use super::{Breach, Rule, library};
use crate::model::{Cause as C, Expectation};

/// What in the alert of whoever finds fault breaks an RFC.
pub(super) fn breaches(
    scenario: &Scenario,
    expectation: &Expectation,
    outcome: &Outcome,
) -> Vec<Breach> {
    let (Some(cause), Some(detector)) = (expectation.cause, expectation.detector) else {
        return Vec::new();
    };
    let side = outcome.side(detector);
    // A configuration that is refused sends nothing.
    if !matches!(side.end, End::Failed(_)) {
        return Vec::new();
    }
    let sent = side.alert_sent.and_then(|alert| alert.description);
    RULES
        .iter()
        .filter(|named| {
            named.causes.contains(&cause)
                && named
                    .when
                    .holds(expectation.version, detector, side.established)
        })
        .filter(|named| !sent.is_some_and(|alert| named.alerts.contains(&alert)))
        .map(|named| Breach {
            library: library(scenario, detector),
            rule: &named.rule,
            deed: match sent {
                Some(alert) => format!("sends {alert}"),
                None => "sends no alert".into(),
            },
        })
        .collect()
}

pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().map(|named| &named.rule)
}

/// A rule that names an alert.
struct NamedAlert {
    rule: Rule,
    causes: &'static [C],
    when: When,
    alerts: &'static [A],
}

/// In which versions.
#[derive(Clone, Copy)]
enum When {
    Always,
    Tls13,
    /// And by the client.
    ByTls13Client,
    Before13,
    /// In the handshake: after a close_notify of its own a side sends nothing any more.
    NotDone,
}

impl When {
    fn holds(self, version: Option<V>, detector: Role, done: bool) -> bool {
        match self {
            Self::ByTls13Client => version == Some(V::TLS1_3) && detector == Role::Client,
            Self::Always => true,
            Self::NotDone => !done,
            Self::Tls13 => version == Some(V::TLS1_3),
            Self::Before13 => version.is_some_and(|version| version < V::TLS1_3),
        }
    }
}

const RULES: &[NamedAlert] = &[
    NamedAlert {
        rule: Rule {
            id: "version",
            citation: "RFC 8446 §4.2.1, §D.2, RFC 5246 §E.1",
            demand: "no common version is protocol_version",
        },
        causes: &[C::VersionMismatch, C::VersionLegacyClient],
        when: When::Always,
        alerts: &[A::protocol_version],
    },
    NamedAlert {
        rule: Rule {
            id: "downgrade",
            citation: "RFC 8446 §4.1.3",
            demand: "a marked downgrade is illegal_parameter",
        },
        causes: &[C::VersionDowngradeSentinel],
        when: When::Always,
        alerts: &[A::illegal_parameter],
    },
    NamedAlert {
        rule: Rule {
            id: "fallback",
            citation: "RFC 7507 §3",
            demand: "a fallback that is not needed is inappropriate_fallback",
        },
        causes: &[C::VersionFallbackScsv],
        when: When::Always,
        alerts: &[A::inappropriate_fallback],
    },
    NamedAlert {
        rule: Rule {
            id: "parameters",
            citation: "RFC 8446 §4.1.1, RFC 5246 §7.4.1.3",
            demand: "no common parameters are handshake_failure or insufficient_security",
        },
        causes: &[
            C::SuiteMismatch,
            C::SuiteKeyType,
            C::GroupMismatch,
            C::SigalgMismatch,
        ],
        when: When::Always,
        alerts: &[A::handshake_failure, A::insufficient_security],
    },
    NamedAlert {
        rule: Rule {
            id: "empty-list",
            citation: "RFC 8446 §6.2, RFC 5246 §7.2.2",
            demand: "a list that is shorter than its syntax allows is decode_error",
        },
        causes: &[C::GroupListEmpty, C::SigalgListEmpty],
        when: When::Always,
        alerts: &[A::decode_error],
    },
    NamedAlert {
        rule: Rule {
            id: "alpn",
            citation: "RFC 7301 §3.2",
            demand: "no common application protocol is no_application_protocol",
        },
        causes: &[C::AlpnMismatch],
        when: When::Always,
        alerts: &[A::no_application_protocol],
    },
    NamedAlert {
        rule: Rule {
            id: "no-server-certificate",
            citation: "RFC 8446 §4.4.2.4",
            demand: "an empty Certificate of the server's is decode_error",
        },
        causes: &[C::CertEmpty],
        when: When::ByTls13Client,
        alerts: &[A::decode_error],
    },
    NamedAlert {
        rule: Rule {
            id: "dates",
            citation: "RFC 8446 §6.2, RFC 5246 §7.2.2",
            demand: "a certificate that is expired or not currently valid is certificate_expired",
        },
        causes: &[C::CertExpired, C::CertRootExpired, C::CertNotYetValid],
        when: When::Always,
        alerts: &[A::certificate_expired],
    },
    NamedAlert {
        rule: Rule {
            id: "chain-signature",
            citation: "RFC 8446 §6.2, RFC 5246 §7.2.2",
            demand: "a certificate's signature that does not verify is bad_certificate",
        },
        causes: &[C::CertChainSignature],
        when: When::Always,
        alerts: &[A::bad_certificate],
    },
    NamedAlert {
        rule: Rule {
            id: "impostor",
            citation: "RFC 8446 §6.2, RFC 5246 §7.2.2",
            demand: "a CA whose key does not match is unknown_ca or bad_certificate",
        },
        causes: &[C::CertSameDnOtherKey],
        when: When::Always,
        alerts: &[A::unknown_ca, A::bad_certificate],
    },
    NamedAlert {
        rule: Rule {
            id: "unknown-ca",
            citation: "RFC 8446 §6.2, RFC 5246 §7.2.2",
            demand: "a chain without a known anchor is unknown_ca",
        },
        causes: &[
            C::CertUnknownCa,
            C::CertMissingIntermediate,
            C::CertPartialChain,
        ],
        when: When::Always,
        alerts: &[A::unknown_ca],
    },
    NamedAlert {
        rule: Rule {
            id: "weak-digest",
            citation: "RFC 8446 §4.4.2.4",
            demand: "a chain signed with a broken digest, where it is refused, is bad_certificate",
        },
        causes: &[C::CertWeakDigest],
        when: When::Tls13,
        alerts: &[A::bad_certificate],
    },
    NamedAlert {
        rule: Rule {
            id: "revoked",
            citation: "RFC 8446 §6.2, RFC 5246 §7.2.2",
            demand: "a revoked certificate is certificate_revoked",
        },
        causes: &[C::CertRevokedCrl],
        when: When::Always,
        alerts: &[A::certificate_revoked],
    },
    NamedAlert {
        rule: Rule {
            id: "staple",
            citation: "RFC 8446 §6.2, RFC 6066 §8",
            demand: "a stapled response that is refused is bad_certificate_status_response",
        },
        causes: &[C::OcspStapleMalformed, C::OcspStapleExpired],
        when: When::Always,
        alerts: &[A::bad_certificate_status_response],
    },
    NamedAlert {
        rule: Rule {
            id: "staple-revoked",
            citation: "RFC 6066 §8, RFC 8446 §6.2",
            demand: "a stapled response that says revoked is bad_certificate_status_response or \
                     certificate_revoked",
        },
        causes: &[C::CertRevokedOcsp],
        when: When::Always,
        alerts: &[A::bad_certificate_status_response, A::certificate_revoked],
    },
    NamedAlert {
        rule: Rule {
            id: "compression",
            citation: "RFC 8879 §4",
            demand: "a certificate that does not decompress is bad_certificate",
        },
        causes: &[C::CertCompressionBad],
        when: When::Always,
        alerts: &[A::bad_certificate],
    },
    NamedAlert {
        rule: Rule {
            id: "key-possession",
            citation: "RFC 8446 §4.4.3, RFC 5246 §7.2.2",
            demand: "a handshake signature that does not verify is decrypt_error",
        },
        causes: &[C::KeyPossessionFailure],
        when: When::Always,
        alerts: &[A::decrypt_error],
    },
    NamedAlert {
        rule: Rule {
            id: "client-certificate-1.3",
            citation: "RFC 8446 §4.4.2.4",
            demand: "a client without a certificate that is required is certificate_required",
        },
        causes: &[C::ClientCertMissing],
        when: When::Tls13,
        alerts: &[A::certificate_required],
    },
    NamedAlert {
        rule: Rule {
            id: "client-certificate-1.2",
            citation: "RFC 5246 §7.4.6",
            demand: "a client without a certificate that is required is handshake_failure",
        },
        causes: &[C::ClientCertMissing],
        when: When::Before13,
        alerts: &[A::handshake_failure],
    },
    NamedAlert {
        rule: Rule {
            id: "oversize",
            citation: "RFC 8446 §5.1, §5.2, RFC 5246 §6.2.3",
            demand: "a record that is longer than any may be is record_overflow",
        },
        causes: &[C::NetOversize],
        when: When::NotDone,
        alerts: &[A::record_overflow],
    },
    NamedAlert {
        rule: Rule {
            id: "protected-record",
            citation: "RFC 8446 §5.2, RFC 5246 §7.2.2",
            demand: "a protected record that does not open is bad_record_mac",
        },
        causes: &[C::NetCorruptProtected],
        when: When::NotDone,
        alerts: &[A::bad_record_mac],
    },
    NamedAlert {
        rule: Rule {
            id: "missing-extension",
            citation: "RFC 8446 §4.2.3, §9.2",
            demand: "a hello without an extension that it needs is missing_extension",
        },
        causes: &[C::KeyShareMissing, C::SigalgMissing],
        when: When::Always,
        alerts: &[A::missing_extension],
    },
    NamedAlert {
        rule: Rule {
            id: "retry",
            citation: "RFC 8446 §4.1.4, §4.2.8",
            demand: "a HelloRetryRequest for what makes no change is illegal_parameter",
        },
        causes: &[C::HrrIllegal],
        when: When::Always,
        alerts: &[A::illegal_parameter],
    },
    NamedAlert {
        rule: Rule {
            id: "binder",
            citation: "RFC 8446 §4.2.11.2, §6.2",
            demand: "a binder that does not verify is decrypt_error",
        },
        causes: &[C::ResumeBinderBad],
        when: When::Always,
        alerts: &[A::decrypt_error],
    },
    NamedAlert {
        rule: Rule {
            id: "secure-renegotiation",
            citation: "RFC 5746 §4.1",
            demand: "a server that does not confirm secure renegotiation is refused with handshake_failure",
        },
        causes: &[C::RenegInfoMissing],
        when: When::Always,
        alerts: &[A::handshake_failure],
    },
];
