//! What each side sends and waits for, if nothing comes between.

use std::collections::VecDeque;

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, HandshakeType as M, ProtocolVersion};
use shakedown::profile::{CertificateType, ClientAuth, Staple, Trust};
use shakedown::scenario::{Means, Scenario};

use super::symbol::Keys;
use crate::model::Cause;
use crate::model::ending::{Agreed, Fault, Phase};
use crate::model::hello::{is_dhe, is_ecdhe, server_abilities};
use crate::model::openssl_server;

/// One step of a side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// One record with these messages.
    Send(Vec<M>),
    /// Those of the records before it that are there because the peer asked for a certificate.
    SendIfAsked(Vec<M>),
    SendChangeCipherSpec,
    Expect(M),
    /// It may come, or not.
    MayCome(M),
    ExpectChangeCipherSpec,
    /// What comes is read with these keys from now on.
    Read(Keys),
    /// What goes out is sealed with these keys from now on.
    Write(Keys),
    /// The version is settled.
    Settle(ProtocolVersion),
    /// A HelloRetryRequest has gone by.
    Retried,
    /// Holds the handshake for done.
    Done,
    /// Finds fault.
    Fail {
        native: String,
        alert: Option<AlertDescription>,
    },
}

/// The steps of both sides: client, server.
pub(super) fn of(
    scenario: &Scenario,
    result: &Result<Agreed, Box<Fault>>,
    shape: &Shape,
) -> [VecDeque<Step>; 2] {
    let mut client = Vec::new();
    let mut server = Vec::new();
    if shape.version == ProtocolVersion::TLS1_3 {
        tls13(scenario, shape, &mut client, &mut server);
    } else {
        tls12(scenario, shape, &mut client, &mut server);
    }
    if let Err(fault) = result {
        let steps = match fault.detector {
            Role::Client => &mut client,
            Role::Server => &mut server,
        };
        let at = place(scenario, fault, shape, steps);
        steps.truncate(at);
        steps.push(Step::Fail {
            native: fault.native.clone(),
            alert: fault.alert,
        });
    }
    if !scenario.server.stack.is_rustls()
        && let Err(fault) = openssl_server::setup(&server_abilities(&scenario.server))
    {
        // It looks at its own configuration before it reads anything.
        server = vec![Step::Fail {
            native: fault.native,
            alert: fault.alert,
        }];
    }
    [client.into(), server.into()]
}

/// What the handshake is like, as far as it goes.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) version: ProtocolVersion,
    pub(super) retried: bool,
    pub(super) resumed: bool,
    /// TLS 1.3: whether an OpenSSL server has verified a binder of the client's.
    pub(super) bound: bool,
    /// Whether the server asks for a certificate.
    pub(super) asks: bool,
    /// Whether the client's certificate is followed by a signature.
    pub(super) signs: bool,
    /// Before TLS 1.3: whether there is a ServerKeyExchange.
    pub(super) keyed: bool,
    /// Before TLS 1.3: whether there is a CertificateStatus.
    pub(super) stapled: bool,
    /// Before TLS 1.3: whether there is a NewSessionTicket.
    pub(super) ticket: bool,
    /// TLS 1.3: how many tickets the server sends.
    pub(super) tickets: usize,
    /// Before TLS 1.3: whether the keys depend on all that was said.
    pub(super) ems: bool,
    /// Whether the suite has no MAC of its own.
    pub(super) aead: bool,
    /// Whether the CertificateRequest names so many authorities that it does not fit its record.
    pub(super) long_request: bool,
}

/// What is known of the hellos and of what was chosen.
pub(super) struct Known {
    pub(super) version: ProtocolVersion,
    pub(super) retried: bool,
    pub(super) staple: Staple,
    pub(super) client_signs: bool,
    pub(super) ems: bool,
    pub(super) suite: Option<shakedown::iana::CipherSuite>,
    pub(super) resumed: bool,
    pub(super) ticketless: bool,
    pub(super) bound: bool,
}

