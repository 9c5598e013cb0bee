//! The faults that the raw targets are there for, each planted in a stack, and found from the seeds.

use super::*;
use crate::fuzz::planted::{self, Fault, lab_with};
use crate::model::link::hellos;

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

/// What clients and servers make of hellos with one thing wrong, for the model's readers
/// (model/link/effect/hello_table.rs). `SHAKEDOWN_BLESS=1` records it anew.
#[test]
fn hellos_are_refused_as_recorded() {
    let lab = Lab::new();
    let mut lines = String::new();
    for role in Role::BOTH {
        for (set_up, name, body) in hellos(role) {
            let seen =
                tell(&lab, role, &in_a_record(set_up, role, &body)).expect("nobody is let in");
            lines += &format!("{role} {name}");
            for seen in seen {
                let alert = seen
                    .alert()
                    .map_or_else(|| "-".into(), |[_, alert]| alert.to_string());
                lines += &match seen.failure.as_deref() {
                    // It waits for more.
                    None | Some("UnexpectedEof" | "SYSCALL_EOF") => "\t-".into(),
                    Some(native) => format!("\t{native} {alert}"),
                };
            }
            lines.push('\n');
        }
    }
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/src/model/link/effect/hellos.txt"
    );
    if std::env::var_os("SHAKEDOWN_BLESS").is_some() {
        std::fs::write(path, lines).expect("written");
        return;
    }
    let recorded = std::fs::read_to_string(path).expect("readable");
    for (now, recorded) in lines.lines().zip(recorded.lines()) {
        assert_eq!(
            now, recorded,
            "with SHAKEDOWN_BLESS=1 they are recorded anew"
        );
    }
    assert_eq!(lines.len(), recorded.len());
}

/// A hello without its header, as an input.
fn in_a_record(set_up: u8, reader: Role, body: &[u8]) -> Vec<u8> {
    let kind = match reader {
        Role::Client => 2,
        Role::Server => 1,
    };
    let length = body.len() as u16;
    let mut told = vec![set_up, 0, 22, 3, 1];
    told.extend((length + 4).to_be_bytes());
    told.extend([kind, 0]);
    told.extend(length.to_be_bytes());
    told.extend(body);
    told
}
