//! A handshake message as a tree of its vectors: whatever is changed in it, each length is right, but for
//! the one that is to lie.

use shakedown::iana::{ExtensionType as E, HandshakeType as M};

/// A field, or a vector of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// How many bytes of length stand before it (RFC 8446 §3.4); 0: its length is known.
    width: usize,
    /// How much more than the truth its length says.
    lie: i64,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    Bytes(Vec<u8>),
    List(Vec<Node>),
}

/// How the bytes of a message or an extension are divided.
#[derive(Clone, Copy)]
enum Shape {
    /// So many bytes.
    Fixed(usize),
    /// A vector of bytes, with so many bytes of length.
    Opaque(usize),
    /// A vector of fields that come again and again.
    Each(usize, &'static [Self]),
    /// The extensions of a hello, which may be missing.
    Extensions,
}

impl Node {
    /// The body of a handshake message, without its type and length. What is not as the RFCs say it must
    /// be is one field.
    pub(super) fn message(kind: M, body: &[u8]) -> Self {
        let shapes: &[Shape] = match kind {
            M::server_hello => &SERVER_HELLO,
            M::certificate => &[Shape::Each(3, &[Shape::Opaque(3)])],
            M::certificate_status => &[Shape::Fixed(1), Shape::Opaque(3)],
            M::server_key_exchange => &SERVER_KEY_EXCHANGE,
            M::certificate_request => &CERTIFICATE_REQUEST,
            M::new_session_ticket => &[Shape::Fixed(4), Shape::Opaque(2)],
            _ => &[],
        };
        Self::of(3, shapes, body)
    }

    /// An extension of a ServerHello or of a HelloRetryRequest.
    pub(super) fn extension(kind: u16, body: &[u8]) -> Self {
        let shapes: &[Shape] = match E(kind) {
            E::key_share if body.len() > 2 => &[Shape::Fixed(2), Shape::Opaque(2)],
            E::application_layer_protocol_negotiation => &[Shape::Each(2, &[Shape::Opaque(1)])],
            E::ec_point_formats | E::renegotiation_info => &[Shape::Opaque(1)],
            E(COOKIE) => &[Shape::Opaque(2)],
            _ => &[],
        };
        let kind = Self::bytes(0, kind.to_be_bytes().to_vec());
        Self::list(0, vec![kind, Self::of(2, shapes, body)])
    }

    fn of(width: usize, shapes: &[Shape], body: &[u8]) -> Self {
        let mut rest = body;
        match sequence(shapes, &mut rest) {
            Some(fields) if rest.is_empty() && !fields.is_empty() => Self::list(width, fields),
            _ => Self::bytes(width, body.to_vec()),
        }
    }

    fn bytes(width: usize, bytes: Vec<u8>) -> Self {
        Self {
            width,
            lie: 0,
            content: Content::Bytes(bytes),
        }
    }

    fn list(width: usize, fields: Vec<Self>) -> Self {
        Self {
            width,
            lie: 0,
            content: Content::List(fields),
        }
    }

    /// Appends it as it is on the wire.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        out.resize(begin + self.width, 0);
        match &self.content {
            Content::Bytes(bytes) => out.extend(bytes),
            Content::List(fields) => fields.iter().for_each(|field| field.write(out)),
        }
        let length = (out.len() - begin - self.width) as i64 + self.lie;
        let digits = length.max(0).to_be_bytes();
        out[begin..begin + self.width].copy_from_slice(&digits[digits.len() - self.width..]);
    }

    /// The type of an extension; of anything else, a number that tells what it is like.
    fn name(&self, number: usize) -> u16 {
        match &self.content {
            Content::List(fields) if self.width == 0 => match fields.first() {
                Some(Self {
                    width: 0,
                    content: Content::Bytes(kind),
                    ..
                }) => super::tree::number(kind) as u16,
                _ => number as u16,
            },
            _ => number as u16,
        }
    }

    /// The names of a vector's fields.
    pub(super) fn names(fields: &[Self]) -> Vec<u16> {
        let numbered = fields.iter().enumerate();
        numbered.map(|(number, field)| field.name(number)).collect()
    }

    /// A field without fields of its own, counted round, and whether what follows it moves as it grows.
    pub(super) fn leaf(&mut self, number: u8, way: &mut Vec<u16>) -> Option<(&mut Vec<u8>, bool)> {
        let leaf = self.find(
            |node| matches!(node.content, Content::Bytes(_)),
            number,
            way,
        )?;
        match &mut leaf.content {
            Content::Bytes(bytes) => Some((bytes, leaf.width == 0)),
            Content::List(_) => None,
        }
    }

