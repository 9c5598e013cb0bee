//! shakedown: cross TLS stacks in one process over memory pipes.
//!
//! A [`scenario::Scenario`] is two [`profile`]s on two stacks and a [`link`]. A stack
//! ([`connection::Stack`]) prepares each profile once; a [`pair::Pair`] drives two connections until
//! nothing moves, and tells the [`outcome::Outcome`] that both sides saw.

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
