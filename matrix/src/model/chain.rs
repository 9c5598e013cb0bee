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
    /// Whether name constraints permit DNS names of another domain alone.
    pub(super) permits_others: bool,
    /// Whether name constraints exclude the domain of our end entities.
    pub(super) excludes_ours: bool,
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
    /// The flaws of issuers that its chain has, and how many intermediates are below it.
    Intermediate(KeyType, Vec<Flaw>, usize),
    Root {
        key: KeyType,
        expired: bool,
        narrow: bool,
    },
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
    if credential.has(Flaw::EmptyChain) {
        return Presented::Empty;
    }
    if credential.has(Flaw::Malformed) {
        return Presented::Malformed;
    }
    let mut chain = vec![leaf(role, credential)];
    if !credential.has(Flaw::MissingIntermediate) {
        chain.extend(intermediates(role, credential));
    }
    Presented::Chain(chain)
}

/// The root that a credential's chain ends in; `None` for a chain that signs itself.
pub(super) fn root(credential: Credential) -> Option<Certificate> {
    if credential.signs_itself() {
        return None;
    }
    let expired = credential.has(Flaw::ExpiredRoot);
    let narrow = credential.has(Flaw::RootPathLength);
    let name = Name::Root {
        key: credential.key,
        expired,
        narrow,
    };
    Some(Certificate {
        validity: if expired {
            Validity::Past
        } else {
            Validity::Current
        },
        path_length: narrow.then_some(0),
        ..authority(name.clone(), name)
    })
}

/// The intermediates of a credential, the end entity's issuer first, whether they are sent or not. What
/// is wrong with an intermediate is wrong with the end entity's issuer; pathLenConstraint stands in the
/// last.
pub(super) fn intermediates(role: Role, credential: Credential) -> Vec<Certificate> {
    let Some(root) = root(credential) else {
        return Vec::new();
    };
    let count = if credential.has(Flaw::LongChain) {
        7
    } else if credential.has(Flaw::PathLength) {
        2
    } else {
        1
    };
    let flaws: Vec<Flaw> = credential
        .flaws()
        .filter(|flaw| flaw.concerns_issuers())
        .collect();
    let name = |place: usize| Name::Intermediate(credential.key, flaws.clone(), place);
    (0..count)
        .map(|place| {
            let last = place + 1 == count;
            let issuer = if last {
                root.subject.clone()
            } else {
                name(place + 1)
            };
            let mut ca = authority(name(place), issuer);
            for flaw in &flaws {
                match flaw {
                    Flaw::PathLength if last => ca.path_length = Some(0),
                    _ if place > 0 => {}
                    Flaw::ExpiredIntermediate => ca.validity = Validity::Past,
                    Flaw::WrongEkuIntermediate => ca.usage = Usage::Only(role.peer()),
                    Flaw::RevokedIntermediate => ca.revoked = true,
                    Flaw::IntermediateNotCa => ca.ca = Some(false),
                    Flaw::IntermediateNoCertSign => ca.key_usage = KeyUsage::CrlSignOnly,
                    Flaw::NameNotPermitted => ca.permits_others = true,
                    Flaw::NameExcluded => ca.excludes_ours = true,
                    _ => {}
                }
            }
            ca
        })
        .collect()
}

fn leaf(role: Role, credential: Credential) -> Certificate {
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
        permits_others: false,
        excludes_ours: false,
        unknown_critical: false,
        version1: false,
        sha1: false,
        signature_valid: true,
        revoked: false,
    };
    for flaw in credential.flaws() {
        spoil(&mut leaf, role, flaw);
    }
    leaf
}

fn spoil(leaf: &mut Certificate, role: Role, flaw: Flaw) {
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
        permits_others: false,
        excludes_ours: false,
        unknown_critical: false,
        version1: false,
        sha1: false,
        signature_valid: true,
        revoked: false,
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
        Trust::Leaf(leaf) if leaf.key == credential.key && leaf.flaws().eq(credential.flaws()) => {
            Anchored::Leaf
        }
        _ => Anchored::Nothing,
    }
}
