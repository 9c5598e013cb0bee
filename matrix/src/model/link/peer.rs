//! One side, as it goes through its steps.

use std::collections::{HashMap, VecDeque};

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, ContentType, HandshakeType, ProtocolVersion};
use shakedown::outcome::{Protection, SentAlert};
use shakedown::profile::ClientAuth;
use shakedown::scenario::StackId;

use super::effect::{Effect, Found, Promise, effects, mistyped};
use super::fork::Fork;
use super::script::Step;
use super::symbol::{Content, Datum, Keys, Length, Record, Said, Seal};
use super::{Setting, extent, openssl, rustls};
use crate::model::ending;
use crate::model::traits;

/// One side.
pub(super) struct Peer<'a> {
    pub(super) setting: &'a Setting<'a>,
    pub(super) stack: StackId,
    pub(super) role: Role,
    steps: VecDeque<Step>,
    pub(super) read: Option<Keys>,
    read_sequence: u32,
    /// Whether anything has been decrypted.
    pub(super) decrypted: bool,
    write: Option<Keys>,
    write_sequence: u32,
    /// What this side's keys are derived from, where it is not what was meant.
    strain: u8,
    /// Whether this side has seen other messages than its peer.
    misled: u8,
    pub(super) settled: Option<ProtocolVersion>,
    pub(super) retried: bool,
    asked: bool,
    pub(super) done: bool,
    pub(super) failure: Option<String>,
    /// Whether the failure is a fault that this side has found itself.
    found_fault: bool,
    told_alert: Option<AlertDescription>,
    plain_alert: Option<AlertDescription>,
    pub(super) alert_received: Option<AlertDescription>,
    out: Vec<Record>,
    said: HashMap<HandshakeType, u32>,
    /// OpenSSL: the version that its alert has, where that is another's.
    pub(super) alert_version: Option<ProtocolVersion>,
    /// A record whose header promises more than has come.
    pub(super) waiting: Option<Record>,
    /// Nothing can be made out any more of what comes.
    deaf: bool,
    /// OpenSSL: whether nothing has been read yet.
    pub(super) first: bool,
    /// Whether OpenSSL was warned.
    pub(super) warned: bool,
    pub(super) peer_closed: bool,
    closing: bool,
    received: Vec<Datum>,
    data_intact: Option<bool>,
    /// A message in the clear whose rest is to come.
    pub(super) unaligned: bool,
    /// The same, and there is only its type yet.
    pub(super) begun: bool,
    /// Whether it has its keys of TLS 1.2.
    keyed: bool,
    /// Whether its key exchange came to something else.
    rekeyed: bool,
    /// Whether what it signs is not what its peer checks.
    resigned: bool,
    /// Whether it has no certificate that suits.
    unsuited: bool,
    /// What it has promised and does not hold.
    broken: Option<Promise>,
    /// What it will find, and where.
    later: Option<(HandshakeType, Found)>,
    /// How many bytes are missing of a record that is waited for: at least, at most.
    missing: (usize, usize),
    /// Whether more has come with what is read now.
    pub(super) more_follows: bool,
    /// It waits for the rest of a message, and says this if a ChangeCipherSpec comes.
    in_vain: Option<Found>,
    /// Whether bytes that nobody knows decide what it does next.
    pub(super) unforetold: bool,
}

impl<'a> Peer<'a> {
    pub(super) fn new(setting: &'a Setting<'a>, role: Role, steps: VecDeque<Step>) -> Self {
        Self {
            setting,
            stack: ending::stack(setting.scenario, role),
            role,
            steps,
            read: None,
            read_sequence: 0,
            decrypted: false,
            write: None,
            write_sequence: 0,
            strain: 0,
            misled: 0,
            settled: None,
            retried: false,
            asked: false,
            done: false,
            failure: None,
            found_fault: false,
            told_alert: None,
            plain_alert: None,
            alert_received: None,
            out: Vec::new(),
            said: HashMap::new(),
            alert_version: None,
            waiting: None,
            deaf: false,
            first: true,
            warned: false,
            peer_closed: false,
            closing: false,
            received: Vec::new(),
            data_intact: None,
            unaligned: false,
            begun: false,
            keyed: false,
            rekeyed: false,
            resigned: false,
            unsuited: false,
            broken: None,
            later: None,
            missing: (0, 0),
            more_follows: false,
            in_vain: None,
            unforetold: false,
        }
    }

