//! Two connections and a link, driven until nothing moves.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::connection::{Config, Connection, Refusal, Role};
use crate::iana::AlertDescription;
use crate::link::{Flight, Link};
use crate::outcome::{End, Outcome, Protection, SentAlert, SideOutcome};
use crate::wire::AlertScanner;

/// Lets a client and a server of these configurations meet, and tells what both saw.
///
/// ```
/// # #[cfg(feature = "openssl")] {
/// use std::sync::Arc;
/// use shakedown::{identity::Identities, link::Link, pair, profile, stacks};
///
/// let stacks = stacks::linked(&Arc::new(Identities::new()));
/// let client = stacks[0].client(&profile::ClientProfile::default());
/// let server = stacks[2].server(&profile::ServerProfile::default());
/// let outcome = pair::meet(client.as_deref(), server.as_deref(), &Link::default());
/// assert!(outcome.is_success());
/// # }
/// ```
pub fn meet(
    client: Result<&dyn Config, &Refusal>,
    server: Result<&dyn Config, &Refusal>,
    link: &Link,
) -> Outcome {
    match begin(client, server) {
        Ok([client, server]) => Pair::new(client, server, link).run(),
        Err(outcome) => *outcome,
    }
}

/// As [`meet`], with what crossed the link.
pub fn meet_recorded(
    client: Result<&dyn Config, &Refusal>,
    server: Result<&dyn Config, &Refusal>,
    link: &Link,
) -> (Outcome, Vec<Flight>) {
    match begin(client, server) {
        Ok([client, server]) => {
            let mut pair = Pair::new(client, server, link);
            pair.transcript = Some(Vec::new());
            pair.live();
            let transcript = pair.transcript.take().unwrap_or_default();
            (pair.into_outcome(), transcript)
        }
        Err(outcome) => (*outcome, Vec::new()),
    }
}

/// Two connections and the link between them.
pub struct Pair<'a> {
    client: Half,
    server: Half,
    link: &'a Link,
    buffer: Vec<u8>,
    steps: usize,
    exporters_agree: Option<bool>,
    transcript: Option<Vec<Flight>>,
}

impl<'a> Pair<'a> {
    /// Joins two fresh connections.
    pub fn new(client: Box<dyn Connection>, server: Box<dyn Connection>, link: &'a Link) -> Self {
        Self {
            client: Half::new(client),
            server: Half::new(server),
            link,
            buffer: Vec::new(),
            steps: 0,
            exporters_agree: None,
            transcript: None,
        }
    }

    /// The whole life of a connection: handshake, data both ways, exporters, close_notify; or as much
    /// of it as both sides live through.
    pub fn run(mut self) -> Outcome {
        self.live();
        self.into_outcome()
    }

    /// Carries what each side has to send to the other, once; whether anything moved.
    pub fn step(&mut self) -> bool {
        let forth = self.carry(Role::Client);
        let back = self.carry(Role::Server);
        self.steps += 1;
        forth || back
    }

    /// Steps until nothing moves, or until a bound that no handshake comes near is reached.
    pub fn drive(&mut self) {
        while self.step() && self.steps < MAX_STEPS {}
    }

    /// Drives the handshake alone; whether both sides hold it for done and neither has failed.
    pub fn handshake(&mut self) -> bool {
        self.client.call(|connection| connection.advance());
        self.drive();
        self.both_alive() && self.client.is_established() && self.server.is_established()
    }

    /// One side's connection.
    pub fn connection(&self, role: Role) -> &dyn Connection {
        &*self.half(role).connection
    }

    fn live(&mut self) {
        if self.handshake() {
            self.exchange_data();
        }
        if self.both_alive() && self.client.is_established() && self.server.is_established() {
            self.compare_exporters();
            self.close();
        }
        self.hang_up();
    }

