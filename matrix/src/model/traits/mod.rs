//! What each stack is documented to do, as data with citations.
//!
//! Nothing here is learnt from a run: where a run showed something else than the documentation, the
//! source or the RFC was read, and is cited.

use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use shakedown::scenario::StackId;

pub use self::versions::{Change, Versions};

pub mod openssl;
pub mod rustls;
pub(super) mod versions;

/// A stack's defaults and abilities.
#[derive(Debug)]
pub struct Traits {
    /// The versions that the stack can be asked for.
    pub versions: &'static [ProtocolVersion],
    /// The suites of TLS 1.2 and earlier that it can be asked for.
    pub suites: &'static [CipherSuite],
    /// Its own list of them, in order.
    pub default_suites: &'static [CipherSuite],
    /// Its own list of TLS 1.3 suites, in order; it has no others.
    pub tls13_suites: &'static [CipherSuite],
    /// The groups that it can be asked for.
    pub groups: &'static [NamedGroup],
    /// Its own groups, as tuples in order (RFC 8446 knows a flat list; tuples are OpenSSL's).
    pub default_groups: &'static [&'static [NamedGroup]],
    /// For which of its own groups a client sends a key share.
    pub default_shares: &'static [NamedGroup],
    /// The signature schemes that it can be asked for.
    pub schemes: &'static [SignatureScheme],
    /// Its own schemes, in order.
    pub default_schemes: &'static [SignatureScheme],
}

/// What a stack is documented to do.
pub fn of(stack: StackId) -> &'static Traits {
    match stack {
        StackId::RustlsAwsLcRs => &rustls::AWS_LC_RS,
        StackId::RustlsRing => &rustls::RING,
        StackId::Openssl => openssl::of(),
    }
}
