//! Does what a link says, record by record.

use std::collections::HashMap;

use super::edit::alter;
use super::field::fields;
use super::record::{self, HEADER};
use super::{Act, At, Deed, Flip, Link, Op};
use crate::connection::Role;
use crate::iana::{ContentType, HandshakeType, ProtocolVersion};

/// Whatever carries bytes between the two ends.
pub trait Carry {
    /// Takes all that a side has sent since it was last asked, which may be nothing, and says what
    /// arrives where.
    fn carry(&mut self, from: Role, sent: &[u8], parcel: &mut Parcel);
}

impl<C: Carry + ?Sized> Carry for &mut C {
    fn carry(&mut self, from: Role, sent: &[u8], parcel: &mut Parcel) {
        (**self).carry(from, sent, parcel);
    }
}

/// What arrives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parcel {
    /// For the peer.
    pub forth: Vec<u8>,
    /// Whether the peer then learns that the stream has ended.
    pub forth_ends: bool,
    /// For the sender itself, from the link.
    pub back: Vec<u8>,
    /// Whether the sender then learns that the stream has ended.
    pub back_ends: bool,
    /// What the link did.
    pub deeds: Vec<Deed>,
}

impl Parcel {
    /// Forgets everything, but keeps its memory.
    pub fn clear(&mut self) {
        self.forth.clear();
        self.back.clear();
        self.deeds.clear();
        self.forth_ends = false;
        self.back_ends = false;
    }
}

/// Carries out the ops of a [`Link`].
#[derive(Debug)]
pub struct Carrier<'a> {
    link: &'a Link,
    fired: Vec<bool>,
    ways: [Way; 2],
    /// Whether the server has chosen TLS 1.3, where a ChangeCipherSpec means nothing.
    tls13: bool,
    /// Both streams have ended.
    closed: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Way {
    records: u32,
    messages: HashMap<HandshakeType, u32>,
    /// Whether a ChangeCipherSpec has gone by: what follows is sealed, below TLS 1.3.
    changed: bool,
    /// Nothing arrives any more.
    silent: bool,
    /// Waits for the record that is to overtake it.
    overtaken: Option<Vec<u8>>,
    /// Waits for the peer's turn.
    delayed: Option<Vec<u8>>,
}

/// A record, or the part of one that an op is about.
struct Unit {
    bytes: Vec<u8>,
    /// Which of the link's ops is for it.
    op: Option<usize>,
}

impl<'a> Carrier<'a> {
    /// For one pair.
    pub fn new(link: &'a Link) -> Self {
        Self {
            link,
            fired: vec![false; link.ops.len()],
            ways: [Way::default(), Way::default()],
            tls13: false,
            closed: false,
        }
    }

    /// Which ops are about this record, and about which part of it: the first op that names the whole
    /// record has it, else each message that is named has the first op that names it.
    fn units(&mut self, from: Role, number: u32, bytes: &[u8]) -> Vec<Unit> {
        let named = |op: &Op, at: &At| op.from == from && op.at == *at;
        let whole = self
            .link
            .ops
            .iter()
            .enumerate()
            .position(|(place, op)| !self.fired[place] && named(op, &At::Record(number)));
        let parts = self.messages_of(from, bytes);
        if let Some(op) = whole {
            self.fired[op] = true;
            return vec![Unit {
                bytes: bytes.to_vec(),
                op: Some(op),
            }];
        }
        let mut units: Vec<Unit> = Vec::new();
        let mut plain = Vec::new();
        for (kind, nth, message) in &parts {
            let wanted = At::Message(super::Message {
                kind: *kind,
                nth: *nth,
            });
            let op = (0..self.link.ops.len())
                .find(|place| !self.fired[*place] && named(&self.link.ops[*place], &wanted));
            let Some(op) = op else {
                plain.extend_from_slice(message);
                continue;
            };
            self.fired[op] = true;
            if !plain.is_empty() {
                units.push(resealed(bytes, &plain, None));
                plain.clear();
            }
            units.push(resealed(bytes, message, Some(op)));
        }
        if units.is_empty() {
            return vec![Unit {
                bytes: bytes.to_vec(),
                op: None,
            }];
        }
        if !plain.is_empty() {
            units.push(resealed(bytes, &plain, None));
        }
        units
    }

