//! Scenarios out of bytes, for fuzzers, and out of a strategy, for property tests.
//!
//! Both start from the plainest scenario on two stacks and depart from it on a few axes, so that
//! most handshakes get far before they fail. In an input the first two bytes choose the stacks; each
//! further pair of bytes names an axis and a value on it.

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use shakedown::scenario::Scenario;

#[cfg(any(test, feature = "proptest"))]
pub use self::link::any_link;
pub use self::link::{AnyLink, MAX_LINK, MAX_OPS};
use crate::axes::{Axes, CLIENT_STACK, SERVER_STACK};
use crate::cover::Space;
#[cfg(feature = "stacks")]
use crate::{
    lab::Lab,
    model::predict,
    verdict::{Verdict, judge},
};

mod link;

/// A scenario that the axes can say and their constraints allow.
///
/// Values that cannot go together are [`arbitrary::Error::IncorrectFormat`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyScenario(pub Scenario);

impl<'a> Arbitrary<'a> for AnyScenario {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let grid = &*GRID;
        let mut point = grid.axes.plain();
        for axis in grid.stacks {
            point[axis] = u.choose_index(grid.size(axis))?;
        }
        for _ in 0..MAX_DEPARTURES {
            if u.is_empty() {
                break;
            }
            let axis = grid.others[u.choose_index(grid.others.len())?];
            point[axis] = u.choose_index(grid.size(axis))?;
        }
        grid.scenario(&point)
            .map(Self)
            .ok_or(arbitrary::Error::IncorrectFormat)
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (0, Some(MAX_INPUT))
    }
}

/// The scenario that an input comes to; `None` where values cannot go together.
pub fn decode(input: &[u8]) -> Option<Scenario> {
    AnyScenario::arbitrary(&mut Unstructured::new(input))
        .ok()
        .map(|any| any.0)
}

/// An input that comes to the scenario at a point of the [`Axes`]; `None` where the point is not
/// allowed, or departs from the plainest on more than [`MAX_DEPARTURES`] axes besides the stacks.
pub fn encode(point: &[usize]) -> Option<Vec<u8>> {
    let grid = &*GRID;
    if !grid.space.allows(point) {
        return None;
    }
    let mut input = Vec::new();
    for axis in grid.stacks {
        input.push(u8::try_from(point[axis]).ok()?);
    }
    let mut departures = 0;
    for (number, &axis) in grid.others.iter().enumerate() {
        if point[axis] != 0 {
            input.push(u8::try_from(number).ok()?);
            input.push(u8::try_from(point[axis]).ok()?);
            departures += 1;
        }
    }
    (departures <= MAX_DEPARTURES).then_some(input)
}

/// Scenarios for property tests; they shrink towards the plainest.
///
/// With the cargo feature `proptest`.
#[cfg(any(test, feature = "proptest"))]
pub fn any_scenario() -> impl proptest::strategy::Strategy<Value = Scenario> {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    let grid = &*GRID;
    let [client, server] = grid.stacks;
    let departure = (0..grid.others.len(), any::<Index>());
    (
        0..grid.size(client),
        0..grid.size(server),
        vec(departure, 0..=MAX_DEPARTURES),
    )
        .prop_filter_map(
            "values that cannot go together",
            move |(of_client, of_server, departures)| {
                let mut point = grid.axes.plain();
                point[client] = of_client;
                point[server] = of_server;
                for (number, value) in departures {
                    let axis = grid.others[number];
                    point[axis] = value.index(grid.size(axis));
                }
                grid.scenario(&point)
            },
        )
}

/// Runs a scenario and holds what comes of it against the model.
///
/// ```
/// use shakedown_matrix::{arbitrary, lab::Lab};
///
/// let scenario = arbitrary::decode(&[0, 2]).expect("rustls meets OpenSSL");
/// assert_eq!(arbitrary::check(&Lab::new(), &scenario), Ok(()));
/// ```
///
/// # Errors
///
/// [`Disagreement`], where the outcome is none that the model allows.
#[cfg(feature = "stacks")]
pub fn check(lab: &Lab, scenario: &Scenario) -> Result<(), Box<Disagreement>> {
    match judge(&predict(scenario), &lab.run(scenario)) {
        Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_) => Ok(()),
        verdict => Err(Box::new(Disagreement {
            scenario: scenario.clone(),
            verdict,
        })),
    }
}

/// A scenario that went otherwise than the model says. Its text has all that is needed to see it
/// again.
#[cfg(feature = "stacks")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// What was tried.
    pub scenario: Scenario,
    /// How it went.
    pub verdict: Verdict,
}

