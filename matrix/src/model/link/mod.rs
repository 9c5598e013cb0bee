//! The network between: what comes of a handshake whose link does something to it.
//!
//! Both sides are walked through the handshake once more, record by record, as the harness drives
//! the real ones: `script` says what each side sends and waits for, `carrier` does to the records
//! what the link does, and `rustls` and `openssl` read them as the stacks do. A record is what it
//! is, not which bytes it has; where the bytes decide, every way is gone (`fork`).

use std::collections::VecDeque;
use std::ops::Range;

use shakedown::connection::{HandshakeKind, Role};
use shakedown::iana::{AlertDescription, HandshakeType, ProtocolVersion as V};
use shakedown::link::{Act, At, Field, Message};
use shakedown::scenario::Scenario;

use self::carrier::Carrier;
use self::effect::{Effect, Found, Heard, Reading};
use self::fork::Fork;
use self::peer::Peer;
use self::script::{Known, Shape, Step};
use self::symbol::{Datum, Record};
use super::ending::{Agreed, Fault, Phase};
use super::hello::{Hello, Unreadable};
use super::negotiation::{self, Chosen};
use super::{Cause, Expectation, Expected, ExpectedDeed, ExpectedEnd, ExpectedSide, Prediction};

pub use self::domain::{KNOWN_BITS, WHOLE};
#[cfg(feature = "stacks")]
pub(crate) use self::effect::refusal;
#[cfg(all(test, feature = "stacks"))]
pub(crate) use self::effect::{WEAK_SCHEME, hellos};

mod carrier;
mod causes;
pub(super) mod domain;
mod effect;
mod extent;
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
    /// What becomes of a first ClientHello that was changed on its way.
    first: Option<Effect>,
    /// What the server makes of the second.
    second: Option<Effect>,
    /// Whether it is the client whose message is changed.
    reads_client_certificate: bool,
    /// Whether messages are as long as in a plain handshake.
    plain: bool,
}

impl<'a> Setting<'a> {
    /// Where no message is changed that decides.
    fn clean(
        scenario: &'a Scenario,
        result: &'a Result<Agreed, Box<Fault>>,
        chosen: Option<&Chosen>,
    ) -> Self {
        Self {
            scenario,
            shape: shape(scenario, result, chosen),
            result,
            first: None,
            second: None,
            reads_client_certificate: from_client(scenario),
            plain: domain::has_plain_lengths(scenario),
        }
    }
}

/// What comes of the scenario over its link, given what would come of it over a clean one.
pub(super) fn interfere(
    scenario: &Scenario,
    result: &Result<Agreed, Box<Fault>>,
    chosen: Option<&Chosen>,
    clean: Expectation,
) -> Prediction {
    let ways = ways(scenario, result, chosen);
    let mut allowed: Vec<Expected> = Vec::new();
    let mut first_to_fail = None;
    for way in &ways {
        let setting = Setting {
            scenario,
            shape: way.shape.clone(),
            result: &way.result,
            first: way.first.clone(),
            second: way.second.clone(),
            reads_client_certificate: from_client(scenario),
            plain: domain::has_plain_lengths(scenario),
        };
        let steps = script::of(scenario, &way.result, &setting.shape);
        let mut fork = Some(Fork::default());
        while let Some(mut now) = fork {
            let mut walk = Walk::new(&setting, steps.clone());
            walk.live(&mut now);
            if let Some(reason) = walk.unforetold() {
                return Prediction::Unmodelled {
                    reason: reason.into(),
                };
            }
            first_to_fail = first_to_fail.or(walk.first_to_fail);
            let expected = walk.into_expected(&clean);
            if !allowed.contains(&expected) {
                allowed.push(expected);
            }
            fork = now.next();
        }
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
        cause: Some(
            ways.iter()
                .find_map(|way| way.cause)
                .unwrap_or_else(|| causes::of(scenario, &allowed)),
        ),
        detector: Some(first_to_fail.unwrap_or(Role::Client)),
        masked: Vec::new(),
        version: clean.version,
        allowed,
    })
}

/// One way in which the handshake may go, as far as the first ClientHello decides.
struct Way {
    result: Result<Agreed, Box<Fault>>,
    shape: Shape,
    first: Option<Effect>,
    /// What the server makes of the second ClientHello, which is as it was sent.
    second: Option<Effect>,
    /// The negotiation's own.
    cause: Option<Cause>,
}

