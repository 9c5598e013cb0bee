//! Roots and intermediates: the recipe of each, and who issued whom.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::iter;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyUsagePurpose,
    NameConstraints, PublicKeyData, RevokedCertParams, SerialNumber,
};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::keys::{Keys, Pair, Purpose};
use super::memo::Memo;
use super::{Unmakeable, chains};
use crate::clock::{DAY, NOW};
use crate::connection::Role;
use crate::profile::{Credential, Flaw, KeyType};

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
    /// What stands between a root and end entities.
    Intermediate(Intermediate),
}

/// Which root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Root {
    /// notAfter has passed.
    expired: bool,
    /// pathLenConstraint is 0.
    narrow: bool,
}

impl Root {
    /// Every root of a key type.
    pub(super) fn all(key: KeyType) -> Vec<Self> {
        unique(
            Ca::intermediates(key)
                .into_iter()
                .filter_map(|ca| match ca {
                    Ca::Intermediate(intermediate) => Some(intermediate.root()),
                    _ => None,
                }),
        )
    }
}

/// Which intermediate. The flawless one beneath the flawless root issues for all chains whose flaws lie
/// elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Intermediate {
    /// What is wrong with it or, as far as it concerns it too, with those above it.
    flaws: [Flaw; 2],
    /// Whose chains it is for, where its extKeyUsage is for the opposite role.
    role: Option<Role>,
    /// How many intermediates are below it.
    place: u8,
}

impl Intermediate {
    fn new(flaws: impl Iterator<Item = Flaw>, role: Role, place: u8) -> Self {
        let mut flaws = flaws.chain([Flaw::None; 2]);
        let mut next = || flaws.next().unwrap_or_default();
        let flaws = [next(), next()];
        let minds = flaws.contains(&Flaw::WrongEkuIntermediate);
        Self {
            flaws,
            role: minds.then_some(role),
            place,
        }
    }

    /// Whether this flaw is its own, or concerns it.
    fn has(self, flaw: Flaw) -> bool {
        self.flaws.contains(&flaw)
    }

    fn root(self) -> Root {
        Root {
            expired: self.has(Flaw::ExpiredRoot),
            narrow: self.has(Flaw::RootPathLength),
        }
    }

    /// How many there are in its chain.
    fn row(self) -> u8 {
        match () {
            () if self.has(Flaw::LongChain) => LONG,
            () if self.has(Flaw::PathLength) => 2,
            () => 1,
        }
    }

    fn issuer(self) -> Ca {
        if self.place + 1 == self.row() {
            return Ca::Root(self.root());
        }
        // Only the end entity's issuer has a flaw of its own.
        let shared = [
            Flaw::LongChain,
            Flaw::PathLength,
            Flaw::ExpiredRoot,
            Flaw::RootPathLength,
        ];
        let flaws = self.flaws.into_iter().filter(|flaw| shared.contains(flaw));
        Ca::Intermediate(Self {
            place: self.place + 1,
            ..Self::new(flaws, Role::Server, 0)
        })
    }

    /// Makes its own flaws.
    fn spoil(self, params: &mut CertificateParams) {
        let last = self.place + 1 == self.row();
        if last && self.has(Flaw::PathLength) {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        }
        let dns = |name: &str| vec![GeneralSubtree::DnsName(name.into())];
        let mut constraints = NameConstraints {
            permitted_subtrees: Vec::new(),
            excluded_subtrees: Vec::new(),
        };
        for flaw in self.flaws {
            match (flaw, self.role) {
                (Flaw::ExpiredIntermediate, _) => params.not_after = days_from_now(-1),
                (Flaw::WrongEkuIntermediate, Some(role)) => {
                    params.extended_key_usages = vec![usage(role.peer())];
                }
                (Flaw::IntermediateNotCa, _) => params.is_ca = IsCa::ExplicitNoCa,
                (Flaw::IntermediateNoCertSign, _) => {
                    params.key_usages = vec![KeyUsagePurpose::CrlSign];
                }
                (Flaw::NameNotPermitted, _) => {
                    constraints.permitted_subtrees = dns("elsewhere.test")
                }
                (Flaw::NameExcluded, _) => constraints.excluded_subtrees = dns("shakedown.test"),
                _ => {}
            }
        }
        if self.has(Flaw::NameNotPermitted) || self.has(Flaw::NameExcluded) {
            params.name_constraints = Some(constraints);
        }
    }

