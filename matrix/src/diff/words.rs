//! What every rendering of a diff says alike.

use std::fmt::Write;

use super::{Change, Diff, Group, Kind, Told};
use crate::report::human;

/// The result in a line.
pub(super) fn result(diff: &Diff) -> String {
    let counts = &diff.counts;
    let parts: Vec<_> = Kind::ALL
        .into_iter()
        .filter(|kind| counts.of(*kind) > 0)
        .map(|kind| format!("{} {}", counts.of(kind), kind.name().to_lowercase()))
        .collect();
    if parts.is_empty() {
        return format!("nothing changed in {} scenarios", counts.shared);
    }
    format!("{}, {} the same", parts.join(", "), counts.same)
}

/// What was compared.
pub(super) fn compared(diff: &Diff) -> String {
    let counts = &diff.counts;
    let mut text = format!("{} scenarios are in both reports", counts.shared);
    if counts.by_verdict > 0 {
        let _ = write!(
            text,
            "; of {} only the verdicts are compared, for random bytes decide what comes of them",
            counts.by_verdict
        );
    }
    text
}

/// What a run was asked for, and whether it came to its end.
pub(super) fn asked(told: &Told) -> String {
    let asked = human::asked(&told.request);
    if told.request.interrupted {
        return format!("{asked}; interrupted");
    }
    asked
}

/// The stacks of both runs.
pub(super) fn stacks(diff: &Diff) -> Vec<String> {
    let told = |info: &shakedown::connection::StackInfo| {
        format!("{} {}, {}", info.name, info.version, info.crypto)
    };
    let mut lines: Vec<_> = diff
        .versions()
        .into_iter()
        .map(|(id, old, new)| match (old, new) {
            (Some(old), Some(new)) if old == new => format!("{id}: {}, as before", told(new)),
            (old, new) => {
                let none = || "not there".to_owned();
                format!(
                    "{id}: {} -> {}",
                    old.map_or_else(none, told),
                    new.map_or_else(none, told)
                )
            }
        })
        .collect();
    if diff.old.shakedown != diff.new.shakedown {
        lines.push(format!(
            "shakedown: {} -> {}",
            diff.old.shakedown, diff.new.shakedown
        ));
    }
    lines
}

/// What a kind means.
pub(super) fn meaning(kind: Kind) -> &'static str {
    match kind {
        Kind::Regressed => "worked, or went as the model says, and does no more",
        Kind::Changed => "another alert, parameter, error or verdict",
        Kind::Fixed => "did not work, or went otherwise than the model says, and does now",
        Kind::Added => "only in the report after",
        Kind::Removed => "only in the report before",
    }
}

/// Whose stack and which cause.
pub(super) fn about(group: &Group) -> String {
    let who: Vec<_> = group
        .who
        .iter()
        .map(|who| format!("{} as {}", who.library, who.role))
        .collect();
    let who = match (group.kind, who.as_slice()) {
        (Kind::Added | Kind::Removed, _) => return "no change of one scenario".into(),
        (_, []) => "neither side's version changed".into(),
        (_, who) => who.join(" and "),
    };
    match &group.cause {
        Some(cause) => format!("{who}, {cause}"),
        None => who,
    }
}

/// From what to what, the most frequent ones.
pub(super) fn values(change: &Change) -> String {
    let shown: Vec<_> = change
        .values
        .iter()
        .take(MOST_VALUES)
        .map(|values| {
            let from = format!("{} -> {}", values.old, values.new);
            match change.values.len() {
                1 => from,
                _ => format!("{from} (×{})", values.count),
            }
        })
        .collect();
    let left = change.values.len().saturating_sub(MOST_VALUES);
    let more = if left > 0 {
        format!(", and {left} others")
    } else {
        String::new()
    };
    format!("{}{more}", shown.join(", "))
}

/// Which side, of what.
pub(super) fn place(change: &Change) -> String {
    match change.side {
        Some(side) => format!("{side}'s {}", change.what),
        None => change.what.clone(),
    }
}

/// The pairings, with how many scenarios each.
pub(super) fn pairings(group: &Group) -> String {
    let mut all: Vec<_> = group.pairings.iter().collect();
    all.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let parts: Vec<_> = all
        .into_iter()
        .map(|(pairing, count)| format!("{pairing} ×{count}"))
        .collect();
    parts.join(", ")
}

/// Where the example comes from.
pub(super) fn example(group: &Group) -> String {
    let example = &group.example;
    let what = if example.shrunk {
        "shrunk"
    } else {
        "the plainest"
    };
    let axes = if example.axes.is_empty() {
        String::new()
    } else {
        format!(": {}", example.axes.join(" "))
    };
    match &example.name {
        Some(name) if example.shrunk => format!("{what}, from {name}{axes}"),
        Some(name) => format!("{what}, {name}{axes}"),
        None => format!(
            "one of them, {}, of a covering array or of another version of shakedown:",
            example.id
        ),
    }
}

const MOST_VALUES: usize = 4;
