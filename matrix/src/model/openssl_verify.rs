//! How OpenSSL verifies a chain (crypto/x509/x509_vfy.c): build, extensions, security level, name,
//! revocation, signatures and dates from the root down, name constraints; the first error counts.

use shakedown::connection::Role;
use shakedown::iana::AlertDescription;
use shakedown::profile::{Flaw, ServerName};

use super::Cause;
use super::certificate::{Check, Finding, name_finding};
use super::chain::{
    Anchored, Certificate, Forbidden, KeyUsage, Presented, Usage, Validity, anchored, presented,
    root,
};
use super::traits::openssl::verify_alert;

/// What OpenSSL finds wrong with what its peer presents; `None`: nothing.
pub(super) fn verify(check: &Check<'_>) -> Option<Finding> {
    let sent = match presented(check.peer, check.credential) {
        // ssl/statem/statem_clnt.c, `tls_process_server_certificate`.
        Presented::Empty => {
            return Some(Finding {
                cause: Cause::CertEmpty,
                native: "LENGTH_MISMATCH".into(),
                alert: Some(AlertDescription::decode_error),
            });
        }
        Presented::Malformed => {
            return Some(Finding {
                cause: Cause::CertMalformed,
                native: MALFORMED.into(),
                // statem_clnt.c says bad_certificate, statem_srvr.c decode_error.
                alert: Some(match check.peer {
                    Role::Server => AlertDescription::bad_certificate,
                    Role::Client => AlertDescription::decode_error,
                }),
            });
        }
        Presented::Chain(chain) => chain,
    };
    let chain = match build(check, &sent) {
        Ok(chain) => chain,
        Err(finding) => return Some(finding),
    };
    extensions(check, &chain)
        .or_else(|| level(check, &chain))
        .or_else(|| name(check, &chain))
        .or_else(|| revocation(check, &chain))
        .or_else(|| signatures_and_dates(&chain))
        .or_else(|| constraints(&chain))
}

/// The chain from end entity to trusted root.
struct Chain {
    certificates: Vec<Certificate>,
}

/// `build_chain`: the store is asked first, then what was sent; the last must be trusted and signed
/// by itself, without PARTIAL_CHAIN.
fn build(check: &Check<'_>, sent: &[Certificate]) -> Result<Chain, Finding> {
    let mut certificates = sent.to_vec();
    let credential = check.credential;
    match anchored(credential, check.trust) {
        Anchored::Root => {
            if credential.flaw == Flaw::MissingIntermediate {
                return Err(refused(Cause::CertMissingIntermediate, 20));
            }
            certificates.extend(root(credential));
            Ok(Chain { certificates })
        }
        // The authority key identifier tells the impostor apart (`ossl_x509_likely_issued`).
        Anchored::Impostor if credential.flaw == Flaw::MissingIntermediate => {
            Err(refused(Cause::CertMissingIntermediate, 20))
        }
        Anchored::Impostor => Err(refused(Cause::CertSameDnOtherKey, 20)),
        Anchored::Intermediates => Err(refused(Cause::CertPartialChain, 2)),
        Anchored::Leaf if self_signed(credential.flaw) => Ok(Chain { certificates }),
        // The end entity's issuer is still sought, and not found in the store.
        Anchored::Leaf => Err(refused(Cause::CertPartialChain, 20)),
        Anchored::Nothing if self_signed(credential.flaw) => {
            Err(refused(Cause::CertSelfSignedLeaf, 18))
        }
        Anchored::Nothing if credential.flaw == Flaw::MissingIntermediate => {
            Err(refused(Cause::CertMissingIntermediate, 20))
        }
        Anchored::Nothing => Err(refused(Cause::CertUnknownCa, 20)),
    }
}

/// `check_extensions`, from the end entity up.
fn extensions(check: &Check<'_>, chain: &Chain) -> Option<Finding> {
    let mut authorities = 0;
    for (place, certificate) in chain.certificates.iter().enumerate() {
        if certificate.unknown_critical {
            return Some(refused(Cause::CertUnknownCritical, 34));
        }
        if place > 0 && !is_authority(certificate) {
            return Some(refused(
                match certificate.key_usage {
                    KeyUsage::CrlSignOnly => Cause::CertCaNoCertSign,
                    _ => Cause::CertIssuerNotCa,
                },
                79,
            ));
        }
        if let Some(cause) = purpose(check, certificate, place) {
            return Some(refused(cause, 26));
        }
        if place > 0
            && certificate
                .path_length
                .is_some_and(|limit| authorities > limit)
        {
            return Some(refused(Cause::CertPathLen, 25));
        }
        // Self-issued certificates are not counted.
        if place > 0 && certificate.subject != certificate.issuer {
            authorities += 1;
        }
    }
    None
}

