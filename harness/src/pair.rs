//! Two connections and a link, driven until nothing moves.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::connection::{Config, Connection, Memory, Reason, Refusal, Role};
use crate::iana::AlertDescription;
use crate::link::{Carrier, Carry, Deed, Flight, Link, Parcel};
use crate::outcome::{End, Outcome, Protection, SentAlert, SideOutcome};
use crate::scenario::Means;
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
    match begin(client, server, None) {
        Ok([client, server]) => Pair::new(client, server, link).run(),
        Err(outcome) => *outcome,
    }
}

/// As [`meet`], after an earlier meeting of the same two ends over a clean link, of which both keep
/// what their stacks keep.
///
/// Where an earlier configuration is refused there was no meeting, and nothing is kept.
pub fn meet_again(
    earlier: [Result<&dyn Config, &Refusal>; 2],
    later: [Result<&dyn Config, &Refusal>; 2],
    means: Means,
    link: &Link,
) -> Outcome {
    match begin_again(earlier, later, means) {
        Ok([client, server]) => Pair::new(client, server, link).run(),
        Err(outcome) => *outcome,
    }
}

/// As [`meet_again`], with what crossed the link in the later meeting.
pub fn meet_again_recorded(
    earlier: [Result<&dyn Config, &Refusal>; 2],
    later: [Result<&dyn Config, &Refusal>; 2],
    means: Means,
    link: &Link,
) -> (Outcome, Vec<Flight>) {
    recorded(begin_again(earlier, later, means), link)
}

/// As [`meet`], with what crossed the link.
pub fn meet_recorded(
    client: Result<&dyn Config, &Refusal>,
    server: Result<&dyn Config, &Refusal>,
    link: &Link,
) -> (Outcome, Vec<Flight>) {
    recorded(begin(client, server, None), link)
}

/// As [`meet`], over a link of the caller's own, which hands over all that arrives at once.
pub fn meet_over<'a>(
    client: Result<&dyn Config, &Refusal>,
    server: Result<&dyn Config, &Refusal>,
    carrier: Box<dyn Carry + 'a>,
) -> Outcome {
    over(begin(client, server, None), carrier)
}

/// As [`meet_again`], with a later meeting over a link of the caller's own.
pub fn meet_again_over<'a>(
    earlier: [Result<&dyn Config, &Refusal>; 2],
    later: [Result<&dyn Config, &Refusal>; 2],
    means: Means,
    carrier: Box<dyn Carry + 'a>,
) -> Outcome {
    over(begin_again(earlier, later, means), carrier)
}

/// Two connections and the link between them.
///
/// ```
/// # #[cfg(feature = "openssl")] {
/// use std::sync::Arc;
/// use shakedown::connection::{Role, Stack};
/// use shakedown::{identity::Identities, link::Link, pair::Pair, profile, stacks::openssl::OpenSsl};
///
/// let stack = OpenSsl::new(Arc::new(Identities::new()));
/// let client = stack.client(&profile::ClientProfile::default()).unwrap();
/// let server = stack.server(&profile::ServerProfile::default()).unwrap();
/// let link = Link::default();
/// let mut pair = Pair::new(client.connect().unwrap(), server.connect().unwrap(), &link);
/// assert!(pair.handshake());
/// assert!(pair.connection(Role::Server).is_established());
/// # }
/// ```
pub struct Pair<'a> {
    client: Half,
    server: Half,
    deliver: Option<u32>,
    /// `None`: everything arrives as it was sent.
    carrier: Option<Box<dyn Carry + 'a>>,
    buffer: Vec<u8>,
    parcel: Parcel,
    deeds: Vec<Deed>,
    /// Whether anything arrived otherwise than it was sent.
    altered: bool,
    steps: usize,
    exporters_agree: Option<bool>,
    transcript: Option<Vec<Flight>>,
}

impl<'a> Pair<'a> {
    /// Joins two fresh connections.
    pub fn new(client: Box<dyn Connection>, server: Box<dyn Connection>, link: &'a Link) -> Self {
        let mut pair = Self::joined(client, server, link.deliver);
        if !link.ops.is_empty() {
            pair.carrier = Some(Box::new(Carrier::new(link)));
        }
        pair
    }

