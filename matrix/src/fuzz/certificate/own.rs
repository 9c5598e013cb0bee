//! The server that presents what came of a good chain, and its issuers.

use std::sync::{Arc, LazyLock};

use shakedown::connection::{Config, Role};
use shakedown::iana::ProtocolVersion as V;
use shakedown::identity::{Chain, Identities, Issuer};
use shakedown::profile::{Credential, KeyType, ServerProfile};
use shakedown::stacks::rustls::{Presenter, Rustls};

use super::der::{Body, Node};

/// What the first byte of an input says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SetUp {
    pub(super) version: V,
    pub(super) key: KeyType,
    /// Whose certificate is changed: that which this one has issued.
    pub(super) issuer: Issuer,
    /// Whether it signs again.
    pub(super) signs: bool,
    /// Whether rustls is asked with either cryptography.
    pub(super) any_rustls: bool,
}

impl SetUp {
    pub(super) fn of(byte: u8) -> Self {
        Self {
            version: [V::TLS1_3, V::TLS1_2][usize::from(byte & 1)],
            issuer: [Issuer::Intermediate, Issuer::Root][usize::from(byte >> 1 & 1)],
            signs: byte >> 2 & 1 == 0,
            // RSA, whose signatures take most of an input's time, takes two bits to come up, whatever else is asked for.
            key: if byte & RSA == RSA {
                KeyType::Rsa2048
            } else if byte & ECDSA == ECDSA {
                KeyType::EcdsaP256
            } else {
                KeyType::Ed25519
            },
            any_rustls: byte >> 4 & 1 == 1,
        }
    }

    /// Where in the chain the certificate is that is changed.
    pub(super) fn place(self) -> usize {
        usize::from(self.issuer == Issuer::Root)
    }

    /// A first byte for each that there is.
    pub(super) fn all() -> Vec<u8> {
        let mut known = Vec::new();
        let mut is_new = |byte: &u8| {
            let set_up = Self::of(*byte);
            let is_new = !known.contains(&set_up);
            known.push(set_up);
            is_new
        };
        (0..=u8::MAX).filter(|byte| is_new(byte)).collect()
    }

    /// Where its chain is kept.
    fn chain(self) -> usize {
        let place = KEYS.iter().position(|key| *key == self.key);
        place.unwrap_or_default()
    }

    /// Where its server is kept.
    fn server(self) -> usize {
        2 * self.chain() + usize::from(self.version == V::TLS1_2)
    }
}

/// The server's side of every input.
pub(super) struct Own {
    identities: Arc<Identities>,
    chains: [Result<Arc<Chain>, String>; KEYS.len()],
    servers: Vec<Result<Presenter, String>>,
}

impl Own {
    fn new() -> Self {
        let identities = Arc::new(Identities::new());
        // The faster one at RSA.
        let stack = Rustls::aws_lc_rs(identities.clone());
        let chains = KEYS.map(|key| {
            let credential = Credential {
                key,
                ..Credential::default()
            };
            identities
                .chain(Role::Server, credential)
                .map_err(|why| why.to_string())
        });
        let servers = chains
            .iter()
            .flat_map(|chain| [V::TLS1_3, V::TLS1_2].map(|version| (chain, version)))
            .map(|(chain, version)| {
                let mut profile = ServerProfile::default();
                profile.protocol.versions = vec![version];
                let key = &chain.as_ref().map_err(Clone::clone)?.key;
                stack
                    .presenter(&profile, key)
                    .map_err(|why| format!("{why:?}"))
            })
            .collect();
        Self {
            identities,
            chains,
            servers,
        }
    }

    /// The certificate that is to be changed.
    pub(super) fn good(&self, set_up: SetUp) -> Result<Node, String> {
        let certificate = self.chain(set_up)?.certificates.get(set_up.place());
        let node = certificate.and_then(|certificate| Node::read(certificate));
        node.ok_or_else(|| "a certificate of the harness is DER".into())
    }

    pub(super) fn chain(&self, set_up: SetUp) -> Result<&Chain, String> {
        let chain = &self.chains[set_up.chain()];
        chain.as_deref().map_err(Clone::clone)
    }

    pub(super) fn server(
        &self,
        set_up: SetUp,
        certificates: Vec<Vec<u8>>,
    ) -> Result<Arc<dyn Config>, String> {
        let presenter = self.servers[set_up.server()].as_ref();
        Ok(presenter.map_err(Clone::clone)?.present(certificates))
    }

    /// Puts in a signature over what the certificate now says, where it still has a place for one.
    pub(super) fn sign(
        &self,
        set_up: SetUp,
        certificate: &mut Node,
    ) -> Result<Option<[Vec<u8>; 2]>, String> {
        let Some([tbs, _, signature]) = certificate
            .children_mut()
            .and_then(|parts| parts.first_chunk_mut())
        else {
            return Ok(None);
        };
        let tbs = tbs.encoded();
        let made = self
            .identities
            .signature(set_up.key, set_up.issuer, &tbs)
            .map_err(|why| why.to_string())?;
        signature.body = Body::Bytes([&[0], &*made].concat());
        Ok(Some([tbs, made]))
    }
}

/// What is signed, and the signature, of a certificate of three parts.
pub(super) fn signed_part(certificate: &Node) -> Option<[Vec<u8>; 2]> {
    let [tbs, _, signature] = certificate.children() else {
        return None;
    };
    let bits = signature.contents();
    Some([tbs.encoded(), bits.get(1..)?.to_vec()])
}

pub(super) static OWN: LazyLock<Own> = LazyLock::new(Own::new);

/// The bits of the first byte that ask for RSA.
pub(super) const RSA: u8 = 8 | 32;
/// The bit that asks for ECDSA.
pub(super) const ECDSA: u8 = 64;
/// The first two sign the same with the same bytes (RFC 8032 §5.1.6, RFC 8017 §8.2.1).
pub(super) const KEYS: [KeyType; 3] = [KeyType::Ed25519, KeyType::Rsa2048, KeyType::EcdsaP256];
