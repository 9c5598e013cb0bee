//! The shape of a handshake: all that is negotiated, pinned.

use std::fmt;

use shakedown::connection::{HandshakeKind, Peer, Role, Session};
use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use shakedown::profile::{ClientAuth, ClientProfile, Credential, KeyType, Protocol, ServerProfile};
use shakedown::scenario::StackId;

/// What both sides are set to and must agree on.
///
/// The client verifies the server's chain and name at the harness's own time, without revocation
/// lists; the server verifies a client's chain likewise. A chain is an end entity, an intermediate and
/// a root that is not sent, all with keys of one type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The one version that both sides enable.
    pub version: ProtocolVersion,
    /// The key type of every certificate, on both sides.
    pub key: KeyType,
    /// The group of the key exchange.
    pub group: NamedGroup,
    /// Full, with a HelloRetryRequest, or resumed by a ticket.
    pub kind: HandshakeKind,
    /// Who presents a certificate.
    pub auth: Auth,
    /// How records are protected.
    pub aead: Aead,
}

impl Shape {
    /// The defaults of the s2n benchmarks: an RSA key of 2048 bits, x25519, AES-128-GCM, the server
    /// authenticated, no resumption; in TLS 1.3.
    pub const S2N: Self = Self {
        version: ProtocolVersion::TLS1_3,
        key: KeyType::Rsa2048,
        group: NamedGroup::x25519,
        kind: HandshakeKind::Full,
        auth: Auth::Server,
        aead: Aead::Aes128Gcm,
    };

    /// The same with ECDSA over P-256, which hides less of what is not a signature.
    pub const ECDSA: Self = Self {
        key: KeyType::EcdsaP256,
        ..Self::S2N
    };

    /// The same in another version.
    #[must_use]
    pub const fn in_version(self, version: ProtocolVersion) -> Self {
        Self { version, ..self }
    }

    /// Whether there is such a handshake in this version of TLS, between these two.
    ///
    /// X25519MLKEM768 (draft-ietf-tls-ecdhe-mlkem) and HelloRetryRequest are TLS 1.3's, and ring has
    /// no ML-KEM.
    pub fn is_possible(&self, client: StackId, server: StackId) -> bool {
        let hybrid = self.group == NamedGroup::X25519MLKEM768;
        let tls13 = hybrid || self.kind == HandshakeKind::HelloRetryRequest;
        let has_ring = [client, server].contains(&StackId::RustlsRing);
        (!tls13 || self.version == ProtocolVersion::TLS1_3) && !(hybrid && has_ring)
    }

    /// The client of this handshake.
    pub fn client_profile(&self) -> ClientProfile {
        let mut protocol = self.protocol();
        if self.kind == HandshakeKind::HelloRetryRequest
            && let Some(groups) = &mut protocol.groups
        {
            // The first is the one that a client sends its share for.
            groups.insert(0, self.other_group());
        }
        ClientProfile {
            protocol,
            identity: (self.auth == Auth::Mutual).then(|| self.credential()),
            ..ClientProfile::default()
        }
    }

    /// The server of this handshake.
    pub fn server_profile(&self) -> ServerProfile {
        ServerProfile {
            protocol: self.protocol(),
            identity: Some(self.credential()),
            client_auth: match self.auth {
                Auth::Server => ClientAuth::None,
                Auth::Mutual => ClientAuth::Required,
            },
            ..ServerProfile::default()
        }
    }

    /// Holds what one side has negotiated against what was pinned, and who has presented what.
    ///
    /// # Panics
    ///
    /// If another handshake was measured than the one that was meant.
    pub fn assert_negotiated(&self, role: Role, session: &Session) {
        self.assert_parameters(role, session);
        let mutual = self.auth == Auth::Mutual;
        let scheme = (self.kind != HandshakeKind::Resumed).then_some(scheme(self.key));
        assert_eq!(session.server_signature, scheme, "{role}, {self}");
        assert_eq!(
            session.client_signature,
            scheme.filter(|_| mutual),
            "{role}, {self}"
        );
        let presented = role == Role::Client || mutual;
        assert_eq!(
            session.peer,
            presented.then(|| Peer::Known {
                role: role.peer(),
                credential: self.credential(),
            }),
            "{role}, {self}"
        );
    }

    /// As [`Self::assert_negotiated`], as far as an adopted configuration tells: version, suite, group and
    /// kind.
    ///
    /// # Panics
    ///
    /// Likewise.
    pub fn assert_parameters(&self, role: Role, session: &Session) {
        // Abbreviated before TLS 1.3 there is no key exchange.
        let has_exchange =
            self.kind != HandshakeKind::Resumed || self.version == ProtocolVersion::TLS1_3;
        assert_eq!(session.version, self.version, "{role}, {self}");
        assert_eq!(session.suite, self.suite(), "{role}, {self}");
        assert_eq!(
            session.group,
            has_exchange.then_some(self.group),
            "{role}, {self}"
        );
        assert_eq!(session.kind, self.kind, "{role}, {self}");
    }

