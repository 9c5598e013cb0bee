//! What hides behind a cause: the causes that would come to light one after another, were each
//! mended in turn.
//!
//! To mend a cause is to follow its remedy in the profiles, and to touch nothing else.

use shakedown::connection::Role;
use shakedown::profile::{
    CertificateType, ClientAuth, Compression, Credential, Ems, Flaw, KeyType, Loading, Ocsp,
    Protocol, Revocation, ServerName, SniPolicy, Staple, Trust,
};
use shakedown::scenario::Scenario;

use super::{Cause, Decision, decide};

/// The causes behind the deciding one, in the order in which they come to light.
pub(super) fn behind(scenario: &Scenario, cause: Cause, detector: Role) -> Vec<Cause> {
    let mut found = Vec::new();
    let mut mended = scenario.clone();
    let mut deciding = (cause, detector);
    while found.len() < MOST {
        let Some(next) = after_mending(&mut mended, deciding) else {
            return found;
        };
        // The same cause may hold on the other side too.
        if next.0 != cause && !found.contains(&next.0) {
            found.push(next.0);
        }
        deciding = next;
    }
    found
}

/// Mends the deciding cause: with the gentlest remedy that helps alone, else with all of them. What
/// decides then, or `None`: nothing goes wrong any more, or nothing helps.
fn after_mending(scenario: &mut Scenario, deciding: (Cause, Role)) -> Option<(Cause, Role)> {
    let remedies = remedies(deciding.0);
    let alone = remedies.iter().map(std::slice::from_ref);
    for some in alone.chain([remedies]) {
        let mut mended = scenario.clone();
        for remedy in some {
            remedy(&mut mended, deciding.1);
        }
        let decision = decide(&mended);
        if matches!(&decision, Decision::Fails(cause, detector) if (*cause, *detector) == deciding)
        {
            continue;
        }
        *scenario = mended;
        return match decision {
            Decision::Fails(cause, detector) => Some((cause, detector)),
            Decision::Succeeds | Decision::Unknown => None,
        };
    }
    None
}

/// Changes the profiles so that a cause, found by this side, holds no longer.
type Remedy = fn(&mut Scenario, Role);

/// The gentlest first.
fn remedies(cause: Cause) -> &'static [Remedy] {
    use Cause as C;
    match cause {
        C::CfgNoProtocols | C::CfgNoCiphers | C::CfgNoGroups | C::CfgNoSchemes => {
            &[own_lists, own_protocol]
        }
        C::CfgNoTrustAnchors => &[trust],
        C::CfgKeyCertMismatch | C::CfgEmptyChain | C::CfgUnparseableLeaf => {
            &[own_second_flaw, own_first_flaw]
        }
        C::CfgWeakOwnCredential => &[
            own_second_flaw,
            own_first_flaw,
            own_credential,
            own_protocol,
        ],
        C::ServerNoCertificate => &[server_credential],
        C::VersionMismatch | C::VersionLegacyClient => &[versions, protocols],
        C::VersionFallbackScsv | C::VersionDowngradeSentinel => {
            &[fallback, versions, protocols, clean_link]
        }
        C::SuiteMismatch | C::SuiteKeyType => &[suites, protocols],
        C::GroupMismatch | C::GroupListEmpty => &[groups, protocols],
        C::CertCurveNotOffered => &[groups, credentials, protocols],
        C::SigalgListEmpty | C::SigalgMismatch | C::ClientSigalgEmpty => {
            &[schemes, protocols, credentials]
        }
        C::AlpnMismatch => &[application_protocols],
        C::SniUnknown | C::SniMalformed => &[names],
        C::CertHostMismatch | C::CertCnOnly | C::CertIpMismatch | C::CertWildcard => {
            &[names, second_flaw, first_flaw]
        }
        C::CertUnknownCa
        | C::CertSelfSignedLeaf
        | C::CertCaAsLeaf
        | C::CertSameDnOtherKey
        | C::CertPartialChain => &[trust, second_flaw, first_flaw],
        C::CertRevokedCrl => &[second_flaw, first_flaw],
        C::CertCrlMissing | C::CertCrlExpired => &[revocation],
        C::CertRevokedOcsp
        | C::OcspStapleMissing
        | C::OcspStapleExpired
        | C::OcspStapleMalformed => &[good_staple, no_ocsp],
        C::EmsRequired => &[extended_master_secret],
        C::SessionIdContextMissing
        | C::ResumeEmsDropped
        | C::ResumeSuiteMissing
        | C::ResumePskWithdrawn => &[no_past],
        C::CertTypeMismatch => &[certificates],
        C::CertCompressionBad => &[no_compression],
        C::CertWeakDigest | C::CertWeakKey | C::CertUnsupportedKey => {
            &[second_flaw, first_flaw, credentials, protocols]
        }
        C::KeyShareMissing
        | C::SigalgMissing
        | C::RenegInfoMissing
        | C::WrongSignatureScheme
        | C::HrrIllegal
        | C::HrrRefused
        | C::ResumeBinderBad => &[clean_link],
        _ if cause.is_of_the_link() => &[clean_link],
        C::ClientCertMissing => &[client_credential, no_client_auth],
        _ => &[
            second_flaw,
            first_flaw,
            own_second_flaw,
            own_first_flaw,
            credentials,
        ],
    }
}

