//! A pairing's configurations for one shape, and handshakes with them.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shakedown::connection::{Config, Connection, HandshakeKind, Memory, Role};
use shakedown::link::Link;
use shakedown::pair::Pair;
use shakedown::scenario::Means;

use crate::cost::{Meter, Metered};
use crate::pairing::Pairing;
use crate::shape::Shape;

/// Both configurations, made once.
pub struct Prepared {
    shape: Shape,
    client: Arc<dyn Config>,
    server: Arc<dyn Config>,
}

impl Prepared {
    /// Prepares both sides.
    ///
    /// # Panics
    ///
    /// If a stack refuses its side; ask [`Shape::is_possible`] first.
    pub fn new(shape: Shape, pairing: Pairing<'_>) -> Self {
        Self {
            shape,
            client: pairing
                .client
                .client(&shape.client_profile())
                .unwrap_or_else(|refusal| panic!("{}: {shape}: {refusal:?}", pairing.name())),
            server: pairing
                .server
                .server(&shape.server_profile())
                .unwrap_or_else(|refusal| panic!("{}: {shape}: {refusal:?}", pairing.name())),
        }
    }

    /// Both ends before their first handshake that counts: where it is to be resumed, there was a full
    /// one that left a ticket with the client.
    ///
    /// # Panics
    ///
    /// If that full one fails.
    pub fn prime(&self) -> Primed<'_> {
        let memories = (self.shape.kind == HandshakeKind::Resumed).then(|| {
            let memories = [(); 2].map(|()| Arc::new(Memory::new(Means::Ticket)));
            let primed = Primed {
                prepared: self,
                memories: Some(memories.clone()),
            };
            let [client, server] = primed.connect();
            let outcome = Pair::new(client, server, &Link::default()).run();
            assert!(outcome.is_success(), "{outcome:?}");
            memories
        });
        Primed {
            prepared: self,
            memories,
        }
    }

    /// The client's configuration, then the server's.
    pub fn configs(&self) -> [&dyn Config; 2] {
        [&*self.client, &*self.server]
    }
}

/// Both ends, ready for handshakes of their shape.
pub struct Primed<'a> {
    prepared: &'a Prepared,
    memories: Option<[Arc<Memory>; 2]>,
}

impl Primed<'_> {
    /// A fresh client and a fresh server.
    ///
    /// # Panics
    ///
    /// If either does not begin.
    pub fn connect(&self) -> [Box<dyn Connection>; 2] {
        let configs = self.prepared.configs();
        [0, 1].map(|side| {
            match &self.memories {
                Some(memories) => configs[side].connect_with(&memories[side]),
                None => configs[side].connect(),
            }
            .expect("a plain connection begins")
        })
    }

    /// The time of one handshake, from the client's first step until nothing moves.
    ///
    /// Both connections are made before and dropped after the timing; what was negotiated is read and
    /// held against the shape after it; one that has resumed also exchanges data and closes after it.
    ///
    /// # Panics
    ///
    /// If the handshake fails, or is another than the one that was meant.
    pub fn time_handshake(&self) -> Duration {
        let [client, server] = self.connect();
        let link = Link::default();
        let mut pair = Pair::new(client, server, &link);
        let start = Instant::now();
        let established = black_box(pair.handshake());
        let took = start.elapsed();
        self.check(&pair, established);
        self.end(pair);
        took
    }

    /// The time that one side of a handshake takes: what passes inside the calls to its connection.
    ///
    /// # Panics
    ///
    /// As [`Self::time_handshake`].
    pub fn time_side(&self, role: Role) -> Duration {
        let meter = Meter::default();
        let [client, server] = self.connect();
        let metered =
            |connection| -> Box<dyn Connection> { Box::new(Metered::new(connection, &meter)) };
        let (client, server) = match role {
            Role::Client => (metered(client), server),
            Role::Server => (client, metered(server)),
        };
        let link = Link::default();
        let mut pair = Pair::new(client, server, &link);
        let established = black_box(pair.handshake());
        self.check(&pair, established);
        let took = meter.read();
        self.end(pair);
        took
    }

    /// Lets connections that leave a session end as in an application: OpenSSL gives a session up whose
    /// connection is dropped without a close_notify (ssl/ssl_sess.c, `ssl_clear_bad_session`), and the next
    /// one offers what this one has left.
    fn end(&self, pair: Pair<'_>) {
        if self.memories.is_some() {
            let outcome = pair.run();
            assert!(outcome.is_success(), "{outcome:?}");
        }
    }

    fn check(&self, pair: &Pair<'_>, established: bool) {
        let [client, server] = Role::BOTH.map(|role| pair.connection(role).failure());
        assert!(
            established,
            "{}: client {client:?}, server {server:?}",
            self.prepared.shape
        );
        for role in Role::BOTH {
            let session = pair.connection(role).session();
            self.prepared.shape.assert_negotiated(role, &session);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pairing::announced_stacks;
    use crate::shape::VERSIONS;

    #[test]
    fn whoever_is_primed_once_resumes_again_and_again() {
        let stacks = announced_stacks();
        for version in VERSIONS {
            let shape = Shape {
                kind: HandshakeKind::Resumed,
                ..Shape::ECDSA.in_version(version)
            };
            for pairing in Pairing::all(&stacks) {
                let prepared = Prepared::new(shape, pairing);
                let ends = prepared.prime();
                for _ in 0..12 {
                    assert!(ends.time_handshake() > Duration::ZERO);
                }
                for role in Role::BOTH {
                    assert!(ends.time_side(role) > Duration::ZERO);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "server authenticated, resumed by a ticket")]
    fn a_handshake_of_another_kind_is_noticed() {
        let stacks = announced_stacks();
        let pairing = Pairing::all(&stacks).next().expect("stacks are linked");
        let resumed = Shape {
            kind: HandshakeKind::Resumed,
            ..Shape::ECDSA
        };
        let prepared = Prepared::new(resumed, pairing);
        let without_ticket = Primed {
            prepared: &prepared,
            memories: None,
        };
        without_ticket.time_handshake();
    }
}