impl Shape {
    pub(super) fn of(scenario: &Scenario, known: &Known) -> Self {
        let server = &scenario.server;
        let means = scenario.earlier.as_ref().map(|earlier| earlier.means);
        let keyed = known
            .suite
            .is_none_or(|suite| is_ecdhe(suite) || is_dhe(suite));
        Self {
            version: known.version,
            retried: known.retried,
            resumed: known.resumed,
            bound: known.bound,
            asks: server.profile.client_auth != ClientAuth::None && !known.resumed,
            signs: known.client_signs,
            keyed,
            stapled: known.staple != Staple::None && !known.resumed,
            ticket: ticket(scenario, known, means),
            tickets: tickets(scenario, known),
            ems: known.ems,
            aead: known
                .suite
                .and_then(shakedown::iana::CipherSuite::name)
                .is_none_or(|name| !name.contains("_CBC_")),
            long_request: long_request(scenario) && !known.resumed,
        }
    }
}

/// A rustls server names its anchors (webpki/client_verifier.rs, `root_hint_subjects`), and the harness has
/// hundreds of intermediates, whose names take more than 16,384 bytes.
pub(super) fn long_request(scenario: &Scenario) -> bool {
    let server = &scenario.server;
    server.stack.is_rustls()
        && server.profile.client_auth != ClientAuth::None
        && server.profile.trust == Trust::Intermediates
        && server.profile.client_certificate_type == CertificateType::X509
}

/// A flight of a rustls server's in one record (server/tls12.rs and tls13.rs), or in two, where the
/// second begins within the CertificateRequest.
fn flight_of_rustls(flight: &[M], shape: &Shape, server: &mut Vec<Step>) {
    let request = flight
        .iter()
        .position(|kind| *kind == M::certificate_request)
        .filter(|_| shape.long_request);
    let (first, second) = flight.split_at(request.unwrap_or(flight.len()));
    server.push(Step::Send(first.to_vec()));
    if !second.is_empty() {
        server.push(Step::Send(second.to_vec()));
    }
}

/// Before TLS 1.3: a rustls server has a ticketer only where the scenario has a memory in tickets
/// (harness, stacks/rustls/resume.rs); an OpenSSL server sends a ticket to whoever asks, below level 3
/// (ssl/t1_lib.c, `tls_use_ticket`), and renews none (statem_srvr.c).
fn ticket(scenario: &Scenario, known: &Known, means: Option<Means>) -> bool {
    let level = |level: Option<u8>| level.unwrap_or(2) < 3;
    let (client, server) = (&scenario.client, &scenario.server);
    let asks = if client.stack.is_rustls() {
        means.is_some() && !known.ticketless
    } else {
        level(client.profile.protocol.security_level)
    };
    let has = match (server.stack.is_rustls(), means) {
        (true, means) => means == Some(Means::Ticket),
        (false, Some(Means::SessionId)) => false,
        (false, _) => level(server.profile.protocol.security_level) && !known.resumed,
    };
    asks && has
}

/// TLS 1.3: two after a full handshake; after a resumed one OpenSSL sends one
/// (ssl/statem/statem_srvr.c, `tls_construct_new_session_ticket`), and rustls two again.
fn tickets(scenario: &Scenario, known: &Known) -> usize {
    if scenario.server.stack.is_rustls() || !known.resumed {
        2
    } else {
        1
    }
}

