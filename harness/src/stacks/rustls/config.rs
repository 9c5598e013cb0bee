//! From a profile to a `ClientConfig` or a `ServerConfig`.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer, PrivatePkcs8KeyDer,
    ServerName as RustlsName, UnixTime,
};
use rustls::server::{
    ClientHello, NoClientAuth, ResolvesServerCert, VerifierBuilderError, WebPkiClientVerifier,
};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::Rustls;
use super::error::{config_failure, failure_of};
use super::observe::{ObservedClientVerifier, ObservedKey, ObservedServerVerifier};
use crate::clock;
use crate::connection::{Refusal, Role};
use crate::iana::ProtocolVersion;
use crate::identity::Unmakeable;
use crate::profile::{
    ClientAuth, ClientProfile, Credential, Ems, Loading, Miss, NameCheck, Preference, Revocation,
    ServerName, ServerProfile, SessionIdContext, Sni, SniPolicy, Trust,
};

impl Rustls {
    /// The configuration that a client of this profile has, and the name that it connects to.
    ///
    /// # Errors
    ///
    /// As [`Stack::client`](crate::connection::Stack::client).
    pub fn client_config(
        &self,
        profile: &ClientProfile,
    ) -> Result<(ClientConfig, RustlsName<'static>), Refusal> {
        let (config, name, _) = self.client_parts(profile)?;
        Ok((config, name))
    }

    /// As [`Self::client_config`], with the verifier, which the configuration does not show.
    pub(super) fn client_parts(
        &self,
        profile: &ClientProfile,
    ) -> Result<
        (
            ClientConfig,
            RustlsName<'static>,
            Arc<dyn ServerCertVerifier>,
        ),
        Refusal,
    > {
        if profile.name_check == NameCheck::Off {
            return Err(Refusal::Unsupported(
                "rustls's WebPkiServerVerifier always checks the name".into(),
            ));
        }
        let name = match &profile.server_name {
            ServerName::Dns(name) => RustlsName::try_from(name.clone()).map_err(|_| {
                Refusal::Unsupported(format!("rustls takes {name:?} for no DNS name"))
            })?,
            ServerName::Ip(address) => RustlsName::IpAddress((*address).into()),
        };
        let versions = versions(&profile.protocol.versions)?;
        let provider = self.provider(&profile.protocol)?;
        let mut verifier = WebPkiServerVerifier::builder_with_provider(
            self.roots(Role::Server, profile.trust)?,
            provider.clone(),
        );
        if profile.revocation == Revocation::Crl {
            verifier = verifier.with_crls(self.crls());
        }
        let verifier: Arc<dyn ServerCertVerifier> = Arc::new(ObservedServerVerifier(
            verifier.build().map_err(verifier_refused)?,
        ));
        let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(StoppedClock))
            .with_protocol_versions(&versions)
            .map_err(refused)?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone());
        let mut config = match profile.identity {
            None => builder.with_no_client_auth(),
            Some(credential) => {
                let key = self.certified_key(Role::Client, credential, &provider)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
            }
        };
        config.enable_sni = profile.sni == Sni::Send;
        config.require_ems = profile.protocol.ems == Ems::Required;
        config.resumption = Resumption::disabled();
        config.alpn_protocols = wire_names(&profile.alpn);
        Ok((config, name, verifier))
    }

    /// The configuration that a server of this profile has.
    ///
    /// # Errors
    ///
    /// As [`Stack::server`](crate::connection::Stack::server).
    pub fn server_config(&self, profile: &ServerProfile) -> Result<ServerConfig, Refusal> {
        if profile.alpn_miss == Miss::Ignore && !profile.alpn.is_empty() {
            return Err(Refusal::Unsupported(
                "a rustls server with application protocols insists on a common one".into(),
            ));
        }
        if profile.session_id_context == SessionIdContext::Unset {
            return Err(Refusal::Unsupported(
                "rustls has no session id contexts to leave out".into(),
            ));
        }
        let versions = versions(&profile.protocol.versions)?;
        let provider = self.provider(&profile.protocol)?;
        let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(StoppedClock))
            .with_protocol_versions(&versions)
            .map_err(refused)?;
        let builder = if profile.client_auth == ClientAuth::None {
            builder.with_client_cert_verifier(Arc::new(NoClientAuth))
        } else {
            let mut verifier = WebPkiClientVerifier::builder_with_provider(
                self.roots(Role::Client, profile.trust)?,
                provider.clone(),
            );
            if profile.client_auth == ClientAuth::Optional {
                verifier = verifier.allow_unauthenticated();
            }
            if profile.revocation == Revocation::Crl {
                verifier = verifier.with_crls(self.crls());
            }
            let verifier = verifier.build().map_err(verifier_refused)?;
            builder.with_client_cert_verifier(Arc::new(ObservedClientVerifier(verifier)))
        };
        let key = profile
            .identity
            .map(|credential| self.certified_key(Role::Server, credential, &provider))
            .transpose()?;
        let mut config = builder.with_cert_resolver(Arc::new(Resolver {
            key: key.map(Arc::new),
            sni: profile.sni,
        }));
        config.ignore_client_order = profile.preference == Preference::Server;
        config.require_ems = profile.protocol.ems == Ems::Required;
        config.alpn_protocols = wire_names(&profile.alpn);
        Ok(config)
    }

    fn certified_key(
        &self,
        role: Role,
        credential: Credential,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, Refusal> {
        let chain = self
            .identities
            .chain(role, credential)
            .map_err(unmakeable)?;
        let certificates = chain
            .certificates
            .iter()
            .map(|der| CertificateDer::from(der.clone()))
            .collect();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(chain.key.clone()));
        let mut certified = match credential.loading {
            // What `with_single_cert` and `with_client_auth_cert` do.
            Loading::Checked => CertifiedKey::from_der(certificates, key, provider),
            Loading::Resolver => provider
                .key_provider
                .load_private_key(key)
                .map(|key| CertifiedKey::new(certificates, key)),
        }
        .map_err(refused)?;
        certified.key = Arc::new(ObservedKey(certified.key));
        Ok(certified)
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

    fn crls(&self) -> Vec<CertificateRevocationListDer<'static>> {
        self.identities
            .crls()
            .iter()
            .map(|der| CertificateRevocationListDer::from(der.clone()))
            .collect()
    }
}

