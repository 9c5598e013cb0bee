//! Compatibility tables: which scenarios they are made of, and what they say.

use std::collections::BTreeMap;

use shakedown::scenario::StackId;

use crate::plan::Case;
use crate::report::Table;
use crate::symptoms::Observation;

/// The scenarios that the tables are made of, named `table/<table>/<row>/<column>/<client>-><server>`.
pub fn cases(_pairings: &[(StackId, StackId)]) -> Vec<Case> {
    Vec::new()
}

/// The tables, from what came of their cases.
pub fn build(_observed: &BTreeMap<String, Observation>) -> Vec<Table> {
    Vec::new()
}
