//! Every documented cause alone: the plainest scenario that shows it.

use shakedown::scenario::StackId;

use self::hostile::HOSTILE;
use crate::axes::Axes;
use crate::cover::Space;
use crate::model::Cause;
use crate::plan::{Case, based, set};

mod hostile;

/// The scenarios that are to show a cause: for each pairing and version that can express it.
pub fn cases(axes: &Axes, space: &Space, pairings: &[(StackId, StackId)]) -> Vec<Case> {
    let mut cases = Vec::new();
    for recipe in RECIPES {
        for &(client, server) in pairings {
            for version in recipe.versions() {
                let mut point = based(axes, client, server, &[(VERSIONS, version)]);
                for (axis, label) in recipe.settings {
                    set(axes, &mut point, axis, label);
                }
                if space.allows(&point) {
                    cases.push(Case {
                        name: format!("cause/{}/{client}->{server}/TLS{version}", recipe.name()),
                        scenario: axes.scenario(&point),
                        point: Some(point),
                    });
                }
            }
        }
    }
    cases.extend(
        HOSTILE
            .iter()
            .flat_map(|recipe| recipe.cases(axes, pairings)),
    );
    cases
}

/// Causes that no scenario of this version can show, and why.
pub fn inexpressible(cause: Cause) -> Option<&'static str> {
    match cause {
        Cause::NetFragment => Some(
            "both stacks put messages together however they are spread over records; every run tries",
        ),
        _ => None,
    }
}

/// How a cause is brought about.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) cause: Cause,
    /// Where there is more than one way.
    variant: Option<&'static str>,
    /// What is not plain, by axis.
    pub(crate) settings: &'static [(&'static str, &'static str)],
}

impl Recipe {
    /// The cause, and which way.
    pub(crate) fn name(&self) -> String {
        match self.variant {
            Some(variant) => format!("{}.{variant}", self.cause),
            None => self.cause.to_string(),
        }
    }

    /// What the client enables: each of today's versions alone, or what the recipe says.
    pub(crate) fn versions(&self) -> Vec<&'static str> {
        match self.settings.iter().find(|(axis, _)| *axis == VERSIONS) {
            Some((_, label)) => vec![label],
            None => vec!["1.2", "1.3"],
        }
    }
}

/// Every recipe.
pub(crate) fn recipes() -> &'static [Recipe] {
    RECIPES
}

macro_rules! recipes {
    ($( $cause:ident $(. $variant:literal)? { $( $axis:literal = $label:literal ),* $(,)? } )*) => {
        &[ $( Recipe {
            cause: Cause::$cause,
            variant: recipes!(@ $($variant)?),
            settings: &[ $( ($axis, $label) ),* ],
        } ),* ]
    };
    (@) => { None };
    (@ $variant:literal) => { Some($variant) };
}

const VERSIONS: &str = "client.versions";

