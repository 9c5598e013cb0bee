//! The bytes of a certificate, changed on their way.

use shakedown::connection::Role;
use shakedown::iana::AlertDescription as A;
use shakedown::link::{Act, Field};

use super::der::{self, Of, Part};
use super::{Effect, Found, webpki_reader};
use crate::model::link::peer::Peer;

/// What becomes of a change, whose place is counted from either end: a signature has so many bytes as it
/// happens to have.
pub(super) fn effects(reader: &Peer<'_>, act: &Act) -> Vec<Effect> {
    let Act::Field(flip) = act else {
        return vec![Effect::Misled];
    };
    let Field::Certificate(number) = flip.field else {
        return vec![Effect::Misled];
    };
    let sender = reader.role.peer();
    let mut found = Vec::new();
    for signature in SIGNATURES {
        let mut der = der::certificate(sender, number == 1, signature);
        let length = i64::try_from(der.0.len()).unwrap_or(i64::MAX);
        let at = i64::from(flip.at) + if flip.at < 0 { length } else { 0 };
        let Some(at) = usize::try_from(at).ok().filter(|at| *at < der.0.len()) else {
            continue;
        };
        let part = der.1[at];
        der.0[at] ^= flip.bits;
        let faults = if reader.stack.is_rustls() {
            let fault = webpki_reader::verdict(sender, number == 1, &der.0);
            // rustls looks at a server's chain when its flight is whole.
            vec![fault]
        } else {
            by_openssl(sender, number == 1, part, der.0[at], flip.bits)
        };
        for fault in faults {
            let effect = if reader.stack.is_rustls() && reader.role == Role::Client {
                Effect::FailsAt(shakedown::iana::HandshakeType::server_hello_done, fault)
            } else {
                Effect::Fails(fault)
            };
            if !found.contains(&effect) {
                found.push(effect);
            }
        }
    }
    if found.is_empty() {
        found.push(Effect::Misled);
    }
    found
}

/// What OpenSSL 3.6.3 says: of its encoding (crypto/x509/x_x509.c, `d2i_X509`), of what
/// crypto/x509/x509_vfy.c, `x509_verify_x509`, looks at before it looks at signatures, or of its
/// signature.
fn by_openssl(sender: Role, issuer: bool, part: Part, byte: u8, bits: u8) -> Vec<Found> {
    let unreadable = Found::of(
        "ASN1_LIB",
        if sender == Role::Server {
            A::bad_certificate
        } else {
            A::decode_error
        },
    );
    let fails = |code: u16| {
        Found::of(
            &format!("CERTIFICATE_VERIFY_FAILED({code})"),
            crate::model::traits::openssl::verify_alert(code),
        )
    };
    // The last byte of an identifier ends it (crypto/asn1/a_object.c, `ossl_c2i_ASN1_OBJECT`).
    let endless = byte >= 0x80;
    let code = match part {
        Part::Frame => return vec![unreadable],
        Part::Id(Of::Purpose, true) if endless && !byte_is_in_extension_id(byte, bits) => NO_ISSUER,
        Part::Id(_, true) if endless => return vec![unreadable],
        // Another hash with the same key (crypto/objects/obj_xref.h).
        Part::Id(Of::InnerAlgorithm | Of::OuterAlgorithm, true) if [1, 3, 4].contains(&byte) => {
            SIGNATURE
        }
        // crypto/x509/v3_purp.c, `check_sig_alg_match`: not what the issuer's key makes.
        Part::Id(Of::InnerAlgorithm, _) => NO_ISSUER,
        // `check_sig_level`: what has no known hash has no level.
        Part::Id(Of::OuterAlgorithm, _) => WEAK_DIGEST,
        Part::TextTag(Of::Address) if bits == 1 => SIGNATURE,
        Part::TextTag(Of::Address) => NO_ISSUER,
        // Which strings are texts decides (crypto/asn1/tasn_dec.c, `tag2bit`), and whether they are texts
        // as they say (crypto/x509/x_name.c, `asn1_string_canon`).
        Part::TextTag(Of::Issuer) if bits == 1 => NO_ISSUER,
        Part::TextTag(_) if bits == 1 && !issuer => SIGNATURE,
        Part::TextTag(_) if bits == 1 => NO_ISSUER,
        Part::TextTag(of) => return vec![unreadable, fails(of_name(of, issuer))],
        Part::Text(_) if byte >= 0x80 => return vec![unreadable],
        Part::Text(of) | Part::Id(of @ (Of::Issuer | Of::Subject), _) => of_name(of, issuer),
        Part::Unused(Of::KeyUsage) if byte > 7 => NO_ISSUER,
        Part::Unused(_) if byte > 7 => return vec![unreadable],
        // The bits are cleared (crypto/asn1/a_bitstr.c, `ossl_c2i_ASN1_BIT_STRING`), if they were not
        // clear before.
        Part::Unused(Of::KeyAlgorithm) => {
            return vec![
                fails(SIGNATURE),
                fails(if issuer { NO_ISSUER } else { SMALL_KEY }),
            ];
        }
        // `check_key_level`: a key that does not read has no size.
        Part::Key | Part::Id(Of::KeyAlgorithm, _) if issuer => NO_ISSUER,
        Part::Key | Part::Id(Of::KeyAlgorithm, _) => SMALL_KEY,
        // The last number makes another extension of it, which is there already, or does not read so
        // (crypto/x509/v3_purp.c, `ossl_x509v3_cache_extensions`: EXFLAG_INVALID).
        Part::Id(Of::KeyUsage, true) | Part::Id(Of::Identifier, true) if bits != 0x80 => NO_ISSUER,
        Part::Id(Of::KeyUsage | Of::Constraints, _) => UNKNOWN_CRITICAL,
        Part::Id(Of::Names, _) => HOST,
        Part::Id(Of::Purpose, _) if byte_is_in_extension_id(byte, bits) => SIGNATURE,
        Part::Id(Of::Purpose, _) => PURPOSE,
        // Padded with a zero (crypto/asn1/a_int.c, `c2i_ibuf`).
        Part::SerialHead if byte == 0 => return vec![unreadable],
        // What follows is passed over (crypto/x509/v3_lib.c, `X509V3_EXT_d2i`), and nobody asks for an end
        // entity's own identifier.
        Part::Length(_) if !issuer && byte < byte ^ bits => SIGNATURE,
        Part::Inner | Part::Length(_) | Part::Value(Of::Authority) => NO_ISSUER,
        Part::Value(Of::Identifier) if issuer => NO_ISSUER,
        Part::Value(Of::Names) if sender == Role::Server => HOST,
        // No usage at all is as good as unreadable (crypto/x509/v3_purp.c).
        Part::Value(Of::KeyUsage) if byte == 0 => NO_ISSUER,
        Part::Value(Of::KeyUsage) if !issuer && byte & 0x80 == 0 => PURPOSE,
        _ => SIGNATURE,
    };
    let code = if code == HOST && sender == Role::Client {
        SIGNATURE
    } else {
        code
    };
    vec![fails(code)]
}

