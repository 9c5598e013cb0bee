//! Records as the model sees them: what they are, not which bytes.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, ContentType, HandshakeType, ProtocolVersion};
use shakedown::link::Bytes;

use super::effect::Promise;

/// A record on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// As its header says.
    pub(super) kind: ContentType,
    /// As its header says.
    pub(super) version: ProtocolVersion,
    pub(super) length: Length,
    /// `None`: in the clear.
    pub(super) seal: Option<Seal>,
    pub(super) content: Content,
}

/// What the length in a record's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    True,
    /// So many bytes more than are there.
    More(u32),
    /// So many bytes fewer.
    Less(u32),
    /// More than any record may have.
    Oversize,
    /// As many as it has, but only so many bytes arrive, header included, and nothing behind them.
    Begun(u32),
}

/// How a record is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) keys: Keys,
    /// What the sender's keys were derived from, where that is not what the peer has seen.
    pub(super) strain: u8,
    pub(super) sequence: u32,
    /// Whether every byte is as the sender made it, header included.
    pub(super) whole: bool,
}

/// Which keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// TLS 1.3, until Finished.
    Handshake,
    /// TLS 1.3, from there on.
    Application,
    /// Before TLS 1.3.
    Session,
}

/// What is in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Messages(Vec<Said>),
    /// Whether it is the one byte that it ought to be.
    ChangeCipherSpec(bool),
    Alert {
        fatal: bool,
        description: AlertDescription,
    },
    Data(Datum),
    /// Not TLS.
    Foreign(Bytes),
    Empty,
}

/// A handshake message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) kind: HandshakeType,
    /// Which of its type among those that its sender has sent, from 0.
    pub(super) nth: u32,
    /// The op that has changed it on its way.
    pub(super) changed: Option<usize>,
    /// Whether its sender had seen other messages than its peer.
    pub(super) misled: u8,
    /// Whether its signature is not over what its reader holds it to be over.
    pub(super) tainted: bool,
    /// A Certificate without a certificate.
    pub(super) empty: bool,
    /// A ServerHello that is not what was promised.
    pub(super) broken: Option<Promise>,
}

/// Application data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datum {
    /// The words of a side.
    Of(Role),
    /// Anything else.
    Noise,
    /// No byte.
    Nothing,
}

impl Content {
    /// The content type that it goes by.
    pub(super) fn kind(&self) -> ContentType {
        match self {
            Self::Messages(_) | Self::Empty => ContentType::handshake,
            Self::ChangeCipherSpec(_) => ContentType::change_cipher_spec,
            Self::Alert { .. } => ContentType::alert,
            Self::Data(_) => ContentType::application_data,
            Self::Foreign(bytes) => ContentType(bytes.to_wire()[0]),
        }
    }
}

impl Record {
    /// In the clear, as our stacks send it.
    pub(super) fn open(content: Content, version: ProtocolVersion) -> Self {
        Self {
            kind: content.kind(),
            version,
            length: Length::True,
            seal: None,
            content,
        }
    }

    /// What the link brings in.
    pub(super) fn foreign(bytes: Bytes) -> Self {
        let content = match bytes {
            Bytes::FatalAlert(description) => Content::Alert {
                fatal: true,
                description,
            },
            Bytes::TlsAlert => Content::Alert {
                fatal: true,
                description: AlertDescription::unexpected_message,
            },
            Bytes::Warning(description) => Content::Alert {
                fatal: false,
                description,
            },
            Bytes::ChangeCipherSpec => Content::ChangeCipherSpec(true),
            Bytes::ApplicationData => Content::Data(Datum::Noise),
            Bytes::EmptyHandshake => Content::Empty,
            Bytes::HttpResponse | Bytes::SmtpBanner | Bytes::HttpRequest | Bytes::HttpConnect => {
                Content::Foreign(bytes)
            }
        };
        let mut record = Self::open(content, ProtocolVersion::TLS1_2);
        if let Content::Foreign(bytes) = &record.content {
            let wire = bytes.to_wire();
            record.version = ProtocolVersion(u16::from_be_bytes([wire[1], wire[2]]));
        }
        record
    }

    /// Whether it is an alert in the clear that has lost a byte of its two, or both.
    pub(super) fn is_cut_alert(&self) -> bool {
        self.seal.is_none()
            && matches!(self.content, Content::Alert { .. })
            && matches!(self.length, Length::Less(_))
    }

    /// Whether handshake messages in the clear are all that it has.
    pub(super) fn is_open_handshake(&self) -> bool {
        self.seal.is_none() && matches!(self.content, Content::Messages(_))
    }
}
