//! Contexts of the caller's own, read back as profiles.

use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslContextRef, SslMethod, SslVerifyMode};
use openssl::x509::X509Ref;
use openssl::x509::verify::X509VerifyFlags;

use super::config::OCSP_RESP_CHECK;
use super::{OpenSsl, ffi};
use crate::connection::{Peer, Refusal, Role, Stack};
use crate::hello::{EXTENDED_MASTER_SECRET, Hello, STATUS_REQUEST};
use crate::iana::{CipherSuite, ProtocolVersion};
use crate::own::{Own, OwnClient, OwnServer, Setting};
use crate::profile::{
    ClientAuth, ClientProfile, Credential, Ems, Ocsp, Protocol, ServerName, ServerProfile, Sni,
    Trust,
};
use crate::scenario::StackId;

impl OpenSsl {
    /// A client with a context of the caller's that means to reach `name`, and what can be read of it.
    ///
    /// The name is sent as SNI, if it is a DNS name. Versions, suites, groups, signature schemes and
    /// application protocols are read from the context and its ClientHello; that the profile says all of
    /// it is made sure of by a client of that profile, which must send the same ClientHello. The certificate
    /// is read where it is one of the harness's.
    ///
    /// Open stays [`Setting::Other`], which stands for callbacks, options and further certificates of the
    /// context, and [`Setting::Verification`]: anchors are read where they are a [`Trust`] of the harness's,
    /// but neither the moment (`verify_param_mut().set_time(clock::NOW)`), nor the names that the context
    /// itself checks, nor its callbacks. A name that `SslConnector` would check on each connection is not
    /// checked here: say `NameCheck::Off`, or set the host on the context.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use openssl::ssl::{SslContext, SslMethod, SslVerifyMode};
    /// use openssl::x509::{X509, store::X509StoreBuilder};
    /// use shakedown::clock;
    /// use shakedown::connection::Role;
    /// use shakedown::identity::Identities;
    /// use shakedown::own::Setting;
    /// use shakedown::profile::{ServerName, Trust};
    /// use shakedown::stacks::openssl::OpenSsl;
    ///
    /// let identities = Arc::new(Identities::new());
    /// let stack = OpenSsl::new(identities.clone());
    /// let mut roots = X509StoreBuilder::new().unwrap();
    /// for root in identities.anchors(Role::Server, Trust::Roots).unwrap().iter() {
    ///     roots.add_cert(X509::from_der(root).unwrap()).unwrap();
    /// }
    /// let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
    /// context.set_cert_store(roots.build());
    /// context.set_verify(SslVerifyMode::PEER);
    /// context.verify_param_mut().set_time(clock::NOW.try_into().unwrap());
    /// context.verify_param_mut().set_host(ServerName::RIGHT).unwrap();
    ///
    /// let own = stack
    ///     .own_client(context.build(), ServerName::default())
    ///     .told(Setting::Verification, |_| ())
    ///     .told(Setting::Other, |_| ());
    /// assert_eq!(own.profile().trust, Trust::Roots);
    /// assert!(own.open().is_empty());
    /// ```
    pub fn own_client(&self, context: SslContext, name: ServerName) -> OwnClient {
        let sni = match &name {
            ServerName::Dns(name) => Some(name.clone()),
            ServerName::Ip(_) => None,
        };
        let prepared = self.adopt_client(context.clone(), sni);
        let hello = Hello::of(&*prepared);
        let mut own = Own::new(StackId::Openssl, prepared, ClientProfile::default());
        own.profile_mut().server_name = name;
        own.profile_mut().sni = Sni::Send;
        self.read_common(&mut own, &context, |p| &mut p.protocol);
        let identity = self.read_identity(&mut own, &context, Role::Client);
        let trust = self.read_anchors(&mut own, &context, Role::Server);
        own.profile_mut().identity = identity;
        own.profile_mut().trust = trust;
        let flags = read_flags(&mut own, &context);
        own.profile_mut().partial_chain = flags.contains(X509VerifyFlags::PARTIAL_CHAIN);
        if !context.verify_mode().contains(SslVerifyMode::PEER) {
            own.exclude(
                Setting::Verification,
                "it takes any certificate (SSL_VERIFY_NONE)".into(),
            );
        }
        let checks_staple = flags.bits() & OCSP_RESP_CHECK != 0;
        match hello {
            Ok(hello) => self.read_hello(&mut own, &hello, checks_staple),
            Err(native) => own.exclude(Setting::Versions, format!("it cannot begin: {native}")),
        }
        own.leave(Setting::Other, UNSEEN);
        own
    }

