//! From profiles to contexts.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{
    AlpnError, NameType, SniError, Ssl, SslAlert, SslContext, SslContextBuilder, SslMethod,
    SslMode, SslOptions, SslSessionCacheMode, SslVerifyMode, SslVersion,
};
use openssl::x509::X509;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};

use super::connection::OpenSslConnection;
use super::parsed::Parsed;
use super::{error, ffi, resume, trace};
use crate::clock;
use crate::connection::{Config, Connection, Failure, Memory, Refusal, Role};
use crate::iana::{CipherSuite, ProtocolVersion, SignatureScheme};
use crate::identity::{Chain, Identities, Lists, Unmakeable};
use crate::profile::{
    CertificateType, ClientAuth, ClientProfile, Compression, Credential, Ems, Loading, Miss,
    NameCheck, Ocsp, Preference, Protocol, Revocation, ServerName, ServerProfile, SessionIdContext,
    Sni, SniPolicy, Trust,
};

/// A prepared profile: a context, and what each connection is told besides.
pub(super) struct Prepared {
    pub(super) context: SslContext,
    pub(super) role: Role,
    pub(super) sni: Option<String>,
    pub(super) identities: Arc<Identities>,
}

impl Config for Prepared {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        self.begin(None)
    }

    fn connect_with(&self, memory: &Arc<Memory>) -> Result<Box<dyn Connection>, Failure> {
        self.begin(Some(memory))
    }
}

impl Prepared {
    fn begin(&self, memory: Option<&Arc<Memory>>) -> Result<Box<dyn Connection>, Failure> {
        let connection = || {
            let mut ssl = Ssl::new(&self.context)?;
            trace::attach(&mut ssl);
            match self.role {
                Role::Client => ssl.set_connect_state(),
                Role::Server => ssl.set_accept_state(),
            }
            if let Some(name) = &self.sni {
                ssl.set_hostname(name)?;
            }
            if let Some(memory) = memory {
                match self.role {
                    Role::Client => resume::offer(&mut ssl, memory)?,
                    Role::Server => resume::remember(&mut ssl, memory),
                }
            }
            let memory = memory.filter(|_| self.role == Role::Client).cloned();
            OpenSslConnection::new(ssl, self.role, self.identities.clone(), memory)
        };
        match connection() {
            Ok(connection) => Ok(Box::new(connection)),
            Err(errors) => Err(error::configuration(&errors)),
        }
    }
}

/// A client's context, and the name that it sends.
pub(super) fn client(
    profile: &ClientProfile,
    identities: &Identities,
    parsed: &Parsed,
) -> Result<(SslContextBuilder, Option<String>), Refusal> {
    expressible(
        &[profile.certificate_type, profile.server_certificate_type],
        profile.compression,
    )?;
    let mut context = SslContextBuilder::new(SslMethod::tls_client()).map_err(refused)?;
    common(&mut context, &profile.protocol)?;
    if profile.ocsp == Ocsp::Check && openssl::version::number() < FIRST_WITH_OCSP_RESP_CHECK {
        return Err(Refusal::Unsupported(
            "OpenSSL looks at stapled responses since 3.6".to_owned(),
        ));
    }
    if profile.fallback_scsv {
        context.set_mode(SslMode::SEND_FALLBACK_SCSV);
    }
    if matches!(&profile.server_name, ServerName::Dns(name) if name.contains('\0')) {
        return Err(Refusal::Unsupported(
            "OpenSSL's names end before a NUL".to_owned(),
        ));
    }
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    if let Some(credential) = profile.identity {
        load(&mut context, identities, Role::Client, credential)?;
    }
    verify(
        &mut context,
        identities,
        parsed,
        &Verification {
            peer: Role::Server,
            trust: profile.trust,
            revocation: profile.revocation,
            partial_chain: profile.partial_chain,
            staple: profile.ocsp == Ocsp::Check,
        },
    )?;
    if profile.ocsp != Ocsp::Ignore {
        ffi::request_status(&mut context).map_err(refused)?;
    }
    context.set_verify(SslVerifyMode::PEER);
    if profile.name_check == NameCheck::On {
        // Without host flags: OpenSSL's defaults, which fall back on the common name.
        let param = context.verify_param_mut();
        match &profile.server_name {
            ServerName::Dns(name) => param.set_host(name),
            ServerName::Ip(address) => param.set_ip(*address),
        }
        .map_err(refused)?;
    }
    if !profile.alpn.is_empty() {
        let protocols = alpn_list(&profile.alpn)?;
        context.set_alpn_protos(&protocols).map_err(refused)?;
    }
    Ok((context, sni(profile)))
}

