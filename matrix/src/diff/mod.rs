//! What changed from one report to another: an upgrade of a TLS library, told in groups.
//!
//! Scenarios are matched by id. What went otherwise is grouped by whose stack changed, by the cause, and by what
//! changed in what both sides saw; each group has the plainest scenario that shows it.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::connection::{Role, Session, StackInfo};
use shakedown::scenario::{ScenarioId, StackId};

use self::compare::{Key, Seen, compare};
use crate::report::results::Results;
use crate::report::{self, Report, RequestReport};
use crate::schema;

mod compare;
mod example;
pub mod human;
pub mod junit;
pub mod markdown;
#[cfg(test)]
mod tests;
mod words;

/// The version of the diff's form.
pub const SCHEMA: u32 = 1;

/// What changed from one report to another. The same reports give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diff {
    /// The version of this form.
    pub schema: u32,
    /// The run before.
    pub old: Told,
    /// The run after.
    pub new: Told,
    /// How many scenarios.
    pub counts: Counts,
    /// What changed, the most important first: by kind, then by how many scenarios show it.
    pub groups: Vec<Group>,
}

/// A run, as its report tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// The version of shakedown.
    pub shakedown: String,
    /// What the run was asked for.
    pub request: RequestReport,
    /// The stacks that took part, with exact versions.
    pub stacks: Vec<StackInfo>,
}

impl Told {
    fn new(report: &Report) -> Self {
        Self {
            shakedown: report.shakedown.clone(),
            request: report.request.clone(),
            stacks: report.stacks.clone(),
        }
    }

    fn stack(&self, id: StackId) -> Option<&StackInfo> {
        self.stacks.iter().find(|info| info.id == id)
    }
}

/// How many scenarios.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Counts {
    /// In both reports.
    pub shared: u64,
    /// Of these, where random bytes decide or the model knows nothing, so that verdicts alone are compared.
    pub by_verdict: u64,
    /// The same in both.
    pub same: u64,
    /// By [`Kind::Regressed`].
    pub regressed: u64,
    /// By [`Kind::Fixed`].
    pub fixed: u64,
    /// By [`Kind::Changed`].
    pub changed: u64,
    /// By [`Kind::Added`].
    pub added: u64,
    /// By [`Kind::Removed`].
    pub removed: u64,
}

impl Counts {
    /// How many are of a kind.
    pub fn of(&self, kind: Kind) -> u64 {
        match kind {
            Kind::Regressed => self.regressed,
            Kind::Fixed => self.fixed,
            Kind::Changed => self.changed,
            Kind::Added => self.added,
            Kind::Removed => self.removed,
        }
    }
}

/// How a scenario changed.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It went as the model says and does no more; or the connection came about and does no more, be it that a
    /// stack lacks what it takes.
    Regressed,
    /// Another alert, parameter, error or verdict.
    Changed,
    /// The opposite of regressed.
    Fixed,
    /// Only in the report after.
    Added,
    /// Only in the report before.
    Removed,
}

impl Kind {
    /// Every kind, the most important first.
    pub const ALL: [Self; 5] = [
        Self::Regressed,
        Self::Changed,
        Self::Fixed,
        Self::Added,
        Self::Removed,
    ];

    /// The name in print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Regressed => "Regressed",
            Self::Changed => "Changed",
            Self::Fixed => "Fixed",
            Self::Added => "Added",
            Self::Removed => "Removed",
        }
    }
}

/// Scenarios that changed alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// How.
    pub kind: Kind,
    /// How many.
    pub count: u64,
    /// Whose stack has another version; empty: neither side's.
    pub who: Vec<Who>,
    /// The cause that the model has for their failure, after or else before.
    pub cause: Option<String>,
    /// What changed.
    pub changes: Vec<Change>,
    /// How many on which pairing.
    pub pairings: BTreeMap<String, u64>,
    /// One of them.
    pub example: Example,
}

/// A side whose stack has another version.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Who {
    /// Which side.
    pub role: Role,
    /// The library's name; the stack's, where only its cryptography has another version.
    pub library: String,
}

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// On which side; `null`: on neither alone.
    pub side: Option<Role>,
    /// Of what, by the names of [`Field`](crate::verdict::Field), and `verdict`.
    pub what: String,
    /// From what to what, the most frequent first.
    pub values: Vec<Values>,
}

