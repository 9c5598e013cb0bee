//! A run: every scenario of a plan tried, judged and counted.
//!
//! The only room with threads in it. Cases are tried in parallel and counted in order, so that the
//! same plan makes the same report.

use std::sync::atomic::{AtomicBool, Ordering};

use globset::{Glob, GlobMatcher};
use rayon::prelude::*;

use shakedown::outcome::Outcome;
use shakedown::scenario::{Scenario, ScenarioId};

use self::tally::Tally;
use crate::conformance::{Breach, breaches};
use crate::cover::CoverError;
use crate::known::{Known, KnownError};
use crate::lab::Lab;
use crate::model::{Prediction, predict};
use crate::plan::{Case, Plan, PlanError, Request, may_be_id};
use crate::report::results::number;
use crate::report::{Report, RequestReport, Shard};
use crate::symptoms::Observation;
use crate::verdict::{Difference, Field, Verdict, judge};

mod tally;

/// What a run is made with.
pub struct Setting<'a> {
    /// Where scenarios are tried.
    pub lab: &'a Lab,
    /// Which scenarios there are.
    pub plan: &'a Plan,
    /// Which of them are wanted, by name; `None`: all.
    pub filter: Option<&'a GlobMatcher>,
    /// Which part of them is wanted; `None`: all.
    pub shard: Option<Shard>,
    /// What is known already of what scenarios came to.
    pub journal: Option<&'a dyn Journal>,
    /// Declared exceptions.
    pub known: &'a Known,
    /// Whether the report says what each scenario came to, as `diff` and JUnit want it. That takes memory for each,
    /// some 25 bytes until the report is written.
    pub keep_results: bool,
    /// Whether uncovered combinations are listed by name.
    pub list_uncovered: bool,
    /// Set from outside to end the run early.
    pub stop: &'a AtomicBool,
    /// Told of each scenario that has been tried.
    pub tick: &'a (dyn Fn(u64) + Sync),
}

/// What scenarios came to in an earlier run that was stopped, or on other machines.
pub trait Journal: Sync {
    /// The outcome of the scenario at a place of a batch; `None`: not tried yet.
    ///
    /// # Errors
    ///
    /// [`RunError`], where there is an outcome of another scenario, or where this one must have been tried.
    fn outcome(&self, at: At, id: &ScenarioId) -> Result<Option<&Outcome>, RunError>;
}

/// Where a scenario stands in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct At {
    /// The number of the batch, from 0.
    pub batch: usize,
    /// The place in it, from 0, before any filter.
    pub place: usize,
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
    /// There is no such plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The filter is no pattern.
    #[error(transparent)]
    Filter(#[from] globset::Error),
    /// The declared exceptions do not read.
    #[error(transparent)]
    Known(#[from] KnownError),
    /// A journal is of other scenarios, or lacks some.
    #[error("{0}")]
    Journal(String),
}

/// Tries what a request asks for with everything at its default, and reports: the whole gate in a call.
///
/// The filter is a pattern for names and ids, in which `*` matches `/` too.
///
/// # Errors
///
/// As [`run`], where the request's strength is out of range, and for a pattern that is none.
///
/// # Examples
///
/// ```
/// use shakedown_matrix::plan::Request;
/// use shakedown_matrix::run::report;
///
/// let report = report(&Request::default(), Some("table/groups/x25519/*")).unwrap();
/// assert!(report.agrees() && report.summary.scenarios > 0);
/// ```
pub fn report(request: &Request, filter: Option<&str>) -> Result<Report, RunError> {
    let plan = Plan::selected(request, filter)?;
    let filter = filter
        .map(|filter| Glob::new(filter).map(|glob| glob.compile_matcher()))
        .transpose()?;
    let lab = Lab::new();
    let known = Known::built_in(plan.axes())?.for_stacks(&lab.stacks())?;
    run(
        &Setting {
            lab: &lab,
            plan: &plan,
            filter: filter.as_ref(),
            shard: None,
            journal: None,
            known: &known,
            keep_results: true,
            list_uncovered: false,
            stop: &AtomicBool::new(false),
            tick: &|_| (),
        },
        told(request, filter.as_ref()),
    )
}

/// A request as its report tells it.
pub fn told(request: &Request, filter: Option<&GlobMatcher>) -> RequestReport {
    RequestReport {
        strength: request.strength,
        random: request.random,
        seed: request.seed,
        filter: filter.map(|glob| glob.glob().glob().to_owned()),
        interrupted: false,
        shard: None,
    }
}

/// Tries everything, and reports.
///
/// # Errors
///
/// [`RunError`]: where nothing is selected, a known divergence is not met, coverage cannot be measured, or a
/// journal does not fit.
pub fn run(setting: &Setting<'_>, request: RequestReport) -> Result<Report, RunError> {
    run_recorded(setting, request, None)
}

/// What one scenario came to.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// Where it stands in the plan.
    pub at: At,
    /// What was tried.
    pub case: &'a Case,
    /// What came of it.
    pub outcome: &'a Outcome,
    /// The verdict before any declared exception.
    pub verdict: &'a Verdict,
    /// Whether it was taken from the journal.
    pub remembered: bool,
}

