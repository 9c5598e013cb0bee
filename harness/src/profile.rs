//! Profiles: one side's configuration as plain, stack-neutral data.
//!
//! Every field has a plainest value, which is its default and is left out of the JSON form; so the
//! empty object is the plainest profile, and a field added later changes no scenario's id.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::iana::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};

pub use self::flaw::Flaw;

mod flaw;
mod pairs;

/// A client's configuration.
///
/// ```
/// use shakedown::profile::{ClientProfile, Sni};
///
/// let profile: ClientProfile = serde_json::from_str(r#"{"sni":"omit","alpn":["h2"]}"#)?;
/// assert_eq!(profile.sni, Sni::Omit);
/// // What is left out has its plainest value.
/// assert_eq!(profile.trust, ClientProfile::default().trust);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientProfile {
    /// Versions and algorithms.
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: Protocol,
    /// Whom the client connects to: the reference identity, and what SNI says.
    #[serde(skip_serializing_if = "is_default")]
    pub server_name: ServerName,
    /// Whether the certificate's names are held against `server_name` (RFC 9525).
    #[serde(skip_serializing_if = "is_default")]
    pub name_check: NameCheck,
    /// Whether `server_name` is sent in the clear (RFC 6066 §3).
    #[serde(skip_serializing_if = "is_default")]
    pub sni: Sni,
    /// The anchors for the server's certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub trust: Trust,
    /// Whether certificates are looked up in revocation lists.
    #[serde(skip_serializing_if = "is_default")]
    pub revocation: Revocation,
    /// Whether a chain may end in a trusted certificate that has not signed itself. rustls takes such
    /// chains in any case.
    #[serde(skip_serializing_if = "is_default")]
    pub partial_chain: bool,
    /// What the client makes of the state of the server's certificate that the server staples.
    #[serde(skip_serializing_if = "is_default")]
    pub ocsp: Ocsp,
    /// What the client demands of the server: a certificate, or a raw public key. For a raw key
    /// [`Trust::Roots`] stands for the keys of all end entities and [`Trust::Leaf`] for one of them; no
    /// other trusts any, and names and revocation do not matter.
    #[serde(skip_serializing_if = "is_default")]
    pub server_certificate_type: CertificateType,
    /// What the client presents.
    #[serde(skip_serializing_if = "is_default")]
    pub certificate_type: CertificateType,
    /// Whether certificates are compressed (RFC 8879).
    #[serde(skip_serializing_if = "is_default")]
    pub compression: Compression,
    /// The client's own certificate and key.
    #[serde(skip_serializing_if = "is_default")]
    pub identity: Option<Credential>,
    /// Application protocols in order of preference (RFC 7301); empty: no extension.
    #[serde(skip_serializing_if = "is_default")]
    pub alpn: Vec<String>,
    /// Whether the client says that it tries again with an older version (RFC 7507).
    #[serde(skip_serializing_if = "is_default")]
    pub fallback_scsv: bool,
}

/// A server's configuration.
///
/// ```
/// use shakedown::profile::{Credential, Flaw, ServerProfile};
///
/// let expired = ServerProfile {
///     identity: Some(Credential { flaw: Flaw::Expired, ..Credential::default() }),
///     ..ServerProfile::default()
/// };
/// assert_eq!(serde_json::to_string(&expired)?, r#"{"identity":{"flaw":"expired"}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerProfile {
    /// Versions and algorithms.
    #[serde(skip_serializing_if = "is_default")]
    pub protocol: Protocol,
    /// Whose order of suites decides.
    #[serde(skip_serializing_if = "is_default")]
    pub preference: Preference,
    /// The server's certificate and key; `null` for a server without any.
    #[serde(skip_serializing_if = "is_default_identity")]
    pub identity: Option<Credential>,
    /// What the server staples to its certificate for those who ask (RFC 6066 §8).
    #[serde(skip_serializing_if = "is_default")]
    pub staple: Staple,
    /// What the server presents: its certificate, or its public key alone.
    #[serde(skip_serializing_if = "is_default")]
    pub certificate_type: CertificateType,
    /// What the server demands of clients, as for clients; without meaning where no certificate is
    /// asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub client_certificate_type: CertificateType,
    /// Whether certificates are compressed.
    #[serde(skip_serializing_if = "is_default")]
    pub compression: Compression,
    /// Whether a client certificate is asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub client_auth: ClientAuth,
    /// The anchors for client certificates; without meaning where none is asked for.
    #[serde(skip_serializing_if = "is_default")]
    pub trust: Trust,
    /// Whether client certificates are looked up in revocation lists.
    #[serde(skip_serializing_if = "is_default")]
    pub revocation: Revocation,
    /// Whether a client's chain may end in a trusted certificate that has not signed itself, as for
    /// clients.
    #[serde(skip_serializing_if = "is_default")]
    pub partial_chain: bool,
    /// Application protocols in order of preference; empty: the extension is ignored.
    #[serde(skip_serializing_if = "is_default")]
    pub alpn: Vec<String>,
    /// What happens when no application protocol is shared.
    #[serde(skip_serializing_if = "is_default")]
    pub alpn_miss: Miss,
    /// How the server name decides over the certificate.
    #[serde(skip_serializing_if = "is_default")]
    pub sni: SniPolicy,
    /// Whether sessions are marked with where they belong.
    #[serde(skip_serializing_if = "is_default")]
    pub session_id_context: SessionIdContext,
}

