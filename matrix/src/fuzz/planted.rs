//! Faults that are planted in a stack, so that a target's oracles are seen to find them.

use std::sync::Arc;

use shakedown::connection::{
    Around, Config, Connection, Failure, PostHandshake, Refusal, Stack, StackInfo,
};
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::scenario::StackId;
use shakedown::stacks;

use super::{Finding, Kept};
use crate::lab::Lab;

/// What is wrong with a stack, on either side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is established as soon as it has heard anything.
    Done,
    /// It hands on what it hears.
    Data,
    /// What comes in more than one piece gets lost.
    Pieces,
    /// It sends nothing.
    Mute,
    /// It panics at what it hears.
    Panics,
    /// It panics when it is asked for more than a handshake and data.
    PanicsLater,
    /// Its ServerHello says another suite.
    Suite,
    /// Application data that it ought to hand on is gone.
    LosesData,
    /// It does not see that its peer has closed.
    NeverClosed,
    /// An alert in the clear closes it, whoever sent it.
    ClosedByAnyAlert,
    /// Its exporters give one byte another value.
    Exports,
    /// It says nothing of these errors of the stack, and waits.
    Overlooks(&'static [&'static str]),
    /// Its alerts in the clear have another description.
    OtherAlert,
    /// It does not hear alerts in the clear.
    Deaf,
    /// A handshake message that is cut over records gets lost.
    Fragments,
    /// Whatever it hears, it answers with a ServerHello.
    AnswersAnything,
    /// It has something to say whenever it is asked.
    Restless,
    /// It says that it has new keys, and goes on with the old ones.
    KeepsKeys,
    /// It tells its peer of new keys, and goes on with the old ones: what it says next does not open.
    OldKeys,
    /// It goes on as if nothing were wrong where the stack has one of these errors.
    Forgives(&'static [&'static str]),
}

/// A lab in which one stack has the fault.
pub(super) fn lab_with(stack: StackId, fault: Fault) -> Lab {
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
    Lab::with_stacks(stacks)
}

/// Which oracles fail over the seeds, each once.
pub(super) fn oracles(
    seeds: Vec<(String, Vec<u8>)>,
    check: impl Fn(&[u8]) -> Result<Kept, Box<Finding>>,
) -> Vec<&'static str> {
    let mut oracles: Vec<_> = seeds
        .iter()
        .filter_map(|(_, seed)| check(seed).err())
        .map(|finding| finding.oracle)
        .collect();
    oracles.sort_unstable();
    oracles.dedup();
    oracles
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
            rekeyed: 0,
        }))
    }
}

struct FaultyEnd {
    inner: Box<dyn Connection>,
    fault: Fault,
    pieces: usize,
    heard: Vec<u8>,
    /// 2 where it has just told of new keys, 1 where it has sent that, else 0.
    rekeyed: u8,
}

impl FaultyEnd {
    fn overlooks(&self) -> bool {
        let failure = self.inner.failure();
        matches!((self.fault, failure), (Fault::Overlooks(errors), Some(failure))
            if errors.contains(&&*failure.native))
    }

    fn forgives(&self) -> bool {
        let failure = self.inner.failure();
        matches!((self.fault, failure), (Fault::Forgives(errors), Some(failure))
            if errors.contains(&&*failure.native))
    }
}

impl Around for FaultyEnd {
    fn inner(&self) -> &dyn Connection {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Connection {
        &mut *self.inner
    }

    fn receive(&mut self, bytes: &[u8]) {
        assert!(self.fault != Fault::Panics, "planted");
        self.pieces += 1;
        self.heard.extend(bytes);
        if self.fault == Fault::Deaf && bytes.first() == Some(&ALERT)
            || self.fault == Fault::Fragments && is_cut(bytes)
        {
            return;
        }
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
            Fault::Forgives(_) if self.forgives() => out.truncate(before),
            Fault::Overlooks(_) if self.overlooks() => out.truncate(before),
            Fault::OtherAlert if said.first() == Some(&ALERT) && said.len() == HEADER + 2 => {
                said[HEADER + 1] ^= 1;
            }
            Fault::OldKeys if !said.is_empty() => match self.rekeyed {
                // The KeyUpdate itself is still under the old keys.
                2 => self.rekeyed = 1,
                1 => {
                    self.rekeyed = 0;
                    // To its peer's new key, it is as wrong as under the old one.
                    said[HEADER] ^= 1;
                }
                _ => {}
            },
            Fault::AnswersAnything if self.pieces > 0 => out.extend(server_hello()),
            Fault::Restless => out.extend([ALERT, 3, 3, 0, 2, 1, 90]),
            Fault::Suite if said.first() == Some(&22) && said[HEADER] == 2 => {
                let suite = HEADER + SESSION_ID + 1 + usize::from(said[HEADER + SESSION_ID]);
                said[suite + 1] ^= 1;
            }
            _ => {}
        }
    }

    fn is_established(&self) -> bool {
        self.fault == Fault::Done && !self.heard.is_empty()
            || self.forgives()
            || self.inner.is_established()
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        if self.fault == Fault::Data {
            out.extend(&self.heard);
        }
        self.inner.take_received(out);
        if self.fault == Fault::LosesData {
            out.truncate(before);
        }
    }

    fn failure(&self) -> Option<&Failure> {
        let hidden = self.forgives() || self.overlooks();
        self.inner.failure().filter(|_| !hidden)
    }

    fn is_peer_closed(&self) -> bool {
        match self.fault {
            Fault::NeverClosed => false,
            Fault::ClosedByAnyAlert if self.heard.ends_with(&[21, 3, 3, 0, 2, 1, 0]) => true,
            _ => self.inner.is_peer_closed(),
        }
    }

    fn post_handshake(&mut self, what: PostHandshake) -> Result<(), Failure> {
        assert!(self.fault != Fault::PanicsLater, "planted");
        if self.fault == Fault::KeepsKeys && what == PostHandshake::KeyUpdate {
            return Ok(());
        }
        self.inner.post_handshake(what)?;
        if what == PostHandshake::KeyUpdate {
            self.rekeyed = 2;
        }
        Ok(())
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        assert!(self.fault != Fault::PanicsLater, "planted");
        self.inner.export(label, context, out)?;
        if self.fault == Fault::Exports {
            out[0] ^= 1;
        }
        Ok(())
    }
}

/// One of TLS 1.2, without anything that need not be.
fn server_hello() -> Vec<u8> {
    let mut hello = vec![22, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3];
    hello.extend([7; 32]);
    hello.extend([0, 0xc0, 0x2b, 0]);
    hello
}

/// Whether a record in the clear ends before its message does.
fn is_cut(bytes: &[u8]) -> bool {
    matches!(bytes, [22, _, _, high, low, _, a, b, c, ..]
        if u16::from_be_bytes([*high, *low]) < 4
            || u32::from(u16::from_be_bytes([*high, *low])) < 4 + u32::from_be_bytes([0, *a, *b, *c]))
}

/// RFC 8446 §5.1.
const ALERT: u8 = 21;
const HEADER: usize = 5;
const SESSION_ID: usize = 4 + 2 + 32;
