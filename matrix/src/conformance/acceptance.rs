//! What an RFC forbids a side to accept, to send, or to refuse.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, NamedGroup, ProtocolVersion};
use shakedown::outcome::{End, Outcome};
use shakedown::profile::{ClientAuth, Credential, Flaw, KeyType, NameCheck, ServerName, Trust};
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
        .is_some_and(|credential| flaws.contains(&credential.flaw));
    let compares =
        client.name_check == NameCheck::On && matches!(client.server_name, ServerName::Dns(_));
    if flawed && compares && seen.outcome.client.established {
        vec![(Role::Client, "accepts it")]
    } else {
        Vec::new()
    }
}

fn issuer_that_may_not_sign(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let (client, server) = (&seen.scenario.client.profile, &seen.scenario.server.profile);
    let flawed = |credential: Option<Credential>| {
        credential.is_some_and(|credential| credential.flaw == Flaw::IntermediateNoCertSign)
    };
    let mut found = Vec::new();
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

fn certificate_type(seen: &Seen<'_>) -> Vec<(Role, &'static str)> {
    let server = &seen.outcome.server;
    let found = seen.expectation.cause == Some(Cause::CertTypeMismatch)
        && seen.expectation.detector == Some(Role::Server)
        && seen.expectation.version.is_none_or(|version| version == ProtocolVersion::TLS1_3)
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