/// extKeyUsage's own identifier, 2.5.29.37, not one of those in it.
fn byte_is_in_extension_id(byte: u8, bits: u8) -> bool {
    [0x55, 0x1d, 0x25].contains(&(byte ^ bits))
}

fn of_name(of: Of, issuer: bool) -> u16 {
    if of == Of::Issuer || issuer {
        NO_ISSUER
    } else {
        SIGNATURE
    }
}

/// A distinguished name of one common name, in DER.
pub(super) fn common_name(text: &str) -> Vec<u8> {
    let string = tlv(0x0c, text.as_bytes());
    let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &string[..]].concat());
    tlv(0x30, &tlv(0x31, &attribute))
}

/// Whether OpenSSL reads a name in it (crypto/x509/x_name.c); `false`: something is left.
pub(super) fn name(bytes: &[u8]) -> Option<bool> {
    let (tag, sets, rest) = split(bytes)?;
    if tag != 0x30 {
        return None;
    }
    let (tag, attributes, after) = split(sets)?;
    if tag != 0x31 || !after.is_empty() {
        return None;
    }
    let (tag, attribute, after) = split(attributes)?;
    if tag != 0x30 || !after.is_empty() {
        return None;
    }
    let (tag, id, string) = split(attribute)?;
    let (kind, text, after) = split(string)?;
    // A text's own tag, or one that is not known (crypto/asn1/tasn_dec.c, `tag2bit`).
    let readable = tag == 6
        && matches!(kind, 0x0c | 0x0d)
        && id.last().is_some_and(|last| *last < 0x80)
        && after.is_empty()
        && text.iter().all(u8::is_ascii);
    readable.then_some(rest.is_empty())
}

fn split(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, length, rest @ ..] = bytes else {
        return None;
    };
    let (value, rest) = rest.split_at_checked(usize::from(*length))?;
    (*length < 0x80).then_some((*tag, value, rest))
}

/// Behind its tag and length.
pub(super) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match content.len() {
        short @ 0..0x80 => bytes.push(short as u8),
        long @ 0x80..0x100 => bytes.extend([0x81, long as u8]),
        long => {
            bytes.push(0x82);
            bytes.extend((long as u16).to_be_bytes());
        }
    }
    bytes.extend(content);
    bytes
}

/// How long an ECDSA signature by P-256 may be: two numbers of 31 to 33 bytes.
const SIGNATURES: std::ops::RangeInclusive<usize> = 68..=72;
/// include/openssl/x509_vfy.h.in.
const SIGNATURE: u16 = 7;
const NO_ISSUER: u16 = 20;
const PURPOSE: u16 = 26;
const UNKNOWN_CRITICAL: u16 = 34;
const HOST: u16 = 62;
const SMALL_KEY: u16 = 66;
const WEAK_DIGEST: u16 = 68;
