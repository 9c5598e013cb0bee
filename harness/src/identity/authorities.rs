//! Roots and intermediates: the recipe of each, and who issued whom.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose,
    NameConstraints, PublicKeyData, RevokedCertParams, SerialNumber,
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::Unmakeable;
use super::keys::{Keys, Pair, Purpose};
use super::memo::Memo;
use crate::clock::{DAY, NOW};
use crate::connection::Role;
use crate::profile::{Flaw, KeyType};

/// Every certification authority, each made once.
#[derive(Default)]
pub(super) struct Authorities {
    pub(super) keys: Keys,
    made: Memo<(KeyType, Ca), Result<Arc<Authority>, Unmakeable>>,
}

impl Authorities {
    /// The authority of this key type.
    pub(super) fn get(&self, key: KeyType, ca: Ca) -> Result<Arc<Authority>, Unmakeable> {
        self.made.get((key, ca), || {
            let pair = self.keys.pair(key, ca.purpose())?;
            let params = ca.params(key, &pair);
            let certificate = match ca.issuer() {
                None => pair.finished(params.self_signed(&*pair)?.der(), &pair)?,
                Some(issuer) => self.get(key, issuer)?.issue(&params, &pair)?,
            };
            Ok(Arc::new(Authority {
                certificate,
                pair,
                params,
            }))
        })
    }
}

/// An authority that can sign.
pub(super) struct Authority {
    /// Its certificate in DER.
    pub(super) certificate: Vec<u8>,
    /// Its key pair.
    pub(super) pair: Arc<Pair>,
    params: CertificateParams,
}

impl Authority {
    /// An end entity that has signed itself.
    pub(super) fn of_itself(certificate: Vec<u8>, pair: Arc<Pair>) -> Self {
        Self {
            certificate,
            pair,
            params: CertificateParams::default(),
        }
    }

    /// A certificate for a key of the same type, in DER.
    pub(super) fn issue(
        &self,
        params: &CertificateParams,
        subject: &Pair,
    ) -> Result<Vec<u8>, Unmakeable> {
        let certificate = params.signed_by(subject, &self.issuer())?;
        self.pair.finished(certificate.der(), subject)
    }

    /// Its revocation list, with these serial numbers: made `age` days ago, for a month.
    pub(super) fn crl(&self, revoked: &[u64], age: i64) -> Result<Vec<u8>, Unmakeable> {
        let entry = |&serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: days_from_now(-100),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: days_from_now(-age),
            next_update: days_from_now(30 - age),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: self.params.key_identifier_method.clone(),
        };
        self.pair
            .finished_list(list.signed_by(&self.issuer())?.der())
    }

    /// What rcgen signs with.
    fn issuer(&self) -> Issuer<'_, &Pair> {
        Issuer::from_params(&self.params, &*self.pair)
    }
}

/// Which authority. All have different names, but for impostors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Ca {
    /// A root that issues.
    Root(Root),
    /// The same name and another key.
    Impostor(Root),
    /// A root that issues nothing.
    Bystander,
    /// Flawless; beneath the plain root it issues for all chains whose flaw lies elsewhere.
    Intermediate(Root),
    /// notAfter has passed.
    Expired,
    /// On the root's revocation list.
    Revoked,
    /// For chains of this role; extKeyUsage is for the opposite one.
    WrongEku(Role),
    /// basicConstraints says no CA.
    NoAuthority,
    /// keyUsage without keyCertSign.
    NoCertSign,
    /// pathLenConstraint is 0.
    Narrow,
    /// Issued by `Narrow`.
    BelowNarrow,
    /// Name constraints permit another domain.
    PermitsOther,
    /// Name constraints exclude the harness's domain.
    Excludes,
    /// One of a row; the first is next to the root.
    Row(u8),
}

/// Which root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Root {
    /// Flawless.
    Plain,
    /// notAfter has passed.
    Expired,
    /// pathLenConstraint is 0.
    Narrow,
}

impl Root {
    /// Every root.
    pub(super) const ALL: [Self; 3] = [Self::Plain, Self::Expired, Self::Narrow];
}

impl Ca {
    /// Every intermediate.
    pub(super) const INTERMEDIATES: [Self; 20] = [
        Self::Intermediate(Root::Plain),
        Self::Intermediate(Root::Expired),
        Self::Intermediate(Root::Narrow),
        Self::Expired,
        Self::Revoked,
        Self::WrongEku(Role::Client),
        Self::WrongEku(Role::Server),
        Self::NoAuthority,
        Self::NoCertSign,
        Self::Narrow,
        Self::BelowNarrow,
        Self::PermitsOther,
        Self::Excludes,
        Self::Row(1),
        Self::Row(2),
        Self::Row(3),
        Self::Row(4),
        Self::Row(5),
        Self::Row(6),
        Self::Row(LONG),
    ];

    /// Who issues the end entity of a chain; `None` where that signs itself.
    pub(super) fn of_leaf(role: Role, flaw: Flaw) -> Option<Self> {
        Some(match flaw {
            Flaw::SelfSigned | Flaw::SelfSignedCa => return None,
            Flaw::ExpiredIntermediate => Self::Expired,
            Flaw::RevokedIntermediate => Self::Revoked,
            Flaw::ExpiredRoot => Self::Intermediate(Root::Expired),
            Flaw::WrongEkuIntermediate => Self::WrongEku(role),
            Flaw::IntermediateNotCa => Self::NoAuthority,
            Flaw::IntermediateNoCertSign => Self::NoCertSign,
            Flaw::PathLength => Self::BelowNarrow,
            Flaw::RootPathLength => Self::Intermediate(Root::Narrow),
            Flaw::NameNotPermitted => Self::PermitsOther,
            Flaw::NameExcluded => Self::Excludes,
            Flaw::LongChain => Self::Row(LONG),
            _ => Self::Intermediate(Root::Plain),
        })
    }

