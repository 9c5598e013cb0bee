//! The axes: the dimensions in which scenarios vary, their values, and what cannot go together.
//!
//! The first value of each axis is the plainest. A scenario is one value on each axis, applied in
//! order to the plainest scenario.

use shakedown::iana::{
    CipherSuite as Suite, NamedGroup as G, ProtocolVersion as V, SignatureScheme as Sig,
};
use shakedown::profile::{
    CertificateType, ClientAuth, ClientProfile, Compression, Credential, Ems, Flaw, KeyType,
    Loading, Miss, NameCheck, Ocsp, Preference, Protocol, Revocation, ServerName, ServerProfile,
    SessionIdContext, Sni, SniPolicy, Staple, Trust,
};
use shakedown::scenario::{Endpoint, Scenario, StackId};

use crate::cover::{Constraint, Space, SpaceError};
use crate::model::traits::openssl::{CHECKS_STAPLES, HAS_TUPLES};

mod earlier;
mod link;

/// One dimension.
#[derive(Debug)]
pub struct Axis {
    /// The side and the field.
    pub name: &'static str,
    /// The values, the plainest first.
    pub values: Vec<Value>,
}

/// One value on an axis.
#[derive(Debug)]
pub struct Value {
    /// Short, without spaces.
    pub label: &'static str,
    apply: fn(&mut Scenario),
}

/// Every axis, and what cannot go together.
#[derive(Debug)]
pub struct Axes {
    axes: Vec<Axis>,
    constraints: Vec<Constraint>,
}

impl Axes {
    /// The axes of this version.
    pub fn new() -> Self {
        let axes = axes();
        let constraints = constraints(&axes);
        Self { axes, constraints }
    }

    /// The axes in order.
    pub fn list(&self) -> &[Axis] {
        &self.axes
    }

    /// The number of an axis; `None`: no such axis.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.axes.iter().position(|axis| axis.name == name)
    }

    /// The number of a value on an axis; `None`: no such value.
    pub fn value(&self, axis: usize, label: &str) -> Option<usize> {
        self.axes
            .get(axis)?
            .values
            .iter()
            .position(|value| value.label == label)
    }

    /// The plainest point.
    pub fn plain(&self) -> Vec<usize> {
        vec![0; self.axes.len()]
    }

    /// The scenario at a point.
    pub fn scenario(&self, point: &[usize]) -> Scenario {
        let mut scenario = Scenario {
            client: Endpoint {
                stack: StackId::RustlsAwsLcRs,
                profile: ClientProfile::default(),
            },
            server: Endpoint {
                stack: StackId::RustlsAwsLcRs,
                profile: ServerProfile::default(),
            },
            link: Default::default(),
            earlier: None,
        };
        for (axis, value) in self.axes.iter().zip(point) {
            if let Some(value) = axis.values.get(*value) {
                (value.apply)(&mut scenario);
            }
        }
        scenario
    }

    /// The space of points, with some axes held to some of their values.
    ///
    /// # Errors
    ///
    /// [`SpaceError`], where the values contradict the constraints.
    pub fn space(&self, held: &[(usize, Vec<usize>)]) -> Result<Space, SpaceError> {
        let sizes: Vec<_> = self.axes.iter().map(|axis| axis.values.len()).collect();
        let mut constraints = self.constraints.clone();
        for (axis, values) in held {
            let others: Vec<_> = (0..sizes[*axis])
                .filter(|value| !values.contains(value))
                .collect();
            if !others.is_empty() {
                constraints.push(Constraint {
                    forbid: vec![(*axis, others)],
                });
            }
        }
        Space::new(sizes, constraints)
    }

    /// A point in words: what is not plain.
    pub fn describe(&self, point: &[usize]) -> Vec<(&'static str, &'static str)> {
        self.axes
            .iter()
            .zip(point)
            .filter(|(_, value)| **value != 0)
            .filter_map(|(axis, value)| Some((axis.name, axis.values.get(*value)?.label)))
            .collect()
    }
}

impl Default for Axes {
    fn default() -> Self {
        Self::new()
    }
}

/// The axis of the client's stack.
pub const CLIENT_STACK: &str = "client.stack";
/// The axis of the server's stack.
pub const SERVER_STACK: &str = "server.stack";

/// The axis of what the server kept of an earlier connection.
pub const EARLIER: &str = "earlier";
/// The axis of what has changed since.
pub const EARLIER_CHANGED: &str = "earlier.changed";
/// The axis of what the link does.
pub const LINK_OP: &str = "link.op";

macro_rules! axis {
    ($name:expr; $( $label:literal => $apply:expr ),* $(,)?) => {
        Axis {
            name: $name,
            values: vec![ $( Value { label: $label, apply: $apply } ),* ],
        }
    };
}