/// Where that hello is changed on its way, the server's answer is to what it has heard, and the client
/// holds it against what it has said.
fn ways(
    scenario: &Scenario,
    result: &Result<Agreed, Box<Fault>>,
    chosen: Option<&Chosen>,
) -> Vec<Way> {
    let usual = |first: Option<Effect>, cause| Way {
        result: result.clone(),
        shape: shape(scenario, result, chosen),
        first,
        second: None,
        cause,
    };
    if scenario.link.ops.first().is_some_and(domain::is_binder) {
        // rustls server/tls13.rs, `CompleteClientHelloHandling`; OpenSSL ssl/statem/extensions.c,
        // `tls_psk_do_binder`.
        let found = if scenario.server.stack.is_rustls() {
            Found::of(
                "PeerMisbehaved(IncorrectBinder)",
                AlertDescription::decrypt_error,
            )
        } else {
            Found::of("BINDER_DOES_NOT_VERIFY", AlertDescription::decrypt_error)
        };
        let cause = Some(Cause::ResumeBinderBad);
        return vec![usual(Some(Effect::Fails(found)), cause)];
    }
    let (Some(act), Ok(hello)) = (on_first_hello(scenario), Hello::of(&scenario.client)) else {
        return vec![usual(None, None)];
    };
    let mut ways = Vec::new();
    for (reading, unreadable) in effect::readings(scenario, &hello, act) {
        match reading {
            Reading::Waits => ways.push(usual(Some(Effect::Waits), None)),
            Reading::Fault(found) => ways.push(usual(Some(Effect::Fails(found)), None)),
            Reading::Heard(heard) => {
                heard_ways(scenario, &hello, &heard, unreadable, act, &usual, &mut ways)
            }
        }
    }
    if ways.is_empty() {
        ways.push(usual(Some(Effect::None), None));
    }
    ways
}

fn heard_ways(
    scenario: &Scenario,
    hello: &Hello<'_>,
    heard: &Heard,
    unreadable: Unreadable,
    act: &Act,
    usual: &dyn Fn(Option<Effect>, Option<Cause>) -> Way,
    ways: &mut Vec<Way>,
) {
    let Ok(mut told) = Hello::of(&scenario.client) else {
        return;
    };
    heard.put(unreadable, &mut told);
    let mut chosen = None;
    let result = negotiation::handshake_heard(scenario, hello, Some(&told), &mut chosen);
    let own = |cause| matches!(act, Act::Edit(_)).then_some(cause);
    let refused = |native: &str, alert| {
        Effect::Fails(Found {
            native: native.to_owned(),
            alert,
        })
    };
    if let Err(fault) = &result
        && matches!(fault.phase, Phase::ClientHello)
    {
        let mut first = refused(&fault.native, fault.alert);
        if let (Effect::Fails(found), false) = (&first, scenario.server.stack.is_rustls())
            && fault.alert == Some(AlertDescription::protocol_version)
        {
            // OpenSSL ssl/statem/statem_srvr.c, `tls_early_post_process_client_hello`.
            first = Effect::FailsIn(heard.version(), found.clone());
        }
        ways.push(usual(Some(first), own(fault.cause)));
        return;
    }
    let mut shape = shape(scenario, &result, chosen.as_ref());
    shape.ems &= heard.has_ems();
    let first = if matches!(act, Act::Field(flip) if flip.field == Field::Random) {
        Effect::Resigned
    } else {
        Effect::Misled
    };
    let tls13 = result
        .as_ref()
        .ok()
        .filter(|agreed| agreed.version == V::TLS1_3);
    let group = tls13.and_then(|agreed| agreed.group);
    let fits = group.map_or_else(
        || vec![None],
        |group| effect::fits_group(scenario.server.stack.is_rustls(), heard, group),
    );
    for found in fits {
        match found {
            Some(found) => ways.push(usual(Some(Effect::Fails(found)), None)),
            None => ways.push(Way {
                cause: result.as_ref().err().and_then(|fault| own(fault.cause)),
                result: result.clone(),
                shape: shape.clone(),
                first: Some(first.clone()),
                second: second(scenario, &result, heard),
            }),
        }
    }
}

