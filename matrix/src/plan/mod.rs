//! Plans: which scenarios a run tries, by name.
//!
//! A plan is a list of batches; a batch makes its cases when it is asked to, so that a plan of
//! millions costs no memory, and the same batch always makes the same cases.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shakedown::scenario::{Scenario, StackId};

use crate::axes::{Axes, CLIENT_STACK, EARLIER, EARLIER_CHANGED, SERVER_STACK};
use crate::cover::{CoverError, MAX_STRENGTH, Rows, Space};
use crate::model::{Prediction, predict};
use crate::several::flaws::{self, TwoFlaws};
use crate::several::{self, Mixed};
use crate::sweep::Sweep;
use crate::{catalogue, tables};

mod foci;

/// A scenario with a name that says where it comes from.
#[derive(Clone, Debug)]
pub struct Case {
    /// Parts with slashes between: the group first.
    pub name: String,
    /// What is tried.
    pub scenario: Scenario,
    /// Where it lies on the axes; `None`: it was not made from them.
    pub point: Option<Vec<usize>>,
}

/// What a run is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// 1 to 3: how many axes at a time are covered with all their combinations.
    pub strength: usize,
    /// How many random scenarios come on top.
    pub random: usize,
    /// For the covering arrays and the random scenarios.
    pub seed: u64,
    /// Which stacks take part.
    pub stacks: Vec<StackId>,
}

/// What no plan can be made from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The covering arrays cannot be made.
    #[error(transparent)]
    Cover(#[from] CoverError),
    /// No stack takes part.
    #[error("no stack takes part; name at least one")]
    NoStacks,
    /// More random scenarios than anybody can wait for.
    #[error("{0} random scenarios are more than {MOST_RANDOM}")]
    TooManyRandom(usize),
}

impl Default for Request {
    fn default() -> Self {
        Self {
            strength: 2,
            random: 5000,
            seed: 1,
            stacks: StackId::ALL.to_vec(),
        }
    }
}

/// The scenarios of a run.
///
/// ```
/// use shakedown::scenario::StackId;
/// use shakedown_matrix::plan::{Plan, Request};
///
/// let stacks = vec![StackId::Openssl];
/// let plan = Plan::new(&Request { strength: 1, random: 0, seed: 1, stacks })?;
/// let cases: Vec<_> = (0..plan.batches()).flat_map(|batch| plan.batch(batch)).collect();
/// assert_eq!(cases.len(), plan.len());
/// assert!(cases.iter().any(|case| case.name == "cause/cert-expired/openssl->openssl/TLS1.3"));
/// # Ok::<(), shakedown_matrix::plan::PlanError>(())
/// ```
#[derive(Debug)]
pub struct Plan {
    axes: Axes,
    space: Space,
    pairings: Vec<(StackId, StackId)>,
    batches: Vec<Batch>,
    seed: u64,
}

/// A part of a plan.
#[derive(Clone, Debug)]
enum Batch {
    /// Ready-made.
    Cases(Vec<Case>),
    /// Several causes at once.
    Mixed(Vec<Mixed>),
    /// Two flaws in one chain.
    Flaws(Vec<TwoFlaws>),
    /// Some rows of a covering array, and the number of the first.
    Cover {
        focus: &'static str,
        strength: usize,
        first: usize,
        rows: Rows,
    },
    /// Everything that a link can do to one handshake.
    Link { sweep: Box<Sweep>, size: usize },
    /// Random clients crossed with random servers.
    Random { number: u64, size: usize },
}

impl Plan {
    /// Makes the covering arrays, which takes half a minute at strength 2 over all stacks.
    ///
    /// # Errors
    ///
    /// [`PlanError`], where the strength or the number of random scenarios is out of range, or no stack takes part.
    pub fn new(request: &Request) -> Result<Self, PlanError> {
        Self::selected(request, None)
    }

