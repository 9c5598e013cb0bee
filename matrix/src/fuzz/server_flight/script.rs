//! What a script does to a flight: five bytes a step, of which the first says what, the second to which
//! message or record, the third to which field of it, and the others how.

use shakedown::iana::{ContentType, HandshakeType, ProtocolVersion as V};
use shakedown::wire::HELLO_RETRY_REQUEST_RANDOM;

use super::messages::{Content, FULL, Flight, Framing, HELLO_REQUEST, Item, read_message};
use super::tree::Node;

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Step {
    /// A message or record is left out.
    Drop,
    /// It comes twice.
    Repeat,
    /// It comes behind the next one.
    Swap,
    /// One from [`FOREIGN`] comes before it, or at the end.
    Insert,
    /// It has another type.
    Type,
    /// A message comes in a record of another type.
    RecordType,
    /// Its records have another version in their heads.
    Version,
    /// Bits of a field are flipped.
    Flip,
    /// A byte of a field has another value.
    Set,
    /// A field has one byte more.
    Grow,
    /// A field has some bytes less.
    Shrink,
    /// A field is empty.
    Empty,
    /// A field of a vector is left out.
    Remove,
    /// It comes twice.
    RepeatField,
    /// It comes behind the next one.
    SwapFields,
    /// A length is not true.
    Lie,
    /// An extension from [`EXTENSIONS`] is added.
    Extend,
    /// A field has a value that means something, from [`WORDS`] where it is of two bytes.
    Mean,
    /// It has records of so many bytes. This changes nothing that is said, and nor does the next.
    Cut,
    /// All messages share records.
    Join,
}

impl Step {
    /// In order.
    pub(super) const ALL: [Self; 20] = [
        Self::Drop,
        Self::Repeat,
        Self::Swap,
        Self::Insert,
        Self::Type,
        Self::RecordType,
        Self::Version,
        Self::Flip,
        Self::Set,
        Self::Grow,
        Self::Shrink,
        Self::Empty,
        Self::Remove,
        Self::RepeatField,
        Self::SwapFields,
        Self::Lie,
        Self::Extend,
        Self::Mean,
        Self::Cut,
        Self::Join,
    ];
}

/// What the steps of a script have come upon, each: the message's type, the way to the field, and what
/// there is beside it. Hellos that ask for other extensions are answered by flights of another form, in
/// which the same script may come upon something else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trail {
    steps: Vec<(u8, Vec<u16>)>,
    /// Whether a ServerHello's fields are not where their lengths say: then what is random, and what was
    /// not asked for, decides over what it seems to say.
    pub(super) shifted: bool,
    /// Whether a Certificate has a certificate twice.
    pub(super) twice: bool,
}

/// Does to a flight what a script says.
pub(super) fn follow(flight: &mut Flight, script: &[u8]) -> Trail {
    let mut trail = Trail::default();
    for step in script.chunks_exact(LENGTH) {
        let [step, which, field, at, value] = *step else {
            continue;
        };
        let step = Step::ALL[usize::from(step) % Step::ALL.len()];
        take_step(flight, step, [which, field, at, value], &mut trail);
    }
    trail
}

fn take_step(
    flight: &mut Flight,
    step: Step,
    [which, field, at, value]: [u8; 4],
    trail: &mut Trail,
) {
    let count = flight.items.len();
    let Some(place) = usize::from(which).checked_rem(count) else {
        return;
    };
    match step {
        Step::Drop => {
            flight.items.remove(place);
        }
        Step::Repeat => flight.items.insert(place, flight.items[place].clone()),
        Step::Swap if place + 1 < count => flight.items.swap(place, place + 1),
        Step::Insert => {
            let place = usize::from(which) % (count + 1);
            flight.items.insert(place, foreign(value));
        }
        Step::Join => {
            flight.framing = Framing::Together(match at {
                0 => FULL,
                at => usize::from(at),
            });
        }
        _ => {
            let item = &mut flight.items[place];
            let mut way = Vec::new();
            let hello = matches!(
                item.content,
                Content::Message(HandshakeType::server_hello, _)
            );
            let kind = match &item.content {
                Content::Message(kind, _) => kind.0,
                Content::Record(..) => 0,
            };
            let moved = change(item, step, [field, at, value], &mut way);
            trail.shifted |= hello && moved;
            trail.twice |= step == Step::RepeatField
                && matches!(
                    item.content,
                    Content::Message(HandshakeType::certificate, _)
                );
            trail.steps.push((kind, way));
        }
    }
}

