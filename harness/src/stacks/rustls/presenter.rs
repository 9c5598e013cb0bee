//! A server that presents whatever chain it is given.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SigningKey, SingleCertAndKey};

use super::config::refused;
use super::observe::ObservedKey;
use super::resume::Ticketer;
use super::{Rustls, Server};
use crate::connection::{Config, Refusal};
use crate::identity::Identities;
use crate::profile::ServerProfile;

/// A server with a key, to which a chain is given later.
///
/// It does not look at the chain, which need not be of certificates at all.
pub struct Presenter {
    config: ServerConfig,
    key: Arc<dyn SigningKey>,
    ticketer: Ticketer,
    identities: Arc<Identities>,
}

impl Rustls {
    /// A server of this profile that has this private key, as PKCS #8 in DER, instead of the profile's
    /// credential.
    ///
    /// # Errors
    ///
    /// As [`Stack::server`](crate::connection::Stack::server).
    pub fn presenter(&self, profile: &ServerProfile, key: &[u8]) -> Result<Presenter, Refusal> {
        let profile = ServerProfile {
            identity: None,
            ..profile.clone()
        };
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.to_vec()));
        let key = self
            .provider(&profile.protocol)?
            .key_provider
            .load_private_key(key)
            .map_err(refused)?;
        Ok(Presenter {
            config: self.server_config(&profile)?,
            key: Arc::new(ObservedKey(key)),
            ticketer: self.ticketer.clone(),
            identities: self.identities.clone(),
        })
    }
}

impl Presenter {
    /// The server that presents these certificates, leaf first.
    pub fn present(&self, certificates: Vec<Vec<u8>>) -> Arc<dyn Config> {
        let certificates = certificates.into_iter().map(CertificateDer::from);
        let certified = CertifiedKey::new(certificates.collect(), self.key.clone());
        let mut config = self.config.clone();
        config.cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        Arc::new(Server {
            config: Arc::new(config),
            ticketer: self.ticketer.clone(),
            identities: self.identities.clone(),
        })
    }
}
