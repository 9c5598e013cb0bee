//! What a script does to a certificate.

use super::der::{Body, CONSTRUCTED, Length, Node, SEQUENCE};
use super::menu::{self, Item};

/// Does what the script says, step by step.
pub(super) fn follow(certificate: &mut Node, mut script: &[u8]) {
    let mut copied = None;
    for _ in 0..MOST_STEPS {
        let [step, number, rest @ ..] = script else {
            return;
        };
        script = rest;
        let number = usize::from(*number) % certificate.count();
        let mut next = || {
            let (first, rest) = script.split_first().unwrap_or((&0, &[]));
            script = rest;
            *first
        };
        match Step::ALL[usize::from(*step) % Step::ALL.len()] {
            Step::Flip => {
                let (place, bits) = (next(), next());
                flip(certificate, number, place, bits);
            }
            Step::Replace => {
                let length = usize::from(next()) % 24;
                let (bytes, rest) = script.split_at(script.len().min(length));
                script = rest;
                if let Some(node) = certificate.at_mut(number) {
                    node.body = Body::Bytes(bytes.to_vec());
                }
            }
            Step::Tag => {
                if let Some(node) = certificate.at_mut(number) {
                    node.tag = next();
                }
            }
            Step::Delete => {
                if let Some((siblings, place)) = certificate.around(number) {
                    siblings.remove(place);
                }
            }
            Step::Duplicate => {
                if let Some((siblings, place)) = certificate.around(number)
                    && siblings.len() < MOST_SIBLINGS
                {
                    siblings.insert(place, siblings[place].clone());
                }
            }
            Step::Swap => {
                if let Some((siblings, place)) = certificate.around(number) {
                    let other = (place + 1) % siblings.len();
                    siblings.swap(place, other);
                }
            }
            Step::Copy => copied = certificate.at(number).cloned(),
            Step::Paste => {
                if let Some((siblings, place)) = certificate.around(number)
                    && let Some(copied) = &copied
                    && copied.count() < MOST_NODES
                {
                    siblings[place] = copied.clone();
                }
            }
            Step::Wrap => {
                let tag = next() | CONSTRUCTED;
                if let Some(node) = certificate.at_mut(number) {
                    *node = Node::nodes(tag, vec![node.clone()]);
                }
            }
            Step::Length => {
                let form = next();
                if let Some(node) = certificate.at_mut(number) {
                    node.length = length(form);
                }
            }
            Step::Put => {
                let (item, turned) = item(next());
                if let Some(fields) = fields(certificate) {
                    item.put(fields, turned);
                }
            }
        }
        if certificate.count() > MOST_NODES {
            return;
        }
    }
}

/// What a script of one step alone puts in the certificate.
pub(super) fn only_item(script: &[u8]) -> Option<&'static Item> {
    let [step, _, choice] = script else {
        return None;
    };
    let step = Step::ALL[usize::from(*step) % Step::ALL.len()];
    let (item, turned) = item(*choice);
    (step == Step::Put && !turned).then_some(item)
}

/// The fields of the tbsCertificate, where there is one.
pub(super) fn fields(certificate: &mut Node) -> Option<&mut Vec<Node>> {
    let tbs = certificate.children_mut()?.first_mut()?;
    (tbs.tag == SEQUENCE).then_some(tbs)?.children_mut()
}

fn item(choice: u8) -> (&'static Item, bool) {
    let (choice, turned) = (choice & 0x7f, choice & 0x80 != 0);
    let item = menu::all().cycle().nth(usize::from(choice));
    (item.expect("the menu is not empty"), turned)
}

fn flip(certificate: &mut Node, number: usize, place: u8, bits: u8) {
    let Some(node) = certificate.at_mut(number) else {
        return;
    };
    // Before nodes stands how many bits are unused.
    let (Body::Bytes(bytes) | Body::Nodes { prefix: bytes, .. }) = &mut node.body;
    if !bytes.is_empty() {
        let place = usize::from(place) % bytes.len();
        bytes[place] ^= bits;
    }
}

fn length(form: u8) -> Length {
    match form {
        0 => Length::Indefinite,
        1..=3 => Length::Padded(form),
        _ if form & 1 == 0 => Length::Off(1),
        _ => Length::Off(-1),
    }
}

/// A step of a script: its number, the number of a node, and what else it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Turns bits of a byte over: its place, and which.
    Flip,
    /// Gives a node other contents: how many bytes, and they.
    Replace,
    /// Gives a node another tag.
    Tag,
    /// Takes a node away.
    Delete,
    /// Says a node twice.
    Duplicate,
    /// Puts a node behind the next.
    Swap,
    /// Remembers a node.
    Copy,
    /// Puts what is remembered in the place of a node.
    Paste,
    /// Puts a node in another of a tag.
    Wrap,
    /// Writes a length otherwise.
    Length,
    /// Puts in a part of the menu; the node does not matter.
    Put,
}

impl Step {
    pub(super) const ALL: [Self; 11] = [
        Self::Put,
        Self::Flip,
        Self::Replace,
        Self::Tag,
        Self::Delete,
        Self::Duplicate,
        Self::Swap,
        Self::Copy,
        Self::Paste,
        Self::Wrap,
        Self::Length,
    ];
}

/// So many steps and nodes keep certificates far from the limits of messages.
const MOST_STEPS: usize = 8;
const MOST_SIBLINGS: usize = 24;
const MOST_NODES: usize = 400;
