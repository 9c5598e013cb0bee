//! What a certificate says, as far as it can be read (RFC 5280 §4.1).

use super::der::{
    BIT_STRING, BOOLEAN, Body, CONSTRUCTED, INTEGER, Length, Node, OID, SEQUENCE, SET,
};
use super::menu::{BASIC, EXTENSIONS, KEY_USAGE};

/// A certificate taken apart, and what it was before.
pub(super) struct Reading<'a> {
    pub(super) whole: &'a Node,
    /// Whether it is the leaf.
    pub(super) is_leaf: bool,
    good: &'a Node,
    /// The fields of tbsCertificate.
    fields: &'a [Node],
    pub(super) extensions: Vec<Extension>,
}

/// An extension.
pub(super) struct Extension {
    pub(super) id: Vec<u8>,
    pub(super) critical: bool,
    /// What the OCTET STRING begins with: OpenSSL looks no further.
    value: Option<Node>,
    /// Whether more stands behind the value, be it no node.
    has_more: bool,
    encoded: Vec<u8>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(whole: &'a Node, good: &'a Node, is_leaf: bool) -> Self {
        let fields = whole.children().first().map_or(&[][..], Node::children);
        let list = fields
            .iter()
            .find(|field| field.tag == EXTENSIONS)
            .and_then(|field| field.children().first());
        let extensions = list.map_or(&[][..], Node::children);
        Self {
            whole,
            is_leaf,
            good,
            fields,
            extensions: extensions.iter().filter_map(Extension::of).collect(),
        }
    }

    /// The field of a number, where a version is said.
    pub(super) fn field(&self, number: usize) -> Option<&'a Node> {
        self.fields.get(number)
    }

    /// The field of a number as it was.
    fn before(&self, number: usize) -> Option<&'a Node> {
        self.good.children().first()?.children().get(number)
    }

    /// Whether the field of a number is another than before.
    pub(super) fn is_changed(&self, number: usize) -> bool {
        self.field(number) != self.before(number)
    }

    /// Whether the algorithm in a field is the one before, with other parameters (RFC 5280 §4.1.1.2).
    pub(super) fn has_other_parameters(&self, number: usize) -> bool {
        self.is_changed(number) && first(self.field(number)) == first(self.before(number))
    }

    /// Whether the name in a field is the one before (RFC 5280 §7.1): case, spaces and the type of a string
    /// do not count.
    pub(super) fn is_same_name(&self, number: usize) -> bool {
        let attributes = |name: &Node| -> Vec<(Vec<u8>, String)> {
            name.children()
                .iter()
                .flat_map(Node::children)
                .map(|attribute| match attribute.children() {
                    [kind, value, ..] => (kind.contents(), folded(&pieces(value))),
                    _ => (attribute.contents(), String::new()),
                })
                .collect()
        };
        match (self.field(number), self.before(number)) {
            (Some(now), Some(before)) => attributes(now) == attributes(before),
            _ => false,
        }
    }

    /// Whether what an extension says is another than before, be it that there are more of it.
    pub(super) fn says_otherwise(&self, id: &[u8]) -> bool {
        let before = Self::of(self.good, self.good, self.is_leaf);
        let all = |reading: &Self| -> Vec<_> {
            let same = reading.extensions.iter().filter(|one| one.id == id);
            same.map(|one| one.encoded.clone()).collect()
        };
        all(self) != all(&before)
    }

    /// What the first extension of an identifier says, as far as it can be read.
    pub(super) fn value(&self, id: &[u8]) -> Option<&Node> {
        self.extension(id)?.value.as_ref()
    }

    fn extension(&self, id: &[u8]) -> Option<&Extension> {
        self.extensions.iter().find(|one| one.id == id)
    }

    pub(super) fn is_critical(&self, id: &[u8]) -> bool {
        self.extensions
            .iter()
            .any(|one| one.id == id && one.critical)
    }

    /// Whether the value of one of these extensions has more behind it.
    pub(super) fn has_more(&self, ids: &[&[u8]]) -> bool {
        let mut asked = self.extensions.iter().filter(|one| ids.contains(&&*one.id));
        asked.any(|one| one.has_more)
    }

    /// Whether an extension's identifier is none (X.690 §8.19.2).
    pub(super) fn has_no_id(&self) -> bool {
        self.extensions.iter().any(|one| !is_id(&one.id))
    }

    /// Whether there is an extension that is no list of identifiers, as extendedKeyUsage is to be one
    /// (RFC 5280 §4.2.1.12).
    pub(super) fn lists_no_ids(&self, id: &[u8]) -> bool {
        let is_listed = |node: &Node| node.tag == OID && is_id(&node.contents());
        let lists = |value: &Node| {
            let all =
                matches!(&value.body, Body::Nodes { nodes, .. } if nodes.iter().all(is_listed));
            value.tag == SEQUENCE && all
        };
        self.extension(id)
            .is_some_and(|one| !one.value.as_ref().is_some_and(lists))
    }

    /// Whether there is a keyUsage that says nothing, or that cannot be read.
    pub(super) fn has_no_usage(&self) -> bool {
        self.extension(KEY_USAGE).is_some() && self.usages().is_none_or(|bits| bits == 0)
    }

    /// How the RSA key from before is written now (RFC 8017 §A.1.1): the RSAPublicKey, and whether more stands
    /// behind it. `None` if it is another key, or none of RSA.
    pub(super) fn same_rsa_key(&self) -> Option<(Node, bool)> {
        let before = Self::of(self.good, self.good, self.is_leaf);
        let (now, has_more) = self.rsa_key()?;
        let (before, _) = before.rsa_key()?;
        (numbers(&now) == numbers(&before)).then_some((now, has_more))
    }

    fn rsa_key(&self) -> Option<(Node, bool)> {
        let field = self.field(KEY)?;
        let algorithm = field.children().first()?;
        let contents = field.children().last()?.contents();
        let (key, rest) = Node::read_first(contents.get(1..)?)?;
        let is_rsa = algorithm.contents().starts_with(RSA_ENCRYPTION);
        (is_rsa && key.tag == SEQUENCE).then_some((key, !rest.is_empty()))
    }

    /// Whether the key is the point from before in its hybrid form, which tells too whether its second number is odd
    /// (X9.62 §4.3.6).
    pub(super) fn is_hybrid_point(&self) -> bool {
        let point = |key: Option<&Node>| {
            let bits = key.and_then(|key| key.children().last());
            bits.map(Node::contents).unwrap_or_default()
        };
        let (now, before) = (point(self.field(KEY)), point(self.before(KEY)));
        match (&*now, &*before) {
            ([0, form, now @ .., last], [0, 4, before @ .., was]) => {
                *form == 6 | last & 1
                    && (now, last) == (before, was)
                    && first(self.field(KEY)) == first(self.before(KEY))
            }
            _ => false,
        }
    }

    /// Whether it says that it is a CA's (RFC 5280 §4.2.1.9).
    pub(super) fn is_ca(&self) -> bool {
        let flag = self.value(BASIC).and_then(|value| value.children().first());
        flag.is_some_and(|flag| flag.tag == BOOLEAN && flag.contents() == [0xff])
    }

    /// The bits of keyUsage, digitalSignature highest (RFC 5280 §4.2.1.3), without those that are unused.
    pub(super) fn usages(&self) -> Option<u16> {
        let value = self.value(KEY_USAGE)?;
        if value.tag & !CONSTRUCTED != BIT_STRING {
            return None;
        }
        let contents = pieces(value);
        let (&unused @ 0..=7, bits) = contents.split_first()? else {
            return None;
        };
        let mut bits = bits.to_vec();
        if let Some(last) = bits.last_mut() {
            *last &= 0xff << unused;
        }
        bits.resize(2, 0);
        Some(u16::from_be_bytes([bits[0], bits[1]]))
    }
}

