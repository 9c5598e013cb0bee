//! The test PKI: for every role, key type and [`Flaw`] a certificate chain, with the anchors and
//! revocation lists that go with it.
//!
//! A chain is root, intermediate, end entity, all of one key type, and has the one flaw that its name
//! says. Validity is laid around [`clock::NOW`](crate::clock::NOW); the real date is never read. Keys
//! are kept under `keys/`, names and serial numbers are fixed, so that two runs differ in nothing but
//! the signatures of ECDSA and PSS. Chains of RSA 1024, RSA-PSS and Ed448 are signed with OpenSSL, and
//! missing from a build without it.
//!
//! Nothing is made before it is asked for. Measured on one core of a busy machine, in a debug build,
//! whose cryptography is optimised: the first use of a process, all roots, takes 115 ms, and 33 ms
//! where something has been signed before; all 656 chains take 0.83 s and all 220 revocation lists
//! 0.23 s.

mod authorities;
mod chains;
mod foreign;
mod keys;
mod memo;
mod resign;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use sha2::{Digest, Sha256};

use crate::connection::{Peer, Role};
use crate::profile::{Credential, Flaw, KeyType, Loading, Trust};
use authorities::{Authorities, Ca, Root};
use memo::Memo;

/// Every certificate of the harness; each is made on first use and kept.
#[derive(Default)]
pub struct Identities {
    authorities: Authorities,
    chains: Memo<(Role, KeyType, Flaw), Result<Arc<Chain>, Unmakeable>>,
    anchors: Memo<Trust, Result<Ders, Unmakeable>>,
    crls: OnceLock<Ders>,
    leaves: RwLock<HashMap<Vec<u8>, (Role, Credential)>>,
}

impl Identities {
    /// No certificate yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The chain of a credential, as its owner presents it, and its key. How the credential is loaded
    /// makes no difference.
    ///
    /// # Errors
    ///
    /// [`Unmakeable`], for a flaw that the key type rules out or that this build has no means for.
    pub fn chain(&self, role: Role, credential: Credential) -> Result<Arc<Chain>, Unmakeable> {
        let Credential { key, flaw, .. } = credential;
        self.chains.get((role, key, flaw), || {
            let chain = chains::make(&self.authorities, role, key, flaw)?;
            if let Some(leaf) = chain.certificates.first() {
                let loading = Loading::Checked;
                self.leaves
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(leaf.clone(), (role, Credential { key, flaw, loading }));
            }
            Ok(Arc::new(chain))
        })
    }

    /// The certificates, in DER, to trust when verifying a peer of role `peer`.
    ///
    /// The sets span all key types that this build can make. [`Trust::Roots`] has for each the plain root, the expired one and
    /// the one whose pathLenConstraint is 0; [`Trust::ImpostorRoots`] has an impostor of each of them;
    /// [`Trust::Intermediates`] has every intermediate of every chain, flawed or not, so that it holds
    /// the issuer of every end entity that did not sign itself.
    ///
    /// # Errors
    ///
    /// [`Unmakeable`], for the leaf of a credential that has none or whose leaf cannot be parsed.
    pub fn anchors(&self, peer: Role, trust: Trust) -> Result<Arc<Vec<Vec<u8>>>, Unmakeable> {
        if let Trust::Leaf(credential) = trust {
            return self.leaf_anchor(peer, credential);
        }
        self.anchors.get(trust, || {
            let keys: Vec<_> = keys::makeable().collect();
            let all_keys = |authorities: &[Ca]| self.certificates(&keys, authorities);
            match trust {
                Trust::Roots => all_keys(&Root::ALL.map(Ca::Root)),
                Trust::OtherRoot => self.certificates(&[KeyType::EcdsaP256], &[Ca::Bystander]),
                Trust::ImpostorRoots => all_keys(&Root::ALL.map(Ca::Impostor)),
                Trust::Intermediates => all_keys(&Ca::INTERMEDIATES),
                Trust::Empty | Trust::Leaf(_) => Ok(Arc::new(Vec::new())),
            }
        })
    }

    /// The revocation lists, in DER, of every root in [`Trust::Roots`] and of every intermediate
    /// beneath them; current at the virtual clock (RFC 5280 §5).
    pub fn crls(&self) -> Arc<Vec<Vec<u8>>> {
        let make = || {
            let issuers = Root::ALL.map(Ca::Root).into_iter().chain(Ca::INTERMEDIATES);
            let lists = issuers
                .flat_map(|ca| keys::makeable().map(move |key| (key, ca)))
                .map(|(key, ca)| {
                    let revoked: &[u64] = match ca {
                        Ca::Intermediate(Root::Plain) => &chains::REVOKED,
                        _ => &[],
                    };
                    self.authorities.get(key, ca)?.crl(revoked)
                });
            lists.collect::<Result<_, Unmakeable>>()
        };
        self.crls
            .get_or_init(|| Arc::new(make().expect("the kept keys sign lists")))
            .clone()
    }

    /// Whose certificate this is: known are the end entities of the chains made so far.
    pub fn peer_of(&self, leaf_der: &[u8]) -> Peer {
        let leaves = self.leaves.read().unwrap_or_else(PoisonError::into_inner);
        match leaves.get(leaf_der) {
            Some(&(role, credential)) => Peer::Known { role, credential },
            None => Peer::Other(hex::encode(Sha256::digest(leaf_der))),
        }
    }

    fn leaf_anchor(&self, peer: Role, credential: Credential) -> Result<Ders, Unmakeable> {
        if credential.flaw == Flaw::Malformed {
            return Err(Unmakeable::new(
                "a certificate that is no DER cannot be an anchor",
            ));
        }
        let chain = self.chain(peer, credential)?;
        let leaf = chain
            .certificates
            .first()
            .ok_or_else(|| Unmakeable::new("a chain without certificates has no leaf to trust"))?;
        Ok(Arc::new(vec![leaf.clone()]))
    }

    fn certificates(&self, keys: &[KeyType], authorities: &[Ca]) -> Result<Ders, Unmakeable> {
        let of_key = |&key| {
            authorities
                .iter()
                .map(move |&ca| Ok(self.authorities.get(key, ca)?.certificate.clone()))
        };
        keys.iter()
            .flat_map(of_key)
            .collect::<Result<_, _>>()
            .map(Arc::new)
    }
}

type Ders = Arc<Vec<Vec<u8>>>;

/// What one side presents.
pub struct Chain {
    /// In DER, leaf first, without the root.
    pub certificates: Vec<Vec<u8>>,
    /// The private key, as PKCS #8 in DER (RFC 5958).
    pub key: Vec<u8>,
}

/// Why there is no such certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unmakeable(pub String);

impl Unmakeable {
    fn new(reason: &str) -> Self {
        Self(reason.to_owned())
    }
}

impl From<rcgen::Error> for Unmakeable {
    fn from(error: rcgen::Error) -> Self {
        Self(error.to_string())
    }
}
