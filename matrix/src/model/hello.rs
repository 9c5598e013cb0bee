//! What each side brings to the negotiation: profile and defaults, after the stack's own filters.

use shakedown::connection::Role;
use shakedown::iana::{
    AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme,
};
use shakedown::profile::{
    CertificateType, ClientProfile, Ems, Protocol, ServerName, ServerProfile, Sni,
};
use shakedown::scenario::{Endpoint, StackId};

use super::Cause;
use super::ending::{Fault, Phase};
use super::resumption::Remembered;
use super::security::{allows_group, allows_scheme, allows_suite};
use super::signature::{is_ecdsa, is_eddsa, is_for_tls13, is_pkcs1, is_pss};
use super::traits::openssl::{HAS_TUPLES, LEVEL_0_SCHEMES, OLD_VERSIONS_AT_LEVEL_0, default_level};
use super::traits::{self, Traits};

/// Versions and algorithms of one side that are really in force.
pub(super) struct Abilities {
    pub(super) stack: StackId,
    pub(super) level: u8,
    /// Ascending.
    pub(super) versions: Vec<ProtocolVersion>,
    pub(super) suites: Vec<CipherSuite>,
    pub(super) tls13_suites: Vec<CipherSuite>,
    /// All of them, those that the security level forbids too.
    pub(super) configured: Vec<CipherSuite>,
    /// As tuples.
    pub(super) groups: Vec<Vec<NamedGroup>>,
    pub(super) schemes: Vec<SignatureScheme>,
    pub(super) ems: Ems,
}

impl Abilities {
    /// Of a profile on a stack.
    pub(super) fn of(stack: StackId, protocol: &Protocol) -> Self {
        let traits = traits::of(stack);
        let level = if stack.is_rustls() {
            0
        } else {
            protocol.security_level.unwrap_or_else(default_level)
        };
        let mut abilities = Self {
            stack,
            level,
            versions: protocol.versions.clone(),
            suites: list(protocol.suites.as_deref(), traits.default_suites),
            tls13_suites: list(protocol.tls13_suites.as_deref(), traits.tls13_suites),
            configured: Vec::new(),
            groups: match &protocol.groups {
                Some(groups) => tuples(groups, &protocol.group_tuples),
                None => traits
                    .default_groups
                    .iter()
                    .map(|tuple| tuple.to_vec())
                    .collect(),
            },
            schemes: list(
                protocol.signature_schemes.as_deref(),
                traits.default_schemes,
            ),
            ems: protocol.ems,
        };
        if stack.is_rustls() {
            abilities.filter_as_rustls();
        } else {
            abilities.filter_as_openssl();
        }
        abilities
    }

    /// A version without a suite is not supported (rustls server/server_conn.rs,
    /// `supports_version`).
    fn filter_as_rustls(&mut self) {
        let (old, new) = (!self.suites.is_empty(), !self.tls13_suites.is_empty());
        self.versions.retain(|version| {
            if *version == ProtocolVersion::TLS1_3 {
                new
            } else {
                old
            }
        });
    }

    /// What the security level forbids (ssl/ssl_cert.c, `ssl_security_default_callback`).
    fn filter_as_openssl(&mut self) {
        let level = self.level;
        let oldest = match level {
            0 => ProtocolVersion::TLS1_0,
            1 | 2 if !OLD_VERSIONS_AT_LEVEL_0.is_in() => ProtocolVersion::TLS1_0,
            3 if !OLD_VERSIONS_AT_LEVEL_0.is_in() => ProtocolVersion::TLS1_1,
            _ => ProtocolVersion::TLS1_2,
        };
        self.versions.retain(|version| *version >= oldest);
        self.configured = [&self.tls13_suites[..], &self.suites].concat();
        self.suites.retain(|suite| allows_suite(level, *suite));
        self.tls13_suites
            .retain(|suite| allows_suite(level, *suite));
        for tuple in &mut self.groups {
            tuple.retain(|group| allows_group(level, *group));
        }
        self.schemes.retain(|scheme| allows_scheme(level, *scheme));
    }

