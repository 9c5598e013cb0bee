//! The network between: what comes of a handshake whose link does something to it.
//!
//! Both sides are walked through the handshake once more, record by record, as the harness drives
//! the real ones: `script` says what each side sends and waits for, `carrier` does to the records
//! what the link does, and `rustls` and `openssl` read them as the stacks do. A record is what it
//! is, not which bytes it has; where the bytes decide, every way is gone (`fork`).

use std::collections::VecDeque;

use shakedown::connection::Role;
use shakedown::scenario::Scenario;

use self::carrier::Carrier;
use self::fork::Fork;
use self::peer::Peer;
use self::script::{Known, Shape, Step};
use self::symbol::{Datum, Record};
use super::ending::{Agreed, Fault, Phase};
use super::negotiation::Chosen;
use super::{Expectation, Expected, ExpectedDeed, ExpectedEnd, ExpectedSide, Prediction};

mod carrier;
mod causes;
pub(super) mod domain;
mod fork;
mod openssl;
mod peer;
mod rustls;
mod script;
mod symbol;

/// What both sides are walked through.
struct Setting<'a> {
    scenario: &'a Scenario,
    shape: Shape,
    result: &'a Result<Agreed, Box<Fault>>,
}

/// What comes of the scenario over its link, given what would come of it over a clean one.
pub(super) fn interfere(
    scenario: &Scenario,
    result: &Result<Agreed, Box<Fault>>,
    chosen: Option<&Chosen>,
    clean: Expectation,
) -> Prediction {
    let setting = Setting {
        scenario,
        shape: shape(scenario, result, chosen),
        result,
    };
    let steps = script::of(scenario, result, &setting.shape);
    let mut allowed: Vec<Expected> = Vec::new();
    let mut fork = Some(Fork::default());
    let mut first_to_fail = None;
    while let Some(mut now) = fork {
        let mut walk = Walk::new(&setting, steps.clone());
        walk.live(&mut now);
        if walk.carrier.unknown {
            return Prediction::Unmodelled {
                reason: "what a message in the clear comes to that was changed on its way".into(),
            };
        }
        first_to_fail = first_to_fail.or(walk.first_to_fail);
        let expected = walk.into_expected(&clean);
        if !allowed.contains(&expected) {
            allowed.push(expected);
        }
        fork = now.next();
    }
    let untouched = |expected: &Expected| {
        clean
            .allowed
            .iter()
            .any(|before| (&before.client, &before.server) == (&expected.client, &expected.server))
    };
    if allowed.iter().all(untouched) {
        return Prediction::Expect(Expectation { allowed, ..clean });
    }
    // Whoever finds fault over a clean link finds it all the same: only what the other hears is changed.
    let same_fault = |detector: Role| {
        let found = |expected: &Expected| expected.side(detector).end.clone();
        let before = clean.allowed.first().map(found);
        first_to_fail == Some(detector) && allowed.iter().all(|now| Some(found(now)) == before)
    };
    if clean.cause.is_some() && clean.detector.is_some_and(same_fault) {
        return Prediction::Expect(Expectation { allowed, ..clean });
    }
    Prediction::Expect(Expectation {
        cause: Some(causes::of(scenario, &allowed)),
        detector: Some(first_to_fail.unwrap_or(Role::Client)),
        masked: Vec::new(),
        version: clean.version,
        allowed,
    })
}

fn shape(
    scenario: &Scenario,
    result: &Result<Agreed, Box<Fault>>,
    chosen: Option<&Chosen>,
) -> Shape {
    let agreed = match result {
        Ok(agreed) => Some(agreed),
        Err(fault) => match &fault.phase {
            Phase::ClientFlight(agreed) => Some(&**agreed),
            _ => None,
        },
    };
    Shape::of(
        scenario,
        &Known {
            version: chosen.map_or(shakedown::iana::ProtocolVersion::TLS1_2, |it| it.version),
            retried: chosen.is_some_and(|it| it.retried),
            staple: chosen.map_or(shakedown::profile::Staple::None, |it| it.staple),
            client_signs: agreed.is_some_and(|agreed| agreed.client_signature.is_some()),
            ems: scenario.client.profile.protocol.ems != shakedown::profile::Ems::Off
                && scenario.server.profile.protocol.ems != shakedown::profile::Ems::Off,
            suite: chosen.and_then(|it| it.suite),
            resumed: chosen.is_some_and(|it| it.resumed),
            ticketless: chosen.is_some_and(|it| it.ticketless),
        },
    )
}

/// The records that each side sends over a clean link, in the order of its own: content type, and
/// whether it is sealed.
pub fn framing(scenario: &Scenario) -> Option<[Vec<(shakedown::iana::ContentType, bool)>; 2]> {
    let (result, chosen) = super::walked(scenario)?;
    let setting = Setting {
        scenario,
        shape: shape(scenario, &result, chosen.as_ref()),
        result: &result,
    };
    let steps = script::of(scenario, &result, &setting.shape);
    let mut walk = Walk::new(&setting, steps);
    walk.live(&mut Fork::default());
    Some(walk.sent)
}