use axis;

fn axes() -> Vec<Axis> {
    let mut axes = vec![
        axis! { CLIENT_STACK;
            "rustls-aws-lc-rs" => |s| s.client.stack = StackId::RustlsAwsLcRs,
            "rustls-ring" => |s| s.client.stack = StackId::RustlsRing,
            "openssl" => |s| s.client.stack = StackId::Openssl,
        },
        axis! { SERVER_STACK;
            "rustls-aws-lc-rs" => |s| s.server.stack = StackId::RustlsAwsLcRs,
            "rustls-ring" => |s| s.server.stack = StackId::RustlsRing,
            "openssl" => |s| s.server.stack = StackId::Openssl,
        },
    ];
    axes.extend(protocol_axes!("client", client));
    axes.extend(protocol_axes!("server", server));
    axes.extend(server_axes());
    axes.extend(client_axes());
    // Last, for it starts from what the others have said.
    axes.extend(earlier::axes());
    axes.push(link::axis());
    axes
}

macro_rules! protocol_axes {
    ($side:literal, $field:ident) => {{
        fn protocol(s: &mut Scenario) -> &mut Protocol {
            &mut s.$field.profile.protocol
        }
        vec![
            axis! { concat!($side, ".versions");
                "1.2+1.3" => |_| (),
                "1.2" => |s| protocol(s).versions = vec![V::TLS1_2],
                "1.3" => |s| protocol(s).versions = vec![V::TLS1_3],
                "1.0+1.1" => |s| protocol(s).versions = vec![V::TLS1_0, V::TLS1_1],
                "1.0-1.3" => |s| protocol(s).versions = V::ALL.to_vec(),
                "1.0+1.2" => |s| protocol(s).versions = vec![V::TLS1_0, V::TLS1_2],
                "1.1+1.3" => |s| protocol(s).versions = vec![V::TLS1_1, V::TLS1_3],
            },
            axis! { concat!($side, ".security-level");
                "default" => |_| (),
                "0" => |s| protocol(s).security_level = Some(0),
                "1" => |s| protocol(s).security_level = Some(1),
                "3" => |s| protocol(s).security_level = Some(3),
                "4" => |s| protocol(s).security_level = Some(4),
                "5" => |s| protocol(s).security_level = Some(5),
            },
            axis! { concat!($side, ".suites");
                "default" => |_| (),
                "aes128-gcm" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                    Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                ]),
                "chacha20-first" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                    Suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                    Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                    Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                ]),
                "aes256-gcm" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                    Suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                ]),
                "ecdsa-only" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                    Suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                ]),
                "rsa-only" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                    Suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                ]),
                "none" => |s| protocol(s).suites = Some(Vec::new()),
                "cbc" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
                    Suite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
                ]),
                "rsa-key-transport" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_RSA_WITH_AES_128_GCM_SHA256,
                    Suite::TLS_RSA_WITH_AES_128_CBC_SHA,
                ]),
                "dhe" => |s| protocol(s).suites = Some(vec![
                    Suite::TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
                ]),
            },
            axis! { concat!($side, ".tls13-suites");
                "default" => |_| (),
                "aes128" => |s| protocol(s).tls13_suites = Some(vec![
                    Suite::TLS_AES_128_GCM_SHA256,
                ]),
                "chacha20-first" => |s| protocol(s).tls13_suites = Some(vec![
                    Suite::TLS_CHACHA20_POLY1305_SHA256,
                    Suite::TLS_AES_256_GCM_SHA384,
                ]),
                "none" => |s| protocol(s).tls13_suites = Some(Vec::new()),
            },
            axis! { concat!($side, ".groups");
                "default" => |_| (),
                "x25519" => |s| protocol(s).groups = Some(vec![G::x25519]),
                "p256" => |s| protocol(s).groups = Some(vec![G::secp256r1]),
                "p384+x25519" => |s| protocol(s).groups = Some(vec![G::secp384r1, G::x25519]),
                "p256+p384+x25519" => |s| protocol(s).groups = Some(vec![
                    G::secp256r1, G::secp384r1, G::x25519,
                ]),
                "none" => |s| protocol(s).groups = Some(Vec::new()),
                "x25519mlkem768" => |s| protocol(s).groups = Some(vec![G::X25519MLKEM768]),
                "x25519mlkem768+x25519" => |s| protocol(s).groups = Some(vec![
                    G::X25519MLKEM768, G::x25519,
                ]),
                "p521+p256" => |s| protocol(s).groups = Some(vec![G::secp521r1, G::secp256r1]),
                "ffdhe2048" => |s| protocol(s).groups = Some(vec![G::ffdhe2048]),
                "tuples:x25519,p256+p384" => |s| groups(
                    protocol(s), &[G::x25519, G::secp256r1, G::secp384r1], &[1, 2], &[],
                ),
                "tuples:p384+p256,x25519" => |s| groups(
                    protocol(s), &[G::secp384r1, G::secp256r1, G::x25519], &[2, 1], &[],
                ),
                "shares:p256+x25519" => |s| groups(
                    protocol(s), &[G::secp256r1, G::x25519], &[], &[G::secp256r1, G::x25519],
                ),
                "shares:last-of-p384+p256" => |s| groups(
                    protocol(s), &[G::secp384r1, G::secp256r1], &[], &[G::secp256r1],
                ),
                "shares:last-of-mlkem+x25519" => |s| groups(
                    protocol(s), &[G::X25519MLKEM768, G::x25519], &[], &[G::x25519],
                ),
            },
            axis! { concat!($side, ".signature-schemes");
                "default" => |_| (),
                "ecdsa-p256" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::ecdsa_secp256r1_sha256,
                ]),
                "ecdsa-p384+rsa-pss" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::ecdsa_secp384r1_sha384, Sig::rsa_pss_rsae_sha256,
                ]),
                "rsa-pss" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::rsa_pss_rsae_sha256, Sig::rsa_pss_rsae_sha512,
                ]),
                "rsa-pkcs1" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::rsa_pkcs1_sha256,
                ]),
                "ed25519+ecdsa-p256" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::ed25519, Sig::ecdsa_secp256r1_sha256,
                ]),
                "rsa-pkcs1+all" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::rsa_pkcs1_sha512,
                    Sig::rsa_pkcs1_sha256,
                    Sig::rsa_pss_rsae_sha384,
                    Sig::ed25519,
                    Sig::ecdsa_secp384r1_sha384,
                    Sig::ecdsa_secp256r1_sha256,
                ]),
                "none" => |s| protocol(s).signature_schemes = Some(Vec::new()),
                "sha1" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::ecdsa_sha1, Sig::rsa_pkcs1_sha1,
                ]),
                "rsa-pss-pss" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::rsa_pss_pss_sha384, Sig::rsa_pss_pss_sha256,
                ]),
                "ed448+ecdsa-p256" => |s| protocol(s).signature_schemes = Some(vec![
                    Sig::ed448, Sig::ecdsa_secp256r1_sha256,
                ]),
            },
            axis! { concat!($side, ".ems");
                "default" => |_| (),
                "off" => |s| protocol(s).ems = Ems::Off,
                "required" => |s| protocol(s).ems = Ems::Required,
            },
        ]
    }};
}
use protocol_axes;