/// From what to what.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// Before.
    pub old: String,
    /// After.
    pub new: String,
    /// In how many scenarios.
    pub count: u64,
}

/// The plainest scenario of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Its id.
    pub id: ScenarioId,
    /// Its name in the plan; `null` for a row of a covering array, and for what this version of shakedown does not
    /// make.
    pub name: Option<String>,
    /// The line that replays it.
    pub replay: String,
    /// What is not plain in it, as `axis=value`.
    pub axes: Vec<String>,
    /// Whether the run after made it smaller than any scenario of the group: it went otherwise than the model
    /// says, and this is the smallest that still does.
    pub shrunk: bool,
}

/// From which kind of change on a gate fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Only what regressed.
    Regressed,
    /// What regressed or changed.
    Changed,
    /// Any difference.
    Any,
}

impl FailOn {
    /// The kinds of change that fail it.
    pub fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Regressed => &[Kind::Regressed],
            Self::Changed => &[Kind::Regressed, Kind::Changed],
            Self::Any => &Kind::ALL,
        }
    }
}

impl Diff {
    /// Whether a gate fails.
    pub fn fails(&self, on: FailOn) -> bool {
        let counts = &self.counts;
        on.kinds().iter().any(|kind| counts.of(*kind) > 0)
    }

    /// The JSON form, with a line end.
    ///
    /// # Errors
    ///
    /// None in practice: the diff is plain data.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }

    /// The JSON schema of this form.
    pub fn json_schema() -> serde_json::Value {
        schema::of::<Self>()
    }

    /// The groups of a kind.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Group> {
        self.groups.iter().filter(move |group| group.kind == kind)
    }

    /// Stacks of both runs: the version before, if any, and after.
    pub fn versions(&self) -> Vec<(StackId, Option<&StackInfo>, Option<&StackInfo>)> {
        StackId::ALL
            .into_iter()
            .map(|id| (id, self.old.stack(id), self.new.stack(id)))
            .filter(|(_, old, new)| old.is_some() || new.is_some())
            .collect()
    }
}

/// Why a report has no results.
const OF_FORM_2: &str =
    "for it is of form 2; make it anew with this shakedown and those versions of the stacks";
const NOT_KEPT: &str = "for its run was told to keep none; make it anew with `shakedown run --output FILE.json`, or \
    with `Setting::keep_results`";

/// Reports that cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DiffError {
    /// A report without results; which, and why.
    #[error("the report {0} has no results by scenario, {1}")]
    NoResults(&'static str, &'static str),
    /// Results that contradict themselves; where.
    #[error("no report that shakedown wrote: {0}")]
    Results(String),
    /// No scenario is in both.
    #[error(
        "the two reports share no scenario, so that nothing can be said: {old} before, {new} after; run both with \
         the same --filter, --stacks, --seed and shakedown"
    )]
    NothingShared {
        /// How many there are before.
        old: usize,
        /// And after.
        new: usize,
    },
}

/// Says what changed.
///
/// # Errors
///
/// [`DiffError`], where nothing can be compared.
///
/// # Examples
///
/// ```no_run
/// use shakedown_matrix::diff::{FailOn, diff};
/// use shakedown_matrix::report::Report;
///
/// let read = |path| Report::from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
/// let diff = diff(&read("before.json"), &read("after.json")).unwrap();
/// assert!(!diff.fails(FailOn::Regressed), "{:#?}", diff.groups);
/// ```
pub fn diff(old: &Report, new: &Report) -> Result<Diff, DiffError> {
    let (before, after) = (Indexed::new(old, "before")?, Indexed::new(new, "after")?);
    let mut found = Found::new(&before, &after, old, new);
    found.walk();
    if found.counts.shared == 0 {
        return Err(DiffError::NothingShared {
            old: before.ids.len(),
            new: after.ids.len(),
        });
    }
    Ok(found.tell(old, new))
}

