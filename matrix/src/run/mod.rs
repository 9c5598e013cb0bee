//! A run: every scenario of a plan tried, judged and counted.
//!
//! The only room with threads in it. Cases are tried in parallel and counted in order, so that the
//! same plan makes the same report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use globset::GlobMatcher;
use rayon::prelude::*;

use shakedown::outcome::Outcome;
use shakedown::scenario::{Scenario, ScenarioId, StackId};

use crate::axes::Axes;
use crate::conformance::{Breach, DECLARED, breaches, rules};
use crate::cover::{CoverError, Coverage, Rows, coverage_of};
use crate::known::Known;
use crate::lab::Lab;
use crate::model::{Cause, Prediction, predict};
use crate::plan::{Case, Plan};
use crate::report::{
    CoverageReport, DeviationReport, DivergenceReport, Report, RequestReport, SCHEMA, Summary,
};
use crate::shrink::shrink;
use crate::symptoms::{self, Observation};
use crate::tables;
use crate::verdict::{Difference, Field, Verdict, judge};

/// What a run is made with.
pub struct Setting<'a> {
    /// Where scenarios are tried.
    pub lab: &'a Lab,
    /// Which scenarios there are.
    pub plan: &'a Plan,
    /// Which of them are wanted, by name; `None`: all.
    pub filter: Option<&'a GlobMatcher>,
    /// Declared exceptions.
    pub known: &'a Known,
    /// Whether uncovered combinations are listed by name.
    pub list_uncovered: bool,
    /// Set from outside to end the run early.
    pub stop: &'a AtomicBool,
    /// Told of each scenario that has been tried.
    pub tick: &'a (dyn Fn(u64) + Sync),
}

/// A run cannot be made or cannot be told of.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// No scenario has a name that the filter wants.
    #[error(
        "nothing selected: no scenario's name or id matches {0:?}; `shakedown list` shows them"
    )]
    NothingSelected(String),
    /// A declared exception that nothing came under.
    #[error(
        "{place}: nothing in the whole run came under the known divergence {id:?}; remove it, or \
         try more scenarios"
    )]
    KnownUnmet {
        /// File and line of the entry.
        place: String,
        /// The entry.
        id: String,
    },
    /// Coverage cannot be measured.
    #[error(transparent)]
    Cover(#[from] CoverError),
}

/// Tries everything, and reports.
///
/// # Errors
///
/// [`RunError`], where nothing is selected.
pub fn run(setting: &Setting<'_>, request: RequestReport) -> Result<Report, RunError> {
    run_recorded(setting, request, None)
}

/// Told in order what each scenario came to, and the verdict before any declared exception.
pub type Record<'a> = &'a mut dyn FnMut(&Scenario, &Outcome, &Verdict);