fn server_axes() -> Vec<Axis> {
    fn identity(s: &mut Scenario) -> &mut Credential {
        s.server
            .profile
            .identity
            .get_or_insert_with(Credential::default)
    }
    vec![
        axis! { "server.key";
            "ecdsa-p256" => |_| (),
            "ecdsa-p384" => |s| identity(s).key = KeyType::EcdsaP384,
            "ecdsa-p521" => |s| identity(s).key = KeyType::EcdsaP521,
            "ed25519" => |s| identity(s).key = KeyType::Ed25519,
            "rsa2048" => |s| identity(s).key = KeyType::Rsa2048,
            "rsa3072" => |s| identity(s).key = KeyType::Rsa3072,
            "rsa4096" => |s| identity(s).key = KeyType::Rsa4096,
            "rsa1024" => |s| identity(s).key = KeyType::Rsa1024,
            "rsa-pss2048" => |s| identity(s).key = KeyType::RsaPss2048,
            "ed448" => |s| identity(s).key = KeyType::Ed448,
            "none" => |s| s.server.profile.identity = None,
        },
        flaw_axis!(
            "server.flaw",
            |s, flaw| if let Some(credential) = &mut s.server.profile.identity {
                credential.flaw = flaw;
            }
        ),
        also_axis!(
            "server.also",
            |s, flaw| if let Some(credential) = &mut s.server.profile.identity {
                credential.also = flaw;
            }
        ),
        axis! { "server.loading";
            "checked" => |_| (),
            "resolver" => |s| if let Some(credential) = &mut s.server.profile.identity {
                credential.loading = Loading::Resolver;
            },
        },
        axis! { "server.staple";
            "none" => |_| (),
            "good" => |s| s.server.profile.staple = Staple::Good,
            "revoked" => |s| s.server.profile.staple = Staple::Revoked,
            "expired" => |s| s.server.profile.staple = Staple::Expired,
            "other" => |s| s.server.profile.staple = Staple::Other,
            "malformed" => |s| s.server.profile.staple = Staple::Malformed,
        },
        axis! { "server.certificate-type";
            "x509" => |_| (),
            "raw-public-key" => |s| {
                s.server.profile.certificate_type = CertificateType::RawPublicKey;
            },
        },
        axis! { "server.client-certificate-type";
            "x509" => |_| (),
            "raw-public-key" => |s| {
                s.server.profile.client_certificate_type = CertificateType::RawPublicKey;
            },
        },
        axis! { "server.compression";
            "none" => |_| (),
            "zlib" => |s| s.server.profile.compression = Compression::Zlib,
            "broken" => |s| s.server.profile.compression = Compression::Broken,
        },
        axis! { "server.preference";
            "client" => |_| (),
            "server" => |s| s.server.profile.preference = Preference::Server,
        },
        axis! { "server.client-auth";
            "none" => |_| (),
            "optional" => |s| s.server.profile.client_auth = ClientAuth::Optional,
            "required" => |s| s.server.profile.client_auth = ClientAuth::Required,
        },
        axis! { "server.alpn";
            "none" => |_| (),
            "h2+http/1.1" => |s| s.server.profile.alpn = names(&["h2", "http/1.1"]),
            "http/1.1" => |s| s.server.profile.alpn = names(&["http/1.1"]),
        },
        axis! { "server.alpn-miss";
            "fatal" => |_| (),
            "ignore" => |s| s.server.profile.alpn_miss = Miss::Ignore,
        },
        axis! { "server.sni";
            "any" => |_| (),
            "strict" => |s| s.server.profile.sni = SniPolicy::Strict,
        },
        axis! { "server.session-id-context";
            "set" => |_| (),
            "unset" => |s| s.server.profile.session_id_context = SessionIdContext::Unset,
        },
        axis! { "server.revocation";
            "off" => |_| (),
            "crl" => |s| s.server.profile.revocation = Revocation::Crl,
            "crl-end-entity" => |s| s.server.profile.revocation = Revocation::CrlEndEntity,
            "crl-chain" => |s| s.server.profile.revocation = Revocation::CrlChain,
            "crl-missing" => |s| s.server.profile.revocation = Revocation::CrlMissing,
            "crl-missing-allowed" => |s| {
                s.server.profile.revocation = Revocation::CrlMissingAllowed;
            },
            "crl-expired" => |s| s.server.profile.revocation = Revocation::CrlExpired,
            "crl-expired-enforced" => |s| {
                s.server.profile.revocation = Revocation::CrlExpiredEnforced;
            },
        },
        axis! { "server.partial-chain";
            "no" => |_| (),
            "yes" => |s| s.server.profile.partial_chain = true,
        },
    ]
}

