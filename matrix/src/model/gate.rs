//! The configuration gate: what a stack cannot express, and what it refuses before any byte.

use std::fmt::Display;

use shakedown::connection::Role;
use shakedown::iana::{NamedGroup, ProtocolVersion};
use shakedown::profile::{
    CertificateType, ClientAuth, ClientProfile, Compression, Credential, Ems, Flaw, KeyType,
    Loading, Miss, NameCheck, Ocsp, Protocol, Revocation, ServerName, ServerProfile,
    SessionIdContext, Staple, Trust,
};
use shakedown::scenario::{Endpoint, StackId};

use super::Cause;
use super::name::{NameText, name_text};
use super::raw_keys;
use super::security::own_credential;
use super::traits::openssl::{CHECKS_STAPLES, HAS_TUPLES, MAX_KEY_SHARES, default_level};
use super::traits::{self, Traits};

/// What comes of preparing a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// A configuration.
    Open,
    /// The stack has no way to say it.
    Unsupported(String),
    /// It has no way to say one part and refuses another; which comes first is the adapter's affair.
    Both(String),
    /// The stack refuses it.
    Refused { cause: Cause, native: String },
}

/// Preparing a client.
pub(super) fn client(client: &Endpoint<ClientProfile>) -> Gate {
    let profile = &client.profile;
    let unsupported = protocol_support(client.stack, &profile.protocol)
        .or_else(|| {
            (client.stack.is_rustls() && profile.name_check == NameCheck::Off)
                .then(|| "rustls always checks the name".to_owned())
        })
        .or_else(|| {
            (client.stack.is_rustls() && profile.fallback_scsv)
                .then(|| "rustls never says that it falls back".to_owned())
        })
        .or_else(|| match &profile.server_name {
            ServerName::Dns(name)
                if client.stack.is_rustls() && name_text(name) != NameText::Host =>
            {
                Some(format!("rustls takes {name:?} for no DNS name"))
            }
            _ => None,
        })
        .or_else(|| {
            certificates_support(
                client.stack,
                [profile.certificate_type, profile.server_certificate_type],
                profile.compression,
            )
        })
        .or_else(|| raw_keys::unsupported(profile.certificate_type, profile.identity))
        .or_else(|| {
            (client.stack.is_rustls() && profile.ocsp == Ocsp::Check)
                .then(|| "rustls looks at no stapled response".to_owned())
        })
        .or_else(|| {
            (profile.ocsp == Ocsp::Check && !CHECKS_STAPLES.is_in())
                .then(|| "OpenSSL looks at stapled responses since 3.6".to_owned())
        })
        .or_else(|| trust_support(profile.trust))
        .or_else(|| revocation_support(client.stack, profile.revocation))
        .or_else(|| identity_support(client.stack, profile.identity));
    // The order in which the adapter asks for them.
    let refused = openssl_lists(client.stack, &profile.protocol)
        .or_else(|| anchors(client.stack, profile.trust, profile.server_certificate_type))
        .or_else(|| builder(client.stack, &profile.protocol))
        .or_else(|| identity(client.stack, &profile.protocol, profile.identity));
    gate(unsupported, refused)
}

/// Preparing a server.
pub(super) fn server(server: &Endpoint<ServerProfile>) -> Gate {
    let profile = &server.profile;
    let asks = profile.client_auth != ClientAuth::None;
    let unsupported = protocol_support(server.stack, &profile.protocol)
        .or_else(|| {
            certificates_support(
                server.stack,
                [profile.certificate_type, profile.client_certificate_type],
                profile.compression,
            )
        })
        .or_else(|| raw_keys::unsupported(profile.certificate_type, profile.identity))
        .or_else(|| {
            (profile.certificate_type != CertificateType::X509 && profile.staple != Staple::None)
                .then(|| "there is no OCSP response for a raw public key".to_owned())
        })
        .or_else(|| {
            (server.stack.is_rustls()
                && profile.alpn_miss == Miss::Ignore
                && !profile.alpn.is_empty())
            .then(|| "a rustls server insists on a common application protocol".to_owned())
        })
        .or_else(|| {
            (server.stack.is_rustls() && profile.session_id_context == SessionIdContext::Unset)
                .then(|| "rustls has no session id contexts".to_owned())
        })
        .or_else(|| {
            if asks {
                trust_support(profile.trust)
                    .or_else(|| revocation_support(server.stack, profile.revocation))
            } else {
                None
            }
        })
        .or_else(|| identity_support(server.stack, profile.identity));
    let refused = openssl_lists(server.stack, &profile.protocol)
        .or_else(|| builder(server.stack, &profile.protocol))
        .or_else(|| {
            asks.then(|| anchors(server.stack, profile.trust, profile.client_certificate_type))
                .flatten()
        })
        .or_else(|| identity(server.stack, &profile.protocol, profile.identity));
    gate(unsupported, refused)
}

