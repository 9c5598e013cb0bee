//! The certificates of P-256 without a flaw, in DER, with zeros for keys, identifiers and signatures.

use shakedown::connection::Role;

/// What a byte of a certificate is, to OpenSSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A tag or a length.
    Frame,
    /// The tag of a list of things that are all alike.
    List,
    /// The tag of what may be anything.
    Any,
    /// An object identifier; whether the byte is its last.
    Id(Of, bool),
    /// The length of an extension's identifier.
    IdLength(Of),
    /// Of the version, the serial number, or a moment.
    Number,
    /// The first byte of a serial number of several, whose second is not negative.
    SerialHead,
    /// The tag of a text.
    TextTag(Of),
    Text(Of),
    /// How many bits of a BIT STRING count for nothing.
    Unused(Of),
    /// In which form a point is.
    Form,
    Key,
    Critical,
    /// The tag of what an extension says.
    Octets,
    /// A tag or a length within an extension.
    Inner,
    /// The tag of a list within an extension.
    InnerList,
    /// The length of all that an extension says.
    Length(Of),
    Value(Of),
    Signature,
}

/// What it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    InnerAlgorithm,
    OuterAlgorithm,
    Issuer,
    Subject,
    KeyAlgorithm,
    Signature,
    Authority,
    Names,
    Address,
    KeyUsage,
    Purpose,
    Identifier,
    Constraints,
}

/// Bytes, and what each of them is.
#[derive(Clone, Default)]
pub(super) struct Der(pub(super) Vec<u8>, pub(super) Vec<Part>);

impl Der {
    fn put(mut self, bytes: &[u8], part: Part) -> Self {
        self.0.extend(bytes);
        self.1.extend(bytes.iter().map(|_| part));
        self
    }

    fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self.1.extend(other.1);
        self
    }

    fn within(self, tag: u8, part: Part) -> Self {
        self.tagged(tag, part, part)
    }

    fn tagged(self, tag: u8, part: Part, length: Part) -> Self {
        let whole = super::certificate::tlv(tag, &self.0);
        let head = whole.len() - self.0.len();
        Self::default()
            .put(&whole[..1], part)
            .put(&whole[1..head], length)
            .and(self)
    }
}

/// The end entity's, or its issuer's, with a signature of so many bytes.
pub(super) fn certificate(sender: Role, issuer: bool, signature: usize) -> Der {
    let algorithm = |of| id(of, ECDSA_WITH_SHA256).within(0x30, Part::Frame);
    let dates = [b"290101000000Z", b"310101000000Z"]
        .into_iter()
        .fold(Der::default(), |all, date| {
            all.and(leaf(date, Part::Number).within(0x17, Part::Frame))
        });
    let intermediate = (CN, "shakedown ecdsa-p256 intermediate".to_owned());
    let names = if issuer {
        [
            vec![(CN, "shakedown ecdsa-p256 root".to_owned())],
            vec![intermediate],
        ]
    } else {
        [
            vec![intermediate],
            vec![
                (OU, format!("ecdsa-p256 {sender} none")),
                (CN, format!("shakedown ecdsa-p256 {sender} leaf")),
            ],
        ]
    };
    let serial: &[u8] = match (issuer, sender) {
        (true, _) => &[0x10, 0, 0],
        (false, Role::Client) => &[0x10, 0],
        (false, Role::Server) => &[0x10, 1],
    };
    let key = id(Of::KeyAlgorithm, EC_KEY)
        // Parameters may be anything, with any tag (crypto/asn1/x_algor.c).
        .and(
            leaf(&[6], Part::Any)
                .put(&[P256.len() as u8], Part::Frame)
                .and(id_in(Of::KeyAlgorithm, P256)),
        )
        .within(0x30, Part::Frame)
        .and(
            leaf(&[0], Part::Unused(Of::KeyAlgorithm))
                .put(&[4], Part::Form)
                .put(&[0; 64], Part::Key)
                .within(3, Part::Frame),
        )
        .within(0x30, Part::Frame);
    let body = leaf(&[2], Part::Number)
        .within(2, Part::Frame)
        .within(0xa0, Part::Frame)
        .and(
            leaf(&serial[..1], Part::SerialHead)
                .put(&serial[1..], Part::Number)
                .within(2, Part::Frame),
        )
        .and(algorithm(Of::InnerAlgorithm))
        .and(name(Of::Issuer, &names[0]))
        .and(dates.within(0x30, Part::Frame))
        .and(name(Of::Subject, &names[1]))
        .and(key)
        .and(
            extensions(sender, issuer)
                .tagged(0x30, Part::List, Part::Frame)
                .within(0xa3, Part::Frame),
        )
        .within(0x30, Part::Frame);
    body.and(algorithm(Of::OuterAlgorithm))
        .and(
            leaf(&[0], Part::Unused(Of::Signature))
                .put(&vec![0x55; signature], Part::Signature)
                .within(3, Part::Frame),
        )
        .within(0x30, Part::Frame)
}