    /// The client's data comes back with the server's behind it, and the server's comes back too: each
    /// side reads at least once, as a TLS 1.3 client must before it may hold itself connected.
    fn exchange_data(&mut self) {
        self.client.call(|connection| connection.send(PING));
        self.drive();
        self.server.expect(PING);
        if !self.both_alive() {
            return;
        }
        self.server.call(|connection| {
            connection.send(PING);
            connection.send(PONG);
        });
        self.drive();
        self.client.expect(PING_PONG);
        if !self.both_alive() {
            return;
        }
        self.client.call(|connection| connection.send(PONG));
        self.drive();
        self.server.expect(PONG);
    }

    fn compare_exporters(&mut self) {
        let mut material = [[0; 32]; 2];
        let [of_client, of_server] = &mut material;
        let derived = self.client.export(of_client) & self.server.export(of_server);
        self.exporters_agree = Some(derived && material[0] == material[1]);
    }

    fn close(&mut self) {
        for role in Role::BOTH {
            let half = self.half_mut(role);
            half.call(|connection| connection.close());
            half.closing = true;
            self.drive();
        }
    }

    /// A side that failed closes its transport, as its application would; the other side hears of it.
    fn hang_up(&mut self) {
        for role in Role::BOTH {
            if !self.half(role).is_alive() && self.half(role.peer()).is_alive() {
                self.half_mut(role.peer())
                    .call(|connection| connection.receive_end());
                self.drive();
            }
        }
    }

    fn carry(&mut self, from: Role) -> bool {
        self.buffer.clear();
        let (sender, receiver) = match from {
            Role::Client => (&mut self.client, &mut self.server),
            Role::Server => (&mut self.server, &mut self.client),
        };
        let buffer = &mut self.buffer;
        sender.call(|connection| connection.transmit(buffer));
        if buffer.is_empty() {
            return false;
        }
        sender.scanner.scan(buffer);
        if let Some(transcript) = &mut self.transcript {
            transcript.push(Flight {
                from,
                bytes: buffer.clone(),
            });
        }
        match self.link.deliver {
            None => receiver.call(|connection| connection.receive(buffer)),
            Some(most) => {
                for piece in buffer.chunks(most.max(1) as usize) {
                    receiver.call(|connection| connection.receive(piece));
                }
            }
        }
        true
    }

    fn both_alive(&self) -> bool {
        self.client.is_alive() && self.server.is_alive()
    }

    fn half(&self, role: Role) -> &Half {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    fn half_mut(&mut self, role: Role) -> &mut Half {
        match role {
            Role::Client => &mut self.client,
            Role::Server => &mut self.server,
        }
    }

    fn into_outcome(self) -> Outcome {
        let Self { client, server, .. } = self;
        let alerts = [sent_alert(&client, &server), sent_alert(&server, &client)];
        let [from_client, from_server] = alerts;
        Outcome {
            client: client.into_outcome(from_client),
            server: server.into_outcome(from_server),
            exporters_agree: self.exporters_agree,
        }
    }
}

/// One side of a pair.
struct Half {
    connection: Box<dyn Connection>,
    scanner: AlertScanner,
    crash: Option<String>,
    closing: bool,
    data_intact: Option<bool>,
}

impl Half {
    fn new(connection: Box<dyn Connection>) -> Self {
        Self {
            connection,
            scanner: AlertScanner::default(),
            crash: None,
            closing: false,
            data_intact: None,
        }
    }

    /// Calls the connection, and survives its panic.
    fn call<T: Default>(&mut self, f: impl FnOnce(&mut dyn Connection) -> T) -> T {
        if self.crash.is_some() {
            return T::default();
        }
        let connection = &mut *self.connection;
        // A connection that panicked is never called again.
        match catch_unwind(AssertUnwindSafe(|| f(connection))) {
            Ok(value) => value,
            Err(panic) => {
                self.crash = Some(message_of(&*panic));
                T::default()
            }
        }
    }

    fn expect(&mut self, data: &[u8]) {
        if !self.is_alive() {
            return;
        }
        let mut received = Vec::new();
        self.call(|connection| connection.take_received(&mut received));
        self.data_intact = Some(self.data_intact.unwrap_or(true) && received == data);
    }

