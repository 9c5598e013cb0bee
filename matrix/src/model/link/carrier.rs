//! What the link does, as `shakedown::link::Carrier` does it, to records as the model sees them.

use std::cmp::Ordering;
use std::collections::HashMap;

use shakedown::connection::Role;
use shakedown::iana::{HandshakeType, ProtocolVersion};
use shakedown::link::{Act, At, Message, Op};

use super::symbol::{Content, Length, Record};
use super::{Setting, extent, openssl};
use crate::model::{ExpectedDeed, ending};

/// What arrives.
#[derive(Debug, Default)]
pub(super) struct Parcel {
    pub(super) forth: Vec<Record>,
    pub(super) forth_ends: bool,
    pub(super) back: Vec<Record>,
    pub(super) back_ends: bool,
    pub(super) deeds: Vec<ExpectedDeed>,
}

pub(super) struct Carrier<'a> {
    setting: &'a Setting<'a>,
    ops: &'a [Op],
    fired: Vec<bool>,
    ways: [Way; 2],
    closed: bool,
    /// Why it is not known what arrives, if it is not.
    pub(super) unknown: Option<&'static str>,
}

#[derive(Default)]
struct Way {
    records: u32,
    messages: HashMap<HandshakeType, u32>,
    silent: bool,
    overtaken: Option<Record>,
    delayed: Option<Vec<Record>>,
}

/// A record, or a part of one, and the op that is for it.
struct Unit {
    record: Record,
    op: Option<usize>,
}

impl<'a> Carrier<'a> {
    pub(super) fn new(setting: &'a Setting<'a>) -> Self {
        let ops = &setting.scenario.link.ops;
        Self {
            setting,
            ops,
            fired: vec![false; ops.len()],
            ways: [Way::default(), Way::default()],
            closed: false,
            unknown: None,
        }
    }

    pub(super) fn carry(&mut self, from: Role, sent: Vec<Record>) -> Parcel {
        let mut parcel = Parcel::default();
        if let Some(delayed) = self.ways[from as usize].delayed.take() {
            parcel.forth.extend(delayed);
        }
        let mut sent = sent.into_iter().peekable();
        while let Some(record) = sent.next() {
            let number = self.ways[from as usize].records;
            self.ways[from as usize].records += 1;
            let (kind, sealed) = (record.kind, record.seal.is_some());
            for unit in self.units(from, number, record) {
                if self.closed || self.ways[from as usize].silent {
                    break;
                }
                let Some(place) = unit.op else {
                    let overtaken = self.ways[from as usize].overtaken.take();
                    self.put(from, vec![unit.record], false, &mut parcel);
                    self.put(from, overtaken.into_iter().collect(), false, &mut parcel);
                    continue;
                };
                let next = sent.peek().is_some_and(Record::is_open_handshake);
                let act = &self.ops[place].act;
                let (records, applied, waits) =
                    self.act(act, place, from, unit.record, next, &mut parcel);
                parcel.deeds.push(ExpectedDeed {
                    op: place as u32,
                    record: number,
                    content_type: kind,
                    sealed,
                    applied,
                    back_ends: parcel.back_ends,
                });
                let overtaken = if matches!(act, Act::Swap) {
                    None
                } else {
                    self.ways[from as usize].overtaken.take()
                };
                self.put(from, records, waits, &mut parcel);
                self.put(from, overtaken.into_iter().collect(), false, &mut parcel);
                if matches!(act, Act::Merge)
                    && applied == Some(true)
                    && let Some(next) = sent.next()
                {
                    self.count(from, &next);
                    self.ways[from as usize].records += 1;
                    self.put(from, vec![next], false, &mut parcel);
                }
            }
        }
        parcel
    }

    fn units(&mut self, from: Role, number: u32, record: Record) -> Vec<Unit> {
        let named = |op: &Op, at: &At| op.from == from && op.at == *at;
        let whole = self
            .ops
            .iter()
            .enumerate()
            .position(|(place, op)| !self.fired[place] && named(op, &At::Record(number)));
        let nths = self.count(from, &record);
        if let Some(op) = whole {
            self.fired[op] = true;
            return vec![Unit {
                record,
                op: Some(op),
            }];
        }
        let (Content::Messages(messages), true) = (&record.content, record.seal.is_none()) else {
            return vec![Unit { record, op: None }];
        };
        let mut units: Vec<Unit> = Vec::new();
        for (said, nth) in messages.iter().zip(nths) {
            let wanted = At::Message(Message {
                kind: said.kind,
                nth,
            });
            let op = (0..self.ops.len())
                .find(|place| !self.fired[*place] && named(&self.ops[*place], &wanted));
            if let Some(op) = op {
                self.fired[op] = true;
            }
            units.push(Unit {
                record: Record {
                    content: Content::Messages(vec![*said]),
                    ..record.clone()
                },
                op,
            });
        }
        units
    }

