//! OpenSSL 3.6, and what it did otherwise before. Paths are of its source tree.

use shakedown::iana::{
    AlertDescription, CipherSuite as S, NamedGroup as G, ProtocolVersion as V,
    SignatureScheme as Sig,
};

use super::versions::current;
use super::{Change, Traits};

/// OpenSSL 3.6 as the `openssl` crate builds it (no-weak-ssl-ciphers, no-comp, no-ssl3).
pub const OPENSSL: Traits = Traits {
    versions: &[V::TLS1_0, V::TLS1_1, V::TLS1_2, V::TLS1_3],
    suites: SUITES,
    default_suites: SUITES,
    tls13_suites: &[
        S::TLS_AES_256_GCM_SHA384,
        S::TLS_CHACHA20_POLY1305_SHA256,
        S::TLS_AES_128_GCM_SHA256,
    ],
    groups: &[
        G::X25519MLKEM768,
        G::x25519,
        G::secp256r1,
        G::x448,
        G::secp384r1,
        G::secp521r1,
        G::ffdhe2048,
        G::ffdhe3072,
    ],
    // ssl/t1_lib.c, TLS_DEFAULT_GROUP_LIST.
    default_groups: &[
        &[G::X25519MLKEM768],
        &[G::x25519, G::secp256r1],
        &[G::x448, G::secp384r1, G::secp521r1],
        &[G::ffdhe2048, G::ffdhe3072],
    ],
    default_shares: &[G::X25519MLKEM768, G::x25519],
    schemes: SCHEMES,
    default_schemes: SCHEMES,
};

/// OpenSSL from 3.0 to 3.4: groups in one list, none of them post-quantum, and a share for the first.
const BEFORE_TUPLES: Traits = Traits {
    // ssl/t1_lib.c, `supported_groups_default`, without GOST's.
    default_groups: &[&[
        G::x25519,
        G::secp256r1,
        G::x448,
        G::secp521r1,
        G::secp384r1,
        G::ffdhe2048,
        G::ffdhe3072,
        FFDHE4096,
        FFDHE6144,
        FFDHE8192,
    ]],
    default_shares: &[G::x25519],
    ..OPENSSL
};

/// RFC 7919's larger groups, which 3.5 has no more among its own.
const FFDHE4096: G = G(0x0102);
const FFDHE6144: G = G(0x0103);
const FFDHE8192: G = G(0x0104);

/// The traits of the version that predictions are about.
pub(super) fn of() -> &'static Traits {
    if HAS_TUPLES.is_in() {
        &OPENSSL
    } else {
        &BEFORE_TUPLES
    }
}

/// Lists of groups have tuples and say for which a share is sent, and X25519MLKEM768 is one of them
/// (CHANGES.md, 3.5.0).
pub const HAS_TUPLES: Change = Change::of_openssl(&[(3, 5, 0)]);

/// The security level of a profile that names none: what OpenSSL was built with. 2 since 3.2, before that 1
/// (CHANGES.md), but distributions say otherwise with `OPENSSL_TLS_SECURITY_LEVEL`, so that no version tells.
pub fn default_level() -> u8 {
    current(|versions| versions.openssl_level)
}

/// TLS before 1.2 is for level 0 alone (CHANGES.md, 3.1.0; ssl/ssl_cert.c,
/// `ssl_security_default_callback`).
pub const OLD_VERSIONS_AT_LEVEL_0: Change = Change::of_openssl(&[(3, 1, 0)]);

/// How long a record may be depends on how it is read, and is told so (ssl/record/methods). Before, what is
/// too long for the buffer is told first, and another major version before the type (ssl/record/ssl3_record.c,
/// `ssl3_get_record`).
pub const TELLS_LENGTH_BY_KEYS: Change = Change::of_openssl(&[(3, 2, 0)]);

/// How many key shares a client can be told to send (ssl/ssl_local.h,
/// `OPENSSL_CLIENT_MAX_KEY_SHARES`; ssl/t1_lib.c, `tls1_set_groups_list`).
pub const MAX_KEY_SHARES: usize = 4;

/// The schemes with SHA-1, which a client without a version below TLS 1.3 leaves out (ssl/t1_lib.c,
/// `tls12_sigalg_allowed`), and which every security level above 0 forbids.
pub const LEVEL_0_SCHEMES: [Sig; 2] = [Sig::ecdsa_sha1, Sig::rsa_pkcs1_sha1];

/// A client can insist on a stapled response that says good (CHANGES.md, 3.6.0: multiple OCSP responses;
/// crypto/x509/x509_vfy.c, `check_cert_ocsp_resp`).
pub const CHECKS_STAPLES: Change = Change::of_openssl(&[(3, 6, 0)]);

/// A client parses what is stapled (ssl/statem/statem_clnt.c, `tls_process_cert_status_body`), and a server
/// leaves out what is no response or is another certificate's (ssl/statem/statem_srvr.c,
/// `ossl_get_ocsp_response`). Before, both took it for bytes.
pub const READS_STAPLES: Change = Change::of_openssl(&[(3, 6, 0)]);

