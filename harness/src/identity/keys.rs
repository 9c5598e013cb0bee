//! The kept private keys; `keys/README.md` says how they were made.

use std::sync::Arc;

use rcgen::{KeyPair, SignatureAlgorithm};
use rustls_pki_types::PrivatePkcs8KeyDer;

use super::Unmakeable;
use super::memo::Memo;
use crate::connection::Role;
use crate::profile::KeyType;

/// Key pairs, each read once.
#[derive(Default)]
pub(super) struct Keys(Memo<(KeyType, Purpose), Result<Arc<KeyPair>, Unmakeable>>);

impl Keys {
    /// The key pair that signs with the algorithm of its type.
    pub(super) fn pair(&self, key: KeyType, purpose: Purpose) -> Result<Arc<KeyPair>, Unmakeable> {
        self.0.get((key, purpose), || {
            let der = PrivatePkcs8KeyDer::from(pkcs8(key, purpose));
            let pair = KeyPair::from_pkcs8_der_and_sign_algo(&der, algorithm(key))?;
            Ok(Arc::new(pair))
        })
    }
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
    };
    match purpose {
        Purpose::Root => root,
        Purpose::Intermediate => intermediate,
        Purpose::Leaf(Role::Server) => server,
        Purpose::Leaf(Role::Client) => client,
        Purpose::Other => other,
    }
}

fn algorithm(key: KeyType) -> &'static SignatureAlgorithm {
    match key {
        KeyType::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyType::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeyType::EcdsaP521 => &rcgen::PKCS_ECDSA_P521_SHA512,
        KeyType::Ed25519 => &rcgen::PKCS_ED25519,
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => &rcgen::PKCS_RSA_SHA256,
    }
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
