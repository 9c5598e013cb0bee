//! Inputs to begin with.

use super::der::Node;
use super::menu;
use super::own::{ECDSA, OWN, RSA, SetUp};
use super::script::Step;

/// The good chain in each set-up, each part of the menu in either certificate, and steps of every kind.
pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for set_up in SetUp::all() {
        seeds.push((format!("good-{set_up}"), vec![set_up]));
    }
    for set_up in [LEAF, INTERMEDIATE] {
        for (choice, item) in (0..).zip(menu::all()) {
            for (how, more, turned) in [("", ANY_RUSTLS, 0), ("-turned", 0, 0x80)] {
                let script = vec![set_up | more, number(Step::Put), 0, choice | turned];
                seeds.push((format!("{}{how}-{set_up}", item.name), script));
            }
        }
    }
    for (name, set_up, steps) in STEPS {
        let mut seed = vec![*set_up];
        for (step, path, more) in *steps {
            seed.extend([number(*step), place(*set_up, path)]);
            seed.extend(*more);
        }
        seeds.push(((*name).to_owned(), seed));
    }
    seeds
}

/// The seed of a name among the steps.
#[cfg(test)]
pub(super) fn script(name: &str) -> Vec<u8> {
    let found = seeds().into_iter().find(|(known, _)| known == name);
    found.map(|(_, seed)| seed).expect("a seed's name")
}

fn number(step: Step) -> u8 {
    let mut numbers = (0..).zip(Step::ALL);
    let found = numbers.find(|(_, one)| *one == step);
    found.map_or(0, |(number, _)| number)
}

