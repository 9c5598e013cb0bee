//! Certificates that no honest library writes: taken apart, changed, and signed again.

use rcgen::SigningKey;
use yasna::{ASN1Error, construct_der, parse_der};

use super::Unmakeable;
use super::foreign::{self, Digest, Foreign};
use super::keys::Pair;
use crate::profile::KeyType;

/// The same certificate as X.509 version 1: without the version field, which defaults to 1, and
/// without extensions, which only version 3 has (RFC 5280 §4.1.2.1, §4.1.2.9).
pub(super) fn version1(certificate: &[u8], issuer: &Pair) -> Result<Vec<u8>, Unmakeable> {
    let Parts { fields, algorithm } = Parts::of(certificate)?;
    let tbs = sequence(&fields[VERSION + 1..fields.len() - 1]);
    let signature = issuer.sign(&tbs)?;
    Ok(signed(tbs, algorithm, &signature))
}

/// The same certificate signed with SHA-1 (RFC 3279 §2.2).
pub(super) fn sha1(
    certificate: &[u8],
    key: KeyType,
    issuer_pkcs8: &[u8],
) -> Result<Vec<u8>, Unmakeable> {
    let algorithm = match key {
        KeyType::Ed25519 => {
            return Err(Unmakeable::new(
                "Ed25519 leaves no choice of digest (RFC 8032 §5.1)",
            ));
        }
        KeyType::Ed448 => {
            return Err(Unmakeable::new(
                "Ed448 leaves no choice of digest (RFC 8032 §5.2)",
            ));
        }
        KeyType::RsaPss2048 => PSS_WITH_SHA1,
        _ if key.is_rsa() => SHA1_WITH_RSA,
        _ => ECDSA_WITH_SHA1,
    };
    let Parts { mut fields, .. } = Parts::of(certificate)?;
    // Version 1 is not said.
    let unsaid = usize::from(fields[VERSION].first() != Some(&EXPLICIT_VERSION));
    fields[SIGNATURE - unsaid] = algorithm.to_vec();
    let tbs = sequence(&fields);
    let signature = foreign::sign(key, issuer_pkcs8, Digest::Sha1, &tbs)?;
    Ok(signed(tbs, algorithm.to_vec(), &signature))
}

/// The same certificate, or without a subject the same revocation list, with the algorithms that rcgen
/// cannot write.
pub(super) fn recast(
    written: &[u8],
    issuer: &Foreign,
    subject: Option<&Foreign>,
) -> Result<Vec<u8>, Unmakeable> {
    let Some(algorithm) = issuer.signature_algorithm() else {
        return Ok(written.to_vec());
    };
    let Parts { mut fields, .. } = Parts::of(written)?;
    match subject {
        Some(subject) => {
            fields[SIGNATURE] = algorithm.to_vec();
            fields[PUBLIC_KEY] = subject.spki.clone();
        }
        None => fields[LIST_SIGNATURE] = algorithm.to_vec(),
    }
    let tbs = sequence(&fields);
    let signature = issuer.sign(&tbs)?;
    Ok(signed(tbs, algorithm.to_vec(), &signature))
}

/// The same certificate with one bit of the issuer's signature flipped.
///
/// The signature stands last. Eight bytes from the end lies within the low half of every kind of it:
/// of the number that an RSA signature is, of the `s` of ECDSA, of the `S` of EdDSA. So that number
/// stays in range and its encoding minimal, and what fails is the verification, not the parser.
pub(super) fn damaged(mut certificate: Vec<u8>) -> Vec<u8> {
    if let Some(byte) = certificate.iter_mut().nth_back(7) {
        *byte ^= 1;
    }
    certificate
}

/// The first half of the certificate, whose outer length still speaks of the whole.
pub(super) fn truncated(mut certificate: Vec<u8>) -> Vec<u8> {
    certificate.truncate(certificate.len() / 2);
    certificate
}

/// A certificate as rcgen writes it (RFC 5280 §4.1), or a revocation list (§5.1).
pub(super) struct Parts {
    /// The fields of tbsCertificate or tbsCertList, each in DER.
    fields: Vec<Vec<u8>>,
    /// signatureAlgorithm in DER.
    pub(super) algorithm: Vec<u8>,
}

impl Parts {
    pub(super) fn of(certificate: &[u8]) -> Result<Self, Unmakeable> {
        let read = parse_der(certificate, |reader| {
            reader.read_sequence(|reader| {
                let fields = reader
                    .next()
                    .collect_sequence_of(|field| field.read_der())?;
                let algorithm = reader.next().read_der()?;
                reader.next().read_bitvec_bytes()?;
                Ok(Self { fields, algorithm })
            })
        });
        read.map_err(|error: ASN1Error| Unmakeable(error.to_string()))
    }

    /// The subject in DER; the certificate must be of version 3.
    pub(super) fn subject(&self) -> &[u8] {
        &self.fields[SUBJECT]
    }
}

fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    construct_der(|writer| {
        writer.write_sequence(|writer| {
            for element in elements {
                writer.next().write_der(element);
            }
        });
    })
}

fn signed(tbs: Vec<u8>, algorithm: Vec<u8>, signature: &[u8]) -> Vec<u8> {
    let bits = construct_der(|writer| writer.write_bitvec_bytes(signature, 8 * signature.len()));
    sequence(&[tbs, algorithm, bits])
}

/// Where fields stand in tbsCertificate.
const VERSION: usize = 0;
const SIGNATURE: usize = 2;
const SUBJECT: usize = 5;
const PUBLIC_KEY: usize = 6;
/// The tag of the version.
const EXPLICIT_VERSION: u8 = 0xa0;
/// And in tbsCertList.
const LIST_SIGNATURE: usize = 1;

/// `SEQUENCE { OID 1.2.840.113549.1.1.5, NULL }`.
const SHA1_WITH_RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05, 0x05, 0x00,
];
/// `SEQUENCE { OID id-RSASSA-PSS, SEQUENCE {} }`: the defaults are SHA-1 throughout (RFC 4055 §3.1).
const PSS_WITH_SHA1: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30, 0x00,
];
/// `SEQUENCE { OID 1.2.840.10045.4.1 }`.
const ECDSA_WITH_SHA1: &[u8] = &[
    0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01,
];
