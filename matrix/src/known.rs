//! Known divergences: declared exceptions, which fail once they no longer apply.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use semver::{Version, VersionReq};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use shakedown::connection::StackInfo;
use shakedown::scenario::{Scenario, StackId, one_line};

use crate::axes::{Axes, CLIENT_STACK, SERVER_STACK};
use crate::verdict::{Difference, Field, Verdict};

/// The declared exceptions of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    file: String,
    entries: Vec<Entry>,
}

/// One declared exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an entry: {\"id\": ..., ...}")]
pub struct Entry {
    /// One word, unique.
    pub id: String,
    /// Which client; `null`: any.
    #[serde(default)]
    pub client: Option<StackId>,
    /// Which server; `null`: any.
    #[serde(default)]
    pub server: Option<StackId>,
    /// Values that must all hold, by axis.
    #[serde(deserialize_with = "each_once")]
    pub axes: BTreeMap<String, String>,
    /// Exactly what goes otherwise, in whatever order.
    pub differences: Vec<Difference>,
    /// With which versions of the libraries it does.
    #[serde(default)]
    pub versions: Versions,
    /// Why this is no fault of the model's.
    pub reason: String,
    /// Where upstream says so.
    pub link: String,
    /// The line of the file on which it begins, from 1.
    #[serde(skip)]
    pub line: usize,
}

/// Ranges of versions as Cargo writes them (`>=3.5, <4`), by library; `null`: any version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// Of OpenSSL.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub openssl: Option<VersionReq>,
    /// Of rustls, with whatever cryptography.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub rustls: Option<VersionReq>,
}

impl Known {
    /// The exceptions that this version of shakedown comes with.
    ///
    /// # Errors
    ///
    /// As [`Known::from_json`].
    pub fn built_in(axes: &Axes) -> Result<Self, KnownError> {
        Self::from_json("matrix/known.json", include_str!("../known.json"), axes)
    }

    /// Reads the exceptions of a file.
    ///
    /// # Errors
    ///
    /// [`KnownError`], for what is not such a list, for an id that is there twice, for values that
    /// no axis or no scenario has, for differences that cannot be, and for what an entry lacks.
    pub fn from_json(file: &str, json: &str, axes: &Axes) -> Result<Self, KnownError> {
        let at = |line, fault| KnownError {
            file: file.to_owned(),
            line,
            fault,
        };
        let raw: Vec<&RawValue> = serde_json::from_str(json)
            .map_err(|error| at(error.line(), KnownFault::Form(without_place(&error))))?;
        let mut entries: Vec<Entry> = Vec::new();
        for raw in raw {
            // What was read is a part of what was given.
            let offset = raw.get().as_ptr() as usize - json.as_ptr() as usize;
            let line = 1 + newlines(&json[..offset]);
            let mut entry = read_entry(raw.get())
                .map_err(|(further, message)| at(line + further, KnownFault::Form(message)))?;
            entry.line = line;
            if let Some(first) = entries.iter().find(|other| other.id == entry.id) {
                let (id, first) = (entry.id, first.line);
                return Err(at(line, KnownFault::Duplicate { id, first }));
            }
            entry.check(axes).map_err(|fault| at(line, fault))?;
            entries.push(entry);
        }
        Ok(Self {
            file: file.to_owned(),
            entries,
        })
    }

    /// Those that are about the versions of these stacks.
    ///
    /// # Errors
    ///
    /// [`KnownError`], where a stack's version is not of three numbers, and for an entry that an earlier
    /// one leaves nothing.
    pub fn for_stacks(mut self, stacks: &[StackInfo]) -> Result<Self, KnownError> {
        let mut kept: Vec<Entry> = Vec::new();
        for entry in self.entries {
            let at_entry = |fault| KnownError {
                file: self.file.clone(),
                line: entry.line,
                fault,
            };
            if !entry.versions.include(stacks).map_err(at_entry)? {
                continue;
            }
            if let Some(earlier) = kept
                .iter()
                .find(|earlier| earlier.leaves_nothing_to(&entry))
            {
                return Err(at_entry(KnownFault::Hidden {
                    id: entry.id.clone(),
                    by: earlier.id.clone(),
                    line: earlier.line,
                }));
            }
            kept.push(entry);
        }
        self.entries = kept;
        Ok(self)
    }

    /// The first entry that is about one of the pairings of client and server, and under which
    /// nothing came: its id is not among those that were `met`.
    pub fn unmet(&self, met: &BTreeSet<String>, pairings: &[(StackId, StackId)]) -> Option<&Entry> {
        self.entries
            .iter()
            .filter(|entry| !met.contains(&entry.id))
            .find(|entry| {
                pairings.iter().any(|(client, server)| {
                    entry.wants_stack(CLIENT_STACK, entry.client, *client)
                        && entry.wants_stack(SERVER_STACK, entry.server, *server)
                })
            })
    }

