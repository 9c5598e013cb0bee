//! From a fault, or from an agreement, to what both sides must see.

use shakedown::connection::{HandshakeKind, Peer, Role, Session};
use shakedown::iana::{
    AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
};
use shakedown::outcome::{Protection, SentAlert};
use shakedown::profile::{Credential, Loading};
use shakedown::scenario::{Scenario, StackId};

use super::gate::{self, Gate};
use super::hello::server_abilities;
use super::name::{NameText, name_text};
use super::openssl_server;
use super::resumption::Remembered;
use super::traits::{openssl, rustls};
use super::{Cause, Expectation, Expected, ExpectedEnd, ExpectedSide, Prediction};

/// The first thing that goes wrong.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) cause: Cause,
    pub(super) detector: Role,
    /// What the detector's stack says.
    pub(super) native: String,
    /// What it sends; `None`: nothing.
    pub(super) alert: Option<AlertDescription>,
    pub(super) phase: Phase,
}

/// When it goes wrong. It decides over the alert's protection and over who is done already.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Before a ClientHello has been sent.
    BeforeHello,
    /// The server reads a ClientHello.
    ClientHello,
    /// The server has sent a TLS 1.3 ServerHello.
    AfterServerHello,
    /// The client reads a ServerHello with a version that it has not enabled.
    UnwantedVersion,
    /// The client reads the server's flight.
    ServerFlight(ProtocolVersion),
    /// The server reads the client's flight: in TLS 1.3 the client is done by then (RFC 8446 §2).
    ClientFlight(Box<Agreed>),
}

impl Phase {
    /// The version that has been chosen by then.
    fn version(&self) -> Option<ProtocolVersion> {
        match self {
            Self::BeforeHello | Self::ClientHello | Self::UnwantedVersion => None,
            Self::AfterServerHello => Some(ProtocolVersion::TLS1_3),
            Self::ServerFlight(version) => Some(*version),
            Self::ClientFlight(agreed) => Some(agreed.version),
        }
    }
}

/// What both sides agree on.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    pub(super) version: ProtocolVersion,
    pub(super) suite: CipherSuite,
    pub(super) group: Option<NamedGroup>,
    pub(super) server_signature: Option<SignatureScheme>,
    pub(super) client_signature: Option<SignatureScheme>,
    pub(super) alpn: Option<String>,
    pub(super) server_name: Option<String>,
    pub(super) kind: HandshakeKind,
    /// Whether the server has asked for, and got, the client's certificate.
    pub(super) client_presented: bool,
    /// The session that is resumed.
    pub(super) resumed: Option<Remembered>,
}

/// What comes of configurations that are not made; `None` where both are.
pub(super) fn of_gates(gates: (Gate, Gate)) -> Option<Prediction> {
    for (role, gate) in [(Role::Client, &gates.0), (Role::Server, &gates.1)] {
        if let Gate::Both(reason) = gate {
            return Some(Prediction::Unmodelled {
                reason: format!("which comes first: {reason}, or a refusal of the {role}'s own"),
            });
        }
    }
    for (role, gate) in [(Role::Client, &gates.0), (Role::Server, &gates.1)] {
        if let Gate::Unsupported(reason) = gate {
            return Some(Prediction::Unsupported {
                role,
                reason: reason.clone(),
            });
        }
    }
    let (detector, cause) = gate::shut(&gates)?;
    let side = |gate: &Gate| ExpectedSide {
        established: false,
        end: match gate {
            Gate::Refused { native, .. } => ExpectedEnd::Refused {
                native: native.clone(),
            },
            _ => ExpectedEnd::NotStarted,
        },
        alert_sent: None,
        alert_received: None,
        session: None,
        data_lost: false,
    };
    Some(Prediction::Expect(Expectation {
        cause: Some(cause),
        detector: Some(detector),
        masked: Vec::new(),
        version: None,
        allowed: vec![Expected {
            client: side(&gates.0),
            server: side(&gates.1),
            deeds: Vec::new(),
        }],
    }))
}

