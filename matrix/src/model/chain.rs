//! Chains as the model sees them: who issued whom, and what each certificate says.
//!
//! The harness's identities are made to this description; neither reads the other.

use shakedown::connection::Role;
use shakedown::profile::{Credential, Flaw, KeyType, Trust};

/// A certificate, as far as a verifier cares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    pub(super) subject: Name,
    pub(super) issuer: Name,
    /// `None`: no basicConstraints.
    pub(super) ca: Option<bool>,
    pub(super) path_length: Option<usize>,
    pub(super) validity: Validity,
    pub(super) usage: Usage,
    pub(super) key_usage: KeyUsage,
    pub(super) names: Names,
    /// Whether name constraints forbid the names of our end entities.
    pub(super) forbids_our_names: Option<Forbidden>,
    pub(super) unknown_critical: bool,
    pub(super) version1: bool,
    pub(super) sha1: bool,
    pub(super) signature_valid: bool,
    pub(super) revoked: bool,
}

/// A distinguished name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Name {
    Leaf(Credential),
    Intermediate(KeyType, Flaw, usize),
    Root(KeyType, RootKind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RootKind {
    Plain,
    Expired,
    PathLengthZero,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Validity {
    Current,
    Past,
    Future,
}

/// extKeyUsage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    Absent,
    Only(Role),
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyUsage {
    Absent,
    /// digitalSignature, and keyEncipherment for RSA.
    Handshake,
    CertSign,
    CrlSignOnly,
}

/// Which names an end entity's certificate carries for the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    DnsAndIp,
    Another,
    CommonNameOnly,
    IpAndCommonName,
    Wildcard,
    PartialWildcard,
    /// No extensions at all, and a common name that is no host's.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forbidden {
    NotPermitted,
    Excluded,
}

/// What a side presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    /// No certificate at all.
    Empty,
    /// The first certificate is no DER.
    Malformed,
    /// End entity first.
    Chain(Vec<Certificate>),
}

/// What a credential presents.
pub(super) fn presented(role: Role, credential: Credential) -> Presented {
    match credential.flaw {
        Flaw::EmptyChain => Presented::Empty,
        Flaw::Malformed => Presented::Malformed,
        flaw => {
            let mut chain = vec![leaf(role, credential)];
            if flaw != Flaw::MissingIntermediate {
                chain.extend(intermediates(role, credential));
            }
            Presented::Chain(chain)
        }
    }
}

/// The root that a credential's chain ends in; `None` for a chain that signs itself.
pub(super) fn root(credential: Credential) -> Option<Certificate> {
    let kind = match credential.flaw {
        Flaw::SelfSigned | Flaw::SelfSignedCa => return None,
        Flaw::ExpiredRoot => RootKind::Expired,
        Flaw::RootPathLength => RootKind::PathLengthZero,
        _ => RootKind::Plain,
    };
    let name = Name::Root(credential.key, kind);
    Some(Certificate {
        validity: match kind {
            RootKind::Expired => Validity::Past,
            _ => Validity::Current,
        },
        path_length: (kind == RootKind::PathLengthZero).then_some(0),
        ..authority(name.clone(), name)
    })
}

/// The intermediates of a credential, the end entity's issuer first, whether they are sent or not.
pub(super) fn intermediates(role: Role, credential: Credential) -> Vec<Certificate> {
    let Some(root) = root(credential) else {
        return Vec::new();
    };
    let count = match credential.flaw {
        Flaw::PathLength => 2,
        Flaw::LongChain => 7,
        _ => 1,
    };
    let flaw = intermediate_flaw(credential.flaw);
    let name = |place: usize| Name::Intermediate(credential.key, flaw, place);
    (0..count)
        .map(|place| {
            let issuer = if place + 1 == count {
                root.subject.clone()
            } else {
                name(place + 1)
            };
            let mut ca = authority(name(place), issuer);
            match flaw {
                Flaw::ExpiredIntermediate => ca.validity = Validity::Past,
                Flaw::WrongEkuIntermediate => ca.usage = Usage::Only(role.peer()),
                Flaw::RevokedIntermediate => ca.revoked = true,
                Flaw::IntermediateNotCa => ca.ca = Some(false),
                Flaw::IntermediateNoCertSign => ca.key_usage = KeyUsage::CrlSignOnly,
                Flaw::PathLength if place + 1 == count => ca.path_length = Some(0),
                Flaw::NameNotPermitted => ca.forbids_our_names = Some(Forbidden::NotPermitted),
                Flaw::NameExcluded => ca.forbids_our_names = Some(Forbidden::Excluded),
                _ => {}
            }
            ca
        })
        .collect()
}