/// A server that has asked again on hearsay answers what the client really says (rustls server/tls13.rs,
/// `handle_client_hello`, and server/hs.rs, `with_certified_key`; OpenSSL ssl/statem/statem_srvr.c,
/// `tls_early_post_process_client_hello`).
fn second(
    scenario: &Scenario,
    result: &Result<Agreed, Box<Fault>>,
    heard: &Heard,
) -> Option<Effect> {
    let agreed = result.as_ref().ok()?;
    if agreed.kind != HandshakeKind::HelloRetryRequest {
        return None;
    }
    let mut hello = Hello::of(&scenario.client).ok()?;
    hello.shares = agreed.group.into_iter().collect();
    let rustls = scenario.server.stack.is_rustls();
    if rustls && !heard.has_name(hello.server_name) {
        // server/hs.rs, `process_client_hello`.
        return Some(Effect::Fails(Found::silent(
            "PeerMisbehaved(ServerNameDifferedOnRetry)",
        )));
    }
    let answer = negotiation::answer(scenario, &hello);
    effect::breach(rustls, agreed, &answer.ok()?)
}

/// What is done to what the first ClientHello says, but to its type.
fn on_first_hello(scenario: &Scenario) -> Option<&Act> {
    let op = scenario.link.ops.first()?;
    let hello = At::Message(Message {
        kind: HandshakeType::client_hello,
        nth: 0,
    });
    let field = match &op.act {
        Act::Field(flip) => Some(flip.field),
        Act::Edit(_) => None,
        _ => return None,
    };
    (op.from == Role::Client && op.at == hello && field != Some(Field::MessageType))
        .then_some(&op.act)
}

fn from_client(scenario: &Scenario) -> bool {
    scenario
        .link
        .ops
        .first()
        .is_some_and(|op| op.from == Role::Client)
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
            bound: chosen.is_some_and(|it| it.bound),
        },
    )
}

/// The records that each side sends over a clean link, in the order of its own: content type, and
/// whether it is sealed.
pub fn framing(scenario: &Scenario) -> Option<[Vec<(shakedown::iana::ContentType, bool)>; 2]> {
    let (result, chosen) = super::walked(scenario)?;
    let setting = Setting::clean(scenario, &result, chosen.as_ref());
    let steps = script::of(scenario, &result, &setting.shape);
    let mut walk = Walk::new(&setting, steps);
    walk.live(&mut Fork::default());
    Some(walk.sent)
}

/// The messages in the clear that the model can write down, as they are sent over a clean link in a
/// handshake that succeeds: from whom, which, and each form that it may have. Zeros stand for what is
/// random, and a rustls client puts its extensions in any order.
pub fn written(scenario: &Scenario) -> Vec<(Role, Message, Vec<Vec<u8>>)> {
    if scenario.earlier.is_some() {
        return Vec::new();
    }
    let Some((Ok(agreed), chosen)) = super::walked(scenario) else {
        return Vec::new();
    };
    let result = Ok(agreed);
    let setting = Setting::clean(scenario, &result, chosen.as_ref());
    let (client, server) = (Role::Client, Role::Server);
    let mut messages = Vec::new();
    if let Ok(hello) = Hello::of(&scenario.client) {
        let kind = HandshakeType::client_hello;
        let forms = effect::first_hello(scenario, &hello);
        messages.push((client, Message { kind, nth: 0 }, forms));
    }
    let mut later = |from, kind, nth| {
        let forms = effect::written(&setting, from, kind, nth);
        messages.push((from, Message { kind, nth }, forms));
    };
    later(server, HandshakeType::server_hello, 0);
    if setting.shape.retried {
        later(client, HandshakeType::client_hello, 1);
        later(server, HandshakeType::server_hello, 1);
    } else if setting.shape.version == V::TLS1_2 && !setting.shape.resumed {
        for kind in [
            HandshakeType::certificate,
            HandshakeType::server_key_exchange,
            HandshakeType::server_hello_done,
        ] {
            later(server, kind, 0);
        }
        if setting.shape.asks {
            later(server, HandshakeType::certificate_request, 0);
        }
        if setting.shape.signs {
            later(client, HandshakeType::certificate, 0);
            later(client, HandshakeType::certificate_verify, 0);
        }
        later(client, HandshakeType::client_key_exchange, 0);
        if setting.shape.ticket && !scenario.server.stack.is_rustls() {
            later(server, HandshakeType::new_session_ticket, 0);
        }
    }
    messages.retain(|(_, message, _)| domain::writes(scenario, message.kind));
    messages
}

