//! The faults that `client_hello` is there for, and whether what is declared still holds.

use std::collections::BTreeSet;

use super::differences::DIFFERENCES;
use super::*;
use crate::fuzz::planted::{Fault, lab_with};

#[test]
fn a_server_that_chooses_otherwise_is_found() {
    for stack in [StackId::RustlsRing, StackId::Openssl] {
        let found = found(stack, Fault::Suite);
        assert!(found.contains(bytes::SAME_ANSWER), "{found:?}");
        // Where the other refuses, nobody else tells.
        assert!(found.contains(OFFERED), "{found:?}");
    }
}

/// Of an offer that the model refuses.
#[test]
fn a_server_that_takes_what_it_must_refuse_is_found() {
    let errors = &["NO_SHARED_CIPHER", "NO_SUITABLE_SIGNATURE_ALGORITHM"];
    assert!(found(StackId::Openssl, Fault::Overlooks(errors)).contains(MODEL));
    let errors = &["PeerIncompatible(NoCipherSuitesInCommon)"];
    assert!(found(StackId::RustlsRing, Fault::Overlooks(errors)).contains(MODEL));
}

#[test]
fn a_server_that_refuses_without_a_word_is_found() {
    assert!(found(StackId::Openssl, Fault::Mute).contains(MODEL));
}

/// What one stack alone overlooks, and is not declared.
#[test]
fn a_server_that_reads_over_a_lie_is_found() {
    let errors = &["LENGTH_MISMATCH", "BAD_EXTENSION"];
    assert!(found(StackId::Openssl, Fault::Overlooks(errors)).contains(SAME));
}

#[test]
fn every_declared_difference_is_met_by_a_seed() {
    let lab = Lab::new();
    let mut met = BTreeSet::new();
    for (_, seed) in seeds() {
        let told = Told::of(&lab, &seed).expect("no finding").expect("a hello");
        if let Ok(Some(difference)) = told.declared() {
            met.extend(
                DIFFERENCES
                    .iter()
                    .position(|it| std::ptr::eq(it, difference)),
            );
        }
    }
    let missing: Vec<_> = (0..DIFFERENCES.len())
        .filter(|number| !met.contains(number))
        .map(|number| &DIFFERENCES[number])
        .collect();
    assert!(missing.is_empty(), "no seed comes to {missing:#?}");
}

/// The length of a message, and its records, are as its parts say.
#[test]
fn what_is_written_is_what_a_client_would_send() {
    let protocol = offer([0; 6]);
    let written = Hello::of(&protocol).write();
    let length = usize::from(u16::from_be_bytes([written[3], written[4]]));
    assert_eq!(written.len(), 5 + length);
    assert_eq!(written[5..9], [1, 0, written[7], written[8]]);
    let mut hello = Hello::of(&protocol);
    hello.cut = 100;
    let cut = hello.write();
    assert_eq!(cut.len(), written.len() + 5 * (length.div_ceil(100) - 1));
    hello.lies.suites = -2;
    assert_eq!(hello.write().len(), cut.len(), "a lie moves nothing");
}

/// Which oracles fail over the seeds, each once.
fn found(stack: StackId, fault: Fault) -> BTreeSet<&'static str> {
    let lab = lab_with(stack, fault);
    seeds()
        .into_iter()
        .filter_map(|(_, seed)| try_hello(&lab, &seed).err())
        .map(|finding| finding.oracle)
        .collect()
}
