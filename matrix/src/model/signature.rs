//! Which signature scheme a key is used with.

use shakedown::iana::{ProtocolVersion, SignatureScheme as Sig};
use shakedown::profile::KeyType;

/// The scheme that rustls signs with: the key's own order, whatever the peer's
/// (crypto/aws_lc_rs/sign.rs, `ALL_RSA_SCHEMES`); an ECDSA key has one scheme, by its curve.
pub(super) fn rustls_choice(key: KeyType, offered: &[Sig]) -> Option<Sig> {
    let own: &[Sig] = match key {
        KeyType::EcdsaP256 => &[Sig::ecdsa_secp256r1_sha256],
        KeyType::EcdsaP384 => &[Sig::ecdsa_secp384r1_sha384],
        KeyType::EcdsaP521 => &[Sig::ecdsa_secp521r1_sha512],
        KeyType::Ed25519 => &[Sig::ed25519],
        KeyType::Rsa1024 | KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => &[
            Sig::rsa_pss_rsae_sha512,
            Sig::rsa_pss_rsae_sha384,
            Sig::rsa_pss_rsae_sha256,
            Sig::rsa_pkcs1_sha512,
            Sig::rsa_pkcs1_sha384,
            Sig::rsa_pkcs1_sha256,
        ],
        // Not loaded.
        KeyType::RsaPss2048 | KeyType::Ed448 => &[],
    };
    own.iter().copied().find(|scheme| offered.contains(scheme))
}

/// The scheme that OpenSSL signs with: the first shared one that the key can make
/// (ssl/t1_lib.c, `tls_choose_sigalg` and `find_sig_alg`).
pub(super) fn openssl_choice(
    key: KeyType,
    version: ProtocolVersion,
    shared: &[Sig],
) -> Option<Sig> {
    shared.iter().copied().find(|scheme| {
        if version >= ProtocolVersion::TLS1_3 {
            fits_tls13(key, *scheme)
        } else {
            fits_tls12(key, *scheme)
        }
    })
}

/// Whether a key can make the scheme in TLS 1.3, where a scheme names the curve and RSA is PSS
/// (RFC 8446 §4.2.3).
pub(super) fn fits_tls13(key: KeyType, scheme: Sig) -> bool {
    match key {
        KeyType::EcdsaP256 => scheme == Sig::ecdsa_secp256r1_sha256,
        KeyType::EcdsaP384 => scheme == Sig::ecdsa_secp384r1_sha384,
        KeyType::EcdsaP521 => scheme == Sig::ecdsa_secp521r1_sha512,
        KeyType::Ed25519 => scheme == Sig::ed25519,
        KeyType::Ed448 => scheme == Sig::ed448,
        KeyType::RsaPss2048 => is_pss_pss(scheme),
        KeyType::Rsa1024 | KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            is_pss_rsae(scheme) && has_room(key, scheme)
        }
    }
}

/// Whether a key can make the scheme in TLS 1.2, where ECDSA takes any curve with any hash
/// (RFC 5246 §7.4.1.4.1).
pub(super) fn fits_tls12(key: KeyType, scheme: Sig) -> bool {
    match key {
        KeyType::EcdsaP256 | KeyType::EcdsaP384 | KeyType::EcdsaP521 => is_ecdsa(scheme),
        KeyType::Ed25519 => scheme == Sig::ed25519,
        KeyType::Ed448 => scheme == Sig::ed448,
        KeyType::RsaPss2048 => is_pss_pss(scheme),
        KeyType::Rsa1024 | KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            (is_pss_rsae(scheme) && has_room(key, scheme)) || is_pkcs1(scheme)
        }
    }
}

/// Whether the scheme is for ECDSA keys.
pub(super) fn is_ecdsa(scheme: Sig) -> bool {
    matches!(
        scheme,
        Sig::ecdsa_secp256r1_sha256
            | Sig::ecdsa_secp384r1_sha384
            | Sig::ecdsa_secp521r1_sha512
            | Sig::ecdsa_sha1
    )
}

/// Whether the scheme is for EdDSA keys.
pub(super) fn is_eddsa(scheme: Sig) -> bool {
    matches!(scheme, Sig::ed25519 | Sig::ed448)
}

/// Whether the scheme is RSA with PSS.
pub(super) fn is_pss(scheme: Sig) -> bool {
    is_pss_rsae(scheme) || is_pss_pss(scheme)
}

/// Whether the scheme is RSA with PSS, by a key that may do otherwise (RFC 8446 §4.2.3).
fn is_pss_rsae(scheme: Sig) -> bool {
    matches!(
        scheme,
        Sig::rsa_pss_rsae_sha256 | Sig::rsa_pss_rsae_sha384 | Sig::rsa_pss_rsae_sha512
    )
}

/// Whether the scheme is RSA with PSS, by a key that may do nothing else (RFC 8446 §4.2.3).
fn is_pss_pss(scheme: Sig) -> bool {
    matches!(
        scheme,
        Sig::rsa_pss_pss_sha256 | Sig::rsa_pss_pss_sha384 | Sig::rsa_pss_pss_sha512
    )
}

/// Whether digest, salt and two bytes more fit the modulus (ssl/t1_lib.c,
/// `rsa_pss_check_min_key_size`): 130 bytes do not fit 128.
fn has_room(key: KeyType, scheme: Sig) -> bool {
    key != KeyType::Rsa1024 || scheme != Sig::rsa_pss_rsae_sha512
}

/// Whether the scheme is RSA with PKCS #1 v1.5.
pub(super) fn is_pkcs1(scheme: Sig) -> bool {
    matches!(
        scheme,
        Sig::rsa_pkcs1_sha1 | Sig::rsa_pkcs1_sha256 | Sig::rsa_pkcs1_sha384 | Sig::rsa_pkcs1_sha512
    )
}

/// Whether the scheme may sign a TLS 1.3 handshake.
pub(super) fn is_for_tls13(scheme: Sig) -> bool {
    !is_pkcs1(scheme) && scheme != Sig::ecdsa_sha1
}
