//! Faults of a live connection: something stands between it and its user, or its peer.

use shakedown::connection::{Connection, Failure, Reason, Role, Session};
use shakedown::iana::AlertDescription;
use shakedown::scenario::StackId;

use crate::hunt::{Fault, Plant, Shows};

/// What may be done to a connection; each hook leaves things as they are.
struct Meddler {
    inner: Box<dyn Connection>,
    hooks: Hooks,
    calls: usize,
    failure: Option<Failure>,
}

/// The places where a connection can be meddled with.
#[derive(Clone, Copy)]
pub(crate) struct Hooks {
    /// Before input is taken.
    pub(crate) receive: fn(),
    /// What is about to be sent, how many times something was asked for before, and whether this
    /// side has failed.
    pub(crate) transmit: fn(&mut Vec<u8>, usize, bool),
    pub(crate) established: fn(bool) -> bool,
    pub(crate) failure: fn(Option<Failure>) -> Option<Failure>,
    /// What the user sends.
    pub(crate) send: fn(&mut Vec<u8>),
    /// What the user receives.
    pub(crate) received: fn(&mut Vec<u8>),
    pub(crate) closes: bool,
    pub(crate) hears_close: bool,
    pub(crate) exported: fn(&mut [u8]) -> bool,
    pub(crate) session: fn(&mut Session),
    pub(crate) alerts: fn(&mut Vec<AlertDescription>),
}

impl Hooks {
    pub(crate) const NONE: Self = Self {
        receive: || (),
        transmit: |_, _, _| (),
        established: |established| established,
        failure: |failure| failure,
        send: |_| (),
        received: |_| (),
        closes: true,
        hears_close: true,
        exported: |_| true,
        session: |_| (),
        alerts: |_| (),
    };
}

/// A connection with hooks that do nothing.
pub(crate) fn honest(inner: Box<dyn Connection>) -> Box<dyn Connection> {
    meddle(inner, Hooks::NONE)
}

/// A connection with these hooks.
pub(crate) fn meddle(inner: Box<dyn Connection>, hooks: Hooks) -> Box<dyn Connection> {
    let mut meddler = Meddler {
        inner,
        hooks,
        calls: 0,
        failure: None,
    };
    meddler.note();
    Box::new(meddler)
}

impl Meddler {
    /// Failures are given out by reference, and so have to be kept.
    fn note(&mut self) {
        self.failure = (self.hooks.failure)(self.inner.failure().cloned());
    }
}

impl Connection for Meddler {
    fn receive(&mut self, bytes: &[u8]) {
        (self.hooks.receive)();
        self.inner.receive(bytes);
        self.note();
    }

    fn receive_end(&mut self) {
        self.inner.receive_end();
        self.note();
    }

    fn advance(&mut self) {
        self.inner.advance();
        self.note();
    }

    fn transmit(&mut self, out: &mut Vec<u8>) {
        let mut own = Vec::new();
        self.inner.transmit(&mut own);
        self.note();
        let failed = self.inner.failure().is_some();
        (self.hooks.transmit)(&mut own, self.calls, failed);
        self.calls += 1;
        out.append(&mut own);
    }

