//! What a connection holds for negotiated.

use std::ffi::c_int;

use openssl::nid::Nid;
use openssl::pkey::Id;
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
    let scheme = |name: &str| name.parse().unwrap_or(SignatureScheme(0));
    (
        ffi::own_signature_name(ssl).map(scheme).or_else(|| {
            let key = ssl.certificate()?.public_key().ok()?.id();
            Some(scheme_of(ffi::own_signature(ssl)?, key))
        }),
        ffi::peer_signature_name(ssl).map(scheme).or_else(|| {
            let key = ssl.peer_certificate()?.public_key().ok()?.id();
            Some(scheme_of(ffi::peer_signature(ssl)?, key))
        }),
    )
}

/// Before 3.5 OpenSSL does not name the scheme: it is what signs with this algorithm, this digest and this
/// kind of key (ssl/t1_lib.c, `sigalg_lookup_tbl`).
fn scheme_of((algorithm, digest): (c_int, c_int), key: Id) -> SignatureScheme {
    use SignatureScheme as S;
    let by_digest = |schemes: [SignatureScheme; 4]| {
        [Nid::SHA1, Nid::SHA256, Nid::SHA384, Nid::SHA512]
            .into_iter()
            .zip(schemes)
            .find(|(nid, _)| nid.as_raw() == digest)
            .map_or(S(0), |(_, scheme)| scheme)
    };
    match Id::from_raw(algorithm) {
        Id::RSA => by_digest([
            S::rsa_pkcs1_sha1,
            S::rsa_pkcs1_sha256,
            S::rsa_pkcs1_sha384,
            S::rsa_pkcs1_sha512,
        ]),
        Id::RSA_PSS if key == Id::RSA_PSS => by_digest([
            S(0),
            S::rsa_pss_pss_sha256,
            S::rsa_pss_pss_sha384,
            S::rsa_pss_pss_sha512,
        ]),
        Id::RSA_PSS => by_digest([
            S(0),
            S::rsa_pss_rsae_sha256,
            S::rsa_pss_rsae_sha384,
            S::rsa_pss_rsae_sha512,
        ]),
        Id::EC => by_digest([
            S::ecdsa_sha1,
            S::ecdsa_secp256r1_sha256,
            S::ecdsa_secp384r1_sha384,
            S::ecdsa_secp521r1_sha512,
        ]),
        Id::ED25519 => S::ed25519,
        Id::ED448 => S::ed448,
        _ => S(0),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_told_by_algorithm_digest_and_key() {
        let of =
            |algorithm: Id, digest: Nid, key| scheme_of((algorithm.as_raw(), digest.as_raw()), key);
        for (algorithm, digest, key, scheme) in [
            (
                Id::RSA,
                Nid::SHA256,
                Id::RSA,
                SignatureScheme::rsa_pkcs1_sha256,
            ),
            (
                Id::RSA_PSS,
                Nid::SHA384,
                Id::RSA,
                SignatureScheme::rsa_pss_rsae_sha384,
            ),
            (
                Id::RSA_PSS,
                Nid::SHA384,
                Id::RSA_PSS,
                SignatureScheme::rsa_pss_pss_sha384,
            ),
            (Id::EC, Nid::SHA1, Id::EC, SignatureScheme::ecdsa_sha1),
            (
                Id::EC,
                Nid::SHA512,
                Id::EC,
                SignatureScheme::ecdsa_secp521r1_sha512,
            ),
            (Id::ED448, Nid::UNDEF, Id::ED448, SignatureScheme::ed448),
            (Id::EC, Nid::MD5, Id::EC, SignatureScheme(0)),
        ] {
            assert_eq!(of(algorithm, digest, key), scheme);
        }
    }
}
