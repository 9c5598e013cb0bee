//! A `rustls::ServerConfig` of one's own meets generated clients of every stack.
//!
//! `cargo run --package shakedown-matrix --example own_server_config`

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use shakedown::connection::Role;
use shakedown::iana::ProtocolVersion;
use shakedown::identity::Identities;
use shakedown::own::Setting;
use shakedown::profile::{ClientAuth, Credential, KeyType, Trust};
use shakedown::stacks::rustls::{Rustls, VirtualClock};
use shakedown_matrix::adopted::{self, Crossed};
use shakedown_matrix::lab::Lab;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let crossed = run()?;
    print!("{crossed}");
    Ok(ExitCode::from(u8::from(crossed.otherwise().count() > 0)))
}

/// Crosses the configuration with a client for each value of each axis.
pub fn run() -> Result<Crossed, Box<dyn Error>> {
    let identities = Arc::new(Identities::new());
    let config = Arc::new(config(&identities)?);
    let own = Rustls::ring(identities.clone())
        .own_server(config)
        // None of this can be read back.
        .told(Setting::Versions, |profile| {
            profile.protocol.versions = vec![ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];
        })
        .told(Setting::Identity, |profile| {
            profile.identity = Some(credential());
        })
        .told(Setting::Verification, |profile| {
            profile.client_auth = ClientAuth::Optional;
            profile.trust = Trust::Roots;
        });
    let lab = Lab::with_identities(&identities);
    Ok(adopted::cross(&lab, &own, &adopted::alone()))
}

/// What an application would have, but for the certificate, the roots and the clock.
fn config(identities: &Identities) -> Result<ServerConfig, Box<dyn Error>> {
    let mut roots = RootCertStore::empty();
    for root in identities.anchors(Role::Client, Trust::Roots)?.iter() {
        roots.add(root.as_slice().into())?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .allow_unauthenticated()
        .build()?;
    let chain = identities.chain(Role::Server, credential())?;
    let certificates = chain.certificates.iter().cloned();
    let mut config = ServerConfig::builder_with_details(provider, Arc::new(VirtualClock))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            certificates.map(CertificateDer::from).collect(),
            PrivatePkcs8KeyDer::from(chain.key.clone()).into(),
        )?;
    config.ignore_client_order = true;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Every credential without a flaw has a certificate for `ServerName::RIGHT`.
fn credential() -> Credential {
    Credential {
        key: KeyType::Rsa2048,
        ..Credential::default()
    }
}