    /// Counts the messages in the clear.
    fn count(&mut self, from: Role, record: &Record) -> Vec<u32> {
        let (Content::Messages(messages), None) = (&record.content, record.seal) else {
            return Vec::new();
        };
        messages
            .iter()
            .map(|said| {
                let count = self.ways[from as usize]
                    .messages
                    .entry(said.kind)
                    .or_default();
                *count += 1;
                *count - 1
            })
            .collect()
    }

    fn unknown_if(&mut self, unknown: bool, why: &'static str) {
        if unknown && self.unknown.is_none() {
            self.unknown = Some(why);
        }
    }

    /// Whether there is such a length; `None`: that, or whether nothing is left, depends on how long the
    /// record happens to be.
    fn changes_length(&self, record: &Record, by: i32) -> Option<bool> {
        surely(extent::of(self.setting, record), |whole| {
            let told = whole as i64 - extent::HEADER as i64 + i64::from(by);
            (by != 0 && u16::try_from(told).is_ok(), told.signum())
        })
        .map(|(changes, _)| changes)
    }

    /// Whether what comes of such a length is known: where the next header is read, or the message's, it is
    /// some bytes of a message that decide. A sealed record does not open, and nothing else is looked at.
    fn knows_length(&self, from: Role, record: &Record, by: i32) -> bool {
        if record.seal.is_some() || by >= OVERSIZE {
            return true;
        }
        let many = by.unsigned_abs();
        let swept = matches!(many, 1 | 2 | 16 | 128 | 255 | 256 | 4096 | 8192);
        if by > 0 || !record.is_open_handshake() {
            return swept;
        }
        let reader = ending::stack(self.setting.scenario, from.peer());
        // record/methods/tlsany_meth.c, `tls_validate_record_header`: where no version is settled one byte of
        // 256 makes one that will do, and the next two are a length.
        many == 1 || reader.is_rustls() && swept && (many == 2 || self.setting.plain)
    }

    /// Whether the body has a byte there, from the end if it is below 0; `None`: its length decides.
    fn has_byte(&self, record: &Record, at: i32) -> Option<bool> {
        surely(extent::of(self.setting, record), |whole| {
            let length = (whole - extent::HEADER) as i64;
            (-length..length).contains(&i64::from(at))
        })
    }

    /// Whether it has messages in the clear that rustls reads in another form where the record says TLS 1.3
    /// (msgs/handshake.rs, `HandshakeMessagePayload::read_version`).
    fn reads_by(&self, from: Role, record: &Record) -> bool {
        let reader = ending::stack(self.setting.scenario, from.peer());
        let Content::Messages(said) = &record.content else {
            return false;
        };
        let forms = [
            HandshakeType::certificate,
            HandshakeType::certificate_request,
            HandshakeType::new_session_ticket,
        ];
        reader.is_rustls()
            && record.seal.is_none()
            && said.iter().any(|said| forms.contains(&said.kind))
    }

    /// Whether it may have all that an OpenSSL server waits for that takes it for a hello of SSL 2.0.
    fn is_old_hello(&self, record: &Record) -> bool {
        let (_, most) = extent::of(self.setting, record);
        let told = openssl::sslv2_length(record);
        let openssl = !self.setting.scenario.server.stack.is_rustls();
        openssl
            && record.kind.0 & 0x80 != 0
            && told >= openssl::LEAST_SSLV2
            && usize::from(told) + 2 <= most
    }

    /// How much of a record arrives if nothing does after so many bytes; `None`: its length decides.
    fn arriving(&self, record: &Record, after: u32) -> Option<Arriving> {
        surely(extent::of(self.setting, record), |whole| {
            match whole.cmp(&(after as usize)) {
                Ordering::Greater => Arriving::Part,
                Ordering::Equal => Arriving::Exactly,
                Ordering::Less => Arriving::All,
            }
        })
    }

