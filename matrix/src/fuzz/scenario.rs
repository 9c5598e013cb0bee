//! `scenario`: any profiles on any stacks, under the model.

use super::{Finding, Kept, Target};
use crate::arbitrary::{MAX_INPUT, check, decode, encode};
use crate::axes::Axes;
use crate::lab::Lab;

pub(super) const TARGET: Target = Target {
    name: "scenario",
    about: "a pair of profiles; the outcome against the model",
    max_len: MAX_INPUT,
    check: try_scenario,
    seeds,
};

fn try_scenario(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    let Some(scenario) = decode(input) else {
        return Ok(Kept::No);
    };
    match check(lab, &scenario) {
        Ok(()) => Ok(Kept::Yes),
        Err(disagreement) => Err(Finding::of("the model", &disagreement)),
    }
}

/// Each value of each axis alone, where it can be alone.
pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let axes = Axes::new();
    let mut seeds = Vec::new();
    for (number, axis) in axes.list().iter().enumerate() {
        for (value, description) in axis.values.iter().enumerate() {
            let mut point = axes.plain();
            point[number] = value;
            if let Some(input) = encode(&point) {
                seeds.push((format!("{}={}", axis.name, description.label), input));
            }
        }
    }
    seeds
}
