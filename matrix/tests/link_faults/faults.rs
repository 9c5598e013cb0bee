//! The ways in which a link can be wrong.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, ContentType, HandshakeType as M, ProtocolVersion};
use shakedown::link::{Act, At, Bytes, Deed, Link, Message, Op, Parcel};

/// One way of being wrong.
pub(crate) struct Fault {
    pub(crate) name: String,
    /// The kind of op, as `sweep::label` begins.
    pub(crate) kind: Option<String>,
    /// Which ops it is about.
    pub(crate) about: fn(&Op) -> bool,
    /// What the carrier is told instead of what the scenario says.
    pub(crate) told: fn(&mut Link),
    /// What becomes of what it hands over.
    pub(crate) spoil: fn(&mut State, &Sent<'_>, &mut Parcel),
}

pub(crate) fn fault(
    name: &str,
    about: fn(&Op) -> bool,
    told: fn(&mut Link),
    spoil: fn(&mut State, &Sent<'_>, &mut Parcel),
) -> Fault {
    Fault {
        name: name.to_owned(),
        kind: None,
        about,
        told,
        spoil,
    }
}

/// What a carrier was given to carry.
pub(crate) struct Sent<'a> {
    pub(crate) op: &'a Op,
    pub(crate) from: Role,
    pub(crate) bytes: &'a [u8],
}

#[derive(Default)]
pub(crate) struct State {
    /// Whether the fault has done its one thing.
    pub(crate) done: bool,
    /// How many bytes the carrier holds back.
    pub(crate) held: usize,
    /// How many records have gone by.
    pub(crate) records: u32,
}

pub(crate) fn all_passes(_: &mut State, sent: &Sent<'_>, parcel: &mut Parcel) {
    parcel.forth = sent.bytes.to_vec();
    parcel.forth_ends = false;
    parcel.back.clear();
    parcel.back_ends = false;
}

/// Once, to the first flight of the server's that no op is about.
fn once(state: &mut State, sent: &Sent<'_>, parcel: &Parcel) -> bool {
    let now = !state.done
        && sent.from == Role::Server
        && !sent.bytes.is_empty()
        && parcel.deeds.is_empty()
        && parcel.forth == sent.bytes;
    state.done |= now;
    now
}

pub(crate) fn faults() -> Vec<Fault> {
    let mut faults = of_deeds();
    faults.extend(of_places());
    faults.extend(of_acts());
    faults.extend(of_streams());
    faults
}

/// Of what it says and what it does.
fn of_deeds() -> Vec<Fault> {
    vec![
        fault(
            "does nothing, and says it did",
            |_| true,
            |_| (),
            all_passes,
        ),
        fault(
            "does its work, and does not say so",
            |_| true,
            |_| (),
            |_, _, parcel| parcel.deeds.clear(),
        ),
        fault(
            "does its work, and says that nothing came of it",
            |_| true,
            |_| (),
            |_, _, parcel| {
                for deed in &mut parcel.deeds {
                    deed.applied = false;
                }
            },
        ),
        fault(
            "has no op, and says it did it",
            |op| matches!(op.at, At::Record(_)),
            |link| link.ops.clear(),
            says_it_did,
        ),
        fault(
            "says it did it to another record",
            |_| true,
            |_| (),
            |_, _, parcel| {
                for deed in &mut parcel.deeds {
                    deed.record += 1;
                }
            },
        ),
        fault(
            "says it did it twice",
            |_| true,
            |_| (),
            |_, _, parcel| {
                if let [deed] = parcel.deeds[..] {
                    parcel.deeds.push(deed);
                }
            },
        ),
    ]
}

fn says_it_did(state: &mut State, sent: &Sent<'_>, parcel: &mut Parcel) {
    let At::Record(number) = sent.op.at else {
        return;
    };
    let mut rest = sent.bytes;
    while let [kind, _, _, high, low, after @ ..] = rest {
        if sent.from != sent.op.from {
            return;
        }
        if state.records == number {
            parcel.deeds.push(Deed {
                op: 0,
                record: number,
                content_type: ContentType(*kind),
                applied: true,
                may_stall: false,
                breaks_seal: false,
                back_ends: false,
            });
        }
        state.records += 1;
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        rest = after.get(length..).unwrap_or_default();
    }
}

/// Of where it does it.
fn of_places() -> Vec<Fault> {
    fn next_record(link: &mut Link) {
        if let At::Record(number) = &mut link.ops[0].at {
            *number += 1;
        }
    }
    vec![
        fault(
            "hits the next record, and says it was the right one",
            |op| matches!(op.at, At::Record(_)),
            next_record,
            |_, _, parcel| {
                for deed in &mut parcel.deeds {
                    deed.record -= 1;
                }
            },
        ),
        fault(
            "hits the next message",
            |op| matches!(op.at, At::Message(_)),
            |link| {
                if let At::Message(message) = &mut link.ops[0].at {
                    message.kind = match message.kind {
                        M::server_hello => M::certificate,
                        M::certificate => M::server_key_exchange,
                        M::server_key_exchange => M::server_hello_done,
                        other => other,
                    };
                }
            },
            |_, _, _| (),
        ),
        fault(
            "hits the second message of its type",
            |op| matches!(op.at, At::Message(Message { nth: 0, .. })),
            |link| {
                if let At::Message(message) = &mut link.ops[0].at {
                    message.nth = 1;
                }
            },
            |_, _, _| (),
        ),
        fault(
            "hits the record of the other side",
            |_| true,
            |link| link.ops[0].from = link.ops[0].from.peer(),
            |_, _, _| (),
        ),
        fault(
            "hits both sides, and says it was one",
            |_| true,
            |link| {
                let mut other = link.ops[0].clone();
                other.from = other.from.peer();
                link.ops.push(other);
            },
            |_, _, parcel| parcel.deeds.retain(|deed| deed.op == 0),
        ),
        fault(
            "does it to the next record too, and says it was one",
            |op| matches!(op.at, At::Record(_)),
            |link| {
                link.ops.push(link.ops[0].clone());
                next_record(link);
                link.ops.swap(0, 1);
            },
            |_, _, parcel| parcel.deeds.retain(|deed| deed.op == 0),
        ),
    ]
}

/// Of what it does.
fn of_acts() -> Vec<Fault> {
    macro_rules! instead {
        ($name:literal, $told:pat => $does:expr) => {
            fault(
                $name,
                |op| matches!(op.act, $told),
                |link| link.ops[0].act = $does,
                |_, _, _| (),
            )
        };
    }
    let mut faults = vec![
        instead!("drops where it should duplicate", Act::Duplicate => Act::Drop),
        instead!("duplicates where it should drop", Act::Drop => Act::Duplicate),
        instead!("drops where it should delay", Act::Delay => Act::Drop),
        instead!("closes one side only", Act::Close(0) => Act::Cut(0)),
        instead!("stalls where it should cut", Act::Cut(0) => Act::Stall(0)),
        instead!(
            "gives a record another type than told",
            Act::Type(ContentType::alert) => Act::Type(ContentType::handshake)
        ),
        instead!(
            "gives a record another version than told",
            Act::Version(ProtocolVersion(0x0203)) => Act::Version(ProtocolVersion(0x0305))
        ),
        instead!(
            "injects another alert than told",
            Act::Inject(Bytes::FatalAlert(AlertDescription::handshake_failure))
                => Act::Inject(Bytes::FatalAlert(AlertDescription::internal_error))
        ),
        instead!(
            "injects a warning for a fatal alert",
            Act::Inject(Bytes::FatalAlert(AlertDescription::handshake_failure))
                => Act::Inject(Bytes::Warning(AlertDescription::handshake_failure))
        ),
        instead!(
            "replaces where it should inject",
            Act::Inject(Bytes::EmptyHandshake) => Act::Replace(Bytes::EmptyHandshake)
        ),
        instead!(
            "answers otherwise than told",
            Act::Answer(Bytes::TlsAlert) => Act::Answer(Bytes::HttpResponse)
        ),
    ];
    // What is swapped or cut short in these has no byte that is random.
    faults.push(fault(
        "swaps where it should drop",
        |op| matches!((&op.at, &op.act), (At::Message(_), Act::Drop)),
        |link| link.ops[0].act = Act::Swap,
        |_, _, _| (),
    ));
    faults.push(fault(
        "drops where it should swap",
        |op| matches!((&op.at, &op.act), (At::Message(_), Act::Swap)),
        |link| link.ops[0].act = Act::Drop,
        |_, _, _| (),
    ));
    faults.push(fault(
        "makes the length less, not more",
        |op| {
            matches!(
                (op.from, &op.at, &op.act),
                (Role::Client, At::Record(3), Act::Length(1))
            )
        },
        |link| link.ops[0].act = Act::Length(-1),
        |_, _, _| (),
    ));
    faults.push(fault(
        "flips nothing, and says it did",
        |op| matches!(op.act, Act::Body(_)),
        |link| {
            if let Act::Body(flip) = &mut link.ops[0].act {
                flip.bits = 0;
            }
        },
        |_, _, parcel| {
            for deed in &mut parcel.deeds {
                deed.applied = true;
            }
        },
    ));
    faults.push(fault(
        "loses the last fragment",
        |op| matches!(op.act, Act::Fragment(1)),
        |_| (),
        |_, _, parcel| {
            if let [Deed { applied: true, .. }] = parcel.deeds[..]
                && let Some(last) = fragments(&parcel.forth).last()
            {
                parcel.forth.drain(*last..*last + FRAGMENT);
            }
        },
    ));
    faults.push(fault(
        "hands over the second fragment before the first",
        |op| matches!(op.act, Act::Fragment(1)),
        |_| (),
        |_, _, parcel| {
            if let [Deed { applied: true, .. }] = parcel.deeds[..]
                && let [first, second, ..] = fragments(&parcel.forth)[..]
            {
                let first = parcel.forth[first..first + FRAGMENT].to_vec();
                parcel
                    .forth
                    .splice(second + FRAGMENT..second + FRAGMENT, first);
                parcel.forth.drain(second - FRAGMENT..second);
            }
        },
    ));
    faults
}

/// Where records of one byte of handshake begin.
fn fragments(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some([kind, _, _, high, low]) = bytes.get(at..at + 5) {
        if *kind == ContentType::handshake.0 && (*high, *low) == (0, 1) {
            found.push(at);
        }
        at += 5 + usize::from(u16::from_be_bytes([*high, *low]));
    }
    found
}

/// Of bytes that are lost, doubled or kept, and of streams that end.
fn of_streams() -> Vec<Fault> {
    vec![
        fault(
            "keeps the end of the stream to itself",
            |op| matches!(op.act, Act::Cut(_) | Act::Close(_) | Act::Answer(_)),
            |_| (),
            |_, _, parcel| {
                parcel.forth_ends = false;
                parcel.back_ends = false;
            },
        ),
        fault(
            "ends the stream where it should stall",
            |op| matches!(op.act, Act::Stall(_)),
            |_| (),
            |_, _, parcel| parcel.forth_ends |= !parcel.deeds.is_empty(),
        ),
        fault(
            "ends the stream, and has no op for it",
            |_| true,
            |_| (),
            |state, sent, parcel| parcel.forth_ends |= once(state, sent, parcel),
        ),
        fault(
            "lets through what comes after a cut",
            |op| matches!(op.act, Act::Cut(0)),
            |_| (),
            |_, sent, parcel| parcel.forth = sent.bytes.to_vec(),
        ),
        fault(
            "lets through what comes after a stall",
            |op| matches!(op.act, Act::Stall(_)),
            |_| (),
            |_, sent, parcel| {
                if parcel.deeds.is_empty() {
                    parcel.forth = sent.bytes.to_vec();
                }
            },
        ),
        fault(
            "lets through what it answers itself",
            |op| matches!(op.act, Act::Answer(_)),
            |_| (),
            |_, sent, parcel| parcel.forth = sent.bytes.to_vec(),
        ),
        fault(
            "never hands over what it delays",
            |op| matches!(op.act, Act::Delay),
            |_| (),
            |state, sent, parcel| {
                if sent.from != sent.op.from {
                    return;
                }
                parcel.forth.drain(..state.held);
                state.held = if parcel.deeds.is_empty() {
                    0
                } else {
                    sent.bytes.len() - parcel.forth.len()
                };
            },
        ),
        fault(
            "loses a byte, and has no op for it",
            |_| true,
            |_| (),
            |state, sent, parcel| {
                if once(state, sent, parcel) {
                    parcel.forth.pop();
                }
            },
        ),
        fault(
            "changes a byte, and has no op for it",
            |_| true,
            |_| (),
            |state, sent, parcel| {
                if once(state, sent, parcel)
                    && let Some(last) = parcel.forth.last_mut()
                {
                    *last ^= 1;
                }
            },
        ),
        fault(
            "delivers twice, and has no op for it",
            |_| true,
            |_| (),
            |state, sent, parcel| {
                if once(state, sent, parcel) {
                    parcel.forth.extend_from_slice(sent.bytes);
                }
            },
        ),
        fault(
            "sends back what it should carry",
            |_| true,
            |_| (),
            |state, sent, parcel| {
                if once(state, sent, parcel) {
                    std::mem::swap(&mut parcel.forth, &mut parcel.back);
                }
            },
        ),
    ]
}

/// A record of one byte.
const FRAGMENT: usize = 6;