fn leaf(role: Role, credential: Credential) -> Certificate {
    let flaw = credential.flaw;
    let subject = Name::Leaf(Credential {
        loading: Default::default(),
        ..credential
    });
    let issuer = intermediates(role, credential)
        .first()
        .map_or_else(|| subject.clone(), |issuer| issuer.subject.clone());
    let mut leaf = Certificate {
        subject,
        issuer,
        ca: Some(false),
        path_length: None,
        validity: Validity::Current,
        usage: Usage::Only(role),
        key_usage: KeyUsage::Handshake,
        names: Names::DnsAndIp,
        forbids_our_names: None,
        unknown_critical: false,
        version1: false,
        sha1: false,
        signature_valid: true,
        revoked: false,
    };
    match flaw {
        Flaw::SelfSignedCa | Flaw::CaLeaf => leaf.ca = Some(true),
        Flaw::Expired => leaf.validity = Validity::Past,
        Flaw::NotYetValid => leaf.validity = Validity::Future,
        Flaw::OtherName => leaf.names = Names::Another,
        Flaw::CnOnly => leaf.names = Names::CommonNameOnly,
        Flaw::IpOnly => leaf.names = Names::IpAndCommonName,
        Flaw::Wildcard => leaf.names = Names::Wildcard,
        Flaw::PartialWildcard => leaf.names = Names::PartialWildcard,
        Flaw::WrongEku => leaf.usage = Usage::Only(role.peer()),
        Flaw::AnyEku => leaf.usage = Usage::Any,
        Flaw::BadKeyUsage => leaf.key_usage = KeyUsage::CrlSignOnly,
        Flaw::UnknownCritical => leaf.unknown_critical = true,
        Flaw::Version1 => {
            leaf.version1 = true;
            leaf.ca = None;
            leaf.usage = Usage::Absent;
            leaf.key_usage = KeyUsage::Absent;
            leaf.names = Names::Nothing;
        }
        Flaw::Sha1 => leaf.sha1 = true,
        Flaw::BadSignature => leaf.signature_valid = false,
        Flaw::Revoked => leaf.revoked = true,
        _ => {}
    }
    leaf
}

fn authority(subject: Name, issuer: Name) -> Certificate {
    Certificate {
        subject,
        issuer,
        ca: Some(true),
        path_length: None,
        validity: Validity::Current,
        usage: Usage::Absent,
        key_usage: KeyUsage::CertSign,
        names: Names::Nothing,
        forbids_our_names: None,
        unknown_critical: false,
        version1: false,
        sha1: false,
        signature_valid: true,
        revoked: false,
    }
}

/// The flaw as far as it concerns the intermediates: it is in their names.
fn intermediate_flaw(flaw: Flaw) -> Flaw {
    match flaw {
        Flaw::ExpiredIntermediate
        | Flaw::RevokedIntermediate
        | Flaw::ExpiredRoot
        | Flaw::WrongEkuIntermediate
        | Flaw::IntermediateNotCa
        | Flaw::IntermediateNoCertSign
        | Flaw::PathLength
        | Flaw::RootPathLength
        | Flaw::NameNotPermitted
        | Flaw::NameExcluded
        | Flaw::LongChain => flaw,
        _ => Flaw::None,
    }
}

/// How an anchor stands to a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchored {
    /// The root, as it is.
    Root,
    /// A root of the same name with another key.
    Impostor,
    /// The intermediates, however many.
    Intermediates,
    /// The end entity itself.
    Leaf,
    /// Nothing of the chain.
    Nothing,
}

/// How the trusted anchors stand to a credential's chain.
pub(super) fn anchored(credential: Credential, trust: Trust) -> Anchored {
    let self_signed = root(credential).is_none();
    match trust {
        Trust::Roots if !self_signed => Anchored::Root,
        Trust::ImpostorRoots if !self_signed => Anchored::Impostor,
        Trust::Intermediates if !self_signed => Anchored::Intermediates,
        Trust::Leaf(leaf) if leaf.key == credential.key && leaf.flaw == credential.flaw => {
            Anchored::Leaf
        }
        _ => Anchored::Nothing,
    }
}
