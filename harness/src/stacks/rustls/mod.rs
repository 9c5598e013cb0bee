//! rustls, with aws-lc-rs or with ring.

use std::io::{BufRead, Write};
use std::sync::Arc;

use rustls::client::ClientConnection;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName as RustlsName;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ProducesTickets, ServerConnection};
use rustls::{ClientConfig, ServerConfig};

use self::error::failure_of;
use self::observe::Observed;
use self::resume::{Ticketer, Verified};
use crate::connection::{
    Config, Connection, Failure, HandshakeKind, Memory, PostHandshake, Reason, Refusal, Role,
    Session, Stack, StackInfo,
};
use crate::iana::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::identity::Identities;
use crate::profile::{ClientProfile, ServerProfile};
use crate::scenario::StackId;

mod clock;
mod compression;
mod config;
mod error;
mod observe;
mod own;
mod presenter;
mod provider;
mod raw_keys;
mod resume;
mod verifiers;

pub use self::clock::VirtualClock;
pub use self::presenter::Presenter;

/// rustls with one of its providers of cryptography.
pub struct Rustls {
    info: StackInfo,
    provider: CryptoProvider,
    groups: Vec<&'static dyn rustls::crypto::SupportedKxGroup>,
    identities: Arc<Identities>,
    algorithms: provider::AlgorithmLists,
    ticketer: Ticketer,
}

impl Rustls {
    /// rustls with aws-lc-rs.
    #[cfg(feature = "rustls-aws-lc-rs")]
    pub fn aws_lc_rs(identities: Arc<Identities>) -> Self {
        use rustls::crypto::aws_lc_rs;
        Self::new(
            StackId::RustlsAwsLcRs,
            concat!("aws-lc-rs ", env!("SHAKEDOWN_AWS_LC_RS_VERSION")),
            CryptoProvider {
                secure_random: &provider::AWS_LC_RS,
                ..aws_lc_rs::default_provider()
            },
            aws_lc_rs::ALL_KX_GROUPS,
            aws_lc_rs::Ticketer::new,
            identities,
        )
    }

    /// rustls with ring.
    #[cfg(feature = "rustls-ring")]
    pub fn ring(identities: Arc<Identities>) -> Self {
        use rustls::crypto::ring;
        Self::new(
            StackId::RustlsRing,
            concat!("ring ", env!("SHAKEDOWN_RING_VERSION")),
            CryptoProvider {
                secure_random: &provider::RING,
                ..ring::default_provider()
            },
            ring::ALL_KX_GROUPS,
            ring::Ticketer::new,
            identities,
        )
    }

    /// A client of this profile whose verifier is another: what `wrap` makes of the profile's own.
    ///
    /// # Errors
    ///
    /// As [`Stack::client`].
    pub fn client_verifying(
        &self,
        profile: &ClientProfile,
        wrap: impl FnOnce(Arc<dyn ServerCertVerifier>) -> Arc<dyn ServerCertVerifier>,
    ) -> Result<Arc<dyn Config>, Refusal> {
        let observed = |verifier| -> Arc<dyn ServerCertVerifier> {
            Arc::new(observe::ObservedServerVerifier(wrap(verifier)))
        };
        let (config, name, verifier) = self.client_parts(profile, observed)?;
        let verified = Verified::new(profile, &config, verifier);
        Ok(self.prepare_client(Arc::new(config), name, Some(verified)))
    }

    /// A server of this profile whose verifier is another, as [`Self::client_verifying`].
    ///
    /// # Errors
    ///
    /// As [`Stack::server`].
    pub fn server_verifying(
        &self,
        profile: &ServerProfile,
        wrap: impl FnOnce(Arc<dyn ClientCertVerifier>) -> Arc<dyn ClientCertVerifier>,
    ) -> Result<Arc<dyn Config>, Refusal> {
        let observed = |verifier| -> Arc<dyn ClientCertVerifier> {
            Arc::new(observe::ObservedClientVerifier(wrap(verifier)))
        };
        Ok(self.adopt_server(Arc::new(self.server_parts(profile, observed)?)))
    }

    fn prepare_client(
        &self,
        config: Arc<ClientConfig>,
        name: RustlsName<'static>,
        verified: Option<Verified>,
    ) -> Arc<dyn Config> {
        let sent_name = match &name {
            // Without a final dot (msgs/handshake.rs, `trim_hostname_trailing_dot_for_sni`).
            RustlsName::DnsName(dns) if config.enable_sni => {
                let name = dns.as_ref();
                Some(name.strip_suffix('.').unwrap_or(name).into())
            }
            _ => None,
        };
        Arc::new(Client {
            config,
            name,
            sent_name,
            verified,
            identities: self.identities.clone(),
        })
    }

