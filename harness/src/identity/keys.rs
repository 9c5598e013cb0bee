//! The kept private keys; `keys/README.md` says how they were made.

use std::sync::Arc;

use rcgen::{KeyPair, PublicKeyData, SignatureAlgorithm, SigningKey};
use rustls_pki_types::PrivatePkcs8KeyDer;

use super::foreign::Foreign;
use super::memo::Memo;
use super::{Unmakeable, resign};
use crate::connection::Role;
use crate::profile::KeyType;

/// Key pairs, each read once.
#[derive(Default)]
pub(super) struct Keys(Memo<(KeyType, Purpose), Result<Arc<Pair>, Unmakeable>>);

impl Keys {
    /// The key pair that signs with the algorithm of its type.
    pub(super) fn pair(&self, key: KeyType, purpose: Purpose) -> Result<Arc<Pair>, Unmakeable> {
        self.0.get((key, purpose), || {
            let pkcs8 = pkcs8(key, purpose);
            Ok(Arc::new(match algorithm(key) {
                Some(algorithm) => Pair::Native(KeyPair::from_pkcs8_der_and_sign_algo(
                    &PrivatePkcs8KeyDer::from(pkcs8),
                    algorithm,
                )?),
                None => Pair::Foreign(Foreign::new(key, pkcs8)?),
            }))
        })
    }
}

/// A key pair.
pub(super) enum Pair {
    /// One that rcgen signs with.
    Native(KeyPair),
    /// One that it does not.
    Foreign(Foreign),
}

impl Pair {
    /// What rcgen wrote for the key `subject`, signed by this one of the same type, with the
    /// algorithms put right.
    pub(super) fn finished(&self, written: &[u8], subject: &Self) -> Result<Vec<u8>, Unmakeable> {
        match (self, subject) {
            (Self::Foreign(issuer), Self::Foreign(subject)) => {
                resign::recast(written, issuer, Some(subject))
            }
            _ => Ok(written.to_vec()),
        }
    }

    /// The public key, as SubjectPublicKeyInfo in DER.
    pub(super) fn spki(&self) -> Vec<u8> {
        match self {
            Self::Native(pair) => pair.subject_public_key_info(),
            Self::Foreign(pair) => pair.spki.clone(),
        }
    }

    /// The revocation list that rcgen wrote, with the algorithm put right.
    pub(super) fn finished_list(&self, written: &[u8]) -> Result<Vec<u8>, Unmakeable> {
        match self {
            Self::Foreign(issuer) => resign::recast(written, issuer, None),
            Self::Native(_) => Ok(written.to_vec()),
        }
    }
}

impl PublicKeyData for Pair {
    fn der_bytes(&self) -> &[u8] {
        match self {
            Self::Native(pair) => pair.der_bytes(),
            Self::Foreign(pair) => pair.der_bytes(),
        }
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self {
            Self::Native(pair) => pair.algorithm(),
            Self::Foreign(pair) => pair.algorithm(),
        }
    }
}

impl SigningKey for Pair {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        match self {
            Self::Native(pair) => pair.sign(message),
            Self::Foreign(pair) => pair.sign(message),
        }
    }
}

/// The key types whose certificates this build can make.
pub(super) fn makeable() -> impl Iterator<Item = KeyType> {
    KeyType::ALL
        .into_iter()
        .filter(|key| cfg!(feature = "openssl") || algorithm(*key).is_some())
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Purpose {
    /// Roots.
    Root,
    /// Intermediates.
    Intermediate,
    /// End entities of this role.
    Leaf(Role),
    /// What must not have the right key.
    Other,
}

/// The private key as PKCS #8 in DER.
pub(super) fn pkcs8(key: KeyType, purpose: Purpose) -> &'static [u8] {
    let [root, intermediate, server, client, other] = match key {
        KeyType::EcdsaP256 => P256,
        KeyType::EcdsaP384 => P384,
        KeyType::EcdsaP521 => P521,
        KeyType::Ed25519 => ED25519,
        KeyType::Rsa2048 => RSA2048,
        KeyType::Rsa3072 => RSA3072,
        KeyType::Rsa4096 => RSA4096,
        KeyType::Rsa1024 => RSA1024,
        KeyType::RsaPss2048 => RSA_PSS2048,
        KeyType::Ed448 => ED448,
    };
    match purpose {
        Purpose::Root => root,
        Purpose::Intermediate => intermediate,
        Purpose::Leaf(Role::Server) => server,
        Purpose::Leaf(Role::Client) => client,
        Purpose::Other => other,
    }
}

/// What rcgen signs with; `None`: it does not.
fn algorithm(key: KeyType) -> Option<&'static SignatureAlgorithm> {
    Some(match key {
        KeyType::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyType::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeyType::EcdsaP521 => &rcgen::PKCS_ECDSA_P521_SHA512,
        KeyType::Ed25519 => &rcgen::PKCS_ED25519,
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
        KeyType::Rsa1024 | KeyType::RsaPss2048 | KeyType::Ed448 => return None,
    })
}

macro_rules! kept {
    ($name:literal) => {
        [
            include_bytes!(concat!("../../keys/", $name, "-root.pk8")).as_slice(),
            include_bytes!(concat!("../../keys/", $name, "-intermediate.pk8")).as_slice(),
            include_bytes!(concat!("../../keys/", $name, "-server.pk8")).as_slice(),
            include_bytes!(concat!("../../keys/", $name, "-client.pk8")).as_slice(),
            include_bytes!(concat!("../../keys/", $name, "-other.pk8")).as_slice(),
        ]
    };
}

const P256: [&[u8]; 5] = kept!("ecdsa-p256");
const P384: [&[u8]; 5] = kept!("ecdsa-p384");
const P521: [&[u8]; 5] = kept!("ecdsa-p521");
const ED25519: [&[u8]; 5] = kept!("ed25519");
const RSA2048: [&[u8]; 5] = kept!("rsa2048");
const RSA3072: [&[u8]; 5] = kept!("rsa3072");
const RSA4096: [&[u8]; 5] = kept!("rsa4096");
const RSA1024: [&[u8]; 5] = kept!("rsa1024");
const RSA_PSS2048: [&[u8]; 5] = kept!("rsa-pss2048");
const ED448: [&[u8]; 5] = kept!("ed448");