/// Both sides on their way, as `shakedown::pair::Pair` drives them.
struct Walk<'a> {
    peers: [Peer<'a>; 2],
    carrier: Carrier<'a>,
    deeds: Vec<ExpectedDeed>,
    first_to_fail: Option<Role>,
    sent: [Vec<(shakedown::iana::ContentType, bool)>; 2],
    steps: usize,
}

impl<'a> Walk<'a> {
    fn new(setting: &'a Setting<'a>, steps: [VecDeque<Step>; 2]) -> Self {
        let [client, server] = steps;
        Self {
            peers: [
                Peer::new(setting, Role::Client, client),
                Peer::new(setting, Role::Server, server),
            ],
            carrier: Carrier::new(&setting.scenario.link.ops),
            deeds: Vec::new(),
            first_to_fail: None,
            sent: [Vec::new(), Vec::new()],
            steps: 0,
        }
    }

    fn peer(&mut self, role: Role) -> &mut Peer<'a> {
        &mut self.peers[role as usize]
    }

    fn live(&mut self, fork: &mut Fork) {
        let (client, server) = (Role::Client, Role::Server);
        self.peer(client).advance();
        self.note();
        self.drive(fork);
        if self.both_done() {
            let (ping, pong) = (Datum::Of(client), Datum::Of(server));
            self.peer(client).write_data(client);
            self.drive(fork);
            self.peer(server).expect_data(&[ping]);
            if self.both_alive() {
                self.peer(server).write_data(client);
                self.peer(server).write_data(server);
                self.drive(fork);
                self.peer(client).expect_data(&[ping, pong]);
            }
            if self.both_alive() {
                self.peer(client).write_data(server);
                self.drive(fork);
                self.peer(server).expect_data(&[pong]);
            }
        }
        if self.both_done() {
            for role in Role::BOTH {
                self.peer(role).close();
                self.drive(fork);
            }
        }
        for role in Role::BOTH {
            if !self.peers[role as usize].is_alive() && self.peers[role.peer() as usize].is_alive()
            {
                self.peer(role.peer()).receive_end();
                self.drive(fork);
            }
        }
    }

    fn drive(&mut self, fork: &mut Fork) {
        loop {
            let forth = self.carry(Role::Client, fork);
            let back = self.carry(Role::Server, fork);
            self.steps += 1;
            if !(forth || back) || self.steps > MAX_STEPS {
                return;
            }
        }
    }

    fn carry(&mut self, from: Role, fork: &mut Fork) -> bool {
        let sent = self.peer(from).transmit();
        let any = !sent.is_empty();
        self.sent[from as usize].extend(
            sent.iter()
                .map(|record: &Record| (record.kind, record.seal.is_some())),
        );
        let parcel = self.carrier.carry(from, sent);
        let moved = any
            || !parcel.forth.is_empty()
            || !parcel.back.is_empty()
            || parcel.forth_ends
            || parcel.back_ends;
        self.deeds.extend(parcel.deeds);
        for (role, records, ends) in [
            (from.peer(), parcel.forth, parcel.forth_ends),
            (from, parcel.back, parcel.back_ends),
        ] {
            if !records.is_empty() {
                self.peer(role).receive(&records, fork);
            }
            if ends {
                self.peer(role).receive_end();
            }
            self.note();
        }
        moved
    }

    fn note(&mut self) {
        for role in Role::BOTH {
            if self.first_to_fail.is_none() && !self.peers[role as usize].is_alive() {
                self.first_to_fail = Some(role);
            }
        }
    }

    fn both_alive(&self) -> bool {
        self.peers.iter().all(Peer::is_alive)
    }

    fn both_done(&self) -> bool {
        self.both_alive() && self.peers.iter().all(|peer| peer.done)
    }

    fn into_expected(self, clean: &Expectation) -> Expected {
        let [client, server] = &self.peers;
        let side = |role: Role, own: &Peer<'_>, other: &Peer<'_>| {
            let session = own.done.then(|| self.session(role, clean)).flatten();
            ExpectedSide {
                established: own.done,
                end: match &own.failure {
                    Some(native) => ExpectedEnd::Failed {
                        native: native.clone(),
                    },
                    None if own.is_closed() => ExpectedEnd::Closed,
                    None => ExpectedEnd::Stalled,
                },
                alert_sent: own.alert_sent(other),
                alert_received: own.alert_received,
                session,
                data_lost: own.data_lost(),
            }
        };
        Expected {
            client: side(Role::Client, client, server),
            server: side(Role::Server, server, client),
            deeds: self.deeds,
        }
    }

    fn session(&self, role: Role, clean: &Expectation) -> Option<shakedown::connection::Session> {
        let told = clean
            .allowed
            .first()
            .and_then(|expected| expected.side(role).session.clone());
        if told.is_some() {
            return told;
        }
        let setting = self.peers[0].setting;
        let agreed = match setting.result {
            Ok(agreed) => agreed,
            Err(fault) => match &fault.phase {
                Phase::ClientFlight(agreed) => agreed,
                _ => return None,
            },
        };
        Some(super::ending::session(setting.scenario, agreed, role))
    }
}

/// As `shakedown::pair` has it.
const MAX_STEPS: usize = 200;
