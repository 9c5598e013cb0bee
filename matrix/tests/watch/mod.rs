//! Stacks whose connections are watched: one that goes on after its failure panics.

use std::sync::Arc;

use shakedown::connection::{
    Around, Config, Connection, Failure, Memory, Refusal, Stack, StackInfo,
};
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown_matrix::lab::Lab;

/// A planted way of going on after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// Holds the handshake for done.
    Completes,
    /// Has more to say than its alert.
    Speaks,
}

/// A lab whose stacks are watched, with a lapse in each of them or none.
pub(crate) fn watched(lapse: Option<Lapse>) -> Lab {
    let stacks = shakedown::stacks::linked(&Arc::new(Identities::new()));
    Lab::with_stacks(
        stacks
            .into_iter()
            .map(|inner| -> Box<dyn Stack> { Box::new(WatchedStack { inner, lapse }) })
            .collect(),
    )
}

struct WatchedStack {
    inner: Box<dyn Stack>,
    lapse: Option<Lapse>,
}

impl WatchedStack {
    fn watch(&self, inner: Arc<dyn Config>) -> Arc<dyn Config> {
        let lapse = self.lapse;
        Arc::new(WatchedConfig { inner, lapse })
    }
}

impl Stack for WatchedStack {
    fn info(&self) -> &StackInfo {
        self.inner.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        Ok(self.watch(self.inner.client(profile)?))
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        Ok(self.watch(self.inner.server(profile)?))
    }
}

struct WatchedConfig {
    inner: Arc<dyn Config>,
    lapse: Option<Lapse>,
}

impl WatchedConfig {
    fn watch(&self, inner: Box<dyn Connection>) -> Box<dyn Connection> {
        Box::new(Watched {
            inner,
            lapse: self.lapse,
            failed: false,
            established: false,
            last_word: false,
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

struct Watched {
    inner: Box<dyn Connection>,
    lapse: Option<Lapse>,
    failed: bool,
    established: bool,
    /// Whether what there was to say after the failure has been taken.
    last_word: bool,
}

impl Watched {
    /// A side that has failed does not get any further (RFC 8446 §6.2). It may fail in the very call in
    /// which it is done.
    fn note(&mut self) {
        let lapses = self.failed && self.lapse == Some(Lapse::Completes);
        let established = self.inner.is_established() || lapses;
        assert!(
            self.established || !established || !self.failed,
            "done after its failure"
        );
        assert!(
            !self.failed || self.inner.failure().is_some(),
            "its failure is gone"
        );
        self.established |= established;
        self.failed |= self.inner.failure().is_some();
    }
}

impl Around for Watched {
    fn inner(&self) -> &dyn Connection {
        &*self.inner
    }

    fn inner_mut(&mut self) -> &mut dyn Connection {
        &mut *self.inner
    }

    fn receive(&mut self, bytes: &[u8]) {
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
        let before = out.len();
        self.inner.transmit(out);
        if self.last_word && self.lapse == Some(Lapse::Speaks) {
            out.push(0);
        }
        assert!(
            !self.last_word || out.len() == before,
            "speaks after its last word"
        );
        self.last_word |= self.failed;
        self.note();
    }

    fn send(&mut self, data: &[u8]) {
        self.inner.send(data);
        self.note();
    }

    fn close(&mut self) {
        self.inner.close();
        self.note();
    }
}
