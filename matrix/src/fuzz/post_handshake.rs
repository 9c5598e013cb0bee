//! `post_handshake`: a connection that is done, and what its sides and a stranger do then.
//!
//! The first byte of an input is the pairing, the second a set-up, and the rest is a script: data, either
//! side's close_notify, exporters, KeyUpdates, renegotiations, tickets, and bytes of nobody's in between. Data
//! arrives whole and in order, as long as nobody meddles; once somebody has, a side hands on nothing but what its
//! peer has sent before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use shakedown::connection::{PostHandshake, Role};
use shakedown::iana::ProtocolVersion as V;
use shakedown::link::Link;
use shakedown::pair::Pair;
use shakedown::profile::{ClientAuth, Credential};
use shakedown::scenario::{Scenario, StackId};

use super::{Finding, Kept, Target, bytes, panicked, unharmed};
use crate::lab::Lab;

pub(super) const TARGET: Target = Target {
    name: "post_handshake",
    about: "data, close_notify, exporters, KeyUpdates, renegotiations, tickets and foreign bytes after a \
        handshake: what is sent arrives, and nothing else",
    max_len: 256,
    check: try_script,
    seeds,
};

fn try_script(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    let [pairing, set_up, script @ ..] = input else {
        return Ok(Kept::No);
    };
    let scenario = scenario(*pairing, *set_up);
    let told =
        |oracle, story: &str| Finding::new(oracle, format!("{}: {story}", scenario.to_json()));
    // A connection that panicked is never called again.
    catch_unwind(AssertUnwindSafe(|| {
        Talk::begin(lab, &scenario)
            .and_then(|mut talk| talk.follow(script))
            .map_err(|(oracle, story)| told(oracle, &story))
    }))
    .unwrap_or_else(|panic| Err(told(super::NO_PANIC, &panicked(&*panic))))
}

fn scenario(pairing: u8, set_up: u8) -> Scenario {
    let stacks = StackId::ALL;
    let number = usize::from(pairing) % (stacks.len() * stacks.len());
    let (client, server) = (number / stacks.len(), number % stacks.len());
    let mut scenario = Scenario::plain(stacks[client], stacks[server]);
    let version = if set_up & 1 == 0 {
        V::TLS1_3
    } else {
        V::TLS1_2
    };
    // Of either hash.
    scenario.client.profile.protocol = bytes::plain(version, usize::from(set_up >> 2 & 1));
    if set_up & 2 != 0 {
        scenario.client.profile.identity = Some(Credential::default());
        scenario.server.profile.client_auth = ClientAuth::Required;
    }
    scenario
}

/// Two sides that are done with each other's handshake.
struct Talk {
    pair: Pair<'static>,
    /// What each has sent.
    sent: [Vec<u8>; 2],
    /// What each has handed on.
    received: [Vec<u8>; 2],
    closed: [bool; 2],
    /// Whether foreign bytes have gone to it.
    meddled: [bool; 2],
    /// How each must have failed by now.
    fails: [Option<&'static str>; 2],
    stacks: [StackId; 2],
    version: V,
    key_updates: usize,
}

impl Talk {
    fn begin(lab: &Lab, scenario: &Scenario) -> Result<Self, (&'static str, String)> {
        let prepared = [lab.client(scenario), lab.server(scenario)];
        let connect = |role: Role| {
            prepared[role as usize]
                .as_ref()
                .as_ref()
                .map_err(|refusal| (DONE, format!("{refusal:?}")))
                .and_then(|config| config.connect().map_err(|failure| (DONE, failure.text)))
        };
        let mut talk = Self {
            pair: Pair::new(connect(Role::Client)?, connect(Role::Server)?, &PIECES),
            sent: Default::default(),
            received: Default::default(),
            closed: [false; 2],
            meddled: [false; 2],
            fails: [None; 2],
            stacks: [scenario.client.stack, scenario.server.stack],
            version: scenario.client.profile.protocol.versions[0],
            key_updates: 0,
        };
        let done = talk.pair.handshake();
        unharmed(&talk.pair)?;
        if done {
            Ok(talk)
        } else {
            Err((DONE, "it is not done".into()))
        }
    }