const RECIPES: &[Recipe] = recipes! {
    CfgNoProtocols { "client.versions" = "1.0+1.1" }
    CfgNoProtocols."server" { "server.versions" = "1.0+1.1" }
    CfgNoCiphers { "client.versions" = "1.3", "client.tls13-suites" = "none" }
    CfgNoCiphers."server" { "server.versions" = "1.3", "server.tls13-suites" = "none" }
    CfgNoCiphers."old" { "client.versions" = "1.2", "client.suites" = "none" }
    CfgNoGroups { "client.groups" = "none" }
    CfgNoGroups."server" { "server.groups" = "none" }
    CfgNoGroups."level-5" { "client.security-level" = "5" }
    CfgNoSchemes { "client.signature-schemes" = "none" }
    CfgNoSchemes."sha1" { "client.signature-schemes" = "sha1" }
    CfgNoTrustAnchors { "client.trust" = "empty" }
    CfgNoTrustAnchors."server" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "server.trust" = "empty"
    }
    CfgKeyCertMismatch { "server.flaw" = "key-mismatch" }
    CfgKeyCertMismatch."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "client.flaw" = "key-mismatch"
    }
    CfgEmptyChain { "server.flaw" = "empty-chain" }
    CfgEmptyChain."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "client.flaw" = "empty-chain"
    }
    CfgUnparseableLeaf { "server.flaw" = "malformed" }
    CfgUnparseableLeaf."critical" { "server.flaw" = "unknown-critical" }
    CfgUnparseableLeaf."v1" { "server.flaw" = "version1" }
    CfgWeakOwnCredential { "server.flaw" = "sha1", "server.key" = "rsa2048" }
    CfgWeakOwnCredential."p521" { "server.key" = "ecdsa-p521" }
    CfgWeakOwnCredential."rsa1024" { "server.key" = "rsa1024" }
    CfgWeakOwnCredential."rsa-pss" { "server.key" = "rsa-pss2048" }
    CfgWeakOwnCredential."ed448" { "server.key" = "ed448" }
    CfgWeakOwnCredential."level-3" { "server.key" = "rsa2048", "server.security-level" = "3" }
    CfgWeakOwnCredential."level-4" { "server.security-level" = "4" }
    CfgWeakOwnCredential."client" {
        "server.client-auth" = "required", "client.key" = "rsa1024"
    }
    ServerNoCertificate { "server.key" = "none" }
    ServerNoCertificate."1.3-only" { "server.key" = "none", "server.versions" = "1.3" }
    VersionMismatch { "client.versions" = "1.2", "server.versions" = "1.3" }
    VersionMismatch."old-server" { "client.versions" = "1.3", "server.versions" = "1.2" }
    VersionMismatch."older-server" {
        "client.versions" = "1.2", "server.versions" = "1.0+1.1", "server.security-level" = "0",
        "server.suites" = "cbc"
    }
    VersionMismatch."older-client" {
        "client.versions" = "1.0+1.1", "client.security-level" = "0"
    }
    VersionDowngradeSentinel {
        "client.versions" = "1.0+1.1", "client.security-level" = "0",
        "server.versions" = "1.0+1.2", "server.security-level" = "0"
    }
    VersionDowngradeSentinel."fallback" { "client.fallback-scsv" = "on" }
    VersionLegacyClient { "client.versions" = "1.0+1.1", "client.security-level" = "0" }
    VersionFallbackScsv { "client.fallback-scsv" = "on" }
    VersionFallbackScsv."old" {
        "client.versions" = "1.0+1.1", "client.security-level" = "0", "client.fallback-scsv" = "on",
        "server.versions" = "1.0-1.3", "server.security-level" = "0"
    }
    SuiteMismatch {
        "client.suites" = "aes128-gcm", "client.tls13-suites" = "aes128",
        "server.suites" = "aes256-gcm", "server.tls13-suites" = "chacha20-first"
    }
    SuiteKeyType { "client.suites" = "rsa-only" }
    SuiteMismatch."level-3" {
        "client.suites" = "rsa-key-transport", "server.security-level" = "3"
    }
    SuiteKeyType."rsa" { "client.suites" = "ecdsa-only", "server.key" = "rsa2048" }
    GroupMismatch { "client.groups" = "x25519", "server.groups" = "p256" }
    GroupMismatch."level-4" {
        "client.groups" = "x25519", "server.security-level" = "4", "server.key" = "ecdsa-p384"
    }
    GroupListEmpty { "client.groups" = "x25519mlkem768", "client.versions" = "1.2" }
    CertCurveNotOffered { "client.groups" = "x25519" }
    CertCurveNotOffered."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p521", "client.versions" = "1.2"
    }
    EmsRequired { "client.ems" = "required", "server.ems" = "off" }
    EmsRequired."server" { "client.ems" = "off", "server.ems" = "required" }
    SessionIdContextMissing {
        "earlier" = "ticket", "server.session-id-context" = "unset",
        "server.client-auth" = "optional"
    }
    SessionIdContextMissing."turned-on" {
        "earlier" = "session-id", "earlier.changed" = "client-auth",
        "server.session-id-context" = "unset", "server.client-auth" = "optional"
    }
    ResumeEmsDropped { "earlier" = "ticket", "earlier.changed" = "client-ems", "client.ems" = "off" }
    ResumeEmsDropped."server" {
        "earlier" = "session-id", "earlier.changed" = "server-ems", "server.ems" = "off"
    }
    ResumeSuiteMissing {
        "earlier" = "ticket", "earlier.changed" = "client-suites", "client.suites" = "aes128-gcm"
    }
    ResumePskWithdrawn {
        "earlier" = "ticket", "earlier.changed" = "client-tls13-suites",
        "client.tls13-suites" = "aes128", "client.groups" = "p256+p384+x25519",
        "server.groups" = "x25519"
    }
    ResumePskWithdrawn."hint" {
        "earlier" = "ticket", "earlier.changed" = "protocols", "client.tls13-suites" = "aes128",
        "client.groups" = "p384+x25519"
    }
    ResumePskWithdrawn."no-hint" {
        "earlier" = "session-id", "earlier.changed" = "protocols",
        "client.tls13-suites" = "aes128", "client.groups" = "p384+x25519",
        "server.groups" = "x25519"
    }
    SigalgListEmpty { "client.signature-schemes" = "none" }
    SigalgListEmpty."server" {
        "server.client-auth" = "optional", "server.signature-schemes" = "none"
    }
    SigalgMismatch { "client.signature-schemes" = "rsa-pss" }
    SigalgMismatch."rsa" { "client.signature-schemes" = "ecdsa-p256", "server.key" = "rsa2048" }
    SigalgMismatch."curve" {
        "client.signature-schemes" = "ecdsa-p256", "server.key" = "ecdsa-p384"
    }
    SigalgMismatch."p521" { "server.key" = "ecdsa-p521" }
    SigalgMismatch."rsa-pss" { "server.key" = "rsa-pss2048" }
    SigalgMismatch."ed448" { "server.key" = "ed448" }
    AlpnMismatch { "client.alpn" = "imap", "server.alpn" = "http/1.1" }
    AlpnMismatch."ignored" {
        "client.alpn" = "imap", "server.alpn" = "http/1.1", "server.alpn-miss" = "ignore"
    }
    SniMalformed { "client.server-name" = "bad-label" }
    SniUnknown."trailing-dot" {
        "server.sni" = "strict", "client.server-name" = "trailing-dot"
    }
    SniUnknown."ip-text" { "server.sni" = "strict", "client.server-name" = "ip-text" }
    SniUnknown { "server.sni" = "strict", "client.server-name" = "wrong" }
    SniUnknown."absent" { "server.sni" = "strict", "client.sni" = "omit" }
    CertTypeMismatch { "client.server-certificate-type" = "raw-public-key" }
    CertTypeMismatch."server" { "server.certificate-type" = "raw-public-key" }
    CertTypeMismatch."both" {
        "server.certificate-type" = "raw-public-key",
        "client.server-certificate-type" = "raw-public-key"
    }
    CertTypeMismatch."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "client.certificate-type" = "raw-public-key"
    }
    CertTypeMismatch."client-demanded" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "server.client-certificate-type" = "raw-public-key"
    }
    CertTypeMismatch."client-both" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "client.certificate-type" = "raw-public-key",
        "server.client-certificate-type" = "raw-public-key"
    }
    CertCompressionBad { "server.compression" = "broken", "client.compression" = "zlib" }
    CertCompressionBad."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "server.compression" = "zlib", "client.compression" = "broken"
    }
    CertEmpty { "server.flaw" = "empty-chain", "server.loading" = "resolver" }
    CertEmpty."client" {
        "server.client-auth" = "optional", "client.key" = "ecdsa-p256",
        "client.flaw" = "empty-chain", "client.loading" = "resolver"
    }
    CertMalformed { "server.flaw" = "malformed", "server.loading" = "resolver" }
    CertMalformed."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "client.flaw" = "malformed", "client.loading" = "resolver"
    }
    CertV1 { "server.flaw" = "version1", "server.loading" = "resolver" }
    CertV1."openssl-server" { "server.flaw" = "version1" }
    CertUnknownCa { "client.trust" = "other-root" }
    CertUnknownCa."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "server.trust" = "other-root"
    }
    CertMissingIntermediate { "server.flaw" = "missing-intermediate" }
    CertMissingIntermediate."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "client.flaw" = "missing-intermediate"
    }
    CertSelfSignedLeaf { "server.flaw" = "self-signed" }
    CertSelfSignedLeaf."ca" { "server.flaw" = "self-signed-ca" }
    CertSelfSignedLeaf."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "client.flaw" = "self-signed"
    }
    CertCaAsLeaf { "server.flaw" = "ca-leaf" }
    CertSameDnOtherKey { "client.trust" = "impostor-roots" }
    CertPartialChain { "client.trust" = "intermediates" }
    CertPartialChain."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "server.trust" = "intermediates"
    }
    CertPartialChain."leaf" { "client.trust" = "leaf" }
    CertExpired { "server.flaw" = "expired" }
    CertExpired."intermediate" { "server.flaw" = "expired-intermediate" }
    CertExpired."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "client.flaw" = "expired"
    }
    CertRootExpired { "server.flaw" = "expired-root" }
    CertNotYetValid { "server.flaw" = "not-yet-valid" }
    CertHostMismatch { "client.server-name" = "wrong" }
    CertHostMismatch."other-name" { "server.flaw" = "other-name" }
    CertHostMismatch."resumed" {
        "client.server-name" = "wrong", "earlier" = "ticket", "earlier.changed" = "client-name"
    }
    CertHostMismatch."trailing-dot" { "client.server-name" = "trailing-dot" }
    CertHostMismatch."ip-text" { "client.server-name" = "ip-text" }
    CertHostMismatch."underscore" {
        "server.flaw" = "wildcard", "client.server-name" = "underscore"
    }
    CertCnOnly { "server.flaw" = "cn-only" }
    CertCnOnly."ip-only" { "server.flaw" = "ip-only" }
    CertIpMismatch { "client.server-name" = "wrong-ip" }
    CertWildcard { "server.flaw" = "partial-wildcard", "client.server-name" = "sibling" }
    CertWildcard."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "client.flaw" = "partial-wildcard", "client.also" = "name-excluded"
    }
    CertWrongEku { "server.flaw" = "wrong-eku" }
    CertWrongEku."intermediate" { "server.flaw" = "wrong-eku-intermediate" }
    CertWrongEku."any" { "server.flaw" = "any-eku" }
    CertWrongEku."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "client.flaw" = "wrong-eku"
    }
    CertBadKeyUsage { "server.flaw" = "bad-key-usage" }
    CertBadKeyUsage."rsa" { "server.flaw" = "bad-key-usage", "server.key" = "rsa2048" }
    CertIssuerNotCa { "server.flaw" = "intermediate-not-ca" }
    CertCaNoCertSign { "server.flaw" = "intermediate-no-cert-sign" }
    CertPathLen { "server.flaw" = "path-length" }
    CertPathLen."root" { "server.flaw" = "root-path-length" }
    CertNameConstraint { "server.flaw" = "name-excluded" }
    CertNameConstraint."not-permitted" { "server.flaw" = "name-not-permitted" }
    CertUnknownCritical { "server.flaw" = "unknown-critical", "server.loading" = "resolver" }
    CertUnknownCritical."openssl-server" { "server.flaw" = "unknown-critical" }
    CertWeakDigest { "server.flaw" = "sha1", "server.key" = "rsa2048" }
    CertWeakDigest."level-0" {
        "server.flaw" = "sha1", "server.key" = "rsa2048", "server.security-level" = "0"
    }
    CertWeakKey { "server.key" = "rsa1024", "server.security-level" = "1" }
    CertWeakKey."level-4" { "client.security-level" = "4" }
    CertWeakKey."client" {
        "server.client-auth" = "required", "client.key" = "rsa1024",
        "client.security-level" = "1"
    }
    CertUnsupportedKey {
        "server.client-auth" = "required", "client.key" = "ecdsa-p521", "client.versions" = "1.2"
    }
    CertChainSignature { "server.flaw" = "bad-signature" }
    CertChainTooLong { "server.flaw" = "long-chain" }
    CertRevokedCrl { "server.flaw" = "revoked", "client.revocation" = "crl" }
    CertRevokedCrl."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256", "client.flaw" = "revoked",
        "server.revocation" = "crl"
    }
    CertRevokedCrl."intermediate" {
        "server.flaw" = "revoked-intermediate", "client.revocation" = "crl-chain"
    }
    CertRevokedCrl."client-intermediate" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "client.flaw" = "revoked-intermediate", "server.revocation" = "crl-chain"
    }
    CertCrlMissing {
        "server.flaw" = "self-signed", "client.trust" = "leaf", "client.revocation" = "crl"
    }
    CertCrlMissing."lists" { "client.revocation" = "crl-missing" }
    CertCrlMissing."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "server.revocation" = "crl-missing"
    }
    CertCrlMissing."partial-chain" {
        "client.trust" = "intermediates", "client.partial-chain" = "yes",
        "client.revocation" = "crl-chain"
    }
    CertCrlExpired { "client.revocation" = "crl-expired" }
    CertCrlExpired."enforced" { "client.revocation" = "crl-expired-enforced" }
    CertCrlExpired."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "server.revocation" = "crl-expired-enforced"
    }
    CertRevokedOcsp { "server.staple" = "revoked", "client.ocsp" = "check" }
    OcspStapleMissing { "client.ocsp" = "check" }
    OcspStapleMissing."other" { "server.staple" = "other", "client.ocsp" = "check" }
    OcspStapleMissing."partial-chain" {
        "server.staple" = "good", "client.ocsp" = "check", "client.trust" = "intermediates",
        "client.partial-chain" = "yes"
    }
    OcspStapleExpired { "server.staple" = "expired", "client.ocsp" = "check" }
    OcspStapleMalformed { "server.staple" = "malformed", "client.ocsp" = "request" }
    KeyPossessionFailure { "server.flaw" = "key-mismatch", "server.loading" = "resolver" }
    KeyPossessionFailure."client" {
        "server.client-auth" = "required", "client.key" = "ecdsa-p256",
        "client.flaw" = "key-mismatch", "client.loading" = "resolver"
    }
    ClientCertMissing { "server.client-auth" = "required" }
    ClientSigalgEmpty {
        "server.client-auth" = "required", "server.signature-schemes" = "rsa-pkcs1"
    }
    NetPlaintextReply { "link.op" = "http-to-client" }
    NetPlaintextClient { "link.op" = "http-to-server" }
    NetPlaintextClient."connect" { "link.op" = "connect-to-server" }
    NetTlsToPlaintextPort { "link.op" = "http-port" }
    NetTlsToPlaintextPort."smtp" { "link.op" = "smtp-port" }
    NetTruncate { "link.op" = "cut-server-1" }
    NetTruncate."client" { "link.op" = "cut-client-1" }
    NetTruncate."both" { "link.op" = "close-server-0" }
    NetStall { "link.op" = "stall-server-0" }
    NetStall."client" { "link.op" = "stall-client-2" }
    NetCorruptHeader { "link.op" = "version-client-0" }
    NetCorruptHeader."type" { "link.op" = "type-client-0" }
    NetCorruptHeader."server" { "link.op" = "type-server-0" }
    NetOversize { "link.op" = "oversize-client-0" }
    NetOversize."server" { "link.op" = "oversize-server-2" }
    NetEmptyHandshakeRecord { "link.op" = "empty-to-client" }
    NetCorruptPlain {
        "link.op" = "corrupt-client-4", "client.versions" = "1.2",
        "server.client-auth" = "required", "client.key" = "ecdsa-p256"
    }
    NetCorruptProtected { "link.op" = "corrupt-client-4" }
    NetCorruptProtected."finished" {
        "link.op" = "corrupt-client-4", "client.versions" = "1.2", "server.client-auth" = "optional"
    }
    NetCorruptProtected."server" { "link.op" = "corrupt-server-7" }
    NetDrop { "link.op" = "drop-server-1" }
    NetDrop."client" { "link.op" = "drop-client-1" }
    NetDrop."protected" { "link.op" = "drop-server-2" }
    NetDuplicate { "link.op" = "duplicate-client-0" }
    NetDuplicate."server" { "link.op" = "duplicate-server-2" }
    NetReorder { "link.op" = "swap-client-1" }
    NetReorder."server" { "link.op" = "swap-server-2" }
    NetInjectAlert { "link.op" = "alert-to-client" }
    NetInjectAlert."server" { "link.op" = "alert-to-server" }
    NetInjectAlert."close-notify" { "link.op" = "close-notify-to-client" }
    NetInjectData { "link.op" = "data-to-client" }
    NetInjectData."server" { "link.op" = "data-to-server" }
    NetInjectCcs { "link.op" = "ccs-to-client" }
    NetInjectCcs."server" { "link.op" = "ccs-to-server" }
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::predict;

    #[test]
    fn every_cause_has_a_scenario_that_shows_it_or_a_reason_why_not() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let pairings: Vec<_> = StackId::ALL
            .into_iter()
            .flat_map(|client| StackId::ALL.map(|server| (client, server)))
            .collect();
        let mut shown = BTreeSet::new();
        for case in cases(&axes, &space, &pairings) {
            let id = case.name.split(['/', '.']).nth(1).map(str::to_owned);
            if let Some(cause) = predict(&case.scenario).cause()
                && id.as_deref() == Some(cause.id())
            {
                shown.insert(cause);
            }
        }
        for cause in Cause::ALL {
            assert_eq!(
                shown.contains(cause),
                inexpressible(*cause).is_none(),
                "{cause}"
            );
        }
    }
}