    /// A server with a context of the caller's, and what can be read of it.
    ///
    /// Versions, groups and signature schemes are read from what the context would say as a client, where
    /// its method allows that (`SslMethod::tls`); else they stay open. Suites, security level, whether
    /// clients are verified, and certificates of the harness's are read in any case. Open stay
    /// [`Setting::Preference`], [`Setting::Dhe`] where there are suites with it, [`Setting::Alpn`],
    /// [`Setting::Other`], which stands for callbacks, options and further certificates, and
    /// [`Setting::Verification`] where clients are verified, as for clients.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use openssl::pkey::PKey;
    /// use openssl::ssl::{SslContext, SslMethod};
    /// use openssl::x509::X509;
    /// use shakedown::connection::Role;
    /// use shakedown::identity::Identities;
    /// use shakedown::own::Setting;
    /// use shakedown::profile::Credential;
    /// use shakedown::stacks::openssl::OpenSsl;
    ///
    /// let identities = Arc::new(Identities::new());
    /// let stack = OpenSsl::new(identities.clone());
    /// let chain = identities.chain(Role::Server, Credential::default()).unwrap();
    /// let mut context = SslContext::builder(SslMethod::tls()).unwrap();
    /// context.set_certificate(&X509::from_der(&chain.certificates[0]).unwrap()).unwrap();
    /// context.add_extra_chain_cert(X509::from_der(&chain.certificates[1]).unwrap()).unwrap();
    /// context.set_private_key(&PKey::private_key_from_pkcs8(&chain.key).unwrap()).unwrap();
    ///
    /// let own = stack
    ///     .own_server(context.build())
    ///     .told(Setting::Preference, |_| ())
    ///     .told(Setting::Alpn, |_| ())
    ///     .told(Setting::Other, |_| ());
    /// assert_eq!(own.profile().identity, Some(Credential::default()));
    /// // It has suites with DHE, and nobody has said that it has parameters.
    /// assert_eq!(own.open().iter().map(|open| open.setting).collect::<Vec<_>>(), [Setting::Dhe]);
    /// ```
    pub fn own_server(&self, context: SslContext) -> OwnServer {
        let prepared = self.adopt_server(context.clone());
        let mut own = Own::new(StackId::Openssl, prepared, ServerProfile::default());
        self.read_common(&mut own, &context, |p| &mut p.protocol);
        let identity = self.read_identity(&mut own, &context, Role::Server);
        own.profile_mut().identity = identity;
        let mode = context.verify_mode();
        if mode.contains(SslVerifyMode::PEER) {
            let trust = self.read_anchors(&mut own, &context, Role::Client);
            let flags = read_flags(&mut own, &context);
            let profile = own.profile_mut();
            profile.trust = trust;
            profile.partial_chain = flags.contains(X509VerifyFlags::PARTIAL_CHAIN);
            profile.client_auth = if mode.contains(SslVerifyMode::FAIL_IF_NO_PEER_CERT) {
                ClientAuth::Required
            } else {
                ClientAuth::Optional
            };
        }
        own.leave(
            Setting::Preference,
            "a context does not show whether its own order of suites decides",
        );
        own.leave(
            Setting::Alpn,
            "a context does not show how it chooses an application protocol",
        );
        own.leave(Setting::Other, UNSEEN);
        self.read_as_client(&mut own, &context);
        let protocol = &own.profile().protocol;
        let older = protocol
            .versions
            .iter()
            .any(|v| *v < ProtocolVersion::TLS1_3);
        let suites = protocol.suites.as_deref();
        if older && suites.is_none_or(|suites| suites.iter().any(|suite| is_dhe(*suite))) {
            own.leave(
                Setting::Dhe,
                "a context does not show whether it has parameters for its suites with DHE \
                 (the harness's servers make them up); without them, take these suites away",
            );
        }
        own
    }