/// What comes of an agreement.
pub(super) fn success(scenario: &Scenario, agreed: &Agreed) -> Expectation {
    let side = |role| ExpectedSide {
        established: true,
        end: ExpectedEnd::Closed,
        alert_sent: None,
        alert_received: None,
        session: Some(session(scenario, agreed, role)),
        data_lost: false,
    };
    Expectation {
        cause: None,
        detector: None,
        masked: Vec::new(),
        version: Some(agreed.version),
        allowed: vec![Expected {
            client: side(Role::Client),
            server: side(Role::Server),
            deeds: Vec::new(),
        }],
    }
}

/// What comes of a fault.
pub(super) fn failure(scenario: &Scenario, fault: Fault) -> Expectation {
    let peer = fault.detector.peer();
    let chosen = fault.phase.version();
    let sent = fault.alert.map(|description| SentAlert {
        description: Some(description),
        protection: protection(stack(scenario, fault.detector), &fault.phase),
    });
    let finder = ExpectedSide {
        established: false,
        end: ExpectedEnd::Failed {
            native: fault.native.clone(),
        },
        alert_sent: sent,
        alert_received: None,
        session: None,
        data_lost: false,
    };
    let early = match &fault.phase {
        Phase::ClientFlight(agreed) if agreed.version == ProtocolVersion::TLS1_3 => {
            Some(session(scenario, agreed, peer))
        }
        _ => None,
    };
    let other = ExpectedSide {
        established: early.is_some(),
        end: ExpectedEnd::Failed {
            native: heard(stack(scenario, peer), fault.alert),
        },
        alert_sent: sent_at_the_end(scenario, peer, &fault),
        alert_received: fault.alert,
        session: early,
        data_lost: false,
    };
    let other = match fault.phase {
        Phase::BeforeHello if !stack(scenario, peer).is_rustls() => {
            let (native, alert) = openssl_server_hears_no_hello(scenario);
            ExpectedSide {
                end: ExpectedEnd::Failed { native },
                alert_sent: alert.map(|description| SentAlert {
                    description: Some(description),
                    protection: Protection::Plain,
                }),
                alert_received: None,
                ..other
            }
        }
        // The alert's record has the client's version, which the server no longer takes
        // (ssl/record/methods/tlsany_meth.c and tls_common.c); it says so to nobody.
        Phase::UnwantedVersion => ExpectedSide {
            end: ExpectedEnd::Failed {
                native: "WRONG_VERSION_NUMBER".into(),
            },
            alert_received: None,
            ..other
        },
        _ => other,
    };
    let (client, server) = match fault.detector {
        Role::Client => (finder, other),
        Role::Server => (other, finder),
    };
    Expectation {
        cause: Some(fault.cause),
        detector: Some(fault.detector),
        masked: Vec::new(),
        version: chosen,
        allowed: vec![Expected {
            client,
            server,
            deeds: Vec::new(),
        }],
    }
}

/// An OpenSSL server looks at its own configuration before it reads; then it takes an alert for no
/// ClientHello (ssl/statem/statem_srvr.c, `ossl_statem_server_read_transition`).
fn openssl_server_hears_no_hello(scenario: &Scenario) -> (String, Option<AlertDescription>) {
    match openssl_server::setup(&server_abilities(&scenario.server)) {
        Err(fault) => (fault.native, fault.alert),
        Ok(()) => (
            "UNEXPECTED_MESSAGE".into(),
            Some(AlertDescription::unexpected_message),
        ),
    }
}

/// Whether the detector has switched to keys when it sends its alert.
fn protection(stack: StackId, phase: &Phase) -> Protection {
    match phase {
        Phase::BeforeHello | Phase::ClientHello | Phase::UnwantedVersion => Protection::Plain,
        Phase::AfterServerHello => Protection::Protected,
        // An OpenSSL client in middlebox mode switches its write keys with its own flight
        // (ssl/statem/statem_clnt.c, `ossl_statem_client_pre_work`).
        Phase::ServerFlight(ProtocolVersion::TLS1_3) if stack.is_rustls() => Protection::Protected,
        Phase::ServerFlight(_) => Protection::Plain,
        Phase::ClientFlight(agreed) if agreed.version == ProtocolVersion::TLS1_3 => {
            Protection::Protected
        }
        Phase::ClientFlight(_) => Protection::Plain,
    }
}

