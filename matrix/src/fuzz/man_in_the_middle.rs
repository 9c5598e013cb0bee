//! `man_in_the_middle`: any profiles, and anything done to what they say to each other.
//!
//! The first [`MAX_INPUT`] bytes are a scenario, as in `scenario`, and the rest is what the link does.

use ::arbitrary::{Arbitrary, Unstructured};

use super::{Finding, Kept, Target};
use crate::arbitrary::{AnyLink, MAX_INPUT, MAX_LINK, check, decode};
use crate::lab::Lab;

pub(super) const TARGET: Target = Target {
    name: "man_in_the_middle",
    about: "a handshake whose link does things; the model where it says, and what always holds",
    max_len: MAX_INPUT + MAX_LINK,
    check: try_link,
    seeds,
};

fn try_link(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    let (head, tail) = input.split_at(input.len().min(MAX_INPUT));
    let (Some(mut scenario), Ok(link)) = (
        decode(head),
        AnyLink::arbitrary(&mut Unstructured::new(tail)),
    ) else {
        return Ok(Kept::No);
    };
    scenario.link.ops = link.0.ops;
    match check(lab, &scenario) {
        Ok(()) => Ok(Kept::Yes),
        Err(disagreement) => Err(Finding::new(
            "the model, or what always holds",
            disagreement,
        )),
    }
}

/// Every kind of op at the first records of a plain handshake, on every pairing.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for pairing in 0..9_u8 {
        for act in 0..20_u8 {
            let mut input = vec![pairing / 3, pairing % 3];
            input.resize(MAX_INPUT, 0);
            input.extend([act, 0, pairing % 2, 0, 0, act % 4]);
            seeds.push((format!("{pairing}-{act}"), input));
        }
    }
    seeds
}
