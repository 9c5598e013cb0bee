//! `bytes_to_client`: a client of each stack that is told any bytes.
//!
//! Inputs are those of [`bytes`], and what holds there holds here. Besides, where the bytes are a ServerHello or a
//! HelloRetryRequest and nothing else, one stack may refuse what another takes only as `server_flight` declares it.

use shakedown::connection::Role;
use shakedown::wire::HELLO_RETRY_REQUEST_RANDOM;

use super::bytes::{self, Failed, seen::Seen};
use super::client_hello::differences::Did;
use super::server_flight::differences::{Family, declared, named};
use super::{Finding, Kept, Target};
use crate::lab::Lab;

pub(super) const TARGET: Target = Target {
    name: "bytes_to_client",
    about: "any bytes to a client of each stack: nobody is let in, pieces do not matter, both rustls agree, \
        a server's hello that one takes, all take, but for declared differences, and a hello alone is refused as the \
        model reads it",
    max_len: bytes::MOST,
    check: try_bytes,
    seeds,
};

fn try_bytes(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    bytes::check(lab, Role::Client, input, judge)
}

fn judge(told: &[u8], rustls: &Seen, openssl: &Seen) -> Result<(), Failed> {
    if !is_one_hello(told) {
        return Ok(());
    }
    match difference(told, rustls, openssl) {
        Some((onward, native)) if declared(onward, native).is_none() => {
            Err((SAME, format!("{onward:?} goes on: {native}")))
        }
        _ => Ok(()),
    }
}

/// Which client goes on, and what the other says. What comes behind the hello does not come, so that whoever
/// takes it waits.
fn difference<'a>(told: &[u8], rustls: &'a Seen, openssl: &'a Seen) -> Option<(Family, &'a str)> {
    match (Did::of(rustls), Did::of(openssl)) {
        (Did::Refused(..), Did::Refused(..)) => None,
        (Did::Refused(native, _), _) => Some((Family::Openssl, named(native, told))),
        (_, Did::Refused(native, _)) => Some((Family::Rustls, named(native, told))),
        _ => None,
    }
}

/// Whether that is one record of one whole message, and the message a server's hello.
fn is_one_hello(told: &[u8]) -> bool {
    let [HANDSHAKE, 3, _, high, low, message @ ..] = told else {
        return false;
    };
    let [SERVER_HELLO, a, b, c, body @ ..] = message else {
        return false;
    };
    usize::from(u16::from_be_bytes([*high, *low])) == message.len()
        && u32::from_be_bytes([0, *a, *b, *c]) as usize == body.len()
}

/// What a client hears; each server's hello alone; hellos with a suite that nobody has offered;
/// HelloRetryRequests; and what stacks are known to take differently.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = bytes::seeds(Role::Client);
    let mut alone = Vec::new();
    for (name, seed) in &seeds {
        let Some(hello) = first_message(&seed[2..]) else {
            continue;
        };
        let head = [seed[0], seed[1]];
        alone.push((format!("hello-{name}"), in_a_record(head, hello)));
        let mut unoffered = hello.to_vec();
        let suite = SESSION_ID + 1 + usize::from(unoffered[SESSION_ID]);
        unoffered[suite..][..2].copy_from_slice(&UNOFFERED);
        alone.push((format!("suite-{name}"), in_a_record(head, &unoffered)));
    }
    for set_up in [0, 2] {
        alone.push((
            format!("retry-{set_up}"),
            in_a_record([set_up, 0], &hello_retry_request()),
        ));
    }
    alone.extend(DIFFERENT.lines().filter_map(|line| {
        let (name, digits) = line.split_once(' ')?;
        Some((format!("different-{name}"), hex::decode(digits).ok()?))
    }));
    seeds.extend(alone);
    seeds
}

/// Of a flight, which begins with a whole one.
fn first_message(flight: &[u8]) -> Option<&[u8]> {
    let [HANDSHAKE, 3, _, _, _, message @ ..] = flight else {
        return None;
    };
    let length = u32::from_be_bytes([0, *message.get(1)?, *message.get(2)?, *message.get(3)?]);
    message.get(..4 + usize::try_from(length).ok()?)
}