    fn new(
        id: StackId,
        crypto: &str,
        provider: CryptoProvider,
        groups: &[&'static dyn rustls::crypto::SupportedKxGroup],
        make_ticketer: fn() -> Result<Arc<dyn ProducesTickets>, rustls::Error>,
        identities: Arc<Identities>,
    ) -> Self {
        Self {
            info: StackInfo {
                id,
                name: "rustls".into(),
                version: VERSION.into(),
                crypto: format!("{crypto}, webpki {}", env!("SHAKEDOWN_WEBPKI_VERSION")),
            },
            provider,
            groups: groups.to_vec(),
            identities,
            algorithms: provider::AlgorithmLists::default(),
            ticketer: Ticketer::new(make_ticketer),
        }
    }
}

impl Stack for Rustls {
    fn info(&self) -> &StackInfo {
        &self.info
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.client_verifying(profile, |verifier| verifier)
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        Ok(self.adopt_server(Arc::new(self.server_config(profile)?)))
    }
}

struct Client {
    config: Arc<ClientConfig>,
    name: RustlsName<'static>,
    sent_name: Option<Arc<str>>,
    /// What the verifier and the resolver are made of; `None`: the caller's affair.
    verified: Option<Verified>,
    identities: Arc<Identities>,
}

impl Client {
    fn begin(&self, config: Arc<ClientConfig>) -> Result<Box<dyn Connection>, Failure> {
        let connection =
            ClientConnection::new(config, self.name.clone()).map_err(|error| failure_of(&error))?;
        Ok(Box::new(Endpoint::new(
            connection.into(),
            Role::Client,
            self.sent_name.clone(),
            self.identities.clone(),
        )))
    }
}

impl Config for Client {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        self.begin(self.config.clone())
    }

    fn connect_with(&self, memory: &Arc<Memory>) -> Result<Box<dyn Connection>, Failure> {
        self.begin(resume::client(&self.config, self.verified.as_ref(), memory))
    }
}

struct Server {
    config: Arc<ServerConfig>,
    ticketer: Ticketer,
    identities: Arc<Identities>,
}

impl Server {
    fn begin(&self, config: Arc<ServerConfig>) -> Result<Box<dyn Connection>, Failure> {
        let connection = ServerConnection::new(config).map_err(|error| failure_of(&error))?;
        Ok(Box::new(Endpoint::new(
            connection.into(),
            Role::Server,
            None,
            self.identities.clone(),
        )))
    }
}

impl Config for Server {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        self.begin(self.config.clone())
    }

    fn connect_with(&self, memory: &Arc<Memory>) -> Result<Box<dyn Connection>, Failure> {
        self.begin(resume::server(&self.config, &self.ticketer, memory)?)
    }
}

struct Endpoint {
    connection: rustls::Connection,
    role: Role,
    sent_name: Option<Arc<str>>,
    identities: Arc<Identities>,
    observed: Observed,
    failure: Option<Failure>,
    established: bool,
    peer_closed: bool,
    received_alert: Option<AlertDescription>,
}

impl Endpoint {
    fn new(
        connection: rustls::Connection,
        role: Role,
        sent_name: Option<Arc<str>>,
        identities: Arc<Identities>,
    ) -> Self {
        Self {
            connection,
            role,
            sent_name,
            identities,
            observed: Observed::default(),
            failure: None,
            established: false,
            peer_closed: false,
            received_alert: None,
        }
    }

    fn process(&mut self) {
        observe::begin();
        let result = self.connection.process_new_packets();
        self.observed.merge(observe::end());
        self.established |= !self.connection.is_handshaking();
        match result {
            Ok(state) => self.peer_closed |= state.peer_has_closed(),
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &rustls::Error) {
        if let rustls::Error::AlertReceived(alert) = error {
            self.received_alert = Some(AlertDescription(u8::from(*alert)));
        }
        self.failure = Some(failure_of(error));
    }
}

impl Connection for Endpoint {
    fn receive(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.failure.is_none() && !self.peer_closed {
            // rustls takes at most its own buffer's worth at a time.
            match self.connection.read_tls(&mut bytes) {
                Ok(0) => return,
                Ok(_) => self.process(),
                Err(error) => {
                    self.failure = Some(Failure {
                        reason: Reason::Internal,
                        native: format!("read_tls({:?})", error.kind()),
                        text: error.to_string(),
                    });
                }
            }
        }
    }

