//! How rustls verifies a chain: rustls-webpki 0.103 (verify_cert.rs), then the name.

use shakedown::iana::AlertDescription;
use shakedown::profile::{Flaw, KeyType, Revocation};

use super::Cause;
use super::certificate::{Check, Finding, name_finding};
use super::chain::{
    Anchored, Certificate, Names, Presented, Usage, Validity, anchored, intermediates, presented,
    root,
};

/// What rustls finds wrong with what its peer presents; `None`: nothing.
pub(super) fn verify(check: &Check<'_>) -> Option<Finding> {
    let chain = match presented(check.peer, check.credential) {
        // client/tls13.rs and tls12.rs: `split_first().ok_or(NoCertificatesPresented)`, without an
        // alert.
        Presented::Empty => {
            return Some(Finding {
                cause: Cause::CertEmpty,
                native: "NoCertificatesPresented".into(),
                alert: None,
            });
        }
        Presented::Malformed => return Some(refused(Cause::CertMalformed, "BadEncoding")),
        Presented::Chain(chain) => chain,
    };
    let [leaf, sent @ ..] = &chain[..] else {
        return None;
    };
    parse(leaf)
        .or_else(|| path(check, leaf, sent))
        .or_else(|| name(check, leaf))
}

/// Parsing the end entity comes before all else (end_entity.rs, cert.rs).
fn parse(leaf: &Certificate) -> Option<Finding> {
    if leaf.version1 {
        Some(refused(Cause::CertV1, "Other(UnsupportedCertVersion)"))
    } else if leaf.unknown_critical {
        Some(refused(
            Cause::CertUnknownCritical,
            "Other(UnsupportedCriticalExtension)",
        ))
    } else {
        None
    }
}

/// `build_chain_inner`: each certificate from the end entity upward is checked by itself, then against
/// the anchors, then the next one is tried. Of what went wrong on the way the highest rank is told
/// (error.rs, `rank`).
fn path(check: &Check<'_>, leaf: &Certificate, sent: &[Certificate]) -> Option<Finding> {
    let standing = anchored(check.credential, check.trust);
    let mut walked: Vec<&Certificate> = Vec::new();
    let mut worst = refused(unknown(check, standing), "UnknownIssuer");
    let consider = |worst: &mut Finding, finding: Finding| {
        if rank(&finding) > rank(worst) {
            *worst = finding;
        }
    };
    for (place, certificate) in [leaf].into_iter().chain(sent).enumerate() {
        if place > MAX_INTERMEDIATES {
            // One error among others (`PartialPath::push`), no end of the search.
            consider(
                &mut worst,
                refused(Cause::CertChainTooLong, "Other(MaximumPathDepthExceeded)"),
            );
            break;
        }
        if let Some(finding) = alone(check, certificate, place) {
            consider(&mut worst, finding);
            break;
        }
        walked.push(certificate);
        match meets_anchor(standing, certificate, check) {
            Some(Anchor::Genuine) => consider(&mut worst, signed(check, &walked)?),
            // An algorithm that is not there is found before a signature that is wrong.
            Some(Anchor::WrongKey) => consider(
                &mut worst,
                unsupported_key(check)
                    .unwrap_or_else(|| refused(Cause::CertSameDnOtherKey, "BadSignature")),
            ),
            None => {}
        }
    }
    Some(worst)
}

/// error.rs, `rank`: the more is known of a path, the more its error says.
fn rank(finding: &Finding) -> u32 {
    match finding.cause {
        Cause::CertExpired | Cause::CertNotYetValid => 290,
        Cause::CertRevokedCrl | Cause::CertCrlMissing | Cause::CertCrlExpired => 270,
        Cause::CertChainSignature | Cause::CertSameDnOtherKey | Cause::CertWeakKey => 260,
        Cause::CertWrongEku => 240,
        Cause::CertNameConstraint => 230,
        Cause::CertPathLen => 220,
        Cause::CertCaAsLeaf | Cause::CertIssuerNotCa => 210,
        Cause::CertWeakDigest | Cause::CertUnsupportedKey => 140,
        Cause::CertChainTooLong => 61,
        Cause::CertWildcard => 60,
        _ => 0,
    }
}

