//! The test PKI: for every role, key type and [`Flaw`] a certificate chain, with the anchors and
//! revocation lists that go with it.
//!
//! A chain is root, intermediate, end entity, all of one key type, and has the one flaw or the two that
//! its name says. Validity is laid around [`clock::NOW`](crate::clock::NOW); the real date is never read. Keys
//! are kept under `keys/`, names and serial numbers are fixed, so that two runs differ in nothing but
//! the signatures of ECDSA and PSS. Chains of RSA 1024, RSA-PSS and Ed448 are signed with OpenSSL, and
//! missing from a build without it.
//!
//! Nothing is made before it is asked for. Measured on one core of a busy machine, in a debug build,
//! whose cryptography is optimised: the first use of a process, all roots, takes 115 ms, and 33 ms
//! where something has been signed before; all 656 chains with one flaw at most take 0.83 s and 220
//! revocation lists 0.23 s; there are 309.

mod authorities;
mod chains;
mod foreign;
mod keys;
mod memo;
mod ocsp;
mod resign;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use rcgen::SigningKey;
use sha2::{Digest, Sha256};

use crate::connection::{Peer, Role};
use crate::profile::{Credential, Flaw, KeyType, Loading, Revocation, Staple, Trust};
use authorities::{Authorities, Authority, Ca, Root};
use keys::Purpose;
use memo::Memo;