macro_rules! flaw_axis {
    ($name:literal, $set:expr) => {
        flaw_axis!(@ $name, $set,
            None, SelfSigned, SelfSignedCa, CaLeaf, MissingIntermediate, Expired,
            ExpiredIntermediate, ExpiredRoot, NotYetValid, OtherName, CnOnly, IpOnly, Wildcard,
            PartialWildcard, WrongEku, WrongEkuIntermediate, AnyEku, BadKeyUsage,
            IntermediateNotCa, IntermediateNoCertSign, PathLength, RootPathLength,
            NameNotPermitted, NameExcluded, UnknownCritical, Version1, Sha1, BadSignature, Revoked,
            RevokedIntermediate, LongChain, KeyMismatch, Malformed, EmptyChain)
    };
    (@ $name:literal, $set:expr, $($flaw:ident),*) => {
        Axis {
            name: $name,
            values: vec![$({
                fn apply(s: &mut Scenario) {
                    let set: fn(&mut Scenario, Flaw) = $set;
                    set(s, Flaw::$flaw);
                }
                Value { label: Flaw::$flaw.name(), apply }
            }),*],
        }
    };
}
use flaw_axis;

/// The second of two flaws, which stand in order; so the first ones are never second, and with an empty
/// chain nothing goes.
macro_rules! also_axis {
    ($name:literal, $set:expr) => {
        flaw_axis!(@ $name, $set,
            None, MissingIntermediate, Expired, ExpiredIntermediate, ExpiredRoot, NotYetValid,
            OtherName, CnOnly, IpOnly, Wildcard, PartialWildcard, WrongEku, WrongEkuIntermediate,
            AnyEku, BadKeyUsage, IntermediateNotCa, IntermediateNoCertSign, PathLength,
            RootPathLength, NameNotPermitted, NameExcluded, UnknownCritical, Version1, Sha1,
            BadSignature, Revoked, RevokedIntermediate, LongChain, KeyMismatch, Malformed)
    };
}
use also_axis;

