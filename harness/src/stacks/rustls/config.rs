//! From a profile to a `ClientConfig` or a `ServerConfig`.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{AlwaysResolvesClientRawPublicKeys, Resumption};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{
    CertificateDer, DnsName, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName as RustlsName,
};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, ServerConfig, SupportedProtocolVersion};

use super::Rustls;
use super::clock::VirtualClock;
use super::compression::{compressors, decompressors};
use super::error::{config_failure, failure_of};
use super::observe::ObservedKey;
use crate::connection::{Refusal, Role};
use crate::iana::ProtocolVersion;
use crate::identity::Unmakeable;
use crate::profile::{
    CertificateType, ClientProfile, Credential, Ems, Loading, Miss, NameCheck, Ocsp, Preference,
    ServerName, ServerProfile, SessionIdContext, Sni, SniPolicy, Staple,
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
        let (config, name, _) = self.client_parts(profile, |verifier| verifier)?;
        Ok((config, name))
    }

    /// As [`Self::client_config`], with the verifier wrapped, and told, for the configuration does not
    /// show it.
    pub(super) fn client_parts(
        &self,
        profile: &ClientProfile,
        wrap: impl FnOnce(Arc<dyn ServerCertVerifier>) -> Arc<dyn ServerCertVerifier>,
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
        if profile.fallback_scsv {
            return Err(Refusal::Unsupported(
                "rustls never sends TLS_FALLBACK_SCSV".into(),
            ));
        }
        if profile.ocsp == Ocsp::Check {
            return Err(Refusal::Unsupported(
                "rustls's WebPkiServerVerifier looks at no stapled response".into(),
            ));
        }
        let name = match &profile.server_name {
            // Not by way of `RustlsName`, which takes an address too.
            ServerName::Dns(name) => DnsName::try_from(name.clone())
                .map(RustlsName::DnsName)
                .map_err(|_| {
                    Refusal::Unsupported(format!("rustls takes {name:?} for no DNS name"))
                })?,
            ServerName::Ip(address) => RustlsName::IpAddress((*address).into()),
        };
        let versions = versions(&profile.protocol.versions)?;
        let provider = self.provider(&profile.protocol)?;
        let verifier = wrap(self.server_verifier(profile, &provider)?);
        let raw = profile.certificate_type == CertificateType::RawPublicKey;
        let builder = ClientConfig::builder_with_details(provider.clone(), Arc::new(VirtualClock))
            .with_protocol_versions(&versions)
            .map_err(refused)?
            .dangerous()
            .with_custom_certificate_verifier(verifier.clone());
        let mut config = match profile.identity {
            None if raw => return Err(no_raw_key()),
            None => builder.with_no_client_auth(),
            Some(credential) if raw => {
                let key = self.raw_key(Role::Client, credential, &provider)?;
                let resolver = AlwaysResolvesClientRawPublicKeys::new(Arc::new(key));
                builder.with_client_cert_resolver(Arc::new(resolver))
            }
            Some(credential) => {
                let key = self.certified_key(Role::Client, credential, &provider)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
            }
        };
        config.cert_compressors = compressors(profile.compression);
        config.cert_decompressors = decompressors(profile.compression);
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
        self.server_parts(profile, |verifier| verifier)
    }

    /// As [`Self::server_config`], with the verifier wrapped.
    pub(super) fn server_parts(
        &self,
        profile: &ServerProfile,
        wrap: impl FnOnce(Arc<dyn ClientCertVerifier>) -> Arc<dyn ClientCertVerifier>,
    ) -> Result<ServerConfig, Refusal> {
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
        let builder = ServerConfig::builder_with_details(provider.clone(), Arc::new(VirtualClock))
            .with_protocol_versions(&versions)
            .map_err(refused)?;
        let builder =
            builder.with_client_cert_verifier(wrap(self.client_verifier(profile, &provider)?));
        let raw = profile.certificate_type == CertificateType::RawPublicKey;
        if raw && profile.identity.is_none() {
            return Err(no_raw_key());
        }
        if raw && profile.staple != Staple::None {
            return Err(Refusal::Unsupported(
                "there is no OCSP response for a raw public key".into(),
            ));
        }
        let key = profile
            .identity
            .map(|credential| {
                if raw {
                    return self.raw_key(Role::Server, credential, &provider);
                }
                let mut key = self.certified_key(Role::Server, credential, &provider)?;
                key.ocsp = self
                    .identities
                    .staple(credential, profile.staple)
                    .map_err(unmakeable)?;
                Ok(key)
            })
            .transpose()?;
        let mut config = builder.with_cert_resolver(Arc::new(Resolver {
            key: key.map(Arc::new),
            sni: profile.sni,
            raw,
        }));
        config.cert_compressors = compressors(profile.compression);
        config.cert_decompressors = decompressors(profile.compression);
        config.ignore_client_order = profile.preference == Preference::Server;
        config.require_ems = profile.protocol.ems == Ems::Required;
        config.alpn_protocols = wire_names(&profile.alpn);
        Ok(config)
    }

    /// A public key in the place of a chain; rustls makes no check of it.
    fn raw_key(
        &self,
        role: Role,
        credential: Credential,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, Refusal> {
        let raw = self
            .identities
            .raw_key(role, credential)
            .map_err(unmakeable)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(raw.key));
        let key = provider
            .key_provider
            .load_private_key(key)
            .map_err(refused)?;
        let certificates = raw.certificates.into_iter().map(CertificateDer::from);
        Ok(CertifiedKey::new(
            certificates.collect(),
            Arc::new(ObservedKey(key)),
        ))
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
}

/// One certificate, or none, for all names or for the right one: what rustls's own resolvers do, but
/// for the check that `ResolvesServerCertUsingSni` makes of the certificate's names.
#[derive(Debug)]
struct Resolver {
    key: Option<Arc<CertifiedKey>>,
    sni: SniPolicy,
    /// Whether the certificate is a raw public key (RFC 7250).
    raw: bool,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        match self.sni {
            SniPolicy::Any => self.key.clone(),
            SniPolicy::Strict if hello.server_name() == Some(ServerName::RIGHT) => self.key.clone(),
            SniPolicy::Strict => None,
        }
    }

    fn only_raw_public_keys(&self) -> bool {
        self.raw
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

fn no_raw_key() -> Refusal {
    Refusal::Unsupported("there is no key to present as it is".into())
}

fn wire_names(names: &[String]) -> Vec<Vec<u8>> {
    names.iter().map(|name| name.as_bytes().to_vec()).collect()
}

pub(super) fn refused(error: rustls::Error) -> Refusal {
    Refusal::Config(config_failure(failure_of(&error)))
}

pub(super) fn unmakeable(reason: Unmakeable) -> Refusal {
    Refusal::Unsupported(reason.0)
}
