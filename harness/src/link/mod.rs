//! The link between two connections: carries bytes, does to them what a scenario says, and records
//! both.
//!
//! What a link does is data: [`Link`] says it, [`Carrier`] does it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::carrier::{Carrier, Carry, Parcel};
pub use self::edit::alter;
pub use self::field::{Field, fields};
use crate::connection::Role;
use crate::iana::{
    AlertDescription, CipherSuite, ContentType, ExtensionType, HandshakeType, ProtocolVersion,
};

mod carrier;
mod edit;
mod field;
mod record;

/// What the link does to the bytes that it carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    /// The most bytes handed over at a time; `null`: all that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub deliver: Option<u32>,
    /// What it does otherwise, each where it says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ops: Vec<Op>,
}

impl Link {
    /// Whether the link hands over everything as it came.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

/// One thing that the link does, once, to a record of one side's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Op {
    /// Whose record.
    pub from: Role,
    /// Which.
    pub at: At,
    /// What is done.
    pub act: Act,
}

/// Which record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// The one with this number among all that the side sends, from 0.
    Record(u32),
    /// The one that holds a handshake message in the clear. It is given a record of its own first,
    /// which no receiver minds (RFC 8446 §5.1; RFC 5246 §6.2.1).
    Message(Message),
}

/// A handshake message in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Its type; a HelloRetryRequest is a server_hello (RFC 8446 §4.1.4).
    #[serde(rename = "type")]
    pub kind: HandshakeType,
    /// Which of that type among those that the side sends, from 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub nth: u32,
}

/// What is done to a record. Positions count from the record's first byte, lengths are in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Its content is spread over records of at most so many bytes. For handshake messages in the
    /// clear alone: a protected record is sealed.
    Fragment(u32),
    /// Its content is spread over two records, the first with so many bytes; likewise.
    Split(u32),
    /// Its content and the next record's, of the same type, go into one; likewise.
    Merge,
    /// It never arrives.
    Drop,
    /// It arrives twice.
    Duplicate,
    /// The next one overtakes it.
    Swap,
    /// It and what follows it wait until the peer has had its turn.
    Delay,
    /// After so many bytes of it nothing of this side's arrives any more, and nobody is told.
    Stall(u32),
    /// After so many bytes of it the peer learns that the stream has ended.
    Cut(u32),
    /// After so many bytes of it both sides learn that the stream has ended.
    Close(u32),
    /// Its header has this type.
    Type(ContentType),
    /// Its header has this version.
    Version(ProtocolVersion),
    /// The length in its header is so much more than is true; less, if negative.
    Length(i32),
    /// The bits of a byte of its content are flipped.
    Body(Flip),
    /// The bits of a byte of one field of the message are flipped.
    Field(FieldFlip),
    /// One field of the message has another value.
    Set(FieldValue),
    /// The hello is edited, and stays well-formed.
    Edit(Edit),
    /// Something comes before it.
    Inject(Bytes),
    /// Something comes in its place.
    Replace(Bytes),
    /// Neither it nor what follows arrives; its sender gets this and the end of the stream instead, as
    /// from somebody else on that port, or on the way.
    Answer(Bytes),
}

impl Act {
    /// Whether somebody may wait for ever because of it: bytes are missing, or what tells where a
    /// record or a message ends has changed.
    ///
    /// What is sealed does not open once its content has changed, and nobody waits for the rest of it
    /// (RFC 8446 §5.2); but the length in its header counts before.
    pub fn may_stall(&self, sealed: bool) -> bool {
        match self {
            Self::Drop
            | Self::Swap
            | Self::Stall(_)
            | Self::Length(_)
            | Self::Replace(_)
            | Self::Answer(_) => true,
            Self::Type(_) | Self::Body(_) | Self::Field(_) | Self::Set(_) => !sealed,
            // The end of the stream is told.
            Self::Cut(_) | Self::Close(_) => false,
            Self::Fragment(_)
            | Self::Split(_)
            | Self::Merge
            | Self::Duplicate
            | Self::Delay
            | Self::Version(_)
            | Self::Edit(_) => false,
            // What is no TLS has any number where the length of a record stands: `220 m` promises
            // 8,301 bytes. Whoever goes by the header must ignore its version (RFC 8446 §5.1).
            Self::Inject(bytes) => bytes.is_plaintext_protocol(),
        }
    }

    /// Whether a sealed record to which it is done is not there any more, or not as it was sealed.
    pub fn breaks_seal(&self) -> bool {
        matches!(
            self,
            Self::Drop | Self::Length(_) | Self::Body(_) | Self::Replace(_)
        )
    }
}

/// A byte of a record's content, and the bits that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flip {
    /// Where, from the first byte of the content; from its end, if negative.
    pub at: i32,
    /// Which bits.
    pub bits: u8,
}