    pub(super) fn has(&self, version: ProtocolVersion) -> bool {
        self.versions.contains(&version)
    }

    /// Whether this side offers and uses the extended master secret.
    pub(super) fn uses_ems(&self) -> bool {
        self.ems != Ems::Off
    }

    /// The shares of a rustls client that begins with a group: with the classical half of a hybrid,
    /// where that is listed too.
    pub(super) fn rustls_shares(&self, group: NamedGroup) -> Vec<NamedGroup> {
        let mut shares = vec![group];
        if group == NamedGroup::X25519MLKEM768 && self.flat_groups().contains(&NamedGroup::x25519) {
            shares.push(NamedGroup::x25519);
        }
        shares
    }

    /// The groups as one list.
    pub(super) fn flat_groups(&self) -> Vec<NamedGroup> {
        self.groups.concat()
    }
}

/// A ClientHello.
pub(super) struct Hello<'a> {
    pub(super) abilities: Abilities,
    /// Whether supported_versions is there.
    pub(super) names_versions: bool,
    /// In order: TLS 1.3's first.
    pub(super) suites: Vec<CipherSuite>,
    /// `None`: no extension.
    pub(super) groups: Option<Vec<NamedGroup>>,
    pub(super) shares: Vec<NamedGroup>,
    /// `None`: no extension.
    pub(super) schemes: Option<Vec<SignatureScheme>>,
    pub(super) alpn: &'a [String],
    /// client_certificate_type; absent for certificates.
    pub(super) presents: KeyKinds,
    /// server_certificate_type likewise.
    pub(super) demands: KeyKinds,
    /// The text that SNI has, which need not be a name.
    pub(super) server_name: Option<&'a str>,
    /// Whether TLS_FALLBACK_SCSV is among the suites.
    pub(super) fallback: bool,
    /// Whether a rustls client keeps a TLS 1.3 session that its versions no longer let it offer: then it
    /// asks for no ticket of TLS 1.2 either (client/hs.rs, `prepare_resumption`).
    pub(super) holds_useless: bool,
    /// The session that the client offers to resume.
    pub(super) offer: Option<&'a Remembered>,
    /// What no stack sends, but what the link may make of what it sends.
    pub(super) odd: Odd,
}

/// What client_certificate_type or server_certificate_type comes to (RFC 7250).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKinds {
    /// No raw public keys, whatever else is named.
    Certificates,
    RawKeys,
    Either,
}

impl KeyKinds {
    fn of(kind: CertificateType) -> Self {
        match kind {
            CertificateType::X509 => Self::Certificates,
            CertificateType::RawPublicKey => Self::RawKeys,
        }
    }

    /// Of an extension's list.
    pub(super) fn named(kinds: &[u8]) -> Self {
        // RFC 7250 §4.1.
        match (kinds.contains(&2), kinds.contains(&0)) {
            (false, _) => Self::Certificates,
            (true, false) => Self::RawKeys,
            (true, true) => Self::Either,
        }
    }
}

/// What is wrong with a hello that was changed on its way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Odd {
    /// TLS 1.3 without key_share.
    pub(super) shareless: bool,
    /// Two shares of one group.
    pub(super) shares_twice: bool,
    /// Another number of compression methods than one.
    pub(super) compressions: bool,
    /// ec_point_formats without uncompressed points.
    pub(super) no_points: bool,
    /// Another legacy_session_id.
    pub(super) other_id: bool,
    /// Neither renegotiation_info nor its signal among the suites.
    pub(super) renegotiation_unsafe: bool,
    /// signature_algorithms_cert without ecdsa_secp256r1_sha256, with which a plain server's certificate is signed
    /// (ssl/t1_lib.c, `check_cert_usable`).
    pub(super) certificate_unfit: bool,
    /// signature_algorithms_cert without signature_algorithms, to OpenSSL.
    pub(super) certificate_schemes_alone: bool,
    /// pre_shared_key without psk_key_exchange_modes.
    pub(super) modeless: bool,
    /// session_ticket, whether the client itself has sent it or not.
    pub(super) asks_ticket: bool,
    pub(super) unreadable: Unreadable,
}