    /// The plan without covering arrays, unless this pattern for names and ids may want scenarios of theirs.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn selected(request: &Request, filter: Option<&str>) -> Result<Self, PlanError> {
        if filter.is_none_or(may_be_covered) {
            Self::made(request, true)
        } else {
            Self::made(request, false)
        }
    }

    /// The plan without covering arrays, which is made at once.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn uncovered(request: &Request) -> Result<Self, PlanError> {
        Self::made(request, false)
    }

    fn made(request: &Request, covered: bool) -> Result<Self, PlanError> {
        if request.stacks.is_empty() {
            return Err(PlanError::NoStacks);
        }
        if request.random > MOST_RANDOM {
            return Err(PlanError::TooManyRandom(request.random));
        }
        let axes = Axes::new();
        if !(1..=MAX_STRENGTH).contains(&request.strength) {
            return Err(PlanError::Cover(CoverError::Strength {
                strength: request.strength,
                axes: axes.list().len(),
            }));
        }
        let stacks: Vec<_> = request.stacks.iter().map(|id| stack_value(*id)).collect();
        let held: Vec<_> = [CLIENT_STACK, SERVER_STACK]
            .into_iter()
            .filter_map(|name| Some((axes.index(name)?, stacks.clone())))
            .collect();
        let space = axes
            .space(&held)
            .expect("every pairing has its plainest scenario");
        let pairings = pairings(&request.stacks);
        let mut batches = vec![
            Batch::Cases(tables::cases(&pairings)),
            Batch::Cases(catalogue::cases(&axes, &space, &pairings)),
            Batch::Cases(alone(&axes, &space, &pairings)),
        ];
        let mixed = several::mixtures(&axes, &space, &pairings, request.seed);
        batches.extend(mixed.chunks(BATCH).map(|some| Batch::Mixed(some.to_vec())));
        let flaws = flaws::pairs(&axes, &space, &pairings);
        batches.extend(flaws.chunks(BATCH).map(|some| Batch::Flaws(some.to_vec())));
        if covered {
            batches.extend(foci::covers(&axes, &pairings, request)?);
        }
        batches.extend(Sweep::all(&pairings).into_iter().map(|sweep| Batch::Link {
            size: sweep.cases().len(),
            sweep: Box::new(sweep),
        }));
        let mut left = request.random;
        let mut number = 0;
        while left > 0 {
            let size = left.min(CROSS * CROSS);
            batches.push(Batch::Random { number, size });
            left -= size;
            number += 1;
        }
        Ok(Self {
            axes,
            space,
            pairings,
            batches,
            seed: request.seed,
        })
    }

    /// The axes that the plan is made over.
    pub fn axes(&self) -> &Axes {
        &self.axes
    }

    /// What the axes allow, for these stacks.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Which client stack meets which server stack.
    pub fn pairings(&self) -> &[(StackId, StackId)] {
        &self.pairings
    }

    /// The number of batches.
    pub fn batches(&self) -> usize {
        self.batches.len()
    }

    /// The number of scenarios, before any filter.
    pub fn len(&self) -> usize {
        self.batches
            .iter()
            .map(|batch| match batch {
                Batch::Cases(cases) => cases.len(),
                Batch::Mixed(points) => points.len(),
                Batch::Flaws(points) => points.len(),
                Batch::Cover { rows, .. } => rows.len(),
                Batch::Link { size, .. } | Batch::Random { size, .. } => *size,
            })
            .sum()
    }

    /// Whether there is no scenario at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a pattern may match a name or an id of this batch; where it cannot, the batch need not be made.
    pub fn may_match(&self, number: usize, pattern: &str) -> bool {
        let start = match &self.batches[number] {
            Batch::Cases(_) | Batch::Mixed(_) | Batch::Flaws(_) => "",
            Batch::Cover { .. } => COVER,
            Batch::Link { .. } => LINK,
            Batch::Random { .. } => RANDOM,
        };
        may_begin(pattern, start)
    }

    /// The cases of a batch, always the same.
    pub fn batch(&self, number: usize) -> Vec<Case> {
        match &self.batches[number] {
            Batch::Cases(cases) => cases.clone(),
            Batch::Mixed(points) => points
                .iter()
                .map(|mixed| self.named(mixed.name(), mixed.point(&self.axes)))
                .collect(),
            Batch::Flaws(points) => points
                .iter()
                .map(|two| self.named(two.name(), two.point(&self.axes)))
                .collect(),
            Batch::Cover {
                focus,
                strength,
                first,
                rows,
            } => (*first..)
                .zip(rows.iter())
                .map(|(row, point)| self.case(&format!("{COVER}{strength}/{focus}"), row, &point))
                .collect(),
            Batch::Link { sweep, .. } => sweep.cases(),
            Batch::Random { number, size } => self.random(*number, *size),
        }
    }

    fn named(&self, name: String, point: Vec<usize>) -> Case {
        Case {
            name,
            scenario: self.axes.scenario(&point),
            point: Some(point),
        }
    }

    fn case(&self, group: &str, number: usize, point: &[usize]) -> Case {
        let scenario = self.axes.scenario(point);
        Case {
            name: format!(
                "{group}/{}->{}/{number}",
                scenario.client.stack, scenario.server.stack
            ),
            scenario,
            point: Some(point.to_vec()),
        }
    }

    /// Random clients and servers, each with each: preparing a configuration costs about as much as a
    /// handshake, and so it serves many.
    fn random(&self, number: u64, size: usize) -> Vec<Case> {
        let mut dice = ChaCha8Rng::seed_from_u64(self.seed);
        dice.set_stream(number + 1);
        let mut sides = Vec::new();
        while sides.len() < CROSS {
            let point = self.random_point(&mut dice);
            if self.space.allows(&point) {
                sides.push(point);
            }
        }
        (0..size)
            .map(|place| {
                let (client, server) = (&sides[place % CROSS], &sides[place / CROSS]);
                let crossed = self.crossed(client, server);
                let name = number as usize * CROSS * CROSS + place;
                // A client and a server that each stand alone may contradict each other; then the
                // server's own client steps in.
                let point = if self.space.allows(&crossed) {
                    &crossed
                } else {
                    server
                };
                self.case(&format!("{RANDOM}{}", self.seed), name, point)
            })
            .collect()
    }

    fn random_point(&self, dice: &mut ChaCha8Rng) -> Vec<usize> {
        let (client, server) = self.pairings[below(dice, self.pairings.len())];
        self.axes
            .list()
            .iter()
            .map(|axis| match axis.name {
                CLIENT_STACK => stack_value(client),
                SERVER_STACK => stack_value(server),
                // Mostly plain, or nearly every scenario would end at the version.
                _ if below(dice, PLAIN_OUT_OF + 1) < PLAIN_OUT_OF => 0,
                _ => below(dice, axis.values.len()),
            })
            .collect()
    }

    fn crossed(&self, client: &[usize], server: &[usize]) -> Vec<usize> {
        self.axes
            .list()
            .iter()
            .enumerate()
            .map(|(axis, description)| {
                if description.name.starts_with("server.") {
                    server[axis]
                } else {
                    client[axis]
                }
            })
            .collect()
    }
}