/// What a stack says when its peer has failed with this alert, or without any.
fn heard(stack: StackId, alert: Option<AlertDescription>) -> String {
    match (stack.is_rustls(), alert) {
        (true, Some(alert)) => rustls::alert_received(alert),
        (true, None) => rustls::TRUNCATED.into(),
        (false, Some(alert)) => openssl::alert_received(alert),
        (false, None) => openssl::truncated().0.into(),
    }
}

/// What a side sends whose peer has failed without a word.
fn sent_at_the_end(scenario: &Scenario, role: Role, fault: &Fault) -> Option<SentAlert> {
    let (_, alert) = openssl::truncated();
    if stack(scenario, role).is_rustls() || fault.alert.is_some() {
        return None;
    }
    let protection = match &fault.phase {
        Phase::BeforeHello | Phase::ClientHello | Phase::UnwantedVersion => Protection::Plain,
        Phase::ServerFlight(version) if *version < ProtocolVersion::TLS1_3 => Protection::Plain,
        // Its own flight is out, and ended with its Finished.
        Phase::AfterServerHello | Phase::ServerFlight(_) | Phase::ClientFlight(_) => {
            Protection::Protected
        }
    };
    alert.map(|description| SentAlert {
        description: Some(description),
        protection,
    })
}

/// What a side holds for negotiated.
pub(super) fn session(scenario: &Scenario, agreed: &Agreed, role: Role) -> Session {
    let known = |role, credential: Option<Credential>| {
        credential.map(|credential| Peer::Known {
            role,
            credential: Credential {
                loading: Loading::Checked,
                ..credential
            },
        })
    };
    // rustls tells the name in lower case (server/hs.rs, `to_lowercase_owned`).
    let lower = role == Role::Server && scenario.server.stack.is_rustls();
    // An address in SNI counts as none (server/hs.rs, `process_client_hello`).
    let ignored = |name: &&String| lower && name_text(name) == NameText::Address;
    let told = agreed.server_name.as_ref().filter(|name| !ignored(name));
    let server_name = told.map(|name| {
        if lower {
            name.to_ascii_lowercase()
        } else {
            name.clone()
        }
    });
    let server_name = agreed
        .resumed
        .as_ref()
        .and_then(|session| session.told_name(stack(scenario, role), role, server_name.clone()))
        .unwrap_or(server_name);
    let peer = match (role, &agreed.resumed) {
        (Role::Client, Some(session)) => known(Role::Server, session.server_identity),
        (Role::Server, Some(session)) => known(Role::Client, session.client_identity),
        (Role::Client, None) => known(Role::Server, scenario.server.profile.identity),
        (Role::Server, None) if agreed.client_presented => {
            known(Role::Client, scenario.client.profile.identity)
        }
        (Role::Server, None) => None,
    };
    Session {
        version: agreed.version,
        suite: agreed.suite,
        group: agreed.group,
        server_signature: agreed.server_signature,
        client_signature: agreed.client_signature,
        alpn: agreed.alpn.clone(),
        server_name,
        kind: agreed.kind,
        peer,
    }
}

pub(super) fn stack(scenario: &Scenario, role: Role) -> StackId {
    match role {
        Role::Client => scenario.client.stack,
        Role::Server => scenario.server.stack,
    }
}

/// Whether an alert counts as a failure of the handshake (`shakedown::pair`).
pub(super) fn is_fatal(alert: AlertDescription) -> bool {
    !matches!(
        alert,
        AlertDescription::close_notify
            | AlertDescription::user_canceled
            | AlertDescription::no_renegotiation
    )
}