/// What OpenSSL finds when it looks closer, at three moments: error and alert.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Unreadable {
    /// It chooses a version.
    pub(super) version: Mistake,
    /// It reads the suites.
    pub(super) suites: Mistake,
    /// It reads the extensions: where another version than TLS 1.3 was chosen, and where it was.
    pub(super) extensions: [Mistake; 2],
}

type Mistake = Option<(String, Option<AlertDescription>)>;

impl<'a> Hello<'a> {
    /// What this client sends first.
    pub(super) fn of(client: &'a Endpoint<ClientProfile>) -> Result<Self, Box<Fault>> {
        let profile = &client.profile;
        let abilities = Abilities::of(client.stack, &profile.protocol);
        let traits = traits::of(client.stack);
        let mut hello = if client.stack.is_rustls() {
            Self::of_rustls(abilities, &profile.protocol, traits)
        } else {
            Self::of_openssl(abilities, &profile.protocol, traits)?
        };
        hello.alpn = &profile.alpn;
        hello.presents = KeyKinds::of(profile.certificate_type);
        hello.demands = KeyKinds::of(profile.server_certificate_type);
        hello.server_name = match (&profile.server_name, profile.sni) {
            // Without a final dot (rustls msgs/handshake.rs, `trim_hostname_trailing_dot_for_sni`).
            (ServerName::Dns(name), Sni::Send) if client.stack.is_rustls() => {
                Some(name.strip_suffix('.').unwrap_or(name))
            }
            // As it is (ssl/statem/extensions_clnt.c, `tls_construct_ctos_server_name`).
            (ServerName::Dns(name), Sni::Send) => Some(name),
            _ => None,
        };
        hello.fallback = profile.fallback_scsv;
        Ok(hello)
    }

    /// client/hs.rs, `emit_client_hello_for_retry`.
    fn of_rustls(abilities: Abilities, protocol: &Protocol, traits: &Traits) -> Self {
        let tls13 = abilities.has(ProtocolVersion::TLS1_3);
        let listed = abilities.flat_groups();
        let groups: Vec<_> = listed
            .iter()
            .copied()
            .filter(|group| tls13 || usable_below_tls13(*group))
            .collect();
        let shares = match (&protocol.groups, tls13) {
            (_, false) => Vec::new(),
            (None, true) => traits.default_shares.to_vec(),
            (Some(_), true) => listed
                .first()
                .map(|first| abilities.rustls_shares(*first))
                .unwrap_or_default(),
        };
        let mut suites = abilities.tls13_suites.clone();
        suites.extend(&abilities.suites);
        Self {
            names_versions: true,
            suites,
            groups: Some(groups),
            shares,
            schemes: Some(abilities.schemes.clone()),
            abilities,
            alpn: &[],
            presents: KeyKinds::Certificates,
            demands: KeyKinds::Certificates,
            server_name: None,
            fallback: false,
            holds_useless: false,
            offer: None,
            odd: Odd::default(),
        }
    }

