//! Connections around others.

use super::{Connection, Failure, PostHandshake, Session};
use crate::iana::AlertDescription;

/// A connection that leaves to another, within, whatever it does not do itself: what measures, watches or meddles.
///
/// Whoever implements it is a [`Connection`]. Where both traits are in scope, the methods of a value whose type is
/// known are ambiguous; those of a `dyn Connection` are not.
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

    /// [`Connection::post_handshake`].
    ///
    /// # Errors
    ///
    /// [`Failure`], as there.
    fn post_handshake(&mut self, what: PostHandshake) -> Result<(), Failure> {
        self.inner_mut().post_handshake(what)
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

    fn post_handshake(&mut self, what: PostHandshake) -> Result<(), Failure> {
        Around::post_handshake(self, what)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{HandshakeKind, Reason};
    use crate::iana::{AlertDescription as Alert, CipherSuite, ProtocolVersion};

    /// Notes what it is called, and answers what no other call does.
    #[derive(Default)]
    struct Noting {
        calls: Vec<&'static str>,
        failure: Option<Failure>,
    }

    impl Connection for Noting {
        fn receive(&mut self, bytes: &[u8]) {
            assert_eq!(bytes, [1]);
            self.calls.push("receive");
        }

        fn receive_end(&mut self) {
            self.calls.push("receive_end");
        }

        fn advance(&mut self) {
            self.calls.push("advance");
        }

        fn transmit(&mut self, out: &mut Vec<u8>) {
            out.push(2);
        }

        fn is_established(&self) -> bool {
            self.calls.len() == 3
        }

        fn failure(&self) -> Option<&Failure> {
            self.failure.as_ref()
        }

        fn send(&mut self, data: &[u8]) {
            assert_eq!(data, [3]);
            self.calls.push("send");
        }

        fn take_received(&mut self, out: &mut Vec<u8>) {
            out.push(4);
        }

        fn close(&mut self) {
            self.calls.push("close");
        }

        fn is_peer_closed(&self) -> bool {
            self.calls.len() == 5
        }

        fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
            assert_eq!((label, context), (&b"label"[..], &b"context"[..]));
            out[0] = 5;
            Ok(())
        }

        fn post_handshake(&mut self, what: PostHandshake) -> Result<(), Failure> {
            match what {
                PostHandshake::KeyUpdate => Ok(()),
                _ => Err(what.refused()),
            }
        }

        fn session(&self) -> Session {
            Session {
                version: ProtocolVersion::TLS1_3,
                suite: CipherSuite(6),
                group: None,
                server_signature: None,
                client_signature: None,
                alpn: None,
                server_name: None,
                kind: HandshakeKind::Full,
                peer: None,
            }
        }

        fn alerts_sent(&self) -> Vec<Alert> {
            vec![Alert(7)]
        }

        fn alerts_received(&self) -> Vec<Alert> {
            vec![Alert(8)]
        }
    }

    struct Bare(Noting);

    impl Around for Bare {
        fn inner(&self) -> &dyn Connection {
            &self.0
        }

        fn inner_mut(&mut self) -> &mut dyn Connection {
            &mut self.0
        }
    }

    #[test]
    fn every_call_gets_to_the_connection_within() {
        let mut bare = Bare(Noting::default());
        bare.0.failure = Some(Failure {
            reason: Reason::Internal,
            native: "native".into(),
            text: "text".into(),
        });
        let connection: &mut dyn Connection = &mut bare;
        connection.receive(&[1]);
        connection.receive_end();
        connection.advance();
        assert!(connection.is_established());
        connection.send(&[3]);
        assert!(!connection.is_peer_closed());
        connection.close();
        assert!(connection.is_peer_closed() && !connection.is_established());
        let mut out = Vec::new();
        connection.transmit(&mut out);
        connection.take_received(&mut out);
        assert_eq!(out, [2, 4]);
        assert_eq!(connection.export(b"label", b"context", &mut out), Ok(()));
        assert_eq!(out, [5, 4]);
        let begun = PostHandshake::ALL.map(|what| connection.post_handshake(what).is_ok());
        assert_eq!(begun, [true, false, false]);
        assert_eq!(connection.session().suite, CipherSuite(6));
        assert_eq!(connection.alerts_sent(), [Alert(7)]);
        assert_eq!(connection.alerts_received(), [Alert(8)]);
        assert_eq!(
            connection.failure().map(|failure| &*failure.native),
            Some("native")
        );
        assert_eq!(
            bare.0.calls,
            ["receive", "receive_end", "advance", "send", "close"]
        );
    }
}