    /// Carries what there is to carry, both ways, until there is no more, and takes what has arrived: of one step it is
    /// less than rustls's buffer holds.
    fn carry(&mut self) {
        for _ in 0..MOST_STEPS {
            if !self.pair.step() {
                break;
            }
        }
        for (role, received) in Role::BOTH.into_iter().zip(&mut self.received) {
            self.pair.call(role, |end| end.take_received(received));
        }
    }

    fn has_failed(&self, role: Role) -> bool {
        self.pair.connection(role).failure().is_some()
    }

    fn follow(&mut self, mut script: &[u8]) -> Result<Kept, (&'static str, String)> {
        while let [step, rest @ ..] = script {
            let from = if step & 1 == 0 {
                Role::Client
            } else {
                Role::Server
            };
            let (number, rest) = rest.split_first().unwrap_or((&0, &[]));
            script = rest;
            match step >> 1 & 7 {
                0 if !self.closed.contains(&true) => self.say(from, usize::from(*number)),
                1 if !self.closed[from as usize] => {
                    self.pair.call(from, |end| end.close());
                    self.closed[from as usize] = true;
                }
                2 => self.compare(usize::from(*number))?,
                3 => {
                    let (bytes, rest) =
                        script.split_at(script.len().min(usize::from(*number % 48)));
                    script = rest;
                    if !bytes.is_empty() {
                        self.meddled[from.peer() as usize] = true;
                        self.pair.call(from.peer(), |end| end.receive(bytes));
                    }
                }
                4 => self.begin_more(from, PostHandshake::KeyUpdate)?,
                5 => self.begin_more(from, PostHandshake::Renegotiation)?,
                6 => self.begin_more(from, PostHandshake::NewSessionTicket)?,
                _ => {}
            }
            self.carry();
            unharmed(&self.pair)?;
            self.judge()?;
            if self.fails != [None; 2] {
                break;
            }
        }
        Ok(Kept::Yes)
    }

    /// As much data as a step says, of bytes that tell where they belong.
    fn say(&mut self, from: Role, number: usize) {
        // From nothing to about what a record holds (RFC 8446 §5.1).
        let length = number * 64;
        let begin = self.sent[from as usize].len();
        let data: Vec<_> = (begin..begin + length).map(|at| (at % 251) as u8).collect();
        if !data.is_empty() && !self.has_failed(from) {
            self.pair.call(from, |end| end.send(&data));
            self.sent[from as usize].extend(data);
        }
    }

    /// What a side has the right to begin begins, and nothing else does.
    fn begin_more(
        &mut self,
        from: Role,
        what: PostHandshake,
    ) -> Result<(), (&'static str, String)> {
        if self.closed.contains(&true) || Role::BOTH.map(|role| self.has_failed(role)) != [false; 2]
        {
            return Ok(());
        }
        let is_openssl = |role: Role| self.stacks[role as usize] == StackId::Openssl;
        let is_tls13 = self.version == V::TLS1_3;
        let may = match what {
            PostHandshake::KeyUpdate => {
                // Both stacks stop a peer that does nothing else (rustls's common_state.rs, `TemperCounters`;
                // OpenSSL's ssl/statem/statem_lib.c, `MAX_KEY_UPDATE_MESSAGES`).
                self.key_updates += 1;
                if self.key_updates > MOST_KEY_UPDATES {
                    return Ok(());
                }
                is_tls13
            }
            PostHandshake::Renegotiation => is_openssl(from) && !is_tls13,
            PostHandshake::NewSessionTicket => is_openssl(from) && is_tls13 && from == Role::Server,
        };
        // Rustls never starts over, and an OpenSSL server does so only when it has asked itself
        // (`SSL_OP_ALLOW_CLIENT_RENEGOTIATION`). Who asked in vain ends the connection
        // (ssl/record/rec_layer_s3.c).
        let in_vain = from == Role::Client || !is_openssl(Role::Client);
        if may && what == PostHandshake::Renegotiation && in_vain {
            let peer = from.peer();
            self.fails[from as usize] = Some("NO_RENEGOTIATION");
            self.fails[peer as usize] = Some(if is_openssl(peer) {
                "ALERT_RECEIVED(handshake_failure)"
            } else {
                "AlertReceived(handshake_failure)"
            });
        }
        let begun = self.pair.call(from, |end| Some(end.post_handshake(what)));
        // Nothing else was left to be said, and a peer that speaks answers.
        let said = self.pair.step();
        unharmed(&self.pair)?;
        // Who has half a record of a stranger's waits for the rest of it first.
        let meddled = self.meddled[from as usize];
        let begins = matches!(begun, Some(Ok(_)));
        if !meddled && (begins != may || said != may) {
            let story = format!("the {from}, {what:?}: {begun:?}; it says something: {said}");
            return Err((BEGINS, story));
        }
        Ok(())
    }

