//! `certificate`: a server presents a chain that is not what its issuers made.
//!
//! The first byte of an input is a set-up, and the rest is a script that changes one certificate of a good
//! chain in its DER, after which its issuer signs it again, or does not. A client of rustls's and one of
//! OpenSSL's meet a server that presents the chain, with the right key; where the set-up says so, one of the other
//! rustls too. Both rustls must judge alike, rustls and OpenSSL too but for what is declared in [`differences`];
//! and nobody may accept what no issuer has signed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use shakedown::connection::{Config, Failure, Role};
use shakedown::identity::Issuer;
use shakedown::link::Link;
use shakedown::pair::Pair;
use shakedown::scenario::{Scenario, StackId};

use self::der::Node;
use self::menu::Bad;
use self::own::{OWN, SetUp, signed_part};
use self::reading::Reading;
use super::{Finding, Kept, NO_PANIC, Target, bytes, panicked, unharmed};
use crate::lab::Lab;

mod der;
mod differences;
mod menu;
mod own;
mod reading;
mod script;
mod seeds;

pub(super) const TARGET: Target = Target {
    name: "certificate",
    about: "chains changed in DER and presented to a client of each stack: nobody accepts what is not \
        signed, both rustls agree, and OpenSSL does but for what is declared",
    max_len: 128,
    check: present,
    seeds: seeds::seeds,
};

fn present(lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
    let [set_up, script @ ..] = input else {
        return Ok(Kept::No);
    };
    let case = Case::new(*set_up, script).map_err(|why| Finding::new(PRESENTED, why))?;
    let meet = |stack| {
        // A connection that panicked is never called again.
        let met = catch_unwind(AssertUnwindSafe(|| case.meet(lab, stack)))
            .unwrap_or_else(|panic| Err((NO_PANIC, panicked(&*panic))));
        met.map_err(|(oracle, story)| case.finding(oracle, &format!("{stack}: {story}")))
    };
    // Each client costs a handshake.
    let aws = case.set_up.any_rustls.then(|| meet(StackId::RustlsAwsLcRs));
    let (ring, openssl) = (meet(StackId::RustlsRing)?, meet(StackId::Openssl)?);
    case.judge(aws.transpose()?.as_ref(), &ring, &openssl)?;
    Ok(Kept::Yes)
}

/// What one client makes of the chain.
#[derive(Debug)]
struct Judged {
    failure: Option<Failure>,
    client_done: bool,
    server_done: bool,
}

impl Judged {
    fn accepts(&self) -> bool {
        self.client_done && self.failure.is_none()
    }

    fn native(&self) -> &str {
        match &self.failure {
            Some(failure) => &failure.native,
            None if self.client_done => "accepts",
            None => "waits",
        }
    }
}

/// A chain with one certificate changed.
struct Case {
    set_up: SetUp,
    certificates: Vec<Vec<u8>>,
    server: Arc<dyn Config>,
    /// The certificate that was changed, before and, as far as it can be read, after.
    before: Node,
    read: Option<Node>,
    /// The one thing that is wrong, where nobody may accept it.
    bad: Option<&'static str>,
    /// Whether it is as before, be it signed again.
    good: bool,
    /// What its issuer has signed, and the signature.
    signed: [Vec<u8>; 2],
}

impl Case {
    fn new(set_up: u8, script: &[u8]) -> Result<Self, String> {
        let set_up = SetUp::of(set_up);
        let own = &*OWN;
        let good = &own.chain(set_up)?.certificates;
        let place = set_up.place();
        let before = own.good(set_up)?;
        let mut certificate = before.clone();
        let mut signed = signed_part(&certificate).ok_or("and has three parts")?;
        script::follow(&mut certificate, script);
        let mut unchanged = certificate.encoded() == good[place];
        if set_up.signs
            && let Some(again) = own.sign(set_up, &mut certificate)?
        {
            signed = again;
        }
        let mut certificates = good.clone();
        certificates[place] = certificate.encoded();
        unchanged |= certificates == *good;
        let bad = script::only_item(script)
            .filter(|item| match item.bad {
                Bad::None => false,
                Bad::Any => true,
                Bad::Leaf => set_up.issuer == Issuer::Intermediate,
                Bad::Intermediate => set_up.issuer == Issuer::Root,
            })
            .map(|item| item.name);
        Ok(Self {
            set_up,
            good: unchanged,
            before,
            read: Node::read(&certificates[place]),
            server: own.server(set_up, certificates.clone())?,
            certificates,
            bad,
            signed,
        })
    }