impl Default for ServerProfile {
    fn default() -> Self {
        Self {
            protocol: Protocol::default(),
            preference: Preference::default(),
            identity: Some(Credential::default()),
            staple: Staple::default(),
            certificate_type: CertificateType::default(),
            client_certificate_type: CertificateType::default(),
            compression: Compression::default(),
            client_auth: ClientAuth::default(),
            trust: Trust::default(),
            revocation: Revocation::default(),
            partial_chain: false,
            alpn: Vec::new(),
            alpn_miss: Miss::default(),
            sni: SniPolicy::default(),
            session_id_context: SessionIdContext::default(),
        }
    }
}

/// Versions and algorithms, for either side.
///
/// A list that is `null` leaves the stack's own default in place.
///
/// ```
/// use shakedown::iana::{NamedGroup, ProtocolVersion};
/// use shakedown::profile::Protocol;
///
/// let protocol: Protocol = serde_json::from_str(r#"{"versions":["TLS1.3"],"groups":["x25519"]}"#)?;
/// assert_eq!(protocol.versions, [ProtocolVersion::TLS1_3]);
/// assert_eq!(protocol.groups, Some(vec![NamedGroup::x25519]));
/// assert_eq!(protocol.suites, None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Protocol {
    /// The versions that are enabled.
    #[serde(skip_serializing_if = "is_default_versions")]
    pub versions: Vec<ProtocolVersion>,
    /// The suites of TLS 1.2 and earlier, in order of preference.
    #[serde(skip_serializing_if = "is_default")]
    pub suites: Option<Vec<CipherSuite>>,
    /// The suites of TLS 1.3, in order of preference.
    #[serde(skip_serializing_if = "is_default")]
    pub tls13_suites: Option<Vec<CipherSuite>>,
    /// The groups for key exchange, in order of preference.
    #[serde(skip_serializing_if = "is_default")]
    pub groups: Option<Vec<NamedGroup>>,
    /// The schemes that this side accepts in its peer's signatures, in order of preference. OpenSSL
    /// has one list for what it accepts and for what it signs with.
    #[serde(skip_serializing_if = "is_default")]
    pub signature_schemes: Option<Vec<SignatureScheme>>,
    /// OpenSSL's security level, 0 to 5; `null` for the library's own.
    #[serde(skip_serializing_if = "is_default")]
    #[schemars(range(max = 5))]
    pub security_level: Option<u8>,
    /// The extended master secret (RFC 7627), which is TLS 1.2's and older ones'.
    #[serde(skip_serializing_if = "is_default")]
    pub ems: Ems,
    /// How `groups` is divided into OpenSSL's tuples: the size of each, in order; empty: one tuple.
    #[serde(skip_serializing_if = "is_default")]
    pub group_tuples: Vec<u8>,
    /// Which of `groups`, in their order, a client sends key shares for at once; empty: the stack's
    /// habit. To a server it says nothing.
    #[serde(skip_serializing_if = "is_default")]
    pub key_shares: Vec<NamedGroup>,
}

