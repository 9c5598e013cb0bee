//! What a connection holds for negotiated.

use openssl::ssl::{NameType, SslCipherRef, SslRef, SslVersion};

use super::{ffi, trace};
use crate::connection::{HandshakeKind, Role, Session};
use crate::iana::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use crate::identity::Identities;

/// Reads the session of a connection whose handshake is done.
pub(super) fn read(ssl: &SslRef, role: Role, identities: &Identities) -> Session {
    let version = version(ssl);
    let kind = kind(ssl);
    let cipher = ssl.current_cipher();
    let (own, peers) = signatures(ssl, version, kind);
    let (server_signature, client_signature) = match role {
        Role::Client => (peers, own),
        Role::Server => (own, peers),
    };
    Session {
        version,
        suite: CipherSuite(cipher.map_or(0, |cipher| u16::from_be_bytes(cipher.protocol_id()))),
        // A name that we do not know is no code point, and stays visible as 0.
        group: ffi::group_name(ssl)
            // A session remembers the group of long ago; before TLS 1.3 there is no key exchange now.
            .filter(|_| kind != HandshakeKind::Resumed || version >= ProtocolVersion::TLS1_3)
            .map(|name| name.parse().unwrap_or(NamedGroup(0))),
        // OpenSSL chooses a scheme for every suite with a certificate, also where nothing is signed.
        server_signature: server_signature.filter(|_| !cipher.is_some_and(is_key_transport)),
        client_signature,
        alpn: ssl.selected_alpn_protocol().map(lossy),
        server_name: ssl.servername_raw(NameType::HOST_NAME).map(lossy),
        kind,
        peer: ssl
            .peer_certificate()
            .and_then(|leaf| leaf.to_der().ok())
            .map(|leaf| identities.peer_of(&leaf)),
    }
}

fn version(ssl: &SslRef) -> ProtocolVersion {
    match ssl.version2() {
        Some(SslVersion::TLS1) => ProtocolVersion::TLS1_0,
        Some(SslVersion::TLS1_1) => ProtocolVersion::TLS1_1,
        Some(SslVersion::TLS1_2) => ProtocolVersion::TLS1_2,
        Some(SslVersion::TLS1_3) => ProtocolVersion::TLS1_3,
        _ => ProtocolVersion(0),
    }
}

fn kind(ssl: &SslRef) -> HandshakeKind {
    if ssl.session_reused() {
        HandshakeKind::Resumed
    } else if trace::seen(ssl).is_some_and(|seen| seen.hello_retry_request) {
        HandshakeKind::HelloRetryRequest
    } else {
        HandshakeKind::Full
    }
}

/// This side's scheme and the peer's. Before TLS 1.2 there are no schemes (RFC 5246 §1.2), and an
/// abbreviated handshake has no signature.
fn signatures(
    ssl: &SslRef,
    version: ProtocolVersion,
    kind: HandshakeKind,
) -> (Option<SignatureScheme>, Option<SignatureScheme>) {
    if version < ProtocolVersion::TLS1_2 || kind == HandshakeKind::Resumed {
        return (None, None);
    }
    let scheme = |name: Option<&str>| name.map(|name| name.parse().unwrap_or(SignatureScheme(0)));
    (
        scheme(ffi::own_signature_name(ssl)),
        scheme(ffi::peer_signature_name(ssl)),
    )
}

/// Whether the client sends the premaster secret under the server's RSA key (RFC 5246 §7.4.7.1).
fn is_key_transport(cipher: &SslCipherRef) -> bool {
    cipher
        .standard_name()
        .is_some_and(|name| name.starts_with("TLS_RSA_WITH_"))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