fn gate(unsupported: Option<String>, refused: Option<Gate>) -> Gate {
    match (unsupported, refused) {
        (Some(reason), Some(_)) => Gate::Both(reason),
        (Some(reason), None) => Gate::Unsupported(reason),
        (None, Some(refused)) => refused,
        (None, None) => Gate::Open,
    }
}

fn protocol_support(stack: StackId, protocol: &Protocol) -> Option<String> {
    let traits: &Traits = traits::of(stack);
    if stack.is_rustls() && protocol.security_level.is_some() {
        return Some("rustls has no security levels".into());
    }
    if stack.is_rustls() && !(protocol.group_tuples.is_empty() && protocol.key_shares.is_empty()) {
        return Some("rustls has neither tuples of groups nor a choice of key shares".into());
    }
    if let Some((field, message)) = protocol.contradiction() {
        return Some(format!("{field}: {message}"));
    }
    if protocol.key_shares.len() > MAX_KEY_SHARES {
        return Some(format!(
            "OpenSSL sends no more than {MAX_KEY_SHARES} key shares"
        ));
    }
    if !stack.is_rustls() && !HAS_TUPLES.is_in() {
        if !(protocol.group_tuples.is_empty() && protocol.key_shares.is_empty()) {
            return Some(
                "OpenSSL has tuples of groups and a choice of key shares since 3.5".into(),
            );
        }
        let mut listed = protocol.groups.iter().flatten();
        if listed.any(|group| *group == NamedGroup::X25519MLKEM768) {
            return Some("OpenSSL has X25519MLKEM768 since 3.5".into());
        }
    }
    match (stack.is_rustls(), protocol.ems) {
        (true, Ems::Off) => return Some("rustls always has the extended master secret".into()),
        (false, Ems::Required) => {
            return Some("OpenSSL cannot insist on the extended master secret".into());
        }
        _ => {}
    }
    lacks(stack, &protocol.versions, traits.versions)
        .or_else(|| lacks(stack, protocol.suites.as_deref()?, traits.suites))
        .or_else(|| {
            lacks(
                stack,
                protocol.tls13_suites.as_deref()?,
                traits.tls13_suites,
            )
        })
        .or_else(|| lacks(stack, protocol.groups.as_deref()?, traits.groups))
        .or_else(|| {
            lacks(
                stack,
                protocol.signature_schemes.as_deref()?,
                traits.schemes,
            )
        })
}

fn certificates_support(
    stack: StackId,
    types: [CertificateType; 2],
    compression: Compression,
) -> Option<String> {
    if stack.is_rustls() {
        None
    } else if types.contains(&CertificateType::RawPublicKey) {
        Some("the openssl crate has no binding for raw public keys".to_owned())
    } else {
        (compression != Compression::None)
            .then(|| "OpenSSL is built without compression".to_owned())
    }
}

fn lacks<T: PartialEq + Display>(stack: StackId, wanted: &[T], has: &[T]) -> Option<String> {
    wanted
        .iter()
        .find(|value| !has.contains(value))
        .map(|value| format!("{stack} has no {value}"))
}

