//! How OpenSSL verifies a chain (crypto/x509/x509_vfy.c): build, extensions, security level, name,
//! revocation, signatures and dates from the root down, name constraints; the first error counts.

use shakedown::connection::Role;
use shakedown::iana::AlertDescription;
use shakedown::profile::{Flaw, Revocation, ServerName, Staple};

use super::Cause;
use super::certificate::{Check, Finding, name_finding};
use super::chain::{
    Anchored, Certificate, KeyUsage, Names, Presented, Usage, Validity, anchored, intermediates,
    presented, root,
};
use super::security::{allows_key, allows_signature};
use super::traits::openssl::{TRUSTS_SELF_SIGNED_WITHOUT_LIST, verify_alert};

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
    // `x509_verify_x509`: before all else.
    if !allows_key(check.level, check.credential.key) {
        return Some(refused(Cause::CertWeakKey, 66));
    }
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

/// The chain from end entity to trusted root, or to whatever else is trusted.
struct Chain {
    certificates: Vec<Certificate>,
}

/// `build_chain`: the store is asked first, then what was sent; the last must be trusted and signed
/// by itself, but with PARTIAL_CHAIN (`check_trust`).
fn build(check: &Check<'_>, sent: &[Certificate]) -> Result<Chain, Finding> {
    let mut certificates = sent.to_vec();
    let credential = check.credential;
    match anchored(credential, check.trust) {
        Anchored::Root => {
            if credential.has(Flaw::MissingIntermediate) {
                return Err(refused(Cause::CertMissingIntermediate, 20));
            }
            certificates.extend(root(credential));
            Ok(Chain { certificates })
        }
        // The authority key identifier tells the impostor apart (`ossl_x509_likely_issued`).
        Anchored::Impostor if credential.has(Flaw::MissingIntermediate) => {
            Err(refused(Cause::CertMissingIntermediate, 20))
        }
        Anchored::Impostor => Err(refused(Cause::CertSameDnOtherKey, 20)),
        // The chain ends at the first trusted issuer.
        Anchored::Intermediates if check.partial_chain => {
            certificates.truncate(1);
            certificates.extend(intermediates(check.peer, credential).into_iter().take(1));
            Ok(Chain { certificates })
        }
        Anchored::Intermediates => Err(refused(Cause::CertPartialChain, 2)),
        Anchored::Leaf if credential.signs_itself() => Ok(Chain { certificates }),
        // Found at last, when all that was sent is in the chain, where it stays.
        Anchored::Leaf if check.partial_chain => Ok(Chain { certificates }),
        // The end entity's issuer is still sought, and not found in the store.
        Anchored::Leaf => Err(refused(Cause::CertPartialChain, 20)),
        Anchored::Nothing if credential.signs_itself() => {
            Err(refused(Cause::CertSelfSignedLeaf, 18))
        }
        Anchored::Nothing if credential.has(Flaw::MissingIntermediate) => {
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

/// `check_auth_level`: the digests of all but a trusted root. The keys of issuers count too, but are
/// no weaker than the end entity's here.
fn level(check: &Check<'_>, chain: &Chain) -> Option<Finding> {
    let (_, below) = chain.certificates.split_last()?;
    let weak = below
        .iter()
        .any(|certificate| !allows_signature(check.level, check.credential.key, certificate.sha1));
    weak.then(|| refused(Cause::CertWeakDigest, 68))
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

/// `check_revocation` with CRL_CHECK: the end entity alone, or with CRL_CHECK_ALL the chain from there
/// up.
fn revocation(check: &Check<'_>, chain: &Chain) -> Option<Finding> {
    let checked = match check.revocation {
        Revocation::Off => 0,
        Revocation::CrlChain => chain.certificates.len(),
        _ => 1,
    };
    // With both, a response that says good makes up for the end entity's list, but only if the chain is
    // looked up.
    let first = usize::from(check.staple.is_some() && check.revocation == Revocation::CrlChain);
    check
        .staple
        .and_then(|staple| stapled(check, chain, staple))
        .or_else(|| (first..checked).find_map(|place| listed(check, chain, place)))
}

/// `check_revocation` with OCSP_RESP_CHECK, and `check_cert_ocsp_resp`: whatever is wrong, the error is
/// OCSP_VERIFY_FAILED.
fn stapled(check: &Check<'_>, chain: &Chain, staple: Staple) -> Option<Finding> {
    let [leaf, issuers @ ..] = &chain.certificates[..] else {
        return None;
    };
    // Passed over: what has signed itself (EXFLAG_SS), and what is trusted without an issuer.
    let root = issuers.last()?;
    if leaf.issuer == leaf.subject {
        return None;
    }
    // The issuer signs it, and is verified by itself, without PARTIAL_CHAIN (crypto/ocsp/ocsp_vfy.c,
    // `ocsp_verify_signer`).
    let signer_valid =
        root.issuer == root.subject && issuers.iter().all(|ca| ca.validity == Validity::Current);
    let unknown = |cause| {
        if check.revocation == Revocation::Off {
            Some(refused(cause, 74))
        } else {
            listed(check, chain, 0)
        }
    };
    match staple {
        Staple::Good if signer_valid => None,
        Staple::Revoked if signer_valid => Some(refused(Cause::CertRevokedOcsp, 74)),
        Staple::Expired if signer_valid => unknown(Cause::OcspStapleExpired),
        _ => unknown(Cause::OcspStapleMissing),
    }
}

/// `check_cert_crl`: a list by the issuer (`get_crl_score`), its dates (`check_crl`), then the serial
/// number (`cert_crl`).
fn listed(check: &Check<'_>, chain: &Chain, place: usize) -> Option<Finding> {
    let certificate = chain.certificates.get(place)?;
    if certificate.issuer == certificate.subject {
        // Passed over (EXFLAG_SS). Where it is not, roots have lists, and end entities none.
        let needs_list = place == 0 && !TRUSTS_SELF_SIGNED_WITHOUT_LIST.is_in();
        return needs_list.then(|| refused(Cause::CertCrlMissing, 3));
    }
    // The issuer must be in the chain, or its list does not count (`crl_akid_check`).
    let issuer_known = place + 1 < chain.certificates.len();
    match check.revocation {
        // A certificate alone, of version 1 and so without an identifier of its key, passes for the
        // issuer of its own list (`crl_akid_check`); the list's dates come before its signature, which
        // is another's (`check_crl`).
        Revocation::CrlExpired | Revocation::CrlExpiredEnforced
            if !issuer_known && certificate.version1 =>
        {
            Some(refused(Cause::CertCrlExpired, 12))
        }
        Revocation::Crl | Revocation::CrlEndEntity | Revocation::CrlChain
            if !issuer_known && certificate.version1 =>
        {
            Some(refused(Cause::CertCrlMissing, 8))
        }
        _ if !issuer_known => Some(refused(Cause::CertCrlMissing, 3)),
        Revocation::CrlMissing => Some(refused(Cause::CertCrlMissing, 3)),
        Revocation::CrlExpired | Revocation::CrlExpiredEnforced => {
            Some(refused(Cause::CertCrlExpired, 12))
        }
        _ => certificate
            .revoked
            .then(|| refused(Cause::CertRevokedCrl, 23)),
    }
}

/// `internal_verify`: for each from the root down, the signature, then the dates. The last in the chain
/// is trusted without a look at its signature.
fn signatures_and_dates(chain: &Chain) -> Option<Finding> {
    let last = chain.certificates.len().saturating_sub(1);
    for (place, certificate) in chain.certificates.iter().enumerate().rev() {
        let self_signed = certificate.issuer == certificate.subject;
        if !certificate.signature_valid && place < last {
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

/// `check_name_constraints`, from the root down, and crypto/x509/v3_ncons.c, `nc_match`: what is
/// permitted, then what is excluded. The common name counts where no DNS name stands among the
/// alternative names, if it looks like a host's (`cn2dnsid`).
fn constraints(chain: &Chain) -> Option<Finding> {
    let [leaf, issuers @ ..] = &chain.certificates[..] else {
        return None;
    };
    let ours = match leaf.names {
        Names::DnsAndIp
        | Names::Wildcard
        | Names::PartialWildcard
        | Names::CommonNameOnly
        | Names::IpAndCommonName => true,
        Names::Another => false,
        Names::Nothing => return None,
    };
    let error = issuers.iter().rev().find_map(|ca| match ca {
        _ if ca.permits_others => Some(47),
        _ if ca.excludes_ours && ours => Some(48),
        _ => None,
    });
    error.map(|error| refused(Cause::CertNameConstraint, error))
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
            revocation: Revocation::Off,
            partial_chain: false,
            staple: None,
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