impl Protocol {
    /// Where `group_tuples` or `key_shares` contradicts `groups`: the field, and how; `None`: nowhere.
    pub fn contradiction(&self) -> Option<(&'static str, &'static str)> {
        let groups = self.groups.as_deref().unwrap_or_default();
        let sum: usize = self.group_tuples.iter().copied().map(usize::from).sum();
        if !self.group_tuples.is_empty() && (sum != groups.len() || self.group_tuples.contains(&0))
        {
            return Some((
                "group_tuples",
                "the sizes are at least 1, and their sum is the number of groups",
            ));
        }
        let mut rest = groups.iter();
        let in_order = self
            .key_shares
            .iter()
            .all(|share| rest.any(|group| group == share));
        (!in_order).then_some((
            "key_shares",
            "shares are for groups of the list, in its order (RFC 8446 §4.2.8)",
        ))
    }
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            versions: default_versions(),
            suites: None,
            tls13_suites: None,
            groups: None,
            signature_schemes: None,
            security_level: None,
            group_tuples: Vec::new(),
            key_shares: Vec::new(),
            ems: Ems::default(),
        }
    }
}

/// Whom a client means to reach.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServerName {
    /// A DNS name.
    Dns(String),
    /// An IP address, which never travels as SNI (RFC 6066 §3).
    Ip(IpAddr),
}

impl ServerName {
    /// The name that every certificate without a naming flaw carries.
    pub const RIGHT: &str = "server.shakedown.test";
    /// The name that the certificates with another name carry.
    pub const ANOTHER: &str = "another.shakedown.example";
    /// The address that the certificates with another name carry.
    pub const ANOTHER_IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    /// A name that no certificate carries.
    pub const WRONG: &str = "other.shakedown.example";
    /// The address that every certificate without a naming flaw carries.
    pub const RIGHT_IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    /// An address that no certificate carries.
    pub const WRONG_IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 99));
}

impl Default for ServerName {
    fn default() -> Self {
        Self::Dns(Self::RIGHT.to_owned())
    }
}

/// Whether a client compares names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NameCheck {
    /// The certificate must be valid for the server name.
    #[default]
    On,
    /// Any name will do.
    Off,
}

/// Whether a client says whom it means to reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sni {
    /// The server name is sent if it is a DNS name.
    #[default]
    Send,
    /// The extension is left out.
    Omit,
}

/// Which anchors a side trusts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Every root that the identities are issued under.
    #[default]
    Roots,
    /// A root that has issued nothing.
    OtherRoot,
    /// Roots with the right names and other keys.
    ImpostorRoots,
    /// The intermediates and no root.
    Intermediates,
    /// Nothing.
    Empty,
    /// The end-entity certificate of this credential, in the role that is being verified.
    Leaf(Credential),
}

/// Whether revocation lists are consulted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Revocation {
    /// Not at all.
    #[default]
    Off,
    /// A current list of every issuer is at hand; what is not listed is good. How much of the chain is
    /// looked up is the stack's own habit.
    Crl,
    /// The same for the end entity's certificate alone.
    CrlEndEntity,
    /// The same for every certificate of the chain.
    CrlChain,
    /// There are lists, but none by an issuer of the chain.
    CrlMissing,
    /// The same, and a certificate whose status stays unknown is good.
    CrlMissingAllowed,
    /// The nextUpdate of every list has passed; whether that matters is the stack's own habit.
    CrlExpired,
    /// The same, and it matters.
    CrlExpiredEnforced,
}

/// What a server says of its own certificate's state: a response of the Online Certificate Status
/// Protocol (RFC 6960), signed by the certificate's issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Staple {
    /// Nothing.
    #[default]
    None,
    /// The certificate is good.
    Good,
    /// The certificate is revoked.
    Revoked,
    /// The certificate is good, but the response's nextUpdate has passed.
    Expired,
    /// Another certificate of the same issuer is good.
    Other,
    /// What is no DER.
    Malformed,
}

/// What a client makes of a stapled response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ocsp {
    /// The stack's own habit: it looks at none. rustls asks for one, OpenSSL does not.
    #[default]
    Ignore,
    /// The client asks for one (RFC 6066 §8) and does not hold it against the certificate.
    Request,
    /// The client asks for one, and it must say that the certificate is good.
    Check,
}

/// In which form a side presents its key (RFC 7250).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateType {
    /// In a certificate.
    #[default]
    X509,
    /// As it is.
    RawPublicKey,
}

/// What a side does to certificates on their way (RFC 8879, TLS 1.3 alone).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// It neither compresses its own nor offers to decompress the peer's.
    #[default]
    None,
    /// It does both, with zlib.
    Zlib,
    /// The same, but what it compresses cannot be decompressed.
    Broken,
}