    /// What becomes of a record; whether anything does, where that can be said; and whether it waits.
    fn act(
        &mut self,
        act: &Act,
        op: usize,
        from: Role,
        record: Record,
        next_is_open: bool,
        parcel: &mut Parcel,
    ) -> (Vec<Record>, Option<bool>, bool) {
        let open = record.is_open_handshake();
        let done = |records: Vec<Record>| (records, Some(true), false);
        let not = |record: Record| (vec![record], Some(false), false);
        let changed = |mut record: Record| {
            if let Content::Messages(said) = &mut record.content
                && let Some(first) = said.first_mut()
            {
                first.changed = Some(op);
            }
            record
        };
        match act {
            // It reads the same. Records are longer than one byte; how long else is not said.
            Act::Fragment(most) | Act::Split(most) if open => {
                (vec![record], (*most == 1).then_some(true), false)
            }
            Act::Merge if open => (vec![record], Some(next_is_open), false),
            Act::Fragment(_) | Act::Split(_) | Act::Merge => not(record),
            Act::Drop => done(Vec::new()),
            Act::Duplicate => done(vec![record.clone(), record]),
            Act::Swap => {
                self.ways[from as usize].overtaken = Some(record);
                done(Vec::new())
            }
            Act::Delay => (vec![record], Some(true), true),
            Act::Stall(after) | Act::Cut(after) | Act::Close(after) => {
                let arriving = self.arriving(&record, *after);
                if arriving == Some(Arriving::All) {
                    return not(record);
                }
                self.unknown_if(arriving.is_none(), LENGTH);
                self.ways[from as usize].silent = true;
                parcel.forth_ends |= !matches!(act, Act::Stall(_));
                if matches!(act, Act::Close(_)) {
                    self.closed = true;
                    parcel.back_ends = true;
                }
                match arriving {
                    // A stall behind the last record keeps nothing back.
                    Some(Arriving::Exactly) => {
                        let applied = (!matches!(act, Act::Stall(_))).then_some(true);
                        (vec![record], applied, false)
                    }
                    _ if *after == 0 => done(Vec::new()),
                    _ => done(vec![Record {
                        length: Length::Begun(*after),
                        ..record
                    }]),
                }
            }
            Act::Type(kind) if *kind != record.kind => {
                let record = Record {
                    kind: *kind,
                    ..record
                };
                let old = from == Role::Client && self.is_old_hello(&record);
                self.unknown_if(old, HEADER_BYTES);
                done(vec![record])
            }
            Act::Version(version) if *version != record.version => {
                let by = *version == ProtocolVersion::TLS1_3 && self.reads_by(from, &record);
                self.unknown_if(
                    by,
                    "how rustls reads a message of TLS 1.2 in a record of TLS 1.3",
                );
                done(vec![Record {
                    version: *version,
                    ..record
                }])
            }
            Act::Type(_) | Act::Version(_) => not(record),
            Act::Length(by) => match self.changes_length(&record, *by) {
                Some(false) => not(record),
                told => {
                    self.unknown_if(told.is_none(), LENGTH);
                    self.unknown_if(!self.knows_length(from, &record, *by), HEADER_BYTES);
                    done(vec![Record {
                        length: match *by {
                            by if by >= OVERSIZE => Length::Oversize,
                            by if by > 0 => Length::More(by.unsigned_abs()),
                            by => Length::Less(by.unsigned_abs()),
                        },
                        ..record
                    }])
                }
            },
            Act::Body(flip) => {
                match self.has_byte(&record, flip.at) {
                    _ if flip.bits == 0 => not(record),
                    Some(false) => not(record),
                    told => {
                        let mut record = record;
                        self.unknown_if(told.is_none(), LENGTH);
                        if let Some(seal) = &mut record.seal {
                            seal.whole = false;
                        } else if let Content::ChangeCipherSpec(genuine) = &mut record.content {
                            *genuine = false;
                        } else {
                            self.unknown_if(true, "what a message in the clear comes to of which any byte was changed");
                        }
                        done(vec![record])
                    }
                }
            }
            // A message that is named is in the clear.
            Act::Field(_) | Act::Set(_) | Act::Edit(_) => (vec![changed(record)], None, false),
            Act::Inject(bytes) => done(vec![Record::foreign(*bytes), record]),
            Act::Replace(bytes) if Record::foreign(*bytes) == record => not(record),
            Act::Replace(bytes) => done(vec![Record::foreign(*bytes)]),
            Act::Answer(bytes) => {
                self.ways[from as usize].silent = true;
                self.closed = true;
                parcel.back.push(Record::foreign(*bytes));
                parcel.back_ends = true;
                done(Vec::new())
            }
        }
    }

    fn put(&mut self, from: Role, records: Vec<Record>, waits: bool, parcel: &mut Parcel) {
        match &mut self.ways[from as usize].delayed {
            Some(delayed) => delayed.extend(records),
            None if waits => self.ways[from as usize].delayed = Some(records),
            None => parcel.forth.extend(records),
        }
    }
}

/// How much of a record arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arriving {
    /// A part, of which nobody makes more than of its header.
    Part,
    /// All of it, and nothing behind it.
    Exactly,
    /// All of it, and what is behind it.
    All,
}

/// What holds of a record as long as it is at least and at most; `None`: it depends.
fn surely<T: PartialEq>((least, most): (usize, usize), what: impl Fn(usize) -> T) -> Option<T> {
    let found = what(least);
    (found == what(most)).then_some(found)
}

const LENGTH: &str =
    "what the link does at a place in a record whose length is not known so exactly";
pub(super) const HEADER_BYTES: &str = "what bytes come to that are read as a record's header";
/// So many bytes more are more than any record may have, whatever it has.
pub(super) const OVERSIZE: i32 = 20_000;