fn tls13(scenario: &Scenario, shape: &Shape, client: &mut Vec<Step>, server: &mut Vec<Step>) {
    let v13 = ProtocolVersion::TLS1_3;
    client.push(Step::Send(vec![M::client_hello]));
    server.push(Step::Expect(M::client_hello));
    server.push(Step::Settle(v13));
    if shape.retried {
        server.extend([
            Step::Retried,
            Step::Send(vec![M::server_hello]),
            Step::SendChangeCipherSpec,
            Step::Expect(M::client_hello),
        ]);
        client.extend([
            Step::Expect(M::server_hello),
            Step::Settle(v13),
            Step::Retried,
            Step::SendChangeCipherSpec,
            Step::Send(vec![M::client_hello]),
        ]);
    }
    server.push(Step::Send(vec![M::server_hello]));
    if !shape.retried {
        server.push(Step::SendChangeCipherSpec);
    }
    server.extend([Step::Write(Keys::Handshake), Step::Read(Keys::Handshake)]);
    let mut flight = vec![M::encrypted_extensions];
    if !shape.resumed {
        if shape.asks {
            flight.push(M::certificate_request);
        }
        flight.extend([M::certificate, M::certificate_verify]);
    }
    flight.push(M::finished);
    // rustls coalesces a flight, OpenSSL does not (rustls server/tls13.rs, `HandshakeFlightTls13`).
    if scenario.server.stack.is_rustls() {
        flight_of_rustls(&flight, shape, server);
    } else {
        server.extend(flight.iter().map(|kind| Step::Send(vec![*kind])));
    }
    server.push(Step::Write(Keys::Application));
    client.extend([
        Step::Expect(M::server_hello),
        Step::Settle(v13),
        Step::Read(Keys::Handshake),
    ]);
    // An OpenSSL client in middlebox mode writes in the clear until its own flight; rustls speaks at
    // once (client/tls13.rs, `handle_server_hello`).
    let at_once = scenario.client.stack.is_rustls();
    if at_once && !shape.retried {
        client.push(Step::SendChangeCipherSpec);
    }
    if at_once {
        client.push(Step::Write(Keys::Handshake));
    }
    client.extend(flight.iter().map(|kind| match *kind {
        M::certificate_request => Step::MayCome(M::certificate_request),
        kind => Step::Expect(kind),
    }));
    client.push(Step::Read(Keys::Application));
    if !at_once {
        if !shape.retried {
            client.push(Step::SendChangeCipherSpec);
        }
        client.push(Step::Write(Keys::Handshake));
    }
    let mut answer = Vec::new();
    if shape.asks {
        answer.push(M::certificate);
        if shape.signs {
            answer.push(M::certificate_verify);
        }
    }
    server.extend(answer.iter().map(|kind| Step::Expect(*kind)));
    server.extend([
        Step::Expect(M::finished),
        Step::Read(Keys::Application),
        Step::Done,
    ]);
    answer.push(M::finished);
    if scenario.client.stack.is_rustls() {
        client.push(Step::Send(answer));
    } else {
        client.extend(answer.iter().map(|kind| Step::Send(vec![*kind])));
    }
    client.extend([Step::Write(Keys::Application), Step::Done]);
    let tickets = vec![M::new_session_ticket; shape.tickets];
    if scenario.server.stack.is_rustls() {
        server.push(Step::Send(tickets));
    } else {
        server.extend(tickets.iter().map(|kind| Step::Send(vec![*kind])));
    }
}

fn tls12(scenario: &Scenario, shape: &Shape, client: &mut Vec<Step>, server: &mut Vec<Step>) {
    client.push(Step::Send(vec![M::client_hello]));
    server.extend([Step::Expect(M::client_hello), Step::Settle(shape.version)]);
    let mut flight = vec![M::server_hello];
    if !shape.resumed {
        flight.push(M::certificate);
        if shape.stapled {
            flight.push(M::certificate_status);
        }
        if shape.keyed {
            flight.push(M::server_key_exchange);
        }
        if shape.asks {
            flight.push(M::certificate_request);
        }
        flight.push(M::server_hello_done);
    } else if shape.ticket {
        flight.push(M::new_session_ticket);
    }
    if scenario.server.stack.is_rustls() && !shape.resumed {
        flight_of_rustls(&flight, shape, server);
    } else {
        server.extend(flight.iter().map(|kind| Step::Send(vec![*kind])));
    }
    for kind in &flight {
        client.push(match *kind {
            M::certificate_request | M::certificate_status => Step::MayCome(*kind),
            kind => Step::Expect(kind),
        });
        if *kind == M::server_hello {
            client.push(Step::Settle(shape.version));
        }
    }
    let turn = |steps: &mut Vec<Step>| {
        steps.extend([
            Step::SendChangeCipherSpec,
            Step::Write(Keys::Session),
            Step::Send(vec![M::finished]),
        ]);
    };
    let hear = |steps: &mut Vec<Step>| {
        steps.extend([
            Step::ExpectChangeCipherSpec,
            Step::Read(Keys::Session),
            Step::Expect(M::finished),
        ]);
    };
    if shape.resumed {
        turn(server);
        hear(client);
        turn(client);
        client.push(Step::Done);
        hear(server);
        server.push(Step::Done);
        return;
    }
    if shape.asks {
        client.push(Step::SendIfAsked(vec![M::certificate]));
        server.push(Step::Expect(M::certificate));
    }
    client.push(Step::Send(vec![M::client_key_exchange]));
    server.push(Step::Expect(M::client_key_exchange));
    if shape.asks && shape.signs {
        client.push(Step::SendIfAsked(vec![M::certificate_verify]));
        server.push(Step::Expect(M::certificate_verify));
    }
    turn(client);
    hear(server);
    if shape.ticket {
        server.push(Step::Send(vec![M::new_session_ticket]));
        client.push(Step::Expect(M::new_session_ticket));
    }
    turn(server);
    server.push(Step::Done);
    hear(client);
    client.push(Step::Done);
}

