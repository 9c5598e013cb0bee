//! Two flaws in one chain: which one counts is a matter of each verifier's own order.

use shakedown::connection::Role;
use shakedown::profile::{Credential, Flaw, KeyType};
use shakedown::scenario::StackId;

use crate::axes::Axes;
use crate::cover::Space;
use crate::plan::{based, set};

/// A chain with two flaws, who presents it, to whom, and in which version.
#[derive(Clone, Debug)]
pub struct TwoFlaws {
    credential: Credential,
    /// Whose chain it is.
    presenter: Role,
    client: StackId,
    server: StackId,
    version: &'static str,
    anchor: Anchor,
}

/// What the verifier trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    Roots,
    /// The end entity, without which what has signed itself goes no further than that.
    Leaf,
    /// The intermediates, without which a chain that lacks one goes no further than that.
    Intermediates,
}

impl TwoFlaws {
    /// `several/flaws/<flaw>+<flaw>/<whose>/<client>-><server>/TLS<version>`, and what is trusted if not
    /// the roots.
    pub fn name(&self) -> String {
        let anchor = match self.anchor {
            Anchor::Roots => "",
            Anchor::Leaf => "/leaf",
            Anchor::Intermediates => "/intermediates",
        };
        format!(
            "several/flaws/{}+{}/{}/{}->{}/TLS{}{anchor}",
            self.credential.flaw.name(),
            self.credential.also.name(),
            self.presenter,
            self.client,
            self.server,
            self.version
        )
    }

    /// Where it lies on the axes.
    pub fn point(&self, axes: &Axes) -> Vec<usize> {
        let Self {
            credential,
            client,
            server,
            ..
        } = *self;
        let (own, verifier, presenting, verifying) = match self.presenter {
            Role::Client => ("client", "server", client, server),
            Role::Server => ("server", "client", server, client),
        };
        let mut point = based(axes, client, server, &[("client.versions", self.version)]);
        let mut put = |side: &str, field: &str, label: &str| {
            set(axes, &mut point, &format!("{side}.{field}"), label);
        };
        if self.presenter == Role::Client {
            put("server", "client-auth", "required");
        }
        put(own, "key", credential.key.name());
        put(own, "flaw", credential.flaw.name());
        put(own, "also", credential.also.name());
        if presenting.is_rustls() {
            put(own, "loading", "resolver");
        } else if credential.has(Flaw::Sha1) {
            put(own, "security-level", "0");
        }
        if credential.has(Flaw::Revoked) || credential.has(Flaw::RevokedIntermediate) {
            put(verifier, "revocation", "crl-chain");
        }
        match self.anchor {
            Anchor::Roots => {}
            Anchor::Leaf => put(verifier, "trust", "leaf"),
            Anchor::Intermediates => {
                put(verifier, "trust", "intermediates");
                if !verifying.is_rustls() {
                    put(verifier, "partial-chain", "yes");
                }
            }
        }
        point
    }

    /// Whether the presenter's stack gets as far as to present it.
    fn is_presented(&self) -> bool {
        let stack = match self.presenter {
            Role::Client => self.client,
            Role::Server => self.server,
        };
        let loads =
            !self.credential.has(Flaw::Malformed) && !self.credential.has(Flaw::KeyMismatch);
        // Below TLS 1.3 no suite is left for such a key (`model::openssl_server`, `key_serves`).
        let serves = !self.credential.has(Flaw::BadKeyUsage)
            || self.presenter == Role::Client
            || self.version == "1.3";
        stack.is_rustls() || loads && serves
    }
}

/// Every two flaws that can go together, of either side, before each verifier and in either version.
/// Those who can present it take turns; where nobody can, the first tries.
pub fn pairs(axes: &Axes, space: &Space, pairings: &[(StackId, StackId)]) -> Vec<TwoFlaws> {
    let mut found: Vec<TwoFlaws> = Vec::new();
    let two = Credential::all(KeyType::default()).filter(|one| one.also != Flaw::None);
    for (number, credential) in two.enumerate() {
        for presenter in Role::BOTH {
            for verifier in StackId::ALL {
                for (turn, version) in ["1.2", "1.3"].into_iter().enumerate() {
                    for anchor in anchors(credential) {
                        let mut candidates: Vec<_> = pairings
                            .iter()
                            .filter(|(client, server)| match presenter {
                                Role::Client => *server == verifier,
                                Role::Server => *client == verifier,
                            })
                            .map(|&(client, server)| TwoFlaws {
                                credential,
                                presenter,
                                client,
                                server,
                                version,
                                anchor,
                            })
                            .filter(|two| space.allows(&two.point(axes)))
                            .collect();
                        let able: Vec<_> = candidates
                            .iter()
                            .filter(|two| two.is_presented())
                            .cloned()
                            .collect();
                        if !able.is_empty() {
                            candidates = able;
                        }
                        let taken = (number + turn) % candidates.len().max(1);
                        found.extend(candidates.get(taken).cloned());
                    }
                }
            }
        }
    }
    found
}

fn anchors(credential: Credential) -> impl Iterator<Item = Anchor> {
    let more = if credential.signs_itself() {
        Some(Anchor::Leaf)
    } else if credential.has(Flaw::MissingIntermediate) {
        Some(Anchor::Intermediates)
    } else {
        None
    };
    [Anchor::Roots].into_iter().chain(more)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::{Prediction, predict};

    fn all(stacks: &[StackId]) -> (Axes, Vec<TwoFlaws>) {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let pairings: Vec<_> = stacks
            .iter()
            .flat_map(|client| stacks.iter().map(|server| (*client, *server)))
            .collect();
        let pairs = pairs(&axes, &space, &pairings);
        (axes, pairs)
    }

    #[test]
    fn every_pair_meets_every_verifier_in_every_way() {
        let (_, pairs) = all(&StackId::ALL);
        let ways: HashSet<_> = pairs
            .iter()
            .filter(|two| two.anchor == Anchor::Roots)
            .map(|two| {
                let verifier = match two.presenter {
                    Role::Client => two.server,
                    Role::Server => two.client,
                };
                let Credential { flaw, also, .. } = two.credential;
                (flaw, also, two.presenter, verifier, two.version)
            })
            .collect();
        let two = Credential::all(KeyType::default()).filter(|one| one.also != Flaw::None);
        let ways_of_one = Role::BOTH.len() * StackId::ALL.len() * 2;
        assert_eq!(ways.len(), two.count() * ways_of_one);
        let presenters: HashSet<_> = pairs
            .iter()
            .map(|two| match two.presenter {
                Role::Client => (two.client, two.server),
                Role::Server => (two.server, two.client),
            })
            .collect();
        assert_eq!(presenters.len(), 9, "all take turns");
    }

    #[test]
    fn what_can_be_presented_is_judged_by_the_verifier() {
        let (axes, pairs) = all(&StackId::ALL);
        let mut judged = [0, 0];
        for two in &pairs {
            let Prediction::Expect(expectation) = predict(&axes.scenario(&two.point(&axes))) else {
                panic!("{} cannot be said", two.name());
            };
            assert_eq!(expectation.allowed.len(), 1, "{}", two.name());
            assert_ne!(expectation.detector, Some(two.presenter), "{}", two.name());
            judged[usize::from(expectation.masked.is_empty())] += 1;
        }
        let [hiding, plain] = judged;
        assert!(hiding > plain, "{hiding} {plain}");
    }

    #[test]
    fn one_stack_alone_tries_what_it_can() {
        let (_, pairs) = all(&[StackId::Openssl]);
        assert!(!pairs.is_empty());
        assert!(pairs.iter().any(|two| !two.is_presented()));
    }
}