    fn receive_end(&mut self) {
        if self.failure.is_some() || self.peer_closed {
            return;
        }
        // What rustls's own `complete_io` and `reader` answer in this state.
        self.failure = Some(Failure {
            reason: Reason::Truncated,
            native: "UnexpectedEof".into(),
            text: if self.established {
                UNEXPECTED_EOF.into()
            } else {
                "unexpected end of file".into()
            },
        });
    }

    fn advance(&mut self) {}

    fn transmit(&mut self, out: &mut Vec<u8>) {
        while self.connection.wants_write() {
            match self.connection.write_tls(out) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    self.failure.get_or_insert_with(|| Failure {
                        reason: Reason::Internal,
                        native: format!("write_tls({:?})", error.kind()),
                        text: error.to_string(),
                    });
                    return;
                }
            }
        }
        self.established |= self.failure.is_none() && !self.connection.is_handshaking();
    }

    fn is_established(&self) -> bool {
        self.established
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    fn send(&mut self, data: &[u8]) {
        if self.failure.is_some() {
            return;
        }
        if let Err(error) = self.connection.writer().write_all(data) {
            self.failure = Some(Failure {
                reason: Reason::Internal,
                native: format!("write({:?})", error.kind()),
                text: error.to_string(),
            });
        }
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        let mut reader = self.connection.reader();
        while let Ok(chunk @ [_, ..]) = reader.fill_buf() {
            out.extend_from_slice(chunk);
            let length = chunk.len();
            reader.consume(length);
        }
    }

    fn close(&mut self) {
        if self.failure.is_none() {
            self.connection.send_close_notify();
        }
    }

    fn is_peer_closed(&self) -> bool {
        self.peer_closed
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        let result = match &self.connection {
            rustls::Connection::Client(client) => {
                client.export_keying_material(&mut *out, label, Some(context))
            }
            rustls::Connection::Server(server) => {
                server.export_keying_material(&mut *out, label, Some(context))
            }
        };
        result.map(drop).map_err(|error| failure_of(&error))
    }

    fn post_handshake(&mut self, what: PostHandshake) -> Result<(), Failure> {
        match what {
            PostHandshake::KeyUpdate => self
                .connection
                .refresh_traffic_keys()
                .map_err(|error| failure_of(&error)),
            PostHandshake::Renegotiation | PostHandshake::NewSessionTicket => Err(what.refused()),
        }
    }

    fn session(&self) -> Session {
        let connection = &self.connection;
        let (server_signature, client_signature) = match self.role {
            Role::Client => (self.observed.verified, self.observed.signed),
            Role::Server => (self.observed.signed, self.observed.verified),
        };
        Session {
            version: ProtocolVersion(connection.protocol_version().map_or(0, u16::from)),
            suite: CipherSuite(
                connection
                    .negotiated_cipher_suite()
                    .map_or(0, |suite| u16::from(suite.suite())),
            ),
            group: connection
                .negotiated_key_exchange_group()
                .map(|group| NamedGroup(u16::from(group.name()))),
            server_signature: server_signature.map(SignatureScheme),
            client_signature: client_signature.map(SignatureScheme),
            alpn: connection
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            server_name: match connection {
                rustls::Connection::Client(_) => self.sent_name.as_deref().map(str::to_owned),
                rustls::Connection::Server(server) => server.server_name().map(str::to_owned),
            },
            kind: match connection.handshake_kind() {
                Some(rustls::HandshakeKind::FullWithHelloRetryRequest) => {
                    HandshakeKind::HelloRetryRequest
                }
                Some(rustls::HandshakeKind::Resumed) => HandshakeKind::Resumed,
                Some(rustls::HandshakeKind::Full) | None => HandshakeKind::Full,
            },
            peer: connection
                .peer_certificates()
                .and_then(|chain| chain.first())
                .map(|leaf| self.identities.peer_of(leaf)),
        }
    }

    fn alerts_sent(&self) -> Vec<AlertDescription> {
        // rustls does not tell.
        Vec::new()
    }

    fn alerts_received(&self) -> Vec<AlertDescription> {
        self.received_alert.into_iter().collect()
    }
}

const UNEXPECTED_EOF: &str = "peer closed connection without sending TLS close_notify: \
    https://docs.rs/rustls/latest/rustls/manual/_03_howto/index.html#unexpected-eof";

/// The version that is locked; `unknown`: the build had no lock file.
pub(super) const VERSION: &str = env!("SHAKEDOWN_RUSTLS_VERSION");