/// The number of the node to which a path leads in the good certificate.
fn place(set_up: u8, path: &[usize]) -> u8 {
    let set_up = SetUp::of(set_up);
    let certificate = OWN.good(set_up).ok();
    let mut number = 0;
    let mut node = certificate.as_ref();
    for step in path {
        let children = node.map_or(&[][..], Node::children);
        number += 1 + children.iter().take(*step).map(Node::count).sum::<usize>();
        node = children.get(*step);
    }
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// A step, where, and what else it needs.
type Told = (Step, &'static [usize], &'static [u8]);

const STEPS: &[(&str, u8, &[Told])] = &[
    (
        "serial-unsigned",
        LEAF | UNSIGNED,
        &[(Step::Flip, &[0, 1], &[0, 1])],
    ),
    (
        "serial-unsigned-issuer",
        INTERMEDIATE | UNSIGNED,
        &[(Step::Flip, &[0, 1], &[0, 1])],
    ),
    (
        "serial-unsigned-rsa",
        LEAF | RSA | UNSIGNED,
        &[(Step::Flip, &[0, 1], &[0, 1])],
    ),
    (
        "serial-unsigned-tls12",
        LEAF | TLS12 | UNSIGNED,
        &[(Step::Flip, &[0, 1], &[0, 1])],
    ),
    ("serial", LEAF, &[(Step::Flip, &[0, 1], &[0, 1])]),
    ("signature", LEAF | UNSIGNED, &[(Step::Flip, &[2], &[9, 1])]),
    ("validity-padded", LEAF, &[(Step::Length, &[0, 4], &[1])]),
    (
        "validity-indefinite",
        INTERMEDIATE,
        &[(Step::Length, &[0, 4], &[0])],
    ),
    ("whole-too-long", LEAF, &[(Step::Length, &[], &[4])]),
    ("whole-too-short", LEAF, &[(Step::Length, &[], &[5])]),
    (
        "algorithm-padded",
        LEAF,
        &[(Step::Length, &[0, 2, 0], &[1])],
    ),
    (
        "algorithm-and-more",
        LEAF,
        &[
            (Step::Duplicate, &[1, 0], &[]),
            (Step::Duplicate, &[0, 2, 0], &[]),
        ],
    ),
    ("algorithm-unlike", LEAF, &[(Step::Flip, &[1, 0], &[2, 1])]),
    (
        "issuer-printable",
        LEAF,
        &[(Step::Tag, &[0, 3, 0, 0, 1], &[0x13])],
    ),
    (
        "issuer-in-pieces",
        LEAF,
        &[(Step::Wrap, &[0, 3, 0, 0, 1], &[0x2c])],
    ),
    (
        "subject-printable",
        INTERMEDIATE,
        &[(Step::Tag, &[0, 5, 0, 0, 1], &[0x13])],
    ),
    (
        "subject-empty-set",
        LEAF,
        &[(Step::Delete, &[0, 5, 0, 0, 1], &[])],
    ),
    ("subject-primitive", LEAF, &[(Step::Tag, &[0, 5], &[0x10])]),
    (
        "key-without-null",
        INTERMEDIATE | RSA,
        &[(Step::Delete, &[0, 6, 0, 1], &[])],
    ),
    (
        "key-and-more",
        INTERMEDIATE | RSA,
        &[(Step::Duplicate, &[0, 6, 1, 0], &[])],
    ),
    (
        "key-in-ber",
        INTERMEDIATE | RSA,
        &[(Step::Length, &[0, 6, 1, 0, 0], &[2])],
    ),
    (
        "value-and-a-byte",
        LEAF,
        &[(Step::Replace, &[0, 7, 0, 5, 2], &[3, 0x30, 0, 4])],
    ),
    (
        "identifier-and-a-byte",
        LEAF,
        &[(Step::Replace, &[0, 7, 0, 4, 1], &[5, 4, 1, 7, 4, 4])],
    ),
    ("no-key-usage", LEAF, &[(Step::Delete, &[0, 7, 0, 2], &[])]),
    (
        "no-extended-usage",
        LEAF,
        &[(Step::Delete, &[0, 7, 0, 3], &[])],
    ),
    (
        "usage-with-what-is-none",
        LEAF,
        &[
            (Step::Duplicate, &[0, 7, 0, 3, 1, 0, 0], &[]),
            (Step::Tag, &[0, 7, 0, 3, 1, 0, 1], &[0xc0]),
        ],
    ),
    (
        "usage-with-what-ends-too-soon",
        LEAF,
        &[
            (Step::Duplicate, &[0, 7, 0, 3, 1, 0, 0], &[]),
            (Step::Length, &[0, 7, 0, 3, 1, 0, 1], &[4]),
        ],
    ),
    (
        "usage-in-pieces",
        LEAF,
        &[(Step::Replace, &[0, 7, 0, 2, 2], &[6, 0x23, 4, 3, 2, 2, 4])],
    ),
    (
        "usage-in-pieces-issuer",
        INTERMEDIATE,
        &[(
            Step::Replace,
            &[0, 7, 0, 1, 2],
            &[6, 0x23, 4, 3, 2, 7, 0x80],
        )],
    ),
    (
        "usage-not-for-signing",
        LEAF | TLS12,
        &[(Step::Replace, &[0, 7, 0, 2, 2], &[4, 3, 2, 0, 0x32])],
    ),
    // Bits that are said to be unused must be 0 to OpenSSL, and those of a key are what they are.
    (
        "key-of-fewer-bits",
        INTERMEDIATE | RSA,
        &[
            (Step::Duplicate, &[0, 6, 1, 0], &[]),
            (Step::Replace, &[0, 6, 1, 1], &[2, 0, 0]),
            (Step::Flip, &[0, 6, 1], &[0, 1]),
        ],
    ),
    ("key-other", LEAF, &[(Step::Flip, &[0, 6, 1], &[9, 1])]),
    (
        "serial-unsigned-ecdsa",
        LEAF | ECDSA | UNSIGNED,
        &[(Step::Flip, &[0, 1], &[0, 1])],
    ),
    (
        "curve-another",
        INTERMEDIATE | ECDSA,
        &[(Step::Flip, &[0, 6, 0, 1], &[7, 1])],
    ),
    (
        "no-curve",
        INTERMEDIATE | ECDSA,
        &[(Step::Delete, &[0, 6, 0, 1], &[])],
    ),
    (
        "curve-and-more",
        INTERMEDIATE | ECDSA,
        &[(Step::Duplicate, &[0, 6, 0, 1], &[])],
    ),
    // The first byte says how many bits are unused, and the second the form: 4 is uncompressed, and 6 and 7 are hybrid, by
    // whether the point's second number is odd, which it is not here (X9.62 §4.3.6).
    (
        "point-hybrid",
        INTERMEDIATE | ECDSA,
        &[(Step::Flip, &[0, 6, 1], &[1, 2])],
    ),
    (
        "point-hybrid-of-another",
        INTERMEDIATE | ECDSA,
        &[(Step::Flip, &[0, 6, 1], &[1, 3])],
    ),
    (
        "point-of-fewer-bits",
        INTERMEDIATE | ECDSA,
        &[(Step::Flip, &[0, 6, 1], &[0, 1])],
    ),
    (
        "point-elsewhere",
        INTERMEDIATE | ECDSA,
        &[(Step::Flip, &[0, 6, 1], &[9, 1])],
    ),
    (
        "ecdsa-algorithm-and-more",
        LEAF | ECDSA,
        &[
            (Step::Duplicate, &[1, 0], &[]),
            (Step::Duplicate, &[0, 2, 0], &[]),
        ],
    ),
    (
        "copied-ecdsa",
        LEAF | TLS12 | ECDSA,
        &[(Step::Copy, &[0, 1], &[])],
    ),
    (
        "signature-ecdsa",
        LEAF | ECDSA | UNSIGNED,
        &[(Step::Flip, &[2, 0, 1], &[9, 1])],
    ),
    (
        "number-padded",
        LEAF | ECDSA | UNSIGNED,
        &[(Step::Length, &[2, 0, 0], &[1])],
    ),
    (
        "extension-twice",
        LEAF,
        &[(Step::Duplicate, &[0, 7, 0, 1], &[])],
    ),
    (
        "extension-wrapped",
        LEAF,
        &[(Step::Wrap, &[0, 7, 0, 1], &[0x30])],
    ),
    (
        "extensions-swapped",
        LEAF,
        &[(Step::Swap, &[0, 7, 0, 1], &[])],
    ),
    ("fields-swapped", LEAF, &[(Step::Swap, &[0, 1], &[])]),
    ("no-validity", LEAF, &[(Step::Delete, &[0, 4], &[])]),
    (
        "contents-of-others",
        LEAF,
        &[(Step::Replace, &[0, 5], &[2, 1, 2])],
    ),
    (
        "key-algorithm-padded",
        LEAF,
        &[(Step::Length, &[0, 6, 0, 0], &[1])],
    ),
    (
        "both-algorithms-padded",
        LEAF,
        &[
            (Step::Length, &[0, 2, 0], &[1]),
            (Step::Length, &[1, 0], &[1]),
        ],
    ),
    (
        "issuer-is-subject",
        LEAF,
        &[(Step::Copy, &[0, 5], &[]), (Step::Paste, &[0, 3], &[])],
    ),
];

/// Set-ups: whose certificate it is, and what is otherwise.
const LEAF: u8 = 0;
const TLS12: u8 = 1;
const INTERMEDIATE: u8 = 2;
const UNSIGNED: u8 = 4;
const ANY_RUSTLS: u8 = 16;
