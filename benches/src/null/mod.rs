//! rustls without cryptography: what is left of a handshake is rustls's state machine and whoever
//! drives it.
//!
//! **It protects nothing**: keys are constant, records are copied, signatures hold whatever they are.
//! Lengths are those of the real thing (x25519, AES-128-GCM, SHA-256, ECDSA over P-256), and chains
//! are the harness's, so that the bytes on the wire are as many as with a real provider.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};
use shakedown::connection::Role;
use shakedown::iana::ProtocolVersion;
use shakedown::identity::Identities;
use shakedown::profile::{Credential, ServerName as Name};
use shakedown::stacks::rustls::VirtualClock;

mod aead;
mod hash;
mod kdf;
mod kx;
mod sign;
mod suites;

/// Everything there is, which is one of each.
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        cipher_suites: vec![suites::TLS13_SUITE, suites::TLS12_SUITE],
        kx_groups: vec![&kx::NullGroup],
        // Nothing of webpki's is used; rustls asks the verifier.
        signature_verification_algorithms: WebPkiSupportedAlgorithms {
            all: &[],
            mapping: &[],
        },
        secure_random: &NullRandom,
        key_provider: &sign::NullKeys,
    }
}

/// A client for one version, and the name that it connects to. With `resumes` it keeps sessions in
/// memory and offers them.
///
/// # Panics
///
/// For a version that rustls does not have.
pub fn client_config(
    version: ProtocolVersion,
    resumes: bool,
) -> (Arc<ClientConfig>, ServerName<'static>) {
    let mut config =
        ClientConfig::builder_with_details(Arc::new(provider()), Arc::new(VirtualClock))
            .with_protocol_versions(&[supported(version)])
            .expect("there is a suite and a group for it")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(sign::NullVerifier))
            .with_no_client_auth();
    config.resumption = if resumes {
        Resumption::in_memory_sessions(SESSIONS)
    } else {
        Resumption::disabled()
    };
    let name = ServerName::try_from(Name::RIGHT).expect("a DNS name");
    (Arc::new(config), name)
}

/// A server for one version, with the harness's plainest chain and a key that signs nothing. With
/// `resumes` it keeps sessions in memory.
///
/// # Panics
///
/// For a version that rustls does not have.
pub fn server_config(
    version: ProtocolVersion,
    resumes: bool,
    identities: &Identities,
) -> Arc<ServerConfig> {
    let chain = identities
        .chain(Role::Server, Credential::default())
        .expect("the plainest chain can be made");
    let chain = chain.certificates.iter().cloned().map(CertificateDer::from);
    let key = CertifiedKey::new(chain.collect(), Arc::new(sign::NullKey));
    let mut config =
        ServerConfig::builder_with_details(Arc::new(provider()), Arc::new(VirtualClock))
            .with_protocol_versions(&[supported(version)])
            .expect("there is a suite and a group for it")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    if !resumes {
        config.session_storage = Arc::new(NoServerSessionStorage {});
    }
    Arc::new(config)
}

fn supported(version: ProtocolVersion) -> &'static SupportedProtocolVersion {
    match version {
        ProtocolVersion::TLS1_2 => &rustls::version::TLS12,
        ProtocolVersion::TLS1_3 => &rustls::version::TLS13,
        other => unreachable!("rustls has no {other}"),
    }
}

/// The same bytes each time.
#[derive(Debug)]
struct NullRandom;

impl SecureRandom for NullRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), GetRandomFailed> {
        out.fill(0x5a);
        Ok(())
    }
}

/// One name, with as many tickets as rustls keeps for it.
const SESSIONS: usize = 8;

#[cfg(test)]
mod tests;
