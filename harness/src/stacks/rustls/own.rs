//! Configurations of the caller's own, as they are and read back as profiles.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::compress::{CertCompressor, CertDecompressor};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName as RustlsName;
use rustls::time_provider::TimeProvider;
use rustls::{CertificateCompressionAlgorithm, ClientConfig, ServerConfig, SupportedCipherSuite};

use super::{Rustls, Server};
use crate::clock;
use crate::connection::{Config, Refusal, Stack};
use crate::hello::{
    ALPN, CLIENT_CERTIFICATE_TYPE, COMPRESS_CERTIFICATE, Hello, SERVER_CERTIFICATE_TYPE,
};
use crate::iana::{CipherSuite, NamedGroup, SignatureScheme};
use crate::own::{Own, OwnClient, OwnServer, Setting};
use crate::profile::{
    CertificateType, ClientProfile, Compression, Credential, Ems, Preference, Protocol, ServerName,
    ServerProfile, Sni,
};

impl Rustls {
    /// A client with a configuration of the caller's.
    ///
    /// Its sessions tell no signature schemes, which only the verifiers and keys of
    /// [`Self::client_config`] note. [`Self::own_client`] also reads the configuration back.
    ///
    /// ```
    /// # #[cfg(all(feature = "rustls-ring", feature = "openssl"))] {
    /// use std::sync::Arc;
    /// use rustls::{ClientConfig, RootCertStore};
    /// use shakedown::connection::Stack;
    /// use shakedown::profile::{ServerName, ServerProfile};
    /// use shakedown::stacks::openssl::OpenSsl;
    /// use shakedown::stacks::rustls::{Rustls, VirtualClock};
    /// use shakedown::{identity::Identities, link::Link, outcome::End, pair};
    ///
    /// let identities = Arc::new(Identities::new());
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = ClientConfig::builder_with_details(provider, Arc::new(VirtualClock))
    ///     .with_safe_default_protocol_versions()
    ///     .unwrap()
    ///     .with_root_certificates(RootCertStore::empty())
    ///     .with_no_client_auth();
    /// let name = ServerName::RIGHT.try_into().unwrap();
    /// let client = Rustls::ring(identities.clone()).adopt_client(Arc::new(config), name);
    /// let server = OpenSsl::new(identities).server(&ServerProfile::default());
    /// let outcome = pair::meet(Ok(&*client), server.as_deref(), &Link::default());
    /// let End::Failed(failure) = outcome.client.end else { panic!("it trusts nobody") };
    /// assert_eq!(failure.native, "InvalidCertificate(UnknownIssuer)");
    /// # }
    /// ```
    pub fn adopt_client(
        &self,
        config: Arc<ClientConfig>,
        name: RustlsName<'static>,
    ) -> Arc<dyn Config> {
        self.prepare_client(config, name, None)
    }

    /// A server with a configuration of the caller's, as [`Self::adopt_client`].
    ///
    /// ```
    /// # #[cfg(all(feature = "rustls-ring", feature = "openssl"))] {
    /// use std::sync::Arc;
    /// use rustls::ServerConfig;
    /// use rustls::pki_types::PrivateKeyDer;
    /// use shakedown::connection::{Role, Stack};
    /// use shakedown::profile::{ClientProfile, Credential};
    /// use shakedown::stacks::openssl::OpenSsl;
    /// use shakedown::stacks::rustls::{Rustls, VirtualClock};
    /// use shakedown::{identity::Identities, link::Link, pair};
    ///
    /// let identities = Arc::new(Identities::new());
    /// let chain = identities.chain(Role::Server, Credential::default()).unwrap();
    /// let certificates = chain.certificates.iter().cloned().map(Into::into).collect();
    /// let key = PrivateKeyDer::try_from(chain.key.clone()).unwrap();
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = ServerConfig::builder_with_details(provider, Arc::new(VirtualClock))
    ///     .with_safe_default_protocol_versions()
    ///     .unwrap()
    ///     .with_no_client_auth()
    ///     .with_single_cert(certificates, key)
    ///     .unwrap();
    /// let server = Rustls::ring(identities.clone()).adopt_server(Arc::new(config));
    /// let client = OpenSsl::new(identities).client(&ClientProfile::default());
    /// assert!(pair::meet(client.as_deref(), Ok(&*server), &Link::default()).is_success());
    /// # }
    /// ```
    pub fn adopt_server(&self, config: Arc<ServerConfig>) -> Arc<dyn Config> {
        Arc::new(Server {
            config,
            ticketer: self.ticketer.clone(),
            identities: self.identities.clone(),
        })
    }