    /// Goes on without input.
    pub(super) fn advance(&mut self) {
        while self.failure.is_none() {
            let waits = matches!(
                self.steps.front(),
                None | Some(Step::Expect(_) | Step::MayCome(_) | Step::ExpectChangeCipherSpec)
            );
            if waits {
                return;
            }
            match self.steps.pop_front() {
                Some(Step::Send(kinds)) => self.say(&kinds),
                Some(Step::SendIfAsked(kinds)) if self.asked => self.say(&kinds),
                Some(Step::SendChangeCipherSpec) => {
                    let version = self.record_version();
                    self.out
                        .push(Record::open(Content::ChangeCipherSpec(true), version));
                }
                Some(Step::Read(keys)) => {
                    self.read = Some(keys);
                    self.read_sequence = 0;
                    self.derive(keys);
                }
                Some(Step::Write(keys)) => {
                    if self.write != Some(keys) {
                        self.write_sequence = 0;
                    }
                    self.write = Some(keys);
                    self.derive(keys);
                }
                Some(Step::Settle(version)) => self.settled = Some(version),
                Some(Step::Retried) => self.retried = true,
                Some(Step::Done) => self.done = true,
                Some(Step::Fail { native, alert }) => self.fail(&native, alert),
                _ => {}
            }
        }
    }

    /// TLS 1.3, and the extended master secret, make keys of all that was said; without it they are
    /// made of the randoms and the key exchange alone (RFC 7627 §4; RFC 5246 §8.1).
    fn derive(&mut self, keys: Keys) {
        if keys == Keys::Session && std::mem::replace(&mut self.keyed, true) {
            return;
        }
        let all = self.setting.shape.ems && !self.setting.shape.resumed || self.rekeyed;
        if keys != Keys::Session || all {
            self.strain = self.misled;
        }
    }

    fn say(&mut self, kinds: &[HandshakeType]) {
        let said = kinds
            .iter()
            .map(|kind| {
                let nth = self.said.entry(*kind).or_default();
                *nth += 1;
                Said {
                    kind: *kind,
                    nth: *nth - 1,
                    changed: None,
                    misled: self.misled,
                    tainted: self.resigned && *kind == HandshakeType::server_key_exchange,
                    empty: self.unsuited && *kind == HandshakeType::certificate,
                    broken: self.broken.filter(|_| *kind == HandshakeType::server_hello),
                }
            })
            .collect();
        self.send(Content::Messages(said));
    }

    fn send(&mut self, content: Content) {
        let mut record = Record::open(content, self.record_version());
        let first_hello = matches!(
            &record.content,
            Content::Messages(said) if said.first().is_some_and(|said| {
                said.kind == HandshakeType::client_hello && said.nth == 0
            })
        );
        if first_hello {
            record.version = ProtocolVersion::TLS1_0;
        }
        if let (Some(version), Content::Alert { .. }) = (self.alert_version, &record.content) {
            record.version = version;
        }
        if let Some(keys) = self.write {
            record.seal = Some(Seal {
                keys,
                strain: self.strain,
                sequence: self.write_sequence,
                whole: true,
            });
            self.write_sequence += 1;
            if keys != Keys::Session {
                record.kind = ContentType::application_data;
            }
        }
        self.out.push(record);
    }

    /// ssl/s3_msg.c, `ssl3_dispatch_alert`, and rec_layer_s3.c, `ssl3_write_bytes`: an OpenSSL client
    /// that has not heard from the server says TLS 1.0. rustls does so in its first hello alone.
    /// (The first hello is said to be TLS 1.0's by either; RFC 8446 §5.1.)
    fn record_version(&self) -> ProtocolVersion {
        let unheard = self.role == Role::Client && !self.heard_hello();
        match self.settled {
            None if unheard && !self.stack.is_rustls() => ProtocolVersion::TLS1_0,
            settled => at_most_tls12(settled),
        }
    }

