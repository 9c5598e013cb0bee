//! rustls 0.23 with aws-lc-rs and with ring. Paths are of rustls 0.23.46's `src/`.

use shakedown::iana::{
    AlertDescription, CipherSuite as S, NamedGroup as G, ProtocolVersion as V,
    SignatureScheme as Sig,
};

use super::{Change, Traits};

/// rustls with aws-lc-rs (crypto/aws_lc_rs/mod.rs: `DEFAULT_CIPHER_SUITES`, `DEFAULT_KX_GROUPS` with
/// `prefer-post-quantum`, `SUPPORTED_SIG_ALGS`).
pub const AWS_LC_RS: Traits = Traits {
    versions: &[V::TLS1_2, V::TLS1_3],
    suites: SUITES,
    default_suites: SUITES,
    tls13_suites: TLS13_SUITES,
    groups: &[G::X25519MLKEM768, G::x25519, G::secp256r1, G::secp384r1],
    default_groups: &[&[G::X25519MLKEM768, G::x25519, G::secp256r1, G::secp384r1]],
    // The classical half of the hybrid comes for free (client/hs.rs, `hybrid_component`).
    default_shares: &[G::X25519MLKEM768, G::x25519],
    schemes: AWS_SCHEMES,
    default_schemes: AWS_SCHEMES,
};

/// rustls with ring (crypto/ring/mod.rs); it has neither P-521 nor post-quantum groups.
pub const RING: Traits = Traits {
    versions: &[V::TLS1_2, V::TLS1_3],
    suites: SUITES,
    default_suites: SUITES,
    tls13_suites: TLS13_SUITES,
    groups: &[G::x25519, G::secp256r1, G::secp384r1],
    default_groups: &[&[G::x25519, G::secp256r1, G::secp384r1]],
    default_shares: &[G::x25519],
    schemes: RING_SCHEMES,
    default_schemes: RING_SCHEMES,
};

/// A signature over the key exchange of TLS 1.2 by an algorithm that the suite does not have is refused with an
/// alert (client/tls12.rs, `ExpectServerDone`); before, without one.
pub const TELLS_OF_WRONG_SIGNER: Change = Change::of_rustls(&[(0, 23, 44)]);

/// A second ClientHello may neither withdraw the offer of a session nor lead to another suite or to TLS 1.2
/// (server/hs.rs, `PreviousClientHello`).
pub const HOLDS_SECOND_HELLO_TO_FIRST: Change = Change::of_rustls(&[(0, 23, 45)]);

/// A client notes the group that the server liked once the handshake is done (client/tls13.rs, `set_kx_hint` in
/// `ExpectFinished`); before, when it had read the ServerHello.
pub const NOTES_GROUP_WHEN_DONE: Change = Change::of_rustls(&[(0, 23, 46)]);

/// What rustls says when it takes in an alert.
pub fn alert_received(alert: AlertDescription) -> String {
    format!("AlertReceived({alert})")
}

/// What rustls says when the link ends early.
pub const TRUNCATED: &str = "UnexpectedEof";

/// What TLS 1.2's ECDSA suites sign with (crypto/aws_lc_rs/tls12.rs and crypto/ring/tls12.rs,
/// `TLS12_ECDSA_SCHEMES`).
pub const TLS12_ECDSA_SCHEMES: &[Sig] = &[
    Sig::ed25519,
    Sig::ecdsa_secp521r1_sha512,
    Sig::ecdsa_secp384r1_sha384,
    Sig::ecdsa_secp256r1_sha256,
];

/// What TLS 1.2's RSA suites sign with (as above, `TLS12_RSA_SCHEMES`).
pub const TLS12_RSA_SCHEMES: &[Sig] = &[
    Sig::rsa_pss_rsae_sha512,
    Sig::rsa_pss_rsae_sha384,
    Sig::rsa_pss_rsae_sha256,
    Sig::rsa_pkcs1_sha512,
    Sig::rsa_pkcs1_sha384,
    Sig::rsa_pkcs1_sha256,
];

const SUITES: &[S] = &[
    S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
];
const TLS13_SUITES: &[S] = &[
    S::TLS_AES_256_GCM_SHA384,
    S::TLS_AES_128_GCM_SHA256,
    S::TLS_CHACHA20_POLY1305_SHA256,
];
const AWS_SCHEMES: &[Sig] = &[
    Sig::ecdsa_secp384r1_sha384,
    Sig::ecdsa_secp256r1_sha256,
    Sig::ecdsa_secp521r1_sha512,
    Sig::ed25519,
    Sig::rsa_pss_rsae_sha512,
    Sig::rsa_pss_rsae_sha384,
    Sig::rsa_pss_rsae_sha256,
    Sig::rsa_pkcs1_sha512,
    Sig::rsa_pkcs1_sha384,
    Sig::rsa_pkcs1_sha256,
];
const RING_SCHEMES: &[Sig] = &[
    Sig::ecdsa_secp384r1_sha384,
    Sig::ecdsa_secp256r1_sha256,
    Sig::ed25519,
    Sig::rsa_pss_rsae_sha512,
    Sig::rsa_pss_rsae_sha384,
    Sig::rsa_pss_rsae_sha256,
    Sig::rsa_pkcs1_sha512,
    Sig::rsa_pkcs1_sha384,
    Sig::rsa_pkcs1_sha256,
];