    /// A client with a configuration of the caller's that connects to `name`, and what can be read of it.
    ///
    /// Versions, suites, groups, signature schemes and application protocols are read from its public
    /// fields, its provider and its ClientHello; that the profile says all of it is made sure of by a
    /// client of that profile, which must send the same ClientHello. Open stay [`Setting::Verification`],
    /// for rustls does not show a verifier, and [`Setting::Identity`] where there are certificates.
    ///
    /// It resumes no session, whatever it is set to: each connection is the first.
    ///
    /// ```
    /// # #[cfg(feature = "rustls-ring")] {
    /// use std::sync::Arc;
    /// use rustls::{ClientConfig, RootCertStore};
    /// use shakedown::connection::Role;
    /// use shakedown::identity::Identities;
    /// use shakedown::own::Setting;
    /// use shakedown::profile::{ServerName, Trust};
    /// use shakedown::stacks::rustls::{Rustls, VirtualClock};
    ///
    /// let identities = Arc::new(Identities::new());
    /// let mut roots = RootCertStore::empty();
    /// for root in identities.anchors(Role::Server, Trust::Roots).unwrap().iter() {
    ///     roots.add(root.clone().into()).unwrap();
    /// }
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = ClientConfig::builder_with_details(provider, Arc::new(VirtualClock))
    ///     .with_protocol_versions(&[&rustls::version::TLS13])
    ///     .unwrap()
    ///     .with_root_certificates(roots)
    ///     .with_no_client_auth();
    ///
    /// let name = ServerName::RIGHT.try_into().unwrap();
    /// let own = Rustls::ring(identities)
    ///     .own_client(Arc::new(config), name)
    ///     .told(Setting::Verification, |profile| profile.trust = Trust::Roots);
    /// assert_eq!(own.profile().protocol.versions, [shakedown::iana::ProtocolVersion::TLS1_3]);
    /// assert!(own.open().is_empty());
    /// # }
    /// ```
    pub fn own_client(&self, config: Arc<ClientConfig>, name: RustlsName<'static>) -> OwnClient {
        let mut config = Arc::unwrap_or_clone(config);
        config.resumption = Resumption::disabled();
        let config = Arc::new(config);
        let prepared = self.adopt_client(config.clone(), name.clone());
        let hello = Hello::of(&*prepared);
        let mut own = Own::new(self.info.id, prepared, ClientProfile::default());
        self.read_provider(&mut own, config.crypto_provider(), |p| &mut p.protocol);
        read_clock(&mut own, &*config.time_provider);
        let compression = read_compression(
            &mut own,
            &config.cert_compressors,
            &config.cert_decompressors,
        );
        read_records(&mut own, config.max_fragment_size);
        // Not every release of 0.23 has the field; one that has not always checks.
        if format!("{config:?}").contains("check_selected_alpn: false") {
            own.exclude(
                Setting::Alpn,
                "it takes protocols that it has not offered (check_selected_alpn is off)".into(),
            );
        }
        if config.client_auth_cert_resolver.has_certs() {
            own.leave(
                Setting::Identity,
                "rustls does not show which certificate a resolver presents",
            );
        }
        own.leave(
            Setting::Verification,
            "rustls shows neither a configuration's verifier nor its roots",
        );
        let profile = own.profile_mut();
        profile.compression = compression;
        profile.protocol.ems = ems(config.require_ems);
        profile.sni = if config.enable_sni {
            Sni::Send
        } else {
            Sni::Omit
        };
        let name = match &name {
            RustlsName::DnsName(name) => Some(ServerName::Dns(name.as_ref().to_owned())),
            RustlsName::IpAddress(address) => Some(ServerName::Ip((*address).into())),
            _ => None,
        };
        match name {
            Some(name) => profile.server_name = name,
            None => own.exclude(Setting::Other, "its server name has no known form".into()),
        }
        match hello {
            Ok(hello) => self.read_hello(&mut own, &hello),
            Err(native) => own.exclude(Setting::Versions, format!("it cannot begin: {native}")),
        }
        own
    }

