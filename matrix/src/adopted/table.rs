//! What came of it, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use shakedown::connection::Role;
use shakedown::outcome::{End, SideOutcome};
use shakedown::scenario::StackId;

use super::{Crossed, Met};
use crate::model::Prediction;
use crate::verdict::{Verdict, describe};
use crate::wrap::{WIDTH, paragraph};

/// For a terminal of 80 columns: what went otherwise, then how handshakes fail and with whom, then with
/// whom they work.
///
/// Peers are named by what is not plain in them; those that go alike are told together, and by stack and
/// version only where these differ.
impl fmt::Display for Crossed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.role.peer();
        let mut text = |depth, text: &str| f.write_str(&paragraph(text, depth, WIDTH));
        text(0, &format!("{} as {}", self.stack, self.role))?;
        for open in &self.open {
            text(1, &format!("open: {:?}, {}", open.setting, open.why))?;
        }
        let (met, foretold) = (self.met.len(), self.foretold().count());
        text(
            0,
            &format!("{met} {peer}s, of which {foretold} are foretold"),
        )?;
        text(1, &format!("works with {}", self.works().count()))?;
        text(1, &format!("otherwise with {}", self.otherwise().count()))?;
        let everyone = self.everyone();
        for (head, group) in self.groups() {
            text(0, "")?;
            text(0, &head.title)?;
            if let Some(own) = &head.own {
                text(1, &format!("{}: {own}", self.role))?;
                text(1, &format!("{peer}: {}", ends(&group.ends)))?;
            }
            text(1, &named(&group.peers, &everyone))?;
        }
        Ok(())
    }
}

/// What is told of peers together, in order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    place: u8,
    title: String,
    /// How one's own side ended; `None`: it works.
    own: Option<String>,
}

#[derive(Default)]
struct Group {
    /// How the peers ended, and which stack says so.
    ends: BTreeMap<String, BTreeSet<StackId>>,
    peers: Peers,
}

/// By name the stacks, and whether with TLS 1.2 alone.
type Peers = BTreeMap<String, BTreeSet<(bool, StackId)>>;

impl Crossed {
    fn groups(&self) -> BTreeMap<Head, Group> {
        let mut groups: BTreeMap<Head, Group> = BTreeMap::new();
        for met in &self.met {
            let group = groups.entry(head(met, self.role)).or_default();
            let end = how(met.outcome.side(self.role.peer()));
            group.ends.entry(end).or_default().insert(met.stack);
            note(&mut group.peers, met);
        }
        groups
    }

    fn everyone(&self) -> Peers {
        let mut peers = Peers::new();
        for met in &self.met {
            note(&mut peers, met);
        }
        peers
    }
}

fn note(peers: &mut Peers, met: &Met) {
    let (name, old) = match met.peer.strip_prefix(TLS12) {
        Some("") => ("plain", true),
        Some(rest) => (rest.trim_start(), true),
        None => (met.peer.as_str(), false),
    };
    let variants = peers.entry(name.to_owned()).or_default();
    variants.insert((old, met.stack));
}

fn head(met: &Met, role: Role) -> Head {
    let own = (!met.outcome.is_success()).then(|| how(met.outcome.side(role)));
    let (place, title) = match &met.verdict {
        Verdict::Diverge(differences) => {
            let told: Vec<_> = differences
                .iter()
                .map(|difference| {
                    let side = difference
                        .side
                        .map_or_else(String::new, |side| format!("{side}'s "));
                    let (expected, actual) = (&difference.expected, &difference.actual);
                    format!("{side}{}: {actual} instead of {expected}", difference.field)
                })
                .collect();
            (0, format!("OTHERWISE: {}", told.join("; ")))
        }
        Verdict::Stall => (0, "OTHERWISE: both sides wait".to_owned()),
        Verdict::Crash(message) => (0, format!("OTHERWISE: a stack panicked: {message}")),
        Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_) => {
            match (&met.prediction, met.prediction.cause()) {
                (Prediction::Expect(_), Some(cause)) => (1, format!("fails: {cause}")),
                (Prediction::Expect(_), None) => (3, "works".to_owned()),
                _ if own.is_some() => (2, "fails, not foretold".to_owned()),
                _ => (4, "works, not foretold".to_owned()),
            }
        }
    };
    Head { place, title, own }
}

fn how(side: &SideOutcome) -> String {
    let alert = side.alert_sent.and_then(|alert| alert.description);
    match (&side.end, alert) {
        (End::Failed(failure), Some(alert)) => format!("{}, sends {alert}", failure.native),
        (End::Failed(failure), None) => failure.native.clone(),
        (end, _) => describe(end),
    }
}

fn ends(ends: &BTreeMap<String, BTreeSet<StackId>>) -> String {
    let told: Vec<_> = ends
        .iter()
        .map(|(end, stacks)| {
            let stacks: Vec<_> = stacks.iter().map(|stack| stack.name()).collect();
            format!("{end} ({})", stacks.join(", "))
        })
        .collect();
    told.join("; ")
}

fn named(peers: &Peers, everyone: &Peers) -> String {
    let told: Vec<_> = peers
        .iter()
        .map(|(name, variants)| {
            if everyone.get(name) == Some(variants) {
                return name.clone();
            }
            let variants: Vec<_> = variants
                .iter()
                .map(|(old, stack)| format!("{stack}{}", if *old { " TLS1.2" } else { "" }))
                .collect();
            format!("{name} ({})", variants.join(", "))
        })
        .collect();
    told.join("; ")
}

/// How the name of a peer begins that has this version alone.
const TLS12: &str = "versions=1.2";
