//! Links out of bytes and out of a strategy: anything that can be done, anywhere.

use arbitrary::{Arbitrary, Unstructured};
use shakedown::connection::Role;
use shakedown::iana::{
    AlertDescription, CipherSuite, ContentType, ExtensionType, HandshakeType as M, ProtocolVersion,
};
use shakedown::link::{
    Act, At, Bytes, Edit, Field, FieldFlip, FieldValue, Flip, Link, Message, Op,
};

/// A link that does one to [`MAX_OPS`] things of any kind, each to any record or message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyLink(pub Link);

impl<'a> Arbitrary<'a> for AnyLink {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut ops = vec![any_op(u)?];
        while ops.len() < MAX_OPS && !u.is_empty() {
            ops.push(any_op(u)?);
        }
        Ok(Self(Link {
            ops,
            ..Link::default()
        }))
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (0, Some(MAX_LINK))
    }
}

/// Links for property tests; they shrink towards one op, the first record, and the plainest op.
///
/// With the cargo feature `proptest`.
#[cfg(any(test, feature = "proptest"))]
pub fn any_link() -> impl proptest::strategy::Strategy<Value = Link> {
    use proptest::prelude::*;

    let op = any::<[u8; OP_BYTES]>()
        .prop_filter_map("no op", |bytes| any_op(&mut Unstructured::new(&bytes)).ok());
    proptest::collection::vec(op, 1..=MAX_OPS).prop_map(|ops| Link {
        ops,
        ..Link::default()
    })
}

/// Bytes of zero are the plainest op; no bytes are zeros.
fn any_op(u: &mut Unstructured<'_>) -> arbitrary::Result<Op> {
    let act = any_act(u)?;
    let from = *u.choose(&Role::BOTH)?;
    let at = if u.ratio(2, 3)? {
        At::Record(u.int_in_range(0..=LAST_RECORD)?)
    } else {
        At::Message(Message {
            kind: *u.choose(MESSAGES)?,
            nth: u.int_in_range(0..=1)?,
        })
    };
    Ok(Op { from, at, act })
}

fn any_act(u: &mut Unstructured<'_>) -> arbitrary::Result<Act> {
    Ok(match u.int_in_range(0..=19)? {
        0 => Act::Fragment(*u.choose(LENGTHS)?),
        1 => Act::Split(*u.choose(LENGTHS)?),
        2 => Act::Merge,
        3 => Act::Drop,
        4 => Act::Duplicate,
        5 => Act::Swap,
        6 => Act::Delay,
        7 => Act::Stall(*u.choose(LENGTHS)?),
        8 => Act::Cut(*u.choose(LENGTHS)?),
        9 => Act::Close(*u.choose(LENGTHS)?),
        10 => Act::Type(ContentType(u.arbitrary::<u8>()? ^ ContentType::handshake.0)),
        11 => Act::Version(ProtocolVersion(u.arbitrary::<u16>()? ^ 0x0303)),
        12 => Act::Length(*u.choose(LENGTH_ERRORS)?),
        13 => Act::Body(Flip {
            at: u.arbitrary::<i8>()?.into(),
            bits: u.arbitrary()?,
        }),
        14 => Act::Field(FieldFlip {
            field: any_field(u)?,
            at: (u.arbitrary::<i8>()? % 4).into(),
            bits: u.arbitrary()?,
        }),
        15 => Act::Set(FieldValue {
            field: any_field(u)?,
            value: match u.int_in_range(1..=3)? {
                1 => format!("{:02x}", u.arbitrary::<u8>()?),
                2 => format!("{:04x}", u.arbitrary::<u16>()?),
                _ => format!("{:06x}", u.arbitrary::<u32>()? >> 8),
            },
        }),
        16 => Act::Edit(match u.int_in_range(0..=3)? {
            0 => Edit::WithoutExtension(*u.choose(EXTENSIONS)?),
            1 => Edit::WithoutVersion(*u.choose(VERSIONS)?),
            2 => Edit::WithoutSuite(*u.choose(SUITES)?),
            _ => Edit::WithSuite(*u.choose(SUITES)?),
        }),
        17 => Act::Inject(any_bytes(u)?),
        18 => Act::Replace(any_bytes(u)?),
        _ => Act::Answer(any_bytes(u)?),
    })
}

fn any_bytes(u: &mut Unstructured<'_>) -> arbitrary::Result<Bytes> {
    Ok(match u.int_in_range(0..=15)? {
        0 => Bytes::FatalAlert(AlertDescription(u.arbitrary()?)),
        1 => Bytes::Warning(AlertDescription(u.arbitrary()?)),
        _ => *u.choose(&Bytes::ALL)?,
    })
}