/// Time as the harness has it.
#[derive(Debug)]
struct StoppedClock;

impl TimeProvider for StoppedClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_secs(clock::NOW)))
    }
}

/// One certificate, or none, for all names or for the right one: what rustls's own resolvers do, but
/// for the check that `ResolvesServerCertUsingSni` makes of the certificate's names.
#[derive(Debug)]
struct Resolver {
    key: Option<Arc<CertifiedKey>>,
    sni: SniPolicy,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match self.sni {
            SniPolicy::Any => self.key.clone(),
            SniPolicy::Strict if hello.server_name() == Some(ServerName::RIGHT) => self.key.clone(),
            SniPolicy::Strict => None,
        }
    }
}

fn versions(wanted: &[ProtocolVersion]) -> Result<Vec<&'static SupportedProtocolVersion>, Refusal> {
    wanted
        .iter()
        .map(|version| match *version {
            ProtocolVersion::TLS1_2 => Ok(&rustls::version::TLS12),
            ProtocolVersion::TLS1_3 => Ok(&rustls::version::TLS13),
            other => Err(Refusal::Unsupported(format!(
                "rustls implements TLS1.2 and TLS1.3, not {other}"
            ))),
        })
        .collect()
}

fn wire_names(names: &[String]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

fn refused(error: rustls::Error) -> Refusal {
    Refusal::Config(config_failure(failure_of(&error)))
}

fn verifier_refused(error: VerifierBuilderError) -> Refusal {
    Refusal::Config(config_failure(super::error::verifier_failure(&error)))
}

fn unmakeable(reason: Unmakeable) -> Refusal {
    Refusal::Unsupported(reason.0)
}