/// Tries everything, tells of each scenario, and reports.
///
/// # Errors
///
/// As [`run`].
pub fn run_recorded(
    setting: &Setting<'_>,
    request: RequestReport,
    mut record: Option<Record<'_>>,
) -> Result<Report, RunError> {
    let recording = record.is_some();
    let mut tally = Tally::default();
    for group in batches_in_groups(setting.plan) {
        let cases: Vec<Case> = group
            .into_par_iter()
            .flat_map_iter(|number| setting.plan.batch(number))
            .filter(|case| is_selected(setting.filter, case))
            .collect();
        let tried: Vec<_> = cases
            .par_iter()
            .with_max_len(16)
            .map(|case| {
                if setting.stop.load(Ordering::Relaxed) {
                    return None;
                }
                let tried = try_case(setting, case, recording);
                (setting.tick)(1);
                Some(tried)
            })
            .collect();
        for (case, tried) in cases.into_iter().zip(tried) {
            if let Some(tried) = tried {
                if let (Some(record), Some((outcome, verdict))) = (&mut record, &tried.recorded) {
                    record(&case.scenario, outcome, verdict);
                }
                tally.count(case, tried);
            }
        }
        if setting.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let interrupted = setting.stop.load(Ordering::Relaxed);
    if setting.filter.is_none()
        && !interrupted
        && let Some(entry) = setting.known.unmet(&tally.met, setting.plan.pairings())
    {
        return Err(RunError::KnownUnmet {
            place: setting.known.place(entry),
            id: entry.id.clone(),
        });
    }
    if tally.summary.scenarios == 0 && !interrupted {
        return Err(RunError::NothingSelected(
            request.filter.unwrap_or_default(),
        ));
    }
    tally.report(
        setting,
        RequestReport {
            interrupted,
            ..request
        },
    )
}

/// How one scenario went.
struct Tried {
    prediction: Prediction,
    verdict: Verdict,
    known: Option<String>,
    breaches: Vec<Breach>,
    /// The declared exception that it is among the scenarios of.
    met: Option<String>,
    /// Kept for the cases that tables are made of.
    observation: Option<Observation>,
    /// Kept for a recording.
    recorded: Option<(Outcome, Verdict)>,
}

fn try_case(setting: &Setting<'_>, case: &Case, recording: bool) -> Tried {
    let prediction = predict(&case.scenario);
    let outcome = setting.lab.run(&case.scenario);
    let mut verdict = judge(&prediction, &outcome);
    let breaches = breaches(&case.scenario, &prediction, &verdict, &outcome);
    let recorded = recording.then(|| (outcome.clone(), verdict.clone()));
    let mut known = None;
    let mut met = None;
    let axes = setting.plan.axes();
    if let Some(entry) = setting
        .known
        .about(axes, &case.scenario, case.point.as_deref())
    {
        met = Some(entry.id.clone());
        if entry.explains(&verdict) {
            known = Some(entry.id.clone());
        } else if verdict == Verdict::Agree {
            verdict = Verdict::Diverge(vec![Difference {
                side: None,
                field: Field::KnownDivergence,
                expected: format!("{:?} still applies", entry.id),
                actual: format!(
                    "it went as the model says; remove the entry at {}",
                    setting.known.place(entry)
                ),
            }]);
        }
    }
    // Where random bytes decide, a report would not be the same twice.
    let foretold = prediction.is_sharp() || !matches!(prediction, Prediction::Expect(_));
    let observation = (observed(&case.name) && foretold).then(|| Observation {
        id: case.scenario.id(),
        cause: prediction.cause(),
        detector: match &prediction {
            Prediction::Expect(expectation) => expectation.detector,
            Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => None,
        },
        outcome,
    });
    Tried {
        prediction,
        verdict,
        known,
        breaches,
        met,
        observation,
        recorded,
    }
}

/// Whether tables are made of the case.
fn observed(name: &str) -> bool {
    name.starts_with("table/") || name.starts_with("cause/")
}

fn is_selected(filter: Option<&GlobMatcher>, case: &Case) -> bool {
    filter.is_none_or(|glob| {
        glob.is_match(&case.name) || glob.is_match(case.scenario.id().to_string())
    })
}

/// The numbers of a plan's batches, some at a time: enough to keep threads busy, few enough to keep
/// memory flat.
fn batches_in_groups(plan: &Plan) -> Vec<Vec<usize>> {
    let numbers: Vec<_> = (0..plan.batches()).collect();
    numbers.chunks(GROUP).map(<[usize]>::to_vec).collect()
}

/// What has been counted.
#[derive(Default)]
struct Tally {
    summary: Summary,
    sharp: u64,
    causes: BTreeMap<Cause, BTreeMap<String, u64>>,
    deviations: BTreeMap<Breach, Deviated>,
    unsupported: BTreeMap<String, u64>,
    known: BTreeMap<String, u64>,
    met: BTreeSet<String>,
    divergences: BTreeMap<Likeness, Divergence>,
    observations: BTreeMap<String, Observation>,
    points: Rows,
}

/// What makes two divergences alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    verdict: &'static str,
    cause: Option<Cause>,
    differences: Vec<Difference>,
    message: Option<String>,
}

struct Divergence {
    count: u64,
    example: Case,
}

struct Deviated {
    count: u64,
    example: String,
    id: ScenarioId,
}

