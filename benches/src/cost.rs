//! One side's cost apart from the other's.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use shakedown::connection::{Around, Connection, Failure};

/// Adds up time.
#[derive(Clone, Default)]
pub struct Meter(Rc<Cell<Duration>>);

impl Meter {
    /// What has come together.
    pub fn read(&self) -> Duration {
        self.0.get()
    }

    /// Does the work and adds the time that it takes, and some tens of nanoseconds for reading the
    /// clock twice.
    pub fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let value = work();
        self.0.set(self.0.get() + start.elapsed());
        value
    }
}

/// A connection whose calls are timed, and its end, but not those that only ask what it knows.
///
/// What lies between the calls, such as the other side and the harness's own engine, is not counted.
pub struct Metered {
    /// `None` only while it is dropped.
    connection: Option<Box<dyn Connection>>,
    meter: Meter,
}

impl Metered {
    /// Has a connection's calls timed from now on.
    pub fn new(connection: Box<dyn Connection>, meter: &Meter) -> Self {
        Self {
            connection: Some(connection),
            meter: meter.clone(),
        }
    }

    fn call<T>(&mut self, work: impl FnOnce(&mut dyn Connection) -> T) -> T {
        let connection = self.connection.as_deref_mut().expect(DROPPED);
        self.meter.time(|| work(connection))
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        let connection = self.connection.take();
        self.meter.time(|| drop(connection));
    }
}

impl Around for Metered {
    fn inner(&self) -> &dyn Connection {
        self.connection.as_deref().expect(DROPPED)
    }

    fn inner_mut(&mut self) -> &mut dyn Connection {
        self.connection.as_deref_mut().expect(DROPPED)
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.call(|connection| connection.receive(bytes));
    }

    fn receive_end(&mut self) {
        self.call(|connection| connection.receive_end());
    }

    fn advance(&mut self) {
        self.call(|connection| connection.advance());
    }

    fn transmit(&mut self, out: &mut Vec<u8>) {
        self.call(|connection| connection.transmit(out));
    }

    fn send(&mut self, data: &[u8]) {
        self.call(|connection| connection.send(data));
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        self.call(|connection| connection.take_received(out));
    }

    fn close(&mut self) {
        self.call(|connection| connection.close());
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        self.call(|connection| connection.export(label, context, out))
    }
}

const DROPPED: &str = "nothing is asked of what is being dropped";