    /// Joins two fresh connections by a link of the caller's own.
    pub fn over(
        client: Box<dyn Connection>,
        server: Box<dyn Connection>,
        carrier: Box<dyn Carry + 'a>,
    ) -> Self {
        Self {
            carrier: Some(carrier),
            ..Self::joined(client, server, None)
        }
    }

    fn joined(
        client: Box<dyn Connection>,
        server: Box<dyn Connection>,
        deliver: Option<u32>,
    ) -> Self {
        Self {
            client: Half::new(client),
            server: Half::new(server),
            deliver,
            carrier: None,
            // Most flights fit.
            buffer: Vec::with_capacity(4096),
            parcel: Parcel::default(),
            deeds: Vec::new(),
            altered: false,
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

    /// Calls one side's connection, whose panic is survived here as in all that a pair does: what has panicked is never
    /// called so again, and answers with a default.
    pub fn call<T: Default>(&mut self, role: Role, f: impl FnOnce(&mut dyn Connection) -> T) -> T {
        self.half_mut(role).call(f)
    }

    /// What a side's panic has said; `None`: it has not panicked.
    pub fn crash(&self, role: Role) -> Option<&str> {
        self.half(role).crash.as_deref()
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
        self.server.expect(PING, &mut self.buffer);
        if !self.both_alive() {
            return;
        }
        self.server.call(|connection| {
            connection.send(PING);
            connection.send(PONG);
        });
        self.drive();
        self.client.expect(PING_PONG, &mut self.buffer);
        if !self.both_alive() {
            return;
        }
        self.client.call(|connection| connection.send(PONG));
        self.drive();
        self.server.expect(PONG, &mut self.buffer);
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
        sender.scanner.scan(buffer);
        let Some(carrier) = &mut self.carrier else {
            if buffer.is_empty() {
                return false;
            }
            if let Some(transcript) = &mut self.transcript {
                transcript.push(Flight {
                    from,
                    bytes: buffer.clone(),
                    arrived: None,
                    answered: Vec::new(),
                    deeds: Vec::new(),
                });
            }
            receiver.take(buffer, self.deliver);
            return true;
        };
        let parcel = &mut self.parcel;
        parcel.clear();
        carrier.carry(from, buffer, parcel);
        let moved = !buffer.is_empty() || *parcel != Parcel::default();
        if !moved {
            return false;
        }
        if let Some(transcript) = &mut self.transcript {
            transcript.push(Flight {
                from,
                bytes: buffer.clone(),
                arrived: (parcel.forth != *buffer).then(|| parcel.forth.clone()),
                answered: parcel.back.clone(),
                deeds: parcel.deeds.clone(),
            });
        }
        self.deeds.append(&mut parcel.deeds);
        self.altered |= parcel.forth != *buffer
            || parcel.forth_ends
            || !parcel.back.is_empty()
            || parcel.back_ends;
        for (half, bytes, ends) in [
            (receiver, &parcel.forth, parcel.forth_ends),
            (sender, &parcel.back, parcel.back_ends),
        ] {
            if !bytes.is_empty() {
                half.take(bytes, self.deliver);
            }
            if ends {
                half.call(|connection| connection.receive_end());
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
        let mut deeds = self.deeds;
        for deed in &mut deeds {
            // Where all arrived as it was sent nothing came of anything, whatever the link says.
            deed.applied &= self.altered;
        }
        let alerts = [sent_alert(&client, &server), sent_alert(&server, &client)];
        let [from_client, from_server] = alerts;
        Outcome {
            client: client.into_outcome(from_client),
            server: server.into_outcome(from_server),
            exporters_agree: self.exporters_agree,
            deeds,
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

    /// Hands bytes over, at most so many at a time.
    fn take(&mut self, bytes: &[u8], most: Option<u32>) {
        match most {
            None => self.call(|connection| connection.receive(bytes)),
            Some(most) => {
                for piece in bytes.chunks(most.max(1) as usize) {
                    self.call(|connection| connection.receive(piece));
                }
            }
        }
    }

    /// Holds what has arrived against what is due, by way of a buffer that is nobody's.
    fn expect(&mut self, data: &[u8], received: &mut Vec<u8>) {
        if !self.is_alive() {
            return;
        }
        received.clear();
        self.call(|connection| connection.take_received(received));
        self.data_intact = Some(self.data_intact.unwrap_or(true) && received.as_slice() == data);
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

type Connections = [Box<dyn Connection>; 2];

fn recorded(begun: Result<Connections, Box<Outcome>>, link: &Link) -> (Outcome, Vec<Flight>) {
    match begun {
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

fn over<'a>(begun: Result<Connections, Box<Outcome>>, carrier: Box<dyn Carry + 'a>) -> Outcome {
    match begun {
        Ok([client, server]) => Pair::over(client, server, carrier).run(),
        Err(outcome) => *outcome,
    }
}

/// The earlier meeting from beginning to end, then the beginning of the later one.
fn begin_again(
    earlier: [Result<&dyn Config, &Refusal>; 2],
    later: [Result<&dyn Config, &Refusal>; 2],
    means: Means,
) -> Result<Connections, Box<Outcome>> {
    let lacks = |sides: &[Result<&dyn Config, &Refusal>; 2]| {
        sides.map(|side| match side {
            Err(Refusal::Unsupported(reason)) => Some(End::Unsupported(reason.clone())),
            _ => None,
        })
    };
    if let [None, None] = lacks(&later)
        && let [client, server] = lacks(&earlier)
        && (client.is_some() || server.is_some())
    {
        return Err(Box::new(not_begun(client, server)));
    }
    let memories = [Memory::new(means), Memory::new(means)].map(Arc::new);
    let [client, server] = earlier;
    if let Ok([client, server]) = begin(client, server, Some(&memories)) {
        let outcome = Pair::new(client, server, &Link::default()).run();
        if [&outcome.client.end, &outcome.server.end]
            .into_iter()
            .any(|end| matches!(end, End::Crashed(_) | End::Stalled))
        {
            return Err(Box::new(outcome));
        }
    }
    let [client, server] = later;
    begin(client, server, Some(&memories))
}

fn begin(
    client: Result<&dyn Config, &Refusal>,
    server: Result<&dyn Config, &Refusal>,
    memories: Option<&[Arc<Memory>; 2]>,
) -> Result<Connections, Box<Outcome>> {
    let [of_client, of_server] = [0, 1].map(|side| memories.map(|memories| &memories[side]));
    let client = client
        .map_err(refused)
        .and_then(|client| connect(client, of_client));
    let server = server
        .map_err(refused)
        .and_then(|server| connect(server, of_server));
    match (client, server) {
        (Ok(client), Ok(server)) => Ok([client, server]),
        (client, server) => Err(Box::new(not_begun(client.err(), server.err()))),
    }
}

fn connect(config: &dyn Config, memory: Option<&Arc<Memory>>) -> Result<Box<dyn Connection>, End> {
    let connect = || match memory {
        Some(memory) => config.connect_with(memory),
        None => config.connect(),
    };
    match catch_unwind(AssertUnwindSafe(connect)) {
        Ok(connection) => connection.map_err(End::Refused),
        Err(panic) => Err(End::Crashed(message_of(&*panic))),
    }
}

fn not_begun(client: Option<End>, server: Option<End>) -> Outcome {
    Outcome {
        client: never_begun(client),
        server: never_begun(server),
        exporters_agree: None,
        deeds: Vec::new(),
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
    // What the receiver took in may be the link's own, unless the sender has found fault.
    told(sender, |connection| connection.alerts_sent())
        .or_else(|| {
            let found_fault = sender.connection.failure().is_some_and(|failure| {
                !matches!(failure.reason, Reason::AlertReceived(_) | Reason::Truncated)
            });
            told(receiver, |connection| connection.alerts_received()).filter(|_| found_fault)
        })
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
