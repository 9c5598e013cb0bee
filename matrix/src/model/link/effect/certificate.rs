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
    let same_letter = byte.eq_ignore_ascii_case(&(byte ^ bits));
    let code = match part {
        // A list's tag need not say that there is more in it (crypto/asn1/tasn_dec.c,
        // `asn1_template_noexp_d2i`).
        Part::List | Part::InnerList if bits == CONSTRUCTED => SIGNATURE,
        // Its parts are put together (`asn1_collect`), and make no extension.
        Part::Octets if bits == CONSTRUCTED => NO_ISSUER,
        // Parameters of another type are not looked at, but for how they are put (`asn1_d2i_ex_primitive`).
        Part::Any if bits == CONSTRUCTED => return vec![unreadable],
        // An identifier that swallows up to the next tag, and is of no known extension.
        Part::IdLength(Of::KeyUsage) if bits == 4 => SIGNATURE,
        Part::Frame | Part::List | Part::Octets | Part::IdLength(_) => return vec![unreadable],
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
        // Of the types of a GeneralName only a URI is such a string as a name is, or as an address.
        Part::TextTag(Of::Names) if byte == URI => HOST,
        Part::TextTag(Of::Address) if byte == URI => SIGNATURE,
        Part::TextTag(Of::Names | Of::Address) => NO_ISSUER,
        Part::TextTag(of) if OF_ANY_BYTES.contains(&byte) => of_name(of, issuer),
        Part::TextTag(_) => return vec![unreadable],
        Part::Text(_) if byte >= 0x80 => return vec![unreadable],
        // crypto/x509/x_name.c, `asn1_string_canon`.
        Part::Text(_) if same_letter => SIGNATURE,
        Part::Text(of) | Part::Id(of @ (Of::Issuer | Of::Subject), _) => of_name(of, issuer),
        // Bits that count for nothing are cleared (crypto/asn1/a_bitstr.c, `ossl_c2i_ASN1_BIT_STRING`). With
        // three an issuer has no usage left, which is as good as unreadable (crypto/x509/v3_purp.c); an even
        // coordinate is the same without its last bit.
        Part::Unused(Of::KeyUsage) if byte > 7 || issuer && byte > 2 => NO_ISSUER,
        Part::Unused(_) if byte > 7 => return vec![unreadable],
        Part::Unused(Of::KeyAlgorithm) if byte == 1 && der::is_even(sender, issuer) => SIGNATURE,
        // Both coordinates, where the form says whether the second is even (crypto/ec/ecp_oct.c,
        // `ossl_ec_GFp_simple_oct2point`).
        Part::Form if byte == HYBRID && der::is_even(sender, issuer) => SIGNATURE,
        // `check_key_level`: a key that does not read has no size.
        Part::Form
        | Part::Key
        | Part::Any
        | Part::Unused(Of::KeyAlgorithm)
        | Part::Id(Of::KeyAlgorithm, _) => {
            if issuer {
                NO_ISSUER
            } else {
                SMALL_KEY
            }
        }
        // The last number makes another extension of it, which is there already, or does not read so
        // (crypto/x509/v3_purp.c, `ossl_x509v3_cache_extensions`: EXFLAG_INVALID).
        Part::Id(Of::Names | Of::KeyUsage | Of::Identifier | Of::Constraints, true)
            if READ_AT_ONCE.contains(&byte) =>
        {
            NO_ISSUER
        }
        Part::Id(Of::KeyUsage | Of::Constraints, _) => UNKNOWN_CRITICAL,
        Part::Id(Of::Names, _) => HOST,
        Part::Id(Of::Purpose, _) if byte_is_in_extension_id(byte, bits) => SIGNATURE,
        Part::Id(Of::Purpose, _) => PURPOSE,
        // Padded with a zero (crypto/asn1/a_int.c, `c2i_ibuf`).
        Part::SerialHead if byte == 0 => return vec![unreadable],
        // What follows is passed over (crypto/x509/v3_lib.c, `X509V3_EXT_d2i`), and nobody asks for an end
        // entity's own identifier.
        Part::Length(_) if !issuer && byte < byte ^ bits => SIGNATURE,
        Part::Inner | Part::InnerList | Part::Length(_) | Part::Value(Of::Authority) => NO_ISSUER,
        Part::Value(Of::Identifier) if issuer => NO_ISSUER,
        Part::Value(Of::Names) if sender == Role::Server && !same_letter => HOST,
        Part::Value(Of::KeyUsage) if byte == 0 => NO_ISSUER,
        Part::Value(Of::KeyUsage) if issuer && byte & CERT_SIGN == 0 => NO_CA,
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
    let string = tlv(UTF8, text.as_bytes());
    let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &string[..]].concat());
    tlv(0x30, &tlv(0x31, &attribute))
}

/// Whether OpenSSL reads a name in it (crypto/x509/x_name.c); `false`: something is left.
pub(super) fn name(bytes: &[u8]) -> Option<bool> {
    let (tag, sets, rest) = split(bytes)?;
    if tag | CONSTRUCTED != 0x30 {
        return None;
    }
    if sets.is_empty() {
        return Some(rest.is_empty());
    }
    let (tag, attributes, after) = split(sets)?;
    if tag | CONSTRUCTED != 0x31 || !after.is_empty() {
        return None;
    }
    let (tag, attribute, after) = split(attributes)?;
    if tag != 0x30 || !after.is_empty() {
        return None;
    }
    let (tag, id, string) = split(attribute)?;
    let (kind, text, after) = split(string)?;
    let readable = tag == 6
        && (kind == UTF8 || OF_ANY_BYTES.contains(&kind))
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
const NO_CA: u16 = 79;
/// Of a tag (X.690 §8.1.2.5).
const CONSTRUCTED: u8 = 0x20;
const UTF8: u8 = 0x0c;
/// Those next to [`UTF8`] that a name may have as well, for they are of no known type
/// (crypto/asn1/tasn_dec.c, `tag2bit`).
const OF_ANY_BYTES: [u8; 3] = [0x08, 0x0d, 0x0e];
/// uniformResourceIdentifier (RFC 5280 §4.2.1.6).
const URI: u8 = 0x86;
/// A point with both coordinates (SEC 1 §2.3.3), of which the second is even.
const HYBRID: u8 = 6;
/// The last numbers of the extensions that are read at once, as far as others come to be them.
const READ_AT_ONCE: [u8; 6] = [0x0e, 0x0f, 0x11, 0x13, 0x1e, 0x1f];
/// keyCertSign (RFC 5280 §4.2.1.3).
const CERT_SIGN: u8 = 4;