fn trust_support(trust: Trust) -> Option<String> {
    match trust {
        Trust::Leaf(credential) if credential.has(Flaw::Malformed) => {
            Some("what is no DER cannot be an anchor".into())
        }
        Trust::Leaf(credential) if credential.has(Flaw::EmptyChain) => {
            Some("there is no end entity to trust".into())
        }
        Trust::Leaf(credential) => makeable(credential),
        _ => None,
    }
}

/// There is a callback that could overrule it, but no setting.
fn revocation_support(stack: StackId, revocation: Revocation) -> Option<String> {
    (stack == StackId::Openssl && revocation == Revocation::CrlMissingAllowed)
        .then(|| "OpenSSL insists on a list for what it checks".to_owned())
}

fn identity_support(stack: StackId, credential: Option<Credential>) -> Option<String> {
    let credential = credential?;
    if stack == StackId::Openssl && credential.loading == Loading::Resolver {
        return Some("OpenSSL checks every certificate that it loads".into());
    }
    if stack == StackId::Openssl && credential.has(Flaw::EmptyChain) {
        return Some("OpenSSL cannot be given a chain without certificates".into());
    }
    makeable(credential)
}

fn makeable(credential: Credential) -> Option<String> {
    if credential.has(Flaw::Sha1) && credential.key.is_eddsa() {
        return Some("EdDSA signs without a digest of its own choice (RFC 8410 §3)".to_owned());
    }
    credential.contradiction()
}

fn anchors(stack: StackId, trust: Trust, kind: CertificateType) -> Option<Gate> {
    // rustls webpki/server_verifier.rs and client_verifier.rs, `build`.
    (stack.is_rustls() && trust == Trust::Empty && kind == CertificateType::X509)
        .then(|| refused(Cause::CfgNoTrustAnchors, "NoRootAnchors"))
}

/// ssl/ssl_lib.c, `SSL_CTX_set_cipher_list`, and t1_lib.c, `tls1_set_sigalgs_list`: neither takes an
/// empty list.
fn openssl_lists(stack: StackId, protocol: &Protocol) -> Option<Gate> {
    if stack.is_rustls() {
        return None;
    }
    let empty = |list: &Option<Vec<_>>| list.as_deref().is_some_and(<[_]>::is_empty);
    let old = protocol
        .versions
        .iter()
        .any(|version| *version < ProtocolVersion::TLS1_3);
    if empty(&protocol.suites) && old {
        return Some(refused(Cause::CfgNoCiphers, "NO_CIPHER_MATCH"));
    }
    // Before tuples `tls1_set_groups_list` took no empty list either.
    let no_groups = protocol.groups.as_deref().is_some_and(<[_]>::is_empty);
    if no_groups && !HAS_TUPLES.is_in() {
        return Some(refused(Cause::CfgNoGroups, "REFUSED_WITHOUT_ERROR"));
    }
    protocol
        .signature_schemes
        .as_deref()
        .is_some_and(<[_]>::is_empty)
        .then(|| refused(Cause::CfgNoSchemes, "REFUSED_WITHOUT_ERROR"))
}

/// rustls builder.rs, `with_protocol_versions`.
fn builder(stack: StackId, protocol: &Protocol) -> Option<Gate> {
    if !stack.is_rustls() {
        return None;
    }
    let empty = |list: &Option<Vec<_>>| list.as_deref().is_some_and(<[_]>::is_empty);
    let usable = protocol.versions.iter().any(|version| {
        if *version == ProtocolVersion::TLS1_3 {
            !empty(&protocol.tls13_suites)
        } else {
            !empty(&protocol.suites)
        }
    });
    if protocol.versions.is_empty() {
        return Some(refused(
            Cause::CfgNoProtocols,
            "General(no usable cipher suites configured)",
        ));
    }
    if !usable {
        return Some(refused(
            Cause::CfgNoCiphers,
            "General(no usable cipher suites configured)",
        ));
    }
    protocol
        .groups
        .as_deref()
        .is_some_and(<[_]>::is_empty)
        .then(|| refused(Cause::CfgNoGroups, "General(no kx groups configured)"))
}