fn clean_link(scenario: &mut Scenario, _: Role) {
    scenario.link.ops.clear();
}

fn protocol(scenario: &mut Scenario, role: Role) -> &mut Protocol {
    match role {
        Role::Client => &mut scenario.client.profile.protocol,
        Role::Server => &mut scenario.server.profile.protocol,
    }
}

fn credential(scenario: &mut Scenario, role: Role) -> Option<&mut Credential> {
    match role {
        Role::Client => scenario.client.profile.identity.as_mut(),
        Role::Server => scenario.server.profile.identity.as_mut(),
    }
}

fn both(scenario: &mut Scenario, change: fn(&mut Protocol)) {
    for role in Role::BOTH {
        change(protocol(scenario, role));
    }
}

fn own_lists(scenario: &mut Scenario, detector: Role) {
    let own = protocol(scenario, detector);
    own.suites = None;
    own.tls13_suites = None;
    own.groups = None;
    own.group_tuples.clear();
    own.key_shares.clear();
    own.signature_schemes = None;
}

fn own_protocol(scenario: &mut Scenario, detector: Role) {
    *protocol(scenario, detector) = Protocol::default();
}

/// The one flaw, or the first of two; the other takes its place. Where all remedies are needed the
/// second is gone before.
fn own_first_flaw(scenario: &mut Scenario, detector: Role) {
    if let Some(credential) = credential(scenario, detector) {
        credential.flaw = std::mem::take(&mut credential.also);
    }
}

fn own_second_flaw(scenario: &mut Scenario, detector: Role) {
    if let Some(credential) = credential(scenario, detector) {
        credential.also = Flaw::None;
    }
}

fn own_credential(scenario: &mut Scenario, detector: Role) {
    if let Some(credential) = credential(scenario, detector) {
        credential.key = KeyType::default();
        credential.loading = Loading::default();
    }
}

fn first_flaw(scenario: &mut Scenario, detector: Role) {
    own_first_flaw(scenario, detector.peer());
}

fn second_flaw(scenario: &mut Scenario, detector: Role) {
    own_second_flaw(scenario, detector.peer());
}

fn server_credential(scenario: &mut Scenario, _: Role) {
    scenario.server.profile.identity = Some(Credential::default());
}

fn client_credential(scenario: &mut Scenario, _: Role) {
    scenario.client.profile.identity = Some(Credential::default());
}

fn no_client_auth(scenario: &mut Scenario, _: Role) {
    scenario.server.profile.client_auth = ClientAuth::None;
}

fn credentials(scenario: &mut Scenario, _: Role) {
    for role in Role::BOTH {
        own_credential(scenario, role);
    }
}

fn versions(scenario: &mut Scenario, _: Role) {
    both(scenario, |protocol| {
        protocol.versions = Protocol::default().versions;
    });
}

fn fallback(scenario: &mut Scenario, _: Role) {
    scenario.client.profile.fallback_scsv = false;
}

fn suites(scenario: &mut Scenario, _: Role) {
    both(scenario, |protocol| {
        protocol.suites = None;
        protocol.tls13_suites = None;
    });
}

fn groups(scenario: &mut Scenario, _: Role) {
    both(scenario, |protocol| {
        protocol.groups = None;
        protocol.group_tuples.clear();
        protocol.key_shares.clear();
    });
}

fn schemes(scenario: &mut Scenario, _: Role) {
    both(scenario, |protocol| protocol.signature_schemes = None);
}

fn protocols(scenario: &mut Scenario, _: Role) {
    both(scenario, |protocol| *protocol = Protocol::default());
}

fn application_protocols(scenario: &mut Scenario, _: Role) {
    scenario.server.profile.alpn = scenario.client.profile.alpn.clone();
}

fn names(scenario: &mut Scenario, _: Role) {
    scenario.client.profile.server_name = ServerName::default();
    scenario.server.profile.sni = SniPolicy::Any;
}

fn trust(scenario: &mut Scenario, detector: Role) {
    match detector {
        Role::Client => scenario.client.profile.trust = Trust::Roots,
        Role::Server => scenario.server.profile.trust = Trust::Roots,
    }
}

fn revocation(scenario: &mut Scenario, detector: Role) {
    match detector {
        Role::Client => scenario.client.profile.revocation = Revocation::Off,
        Role::Server => scenario.server.profile.revocation = Revocation::Off,
    }
}

