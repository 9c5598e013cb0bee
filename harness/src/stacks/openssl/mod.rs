//! OpenSSL, as the `openssl` crate builds it from source.
//!
//! The library is used as an application would that sets what a profile says and leaves the rest
//! alone, with these exceptions, made for all profiles alike:
//!
//! - no configuration file of the host is read;
//! - a profile's chain is sent as it is, and not completed from the trust store;
//! - servers make up parameters for DHE (`SSL_CTX_set_dh_auto`), without which OpenSSL has no DHE;
//! - sessions are not kept, neither by clients nor by servers, whose tickets hold them.

mod config;
mod connection;
mod error;
mod ffi;
mod session;
mod trace;

use std::sync::Arc;

use crate::connection::{Config, Refusal, Stack, StackInfo};
use crate::identity::Identities;
use crate::profile::{ClientProfile, ServerProfile};
use crate::scenario::StackId;

/// The OpenSSL that this build is linked with.
pub struct OpenSsl {
    info: StackInfo,
    identities: Arc<Identities>,
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
        ffi::init();
        Self {
            info: StackInfo {
                id: StackId::Openssl,
                name: "OpenSSL".to_owned(),
                version: version().to_owned(),
                crypto: "OpenSSL default provider".to_owned(),
            },
            identities,
        }
    }
}

impl Stack for OpenSsl {
    fn info(&self) -> &StackInfo {
        &self.info
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        Ok(Arc::new(config::client(profile, &self.identities)?))
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        Ok(Arc::new(config::server(profile, &self.identities)?))
    }
}

/// The second word of, say, `OpenSSL 3.6.3 9 Jun 2026`.
fn version() -> &'static str {
    let full = openssl::version::version();
    full.split(' ').nth(1).unwrap_or(full)
}

#[cfg(test)]
mod tests;