/// Every certificate of the harness; each is made on first use and kept.
///
/// A client of one's own that is to trust the harness's servers trusts [`Self::anchors`]; a server of one's
/// own that the harness's clients are to trust presents a [`Self::chain`]. They are valid around
/// [`clock::NOW`](crate::clock::NOW), and servers' for
/// [`ServerName::RIGHT`](crate::profile::ServerName::RIGHT).
///
/// ```
/// use shakedown::connection::Role;
/// use shakedown::identity::Identities;
/// use shakedown::profile::{Credential, Trust};
///
/// let identities = Identities::new();
/// let roots = identities.anchors(Role::Server, Trust::Roots)?;
/// let chain = identities.chain(Role::Server, Credential::default())?;
/// assert!(roots.len() > 1);
/// // The end entity's certificate and the intermediate's; nobody sends a root.
/// assert_eq!(chain.certificates.len(), 2);
/// # Ok::<(), shakedown::identity::Unmakeable>(())
/// ```
#[derive(Default)]
pub struct Identities {
    authorities: Authorities,
    chains: Memo<(Role, Credential), Result<Arc<Chain>, Unmakeable>>,
    anchors: Memo<Trust, Result<Ders, Unmakeable>>,
    crls: Memo<Lists, Result<Ders, Unmakeable>>,
    /// In order, for that compares what hashing would have to read whole.
    leaves: RwLock<BTreeMap<Vec<u8>, (Role, Credential)>>,
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
        let credential = Credential {
            loading: Loading::Checked,
            ..credential
        };
        self.chains.get((role, credential), || {
            let chain = chains::make(&self.authorities, role, credential)?;
            if let Some(leaf) = chain.certificates.first() {
                self.leaves
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(leaf.clone(), (role, credential));
            }
            Ok(Arc::new(chain))
        })
    }

    /// A signature of an authority of the flawless chains of a key type, for a caller who writes
    /// certificates of his own. It is made with the algorithm that the key's own certificates are signed
    /// with.
    ///
    /// # Errors
    ///
    /// [`Unmakeable`], for a key type that this build has no means for.
    pub fn signature(
        &self,
        key: KeyType,
        issuer: Issuer,
        message: &[u8],
    ) -> Result<Vec<u8>, Unmakeable> {
        let purpose = match issuer {
            Issuer::Root => Purpose::Root,
            Issuer::Intermediate => Purpose::Intermediate,
        };
        Ok(self.authorities.keys.pair(key, purpose)?.sign(message)?)
    }

    /// The certificates, in DER, to trust when verifying a peer of role `peer`.
    ///
    /// The sets span all key types that this build can make. [`Trust::Roots`] has for each the plain root,
    /// the expired one and the one whose pathLenConstraint is 0, and for the plain key type one that is
    /// both; [`Trust::ImpostorRoots`] has an impostor of each of them;
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
            let plain = KeyType::default();
            match trust {
                Trust::Roots => self.of_all_keys(|key| Root::all(key).into_iter().map(Ca::Root)),
                Trust::OtherRoot => self.certificates([(plain, Ca::Bystander)].into_iter()),
                Trust::ImpostorRoots => {
                    self.of_all_keys(|key| Root::all(key).into_iter().map(Ca::Impostor))
                }
                Trust::Intermediates => self.of_all_keys(|key| Ca::intermediates(key).into_iter()),
                Trust::Empty | Trust::Leaf(_) => Ok(Arc::new(Vec::new())),
            }
        })
    }

    /// Revocation lists, in DER (RFC 5280 §5): of every root in [`Trust::Roots`] and of every
    /// intermediate beneath them, or of none of these.
    pub fn crls(&self, lists: Lists) -> Arc<Vec<Vec<u8>>> {
        let make = || {
            let age = if lists == Lists::Expired { 60 } else { 1 };
            let list = |key, ca, revoked: &[u64]| self.authorities.get(key, ca)?.crl(revoked, age);
            if lists == Lists::Bystanders {
                let list = list(KeyType::default(), Ca::Bystander, &[])?;
                return Ok(Arc::new(vec![list]));
            }
            keys::makeable()
                .flat_map(|key| {
                    let revoked = Ca::revoked(key);
                    let roots = Root::all(key).into_iter().map(Ca::Root);
                    let issuers = roots.chain(Ca::intermediates(key));
                    issuers
                        .map(move |ca| list(key, ca, revoked.get(&ca).map_or(&[], Vec::as_slice)))
                })
                .collect::<Result<_, Unmakeable>>()
                .map(Arc::new)
        };
        self.crls
            .get(lists, make)
            .expect("the kept keys sign lists")
    }

    /// What a server with this credential staples; `None`: nothing. The response is by the issuer of the
    /// end entity's certificate.
    ///
    /// # Errors
    ///
    /// [`Unmakeable`], where the credential has no chain.
    pub fn staple(
        &self,
        credential: Credential,
        staple: Staple,
    ) -> Result<Option<Vec<u8>>, Unmakeable> {
        let key = credential.key;
        let role = Role::Server;
        let issuer = match Ca::of_leaf(role, credential) {
            Some(ca) => self.authorities.get(key, ca)?,
            None => {
                let pair = self.authorities.keys.pair(key, Purpose::Leaf(role))?;
                let chain = self.chain(role, credential)?;
                let own = chain.certificates.first().cloned().unwrap_or_default();
                Arc::new(Authority::of_itself(own, pair))
            }
        };
        ocsp::response(staple, &issuer, chains::serial(role, credential))
    }

    /// The public key of a credential's end entity, as a SubjectPublicKeyInfo in DER in the place of the
    /// certificates (RFC 7250), and its private key.
    ///
    /// # Errors
    ///
    /// [`Unmakeable`], for a credential whose certificate has a flaw.
    pub fn raw_key(&self, role: Role, credential: Credential) -> Result<Chain, Unmakeable> {
        if credential.flaws().next().is_some() {
            return Err(Unmakeable::new(
                "what is wrong with a certificate is not wrong with its key",
            ));
        }
        let purpose = Purpose::Leaf(role);
        let pair = self.authorities.keys.pair(credential.key, purpose)?;
        let key = pair.spki();
        let known = Credential {
            loading: Loading::Checked,
            ..credential
        };
        self.leaves
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone(), (role, known));
        Ok(Chain {
            certificates: vec![key],
            key: keys::pkcs8(credential.key, purpose).to_vec(),
        })
    }

    /// The public keys, each a SubjectPublicKeyInfo in DER, to trust in a peer of role `peer` that
    /// presents its key alone: [`Trust::Roots`] has the keys of all end entities.
    ///
    /// # Errors
    ///
    /// As [`Self::anchors`].
    pub fn raw_keys(&self, peer: Role, trust: Trust) -> Result<Vec<Vec<u8>>, Unmakeable> {
        let keys = match trust {
            Trust::Roots => keys::makeable().collect(),
            Trust::Leaf(credential) => {
                self.leaf_anchor(peer, credential)?;
                vec![credential.key]
            }
            _ => Vec::new(),
        };
        keys.into_iter()
            .map(|key| {
                let pair = self.authorities.keys.pair(key, Purpose::Leaf(peer))?;
                Ok(pair.spki())
            })
            .collect()
    }

    /// Whose certificate, or raw public key, this is: known are the end entities of the chains made so
    /// far.
    pub fn peer_of(&self, leaf_der: &[u8]) -> Peer {
        let leaves = self.leaves.read().unwrap_or_else(PoisonError::into_inner);
        match leaves.get(leaf_der) {
            Some(&(role, credential)) => Peer::Known { role, credential },
            None => Peer::Other(hex::encode(Sha256::digest(leaf_der))),
        }
    }

    fn leaf_anchor(&self, peer: Role, credential: Credential) -> Result<Ders, Unmakeable> {
        if credential.has(Flaw::Malformed) {
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

    fn of_all_keys<I: Iterator<Item = Ca>>(
        &self,
        authorities: impl Fn(KeyType) -> I,
    ) -> Result<Ders, Unmakeable> {
        self.certificates(
            keys::makeable().flat_map(|key| authorities(key).map(move |ca| (key, ca))),
        )
    }

    fn certificates(
        &self,
        authorities: impl Iterator<Item = (KeyType, Ca)>,
    ) -> Result<Ders, Unmakeable> {
        authorities
            .map(|(key, ca)| Ok(self.authorities.get(key, ca)?.certificate.clone()))
            .collect::<Result<_, _>>()
            .map(Arc::new)
    }
}

/// Which revocation lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lists {
    /// Every issuer's, current at the virtual clock.
    Current,
    /// Every issuer's, with a nextUpdate that has passed.
    Expired,
    /// By a root that has issued nothing, current.
    Bystanders,
}

impl Lists {
    /// The lists that a setting wants; `None`: it wants none.
    pub fn of(revocation: Revocation) -> Option<Self> {
        match revocation {
            Revocation::Off => None,
            Revocation::Crl | Revocation::CrlEndEntity | Revocation::CrlChain => {
                Some(Self::Current)
            }
            Revocation::CrlMissing | Revocation::CrlMissingAllowed => Some(Self::Bystanders),
            Revocation::CrlExpired | Revocation::CrlExpiredEnforced => Some(Self::Expired),
        }
    }
}

/// An authority of the flawless chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// Who issues the intermediate.
    Root,
    /// Who issues the end entity.
    Intermediate,
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
