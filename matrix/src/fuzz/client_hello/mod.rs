//! `client_hello`: a ClientHello that is put together from parts, and servers that hear it.
//!
//! The first byte of an input is the servers' set-up, the second says what they are compared with, as for
//! `bytes_to_server`. Six bytes say what is offered, and the rest is a script of edits: fields, extensions,
//! their order, lengths that lie. A hello that nobody edited is one that OpenSSL could have sent, and the
//! model says what each server makes of it. An edited one is held against the other stack.

use std::collections::BTreeSet;

use shakedown::connection::{HandshakeKind, Role};
use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion};
use shakedown::outcome::Protection;
use shakedown::profile::Protocol;
use shakedown::scenario::{Scenario, StackId};

use self::differences::{Did, Difference, declared};
use self::hello::{Hello, Part, offer};
use super::bytes::{self, seen::Seen};
use super::{Finding, Kept, Target};
use crate::lab::Lab;
use crate::model::{ExpectedEnd, Prediction, predict};

pub(super) mod differences;
pub(super) mod hello;
mod script;

pub(super) const TARGET: Target = Target {
    name: "client_hello",
    about: "a ClientHello in parts to a server of each stack: the model where it is sound, or in one record, and the \
        other stack where it is not, but for declared differences",
    max_len: 512,
    check: try_hello,
    seeds,
};

fn try_hello(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    let Some(told) = Told::of(lab, input)? else {
        return Ok(Kept::No);
    };
    against_each_other(&told)?;
    bytes::reading::holds(
        Role::Server,
        told.set_up,
        &told.hello.write(),
        &told.rustls,
        &told.openssl,
    )
    .map(|()| Kept::Yes)
    .map_err(|(oracle, why)| {
        let mut finding = Finding::new(oracle, format!("{why}\n{told:?}"));
        finding.kind = why;
        finding
    })
}

/// The model where nothing was edited, and else the other stack.
fn against_each_other(told: &Told) -> Result<(), Box<Finding>> {
    for (stack, seen) in told.each() {
        if seen
            .answer
            .is_some_and(|answer| !told.hello.offers(answer.suite))
        {
            return Err(Finding::new(OFFERED, format!("{stack}\n{told:?}")));
        }
    }
    if told.parts.is_empty() {
        for (stack, seen) in told.each() {
            if let Err(why) = as_the_model_says(stack, told.set_up, &told.protocol, seen) {
                return Err(Finding::new(MODEL, format!("{stack}: {why}\n{told:?}")));
            }
        }
        return Ok(());
    }
    let Err(kind) = told.declared() else {
        return Ok(());
    };
    // The offer itself is to blame, whatever was edited besides.
    let refusals = told.each().map(|(stack, seen)| {
        // Behind a HelloRetryRequest rustls has not looked for a scheme yet.
        let retries = seen.answer.is_some_and(|answer| answer.retry);
        refusal_of_sound(stack, told.set_up, &told.protocol)
            .filter(|refusal| !(retries && refusal == NO_SCHEME))
    });
    if let [Some(refusal), None] | [None, Some(refusal)] = &refusals
        && told
            .each()
            .iter()
            .any(|(_, seen)| seen.failure.as_ref() == Some(refusal))
    {
        return Ok(());
    }
    let mut finding = Finding::new(SAME, format!("{kind}\n{told:?}"));
    finding.kind = kind;
    Err(finding)
}

/// A hello, and what came of it.
#[derive(Debug)]
struct Told {
    set_up: u8,
    protocol: Protocol,
    hello: Hello,
    /// What was edited.
    parts: BTreeSet<Part>,
    rustls: Seen,
    openssl: Seen,
}

impl Told {
    /// `None`: the input says no hello. Nobody is let in, pieces do not matter, and both rustls do the same.
    fn of(lab: &Lab, input: &[u8]) -> Result<Option<Self>, Box<Finding>> {
        let [set_up, how, a, b, c, d, e, f, script @ ..] = input else {
            return Ok(None);
        };
        let protocol = offer([*a, *b, *c, *d, *e, *f]);
        let sound = Hello::of(&protocol);
        let mut hello = sound.clone();
        script::edit(&mut hello, script);
        let told = [&[*set_up, *how], &hello.write()[..]].concat();
        let [rustls, openssl] = bytes::tell(lab, Role::Server, &told)?;
        Ok(Some(Self {
            set_up: *set_up,
            protocol,
            parts: hello.parts_unlike(&sound),
            hello,
            rustls,
            openssl,
        }))
    }