/// `check_issuer_independent_properties`: validity, basic constraints, extended key usage.
fn alone(check: &Check<'_>, certificate: &Certificate, place: usize) -> Option<Finding> {
    match certificate.validity {
        Validity::Past => return Some(refused(Cause::CertExpired, "Expired")),
        Validity::Future => return Some(refused(Cause::CertNotYetValid, "NotValidYet")),
        Validity::Current => {}
    }
    let is_ca = certificate.ca == Some(true);
    match place {
        0 if is_ca => {
            return Some(refused(Cause::CertCaAsLeaf, "Other(CaUsedAsEndEntity)"));
        }
        1.. if !is_ca => {
            return Some(refused(Cause::CertIssuerNotCa, "Other(EndEntityUsedAsCa)"));
        }
        // The intermediates below this one.
        1.. if certificate
            .path_length
            .is_some_and(|limit| place - 1 > limit) =>
        {
            return Some(refused(
                Cause::CertPathLen,
                "Other(PathLenConstraintViolated)",
            ));
        }
        _ => {}
    }
    // anyExtendedKeyUsage is not looked for (verify_cert.rs, `KeyUsage::required_if_present`).
    match certificate.usage {
        Usage::Absent => None,
        Usage::Only(role) if role == check.peer => None,
        Usage::Only(_) | Usage::Any => Some(refused(Cause::CertWrongEku, "InvalidPurpose")),
    }
}

enum Anchor {
    Genuine,
    WrongKey,
}

/// Whether an anchor has the name of the certificate's issuer. An anchor is a name, a key and name
/// constraints: its own dates and basic constraints do not count.
fn meets_anchor(
    standing: Anchored,
    certificate: &Certificate,
    check: &Check<'_>,
) -> Option<Anchor> {
    let root = root(check.credential);
    let by_root = root.is_some_and(|root| root.subject == certificate.issuer);
    match standing {
        Anchored::Root if by_root => Some(Anchor::Genuine),
        Anchored::Impostor if by_root => Some(Anchor::WrongKey),
        Anchored::Intermediates => intermediates(check.peer, check.credential)
            .iter()
            .any(|ca| ca.subject == certificate.issuer)
            .then_some(Anchor::Genuine),
        Anchored::Leaf if certificate.issuer == certificate.subject => Some(Anchor::Genuine),
        _ => None,
    }
}

/// `check_signed_chain`, from the anchor downward: signature and revocation; then name constraints.
fn signed(check: &Check<'_>, walked: &[&Certificate]) -> Option<Finding> {
    if let Some(finding) = unsupported_key(check) {
        return Some(finding);
    }
    for (place, certificate) in walked.iter().enumerate().rev() {
        if certificate.sha1 {
            return Some(refused(
                Cause::CertWeakDigest,
                "UnsupportedSignatureAlgorithm",
            ));
        }
        // An RSA key of fewer than 2048 bits verifies nothing (webpki's algorithms are
        // `RSA_PKCS1_2048_8192_SHA256` and so on).
        if check.credential.key == KeyType::Rsa1024 {
            return Some(refused(Cause::CertWeakKey, "BadSignature"));
        }
        if !certificate.signature_valid {
            return Some(refused(Cause::CertChainSignature, "BadSignature"));
        }
        if let Some(finding) = revocation(check.revocation, certificate, place) {
            return Some(finding);
        }
    }
    let leaf = walked.first()?;
    intermediates(check.peer, check.credential)
        .iter()
        .find_map(|ca| constraints(ca, leaf.names))
}

/// subject_name/mod.rs, `check_presented_id_conforms_to_constraints`: alternative names alone, and the
/// constraints that we have are on DNS names.
fn constraints(ca: &Certificate, names: Names) -> Option<Finding> {
    let violation = refused(Cause::CertNameConstraint, "Other(NameConstraintViolation)");
    let (ours, wellformed) = match names {
        Names::CommonNameOnly | Names::IpAndCommonName | Names::Nothing => return None,
        Names::DnsAndIp | Names::Wildcard => (true, true),
        Names::PartialWildcard => (true, false),
        Names::Another => (false, true),
    };
    if !(ca.permits_others || ca.excludes_ours) {
        None
    } else if !wellformed {
        // subject_name/dns_name.rs, `is_valid_dns_id`: a wildcard is a label. Where names are held against
        // the reference such a name is passed over, but not here.
        Some(refused(
            Cause::CertWildcard,
            "Other(MalformedDnsIdentifier)",
        ))
    } else {
        (ca.permits_others || ours).then_some(violation)
    }
}