/// A server's context.
pub(super) fn server(
    profile: &ServerProfile,
    identities: &Identities,
    parsed: &Parsed,
) -> Result<SslContextBuilder, Refusal> {
    expressible(
        &[profile.certificate_type, profile.client_certificate_type],
        profile.compression,
    )?;
    let mut context = SslContextBuilder::new(SslMethod::tls_server()).map_err(refused)?;
    common(&mut context, &profile.protocol)?;
    resume::keep_sessions(&mut context).map_err(refused)?;
    if profile.session_id_context == SessionIdContext::Set {
        context
            .set_session_id_context(b"shakedown")
            .map_err(refused)?;
    }
    ffi::set_dh_auto(&mut context).map_err(refused)?;
    if profile.preference == Preference::Server {
        context.set_options(SslOptions::CIPHER_SERVER_PREFERENCE);
    }
    if let Some(credential) = profile.identity {
        load(&mut context, identities, Role::Server, credential)?;
        let staple = identities
            .staple(credential, profile.staple)
            .map_err(unmakeable)?;
        if let Some(response) = staple {
            set_staple(&mut context, response).map_err(refused)?;
        }
    }
    let mode = match profile.client_auth {
        ClientAuth::None => SslVerifyMode::NONE,
        ClientAuth::Optional => SslVerifyMode::PEER,
        ClientAuth::Required => SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT,
    };
    context.set_verify(mode);
    if profile.client_auth != ClientAuth::None {
        verify(
            &mut context,
            identities,
            parsed,
            &Verification {
                peer: Role::Client,
                trust: profile.trust,
                revocation: profile.revocation,
                partial_chain: profile.partial_chain,
                staple: false,
            },
        )?;
    }
    if !profile.alpn.is_empty() {
        select_alpn(&mut context, &profile.alpn, profile.alpn_miss)?;
    }
    // A callback for names keeps TLS 1.3 enabled on a server without a certificate; so there is none
    // but where it decides something.
    if profile.sni == SniPolicy::Strict {
        context.set_servername_callback(|ssl, alert| {
            // Names compare without regard to case (RFC 6066 §3).
            let known = ssl
                .servername_raw(NameType::HOST_NAME)
                .is_some_and(|name| name.eq_ignore_ascii_case(ServerName::RIGHT.as_bytes()));
            if known {
                return Ok(());
            }
            *alert = SslAlert::UNRECOGNIZED_NAME;
            Err(SniError::ALERT_FATAL)
        });
    }
    Ok(context)
}

/// What OpenSSL has and this build, or the `openssl` crate, has not.
fn expressible(types: &[CertificateType], compression: Compression) -> Result<(), Refusal> {
    if types.contains(&CertificateType::RawPublicKey) {
        return Err(Refusal::Unsupported(
            "the openssl crate has no binding for raw public keys".to_owned(),
        ));
    }
    if compression != Compression::None {
        return Err(Refusal::Unsupported(
            "openssl-src builds OpenSSL without compression (no-comp)".to_owned(),
        ));
    }
    Ok(())
}

fn common(context: &mut SslContextBuilder, protocol: &Protocol) -> Result<(), Refusal> {
    context.set_mode(SslMode::NO_AUTO_CHAIN);
    // First of all, for it decides over what is loaded later.
    if let Some(level) = protocol.security_level {
        context.set_security_level(level.into());
    }
    match protocol.ems {
        Ems::Default => {}
        Ems::Off => ffi::forbid_ems(context),
        Ems::Required => {
            return Err(Refusal::Unsupported(
                "OpenSSL cannot insist on the extended master secret".to_owned(),
            ));
        }
    }
    set_versions(context, &protocol.versions)?;
    if let Some(suites) = &protocol.suites {
        set_suites(context, suites, &protocol.versions)?;
    }
    if let Some(suites) = &protocol.tls13_suites {
        let names = suite_names(suites, "TLS 1.3", |suite| suite.is_tls13())?;
        context
            .set_ciphersuites(&names.join(":"))
            .map_err(refused)?;
    }
    set_groups(context, protocol)?;
    if let Some(schemes) = &protocol.signature_schemes {
        let names = names(schemes, "signature scheme", |scheme| match scheme {
            // The name that every OpenSSL knows: its own for it came after 3.0.
            SignatureScheme::ecdsa_sha1 => Some("ECDSA+SHA1"),
            _ => scheme.name(),
        })?;
        set_list(&names, "signature scheme", |list| {
            context.set_sigalgs_list(list)
        })?;
    }
    Ok(())
}

