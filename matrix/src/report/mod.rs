//! The report: everything that a run has to say, as versioned data. Renderers read nothing else.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::connection::{Role, StackInfo};
use shakedown::scenario::{Scenario, ScenarioError, ScenarioId, read_json};

use crate::conformance::Library;
use crate::model::Cause;
use crate::plan::Request;
use crate::schema;
use crate::verdict::Difference;

use self::results::Results;

pub mod human;
pub mod junit;
mod lines;
pub mod markdown;
mod packed;
pub mod results;

/// The version of the report's form. It grows when a reader of the old form would misread the new.
pub const SCHEMA: u32 = 3;
/// The oldest form that is read still. Forms: 2 has no results by scenario.
pub const OLDEST_SCHEMA: u32 = 2;

/// What a run has to say. The same seed, stacks and options give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this form.
    pub schema: u32,
    /// The version of shakedown.
    pub shakedown: String,
    /// What the run was asked for.
    pub request: RequestReport,
    /// The stacks that took part, with exact versions.
    pub stacks: Vec<StackInfo>,
    /// The counts.
    pub summary: Summary,
    /// How many scenarios ended with each documented cause, by its id and by the pairing; no pairing:
    /// never exercised.
    pub causes: BTreeMap<String, BTreeMap<String, u64>>,
    /// How much of what can be combined was combined.
    pub coverage: Vec<CoverageReport>,
    /// What stacks cannot express: the reason and how many scenarios.
    pub unsupported: BTreeMap<String, u64>,
    /// What went otherwise, alike ones together, most frequent first.
    pub divergences: Vec<DivergenceReport>,
    /// The known divergences that were met, by id.
    pub known: BTreeMap<String, u64>,
    /// What stacks did against the RFCs, as documented or not.
    pub deviations: Vec<DeviationReport>,
    /// The compatibility tables.
    pub tables: Vec<Table>,
    /// What each documented cause looks like from outside.
    pub symptoms: Vec<Symptom>,
    /// What each scenario came to; `null` in form 2, and where the run was told not to keep it.
    #[serde(default)]
    pub results: Option<Results>,
}

impl Report {
    /// Whether everything went as the model says, and no stack broke an RFC but as declared.
    pub fn agrees(&self) -> bool {
        let summary = &self.summary;
        summary.diverge == 0
            && summary.stall == 0
            && summary.crash == 0
            && self.deviations.iter().all(DeviationReport::is_expected)
    }

    /// The line that replays a scenario of this run by its id.
    pub fn replay_by_id(&self, id: &ScenarioId) -> String {
        let asked = &self.request;
        let mut line = format!("shakedown replay {id}");
        let usual = Request::default();
        if asked.strength != usual.strength {
            line += &format!(" --strength {}", asked.strength);
        }
        if asked.random != usual.random {
            line += &format!(" --random {}", asked.random);
        }
        if asked.seed != usual.seed {
            line += &format!(" --seed {}", asked.seed);
        }
        let stacks: Vec<_> = self.stacks.iter().map(|info| info.id.name()).collect();
        if stacks.len() != usual.stacks.len() {
            line += &format!(" --stacks {}", stacks.join(","));
        }
        line
    }

    /// The JSON form, with a line end: one line for what is small.
    ///
    /// # Errors
    ///
    /// None in practice: the report is plain data.
    pub fn to_json(&self) -> serde_json::Result<String> {
        lines::to_string(self)
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// [`ReportError`], for what is no report, and for one whose form is newer than this version of shakedown
    /// or older than it reads.
    pub fn from_json(json: &str) -> Result<Self, ReportError> {
        #[derive(Deserialize)]
        struct Form {
            schema: u32,
        }
        let form: Form = read_json(json).map_err(ReportError::Form)?;
        if !(OLDEST_SCHEMA..=SCHEMA).contains(&form.schema) {
            return Err(ReportError::Schema(form.schema));
        }
        let report: Self = read_json(json).map_err(ReportError::Form)?;
        if let Some(results) = &report.results {
            results.check().map_err(ReportError::Results)?;
        }
        Ok(report)
    }

    /// The JSON schema of this form.
    pub fn json_schema() -> serde_json::Value {
        schema::of::<Self>()
    }
}

/// A report that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// Not a report.
    #[error("no report: {0}")]
    Form(ScenarioError),
    /// Of a version that this one does not read.
    #[error(
        "a report of form {0}; this version of shakedown reads forms {OLDEST_SCHEMA} to {SCHEMA}"
    )]
    Schema(u32),
    /// Results that contradict themselves; where.
    #[error("no report that shakedown wrote: {0}")]
    Results(String),
}

