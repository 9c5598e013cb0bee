//! What an RFC forbids a side to accept, to send, or to refuse.

use shakedown::connection::{HandshakeKind, Role};
use shakedown::iana::{AlertDescription, NamedGroup, ProtocolVersion};
use shakedown::outcome::{End, Outcome};
use shakedown::profile::{
    CertificateType, ClientAuth, ClientProfile, Credential, Flaw, KeyType, NameCheck, ServerName,
    Sni, Trust,
};
use shakedown::scenario::Scenario;

use super::{Breach, Rule, library};
use crate::model::{Cause, Expectation, traits};

/// What somebody accepted, sent or refused against an RFC.
pub(super) fn breaches(
    scenario: &Scenario,
    expectation: &Expectation,
    outcome: &Outcome,
) -> Vec<Breach> {
    let seen = Seen {
        scenario,
        expectation,
        outcome,
    };
    RULES
        .iter()
        .flat_map(|(rule, broken)| {
            let breach = |(role, deed): (Role, &str)| Breach {
                library: library(scenario, role),
                rule,
                deed: deed.to_owned(),
            };
            broken(&seen).into_iter().map(breach)
        })
        .collect()
}

pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().map(|(rule, _)| rule)
}

/// All that a rule looks at.
struct Seen<'a> {
    scenario: &'a Scenario,
    expectation: &'a Expectation,
    outcome: &'a Outcome,
}

impl Seen<'_> {
    /// A resumed handshake has none.
    fn presents_certificates(&self) -> bool {
        !Role::BOTH.into_iter().any(|role| self.is_resumed(role))
    }

    fn is_resumed(&self, role: Role) -> bool {
        let session = self.outcome.side(role).session.as_ref();
        session.is_some_and(|session| session.kind == HandshakeKind::Resumed)
    }

    /// The fatal alert that a side sends.
    fn alert(&self, role: Role) -> Option<AlertDescription> {
        self.outcome.side(role).alert_sent?.description
    }

    fn is(&self, cause: Cause, detector: Role) -> bool {
        self.expectation.cause == Some(cause) && self.expectation.detector == Some(detector)
    }
}

/// Who breaks the rule, and how.
type Broken = fn(&Seen<'_>) -> Vec<(Role, &'static str)>;

