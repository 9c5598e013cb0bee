//! From a profile to the verifier of the peer's certificate.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, VerifierBuilderError, WebPkiClientVerifier};

use super::Rustls;
use super::config::{refused, unmakeable};
use super::error::{config_failure, verifier_failure};
use super::observe::{ObservedClientVerifier, ObservedServerVerifier};
use super::raw_keys::RawKeyVerifier;
use crate::connection::{Refusal, Role};
use crate::identity::Lists;
use crate::profile::{
    CertificateType, ClientAuth, ClientProfile, Revocation, ServerProfile, Trust,
};

impl Rustls {
    /// What verifies the server's certificate, or its raw public key.
    pub(super) fn server_verifier(
        &self,
        profile: &ClientProfile,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ServerCertVerifier>, Refusal> {
        if profile.server_certificate_type == CertificateType::RawPublicKey {
            let verifier = self.raw_key_verifier(Role::Server, profile.trust, true, provider)?;
            return Ok(Arc::new(ObservedServerVerifier(Arc::new(verifier))));
        }
        let mut verifier = WebPkiServerVerifier::builder_with_provider(
            self.roots(Role::Server, profile.trust)?,
            provider.clone(),
        );
        if let Some(lists) = Lists::of(profile.revocation) {
            verifier = verifier.with_crls(self.crls(lists));
        }
        verifier = match profile.revocation {
            Revocation::CrlEndEntity => verifier.only_check_end_entity_revocation(),
            Revocation::CrlMissingAllowed => verifier.allow_unknown_revocation_status(),
            Revocation::CrlExpiredEnforced => verifier.enforce_revocation_expiration(),
            _ => verifier,
        };
        let verifier = verifier.build().map_err(verifier_refused)?;
        Ok(Arc::new(ObservedServerVerifier(verifier)))
    }

    /// What verifies a client's certificate, or its raw public key.
    pub(super) fn client_verifier(
        &self,
        profile: &ServerProfile,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Arc<dyn ClientCertVerifier>, Refusal> {
        if profile.client_auth == ClientAuth::None {
            return Ok(Arc::new(NoClientAuth));
        }
        if profile.client_certificate_type == CertificateType::RawPublicKey {
            let mandatory = profile.client_auth == ClientAuth::Required;
            let verifier =
                self.raw_key_verifier(Role::Client, profile.trust, mandatory, provider)?;
            return Ok(Arc::new(ObservedClientVerifier(Arc::new(verifier))));
        }
        let mut verifier = WebPkiClientVerifier::builder_with_provider(
            self.roots(Role::Client, profile.trust)?,
            provider.clone(),
        );
        if profile.client_auth == ClientAuth::Optional {
            verifier = verifier.allow_unauthenticated();
        }
        if let Some(lists) = Lists::of(profile.revocation) {
            verifier = verifier.with_crls(self.crls(lists));
        }
        verifier = match profile.revocation {
            Revocation::CrlEndEntity => verifier.only_check_end_entity_revocation(),
            Revocation::CrlMissingAllowed => verifier.allow_unknown_revocation_status(),
            Revocation::CrlExpiredEnforced => verifier.enforce_revocation_expiration(),
            _ => verifier,
        };
        let verifier = verifier.build().map_err(verifier_refused)?;
        Ok(Arc::new(ObservedClientVerifier(verifier)))
    }

    fn raw_key_verifier(
        &self,
        peer: Role,
        trust: Trust,
        mandatory: bool,
        provider: &CryptoProvider,
    ) -> Result<RawKeyVerifier, Refusal> {
        Ok(RawKeyVerifier {
            trusted: self.identities.raw_keys(peer, trust).map_err(unmakeable)?,
            mandatory,
            algorithms: provider.signature_verification_algorithms,
        })
    }

    fn roots(&self, peer: Role, trust: Trust) -> Result<Arc<RootCertStore>, Refusal> {
        let anchors = self.identities.anchors(peer, trust).map_err(unmakeable)?;
        let mut roots = RootCertStore::empty();
        for anchor in anchors.iter() {
            roots
                .add(CertificateDer::from(anchor.as_slice()))
                .map_err(refused)?;
        }
        Ok(Arc::new(roots))
    }

    fn crls(&self, lists: Lists) -> Vec<CertificateRevocationListDer<'static>> {
        self.identities
            .crls(lists)
            .iter()
            .map(|der| CertificateRevocationListDer::from(der.clone()))
            .collect()
    }
}

fn verifier_refused(error: VerifierBuilderError) -> Refusal {
    Refusal::Config(config_failure(verifier_failure(&error)))
}