/// The lowest and the highest version, and an option for each that is missing between them; without
/// any version every one is switched off, which OpenSSL only notices in the handshake.
fn set_versions(
    context: &mut SslContextBuilder,
    versions: &[ProtocolVersion],
) -> Result<(), Refusal> {
    if let Some(unknown) = versions
        .iter()
        .find(|version| VERSIONS.iter().all(|(known, ..)| known != *version))
    {
        return Err(Refusal::Unsupported(format!("OpenSSL has no {unknown}")));
    }
    let enabled = || VERSIONS.iter().filter(|(v, ..)| versions.contains(v));
    context
        .set_min_proto_version(enabled().next().map(|(_, version, _)| *version))
        .map_err(refused)?;
    context
        .set_max_proto_version(enabled().next_back().map(|(_, version, _)| *version))
        .map_err(refused)?;
    for (version, _, off) in VERSIONS {
        if !versions.contains(version) {
            context.set_options(*off);
        }
    }
    Ok(())
}

/// Sets the suites of TLS 1.2 and earlier.
///
/// OpenSSL refuses a list without a suite (`NO_CIPHER_MATCH`), and so does this, where one of these
/// versions is enabled; where none is, an empty list says nothing.
fn set_suites(
    context: &mut SslContextBuilder,
    suites: &[CipherSuite],
    versions: &[ProtocolVersion],
) -> Result<(), Refusal> {
    let names = suite_names(suites, "TLS 1.2 or earlier", |suite| !suite.is_tls13())?;
    if names.is_empty() && versions.iter().all(|v| *v > ProtocolVersion::TLS1_2) {
        return Ok(());
    }
    context.set_cipher_list(&names.join(":")).map_err(refused)
}

/// Sets the groups: `/` stands between tuples, `*` before a group that a share is sent for
/// (ssl/t1_lib.c, `tuple_cb` and `gid_cb`).
fn set_groups(context: &mut SslContextBuilder, protocol: &Protocol) -> Result<(), Refusal> {
    if let Some((field, message)) = protocol.contradiction() {
        return Err(Refusal::Unsupported(format!("{field}: {message}")));
    }
    if protocol.key_shares.len() > MAX_KEY_SHARES {
        return Err(Refusal::Unsupported(format!(
            "OpenSSL sends no more than {MAX_KEY_SHARES} key shares"
        )));
    }
    let chooses = !(protocol.group_tuples.is_empty() && protocol.key_shares.is_empty());
    if chooses && openssl::version::number() < FIRST_WITH_TUPLES {
        return Err(Refusal::Unsupported(
            "OpenSSL has tuples of groups and a choice of key shares since 3.5".to_owned(),
        ));
    }
    let Some(groups) = &protocol.groups else {
        return Ok(());
    };
    let names = names(groups, "group", |group| group.name())?;
    set_list(&names, "group", |list| context.set_groups_list(list))?;
    let mut tuples = protocol.group_tuples.iter().copied();
    let mut left = tuples.next().unwrap_or_default();
    let mut list = String::new();
    for (group, name) in groups.iter().zip(names) {
        if !list.is_empty() && left == 0 && !protocol.group_tuples.is_empty() {
            list.push('/');
            left = tuples.next().unwrap_or_default();
        } else if !list.is_empty() {
            list.push(':');
        }
        left = left.saturating_sub(1);
        if protocol.key_shares.contains(group) {
            list.push('*');
        }
        list.push_str(name);
    }
    context.set_groups_list(&list).map_err(refused)
}

fn suite_names(
    suites: &[CipherSuite],
    versions: &str,
    belongs: impl Fn(CipherSuite) -> bool,
) -> Result<Vec<&'static str>, Refusal> {
    suites
        .iter()
        .map(|suite| {
            SUITES
                .get(suite)
                .copied()
                .filter(|_| belongs(*suite))
                .ok_or_else(|| {
                    Refusal::Unsupported(format!("OpenSSL has no suite {suite} of {versions}"))
                })
        })
        .collect()
}

/// The names of code points, in OpenSSL's spelling, which is the registry's.
fn names<T: Copy + std::fmt::Display>(
    list: &[T],
    what: &str,
    name: impl Fn(T) -> Option<&'static str>,
) -> Result<Vec<&'static str>, Refusal> {
    list.iter()
        .map(|value| {
            name(*value).ok_or_else(|| {
                Refusal::Unsupported(format!("OpenSSL's name for {what} {value} is not known"))
            })
        })
        .collect()
}

