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
use crate::profile::{Credential, Flaw, KeyType, ServerName};

/// The chain of a credential.
pub(super) fn make(
    authorities: &Authorities,
    role: Role,
    credential: Credential,
) -> Result<Chain, Unmakeable> {
    if let Some(reason) = credential.contradiction() {
        return Err(Unmakeable(reason));
    }
    let key = credential.key;
    let owner = if credential.has(Flaw::KeyMismatch) {
        Purpose::Other
    } else {
        Purpose::Leaf(role)
    };
    let issuers = iter::successors(Ca::of_leaf(role, credential), |ca| ca.issuer())
        .take_while(|ca| ca.issuer().is_some());
    let mut certificates = Vec::new();
    if !credential.has(Flaw::EmptyChain) {
        certificates.push(leaf(authorities, role, credential)?);
        if !credential.has(Flaw::MissingIntermediate) {
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
    credential: Credential,
) -> Result<Vec<u8>, Unmakeable> {
    let key = credential.key;
    let own = Purpose::Leaf(role);
    let pair = authorities.keys.pair(key, own)?;
    let params = params(role, credential)?;
    let (mut certificate, issuer, purpose) = match Ca::of_leaf(role, credential) {
        None => {
            let written = params.self_signed(&*pair)?;
            (pair.finished(written.der(), &pair)?, pair, own)
        }
        Some(ca) => {
            let issuer = authorities.get(key, ca)?;
            let certificate = issuer.issue(&params, &pair)?;
            (certificate, issuer.pair.clone(), Purpose::Intermediate)
        }
    };
    // Each signs anew what came before; damage comes last.
    if credential.has(Flaw::Version1) {
        certificate = resign::version1(&certificate, &issuer)?;
    }
    if credential.has(Flaw::Sha1) {
        certificate = resign::sha1(&certificate, key, keys::pkcs8(key, purpose))?;
    }
    if credential.has(Flaw::BadSignature) {
        certificate = resign::damaged(certificate);
    }
    if credential.has(Flaw::Malformed) {
        certificate = resign::truncated(certificate);
    }
    Ok(certificate)
}

fn params(role: Role, credential: Credential) -> Result<CertificateParams, Unmakeable> {
    let key = credential.key;
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from(serial(role, credential)));
    params.not_before = days_from_now(-365);
    params.not_after = days_from_now(365);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // A key for PSS alone has no part in encipherment (RFC 4055 §1.2).
    if key.is_rsa() && key != KeyType::RsaPss2048 {
        params.key_usages.push(KeyUsagePurpose::KeyEncipherment);
    }
    params.extended_key_usages = vec![usage(role)];
    params.use_authority_key_identifier_extension = Ca::of_leaf(role, credential).is_some();
    params.subject_alt_names = names(role, Flaw::None)?;
    params.distinguished_name = subject(role, credential);
    for flaw in credential.flaws() {
        spoil(&mut params, role, flaw)?;
    }
    Ok(params)
}

/// Makes a flaw.
fn spoil(params: &mut CertificateParams, role: Role, flaw: Flaw) -> Result<(), Unmakeable> {
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
        Flaw::OtherName | Flaw::CnOnly | Flaw::IpOnly | Flaw::Wildcard | Flaw::PartialWildcard => {
            params.subject_alt_names = names(role, flaw)?
        }
        _ => {}
    }
    Ok(())
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
fn subject(role: Role, credential: Credential) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    let key = credential.key.name();
    let mut unit = format!("{key} {role} {}", credential.flaw.name());
    if credential.also != Flaw::None {
        unit = format!("{unit} {}", credential.also.name());
    }
    subject.push(DnType::OrganizationalUnitName, unit);
    let common = if credential.has(Flaw::CnOnly) || credential.has(Flaw::IpOnly) {
        host(role).to_owned()
    } else {
        format!("shakedown {key} {role} leaf")
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

/// Different for each credential of a key type, and for those of authorities.
pub(super) fn serial(role: Role, credential: Credential) -> u64 {
    0x1000 + 0x80 * credential.also as u64 + 2 * credential.flaw as u64 + role as u64
}

const CLIENT: &str = "client.shakedown.test";
/// An object identifier of a private enterprise that does not exist.
const UNKNOWN: &[u64] = &[1, 3, 6, 1, 4, 1, 55555, 1];
/// NULL in DER.
const NULL: [u8; 2] = [5, 0];
