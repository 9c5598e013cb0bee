//! Symptoms: what each documented cause looks like from outside.

use std::collections::BTreeMap;

use shakedown::connection::Role;
use shakedown::outcome::Outcome;
use shakedown::scenario::ScenarioId;

use crate::model::Cause;
use crate::report::Symptom;

/// What came of a case that a table or a symptom is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The scenario.
    pub id: ScenarioId,
    /// What the model says it fails with; `None`: success, or a stack cannot express it.
    pub cause: Option<Cause>,
    /// Which side finds fault, by the model.
    pub detector: Option<Role>,
    /// What both sides saw.
    pub outcome: Outcome,
}

/// The symptoms in the cases `cause/<id>[.<variant>]/<client>-><server>/TLS<version>`.
pub fn build(_observed: &BTreeMap<String, Observation>) -> Vec<Symptom> {
    Vec::new()
}
