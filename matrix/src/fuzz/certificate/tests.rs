//! The faults that the target is there for, each planted in a stack, and found from the seeds.

use std::collections::BTreeSet;

use super::*;
use crate::fuzz::planted::{self, Fault, lab_with};

#[test]
fn a_client_that_overlooks_a_wrong_signature_is_found() {
    let rustls: &[_] = &["InvalidCertificate(BadSignature)"];
    let openssl: &[_] = &["CERTIFICATE_VERIFY_FAILED(7)"];
    for (stack, natives) in [(StackId::RustlsRing, rustls), (StackId::Openssl, openssl)] {
        let lab = lab_with(stack, Fault::Forgives(natives));
        for key in own::KEYS {
            let mut seeds = seeds::seeds();
            seeds.retain(|(_, seed)| SetUp::of(seed[0]).key == key);
            let found = planted::oracles(seeds, |seed| present(&lab, seed));
            assert!(found.contains(&SIGNED), "{stack}, {key:?}: {found:?}");
        }
    }
}

#[test]
fn a_client_that_refuses_what_was_signed_again_is_found() {
    let lab = lab_with(StackId::Openssl, Fault::Mute);
    // Nothing is changed, and with ECDSA the signature is another.
    let finding = present(&lab, &seeds::script("copied-ecdsa")).unwrap_err();
    assert_eq!(finding.oracle, GOOD);
}

#[test]
fn a_client_that_takes_an_expired_certificate_is_found() {
    let expired = Fault::Forgives(&["CERTIFICATE_VERIFY_FAILED(10)"]);
    assert!(found(StackId::Openssl, expired).contains(&BAD));
    let expired = Fault::Forgives(&["InvalidCertificate(Expired)"]);
    assert!(found(StackId::RustlsRing, expired).contains(&BAD));
}

#[test]
fn a_client_that_overlooks_a_critical_extension_is_found() {
    let unknown = Fault::Forgives(&["CERTIFICATE_VERIFY_FAILED(34)"]);
    assert!(found(StackId::Openssl, unknown).contains(&BAD));
    let unknown = Fault::Forgives(&["InvalidCertificate(Other(UnsupportedCriticalExtension))"]);
    assert!(found(StackId::RustlsRing, unknown).contains(&BAD));
}

#[test]
fn an_issuer_that_is_no_ca_is_found() {
    let no_ca = Fault::Forgives(&["CERTIFICATE_VERIFY_FAILED(79)"]);
    assert!(found(StackId::Openssl, no_ca).contains(&BAD));
    let no_ca = Fault::Forgives(&["InvalidCertificate(Other(EndEntityUsedAsCa))"]);
    assert!(found(StackId::RustlsRing, no_ca).contains(&BAD));
}

#[test]
fn a_rustls_unlike_the_other_is_found() {
    let lenient = Fault::Forgives(&["InvalidCertificate(BadEncoding)"]);
    assert!(found(StackId::RustlsRing, lenient).contains(&SAME_RUSTLS));
}

#[test]
fn an_openssl_that_reads_anything_is_found() {
    let lenient = Fault::Forgives(&["ASN1_LIB"]);
    assert!(found(StackId::Openssl, lenient).contains(&SAME_ANSWER));
}

#[test]
fn a_client_that_refuses_a_good_chain_is_found() {
    assert!(found(StackId::Openssl, Fault::Mute).contains(&GOOD));
}

#[test]
fn a_client_that_is_done_and_refuses_is_found() {
    assert!(found(StackId::Openssl, Fault::Done).contains(&ALIKE));
}

#[test]
fn a_client_that_panics_is_found() {
    assert_eq!(found(StackId::RustlsRing, Fault::Panics), [NO_PANIC]);
}

#[test]
fn every_declared_difference_is_met_by_a_seed_and_explained() {
    let lab = Lab::new();
    let met: BTreeSet<_> = seeds::seeds()
        .into_iter()
        .filter_map(|(_, seed)| {
            let case = Case::new(seed[0], &seed[1..]).unwrap();
            let [ring, openssl] = [StackId::RustlsRing, StackId::Openssl]
                .map(|stack| case.meet(&lab, stack).unwrap());
            let known = case.declared(&ring, &openssl)?;
            differences::KNOWN
                .iter()
                .position(|one| std::ptr::eq(one, known))
        })
        .collect();
    for (number, known) in differences::KNOWN.iter().enumerate() {
        assert!(
            met.contains(&number),
            "no seed: {:?}: {}",
            known.refuses,
            known.reason
        );
        assert!(!known.reason.is_empty());
        assert!(known.link.starts_with("https://"), "{}", known.link);
    }
}