/// Sets a list, after each item alone, so that one that OpenSSL does not have is told by name.
fn set_list(
    names: &[&str],
    what: &str,
    mut set: impl FnMut(&str) -> Result<(), ErrorStack>,
) -> Result<(), Refusal> {
    if let Some(name) = names.iter().find(|name| set(name).is_err()) {
        return Err(Refusal::Unsupported(format!(
            "OpenSSL has no {what} {name}"
        )));
    }
    set(&names.join(":")).map_err(refused)
}

/// Loads a chain: the certificate before the key, for OpenSSL drops a key that does not match a
/// certificate which comes after it, but refuses a key that does not match one before it.
fn load(
    context: &mut SslContextBuilder,
    identities: &Identities,
    role: Role,
    credential: Credential,
) -> Result<(), Refusal> {
    if credential.loading == Loading::Resolver {
        return Err(Refusal::Unsupported(
            "OpenSSL checks every certificate that it loads".to_owned(),
        ));
    }
    let chain = identities.chain(role, credential).map_err(unmakeable)?;
    let Chain { certificates, key } = &*chain;
    let Some((leaf, issuers)) = certificates.split_first() else {
        return Err(Refusal::Unsupported(
            "OpenSSL loads no chain without a certificate".to_owned(),
        ));
    };
    let mut load = || {
        context.set_certificate(&*X509::from_der(leaf)?)?;
        for issuer in issuers {
            context.add_extra_chain_cert(X509::from_der(issuer)?)?;
        }
        context.set_private_key(&*PKey::private_key_from_pkcs8(key)?)
    };
    load().map_err(refused)
}

/// How a peer's certificate is verified.
struct Verification {
    peer: Role,
    trust: Trust,
    revocation: Revocation,
    partial_chain: bool,
    /// Whether a stapled response must say that the certificate is good.
    staple: bool,
}

/// Has the peer's certificate verified against anchors, at the moment of the virtual clock.
///
/// Revocation is looked up for the end-entity certificate alone, unless the whole chain is asked for,
/// and expired lists are never accepted: these are OpenSSL's habits.
fn verify(
    context: &mut SslContextBuilder,
    identities: &Identities,
    parsed: &Parsed,
    verification: &Verification,
) -> Result<(), Refusal> {
    if verification.revocation == Revocation::CrlMissingAllowed {
        return Err(Refusal::Unsupported(
            "OpenSSL insists on a list for what it checks".to_owned(),
        ));
    }
    let anchors = parsed
        .anchors(identities, verification.peer, verification.trust)
        .map_err(unmakeable)?;
    let set = || {
        let mut store = X509StoreBuilder::new()?;
        for anchor in anchors?.iter() {
            store.add_cert(anchor.clone())?;
        }
        let mut flags = X509VerifyFlags::empty();
        if let Some(lists) = Lists::of(verification.revocation) {
            for crl in parsed.crls(identities, lists)?.iter() {
                ffi::add_crl(&mut store, crl)?;
            }
            flags |= X509VerifyFlags::CRL_CHECK;
        }
        if verification.revocation == Revocation::CrlChain {
            flags |= X509VerifyFlags::CRL_CHECK_ALL;
        }
        if verification.partial_chain {
            flags |= X509VerifyFlags::PARTIAL_CHAIN;
        }
        if verification.staple {
            flags |= X509VerifyFlags::from_bits_retain(OCSP_RESP_CHECK);
            // Who signed the response is verified by the store's own parameters
            // (crypto/ocsp/ocsp_vfy.c, `ocsp_verify_signer`).
            let mut param = X509VerifyParam::new()?;
            param.set_time(MOMENT);
            store.set_param(&param)?;
        }
        context.verify_param_mut().set_flags(flags)?;
        context.set_cert_store(store.build());
        context.verify_param_mut().set_time(MOMENT);
        Ok(())
    };
    set().map_err(refused)
}

/// Staples a response for those who ask. OpenSSL parses it, and leaves out what is no response or is
/// for another certificate (ssl/s3_lib.c, `SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP`;
/// ssl/statem/statem_srvr.c, `ossl_get_ocsp_response`).
fn set_staple(context: &mut SslContextBuilder, response: Vec<u8>) -> Result<(), ErrorStack> {
    context.set_status_callback(move |ssl| {
        ssl.set_ocsp_status(&response)?;
        // What the parser queues would be taken for the handshake's own error.
        drop(ErrorStack::get());
        Ok(true)
    })
}