/// A certificate chain and the key that goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Credential {
    /// The key type of every certificate of the chain.
    #[serde(skip_serializing_if = "is_default")]
    pub key: KeyType,
    /// What is wrong with the chain.
    #[serde(skip_serializing_if = "is_default")]
    pub flaw: Flaw,
    /// What else is wrong with it; which flaws can go together says [`Credential::contradiction`].
    #[serde(skip_serializing_if = "is_default")]
    pub also: Flaw,
    /// How the stack is given it.
    #[serde(skip_serializing_if = "is_default")]
    pub loading: Loading,
}

/// The type of a certificate's key.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum KeyType {
    /// ECDSA over secp256r1, signed with SHA-256.
    #[default]
    EcdsaP256,
    /// ECDSA over secp384r1, signed with SHA-384.
    EcdsaP384,
    /// ECDSA over secp521r1, signed with SHA-512.
    EcdsaP521,
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// RSA, 2048 bits, certificates signed with PKCS #1 v1.5 and SHA-256.
    Rsa2048,
    /// RSA, 3072 bits.
    Rsa3072,
    /// RSA, 4096 bits.
    Rsa4096,
    /// RSA, 1024 bits: 80 bits of strength, which is less than most will take.
    Rsa1024,
    /// RSA, 2048 bits, for PSS alone (id-RSASSA-PSS, RFC 4055 §1.2); certificates signed with PSS and
    /// SHA-256.
    RsaPss2048,
    /// Ed448 (RFC 8410).
    Ed448,
}

impl KeyType {
    /// Every key type.
    pub const ALL: [Self; 10] = [
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Ed25519,
        Self::Rsa2048,
        Self::Rsa3072,
        Self::Rsa4096,
        Self::Rsa1024,
        Self::RsaPss2048,
        Self::Ed448,
    ];

    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::EcdsaP521 => "ecdsa-p521",
            Self::Ed25519 => "ed25519",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
            Self::Rsa1024 => "rsa1024",
            Self::RsaPss2048 => "rsa-pss2048",
            Self::Ed448 => "ed448",
        }
    }

    /// Whether this is an RSA key, be it for PSS alone.
    pub fn is_rsa(self) -> bool {
        matches!(
            self,
            Self::Rsa1024 | Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 | Self::RsaPss2048
        )
    }

    /// Whether this is an EdDSA key.
    pub fn is_eddsa(self) -> bool {
        matches!(self, Self::Ed25519 | Self::Ed448)
    }
}

/// How a stack is given its certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Loading {
    /// Through the paved road, with the checks that the stack makes there.
    #[default]
    Checked,
    /// Past these checks, where the stack has a way (rustls: a certificate resolver of one's own).
    Resolver,
}

/// Whose order of suites a server follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preference {
    /// The client's.
    #[default]
    Client,
    /// The server's.
    Server,
}

/// Whether a server asks for a client certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// No.
    #[default]
    None,
    /// It asks, and goes on without.
    Optional,
    /// It insists.
    Required,
}

/// What a server does when a list has nothing in common with the client's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Miss {
    /// It fails the handshake.
    #[default]
    Fatal,
    /// It goes on as if nothing had been asked.
    Ignore,
}

/// How the server name decides over a server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SniPolicy {
    /// One certificate for all names.
    #[default]
    Any,
    /// A table that holds [`ServerName::RIGHT`] alone; another name, or none, is fatal.
    Strict,
}

/// Whether the master secret is bound to the handshake (RFC 7627).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ems {
    /// It is offered and used, and may be missing.
    #[default]
    Default,
    /// It is neither offered nor used (OpenSSL: `SSL_OP_NO_EXTENDED_MASTER_SECRET`).
    Off,
    /// It must not be missing (rustls: `require_ems`).
    Required,
}

/// Whether a server marks its sessions with where they belong
/// (OpenSSL: `SSL_CTX_set_session_id_context`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SessionIdContext {
    /// With a mark of the harness's; where a stack has no marks, it needs none.
    #[default]
    Set,
    /// Without, as OpenSSL and the `openssl` crate leave it.
    Unset,
}

fn default_versions() -> Vec<ProtocolVersion> {
    vec![ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3]
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_default_versions(value: &[ProtocolVersion]) -> bool {
    value == default_versions()
}

fn is_default_identity(value: &Option<Credential>) -> bool {
    *value == Some(Credential::default())
}
