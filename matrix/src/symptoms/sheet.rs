//! The sheet of symptoms: for each cause, stack, role and version the native error and the alert, as
//! Markdown that is checked in, so that a change of a library's shows in a diff.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use shakedown::connection::{Role, StackInfo};
use shakedown::outcome::{End, Protection, SentAlert, SideOutcome};

use super::{Observation, Source, kind};
use crate::model::Cause;

/// The sheet of all failures among the cases `cause/…`.
pub fn render(stacks: &[StackInfo], observed: &BTreeMap<String, Observation>) -> String {
    let mut causes: BTreeMap<Cause, Rows> = BTreeMap::new();
    for (name, seen) in observed {
        if let Some((cause, row, source)) = row(name, seen) {
            causes.entry(cause).or_default().add(row, source);
        }
    }
    let mut text = HEAD.to_owned();
    for stack in stacks {
        let _ = writeln!(
            text,
            "- {}: {} {}, {}",
            stack.id, stack.name, stack.version, stack.crypto
        );
    }
    for (cause, rows) in &causes {
        let _ = write!(text, "\n## {cause}\n\n{}\n\n", cause.rule());
        text += "| found by | its peer | versions | error | alert | the peer's error |\n";
        text += "| --- | --- | --- | --- | --- | --- |\n";
        text += &rows.render();
    }
    text
}

fn row<'a>(name: &'a str, seen: &Observation) -> Option<(Cause, Row, Source<'a>)> {
    let source = Source::parse(name)?;
    let (cause, detector) = (seen.cause?, seen.detector?);
    if seen.outcome.is_success() {
        return None;
    }
    let row = Row {
        detector,
        error: error(seen.outcome.side(detector)),
        alert: seen
            .outcome
            .side(detector)
            .alert_sent
            .map_or_else(|| "none".to_owned(), alert),
        heard: error(seen.outcome.side(detector.peer())),
    };
    Some((cause, row, source))
}

/// What is seen, wherever it is seen.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    detector: Role,
    error: String,
    alert: String,
    heard: String,
}

/// Rows by the libraries of detector and peer, each with where it was seen.
#[derive(Default)]
struct Rows(BTreeMap<(&'static str, &'static str, Row), Places>);

#[derive(Default)]
struct Places {
    detectors: BTreeSet<String>,
    peers: BTreeSet<String>,
    versions: BTreeSet<String>,
}

impl Rows {
    fn add(&mut self, row: Row, source: Source<'_>) {
        let (detector, peer) = match row.detector {
            Role::Client => (source.client, source.server),
            Role::Server => (source.server, source.client),
        };
        let places = self.0.entry((kind(detector), kind(peer), row)).or_default();
        places.detectors.insert(detector.to_owned());
        places.peers.insert(peer.to_owned());
        places
            .versions
            .insert(source.version.trim_start_matches("TLS").to_owned());
    }

    fn render(&self) -> String {
        let mut text = String::new();
        for ((_, _, row), places) in &self.0 {
            let versions: Vec<_> = places.versions.iter().map(String::as_str).collect();
            let _ = writeln!(
                text,
                "| {} {} | {} | {} | `{}` | {} | `{}` |",
                super::stacks(&places.detectors),
                row.detector,
                super::stacks(&places.peers),
                versions.join(", "),
                row.error.replace('|', "\\|"),
                row.alert,
                row.heard.replace('|', "\\|"),
            );
        }
        text
    }
}

/// The native error, normalised.
fn error(side: &SideOutcome) -> String {
    match &side.end {
        End::Failed(failure) if side.established => format!("{} (once done)", failure.native),
        End::Failed(failure) => failure.native.clone(),
        End::Refused(failure) => format!("{} (on configuration)", failure.native),
        End::NotStarted => "not started".into(),
        End::Closed => "none".into(),
        End::Stalled => "waits".into(),
        End::Unsupported(reason) => format!("unsupported: {reason}"),
        End::Crashed(message) => format!("panic: {message}"),
    }
}

fn alert(sent: SentAlert) -> String {
    let description = sent
        .description
        .map_or_else(|| "unknown".to_owned(), |alert| alert.to_string());
    let protection = match sent.protection {
        Protection::Plain => "in the clear",
        Protection::Protected => "encrypted",
    };
    format!("{description}, {protection}")
}

const HEAD: &str = "# Symptoms\n\n\
    What each documented cause looks like on the linked stacks: who finds it, its error, the alert that\n\
    it sends, and what the other side makes of that. *Versions* are those that the client enables; a\n\
    stack named without its cryptography behaves alike with every one. Made by\n\
    `SHAKEDOWN_BLESS=1 cargo test -p shakedown-matrix --test symptoms`; the same test without the\n\
    variable fails where this sheet is not what happens.\n\n";