impl Tally {
    fn count(&mut self, case: Case, tried: Tried) {
        self.summary.scenarios += 1;
        if let Some(cause) = tried.prediction.cause() {
            let pairing = format!(
                "{}->{}",
                case.scenario.client.stack, case.scenario.server.stack
            );
            *self
                .causes
                .entry(cause)
                .or_default()
                .entry(pairing)
                .or_default() += 1;
        }
        if tried.prediction.is_sharp() {
            self.sharp += 1;
        }
        for breach in tried.breaches {
            self.deviations
                .entry(breach)
                .and_modify(|deviated| deviated.count += 1)
                .or_insert_with(|| Deviated {
                    count: 1,
                    example: case.name.clone(),
                    id: case.scenario.id(),
                });
        }
        if let Some(observation) = tried.observation {
            self.observations.insert(case.name.clone(), observation);
        }
        if let Some(point) = &case.point
            && !case.name.starts_with("random/")
            && !case.name.starts_with("several/")
        {
            self.points.push(point);
        }
        self.met.extend(tried.met);
        if let Some(id) = tried.known {
            self.summary.known += 1;
            *self.known.entry(id).or_default() += 1;
            return;
        }
        let (verdict, differences, message) = match tried.verdict {
            Verdict::Agree => {
                self.summary.agree += 1;
                return;
            }
            Verdict::Unsupported(reason) => {
                self.summary.unsupported += 1;
                *self.unsupported.entry(reason).or_default() += 1;
                return;
            }
            Verdict::Unmodelled(reason) => {
                self.summary.unmodelled += 1;
                let reason = format!("not modelled: {reason}");
                *self.unsupported.entry(reason).or_default() += 1;
                return;
            }
            Verdict::Diverge(differences) => {
                self.summary.diverge += 1;
                ("diverge", differences, None)
            }
            Verdict::Stall => {
                self.summary.stall += 1;
                ("stall", Vec::new(), None)
            }
            Verdict::Crash(message) => {
                self.summary.crash += 1;
                ("crash", Vec::new(), Some(message))
            }
        };
        let likeness = Likeness {
            verdict,
            cause: tried.prediction.cause(),
            differences,
            message,
        };
        self.divergences
            .entry(likeness)
            .and_modify(|divergence| divergence.count += 1)
            .or_insert_with(|| Divergence {
                count: 1,
                example: case,
            });
    }

    fn report(mut self, setting: &Setting<'_>, request: RequestReport) -> Result<Report, RunError> {
        let ran = self.summary.scenarios - self.summary.unsupported;
        self.summary.sharpness = if ran == 0 {
            1.0
        } else {
            self.sharp as f64 / ran as f64
        };
        let coverage = self.coverage(setting, request.strength)?;
        let wanted: Vec<_> = setting
            .plan
            .pairings()
            .iter()
            .map(|(client, _)| *client)
            .collect();
        Ok(Report {
            schema: SCHEMA,
            shakedown: env!("CARGO_PKG_VERSION").into(),
            stacks: setting
                .lab
                .stacks()
                .into_iter()
                .filter(|info| wanted.contains(&info.id))
                .collect(),
            causes: Cause::ALL
                .iter()
                .map(|cause| {
                    let counts = self.causes.remove(cause).unwrap_or_default();
                    (cause.id().to_owned(), counts)
                })
                .collect(),
            deviations: deviations(self.deviations, is_whole(setting) && !request.interrupted),
            coverage,
            unsupported: self.unsupported,
            divergences: divergences(setting, self.divergences),
            known: self.known,
            tables: tables::build(&self.observations),
            symptoms: symptoms::build(&self.observations),
            summary: self.summary,
            request,
        })
    }

    /// Measured over the points that were made to cover: covering arrays, the catalogue, each value alone.
    fn coverage(
        &self,
        setting: &Setting<'_>,
        strength: usize,
    ) -> Result<Vec<CoverageReport>, RunError> {
        let axes = setting.plan.axes();
        let mut strengths = vec![1, 2, strength];
        strengths.sort_unstable();
        strengths.dedup();
        strengths
            .into_iter()
            .filter(|wanted| *wanted <= strength)
            .map(|strength| {
                let measured = coverage_of(setting.plan.space(), strength, &self.points)?;
                Ok(CoverageReport {
                    strength,
                    covered: measured.covered,
                    coverable: measured.coverable,
                    uncovered: if setting.list_uncovered {
                        name_uncovered(axes, &measured)
                    } else {
                        Vec::new()
                    },
                })
            })
            .collect()
    }
}

/// Whether the run has everything that known divergences and declared deviations are about.
fn is_whole(setting: &Setting<'_>) -> bool {
    let pairings = setting.plan.pairings().len();
    setting.filter.is_none() && pairings == StackId::ALL.len() * StackId::ALL.len()
}

