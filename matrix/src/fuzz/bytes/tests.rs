//! The faults that the raw targets are there for, each planted in a stack, and found from the seeds.

use std::sync::Arc;

use shakedown::connection::{Config, Failure, Refusal, Session, Stack, StackInfo};
use shakedown::iana::AlertDescription;
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::stacks;

use super::*;

#[test]
fn a_side_that_is_done_without_a_key_is_found() {
    for role in Role::BOTH {
        assert_eq!(found(role, StackId::RustlsRing, Fault::Done), [NOBODY]);
        assert_eq!(found(role, StackId::Openssl, Fault::Done), [NOBODY]);
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
        assert_eq!(found(role, StackId::Openssl, Fault::Pieces), [PIECES]);
    }
}

#[test]
fn a_rustls_unlike_the_other_is_found() {
    for role in Role::BOTH {
        assert_eq!(found(role, StackId::RustlsRing, Fault::Mute), [SAME_RUSTLS]);
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
                let digits: String = seed.iter().map(|byte| format!("{byte:02x}")).collect();
                lines += &format!("{role} {stack}-{set_up} {digits}\n");
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
                let pairs = digits.as_bytes().chunks(2).skip(2);
                let bytes: Vec<_> = pairs
                    .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
                    .collect();
                (name.to_owned(), seen::kinds(&bytes))
            })
            .collect()
    };
    assert_eq!(kinds(RECORDED), kinds(&lines));
    for role in Role::BOTH {
        assert_eq!(seeds(role).len(), usize::from(SET_UPS) * StackId::ALL.len());
    }
}

/// Which oracles fail over the seeds, each once.
fn found(role: Role, stack: StackId, fault: Fault) -> Vec<&'static str> {
    let stacks = stacks::linked(&Arc::new(Identities::new()))
        .into_iter()
        .map(|inner| -> Box<dyn Stack> {
            if inner.info().id == stack {
                Box::new(Faulty { inner, fault })
            } else {
                inner
            }
        })
        .collect();
    let lab = Lab::with_stacks(stacks);
    let mut oracles: Vec<_> = seeds(role)
        .into_iter()
        .filter_map(|(_, seed)| tell(&lab, role, &seed).err())
        .map(|finding| finding.oracle)
        .collect();
    oracles.sort_unstable();
    oracles.dedup();
    oracles
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// It is established as soon as it has heard anything.
    Done,
    /// It hands on what it hears.
    Data,
    /// What comes in more than one piece gets lost.
    Pieces,
    /// It sends nothing.
    Mute,
    /// Its ServerHello says another suite.
    Suite,
}

struct Faulty<T: ?Sized> {
    inner: Box<T>,
    fault: Fault,
}

impl Stack for Faulty<dyn Stack> {
    fn info(&self) -> &StackInfo {
        self.inner.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        let inner = self.inner.client(profile)?;
        Ok(Arc::new(FaultyConfig(inner, self.fault)))
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        let inner = self.inner.server(profile)?;
        Ok(Arc::new(FaultyConfig(inner, self.fault)))
    }
}

struct FaultyConfig(Arc<dyn Config>, Fault);

impl Config for FaultyConfig {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        Ok(Box::new(FaultyEnd {
            inner: self.0.connect()?,
            fault: self.1,
            pieces: 0,
            heard: Vec::new(),
        }))
    }
}

struct FaultyEnd {
    inner: Box<dyn Connection>,
    fault: Fault,
    pieces: usize,
    heard: Vec<u8>,
}

impl Connection for FaultyEnd {
    fn receive(&mut self, bytes: &[u8]) {
        self.pieces += 1;
        self.heard.extend(bytes);
        if self.fault != Fault::Pieces || self.pieces == 1 {
            self.inner.receive(bytes);
        }
    }

    fn transmit(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        self.inner.transmit(out);
        let said = &mut out[before..];
        match self.fault {
            Fault::Mute if self.pieces > 0 => out.truncate(before),
            Fault::Suite if said.first() == Some(&22) && said[HEADER] == 2 => {
                let suite = HEADER + SESSION_ID + 1 + usize::from(said[HEADER + SESSION_ID]);
                said[suite + 1] ^= 1;
            }
            _ => {}
        }
    }

    fn is_established(&self) -> bool {
        self.fault == Fault::Done && !self.heard.is_empty() || self.inner.is_established()
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        if self.fault == Fault::Data {
            out.extend(&self.heard);
        }
        self.inner.take_received(out);
    }

    fn receive_end(&mut self) {
        self.inner.receive_end();
    }

    fn advance(&mut self) {
        self.inner.advance();
    }

    fn failure(&self) -> Option<&Failure> {
        self.inner.failure()
    }

    fn send(&mut self, data: &[u8]) {
        self.inner.send(data);
    }

    fn close(&mut self) {
        self.inner.close();
    }

    fn is_peer_closed(&self) -> bool {
        self.inner.is_peer_closed()
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        self.inner.export(label, context, out)
    }

    fn session(&self) -> Session {
        self.inner.session()
    }

    fn alerts_sent(&self) -> Vec<AlertDescription> {
        self.inner.alerts_sent()
    }

    fn alerts_received(&self) -> Vec<AlertDescription> {
        self.inner.alerts_received()
    }
}

const HEADER: usize = 5;
const SESSION_ID: usize = 4 + 2 + 32;