/// Told in the plan's order what each scenario came to. It ends the run with an error.
pub type Record<'a> = &'a mut dyn FnMut(Told<'_>) -> Result<(), RunError>;

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
    let mut tally = Tally::new(setting.keep_results);
    for group in batches_in_groups(setting.plan) {
        let cases: Vec<(At, Case)> = group
            .into_par_iter()
            .filter(|batch| {
                setting
                    .filter
                    .is_none_or(|glob| setting.plan.may_match(*batch, glob.glob().glob()))
            })
            .flat_map_iter(|batch| {
                let cases = setting.plan.batch(batch).into_iter().enumerate();
                cases.map(move |(place, case)| (At { batch, place }, case))
            })
            .filter(|(at, case)| is_selected(setting, *at, case))
            .collect();
        let mut cases = cases.into_iter().peekable();
        while cases.peek().is_some() {
            let some: Vec<_> = cases.by_ref().take(CHUNK).collect();
            try_some(setting, some, &mut record, &mut tally)?;
        }
        if setting.stop.load(Ordering::Relaxed) {
            break;
        }
    }
    let interrupted = setting.stop.load(Ordering::Relaxed);
    if is_unfiltered(setting)
        && !interrupted
        && let Some(entry) = setting.known.unmet(&tally.met, setting.plan.pairings())
    {
        return Err(RunError::KnownUnmet {
            place: setting.known.place(entry),
            id: entry.id.clone(),
        });
    }
    // A part may have none; the whole may not.
    if tally.summary.scenarios == 0 && !interrupted && setting.shard.is_none() {
        return Err(RunError::NothingSelected(
            request.filter.unwrap_or_default(),
        ));
    }
    tally.report(
        setting,
        RequestReport {
            interrupted,
            shard: setting.shard,
            ..request
        },
    )
}

/// Tries some scenarios in parallel, and counts them in order.
fn try_some(
    setting: &Setting<'_>,
    cases: Vec<(At, Case)>,
    record: &mut Option<Record<'_>>,
    tally: &mut Tally,
) -> Result<(), RunError> {
    let recording = record.is_some();
    let tried: Vec<_> = cases
        .par_iter()
        .with_max_len(16)
        .map(|(at, case)| {
            if setting.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            let tried = try_case(setting, *at, case, recording)?;
            (setting.tick)(1);
            Ok(Some(tried))
        })
        .collect::<Result<_, RunError>>()?;
    for ((at, case), tried) in cases.into_iter().zip(tried) {
        if let Some(tried) = tried {
            if let (Some(record), Some((outcome, verdict))) = (record.as_mut(), &tried.recorded) {
                record(Told {
                    at,
                    case: &case,
                    outcome,
                    verdict,
                    remembered: tried.remembered,
                })?;
            }
            tally.count(case, tried);
        }
    }
    Ok(())
}

/// How one scenario went.
struct Tried {
    id: u64,
    prediction: Prediction,
    /// The outcome, if another run will come to the same.
    foretold: Option<Outcome>,
    /// Whether the outcome was taken from the journal.
    remembered: bool,
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

fn try_case(
    setting: &Setting<'_>,
    at: At,
    case: &Case,
    recording: bool,
) -> Result<Tried, RunError> {
    let prediction = predict(&case.scenario);
    let id = case.scenario.id();
    let remembered = match setting.journal {
        Some(journal) => journal.outcome(at, &id)?.cloned(),
        None => None,
    };
    let is_remembered = remembered.is_some();
    let outcome = remembered.unwrap_or_else(|| setting.lab.run(&case.scenario));
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
    let foretold = match prediction {
        Prediction::Expect(_) => prediction.is_sharp(),
        Prediction::Unsupported { .. } => true,
        Prediction::Unmodelled { .. } => false,
    };
    let number = number(&id).expect("an id of ours");
    let observation = (observed(&case.name) && foretold).then(|| Observation {
        id,
        cause: prediction.cause(),
        detector: match &prediction {
            Prediction::Expect(expectation) => expectation.detector,
            Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => None,
        },
        outcome: outcome.clone(),
    });
    Ok(Tried {
        id: number,
        foretold: foretold.then_some(outcome),
        remembered: is_remembered,
        prediction,
        verdict,
        known,
        breaches,
        met,
        observation,
        recorded,
    })
}

/// Whether tables are made of the case.
fn observed(name: &str) -> bool {
    name.starts_with("table/") || name.starts_with("cause/")
}

fn is_selected(setting: &Setting<'_>, at: At, case: &Case) -> bool {
    setting.shard.is_none_or(|shard| shard.has(at.place))
        && setting.filter.is_none_or(|glob| {
            glob.is_match(&case.name)
                || may_be_id(glob.glob().glob()) && glob.is_match(case.scenario.id().to_string())
        })
}

/// Whether every scenario of the plan is tried.
fn is_unfiltered(setting: &Setting<'_>) -> bool {
    setting.filter.is_none() && setting.shard.is_none()
}

/// The numbers of a plan's batches, some at a time: enough to keep threads busy, few enough to keep
/// memory flat.
fn batches_in_groups(plan: &Plan) -> Vec<Vec<usize>> {
    let numbers: Vec<_> = (0..plan.batches()).collect();
    numbers.chunks(GROUP).map(<[usize]>::to_vec).collect()
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
/// After so many scenarios a journal has what they came to.
const CHUNK: usize = 2048;
