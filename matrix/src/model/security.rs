//! OpenSSL's security levels: what each forbids (ssl/ssl_cert.c, `ssl_security_default_callback`).
//!
//! One level governs suites, groups, schemes, versions, one's own credential and the peer's chain. It
//! also governs the group of DHE, but that never decides: a server makes it up to be no weaker than
//! its key and its level (t1_lib.c, `ssl_get_auto_dh`), and a client looks at the key first. What is
//! not seen in a handshake is that levels from 3 on have no stateless tickets (`tls_use_ticket`).

use shakedown::iana::{CipherSuite, NamedGroup, SignatureScheme as Sig};
use shakedown::profile::{Credential, Flaw, KeyType};

use super::hello::{is_dhe, is_ecdhe};

/// The bits of strength that a level asks for (ssl/ssl_cert.c, `ssl_get_security_level_bits`;
/// crypto/x509/x509_vfy.c has the same table for chains).
pub(super) fn least_bits(level: u8) -> u16 {
    match level {
        0 => 0,
        1 => 80,
        2 => 112,
        3 => 128,
        4 => 192,
        _ => 256,
    }
}

/// Whether a level allows a suite: its cipher, its HMAC, and from 3 on forward secrecy.
pub(super) fn allows_suite(level: u8, suite: CipherSuite) -> bool {
    let name = suite.name().unwrap_or_default();
    let cipher = if name.contains("_AES_128_") { 128 } else { 256 };
    let sha1 = name.ends_with("_SHA");
    cipher >= least_bits(level)
        && !(sha1 && least_bits(level) > 160)
        && (level < 3 || suite.is_tls13() || is_ecdhe(suite) || is_dhe(suite))
}

/// Whether a level allows a group (providers/common/capabilities.c, `group_list`).
pub(super) fn allows_group(level: u8, group: NamedGroup) -> bool {
    let bits = match group {
        NamedGroup::ffdhe2048 => 112,
        // ffdhe8192 (RFC 7919) is the third.
        NamedGroup::X25519MLKEM768 | NamedGroup::secp384r1 | NamedGroup(0x0104) => 192,
        NamedGroup::x448 => 224,
        NamedGroup::secp521r1 => 256,
        _ => 128,
    };
    bits >= least_bits(level)
}

/// Whether a level allows a scheme: half the digest's bits, but for EdDSA and for SHA-1, which is
/// broken (ssl/t1_lib.c, `sigalg_security_bits`).
pub(super) fn allows_scheme(level: u8, scheme: Sig) -> bool {
    let bits = match scheme {
        Sig::ecdsa_sha1 | Sig::rsa_pkcs1_sha1 => 64,
        Sig::ecdsa_secp384r1_sha384
        | Sig::rsa_pss_rsae_sha384
        | Sig::rsa_pss_pss_sha384
        | Sig::rsa_pkcs1_sha384 => 192,
        Sig::ed448 => 224,
        Sig::ecdsa_secp521r1_sha512
        | Sig::rsa_pss_rsae_sha512
        | Sig::rsa_pss_pss_sha512
        | Sig::rsa_pkcs1_sha512 => 256,
        _ => 128,
    };
    bits >= least_bits(level)
}

/// Whether a level allows a certificate's key (`EVP_PKEY_get_security_bits`: crypto/rsa/rsa_lib.c,
/// `ossl_ifc_ffc_compute_security_bits`; crypto/ec/ec_ameth.c, `ec_security_bits`; RFC 8032 §8.5).
pub(super) fn allows_key(level: u8, key: KeyType) -> bool {
    let bits = match key {
        KeyType::Rsa1024 => 80,
        KeyType::Rsa2048 | KeyType::RsaPss2048 => 112,
        KeyType::EcdsaP256 | KeyType::Ed25519 | KeyType::Rsa3072 => 128,
        KeyType::Rsa4096 => 152,
        KeyType::EcdsaP384 => 192,
        KeyType::Ed448 => 224,
        KeyType::EcdsaP521 => 256,
    };
    bits >= least_bits(level)
}

/// Whether a level allows the signature in a certificate: half the digest's bits, EdDSA's as the
/// key's, and for SHA-1 less than 80 (crypto/x509/x509_set.c, `x509_sig_info_init`).
pub(super) fn allows_signature(level: u8, key: KeyType, sha1: bool) -> bool {
    let bits = match key {
        _ if sha1 => 63,
        KeyType::EcdsaP384 => 192,
        KeyType::Ed448 => 224,
        KeyType::EcdsaP521 => 256,
        _ => 128,
    };
    bits >= least_bits(level)
}

/// What a level says of one's own credential when it is loaded: key, then signature, which does not
/// count where it is the certificate's own (ssl/t1_lib.c, `ssl_security_cert`). The issuers would be
/// looked at when the chain is sent; here they are no weaker.
pub(super) fn own_credential(level: u8, credential: Credential) -> Option<&'static str> {
    let key = credential.key;
    if !allows_key(level, key) {
        Some("EE_KEY_TOO_SMALL")
    } else if !credential.signs_itself()
        && !allows_signature(level, key, credential.has(Flaw::Sha1))
    {
        Some("CA_MD_TOO_WEAK")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_level_leaves_p521_alone() {
        let left: Vec<_> = KeyType::ALL
            .into_iter()
            .filter(|&key| {
                let credential = Credential {
                    key,
                    ..Credential::default()
                };
                own_credential(5, credential).is_none()
            })
            .collect();
        assert_eq!(left, [KeyType::EcdsaP521]);
    }

    #[test]
    fn the_keys_that_each_level_forbids_first() {
        for (level, key) in [
            (2, KeyType::Rsa1024),
            (3, KeyType::RsaPss2048),
            (4, KeyType::Rsa4096),
            (5, KeyType::Ed448),
        ] {
            assert!(allows_key(level - 1, key), "{key:?}");
            assert!(!allows_key(level, key), "{key:?}");
        }
    }

    #[test]
    fn the_suites_that_each_level_forbids_first() {
        for (level, suite) in [
            (3, CipherSuite::TLS_RSA_WITH_AES_256_GCM_SHA384),
            (4, CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA),
            (4, CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256),
        ] {
            assert!(allows_suite(level - 1, suite), "{suite:?}");
            assert!(!allows_suite(level, suite), "{suite:?}");
        }
        for suite in [
            CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            CipherSuite::TLS_AES_256_GCM_SHA384,
        ] {
            assert!(allows_suite(5, suite), "{suite:?}");
        }
    }
}
