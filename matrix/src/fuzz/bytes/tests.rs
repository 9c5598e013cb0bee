//! The faults that the raw targets are there for, each planted in a stack, and found from the seeds.

use super::*;
use shakedown::iana::ContentType;

use crate::fuzz::Target;
use crate::fuzz::planted::{self, Fault, lab_with};
use crate::model::link::{WEAK_SCHEME, hellos};

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
    let mismatch = "Other(SignatureAlgorithmMismatch)";
    let said = |failure, alert| Seen {
        records: vec![(ContentType::alert, Some([2, alert]))],
        ..with(failure, false)
    };
    assert!(ring_knows_less(
        &said(mismatch, 46),
        &said("BadSignature", 51)
    ));
    assert!(!ring_knows_less(
        &said(mismatch, 46),
        &said("BadSignature", 46)
    ));
    assert!(!ring_knows_less(&with("BadSignature", false), &less));
    assert!(!ring_knows_less(&less, &with("BadSignature", true)));
    assert!(!ring_knows_less(&less, &with("Expired", false)));
}

/// Another alert is no other answer: the model alone knows it.
#[test]
fn another_alert_than_the_model_reads_is_found() {
    for stack in [StackId::RustlsRing, StackId::Openssl] {
        let lab = lab_with(stack, Fault::OtherAlert);
        for role in Role::BOTH {
            let found = hellos(role).into_iter().filter_map(|(set_up, _, body)| {
                let input = in_a_record(set_up, role, &body);
                let [rustls, openssl] = tell(&lab, role, &input).expect("nobody is let in");
                reading::holds(role, set_up, &input[2..], &rustls, &openssl).err()
            });
            let oracles: Vec<_> = found.take(9).map(|(oracle, _)| oracle).collect();
            assert_eq!(oracles, [reading::READ; 9]);
        }
    }
}

/// Which suites OpenSSL knows, though it offers them nowhere, decides which error it is.
#[test]
fn every_suite_of_a_server_hello_is_refused_as_the_model_reads() {
    let near = [0x00, 0x01, 0x13, 0x56, 0xc0, 0xc1, 0xcc, 0xd0, 0xff];
    let told = sweep(Role::Client, "sound", &near, |body, suite| {
        // Behind the version, the random and the session id.
        let place = 35 + usize::from(body[34]);
        body[place..place + 2].copy_from_slice(&suite);
    });
    // Three set-ups, each with both versions and a HelloRetryRequest.
    assert_eq!(told, 9 * 9 * 256);
}

/// Which schemes an OpenSSL server shares, though no profile names them, decides which error it is.
#[test]
fn every_scheme_of_a_client_hello_is_taken_as_the_model_reads() {
    let near: Vec<_> = (0..=0x1f).chain([0xfe, 0xff]).collect();
    let told = sweep(Role::Server, "13 as it is", &near, |body, scheme| {
        let list = [0, 13, 0, 6, 0, 4];
        let place = body.windows(list.len()).position(|bytes| bytes == list);
        let place = list.len() + place.expect("signature_algorithms");
        body[place..place + 4].copy_from_slice(&[scheme, scheme].concat());
    });
    // Three set-ups, each with both versions.
    assert_eq!(told, 6 * 34 * 256);
}

/// Puts each number with one of these high bytes into the hellos of a name, and holds what comes of it to the readers;
/// how many hellos that was.
fn sweep(role: Role, name: &str, high: &[u8], put: impl Fn(&mut [u8], [u8; 2])) -> usize {
    let lab = Lab::new();
    let (mut otherwise, mut told) = (Vec::new(), 0);
    for (set_up, name, mut body) in hellos(role)
        .into_iter()
        .filter(|(_, found, _)| found.ends_with(name))
    {
        for number in high
            .iter()
            .flat_map(|high| (0..=255).map(|low| [*high, low]))
        {
            put(&mut body, number);
            let input = in_a_record(set_up, role, &body);
            let [rustls, openssl] = tell(&lab, role, &input).expect("nobody is let in");
            assert!(reading::hello(role, &input[2..]).is_some());
            told += 1;
            if let Err(why) = reading::holds(role, set_up, &input[2..], &rustls, &openssl) {
                let fates = [&rustls, &openssl].map(reading::fate);
                otherwise.push((name.clone(), number, why, fates));
            }
        }
    }
    assert_eq!(otherwise, []);
    told
}

/// As the model does without a stack.
#[test]
fn a_weak_scheme_is_shared_where_level_and_version_let_it() {
    let (lab, told) = (Lab::new(), hellos(Role::Server));
    for (set_up, level, name, native) in WEAK_SCHEME {
        let mut scenario = scenario(StackId::Openssl, set_up);
        scenario.server.profile.protocol.security_level = Some(level);
        let (_, _, body) = told.iter().find(|(_, it, _)| it == name).expect(name);
        let mut server = begin(&lab, Role::Server, &scenario).expect("a level is no fault");
        server.receive(&in_a_record(set_up, Role::Server, body)[2..]);
        let failure = server.failure().map(|failure| failure.native.as_str());
        assert_eq!(failure, Some(native), "{level}");
    }
}

/// Each target that is to ask the readers does.
#[test]
fn targets_find_another_alert_than_the_model_reads() {
    for stack in [StackId::RustlsRing, StackId::Openssl] {
        let lab = lab_with(stack, Fault::OtherAlert);
        for (role, name) in [
            (Role::Server, "bytes_to_server"),
            (Role::Client, "bytes_to_client"),
        ] {
            let target = Target::named(name).expect("a target");
            let mut inputs = hellos(role).into_iter();
            assert!(
                inputs.any(|(set_up, _, body)| {
                    let input = in_a_record(set_up, role, &body);
                    let found = target.check(&lab, &input);
                    found.is_err_and(|finding| finding.oracle == reading::READ)
                }),
                "{stack} {name}"
            );
        }
        let target = Target::named("client_hello").expect("a target");
        let found = planted::oracles((target.seeds)(), |seed| target.check(&lab, seed));
        assert!(found.contains(&reading::READ), "{stack}: {found:?}");
    }
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
            for seen in &seen {
                lines += &format!("\t{}", reading::fate(seen));
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
