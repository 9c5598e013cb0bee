//! What the harness asks of a stack: to prepare a configuration, and to be one end of a handshake.
//!
//! Connections are sans-IO: bytes in, bytes out, and a state. Nothing here names a library, so that
//! a stack in another process, or a configuration of someone's own, is one more implementation.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::iana::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::profile::{ClientProfile, Credential, ServerProfile};
use crate::scenario::{Means, StackId};

mod around;

pub use around::Around;

/// A TLS library that can play both sides.
pub trait Stack: Send + Sync {
    /// Name and exact version.
    fn info(&self) -> &StackInfo;

    /// Prepares a client, once for all the handshakes that use the profile.
    ///
    /// # Errors
    ///
    /// [`Refusal`], where the stack cannot express the profile or refuses it.
    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal>;

    /// Prepares a server, once for all the handshakes that use the profile.
    ///
    /// # Errors
    ///
    /// [`Refusal`], where the stack cannot express the profile or refuses it.
    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal>;
}

/// A prepared profile.
pub trait Config: Send + Sync {
    /// Makes a new connection.
    ///
    /// # Errors
    ///
    /// [`Failure`], where the stack refuses to begin.
    fn connect(&self) -> Result<Box<dyn Connection>, Failure>;

    /// Makes a new connection that remembers, and is remembered. A stack without a way to resume
    /// leaves it at that.
    ///
    /// # Errors
    ///
    /// As [`Self::connect`].
    fn connect_with(&self, memory: &Arc<Memory>) -> Result<Box<dyn Connection>, Failure> {
        let _ = memory;
        self.connect()
    }
}

/// What one side keeps of an earlier connection for a later one. Nothing else shares it.
pub struct Memory {
    means: Means,
    kept: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Memory {
    /// Nothing yet.
    pub fn new(means: Means) -> Self {
        Self {
            means,
            kept: OnceLock::new(),
        }
    }

    /// What the server keeps sessions with.
    pub fn means(&self) -> Means {
        self.means
    }

    /// What the stack keeps here, made where there is none yet; `None` where it is another stack's.
    pub fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.kept.get_or_init(|| Box::new(make())).downcast_ref()
    }
}

/// One live end of a handshake.
///
/// After a failure every call is allowed and changes nothing, but that what was to be sent, such as
/// an alert, can still be taken.
pub trait Connection {
    /// Takes bytes from the link and goes on as far as they reach.
    fn receive(&mut self, bytes: &[u8]);

    /// Learns that the link brings nothing more.
    fn receive_end(&mut self);

    /// Goes on without input; a client begins so.
    fn advance(&mut self);

    /// Appends what is to be sent to `out`.
    fn transmit(&mut self, out: &mut Vec<u8>);

    /// Whether this side holds the handshake for done. It stays true when a failure follows.
    fn is_established(&self) -> bool;

    /// The failure that ended this side.
    fn failure(&self) -> Option<&Failure>;

    /// Sends application data.
    fn send(&mut self, data: &[u8]);

    /// Appends the application data that has arrived to `out`.
    fn take_received(&mut self, out: &mut Vec<u8>);

    /// Sends close_notify.
    fn close(&mut self);

    /// Whether the peer's close_notify has arrived.
    fn is_peer_closed(&self) -> bool;

    /// Begins what a side can begin of its own once the handshake is done; what it says goes out with
    /// [`Self::transmit`].
    ///
    /// # Errors
    ///
    /// [`Failure`], where the stack has no way to, or refuses, as for what the negotiated version does not have.
    /// Nothing is sent then, and the connection goes on.
    fn post_handshake(&mut self, what: PostHandshake) -> Result<(), Failure> {
        Err(what.refused())
    }

    /// Derives keying material (RFC 5705; RFC 8446 §7.5) and fills `out`.
    ///
    /// # Errors
    ///
    /// [`Failure`], where the stack refuses.
    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure>;

    /// The parameters that this side holds for negotiated; asked only once established.
    fn session(&self) -> Session;

    /// The alerts that this side itself says it sent, in order. Not every stack tells: the pair
    /// adds what it reads on the wire.
    fn alerts_sent(&self) -> Vec<AlertDescription>;

    /// The alerts that this side itself says it received, in order.
    fn alerts_received(&self) -> Vec<AlertDescription>;
}

