//! What a script puts in a certificate ready made: extensions (RFC 5280 §4.2) and fields (§4.1.2).

use super::der::{BOOLEAN, Node, OCTET_STRING, OID, SEQUENCE};

mod fields;
mod names;
mod others;
mod usages;

/// Every item; a script names one by its number.
pub(super) fn all() -> impl Iterator<Item = &'static Item> + Clone {
    let parts = [usages::ITEMS, names::ITEMS, others::ITEMS, fields::ITEMS];
    parts.into_iter().flatten()
}

/// A part of a certificate.
pub(super) struct Item {
    pub(super) name: &'static str,
    pub(super) part: Part,
    /// For whom nobody may accept a good certificate with nothing but this changed.
    pub(super) bad: Bad,
}

/// Where it goes.
pub(super) enum Part {
    /// In the place of the extension of this identifier, or at the end.
    Extension {
        id: &'static [u8],
        critical: bool,
        value: &'static [u8],
    },
    /// In the place of the field of this number.
    Field(usize, &'static [u8]),
    /// Before the extensions.
    Further(&'static [u8]),
}

/// Which certificates it makes bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// None, or nobody's agreed on.
    None,
    Any,
    Leaf,
    Intermediate,
}

impl Item {
    /// Puts it in the fields of a tbsCertificate, with the flag `critical` turned over where told so.
    pub(super) fn put(&self, fields: &mut Vec<Node>, turned: bool) {
        match self.part {
            Part::Field(number, der) => {
                let Some(node) = Node::read(der) else { return };
                match fields.get_mut(number) {
                    Some(field) => *field = node,
                    None => fields.push(node),
                }
            }
            Part::Further(der) => {
                let Some(node) = Node::read(der) else { return };
                fields.insert(fields.len().saturating_sub(1), node);
            }
            Part::Extension {
                id,
                critical,
                value,
            } => {
                let extension = extension(id, critical != turned, value);
                let Some(extensions) = fields
                    .last_mut()
                    .filter(|field| field.tag == EXTENSIONS)
                    .and_then(|field| field.children_mut()?.first_mut()?.children_mut())
                else {
                    return;
                };
                let same = |node: &&mut Node| {
                    let first = node.children().first();
                    first.is_some_and(|first| first.contents() == id)
                };
                match extensions.iter_mut().find(same) {
                    Some(old) => *old = extension,
                    None => extensions.push(extension),
                }
            }
        }
    }
}

fn extension(id: &[u8], critical: bool, value: &[u8]) -> Node {
    let mut nodes = vec![Node::bytes(OID, id)];
    if critical {
        nodes.push(Node::bytes(BOOLEAN, &[0xff]));
    }
    // Read again, so that scripts can change what is within.
    let value = Node::bytes(OCTET_STRING, value);
    nodes.push(Node::read(&value.encoded()).unwrap_or(value));
    Node::nodes(SEQUENCE, nodes)
}

const fn extra(
    name: &'static str,
    bad: Bad,
    id: &'static [u8],
    critical: bool,
    value: &'static [u8],
) -> Item {
    let part = Part::Extension {
        id,
        critical,
        value,
    };
    Item { name, part, bad }
}

const fn field(name: &'static str, bad: Bad, number: usize, der: &'static [u8]) -> Item {
    let part = Part::Field(number, der);
    Item { name, part, bad }
}

/// The tag of the extensions.
pub(super) const EXTENSIONS: u8 = 0xa3;

pub(super) const SUBJECT_KEY: &[u8] = &[0x55, 0x1d, 14];
pub(super) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
pub(super) const SUBJECT_NAME: &[u8] = &[0x55, 0x1d, 17];
pub(super) const ISSUER_NAME: &[u8] = &[0x55, 0x1d, 18];
pub(super) const BASIC: &[u8] = &[0x55, 0x1d, 19];
pub(super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
pub(super) const DISTRIBUTION: &[u8] = &[0x55, 0x1d, 31];
pub(super) const POLICIES: &[u8] = &[0x55, 0x1d, 32];
pub(super) const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 33];
pub(super) const AUTHORITY_KEY: &[u8] = &[0x55, 0x1d, 35];
pub(super) const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
pub(super) const EXTENDED_USAGE: &[u8] = &[0x55, 0x1d, 37];
pub(super) const ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
/// 2.16.840.1.113730.1.1, of Netscape.
pub(super) const NETSCAPE_TYPE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 1, 1];
/// RFC 3820 §3.8.
pub(super) const PROXY: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 14];
/// RFC 3779 §2.2.1.
pub(super) const ADDRESS_BLOCKS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 7];
/// RFC 3779 §3.2.1.
pub(super) const SYSTEM_NUMBERS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 8];
/// RFC 6960 §4.2.2.2.1.
pub(super) const NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];
/// RFC 7633 §4.1.
pub(super) const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
/// Of a private enterprise that does not exist.
pub(super) const UNKNOWN: &[u8] = &[0x2b, 6, 1, 4, 1, 0x83, 0xb2, 3, 2];

pub(super) const SERIAL: usize = 1;
pub(super) const VALIDITY: usize = 4;