    fn name(self) -> String {
        let mut name = "intermediate".to_owned();
        for flaw in self.flaws.into_iter().filter(|flaw| *flaw != Flaw::None) {
            name = format!("{name} {}", flaw.name());
        }
        if let Some(role) = self.role {
            name = format!("{name} of {role}s");
        }
        if self.place > 0 {
            name = format!("{name} {}", self.place + 1);
        }
        name
    }

    /// Different for each.
    fn serial(self) -> u64 {
        let role = self.role.map_or(0, |role| role as u64 + 1);
        let [flaw, also] = self.flaws.map(|flaw| flaw as u64);
        0x10_0000 + u64::from(self.place) + 0x10 * role + 0x40 * flaw + 0x4000 * also
    }
}

impl Ca {
    /// Every intermediate of a key type.
    pub(super) fn intermediates(key: KeyType) -> Vec<Self> {
        let leaves = Credential::all(key)
            .flat_map(|credential| Role::BOTH.map(|role| Self::of_leaf(role, credential)));
        unique(leaves.flatten().flat_map(|ca| {
            iter::successors(Some(ca), |ca| ca.issuer()).take_while(|ca| ca.issuer().is_some())
        }))
    }

    /// Who issues the end entity of a chain; `None` where that signs itself.
    pub(super) fn of_leaf(role: Role, credential: Credential) -> Option<Self> {
        let flaws = credential.flaws().filter(|flaw| flaw.concerns_issuers());
        (!credential.signs_itself()).then(|| Self::Intermediate(Intermediate::new(flaws, role, 0)))
    }

    /// Who issues it; `None` for a root.
    pub(super) fn issuer(self) -> Option<Self> {
        match self {
            Self::Root(_) | Self::Impostor(_) | Self::Bystander => None,
            Self::Intermediate(intermediate) => Some(intermediate.issuer()),
        }
    }

    /// The serial numbers on the revocation lists of a key type's authorities, by the issuer: of the end
    /// entities and of the intermediates that are revoked.
    pub(super) fn revoked(key: KeyType) -> HashMap<Self, Vec<u64>> {
        let leaves = Credential::all(key)
            .filter(|credential| credential.has(Flaw::Revoked))
            .flat_map(|credential| Role::BOTH.map(|role| (role, credential)))
            .filter_map(|(role, credential)| {
                let issuer = Self::of_leaf(role, credential)?;
                Some((issuer, chains::serial(role, credential)))
            });
        let authorities = Self::intermediates(key)
            .into_iter()
            .filter_map(|ca| match ca {
                Self::Intermediate(one) if one.has(Flaw::RevokedIntermediate) => {
                    Some((one.issuer(), one.serial()))
                }
                _ => None,
            });
        let mut revoked: HashMap<Self, Vec<u64>> = HashMap::new();
        for (issuer, serial) in leaves.chain(authorities) {
            revoked.entry(issuer).or_default().push(serial);
        }
        revoked
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
            Self::Root(root) | Self::Impostor(root) => {
                if root.expired {
                    params.not_after = days_from_now(-1);
                }
                if root.narrow {
                    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
                }
            }
            Self::Bystander => {}
            Self::Intermediate(intermediate) => intermediate.spoil(&mut params),
        }
        params
    }

    fn name(self) -> String {
        match self {
            Self::Root(root) | Self::Impostor(root) => match (root.expired, root.narrow) {
                (false, false) => "root".into(),
                (true, false) => "root expired".into(),
                (false, true) => "root narrow".into(),
                (true, true) => "root expired narrow".into(),
            },
            Self::Bystander => "other root".into(),
            Self::Intermediate(intermediate) => intermediate.name(),
        }
    }

    /// Different for all that one authority issues.
    fn serial(self) -> u64 {
        match self {
            Self::Root(_) | Self::Bystander => 0x01,
            Self::Impostor(_) => 0x02,
            Self::Intermediate(intermediate) => intermediate.serial(),
        }
    }
}

fn unique<T: Copy + Eq + Hash>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.filter(|one| seen.insert(*one)).collect()
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

/// The number of intermediates in a long chain; webpki takes six.
const LONG: u8 = 7;