/// Names travel as SNI, addresses never (RFC 6066 §3).
fn sni(profile: &ClientProfile) -> Option<String> {
    match &profile.server_name {
        ServerName::Dns(name) if profile.sni == Sni::Send => Some(name.clone()),
        ServerName::Dns(_) | ServerName::Ip(_) => None,
    }
}

/// The first protocol of the server's list that the client has too (RFC 7301 §3.2).
fn select_alpn(
    context: &mut SslContextBuilder,
    protocols: &[String],
    miss: Miss,
) -> Result<(), Refusal> {
    let own = alpn_list(protocols)?;
    context.set_alpn_select_callback(move |_, offered| {
        alpn_names(&own)
            .find_map(|own| alpn_names(offered).find(|offered| *offered == own))
            .ok_or(match miss {
                Miss::Fatal => AlpnError::ALERT_FATAL,
                Miss::Ignore => AlpnError::NOACK,
            })
    });
    Ok(())
}

/// A list of protocols as it stands in the extension, each with its length before it.
fn alpn_list(protocols: &[String]) -> Result<Vec<u8>, Refusal> {
    let mut list = Vec::new();
    for protocol in protocols {
        match u8::try_from(protocol.len()) {
            Ok(length) if length > 0 => list.push(length),
            _ => {
                return Err(Refusal::Unsupported(format!(
                    "the protocol name {protocol:?} has not 1 to 255 bytes"
                )));
            }
        }
        list.extend_from_slice(protocol.as_bytes());
    }
    Ok(list)
}

fn alpn_names(mut list: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = list.split_first()?;
        let (name, rest) = rest.split_at_checked((*length).into())?;
        list = rest;
        Some(name)
    })
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn refused(errors: ErrorStack) -> Refusal {
    Refusal::Config(error::configuration(&errors))
}

#[expect(clippy::needless_pass_by_value, reason = "an argument of map_err")]
fn unmakeable(reason: Unmakeable) -> Refusal {
    Refusal::Unsupported(reason.to_string())
}

/// Every suite that this OpenSSL can be set to, with OpenSSL's name; those of TLS 1.3 have to be asked
/// for.
static SUITES: LazyLock<BTreeMap<CipherSuite, &'static str>> = LazyLock::new(|| {
    let all = || {
        let mut context = SslContextBuilder::new(SslMethod::tls())?;
        context.set_cipher_list("ALL:COMPLEMENTOFALL")?;
        context.set_ciphersuites(TLS13_SUITES)?;
        Ok::<_, ErrorStack>(context.build())
    };
    let context = all().expect("OpenSSL knows its own suites");
    ffi::suites(&context)
        .into_iter()
        .flatten()
        .map(|suite| {
            (
                CipherSuite(u16::from_be_bytes(suite.protocol_id())),
                suite.name(),
            )
        })
        .collect()
});

/// `X509_V_FLAG_OCSP_RESP_CHECK`. Older versions take the flag, and do nothing.
pub(super) const OCSP_RESP_CHECK: u64 = 0x40_0000;
/// 3.5.0, as `OPENSSL_VERSION_NUMBER` has it.
const FIRST_WITH_TUPLES: i64 = 0x3050_0000;
/// 3.6.0, as `OPENSSL_VERSION_NUMBER` has it.
const FIRST_WITH_OCSP_RESP_CHECK: i64 = 0x3060_0000;

const TLS13_SUITES: &str = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:\
    TLS_AES_128_GCM_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256";

/// The versions that OpenSSL has, lowest first, with the option that switches each off.
const VERSIONS: &[(ProtocolVersion, SslVersion, SslOptions)] = &[
    (
        ProtocolVersion::TLS1_0,
        SslVersion::TLS1,
        SslOptions::NO_TLSV1,
    ),
    (
        ProtocolVersion::TLS1_1,
        SslVersion::TLS1_1,
        SslOptions::NO_TLSV1_1,
    ),
    (
        ProtocolVersion::TLS1_2,
        SslVersion::TLS1_2,
        SslOptions::NO_TLSV1_2,
    ),
    (
        ProtocolVersion::TLS1_3,
        SslVersion::TLS1_3,
        SslOptions::NO_TLSV1_3,
    ),
];

/// ssl/ssl_local.h, `OPENSSL_CLIENT_MAX_KEY_SHARES`.
const MAX_KEY_SHARES: usize = 4;

const MOMENT: libc::time_t = clock::NOW as libc::time_t;
