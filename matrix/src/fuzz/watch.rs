//! What a fuzzer is told beside the coverage of code: which states the sides have come through.
//!
//! Code that handles a message is the same in many states. So each side's way is told too: which record or
//! message came or went after which, whether the side was done by then, and how it failed.

use std::cell::RefCell;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use shakedown::connection::{
    Around, Config, Connection, Failure, Memory, Refusal, Role, Stack, StackInfo,
};
use shakedown::iana::ContentType;
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::scenario::StackId;
use shakedown::stacks;

use crate::lab::Lab;

/// A lab with every stack that is linked, each of whose connections tells of its states.
pub fn lab() -> Lab {
    let stacks = stacks::linked(&Arc::new(Identities::new()));
    Lab::with_stacks(stacks.into_iter().map(watched).collect())
}

/// What has been seen on this thread since the last time, as numbers; the same ones for the same.
pub fn take() -> Vec<u64> {
    SEEN.take()
}

fn watched(inner: Box<dyn Stack>) -> Box<dyn Stack> {
    Box::new(Watched(inner))
}

struct Watched(Box<dyn Stack>);

impl Stack for Watched {
    fn info(&self) -> &StackInfo {
        self.0.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        let inner = self.0.client(profile)?;
        let side = (self.0.info().id, Role::Client);
        Ok(Arc::new(WatchedConfig { inner, side }))
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        let inner = self.0.server(profile)?;
        let side = (self.0.info().id, Role::Server);
        Ok(Arc::new(WatchedConfig { inner, side }))
    }
}

type Side = (StackId, Role);

struct WatchedConfig {
    inner: Arc<dyn Config>,
    side: Side,
}

impl WatchedConfig {
    fn watch(&self, inner: Box<dyn Connection>) -> Box<dyn Connection> {
        Box::new(WatchedEnd {
            inner,
            side: self.side,
            last: None,
            lost: false,
            sealed: [false; 2],
            left: [0; 2],
            failed: false,
        })
    }
}

impl Config for WatchedConfig {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        Ok(self.watch(self.inner.connect()?))
    }

    fn connect_with(&self, memory: &Arc<Memory>) -> Result<Box<dyn Connection>, Failure> {
        Ok(self.watch(self.inner.connect_with(memory)?))
    }
}

struct WatchedEnd {
    inner: Box<dyn Connection>,
    side: Side,
    /// What came or went last.
    last: Option<Event>,
    /// Whether what came is no row of records any more: what is read for one then hangs on chance.
    lost: bool,
    /// Whether a ChangeCipherSpec came, or went: what is behind may be protected, and begins with any byte.
    sealed: [bool; 2],
    /// How much is still to come, or to go, of a handshake message whose beginning was seen.
    left: [usize; 2],
    failed: bool,
}

/// What came or went.
#[derive(Clone, Copy, Debug, Hash)]
struct Event {
    came: bool,
    kind: ContentType,
    /// The type of a message in the clear, or an alert's description.
    what: Option<u8>,
}

impl WatchedEnd {
    fn tell(&mut self, came: bool, bytes: &[u8]) {
        let mut rest = bytes;
        while let [kind, major, _, high, low, behind @ ..] = rest
            && !(came && self.lost)
        {
            let kind = ContentType(*kind);
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            if came && (!ContentType::NAMED.contains(&kind) || *major != 3 || length > behind.len())
            {
                self.lost = true;
            }
            let (body, next) = behind.split_at(length.min(behind.len()));
            let way = usize::from(came);
            let what = match (kind, body) {
                (ContentType::handshake, _) if !self.sealed[way] => {
                    first_message(&mut self.left[way], body)
                }
                (ContentType::alert, [_, what]) => Some(*what),
                _ => None,
            };
            self.sealed[way] |= kind == ContentType::change_cipher_spec;
            let event = Event { came, kind, what };
            let done = self.inner.is_established();
            note(&(self.side, done, self.last, event));
            self.last = Some(event);
            rest = next;
        }
    }

    fn tell_failure(&mut self) {
        if let (false, Some(failure)) = (self.failed, self.inner.failure()) {
            self.failed = true;
            let done = self.inner.is_established();
            note(&(self.side, done, self.last, &*failure.native));
        }
    }
}

/// The type of the first message that begins in a record.
fn first_message(left: &mut usize, record: &[u8]) -> Option<u8> {
    let rest = (*left).min(record.len());
    *left -= rest;
    let mut record = &record[rest..];
    let mut first = None;
    while let [kind, high, middle, low, ..] = record {
        first.get_or_insert(*kind);
        let length = 4 + u32::from_be_bytes([0, *high, *middle, *low]) as usize;
        let here = length.min(record.len());
        *left = length - here;
        record = &record[here..];
    }
    if !record.is_empty() {
        // Who cuts a header in two is not followed further.
        *left = usize::MAX;
    }
    first
}

fn note(what: &impl Hash) {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    SEEN.with_borrow_mut(|seen| {
        // Nobody may be asking.
        if seen.len() < MOST {
            seen.push(hasher.finish());
        }
    });
}

impl Around for WatchedEnd {
    fn inner(&self) -> &dyn Connection {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Connection {
        &mut *self.inner
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.tell(true, bytes);
        self.inner.receive(bytes);
        self.tell_failure();
    }

    fn receive_end(&mut self) {
        self.inner.receive_end();
        self.tell_failure();
    }

    fn advance(&mut self) {
        self.inner.advance();
        self.tell_failure();
    }

    fn transmit(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        self.inner.transmit(out);
        self.tell(false, &out[before..]);
    }
}

thread_local! {
    static SEEN: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// More than one input comes to.
const MOST: usize = 4096;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fuzz::TARGETS;

    fn states(lab: &Lab, target: &crate::fuzz::Target, input: &[u8]) -> BTreeSet<u64> {
        take();
        assert!(target.check(lab, input).is_ok());
        take().into_iter().collect()
    }

    /// The fuzzer's word for what is new must not hang on chance.
    #[test]
    fn a_seed_comes_through_the_same_states_each_time() {
        let lab = lab();
        for target in &TARGETS {
            let mut all = BTreeSet::new();
            for (name, seed) in target.seeds() {
                let seen = states(&lab, target, &seed);
                // Where rustls's keys decide, which nobody can set, it tries again until it knows.
                if target.name == "server_flight" {
                    all.extend(seen);
                    continue;
                }
                assert_eq!(seen, states(&lab, target, &seed), "{} {name}", target.name);
                all.extend(seen);
            }
            let least = if target.name == "report" { 0 } else { 30 };
            assert!(all.len() >= least, "{}: {}", target.name, all.len());
        }
    }

    #[test]
    fn another_alert_and_another_order_are_other_states() {
        let lab = lab();
        let scenario = shakedown::scenario::Scenario::plain(StackId::Openssl, StackId::Openssl);
        let told = |bytes: &[&[u8]]| {
            let server = lab.server(&scenario);
            let config = server.as_ref().as_ref().expect("a plain profile");
            let mut end = config.connect().expect("a connection");
            take();
            for piece in bytes {
                end.receive(piece);
            }
            take()
        };
        let alert = |description| [21, 3, 3, 0, 2, 1, description];
        let ccs = [20, 3, 3, 0, 1, 1];
        assert_eq!(told(&[&alert(90)]), told(&[&alert(90)]));
        assert_ne!(told(&[&alert(90)]), told(&[&alert(100)]));
        assert_ne!(told(&[&alert(90), &ccs]), told(&[&ccs, &alert(90)]));
    }
}