fn good_staple(scenario: &mut Scenario, _: Role) {
    scenario.server.profile.staple = Staple::Good;
}

fn no_ocsp(scenario: &mut Scenario, _: Role) {
    scenario.client.profile.ocsp = Ocsp::Ignore;
}

fn certificates(scenario: &mut Scenario, _: Role) {
    let (client, server) = (&mut scenario.client.profile, &mut scenario.server.profile);
    client.certificate_type = CertificateType::X509;
    client.server_certificate_type = CertificateType::X509;
    server.certificate_type = CertificateType::X509;
    server.client_certificate_type = CertificateType::X509;
}

fn extended_master_secret(scenario: &mut Scenario, _: Role) {
    both(scenario, |protocol| protocol.ems = Ems::Default);
}

fn no_past(scenario: &mut Scenario, _: Role) {
    scenario.earlier = None;
}

fn no_compression(scenario: &mut Scenario, _: Role) {
    scenario.client.profile.compression = Compression::None;
    scenario.server.profile.compression = Compression::None;
}

/// More causes than this at once say nothing more to anybody.
const MOST: usize = 12;

#[cfg(test)]
mod tests {
    use shakedown::scenario::StackId;

    use super::*;
    use crate::axes::Axes;
    use crate::catalogue;
    use crate::model::{Prediction, predict};

