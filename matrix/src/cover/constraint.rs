//! What a row must not have together.

use std::collections::BTreeMap;

/// Forbids every row whose value on each named axis lies in the named set.
///
/// Sets named for the same axis are intersected. An empty set forbids nothing; a constraint that
/// names no axis forbids everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Pairs of an axis and the set of its values.
    pub forbid: Vec<(usize, Vec<usize>)>,
}

impl Constraint {
    /// Whether the row breaks the constraint.
    pub(super) fn forbids(&self, row: &[usize]) -> bool {
        self.forbid
            .iter()
            .all(|(axis, set)| set.contains(&row[*axis]))
    }

    /// The same, naming every axis once, axes and values ascending.
    pub(super) fn normalised(&self) -> Self {
        let mut sets = BTreeMap::<usize, Vec<usize>>::new();
        for (axis, set) in &self.forbid {
            sets.entry(*axis)
                .and_modify(|known| known.retain(|value| set.contains(value)))
                .or_insert_with(|| set.clone());
        }
        for set in sets.values_mut() {
            set.sort_unstable();
            set.dedup();
        }
        Self {
            forbid: sets.into_iter().collect(),
        }
    }
}
