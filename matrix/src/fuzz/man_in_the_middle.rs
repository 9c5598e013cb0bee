//! `man_in_the_middle`: any profiles, and anything done to what they say to each other.
//!
//! The first [`MAX_INPUT`] bytes are a scenario, as in `scenario`, and the rest is what the link does.

use ::arbitrary::{Arbitrary, Unstructured};

use shakedown::connection::Role;
use shakedown::link::{At, Link};

use super::{Finding, Kept, Target};
use crate::arbitrary::{AnyLink, MAX_INPUT, MAX_LINK, check, decode, encode};
use crate::axes::{Axes, CLIENT_STACK, SERVER_STACK};
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

/// Every kind of op, once, at the first records of either side, on every pairing; and what is met nowhere near a plain
/// handshake.
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
    seeds.extend(needless_retries());
    seeds
}

/// A server that must ask for another share, and seems to ask for one that it has (RFC 8446 §4.1.4): the link says so
/// in its HelloRetryRequest.
fn needless_retries() -> Vec<(String, Vec<u8>)> {
    let axes = Axes::new();
    let mut point = axes.plain();
    let mut seeds = Vec::new();
    if let Some(axis) = axes.index("server.groups")
        && let Some(value) = axes.value(axis, "p256")
    {
        point[axis] = value;
        for pairing in 0..9_u8 {
            let stacks = [CLIENT_STACK, SERVER_STACK].map(|name| axes.index(name));
            for (axis, stack) in stacks.into_iter().flatten().zip([pairing / 3, pairing % 3]) {
                point[axis] = stack.into();
            }
            if let Some(mut input) = encode(&point) {
                input.resize(MAX_INPUT, 0);
                input.extend(SHARE_OF_X25519);
                seeds.push((format!("needless-retry-{pairing}"), input));
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

/// The bytes of an op: the server's first hello has 001d for its key_share.
const SHARE_OF_X25519: [u8; 10] = [15, 11, 0, 1, 0x1d, 0, 1, 2, 1, 0];
/// How many kinds of op there are.
const ACTS: u8 = 20;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shakedown::iana::{ExtensionType, HandshakeType};
    use shakedown::link::{Act, Field, Op};
    use shakedown::scenario::StackId;

    use super::*;
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
        assert_eq!(seeds().len(), usize::from(ACTS) * 9 + 9);
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

    #[test]
    fn a_client_that_accepts_a_hello_retry_request_without_need_is_found_from_the_seeds() {
        for (name, seed) in needless_retries() {
            let ops = link(&seed[MAX_INPUT..]).ops;
            let [
                Op {
                    from: Role::Server,
                    at: At::Message(message),
                    act: Act::Set(set),
                },
            ] = &ops[..]
            else {
                panic!("{name}: {ops:?}");
            };
            assert_eq!(
                (message.kind, message.nth),
                (HandshakeType::server_hello, 0)
            );
            assert_eq!(set.field, Field::Extension(ExtensionType::key_share));
            assert_eq!(set.value, "001d");
        }
        assert_eq!(needless_retries().len(), 9);
        let finds = |stack, error| {
            let lab = lab_with(stack, Fault::Forgives(error));
            needless_retries()
                .iter()
                .filter(|(_, seed)| try_link(&lab, seed).is_err())
                .count()
        };
        // Each with three servers.
        assert_eq!(finds(StackId::Openssl, &["BAD_KEY_SHARE"]), 3);
        let rustls = &["PeerMisbehaved(IllegalHelloRetryRequestWithOfferedGroup)"];
        assert_eq!(finds(StackId::RustlsRing, rustls), 3);
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
