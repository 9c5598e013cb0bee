//! OpenSSL's verdict over each flaw, at the virtual clock and at security level 2, its default in TLS.

use std::fs;
use std::path::Path;

use ::openssl::hash::MessageDigest;
use ::openssl::ocsp::{OcspCertId, OcspCertStatus, OcspFlag, OcspResponse};
use ::openssl::ssl::SslFiletype;
use ::openssl::stack::Stack;
use ::openssl::x509::store::{X509Lookup, X509Store, X509StoreBuilder};
use ::openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use ::openssl::x509::{X509, X509Crl, X509PurposeId, X509StoreContext};

use super::*;
use crate::profile::ServerName;

#[test]
fn openssl_finds_the_flaw_that_is_meant() {
    let identities = Identities::new();
    for (role, credential, chain) in chains(&identities) {
        let store = store(&identities, role, Trust::Roots, None);
        let found = verdict(&store, &chain);
        let expected = expected(role, credential);
        assert_eq!(found, expected, "{role} {credential:?}");
    }
}

#[test]
fn openssl_finds_what_is_revoked_and_no_list_missing() {
    let identities = Identities::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("crls.pem");
    let crls = identities.crls(Lists::Current);
    let pem = crls.iter().map(|der| {
        let list = X509Crl::from_der(der).expect("DER");
        list.to_pem().expect("PEM")
    });
    fs::write(&file, pem.collect::<Vec<_>>().concat()).expect("written");
    for (role, credential, chain) in chains(&identities) {
        let store = store(&identities, role, Trust::Roots, Some(&file));
        let expected = match credential.flaw {
            Flaw::Revoked | Flaw::RevokedIntermediate if credential.key != KeyType::Rsa1024 => {
                Verdict::Code(23)
            }
            _ => expected(role, credential),
        };
        let found = verdict(&store, &chain);
        assert_eq!(found, expected, "{role} {credential:?}");
    }
}

#[test]
fn openssl_reads_and_verifies_what_is_stapled() {
    let identities = Identities::new();
    // Who signs responses is no server.
    let mut param = X509VerifyParam::new().expect("memory");
    param.set_time(crate::clock::NOW.cast_signed());
    let mut trust = X509StoreBuilder::new().expect("memory");
    trust.set_param(&param).expect("memory");
    for der in anchors(&identities, Trust::Roots).iter() {
        trust
            .add_cert(X509::from_der(der).expect("DER"))
            .expect("a certificate");
    }
    let trust = trust.build();
    for key in KeyType::ALL {
        let credential = Credential {
            key,
            ..Credential::default()
        };
        let chain = identities.chain(Role::Server, credential).expect("plain");
        let [leaf, issuer] = &chain.certificates[..] else {
            panic!("leaf and intermediate");
        };
        let leaf = X509::from_der(leaf).expect("DER");
        let issuer = X509::from_der(issuer).expect("DER");
        let id = OcspCertId::from_cert(MessageDigest::sha256(), &leaf, &issuer).expect("memory");
        for (staple, expected) in [
            (Staple::Good, Some(OcspCertStatus::GOOD)),
            (Staple::Revoked, Some(OcspCertStatus::REVOKED)),
            (Staple::Expired, Some(OcspCertStatus::GOOD)),
            (Staple::Other, None),
        ] {
            let der = identities.staple(credential, staple).expect("kept keys");
            let response = OcspResponse::from_der(&der.expect("a response")).expect("DER");
            let basic = response.basic().expect("a basic response");
            let mut certificates = Stack::new().expect("memory");
            certificates.push(issuer.clone()).expect("memory");
            basic
                .verify(&certificates, &trust, OcspFlag::empty())
                .expect("signed by the issuer");
            let found = basic.find_status(&id).map(|status| status.status);
            assert_eq!(found, expected, "{key:?} {staple:?}");
        }
        let none = identities.staple(credential, Staple::None);
        assert_eq!(none, Ok(None));
        let broken = identities.staple(credential, Staple::Malformed);
        let broken = broken.expect("made up").expect("bytes");
        assert!(OcspResponse::from_der(&broken).is_err());
    }
}

