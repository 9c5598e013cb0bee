//! shakedown: cross TLS stacks in one process over memory pipes.
//!
//! A [`scenario::Scenario`] is two [`profile`]s on two stacks and a [`link`]. A stack
//! ([`connection::Stack`]) prepares each profile once; a [`pair::Pair`] drives two connections until
//! nothing moves, and tells the [`outcome::Outcome`] that both sides saw.
//!
//! ```
//! # #[cfg(feature = "openssl")] {
//! use std::sync::Arc;
//! use shakedown::{identity::Identities, link::Link, pair, profile, stacks};
//!
//! let stacks = stacks::linked(&Arc::new(Identities::new()));
//! let openssl = stacks.iter().find(|stack| stack.info().name == "OpenSSL").unwrap();
//! let client = openssl.client(&profile::ClientProfile::default());
//! let server = openssl.server(&profile::ServerProfile {
//!     client_auth: profile::ClientAuth::Required,
//!     ..profile::ServerProfile::default()
//! });
//! let outcome = pair::meet(client.as_deref(), server.as_deref(), &Link::default());
//! // In TLS 1.3 a client has long been done when the server misses its certificate.
//! assert!(outcome.client.established && !outcome.server.established);
//! # }
//! ```
//!
//! A configuration of one's own takes part by way of `adopt_client` and `adopt_server` of its stack, and
//! is read back as a profile by `own_client` and `own_server` ([`own`]).

pub mod clock;
pub mod connection;
#[cfg(any(feature = "openssl", feature = "rustls"))]
mod hello;
pub mod iana;
#[cfg(feature = "identity")]
pub mod identity;
pub mod link;
pub mod outcome;
#[cfg(any(feature = "openssl", feature = "rustls"))]
pub mod own;
pub mod pair;
pub mod profile;
pub mod scenario;
#[cfg(feature = "identity")]
pub mod stacks;
pub mod wire;
