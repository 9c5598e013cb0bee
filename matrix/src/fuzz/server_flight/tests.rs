//! The faults that the target is there for, each planted in a stack, and found from the seeds.

use std::collections::BTreeSet;

use super::differences::DIFFERENCES;
use super::seeds::seeds;
use super::*;
use crate::fuzz::planted::{self, Fault, lab_with};

#[test]
fn a_client_that_forgives_a_changed_flight_is_found() {
    for stack in [StackId::RustlsRing, StackId::RustlsAwsLcRs] {
        assert!(found_in(stack, Fault::Forgives(&["DecryptError"])).contains(&BOUND));
    }
    let natives = &["BAD_SIGNATURE", "DECRYPTION_FAILED_OR_BAD_RECORD_MAC"];
    assert!(found_in(StackId::Openssl, Fault::Forgives(natives)).contains(&BOUND));
}

#[test]
fn a_side_that_is_established_early_is_found() {
    for stack in StackId::ALL {
        assert!(found_in(stack, Fault::Done).contains(&BOUND), "{stack}");
    }
}

#[test]
fn a_side_that_hands_on_data_is_found() {
    for stack in StackId::ALL {
        assert_eq!(found_in(stack, Fault::Data), [NO_DATA], "{stack}");
    }
}

#[test]
fn a_side_that_panics_is_found() {
    for stack in StackId::ALL {
        assert_eq!(found_in(stack, Fault::Panics), [NO_PANIC], "{stack}");
    }
}

#[test]
fn a_client_that_wants_its_messages_in_whole_records_is_found() {
    for stack in StackId::ALL {
        assert!(
            found_in(stack, Fault::Fragments).contains(&RECORDS),
            "{stack}"
        );
    }
}

#[test]
fn a_rustls_unlike_the_other_is_found() {
    for stack in [StackId::RustlsRing, StackId::RustlsAwsLcRs] {
        assert_eq!(found_in(stack, Fault::OtherAlert), [SAME_RUSTLS], "{stack}");
    }
}

#[test]
fn a_server_that_overlooks_alerts_is_found() {
    for stack in StackId::ALL {
        assert!(found_in(stack, Fault::Deaf).contains(&TOLD), "{stack}");
    }
}

#[test]
fn a_side_that_never_rests_is_found() {
    for stack in StackId::ALL {
        assert!(found_in(stack, Fault::Restless).contains(&ENDS), "{stack}");
    }
}

#[test]
fn a_client_that_refuses_what_the_others_take_is_found() {
    let found = found_in(StackId::Openssl, Fault::Mute);
    assert!(found.contains(&SAME_FATE));
}

#[test]
fn a_server_that_answers_nothing_is_found() {
    assert!(found_in(StackId::Openssl, Fault::Mute).contains(&PLAIN));
}

/// A rustls client's server signs with ecdsa_secp384r1_sha384 already, and an OpenSSL client's does not.
#[test]
fn a_scheme_that_is_there_already_is_no_change() {
    let input = [0x2f, 0x75, 0x75, 0x76, 0x00, 0x76];
    let found = TARGET.check(&Lab::new(), &input);
    assert!(matches!(found, Ok(Kept::Yes)), "{found:?}");
}

#[test]
fn every_difference_is_met_by_a_seed() {
    let lab = Lab::new();
    let mut met = Vec::new();
    for (_, seed) in seeds() {
        let set_up = SetUp::of(seed[0]);
        let [rustls, openssl] = [StackId::RustlsRing, StackId::Openssl]
            .map(|client| meet(&lab, &set_up.scenario(client), &seed[1..]).expect("a flight"));
        met.extend(difference(&rustls, &openssl));
    }
    for known in &DIFFERENCES {
        assert!(
            met.contains(&(known.onward, known.native.to_owned())),
            "{known:?}"
        );
        assert!(known.reason.len() > 20 && known.link.starts_with("https://"));
    }
    let all: BTreeSet<_> = DIFFERENCES
        .iter()
        .map(|it| (it.onward as u8, it.native))
        .collect();
    assert_eq!(all.len(), DIFFERENCES.len());
}

/// Which oracles fail over the seeds, each once.
fn found_in(stack: StackId, fault: Fault) -> Vec<&'static str> {
    let lab = lab_with(stack, fault);
    planted::oracles(seeds(), |seed| check(&lab, seed))
}