/// Results by id.
struct Indexed<'a> {
    results: &'a Results,
    sessions: Vec<Session>,
    /// Each scenario once, in order, and the place of its class.
    ids: Vec<(u64, u32)>,
}

impl<'a> Indexed<'a> {
    fn new(report: &'a Report, which: &'static str) -> Result<Self, DiffError> {
        let why = if report.schema < report::SCHEMA {
            OF_FORM_2
        } else {
            NOT_KEPT
        };
        let results = report.results.as_ref();
        let results = results.ok_or(DiffError::NoResults(which, why))?;
        results.check().map_err(DiffError::Results)?;
        let mut ids = Vec::new();
        for (place, class) in (0..).zip(&results.outcomes) {
            let some = class.ids().map_err(DiffError::Results)?;
            ids.extend(some.into_iter().map(|id| (id, place)));
        }
        // The same scenario may stand in a plan more than once; the worst verdict counts.
        let verdict = |place: u32| {
            let class = &results.outcomes[place as usize];
            results.groups[class.0].verdict
        };
        ids.sort_unstable_by_key(|(id, place)| (*id, std::cmp::Reverse(verdict(*place)), *place));
        ids.dedup_by_key(|(id, _)| *id);
        Ok(Self {
            sessions: results.sessions().map_err(DiffError::Results)?,
            results,
            ids,
        })
    }

    fn seen(&self, place: u32) -> Seen<'_> {
        let class = &self.results.outcomes[place as usize];
        Seen::new(self.results, &self.sessions, class)
    }
}

/// What has been found.
struct Found<'a> {
    old: &'a Indexed<'a>,
    new: &'a Indexed<'a>,
    /// Stacks whose version is another.
    upgraded: BTreeMap<StackId, String>,
    counts: Counts,
    /// By the classes before and after: the group, if anything changed, and how many scenarios.
    known: HashMap<(u32, u32), (Option<usize>, u64)>,
    keys: HashMap<Key, usize>,
    groups: Vec<Growing>,
    /// Which group each scenario is in.
    members: HashMap<u64, usize>,
}

/// From what to what, and how often.
type Pairs = BTreeMap<(String, String), u64>;

/// A group that is being collected.
struct Growing {
    key: Key,
    pairings: BTreeMap<String, u64>,
    /// For each change that is not in the key, the values and how often.
    values: BTreeMap<(Option<Role>, &'static str), Pairs>,
    count: u64,
    first: u64,
}

impl<'a> Found<'a> {
    fn new(before: &'a Indexed<'a>, after: &'a Indexed<'a>, old: &Report, new: &Report) -> Self {
        let mut upgraded = BTreeMap::new();
        for info in &new.stacks {
            let was = old.stacks.iter().find(|was| was.id == info.id);
            match was {
                Some(was) if was.version != info.version => {
                    upgraded.insert(info.id, info.name.clone());
                }
                // Its cryptography has another version, which the name of the stack has in it.
                Some(was) if was != info => {
                    upgraded.insert(info.id, info.id.to_string());
                }
                _ => {}
            }
        }
        Self {
            old: before,
            new: after,
            upgraded,
            counts: Counts::default(),
            known: HashMap::new(),
            keys: HashMap::new(),
            groups: Vec::new(),
            members: HashMap::new(),
        }
    }

    /// Both lists are in the order of ids.
    fn walk(&mut self) {
        let (old, new) = (&self.old.ids, &self.new.ids);
        let (mut before, mut after) = (old.iter().peekable(), new.iter().peekable());
        loop {
            match (before.peek(), after.peek()) {
                (None, None) => return,
                (Some(&&(id, place)), Some(&&(other, there))) if id == other => {
                    self.both(id, place, there);
                    before.next();
                    after.next();
                }
                (Some(&&(id, place)), next) if next.is_none_or(|&&(other, _)| id < other) => {
                    self.one(id, Kind::Removed, self.old.seen(place));
                    before.next();
                }
                (_, Some(&&(id, place))) => {
                    self.one(id, Kind::Added, self.new.seen(place));
                    after.next();
                }
                (Some(_), None) => unreachable!("taken by the arm of what was removed"),
            }
        }
    }