    /// Suites and security level.
    fn read_common<P>(
        &self,
        own: &mut Own<P>,
        context: &SslContextRef,
        protocol: impl Fn(&mut P) -> &mut Protocol,
    ) {
        let suites = |context: &SslContextRef| -> (Vec<CipherSuite>, Vec<CipherSuite>) {
            let all = ffi::suites(context).into_iter().flatten();
            all.map(|suite| CipherSuite(u16::from_be_bytes(suite.protocol_id())))
                .partition(|suite| suite.is_tls13())
        };
        let Ok(plain) = SslContextBuilder::new(SslMethod::tls()).map(SslContextBuilder::build)
        else {
            return own.exclude(Setting::Suites, "OpenSSL makes no other context".into());
        };
        let (defaults, found) = (suites(&plain), suites(context));
        let protocol = protocol(own.profile_mut());
        protocol.tls13_suites = (found.0 != defaults.0).then_some(found.0);
        protocol.suites = (found.1 != defaults.1).then_some(found.1);
        let level = context.security_level();
        protocol.security_level = (level != plain.security_level())
            .then(|| u8::try_from(level).ok())
            .flatten();
    }

    /// The certificate, where it is the harness's, with the same chain behind it.
    fn read_identity<P>(
        &self,
        own: &mut Own<P>,
        context: &SslContextRef,
        role: Role,
    ) -> Option<Credential> {
        let leaf = context.certificate()?;
        let der = |certificate: &X509Ref| certificate.to_der().ok();
        let rest: Option<Vec<_>> = ffi::extra_chain(context)
            .into_iter()
            .flatten()
            .map(der)
            .collect();
        let has_key = context.private_key().is_some();
        let known = match der(leaf).map(|leaf| self.identities.peer_of(&leaf)) {
            Some(Peer::Known {
                role: of,
                credential,
            }) if of == role => Some(credential),
            _ => None,
        };
        let chain = known.and_then(|known| self.identities.chain(role, known).ok());
        let whole = chain.is_some_and(|chain| {
            let issuers = chain.certificates.get(1..).unwrap_or_default();
            has_key && rest.as_deref() == Some(issuers) && !issuers.is_empty()
        });
        if !whole {
            own.leave(
                Setting::Identity,
                "its certificate is not one of the harness's with the chain behind it \
                 (Identities::chain; add_extra_chain_cert)",
            );
        }
        known
    }

    /// The anchors, and what else of the verification is open.
    fn read_anchors<P>(&self, own: &mut Own<P>, context: &SslContextRef, peer: Role) -> Trust {
        let store = context.cert_store().all_certificates();
        let mut found: Vec<_> = store
            .iter()
            .map(|certificate| certificate.to_der().unwrap_or_default())
            .collect();
        found.sort_unstable();
        let trust = [Trust::Roots, Trust::OtherRoot, Trust::Empty]
            .into_iter()
            .find(|trust| {
                self.identities.anchors(peer, *trust).is_ok_and(|known| {
                    let mut known = known.to_vec();
                    known.sort_unstable();
                    known == found
                })
            });
        own.leave(
            Setting::Verification,
            if trust.is_some() {
                "a context shows neither the moment of verification, nor the names that it checks, nor \
                 its callbacks"
            } else {
                "it does not trust the harness's roots (Identities::anchors), and a context shows \
                 neither the moment of verification, nor the names that it checks, nor its callbacks"
            },
        );
        trust.unwrap_or_default()
    }

    /// What a client says, and whether the profile says it all.
    fn read_hello(&self, own: &mut OwnClient, hello: &Hello, checks_staple: bool) {
        let level_0 = own.profile().protocol.security_level == Some(0);
        let older = hello.newest() == ProtocolVersion::TLS1_2 && level_0;
        if hello.versions().is_none() && older {
            own.leave(
                Setting::Versions,
                "a ClientHello without TLS 1.3 does not show the oldest version",
            );
        }
        let profile = own.profile_mut();
        profile.fallback_scsv = hello.falls_back();
        profile.ocsp = match (hello.extension(STATUS_REQUEST), checks_staple) {
            (None, _) => Ocsp::Ignore,
            (Some(_), false) => Ocsp::Request,
            (Some(_), true) => Ocsp::Check,
        };
        read_protocol(&mut profile.protocol, hello);
        match hello.alpn() {
            Some(alpn) => profile.alpn = alpn,
            None => own.exclude(
                Setting::Alpn,
                "an application protocol of its own is no text".into(),
            ),
        }
        if let Err(difference) = self.fit_lists(own.profile_mut(), hello) {
            own.exclude(
                Setting::Other,
                format!("its ClientHello is none that a profile makes: {difference}"),
            );
        }
    }