/// crl/mod.rs, `RevocationOptions::check`: the depth, a list by the issuer, its expiry, the serial
/// number. What depth and policies rustls has by default says webpki/server_verifier.rs,
/// `ServerCertVerifierBuilder::new`: the whole chain, nothing unknown, any age.
fn revocation(setting: Revocation, certificate: &Certificate, place: usize) -> Option<Finding> {
    let unknown = || Some(refused(Cause::CertCrlMissing, "UnknownRevocationStatus"));
    match setting {
        Revocation::Off | Revocation::CrlMissingAllowed => None,
        Revocation::CrlEndEntity if place > 0 => None,
        Revocation::CrlMissing => unknown(),
        // Nobody but itself has issued it, and it issues no list.
        _ if certificate.issuer == certificate.subject => unknown(),
        Revocation::CrlExpiredEnforced => {
            Some(refused(Cause::CertCrlExpired, "ExpiredRevocationList"))
        }
        // A list must be by an issuer that may sign lists; ours all may.
        Revocation::Crl
        | Revocation::CrlEndEntity
        | Revocation::CrlChain
        | Revocation::CrlExpired => certificate
            .revoked
            .then(|| refused(Cause::CertRevokedCrl, "Revoked")),
    }
}

fn name(check: &Check<'_>, leaf: &Certificate) -> Option<Finding> {
    let cause = name_finding(check, leaf, false)?;
    Some(refused(cause, "NotValidForName"))
}

fn unknown(check: &Check<'_>, standing: Anchored) -> Cause {
    match standing {
        _ if check.credential.signs_itself() => Cause::CertSelfSignedLeaf,
        Anchored::Root | Anchored::Impostor if check.credential.has(Flaw::MissingIntermediate) => {
            Cause::CertMissingIntermediate
        }
        _ => Cause::CertUnknownCa,
    }
}

/// Chains are of one key type, so the first signature that is looked at tells.
fn unsupported_key(check: &Check<'_>) -> Option<Finding> {
    let key = check.credential.key;
    // signed_data.rs, `verify_signed_data`: PSS is known, but not with a key for PSS alone.
    let error = match key {
        KeyType::RsaPss2048 => "UnsupportedSignatureAlgorithmForPublicKey",
        _ => "UnsupportedSignatureAlgorithm",
    };
    (!check.verifies(key)).then(|| refused(Cause::CertUnsupportedKey, error))
}

/// The alert is a function of the error (rustls src/error.rs, `From<CertificateError>`).
fn refused(cause: Cause, error: &str) -> Finding {
    use AlertDescription as A;
    let alert = match error {
        "BadEncoding" | "NotValidForName" => A::bad_certificate,
        "Expired" | "NotValidYet" => A::certificate_expired,
        "Revoked" => A::certificate_revoked,
        "UnknownIssuer" | "UnknownRevocationStatus" | "ExpiredRevocationList" => A::unknown_ca,
        "BadSignature"
        | "UnsupportedSignatureAlgorithm"
        | "UnsupportedSignatureAlgorithmForPublicKey" => A::decrypt_error,
        "InvalidPurpose" => A::unsupported_certificate,
        _ => A::certificate_unknown,
    };
    Finding {
        cause,
        native: format!("InvalidCertificate({error})"),
        alert: Some(alert),
    }
}

/// verify_cert.rs, `MAX_SUB_CA_COUNT`.
const MAX_INTERMEDIATES: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;
    use shakedown::connection::Role;
    use shakedown::profile::{Credential, KeyType, Trust};
    use shakedown::scenario::StackId;

    /// RFC 5280 §4.2.1.9: the end entity does not count.
    #[test]
    fn a_path_length_counts_the_intermediates_below() {
        let check = check(Credential::default());
        let mut ca = intermediates(Role::Server, Credential::default()).remove(0);
        for (limit, place, cause) in [
            (0, 1, None),
            (0, 2, Some(Cause::CertPathLen)),
            (1, 2, None),
            (1, 3, Some(Cause::CertPathLen)),
        ] {
            ca.path_length = Some(limit);
            let found = alone(&check, &ca, place).map(|finding| finding.cause);
            assert_eq!(found, cause, "{limit} at {place}");
        }
    }

    #[test]
    fn a_key_for_pss_alone_has_an_error_of_its_own() {
        let error = |key| {
            let credential = Credential {
                key,
                ..Credential::default()
            };
            unsupported_key(&check(credential)).map(|finding| finding.native)
        };
        let native = |error| Some(format!("InvalidCertificate({error})"));
        assert_eq!(error(KeyType::EcdsaP256), None);
        assert_eq!(
            error(KeyType::RsaPss2048),
            native("UnsupportedSignatureAlgorithmForPublicKey")
        );
        assert_eq!(
            error(KeyType::Ed448),
            native("UnsupportedSignatureAlgorithm")
        );
    }

    fn check(credential: Credential) -> Check<'static> {
        Check {
            verifier: StackId::RustlsRing,
            level: 0,
            peer: Role::Server,
            credential,
            trust: Trust::Roots,
            revocation: Revocation::Off,
            partial_chain: false,
            staple: None,
            name: None,
        }
    }
}
