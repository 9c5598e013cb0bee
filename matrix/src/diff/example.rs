//! One scenario for each group: the plainest that both reports have, or a smaller one that the run after has found.

use std::cmp::Reverse;
use std::collections::HashMap;

use rayon::prelude::*;
use shakedown::scenario::ScenarioId;

use super::{Example, Kind};
use crate::plan::{Case, Plan, Request};
use crate::report::results::{id, number};
use crate::report::{Report, replay_line};

/// For each group its example, in order. A report does not have its scenarios: they are made anew from what the run
/// was asked for, which another version of shakedown may not make any more.
pub(super) fn find(
    members: &HashMap<u64, usize>,
    kinds: &[Kind],
    firsts: Vec<u64>,
    old: &Report,
    new: &Report,
) -> Vec<Example> {
    let mut best: Vec<Option<Candidate>> = vec![None; kinds.len()];
    let mut look = |report: &Report, wanted: &(dyn Fn(Kind) -> bool + Sync)| {
        if kinds.iter().any(|kind| wanted(*kind))
            // Covering arrays take long to make, and have nothing that is plain.
            && let Ok(plan) = Plan::uncovered(&request(report))
        {
            for (group, candidate) in candidates(&plan, members, kinds, wanted) {
                let best = &mut best[group];
                if best.as_ref().is_none_or(|best| candidate < *best) {
                    *best = Some(candidate);
                }
            }
        }
    };
    look(new, &|kind| kind != Kind::Removed);
    look(old, &|kind| kind == Kind::Removed);
    let mut shrunk = smaller(members, kinds, new);
    best.into_iter()
        .zip(firsts)
        .enumerate()
        .map(|(group, (best, first))| {
            shrunk.remove(&group).unwrap_or_else(|| match best {
                Some(candidate) => candidate.example(),
                None => unnamed(
                    first,
                    if kinds[group] == Kind::Removed {
                        old
                    } else {
                        new
                    },
                ),
            })
        })
        .collect()
}

/// A scenario of a covering array, or one that this version of shakedown does not make any more.
fn unnamed(first: u64, report: &Report) -> Example {
    let id = id(first);
    let replay = report.replay_by_id(&id);
    Example {
        id,
        name: None,
        replay,
        axes: Vec::new(),
        shrunk: false,
    }
}

/// What the run after has shrunk, for groups that went as the model says before.
fn smaller(members: &HashMap<u64, usize>, kinds: &[Kind], new: &Report) -> HashMap<usize, Example> {
    let mut examples = HashMap::new();
    // The most frequent first, which stays.
    for divergence in new.divergences.iter().rev() {
        let group = number(&divergence.id).and_then(|id| members.get(&id));
        if let Some(group) = group
            && kinds[*group] == Kind::Regressed
        {
            examples.insert(
                *group,
                Example {
                    id: divergence.shrunk_id.clone(),
                    name: Some(divergence.example.clone()),
                    replay: divergence.replay(),
                    axes: divergence.axes.clone(),
                    shrunk: true,
                },
            );
        }
    }
    examples
}

/// What the plan of a run was made from.
fn request(report: &Report) -> Request {
    Request {
        strength: report.request.strength,
        random: report.request.random,
        seed: report.request.seed,
        stacks: report.stacks.iter().map(|info| info.id).collect(),
    }
}

/// The plainest scenario that a plan has of each group.
fn candidates(
    plan: &Plan,
    members: &HashMap<u64, usize>,
    kinds: &[Kind],
    wanted: &(dyn Fn(Kind) -> bool + Sync),
) -> HashMap<usize, Candidate> {
    let plainer = |mut all: HashMap<usize, Candidate>, (group, candidate)| {
        let best = all
            .entry(group)
            .or_insert_with(|| Candidate::clone(&candidate));
        if candidate < *best {
            *best = candidate;
        }
        all
    };
    (0..plan.batches())
        .into_par_iter()
        .map(|batch| {
            plan.batch(batch)
                .into_iter()
                .filter_map(|case| {
                    let group = *members.get(&number(&case.scenario.id())?)?;
                    wanted(kinds[group]).then(|| (group, Candidate::new(plan, case)))
                })
                .fold(HashMap::new(), plainer)
        })
        .reduce(HashMap::new, |all, more| {
            more.into_iter().fold(all, plainer)
        })
}

/// A scenario by how plain it is: few values that are not plain, then few words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// `None`, of what does not lie on the axes, is after all others.
    values: Reverse<Option<Reverse<usize>>>,
    length: usize,
    id: ScenarioId,
    name: String,
    axes: Vec<String>,
    replay: String,
}

impl Candidate {
    fn new(plan: &Plan, case: Case) -> Self {
        let axes: Option<Vec<_>> = case.point.as_deref().map(|point| {
            let described = plan.axes().describe(point);
            described
                .into_iter()
                .map(|(axis, value)| format!("{axis}={value}"))
                .collect()
        });
        Self {
            values: Reverse(axes.as_ref().map(|axes| Reverse(axes.len()))),
            length: case.scenario.to_json().len(),
            id: case.scenario.id(),
            axes: axes.unwrap_or_default(),
            replay: replay_line(&case.scenario),
            name: case.name,
        }
    }

    fn example(self) -> Example {
        Example {
            id: self.id,
            name: Some(self.name),
            replay: self.replay,
            axes: self.axes,
            shrunk: false,
        }
    }
}