    fn heard_hello(&self) -> bool {
        let waits = self
            .steps
            .iter()
            .any(|step| *step == Step::Expect(HandshakeType::server_hello));
        self.said.contains_key(&HandshakeType::client_hello) && !waits || self.retried
    }

    /// Finds fault.
    pub(super) fn fail(&mut self, native: &str, alert: Option<AlertDescription>) {
        self.failure = Some(native.to_owned());
        self.found_fault = true;
        let Some(description) = alert else {
            return;
        };
        if native == "NO_PROTOCOLS_AVAILABLE" {
            // statem/statem_lib.c, `tls_setup_handshake`: it has not come to its hello.
            self.alert_version = Some(ProtocolVersion::TLS1_2);
        }
        if self.closing && !self.stack.is_rustls() {
            // ssl/s3_msg.c, `ssl3_send_alert`: nothing comes after a close_notify.
            return;
        }
        if self.write.is_none() {
            self.plain_alert = Some(description);
        }
        self.told_alert = Some(description);
        self.send(Content::Alert {
            fatal: true,
            description,
        });
    }

    /// Is told of the peer's fault.
    pub(super) fn hear(&mut self, description: AlertDescription) {
        self.found_fault = false;
        self.failure = Some(if self.stack.is_rustls() {
            traits::rustls::alert_received(description)
        } else {
            traits::openssl::alert_received(description)
        });
        if ending::is_fatal(description) {
            self.alert_received = Some(description);
        }
    }

    /// Ends without a word.
    pub(super) fn end_with(&mut self, native: &str) {
        self.failure = Some(native.to_owned());
    }

    /// Takes what comes in one go.
    pub(super) fn receive(&mut self, records: &[Record], fork: &mut Fork) {
        self.advance();
        for (place, record) in records.iter().enumerate() {
            if !self.is_listening() {
                return;
            }
            self.more_follows = place + 1 < records.len();
            self.first_then(record, fork);
            self.advance();
        }
    }

    fn first_then(&mut self, record: &Record, fork: &mut Fork) {
        if let Some(found) = self.in_vain.clone() {
            if record.kind == ContentType::change_cipher_spec {
                self.fail(&found.native, found.alert);
            }
            return;
        }
        if let Some(longer) = self.waiting.take() {
            if self.is_swallowed(record, fork) {
                self.waiting = Some(longer);
            } else {
                self.garbled_longer(&longer, record, fork);
            }
            return;
        }
        match record.length {
            Length::More(by) => {
                self.missing = (by as usize, by as usize);
                // OpenSSL looks at the header before the rest has come (record/methods/tls_common.c,
                // `tls_get_more_records`): an alert of a version that was not chosen may be cut.
                self.header(record);
                if self.failure.is_none() {
                    self.waiting = Some(record.clone());
                }
            }
            Length::Begun(arrived) => {
                if arrived as usize >= extent::HEADER {
                    self.header(record);
                }
            }
            _ => self.take(record, fork),
        }
        self.first = false;
    }

    /// Whether a record goes into the one that is waited for as a whole, and leaves it waiting.
    fn is_swallowed(&mut self, record: &Record, fork: &mut Fork) -> bool {
        let (least, most) = extent::of(self.setting, record);
        let mut ways = Vec::new();
        if self.missing.0 <= most {
            ways.push(false);
        }
        if self.missing.1 > least {
            ways.push(true);
        }
        let swallowed = fork.pick(ways);
        if swallowed {
            let (fewest, greatest) = self.missing;
            self.missing = (
                fewest.saturating_sub(most).max(1),
                greatest.saturating_sub(least),
            );
        }
        swallowed
    }

    fn take(&mut self, record: &Record, fork: &mut Fork) {
        if self.stack.is_rustls() {
            rustls::receive(self, record, fork);
        } else {
            openssl::receive(self, record, fork);
        }
    }

    fn header(&mut self, record: &Record) {
        if self.stack.is_rustls() {
            rustls::header(self, record);
        } else {
            openssl::header(self, record);
        }
    }

    /// A record that has swallowed the beginning of the next one.
    fn garbled_longer(&mut self, longer: &Record, next: &Record, fork: &mut Fork) {
        let mut whole = longer.clone();
        if let Some(seal) = &mut whole.seal {
            seal.whole = false;
            whole.length = Length::True;
            return self.take(&whole, fork);
        }
        if self.stack.is_rustls() {
            rustls::longer(self, &whole, fork);
        } else {
            openssl::longer(self, &whole, next, fork);
        }
    }