fn any_field(u: &mut Unstructured<'_>) -> arbitrary::Result<Field> {
    let extension = *u.choose(EXTENSIONS)?;
    Ok(match u.int_in_range(0..=FIELDS.len() + 2)? {
        0 => Field::Extension(extension),
        1 => Field::ExtensionType(extension),
        2 => Field::ExtensionLength(extension),
        other => FIELDS[other - 3],
    })
}

/// How many things a link does at most.
pub const MAX_OPS: usize = 4;

/// No link looks at more bytes than this.
pub const MAX_LINK: usize = MAX_OPS * OP_BYTES;

/// More than an op takes.
const OP_BYTES: usize = 12;

/// No side sends many more of them.
const LAST_RECORD: u32 = 12;

const LENGTHS: &[u32] = &[1, 0, 2, 3, 4, 5, 6, 7, 16, 40, 64, 200, 16_384];

const LENGTH_ERRORS: &[i32] = &[
    1, -1, 2, -2, -16, 16, 255, 256, -256, 16_384, 20_000, 60_000,
];

const MESSAGES: &[M] = &[
    M::client_hello,
    M::server_hello,
    M::certificate,
    M::server_key_exchange,
    M::certificate_request,
    M::certificate_status,
    M::server_hello_done,
    M::client_key_exchange,
    M::certificate_verify,
    M::new_session_ticket,
];

const EXTENSIONS: &[ExtensionType] = &[
    ExtensionType::server_name,
    ExtensionType::status_request,
    ExtensionType::supported_groups,
    ExtensionType::ec_point_formats,
    ExtensionType::signature_algorithms,
    ExtensionType::encrypt_then_mac,
    ExtensionType::extended_master_secret,
    ExtensionType::session_ticket,
    ExtensionType::pre_shared_key,
    ExtensionType::supported_versions,
    ExtensionType::psk_key_exchange_modes,
    ExtensionType::key_share,
    ExtensionType::renegotiation_info,
];

const VERSIONS: &[ProtocolVersion] = &[ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3];

const SUITES: &[CipherSuite] = &[
    CipherSuite::TLS_AES_256_GCM_SHA384,
    CipherSuite::TLS_AES_128_GCM_SHA256,
    CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    CipherSuite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
    CipherSuite::TLS_FALLBACK_SCSV,
    CipherSuite(0),
];

/// Those of no extension.
const FIELDS: &[Field] = &[
    Field::MessageType,
    Field::MessageLength,
    Field::Body,
    Field::LegacyVersion,
    Field::Random,
    Field::SessionIdLength,
    Field::SessionId,
    Field::SuitesLength,
    Field::Suites,
    Field::Suite,
    Field::CompressionMethodsLength,
    Field::CompressionMethods,
    Field::CompressionMethod,
    Field::ExtensionsLength,
    Field::CertificatesLength,
    Field::CertificateLength(0),
    Field::Certificate(0),
    Field::StatusType,
    Field::StatusLength,
    Field::Status,
    Field::CurveType,
    Field::NamedCurve,
    Field::PointLength,
    Field::Point,
    Field::SignatureScheme,
    Field::SignatureLength,
    Field::Signature,
    Field::CertificateTypesLength,
    Field::CertificateTypes,
    Field::SchemesLength,
    Field::Schemes,
    Field::AuthoritiesLength,
    Field::Authorities,
    Field::TicketLifetime,
    Field::TicketLength,
    Field::Ticket,
];

#[cfg(test)]
mod tests {
    use arbitrary::Arbitrary;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_kind_of_op_comes_up() {
        let mut kinds = std::collections::BTreeSet::new();
        for kind in 0..=u8::MAX {
            let act = any_act(&mut Unstructured::new(&[kind, 1, 1, 1, 1, 1])).unwrap();
            let name = serde_json::to_value(act).unwrap();
            kinds.insert(match name {
                serde_json::Value::Object(map) => map.into_iter().next().unwrap().0,
                name => name.as_str().unwrap().to_owned(),
            });
        }
        assert_eq!(kinds.len(), 20, "{kinds:?}");
    }

    proptest! {
        #[test]
        fn any_bytes_come_to_a_link_that_json_can_say(input: Vec<u8>) {
            let AnyLink(link) = AnyLink::arbitrary(&mut Unstructured::new(&input)).unwrap();
            prop_assert!((1..=MAX_OPS).contains(&link.ops.len()));
            let text = serde_json::to_string(&link).unwrap();
            prop_assert_eq!(serde_json::from_str::<Link>(&text).unwrap(), link);
        }
    }
}