    /// Lets a client of the stack meet the server.
    fn meet(&self, lab: &Lab, stack: StackId) -> Result<Judged, (&'static str, String)> {
        let mut scenario = Scenario::plain(stack, StackId::RustlsAwsLcRs);
        scenario.client.profile.protocol = bytes::plain(self.set_up.version, 0);
        let prepared = lab.client(&scenario);
        let config = prepared
            .as_ref()
            .as_ref()
            .map_err(|refusal| (PRESENTED, format!("{refusal:?}")))?;
        let begin = |config: &dyn Config| config.connect().map_err(|why| (PRESENTED, why.text));
        let link = Link::default();
        let mut pair = Pair::new(begin(&**config)?, begin(&*self.server)?, &link);
        pair.handshake();
        unharmed(&pair)?;
        let [client, server] = Role::BOTH.map(|role| pair.connection(role));
        Ok(Judged {
            failure: client.failure().cloned(),
            client_done: client.is_established(),
            server_done: server.is_established(),
        })
    }

    fn judge(
        &self,
        aws: Option<&Judged>,
        ring: &Judged,
        openssl: &Judged,
    ) -> Result<(), Box<Finding>> {
        let told = [
            (StackId::RustlsAwsLcRs, aws),
            (StackId::RustlsRing, Some(ring)),
            (StackId::Openssl, Some(openssl)),
        ];
        let told = told
            .iter()
            .filter_map(|(stack, judged)| Some((stack, (*judged)?)));
        for (stack, judged) in told.clone() {
            let accepts = judged.accepts();
            if self.good && !accepts {
                return Err(self.finding(GOOD, &format!("{stack}: {judged:?}")));
            }
            if accepts && !self.is_signed() {
                return Err(self.finding(SIGNED, &stack.to_string()));
            }
            if let Some(bad) = self.bad.filter(|_| accepts) {
                return Err(self.finding(BAD, &format!("{stack}: {bad}")));
            }
        }
        let story = format!("aws-lc-rs: {aws:?}\nring: {ring:?}\nOpenSSL: {openssl:?}");
        if aws.is_some_and(|aws| aws.native() != ring.native()) {
            return Err(self.finding(SAME_RUSTLS, &story));
        }
        if ring.accepts() != openssl.accepts() && self.declared(ring, openssl).is_none() {
            let mut story = story;
            for known in differences::KNOWN {
                if known.is_of(ring, openssl) {
                    story += &format!("\nnot because {}: {}", known.reason, known.link);
                }
            }
            let mut finding = self.finding(SAME_ANSWER, &story);
            finding.kind = format!("rustls {}, OpenSSL {}", ring.native(), openssl.native());
            return Err(finding);
        }
        // A client that refuses has not finished, so its server has not either (RFC 5246 §7.3,
        // RFC 8446 §2).
        let alike = |judged: &Judged| {
            judged.accepts() == judged.client_done && judged.accepts() == judged.server_done
        };
        if !told.map(|(_, judged)| judged).all(alike) {
            return Err(self.finding(ALIKE, &story));
        }
        Ok(())
    }

    /// The difference that this is.
    fn declared(&self, rustls: &Judged, openssl: &Judged) -> Option<&'static differences::Known> {
        let is_leaf = self.set_up.issuer == Issuer::Intermediate;
        let reading = Reading::of(self.read.as_ref()?, &self.before, is_leaf);
        let mut known = differences::KNOWN.iter();
        known.find(|known| known.is(&reading, rustls, openssl))
    }

    /// Whether the certificate begins with what its issuer has signed, and holds the signature behind. No form
    /// of DER or BER says otherwise: what was signed are bytes (RFC 5280 §4.1.1.3). With ECDSA a stranger could make
    /// another signature out of one, but no script does.
    fn is_signed(&self) -> bool {
        let sent = &self.certificates[self.set_up.place()];
        let [tbs, signature] = &self.signed;
        let behind = sent
            .get(head(sent)..)
            .and_then(|body| body.strip_prefix(&tbs[..]));
        behind.is_some_and(|rest| {
            rest.windows(signature.len())
                .any(|window| window == signature)
        })
    }

    fn finding(&self, oracle: &'static str, story: &str) -> Box<Finding> {
        let hex: Vec<_> = self.certificates.iter().map(hex::encode).collect();
        let SetUp { version, key, .. } = self.set_up;
        Finding::new(
            oracle,
            format!("{version}, {key:?}: {story}\n{}", hex.join("\n")),
        )
    }
}

/// How many bytes a certificate's own tag and length have (X.690 §8.1.3).
fn head(certificate: &[u8]) -> usize {
    match certificate.get(1) {
        Some(first @ 0x81..) => 2 + usize::from(first & 0x7f),
        _ => 2,
    }
}

const PRESENTED: &str = "a server can present any chain";
const GOOD: &str = "a good chain is accepted";
const SIGNED: &str = "nobody accepts what is not signed";
const BAD: &str = "nobody accepts what is plainly bad";
const SAME_RUSTLS: &str = "rustls judges the same with any cryptography";
const SAME_ANSWER: &str = "rustls and OpenSSL judge the same";
const ALIKE: &str = "a server is done where its client is";

#[cfg(test)]
mod tests;
