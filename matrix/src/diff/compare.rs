//! Two outcomes of one scenario held against each other.

use std::collections::BTreeMap;

use shakedown::connection::{Role, Session};
use shakedown::outcome::End;
use shakedown::scenario::StackId;

use super::{Kind, Who};
use crate::report::results::{Class, Group, Results, Side, VerdictKind};
use crate::verdict::{Field, describe, fields};

/// What a report says of a scenario.
pub(super) struct Seen<'a> {
    pub(super) group: &'a Group,
    /// `None`: another run may come to another.
    pub(super) sides: Option<[&'a Side; 2]>,
    sessions: [Option<&'a Session>; 2],
}

impl<'a> Seen<'a> {
    pub(super) fn new(results: &'a Results, sessions: &'a [Session], class: &Class) -> Self {
        let sides = class.sides();
        Self {
            group: &results.groups[class.0],
            sides: sides.map(|places| places.map(|place| &results.sides[place])),
            sessions: class.sessions().map(|row| Some(&sessions[row?])),
        }
    }

    /// Whether the connection came about; `None`: not known.
    fn works(&self) -> Option<bool> {
        let sides = self.sides?;
        Some(sides.iter().all(|side| side.end == End::Closed))
    }
}

/// What makes two changes alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) kind: Kind,
    pub(super) who: Vec<Who>,
    pub(super) cause: Option<String>,
    pub(super) changes: Vec<Alike>,
}

/// One thing that changed. What was negotiated is the same change whatever the values are: it has many.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Alike {
    pub(super) side: Option<Role>,
    pub(super) what: &'static str,
    pub(super) values: Option<(String, String)>,
}

impl Key {
    /// Of scenarios that only one report has.
    pub(super) fn of_one(kind: Kind) -> Self {
        Self {
            kind,
            who: Vec::new(),
            cause: None,
            changes: Vec::new(),
        }
    }
}

/// What changed; `None`: nothing.
pub(super) fn compare(
    old: &Seen<'_>,
    new: &Seen<'_>,
    upgraded: &BTreeMap<StackId, String>,
) -> Option<Key> {
    let changes = changes(old, new);
    if changes.is_empty() {
        return None;
    }
    let stacks = [
        (Role::Client, new.group.client),
        (Role::Server, new.group.server),
    ];
    let who = stacks
        .into_iter()
        .filter_map(|(role, stack)| {
            let library = upgraded.get(&stack)?.clone();
            Some(Who { role, library })
        })
        .collect();
    Some(Key {
        kind: kind(old, new),
        who,
        cause: new.group.cause.clone().or_else(|| old.group.cause.clone()),
        changes: changes
            .into_iter()
            .map(|change| Alike {
                side: change.side,
                what: change.what,
                values: (!change.negotiated).then_some((change.old, change.new)),
            })
            .collect(),
    })
}

/// The values of what was negotiated, which the key does not have.
pub(super) type Negotiated = ((Option<Role>, &'static str), (String, String));

pub(super) fn values(old: &Seen<'_>, new: &Seen<'_>) -> Vec<Negotiated> {
    changes(old, new)
        .into_iter()
        .filter(|change| change.negotiated)
        .map(|change| ((change.side, change.what), (change.old, change.new)))
        .collect()
}

/// The verdict decides; where it is no worse and no better, whether the connection comes about.
fn kind(old: &Seen<'_>, new: &Seen<'_>) -> Kind {
    let (was, is) = (old.group.verdict, new.group.verdict);
    match (was.is_bad(), is.is_bad()) {
        (false, true) => return Kind::Regressed,
        (true, false) => return Kind::Fixed,
        _ => {}
    }
    match (old.works(), new.works()) {
        (Some(true), Some(false)) => Kind::Regressed,
        (Some(false), Some(true)) => Kind::Fixed,
        _ => Kind::Changed,
    }
}

struct Changed {
    side: Option<Role>,
    what: &'static str,
    old: String,
    new: String,
    negotiated: bool,
}

fn changes(old: &Seen<'_>, new: &Seen<'_>) -> Vec<Changed> {
    let mut found = Vec::new();
    let mut compare = |side, what, negotiated, old: String, new: String| {
        if old != new {
            found.push(Changed {
                side,
                what,
                old,
                new,
                negotiated,
            });
        }
    };
    let (was, is): (VerdictKind, VerdictKind) = (old.group.verdict, new.group.verdict);
    compare(None, VERDICT, false, was.name().into(), is.name().into());
    let (Some(before), Some(after)) = (old.sides, new.sides) else {
        return found;
    };
    for (number, role) in Role::BOTH.into_iter().enumerate() {
        let side = Some(role);
        let (was, is) = (before[number], after[number]);
        let mut field = |field: Field, old: String, new: String| {
            compare(side, field.name(), false, old, new);
        };
        field(Field::End, describe(&was.end), describe(&is.end));
        field(
            Field::Established,
            was.established.to_string(),
            is.established.to_string(),
        );
        field(Field::AlertSent, alert_sent(was), alert_sent(is));
        field(
            Field::AlertReceived,
            was.alert_received
                .map_or_else(none, |alert| alert.to_string()),
            is.alert_received
                .map_or_else(none, |alert| alert.to_string()),
        );
        field(
            Field::DataIntact,
            was.data_intact
                .map_or_else(none, |intact| intact.to_string()),
            is.data_intact
                .map_or_else(none, |intact| intact.to_string()),
        );
        match (old.sessions[number], new.sessions[number]) {
            (Some(was), Some(is)) => {
                for ((field, was), (_, is)) in fields(was).into_iter().zip(fields(is)) {
                    compare(side, field.name(), true, plain(&was), plain(&is));
                }
            }
            // That goes with being established.
            (Some(_), None) | (None, Some(_)) if was.established != is.established => {}
            (was, is) => compare(
                side,
                Field::Session.name(),
                false,
                was.map_or_else(none, |_| "some".into()),
                is.map_or_else(none, |_| "some".into()),
            ),
        }
    }
    found
}

fn alert_sent(side: &Side) -> String {
    side.alert_sent.map_or_else(none, |alert| {
        let name = alert
            .description
            .map_or_else(|| "not known which".into(), |alert| alert.to_string());
        format!("{name}, {:?}", alert.protection).to_lowercase()
    })
}

fn none() -> String {
    "none".into()
}

/// `Some(x25519)` as `x25519`.
fn plain(value: &str) -> String {
    match value {
        "None" => none(),
        _ => value
            .strip_prefix("Some(")
            .and_then(|rest| rest.strip_suffix(')'))
            .unwrap_or(value)
            .to_owned(),
    }
}

const VERDICT: &str = "verdict";
