//! OpenSSL, as the `openssl` crate builds it from source.
//!
//! The library is used as an application would that sets what a profile says and leaves the rest
//! alone, with these exceptions, made for all profiles alike:
//!
//! - no configuration file of the host is read;
//! - a profile's chain is sent as it is, and not completed from the trust store;
//! - servers make up parameters for DHE (`SSL_CTX_set_dh_auto`), without which OpenSSL has no DHE;
//! - sessions are kept only for a scenario with an earlier connection, by no cache of OpenSSL's own;
//! - all servers make tickets with the same keys.

mod config;
mod connection;
mod error;
mod ffi;
mod own;
mod parsed;
mod resume;
mod session;
mod trace;

use std::sync::Arc;

use ::openssl::ssl::{SslContext, SslContextBuilder, SslMethod};

use self::config::Prepared;
use self::parsed::Parsed;
use crate::connection::{Config, Refusal, Role, Stack, StackInfo};
use crate::identity::Identities;
use crate::profile::{ClientProfile, ServerProfile};
use crate::scenario::StackId;

/// The OpenSSL that this build is linked with.
pub struct OpenSsl {
    info: StackInfo,
    identities: Arc<Identities>,
    parsed: Parsed,
}

impl OpenSsl {
    /// Initialises OpenSSL without any configuration of the host's.
    ///
    /// That holds for the whole process, and only if nothing has used OpenSSL before.
    ///
    /// # Panics
    ///
    /// If OpenSSL cannot initialise at all.
    pub fn new(identities: Arc<Identities>) -> Self {
        init();
        Self {
            info: StackInfo {
                id: StackId::Openssl,
                name: "OpenSSL".to_owned(),
                version: version().to_owned(),
                crypto: "OpenSSL default provider".to_owned(),
            },
            identities,
            parsed: Parsed::default(),
        }
    }

    /// The context that a client of this profile has, and the name that each connection sends as SNI.
    ///
    /// # Errors
    ///
    /// As [`Stack::client`].
    pub fn client_context(
        &self,
        profile: &ClientProfile,
    ) -> Result<(SslContext, Option<String>), Refusal> {
        let (context, sni) = self.client_builder(profile)?;
        Ok((context.build(), sni))
    }

    /// As [`Self::client_context`], for a caller who has more to set.
    ///
    /// # Errors
    ///
    /// As [`Stack::client`].
    pub fn client_builder(
        &self,
        profile: &ClientProfile,
    ) -> Result<(SslContextBuilder, Option<String>), Refusal> {
        config::client(profile, &self.identities, &self.parsed)
    }

    /// The context that a server of this profile has.
    ///
    /// # Errors
    ///
    /// As [`Stack::server`].
    pub fn server_context(&self, profile: &ServerProfile) -> Result<SslContext, Refusal> {
        Ok(self.server_builder(profile)?.build())
    }

    /// As [`Self::server_context`], for a caller who has more to set.
    ///
    /// # Errors
    ///
    /// As [`Stack::server`].
    pub fn server_builder(&self, profile: &ServerProfile) -> Result<SslContextBuilder, Refusal> {
        config::server(profile, &self.identities, &self.parsed)
    }

    /// A client with a context of the caller's, and the name that each connection sends as SNI.
    ///
    /// What is checked of the server's name is the context's business. A message callback of the
    /// context's is not called: the harness has its own on each connection. [`Self::own_client`] also
    /// reads the context back.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use openssl::ssl::{SslContext, SslMethod, SslVersion};
    /// use shakedown::connection::Stack;
    /// use shakedown::iana::ProtocolVersion;
    /// use shakedown::stacks::openssl::OpenSsl;
    /// use shakedown::{identity::Identities, link::Link, pair, profile::ServerProfile};
    ///
    /// let stack = OpenSsl::new(Arc::new(Identities::new()));
    /// let mut context = SslContext::builder(SslMethod::tls_client()).unwrap();
    /// context.set_max_proto_version(Some(SslVersion::TLS1_2)).unwrap();
    /// let client = stack.adopt_client(context.build(), None);
    /// let server = stack.server(&ServerProfile::default());
    /// let outcome = pair::meet(Ok(&*client), server.as_deref(), &Link::default());
    /// assert_eq!(outcome.client.session.unwrap().version, ProtocolVersion::TLS1_2);
    /// ```
    pub fn adopt_client(&self, context: SslContext, sni: Option<String>) -> Arc<dyn Config> {
        self.adopt(context, Role::Client, sni)
    }

    /// A server with a context of the caller's, as [`Self::adopt_client`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use openssl::ssl::{SslContext, SslMethod};
    /// use shakedown::connection::Stack;
    /// use shakedown::stacks::openssl::OpenSsl;
    /// use shakedown::{identity::Identities, link::Link, outcome::End, pair, profile::ClientProfile};
    ///
    /// let stack = OpenSsl::new(Arc::new(Identities::new()));
    /// let context = SslContext::builder(SslMethod::tls_server()).unwrap();
    /// let server = stack.adopt_server(context.build());
    /// let client = stack.client(&ClientProfile::default());
    /// let outcome = pair::meet(client.as_deref(), Ok(&*server), &Link::default());
    /// let End::Failed(failure) = outcome.server.end else { panic!("it has no certificate") };
    /// assert_eq!(failure.native, "NO_SHARED_CIPHER");
    /// ```
    pub fn adopt_server(&self, context: SslContext) -> Arc<dyn Config> {
        self.adopt(context, Role::Server, None)
    }

    fn adopt(&self, context: SslContext, role: Role, sni: Option<String>) -> Arc<dyn Config> {
        Arc::new(Prepared {
            context,
            role,
            sni,
            identities: self.identities.clone(),
        })
    }
}

impl Stack for OpenSsl {
    fn info(&self) -> &StackInfo {
        &self.info
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        let (context, sni) = self.client_context(profile)?;
        Ok(self.adopt_client(context, sni))
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        Ok(self.adopt_server(self.server_context(profile)?))
    }
}

/// Initialises OpenSSL without any configuration of the host's, once for the process.
pub(crate) fn init() {
    ffi::init();
}

/// Has all that OpenSSL draws come from [`randomness`](super::randomness) while that has a sequence.
pub(super) fn divert_randomness() {
    ffi::divert_randomness();
}

/// The security level that this OpenSSL was built with (`OPENSSL_TLS_SECURITY_LEVEL`).
///
/// # Panics
///
/// If OpenSSL cannot make a context.
pub fn built_in_level() -> u8 {
    init();
    let context = SslContextBuilder::new(SslMethod::tls()).expect("a context");
    u8::try_from(context.build().security_level()).expect("a level from 0 to 5")
}

/// The second word of, say, `OpenSSL 3.6.3 9 Jun 2026`. It initialises nothing.
pub(super) fn version() -> &'static str {
    let full = openssl::version::version();
    full.split(' ').nth(1).unwrap_or(full)
}

#[cfg(test)]
mod tests;