/// A byte of a field, and the bits that change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldFlip {
    /// The field.
    pub field: Field,
    /// Where, from its first byte; from its end, if negative.
    pub at: i32,
    /// Which bits.
    pub bits: u8,
}

/// A field, and what it says instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldValue {
    /// The field.
    pub field: Field,
    /// Its new bytes in hexadecimal, as many as it has.
    pub value: String,
}

/// How a hello is edited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// An extension is left out.
    WithoutExtension(ExtensionType),
    /// A version is left out of supported_versions.
    WithoutVersion(ProtocolVersion),
    /// A suite is left out.
    WithoutSuite(CipherSuite),
    /// A suite, or a signal among the suites, is added at the end.
    WithSuite(CipherSuite),
}

/// What does not come from the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bytes {
    /// A fatal alert in the clear.
    FatalAlert(AlertDescription),
    /// A warning in the clear.
    Warning(AlertDescription),
    /// A ChangeCipherSpec.
    ChangeCipherSpec,
    /// A record of application data: 32 zero bytes.
    ApplicationData,
    /// A record of type handshake without content.
    EmptyHandshake,
    /// What a plaintext HTTP server answers.
    HttpResponse,
    /// The greeting of a plaintext SMTP server.
    SmtpBanner,
    /// A plaintext HTTP request.
    HttpRequest,
    /// A request to a proxy.
    HttpConnect,
    /// A TLS alert, as another server on that port sends it to what it does not understand.
    TlsAlert,
}

impl Bytes {
    /// Every value with one form, and two alerts.
    pub const ALL: [Self; 12] = [
        Self::FatalAlert(AlertDescription::handshake_failure),
        Self::FatalAlert(AlertDescription::internal_error),
        Self::Warning(AlertDescription::close_notify),
        Self::Warning(AlertDescription::no_renegotiation),
        Self::ChangeCipherSpec,
        Self::ApplicationData,
        Self::EmptyHandshake,
        Self::HttpResponse,
        Self::SmtpBanner,
        Self::HttpRequest,
        Self::HttpConnect,
        Self::TlsAlert,
    ];

    /// As they are on the wire.
    pub fn to_wire(self) -> Vec<u8> {
        let record =
            |kind: ContentType, body: &[u8]| record::seal(kind, ProtocolVersion::TLS1_2, body);
        match self {
            Self::FatalAlert(alert) => record(ContentType::alert, &[2, alert.0]),
            Self::Warning(alert) => record(ContentType::alert, &[1, alert.0]),
            Self::TlsAlert => record(
                ContentType::alert,
                &[2, AlertDescription::unexpected_message.0],
            ),
            Self::ChangeCipherSpec => record(ContentType::change_cipher_spec, &[1]),
            Self::ApplicationData => record(ContentType::application_data, &[0; 32]),
            Self::EmptyHandshake => record(ContentType::handshake, &[]),
            Self::HttpResponse => b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec(),
            Self::SmtpBanner => b"220 mail.shakedown.test ESMTP ready\r\n".to_vec(),
            Self::HttpRequest => b"GET / HTTP/1.1\r\nHost: server.shakedown.test\r\n\r\n".to_vec(),
            Self::HttpConnect => {
                b"CONNECT server.shakedown.test:443 HTTP/1.1\r\nHost: server.shakedown.test\r\n\r\n"
                    .to_vec()
            }
        }
    }

    /// Whether this is no TLS at all.
    pub fn is_plaintext_protocol(self) -> bool {
        matches!(
            self,
            Self::HttpResponse | Self::SmtpBanner | Self::HttpRequest | Self::HttpConnect
        )
    }
}

/// A flight of bytes that crossed the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Who sent it.
    pub from: Role,
    /// What was sent.
    pub bytes: Vec<u8>,
    /// What arrived; `None`: just that.
    pub arrived: Option<Vec<u8>>,
    /// What the sender got back that is not the peer's.
    pub answered: Vec<u8>,
    /// What the link did.
    pub deeds: Vec<Deed>,
}

/// One thing that the link did.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Deed {
    /// Which of the link's ops, from 0.
    pub op: u32,
    /// To which record of the sender's, from 0.
    pub record: u32,
    /// The type in that record's header, as it was sent.
    pub content_type: ContentType,
    /// Whether anything came of it: not so where a record is too short, has no such field, or is
    /// sealed.
    pub applied: bool,
    /// Whether somebody may wait for ever because of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_stall: bool,
    /// Whether a sealed record did not arrive as it was sealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub breaks_seal: bool,
    /// Whether the sender learns there that the stream has ended. What it comes to may be the same
    /// without: a peer that has failed hangs up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back_ends: bool,
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}
