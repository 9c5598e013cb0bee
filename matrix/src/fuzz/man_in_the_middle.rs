//! `man_in_the_middle`: any profiles, and anything done to what they say to each other.
//!
//! The first [`MAX_INPUT`] bytes are a scenario, as in `scenario`, and the rest is what the link does.

use ::arbitrary::{Arbitrary, Unstructured};

use shakedown::connection::Role;
use shakedown::link::{At, Link};

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
        Err(disagreement) => Err(Finding::of(
            "the model, or what always holds",
            &disagreement,
        )),
    }
}

/// Every kind of op, once, at the first records of either side, on every pairing.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for act in 0..ACTS {
        for pairing in 0..9_u8 {
            let (from, record) = (pairing % 2, act % 4);
            if let Some(op) = one_op(act, from, record) {
                let mut input = vec![pairing / 3, pairing % 3];
                input.resize(MAX_INPUT, 0);
                input.extend(op);
                seeds.push((format!("{act}-{pairing}"), input));
            }
        }
    }
    seeds
}

/// The bytes of an op of this kind, which has as many parameters as it has, each of them 1.
fn one_op(act: u8, from: u8, record: u8) -> Option<Vec<u8>> {
    (0..8).find_map(|parameters| {
        let bytes = |from: u8, record: u8| {
            let mut bytes = vec![act];
            bytes.resize(1 + parameters, 1);
            // At a record, not at a message.
            bytes.extend([from, 0, record]);
            bytes
        };
        // Where both arrive, the parameters are as many as there are.
        let ops = link(&bytes(1, 3)).ops;
        let fits = matches!(&ops[..], [op] if op.from == Role::Server && op.at == At::Record(3));
        fits.then(|| bytes(from, record))
    })
}

fn link(bytes: &[u8]) -> Link {
    AnyLink::arbitrary(&mut Unstructured::new(bytes))
        .map(|any| any.0)
        .unwrap_or_default()
}

/// How many kinds of op there are.
const ACTS: u8 = 20;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shakedown::scenario::StackId;

    use super::*;
    use crate::axes::Axes;
    use crate::catalogue;
    use crate::fuzz::planted::{Fault, lab_with};

    #[test]
    fn every_kind_of_op_is_a_seed_on_every_pairing() {
        let mut kinds = BTreeSet::new();
        for (name, seed) in seeds() {
            let ops = link(&seed[MAX_INPUT..]).ops;
            assert_eq!(ops.len(), 1, "{name}");
            let json = serde_json::to_value(&ops[0].act).expect("plain data");
            kinds.insert(match json {
                serde_json::Value::Object(act) => act.keys().next().cloned(),
                act => act.as_str().map(str::to_owned),
            });
        }
        assert_eq!(kinds.len(), usize::from(ACTS), "{kinds:?}");
        assert_eq!(seeds().len(), usize::from(ACTS) * 9);
    }

    /// A side that takes what was changed under protection, such as a Finished, or what nobody has protected
    /// once there are keys.
    #[test]
    fn a_side_that_accepts_what_does_not_open_is_found_from_the_seeds() {
        let errors = &["DecryptError", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"];
        for stack in StackId::ALL {
            assert!(finds(stack, Fault::Forgives(errors)) > 0, "{stack}");
        }
    }

    #[test]
    fn a_side_that_overlooks_a_wrong_record_version_is_found_from_the_seeds() {
        let errors = &[
            "InvalidMessage(UnknownProtocolVersion)",
            "WRONG_VERSION_NUMBER",
        ];
        assert!(finds(StackId::RustlsRing, Fault::Forgives(errors)) > 0);
        assert!(finds(StackId::Openssl, Fault::Forgives(errors)) > 0);
    }

    #[test]
    fn a_side_that_takes_the_end_of_the_stream_for_a_good_end_is_found_from_the_seeds() {
        assert!(finds(StackId::RustlsRing, Fault::Forgives(&["UnexpectedEof"])) > 0);
        let ends: &[&str] = &["SYSCALL_EOF", "UNEXPECTED_EOF_WHILE_READING"];
        assert!(finds(StackId::Openssl, Fault::Forgives(ends)) > 0);
    }

    /// RFC 8446 §4.1.4: the link makes a HelloRetryRequest ask for a group whose share the client has sent.
    #[test]
    fn a_client_that_accepts_a_hello_retry_request_without_need_is_found() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let pairings = [(StackId::Openssl, StackId::Openssl)];
        let case = catalogue::cases(&axes, &space, &pairings)
            .into_iter()
            .find(|case| case.name.starts_with("cause/hrr-illegal"))
            .expect("a scenario of the cause");
        assert!(check(&Lab::new(), &case.scenario).is_ok());
        let lab = lab_with(StackId::Openssl, Fault::Forgives(&["BAD_KEY_SHARE"]));
        let disagreement = check(&lab, &case.scenario).expect_err("a planted fault");
        assert!(
            disagreement.to_string().contains("client"),
            "{disagreement}"
        );
    }

    /// How many seeds come to a finding that come to none without the fault.
    fn finds(stack: StackId, fault: Fault) -> usize {
        let lab = lab_with(stack, fault);
        seeds()
            .iter()
            .filter(|(_, seed)| try_link(&lab, seed).is_err())
            .count()
    }
}
