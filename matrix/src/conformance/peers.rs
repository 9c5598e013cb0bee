//! Whom an RFC forbids a side to accept.
//!
//! Asked of every outcome, whatever the model says of it: who was accepted is in the session of the
//! side that accepted, and what that side was to look at is in its own profile.

use shakedown::connection::{HandshakeKind, Peer, Role};
use shakedown::outcome::Outcome;
use shakedown::profile::{ClientAuth, Credential, Flaw, NameCheck, ServerName, Trust};
use shakedown::scenario::Scenario;

use super::{Breach, Rule, library};

/// Whom somebody accepted against an RFC.
pub(super) fn breaches(scenario: &Scenario, outcome: &Outcome) -> Vec<Breach> {
    RULES
        .iter()
        .flat_map(|forbidden| {
            Role::BOTH
                .into_iter()
                .filter(|role| {
                    accepted(outcome, *role)
                        .is_some_and(|own| own.flaws().any(|flaw| forbidden.flaws.contains(&flaw)))
                        && (forbidden.looks)(scenario, *role)
                })
                .map(|role| Breach {
                    library: library(scenario, role),
                    rule: &forbidden.rule,
                    deed: "accepts it".into(),
                })
        })
        .collect()
}

pub(super) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().map(|forbidden| &forbidden.rule)
}

/// A rule about what is wrong with a peer.
struct Forbidden {
    rule: Rule,
    flaws: &'static [Flaw],
    /// Whether the side is to look at it.
    looks: fn(&Scenario, Role) -> bool,
}

const RULES: &[Forbidden] = &[
    Forbidden {
        rule: Rule {
            id: "common-name",
            citation: "RFC 9525 §2",
            demand: "the common name does not identify a server",
        },
        flaws: &[Flaw::CnOnly, Flaw::IpOnly],
        looks: compares_names,
    },
    Forbidden {
        rule: Rule {
            id: "wildcard",
            citation: "RFC 9525 §6.3",
            demand: "a wildcard is the whole left-most label",
        },
        flaws: &[Flaw::PartialWildcard],
        looks: compares_names,
    },
    Forbidden {
        rule: Rule {
            id: "certificate-signing",
            citation: "RFC 5280 §6.1.4 (n)",
            demand: "an issuer whose keyUsage lacks keyCertSign is no issuer",
        },
        flaws: &[Flaw::IntermediateNoCertSign],
        // An intermediate that is an anchor itself is not an issuer on the path.
        looks: |scenario, role| match role {
            Role::Client => scenario.client.profile.trust == Trust::Roots,
            Role::Server => {
                let server = &scenario.server.profile;
                server.client_auth != ClientAuth::None && server.trust == Trust::Roots
            }
        },
    },
];

fn compares_names(scenario: &Scenario, role: Role) -> bool {
    let client = &scenario.client.profile;
    role == Role::Client
        && client.name_check == NameCheck::On
        && matches!(client.server_name, ServerName::Dns(_))
}

/// What is wrong with the peer that a side has accepted in this handshake; one that is resumed presents
/// nobody.
fn accepted(outcome: &Outcome, role: Role) -> Option<Credential> {
    let sessions = Role::BOTH.map(|role| outcome.side(role).session.as_ref());
    let mut sessions = sessions.into_iter().flatten();
    if sessions.any(|session| session.kind == HandshakeKind::Resumed) {
        return None;
    }
    match outcome.side(role).session.as_ref()?.peer.as_ref()? {
        Peer::Known {
            role: of,
            credential,
        } => (*of == role.peer()).then_some(*credential),
        Peer::Other(_) => None,
    }
}
