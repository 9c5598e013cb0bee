//! Handshakes with randomness that is set: what is the same each time, and what is not.
#![cfg(all(feature = "openssl", feature = "rustls-ring"))]

use std::sync::{Arc, LazyLock};

use shakedown::connection::Stack;
use shakedown::iana::ProtocolVersion as V;
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::pair;
use shakedown::profile::{ClientProfile, Protocol, ServerProfile};
use shakedown::scenario::StackId;
use shakedown::stacks::{linked, randomness};

#[test]
fn openssl_says_the_same_to_the_last_byte() {
    for version in [V::TLS1_2, V::TLS1_3] {
        let of = |seed| randomness::fixed(seed, || flights(StackId::Openssl, version));
        assert!(of(7).len() >= 3, "{version}");
        assert_eq!(of(7), of(7), "{version}");
        assert_ne!(of(7), of(8), "{version}");
    }
}

#[test]
fn without_it_nothing_comes_twice() {
    randomness::fixed(7, || ());
    for stack in StackId::ALL {
        let [one, two] = [(); 2].map(|()| flights(stack, V::TLS1_2));
        for (one, two) in one.iter().zip(&two).take(2) {
            assert_ne!(one[RANDOM], two[RANDOM], "{stack}");
        }
    }
}

/// Its keys and signatures are others each time.
#[test]
fn rustls_draws_the_same_random_and_session_id() {
    for stack in [StackId::RustlsAwsLcRs, StackId::RustlsRing] {
        let of = |seed| {
            let flights = randomness::fixed(seed, || flights(stack, V::TLS1_3));
            [0, 1].map(|at: usize| flights[at][RANDOM.start..SESSION_ID.end].to_vec())
        };
        assert_eq!(of(7), of(7), "{stack}");
        let ([client, server], [other_client, other_server]) = (of(7), of(8));
        assert_ne!(client[..32], server[..32], "{stack}");
        assert_ne!(client[..32], other_client[..32], "{stack}");
        assert_ne!(client[32..], other_client[32..], "{stack}");
        assert_ne!(server[..32], other_server[..32], "{stack}");
    }
}

/// What a stack says to itself, flight by flight. Certificates and configurations are the same each time.
fn flights(stack: StackId, version: V) -> Vec<Vec<u8>> {
    static STACKS: LazyLock<Vec<Box<dyn Stack>>> =
        LazyLock::new(|| linked(&Arc::new(Identities::new())));
    let (client, server) = randomness::real(|| {
        let mut stacks = STACKS.iter();
        let stack = stacks
            .find(|linked| linked.info().id == stack)
            .expect("linked");
        let profile = ClientProfile {
            protocol: Protocol {
                versions: vec![version],
                ..Protocol::default()
            },
            ..ClientProfile::default()
        };
        let server = stack.server(&ServerProfile::default());
        (stack.client(&profile).expect("made"), server.expect("made"))
    });
    let (outcome, flights) = pair::meet_recorded(Ok(&*client), Ok(&*server), &Link::default());
    assert!(outcome.is_success(), "{outcome:?}");
    flights.into_iter().map(|flight| flight.bytes).collect()
}

/// Where a hello's random lies in its record (RFC 8446 §4.1.2): behind both headers and the version.
const RANDOM: std::ops::Range<usize> = 11..43;
const SESSION_ID: std::ops::Range<usize> = 43..76;
