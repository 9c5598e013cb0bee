//! Which signature schemes an OpenSSL server shares with a client (ssl/t1_lib.c).

use shakedown::iana::{AlertDescription as A, ProtocolVersion, SignatureScheme};
use shakedown::profile::{Preference, ServerProfile};

use super::Cause;
use super::ending::{Fault, Phase};
use super::hello::{Abilities, Hello};
use super::negotiation::server_fault;
use super::security::least_bits;

/// `tls1_set_server_sigalgs`: what both accept, in the order of whoever's preference counts. What profiles do not name,
/// and OpenSSL has by default, is enough to be shared (`tls12_sigalgs`, and `tls12_sigalg_allowed`).
pub(super) fn shared_schemes(
    hello: &Hello<'_>,
    server: &Abilities,
    profile: &ServerProfile,
    version: ProtocolVersion,
) -> Result<Vec<SignatureScheme>, Box<Fault>> {
    let offered = match &hello.schemes {
        Some(offered) => offered,
        // Those for certificates are looked at for nothing else.
        None if hello.odd.certificate_schemes_alone => &Vec::new(),
        None => return Ok(Vec::new()),
    };
    let (first, second) = match profile.preference {
        Preference::Client => (offered, &server.schemes),
        Preference::Server => (&server.schemes, offered),
    };
    let shared: Vec<_> = first
        .iter()
        .copied()
        .filter(|scheme| second.contains(scheme))
        .collect();
    let unnamed = profile.protocol.signature_schemes.is_none()
        && offered
            .iter()
            .filter_map(|scheme| unnamed_bits(scheme.0, version))
            .any(|bits| bits >= least_bits(server.level));
    if shared.is_empty() && !unnamed {
        return Err(server_fault(
            Cause::SigalgMismatch,
            "NO_SHARED_SIGNATURE_ALGORITHMS",
            Some(A::handshake_failure),
            Phase::ClientHello,
        ));
    }
    Ok(shared)
}

/// How strong a scheme is that an OpenSSL server has by default, and no profile names (`sigalg_security_bits`); `None`: it
/// is none, or not for this version.
fn unnamed_bits(scheme: u16, version: ProtocolVersion) -> Option<u16> {
    let older = version < ProtocolVersion::TLS1_3;
    match scheme {
        RSA_SHA224 => Some(112),
        DSA_SHA1 if older => Some(64),
        DSA_SHA224 if older => Some(112),
        DSA_SHA256 if older => Some(128),
        DSA_SHA384 if older => Some(192),
        DSA_SHA512 if older => Some(256),
        MLDSA44 => Some(128),
        MLDSA65 => Some(192),
        MLDSA87 => Some(256),
        _ => UNNAMED_ECDSA
            .iter()
            .zip([112, 128, 192, 256])
            .find_map(|(unnamed, bits)| (*unnamed == scheme).then_some(bits)),
    }
}

// RFC 5246 §7.4.1.4.1.
const DSA_SHA1: u16 = 0x0202;
const RSA_SHA224: u16 = 0x0301;
const DSA_SHA224: u16 = 0x0302;
const DSA_SHA256: u16 = 0x0402;
const DSA_SHA384: u16 = 0x0502;
const DSA_SHA512: u16 = 0x0602;
// draft-ietf-tls-mldsa §3, and the providers' capabilities (providers/common/capabilities.c).
const MLDSA44: u16 = 0x0904;
const MLDSA65: u16 = 0x0905;
const MLDSA87: u16 = 0x0906;
/// With SHA-224, and on the curves of RFC 8734 §2: what a server with an ECDSA key has besides.
pub(super) const UNNAMED_ECDSA: [u16; 4] = [0x0303, 0x081a, 0x081b, 0x081c];