    /// The messages in the clear of a record, each with its place among those of its type.
    fn messages_of<'b>(
        &mut self,
        from: Role,
        bytes: &'b [u8],
    ) -> Vec<(HandshakeType, u32, &'b [u8])> {
        if !self.is_open(from, bytes) {
            return Vec::new();
        }
        let messages = record::messages(&bytes[HEADER..]).unwrap_or_default();
        let way = &mut self.ways[from as usize];
        let mut numbered = Vec::with_capacity(messages.len());
        for (kind, message) in messages {
            let count = way.messages.entry(kind).or_default();
            numbered.push((kind, *count, message));
            *count += 1;
            if kind == HandshakeType::server_hello && chooses_tls13(message) {
                self.tls13 = true;
            }
        }
        numbered
    }

    /// Whether a record holds handshake messages in the clear.
    fn is_open(&self, from: Role, bytes: &[u8]) -> bool {
        let way = &self.ways[from as usize];
        bytes.first() == Some(&ContentType::handshake.0) && (self.tls13 || !way.changed)
    }

    /// Whether a record is sealed.
    fn is_sealed(&self, from: Role, bytes: &[u8]) -> bool {
        let way = &self.ways[from as usize];
        bytes.first() == Some(&ContentType::application_data.0) || (way.changed && !self.tls13)
    }

    /// Does to a unit what its op says. `next` is the record that follows in the same flight.
    fn act(
        &mut self,
        act: &Act,
        from: Role,
        unit: &[u8],
        next: Option<&[u8]>,
        parcel: &mut Parcel,
    ) -> Done {
        let open = self.is_open(from, unit);
        let Some((kind, version)) = record::head(unit) else {
            return Done::not(unit);
        };
        let body = &unit[HEADER..];
        let with_body = |body: &[u8]| record::seal(kind, version, body);
        match act {
            Act::Fragment(most) if open && *most > 0 && body.len() > *most as usize => {
                Done::bytes(body.chunks(*most as usize).flat_map(with_body).collect())
            }
            Act::Split(at) if open && (1..body.len()).contains(&(*at as usize)) => {
                let (first, second) = body.split_at(*at as usize);
                Done::bytes([with_body(first), with_body(second)].concat())
            }
            Act::Merge if open => match next {
                Some(next) if self.is_open(from, next) => Done {
                    takes_next: true,
                    ..Done::bytes(with_body(&[body, &next[HEADER..]].concat()))
                },
                _ => Done::not(unit),
            },
            Act::Drop => Done::bytes(Vec::new()),
            Act::Duplicate => Done::bytes([unit, unit].concat()),
            Act::Swap => {
                self.ways[from as usize].overtaken = Some(unit.to_vec());
                Done::bytes(Vec::new())
            }
            Act::Delay => Done {
                waits: true,
                ..Done::bytes(unit.to_vec())
            },
            Act::Stall(after) | Act::Cut(after) | Act::Close(after)
                if *after as usize <= unit.len() =>
            {
                self.ways[from as usize].silent = true;
                parcel.forth_ends |= !matches!(act, Act::Stall(_));
                if matches!(act, Act::Close(_)) {
                    self.closed = true;
                    parcel.back_ends = true;
                }
                Done::bytes(unit[..*after as usize].to_vec())
            }
            Act::Type(other) if *other != kind => {
                let mut bytes = unit.to_vec();
                bytes[0] = other.0;
                Done::bytes(bytes)
            }
            Act::Version(other) if *other != version => {
                let mut bytes = unit.to_vec();
                bytes[1..3].copy_from_slice(&other.0.to_be_bytes());
                Done::bytes(bytes)
            }
            Act::Length(by) if *by != 0 => {
                let told = i64::try_from(body.len()).unwrap_or(i64::MAX) + i64::from(*by);
                match u16::try_from(told) {
                    Ok(told) => {
                        let mut bytes = unit.to_vec();
                        bytes[3..HEADER].copy_from_slice(&told.to_be_bytes());
                        Done::bytes(bytes)
                    }
                    Err(_) => Done::not(unit),
                }
            }
            Act::Body(flip) => flipped(unit, HEADER..unit.len(), *flip),
            Act::Field(_) | Act::Set(_) | Act::Edit(_) if open => alter(body, act)
                .map_or_else(|| Done::not(unit), |edited| Done::bytes(with_body(&edited))),
            Act::Inject(bytes) => Done::bytes([&bytes.to_wire(), unit].concat()),
            Act::Replace(bytes) if bytes.to_wire() != unit => Done::bytes(bytes.to_wire()),
            Act::Answer(bytes) => {
                self.ways[from as usize].silent = true;
                self.closed = true;
                parcel.back.extend(bytes.to_wire());
                parcel.back_ends = true;
                Done::bytes(Vec::new())
            }
            _ => Done::not(unit),
        }
    }

    /// Hands over what is ready, behind what waits.
    fn put(&mut self, from: Role, bytes: &[u8], waits: bool, parcel: &mut Parcel) {
        let way = &mut self.ways[from as usize];
        match &mut way.delayed {
            Some(delayed) => delayed.extend_from_slice(bytes),
            None if waits => way.delayed = Some(bytes.to_vec()),
            None => parcel.forth.extend_from_slice(bytes),
        }
    }
}