/// What stacks did against the RFCs; after a whole run also what is declared and was not seen.
fn deviations(found: BTreeMap<Breach, Deviated>, whole: bool) -> Vec<DeviationReport> {
    let mut vanished: Vec<_> = if whole {
        DECLARED.iter().collect()
    } else {
        Vec::new()
    };
    let mut told = Vec::new();
    for (breach, deviated) in found {
        vanished.retain(|declared| {
            (declared.library, declared.rule, declared.deed)
                != (breach.library, breach.rule.id, breach.deed.as_str())
        });
        told.push(DeviationReport {
            library: breach.library,
            rule: breach.rule.id.into(),
            citation: breach.rule.citation.into(),
            demand: breach.rule.demand.into(),
            declared: breach.is_declared(),
            deed: breach.deed,
            count: deviated.count,
            example: Some(deviated.example),
            id: Some(deviated.id),
        });
    }
    for declared in vanished {
        let rule = rules().find(|rule| rule.id == declared.rule);
        told.push(DeviationReport {
            library: declared.library,
            rule: declared.rule.into(),
            citation: rule.map_or_else(String::new, |rule| rule.citation.into()),
            demand: rule.map_or_else(String::new, |rule| rule.demand.into()),
            deed: declared.deed.into(),
            declared: true,
            count: 0,
            example: None,
            id: None,
        });
    }
    told.sort_by(|a, b| (&a.rule, a.library, &a.deed).cmp(&(&b.rule, b.library, &b.deed)));
    told
}

fn name_uncovered(axes: &Axes, measured: &Coverage) -> Vec<String> {
    measured
        .uncovered
        .iter()
        .map(|tuple| {
            let parts: Vec<_> = tuple
                .0
                .iter()
                .map(|(axis, value)| {
                    let axis = &axes.list()[*axis];
                    format!("{}={}", axis.name, axis.values[*value].label)
                })
                .collect();
            parts.join(" ")
        })
        .collect()
}

/// Shrinks one of each kind, the most frequent first.
fn divergences(
    setting: &Setting<'_>,
    found: BTreeMap<Likeness, Divergence>,
) -> Vec<DivergenceReport> {
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by(|(a, x), (b, y)| y.count.cmp(&x.count).then_with(|| a.cmp(b)));
    found
        .into_iter()
        .take(MOST_DIVERGENCES)
        .map(|(likeness, divergence)| {
            let axes = setting.plan.axes();
            let point = divergence
                .example
                .point
                .as_deref()
                .map(|point| smallest(setting, point, &likeness));
            let shrunk = point.as_deref().map_or_else(
                || divergence.example.scenario.clone(),
                |point| axes.scenario(point),
            );
            DivergenceReport {
                verdict: likeness.verdict.into(),
                count: divergence.count,
                cause: likeness.cause,
                differences: likeness.differences,
                message: likeness.message,
                example: divergence.example.name,
                id: divergence.example.scenario.id(),
                shrunk_id: shrunk.id(),
                shrunk,
                axes: point
                    .map(|point| {
                        axes.describe(&point)
                            .into_iter()
                            .map(|(axis, value)| format!("{axis}={value}"))
                            .collect()
                    })
                    .unwrap_or_default(),
            }
        })
        .collect()
}

/// The smallest point that goes otherwise in a like way: the same verdict in the same fields.
fn smallest(setting: &Setting<'_>, point: &[usize], likeness: &Likeness) -> Vec<usize> {
    let plan = setting.plan;
    let fields = |differences: &[Difference]| -> Vec<_> {
        differences
            .iter()
            .map(|difference| (difference.side, difference.field))
            .collect()
    };
    shrink(plan.axes(), plan.space(), point, |candidate| {
        let scenario = plan.axes().scenario(candidate);
        match verdict_of(setting.lab, &scenario) {
            Verdict::Diverge(differences) => {
                likeness.verdict == "diverge"
                    && fields(&differences) == fields(&likeness.differences)
            }
            Verdict::Stall => likeness.verdict == "stall",
            Verdict::Crash(_) => likeness.verdict == "crash",
            Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_) => false,
        }
    })
}

/// Tries one scenario and judges it.
pub fn verdict_of(lab: &Lab, scenario: &Scenario) -> Verdict {
    judge(&predict(scenario), &lab.run(scenario))
}

/// The scenario with this id in a plan.
pub fn find(plan: &Plan, id: &str) -> Option<Scenario> {
    let wanted = ScenarioId(id.to_owned());
    (0..plan.batches()).into_par_iter().find_map_any(|number| {
        plan.batch(number)
            .into_iter()
            .map(|case| case.scenario)
            .find(|scenario| scenario.id() == wanted)
    })
}

const GROUP: usize = 8;
/// More kinds than this say nothing more to anybody.
const MOST_DIVERGENCES: usize = 100;
