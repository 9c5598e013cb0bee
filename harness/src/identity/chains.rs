//! The recipe of each chain, from its end entity up.

use std::iter;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyUsagePurpose, SanType, SerialNumber,
};

use super::authorities::{Authorities, Ca, days_from_now, usage};
use super::keys::{self, Purpose};
use super::{Chain, Unmakeable, resign};
use crate::connection::Role;
use crate::profile::{Flaw, KeyType, ServerName};

/// The serial numbers on the revocation list of the plain intermediate.
pub(super) const REVOKED: [u64; 2] = [
    serial(Role::Client, Flaw::Revoked),
    serial(Role::Server, Flaw::Revoked),
];

/// The chain of a credential.
pub(super) fn make(
    authorities: &Authorities,
    role: Role,
    key: KeyType,
    flaw: Flaw,
) -> Result<Chain, Unmakeable> {
    let owner = match flaw {
        Flaw::KeyMismatch => Purpose::Other,
        _ => Purpose::Leaf(role),
    };
    let issuers = iter::successors(Ca::of_leaf(role, flaw), |ca| ca.issuer())
        .take_while(|ca| ca.issuer().is_some());
    let mut certificates = Vec::new();
    if flaw != Flaw::EmptyChain {
        certificates.push(leaf(authorities, role, key, flaw)?);
        if flaw != Flaw::MissingIntermediate {
            for ca in issuers {
                certificates.push(authorities.get(key, ca)?.certificate.clone());
            }
        }
    }
    let key = keys::pkcs8(key, owner).to_vec();
    Ok(Chain { certificates, key })
}

fn leaf(
    authorities: &Authorities,
    role: Role,
    key: KeyType,
    flaw: Flaw,
) -> Result<Vec<u8>, Unmakeable> {
    let pair = authorities.keys.pair(key, Purpose::Leaf(role))?;
    let params = params(role, key, flaw)?;
    let Some(ca) = Ca::of_leaf(role, flaw) else {
        return pair.finished(params.self_signed(&*pair)?.der(), &pair);
    };
    let issuer = authorities.get(key, ca)?;
    let certificate = issuer.issue(&params, &pair)?;
    match flaw {
        Flaw::Version1 => resign::version1(&certificate, &issuer.pair),
        Flaw::Sha1 => resign::sha1(&certificate, key, keys::pkcs8(key, Purpose::Intermediate)),
        Flaw::BadSignature => Ok(resign::damaged(certificate)),
        Flaw::Malformed => Ok(resign::truncated(certificate)),
        _ => Ok(certificate),
    }
}

fn params(role: Role, key: KeyType, flaw: Flaw) -> Result<CertificateParams, Unmakeable> {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from(serial(role, flaw)));
    params.not_before = days_from_now(-365);
    params.not_after = days_from_now(365);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // A key for PSS alone has no part in encipherment (RFC 4055 §1.2).
    if key.is_rsa() && key != KeyType::RsaPss2048 {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![usage(role)];
    params.use_authority_key_identifier_extension = Ca::of_leaf(role, flaw).is_some();
    params.subject_alt_names = names(role, flaw)?;
    params.distinguished_name = subject(role, key, flaw);
    match flaw {
        Flaw::SelfSignedCa | Flaw::CaLeaf => {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        Flaw::Expired => params.not_after = days_from_now(-1),
        Flaw::NotYetValid => params.not_before = days_from_now(1),
        Flaw::WrongEku => params.extended_key_usages = vec![usage(role.peer())],
        Flaw::AnyEku => params.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any],
        Flaw::BadKeyUsage => params.key_usages = vec![KeyUsagePurpose::CrlSign],
        Flaw::UnknownCritical => {
            let mut extension = CustomExtension::from_oid_content(UNKNOWN, NULL.to_vec());
            extension.set_criticality(true);
            params.custom_extensions.push(extension);
        }
        _ => {}
    }
    Ok(params)
}

/// The subject alternative names.
fn names(role: Role, flaw: Flaw) -> Result<Vec<SanType>, Unmakeable> {
    let host = host(role);
    let first = &host[..1];
    let parent = "shakedown.test";
    let dns = |name: &str| Ok::<_, Unmakeable>(SanType::DnsName(name.try_into()?));
    Ok(match flaw {
        Flaw::CnOnly => Vec::new(),
        Flaw::IpOnly => vec![SanType::IpAddress(ServerName::RIGHT_IP)],
        Flaw::Wildcard => vec![dns(&format!("*.{parent}"))?],
        Flaw::PartialWildcard => vec![dns(&format!("{first}*.{parent}"))?],
        Flaw::OtherName => match role {
            Role::Server => vec![
                dns(ServerName::ANOTHER)?,
                SanType::IpAddress(ServerName::ANOTHER_IP),
            ],
            Role::Client => vec![dns(ServerName::ANOTHER)?],
        },
        _ => match role {
            Role::Server => vec![dns(host)?, SanType::IpAddress(ServerName::RIGHT_IP)],
            Role::Client => vec![dns(host)?],
        },
    })
}

/// The subject, different for each credential. Its common name is a host's only where that is the
/// flaw, for there are stacks that fall back on it.
fn subject(role: Role, key: KeyType, flaw: Flaw) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    let unit = format!("{} {role} {}", key.name(), flaw.name());
    subject.push(DnType::OrganizationalUnitName, unit);
    let common = match flaw {
        Flaw::CnOnly | Flaw::IpOnly => host(role).to_owned(),
        _ => format!("shakedown {} {role} leaf", key.name()),
    };
    subject.push(DnType::CommonName, common);
    subject
}

fn host(role: Role) -> &'static str {
    match role {
        Role::Client => CLIENT,
        Role::Server => ServerName::RIGHT,
    }
}

/// Different for each credential of a key type, and above those of authorities.
pub(super) const fn serial(role: Role, flaw: Flaw) -> u64 {
    0x1000 + 2 * flaw as u64 + role as u64
}

const CLIENT: &str = "client.shakedown.test";
/// An object identifier of a private enterprise that does not exist.
const UNKNOWN: &[u64] = &[1, 3, 6, 1, 4, 1, 55555, 1];
/// NULL in DER.
const NULL: [u8; 2] = [5, 0];