    /// Whether what comes is looked at.
    pub(super) fn is_listening(&self) -> bool {
        self.failure.is_none() && !self.peer_closed && !self.deaf
    }

    /// Waits for ever for what will not come.
    pub(super) fn go_deaf(&mut self) {
        self.deaf = true;
    }

    /// Whether a sealed record opens; counts it.
    pub(super) fn opens(&mut self, record: &Record, header_matters: bool) -> bool {
        let Some(seal) = record.seal else {
            return false;
        };
        let sealed_as = if seal.keys == Keys::Session {
            record.content.kind()
        } else {
            ContentType::application_data
        };
        let version = at_most_tls12(self.settled);
        let opens = Some(seal.keys) == self.read
            && seal.sequence == self.read_sequence
            && seal.strain == self.strain
            && seal.whole
            && (!header_matters || record.kind == sealed_as && record.version == version);
        if opens {
            self.read_sequence += 1;
            self.decrypted = true;
        }
        opens
    }

    /// Whether a ChangeCipherSpec is due.
    pub(super) fn awaits_change(&self) -> bool {
        self.steps.front() == Some(&Step::ExpectChangeCipherSpec)
    }

    /// Whether this message is due.
    pub(super) fn awaits(&self, kind: HandshakeType) -> bool {
        self.steps.front() == Some(&Step::Expect(kind))
    }

    /// Whether a message may come now, or must.
    pub(super) fn may_come(&self, kind: HandshakeType) -> bool {
        self.awaits(kind) || self.steps.front() == Some(&Step::MayCome(kind))
    }

    /// Takes the ChangeCipherSpec that is due.
    pub(super) fn change(&mut self) {
        self.steps.pop_front();
    }

    /// Takes a message if it is due; whether it is.
    pub(super) fn message(&mut self, said: Said, fork: &mut Fork) -> bool {
        while let Some(step) = self.steps.front() {
            match step {
                Step::MayCome(kind) if *kind != said.kind => {
                    let next = self.steps.iter().skip(1).find(|step| {
                        matches!(
                            step,
                            Step::MayCome(_) | Step::Expect(_) | Step::ExpectChangeCipherSpec
                        )
                    });
                    let fits = matches!(
                        next,
                        Some(Step::MayCome(other) | Step::Expect(other)) if *other == said.kind
                    ) || matches!(next, Some(Step::MayCome(_)));
                    if !fits {
                        return false;
                    }
                    self.misled = 1;
                    self.steps.pop_front();
                }
                Step::Expect(kind) | Step::MayCome(kind) if *kind == said.kind => {
                    if said.kind == HandshakeType::certificate_request {
                        self.asked = true;
                    }
                    self.steps.pop_front();
                    self.consider(said, fork);
                    return true;
                }
                _ => return false,
            }
        }
        // TLS 1.3: tickets, as many as there are (RFC 8446 §4.6.1).
        self.done
            && self.role == Role::Client
            && self.settled == Some(ProtocolVersion::TLS1_3)
            && said.kind == HandshakeType::new_session_ticket
    }

    /// Whether a hello comes again that has been read already (RFC 8446 §4.1.4).
    pub(super) fn is_repeated(&self, said: Said) -> bool {
        self.retried
            && said.nth == 0
            && self.read.is_none()
            && matches!(
                said.kind,
                HandshakeType::client_hello | HandshakeType::server_hello
            )
            && matches!(self.steps.front(), Some(Step::Expect(kind)) if *kind == said.kind)
    }