    #[test]
    fn causes_come_to_light_one_after_another() {
        let json = r#"{"client":{"stack":"openssl","profile":{"alpn":["imap"],
            "trust":"other-root","server_name":{"dns":"other.shakedown.example"}}},
            "server":{"stack":"openssl","profile":{"identity":{"flaw":"expired"},
            "alpn":["h2"],"client_auth":"required"}}}"#;
        assert_eq!(
            causes(json),
            [
                Cause::AlpnMismatch,
                Cause::CertUnknownCa,
                Cause::CertHostMismatch,
                Cause::CertExpired,
                Cause::ClientCertMissing,
            ]
        );
        // rustls looks at the dates before it looks for an anchor, and at the name last.
        assert_eq!(
            causes(&json.replacen("openssl", "rustls-ring", 1)),
            [
                Cause::AlpnMismatch,
                Cause::CertExpired,
                Cause::CertUnknownCa,
                Cause::CertHostMismatch,
                Cause::ClientCertMissing,
            ]
        );
    }

    #[test]
    fn a_cause_alone_hides_nothing() {
        let json = r#"{"client":{"stack":"openssl"},
            "server":{"stack":"rustls-ring","profile":{"identity":{"flaw":"expired"}}}}"#;
        assert_eq!(causes(json), [Cause::CertExpired]);
        assert_eq!(causes(&json.replace("expired", "none")), []);
    }

    #[test]
    fn of_two_flaws_one_is_mended_after_the_other() {
        let json = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring",
            "profile":{"identity":{"flaw":"expired","also":"other-name","loading":"resolver"}}}}"#;
        let both = [Cause::CertHostMismatch, Cause::CertExpired];
        assert_eq!(causes(json), both);
        let rustls = json.replacen("openssl", "rustls-ring", 1);
        assert_eq!(causes(&rustls), [both[1], both[0]]);
        // One cause, twice.
        let twice = json.replace("other-name", "expired-intermediate");
        assert_eq!(causes(&twice), [Cause::CertExpired]);
        // What the owner's stack finds first, then what it finds next.
        let own = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring",
            "profile":{"identity":{"flaw":"unknown-critical","also":"key-mismatch"}}}}"#;
        assert_eq!(
            causes(own),
            [Cause::CfgUnparseableLeaf, Cause::CfgKeyCertMismatch]
        );
    }

    #[test]
    fn every_cause_can_be_mended() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let pairings: Vec<_> = StackId::ALL
            .into_iter()
            .flat_map(|client| StackId::ALL.map(|server| (client, server)))
            .collect();
        for case in catalogue::cases(&axes, &space, &pairings) {
            let mut mended = case.scenario.clone();
            let mut deciding = match decide(&mended) {
                Decision::Fails(cause, detector) => (cause, detector),
                Decision::Succeeds | Decision::Unknown => continue,
            };
            for _ in 0..MOST {
                match after_mending(&mut mended, deciding) {
                    Some(next) => deciding = next,
                    None => break,
                }
            }
            assert!(
                matches!(decide(&mended), Decision::Succeeds),
                "{}: {} is still there in {}",
                case.name,
                deciding.0,
                mended.to_json()
            );
        }
    }

    #[test]
    fn a_remedy_that_does_not_help_is_not_taken() {
        let json = r#"{"client":{"stack":"openssl","profile":{"trust":"other-root"}},
            "server":{"stack":"openssl","profile":{"identity":{"flaw":"missing-intermediate"}}}}"#;
        assert_eq!(
            causes(json),
            [Cause::CertMissingIntermediate, Cause::CertUnknownCa]
        );
        let json = r#"{"client":{"stack":"rustls-ring"},"server":{"stack":"openssl",
            "profile":{"identity":{"key":"ed448","flaw":"expired"}}}}"#;
        assert_eq!(causes(json), [Cause::SigalgMismatch, Cause::CertExpired]);
    }

    #[test]
    fn a_cause_that_holds_on_either_side_is_told_once() {
        let json = r#"{"client":{"stack":"openssl","profile":{"identity":{"flaw":"expired"}}},
            "server":{"stack":"openssl","profile":{"identity":{"flaw":"expired"},
            "client_auth":"required"}}}"#;
        assert_eq!(causes(json), [Cause::CertExpired]);
    }

    /// Each first remedy leaves the cause that the next one would mend on the way.
    #[test]
    fn the_gentlest_remedy_is_taken() {
        for (json, expected) in [
            (
                r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"],
                "suites":[],"tls13_suites":[]}}},
                "server":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.3"]}}}}"#,
                [Cause::CfgNoCiphers, Cause::VersionMismatch],
            ),
            (
                r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl","profile":{
                "client_auth":"required","trust":"other-root"}}}"#,
                [Cause::ClientCertMissing, Cause::CertUnknownCa],
            ),
            (
                r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"],
                "groups":["x25519"]}}},"server":{"stack":"openssl","profile":{"protocol":{
                "versions":["TLS1.3"],"groups":["secp256r1"]}}}}"#,
                [Cause::VersionMismatch, Cause::GroupMismatch],
            ),
            (
                r#"{"client":{"stack":"openssl","profile":{"fallback_scsv":true,"protocol":{
                "versions":["TLS1.2"],"suites":["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]}}},
                "server":{"stack":"openssl","profile":{"identity":{"key":"ecdsa-p256"}}}}"#,
                [Cause::VersionFallbackScsv, Cause::SuiteKeyType],
            ),
            (
                r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.3"],
                "tls13_suites":["TLS_AES_128_GCM_SHA256"],"groups":["x25519"]}}},
                "server":{"stack":"openssl","profile":{"protocol":{
                "tls13_suites":["TLS_AES_256_GCM_SHA384"],"groups":["secp256r1"]}}}}"#,
                [Cause::SuiteMismatch, Cause::GroupMismatch],
            ),
            (
                r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.3"],
                "groups":["x25519"],"signature_schemes":["ecdsa_secp256r1_sha256"]}}},
                "server":{"stack":"openssl","profile":{"identity":{"key":"rsa2048"},
                "protocol":{"groups":["secp256r1"]}}}}"#,
                [Cause::GroupMismatch, Cause::SigalgMismatch],
            ),
            (
                r#"{"client":{"stack":"openssl","profile":{"protocol":{"security_level":3,
                "signature_schemes":["ecdsa_secp256r1_sha256"]}}},
                "server":{"stack":"openssl","profile":{"identity":{"key":"rsa2048"}}}}"#,
                [Cause::SigalgMismatch, Cause::CertWeakKey],
            ),
        ] {
            assert_eq!(causes(json), expected, "{json}");
        }
    }

    /// Where no remedy helps alone, all are taken; none of them may mend what is not its own.
    #[test]
    fn remedies_of_one_cause_leave_the_rest() {
        let asked = r#"{"client":{"stack":"openssl","profile":{"identity":{"flaw":"expired"},
            "revocation":"crl-chain"}},"server":{"stack":"openssl","profile":{"client_auth":"required",
            "identity":{"flaw":"FIRST","also":"SECOND"}}}}"#;
        let json = asked
            .replace("FIRST", "revoked")
            .replace("SECOND", "revoked-intermediate");
        assert_eq!(causes(&json), [Cause::CertRevokedCrl, Cause::CertExpired]);
    }

    #[test]
    fn a_good_response_may_come_from_a_signer_that_is_out_of_date() {
        let json = r#"{"client":{"stack":"openssl","profile":{"ocsp":"check"}},
            "server":{"stack":"rustls-ring","profile":{"staple":"malformed",
            "identity":{"flaw":"expired-intermediate"}}}}"#;
        assert_eq!(
            causes(json),
            [
                Cause::OcspStapleMalformed,
                Cause::OcspStapleMissing,
                Cause::CertExpired,
            ]
        );
    }

    fn causes(json: &str) -> Vec<Cause> {
        let Prediction::Expect(expectation) =
            predict(&Scenario::from_json(json).expect("well-formed"))
        else {
            panic!("{json} is in the model");
        };
        expectation
            .cause
            .into_iter()
            .chain(expectation.masked)
            .collect()
    }
}