    fn is_established(&self) -> bool {
        (self.hooks.established)(self.inner.is_established())
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    fn send(&mut self, data: &[u8]) {
        let mut data = data.to_vec();
        (self.hooks.send)(&mut data);
        self.inner.send(&data);
        self.note();
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        self.inner.take_received(out);
        (self.hooks.received)(out);
    }

    fn close(&mut self) {
        if self.hooks.closes {
            self.inner.close();
        }
        self.note();
    }

    fn is_peer_closed(&self) -> bool {
        self.hooks.hears_close && self.inner.is_peer_closed()
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        self.inner.export(label, context, out)?;
        if (self.hooks.exported)(out) {
            Ok(())
        } else {
            Err(planted(Reason::Internal))
        }
    }

    fn session(&self) -> Session {
        let mut session = self.inner.session();
        (self.hooks.session)(&mut session);
        session
    }

    fn alerts_sent(&self) -> Vec<AlertDescription> {
        self.inner.alerts_sent()
    }

    fn alerts_received(&self) -> Vec<AlertDescription> {
        let mut alerts = self.inner.alerts_received();
        (self.hooks.alerts)(&mut alerts);
        alerts
    }
}

macro_rules! with {
    ($( $field:ident : $hook:expr ),* $(,)?) => {{
        fn wrap(inner: Box<dyn Connection>) -> Box<dyn Connection> {
            meddle(inner, Hooks { $( $field: $hook, )* ..Hooks::NONE })
        }
        wrap
    }};
}
pub(crate) use with;

pub(crate) type Wrap = fn(Box<dyn Connection>) -> Box<dyn Connection>;

pub(crate) fn faults() -> Vec<Fault> {
    let entries: [(_, _, Wrap, _, _); 24] = [
        (
            "sends a wrong alert",
            "says internal_error whatever is wrong",
            with! { transmit: |out, _, failed| if failed
                && let Some([.., description]) = plain_alert(out)
            {
                *description = AlertDescription::internal_error.0;
            } },
            Shows::Own("alert sent"),
            "cause/cert-unknown-ca",
        ),
        (
            "sends an alert too many",
            "sends another alert before the right one",
            with! { transmit: |out, _, failed| if failed && plain_alert(out).is_some() {
                let place = out.len() - ALERT.len();
                out.splice(place..place, ALERT);
            } },
            Shows::Own("alert sent"),
            "cause/cert-unknown-ca",
        ),
        (
            "sends no alert",
            "closes without a word when it fails",
            with! { transmit: |out, _, failed| if failed {
                out.clear();
            } },
            Shows::Own("alert sent"),
            "cause/cert-unknown-ca",
        ),
        (
            "sends an alert though all is well",
            "ends its data with an alert",
            with! { transmit: |out, calls, _| if calls == 1 {
                out.extend(ALERT);
            } },
            Shows::Own("alert sent"),
            "alone/",
        ),
        (
            "never answers",
            "sends nothing",
            with! { transmit: |out, _, _| out.clear() },
            Shows::Stall,
            "alone/",
        ),
        (
            "answers too late",
            "keeps its first flights back until nobody moves",
            with! { transmit: |out, calls, _| if calls < 3 {
                out.clear();
            } },
            Shows::Stall,
            "alone/",
        ),
        (
            "panics in the handshake",
            "panics at the first byte",
            with! { receive: || panic!("planted") },
            Shows::Crash,
            "alone/",
        ),
        (
            "loses a byte that arrived",
            "swallows the last byte of what it receives",
            with! { received: |data| data.truncate(data.len().saturating_sub(1)) },
            Shows::Own("data intact"),
            "alone/",
        ),
        (
            "alters a byte that arrived",
            "turns a bit in what it receives",
            with! { received: |data| if let Some(last) = data.last_mut() {
                *last ^= 1;
            } },
            Shows::Own("data intact"),
            "alone/",
        ),
        (
            "duplicates data that arrived",
            "gives what it receives out twice",
            with! { received: |data| data.extend_from_within(..) },
            Shows::Own("data intact"),
            "alone/",
        ),
        (
            "loses a byte that it sends",
            "sends all but the last byte",
            with! { send: |data| data.truncate(data.len().saturating_sub(1)) },
            Shows::Peers("data intact"),
            "alone/",
        ),
        (
            "alters a byte that it sends",
            "turns a bit in what it sends",
            with! { send: |data| if let Some(first) = data.first_mut() {
                *first ^= 1;
            } },
            Shows::Peers("data intact"),
            "alone/",
        ),
        (
            "duplicates data that it sends",
            "sends everything twice",
            with! { send: |data| data.extend_from_within(..) },
            Shows::Peers("data intact"),
            "alone/",
        ),
        (
            "sends no data",
            "drops what it is given to send",
            with! { send: |data| data.clear() },
            Shows::Peers("data intact"),
            "alone/",
        ),
        (
            "derives other keying material",
            "turns a bit in what it exports",
            with! { exported: |out| { out[0] ^= 1; true } },
            Shows::Both("exporters agree"),
            "alone/",
        ),
        (
            "refuses to export",
            "fails where keying material is asked for",
            with! { exported: |_| false },
            Shows::Both("exporters agree"),
            "alone/",
        ),
        (
            "never closes",
            "sends no close_notify",
            with! { closes: false },
            Shows::Peers("end"),
            "alone/",
        ),
        (
            "does not hear its peer close",
            "passes close_notify over",
            with! { hears_close: false },
            Shows::Own("end"),
            "alone/",
        ),
        (
            "holds itself connected too early",
            "claims from the start that the handshake is done",
            with! { established: |_| true },
            Shows::Own("established"),
            "cause/",
        ),
        (
            "never holds itself connected",
            "claims to the end that the handshake is not done",
            with! { established: |_| false },
            Shows::Stall,
            "alone/",
        ),
        (
            "fails without a word of ours",
            "has an error that is not mapped",
            with! { failure: |failure| failure.map(|failure| Failure {
                reason: Reason::Unmapped,
                ..failure
            }) },
            Shows::Unmapped,
            "cause/",
        ),
        (
            "fails with a wrong error",
            "names another native error",
            with! { failure: |failure| failure.map(|failure| planted(failure.reason)) },
            Shows::Own("end"),
            "cause/",
        ),
        (
            "hides its failure",
            "says that nothing is wrong",
            with! { failure: |_| None },
            Shows::Own("end"),
            "cause/",
        ),
        (
            "does not hear an alert",
            "passes its peer's alert over",
            with! { alerts: |alerts| alerts.clear() },
            Shows::Own("alert received"),
            "cause/",
        ),
    ];
    let mut faults = Vec::new();
    for (name, does, wrap, shows, near) in entries {
        faults.extend(Fault::everywhere(
            &StackId::ALL,
            &Role::BOTH,
            |stack, role| Fault {
                name,
                does,
                stack,
                role,
                plant: Plant::Connection(wrap),
                shows,
                near,
            },
        ));
    }
    faults.extend(in_the_clear());
    faults
}

/// An OpenSSL client sends what it has to say during the handshake in the clear anyway.
fn in_the_clear() -> Vec<Fault> {
    [
        (StackId::RustlsAwsLcRs, Role::Client),
        (StackId::RustlsAwsLcRs, Role::Server),
        (StackId::RustlsRing, Role::Client),
        (StackId::RustlsRing, Role::Server),
        (StackId::Openssl, Role::Server),
    ]
    .into_iter()
    .map(|(stack, role)| Fault {
        name: "sends a protected alert in the clear",
        does: "sends unknown_ca in the clear where it has keys",
        stack,
        role,
        plant: Plant::Connection(with! { transmit: |out, _, failed| {
            let kept = if out.first() == Some(&CHANGE_CIPHER_SPEC) { 6 } else { 0 };
            if failed && out.get(kept) == Some(&APPLICATION_DATA) {
                out.truncate(kept);
                out.extend([21, 3, 3, 0, 2, 2, AlertDescription::unknown_ca.0]);
            }
        } }),
        shows: Shows::Own("alert sent"),
        near: "cause/cert-unknown-ca",
    })
    .collect()
}

/// The fatal alert in the clear that ends what is sent.
fn plain_alert(out: &mut [u8]) -> Option<&mut [u8]> {
    let place = out.len().checked_sub(ALERT.len())?;
    let record = &mut out[place..];
    matches!(record, [21, 3, _, 0, 2, 2, _]).then_some(record)
}

fn planted(reason: Reason) -> Failure {
    Failure {
        reason,
        native: "planted".into(),
        text: "planted".into(),
    }
}

/// internal_error, fatal, in the clear.
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 80];
const CHANGE_CIPHER_SPEC: u8 = 20;
const APPLICATION_DATA: u8 = 23;