    /// The entry whose scenarios this one is among.
    pub fn about(
        &self,
        axes: &Axes,
        scenario: &Scenario,
        point: Option<&[usize]>,
    ) -> Option<&Entry> {
        let point = point?;
        self.entries.iter().find(|entry| {
            entry.client.is_none_or(|id| id == scenario.client.stack)
                && entry.server.is_none_or(|id| id == scenario.server.stack)
                && entry.axes.iter().all(|(axis, label)| {
                    axes.index(axis)
                        .is_some_and(|index| axes.value(index, label) == Some(point[index]))
                })
        })
    }

    /// The file and the line on which an entry begins.
    pub fn place(&self, entry: &Entry) -> String {
        format!("{}:{}", self.file, entry.line)
    }
}

impl Entry {
    /// Whether the scenario went otherwise in just the declared way.
    pub fn explains(&self, verdict: &Verdict) -> bool {
        let in_order = |differences: &[Difference]| {
            let mut differences = differences.to_vec();
            differences.sort();
            differences
        };
        matches!(verdict, Verdict::Diverge(found) if in_order(found) == in_order(&self.differences))
    }

    /// Whether every scenario of the other entry is among the scenarios of this one, which comes first.
    fn leaves_nothing_to(&self, other: &Self) -> bool {
        let others: BTreeMap<_, _> = other.pattern().collect();
        self.pattern()
            .all(|(axis, value)| others.get(axis) == Some(&value))
    }

    fn check(&self, axes: &Axes) -> Result<(), KnownFault> {
        for (field, value) in [
            ("id", &self.id),
            ("reason", &self.reason),
            ("link", &self.link),
        ] {
            if value.trim().is_empty() {
                let id = self.id.clone();
                return Err(KnownFault::Empty { id, field });
            }
        }
        if self.id.contains(char::is_whitespace) {
            return Err(KnownFault::NoWord(self.id.clone()));
        }
        if !["https://", "http://"]
            .iter()
            .any(|scheme| self.link.starts_with(scheme))
        {
            let (id, link) = (self.id.clone(), self.link.clone());
            return Err(KnownFault::NoLink { id, link });
        }
        // A divergence always says where, so that an empty list would never apply.
        if self.differences.is_empty() {
            let (id, field) = (self.id.clone(), "differences");
            return Err(KnownFault::Empty { id, field });
        }
        for difference in &self.differences {
            let (id, field) = (self.id.clone(), difference.field);
            if !field.is_of_stacks() {
                return Err(KnownFault::NoSuchField { id, field });
            }
            if !field.is_found_on(difference.side) {
                return Err(KnownFault::WrongSide { id, field });
            }
            if difference.expected == difference.actual {
                return Err(KnownFault::NoDifference { id, field });
            }
        }
        self.check_pattern(axes)
    }

    /// Whether some scenario of the axes comes under the entry.
    fn check_pattern(&self, axes: &Axes) -> Result<(), KnownFault> {
        let mut held = Vec::new();
        for (axis, value) in self.pattern() {
            let found = axes
                .index(axis)
                .and_then(|index| Some((index, vec![axes.value(index, value)?])));
            let Some(found) = found else {
                return Err(KnownFault::NoSuchValue {
                    id: self.id.clone(),
                    axis: one_line(axis),
                    value: one_line(value),
                });
            };
            held.push(found);
        }
        axes.space(&held)
            .map(drop)
            .map_err(|_| KnownFault::Contradictory(self.id.clone()))
    }

    /// The values that must all hold, stacks first.
    fn pattern(&self) -> impl Iterator<Item = (&str, &str)> {
        let stacks = [(CLIENT_STACK, self.client), (SERVER_STACK, self.server)]
            .into_iter()
            .filter_map(|(axis, stack)| Some((axis, stack?.name())));
        let values = self
            .axes
            .iter()
            .map(|(axis, value)| (axis.as_str(), value.as_str()));
        stacks.chain(values)
    }

    fn wants_stack(&self, axis: &str, wanted: Option<StackId>, stack: StackId) -> bool {
        wanted.is_none_or(|wanted| wanted == stack)
            && self.axes.get(axis).is_none_or(|name| name == stack.name())
    }
}

