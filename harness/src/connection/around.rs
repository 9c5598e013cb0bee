//! Connections around others.

use super::{Connection, Failure, Session};
use crate::iana::AlertDescription;

/// A connection that leaves to another, within, whatever it does not do itself: what measures, watches or meddles.
///
/// Whoever implements it is a [`Connection`].
///
/// # Examples
///
/// ```
/// use shakedown::connection::{Around, Connection};
///
/// /// Counts the bytes that arrive.
/// struct Counting {
///     inner: Box<dyn Connection>,
///     bytes: usize,
/// }
///
/// impl Around for Counting {
///     fn inner(&self) -> &dyn Connection {
///         &*self.inner
///     }
///
///     fn inner_mut(&mut self) -> &mut dyn Connection {
///         &mut *self.inner
///     }
///
///     fn receive(&mut self, bytes: &[u8]) {
///         self.bytes += bytes.len();
///         self.inner.receive(bytes);
///     }
/// }
///
/// fn counting(inner: Box<dyn Connection>) -> Box<dyn Connection> {
///     Box::new(Counting { inner, bytes: 0 })
/// }
/// ```
pub trait Around {
    /// The connection within.
    fn inner(&self) -> &dyn Connection;

    /// The connection within, to be called.
    fn inner_mut(&mut self) -> &mut dyn Connection;

    /// [`Connection::receive`].
    fn receive(&mut self, bytes: &[u8]) {
        self.inner_mut().receive(bytes);
    }

    /// [`Connection::receive_end`].
    fn receive_end(&mut self) {
        self.inner_mut().receive_end();
    }

    /// [`Connection::advance`].
    fn advance(&mut self) {
        self.inner_mut().advance();
    }

    /// [`Connection::transmit`].
    fn transmit(&mut self, out: &mut Vec<u8>) {
        self.inner_mut().transmit(out);
    }

    /// [`Connection::is_established`].
    fn is_established(&self) -> bool {
        self.inner().is_established()
    }

    /// [`Connection::failure`].
    fn failure(&self) -> Option<&Failure> {
        self.inner().failure()
    }

    /// [`Connection::send`].
    fn send(&mut self, data: &[u8]) {
        self.inner_mut().send(data);
    }

    /// [`Connection::take_received`].
    fn take_received(&mut self, out: &mut Vec<u8>) {
        self.inner_mut().take_received(out);
    }

    /// [`Connection::close`].
    fn close(&mut self) {
        self.inner_mut().close();
    }

    /// [`Connection::is_peer_closed`].
    fn is_peer_closed(&self) -> bool {
        self.inner().is_peer_closed()
    }

    /// [`Connection::export`].
    ///
    /// # Errors
    ///
    /// [`Failure`], as there.
    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        self.inner_mut().export(label, context, out)
    }

    /// [`Connection::session`].
    fn session(&self) -> Session {
        self.inner().session()
    }

    /// [`Connection::alerts_sent`].
    fn alerts_sent(&self) -> Vec<AlertDescription> {
        self.inner().alerts_sent()
    }

    /// [`Connection::alerts_received`].
    fn alerts_received(&self) -> Vec<AlertDescription> {
        self.inner().alerts_received()
    }
}

impl<A: Around> Connection for A {
    fn receive(&mut self, bytes: &[u8]) {
        Around::receive(self, bytes);
    }

    fn receive_end(&mut self) {
        Around::receive_end(self);
    }

    fn advance(&mut self) {
        Around::advance(self);
    }

    fn transmit(&mut self, out: &mut Vec<u8>) {
        Around::transmit(self, out);
    }

    fn is_established(&self) -> bool {
        Around::is_established(self)
    }

    fn failure(&self) -> Option<&Failure> {
        Around::failure(self)
    }

    fn send(&mut self, data: &[u8]) {
        Around::send(self, data);
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        Around::take_received(self, out);
    }

    fn close(&mut self) {
        Around::close(self);
    }

    fn is_peer_closed(&self) -> bool {
        Around::is_peer_closed(self)
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        Around::export(self, label, context, out)
    }

    fn session(&self) -> Session {
        Around::session(self)
    }

    fn alerts_sent(&self) -> Vec<AlertDescription> {
        Around::alerts_sent(self)
    }

    fn alerts_received(&self) -> Vec<AlertDescription> {
        Around::alerts_received(self)
    }
}