/// Every value alone, on both versions. What a stack is said to lack is asked for too: a claimed
/// absence is tested like a claimed capability.
fn alone(axes: &Axes, space: &Space, pairings: &[(StackId, StackId)]) -> Vec<Case> {
    let mut cases = Vec::new();
    for (number, axis) in axes.list().iter().enumerate() {
        // A second flaw is never alone.
        let second = axis.name.ends_with(".also");
        if axis.name == CLIENT_STACK || axis.name == SERVER_STACK || second {
            continue;
        }
        for (value, description) in axis.values.iter().enumerate().skip(1) {
            for &(client, server) in pairings {
                for version in ["1.2", "1.3"] {
                    let mut point = based(axes, client, server, &[("client.versions", version)]);
                    if axis.name.starts_with("client.flaw")
                        || axis.name.starts_with("client.loading")
                        || axis.name == "client.certificate-type"
                        || matches!(
                            axis.name,
                            "server.trust"
                                | "server.revocation"
                                | "server.partial-chain"
                                | "server.client-certificate-type"
                        )
                    {
                        set(axes, &mut point, "server.client-auth", "required");
                        set(axes, &mut point, "client.key", "ecdsa-p256");
                    }
                    if axis.name == EARLIER_CHANGED {
                        set(axes, &mut point, EARLIER, "ticket");
                    }
                    point[number] = value;
                    let scenario = axes.scenario(&point);
                    let allowed = space.allows(&point);
                    let absent = matches!(predict(&scenario), Prediction::Unsupported { .. });
                    if !allowed && !absent {
                        continue;
                    }
                    cases.push(Case {
                        name: format!(
                            "{}/{}={}/{client}->{server}/TLS{version}",
                            if absent { "absent" } else { "alone" },
                            axis.name,
                            description.label
                        ),
                        scenario,
                        point: allowed.then_some(point),
                    });
                }
            }
        }
    }
    cases
}

/// A point with stacks and some values.
pub(crate) fn based(
    axes: &Axes,
    client: StackId,
    server: StackId,
    values: &[(&str, &str)],
) -> Vec<usize> {
    let mut point = axes.plain();
    set(axes, &mut point, CLIENT_STACK, client.name());
    set(axes, &mut point, SERVER_STACK, server.name());
    for (axis, label) in values {
        set(axes, &mut point, axis, label);
    }
    point
}

pub(crate) fn set(axes: &Axes, point: &mut [usize], axis: &str, label: &str) {
    let number = axes.index(axis).unwrap_or_else(|| panic!("no axis {axis}"));
    point[number] = axes
        .value(number, label)
        .unwrap_or_else(|| panic!("no value {label} on {axis}"));
}

/// Whether a pattern may match a name or an id of a row of a covering array.
fn may_be_covered(pattern: &str) -> bool {
    may_begin(pattern, COVER)
}

/// Whether a pattern may match an id.
pub(crate) fn may_be_id(pattern: &str) -> bool {
    literal(pattern)
        .bytes()
        .all(|byte| byte.is_ascii_hexdigit())
}

