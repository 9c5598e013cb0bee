//! One suite for each version.

use rustls::crypto::{CipherSuiteCommon, KeyExchangeAlgorithm};
use rustls::{
    CipherSuite, SignatureScheme, SupportedCipherSuite, Tls12CipherSuite, Tls13CipherSuite,
};

use super::{aead, hash, kdf};

pub(super) static TLS13_SUITE: SupportedCipherSuite =
    SupportedCipherSuite::Tls13(&Tls13CipherSuite {
        common: CipherSuiteCommon {
            suite: CipherSuite::TLS13_AES_128_GCM_SHA256,
            hash_provider: &hash::NullHash,
            confidentiality_limit: u64::MAX,
        },
        hkdf_provider: &kdf::NullHkdf,
        aead_alg: &aead::NullTls13,
        quic: None,
    });

pub(super) static TLS12_SUITE: SupportedCipherSuite =
    SupportedCipherSuite::Tls12(&Tls12CipherSuite {
        common: CipherSuiteCommon {
            suite: CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            hash_provider: &hash::NullHash,
            confidentiality_limit: u64::MAX,
        },
        prf_provider: &kdf::NullPrf,
        kx: KeyExchangeAlgorithm::ECDHE,
        sign: &[SignatureScheme::ECDSA_NISTP256_SHA256],
        aead_alg: &aead::NullTls12,
    });