    /// What a message that was changed on its way comes to.
    fn consider(&mut self, said: Said, fork: &mut Fork) {
        let finished = said.kind == HandshakeType::finished;
        let differ = self.misled != 0 || said.misled != self.misled;
        if finished && differ && self.strain == 0 && self.read == Some(Keys::Session) {
            // The keys fit, but not what is said of all that was said (RFC 5246 §7.4.9).
            let (native, alert) = if self.stack.is_rustls() {
                rustls::WRONG_FINISHED
            } else {
                openssl::WRONG_FINISHED
            };
            return self.fail(native, Some(alert));
        }
        self.look(said);
        if self.failure.is_some() {
            return;
        }
        let Some(op) = said.changed else {
            return;
        };
        let setting = self.setting;
        let act = &setting.scenario.link.ops[op].act;
        let effects = match &setting.first {
            Some(first) => vec![first.clone()],
            None => effects(self, said.kind, said.nth, act),
        };
        let effect = fork.pick(effects);
        if effect != Effect::None {
            self.misled = 1;
        }
        self.apply(effect);
    }

    fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::None | Effect::Misled => {}
            Effect::Rekeyed => self.rekeyed = true,
            Effect::Resigned if self.role == Role::Server => self.resigned = true,
            Effect::Resigned => self.later = Some(self.bad_signature()),
            Effect::Unsuited => {
                self.unsuited = true;
                let signs = Step::SendIfAsked(vec![HandshakeType::certificate_verify]);
                self.steps.retain(|step| *step != signs);
            }
            Effect::Breaks(promise) => self.break_promise(promise),
            Effect::Fails(found) => self.fail(&found.native, found.alert),
            Effect::FailsIn(version, found) => {
                self.alert_version = Some(version);
                self.fail(&found.native, found.alert);
            }
            Effect::FailsAt(kind, found) => self.later = Some((kind, found)),
            Effect::Waits => {
                self.steps.clear();
                self.go_deaf();
            }
            Effect::WaitsInVain(found) => {
                self.steps.clear();
                self.in_vain = Some(found);
            }
        }
    }

    /// What comes to light now, whatever the message itself says.
    fn look(&mut self, said: Said) {
        if let Some((kind, found)) = self.later.clone()
            && kind == said.kind
        {
            return self.fail(&found.native, found.alert);
        }
        let (kind, bad) = self.bad_signature();
        if said.tainted && kind == said.kind {
            return self.fail(&bad.native, bad.alert);
        }
        if said.tainted {
            self.later = Some((kind, bad));
            return;
        }
        if let Some(promise) = said.broken {
            let found = promise.missed_by(&self.setting.scenario.client);
            return self.fail(&found.native, found.alert);
        }
        let before = self
            .settled
            .is_some_and(|version| version < ProtocolVersion::TLS1_3);
        if before && said.kind == HandshakeType::certificate_verify && said.misled != self.misled {
            return self.fail(&bad.native, bad.alert);
        }
        if said.kind == HandshakeType::client_hello
            && said.nth == 1
            && let Some(effect) = self.setting.second.clone()
        {
            return self.apply(effect);
        }
        if said.empty && self.setting.scenario.server.profile.client_auth == ClientAuth::Optional {
            let signs = Step::Expect(HandshakeType::certificate_verify);
            self.steps.retain(|step| *step != signs);
        } else if said.empty {
            let (native, alert) = if self.stack.is_rustls() {
                (
                    "NoCertificatesPresented",
                    AlertDescription::certificate_required,
                )
            } else {
                (
                    "PEER_DID_NOT_RETURN_A_CERTIFICATE",
                    AlertDescription::handshake_failure,
                )
            };
            self.fail(native, Some(alert));
        }
    }

    /// Goes on without regard to its own HelloRetryRequest.
    fn break_promise(&mut self, promise: Promise) {
        self.broken = Some(promise);
        if promise == Promise::Version {
            self.steps = VecDeque::from([
                Step::Send(vec![HandshakeType::server_hello]),
                Step::Expect(HandshakeType::client_key_exchange),
            ]);
        }
    }

    /// A signature of TLS 1.2 that is not over what it ought to be over, and at which message a client
    /// finds that (rustls client/tls12.rs, `ExpectServerDone`; OpenSSL ssl/statem/statem_clnt.c,
    /// `tls_process_key_exchange`).
    fn bad_signature(&self) -> (HandshakeType, Found) {
        let alert = AlertDescription::decrypt_error;
        if self.stack.is_rustls() {
            (
                HandshakeType::server_hello_done,
                Found::of("InvalidCertificate(BadSignature)", alert),
            )
        } else {
            (
                HandshakeType::server_key_exchange,
                Found::of("BAD_SIGNATURE", alert),
            )
        }
    }

    /// The messages that are whole in a record that ends so many bytes too soon. Which those are must not
    /// hang on how long they happen to be.
    pub(super) fn whole_messages(&mut self, record: &Record, by: u32) -> Vec<Said> {
        let Content::Messages(said) = &record.content else {
            return Vec::new();
        };
        let behind = |number: usize| {
            let rest = Content::Messages(said[number..].to_vec());
            extent::content(
                self.setting,
                &Record {
                    content: rest,
                    ..record.clone()
                },
            )
        };
        let by = by as usize;
        let whole = (0..said.len())
            .rev()
            .find(|number| behind(*number).1 >= by)
            .unwrap_or(0);
        if whole > 0 && behind(whole).0 < by {
            self.unforetold = true;
        }
        said[..whole].to_vec()
    }

    /// What is said of a message that has another type now.
    pub(super) fn mistyped(&self, said: Said, fork: &mut Fork) -> Option<Found> {
        let act = &self.setting.scenario.link.ops[said.changed?].act;
        let found = mistyped(self, said.kind, said.nth, act);
        (!found.is_empty()).then(|| fork.pick(found))
    }

    /// Takes application data.
    pub(super) fn data(&mut self, datum: Datum) {
        if datum != Datum::Nothing {
            self.received.push(datum);
        }
    }

    pub(super) fn receive_end(&mut self) {
        self.advance();
        if self.failure.is_some() || self.peer_closed {
            return;
        }
        if self.stack.is_rustls() {
            return self.end_with(traits::rustls::TRUNCATED);
        }
        let (native, alert) = traits::openssl::truncated();
        self.fail(native, alert);
        self.found_fault = false;
    }

    pub(super) fn transmit(&mut self) -> Vec<Record> {
        std::mem::take(&mut self.out)
    }

    pub(super) fn write_data(&mut self, of: Role) {
        if self.settled == Some(ProtocolVersion::TLS1_0) && !self.setting.shape.aead {
            // An empty record first, so that nobody knows the IV of the next
            // (ssl/record/methods/tls1_meth.c, `tls1_initialise_write_packets`).
            self.send(Content::Data(Datum::Nothing));
        }
        self.send(Content::Data(Datum::Of(of)));
    }

    pub(super) fn expect_data(&mut self, expected: &[Datum]) {
        if self.failure.is_some() {
            return;
        }
        let received = std::mem::take(&mut self.received);
        self.data_intact = Some(self.data_intact.unwrap_or(true) && received == expected);
    }

    pub(super) fn close(&mut self) {
        if self.failure.is_none() && (self.done || self.stack.is_rustls()) {
            self.send(Content::Alert {
                fatal: false,
                description: AlertDescription::close_notify,
            });
        }
        self.closing = true;
    }

    pub(super) fn is_alive(&self) -> bool {
        self.failure.is_none()
    }

    /// Whether it is done and both have closed.
    pub(super) fn is_closed(&self) -> bool {
        self.closing && self.peer_closed
    }

    pub(super) fn data_lost(&self) -> bool {
        self.data_intact == Some(false)
    }

    /// The alert that it is known to have sent: in the clear the wire tells; else OpenSSL tells, and for
    /// rustls whoever received it (`shakedown::pair`).
    pub(super) fn alert_sent(&self, peer: &Self) -> Option<SentAlert> {
        if let Some(description) = self.plain_alert {
            return Some(SentAlert {
                description: Some(description),
                protection: Protection::Plain,
            });
        }
        let told = if self.stack.is_rustls() {
            None
        } else {
            self.told_alert.filter(|alert| ending::is_fatal(*alert))
        };
        told.or_else(|| peer.alert_received.filter(|_| self.found_fault))
            .map(|description| SentAlert {
                description: Some(description),
                protection: Protection::Protected,
            })
    }
}

/// What a record says: TLS 1.3 calls itself TLS 1.2 there (RFC 8446 §5.1), and so does who has settled for none.
fn at_most_tls12(settled: Option<ProtocolVersion>) -> ProtocolVersion {
    let newest = ProtocolVersion::TLS1_2;
    settled.map_or(newest, |version| version.min(newest))
}
