//! What a run has counted, and the report that becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use shakedown::scenario::{ScenarioId, StackId};

use super::{RunError, Setting, Tried, verdict_of};
use crate::axes::Axes;
use crate::conformance::{Breach, DECLARED, rules};
use crate::cover::{Coverage, Rows, coverage_of};
use crate::model::Cause;
use crate::plan::Case;
use crate::report::results::{self, Came, VerdictKind};
use crate::report::{
    CoverageReport, DeviationReport, DivergenceReport, Report, RequestReport, SCHEMA, Summary,
};
use crate::shrink::shrink;
use crate::symptoms::{self, Observation};
use crate::tables;
use crate::verdict::{Difference, Verdict};

/// What has been counted.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) summary: Summary,
    sharp: u64,
    causes: BTreeMap<Cause, BTreeMap<String, u64>>,
    deviations: BTreeMap<Breach, Deviated>,
    unsupported: BTreeMap<String, u64>,
    known: BTreeMap<String, u64>,
    pub(super) met: BTreeSet<String>,
    /// `None` where nobody wants them.
    results: Option<results::Collector>,
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
    pub(super) fn new(keep_results: bool) -> Self {
        Self {
            results: keep_results.then(results::Collector::default),
            ..Self::default()
        }
    }

    pub(super) fn count(&mut self, case: Case, tried: Tried) {
        self.summary.scenarios += 1;
        let (client, server) = (&case.scenario.client, &case.scenario.server);
        if let Some(results) = &mut self.results {
            results.add(
                tried.id,
                Came {
                    pairing: (client.stack, server.stack),
                    verdict: if tried.known.is_some() {
                        VerdictKind::Known
                    } else {
                        VerdictKind::of(&tried.verdict)
                    },
                    cause: tried.prediction.cause().map(Cause::id),
                    outcome: tried.foretold.as_ref(),
                },
            );
        }
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

    pub(super) fn report(
        mut self,
        setting: &Setting<'_>,
        request: RequestReport,
    ) -> Result<Report, RunError> {
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
            results: self.results.map(results::Collector::finish),
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
    super::is_unfiltered(setting) && pairings == StackId::ALL.len() * StackId::ALL.len()
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
    found.truncate(MOST_DIVERGENCES);
    found
        .into_par_iter()
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

/// More kinds than this say nothing more to anybody.
const MOST_DIVERGENCES: usize = 100;
