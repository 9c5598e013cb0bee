//! Configurations of the caller's own as one end of a handshake.
#![cfg(all(feature = "openssl", feature = "rustls-ring"))]

use std::sync::Arc;

use openssl::pkey::PKey;
use openssl::ssl::{SslContextBuilder, SslMethod};
use openssl::x509::X509;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use shakedown::connection::{Role, Stack};
use shakedown::iana::AlertDescription;
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::outcome::{Protection, SentAlert};
use shakedown::pair;
use shakedown::profile::{self, ClientProfile, Credential, ServerProfile, Trust};
use shakedown::stacks::openssl::OpenSsl;
use shakedown::stacks::rustls::{Rustls, VirtualClock};

#[test]
fn a_rustls_config_of_ones_own_meets_an_openssl_context_of_ones_own() {
    let identities = Arc::new(Identities::new());
    let mut roots = RootCertStore::empty();
    for der in identities
        .anchors(Role::Server, Trust::Roots)
        .unwrap()
        .iter()
    {
        roots.add(der.clone().into()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_details(provider, Arc::new(VirtualClock))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(profile::ServerName::RIGHT).unwrap();
    let client = Rustls::ring(identities.clone()).adopt_client(Arc::new(config), name);
    let openssl = OpenSsl::new(identities);
    let context = openssl.server_context(&ServerProfile::default()).unwrap();
    let server = openssl.adopt_server(context);

    let outcome = pair::meet(Ok(&*client), Ok(&*server), &Link::default());

    assert!(outcome.is_success(), "{outcome:?}");
}

/// rustls does not tell what it sends, and in TLS 1.3 the link cannot tell either.
#[test]
fn a_context_of_ones_own_tells_its_alerts() {
    let identities = Arc::new(Identities::new());
    let client = Rustls::ring(identities.clone())
        .client(&ClientProfile {
            trust: Trust::OtherRoot,
            ..ClientProfile::default()
        })
        .unwrap();
    let openssl = OpenSsl::new(identities.clone());
    let chain = identities
        .chain(Role::Server, Credential::default())
        .unwrap();
    let mut context = SslContextBuilder::new(SslMethod::tls_server()).unwrap();
    let leaf = X509::from_der(&chain.certificates[0]).unwrap();
    context.set_certificate(&leaf).unwrap();
    let key = PKey::private_key_from_pkcs8(&chain.key).unwrap();
    context.set_private_key(&key).unwrap();
    let server = openssl.adopt_server(context.build());

    let outcome = pair::meet(Ok(&*client), Ok(&*server), &Link::default());

    let unknown_ca = SentAlert {
        description: Some(AlertDescription::unknown_ca),
        protection: Protection::Protected,
    };
    assert_eq!(outcome.client.alert_sent, Some(unknown_ca));
    assert_eq!(
        outcome.server.alert_received,
        Some(AlertDescription::unknown_ca)
    );
}