/// Whether fields may not be where they are looked for.
fn change(item: &mut Item, step: Step, [field, at, value]: [u8; 3], way: &mut Vec<u16>) -> bool {
    let mut moved = false;
    match (step, &mut item.content) {
        (Step::Version, _) => item.version = VERSIONS[usize::from(value) % VERSIONS.len()],
        (Step::Cut, _) => item.most = 1 + usize::from(at),
        (Step::RecordType, Content::Message(..)) if value != ContentType::handshake.0 => {
            item.content = Content::Record(ContentType(value), item.bytes());
        }
        (Step::Type, Content::Message(kind, _)) => *kind = HandshakeType(value),
        (Step::Type, Content::Record(kind, _)) => *kind = ContentType(value),
        (_, Content::Record(_, body)) => change_bytes(body, step, at, value),
        (Step::Lie, Content::Message(_, body)) => {
            moved = true;
            body.lie(field, value as i8, way);
        }
        (Step::Extend, Content::Message(_, body)) => {
            if let Some(extensions) = body.extensions() {
                let (kind, content) = EXTENSIONS[usize::from(value) % EXTENSIONS.len()];
                let place = usize::from(at) % (extensions.len() + 1);
                // Twice the same is another thing than one that was not asked for.
                way.push(u16::from(Node::names(extensions).contains(&kind)));
                extensions.insert(place, Node::extension(kind, content));
            }
        }
        (Step::Remove | Step::RepeatField | Step::SwapFields, Content::Message(_, body)) => {
            if let Some((fields, sequence)) = body.fields(field, way) {
                moved = sequence;
                let place = usize::from(at) % fields.len();
                way.push(Node::names(fields)[place]);
                match step {
                    Step::Remove => {
                        fields.remove(place);
                    }
                    Step::RepeatField => fields.insert(place, fields[place].clone()),
                    _ if place + 1 < fields.len() => fields.swap(place, place + 1),
                    _ => {}
                }
            }
        }
        (_, Content::Message(_, body)) => {
            if let Some((bytes, fixed)) = body.leaf(field, way) {
                moved = fixed && RESIZING.contains(&step);
                // A session id may be there or not, and a scheme may be the one that is set.
                let before = bytes.clone();
                change_bytes(bytes, step, at, value);
                way.extend([before.is_empty(), *bytes == before].map(u16::from));
            }
        }
    }
    moved
}

fn change_bytes(bytes: &mut Vec<u8>, step: Step, at: u8, value: u8) {
    // From its first byte, or from its end.
    let place = if at < 0x80 {
        Some(usize::from(at)).filter(|at| *at < bytes.len())
    } else {
        bytes.len().checked_sub(usize::from(at - 0x7f))
    };
    match (step, place) {
        (Step::Flip, Some(place)) => bytes[place] ^= value.max(1),
        (Step::Set, Some(place)) => bytes[place] = value,
        (Step::Grow, _) if bytes.len() < FULL => bytes.push(value),
        (Step::Shrink, _) => bytes.truncate(bytes.len().saturating_sub(1 + usize::from(value))),
        (Step::Empty, _) => bytes.clear(),
        (Step::Mean, _) => match bytes.len() {
            2 => {
                let word = WORDS[usize::from(value) % WORDS.len()];
                bytes.copy_from_slice(&word.to_be_bytes());
            }
            32 => match value % 3 {
                0 => bytes.copy_from_slice(&HELLO_RETRY_REQUEST_RANDOM),
                sentinel => bytes[24..].copy_from_slice(&DOWNGRADE[usize::from(sentinel - 1)]),
            },
            _ => bytes.fill(value),
        },
        _ => {}
    }
}

fn foreign(number: u8) -> Item {
    let (kind, bytes) = FOREIGN[usize::from(number) % FOREIGN.len()];
    let content = if kind == ContentType::handshake && !bytes.is_empty() {
        read_message(bytes)
    } else {
        Content::Record(kind, bytes.to_vec())
    };
    Item::new(V::TLS1_2, content)
}