    /// What a server's context would say if it were a client.
    fn read_as_client(&self, own: &mut OwnServer, context: &SslContext) {
        let as_client = self.adopt_client(context.clone(), None);
        let mut profile = ClientProfile {
            sni: Sni::Omit,
            ..ClientProfile::default()
        };
        profile.protocol = own.profile().protocol.clone();
        let read = Hello::of(&*as_client).and_then(|hello| {
            if hello.versions().is_none() {
                return Err("it has no TLS 1.3".to_owned());
            }
            read_protocol(&mut profile.protocol, &hello);
            // A server's own suites stay as they are: a client leaves out what is forbidden.
            profile.alpn = hello.alpn().unwrap_or_default();
            self.fit_lists(&mut profile, &hello)
        });
        if let Err(reason) = read {
            for setting in [Setting::Versions, Setting::Groups, Setting::Schemes] {
                own.leave(
                    setting,
                    &format!("not read from what it would say as a client: {reason}"),
                );
            }
            return;
        }
        if profile.protocol.groups.is_some() {
            own.leave(
                Setting::Groups,
                "a context does not show how its groups are divided into tuples",
            );
        }
        let read = profile.protocol;
        let protocol = &mut own.profile_mut().protocol;
        protocol.versions = read.versions;
        protocol.ems = read.ems;
        protocol.groups = read.groups;
        protocol.signature_schemes = read.signature_schemes;
    }

    /// Says groups and schemes one by one where the library's own are not what the hello has.
    fn fit_lists(&self, profile: &mut ClientProfile, hello: &Hello) -> Result<(), String> {
        let say = |profile: &ClientProfile| {
            // Neither makes a difference to what is said, and both may be refused.
            let plain = ClientProfile {
                identity: None,
                trust: Trust::Empty,
                ..profile.clone()
            };
            match self.client(&plain) {
                Ok(config) => Hello::of(&*config),
                Err(Refusal::Unsupported(reason)) => Err(reason),
                Err(Refusal::Config(failure)) => Err(failure.native),
            }
        };
        let said = say(profile)?;
        if said.groups() != hello.groups() || said.shares() != hello.shares() {
            profile.protocol.groups = hello.groups();
            profile.protocol.key_shares = hello.shares();
        }
        if said.schemes() != hello.schemes() {
            profile.protocol.signature_schemes = hello.schemes();
        }
        match say(profile)?.difference(hello) {
            None => Ok(()),
            Some(difference) => Err(difference),
        }
    }
}

fn read_protocol(protocol: &mut Protocol, hello: &Hello) {
    protocol.versions = hello.versions().unwrap_or_else(|| vec![hello.newest()]);
    let older = protocol
        .versions
        .iter()
        .any(|v| *v < ProtocolVersion::TLS1_3);
    if older && hello.extension(EXTENDED_MASTER_SECRET).is_none() {
        protocol.ems = Ems::Off;
    }
}

/// The flags of the verification; those that no profile has a word for are noted.
fn read_flags<P>(own: &mut Own<P>, context: &SslContextRef) -> X509VerifyFlags {
    let flags = Ssl::new(context)
        .map(|mut ssl| ssl.param_mut().flags())
        .unwrap_or(X509VerifyFlags::empty());
    if !flags.contains(X509VerifyFlags::USE_CHECK_TIME) {
        own.exclude(
            Setting::Verification,
            "its clock is not the harness's, around which certificates are valid: set \
             verify_param_mut().set_time(clock::NOW)"
                .into(),
        );
    }
    let known = X509VerifyFlags::USE_CHECK_TIME
        | X509VerifyFlags::TRUSTED_FIRST
        | X509VerifyFlags::PARTIAL_CHAIN
        | X509VerifyFlags::CRL_CHECK
        | X509VerifyFlags::CRL_CHECK_ALL
        | X509VerifyFlags::from_bits_retain(OCSP_RESP_CHECK);
    let other = flags.bits() & !known.bits();
    if other != 0 {
        own.exclude(
            Setting::Verification,
            format!("it verifies with flags that no profile has (0x{other:x})"),
        );
    }
    flags
}

fn is_dhe(suite: CipherSuite) -> bool {
    suite
        .name()
        .is_some_and(|name| name.starts_with("TLS_DHE_"))
}

const UNSEEN: &str = "a context does not show its callbacks, its options and any further certificate, which \
    may change anything";