    /// A vector's fields, likewise; those of a fixed sequence too, and none that is empty.
    pub(super) fn fields(
        &mut self,
        number: u8,
        way: &mut Vec<u16>,
    ) -> Option<(&mut Vec<Self>, bool)> {
        let some = |node: &Self| matches!(&node.content, Content::List(list) if !list.is_empty());
        let node = self.find(some, number, way)?;
        match &mut node.content {
            // A message and an extension are sequences.
            Content::List(fields) => Some((fields, matches!(node.width, 0 | 3))),
            Content::Bytes(_) => None,
        }
    }

    /// The extensions of a hello.
    pub(super) fn extensions(&mut self) -> Option<&mut Vec<Self>> {
        let Content::List(fields) = &mut self.content else {
            return None;
        };
        let whole = fields.len() == SERVER_HELLO.len();
        match &mut fields.last_mut()?.content {
            Content::List(extensions) if whole => Some(extensions),
            _ => None,
        }
    }

    /// Has a length say so much more than is true; less, if negative.
    pub(super) fn lie(&mut self, number: u8, by: i8, way: &mut Vec<u16>) {
        if let Some(node) = self.find(|node| node.width > 0, number, way) {
            node.lie = i64::from(by);
        }
    }

    /// The one with this number, counted round, of those that are wanted; `way` is how to come there.
    fn find(
        &mut self,
        wanted: fn(&Self) -> bool,
        number: u8,
        way: &mut Vec<u16>,
    ) -> Option<&mut Self> {
        let count = self.count(wanted);
        let mut number = usize::from(number).checked_rem(count)?;
        self.nth(wanted, &mut number, way)
    }

    fn count(&self, wanted: fn(&Self) -> bool) -> usize {
        let below = match &self.content {
            Content::List(fields) => fields.iter().map(|field| field.count(wanted)).sum(),
            Content::Bytes(_) => 0,
        };
        usize::from(wanted(self)) + below
    }

    fn nth(
        &mut self,
        wanted: fn(&Self) -> bool,
        number: &mut usize,
        way: &mut Vec<u16>,
    ) -> Option<&mut Self> {
        if wanted(self) {
            if *number == 0 {
                return Some(self);
            }
            *number -= 1;
        }
        let Content::List(fields) = &mut self.content else {
            return None;
        };
        for (place, field) in fields.iter_mut().enumerate() {
            way.push(field.name(place));
            if let Some(found) = field.nth(wanted, number, way) {
                return Some(found);
            }
            way.pop();
        }
        None
    }
}

fn sequence(shapes: &[Shape], rest: &mut &[u8]) -> Option<Vec<Node>> {
    let mut fields = Vec::with_capacity(shapes.len());
    for shape in shapes {
        match *shape {
            Shape::Fixed(length) => fields.push(Node::bytes(0, take(rest, length)?.to_vec())),
            Shape::Opaque(width) => fields.push(Node::bytes(width, vector(rest, width)?.to_vec())),
            Shape::Each(width, shapes) => {
                let mut body = vector(rest, width)?;
                let mut entries = Vec::new();
                while !body.is_empty() {
                    entries.extend(sequence(shapes, &mut body)?);
                }
                fields.push(Node::list(width, entries));
            }
            Shape::Extensions if rest.is_empty() => {}
            Shape::Extensions => {
                let mut body = vector(rest, 2)?;
                let mut extensions = Vec::new();
                while !body.is_empty() {
                    let kind = number(take(&mut body, 2)?);
                    extensions.push(Node::extension(kind as u16, vector(&mut body, 2)?));
                }
                fields.push(Node::list(2, extensions));
            }
        }
    }
    Some(fields)
}

fn vector<'a>(rest: &mut &'a [u8], width: usize) -> Option<&'a [u8]> {
    let length = number(take(rest, width)?);
    take(rest, length)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

/// As it is written, the most significant byte first.
pub(super) fn number(digits: &[u8]) -> usize {
    digits
        .iter()
        .fold(0, |sum, digit| (sum << 8) | usize::from(*digit))
}

/// RFC 8446 §4.1.3: version, random, session id, suite, compression, extensions.
const SERVER_HELLO: [Shape; 6] = [
    Shape::Fixed(2),
    Shape::Fixed(32),
    Shape::Opaque(1),
    Shape::Fixed(2),
    Shape::Fixed(1),
    Shape::Extensions,
];
/// RFC 8422 §5.4: curve type, curve, point, and RFC 5246 §4.7: scheme, signature.
const SERVER_KEY_EXCHANGE: [Shape; 5] = [
    Shape::Fixed(1),
    Shape::Fixed(2),
    Shape::Opaque(1),
    Shape::Fixed(2),
    Shape::Opaque(2),
];
/// RFC 5246 §7.4.4: types, schemes, names.
const CERTIFICATE_REQUEST: [Shape; 3] = [
    Shape::Each(1, &[Shape::Fixed(1)]),
    Shape::Each(2, &[Shape::Fixed(2)]),
    Shape::Each(2, &[Shape::Opaque(2)]),
];
/// RFC 8446 §4.2.2.
const COOKIE: u16 = 44;