fn client_axes() -> Vec<Axis> {
    fn identity(s: &mut Scenario) -> &mut Credential {
        s.client
            .profile
            .identity
            .get_or_insert_with(Credential::default)
    }
    vec![
        axis! { "client.key";
            "none" => |_| (),
            "ecdsa-p256" => |s| identity(s).key = KeyType::EcdsaP256,
            "ecdsa-p384" => |s| identity(s).key = KeyType::EcdsaP384,
            "ecdsa-p521" => |s| identity(s).key = KeyType::EcdsaP521,
            "ed25519" => |s| identity(s).key = KeyType::Ed25519,
            "rsa2048" => |s| identity(s).key = KeyType::Rsa2048,
            "rsa3072" => |s| identity(s).key = KeyType::Rsa3072,
            "rsa4096" => |s| identity(s).key = KeyType::Rsa4096,
            "rsa1024" => |s| identity(s).key = KeyType::Rsa1024,
            "rsa-pss2048" => |s| identity(s).key = KeyType::RsaPss2048,
            "ed448" => |s| identity(s).key = KeyType::Ed448,
        },
        flaw_axis!(
            "client.flaw",
            |s, flaw| if let Some(credential) = &mut s.client.profile.identity {
                credential.flaw = flaw;
            }
        ),
        also_axis!(
            "client.also",
            |s, flaw| if let Some(credential) = &mut s.client.profile.identity {
                credential.also = flaw;
            }
        ),
        axis! { "client.loading";
            "checked" => |_| (),
            "resolver" => |s| if let Some(credential) = &mut s.client.profile.identity {
                credential.loading = Loading::Resolver;
            },
        },
        // After the credentials, one of which may be the anchor.
        axis! { "client.trust";
            "roots" => |_| (),
            "other-root" => |s| s.client.profile.trust = Trust::OtherRoot,
            "impostor-roots" => |s| s.client.profile.trust = Trust::ImpostorRoots,
            "intermediates" => |s| s.client.profile.trust = Trust::Intermediates,
            "empty" => |s| s.client.profile.trust = Trust::Empty,
            "leaf" => |s| s.client.profile.trust = leaf(s.server.profile.identity),
        },
        axis! { "server.trust";
            "roots" => |_| (),
            "other-root" => |s| s.server.profile.trust = Trust::OtherRoot,
            "impostor-roots" => |s| s.server.profile.trust = Trust::ImpostorRoots,
            "intermediates" => |s| s.server.profile.trust = Trust::Intermediates,
            "empty" => |s| s.server.profile.trust = Trust::Empty,
            "leaf" => |s| s.server.profile.trust = leaf(s.client.profile.identity),
        },
        axis! { "client.server-name";
            "right" => |_| (),
            "wrong" => |s| s.client.profile.server_name = ServerName::Dns(ServerName::WRONG.into()),
            "upper-case" => |s| s.client.profile.server_name =
                ServerName::Dns(ServerName::RIGHT.to_ascii_uppercase()),
            "another" => |s| s.client.profile.server_name =
                ServerName::Dns(ServerName::ANOTHER.into()),
            "sibling" => |s| s.client.profile.server_name = ServerName::Dns(SIBLING.into()),
            "ip" => |s| s.client.profile.server_name = ServerName::Ip(ServerName::RIGHT_IP),
            "wrong-ip" => |s| s.client.profile.server_name = ServerName::Ip(ServerName::WRONG_IP),
            "trailing-dot" => |s| s.client.profile.server_name =
                ServerName::Dns(format!("{}.", ServerName::RIGHT)),
            "underscore" => |s| s.client.profile.server_name = ServerName::Dns(UNDERSCORE.into()),
            "ip-text" => |s| s.client.profile.server_name =
                ServerName::Dns(ServerName::RIGHT_IP.to_string()),
            "bad-label" => |s| s.client.profile.server_name = ServerName::Dns(BAD_LABEL.into()),
        },
        axis! { "client.name-check";
            "on" => |_| (),
            "off" => |s| s.client.profile.name_check = NameCheck::Off,
        },
        axis! { "client.sni";
            "send" => |_| (),
            "omit" => |s| s.client.profile.sni = Sni::Omit,
        },
        axis! { "client.fallback-scsv";
            "off" => |_| (),
            "on" => |s| s.client.profile.fallback_scsv = true,
        },
        axis! { "client.revocation";
            "off" => |_| (),
            "crl" => |s| s.client.profile.revocation = Revocation::Crl,
            "crl-end-entity" => |s| s.client.profile.revocation = Revocation::CrlEndEntity,
            "crl-chain" => |s| s.client.profile.revocation = Revocation::CrlChain,
            "crl-missing" => |s| s.client.profile.revocation = Revocation::CrlMissing,
            "crl-missing-allowed" => |s| {
                s.client.profile.revocation = Revocation::CrlMissingAllowed;
            },
            "crl-expired" => |s| s.client.profile.revocation = Revocation::CrlExpired,
            "crl-expired-enforced" => |s| {
                s.client.profile.revocation = Revocation::CrlExpiredEnforced;
            },
        },
        axis! { "client.certificate-type";
            "x509" => |_| (),
            "raw-public-key" => |s| {
                s.client.profile.certificate_type = CertificateType::RawPublicKey;
            },
        },
        axis! { "client.server-certificate-type";
            "x509" => |_| (),
            "raw-public-key" => |s| {
                s.client.profile.server_certificate_type = CertificateType::RawPublicKey;
            },
        },
        axis! { "client.compression";
            "none" => |_| (),
            "zlib" => |s| s.client.profile.compression = Compression::Zlib,
            "broken" => |s| s.client.profile.compression = Compression::Broken,
        },
        axis! { "client.ocsp";
            "ignore" => |_| (),
            "request" => |s| s.client.profile.ocsp = Ocsp::Request,
            "check" => |s| s.client.profile.ocsp = Ocsp::Check,
        },
        axis! { "client.partial-chain";
            "no" => |_| (),
            "yes" => |s| s.client.profile.partial_chain = true,
        },
        axis! { "client.alpn";
            "none" => |_| (),
            "h2+http/1.1" => |s| s.client.profile.alpn = names(&["h2", "http/1.1"]),
            "http/1.1+h2" => |s| s.client.profile.alpn = names(&["http/1.1", "h2"]),
            "imap" => |s| s.client.profile.alpn = names(&["imap"]),
        },
        axis! { "link.deliver";
            "all" => |_| (),
            "1" => |s| s.link.deliver = Some(1),
            "100" => |s| s.link.deliver = Some(100),
        },
    ]
}

