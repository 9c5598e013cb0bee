//! The first ClientHello, changed on its way: it is written down as its client writes it, with zeros
//! for what only the real one knows, changed, and read again.

use shakedown::iana::{
    AlertDescription as A, CipherSuite, ExtensionType as E, HandshakeType as M, NamedGroup,
    ProtocolVersion as V, SignatureScheme,
};
use shakedown::link::{Act, Field, alter};
use shakedown::profile::{Compression, Protocol};
use shakedown::scenario::{Scenario, StackId};

use super::heard::{Heard, Reading};
use super::{Found, openssl_hello, rustls_hello};
use crate::model::hello::{Hello, KeyKinds, Unreadable};
use crate::model::security::least_bits;

/// What a server may make of it, and what it minds in it later on.
pub(in crate::model::link) fn readings(
    scenario: &Scenario,
    hello: &Hello<'_>,
    act: &Act,
) -> Vec<(Reading, Unreadable)> {
    let mut found = Vec::new();
    for written in written(scenario, hello, act) {
        let Some(changed) = alter(&written, act) else {
            continue;
        };
        let rustls = scenario.server.stack.is_rustls();
        let told = u32::from_be_bytes([0, changed[1], changed[2], changed[3]]) as usize;
        let mut ways = vec![read(rustls, &changed)];
        if rustls && told + 2 * super::HEADER <= changed.len() {
            // What is left begins with a length of anything.
            ways.push((Reading::Fault(super::too_large()), Unreadable::default()));
        }
        for reading in ways {
            if !found.contains(&reading) {
                found.push(reading);
            }
        }
    }
    found
}

/// A message of the record's length: as its own length says, it is whole, goes on or ends too soon.
fn read(rustls: bool, message: &[u8]) -> (Reading, Unreadable) {
    let told = u32::from_be_bytes([0, message[1], message[2], message[3]]) as usize;
    let there = message.len() - super::HEADER;
    let fault = |found| (Reading::Fault(found), Unreadable::default());
    if told > there {
        return if rustls && told > super::MOST_BY_RUSTLS {
            fault(super::too_large())
        } else if !rustls && told > super::most(M::client_hello) {
            fault(Found::of("EXCESSIVE_MESSAGE_SIZE", A::illegal_parameter))
        } else {
            (Reading::Waits, Unreadable::default())
        };
    }
    let body = &message[super::HEADER..super::HEADER + told];
    match hear(rustls, body) {
        Ok((heard, unreadable)) => (Reading::Heard(Box::new(heard)), unreadable),
        Err(found) => fault(found),
    }
}

/// The body of one, as its server reads it, and what that minds in it later on.
pub(super) fn hear(rustls: bool, body: &[u8]) -> Result<(Heard, Unreadable), Found> {
    if rustls {
        rustls_hello::read(body).map(|heard| (heard, Unreadable::default()))
    } else {
        openssl_hello::read(body)
    }
}

/// What a server makes of the client's share of the chosen group, which is all of one byte where it has
/// not been changed; `None`: it takes it.
pub(in crate::model::link) fn fits_group(
    rustls: bool,
    heard: &Heard,
    group: NamedGroup,
) -> Vec<Option<Found>> {
    // rustls server/tls13.rs, `emit_server_hello`; OpenSSL extensions_srvr.c, `tls_accept_ksgroup`.
    let refused = if rustls {
        Found::of("PeerMisbehaved(InvalidKeyShare)", A::illegal_parameter)
    } else {
        Found::of("BAD_ECPOINT", A::illegal_parameter)
    };
    let share = heard
        .shares
        .iter()
        .flatten()
        .find(|(found, _)| *found == group.0);
    let Some((_, key)) = share else {
        return vec![None];
    };
    if key.len() != share_length(group) {
        return vec![Some(refused)];
    }
    let Some(place) = key.iter().position(|byte| *byte != key[0]) else {
        return vec![None];
    };
    match group {
        // Any 32 or 56 bytes are a point (RFC 7748 §5).
        NamedGroup::x25519 | NamedGroup::x448 => vec![None],
        // A coefficient of the key may then be 3329 or more (FIPS 203 §7.2); what follows them may be
        // anything.
        NamedGroup::X25519MLKEM768 if place < ML_KEM_KEY - 32 => vec![None, Some(refused)],
        NamedGroup::X25519MLKEM768 => vec![None],
        // RFC 7919: any number but 0, 1 and p - 1 will do.
        NamedGroup::ffdhe2048 | NamedGroup::ffdhe3072 => vec![None],
        // No point of the curve has one coordinate of another and not the other, but its negative.
        _ => vec![Some(refused)],
    }
}