fn identity(stack: StackId, protocol: &Protocol, credential: Option<Credential>) -> Option<Gate> {
    let credential = credential?;
    match stack {
        StackId::Openssl => openssl_identity(protocol, credential),
        StackId::RustlsAwsLcRs | StackId::RustlsRing => rustls_identity(stack, credential),
    }
}

/// rustls crypto/signer.rs, `CertifiedKey::from_der`: the key is loaded, then held against the end
/// entity, which must parse.
fn rustls_identity(stack: StackId, credential: Credential) -> Option<Gate> {
    // crypto/aws_lc_rs/sign.rs and crypto/ring/sign.rs, `any_supported_type`: RSA from 2048 bits on and
    // by rsaEncryption alone (ring src/rsa/keypair.rs; aws-lc-rs src/rsa/key.rs), no Ed448.
    let lacks = match credential.key {
        KeyType::EcdsaP521 => stack == StackId::RustlsRing,
        KeyType::Rsa1024 | KeyType::RsaPss2048 | KeyType::Ed448 => true,
        _ => false,
    };
    if lacks {
        return Some(refused(
            Cause::CfgWeakOwnCredential,
            "General(failed to parse private key as RSA, ECDSA, or EdDSA)",
        ));
    }
    if credential.loading == Loading::Resolver {
        return None;
    }
    [
        (
            Flaw::EmptyChain,
            Cause::CfgEmptyChain,
            "NoCertificatesPresented",
        ),
        (
            Flaw::Malformed,
            Cause::CfgUnparseableLeaf,
            "InvalidCertificate(BadEncoding)",
        ),
        (
            Flaw::Version1,
            Cause::CfgUnparseableLeaf,
            "InvalidCertificate(Other(UnsupportedCertVersion))",
        ),
        (
            Flaw::UnknownCritical,
            Cause::CfgUnparseableLeaf,
            "InvalidCertificate(Other(UnsupportedCriticalExtension))",
        ),
        (
            Flaw::KeyMismatch,
            Cause::CfgKeyCertMismatch,
            "InconsistentKeys(KeyMismatch)",
        ),
    ]
    .into_iter()
    .find(|(flaw, ..)| credential.has(*flaw))
    .map(|(_, cause, native)| refused(cause, native))
}

/// ssl/ssl_rsa.c and ssl_cert.c: parsing, the security level, then the key.
fn openssl_identity(protocol: &Protocol, credential: Credential) -> Option<Gate> {
    let level = protocol.security_level.unwrap_or_else(default_level);
    if credential.has(Flaw::Malformed) {
        return Some(refused(Cause::CfgUnparseableLeaf, "TOO_LONG"));
    }
    own_credential(level, credential)
        .map(|native| refused(Cause::CfgWeakOwnCredential, native))
        .or_else(|| {
            credential
                .has(Flaw::KeyMismatch)
                .then(|| refused(Cause::CfgKeyCertMismatch, "KEY_VALUES_MISMATCH"))
        })
}

fn refused(cause: Cause, native: &str) -> Gate {
    Gate::Refused {
        cause,
        native: native.into(),
    }
}

/// The role of a gate that stays shut, and what is wrong.
pub(super) fn shut(gates: &(Gate, Gate)) -> Option<(Role, Cause)> {
    let cause = |gate: &Gate| match gate {
        Gate::Refused { cause, .. } => Some(*cause),
        _ => None,
    };
    cause(&gates.0)
        .map(|found| (Role::Client, found))
        .or_else(|| cause(&gates.1).map(|found| (Role::Server, found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openssl_sends_four_key_shares_and_no_more() {
        let groups = [
            NamedGroup::x25519,
            NamedGroup::secp256r1,
            NamedGroup::x448,
            NamedGroup::secp384r1,
            NamedGroup::secp521r1,
        ];
        let support = |shares: &[NamedGroup]| {
            let protocol = Protocol {
                groups: Some(groups.to_vec()),
                key_shares: shares.to_vec(),
                ..Protocol::default()
            };
            protocol_support(StackId::Openssl, &protocol)
        };
        assert_eq!(support(&groups[..3]), None);
        assert_eq!(support(&groups[..4]), None);
        assert!(support(&groups).is_some());
    }
}