    /// ssl/statem/statem_clnt.c, extensions_clnt.c.
    fn of_openssl(
        mut abilities: Abilities,
        protocol: &Protocol,
        traits: &Traits,
    ) -> Result<Self, Box<Fault>> {
        abilities.versions = lowest_run(&abilities.versions);
        let Some(&newest) = abilities.versions.last() else {
            // ssl/statem/statem_lib.c, `tls_setup_handshake`.
            return Err(local(
                Cause::CfgNoProtocols,
                "NO_PROTOCOLS_AVAILABLE",
                AlertDescription::protocol_version,
            ));
        };
        let tls13 = newest == ProtocolVersion::TLS1_3;
        let mut suites = if tls13 {
            abilities.tls13_suites.clone()
        } else {
            Vec::new()
        };
        if abilities.versions.first() == Some(&ProtocolVersion::TLS1_3) {
            // ssl/t1_lib.c, `tls12_sigalg_allowed`.
            abilities
                .schemes
                .retain(|scheme| !LEVEL_0_SCHEMES.contains(scheme));
        }
        let schemes = abilities.schemes.clone();
        suites.extend(abilities.suites.iter().copied().filter(|suite| {
            abilities
                .versions
                .iter()
                .any(|version| usable_in(*suite, *version))
                && authentication_has_scheme(*suite, &schemes)
        }));
        if !suites.iter().any(|suite| usable_in(*suite, newest)) {
            // `ssl_cipher_list_to_bytes`: none for the newest version.
            return Err(local(
                Cause::CfgNoCiphers,
                "NO_CIPHERS_AVAILABLE",
                AlertDescription::internal_error,
            ));
        }
        let listed = abilities.flat_groups();
        let usable: Vec<_> = listed
            .iter()
            .copied()
            .filter(|group| tls13 || usable_below_tls13(*group))
            .collect();
        let elliptic = suites
            .iter()
            .any(|suite| suite.is_tls13() || is_ecdhe(*suite));
        let sends_groups = tls13 || (elliptic && !usable.is_empty());
        if tls13 && usable.is_empty() {
            return Err(local(
                Cause::CfgNoGroups,
                "NO_SUITABLE_GROUPS",
                AlertDescription::internal_error,
            ));
        }
        let sends_schemes = newest >= ProtocolVersion::TLS1_2;
        if sends_schemes && schemes.is_empty() {
            // ssl/t1_lib.c, `tls12_copy_sigalgs`.
            return Err(local(
                Cause::CfgNoSchemes,
                "NO_SUITABLE_SIGNATURE_ALGORITHM",
                AlertDescription::internal_error,
            ));
        }
        let shares = match (&protocol.groups, tls13) {
            (_, false) => Vec::new(),
            // The first that the level allows.
            (_, true) if !HAS_TUPLES.is_in() => usable.first().copied().into_iter().collect(),
            (None, true) => traits
                .default_shares
                .iter()
                .copied()
                .filter(|group| usable.contains(group))
                .collect(),
            // Without a `*`, the first (`tls_construct_ctos_key_share`).
            (Some(_), true) if protocol.key_shares.is_empty() => {
                usable.first().copied().into_iter().collect()
            }
            // Every group with a `*` that the level allows.
            (Some(_), true) => protocol
                .key_shares
                .iter()
                .copied()
                .filter(|group| usable.contains(group))
                .collect(),
        };
        if tls13 && shares.is_empty() {
            // `tls_construct_ctos_key_share`: the level leaves groups, but none that has a `*`.
            return Err(local(
                Cause::CfgNoGroups,
                "NO_SUITABLE_KEY_SHARE",
                AlertDescription::internal_error,
            ));
        }
        Ok(Self {
            names_versions: tls13,
            suites,
            groups: sends_groups.then_some(usable),
            shares,
            schemes: sends_schemes.then_some(schemes),
            abilities,
            alpn: &[],
            presents: KeyKinds::Certificates,
            demands: KeyKinds::Certificates,
            server_name: None,
            fallback: false,
            holds_useless: false,
            offer: None,
            odd: Odd::default(),
        })
    }
}

/// What a server brings.
pub(super) fn server_abilities(server: &Endpoint<ServerProfile>) -> Abilities {
    Abilities::of(server.stack, &server.profile.protocol)
}