    /// RFC 5705, RFC 8446 §7.5.
    fn compare(&mut self, number: usize) -> Result<(), (&'static str, String)> {
        let context = vec![7; number];
        let mut material = [[0; 32]; 2];
        for (role, material) in Role::BOTH.into_iter().zip(&mut material) {
            if self.has_failed(role) {
                return Ok(());
            }
            self.pair
                .call(role, |end| {
                    let exported = end.export(b"EXPERIMENTAL shakedown", &context, material);
                    exported.err().map(|failure| failure.text)
                })
                .map_or(Ok(()), |why| Err((EXPORTERS, why)))?;
        }
        unharmed(&self.pair)?;
        if material[0] == material[1] {
            Ok(())
        } else {
            Err((EXPORTERS, format!("a context of {number} bytes")))
        }
    }

    fn judge(&self) -> Result<(), (&'static str, String)> {
        let meddled = self.meddled.contains(&true);
        for role in Role::BOTH {
            let (own, peer) = (role as usize, role.peer() as usize);
            let (sent, received) = (&self.sent[peer], &self.received[own]);
            let counts = || format!("the {role} has {} of {} bytes", received.len(), sent.len());
            if !sent.starts_with(received) {
                return Err((NOTHING_ELSE, counts()));
            }
            let end = self.pair.connection(role);
            if meddled {
                // A stranger's close_notify is not the peer's.
                if end.is_peer_closed() && !self.closed[peer] {
                    return Err((
                        NOTHING_ELSE,
                        format!("the {role} takes a stranger's close_notify"),
                    ));
                }
                continue;
            }
            let failure = end.failure().map(|failure| &*failure.native);
            if failure != self.fails[own] {
                let story = format!("the {role}: {failure:?}, not {:?}", self.fails[own]);
                return Err((ARRIVES, story));
            }
            if sent.len() != received.len() {
                return Err((ARRIVES, counts()));
            }
            if end.is_peer_closed() != self.closed[peer] {
                return Err((
                    ARRIVES,
                    format!("the {role} does not see its peer's close_notify"),
                ));
            }
        }
        Ok(())
    }
}

/// Data both ways, exporters, either side's close_notify, what either begins of its own, and foreign bytes of each kind
/// of record.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let scripts: [(&str, &[u8]); 10] = [
        ("data", &[0, 3, 1, 200, 0, 255, 1, 1]),
        ("exporters", &[4, 0, 0, 9, 4, 20]),
        ("client-closes", &[0, 9, 2, 0, 3, 0]),
        ("server-closes", &[1, 9, 3, 0, 2, 0]),
        ("alert", &[6, 7, 21, 3, 3, 0, 2, 1, 0, 0, 4]),
        ("key-updates", &[8, 0, 0, 3, 1, 3, 9, 0, 0, 5, 1, 5, 4, 1]),
        ("client-renegotiates", &[0, 1, 10, 0, 4, 1, 0, 2, 1, 2]),
        ("server-renegotiates", &[1, 1, 11, 0, 4, 1, 0, 2, 1, 2]),
        ("tickets", &[12, 0, 13, 0, 0, 2, 13, 0, 1, 2]),
        ("foreign-data", &[7, 8, 23, 3, 3, 0, 3, 1, 2, 3, 1, 4]),
    ];
    let mut seeds = Vec::new();
    for pairing in 0..9 {
        for set_up in 0..4 {
            for (name, script) in scripts {
                let mut seed = vec![pairing, set_up | (pairing & 1) << 2];
                seed.extend(script);
                seeds.push((format!("{name}-{pairing}-{set_up}"), seed));
            }
        }
    }
    seeds
}