fn in_a_record(head: [u8; 2], message: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(message.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    [&head[..], &[HANDSHAKE, 3, 3, high, low], message].concat()
}

/// RFC 8446 §4.1.4: the other group of the set-ups, please.
fn hello_retry_request() -> Vec<u8> {
    let group = bytes::GROUPS[1].0.to_be_bytes();
    let suite = bytes::TLS13_SUITES[0].0.to_be_bytes();
    let extensions = [0, 43, 0, 2, 3, 4, 0, 51, 0, 2, group[0], group[1]];
    let mut body = vec![3, 3];
    body.extend(HELLO_RETRY_REQUEST_RANDOM);
    // The echo of the client's session id, which is filled in.
    body.push(32);
    body.extend([0; 32]);
    body.extend(suite);
    body.extend([0, 0, extensions.len() as u8]);
    body.extend(extensions);
    let mut message = vec![SERVER_HELLO, 0, 0, body.len() as u8];
    message.extend(body);
    message
}

/// Each line: a name, and an input in hexadecimal digits.
const DIFFERENT: &str = include_str!("bytes/differences.txt");
/// RFC 8446 §5.1, §4.
const HANDSHAKE: u8 = 22;
const SERVER_HELLO: u8 = 2;
/// Behind a hello's type, length, version and random; then comes the suite.
const SESSION_ID: usize = 4 + 2 + 32;
/// TLS_CHACHA20_POLY1305_SHA256, which the set-ups leave out.
const UNOFFERED: [u8; 2] = [0x13, 0x03];
const SAME: &str = "a server's hello that one client takes, all take";

#[cfg(test)]
mod tests {
    use shakedown::scenario::StackId;

    use super::*;
    use crate::fuzz::planted::{self, Fault, lab_with};
    use crate::fuzz::server_flight::at_a_hello::AT_A_HELLO;

    #[test]
    fn a_client_that_takes_a_suite_it_has_not_offered_is_found() {
        for (stack, fault) in [
            (
                StackId::Openssl,
                Fault::Overlooks(&["WRONG_CIPHER_RETURNED"]),
            ),
            (
                StackId::RustlsRing,
                Fault::Overlooks(&["PeerMisbehaved(SelectedUnofferedCipherSuite)"]),
            ),
        ] {
            let lab = lab_with(stack, fault);
            let found = planted::oracles(seeds(), |seed| try_bytes(&lab, seed));
            assert!(found.contains(&SAME), "{stack}: {found:?}");
        }
    }

    /// A hello to a client of OpenSSL's may have what rustls does not ask for.
    #[test]
    fn every_hello_of_a_seed_is_taken_but_for_one_with_another_suite() {
        let lab = Lab::new();
        let mut hellos = 0;
        for (name, seed) in seeds() {
            if !is_one_hello(&seed[2..]) {
                continue;
            }
            hellos += 1;
            let both = bytes::tell(&lab, Role::Client, &seed).expect("no finding");
            let takers = both
                .iter()
                .filter(|seen| !matches!(Did::of(seen), Did::Refused(..)))
                .count();
            let expected = match name.split_once('-').expect("a kind").0 {
                "different" => 1..=1,
                "suite" => 0..=0,
                "retry" => 2..=2,
                _ => 1..=2,
            };
            assert!(expected.contains(&takers), "{name}: {both:?}");
        }
        assert!(hellos >= 140, "{hellos}");
    }

    #[test]
    fn every_difference_at_a_hello_is_met_by_a_seed() {
        let lab = Lab::new();
        let mut met = Vec::new();
        for (_, seed) in seeds() {
            let told = &seed[2..];
            if is_one_hello(told) {
                let both = bytes::tell(&lab, Role::Client, &seed).expect("no finding");
                let difference = difference(told, &both[0], &both[1]);
                met.extend(difference.map(|(onward, native)| (onward, native.to_owned())));
            }
        }
        for known in &AT_A_HELLO {
            assert!(
                met.contains(&(known.onward, known.native.to_owned())),
                "{known:?}"
            );
            assert!(known.reason.len() > 20 && known.link.starts_with("https://"));
        }
    }

    #[test]
    fn only_a_whole_hello_alone_is_one() {
        let hello = in_a_record([0, 0], &hello_retry_request());
        let hello = &hello[2..];
        assert!(is_one_hello(hello));
        assert!(!is_one_hello(&hello[..hello.len() - 1]));
        assert!(!is_one_hello(&[hello, &[0]].concat()));
        assert!(!is_one_hello(&[22, 3, 3, 0, 4, 14, 0, 0, 0]));
    }
}
