//! webpki's verdict over each flaw, at the virtual clock, by way of rustls's verifiers.

use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::{CertificateError, Error, RootCertStore};

use super::*;
use crate::profile::ServerName;

#[test]
fn webpki_finds_the_flaw_that_is_meant() {
    let identities = Identities::new();
    for role in Role::BOTH {
        let verify = verifier(&identities, role, Trust::Roots, &[]);
        for (_, credential, chain) in chains_of(&identities, role) {
            let expected = expected(role, credential);
            assert_eq!(verify(&chain), expected, "{role} {credential:?}");
        }
    }
}

#[test]
fn webpki_finds_what_is_revoked_and_no_list_missing() {
    let identities = Identities::new();
    for role in Role::BOTH {
        let verify = verifier(
            &identities,
            role,
            Trust::Roots,
            &identities.crls(Lists::Current),
        );
        for (_, credential, chain) in chains_of(&identities, role) {
            let expected = match credential.flaw {
                Flaw::Revoked | Flaw::RevokedIntermediate
                    if signature_error(credential.key).is_none() =>
                {
                    "Revoked"
                }
                _ => expected(role, credential),
            };
            assert_eq!(verify(&chain), expected, "{role} {credential:?}");
        }
    }
}

#[test]
fn webpki_tells_impostors_from_strangers() {
    let identities = Identities::new();
    for (trust, expected) in [
        (Trust::ImpostorRoots, "BadSignature"),
        (Trust::OtherRoot, "UnknownIssuer"),
        (Trust::Intermediates, "accepted"),
    ] {
        let verify = verifier(&identities, Role::Server, trust, &[]);
        for key in KeyType::ALL {
            let credential = Credential {
                key,
                ..Credential::default()
            };
            let chain = identities.chain(Role::Server, credential).expect("plain");
            let expected = match trust {
                Trust::OtherRoot => expected,
                _ => signature_error(key).unwrap_or(expected),
            };
            assert_eq!(verify(&chain), expected, "{key:?} {trust:?}");
        }
    }
}

/// The name of the error, for a verifier that wants the right host name from a server and none from a
/// client.
fn expected(role: Role, credential: Credential) -> &'static str {
    let of_flaw = of_flaw(role, credential.flaw);
    match of_flaw {
        "accepted"
        | "NotValidForName"
        | "NameConstraintViolation"
        | "UnsupportedSignatureAlgorithm"
        | "BadSignature" => signature_error(credential.key).unwrap_or(of_flaw),
        _ => of_flaw,
    }
}

/// What becomes of every signature by a key of this type.
fn signature_error(key: KeyType) -> Option<&'static str> {
    match key {
        KeyType::Rsa1024 => Some("BadSignature"),
        KeyType::RsaPss2048 => Some("UnsupportedSignatureAlgorithmForPublicKey"),
        KeyType::Ed448 => Some("UnsupportedSignatureAlgorithm"),
        _ => None,
    }
}

fn of_flaw(role: Role, flaw: Flaw) -> &'static str {
    match flaw {
        Flaw::EmptyChain => "no leaf",
        Flaw::Malformed => "BadEncoding",
        Flaw::SelfSigned | Flaw::MissingIntermediate => "UnknownIssuer",
        Flaw::SelfSignedCa | Flaw::CaLeaf => "CaUsedAsEndEntity",
        Flaw::Expired | Flaw::ExpiredIntermediate => "Expired",
        Flaw::NotYetValid => "NotValidYet",
        Flaw::OtherName | Flaw::CnOnly | Flaw::IpOnly | Flaw::PartialWildcard
            if role == Role::Server =>
        {
            "NotValidForName"
        }
        Flaw::WrongEku | Flaw::WrongEkuIntermediate | Flaw::AnyEku => "InvalidPurpose",
        Flaw::IntermediateNotCa => "EndEntityUsedAsCa",
        Flaw::PathLength => "PathLenConstraintViolated",
        Flaw::NameNotPermitted | Flaw::NameExcluded => "NameConstraintViolation",
        Flaw::UnknownCritical => "UnsupportedCriticalExtension",
        Flaw::Version1 => "UnsupportedCertVersion",
        Flaw::Sha1 => "UnsupportedSignatureAlgorithm",
        Flaw::BadSignature => "BadSignature",
        Flaw::LongChain => "MaximumPathDepthExceeded",
        _ => "accepted",
    }
}

fn chains_of(identities: &Identities, role: Role) -> Vec<(Role, Credential, Chain)> {
    let mut chains = chains(identities);
    chains.retain(|chain| chain.0 == role);
    chains
}

fn verifier(
    identities: &Identities,
    peer: Role,
    trust: Trust,
    crls: &[Vec<u8>],
) -> impl Fn(&Chain) -> String + use<> {
    let mut roots = RootCertStore::empty();
    for der in identities.anchors(peer, trust).expect("kept keys").iter() {
        roots.add(der.clone().into()).expect("an anchor");
    }
    let roots = Arc::new(roots);
    let provider = Arc::new(aws_lc_rs::default_provider());
    let crls: Vec<_> = crls.iter().map(|der| der.clone().into()).collect();
    let server = WebPkiServerVerifier::builder_with_provider(roots.clone(), provider.clone())
        .with_crls(crls.clone())
        .build()
        .expect("a verifier");
    let client = WebPkiClientVerifier::builder_with_provider(roots, provider)
        .with_crls(crls)
        .build()
        .expect("a verifier");
    move |chain| {
        let certificates: Vec<CertificateDer<'_>> = chain
            .certificates
            .iter()
            .map(|der| der.as_slice().into())
            .collect();
        let Some((leaf, others)) = certificates.split_first() else {
            return "no leaf".into();
        };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(crate::clock::NOW));
        let name = ServerName::RIGHT.try_into().expect("a name");
        let result = match peer {
            Role::Server => server
                .verify_server_cert(leaf, others, &name, &[], now)
                .map(drop),
            Role::Client => client.verify_client_cert(leaf, others, now).map(drop),
        };
        match result {
            Ok(()) => "accepted".into(),
            Err(Error::InvalidCertificate(error)) => native(&error),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The name of the innermost error, without its context.
fn native(error: &CertificateError) -> String {
    let debug = match error {
        CertificateError::Other(other) => format!("{:?}", other.0),
        error => format!("{error:?}"),
    };
    let end = debug.find(|c: char| !c.is_alphanumeric());
    let name = &debug[..end.unwrap_or(debug.len())];
    name.trim_end_matches("Context").to_owned()
}
