//! Responses of the Online Certificate Status Protocol (RFC 6960 §4.2), as servers staple them.
//!
//! OpenSSL holds a response's dates against the real clock, whatever time it verifies at
//! (crypto/ocsp/ocsp_cl.c, `OCSP_check_validity`). So a response that is in force is so for decades
//! around the virtual clock, and one that is not ended long before anyone could run this.

use rcgen::{PublicKeyData, SigningKey};
use sha2::{Digest, Sha256};
use yasna::models::ObjectIdentifier;
use yasna::{DERWriter, Tag, construct_der};

use super::Unmakeable;
use super::authorities::Authority;
use super::resign::Parts;
use crate::profile::Staple;

/// What is said of the certificate with this serial number, signed by its issuer itself; `None`:
/// nothing.
pub(super) fn response(
    staple: Staple,
    issuer: &Authority,
    serial: u64,
) -> Result<Option<Vec<u8>>, Unmakeable> {
    let (status, serial, times) = match staple {
        Staple::None => return Ok(None),
        Staple::Malformed => return Ok(Some(NO_DER.to_vec())),
        Staple::Good => (Status::Good, serial, IN_FORCE),
        Staple::Revoked => (Status::Revoked, serial, IN_FORCE),
        Staple::Expired => (Status::Good, serial, PAST),
        Staple::Other => (Status::Good, ANOTHER, IN_FORCE),
    };
    let parts = Parts::of(&issuer.certificate)?;
    let subject = parts.subject();
    let single = construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_sequence(|writer| {
                writer.next().write_sequence(|writer| {
                    writer
                        .next()
                        .write_oid(&ObjectIdentifier::from_slice(SHA256));
                });
                writer.next().write_bytes(&Sha256::digest(subject));
                writer
                    .next()
                    .write_bytes(&Sha256::digest(issuer.pair.der_bytes()));
                writer.next().write_u64(serial);
            });
            status.write(writer.next());
            writer.next().write_der(&time(times.0));
            writer
                .next()
                .write_tagged(Tag::context(0), |writer| writer.write_der(&time(times.1)));
        });
    });
    let data = construct_der(|writer| {
        writer.write_sequence(|writer| {
            // The responder's name.
            writer
                .next()
                .write_tagged(Tag::context(1), |writer| writer.write_der(subject));
            writer.next().write_der(&time(times.0));
            writer
                .next()
                .write_sequence(|writer| writer.next().write_der(&single));
        });
    });
    let signature = issuer.pair.sign(&data)?;
    let basic = construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_der(&data);
            // All authorities of a key type sign alike, and so what signed this one's certificate.
            writer.next().write_der(&parts.algorithm);
            writer
                .next()
                .write_bitvec_bytes(&signature, 8 * signature.len());
        });
    });
    Ok(Some(construct_der(|writer| {
        writer.write_sequence(|writer| {
            writer.next().write_enum(SUCCESSFUL);
            writer.next().write_tagged(Tag::context(0), |writer| {
                writer.write_sequence(|writer| {
                    writer
                        .next()
                        .write_oid(&ObjectIdentifier::from_slice(BASIC));
                    writer.next().write_bytes(&basic);
                });
            });
        });
    })))
}

/// CertStatus.
enum Status {
    Good,
    Revoked,
}

impl Status {
    fn write(&self, writer: DERWriter<'_>) {
        match self {
            Self::Good => {
                writer.write_tagged_implicit(Tag::context(0), |writer| writer.write_null())
            }
            Self::Revoked => writer.write_tagged_implicit(Tag::context(1), |writer| {
                writer.write_sequence(|writer| writer.next().write_der(&time(IN_FORCE.0)));
            }),
        }
    }
}

/// A GeneralizedTime.
fn time(text: &str) -> Vec<u8> {
    let mut der = vec![0x18, 15];
    der.extend_from_slice(text.as_bytes());
    der
}

/// thisUpdate and nextUpdate.
const IN_FORCE: (&str, &str) = ("20200101000000Z", "20991231235959Z");
const PAST: (&str, &str) = ("20200101000000Z", "20200201000000Z");
/// A serial number that no certificate has.
const ANOTHER: u64 = 0x0fff_ffff;
/// A sequence that announces more than there is.
const NO_DER: [u8; 4] = [0x30, 0x20, 0x0a, 0x01];
/// OCSPResponseStatus.
const SUCCESSFUL: i64 = 0;
/// id-pkix-ocsp-basic.
const BASIC: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 48, 1, 1];
/// id-sha256 (RFC 5754 §2).
const SHA256: &[u64] = &[2, 16, 840, 1, 101, 3, 4, 2, 1];
