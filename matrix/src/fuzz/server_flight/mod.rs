//! `server_flight`: a real server's first flight, changed in its structure, at two clients.
//!
//! The first byte of an input is a set-up, which says which two clients are compared too, and the rest is a script
//! (`script.rs`). Each client's own hello goes to a server of its own; what that answers is taken apart, changed and
//! put together again, so that everything in it that hangs on the hello is as it should be, but for the change. The
//! handshake then goes on without another. Both sides' Finished cover what either has said (RFC 5246 §7.4.9, RFC 8446 §4.4.4):
//! whoever changes a message must find nobody established, and whoever changes only its records must be
//! noticed by nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};

use shakedown::iana::{ContentType, ProtocolVersion as V};
use shakedown::profile::{ClientAuth, Credential, Ocsp, Protocol, Staple};
use shakedown::scenario::{Scenario, StackId};

use self::differences::{Family, declared, named};
use self::meeting::{Met, Reach, meet};
use super::bytes::{GROUPS, SUITES, TLS13_SUITES};
use super::{Finding, Kept, NO_PANIC, Target, panicked};
use crate::lab::Lab;

pub(super) mod at_a_hello;
pub(super) mod differences;
mod meeting;
mod messages;
mod script;
mod seeds;
mod tree;

pub(super) const TARGET: Target = Target {
    name: "server_flight",
    about: "a real server's flight, changed in its structure, at a client of each stack: nobody is \
        established but where only records differ, both rustls agree, and differences are declared",
    max_len: 1 + MOST_STEPS * script::LENGTH,
    check,
    seeds: seeds::seeds,
};

fn check(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    let [number, script @ ..] = input else {
        return Ok(Kept::No);
    };
    let result = try_once(lab, *number, script);
    // Keys, randoms and signatures are others each time, and a length that lies has them read as what they
    // are not. A difference that is another when it comes again was none.
    if let Err(finding) = &result
        && COMPARED.contains(&finding.oracle)
    {
        for _ in 0..AGAIN {
            match try_once(lab, *number, script) {
                Err(again) if COMPARED.contains(&again.oracle) && again.kind != finding.kind => {
                    return Ok(Kept::Yes);
                }
                Err(again) if !COMPARED.contains(&again.oracle) => return Err(again),
                Ok(()) => return Ok(Kept::Yes),
                Err(_) => {}
            }
        }
    }
    result.map(|()| Kept::Yes)
}

/// Lets both clients of the set-up hear the flight.
fn try_once(lab: &Lab, number: u8, script: &[u8]) -> Result<(), Box<Finding>> {
    let set_up = SetUp::of(number);
    let mut both = Vec::with_capacity(2);
    for client in [StackId::RustlsRing, set_up.other] {
        let scenario = set_up.scenario(client);
        // A connection that panicked is never called again.
        let met = catch_unwind(AssertUnwindSafe(|| meet(lab, &scenario, script)))
            .map_err(|panic| {
                let message = panicked(&*panic);
                Finding::new(NO_PANIC, format!("{client}, {set_up:?}: {message}"))
            })?
            .map_err(|(oracle, why)| {
                Finding::new(oracle, format!("{client}, {set_up:?}: {why}"))
            })?;
        if let Err(oracle) = judge(&set_up, &met) {
            return Err(found(oracle, &set_up, &[(client, &met)]));
        }
        both.push(met);
    }
    let [ring, other] = &both[..] else {
        return Ok(());
    };
    let both = [(StackId::RustlsRing, ring), (set_up.other, other)];
    if set_up.other.is_rustls() {
        if ring.client != other.client {
            return Err(found(SAME_RUSTLS, &set_up, &both));
        }
    } else if let Some((onward, native)) = difference(ring, other)
        && declared(onward, &native).is_none()
    {
        let mut finding = found(SAME_FATE, &set_up, &both);
        finding.kind = format!("{onward:?} goes on: {native}");
        return Err(finding);
    }
    Ok(())
}

/// What one client and its server must keep to; the oracle that fails.
fn judge(set_up: &SetUp, met: &Met) -> Result<(), &'static str> {
    if met.restless {
        return Err(ENDS);
    }
    if met.client.data || met.server.data {
        return Err(NO_DATA);
    }
    let (sent, told) = (met.sent.binding(), met.told.binding());
    let same = sent == told;
    // What comes behind a flight that is all there comes too late for whoever is done by then: the client
    // once it has heard the server's Finished, the server once it has heard the client's, which is sent
    // for the flight's own end.
    let late = told.starts_with(&sent);
    let client_may = same || late && set_up.kind == Kind::Tls13;
    let server_may = same || late && set_up.kind != Kind::Retry;
    if met.client.established && !client_may || met.server.established && !server_may {
        return Err(BOUND);
    }
    if met.sent.says(&met.told) && !(met.client.established && met.server.established) {
        return Err(RECORDS);
    }
    if let Some((alert, version)) = met.client.first_alert() {
        // OpenSSL writes in its records' heads what it takes for the version by then, be it that of no hello
        // (TLS 1.0's) or one that it is about to refuse (ssl/statem/statem_lib.c,
        // `ssl_choose_client_version`). An OpenSSL that knows the version ends without a word for such an
        // alert (ssl/record/methods/tls_common.c), and rustls where the first byte is not 3
        // (msgs/message/outbound.rs, `read_opaque_message_header`).
        let unread = match met.server.failure.as_deref() {
            Some("WRONG_VERSION_NUMBER") => version != V::TLS1_2,
            Some("InvalidMessage(UnknownProtocolVersion)") => version.0 >> 8 != 3,
            _ => false,
        };
        if !met.server.heard.contains(&alert) && !unread {
            return Err(TOLD);
        }
    }
    Ok(())
}