    fn export(&mut self, out: &mut [u8]) -> bool {
        self.call(|connection| {
            connection
                .export(EXPORTER_LABEL, EXPORTER_CONTEXT, out)
                .is_ok()
        })
    }

    fn is_established(&self) -> bool {
        self.crash.is_none() && self.connection.is_established()
    }

    fn is_alive(&self) -> bool {
        self.crash.is_none() && self.connection.failure().is_none()
    }

    fn into_outcome(mut self, alert_sent: Option<SentAlert>) -> SideOutcome {
        let established = self.is_established();
        let session = if established {
            self.call(|connection| Some(connection.session()))
        } else {
            None
        };
        let alert_received = self.call(|connection| {
            connection
                .alerts_received()
                .into_iter()
                .find(|alert| is_fatal(*alert))
        });
        let end = match self.crash {
            Some(message) => End::Crashed(message),
            None => match self.connection.failure() {
                Some(failure) => End::Failed(failure.clone()),
                None if self.closing && self.connection.is_peer_closed() => End::Closed,
                None => End::Stalled,
            },
        };
        SideOutcome {
            established,
            end,
            alert_sent,
            alert_received,
            session,
            data_intact: self.data_intact,
        }
    }
}

fn begin(
    client: Result<&dyn Config, &Refusal>,
    server: Result<&dyn Config, &Refusal>,
) -> Result<[Box<dyn Connection>; 2], Box<Outcome>> {
    let client = client.map_err(refused).and_then(connect);
    let server = server.map_err(refused).and_then(connect);
    match (client, server) {
        (Ok(client), Ok(server)) => Ok([client, server]),
        (client, server) => Err(Box::new(Outcome {
            client: never_begun(client.err()),
            server: never_begun(server.err()),
            exporters_agree: None,
        })),
    }
}

fn connect(config: &dyn Config) -> Result<Box<dyn Connection>, End> {
    match catch_unwind(AssertUnwindSafe(|| config.connect())) {
        Ok(connection) => connection.map_err(End::Refused),
        Err(panic) => Err(End::Crashed(message_of(&*panic))),
    }
}

fn refused(refusal: &Refusal) -> End {
    match refusal {
        Refusal::Unsupported(reason) => End::Unsupported(reason.clone()),
        Refusal::Config(failure) => End::Refused(failure.clone()),
    }
}

fn never_begun(end: Option<End>) -> SideOutcome {
    SideOutcome {
        established: false,
        end: end.unwrap_or(End::NotStarted),
        alert_sent: None,
        alert_received: None,
        session: None,
        data_intact: None,
    }
}

/// What is known of an alert: in the clear the wire tells; under protection whoever sent it or
/// received it.
fn sent_alert(sender: &Half, receiver: &Half) -> Option<SentAlert> {
    if let Some(description) = sender.scanner.fatal {
        return Some(SentAlert {
            description: Some(description),
            protection: Protection::Plain,
        });
    }
    let told = |half: &Half, alerts: fn(&dyn Connection) -> Vec<AlertDescription>| {
        if half.crash.is_some() {
            return None;
        }
        alerts(&*half.connection)
            .into_iter()
            .find(|alert| is_fatal(*alert))
    };
    told(sender, |connection| connection.alerts_sent())
        .or_else(|| told(receiver, |connection| connection.alerts_received()))
        .map(|description| SentAlert {
            description: Some(description),
            protection: Protection::Protected,
        })
}

fn is_fatal(alert: AlertDescription) -> bool {
    !matches!(
        alert,
        AlertDescription::close_notify
            | AlertDescription::user_canceled
            | AlertDescription::no_renegotiation
    )
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

/// The longest handshake takes some ten steps.
const MAX_STEPS: usize = 200;
const PING: &[u8] = b"shakedown: the client speaks";
const PONG: &[u8] = b"shakedown: the server answers";
const PING_PONG: &[u8] = b"shakedown: the client speaksshakedown: the server answers";
const EXPORTER_LABEL: &[u8] = b"EXPERIMENTAL shakedown";
const EXPORTER_CONTEXT: &[u8] = b"pair";