    /// The one suite that both sides enable.
    pub fn suite(&self) -> CipherSuite {
        use CipherSuite as S;
        if self.version == ProtocolVersion::TLS1_3 {
            return match self.aead {
                Aead::Aes128Gcm => S::TLS_AES_128_GCM_SHA256,
                Aead::Aes256Gcm => S::TLS_AES_256_GCM_SHA384,
                Aead::ChaCha20Poly1305 => S::TLS_CHACHA20_POLY1305_SHA256,
            };
        }
        match (self.key.is_rsa(), self.aead) {
            (true, Aead::Aes128Gcm) => S::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
            (true, Aead::Aes256Gcm) => S::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            (true, Aead::ChaCha20Poly1305) => S::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
            (false, Aead::Aes128Gcm) => S::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            (false, Aead::Aes256Gcm) => S::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            (false, Aead::ChaCha20Poly1305) => S::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        }
    }

    /// A group that is not the one that is meant.
    pub fn other_group(&self) -> NamedGroup {
        if self.group == NamedGroup::secp256r1 {
            NamedGroup::x25519
        } else {
            NamedGroup::secp256r1
        }
    }

    fn credential(&self) -> Credential {
        Credential {
            key: self.key,
            ..Credential::default()
        }
    }

    fn protocol(&self) -> Protocol {
        let mut groups = vec![self.group];
        // OpenSSL's servers in TLS 1.2 have no use for a certificate whose own curve is not on both
        // lists; the first is what is agreed.
        if self.version < ProtocolVersion::TLS1_3
            && let Some(curve) = curve(self.key)
            && curve != self.group
        {
            groups.push(curve);
        }
        let mut protocol = Protocol {
            versions: vec![self.version],
            groups: Some(groups),
            signature_schemes: Some(vec![scheme(self.key)]),
            ..Protocol::default()
        };
        let suites = if self.version == ProtocolVersion::TLS1_3 {
            &mut protocol.tls13_suites
        } else {
            &mut protocol.suites
        };
        *suites = Some(vec![self.suite()]);
        protocol
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, group, .. } = self;
        let kind = match self.kind {
            HandshakeKind::Full => "full",
            HandshakeKind::HelloRetryRequest => "full after a HelloRetryRequest",
            HandshakeKind::Resumed => "resumed by a ticket",
        };
        let auth = match self.auth {
            Auth::Server => "server",
            Auth::Mutual => "server and client",
        };
        write!(
            f,
            "{version}, {}, {group}, {} chains with {} signatures, {auth} authenticated, {kind}",
            self.suite(),
            self.key.name(),
            scheme(self.key),
        )
    }
}

/// Who presents a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// The server.
    Server,
    /// Both, and the server insists.
    Mutual,
}

/// How records are protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aead {
    /// AES-128-GCM.
    Aes128Gcm,
    /// AES-256-GCM.
    Aes256Gcm,
    /// ChaCha20-Poly1305.
    ChaCha20Poly1305,
}

impl Aead {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Aes128Gcm, Self::Aes256Gcm, Self::ChaCha20Poly1305];

    /// The name in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "aes128gcm",
            Self::Aes256Gcm => "aes256gcm",
            Self::ChaCha20Poly1305 => "chacha20poly1305",
        }
    }
}

/// The scheme of all signatures by a key of this type.
///
/// # Panics
///
/// For a key type that is not measured.
fn scheme(key: KeyType) -> SignatureScheme {
    match key {
        KeyType::EcdsaP256 => SignatureScheme::ecdsa_secp256r1_sha256,
        KeyType::EcdsaP384 => SignatureScheme::ecdsa_secp384r1_sha384,
        KeyType::Ed25519 => SignatureScheme::ed25519,
        KeyType::Rsa2048 | KeyType::Rsa3072 | KeyType::Rsa4096 => {
            SignatureScheme::rsa_pss_rsae_sha256
        }
        other => unreachable!("{} is not measured", other.name()),
    }
}

fn curve(key: KeyType) -> Option<NamedGroup> {
    match key {
        KeyType::EcdsaP256 => Some(NamedGroup::secp256r1),
        KeyType::EcdsaP384 => Some(NamedGroup::secp384r1),
        _ => None,
    }
}

/// The versions that are measured.
pub const VERSIONS: [ProtocolVersion; 2] = [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];