const RULES: &[(Rule, Broken)] = &[
    (
        Rule {
            id: "common-name",
            citation: "RFC 9525 §2",
            demand: "the common name does not identify a server",
        },
        |seen| accepts_server(seen, &[Flaw::CnOnly, Flaw::IpOnly]),
    ),
    (
        Rule {
            id: "wildcard",
            citation: "RFC 9525 §6.3",
            demand: "a wildcard is the whole left-most label",
        },
        |seen| accepts_server(seen, &[Flaw::PartialWildcard]),
    ),
    (
        Rule {
            id: "certificate-signing",
            citation: "RFC 5280 §6.1.4 (n)",
            demand: "an issuer whose keyUsage lacks keyCertSign is no issuer",
        },
        issuer_that_may_not_sign,
    ),
    (
        Rule {
            id: "curve-of-key",
            citation: "RFC 8422 §5.3",
            demand: "below TLS 1.3 the server's ECDSA key is on a curve of the client's list",
        },
        curve_of_key,
    ),
    (
        Rule {
            id: "alpn-ignored",
            citation: "RFC 7301 §3.2",
            demand: "without a common application protocol the handshake fails",
        },
        alpn_ignored,
    ),
    (
        Rule {
            id: "fallback-ignored",
            citation: "RFC 7507 §3",
            demand: "a server that has a newer version than the client falls back to refuses",
        },
        fallback_ignored,
    ),
    (
        Rule {
            id: "empty-list-sent",
            citation: "RFC 8446 §4.2.3, §4.2.7",
            demand: "lists of groups and of signature schemes have at least one entry",
        },
        |seen| match (seen.expectation.cause, seen.expectation.detector) {
            (Some(Cause::GroupListEmpty), Some(detector)) => {
                vec![(detector.peer(), "sends an empty list of groups")]
            }
            (Some(Cause::SigalgListEmpty), Some(detector)) => {
                vec![(detector.peer(), "sends an empty list of signature schemes")]
            }
            _ => Vec::new(),
        },
    ),
    (
        Rule {
            id: "server-name",
            citation: "RFC 6066 §3",
            demand: "a server that refuses a name says unrecognized_name",
        },
        |seen| match seen.alert(Role::Server) {
            _ if !seen.is(Cause::SniUnknown, Role::Server)
                || !sends_name(&seen.scenario.client.profile) =>
            {
                Vec::new()
            }
            Some(AlertDescription::unrecognized_name) => Vec::new(),
            Some(AlertDescription::access_denied) => vec![(Role::Server, "sends access_denied")],
            _ => vec![(Role::Server, "sends another alert, or none")],
        },
    ),
    (
        Rule {
            id: "server-name-missing",
            citation: "RFC 8446 §9.2",
            demand: "a TLS 1.3 server that insists on a name says missing_extension",
        },
        |seen| {
            let client = &seen.scenario.client.profile;
            let tls13 = client.protocol.versions.contains(&ProtocolVersion::TLS1_3);
            match seen.alert(Role::Server) {
                _ if !seen.is(Cause::SniUnknown, Role::Server) || sends_name(client) || !tls13 => {
                    Vec::new()
                }
                Some(AlertDescription::missing_extension) => Vec::new(),
                Some(AlertDescription::access_denied) => {
                    vec![(Role::Server, "sends access_denied")]
                }
                Some(AlertDescription::unrecognized_name) => {
                    vec![(Role::Server, "sends unrecognized_name")]
                }
                _ => vec![(Role::Server, "sends another alert, or none")],
            }
        },
    ),
    (
        Rule {
            id: "resumption-name",
            citation: "RFC 6066 §3",
            demand: "below TLS 1.3 a session is not resumed under another name",
        },
        resumption_name,
    ),
    (
        Rule {
            id: "psk-withdrawn",
            citation: "RFC 8446 §4.1.2",
            demand: "after a HelloRetryRequest a client may take back a session that the suite does not fit",
        },
        |seen| {
            if seen.is(Cause::ResumePskWithdrawn, Role::Server) {
                vec![(Role::Server, "refuses")]
            } else {
                Vec::new()
            }
        },
    ),
    (
        Rule {
            id: "certificate-type",
            citation: "RFC 7250 §4.2",
            demand: "a server without a common certificate type says unsupported_certificate",
        },
        certificate_type,
    ),
    (
        Rule {
            id: "no-suitable-certificate",
            citation: "RFC 8446 §4.4.2",
            demand: "a client without a suitable certificate sends an empty Certificate",
        },
        |seen| {
            let fails = matches!(seen.outcome.client.end, End::Failed(_));
            if seen.expectation.cause == Some(Cause::ClientSigalgEmpty) && fails {
                vec![(Role::Client, "fails")]
            } else {
                Vec::new()
            }
        },
    ),
];

/// The client holds the handshake for done with a server whose names are not the reference, if it
/// compares them.
fn accepts_server(seen: &Seen<'_>, flaws: &[Flaw]) -> Vec<(Role, &'static str)> {
    let client = &seen.scenario.client.profile;
    let flawed = seen
        .scenario
        .server
        .profile
        .identity
        .is_some_and(|credential| credential.flaws().any(|flaw| flaws.contains(&flaw)));
    let compares =
        client.name_check == NameCheck::On && matches!(client.server_name, ServerName::Dns(_));
    if flawed && compares && seen.presents_certificates() && seen.outcome.client.established {
        vec![(Role::Client, "accepts it")]
    } else {
        Vec::new()
    }
}

fn issuer_that_may_not_sign(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let (client, server) = (&seen.scenario.client.profile, &seen.scenario.server.profile);
    let flawed = |credential: Option<Credential>| {
        credential.is_some_and(|credential| credential.has(Flaw::IntermediateNoCertSign))
    };
    let mut found = Vec::new();
    if !seen.presents_certificates() {
        return found;
    }
    // An intermediate that is an anchor itself is not an issuer on the path.
    if flawed(server.identity) && client.trust == Trust::Roots && seen.outcome.client.established {
        found.push((Role::Client, "accepts it"));
    }
    let presented = seen
        .outcome
        .server
        .session
        .as_ref()
        .is_some_and(|session| session.peer.is_some());
    if flawed(client.identity)
        && server.client_auth != ClientAuth::None
        && server.trust == Trust::Roots
        && presented
    {
        found.push((Role::Server, "accepts it"));
    }
    found
}