/// Which client goes on, and what the other says.
fn difference(rustls: &Met, openssl: &Met) -> Option<(Family, String)> {
    if rustls.trail != openssl.trail || rustls.trail.shifted {
        return None;
    }
    // Among sealed records rustls looks at what is not sealed before it refuses it.
    let unsealed = openssl.client.failure.as_deref() == Some("BAD_RECORD_TYPE");
    let (onward, other) = match (rustls.client.reach(), openssl.client.reach()) {
        (one, other) if one == other || unsealed && one < Reach::Done => return None,
        (one, other) if one > other => (Family::Rustls, openssl),
        _ => (Family::Openssl, rustls),
    };
    let native = other.client.failure.as_deref().unwrap_or_default();
    // Which alert it was, or what is wrong with a certificate, does not matter to the two differences that
    // are about these.
    let mut items = other.told.items.iter();
    let alerted = items.any(|item| item.kind() == ContentType::alert);
    let native = match native {
        _ if alerted && native.starts_with("AlertReceived(") => "AlertReceived",
        _ if other.trail.twice && native.starts_with("CERTIFICATE_VERIFY_FAILED(") => {
            "CERTIFICATE_VERIFY_FAILED, with a certificate twice"
        }
        native => named(native, &other.told.write()),
    };
    Some((onward, native.to_owned()))
}

fn found(oracle: &'static str, set_up: &SetUp, met: &[(StackId, &Met)]) -> Box<Finding> {
    let mut story = format!("{set_up:?}");
    let mut kind = format!("{:?}", set_up.kind);
    for (client, met) in met {
        story += &format!(
            "\n{client} client: {:?}\nits server: {:?}\nsent: {}\ntold: {}",
            met.client,
            met.server,
            hex::encode(met.sent.write()),
            hex::encode(met.told.write())
        );
        kind += &format!(
            " {client}: {:?} {:?}",
            met.client.reach(),
            met.client.failure
        );
    }
    let mut finding = Finding::new(oracle, story);
    finding.kind = kind;
    finding
}

/// Who answers, and with what kind of flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SetUp {
    server: StackId,
    kind: Kind,
    /// The server asks for the client's certificate.
    client_auth: bool,
    /// The server staples the state of its own.
    staple: bool,
    /// The client would take either version.
    any_version: bool,
    /// What a client of rustls's with ring is compared with.
    other: StackId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Tls12,
    Tls13,
    /// TLS 1.3, with a HelloRetryRequest (RFC 8446 §4.1.4).
    Retry,
}

impl SetUp {
    fn of(number: u8) -> Self {
        let number = usize::from(number);
        Self {
            server: StackId::ALL[number % 3],
            kind: [Kind::Tls12, Kind::Tls13, Kind::Retry][number / 3 % 3],
            client_auth: number / 9 % 2 == 1,
            staple: number / 18 % 2 == 1,
            any_version: number / 36 % 2 == 1,
            // Each client costs a handshake, and the two rustls differ the least.
            other: match number / SET_UPS {
                1 => StackId::RustlsAwsLcRs,
                _ => StackId::Openssl,
            },
        }
    }

    /// The same suites and groups for all, so that what a client takes does not hang on its stack's own.
    fn scenario(&self, client: StackId) -> Scenario {
        let mut scenario = Scenario::plain(client, self.server);
        let version = match self.kind {
            Kind::Tls12 => V::TLS1_2,
            Kind::Tls13 | Kind::Retry => V::TLS1_3,
        };
        let protocol = Protocol {
            versions: vec![version],
            suites: Some(SUITES.to_vec()),
            tls13_suites: Some(TLS13_SUITES.to_vec()),
            groups: Some(GROUPS.to_vec()),
            ..Protocol::default()
        };
        scenario.client.profile.protocol = Protocol {
            versions: if self.any_version {
                vec![V::TLS1_2, V::TLS1_3]
            } else {
                vec![version]
            },
            ..protocol.clone()
        };
        scenario.server.profile.protocol = protocol;
        if self.kind == Kind::Retry {
            scenario.server.profile.protocol.groups = Some(vec![GROUPS[1]]);
        }
        if self.client_auth {
            scenario.client.profile.identity = Some(Credential::default());
            scenario.server.profile.client_auth = ClientAuth::Required;
        }
        // rustls asks in any case.
        scenario.client.profile.ocsp = Ocsp::Request;
        if self.staple {
            scenario.server.profile.staple = Staple::Good;
        }
        scenario.client.profile.alpn = vec!["h2".into()];
        scenario.server.profile.alpn = vec!["h2".into()];
        scenario
    }
}

/// Servers, kinds of flight, and three switches.
const SET_UPS: usize = 3 * 3 * 8;
/// So many steps are enough to build up to something, and few enough to see what it was.
const MOST_STEPS: usize = 8;
/// A difference by chance does not come so often.
const AGAIN: usize = 6;
const PLAIN: &str = "a server answers with a flight";
const ENDS: &str = "a handshake comes to an end";
const NO_DATA: &str = "no data comes of a handshake";
const BOUND: &str = "nobody is established whose peer said something else";
const RECORDS: &str = "messages mean the same in any records";
const TOLD: &str = "a server hears why its flight is refused";
const SAME_RUSTLS: &str = "rustls does the same with any cryptography";
const SAME_FATE: &str = "a flight that one client takes, all take";
/// The oracles that hold one client against another.
const COMPARED: [&str; 2] = [SAME_RUSTLS, SAME_FATE];

#[cfg(test)]
mod tests;