/// No list is asked for where a certificate has signed itself (crypto/x509/x509_vfy.c, `check_cert_crl`).
pub const TRUSTS_SELF_SIGNED_WITHOUT_LIST: Change = Change::of_openssl(&[(3, 6, 0)]);

/// A session whose extended master secret was dropped is refused with the alert that RFC 7627 §5 has for it
/// (ssl/ssl_sess.c, `ssl_get_prev_session`; pull request 29706); before, with illegal_parameter.
pub const REFUSES_DROPPED_EMS_BY_HANDSHAKE_FAILURE: Change =
    Change::of_openssl(&[(3, 5, 5), (3, 6, 1)]);

/// A record's type and version are looked at before its length is held against the buffer
/// (ssl/record/methods/tls_common.c, `tls_get_more_records`; issue 30196, pull requests 30448 to 30450).
pub const READS_HEADER_BEFORE_LENGTH: Change =
    Change::of_openssl(&[(3, 4, 5), (3, 5, 6), (3, 6, 2)]);

/// What OpenSSL says when it takes in an alert: reason 1000 and the alert's number.
pub fn alert_received(alert: AlertDescription) -> String {
    format!("ALERT_RECEIVED({alert})")
}

/// What OpenSSL says when the link ends early: SSL_ERROR_SYSCALL and an empty queue, because the
/// `openssl` crate's BIO does not answer BIO_CTRL_EOF (openssl 0.10.82, src/ssl/bio.rs).
pub const TRUNCATED: &str = "SYSCALL_EOF";

/// The end of the link is told, and answered with an alert, whatever the BIO answers (crypto/bio/bio_lib.c,
/// `BIO_eof`; ssl/record/rec_layer_s3.c, `ossl_tls_handle_rlayer_return`).
pub const KNOWS_THE_END: Change = Change::of_openssl(&[(4, 0, 0)]);

/// What is said when the link ends early, and the alert that is sent into the void.
pub fn truncated() -> (&'static str, Option<AlertDescription>) {
    if KNOWS_THE_END.is_in() {
        (
            "UNEXPECTED_EOF_WHILE_READING",
            Some(AlertDescription::decode_error),
        )
    } else {
        (TRUNCATED, None)
    }
}

/// The alert for a verification error (ssl/statem/statem_lib.c, `x509table`).
pub fn verify_alert(error: u16) -> AlertDescription {
    use AlertDescription as A;
    match error {
        2 | 3 | 18..=22 | 25 | 79 => A::unknown_ca,
        7 | 8 => A::decrypt_error,
        9 | 62 | 64 | 66..=68 => A::bad_certificate,
        10 | 12 => A::certificate_expired,
        23 => A::certificate_revoked,
        26 => A::unsupported_certificate,
        _ => A::certificate_unknown,
    }
}

/// ssl/ssl_ciph.c, `ssl_create_cipher_list`: forward secrecy first, then strength, then ECDSA.
const SUITES: &[S] = &[
    S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    S::TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
    S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    S::TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    S::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
    S::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
    S::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
    S::TLS_DHE_RSA_WITH_AES_256_CBC_SHA256,
    S::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
    S::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
    S::TLS_DHE_RSA_WITH_AES_128_CBC_SHA256,
    S::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    S::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    S::TLS_DHE_RSA_WITH_AES_256_CBC_SHA,
    S::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    S::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    S::TLS_DHE_RSA_WITH_AES_128_CBC_SHA,
    S::TLS_RSA_WITH_AES_256_GCM_SHA384,
    S::TLS_RSA_WITH_AES_128_GCM_SHA256,
    S::TLS_RSA_WITH_AES_256_CBC_SHA256,
    S::TLS_RSA_WITH_AES_128_CBC_SHA256,
    S::TLS_RSA_WITH_AES_256_CBC_SHA,
    S::TLS_RSA_WITH_AES_128_CBC_SHA,
];

/// ssl/t1_lib.c, `tls12_sigalgs`, those that a key of ours can make.
const SCHEMES: &[Sig] = &[
    Sig::ecdsa_secp256r1_sha256,
    Sig::ecdsa_secp384r1_sha384,
    Sig::ecdsa_secp521r1_sha512,
    Sig::ed25519,
    Sig::ed448,
    Sig::rsa_pss_pss_sha256,
    Sig::rsa_pss_pss_sha384,
    Sig::rsa_pss_pss_sha512,
    Sig::rsa_pss_rsae_sha256,
    Sig::rsa_pss_rsae_sha384,
    Sig::rsa_pss_rsae_sha512,
    Sig::rsa_pkcs1_sha256,
    Sig::rsa_pkcs1_sha384,
    Sig::rsa_pkcs1_sha512,
    Sig::ecdsa_sha1,
    Sig::rsa_pkcs1_sha1,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Before 3.5 a client has no tuples, and a share for the first of its groups alone (ssl/t1_lib.c,
    /// `tls1_get_supported_groups`; ssl/statem/extensions_clnt.c, `tls_construct_ctos_key_share`).
    #[test]
    fn an_older_client_has_a_share_for_its_first_group() {
        let [groups] = BEFORE_TUPLES.default_groups else {
            panic!("it has one list");
        };
        assert_eq!(BEFORE_TUPLES.default_shares, &groups[..1]);
    }
}