type Extension = (u16, Vec<u8>);

/// Every way in which the client may have put it, as far as that matters to the act.
pub(super) fn written(scenario: &Scenario, hello: &Hello<'_>, act: &Act) -> Vec<Vec<u8>> {
    let moves = moves(act);
    let filler = if moves { SOMETHING } else { 0 };
    let order = extensions(scenario, hello, filler);
    if !scenario.client.stack.is_rustls() {
        let zeros = extensions(scenario, hello, 0);
        let mut ways = vec![message(scenario, hello, &order)];
        if moves {
            ways.push(message(scenario, hello, &zeros));
        }
        return ways;
    }
    // msgs/handshake.rs, `order_insensitive_extensions_in_random_order`.
    let about = match act {
        Act::Field(flip) => Some(flip.field),
        _ => None,
    };
    let zeros = extensions(scenario, hello, 0);
    let placed_of = |order: &[Extension], first: &[usize], last: Option<usize>| {
        let rest = (0..order.len()).filter(|at| !first.contains(at) && Some(*at) != last);
        let places: Vec<_> = first.iter().copied().chain(rest).chain(last).collect();
        let order: Vec<_> = places.into_iter().map(|at| order[at].clone()).collect();
        message(scenario, hello, &order)
    };
    let placed = |first: &[usize], last| placed_of(&order, first, last);
    let all = 0..order.len();
    let mut ways = Vec::new();
    match about {
        Some(Field::ExtensionType(kind) | Field::ExtensionLength(kind)) => {
            let Some(own) = order.iter().position(|(found, _)| *found == kind.0) else {
                return ways;
            };
            ways.push(placed(&[], Some(own)));
            ways.push(placed(&[own], None));
        }
        Some(
            Field::MessageLength
            | Field::SessionIdLength
            | Field::SuitesLength
            | Field::CompressionMethodsLength
            | Field::ExtensionsLength,
        ) => {
            // What is random may be read as the length of an empty list too.
            ways.push(placed(&[], None));
            ways.push(placed_of(&zeros, &[], None));
            for first in all.clone() {
                for last in all.clone().filter(|last| *last != first) {
                    ways.push(placed(&[first], Some(last)));
                }
            }
        }
        // Nothing moves.
        _ => ways.push(placed(&[], None)),
    }
    ways
}

/// Whether a change of it makes the rest be read from another place, so that what is random is read as
/// what it is not: as zero, or mostly as more than there is.
pub(super) fn moves(act: &Act) -> bool {
    let field = match act {
        Act::Field(flip) => flip.field,
        Act::Set(value) => value.field,
        _ => return false,
    };
    is_length(field) || field == Field::Extension(E::key_share)
}

/// Whether it says how long something is that stands in the hello itself.
pub(in crate::model::link) fn is_length(field: Field) -> bool {
    matches!(
        field,
        Field::MessageLength
            | Field::SessionIdLength
            | Field::SuitesLength
            | Field::CompressionMethodsLength
            | Field::ExtensionsLength
            | Field::ExtensionLength(_)
    )
}

