//! Keys that rcgen does not sign with: OpenSSL signs, and what rcgen wrote with a stand-in for the
//! algorithm is put right.

use rcgen::{PublicKeyData, SignatureAlgorithm, SigningKey};

use super::Unmakeable;
use crate::profile::KeyType;

/// A key pair of OpenSSL's.
pub(super) struct Foreign {
    key: KeyType,
    pkcs8: &'static [u8],
    /// subjectPublicKeyInfo in DER.
    pub(super) spki: Vec<u8>,
    /// subjectPublicKey.
    bits: Vec<u8>,
}

impl Foreign {
    /// Reads a key pair from PKCS #8.
    pub(super) fn new(key: KeyType, pkcs8: &'static [u8]) -> Result<Self, Unmakeable> {
        let spki = public_key(pkcs8)?;
        let bits = yasna::parse_der(&spki, |reader| {
            reader.read_sequence(|reader| {
                reader.next().read_der()?;
                Ok(reader.next().read_bitvec_bytes()?.0)
            })
        })
        .map_err(|error| Unmakeable(error.to_string()))?;
        Ok(Self {
            key,
            pkcs8,
            spki,
            bits,
        })
    }

    /// The algorithm that the pair signs with, in DER; `None` where the stand-in is already right.
    pub(super) fn signature_algorithm(&self) -> Option<&'static [u8]> {
        match self.key {
            KeyType::RsaPss2048 => Some(PSS_WITH_SHA256),
            KeyType::Ed448 => Some(ED448),
            _ => None,
        }
    }
}

impl PublicKeyData for Foreign {
    fn der_bytes(&self) -> &[u8] {
        &self.bits
    }

    /// A stand-in but for RSA.
    fn algorithm(&self) -> &'static SignatureAlgorithm {
        match self.key {
            KeyType::Ed448 => &rcgen::PKCS_ED25519,
            _ => &rcgen::PKCS_RSA_SHA256,
        }
    }
}

impl SigningKey for Foreign {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        sign(self.key, self.pkcs8, Digest::Sha256, message)
            .map_err(|_| rcgen::Error::RemoteKeyError)
    }
}

/// The digest of a signature, for keys that leave the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digest {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// Signs with OpenSSL. PSS has the digest for its mask too, and a salt of the digest's length
/// (RFC 8446 §4.2.3).
#[cfg(feature = "openssl")]
pub(super) fn sign(
    key: KeyType,
    pkcs8: &[u8],
    digest: Digest,
    message: &[u8],
) -> Result<Vec<u8>, Unmakeable> {
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::sign::{RsaPssSaltlen, Signer};

    // Before the library's own initialisation, which would read the host's configuration.
    crate::stacks::openssl::init();

    let sign = || {
        let pair = PKey::private_key_from_pkcs8(pkcs8)?;
        let digest = match digest {
            Digest::Sha1 => MessageDigest::sha1(),
            Digest::Sha256 => MessageDigest::sha256(),
        };
        let mut signer = match key {
            KeyType::Ed448 => Signer::new_without_digest(&pair)?,
            _ => Signer::new(digest, &pair)?,
        };
        if key == KeyType::RsaPss2048 {
            signer.set_rsa_mgf1_md(digest)?;
            signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        }
        signer.sign_oneshot_to_vec(message)
    };
    sign().map_err(|error: openssl::error::ErrorStack| Unmakeable(error.to_string()))
}

#[cfg(not(feature = "openssl"))]
pub(super) fn sign(
    _key: KeyType,
    _pkcs8: &[u8],
    digest: Digest,
    _message: &[u8],
) -> Result<Vec<u8>, Unmakeable> {
    Err(Unmakeable::new(match digest {
        Digest::Sha1 => "SHA-1 is signed with OpenSSL, which this build lacks",
        Digest::Sha256 => NEEDS_OPENSSL,
    }))
}

#[cfg(feature = "openssl")]
fn public_key(pkcs8: &[u8]) -> Result<Vec<u8>, Unmakeable> {
    crate::stacks::openssl::init();
    openssl::pkey::PKey::private_key_from_pkcs8(pkcs8)
        .and_then(|pair| pair.public_key_to_der())
        .map_err(|error| Unmakeable(error.to_string()))
}

#[cfg(not(feature = "openssl"))]
fn public_key(_pkcs8: &[u8]) -> Result<Vec<u8>, Unmakeable> {
    Err(Unmakeable::new(NEEDS_OPENSSL))
}

#[cfg(not(feature = "openssl"))]
const NEEDS_OPENSSL: &str = "this type of key signs with OpenSSL, which this build lacks";

/// `SEQUENCE { OID id-RSASSA-PSS, SEQUENCE { [0] SHA-256, [1] MGF1 with SHA-256, [2] 32 } }`
/// (RFC 4055 §3.1).
const PSS_WITH_SHA256: &[u8] = &[
    0x30, 0x41, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x34, 0xa0,
    0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30,
    0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03,
    0x02, 0x01, 0x20,
];
/// `SEQUENCE { OID 1.3.101.113 }` (RFC 8410 §3).
const ED448: &[u8] = &[0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x71];
