//! What the benchmarks and the check of the engine's cost share.
//!
//! Benchmarks of TLS have measured the wrong handshake for years on end, so everything that is
//! negotiated is pinned here, and [`assert_pinned`] holds each sample against it.

use shakedown::connection::{HandshakeKind, Session};
use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion};
use shakedown::profile::{ClientProfile, Protocol, ServerProfile};

pub mod by_hand;

/// A client for one version; it verifies the server's chain and name.
pub fn client_profile(version: ProtocolVersion) -> ClientProfile {
    ClientProfile {
        protocol: pinned(version),
        ..ClientProfile::default()
    }
}

/// A server for one version, with a certificate for ECDSA over P-256 and no wish for the client's.
pub fn server_profile(version: ProtocolVersion) -> ServerProfile {
    ServerProfile {
        protocol: pinned(version),
        ..ServerProfile::default()
    }
}

/// Holds what a side has negotiated against what was pinned.
///
/// # Panics
///
/// If another handshake was measured than the one that was meant.
pub fn assert_pinned(version: ProtocolVersion, session: &Session) {
    assert_eq!(session.version, version);
    assert_eq!(session.suite, suite(version));
    assert_eq!(session.group, Some(GROUP));
    assert_eq!(session.kind, HandshakeKind::Full);
}

fn pinned(version: ProtocolVersion) -> Protocol {
    let mut protocol = Protocol {
        versions: vec![version],
        // OpenSSL's servers in TLS 1.2 have no use for a certificate whose own curve is not on both
        // lists; the first is what is agreed.
        groups: Some(vec![GROUP, NamedGroup::secp256r1]),
        ..Protocol::default()
    };
    let suites = if version == ProtocolVersion::TLS1_3 {
        &mut protocol.tls13_suites
    } else {
        &mut protocol.suites
    };
    *suites = Some(vec![suite(version)]);
    protocol
}

fn suite(version: ProtocolVersion) -> CipherSuite {
    if version == ProtocolVersion::TLS1_3 {
        CipherSuite::TLS_AES_128_GCM_SHA256
    } else {
        CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
    }
}

/// The versions that are measured.
pub const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

const GROUP: NamedGroup = NamedGroup::x25519;