    fn each(&self) -> [(StackId, &Seen); 2] {
        [
            (StackId::RustlsRing, &self.rustls),
            (StackId::Openssl, &self.openssl),
        ]
    }

    fn declared(&self) -> Result<Option<&'static Difference>, String> {
        declared(Did::of(&self.rustls), Did::of(&self.openssl), &self.parts)
    }
}

/// The error with which a server refuses the offer that was not edited, as the model says.
fn refusal_of_sound(stack: StackId, set_up: u8, protocol: &Protocol) -> Option<String> {
    let Prediction::Expect(expectation) = predict(&scenario(stack, set_up, protocol)) else {
        return None;
    };
    match (&expectation.allowed[..], expectation.detector) {
        ([expected], Some(Role::Server)) => match &expected.server.end {
            ExpectedEnd::Failed { native } => Some(native.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn scenario(stack: StackId, set_up: u8, protocol: &Protocol) -> Scenario {
    let mut scenario = bytes::scenario(stack, set_up);
    scenario.client.stack = StackId::Openssl;
    scenario.client.profile.protocol = protocol.clone();
    scenario
}

/// Whether a server's first answer is the model's; `Err`: how not.
fn as_the_model_says(
    stack: StackId,
    set_up: u8,
    protocol: &Protocol,
    seen: &Seen,
) -> Result<(), String> {
    let expectation = match predict(&scenario(stack, set_up, protocol)) {
        Prediction::Expect(expectation) => expectation,
        Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => return Ok(()),
    };
    let [expected] = &expectation.allowed[..] else {
        return Err(format!("the model has no one answer: {expectation:?}"));
    };
    if expectation.detector == Some(Role::Server) {
        // rustls asks for a share before it looks for a scheme (server/tls13.rs), so that what the model
        // says comes of the second hello.
        if stack.is_rustls()
            && matches!(&expected.server.end, ExpectedEnd::Failed { native } if native == NO_SCHEME)
            && let Some(answer) = seen.answer
            && answer.retry
            && answer
                .group
                .is_some_and(|group| !protocol.key_shares.contains(&group))
        {
            return Ok(());
        }
        // A protected one cannot be read.
        let alert = expected
            .server
            .alert_sent
            .filter(|alert| alert.protection == Protection::Plain)
            .and_then(|alert| alert.description);
        let sent = seen.alert().map(|[_, description]| description);
        let ExpectedEnd::Failed { native } = &expected.server.end else {
            return Err(format!("the model says {:?}", expected.server.end));
        };
        return if seen.failure.as_ref() == Some(native) && sent == alert.map(|alert| alert.0) {
            Ok(())
        } else {
            Err(format!("the model says {native}, {alert:?}"))
        };
    }
    if expectation.version.is_none() && expectation.cause.is_some() {
        // OpenSSL itself would not get as far as its hello.
        return Ok(());
    }
    let Some(answer) = seen.answer else {
        return Err("the model says that it answers".into());
    };
    if let Some(version) = expectation.version
        && answer.version != version
    {
        return Err(format!("the model says {version}"));
    }
    let Some(session) = &expected.server.session else {
        return Ok(());
    };
    let says: (CipherSuite, Option<NamedGroup>, bool) = (
        session.suite,
        // Of TLS 1.2, ServerKeyExchange says it.
        session
            .group
            .filter(|_| session.version == ProtocolVersion::TLS1_3),
        session.kind == HandshakeKind::HelloRetryRequest,
    );
    if (answer.suite, answer.group, answer.retry) == says {
        Ok(())
    } else {
        Err(format!("the model says {says:?}"))
    }
}

/// Each value of each part of an offer, and each edit, on a plain offer of every set-up.
fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for set_up in 0..6 {
        for (name, offer) in OFFERS {
            let mut seed = vec![set_up, 64 * (set_up % 4)];
            seed.extend(offer);
            seeds.push((format!("{name}-{set_up}"), seed));
        }
        for kind in 0..script::KINDS {
            for which in 0..8 {
                let mut seed = vec![set_up, 64 * (which % 4), 0, 0, 0, 0, 0, 0];
                seed.extend([kind, which, 1 + which * 5, which]);
                seeds.push((format!("edit-{kind}-{which}-{set_up}"), seed));
            }
        }
        for (name, offer, edit) in DIFFERING {
            let mut seed = vec![set_up, 64 * (set_up % 4)];
            seed.extend(offer);
            seed.extend(edit);
            seeds.push((format!("{name}-{set_up}"), seed));
        }
    }
    seeds
}

/// Offers and edits of which stacks make something else.
const DIFFERING: [(&str, [u8; 6], &[u8]); 25] = [
    ("record-version", [0; 6], &[6, 0, 0, 2]),
    (
        "record-version-of-half-a-message",
        [0; 6],
        &[6, 0, 0, 2, 0, 0, 24, 0],
    ),
    ("certificate-authorities", [0; 6], &[13, 6, 7, 6]),
    ("max-fragment-length", [0; 6], &[12, 1, 6, 1]),
    ("max-fragment-length-of-none", [0; 6], &[12, 1, 2, 1]),
    ("behind-the-name", [0; 6], &[21, 0, 4, 5]),
    ("name-without-letters", [0; 6], &[21, 0, 7, 213]),
    ("post-handshake-auth", [0; 6], &[12, 2, 242, 49]),
    ("psk-without-modes", [1, 0, 0, 0, 0, 0], &[13, 5, 4, 3]),
    ("share-of-no-group", [0; 6], &[21, 1, 2, 3]),
    ("no-point", [2, 0, 3, 2, 0, 0], &[21, 5, 40, 148]),
    (
        "curve-of-the-certificate",
        [1, 0, 0, 0, 0, 0],
        &[21, 1, 5, 24],
    ),
    (
        "no-scheme-for-another-share",
        [2, 0, 3, 2, 2, 0],
        &[21, 2, 3, 97],
    ),
    ("no-scheme-of-the-key", [2, 0, 3, 2, 1, 0], &[21, 2, 3, 1]),
    ("outer-extensions", [0; 6], &[18, 0, 0xfd, 0]),
    ("encrypted-client-hello", [0; 6], &[18, 0, 0xfe, 0x0d]),
    ("fallback", [1, 0, 0, 0, 0, 0], &[9, 0, 0x56, 0]),
    (
        "renegotiation-of-what-never-was",
        [1, 0, 0, 0, 0, 0],
        &[18, 3, 0xff, 0x01],
    ),
    ("scheme-of-sha-224", [1, 0, 0, 0, 1, 0], &[21, 2, 2, 3]),
    ("scheme-of-another-hash", [1, 0, 0, 0, 1, 0], &[21, 2, 2, 5]),
    (
        "no-scheme-for-the-certificate",
        [1, 0, 0, 0, 1, 0],
        &[13, 0, 3, 0],
    ),
    // Among suites of RSA, with P-384's scheme.
    (
        "suite-of-ecdsa",
        [0, 0x34, 0, 0, 0x76, 0],
        &[9, 0, 0xc0, 0x2c],
    ),
    // For the first time, with schemes of other keys and a share that is not wanted.
    (
        "suite-for-another-share",
        [0, 0x40, 5, 0, 6, 1],
        &[9, 0, 0x13, 1],
    ),
    // Where P-384 was all, with its scheme.
    (
        "group-of-the-certificate",
        [1, 0, 4, 0, 2, 0],
        &[21, 1, 3, 23],
    ),
    ("unknown-twice", [0; 6], &[12, 0, 0, 77, 15, 0, 3, 0]),
];

/// Versions, suites, groups, shares, schemes, order.
const OFFERS: [(&str, [u8; 6]); 12] = [
    ("plain", [0, 0, 0, 0, 0, 0]),
    ("tls1.2", [1, 0, 0, 0, 0, 0]),
    ("tls1.3", [2, 0, 0, 0, 0, 0]),
    ("without-ems", [129, 0, 0, 0, 0, 0]),
    ("one-suite", [0, 0x11, 0, 0, 0, 0]),
    ("no-common-suite", [0, 0x44, 0, 0, 0, 0]),
    ("other-order", [0, 0, 0, 0, 0, 1]),
    ("no-common-group", [0, 0, 4, 0, 0, 0]),
    ("hello-retry-request", [2, 0, 7, 4, 0, 0]),
    ("every-share", [2, 0, 0, 7, 0, 0]),
    ("one-scheme", [0, 0, 0, 0, 1, 0]),
    ("no-common-scheme", [0, 0, 0, 0, 16, 0]),
];

const NO_SCHEME: &str = "PeerIncompatible(NoSignatureSchemesInCommon)";
const OFFERED: &str = "a server chooses what was offered";
const MODEL: &str = "a sound hello is answered as the model says";
pub(super) const SAME: &str = "stacks differ in nothing but what is declared";

#[cfg(test)]
mod tests;