/// crypto/x509/v3_purp.c, `check_ca`.
fn is_authority(certificate: &Certificate) -> bool {
    certificate.key_usage != KeyUsage::CrlSignOnly && certificate.ca == Some(true)
}

/// crypto/x509/v3_purp.c, `check_purpose_ssl_server` and `check_purpose_ssl_client`.
fn purpose(check: &Check<'_>, certificate: &Certificate, place: usize) -> Option<Cause> {
    match certificate.usage {
        Usage::Absent => {}
        Usage::Only(role) if role == check.peer => {}
        Usage::Only(_) | Usage::Any => return Some(Cause::CertWrongEku),
    }
    (place == 0 && certificate.key_usage == KeyUsage::CrlSignOnly).then_some(Cause::CertBadKeyUsage)
}

/// `check_auth_level`: the digests of all but a trusted root.
fn level(check: &Check<'_>, chain: &Chain) -> Option<Finding> {
    let weak = chain
        .certificates
        .iter()
        .any(|certificate| certificate.sha1);
    (check.level >= 1 && weak).then(|| refused(Cause::CertWeakDigest, 68))
}

/// `check_id`.
fn name(check: &Check<'_>, chain: &Chain) -> Option<Finding> {
    let cause = name_finding(check, chain.certificates.first()?, true)?;
    let error = match check.name {
        Some((ServerName::Ip(_), _)) => 64,
        _ => 62,
    };
    Some(refused(cause, error))
}

/// `check_revocation` with CRL_CHECK: the end entity alone.
fn revocation(check: &Check<'_>, chain: &Chain) -> Option<Finding> {
    let leaf = chain.certificates.first()?;
    // A self-signed certificate is passed over (`check_cert_crl`, EXFLAG_SS); for every other one of
    // ours there is a list.
    (check.crl && leaf.revoked).then(|| refused(Cause::CertRevokedCrl, 23))
}

/// `internal_verify`: for each from the root down, the signature, then the dates.
fn signatures_and_dates(chain: &Chain) -> Option<Finding> {
    for certificate in chain.certificates.iter().rev() {
        let self_signed = certificate.issuer == certificate.subject;
        if !certificate.signature_valid && !self_signed {
            return Some(refused(Cause::CertChainSignature, 7));
        }
        match certificate.validity {
            Validity::Current => {}
            Validity::Past if self_signed && chain.certificates.len() > 1 => {
                return Some(refused(Cause::CertRootExpired, 10));
            }
            Validity::Past => return Some(refused(Cause::CertExpired, 10)),
            Validity::Future => return Some(refused(Cause::CertNotYetValid, 9)),
        }
    }
    None
}

/// `check_name_constraints`.
fn constraints(chain: &Chain) -> Option<Finding> {
    chain
        .certificates
        .iter()
        .find_map(|certificate| certificate.forbids_our_names)
        .map(|forbidden| {
            refused(
                Cause::CertNameConstraint,
                match forbidden {
                    Forbidden::NotPermitted => 47,
                    Forbidden::Excluded => 48,
                },
            )
        })
}

fn self_signed(flaw: Flaw) -> bool {
    matches!(flaw, Flaw::SelfSigned | Flaw::SelfSignedCa)
}

fn refused(cause: Cause, error: u16) -> Finding {
    Finding {
        cause,
        native: format!("CERTIFICATE_VERIFY_FAILED({error})"),
        alert: Some(verify_alert(error)),
    }
}

const MALFORMED: &str = "ASN1_LIB";

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown::profile::{Credential, Trust};
    use shakedown::scenario::StackId;

    /// RFC 5280 §4.2.1.9: the end entity and self-issued certificates do not count.
    #[test]
    fn a_path_length_counts_the_authorities_below() {
        let credential = Credential::default();
        let check = Check {
            verifier: StackId::Openssl,
            level: 2,
            peer: Role::Server,
            credential,
            trust: Trust::Roots,
            crl: false,
            name: None,
        };
        let found = |intermediate, root| {
            let Presented::Chain(sent) = presented(Role::Server, credential) else {
                panic!("a credential without a flaw");
            };
            let mut chain = build(&check, &sent).expect("it is trusted");
            chain.certificates[1].path_length = intermediate;
            chain.certificates[2].path_length = root;
            extensions(&check, &chain).map(|finding| finding.cause)
        };
        assert_eq!(found(None, None), None);
        assert_eq!(found(Some(0), None), None);
        assert_eq!(found(Some(0), Some(1)), None);
        assert_eq!(found(None, Some(0)), Some(Cause::CertPathLen));
    }
}
