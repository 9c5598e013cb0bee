//! A flight as what it is made of: handshake messages in the clear, and records of any other kind.

use shakedown::iana::{ContentType, HandshakeType, ProtocolVersion as V};

use super::tree::{Node, number};

/// A flight, and how its messages are to be laid in records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) items: Vec<Item>,
    pub(super) framing: Framing,
}

/// A part of a flight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// What stands in the head of its records.
    pub(super) version: V,
    /// It has records of so many bytes at most.
    pub(super) most: usize,
    /// Whether it is sealed, whatever type its record has by now: what seals it does not hang on that in
    /// every stack.
    sealed: bool,
    pub(super) content: Content,
}

/// What is in a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A handshake message in the clear.
    Message(HandshakeType, Node),
    /// A record: sealed, or of no handshake.
    Record(ContentType, Vec<u8>),
}

/// How messages that follow each other are laid in records (RFC 8446 §5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// Each has records of its own.
    Apart,
    /// They share records of so many bytes.
    Together(usize),
}

impl Flight {
    /// A flight that a server has sent; `None`: it is not made of whole records and messages.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Self> {
        let (mut items, mut open) = (Vec::new(), Vec::new());
        while let [kind, major, minor, high, low, rest @ ..] = bytes {
            let (body, rest) = rest.split_at_checked(number(&[*high, *low]))?;
            bytes = rest;
            let version = V(u16::from_be_bytes([*major, *minor]));
            if ContentType(*kind) == ContentType::handshake {
                open.extend_from_slice(body);
                while let Some(message) = first(&open) {
                    let (message, length) = (read_message(message), message.len());
                    items.push(Item::new(version, message));
                    open.drain(..length);
                }
            } else {
                let record = Content::Record(ContentType(*kind), body.to_vec());
                items.push(Item::new(version, record));
            }
        }
        (bytes.is_empty() && open.is_empty() && !items.is_empty()).then_some(Self {
            items,
            framing: Framing::Apart,
        })
    }

    /// As it is on the wire.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = &self.items[..];
        while let [item, after @ ..] = rest {
            rest = after;
            let mut body = item.bytes();
            let kind = match &item.content {
                Content::Record(kind, _) => {
                    seal(*kind, item.version, &body, &mut out);
                    continue;
                }
                Content::Message(..) => ContentType::handshake,
            };
            let mut most = item.most;
            if let Framing::Together(shared) = self.framing {
                most = shared;
                while let [next, after @ ..] = rest
                    && matches!(next.content, Content::Message(..))
                {
                    body.extend(next.bytes());
                    rest = after;
                }
            }
            for part in body.chunks(most.clamp(1, FULL)) {
                seal(kind, item.version, part, &mut out);
            }
        }
        out
    }

    /// What the handshake hangs on, in order: what goes into the transcript, and what is sealed.
    ///
    /// HelloRequests belong to no transcript (RFC 5246 §7.4.1.1), nor does what is in the head of a record
    /// or in a record that is neither handshake nor sealed.
    pub(super) fn binding(&self) -> Vec<u8> {
        let mut binding = Vec::new();
        for item in &self.items {
            let bytes = item.bytes();
            match &item.content {
                Content::Message(..) if bytes == HELLO_REQUEST => {}
                _ if item.sealed || item.kind() == ContentType::application_data => {
                    binding.push(1);
                    binding.extend((bytes.len() as u32).to_be_bytes());
                    binding.extend(bytes);
                }
                Content::Message(..) | Content::Record(ContentType::handshake, _) => {
                    binding.extend(bytes.iter().flat_map(|byte| [0, *byte]));
                }
                Content::Record(..) => {}
            }
        }
        binding
    }

    /// The same flight, whatever records its messages are in.
    pub(super) fn says(&self, other: &Self) -> bool {
        let parts = |flight: &Self| -> Vec<_> {
            let items = flight.items.iter();
            items
                .map(|item| (item.version, item.bytes(), item.kind()))
                .collect()
        };
        parts(self) == parts(other)
    }
}

impl Item {
    pub(super) fn new(version: V, content: Content) -> Self {
        let sealed = matches!(content, Content::Record(ContentType::application_data, _));
        Self {
            version,
            most: FULL,
            sealed,
            content,
        }
    }

    /// The message with its head, or what the record holds.
    pub(super) fn bytes(&self) -> Vec<u8> {
        match &self.content {
            Content::Message(kind, body) => {
                let mut bytes = vec![kind.0];
                body.write(&mut bytes);
                bytes
            }
            Content::Record(_, body) => body.clone(),
        }
    }

    /// The type in the head of its records.
    pub(super) fn kind(&self) -> ContentType {
        match &self.content {
            Content::Message(..) => ContentType::handshake,
            Content::Record(kind, _) => *kind,
        }
    }
}

/// A whole message.
pub(super) fn read_message(message: &[u8]) -> Content {
    let kind = HandshakeType(message[0]);
    Content::Message(kind, Node::message(kind, &message[HEAD..]))
}

/// The first message, where all of it is there.
fn first(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(..HEAD + number(bytes.get(1..HEAD)?))
}

fn seal(kind: ContentType, version: V, body: &[u8], out: &mut Vec<u8>) {
    out.push(kind.0);
    out.extend(version.0.to_be_bytes());
    out.extend((body.len() as u16).to_be_bytes());
    out.extend(body);
}

/// A message's type and length (RFC 8446 §4).
const HEAD: usize = 4;
/// What a record in the clear holds at most (RFC 8446 §5.1).
pub(super) const FULL: usize = 1 << 14;
/// RFC 5246 §7.4.1.1.
pub(super) const HELLO_REQUEST: [u8; 4] = [0; 4];
