//! `bytes_to_server`: a server of each stack that is told any bytes.
//!
//! Inputs are those of [`bytes`], and what holds there holds here. Besides, nobody answers what is no ClientHello;
//! and where the bytes are a ClientHello and nothing else, one stack may refuse what another takes only as
//! `client_hello` declares it.

use shakedown::connection::Role;
use shakedown::scenario::StackId;

use super::bytes::{self, Failed, seen::Seen};
use super::client_hello::SAME;
use super::client_hello::differences::{Did, declared};
use super::client_hello::hello::{Hello, offer};
use super::{Finding, Kept, Target};
use crate::lab::Lab;

pub(super) const TARGET: Target = Target {
    name: "bytes_to_server",
    about: "any bytes to a server of each stack: nobody is let in, pieces do not matter, both rustls agree, \
        all that answer choose the same, a hello that one takes, all take, but for declared differences, and a hello \
        alone is refused or answered as the model reads it",
    max_len: bytes::MOST,
    check: try_bytes,
    seeds,
};

fn try_bytes(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    bytes::check(lab, Role::Server, input, judge)
}

fn judge(told: &[u8], rustls: &Seen, openssl: &Seen) -> Result<(), Failed> {
    if let Some(hello) = Hello::read(told) {
        let parts = hello.parts_unlike(&Hello::of(&offer([0; 6])));
        return declared(Did::of(rustls), Did::of(openssl), &parts)
            .map(drop)
            .map_err(|why| (SAME, why));
    }
    for (stack, seen) in [(StackId::RustlsRing, rustls), (StackId::Openssl, openssl)] {
        if seen.answer.is_some() && !begins_with_a_hello(told) {
            return Err((NO_HELLO, format!("{stack} answers")));
        }
    }
    Ok(())
}

/// Whether what comes first is a ClientHello, whatever is wrong with it or comes behind.
fn begins_with_a_hello(told: &[u8]) -> bool {
    let mut rest = told;
    loop {
        rest = match rest {
            // RFC 5246 §E.2: OpenSSL takes the hello of SSL 2.0's form (ssl/record/methods/ssl3_meth.c).
            [0x80..=0xff, _, 1, ..] if rest.len() == told.len() => return true,
            [22, 3, _, _, _, 1, ..] => return true,
            // What may come before: warnings, and what clients send for the sake of others (RFC 8446 §D.4).
            [20 | 21, 3, _, high, low, behind @ ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                match behind.get(length..) {
                    Some(rest) => rest,
                    None => return false,
                }
            }
            _ => return false,
        };
    }
}

/// What a server hears, and its first flight alone.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = bytes::seeds(Role::Server);
    let hellos: Vec<_> = seeds
        .iter()
        .filter_map(|(name, seed)| {
            let length = usize::from(u16::from_be_bytes([*seed.get(5)?, *seed.get(6)?]));
            Some((
                format!("hello-{name}"),
                seed.get(..2 + 5 + length)?.to_vec(),
            ))
        })
        .collect();
    seeds.extend(hellos);
    seeds
}

const NO_HELLO: &str = "nobody answers what is no ClientHello";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::planted::{self, Fault, lab_with};

    /// Which oracles fail over the seeds, each once.
    fn found(fault: Fault) -> Vec<&'static str> {
        let lab = lab_with(StackId::Openssl, fault);
        planted::oracles(seeds(), |seed| try_bytes(&lab, seed))
    }

    #[test]
    fn a_server_that_refuses_a_good_hello_is_found() {
        assert!(found(Fault::Mute).contains(&SAME));
    }

    #[test]
    fn a_server_that_answers_what_is_no_hello_is_found() {
        let lab = lab_with(StackId::Openssl, Fault::AnswersAnything);
        let finding = try_bytes(&lab, &[0, 0, 22, 3, 1, 0, 1, 14]).expect_err("a planted fault");
        assert_eq!(finding.oracle, NO_HELLO);
    }

    #[test]
    fn a_recorded_hello_is_read_and_written_as_it_is() {
        let mut read = 0;
        for (name, seed) in seeds() {
            let Some(hello) = Hello::read(&seed[2..]) else {
                assert!(!name.starts_with("hello-"), "{name}");
                continue;
            };
            read += 1;
            let written = hello.write();
            assert_eq!(written.len(), seed.len() - 2, "{name}");
            assert_eq!(Hello::read(&written).as_ref(), Some(&hello), "{name}");
            let longer = [&seed[2..], &[0]].concat();
            assert!(Hello::read(&longer).is_none(), "{name}");
            let shorter = &seed[2..seed.len() - 1];
            assert!(Hello::read(shorter).is_none(), "{name}");
        }
        assert!(read >= 72, "{read}");
    }

    #[test]
    fn what_may_come_before_a_hello_is_passed_over() {
        let warning = [21, 3, 3, 0, 2, 1, 90];
        let hello = [22, 3, 1, 0, 5, 1, 0, 0, 1, 0];
        assert!(begins_with_a_hello(&hello));
        assert!(begins_with_a_hello(&[&warning[..], &hello].concat()));
        assert!(!begins_with_a_hello(&warning));
        assert!(!begins_with_a_hello(&[22, 3, 1, 0, 5, 2, 0, 0, 1, 0]));
        assert!(begins_with_a_hello(&[0x80, 46, 1, 3, 3]));
        assert!(!begins_with_a_hello(
            &[&warning[..], &[0x80, 46, 1, 3, 3]].concat()
        ));
    }
}
