//! One client that hears a changed flight, and the server that sent it.

use shakedown::connection::{Connection, Reason, Role};
use shakedown::iana::{AlertDescription, ContentType, ProtocolVersion as V};
use shakedown::link::{Carry, Parcel};
use shakedown::pair::Pair;
use shakedown::scenario::Scenario;

use super::PLAIN;
use super::messages::Flight;
use super::script::{self, Trail};
use super::tree::number;
use crate::fuzz::unharmed;
use crate::lab::Lab;

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Met {
    /// The flight as it was sent, and as it arrived.
    pub(super) sent: Flight,
    pub(super) told: Flight,
    pub(super) client: Seen,
    pub(super) server: Seen,
    /// What the script has come upon.
    pub(super) trail: Trail,
    /// Whether somebody still had something to say after so many steps.
    pub(super) restless: bool,
}

/// What can be seen of a side from without, but for what is random.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Whether it holds the handshake for done.
    pub(super) established: bool,
    /// Whether it has handed on application data.
    pub(super) data: bool,
    /// What failed, in the stack's own word.
    pub(super) failure: Option<String>,
    /// The alerts that it has heard.
    pub(super) heard: Vec<AlertDescription>,
    /// The records that it sent after the first flights.
    pub(super) records: Vec<Record>,
}

/// A record as it looks from without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    kind: ContentType,
    version: V,
    /// The level and the description of one in the clear.
    alert: Option<[u8; 2]>,
}

/// How far a client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// It finds fault with the flight, or waits for the rest of it.
    Refuses,
    /// It takes what is in the clear for a server's flight, and goes on.
    Onward,
    /// It holds the handshake for done.
    Done,
}

impl Seen {
    /// But for its records.
    fn of(end: &mut dyn Connection) -> Self {
        let mut data = Vec::new();
        end.take_received(&mut data);
        let mut heard = end.alerts_received();
        if let Some(Reason::AlertReceived(alert)) = end.failure().map(|failure| failure.reason) {
            heard.push(alert);
        }
        Self {
            established: end.is_established(),
            data: !data.is_empty(),
            failure: end.failure().map(|failure| failure.native.clone()),
            heard,
            records: Vec::new(),
        }
    }

    /// As for a client: what is sealed and does not open is past the messages in the clear.
    pub(super) fn reach(&self) -> Reach {
        let spoke = self
            .records
            .iter()
            .any(|record| record.kind == ContentType::handshake);
        if self.established {
            Reach::Done
        } else if spoke
            || self
                .failure
                .as_deref()
                .is_some_and(|it| UNOPENED.contains(&it))
        {
            Reach::Onward
        } else {
            Reach::Refuses
        }
    }

    /// The fatal alert in the clear that is the first thing that it has said, and the version in the head
    /// of its record.
    pub(super) fn first_alert(&self) -> Option<(AlertDescription, V)> {
        let first = self.records.first()?;
        match first.alert? {
            [FATAL, description] => Some((AlertDescription(description), first.version)),
            _ => None,
        }
    }
}

/// Lets a client of the scenario's hear its server's flight, changed as the script says, and carries on
/// without a change until nothing moves; or the oracle that fails by then, and why.
pub(super) fn meet(
    lab: &Lab,
    scenario: &Scenario,
    script: &[u8],
) -> Result<Met, (&'static str, String)> {
    let connect = |role| {
        let prepared = match role {
            Role::Client => lab.client(scenario),
            Role::Server => lab.server(scenario),
        };
        prepared
            .as_ref()
            .as_ref()
            .map_err(|refusal| (PLAIN, format!("{refusal:?}")))
            .and_then(|config| config.connect().map_err(|failure| (PLAIN, failure.text)))
    };
    let mut meddler = Meddler {
        script,
        answered: false,
        flight: None,
        said: Default::default(),
    };
    let (client, server) = (connect(Role::Client)?, connect(Role::Server)?);
    let mut pair = Pair::over(client, server, Box::new(&mut meddler));
    pair.call(Role::Client, |client| client.advance());
    let restless = (0..MOST_STEPS).all(|_| pair.step());
    let mut end = Vec::new();
    if !pair.connection(Role::Client).is_established() {
        // What waits says so, and is told apart from what is content.
        pair.call(Role::Client, |client| {
            client.receive_end();
            client.transmit(&mut end);
        });
    }
    let [mut client, mut server] = Role::BOTH.map(|role| pair.call(role, |end| Seen::of(end)));
    unharmed(&pair)?;
    drop(pair);
    let [mut from_client, from_server] = meddler.said;
    from_client.append(&mut end);
    client.records = records(&from_client);
    server.records = records(&from_server);
    let Some((sent, told, trail)) = meddler.flight else {
        let why = "the server's flight is not made of whole messages";
        let said = hex::encode(&from_server);
        return Err((PLAIN, format!("{why}: {said}, {:?}", server.failure)));
    };
    Ok(Met {
        client,
        server,
        sent,
        told,
        trail,
        restless,
    })
}

/// A link that changes the server's first flight.
struct Meddler<'a> {
    script: &'a [u8],
    /// Whether the server has been heard to the client's hello, be it that it said nothing.
    answered: bool,
    /// As it was sent, and as it arrives; `None`: it is not made of whole messages.
    flight: Option<(Flight, Flight, Trail)>,
    /// What either side has said after the first flights.
    said: [Vec<u8>; 2],
}

impl Carry for Meddler<'_> {
    fn carry(&mut self, from: Role, bytes: &[u8], parcel: &mut Parcel) {
        let answers = from == Role::Server && !self.answered;
        self.answered |= answers;
        if answers && let Some(sent) = Flight::read(bytes) {
            let mut told = sent.clone();
            let trail = script::follow(&mut told, self.script);
            parcel.forth = told.write();
            self.flight = Some((sent, told, trail));
            return;
        }
        if self.answered {
            self.said[from as usize].extend_from_slice(bytes);
        }
        parcel.forth.extend_from_slice(bytes);
    }
}

fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    while let [kind, major, minor, high, low, rest @ ..] = bytes {
        let Some((body, rest)) = rest.split_at_checked(number(&[*high, *low])) else {
            break;
        };
        let kind = ContentType(*kind);
        records.push(Record {
            kind,
            version: V(u16::from_be_bytes([*major, *minor])),
            alert: match body {
                [level, description] if kind == ContentType::alert => Some([*level, *description]),
                _ => None,
            },
        });
        bytes = rest;
    }
    records
}

/// No handshake takes so many.
const MOST_STEPS: usize = 17;
const FATAL: u8 = 2;
/// What rustls and OpenSSL say of a record that does not open, or that is not sealed where all are.
const UNOPENED: [&str; 3] = [
    "DecryptError",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
    "BAD_RECORD_TYPE",
];