    fn both(&mut self, id: u64, old: u32, new: u32) {
        self.counts.shared += 1;
        let (was, is) = (self.old.seen(old), self.new.seen(new));
        if was.sides.is_none() || is.sides.is_none() {
            self.counts.by_verdict += 1;
        }
        let known = self.known.get(&(old, new)).copied();
        let (group, count) = known.unwrap_or_else(|| {
            let key = compare(&was, &is, &self.upgraded);
            (key.map(|key| self.group(key)), 0)
        });
        self.known.insert((old, new), (group, count + 1));
        match group {
            None => self.counts.same += 1,
            Some(group) => self.join(id, group, &is),
        }
    }

    /// Adds what was negotiated, once for each two classes.
    fn add_values(&mut self) {
        for (&(old, new), &(group, count)) in &self.known {
            let Some(group) = group else {
                continue;
            };
            let values = compare::values(&self.old.seen(old), &self.new.seen(new));
            for (place, pair) in values {
                let counts = self.groups[group].values.entry(place).or_default();
                *counts.entry(pair).or_default() += count;
            }
        }
    }

    /// A scenario that only one report has.
    fn one(&mut self, id: u64, kind: Kind, seen: Seen<'_>) {
        let group = self.group(Key::of_one(kind));
        self.join(id, group, &seen);
    }

    fn group(&mut self, key: Key) -> usize {
        let groups = &mut self.groups;
        *self.keys.entry(key.clone()).or_insert_with(|| {
            groups.push(Growing {
                key,
                pairings: BTreeMap::new(),
                values: BTreeMap::new(),
                count: 0,
                first: u64::MAX,
            });
            groups.len() - 1
        })
    }

    fn join(&mut self, id: u64, group: usize, seen: &Seen<'_>) {
        let growing = &mut self.groups[group];
        growing.count += 1;
        growing.first = growing.first.min(id);
        let pairing = format!("{}->{}", seen.group.client, seen.group.server);
        *growing.pairings.entry(pairing).or_default() += 1;
        match growing.key.kind {
            Kind::Regressed => self.counts.regressed += 1,
            Kind::Fixed => self.counts.fixed += 1,
            Kind::Changed => self.counts.changed += 1,
            Kind::Added => self.counts.added += 1,
            Kind::Removed => self.counts.removed += 1,
        }
        self.members.insert(id, group);
    }

    fn tell(mut self, old: &Report, new: &Report) -> Diff {
        self.add_values();
        let firsts = self.groups.iter().map(|growing| growing.first).collect();
        let kinds: Vec<_> = self.groups.iter().map(|growing| growing.key.kind).collect();
        let examples = example::find(&self.members, &kinds, firsts, old, new);
        let mut groups: Vec<_> = self
            .groups
            .into_iter()
            .zip(examples)
            .map(|(growing, example)| growing.finish(example))
            .collect();
        groups.sort_by(|a, b| {
            (a.kind, std::cmp::Reverse(a.count), &a.example.id).cmp(&(
                b.kind,
                std::cmp::Reverse(b.count),
                &b.example.id,
            ))
        });
        Diff {
            schema: SCHEMA,
            old: Told::new(old),
            new: Told::new(new),
            counts: self.counts,
            groups,
        }
    }
}

impl Growing {
    fn finish(self, example: Example) -> Group {
        let mut changes = Vec::new();
        for change in self.key.changes {
            changes.push(Change {
                side: change.side,
                what: change.what.into(),
                values: match change.values {
                    Some((old, new)) => vec![Values {
                        old,
                        new,
                        count: self.count,
                    }],
                    None => frequent(self.values.get(&(change.side, change.what))),
                },
            });
        }
        Group {
            kind: self.key.kind,
            count: self.count,
            who: self.key.who,
            cause: self.key.cause,
            changes,
            pairings: self.pairings,
            example,
        }
    }
}

/// The most frequent first.
fn frequent(values: Option<&Pairs>) -> Vec<Values> {
    let mut all: Vec<_> = values
        .into_iter()
        .flatten()
        .map(|((old, new), count)| Values {
            old: old.clone(),
            new: new.clone(),
            count: *count,
        })
        .collect();
    all.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.cmp(b)));
    all
}
