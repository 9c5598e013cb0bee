//! One client that hears a changed flight, and the server that sent it.

use shakedown::connection::{Connection, Reason, Role};
use shakedown::iana::{AlertDescription, ContentType, ProtocolVersion as V};
use shakedown::scenario::Scenario;

use super::messages::Flight;
use super::script::{self, Trail};
use super::tree::number;
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
    fn of(end: &mut dyn Connection, said: &[u8]) -> Self {
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
            records: records(said),
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
/// without a change until nothing moves.
pub(super) fn meet(lab: &Lab, scenario: &Scenario, script: &[u8]) -> Result<Met, String> {
    let connect = |role| {
        let prepared = match role {
            Role::Client => lab.client(scenario),
            Role::Server => lab.server(scenario),
        };
        prepared
            .as_ref()
            .as_ref()
            .map_err(|refusal| format!("{refusal:?}"))
            .and_then(|config| config.connect().map_err(|failure| failure.text))
    };
    let mut ends = [connect(Role::Client)?, connect(Role::Server)?];
    let mut buffer = Vec::new();
    ends[0].advance();
    ends[0].transmit(&mut buffer);
    ends[1].receive(&buffer);
    buffer.clear();
    ends[1].transmit(&mut buffer);
    let sent = Flight::read(&buffer).ok_or_else(|| {
        let failure = ends[1].failure();
        format!("the server's flight is not made of whole messages: {buffer:02x?}, {failure:?}")
    })?;
    let mut told = sent.clone();
    let trail = script::follow(&mut told, script);
    ends[0].receive(&told.write());

    let mut said = [Vec::new(), Vec::new()];
    let mut restless = true;
    for _ in 0..MOST_STEPS {
        let mut moved = false;
        for from in Role::BOTH {
            buffer.clear();
            ends[from as usize].transmit(&mut buffer);
            moved |= !buffer.is_empty();
            said[from as usize].extend_from_slice(&buffer);
            if !buffer.is_empty() {
                ends[from.peer() as usize].receive(&buffer);
            }
        }
        if !moved {
            restless = false;
            break;
        }
    }
    if !ends[0].is_established() {
        // What waits says so, and is told apart from what is content.
        ends[0].receive_end();
        ends[0].transmit(&mut said[0]);
    }
    let [client, server] = &mut ends;
    Ok(Met {
        client: Seen::of(&mut **client, &said[0]),
        server: Seen::of(&mut **server, &said[1]),
        sent,
        told,
        trail,
        restless,
    })
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
const MOST_STEPS: usize = 16;
const FATAL: u8 = 2;
/// What rustls and OpenSSL say of a record that does not open, or that is not sealed where all are.
const UNOPENED: [&str; 3] = [
    "DecryptError",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
    "BAD_RECORD_TYPE",
];