fn groups(protocol: &mut Protocol, groups: &[G], tuples: &[u8], shares: &[G]) {
    protocol.groups = Some(groups.to_vec());
    protocol.group_tuples = tuples.to_vec();
    protocol.key_shares = shares.to_vec();
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn leaf(credential: Option<Credential>) -> Trust {
    Trust::Leaf(Credential {
        loading: Loading::Checked,
        ..credential.unwrap_or_default()
    })
}

/// An axis, and which of its labels.
type Literal<'a> = (&'a str, &'a dyn Fn(&str) -> bool);

/// What no stack can be asked for, or what would say the same twice. Everything else is generated,
/// and the model says what comes of it.
fn constraints(axes: &[Axis]) -> Vec<Constraint> {
    let find = |name: &str| {
        axes.iter()
            .position(|axis| axis.name == name)
            .expect("constraints name axes of the list above")
    };
    let labels = |axis: usize, wanted: &dyn Fn(&str) -> bool| -> Vec<usize> {
        (0..axes[axis].values.len())
            .filter(|value| wanted(axes[axis].values[*value].label))
            .collect()
    };
    let mut all = Vec::new();
    let mut forbid = |literals: &[Literal<'_>]| {
        let forbid = literals
            .iter()
            .map(|&(name, wanted)| (find(name), labels(find(name), wanted)))
            .collect();
        all.push(Constraint { forbid });
    };
    let rustls = |label: &str| label.starts_with("rustls");
    let ring = |label: &str| label == "rustls-ring";
    let openssl = |label: &str| label == "openssl";
    let not_plain_versions = |label: &str| !matches!(label, "1.2+1.3" | "1.2" | "1.3");
    let openssl_suites = |label: &str| matches!(label, "cbc" | "rsa-key-transport" | "dhe");
    let openssl_groups = |label: &str| {
        matches!(label, "p521+p256" | "ffdhe2048")
            || label.starts_with("tuples:")
            || label.starts_with("shares:")
    };
    let openssl_schemes =
        |label: &str| matches!(label, "sha1" | "rsa-pss-pss" | "ed448+ecdsa-p256");
    let hybrid = |label: &str| label.starts_with("x25519mlkem768");
    let since_tuples = |label: &str| openssl_groups(label) && label.contains(':') || hybrid(label);
    let empty = |label: &str| label == "none";
    let raw = |label: &str| label == "raw-public-key";
    for side in ["client", "server"] {
        let axis = |field: &str| format!("{side}.{field}");
        let stack = axis("stack");
        forbid(&[(&stack, &rustls), (&axis("versions"), &not_plain_versions)]);
        forbid(&[
            (&stack, &rustls),
            (&axis("security-level"), &|l| l != "default"),
        ]);
        forbid(&[(&stack, &rustls), (&axis("suites"), &openssl_suites)]);
        forbid(&[(&stack, &rustls), (&axis("groups"), &openssl_groups)]);
        if !HAS_TUPLES.is_in() {
            forbid(&[(&stack, &openssl), (&axis("groups"), &since_tuples)]);
        }
        forbid(&[
            (&stack, &rustls),
            (&axis("signature-schemes"), &openssl_schemes),
        ]);
        forbid(&[(&stack, &rustls), (&axis("ems"), &|l| l == "off")]);
        forbid(&[(&stack, &openssl), (&axis("ems"), &|l| l == "required")]);
        forbid(&[(&stack, &ring), (&axis("groups"), &hybrid)]);
        forbid(&[(&stack, &openssl), (&axis("loading"), &|l| l == "resolver")]);
        forbid(&[(&stack, &openssl), (&axis("flaw"), &|l| l == "empty-chain")]);
        let allowed = |label: &str| label == "crl-missing-allowed";
        forbid(&[(&stack, &openssl), (&axis("revocation"), &allowed)]);
        let peers_type = format!(
            "{side}.{}-certificate-type",
            if side == "client" { "server" } else { "client" }
        );
        for kind in [&axis("certificate-type"), &peers_type] {
            forbid(&[(&stack, &openssl), (kind, &raw)]);
        }
        forbid(&[(&stack, &openssl), (&axis("compression"), &|l| l != "none")]);
        // A raw key has no flaws, and neither checks nor lists are for it.
        let kind = axis("certificate-type");
        forbid(&[(&kind, &raw), (&axis("flaw"), &|l| l != "none")]);
        forbid(&[(&kind, &raw), (&axis("loading"), &|l| l != "checked")]);
        forbid(&[(&kind, &raw), (&axis("key"), &empty)]);
        forbid(&[(&peers_type, &raw), (&axis("revocation"), &|l| l != "off")]);
        // rustls always takes partial chains, and so says it without being asked.
        forbid(&[(&stack, &rustls), (&axis("partial-chain"), &|l| l == "yes")]);
        forbid(&[
            (&axis("key"), &|l| matches!(l, "ed25519" | "ed448")),
            (&axis("flaw"), &|l| l == "sha1"),
        ]);
        forbid(&[
            (&axis("key"), &|l| matches!(l, "ed25519" | "ed448")),
            (&axis("also"), &|l| l == "sha1"),
        ]);
        for flaw in Flaw::ALL {
            let clashes = |key, label: &str| {
                Flaw::ALL.into_iter().any(|also| {
                    let credential = Credential {
                        key,
                        flaw,
                        also,
                        ..Credential::default()
                    };
                    also.name() == label && credential.contradiction().is_some()
                })
            };
            // Of key types the plain one alone is special.
            let always = |label: &str| clashes(KeyType::default(), label);
            let with_others = |label: &str| !always(label) && clashes(KeyType::Rsa2048, label);
            let this = |label: &str| label == flaw.name();
            forbid(&[(&axis("flaw"), &this), (&axis("also"), &always)]);
            forbid(&[
                (&axis("flaw"), &this),
                (&axis("also"), &with_others),
                (&axis("key"), &|l| l != KeyType::default().name()),
            ]);
        }
        forbid(&[(&axis("key"), &empty), (&axis("flaw"), &|l| l != "none")]);
        forbid(&[
            (&axis("key"), &empty),
            (&axis("loading"), &|l| l != "checked"),
        ]);
    }
    forbid(&[
        ("client.stack", &rustls),
        ("client.name-check", &|l| l == "off"),
    ]);
    forbid(&[
        ("client.stack", &rustls),
        ("client.fallback-scsv", &|l| l == "on"),
    ]);
    forbid(&[
        ("client.stack", &rustls),
        ("client.server-name", &|l| {
            matches!(l, "ip-text" | "bad-label")
        }),
    ]);
    // rustls always asks for a staple, and looks at none.
    forbid(&[
        ("client.stack", &rustls),
        ("client.ocsp", &|l| l != "ignore"),
    ]);
    if !CHECKS_STAPLES.is_in() {
        forbid(&[("client.ocsp", &|l| l == "check")]);
    }
    forbid(&[("server.key", &empty), ("server.staple", &|l| l != "none")]);
    forbid(&[
        ("server.certificate-type", &raw),
        ("server.staple", &|l| l != "none"),
    ]);
    // Two empty lists in one hello: which one is told is chance (see `model::domain`).
    forbid(&[
        ("client.stack", &rustls),
        ("client.signature-schemes", &empty),
        ("client.groups", &|l| l == "x25519mlkem768"),
    ]);
    forbid(&[
        ("server.stack", &rustls),
        ("server.alpn-miss", &|l| l == "ignore"),
    ]);
    forbid(&[
        ("server.alpn", &empty),
        ("server.alpn-miss", &|l| l == "ignore"),
    ]);
    forbid(&[
        ("server.stack", &rustls),
        ("server.session-id-context", &|l| l == "unset"),
    ]);
    forbid(&[
        ("server.stack", &rustls),
        (EARLIER_CHANGED, &|l| l == "session-id-context"),
    ]);
    forbid(&[(EARLIER, &empty), (EARLIER_CHANGED, &|l| l != "nothing")]);
    for field in [
        "server.trust",
        "server.revocation",
        "server.partial-chain",
        "server.client-certificate-type",
    ] {
        let plain = |label: &str| !matches!(label, "roots" | "off" | "no" | "x509");
        forbid(&[("server.client-auth", &empty), (field, &plain)]);
    }
    // The server's anchors fill more than one record with their names (see `model::link::domain`).
    forbid(&[
        ("server.stack", &rustls),
        ("server.trust", &|l| l == "intermediates"),
        (LINK_OP, &|l| l != "none"),
    ]);
    let no_anchor = |label: &str| matches!(label, "malformed" | "empty-chain");
    for (trust, side) in [("client.trust", "server"), ("server.trust", "client")] {
        forbid(&[
            (trust, &|l| l == "leaf"),
            (&format!("{side}.flaw"), &no_anchor),
        ]);
        forbid(&[
            (trust, &|l| l == "leaf"),
            (&format!("{side}.also"), &no_anchor),
        ]);
        forbid(&[(trust, &|l| l == "leaf"), (&format!("{side}.key"), &empty)]);
    }
    all
}

const SIBLING: &str = "sibling.shakedown.test";
const UNDERSCORE: &str = "sib_ling.shakedown.test";
const BAD_LABEL: &str = "-server.shakedown.test";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_plainest_point_is_the_plainest_scenario() {
        let axes = Axes::new();
        assert_eq!(
            axes.scenario(&axes.plain()).to_json(),
            r#"{"client":{"stack":"rustls-aws-lc-rs"},"server":{"stack":"rustls-aws-lc-rs"}}"#
        );
    }

    #[test]
    fn every_value_changes_the_scenario_and_no_two_alike() {
        let axes = Axes::new();
        for (number, axis) in axes.list().iter().enumerate() {
            let mut seen = HashSet::new();
            for value in 0..axis.values.len() {
                let mut point = axes.plain();
                // Values that need a client's identity, lists that are not plain, or a past to tell.
                for (name, label) in [
                    ("client.key", "ecdsa-p256"),
                    ("server.alpn", "http/1.1"),
                    ("client.suites", "aes128-gcm"),
                    ("client.groups", "x25519"),
                    (EARLIER, "ticket"),
                ] {
                    let index = axes.index(name).expect("an axis");
                    point[index] = axes.value(index, label).expect("a value");
                }
                point[number] = value;
                assert!(
                    seen.insert(axes.scenario(&point).id()),
                    "{} = {} says what another value says",
                    axis.name,
                    axis.values[value].label
                );
            }
        }
    }

    #[test]
    fn two_flaws_are_allowed_where_a_chain_can_have_both() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        for side in ["server", "client"] {
            let at = |field: &str| axes.index(&format!("{side}.{field}")).expect("an axis");
            let [key, first, second] = ["key", "flaw", "also"].map(at);
            for of_key in KeyType::ALL.into_iter().filter(|key| !key.is_eddsa()) {
                let mut found = 0;
                for flaw in 0..axes.list()[first].values.len() {
                    for also in 0..axes.list()[second].values.len() {
                        let mut point = axes.plain();
                        point[key] = axes.value(key, of_key.name()).expect("a value");
                        point[first] = flaw;
                        point[second] = also;
                        found += usize::from(space.allows(&point));
                        let json = axes.scenario(&point).to_json();
                        assert_eq!(
                            space.allows(&point),
                            Scenario::from_json(&json).is_ok_and(|same| same.to_json() == json),
                            "{json}"
                        );
                    }
                }
                assert_eq!(found, Credential::all(of_key).count(), "{side} {of_key:?}");
            }
        }
    }

    #[test]
    fn labels_are_one_word_and_unique() {
        for axis in Axes::new().list() {
            let labels: HashSet<_> = axis.values.iter().map(|value| value.label).collect();
            assert_eq!(labels.len(), axis.values.len(), "{}", axis.name);
            assert!(
                labels
                    .iter()
                    .all(|label| !label.contains([' ', '/']) || label.starts_with("h"))
            );
        }
    }
}
