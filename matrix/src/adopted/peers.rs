//! Generated peers.

use std::collections::HashSet;

use shakedown::connection::Role;
use shakedown::scenario::{Endpoint, Scenario, StackId};

use super::Side;
use crate::axes::Axes;
use crate::model::{ExpectedEnd, Prediction, predict};
use crate::plan::{Case, based, set};

/// A generated peer.
#[derive(Clone, Debug)]
pub struct Peer<P: Default + PartialEq> {
    /// What is not plain in it.
    pub name: String,
    /// Its stack and profile.
    pub endpoint: Endpoint<P>,
}

/// Peers with each value of each axis of their side alone, on every stack that can express it: with all
/// versions that are on by default, and with TLS 1.2 alone.
///
/// ```
/// use shakedown::profile::ServerProfile;
/// use shakedown_matrix::adopted::alone;
///
/// let servers = alone::<ServerProfile>();
/// assert_eq!(servers[0].name, "plain");
/// assert!(servers.iter().any(|server| server.name == "flaw=expired"));
/// ```
pub fn alone<P: Side>() -> Vec<Peer<P>> {
    let axes = Axes::new();
    let prefix = prefix(P::ROLE);
    let mut seen = HashSet::new();
    let mut peers = Vec::new();
    let mut add = |name: String, point: &[usize]| {
        let scenario = axes.scenario(point);
        let endpoint = P::endpoint(&scenario).clone();
        if can_be_had(&scenario, P::ROLE) && seen.insert(endpoint.clone()) {
            peers.push(Peer { name, endpoint });
        }
    };
    for versions in ["1.2+1.3", "1.2"] {
        let based = |stack: StackId| {
            let axis = format!("{prefix}versions");
            based(&axes, stack, stack, &[(axis.as_str(), versions)])
        };
        for stack in StackId::ALL {
            add(name(&axes, prefix, &based(stack)), &based(stack));
        }
        for (number, axis) in axes.list().iter().enumerate() {
            // A second flaw is never alone.
            let skipped = axis.name.ends_with(".stack") || axis.name.ends_with(".also");
            if !axis.name.starts_with(prefix) || skipped {
                continue;
            }
            for value in 1..axis.values.len() {
                for stack in StackId::ALL {
                    let mut point = based(stack);
                    if let Some((needed, label)) = needs(axis.name) {
                        set(&axes, &mut point, needed, label);
                    }
                    point[number] = value;
                    add(name(&axes, prefix, &point), &point);
                }
            }
        }
    }
    peers
}

/// The peers out of cases, such as a plan's, each once.
///
/// ```
/// use shakedown::profile::ClientProfile;
/// use shakedown::scenario::StackId;
/// use shakedown_matrix::adopted::of_cases;
/// use shakedown_matrix::plan::{Plan, Request};
///
/// let request = Request { strength: 1, random: 100, seed: 7, stacks: vec![StackId::Openssl] };
/// let plan = Plan::new(&request).unwrap();
/// let random = plan.batch(plan.batches() - 1);
/// let clients = of_cases::<ClientProfile>(plan.axes(), random);
/// assert!((2..100).contains(&clients.len()));
/// ```
pub fn of_cases<P: Side>(axes: &Axes, cases: impl IntoIterator<Item = Case>) -> Vec<Peer<P>> {
    let mut seen = HashSet::new();
    let mut peers = Vec::new();
    for case in cases {
        let endpoint = P::endpoint(&case.scenario).clone();
        if can_be_had(&case.scenario, P::ROLE) && seen.insert(endpoint.clone()) {
            let name = match &case.point {
                Some(point) => name(axes, prefix(P::ROLE), point),
                None => case.name,
            };
            peers.push(Peer { name, endpoint });
        }
    }
    peers
}

/// What is not plain on the axes of a side.
fn name(axes: &Axes, prefix: &str, point: &[usize]) -> String {
    let words: Vec<_> = axes
        .describe(point)
        .into_iter()
        .filter_map(|(axis, value)| Some(format!("{}={value}", axis.strip_prefix(prefix)?)))
        .filter(|word| !word.starts_with("stack="))
        .collect();
    if words.is_empty() {
        "plain".to_owned()
    } else {
        words.join(" ")
    }
}

/// What else has to be set for a value on an axis to make a difference.
fn needs(axis: &str) -> Option<(&'static str, &'static str)> {
    match axis {
        "client.flaw" | "client.loading" | "client.certificate-type" => {
            Some(("client.key", "ecdsa-p256"))
        }
        "server.trust"
        | "server.revocation"
        | "server.partial-chain"
        | "server.client-certificate-type" => Some(("server.client-auth", "required")),
        "server.alpn-miss" => Some(("server.alpn", "http/1.1")),
        _ => None,
    }
}

/// Whether a side's stack makes a configuration of it.
fn can_be_had(scenario: &Scenario, role: Role) -> bool {
    match predict(scenario) {
        Prediction::Unsupported { role: lacking, .. } => lacking != role,
        Prediction::Expect(expectation) => expectation
            .allowed
            .iter()
            .all(|allowed| !matches!(allowed.side(role).end, ExpectedEnd::Refused { .. })),
        Prediction::Unmodelled { .. } => true,
    }
}

fn prefix(role: Role) -> &'static str {
    match role {
        Role::Client => "client.",
        Role::Server => "server.",
    }
}