fn curve_of_key(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let Some(key) = seen.scenario.server.profile.identity.map(|own| own.key) else {
        return Vec::new();
    };
    let curve = match key {
        KeyType::EcdsaP256 => NamedGroup::secp256r1,
        KeyType::EcdsaP384 => NamedGroup::secp384r1,
        KeyType::EcdsaP521 => NamedGroup::secp521r1,
        _ => return Vec::new(),
    };
    let client = &seen.scenario.client;
    let listed = match &client.profile.protocol.groups {
        Some(groups) => groups.contains(&curve),
        None => traits::of(client.stack)
            .default_groups
            .iter()
            .any(|tuple| tuple.contains(&curve)),
    };
    // Whether the client minds is its own affair: the certificate has been sent.
    let sent = seen.outcome.client.session.as_ref().is_some_and(|session| {
        session.version < ProtocolVersion::TLS1_3 && session.group.is_some()
    }) || (seen.expectation.cause == Some(Cause::CertCurveNotOffered)
        && seen.expectation.detector == Some(Role::Client));
    if sent && !listed {
        vec![(Role::Server, "uses a key on another curve")]
    } else {
        Vec::new()
    }
}

fn fallback_ignored(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let own = &seen.scenario.server.profile.protocol;
    let has_tls13 = own.versions.contains(&ProtocolVersion::TLS1_3)
        && own
            .tls13_suites
            .as_ref()
            .is_none_or(|suites| !suites.is_empty());
    let chosen = seen.expectation.version;
    if seen.scenario.client.profile.fallback_scsv
        && has_tls13
        && chosen.is_some_and(|chosen| chosen < ProtocolVersion::TLS1_3)
        && !seen
            .scenario
            .client
            .profile
            .protocol
            .versions
            .contains(&ProtocolVersion::TLS1_3)
    {
        vec![(Role::Server, "goes on")]
    } else {
        Vec::new()
    }
}

fn sends_name(client: &ClientProfile) -> bool {
    client.sni == Sni::Send && matches!(client.server_name, ServerName::Dns(_))
}

fn resumption_name(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let now = &seen.scenario.client.profile;
    let Some(then) = seen
        .scenario
        .earlier
        .as_ref()
        .and_then(|earlier| earlier.client.as_ref())
    else {
        return Vec::new();
    };
    let name = |client: &ClientProfile| match &client.server_name {
        ServerName::Dns(name) if client.sni == Sni::Send => Some(name.to_ascii_lowercase()),
        _ => None,
    };
    let session = seen.outcome.server.session.as_ref();
    let old = session.is_some_and(|session| session.version < ProtocolVersion::TLS1_3);
    match (name(then), name(now)) {
        (Some(then), Some(now)) if then != now && old && seen.is_resumed(Role::Server) => {
            vec![(Role::Server, "resumes it")]
        }
        _ => Vec::new(),
    }
}

fn certificate_type(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let server = &seen.outcome.server;
    let client = &seen.scenario.client.profile;
    let found = seen.expectation.cause == Some(Cause::CertTypeMismatch)
        && seen.expectation.detector == Some(Role::Server)
        // Without the extension in the hello the clause does not speak.
        && [client.certificate_type, client.server_certificate_type]
            .contains(&CertificateType::RawPublicKey)
        // A certificate in a raw key's place is refused by a verifier that is the harness's own.
        && matches!(&server.end, End::Failed(failure) if failure.native.starts_with("PeerIncompatible"));
    match server.alert_sent.and_then(|alert| alert.description) {
        _ if !found => Vec::new(),
        Some(AlertDescription::unsupported_certificate) => Vec::new(),
        Some(AlertDescription::handshake_failure) => {
            vec![(Role::Server, "sends handshake_failure")]
        }
        _ => vec![(Role::Server, "sends another alert, or none")],
    }
}

fn alpn_ignored(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let (client, server) = (
        &seen.scenario.client.profile.alpn,
        &seen.scenario.server.profile.alpn,
    );
    let common = client.iter().any(|name| server.contains(name));
    let asked = !client.is_empty() && !server.is_empty();
    if asked && !common && seen.outcome.server.established {
        vec![(Role::Server, "goes on, if it is told to")]
    } else {
        Vec::new()
    }
}