/// What a node begins with.
fn first(node: Option<&Node>) -> Option<&Node> {
    node.and_then(|node| node.children().first())
}

/// The contents of a string, which BER lets be made of strings (X.690 §8.6.4, §8.23), one after the other, as
/// OpenSSL's `asn1_collect` reads them.
fn pieces(string: &Node) -> Vec<u8> {
    if string.tag & CONSTRUCTED == 0 {
        return string.contents();
    }
    string.children().iter().flat_map(pieces).collect()
}

/// The INTEGERs in a sequence, without zeros before.
fn numbers(sequence: &Node) -> Vec<Option<Vec<u8>>> {
    let number = |node: &Node| {
        let contents = node.contents().into_iter().skip_while(|byte| *byte == 0);
        (node.tag == INTEGER).then(|| contents.collect())
    };
    sequence.children().iter().map(number).collect()
}

fn is_id(contents: &[u8]) -> bool {
    let starts = std::iter::once(&0).chain(contents);
    let padded = |(before, byte): (&u8, &u8)| before & 0x80 == 0 && *byte == 0x80;
    !starts.zip(contents).any(padded) && contents.last().is_some_and(|last| last & 0x80 == 0)
}

fn folded(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text).to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Extension {
    fn of(node: &Node) -> Option<Self> {
        let (first, rest) = node.children().split_first()?;
        let contents = rest.last()?.contents();
        let (value, has_more) = match Node::read_first(&contents) {
            Some((value, more)) => (Some(value), !more.is_empty()),
            None => (None, false),
        };
        Some(Self {
            has_more,
            id: first.contents(),
            critical: rest.len() > 1 && rest[0].tag == BOOLEAN && rest[0].contents() != [0],
            value,
            encoded: rest.last()?.encoded(),
        })
    }
}

/// Whether it is BER and not DER (X.690 §10, §11), as far as that can be told without knowing a type.
pub(super) fn is_no_der(node: &Node) -> bool {
    node.any(&|node| {
        let contents = node.contents();
        let form = match (node.tag, &*contents) {
            (BOOLEAN, contents) => !matches!(contents, [0 | 0xff]),
            (INTEGER, [0, second, ..]) => second & 0x80 == 0,
            (INTEGER, [0xff, second, ..]) => second & 0x80 != 0,
            (INTEGER | OID, []) => true,
            // Of nodes, and yet primitive (X.690 §8.9.1, §8.11.1).
            (PRIMITIVE_SEQUENCE | PRIMITIVE_SET, _) => true,
            (BIT_STRING, [unused, rest @ ..]) => match rest.last() {
                None => *unused != 0,
                Some(last) => *unused > 7 || last & ((1 << unused) - 1) != 0,
            },
            _ => false,
        };
        let is_string_of_nodes =
            node.tag & 0xe0 == CONSTRUCTED && ![SEQUENCE, SET].contains(&node.tag);
        // A tag in a longer form than it needs, which OpenSSL reads, is one reason for this.
        let is_unread = node.tag & CONSTRUCTED != 0 && matches!(node.body, Body::Bytes(_));
        form || is_string_of_nodes || is_unread || node.length != Length::Minimal
    })
}

const PRIMITIVE_SEQUENCE: u8 = SEQUENCE & !CONSTRUCTED;
const PRIMITIVE_SET: u8 = SET & !CONSTRUCTED;
/// Where subjectPublicKeyInfo stands in tbsCertificate.
pub(super) const KEY: usize = 6;
/// The identifier rsaEncryption (RFC 8017 §A.1).
pub(super) const RSA_ENCRYPTION: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
