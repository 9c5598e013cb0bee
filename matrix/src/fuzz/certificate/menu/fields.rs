//! Fields of tbsCertificate (RFC 5280 §4.1.2).

use super::{Bad, Item, Part, SERIAL, VALIDITY, field};

pub(super) const ITEMS: &[Item] = &[
    field("version-negative", Bad::None, 0, b"\xa0\x03\x02\x01\x82"),
    field("version-2", Bad::None, 0, b"\xa0\x03\x02\x01\x01"),
    field("version-4", Bad::None, 0, b"\xa0\x03\x02\x01\x03"),
    field("serial-0", Bad::None, SERIAL, b"\x02\x01\0"),
    field("serial-negative", Bad::None, SERIAL, b"\x02\x01\x80"),
    field("serial-padded", Bad::None, SERIAL, b"\x02\x02\0\x01"),
    field("serial-none", Bad::None, SERIAL, b"\x02\0"),
    field(
        "serial-long",
        Bad::None,
        SERIAL,
        b"\x02\x19abcdefghijklmnopqrstuvwxy",
    ),
    field(
        "expired",
        Bad::Any,
        VALIDITY,
        b"\x30\x1e\x17\x0d200101000000Z\x17\x0d210101000000Z",
    ),
    field(
        "not-yet-valid",
        Bad::Any,
        VALIDITY,
        b"\x30\x1e\x17\x0d310101000000Z\x17\x0d400101000000Z",
    ),
    field(
        "generalized",
        Bad::None,
        VALIDITY,
        b"\x30\x22\x18\x0f20200101000000Z\x18\x0f20400101000000Z",
    ),
    field(
        "no-seconds",
        Bad::None,
        VALIDITY,
        b"\x30\x1a\x17\x0b2001010000Z\x17\x0b4001010000Z",
    ),
    field(
        "offset",
        Bad::None,
        VALIDITY,
        b"\x30\x26\x17\x11200101000000+0000\x17\x11400101000000+0000",
    ),
    field(
        "fraction",
        Bad::None,
        VALIDITY,
        b"\x30\x22\x17\x0d200101000000Z\x18\x1120400101000000.5Z",
    ),
    field(
        "no-such-day",
        Bad::Any,
        VALIDITY,
        b"\x30\x1e\x17\x0d200101000000Z\x17\x0d400230000000Z",
    ),
    field(
        "no-date",
        Bad::Any,
        VALIDITY,
        b"\x30\x1e\x17\x0d200101000000Z\x17\x0dnot a date at",
    ),
    field(
        "until-9999",
        Bad::None,
        VALIDITY,
        b"\x30\x20\x17\x0d200101000000Z\x18\x0f99991231235959Z",
    ),
    field("no-issuer", Bad::None, 3, b"\x30\0"),
    field("no-subject", Bad::None, 5, b"\x30\0"),
    field(
        "odd-subject",
        Bad::None,
        5,
        b"\x30\x0e\x31\x0c\x30\x0a\x06\x03\x55\x04\x03\x1e\x03abc",
    ),
    Item {
        name: "unique-id",
        part: Part::Further(b"\x82\x02\0\x01"),
        bad: Bad::None,
    },
    field("no-extensions", Bad::None, 7, b"\xa3\x02\x30\0"),
    // The moment of the virtual clock.
    field(
        "from-now",
        Bad::None,
        VALIDITY,
        b"\x30\x1e\x17\x0d300101000000Z\x17\x0d400101000000Z",
    ),
    field(
        "until-now",
        Bad::None,
        VALIDITY,
        b"\x30\x1e\x17\x0d200101000000Z\x17\x0d300101000000Z",
    ),
];
