//! BER as a tree that can be changed and written again (X.690).
//!
//! What is read may have any length form that BER allows; what is written has whatever form a node says, be
//! it a lie.

/// A tag, a length and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) tag: u8,
    pub(super) length: Length,
    pub(super) body: Body,
}

/// How a length is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// In as few bytes as can be, which is DER.
    Minimal,
    /// With this many more bytes than need be.
    Padded(u8),
    /// Not at all: two zeros end the contents.
    Indefinite,
    /// Too long or too short by so much.
    Off(i8),
}

/// Contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    Bytes(Vec<u8>),
    /// Nodes, in a BIT STRING after the count of unused bits.
    Nodes {
        prefix: Vec<u8>,
        nodes: Vec<Node>,
    },
}

impl Node {
    pub(super) fn bytes(tag: u8, bytes: &[u8]) -> Self {
        Self {
            tag,
            length: Length::Minimal,
            body: Body::Bytes(bytes.to_vec()),
        }
    }

    pub(super) fn nodes(tag: u8, nodes: Vec<Self>) -> Self {
        let prefix = Vec::new();
        Self {
            tag,
            length: Length::Minimal,
            body: Body::Nodes { prefix, nodes },
        }
    }

    /// All of the bytes as one node; what looks like nodes in a string of bytes or bits is read too.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (node, rest) = Self::read_first(bytes)?;
        rest.is_empty().then_some(node)
    }

    /// What the bytes begin with, and the rest.
    pub(super) fn read_first(bytes: &[u8]) -> Option<(Self, &[u8])> {
        read(bytes, DEEPEST)
    }

    pub(super) fn children(&self) -> &[Self] {
        match &self.body {
            Body::Bytes(_) => &[],
            Body::Nodes { nodes, .. } => nodes,
        }
    }

    pub(super) fn children_mut(&mut self) -> Option<&mut Vec<Self>> {
        match &mut self.body {
            Body::Bytes(_) => None,
            Body::Nodes { nodes, .. } => Some(nodes),
        }
    }

    /// The contents as they are written.
    pub(super) fn contents(&self) -> Vec<u8> {
        match &self.body {
            Body::Bytes(bytes) => bytes.clone(),
            Body::Nodes { prefix, nodes } => {
                let mut contents = prefix.clone();
                for node in nodes {
                    node.write(&mut contents);
                }
                contents
            }
        }
    }

    pub(super) fn encoded(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        let contents = self.contents();
        out.push(self.tag);
        match self.length {
            Length::Minimal => write_length(out, contents.len(), 0),
            Length::Padded(by) => write_length(out, contents.len(), by),
            Length::Off(by) => {
                write_length(out, contents.len().saturating_add_signed(by.into()), 0);
            }
            Length::Indefinite => out.push(0x80),
        }
        out.extend(contents);
        if self.length == Length::Indefinite {
            out.extend([0, 0]);
        }
    }

    /// How many nodes there are, with this one.
    pub(super) fn count(&self) -> usize {
        1 + self.children().iter().map(Self::count).sum::<usize>()
    }

    /// The node of a number, counted from 0 in the order in which they are written.
    pub(super) fn at(&self, number: usize) -> Option<&Self> {
        if number == 0 {
            return Some(self);
        }
        let mut number = number - 1;
        for child in self.children() {
            let count = child.count();
            if number < count {
                return child.at(number);
            }
            number -= count;
        }
        None
    }

    pub(super) fn at_mut(&mut self, number: usize) -> Option<&mut Self> {
        if number == 0 {
            return Some(self);
        }
        let mut number = number - 1;
        for child in self.children_mut()? {
            let count = child.count();
            if number < count {
                return child.at_mut(number);
            }
            number -= count;
        }
        None
    }

    /// The siblings of the node of a number, itself among them, and its place there; `None` for this one.
    pub(super) fn around(&mut self, number: usize) -> Option<(&mut Vec<Self>, usize)> {
        let mut number = number.checked_sub(1)?;
        let nodes = self.children_mut()?;
        for place in 0..nodes.len() {
            let count = nodes[place].count();
            if number == 0 {
                return Some((nodes, place));
            }
            if number < count {
                return nodes[place].around(number);
            }
            number -= count;
        }
        None
    }

    /// Whether it holds for this node or any within.
    pub(super) fn any(&self, holds: &dyn Fn(&Self) -> bool) -> bool {
        holds(self) || self.children().iter().any(|child| child.any(holds))
    }
}

fn read(bytes: &[u8], depth: usize) -> Option<(Node, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    // Tags of more than a byte occur in no certificate.
    if tag & 0x1f == 0x1f {
        return None;
    }
    let (length, contents, rest) = read_length(tag, rest, depth)?;
    let body = within(tag, contents, depth).unwrap_or_else(|| Body::Bytes(contents.to_vec()));
    Some((Node { tag, length, body }, rest))
}

fn read_length(tag: u8, bytes: &[u8], depth: usize) -> Option<(Length, &[u8], &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first == 0x80 {
        if tag & CONSTRUCTED == 0 {
            return None;
        }
        let mut end = rest;
        while !end.starts_with(&[0, 0]) {
            (_, end) = read(end, depth.checked_sub(1)?)?;
        }
        let contents = &rest[..rest.len() - end.len()];
        return Some((Length::Indefinite, contents, &end[2..]));
    }
    let (length, used, rest) = if first < 0x80 {
        (usize::from(first), 1, rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        let number = digits.iter().try_fold(0_usize, |number, digit| {
            number.checked_mul(256)?.checked_add(usize::from(*digit))
        })?;
        (number, 1 + digits.len(), rest)
    };
    let mut least = Vec::new();
    write_length(&mut least, length, 0);
    let more = u8::try_from(used - least.len()).ok()?;
    let form = match more {
        0 => Length::Minimal,
        _ => Length::Padded(more),
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((form, contents, rest))
}

/// The contents as nodes, where they are.
fn within(tag: u8, contents: &[u8], depth: usize) -> Option<Body> {
    let depth = depth.checked_sub(1)?;
    let (prefix, mut rest) = match tag {
        BIT_STRING => (vec![0], contents.strip_prefix(&[0])?),
        _ => (Vec::new(), contents),
    };
    let wraps = tag & CONSTRUCTED != 0;
    if !wraps && (rest.is_empty() || ![BIT_STRING, OCTET_STRING].contains(&tag)) {
        return None;
    }
    let mut nodes = Vec::new();
    while !rest.is_empty() {
        let (node, after) = read(rest, depth)?;
        nodes.push(node);
        rest = after;
    }
    Some(Body::Nodes { prefix, nodes })
}

fn write_length(out: &mut Vec<u8>, length: usize, padding: u8) {
    let digits = length.to_be_bytes();
    let significant: Vec<_> = digits.into_iter().skip_while(|digit| *digit == 0).collect();
    match (length, padding) {
        (0..0x80, 0) => out.push(digits[digits.len() - 1]),
        (0..0x80, padding) => {
            // The byte that says how many there are is one more.
            out.push(0x80 | padding);
            out.extend(std::iter::repeat_n(
                0,
                usize::from(padding) - significant.len(),
            ));
            out.extend(significant);
        }
        _ => {
            out.push(0x80 | (padding + significant.len() as u8));
            out.extend(std::iter::repeat_n(0, usize::from(padding)));
            out.extend(significant);
        }
    }
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;
pub(super) const CONSTRUCTED: u8 = 0x20;
/// No certificate is deeper, and nothing is read that could exhaust the stack.
const DEEPEST: usize = 24;
