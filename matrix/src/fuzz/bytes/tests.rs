//! The faults that the raw targets are there for, each planted in a stack, and found from the seeds.

use super::*;
use crate::fuzz::planted::{self, Fault, lab_with};

#[test]
fn a_side_that_is_done_without_a_key_is_found() {
    for role in Role::BOTH {
        assert_eq!(found(role, StackId::RustlsRing, Fault::Done), [NOBODY]);
        assert_eq!(found(role, StackId::Openssl, Fault::Done), [NOBODY]);
    }
}

#[test]
fn a_side_that_panics_is_found() {
    for role in Role::BOTH {
        assert_eq!(found(role, StackId::RustlsRing, Fault::Panics), [NO_PANIC]);
    }
}

#[test]
fn data_from_nobody_is_found() {
    for role in Role::BOTH {
        assert_eq!(found(role, StackId::Openssl, Fault::Data), [NOBODY]);
    }
}

#[test]
fn a_side_that_wants_its_bytes_at_once_is_found() {
    for role in Role::BOTH {
        assert_eq!(found(role, StackId::RustlsAwsLcRs, Fault::Pieces), [PIECES]);
        assert_eq!(found(role, StackId::RustlsRing, Fault::Pieces), [PIECES]);
        assert_eq!(found(role, StackId::Openssl, Fault::Pieces), [PIECES]);
    }
}

#[test]
fn a_rustls_unlike_the_other_is_found() {
    for role in Role::BOTH {
        let found = found(role, StackId::RustlsAwsLcRs, Fault::Mute);
        assert_eq!(found, [SAME_RUSTLS]);
    }
}

#[test]
fn ring_may_know_less_than_aws_lc_rs_and_not_the_other_way_round() {
    let with = |failure: &str, established| Seen {
        failure: Some(format!("InvalidCertificate({failure})")),
        established,
        ..Seen::default()
    };
    let less = with("UnsupportedSignatureAlgorithmForPublicKey", false);
    assert!(ring_knows_less(&less, &with("BadSignature", false)));
    assert!(!ring_knows_less(&with("BadSignature", false), &less));
    assert!(!ring_knows_less(&less, &with("BadSignature", true)));
    assert!(!ring_knows_less(&less, &with("Expired", false)));
}

#[test]
fn a_server_that_chooses_otherwise_is_found() {
    let found = found(Role::Server, StackId::Openssl, Fault::Suite);
    assert_eq!(found, [SAME_ANSWER]);
}

/// `SHAKEDOWN_BLESS=1` records them anew, for stacks that say something else. Keys, randoms and signatures
/// are others each time; which records there are is not.
#[test]
fn seeds_are_what_the_stacks_say() {
    let lab = Lab::new();
    let mut lines = String::new();
    for role in Role::BOTH {
        for set_up in 0..SET_UPS {
            for stack in StackId::ALL {
                let (_, flights) = lab.run_recorded(&scenario(stack, set_up));
                let mut seed = vec![set_up, 6];
                for flight in flights.iter().filter(|flight| flight.from != role) {
                    seed.extend(&flight.bytes);
                }
                lines += &format!("{role} {stack}-{set_up} {}\n", hex::encode(seed));
            }
        }
    }
    if std::env::var_os("SHAKEDOWN_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/fuzz/bytes/recorded.txt");
        std::fs::write(path, lines).expect("written");
        return;
    }
    let kinds = |text: &str| -> Vec<(String, Vec<_>)> {
        text.lines()
            .map(|line| {
                let (name, digits) = line.rsplit_once(' ').expect("a name and digits");
                let bytes = hex::decode(digits).expect("digits");
                (name.to_owned(), seen::kinds(&bytes[2..]))
            })
            .collect()
    };
    assert_eq!(kinds(RECORDED), kinds(&lines));
    for role in Role::BOTH {
        assert_eq!(
            seeds(role).len(),
            4 * usize::from(SET_UPS) * StackId::ALL.len()
        );
    }
}

/// Which oracles fail over the seeds, each once.
fn found(role: Role, stack: StackId, fault: Fault) -> Vec<&'static str> {
    let lab = lab_with(stack, fault);
    planted::oracles(seeds(role), |seed| {
        tell(&lab, role, seed).map(|_| Kept::Yes)
    })
}