/// Both sides on their way, as `shakedown::pair::Pair` drives them.
struct Walk<'a> {
    peers: [Peer<'a>; 2],
    carrier: Carrier<'a>,
    deeds: Vec<ExpectedDeed>,
    first_to_fail: Option<Role>,
    sent: [Vec<(shakedown::iana::ContentType, bool)>; 2],
    /// Those that are left.
    steps: Range<usize>,
}

impl<'a> Walk<'a> {
    fn new(setting: &'a Setting<'a>, steps: [VecDeque<Step>; 2]) -> Self {
        let [client, server] = steps;
        Self {
            peers: [
                Peer::new(setting, Role::Client, client),
                Peer::new(setting, Role::Server, server),
            ],
            carrier: Carrier::new(setting),
            deeds: Vec::new(),
            first_to_fail: None,
            sent: [Vec::new(), Vec::new()],
            steps: 0..MAX_STEPS,
        }
    }

    /// Why the rest cannot be foretold, if it cannot.
    fn unforetold(&self) -> Option<&'static str> {
        let misread = self.peers.iter().any(|peer| peer.unforetold);
        self.carrier
            .unknown
            .or_else(|| misread.then_some(carrier::HEADER_BYTES))
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
        while self.steps.next().is_some() {
            let forth = self.carry(Role::Client, fork);
            let back = self.carry(Role::Server, fork);
            if !(forth || back) {
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
        let agreed = setting.result.as_ref().ok()?;
        Some(super::ending::session(setting.scenario, agreed, role))
    }
}

/// As `shakedown::pair` has it.
const MAX_STEPS: usize = 200;

#[cfg(test)]
mod tests {
    use shakedown::iana::ContentType as T;

    use super::*;

    fn scenario(json: &str) -> Scenario {
        Scenario::from_json(json).expect("well-formed")
    }

    /// Of OpenSSL, which has no half-finished messages to fill up with.
    fn plain(rest: &str) -> Scenario {
        scenario(&format!(
            r#"{{"client":{{"stack":"openssl"{rest}}},"server":{{"stack":"openssl"}}}}"#
        ))
    }

    #[test]
    fn a_handshake_has_its_records() {
        let [client, server] = framing(&plain("")).expect("in the model");
        let (open, change) = ((T::handshake, false), (T::change_cipher_spec, false));
        // What is sealed is called data (RFC 8446 §5.2): Finished, what is echoed, and close_notify.
        let sealed = (T::application_data, true);
        assert_eq!(client[..2], [open, change]);
        assert_eq!(client[2..], [sealed; 4]);
        // EncryptedExtensions, Certificate, CertificateVerify, Finished, two tickets, data twice,
        // close_notify.
        assert_eq!(server[..2], [open, change]);
        assert_eq!(server[2..], [sealed; 9]);
    }

    #[test]
    fn one_byte_at_a_time_is_fewer_than_any_record_has() {
        let applied = |most: u32| -> Vec<Option<bool>> {
            let mut scenario = plain("");
            scenario.link = serde_json::from_str(&format!(
                r#"{{"ops":[{{"from":"client","at":{{"record":0}},"act":{{"fragment":{most}}}}}]}}"#
            ))
            .expect("well-formed");
            let prediction = crate::model::predict(&scenario);
            let [expected] = prediction.allowed() else {
                panic!("it is foretold");
            };
            expected.deeds.iter().map(|deed| deed.applied).collect()
        };
        assert_eq!(applied(1), [Some(true)]);
        // As long as that is not every hello.
        assert_eq!(applied(2), [None]);
        assert_eq!(applied(16_000), [None]);
    }

