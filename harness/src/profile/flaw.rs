//! What can be wrong with a chain.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is wrong with a chain. Without a word to the contrary it concerns the end-entity
/// certificate; a chain is root, intermediate, end entity.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// Signed with its own key, no CA.
    SelfSigned,
    /// Signed with its own key, basicConstraints says CA.
    SelfSignedCa,
    /// basicConstraints says CA.
    CaLeaf,
    /// The intermediate is not sent.
    MissingIntermediate,
    /// notAfter has passed.
    Expired,
    /// The intermediate's notAfter has passed.
    ExpiredIntermediate,
    /// The root's notAfter has passed.
    ExpiredRoot,
    /// notBefore is to come.
    NotYetValid,
    /// The subject alternative names are another host's.
    OtherName,
    /// No subject alternative name; the common name is the host's.
    CnOnly,
    /// The only subject alternative name is the host's address; the common name is the host's.
    IpOnly,
    /// The only subject alternative name is `*.` and the host's parent domain; no flaw.
    Wildcard,
    /// The only subject alternative name has a wildcard within the first label (`s*.`).
    PartialWildcard,
    /// extKeyUsage is for the opposite role alone.
    WrongEku,
    /// The intermediate's extKeyUsage is for the opposite role alone.
    WrongEkuIntermediate,
    /// extKeyUsage is anyExtendedKeyUsage alone.
    AnyEku,
    /// keyUsage is cRLSign alone.
    BadKeyUsage,
    /// The intermediate's basicConstraints says that it is no CA.
    IntermediateNotCa,
    /// The intermediate's keyUsage lacks keyCertSign.
    IntermediateNoCertSign,
    /// An intermediate with pathLenConstraint 0 has issued another intermediate.
    PathLength,
    /// The root's pathLenConstraint is 0, and there is an intermediate.
    RootPathLength,
    /// The intermediate permits another domain alone.
    NameNotPermitted,
    /// The intermediate excludes the host's domain.
    NameExcluded,
    /// A critical extension that nobody knows.
    UnknownCritical,
    /// An X.509 version 1 certificate, hence without extensions.
    Version1,
    /// Signed with SHA-1. Only for RSA and ECDSA keys.
    Sha1,
    /// The issuer's signature is damaged.
    BadSignature,
    /// Its serial number is on its issuer's revocation list.
    Revoked,
    /// The intermediate's serial number is on the root's revocation list.
    RevokedIntermediate,
    /// Seven intermediates.
    LongChain,
    /// The key is not the certificate's.
    KeyMismatch,
    /// The certificate is no DER.
    Malformed,
    /// The chain has no certificate.
    EmptyChain,
}

impl Flaw {
    /// Every value, the plainest first.
    pub const ALL: [Self; 34] = [
        Self::None,
        Self::SelfSigned,
        Self::SelfSignedCa,
        Self::CaLeaf,
        Self::MissingIntermediate,
        Self::Expired,
        Self::ExpiredIntermediate,
        Self::ExpiredRoot,
        Self::NotYetValid,
        Self::OtherName,
        Self::CnOnly,
        Self::IpOnly,
        Self::Wildcard,
        Self::PartialWildcard,
        Self::WrongEku,
        Self::WrongEkuIntermediate,
        Self::AnyEku,
        Self::BadKeyUsage,
        Self::IntermediateNotCa,
        Self::IntermediateNoCertSign,
        Self::PathLength,
        Self::RootPathLength,
        Self::NameNotPermitted,
        Self::NameExcluded,
        Self::UnknownCritical,
        Self::Version1,
        Self::Sha1,
        Self::BadSignature,
        Self::Revoked,
        Self::RevokedIntermediate,
        Self::LongChain,
        Self::KeyMismatch,
        Self::Malformed,
        Self::EmptyChain,
    ];

    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::SelfSigned => "self-signed",
            Self::SelfSignedCa => "self-signed-ca",
            Self::CaLeaf => "ca-leaf",
            Self::MissingIntermediate => "missing-intermediate",
            Self::Expired => "expired",
            Self::ExpiredIntermediate => "expired-intermediate",
            Self::ExpiredRoot => "expired-root",
            Self::NotYetValid => "not-yet-valid",
            Self::OtherName => "other-name",
            Self::CnOnly => "cn-only",
            Self::IpOnly => "ip-only",
            Self::Wildcard => "wildcard",
            Self::PartialWildcard => "partial-wildcard",
            Self::WrongEku => "wrong-eku",
            Self::WrongEkuIntermediate => "wrong-eku-intermediate",
            Self::AnyEku => "any-eku",
            Self::BadKeyUsage => "bad-key-usage",
            Self::IntermediateNotCa => "intermediate-not-ca",
            Self::IntermediateNoCertSign => "intermediate-no-cert-sign",
            Self::PathLength => "path-length",
            Self::RootPathLength => "root-path-length",
            Self::NameNotPermitted => "name-not-permitted",
            Self::NameExcluded => "name-excluded",
            Self::UnknownCritical => "unknown-critical",
            Self::Version1 => "version1",
            Self::Sha1 => "sha1",
            Self::BadSignature => "bad-signature",
            Self::Revoked => "revoked",
            Self::RevokedIntermediate => "revoked-intermediate",
            Self::LongChain => "long-chain",
            Self::KeyMismatch => "key-mismatch",
            Self::Malformed => "malformed",
            Self::EmptyChain => "empty-chain",
        }
    }
}