    /// A server with a configuration of the caller's, and what can be read of it.
    ///
    /// Suites, groups and application protocols are read from its public fields and its provider. Open
    /// stay [`Setting::Versions`], which rustls does not show, [`Setting::Identity`], for a resolver
    /// chooses anew for each connection, and [`Setting::Verification`]: whether and how clients are
    /// verified; its verifier is taken to accept all signature schemes of the provider.
    ///
    /// ```
    /// # #[cfg(feature = "rustls-ring")] {
    /// use std::sync::Arc;
    /// use rustls::ServerConfig;
    /// use rustls::pki_types::PrivateKeyDer;
    /// use shakedown::connection::Role;
    /// use shakedown::identity::Identities;
    /// use shakedown::own::Setting;
    /// use shakedown::profile::Credential;
    /// use shakedown::stacks::rustls::{Rustls, VirtualClock};
    ///
    /// let identities = Arc::new(Identities::new());
    /// let chain = identities.chain(Role::Server, Credential::default()).unwrap();
    /// let certificates = chain.certificates.iter().cloned().map(Into::into).collect();
    /// let key = PrivateKeyDer::try_from(chain.key.clone()).unwrap();
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = ServerConfig::builder_with_details(provider, Arc::new(VirtualClock))
    ///     .with_safe_default_protocol_versions()
    ///     .unwrap()
    ///     .with_no_client_auth()
    ///     .with_single_cert(certificates, key)
    ///     .unwrap();
    ///
    /// let own = Rustls::ring(identities)
    ///     .own_server(Arc::new(config))
    ///     .told(Setting::Versions, |_| ())
    ///     .told(Setting::Identity, |profile| profile.identity = Some(Credential::default()))
    ///     .told(Setting::Verification, |_| ());
    /// assert!(own.open().is_empty());
    /// # }
    /// ```
    pub fn own_server(&self, config: Arc<ServerConfig>) -> OwnServer {
        let prepared = self.adopt_server(config.clone());
        let mut own = Own::new(self.info.id, prepared, ServerProfile::default());
        self.read_provider(&mut own, config.crypto_provider(), |p| &mut p.protocol);
        read_clock(&mut own, &*config.time_provider);
        let compression = read_compression(
            &mut own,
            &config.cert_compressors,
            &config.cert_decompressors,
        );
        read_records(&mut own, config.max_fragment_size);
        if config.send_half_rtt_data {
            own.exclude(
                Setting::Other,
                "it sends data before the client is done (send_half_rtt_data)".into(),
            );
        }
        own.leave(
            Setting::Versions,
            "rustls does not show a server's versions",
        );
        own.leave(
            Setting::Identity,
            "rustls does not show which certificate a resolver presents",
        );
        own.leave(
            Setting::Verification,
            "rustls shows neither a configuration's verifier nor its roots",
        );
        let verifies = &config.crypto_provider().signature_verification_algorithms;
        let schemes: Vec<_> = verifies.mapping.iter().map(|(scheme, _)| *scheme).collect();
        let schemes = self.schemes_of(&schemes);
        let alpn: Option<Vec<_>> = config
            .alpn_protocols
            .iter()
            .map(|name| String::from_utf8(name.clone()).ok())
            .collect();
        let profile = own.profile_mut();
        profile.compression = compression;
        profile.protocol.ems = ems(config.require_ems);
        profile.protocol.signature_schemes = schemes;
        if config.cert_resolver.only_raw_public_keys() {
            profile.certificate_type = CertificateType::RawPublicKey;
        }
        profile.preference = if config.ignore_client_order {
            Preference::Server
        } else {
            Preference::Client
        };
        match alpn {
            Some(alpn) => profile.alpn = alpn,
            None => own.exclude(Setting::Alpn, NO_TEXT.into()),
        }
        own
    }

    /// Suites and groups.
    fn read_provider<P>(
        &self,
        own: &mut Own<P>,
        provider: &CryptoProvider,
        protocol: impl Fn(&mut P) -> &mut Protocol,
    ) {
        let known_suites = provider.cipher_suites.iter().all(|suite| {
            let mut known = self.provider.cipher_suites.iter();
            known.any(|known| same_suite(suite, known))
        });
        let known_groups = provider.kx_groups.iter().all(|group| {
            let mut known = self.groups.iter();
            known.any(|known| std::ptr::addr_eq(*group, *known))
        });
        if !known_suites || !known_groups {
            own.exclude(
                Setting::Provider,
                format!(
                    "its suites and groups are not all those of rustls with {}",
                    self.info.crypto
                ),
            );
        }
        let suites = |provider: &CryptoProvider, tls13: bool| -> Vec<_> {
            let of_version = provider.cipher_suites.iter();
            of_version
                .filter(|suite| suite.tls13().is_some() == tls13)
                .map(|suite| CipherSuite(suite.suite().into()))
                .collect()
        };
        let groups = |provider: &CryptoProvider| -> Vec<_> {
            let groups = provider.kx_groups.iter();
            groups
                .map(|group| NamedGroup(group.name().into()))
                .collect()
        };
        let protocol = protocol(own.profile_mut());
        protocol.suites = unless_default(suites(provider, false), &suites(&self.provider, false));
        protocol.tls13_suites =
            unless_default(suites(provider, true), &suites(&self.provider, true));
        protocol.groups = unless_default(groups(provider), &groups(&self.provider));
    }

