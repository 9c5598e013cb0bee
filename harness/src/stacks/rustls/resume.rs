//! Sessions that outlive their connection.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{ClientSessionMemoryCache, ResolvesClientCert, Resumption};
use rustls::server::{NoServerSessionStorage, ProducesTickets, ServerSessionMemoryCache};
use rustls::{ClientConfig, Error, ServerConfig};

use super::error::failure_of;
use crate::connection::{Failure, Memory};
use crate::iana::SignatureScheme;
use crate::profile::{CertificateType, ClientProfile, Credential, Revocation, Trust};
use crate::scenario::Means;

/// A client's configuration that keeps its sessions in `memory`.
///
/// rustls resumes only with the same verifier and the same resolver, as objects. So what is equal in
/// both profiles is also the same object, as in an application that clones its configuration and
/// changes one thing.
pub(super) fn client(
    config: &ClientConfig,
    verified: Option<&Verified>,
    memory: &Memory,
) -> Arc<ClientConfig> {
    let mut config = config.clone();
    let Some(kept) = memory.kept(KeptByClient::default) else {
        return Arc::new(config);
    };
    config.resumption = Resumption::store(kept.sessions.clone());
    let mut first = kept.first.lock().unwrap_or_else(PoisonError::into_inner);
    match (&*first, verified) {
        (Some(first), Some(verified)) => {
            if first.same_verifier(verified) {
                config
                    .dangerous()
                    .set_certificate_verifier(first.verifier.clone());
            }
            if (first.identity, first.own_type) == (verified.identity, verified.own_type) {
                config.client_auth_cert_resolver = first.resolver.clone();
            }
        }
        (None, Some(verified)) => *first = Some(verified.clone()),
        (_, None) => {}
    }
    drop(first);
    Arc::new(config)
}

/// A server's configuration that keeps its sessions in tickets or in `memory`.
pub(super) fn server(
    config: &ServerConfig,
    ticketer: &Ticketer,
    memory: &Memory,
) -> Result<Arc<ServerConfig>, Failure> {
    let mut config = config.clone();
    match memory.means() {
        Means::Ticket => {
            config.ticketer = ticketer.get().map_err(|error| failure_of(&error))?;
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Means::SessionId => {
            if let Some(sessions) = memory.kept(|| ServerSessionMemoryCache::new(SESSIONS)) {
                config.session_storage = sessions.clone();
            }
        }
    }
    Ok(Arc::new(config))
}

/// What makes and reads the tickets of a stack's servers, whatever their configuration; its key is
/// made when it is first needed.
#[derive(Clone)]
pub(super) struct Ticketer(Arc<LazyTicketer>);

struct LazyTicketer {
    make: fn() -> Result<Arc<dyn ProducesTickets>, Error>,
    made: OnceLock<Result<Arc<dyn ProducesTickets>, Error>>,
}

impl Ticketer {
    pub(super) fn new(make: fn() -> Result<Arc<dyn ProducesTickets>, Error>) -> Self {
        Self(Arc::new(LazyTicketer {
            make,
            made: OnceLock::new(),
        }))
    }

    fn get(&self) -> Result<Arc<dyn ProducesTickets>, Error> {
        self.0.made.get_or_init(self.0.make).clone()
    }
}

/// A client's verifier and its resolver, and what they are made of.
#[derive(Clone)]
pub(super) struct Verified {
    trust: Trust,
    revocation: Revocation,
    schemes: Option<Vec<SignatureScheme>>,
    peers_type: CertificateType,
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<Credential>,
    own_type: CertificateType,
    resolver: Arc<dyn ResolvesClientCert>,
}

impl Verified {
    pub(super) fn new(
        profile: &ClientProfile,
        config: &ClientConfig,
        verifier: Arc<dyn ServerCertVerifier>,
    ) -> Self {
        Self {
            trust: profile.trust,
            revocation: profile.revocation,
            schemes: profile.protocol.signature_schemes.clone(),
            peers_type: profile.server_certificate_type,
            verifier,
            identity: profile.identity,
            own_type: profile.certificate_type,
            resolver: config.client_auth_cert_resolver.clone(),
        }
    }

    fn same_verifier(&self, other: &Self) -> bool {
        (self.trust, self.revocation, &self.schemes, self.peers_type)
            == (
                other.trust,
                other.revocation,
                &other.schemes,
                other.peers_type,
            )
    }
}

struct KeptByClient {
    sessions: Arc<ClientSessionMemoryCache>,
    /// Of the configuration that came first.
    first: Mutex<Option<Verified>>,
}

impl Default for KeptByClient {
    fn default() -> Self {
        Self {
            sessions: Arc::new(ClientSessionMemoryCache::new(SESSIONS)),
            first: Mutex::default(),
        }
    }
}

/// Two connections, to two names at most, with two tickets each.
const SESSIONS: usize = 16;