/// No step moves anything so often.
const MOST_STEPS: usize = 64;

/// In pieces that end within records.
static PIECES: LazyLock<Link> = LazyLock::new(|| Link {
    deliver: Some(4096),
    ..Link::default()
});

const DONE: &str = "a plain handshake succeeds";
const ARRIVES: &str = "what is sent arrives";
const NOTHING_ELSE: &str = "nothing arrives but what was sent";
const EXPORTERS: &str = "exporters agree";
const BEGINS: &str = "a side begins what it may, and nothing else";
/// Half of what either stack takes in a row, since a peer's answer counts too.
const MOST_KEY_UPDATES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::planted::{self, Fault, lab_with};

    fn oracles(stack: StackId, fault: Fault) -> Vec<&'static str> {
        let lab = lab_with(stack, fault);
        planted::oracles(seeds(), |seed| try_script(&lab, seed))
    }

    #[test]
    fn data_of_nobody_is_found_from_the_seeds() {
        for stack in StackId::ALL {
            assert_eq!(oracles(stack, Fault::Data), [NOTHING_ELSE], "{stack}");
        }
    }

    #[test]
    fn a_panic_is_found_from_the_seeds() {
        assert_eq!(
            oracles(StackId::Openssl, Fault::Panics),
            [super::super::NO_PANIC]
        );
    }

    #[test]
    fn a_panic_behind_a_handshake_is_told_as_one() {
        for stack in StackId::ALL {
            let lab = lab_with(stack, Fault::PanicsLater);
            for kind in ["exporters", "key-updates"] {
                let mut seeds = seeds();
                seeds.retain(|(name, _)| name.starts_with(kind));
                let found = planted::oracles(seeds, |seed| try_script(&lab, seed));
                assert_eq!(found, [super::super::NO_PANIC], "{stack}, {kind}");
            }
        }
    }

    #[test]
    fn data_that_does_not_arrive_is_found_from_the_seeds() {
        assert_eq!(oracles(StackId::Openssl, Fault::LosesData), [ARRIVES]);
        assert_eq!(oracles(StackId::RustlsRing, Fault::LosesData), [ARRIVES]);
    }

    #[test]
    fn a_close_notify_that_is_overlooked_is_found_from_the_seeds() {
        assert_eq!(oracles(StackId::RustlsRing, Fault::NeverClosed), [ARRIVES]);
    }

    #[test]
    fn a_close_notify_of_nobody_is_found_from_the_seeds() {
        let found = oracles(StackId::Openssl, Fault::ClosedByAnyAlert);
        assert_eq!(found, [NOTHING_ELSE]);
    }

    #[test]
    fn a_key_update_that_is_not_sent_is_found_from_the_seeds() {
        for stack in StackId::ALL {
            assert_eq!(oracles(stack, Fault::KeepsKeys), [BEGINS], "{stack}");
        }
    }

    #[test]
    fn a_key_update_that_is_not_followed_is_found_from_the_seeds() {
        for stack in StackId::ALL {
            assert_eq!(oracles(stack, Fault::OldKeys), [ARRIVES], "{stack}");
        }
    }

    #[test]
    fn a_refused_renegotiation_that_is_overlooked_is_found_from_the_seeds() {
        let fault = Fault::Overlooks(&["NO_RENEGOTIATION"]);
        assert_eq!(oracles(StackId::Openssl, fault), [ARRIVES]);
    }

    #[test]
    fn other_exporters_are_found_from_the_seeds() {
        assert_eq!(oracles(StackId::Openssl, Fault::Exports), [EXPORTERS]);
    }
}
