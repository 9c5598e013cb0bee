//! What can be seen of a side from without, but for what is random.

use shakedown::connection::Connection;
use shakedown::iana::{
    CipherSuite, ContentType, ExtensionType, HandshakeType, NamedGroup, ProtocolVersion,
};
use shakedown::wire::HELLO_RETRY_REQUEST_RANDOM;

/// What a side has made of what it heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::fuzz) struct Seen {
    /// Whether it holds the handshake for done.
    pub(in crate::fuzz) established: bool,
    /// Whether it has handed on application data.
    pub(in crate::fuzz) data: bool,
    /// What failed, in the stack's own word.
    pub(in crate::fuzz) failure: Option<String>,
    /// The records that it sent: each one's type, and an alert's level and description.
    pub(in crate::fuzz) records: Vec<(ContentType, Option<[u8; 2]>)>,
    /// What its ServerHello says, or its HelloRetryRequest.
    pub(in crate::fuzz) answer: Option<Answer>,
}

/// What a ServerHello chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::fuzz) struct Answer {
    pub(in crate::fuzz) version: ProtocolVersion,
    pub(in crate::fuzz) suite: CipherSuite,
    /// The group in its key_share, in which stacks may differ.
    pub(in crate::fuzz) group: Option<NamedGroup>,
    /// Whether it is a HelloRetryRequest.
    pub(in crate::fuzz) retry: bool,
}

impl Seen {
    /// The level and the description of the first alert in the clear.
    pub(in crate::fuzz) fn alert(&self) -> Option<[u8; 2]> {
        self.records.iter().find_map(|(_, alert)| *alert)
    }

    pub(in crate::fuzz) fn of(connection: &mut dyn Connection, sent: &[u8]) -> Self {
        let mut data = Vec::new();
        connection.take_received(&mut data);
        let mut seen = Self {
            established: connection.is_established(),
            data: !data.is_empty(),
            failure: connection.failure().map(|failure| failure.native.clone()),
            ..Self::default()
        };
        let mut rest = sent;
        while let Some((kind, body, after)) = record(rest) {
            let alert = match body {
                [level, description] if kind == ContentType::alert => Some([*level, *description]),
                _ => None,
            };
            seen.records.push((kind, alert));
            if kind == ContentType::handshake && seen.answer.is_none() {
                seen.answer = answer(body);
            }
            rest = after;
        }
        seen
    }
}

/// The first ServerHello's session_id_echo made that of the client's hello: a client accepts no other
/// (RFC 8446 §4.1.3), and it is random.
pub(in crate::fuzz) fn echo_session_id(hello: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let own = record(hello).and_then(|(_, body, _)| body.get(ECHO));
    // Where a record or a message ends before, what is random must not be read as anything else.
    let holds = record(&bytes).is_some_and(|(kind, body, _)| {
        let told = word(body, 2).unwrap_or_default();
        let is_server_hello = body.first() == Some(&HandshakeType::server_hello.0);
        kind == ContentType::handshake
            && is_server_hello
            && body.len() >= ECHO.end
            && (body[1] != 0 || usize::from(told) + 4 >= ECHO.end)
            && body[ECHO.start] == 32
    });
    if let (true, Some(own)) = (holds, own)
        && own[0] == 32
    {
        bytes[HEADER..][ECHO].copy_from_slice(own);
    }
    bytes
}

/// RFC 8446 §4.1.3.
fn answer(message: &[u8]) -> Option<Answer> {
    if *message.first()? != HandshakeType::server_hello.0 {
        return None;
    }
    let legacy = word(message, 4)?;
    let suite = SESSION_ID + 1 + usize::from(*message.get(SESSION_ID)?);
    let mut version = legacy;
    let mut group = None;
    let mut at = suite + 2 + 1 + 2;
    while let (Some(kind), Some(length)) = (word(message, at), word(message, at + 2)) {
        if kind == ExtensionType::supported_versions.0 {
            version = word(message, at + 4)?;
        }
        if kind == ExtensionType::key_share.0 {
            group = word(message, at + 4).map(NamedGroup);
        }
        at += 4 + usize::from(length);
    }
    Some(Answer {
        version: ProtocolVersion(version),
        suite: CipherSuite(word(message, suite)?),
        group,
        retry: message.get(RANDOM..SESSION_ID)? == HELLO_RETRY_REQUEST_RANDOM,
    })
}

/// The types of the records that are there.
#[cfg(test)]
pub(in crate::fuzz) fn kinds(mut bytes: &[u8]) -> Vec<ContentType> {
    let mut kinds = Vec::new();
    while let Some((kind, _, rest)) = record(bytes) {
        kinds.push(kind);
        bytes = rest;
    }
    kinds
}

fn record(bytes: &[u8]) -> Option<(ContentType, &[u8], &[u8])> {
    let length = usize::from(word(bytes, 3)?);
    let body = bytes.get(HEADER..HEADER + length)?;
    Some((ContentType(bytes[0]), body, &bytes[HEADER + length..]))
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

const HEADER: usize = 5;
/// Behind a hello's type, length and version.
const RANDOM: usize = 4 + 2;
/// Behind a hello's type, length, version and random.
const SESSION_ID: usize = 4 + 2 + 32;
/// A session id of 32 bytes, with its length.
const ECHO: std::ops::Range<usize> = SESSION_ID..SESSION_ID + 33;
