//! What the tables go through: sets of versions, suites, groups, and what clients have to show.

use shakedown::iana::{CipherSuite as Suite, NamedGroup as Group};

/// What a side enables.
pub(super) struct VersionSet {
    pub(super) versions: &'static str,
    pub(super) level: &'static str,
}

impl VersionSet {
    pub(super) fn label(&self) -> String {
        if self.level == DEFAULT {
            self.versions.to_owned()
        } else {
            format!("{} L{}", self.versions, self.level)
        }
    }

    pub(super) fn word(&self) -> String {
        self.label().replace(' ', "-")
    }
}

/// What a client has to show for itself.
pub(super) struct Identity {
    pub(super) word: &'static str,
    pub(super) label: &'static str,
    pub(super) settings: &'static [(&'static str, &'static str)],
}

const DEFAULT: &str = "default";

pub(super) const VERSION_SETS: [VersionSet; 7] = {
    const fn at(versions: &'static str, level: &'static str) -> VersionSet {
        VersionSet { versions, level }
    }
    [
        at("1.2", DEFAULT),
        at("1.3", DEFAULT),
        at("1.2+1.3", DEFAULT),
        at("1.0+1.1", DEFAULT),
        at("1.0-1.3", DEFAULT),
        at("1.0+1.1", "0"),
        at("1.0-1.3", "0"),
    ]
};
/// So many of them rustls can be asked for.
pub(super) const RUSTLS_SETS: usize = 3;

pub(super) const TLS12_SUITES: [Suite; 16] = [
    Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    Suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    Suite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
    Suite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
    Suite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
    Suite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
    Suite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
    Suite::TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
    Suite::TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    Suite::TLS_RSA_WITH_AES_128_GCM_SHA256,
    Suite::TLS_RSA_WITH_AES_256_GCM_SHA384,
    Suite::TLS_RSA_WITH_AES_128_CBC_SHA,
];

pub(super) const TLS13_SUITES: [Suite; 3] = [
    Suite::TLS_AES_128_GCM_SHA256,
    Suite::TLS_AES_256_GCM_SHA384,
    Suite::TLS_CHACHA20_POLY1305_SHA256,
];

pub(super) const GROUPS: [Group; 7] = [
    Group::x25519,
    Group::secp256r1,
    Group::secp384r1,
    Group::secp521r1,
    Group::x448,
    Group::X25519MLKEM768,
    Group::ffdhe2048,
];

pub(super) const IDENTITIES: [Identity; 6] = {
    const KEY: (&str, &str) = ("client.key", "ecdsa-p256");
    [
        Identity {
            word: "none",
            label: "no certificate",
            settings: &[],
        },
        Identity {
            word: "valid",
            label: "valid",
            settings: &[KEY],
        },
        Identity {
            word: "expired",
            label: "expired",
            settings: &[KEY, ("client.flaw", "expired")],
        },
        Identity {
            word: "untrusted-root",
            label: "untrusted root",
            settings: &[KEY, ("server.trust", "other-root")],
        },
        Identity {
            word: "wrong-eku",
            label: "wrong EKU",
            settings: &[KEY, ("client.flaw", "wrong-eku")],
        },
        Identity {
            word: "self-signed",
            label: "self-signed",
            settings: &[KEY, ("client.flaw", "self-signed")],
        },
    ]
};