    /// What a client says, and whether the profile says it all.
    fn read_hello(&self, own: &mut OwnClient, hello: &Hello) {
        let schemes = hello.schemes().unwrap_or_default();
        let profile = own.profile_mut();
        profile.protocol.versions = hello.versions().unwrap_or_default();
        let schemes: Vec<_> = schemes
            .into_iter()
            .map(|scheme| rustls::SignatureScheme::from(scheme.0))
            .collect();
        profile.protocol.signature_schemes = self.schemes_of(&schemes);
        for (kind, certificate_type) in [
            (CLIENT_CERTIFICATE_TYPE, &mut profile.certificate_type),
            (
                SERVER_CERTIFICATE_TYPE,
                &mut profile.server_certificate_type,
            ),
        ] {
            if hello.extension(kind) == Some(ONLY_RAW_PUBLIC_KEYS) {
                *certificate_type = CertificateType::RawPublicKey;
            }
        }
        match hello.alpn() {
            Some(alpn) => profile.alpn = alpn,
            None => own.exclude(Setting::Alpn, NO_TEXT.into()),
        }
        let mut profile = own.profile().clone();
        if profile.certificate_type == CertificateType::RawPublicKey {
            profile.identity = Some(Credential::default());
        }
        let same = match self.client(&profile) {
            Ok(config) => Hello::of(&*config),
            Err(Refusal::Unsupported(reason)) => Err(reason),
            Err(Refusal::Config(failure)) => Err(failure.native),
        };
        let difference = match &same {
            Ok(same) => without_open(own, hello).difference(&without_open(own, same)),
            Err(reason) => Some(reason.clone()),
        };
        if let Some(difference) = difference {
            own.exclude(
                Setting::Other,
                format!("its ClientHello is none that a profile makes: {difference}"),
            );
        }
    }

    fn schemes_of(&self, schemes: &[rustls::SignatureScheme]) -> Option<Vec<SignatureScheme>> {
        let verifies = &self.provider.signature_verification_algorithms;
        let own = |scheme: &rustls::SignatureScheme| SignatureScheme((*scheme).into());
        let default: Vec<_> = verifies
            .mapping
            .iter()
            .map(|(scheme, _)| own(scheme))
            .collect();
        unless_default(schemes.iter().map(own).collect(), &default)
    }
}

/// The hello without what is open anyway.
fn without_open(own: &OwnClient, hello: &Hello) -> Hello {
    let mut hello = hello.clone();
    for open in own.open() {
        match open.setting {
            Setting::Alpn => hello = hello.without(ALPN),
            Setting::Compression => hello = hello.without(COMPRESS_CERTIFICATE),
            _ => {}
        }
    }
    hello
}

fn read_clock<P>(own: &mut Own<P>, clock: &dyn TimeProvider) {
    if clock.current_time().map(|now| now.as_secs()) != Some(clock::NOW) {
        own.exclude(
            Setting::Verification,
            "its clock is not the harness's, around which certificates are valid: give it \
             stacks::rustls::VirtualClock as its TimeProvider"
                .into(),
        );
    }
}

fn read_compression<P>(
    own: &mut Own<P>,
    compressors: &[&'static dyn CertCompressor],
    decompressors: &[&'static dyn CertDecompressor],
) -> Compression {
    let own_ones: Vec<_> = compressors.iter().map(|c| c.algorithm()).collect();
    let peers: Vec<_> = decompressors.iter().map(|d| d.algorithm()).collect();
    match (&own_ones[..], &peers[..]) {
        ([], []) => return Compression::None,
        ([ZLIB], [ZLIB]) => return Compression::Zlib,
        _ => {}
    }
    own.exclude(
        Setting::Compression,
        "it compresses certificates otherwise than not at all or with zlib".into(),
    );
    Compression::None
}

fn read_records<P>(own: &mut Own<P>, max_fragment_size: Option<usize>) {
    if max_fragment_size.is_some() {
        own.exclude(
            Setting::Other,
            "it has records of another size (max_fragment_size)".into(),
        );
    }
}

fn ems(required: bool) -> Ems {
    if required {
        Ems::Required
    } else {
        Ems::Default
    }
}

/// Whether the two are one and the same implementation.
fn same_suite(one: &SupportedCipherSuite, other: &SupportedCipherSuite) -> bool {
    match (one, other) {
        (SupportedCipherSuite::Tls12(one), SupportedCipherSuite::Tls12(other)) => {
            std::ptr::eq(*one, *other)
        }
        (SupportedCipherSuite::Tls13(one), SupportedCipherSuite::Tls13(other)) => {
            std::ptr::eq(*one, *other)
        }
        _ => false,
    }
}

fn unless_default<T: PartialEq>(list: Vec<T>, default: &[T]) -> Option<Vec<T>> {
    (list != default).then_some(list)
}

const ZLIB: CertificateCompressionAlgorithm = CertificateCompressionAlgorithm::Zlib;
/// A list of one type, RawPublicKey (RFC 7250 §3).
const ONLY_RAW_PUBLIC_KEYS: &[u8] = &[0x01, 0x02];
const NO_TEXT: &str = "an application protocol of its own is no text";