#[test]
fn openssl_trusts_no_impostor() {
    let identities = Identities::new();
    for trust in [Trust::ImpostorRoots, Trust::OtherRoot, Trust::Empty] {
        for key in KeyType::ALL {
            let credential = Credential {
                key,
                ..Credential::default()
            };
            let chain = identities.chain(Role::Server, credential).expect("plain");
            let store = store(&identities, Role::Server, trust, None);
            let code = if key == KeyType::Rsa1024 { 66 } else { 20 };
            assert_eq!(
                verdict(&store, &chain),
                Verdict::Code(code),
                "{key:?} {trust:?}"
            );
        }
    }
}

/// `X509_V_ERR_*`, for a verifier that wants the right host name from a server and none from a client.
fn expected(role: Role, credential: Credential) -> Verdict {
    let code = match credential.flaw {
        Flaw::Malformed | Flaw::EmptyChain => return Verdict::NoLeaf,
        // Before all else.
        _ if credential.key == KeyType::Rsa1024 => 66,
        Flaw::MissingIntermediate => 20,
        Flaw::SelfSigned | Flaw::SelfSignedCa => 18,
        Flaw::Expired | Flaw::ExpiredIntermediate | Flaw::ExpiredRoot => 10,
        Flaw::NotYetValid => 9,
        // A version 1 certificate has no names.
        Flaw::OtherName | Flaw::Version1 if role == Role::Server => 62,
        Flaw::WrongEku | Flaw::WrongEkuIntermediate | Flaw::AnyEku | Flaw::BadKeyUsage => 26,
        Flaw::IntermediateNotCa | Flaw::IntermediateNoCertSign => 79,
        Flaw::PathLength | Flaw::RootPathLength => 25,
        Flaw::NameNotPermitted => 47,
        Flaw::NameExcluded => 48,
        Flaw::UnknownCritical => 34,
        Flaw::Sha1 => 68,
        Flaw::BadSignature => 7,
        _ => 0,
    };
    Verdict::Code(code)
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// `X509_V_ERR_*`; 0 if all is well.
    Code(i32),
    /// There is none, or it cannot be parsed.
    NoLeaf,
}

fn verdict(store: &X509Store, chain: &Chain) -> Verdict {
    let Some(Ok(leaf)) = chain.certificates.first().map(|der| X509::from_der(der)) else {
        return Verdict::NoLeaf;
    };
    let mut others = Stack::new().expect("memory");
    for der in &chain.certificates[1..] {
        others
            .push(X509::from_der(der).expect("DER"))
            .expect("memory");
    }
    let mut context = X509StoreContext::new().expect("memory");
    let error = context.init(store, &leaf, &others, |context| {
        context.verify_cert()?;
        Ok(context.error())
    });
    Verdict::Code(error.expect("no fault of the verifier").as_raw())
}

fn store(identities: &Identities, peer: Role, trust: Trust, crls: Option<&Path>) -> X509Store {
    let mut param = X509VerifyParam::new().expect("memory");
    param.set_time(crate::clock::NOW.cast_signed());
    param.set_auth_level(2);
    let purpose = match peer {
        Role::Server => X509PurposeId::SSL_SERVER,
        Role::Client => X509PurposeId::SSL_CLIENT,
    };
    param.set_purpose(purpose).expect("a known purpose");
    if peer == Role::Server {
        param.set_host(ServerName::RIGHT).expect("a name");
    }
    let mut store = X509StoreBuilder::new().expect("memory");
    if let Some(crls) = crls {
        param
            .set_flags(X509VerifyFlags::CRL_CHECK | X509VerifyFlags::CRL_CHECK_ALL)
            .expect("known flags");
        store
            .add_lookup(X509Lookup::file())
            .and_then(|lookup| lookup.load_crl_file(crls, SslFiletype::PEM))
            .expect("lists");
    }
    store.set_param(&param).expect("memory");
    for der in identities.anchors(peer, trust).expect("kept keys").iter() {
        store
            .add_cert(X509::from_der(der).expect("DER"))
            .expect("memory");
    }
    store.build()
}
