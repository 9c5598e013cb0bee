//! What a certificate may be used for: basicConstraints, keyUsage and extKeyUsage (RFC 5280 §4.2.1), and
//! an extension that nobody knows.

use super::{BASIC, Bad, EXTENDED_USAGE, Item, KEY_USAGE, UNKNOWN, extra};

pub(super) const ITEMS: &[Item] = &[
    // RFC 5280 §4.2: who does not know a critical extension must refuse it.
    extra("unknown", Bad::Any, UNKNOWN, true, &[5, 0]),
    // RFC 5280 §4.2.1.9: who is no CA issues nothing.
    extra("not-ca", Bad::Intermediate, BASIC, true, b"\x30\0"),
    extra(
        "not-ca-said",
        Bad::Intermediate,
        BASIC,
        true,
        b"\x30\x03\x01\x01\0",
    ),
    extra("ca", Bad::None, BASIC, true, b"\x30\x03\x01\x01\xff"),
    extra(
        "path-0",
        Bad::None,
        BASIC,
        true,
        b"\x30\x06\x01\x01\xff\x02\x01\0",
    ),
    extra(
        "path-negative",
        Bad::None,
        BASIC,
        true,
        b"\x30\x06\x01\x01\xff\x02\x01\xff",
    ),
    extra(
        "path-256",
        Bad::None,
        BASIC,
        true,
        b"\x30\x07\x01\x01\xff\x02\x02\x01\0",
    ),
    extra("path-no-ca", Bad::None, BASIC, true, b"\x30\x03\x02\x01\0"),
    extra("ca-1", Bad::None, BASIC, true, b"\x30\x03\x01\x01\x01"),
    extra("sign", Bad::None, KEY_USAGE, true, b"\x03\x02\x07\x80"),
    extra("cert-sign", Bad::None, KEY_USAGE, true, b"\x03\x02\x02\x04"),
    extra("crl-sign", Bad::None, KEY_USAGE, true, b"\x03\x02\x01\x02"),
    extra("no-usage", Bad::None, KEY_USAGE, true, b"\x03\x01\0"),
    extra("usage-no-bits", Bad::None, KEY_USAGE, true, b"\x05\0"),
    extra(
        "servers",
        Bad::None,
        EXTENDED_USAGE,
        false,
        b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01",
    ),
    // RFC 5280 §4.2.1.12: only for the purposes that are indicated.
    extra(
        "clients",
        Bad::Leaf,
        EXTENDED_USAGE,
        false,
        b"\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02",
    ),
    extra(
        "any-purpose",
        Bad::None,
        EXTENDED_USAGE,
        false,
        b"\x30\x06\x06\x04\x55\x1d\x25\0",
    ),
    extra("no-purpose", Bad::None, EXTENDED_USAGE, false, b"\x30\0"),
    extra("not-ca-and-more", Bad::None, BASIC, true, b"\x30\0\x30\0"),
];
