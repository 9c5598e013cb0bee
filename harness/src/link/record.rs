//! Records and handshake messages as bytes.

use crate::iana::{ContentType, HandshakeType, ProtocolVersion};

/// The length of a record's header (RFC 8446 §5.1).
pub(super) const HEADER: usize = 5;
/// The length of a handshake message's header (RFC 8446 §4).
pub(super) const MESSAGE_HEADER: usize = 4;

/// A record of this content.
pub(super) fn seal(kind: ContentType, version: ProtocolVersion, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap_or(u16::MAX);
    let mut bytes = vec![kind.0];
    bytes.extend_from_slice(&version.0.to_be_bytes());
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// As the header says of a whole record.
pub(super) fn head(record: &[u8]) -> Option<(ContentType, ProtocolVersion)> {
    let [kind, major, minor, _, _, ..] = record else {
        return None;
    };
    let version = ProtocolVersion(u16::from_be_bytes([*major, *minor]));
    Some((ContentType(*kind), version))
}

/// The whole record at the beginning, and the rest; `None`: there is none.
pub(super) fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let [_, _, _, high, low, ..] = bytes else {
        return None;
    };
    let end = HEADER + usize::from(u16::from_be_bytes([*high, *low]));
    bytes.split_at_checked(end)
}

/// The handshake messages of a record's content, each with its header; `None`: it has anything else.
pub(super) fn messages(mut body: &[u8]) -> Option<Vec<(HandshakeType, &[u8])>> {
    let mut found = Vec::new();
    while let [kind, a, b, c, ..] = body {
        let end = MESSAGE_HEADER + u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let (message, rest) = body.split_at_checked(end)?;
        found.push((HandshakeType(*kind), message));
        body = rest;
    }
    (body.is_empty() && !found.is_empty()).then_some(found)
}