/// Whether the second coordinate of its key is even, as the keys in the harness's `keys/` are.
pub(super) fn is_even(sender: Role, issuer: bool) -> bool {
    issuer || sender == Role::Client
}

fn extensions(sender: Role, issuer: bool) -> Der {
    let value = |bytes: &[u8], of| leaf(bytes, Part::Value(of));
    let identifier = |tag, of| value(&[0; 20], of).within(tag, Part::Inner);
    let authority = identifier(0x80, Of::Authority).within(0x30, Part::Inner);
    let usage = if issuer { [1, 6] } else { [7, 0x80] };
    let usage = leaf(&usage[..1], Part::Unused(Of::KeyUsage))
        .put(&usage[1..], Part::Value(Of::KeyUsage))
        .within(3, Part::Inner);
    let host = format!("{sender}.shakedown.test");
    let name = value(host.as_bytes(), Of::Names);
    let mut names = name.tagged(0x82, Part::TextTag(Of::Names), Part::Inner);
    if sender == Role::Server {
        let address = value(&[192, 0, 2, 1], Of::Address);
        let tagged = Der::default()
            .put(&[0x87], Part::TextTag(Of::Address))
            .put(&[4], Part::Inner)
            .and(address);
        names = names.and(tagged);
    }
    let purpose = [&PURPOSE[..], &[if sender == Role::Server { 1 } else { 2 }]].concat();
    let purpose = id_in(Of::Purpose, &purpose).within(6, Part::Inner).tagged(
        0x30,
        Part::InnerList,
        Part::Inner,
    );
    let ca = if issuer {
        value(&[0xff], Of::Constraints).within(1, Part::Inner)
    } else {
        Der::default()
    };
    let mut all = extension(Of::Authority, 0x23, false, authority);
    if !issuer {
        let names = names.tagged(0x30, Part::InnerList, Part::Inner);
        all = all.and(extension(Of::Names, 0x11, false, names));
    }
    all = all.and(extension(Of::KeyUsage, 0x0f, true, usage));
    if !issuer {
        all = all.and(extension(Of::Purpose, 0x25, false, purpose));
    }
    let own = leaf(&[4], Part::Inner)
        .put(&[20], Part::Length(Of::Identifier))
        .put(&[0; 20], Part::Value(Of::Identifier));
    all.and(extension(Of::Identifier, 0x0e, false, own))
        .and(extension(
            Of::Constraints,
            0x13,
            true,
            ca.within(0x30, Part::Inner),
        ))
}

fn extension(of: Of, last: u8, critical: bool, value: Der) -> Der {
    let mut body = id_in(of, &[0x55, 0x1d, last]).tagged(6, Part::Frame, Part::IdLength(of));
    if critical {
        body = body.and(leaf(&[0xff], Part::Critical).within(1, Part::Frame));
    }
    body.and(value.tagged(4, Part::Octets, Part::Frame))
        .within(0x30, Part::Frame)
}

fn name(of: Of, attributes: &[(u8, String)]) -> Der {
    attributes
        .iter()
        .fold(Der::default(), |all, (kind, text)| {
            let string = Der::default()
                .put(&[0x0c], Part::TextTag(of))
                .put(&[text.len() as u8], Part::Frame)
                .put(text.as_bytes(), Part::Text(of));
            all.and(
                id(of, &[0x55, 4, *kind])
                    .and(string)
                    .within(0x30, Part::Frame)
                    .tagged(0x31, Part::List, Part::Frame),
            )
        })
        .tagged(0x30, Part::List, Part::Frame)
}

fn id(of: Of, bytes: &[u8]) -> Der {
    id_in(of, bytes).within(6, Part::Frame)
}

fn id_in(of: Of, bytes: &[u8]) -> Der {
    let (rest, last) = bytes.split_at(bytes.len() - 1);
    leaf(rest, Part::Id(of, false)).put(last, Part::Id(of, true))
}

fn leaf(bytes: &[u8], part: Part) -> Der {
    Der::default().put(bytes, part)
}

const CN: u8 = 3;
const OU: u8 = 11;
/// 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// 1.2.840.10045.2.1.
const EC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// 1.2.840.10045.3.1.7.
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
/// 1.3.6.1.5.5.7.3, and one number more.
const PURPOSE: [u8; 7] = [0x2b, 6, 1, 5, 5, 7, 3];