/// Behind which step a fault is found.
fn place(scenario: &Scenario, fault: &Fault, shape: &Shape, steps: &[Step]) -> usize {
    let after = |kind: M, nth: usize| {
        steps
            .iter()
            .enumerate()
            .filter(|(_, step)| {
                matches!(step, Step::Expect(found) | Step::MayCome(found) if *found == kind)
            })
            .nth(nth)
            .map_or(steps.len(), |(at, _)| at + 1)
    };
    let rustls = match fault.detector {
        Role::Client => scenario.client.stack.is_rustls(),
        Role::Server => scenario.server.stack.is_rustls(),
    };
    let hellos = usize::from(shape.retried);
    match &fault.phase {
        Phase::BeforeHello => 0,
        Phase::ClientHello => after(
            M::client_hello,
            usize::from(fault.cause == Cause::ResumePskWithdrawn),
        ),
        Phase::AfterServerHello => steps
            .iter()
            .position(|step| *step == Step::Read(Keys::Handshake))
            .unwrap_or(steps.len()),
        Phase::UnwantedVersion => after(M::server_hello, hellos),
        Phase::ServerFlight(version) => {
            let kind = flight_message(fault, *version, rustls);
            let hellos = if fault.cause == Cause::HrrIllegal {
                0
            } else {
                hellos
            };
            after(kind, if kind == M::server_hello { hellos } else { 0 })
        }
        Phase::ClientFlight(_) => match fault.cause {
            Cause::KeyPossessionFailure => after(M::certificate_verify, 0),
            Cause::CertCurveNotOffered => after(M::certificate_verify, 0),
            Cause::CertEmpty => after(M::certificate_verify, 0),
            _ => after(M::certificate, 0),
        },
    }
}

/// At which message of the server's flight a client finds a fault.
fn flight_message(fault: &Fault, version: ProtocolVersion, rustls: bool) -> M {
    let tls13 = version == ProtocolVersion::TLS1_3;
    match fault.cause {
        Cause::VersionMismatch
        | Cause::VersionDowngradeSentinel
        | Cause::EmsRequired
        | Cause::NetCorruptHello
        | Cause::HrrIllegal
        | Cause::RenegInfoMissing => M::server_hello,
        // By its extension; in TLS 1.2 by the key itself.
        Cause::CertTypeMismatch if fault.native.starts_with("PeerIncompatible") && tls13 => {
            M::encrypted_extensions
        }
        Cause::ClientSigalgEmpty | Cause::SigalgListEmpty => M::certificate_request,
        Cause::CertCompressionBad => M::certificate,
        Cause::CertCurveNotOffered => M::server_key_exchange,
        Cause::KeyPossessionFailure if !rustls && !tls13 => M::server_key_exchange,
        Cause::OcspStapleMalformed if !tls13 => M::certificate_status,
        // rustls verifies when it has all that it needs: with the signature over the handshake.
        _ if rustls && tls13 => M::certificate_verify,
        _ if rustls => M::server_hello_done,
        Cause::KeyPossessionFailure => M::certificate_verify,
        _ => M::certificate,
    }
}