/// What a side can begin of its own once the handshake is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PostHandshake {
    /// New keys for what it sends, and a request that the peer take new ones too (RFC 8446 §4.6.3).
    KeyUpdate,
    /// Another handshake within the connection (RFC 5246 §7.4.1.1, RFC 5746).
    Renegotiation,
    /// One more ticket (RFC 8446 §4.6.1).
    NewSessionTicket,
}

impl PostHandshake {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::KeyUpdate, Self::Renegotiation, Self::NewSessionTicket];

    /// The failure where a stack has no way to begin it, or none here, and no error of its own.
    pub fn refused(self) -> Failure {
        Failure {
            reason: Reason::Internal,
            native: format!("Refused({self:?})"),
            text: format!("no {self:?} can begin here"),
        }
    }
}

/// Which side.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The side that speaks first.
    Client,
    /// The side that answers.
    Server,
}

impl Role {
    /// Client, then server.
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    /// The opposite side.
    pub fn peer(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    /// The name in JSON and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A stack's name and exact versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackInfo {
    /// The name in scenarios.
    pub id: StackId,
    /// The library's name.
    pub name: String,
    /// The library's version, as it was linked.
    pub version: String,
    /// The cryptography that it uses, with its version.
    pub crypto: String,
}

/// Why a profile was not prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The stack has no way to say what the profile says; the reason.
    Unsupported(String),
    /// The stack refuses the configuration.
    Config(Failure),
}

/// How a side failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failure {
    /// What the error means, in words common to all stacks.
    pub reason: Reason,
    /// The stack's own error, normalised: rustls's variants without their contexts, OpenSSL's reason
    /// of the first queued error.
    pub native: String,
    /// The stack's own message for people.
    pub text: String,
}

/// What an error means, in words common to all stacks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The peer sent a fatal alert.
    AlertReceived(AlertDescription),
    /// The link ended before the handshake, or without close_notify.
    Truncated,
    /// The configuration cannot work, before any byte of the peer's.
    Configuration,
    /// No common protocol version.
    Version,
    /// No common cipher suite, or none that fits the server's key.
    Suite,
    /// No common group.
    Group,
    /// No common signature scheme, or one that was not offered.
    SignatureScheme,
    /// No common application protocol.
    Alpn,
    /// The server does not know the name, or has no certificate for it.
    ServerName,
    /// The peer's certificate or chain was refused.
    Certificate,
    /// The peer presented no certificate.
    NoCertificate,
    /// A signature of the handshake does not verify.
    Signature,
    /// A record does not decrypt.
    Decrypt,
    /// A message cannot be parsed.
    Decode,
    /// A message came out of turn.
    UnexpectedMessage,
    /// A value contradicts what was agreed.
    IllegalParameter,
    /// The stack's own fault, or a limit of it.
    Internal,
    /// An error that the adapter has no word for; it fails the run.
    Unmapped,
}

/// What one side holds for negotiated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// The protocol version.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub suite: CipherSuite,
    /// The group of the key exchange; `null` for RSA key transport, DHE with parameters, and
    /// resumption before TLS 1.3.
    pub group: Option<NamedGroup>,
    /// The scheme of the server's signature over the handshake; `null` where there is none.
    pub server_signature: Option<SignatureScheme>,
    /// The scheme of the client's signature over the handshake.
    pub client_signature: Option<SignatureScheme>,
    /// The application protocol.
    pub alpn: Option<String>,
    /// The server name in the ClientHello.
    pub server_name: Option<String>,
    /// Full, with a HelloRetryRequest, or resumed.
    pub kind: HandshakeKind,
    /// Whose certificate the peer presented.
    pub peer: Option<Peer>,
}

/// The shape of a handshake.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum HandshakeKind {
    /// Full.
    Full,
    /// Full, after a HelloRetryRequest (RFC 8446 §4.1.4).
    HelloRetryRequest,
    /// Abbreviated, with a HelloRetryRequest or without: no stack tells these apart.
    Resumed,
}

/// Whose certificate was presented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// One of the harness's own.
    Known {
        /// Whether it was issued for a client or for a server.
        role: Role,
        /// Which.
        credential: Credential,
    },
    /// Another; its SHA-256 in hexadecimal.
    Other(String),
}