#[test]
fn no_difference_of_writing_excuses_another_key() {
    let rsa = seeds::script("key-and-more");
    let read = |set_up: u8, script: &[u8]| {
        let case = Case::new(set_up, script).unwrap();
        let reading = Reading::of(case.read.as_ref().unwrap(), &case.before, false);
        reading.same_rsa_key().map(|(_, has_more)| has_more)
    };
    assert_eq!(read(rsa[0], &rsa[1..]), Some(true));
    let in_ber = seeds::script("key-in-ber");
    assert_eq!(read(in_ber[0], &in_ber[1..]), Some(false));
    // The same step first at the modulus: it is another number then.
    let number = in_ber[2];
    let other = [&[1, number, 9, 1], &in_ber[1..]].concat();
    assert_eq!(read(in_ber[0], &other), None);
    let ed25519 = seeds::script("key-other");
    assert_eq!(read(ed25519[0], &ed25519[1..]), None);
}

#[test]
fn a_hybrid_point_is_the_one_from_before() {
    let is_hybrid = |set_up: u8, script: &[u8]| {
        let case = Case::new(set_up, script).unwrap();
        Reading::of(case.read.as_ref().unwrap(), &case.before, false).is_hybrid_point()
    };
    let hybrid = seeds::script("point-hybrid");
    assert!(is_hybrid(hybrid[0], &hybrid[1..]));
    for name in [
        "point-hybrid-of-another",
        "point-elsewhere",
        "point-of-fewer-bits",
    ] {
        let seed = seeds::script(name);
        assert!(!is_hybrid(seed[0], &seed[1..]), "{name}");
    }
    // At another place, and on another curve.
    for more in ["point-elsewhere", "curve-another"] {
        let also = [&hybrid[1..], &seeds::script(more)[1..]].concat();
        assert!(!is_hybrid(hybrid[0], &also), "{more}");
    }
}

#[test]
fn an_extension_that_is_not_there_or_not_read_excuses_nothing() {
    let case = |steps: &[u8]| Case::new(0, steps).unwrap();
    let reading = |case: &Case| {
        let read = Reading::of(case.read.as_ref().unwrap(), &case.before, true);
        (
            read.has_no_usage(),
            read.lists_no_ids(menu::EXTENDED_USAGE),
            read.has_more(differences::READ_BY_WEBPKI),
        )
    };
    // In the good certificate: each has what it must.
    assert_eq!(reading(&case(&[])), (false, false, false));
    for (name, told) in [
        ("no-key-usage", (false, false, false)),
        ("no-extended-usage", (false, false, false)),
        ("identifier-and-a-byte", (false, false, false)),
        ("value-and-a-byte", (false, false, true)),
        ("usage-with-what-ends-too-soon", (false, true, false)),
    ] {
        let seed = seeds::script(name);
        assert_eq!(reading(&case(&seed[1..])), told, "{name}");
    }
}

#[test]
fn what_is_read_is_written_again() {
    assert_eq!(SetUp::all().len(), 2 * 2 * 2 * 2 * own::KEYS.len());
    for set_up in SetUp::all() {
        let set_up = SetUp::of(set_up);
        let chain = OWN.chain(set_up).unwrap();
        let good = OWN.good(set_up).unwrap();
        assert_eq!(good.encoded(), chain.certificates[set_up.place()]);
        assert!(!reading::is_no_der(&good));
        assert!((0..good.count()).all(|number| good.at(number).is_some()));
        assert!(good.at(good.count()).is_none());
    }
}

#[test]
fn lengths_that_lie_are_written_and_those_of_ber_read() {
    let mut node = Node::nodes(0x30, vec![Node::bytes(2, &[1])]);
    for (length, encoded) in [
        (der::Length::Minimal, &[0x30, 3, 2, 1, 1][..]),
        (der::Length::Padded(2), &[0x30, 0x82, 0, 3, 2, 1, 1]),
        (der::Length::Indefinite, &[0x30, 0x80, 2, 1, 1, 0, 0]),
    ] {
        node.length = length;
        assert_eq!(node.encoded(), encoded);
        assert_eq!(Node::read(encoded).as_ref(), Some(&node));
    }
    node.length = der::Length::Off(1);
    assert_eq!(node.encoded(), [0x30, 4, 2, 1, 1]);
    assert_eq!(Node::read(&node.encoded()), None);
}

/// Which oracles fail over the seeds, each once.
fn found(stack: StackId, fault: Fault) -> Vec<&'static str> {
    let lab = lab_with(stack, fault);
    planted::oracles(seeds::seeds(), |seed| present(&lab, seed))
}