    /// A sealed message that comes before its keys is any bytes: of 256 lengths one is waited for, and then what comes
    /// next must not be another type. No run is likely to meet it.
    #[test]
    fn what_overtakes_its_keys_is_too_long_or_interrupted() {
        let swapped = scenario(
            r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"]}}},
            "server":{"stack":"rustls-ring"},
            "link":{"ops":[{"from":"client","at":{"record":2},"act":"swap"}]}}"#,
        );
        let prediction = crate::model::predict(&swapped);
        let ends: Vec<_> = prediction
            .allowed()
            .iter()
            .map(|expected| match &expected.server.end {
                ExpectedEnd::Failed { native } => native.as_str(),
                end => panic!("{end:?}"),
            })
            .collect();
        assert_eq!(
            ends,
            [
                "InvalidMessage(HandshakePayloadTooLarge)",
                "PeerMisbehaved(MessageInterleavedWithHandshakeMessage)"
            ]
        );
    }

    /// Whose authorities do not fit a record has its flight in two.
    #[test]
    fn a_long_request_is_spread_over_records() {
        let records = |trust: &str, earlier: &str| {
            let scenario = scenario(&format!(
                r#"{{"client":{{"stack":"openssl","profile":{{"identity":{{}}}}}},
                "server":{{"stack":"rustls-ring","profile":{{"client_auth":"required","trust":"{trust}"}}}}{earlier}}}"#
            ));
            let [_, server] = framing(&scenario).expect("in the model");
            server.len()
        };
        assert_eq!(records("intermediates", ""), records("roots", "") + 1);
        let resumed = r#","earlier":{"means":"ticket"}"#;
        assert_eq!(records("intermediates", resumed), records("roots", resumed));
    }

    #[test]
    fn what_comes_to_no_handshake_has_no_records() {
        let refused = scenario(
            r#"{"client":{"stack":"openssl"},
            "server":{"stack":"openssl","profile":{"identity":{"flaw":"key-mismatch"}}}}"#,
        );
        assert!(framing(&refused).is_none());
        let unknown = plain(r#","profile":{"protocol":{"suites":["TLS_AES_128_GCM_SHA256"]}}"#);
        assert!(framing(&unknown).is_none());
    }

    #[test]
    fn what_is_written_is_what_is_sent() {
        let kinds = |scenario: &Scenario| -> Vec<_> {
            written(scenario)
                .into_iter()
                .map(|(from, message, forms)| {
                    assert!(!forms.is_empty());
                    for form in forms {
                        assert_eq!(form[0], message.kind.0);
                        assert_eq!(form[1..4], (form.len() as u32 - 4).to_be_bytes()[1..]);
                    }
                    (from, message.kind, message.nth)
                })
                .collect()
        };
        use HandshakeType as M;
        let (client, server) = (Role::Client, Role::Server);
        assert_eq!(
            kinds(&plain("")),
            [(client, M::client_hello, 0), (server, M::server_hello, 0)]
        );
        let retried = r#","profile":{"protocol":{"groups":["x25519","secp384r1"]}}},
            "server":{"stack":"openssl","profile":{"protocol":{"groups":["secp384r1"]}}}}"#;
        let retried = format!(r#"{{"client":{{"stack":"openssl"{retried}"#);
        assert_eq!(
            kinds(&scenario(&retried)),
            [
                (client, M::client_hello, 0),
                (server, M::server_hello, 0),
                (client, M::client_hello, 1),
                (server, M::server_hello, 1)
            ]
        );
        let old = plain(r#","profile":{"protocol":{"versions":["TLS1.2"]}}"#);
        assert_eq!(
            kinds(&old),
            [
                (client, M::client_hello, 0),
                (server, M::server_hello, 0),
                (server, M::certificate, 0),
                (server, M::server_key_exchange, 0),
                (server, M::server_hello_done, 0),
                (client, M::client_key_exchange, 0),
                (server, M::new_session_ticket, 0)
            ]
        );
        // rustls asks for no ticket, and has none to give.
        for (client, server) in [("rustls-ring", "openssl"), ("openssl", "rustls-ring")] {
            let old = scenario(&format!(
                r#"{{"client":{{"stack":"{client}","profile":{{"protocol":{{"versions":["TLS1.2"]}}}}}},
                "server":{{"stack":"{server}"}}}}"#
            ));
            let ticket = M::new_session_ticket;
            assert!(kinds(&old).iter().all(|(_, kind, _)| *kind != ticket));
        }
        let mut resumed = old;
        resumed.earlier = scenario(
            r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl"},"earlier":{"means":"ticket"}}"#,
        )
        .earlier;
        assert!(kinds(&resumed).is_empty());
    }
}