    /// Who issues it; `None` for a root.
    pub(super) fn issuer(self) -> Option<Self> {
        match self {
            Self::Root(_) | Self::Impostor(_) | Self::Bystander => None,
            Self::Intermediate(root) => Some(Self::Root(root)),
            Self::BelowNarrow => Some(Self::Narrow),
            Self::Row(place @ 2..) => Some(Self::Row(place - 1)),
            _ => Some(Self::Root(Root::Plain)),
        }
    }

    fn purpose(self) -> Purpose {
        match self {
            Self::Root(_) => Purpose::Root,
            Self::Impostor(_) | Self::Bystander => Purpose::Other,
            _ => Purpose::Intermediate,
        }
    }

    fn params(self, key: KeyType, pair: &Pair) -> CertificateParams {
        let name = format!("shakedown {} {}", key.name(), self.name());
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from(self.serial()));
        let days = if self.issuer().is_none() { 3650 } else { 365 };
        params.not_before = days_from_now(-days);
        params.not_after = days_from_now(days);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.use_authority_key_identifier_extension = self.issuer().is_some();
        params.key_identifier_method = key_identifier(&name, pair);
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        match self {
            Self::Expired | Self::Root(Root::Expired) | Self::Impostor(Root::Expired) => {
                params.not_after = days_from_now(-1);
            }
            Self::Narrow | Self::Root(Root::Narrow) | Self::Impostor(Root::Narrow) => {
                params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            }
            Self::WrongEku(role) => params.extended_key_usages = vec![usage(role.peer())],
            Self::NoAuthority => params.is_ca = IsCa::ExplicitNoCa,
            Self::NoCertSign => params.key_usages = vec![KeyUsagePurpose::CrlSign],
            Self::PermitsOther => {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: vec![GeneralSubtree::DnsName("elsewhere.test".into())],
                    excluded_subtrees: Vec::new(),
                });
            }
            Self::Excludes => {
                params.name_constraints = Some(NameConstraints {
                    permitted_subtrees: Vec::new(),
                    excluded_subtrees: vec![GeneralSubtree::DnsName("shakedown.test".into())],
                });
            }
            _ => {}
        }
        params
    }

    fn name(self) -> String {
        match self {
            Self::Root(root) | Self::Impostor(root) => match root {
                Root::Plain => "root".into(),
                Root::Expired => "root expired".into(),
                Root::Narrow => "root narrow".into(),
            },
            Self::Bystander => "other root".into(),
            Self::Intermediate(Root::Plain) => "intermediate".into(),
            Self::Intermediate(Root::Expired) => "intermediate under expired".into(),
            Self::Intermediate(Root::Narrow) => "intermediate under narrow".into(),
            Self::Expired => "intermediate expired".into(),
            Self::Revoked => "intermediate revoked".into(),
            Self::WrongEku(role) => format!("intermediate not for {role}s"),
            Self::NoAuthority => "intermediate no ca".into(),
            Self::NoCertSign => "intermediate no cert sign".into(),
            Self::Narrow => "intermediate narrow".into(),
            Self::BelowNarrow => "intermediate below narrow".into(),
            Self::PermitsOther => "intermediate permits other".into(),
            Self::Excludes => "intermediate excludes".into(),
            Self::Row(place) => format!("intermediate {place}"),
        }
    }

    /// Different for all that one authority issues.
    fn serial(self) -> u64 {
        match self {
            Self::Root(_) | Self::Bystander => 0x01,
            Self::Impostor(_) => 0x02,
            Self::Intermediate(_) => 0x10,
            Self::Expired => 0x11,
            Self::WrongEku(Role::Client) => 0x12,
            Self::WrongEku(Role::Server) => 0x13,
            Self::NoAuthority => 0x14,
            Self::NoCertSign => 0x15,
            Self::Narrow => 0x16,
            Self::BelowNarrow => 0x17,
            Self::PermitsOther => 0x18,
            Self::Excludes => 0x19,
            Self::Row(place) => 0x20 + u64::from(place),
            Self::Revoked => REVOKED,
        }
    }
}

/// The extended key usage of a role.
pub(super) fn usage(role: Role) -> ExtendedKeyUsagePurpose {
    match role {
        Role::Client => ExtendedKeyUsagePurpose::ClientAuth,
        Role::Server => ExtendedKeyUsagePurpose::ServerAuth,
    }
}

/// A moment relative to the virtual clock.
pub(super) fn days_from_now(days: i64) -> OffsetDateTime {
    let seconds = NOW.cast_signed() + days * DAY.cast_signed();
    OffsetDateTime::from_unix_timestamp(seconds).expect("a few years around 2030")
}

/// A key identifier over name and key (RFC 5280 §4.2.1.2 leaves the method open), so that authorities
/// that share a key still differ.
fn key_identifier(name: &str, pair: &Pair) -> KeyIdMethod {
    let digest = Sha256::new()
        .chain_update(name)
        .chain_update(pair.subject_public_key_info())
        .finalize();
    KeyIdMethod::PreSpecified(digest[..20].to_vec())
}

/// The serial number on the revocation list of the plain root.
pub(super) const REVOKED: u64 = 0x40;
/// The number of intermediates in a long chain; webpki takes six.
const LONG: u8 = 7;
