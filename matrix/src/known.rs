//! Known divergences: declared exceptions, which fail once they no longer apply.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::scenario::{Scenario, ScenarioError, StackId, read_json};

use crate::axes::Axes;
use crate::verdict::{Difference, Verdict};

/// The declared exceptions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known(Vec<Entry>);

/// One declared exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    pub axes: BTreeMap<String, String>,
    /// Exactly what goes otherwise.
    pub differences: Vec<Difference>,
    /// Why this is no fault of the model's.
    pub reason: String,
    /// Where upstream says so.
    pub link: String,
}

impl Known {
    /// The exceptions that this version of shakedown comes with.
    ///
    /// # Errors
    ///
    /// As [`Known::from_json`].
    pub fn built_in(axes: &Axes) -> Result<Self, KnownError> {
        Self::from_json(include_str!("../known.json"), axes)
    }

    /// Reads exceptions.
    ///
    /// # Errors
    ///
    /// [`KnownError`], for what is not such a list, for an id that is there twice, and for axes and
    /// values that do not exist.
    pub fn from_json(json: &str, axes: &Axes) -> Result<Self, KnownError> {
        let entries: Vec<Entry> = read_json(json).map_err(KnownError::Form)?;
        let mut ids = BTreeSet::new();
        for entry in &entries {
            if !ids.insert(&entry.id) {
                return Err(KnownError::Duplicate(entry.id.clone()));
            }
            for (axis, value) in &entry.axes {
                let exists = axes
                    .index(axis)
                    .is_some_and(|index| axes.value(index, value).is_some());
                if !exists {
                    return Err(KnownError::NoSuchValue {
                        id: entry.id.clone(),
                        axis: axis.clone(),
                        value: value.clone(),
                    });
                }
            }
            if entry.reason.is_empty() || entry.link.is_empty() {
                return Err(KnownError::NoReason(entry.id.clone()));
            }
        }
        Ok(Self(entries))
    }

    /// The id of an entry that nothing came under.
    pub fn unmet(&self, met: &BTreeMap<String, u64>) -> Option<String> {
        self.0
            .iter()
            .map(|entry| &entry.id)
            .find(|id| !met.contains_key(*id))
            .cloned()
    }

    /// The entry whose scenarios this one is among.
    pub fn about(
        &self,
        axes: &Axes,
        scenario: &Scenario,
        point: Option<&[usize]>,
    ) -> Option<&Entry> {
        let point = point?;
        self.0.iter().find(|entry| {
            entry.client.is_none_or(|id| id == scenario.client.stack)
                && entry.server.is_none_or(|id| id == scenario.server.stack)
                && entry.axes.iter().all(|(axis, label)| {
                    axes.index(axis)
                        .is_some_and(|index| axes.value(index, label) == Some(point[index]))
                })
        })
    }
}

impl Entry {
    /// Whether the scenario went otherwise in just the declared way.
    pub fn explains(&self, verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Diverge(found) if *found == self.differences)
    }
}

/// A list of exceptions that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownError {
    /// Not such a list.
    #[error("known divergences: {0}")]
    Form(ScenarioError),
    /// An id twice.
    #[error("known divergences: {0:?} is there twice; remove one")]
    Duplicate(String),
    /// A pattern that matches nothing.
    #[error(
        "known divergences: {id:?} names {axis}={value}, which is on no axis; see `shakedown axes`"
    )]
    NoSuchValue {
        /// The entry.
        id: String,
        /// The axis.
        axis: String,
        /// The value.
        value: String,
    },
    /// Neither reason nor link may be left out.
    #[error("known divergences: {0:?} needs a reason and an upstream link")]
    NoReason(String),
}

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown::connection::Role;

    const ENTRY: &str = r#"[{"id":"a","client":"openssl","axes":{"client.trust":"leaf"},
        "differences":[{"side":"client","field":"end","expected":"x","actual":"y"}],
        "reason":"r","link":"https://example.org/1"}]"#;

    #[test]
    fn the_built_in_list_reads() {
        assert!(Known::built_in(&Axes::new()).is_ok());
    }

    #[test]
    fn an_entry_explains_only_what_it_declares() {
        let axes = Axes::new();
        let known = Known::from_json(ENTRY, &axes).expect("well-formed");
        let mut point = axes.plain();
        for (axis, value) in [("client.stack", "openssl"), ("client.trust", "leaf")] {
            let index = axes.index(axis).expect("an axis");
            point[index] = axes.value(index, value).expect("a value");
        }
        let entry = known
            .about(&axes, &axes.scenario(&point), Some(&point))
            .expect("its scenario");
        let difference = Difference {
            side: Some(Role::Client),
            field: "end".into(),
            expected: "x".into(),
            actual: "y".into(),
        };
        assert!(entry.explains(&Verdict::Diverge(vec![difference.clone()])));
        assert!(!entry.explains(&Verdict::Agree));
        assert!(!entry.explains(&Verdict::Diverge(vec![difference.clone(), difference])));
        let plain = axes.plain();
        assert_eq!(
            known.about(&axes, &axes.scenario(&plain), Some(&plain)),
            None
        );
    }

    #[test]
    fn an_entry_that_nothing_came_under_is_told() {
        let known = Known::from_json(ENTRY, &Axes::new()).expect("well-formed");
        assert_eq!(known.unmet(&BTreeMap::new()), Some("a".into()));
        assert_eq!(known.unmet(&BTreeMap::from([("a".into(), 1)])), None);
    }

    #[test]
    fn bad_lists_are_refused_by_name() {
        let axes = Axes::new();
        let error = |json: &str| Known::from_json(json, &axes).expect_err("bad").to_string();
        assert!(error("{}").starts_with("known divergences: "));
        assert!(error(&ENTRY.replace("\"id\"", "\"ident\"")).contains("[0].ident: unknown field"));
        assert!(error(&ENTRY.replace("leaf", "leave")).contains("client.trust=leave"));
        assert!(error(&ENTRY.replace("\"r\"", "\"\"")).contains("needs a reason"));
        let twice = format!("[{0},{0}]", &ENTRY[1..ENTRY.len() - 1]);
        assert!(error(&twice).contains("twice"));
    }
}