impl Carry for Carrier<'_> {
    fn carry(&mut self, from: Role, sent: &[u8], parcel: &mut Parcel) {
        let way = &mut self.ways[from as usize];
        if let Some(delayed) = way.delayed.take() {
            parcel.forth.extend(delayed);
        }
        let mut rest = sent;
        while !rest.is_empty() {
            // A sender that does not send whole records has no records to do anything to.
            let (bytes, mut after) = record::split(rest).unwrap_or((rest, &[]));
            let number = self.ways[from as usize].records;
            self.ways[from as usize].records += 1;
            for unit in self.units(from, number, bytes) {
                if self.closed || self.ways[from as usize].silent {
                    break;
                }
                let Some(place) = unit.op else {
                    let overtaken = self.ways[from as usize].overtaken.take();
                    self.put(from, &unit.bytes, false, parcel);
                    self.put(from, &overtaken.unwrap_or_default(), false, parcel);
                    continue;
                };
                let next = record::split(after);
                let link = self.link;
                let done = self.act(
                    &link.ops[place].act,
                    from,
                    &unit.bytes,
                    next.map(|(next, _)| next),
                    parcel,
                );
                let sealed = self.is_sealed(from, bytes);
                let act = &link.ops[place].act;
                parcel.deeds.push(Deed {
                    op: place as u32,
                    record: number,
                    content_type: ContentType(bytes[0]),
                    applied: done.applied,
                    may_stall: done.applied && act.may_stall(sealed),
                    breaks_seal: done.applied && sealed && act.breaks_seal(),
                    back_ends: parcel.back_ends,
                });
                if done.takes_next
                    && let Some((next, beyond)) = next
                {
                    let _ = self.messages_of(from, next);
                    self.ways[from as usize].records += 1;
                    after = beyond;
                }
                let overtaken = if matches!(link.ops[place].act, Act::Swap) {
                    None
                } else {
                    self.ways[from as usize].overtaken.take()
                };
                self.put(from, &done.bytes, done.waits, parcel);
                self.put(from, &overtaken.unwrap_or_default(), false, parcel);
            }
            if bytes.first() == Some(&ContentType::change_cipher_spec.0) {
                self.ways[from as usize].changed = true;
            }
            rest = after;
        }
    }
}

/// What an op made of a unit.
struct Done {
    bytes: Vec<u8>,
    applied: bool,
    /// The next record is in it too.
    takes_next: bool,
    waits: bool,
}

impl Done {
    fn bytes(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            applied: true,
            takes_next: false,
            waits: false,
        }
    }

    /// Nothing came of it.
    fn not(unit: &[u8]) -> Self {
        Self {
            applied: false,
            ..Self::bytes(unit.to_vec())
        }
    }
}

fn flipped(unit: &[u8], range: std::ops::Range<usize>, flip: Flip) -> Done {
    let length = i64::try_from(range.len()).unwrap_or(i64::MAX);
    let at = i64::from(flip.at) + if flip.at < 0 { length } else { 0 };
    match usize::try_from(at) {
        Ok(at) if at < range.len() && flip.bits != 0 => {
            let mut bytes = unit.to_vec();
            bytes[range.start + at] ^= flip.bits;
            Done::bytes(bytes)
        }
        _ => Done::not(unit),
    }
}

fn resealed(like: &[u8], body: &[u8], op: Option<usize>) -> Unit {
    let (kind, version) =
        record::head(like).unwrap_or((ContentType::handshake, ProtocolVersion::TLS1_2));
    Unit {
        bytes: record::seal(kind, version, body),
        op,
    }
}

/// supported_versions with one version of two bytes, as a ServerHello and a HelloRetryRequest of
/// TLS 1.3 have it (RFC 8446 §4.2.1).
fn chooses_tls13(message: &[u8]) -> bool {
    use super::Field;
    use crate::iana::ExtensionType;
    fields(message).into_iter().any(|(field, range)| {
        field == Field::Extension(ExtensionType::supported_versions)
            && message[range] == ProtocolVersion::TLS1_3.0.to_be_bytes()
    })
}

#[cfg(test)]
mod tests;