fn message(scenario: &Scenario, hello: &Hello<'_>, extensions: &[Extension]) -> Vec<u8> {
    let rustls = scenario.client.stack.is_rustls();
    let versions = &hello.abilities.versions;
    let tls13 = versions.last() == Some(&V::TLS1_3);
    let newest = versions.last().copied().unwrap_or(V::TLS1_2);
    let mut body = newest.min(V::TLS1_2).0.to_be_bytes().to_vec();
    body.extend([0; 32]);
    // For the middleboxes (RFC 8446 §D.4).
    vector(&mut body, 1, &vec![0; if tls13 { 32 } else { 0 }]);
    let mut suites = hello.suites.clone();
    if rustls && versions.contains(&V::TLS1_2) {
        suites.push(CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    }
    if hello.fallback {
        suites.push(CipherSuite::TLS_FALLBACK_SCSV);
    }
    vector(&mut body, 2, &numbers(suites.iter().map(|suite| suite.0)));
    vector(&mut body, 1, &[0]);
    let mut list = Vec::new();
    for (kind, content) in extensions {
        list.extend(kind.to_be_bytes());
        vector(&mut list, 2, content);
    }
    vector(&mut body, 2, &list);
    let mut message = vec![CLIENT_HELLO];
    vector(&mut message, 3, &body);
    message
}

/// rustls client/hs.rs, `emit_client_hello_for_retry`; OpenSSL ssl/statem/extensions.c, `ext_defs`, whose
/// order is the hello's.
fn extensions(scenario: &Scenario, hello: &Hello<'_>, filler: u8) -> Vec<Extension> {
    let rustls = scenario.client.stack.is_rustls();
    let versions = &hello.abilities.versions;
    let tls13 = versions.contains(&V::TLS1_3);
    let older = versions.first() < Some(&V::TLS1_3);
    let mut list: Vec<Extension> = Vec::new();
    let mut put = |kind: E, there: bool, content: Vec<u8>| {
        if there {
            list.push((kind.0, content));
        }
    };
    put(
        E::renegotiation_info,
        !rustls && lowest(scenario) < V::TLS1_3,
        vec![0],
    );
    let name = hello.server_name.unwrap_or_default();
    let mut entry = vec![0];
    vector(&mut entry, 2, name.as_bytes());
    put(
        E::server_name,
        hello.server_name.is_some(),
        within(2, &entry),
    );
    let groups = hello.groups.as_deref();
    // extensions_clnt.c, `use_ecc`: it takes a curve, be the hello for TLS 1.3 alone.
    let curves =
        groups.is_some_and(|groups| rustls || groups.iter().any(|group| group.0 < FIRST_FFDHE));
    put(E::ec_point_formats, curves, vec![1, 0]);
    put(
        E::supported_groups,
        groups.is_some(),
        within(2, &numbers(groups.unwrap_or_default().iter().map(|g| g.0))),
    );
    let means = scenario.earlier.as_ref().map(|earlier| earlier.means);
    let ticket = if rustls {
        means.is_some() && versions.contains(&V::TLS1_2)
    } else {
        hello.abilities.level < 3
    };
    put(E::session_ticket, ticket, Vec::new());
    let asks = rustls || scenario.client.profile.ocsp != shakedown::profile::Ocsp::Ignore;
    put(E::status_request, asks, vec![1, 0, 0, 0, 0]);
    let mut names = Vec::new();
    for name in hello.alpn {
        vector(&mut names, 1, name.as_bytes());
    }
    put(
        E::application_layer_protocol_negotiation,
        !hello.alpn.is_empty(),
        within(2, &names),
    );
    put(E::encrypt_then_mac, !rustls, Vec::new());
    put(
        E::extended_master_secret,
        hello.abilities.uses_ems(),
        Vec::new(),
    );
    put(
        E::client_certificate_type,
        hello.presents == KeyKinds::RawKeys,
        vec![1, 2],
    );
    put(
        E::server_certificate_type,
        hello.demands == KeyKinds::RawKeys,
        vec![1, 2],
    );
    if let Some(schemes) = &hello.schemes {
        // client/hs.rs, `emit_client_hello_for_retry`: by the suites, not the versions.
        let tls13 = if rustls {
            !hello.abilities.tls13_suites.is_empty()
        } else {
            tls13
        };
        let schemes = wire_schemes(
            scenario.client.stack,
            &scenario.client.profile.protocol,
            schemes,
            (tls13, older, hello.abilities.level),
        );
        put(E::signature_algorithms, true, within(2, &numbers(schemes)));
    }
    let newest_first = versions.iter().rev().map(|version| version.0);
    put(
        E::supported_versions,
        hello.names_versions,
        within(1, &numbers(newest_first)),
    );
    put(E::psk_key_exchange_modes, tls13, vec![1, 1]);
    let mut shares = Vec::new();
    for group in &hello.shares {
        shares.extend(group.0.to_be_bytes());
        vector(&mut shares, 2, &vec![filler; share_length(*group)]);
    }
    put(E::key_share, tls13, within(2, &shares));
    put(
        E::compress_certificate,
        rustls && tls13 && scenario.client.profile.compression != Compression::None,
        vec![2, 0, 1],
    );
    list
}

/// Which extensions there are.
pub(super) fn kinds(scenario: &Scenario, hello: &Hello<'_>) -> Vec<u16> {
    extensions(scenario, hello, 0)
        .into_iter()
        .map(|(kind, _)| kind)
        .collect()
}

/// The schemes as a stack lists them by itself: with those that no key of ours can make (rustls
/// crypto/aws_lc_rs/mod.rs, `SUPPORTED_SIG_ALGS`; OpenSSL ssl/t1_lib.c, `tls12_sigalgs`, and
/// `tls12_sigalg_allowed` for what a version rules out).
pub(super) fn wire_schemes(
    stack: StackId,
    settings: &Protocol,
    schemes: &[SignatureScheme],
    (tls13, older, level): (bool, bool, u8),
) -> Vec<u16> {
    let mut own: Vec<u16> = schemes.iter().map(|scheme| scheme.0).collect();
    if settings.signature_schemes.is_some() || stack == StackId::RustlsRing {
        return own;
    }
    if stack == StackId::RustlsAwsLcRs {
        own.extend(ML_DSA_OF_RUSTLS.iter().filter(|_| tls13));
        return own;
    }
    let strength = least_bits(level);
    let others = OTHERS_OF_OPENSSL
        .iter()
        .filter(|(_, bits, in_tls13)| *bits >= strength && if *in_tls13 { tls13 } else { older });
    let others: Vec<u16> = others.map(|(scheme, ..)| *scheme).collect();
    own.extend(others);
    own.sort_by_key(|scheme| ORDER_OF_OPENSSL.iter().position(|known| known == scheme));
    own
}

/// The lowest version that is enabled, whatever hole there is above it. (An OpenSSL client that would settle for
/// TLS 1.0 says with a suite that it knows of RFC 5746; its hellos are not written down, `domain::writes`.)
fn lowest(scenario: &Scenario) -> V {
    let versions = &scenario.client.profile.protocol.versions;
    versions.iter().copied().min().unwrap_or(V::TLS1_2)
}

/// How long a client's share of a group is (RFC 8446 §4.2.8.2; draft-ietf-tls-ecdhe-mlkem).
pub(super) fn share_length(group: NamedGroup) -> usize {
    match group {
        NamedGroup::X25519MLKEM768 => ML_KEM_KEY + 32,
        NamedGroup::secp256r1 => 65,
        NamedGroup::secp384r1 => 97,
        NamedGroup::secp521r1 => 133,
        NamedGroup::x448 => 56,
        NamedGroup::ffdhe2048 => 256,
        NamedGroup::ffdhe3072 => 384,
        _ => 32,
    }
}

fn numbers(of: impl IntoIterator<Item = u16>) -> Vec<u8> {
    of.into_iter().flat_map(u16::to_be_bytes).collect()
}

fn within(width: usize, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    vector(&mut bytes, width, content);
    bytes
}

/// Behind its length in so many bytes.
pub(super) fn vector(bytes: &mut Vec<u8>, width: usize, content: &[u8]) {
    bytes.extend(&content.len().to_be_bytes()[size_of::<usize>() - width..]);
    bytes.extend(content);
}

const CLIENT_HELLO: u8 = 1;
/// What stands for what is random: more than there is, read as a length.
pub(super) const SOMETHING: u8 = 0x55;
/// The groups of RFC 7919 and those that came later are no curves.
const FIRST_FFDHE: u16 = 0x0100;
/// FIPS 203 §8, ML-KEM-768.
pub(super) const ML_KEM_KEY: usize = 1184;
const ML_DSA_OF_RUSTLS: [u16; 3] = [0x0904, 0x0905, 0x0906];
/// Of ssl/t1_lib.c, `tls12_sigalgs`, what no key of ours can make: how strong it is in bits
/// (`sigalg_security_bits`), and whether it is for TLS 1.3 or for what came before.
const OTHERS_OF_OPENSSL: [(u16, u16, bool); 13] = [
    (0x0905, 192, true),
    (0x0906, 256, true),
    (0x0904, 128, true),
    (0x081a, 128, true),
    (0x081b, 192, true),
    (0x081c, 256, true),
    (0x0303, 112, false),
    (0x0301, 112, false),
    (0x0302, 112, false),
    (0x0202, 64, false),
    (0x0402, 128, false),
    (0x0502, 192, false),
    (0x0602, 256, false),
];
/// The same list, whole.
const ORDER_OF_OPENSSL: [u16; 29] = [
    0x0905, 0x0906, 0x0904, 0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x081a, 0x081b, 0x081c, 0x0809,
    0x080a, 0x080b, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601, 0x0303, 0x0203, 0x0301, 0x0201,
    0x0302, 0x0202, 0x0402, 0x0502, 0x0602,
];