/// Whether a suite can be used with a version. AEAD and SHA-2 suites begin with TLS 1.2
/// (RFC 5246 §1.2, RFC 5288 §4).
pub(super) fn usable_in(suite: CipherSuite, version: ProtocolVersion) -> bool {
    if suite.is_tls13() {
        return version == ProtocolVersion::TLS1_3;
    }
    let old = matches!(
        suite,
        CipherSuite::TLS_RSA_WITH_AES_128_CBC_SHA
            | CipherSuite::TLS_RSA_WITH_AES_256_CBC_SHA
            | CipherSuite::TLS_DHE_RSA_WITH_AES_128_CBC_SHA
            | CipherSuite::TLS_DHE_RSA_WITH_AES_256_CBC_SHA
            | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
            | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA
            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA
            | CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
    );
    version == ProtocolVersion::TLS1_2 || (old && version < ProtocolVersion::TLS1_2)
}

/// Whether a suite of TLS 1.2 or earlier agrees on a key with ECDHE.
pub(super) fn is_ecdhe(suite: CipherSuite) -> bool {
    suite
        .name()
        .is_some_and(|name| name.starts_with("TLS_ECDHE_"))
}

/// Whether a suite of TLS 1.2 or earlier agrees on a key with DHE.
pub(super) fn is_dhe(suite: CipherSuite) -> bool {
    suite
        .name()
        .is_some_and(|name| name.starts_with("TLS_DHE_"))
}

/// Whether a suite of TLS 1.2 or earlier authenticates with ECDSA, or EdDSA (RFC 8422 §5.1.1).
pub(super) fn is_ecdsa_suite(suite: CipherSuite) -> bool {
    suite.name().is_some_and(|name| name.contains("_ECDSA_"))
}

/// Whether a group may be used before TLS 1.3.
pub(super) fn usable_below_tls13(group: NamedGroup) -> bool {
    // OpenSSL 3 has RFC 7919's groups for TLS 1.3 alone (providers/common/capabilities.c).
    group != NamedGroup::X25519MLKEM768 && !FFDHE.contains(&group.0)
}

/// ssl/t1_lib.c, `ssl_set_sig_mask`: a client leaves out the suites for whose authentication it
/// accepts no scheme.
fn authentication_has_scheme(suite: CipherSuite, schemes: &[SignatureScheme]) -> bool {
    schemes.iter().any(|scheme| {
        if is_ecdsa_suite(suite) {
            is_ecdsa(*scheme) || is_eddsa(*scheme)
        } else {
            is_pss(*scheme) || is_pkcs1(*scheme)
        }
    })
}

/// Whether any scheme may sign a TLS 1.3 handshake.
pub(super) fn any_for_tls13(schemes: &[SignatureScheme]) -> bool {
    schemes.iter().any(|scheme| is_for_tls13(*scheme))
}

/// ssl/statem/statem_lib.c, `ssl_get_min_max_version`: a hole hides what lies above it.
pub(super) fn lowest_run(versions: &[ProtocolVersion]) -> Vec<ProtocolVersion> {
    let mut run: Vec<ProtocolVersion> = Vec::new();
    for version in versions {
        match run.last() {
            Some(last) if last.0 + 1 != version.0 => break,
            _ => run.push(*version),
        }
    }
    run
}

fn local(cause: Cause, native: &str, alert: AlertDescription) -> Box<Fault> {
    Box::new(Fault {
        cause,
        detector: Role::Client,
        native: native.into(),
        alert: Some(alert),
        phase: Phase::BeforeHello,
    })
}

/// A list divided into tuples of these sizes; without any, it is one.
fn tuples(groups: &[NamedGroup], sizes: &[u8]) -> Vec<Vec<NamedGroup>> {
    if sizes.is_empty() {
        return vec![groups.to_vec()];
    }
    let mut rest = groups.iter().copied();
    sizes
        .iter()
        .map(|size| rest.by_ref().take((*size).into()).collect())
        .collect()
}

/// RFC 7919 §7.
const FFDHE: std::ops::RangeInclusive<u16> = 0x0100..=0x0104;

fn list<T: Clone>(chosen: Option<&[T]>, default: &[T]) -> Vec<T> {
    chosen.unwrap_or(default).to_vec()
}