#[cfg(feature = "stacks")]
impl std::fmt::Display for Disagreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let json = self.scenario.to_json();
        writeln!(f, "scenario {}: {json}", self.scenario.id())?;
        match &self.verdict {
            Verdict::Diverge(differences) => {
                for difference in differences {
                    writeln!(
                        f,
                        "  {}, {}: expected {}, actual {}",
                        difference.side.map_or("pair", |role| role.name()),
                        difference.field,
                        difference.expected,
                        difference.actual
                    )?;
                }
            }
            Verdict::Stall => writeln!(f, "  stall: both sides wait for each other")?,
            Verdict::Crash(message) => writeln!(f, "  crash: {message}")?,
            Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_) => {}
        }
        write!(
            f,
            "to see it again: shakedown replay '{}'",
            json.replace('\'', r"'\''")
        )
    }
}

#[cfg(feature = "stacks")]
impl std::error::Error for Disagreement {}

/// The axes, sorted into stacks and the rest.
struct Grid {
    axes: Axes,
    space: Space,
    stacks: [usize; 2],
    others: Vec<usize>,
}

impl Grid {
    fn new() -> Self {
        let axes = Axes::new();
        let space = axes
            .space(&[])
            .expect("the plainest point breaks no constraint");
        let stacks = [CLIENT_STACK, SERVER_STACK]
            .map(|name| axes.index(name).expect("the axes have both stacks"));
        let others = (0..axes.list().len())
            .filter(|axis| !stacks.contains(axis))
            .collect();
        Self {
            axes,
            space,
            stacks,
            others,
        }
    }

    fn size(&self, axis: usize) -> usize {
        self.axes.list()[axis].values.len()
    }

    fn scenario(&self, point: &[usize]) -> Option<Scenario> {
        self.space.allows(point).then(|| self.axes.scenario(point))
    }
}

static GRID: LazyLock<Grid> = LazyLock::new(Grid::new);

/// On how many axes besides the stacks a scenario departs from the plainest, at most. More of them
/// hide each other: the first fault ends the handshake.
pub const MAX_DEPARTURES: usize = 8;
/// No scenario looks at more bytes than this.
pub const MAX_INPUT: usize = 2 + 2 * MAX_DEPARTURES;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_bytes_are_the_plainest_scenario() {
        let axes = Axes::new();
        assert_eq!(decode(&[]), Some(axes.scenario(&axes.plain())));
    }

    #[test]
    fn every_value_has_an_input() {
        let axes = Axes::new();
        let space = axes.space(&[]).unwrap();
        for (number, axis) in axes.list().iter().enumerate() {
            for value in 0..axis.values.len() {
                let mut point = axes.plain();
                point[number] = value;
                let expected = space.allows(&point).then(|| axes.scenario(&point));
                assert_eq!(encode(&point).and_then(|input| decode(&input)), expected);
            }
        }
    }

    #[test]
    fn values_that_cannot_go_together_are_refused() {
        let axes = Axes::new();
        let level = axes.index("client.security-level").unwrap();
        let mut point = axes.plain();
        point[level] = 1;
        assert_eq!(encode(&point), None, "rustls has no security levels");
        let number = GRID.others.iter().position(|axis| *axis == level).unwrap();
        assert_eq!(decode(&[0, 0, number as u8, 1]), None);
        assert!(decode(&[2, 0, number as u8, 1]).is_some());
    }

    #[test]
    fn a_point_far_from_the_plainest_has_no_input() {
        let axes = Axes::new();
        let space = axes.space(&[]).unwrap();
        let mut point = axes.plain();
        let mut departures = 0;
        for axis in GRID.others.iter().copied() {
            point[axis] = 1;
            if space.allows(&point) {
                departures += 1;
            } else {
                point[axis] = 0;
            }
        }
        assert!(departures > MAX_DEPARTURES);
        assert_eq!(encode(&point), None);
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_an_allowed_scenario_or_none(input: Vec<u8>) {
            if let Some(scenario) = decode(&input) {
                prop_assert_eq!(Scenario::from_json(&scenario.to_json()), Ok(scenario));
            }
        }

        #[test]
        fn strategies_make_what_json_can_say(scenario in any_scenario(), link in any_link()) {
            let scenario = Scenario { link, ..scenario };
            prop_assert_eq!(Scenario::from_json(&scenario.to_json()), Ok(scenario));
        }
    }
}