/// Whether a pattern may match an id, or a name that begins so.
fn may_begin(pattern: &str, start: &str) -> bool {
    let literal = literal(pattern);
    may_be_id(pattern) || literal.starts_with(start) || start.starts_with(literal)
}

/// What everything that a pattern matches begins with.
fn literal(pattern: &str) -> &str {
    pattern
        .split(['*', '?', '[', '{', '\\'])
        .next()
        .unwrap_or_default()
}

fn pairings(stacks: &[StackId]) -> Vec<(StackId, StackId)> {
    stacks
        .iter()
        .flat_map(|client| stacks.iter().map(move |server| (*client, *server)))
        .collect()
}

fn stack_value(stack: StackId) -> usize {
    stack as usize
}

/// A number below `bound`, as near to uniform as makes no difference for bounds this small.
fn below(dice: &mut ChaCha8Rng, bound: usize) -> usize {
    (dice.next_u64() % bound.max(1) as u64) as usize
}

/// How names of rows of covering arrays begin.
const COVER: &str = "cover/";
/// How names begin of what a link does.
const LINK: &str = "link:";
/// How names of random scenarios begin.
const RANDOM: &str = "random/";
/// A thousand million; each 576 of them take some memory.
const MOST_RANDOM: usize = 1_000_000_000;
/// So many points with names are made into scenarios at a time.
const BATCH: usize = 250;
/// So many clients meet so many servers in a batch of random scenarios.
const CROSS: usize = 24;
/// In the long run so many values out of one more are plain.
const PLAIN_OUT_OF: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covering_arrays_are_made_where_a_pattern_may_want_them() {
        for wanted in [
            "*",
            "cover/2/all/*",
            "co*",
            "cover/*",
            "[c]over/*",
            "{a,cover}/*",
            "3f5dc5*",
            "*openssl*",
        ] {
            assert!(may_be_covered(wanted), "{wanted}");
        }
        for unwanted in [
            "cause/*",
            "random/1/*",
            "table/*",
            "link:*",
            "covers*",
            "alone/cover/*",
        ] {
            assert!(!may_be_covered(unwanted), "{unwanted}");
        }
    }

    #[test]
    fn batches_are_passed_over_only_where_nothing_in_them_matches() {
        let request = Request {
            stacks: vec![StackId::RustlsRing],
            random: 600,
            ..Request::default()
        };
        let plan = Plan::uncovered(&request).expect("a plan");
        let mut passed_over = [0; 2];
        for pattern in [
            "*",
            "random/*",
            "ran*",
            "link:*",
            "table/*",
            "*ring*",
            "{random,x}/*",
            "0*",
            "?andom/*",
        ] {
            let glob = globset::Glob::new(pattern).expect("a pattern");
            let glob = glob.compile_matcher();
            for number in 0..plan.batches() {
                if plan.may_match(number, pattern) {
                    continue;
                }
                match &plan.batches[number] {
                    Batch::Link { .. } => passed_over[0] += 1,
                    Batch::Random { .. } => passed_over[1] += 1,
                    other => panic!("{other:?} may have any name"),
                }
                for case in plan.batch(number) {
                    let id = case.scenario.id().0;
                    assert!(
                        !glob.is_match(&case.name) && !glob.is_match(&id),
                        "{pattern}"
                    );
                }
            }
        }
        assert!(passed_over.iter().all(|number| *number > 0));
    }

    #[test]
    fn what_no_plan_can_be_made_from_is_told() {
        let error = |request: &Request| Plan::uncovered(request).expect_err("no plan");
        let none = Request {
            stacks: Vec::new(),
            ..Request::default()
        };
        assert_eq!(error(&none), PlanError::NoStacks);
        let many = Request {
            random: usize::MAX,
            ..Request::default()
        };
        assert_eq!(error(&many), PlanError::TooManyRandom(usize::MAX));
        let strong = Request {
            strength: 4,
            ..Request::default()
        };
        assert!(matches!(error(&strong), PlanError::Cover(_)));
    }

    #[test]
    fn a_selected_plan_has_what_its_pattern_matches() {
        let request = Request {
            strength: 1,
            random: 3,
            stacks: vec![StackId::RustlsRing],
            ..Request::default()
        };
        let names = |plan: &Plan| -> Vec<String> {
            (0..plan.batches())
                .flat_map(|batch| plan.batch(batch))
                .map(|case| case.name)
                .collect()
        };
        let whole = names(&Plan::new(&request).expect("in range"));
        let selected = names(&Plan::selected(&request, Some("alone/*")).expect("in range"));
        assert!(whole.iter().any(|name| name.starts_with(COVER)));
        let rest: Vec<_> = whole
            .into_iter()
            .filter(|name| !name.starts_with(COVER))
            .collect();
        assert_eq!(selected, rest);
    }
}