/// What makes a field longer or shorter.
const RESIZING: [Step; 3] = [Step::Grow, Step::Shrink, Step::Empty];
/// How long a step is.
pub(super) const LENGTH: usize = 5;
const VERSIONS: [V; 8] = [
    V(0x0300),
    V::TLS1_0,
    V::TLS1_1,
    V::TLS1_2,
    V::TLS1_3,
    V(0x0399),
    V(0x0002),
    V(0xfefd),
];
/// What may come uncalled for.
pub(super) const FOREIGN: [(ContentType, &[u8]); 22] = [
    (ContentType::handshake, &HELLO_REQUEST),
    (ContentType::handshake, &[14, 0, 0, 0]),
    (ContentType::handshake, &[11, 0, 0, 3, 0, 0, 0]),
    (
        ContentType::handshake,
        &[13, 0, 0, 8, 1, 64, 0, 2, 4, 3, 0, 0],
    ),
    (
        ContentType::handshake,
        &[4, 0, 0, 8, 0, 0, 0, 9, 0, 2, 7, 7],
    ),
    (ContentType::handshake, &[22, 0, 0, 5, 1, 0, 0, 1, 7]),
    (ContentType::handshake, &[8, 0, 0, 2, 0, 0]),
    (
        ContentType::handshake,
        &[20, 0, 0, 12, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
    ),
    (ContentType::handshake, &[24, 0, 0, 1, 0]),
    (ContentType::handshake, &[12, 0, 0, 5, 3, 0, 29, 1, 7]),
    (ContentType::handshake, &[3, 0, 0, 3, 254, 255, 0]),
    (ContentType::handshake, &[254, 0, 0, 0]),
    (ContentType::handshake, &[]),
    (ContentType::change_cipher_spec, &[1]),
    (ContentType::change_cipher_spec, &[2]),
    (ContentType::alert, &[1, 90]),
    (ContentType::alert, &[1, 100]),
    (ContentType::alert, &[1, 0]),
    (ContentType::alert, &[2, 40]),
    (ContentType::alert, &[1]),
    (ContentType::application_data, &[0; 32]),
    // RFC 6520.
    (ContentType(24), &[1, 0, 0]),
];
/// What a server may add to its hello.
pub(super) const EXTENSIONS: [(u16, &[u8]); 32] = [
    (0, &[]),
    (1, &[1]),
    (5, &[]),
    (10, &[0, 2, 0, 29]),
    (11, &[1, 0]),
    (11, &[1, 1]),
    (11, &[2, 1, 0]),
    (13, &[0, 2, 4, 3]),
    (15, &[1]),
    (16, &[0, 3, 2, b'h', b'2']),
    (16, &[0, 3, 2, b'h', b'3']),
    (18, &[]),
    (19, &[0]),
    (20, &[2]),
    (21, &[0, 0]),
    (22, &[]),
    (23, &[]),
    (27, &[2, 0, 1]),
    (28, &[0x40, 0]),
    (35, &[]),
    (41, &[0, 0]),
    (42, &[]),
    (43, &[3, 3]),
    (43, &[3, 4]),
    (43, &[3, 5]),
    (44, &[0, 2, 7, 7]),
    (45, &[1, 1]),
    (49, &[]),
    (51, &[0, 23]),
    (51, &[0, 29, 0, 1, 7]),
    (0x0a0a, &[]),
    (0xff01, &[0]),
];
/// Versions, suites, groups, signature schemes and types of extensions.
pub(super) const WORDS: [u16; 32] = [
    0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0305, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f,
    0xc023, 0x009c, 0x00ff, 0x0000, 0x001d, 0x0017, 0x0018, 0x0100, 0x11ec, 0x0403, 0x0503, 0x0401,
    0x0804, 0x0807, 0x0203, 0x0a0a, 0x002b, 0x0033, 0x0029, 0xff01,
];
/// RFC 8446 §4.1.3: to TLS 1.2, and to what is older.
const DOWNGRADE: [[u8; 8]; 2] = [*b"DOWNGRD\x01", *b"DOWNGRD\x00"];