/// What a run was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestReport {
    /// How many axes at a time were covered with all their combinations.
    pub strength: usize,
    /// How many random scenarios came on top.
    pub random: usize,
    /// The seed of covering arrays and random scenarios.
    pub seed: u64,
    /// The filter on names; `null`: none.
    pub filter: Option<String>,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
    /// Which part of the scenarios this is; left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
}

/// A part of a run's scenarios: every `of`th, from the `number`th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// From 1 to `of`.
    pub number: usize,
    /// How many parts there are.
    pub of: usize,
}

impl Shard {
    /// Whether the scenario at this place of its batch is in this part.
    pub fn has(self, place: usize) -> bool {
        place % self.of == self.number - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once('/')
            .and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)))
            .filter(|(number, of)| (1..=*of).contains(number))
            .map(|(number, of)| Self { number, of })
            .ok_or_else(|| "give K/N with K from 1 to N, for instance 2/8".into())
    }
}

/// The counts of verdicts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// All scenarios.
    pub scenarios: u64,
    /// As the model says.
    pub agree: u64,
    /// Otherwise, as declared.
    pub known: u64,
    /// Otherwise.
    pub diverge: u64,
    /// A stack cannot express it, as the model says.
    pub unsupported: u64,
    /// The model does not know it; only what always holds was demanded.
    pub unmodelled: u64,
    /// Both sides waited, and the model does not say so.
    pub stall: u64,
    /// A stack panicked.
    pub crash: u64,
    /// The share, from 0 to 1, of the scenarios that ran for which the model allows exactly one
    /// outcome.
    pub sharpness: f64,
}

/// How many combinations of values were tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoverageReport {
    /// How many axes at a time.
    pub strength: usize,
    /// Combinations that occurred in a scenario.
    pub covered: usize,
    /// Combinations that the constraints allow.
    pub coverable: usize,
    /// Those that did not occur, by name; listed on request.
    pub uncovered: Vec<String>,
}

/// Scenarios that went otherwise in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DivergenceReport {
    /// `diverge`, `stall` or `crash`.
    pub verdict: String,
    /// How many scenarios.
    pub count: u64,
    /// What the model expected them to fail with; `null`: success.
    pub cause: Option<Cause>,
    /// What went otherwise.
    pub differences: Vec<Difference>,
    /// The panic's message, for a crash.
    pub message: Option<String>,
    /// The name of the first such scenario.
    pub example: String,
    /// Its id.
    pub id: ScenarioId,
    /// The smallest scenario found that still goes otherwise.
    pub shrunk: Scenario,
    /// Its id.
    pub shrunk_id: ScenarioId,
    /// What is not plain in it, as `axis=value`.
    pub axes: Vec<String>,
}

impl DivergenceReport {
    /// The line that replays the smallest scenario.
    pub fn replay(&self) -> String {
        replay_line(&self.shrunk)
    }
}

/// The line that replays a scenario.
pub fn replay_line(scenario: &Scenario) -> String {
    // JSON of ours has no single quote but in names, which the shell form escapes.
    format!(
        "shakedown replay '{}'",
        scenario.to_json().replace('\'', "'\\''")
    )
}

/// What a library does otherwise than an RFC asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviationReport {
    /// Whose.
    pub library: Library,
    /// The rule's id.
    pub rule: String,
    /// The clause.
    pub citation: String,
    /// What it asks for.
    pub demand: String,
    /// What the library did.
    pub deed: String,
    /// Whether this version of shakedown knows it.
    pub declared: bool,
    /// In how many scenarios; 0: declared, and not seen in a run of everything.
    pub count: u64,
    /// The name of the first such scenario.
    pub example: Option<String>,
    /// Its id.
    pub id: Option<ScenarioId>,
}

impl DeviationReport {
    /// Whether it is declared and was seen.
    pub fn is_expected(&self) -> bool {
        self.declared && self.count > 0
    }
}

/// A compatibility table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// A stable id, one word.
    pub id: String,
    /// What it shows.
    pub title: String,
    /// The head of the first column, then of each column.
    pub columns: Vec<String>,
    /// The rows in order.
    pub rows: Vec<Row>,
    /// What the short forms in it mean.
    pub notes: Vec<String>,
}

/// A row of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The first column.
    pub label: String,
    /// The others.
    pub cells: Vec<Cell>,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// What it says; empty where nothing was tried.
    pub text: String,
    /// Whether the connection came about; `null` where nothing was tried.
    pub works: Option<bool>,
}

/// What a cause looks like to whoever has to find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Symptom {
    /// The cause.
    pub cause: Cause,
    /// The client's stack and version of TLS, the server's stack, and where the scenario came from.
    pub example: String,
    /// The scenario.
    pub id: ScenarioId,
    /// Which side finds fault.
    pub detector: Role,
    /// What the client's stack says.
    pub client: String,
    /// What the server's stack says.
    pub server: String,
    /// The alert that the detecting side sends, if any.
    pub alert: Option<String>,
}