impl Versions {
    /// Whether each library that is named is linked in a version of its range.
    fn include(&self, stacks: &[StackInfo]) -> Result<bool, KnownFault> {
        for (range, rustls) in [(&self.openssl, false), (&self.rustls, true)] {
            let Some(range) = range else { continue };
            let Some(stack) = stacks.iter().find(|stack| stack.id.is_rustls() == rustls) else {
                return Ok(false);
            };
            let version = Version::parse(&stack.version)
                .map_err(|_| KnownFault::OddVersion(stack.version.clone()))?;
            if !range.matches(&version) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// A list of exceptions that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {fault}")]
pub struct KnownError {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1: of the fault where the form is wrong, else where the entry begins.
    pub line: usize,
    /// What is wrong.
    pub fault: KnownFault,
}

/// What is wrong with a list of exceptions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownFault {
    /// Not such a list.
    #[error("{0}; mend it as `A known divergence` in ARCHITECTURE.md says")]
    Form(String),
    /// An id twice.
    #[error("the known divergence {id:?} is in line {first} already; remove one or rename it")]
    Duplicate {
        /// The id.
        id: String,
        /// The line of the entry that has it already.
        first: usize,
    },
    /// Text that no axis has.
    #[error(
        "the known divergence {id:?} names {axis}={value}, which is on no axis; see `shakedown axes`"
    )]
    NoSuchValue {
        /// The entry.
        id: String,
        /// The axis.
        axis: String,
        /// The value.
        value: String,
    },
    /// A pattern that no scenario has.
    #[error(
        "the known divergence {0:?} matches nothing: no scenario has these stacks and values \
         together; mend client, server or axes, or remove it"
    )]
    Contradictory(String),
    /// What may not be left out.
    #[error("the known divergence {id:?} has nothing under {field:?}; fill it in")]
    Empty {
        /// The entry.
        id: String,
        /// The field.
        field: &'static str,
    },
    /// An id that cannot be told from a sentence.
    #[error("the known divergence {0:?} needs an id without white space; write hyphens instead")]
    NoWord(String),
    /// A link that leads nowhere.
    #[error(
        "the known divergence {id:?} has the link {link:?}, which is none; give the address of the \
         upstream report, with https://"
    )]
    NoLink {
        /// The entry.
        id: String,
        /// What it has for a link.
        link: String,
    },
    /// Nothing that goes otherwise.
    #[error(
        "the known divergence {id:?} expects of {field:?} what it says happens; give the \
         \"expected\" and the \"actual\" of the report, or remove it",
        field = field.name()
    )]
    NoDifference {
        /// The entry.
        id: String,
        /// The field.
        field: Field,
    },
    /// No scenario is left.
    #[error(
        "the known divergence {id:?} is never asked, for all its scenarios come under {by:?} in line \
         {line} first; put it before that one, or remove it"
    )]
    Hidden {
        /// The entry.
        id: String,
        /// The one before.
        by: String,
        /// The line of that one.
        line: usize,
    },
    /// A field that stacks do not differ in.
    #[error(
        "the known divergence {id:?} is about {field:?}, which no stack does; there are {names}",
        field = field.name(),
        names = Field::names()
    )]
    NoSuchField {
        /// The entry.
        id: String,
        /// The field.
        field: Field,
    },
    /// A field that is never found on that side.
    #[error(
        "the known divergence {id:?} is about {field:?}, which {}",
        if field.is_found_on(None) { "is of neither side alone; leave \"side\" out" }
        else { "is of one side; add \"side\": \"client\" or \"server\"" },
        field = field.name()
    )]
    WrongSide {
        /// The entry.
        id: String,
        /// The field.
        field: Field,
    },
    /// A version that no range can include or exclude.
    #[error(
        "the linked version {0:?} is not of the form 1.2.3, so that no range can be held against \
         it; leave \"versions\" out"
    )]
    OddVersion(String),
}

/// Values by axis. JSON lets a later value take the place of an earlier one, unseen.
fn each_once<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct Once;

    impl<'de> Visitor<'de> for Once {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("values by axis: {\"server.flaw\": \"expired\", ...}")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut axes = BTreeMap::new();
            while let Some((axis, value)) = map.next_entry::<String, String>()? {
                if axes.contains_key(&axis) {
                    let message = format!("the axis {axis:?} is there twice");
                    return Err(de::Error::custom(message));
                }
                axes.insert(axis, value);
            }
            Ok(axes)
        }
    }

    deserializer.deserialize_map(Once)
}

/// An entry; or how many lines further down something is wrong, and what.
fn read_entry(json: &str) -> Result<Entry, (usize, String)> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let inner = error.inner();
        let message = without_place(inner);
        let message = match error.path().to_string().as_str() {
            "." | "?" => message,
            path => format!("{}: {message}", one_line(path)),
        };
        (inner.line().saturating_sub(1), message)
    })
}

/// The error without its line, which is told in front.
fn without_place(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    one_line(message.strip_suffix(&place).unwrap_or(&message))
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests;
