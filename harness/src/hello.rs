//! What a client says of itself: its first ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).

use std::collections::BTreeMap;

use crate::connection::Config;
use crate::iana::{CipherSuite, ContentType, NamedGroup, ProtocolVersion, SignatureScheme};

/// A ClientHello without what is random. Two that are equal say the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    legacy_version: u16,
    session_id: usize,
    /// Without the two that are signals.
    pub(crate) suites: Vec<CipherSuite>,
    signals: Vec<u16>,
    compressions: Vec<u8>,
    /// By type. Of key_share the groups; padding and session_ticket say nothing and are left out.
    extensions: BTreeMap<u16, Vec<u8>>,
}

impl Hello {
    /// What a client of this configuration says first, or why it says nothing.
    pub(crate) fn of(config: &dyn Config) -> Result<Self, String> {
        let mut connection = config.connect().map_err(|failure| failure.native)?;
        let mut flight = Vec::new();
        connection.advance();
        connection.transmit(&mut flight);
        if let Some(failure) = connection.failure() {
            return Err(failure.native.clone());
        }
        Self::read(&flight).ok_or_else(|| "no ClientHello that can be read".to_owned())
    }

    fn read(flight: &[u8]) -> Option<Self> {
        let message = handshake_bytes(flight)?;
        let mut rest = &message[..];
        if take(&mut rest, 1)? != [0x01] {
            return None;
        }
        let mut body = vector(&mut rest, 3)?;
        let legacy_version = number(take(&mut body, 2)?);
        take(&mut body, 32)?;
        let session_id = vector(&mut body, 1)?.len();
        let (signals, suites): (Vec<_>, Vec<_>) = numbers(vector(&mut body, 2)?)
            .partition(|suite| [RENEGOTIATION_SIGNAL, FALLBACK_SIGNAL].contains(suite));
        let compressions = vector(&mut body, 1)?.to_vec();
        let mut extensions = BTreeMap::new();
        if !body.is_empty() {
            let mut list = vector(&mut body, 2)?;
            while !list.is_empty() {
                let kind = number(take(&mut list, 2)?);
                let data = vector(&mut list, 2)?;
                match kind {
                    PADDING | SESSION_TICKET => {}
                    KEY_SHARE => {
                        extensions.insert(kind, share_groups(data)?);
                    }
                    _ => {
                        extensions.insert(kind, data.to_vec());
                    }
                }
            }
        }
        Some(Self {
            legacy_version,
            session_id,
            suites: suites.into_iter().map(CipherSuite).collect(),
            signals,
            compressions,
            extensions,
        })
    }

    /// The versions, ascending; `None`: only the newest is told, by a field of old.
    pub(crate) fn versions(&self) -> Option<Vec<ProtocolVersion>> {
        let mut list = self.extension(SUPPORTED_VERSIONS)?;
        let mut versions: Vec<_> = numbers(vector(&mut list, 1)?)
            .map(ProtocolVersion)
            .collect();
        versions.sort_unstable();
        Some(versions)
    }

    /// The newest version by the field of old.
    pub(crate) fn newest(&self) -> ProtocolVersion {
        ProtocolVersion(self.legacy_version)
    }

    pub(crate) fn groups(&self) -> Option<Vec<NamedGroup>> {
        let mut list = self.extension(SUPPORTED_GROUPS)?;
        Some(numbers(vector(&mut list, 2)?).map(NamedGroup).collect())
    }

    /// The groups that it sends key shares for.
    pub(crate) fn shares(&self) -> Vec<NamedGroup> {
        let groups = self.extension(KEY_SHARE).unwrap_or_default();
        numbers(groups).map(NamedGroup).collect()
    }

    pub(crate) fn schemes(&self) -> Option<Vec<SignatureScheme>> {
        let mut list = self.extension(SIGNATURE_ALGORITHMS)?;
        Some(
            numbers(vector(&mut list, 2)?)
                .map(SignatureScheme)
                .collect(),
        )
    }

    /// The application protocols; `None`: one of them is no text.
    pub(crate) fn alpn(&self) -> Option<Vec<String>> {
        let Some(mut data) = self.extension(ALPN) else {
            return Some(Vec::new());
        };
        let mut list = vector(&mut data, 2)?;
        let mut names = Vec::new();
        while !list.is_empty() {
            names.push(String::from_utf8(vector(&mut list, 1)?.to_vec()).ok()?);
        }
        Some(names)
    }

    /// Whether it says that it falls back (RFC 7507).
    pub(crate) fn falls_back(&self) -> bool {
        self.signals.contains(&FALLBACK_SIGNAL)
    }

    pub(crate) fn extension(&self, kind: u16) -> Option<&[u8]> {
        self.extensions.get(&kind).map(Vec::as_slice)
    }

    /// The same without an extension.
    pub(crate) fn without(mut self, kind: u16) -> Self {
        self.extensions.remove(&kind);
        self
    }

    /// Where the two say something else; `None`: nowhere.
    pub(crate) fn difference(&self, other: &Self) -> Option<String> {
        let kinds = self.extensions.keys().chain(other.extensions.keys());
        let different: Vec<_> = kinds
            .filter(|kind| self.extension(**kind) != other.extension(**kind))
            .map(|kind| format!("extension 0x{kind:04x}"))
            .collect();
        if let Some(first) = different.first() {
            return Some(first.clone());
        }
        if self.suites != other.suites {
            return Some("the suites".to_owned());
        }
        (self != other).then(|| "the fields before the extensions".to_owned())
    }
}

/// What the handshake records have, one after the other.
fn handshake_bytes(mut flight: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while !flight.is_empty() {
        if take(&mut flight, 1)? != [ContentType::handshake.0] {
            return None;
        }
        take(&mut flight, 2)?;
        bytes.extend_from_slice(vector(&mut flight, 2)?);
    }
    Some(bytes)
}

/// Of a client's key_share (RFC 8446 §4.2.8) the groups alone.
fn share_groups(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut list = vector(&mut data, 2)?;
    let mut groups = Vec::new();
    while !list.is_empty() {
        groups.extend_from_slice(take(&mut list, 2)?);
        vector(&mut list, 2)?;
    }
    Some(groups)
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

/// What stands behind a length of so many bytes.
fn vector<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let length = take(bytes, length)?;
    let length = length
        .iter()
        .fold(0, |sum, byte| (sum << 8) | usize::from(*byte));
    take(bytes, length)
}

fn number(bytes: &[u8]) -> u16 {
    bytes
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u16::from(*byte))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks_exact(2).map(number)
}

/// client_certificate_type and server_certificate_type (RFC 7250).
pub(crate) const CLIENT_CERTIFICATE_TYPE: u16 = 0x0013;
pub(crate) const SERVER_CERTIFICATE_TYPE: u16 = 0x0014;
pub(crate) const ALPN: u16 = 0x0010;
pub(crate) const COMPRESS_CERTIFICATE: u16 = 0x001b;
pub(crate) const STATUS_REQUEST: u16 = 0x0005;
pub(crate) const EXTENDED_MASTER_SECRET: u16 = 0x0017;
const SUPPORTED_GROUPS: u16 = 0x000a;
const SIGNATURE_ALGORITHMS: u16 = 0x000d;
const PADDING: u16 = 0x0015;
const SESSION_TICKET: u16 = 0x0023;
const SUPPORTED_VERSIONS: u16 = 0x002b;
const KEY_SHARE: u16 = 0x0033;
const RENEGOTIATION_SIGNAL: u16 = 0x00ff;
const FALLBACK_SIGNAL: u16 = 0x5600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_read_and_what_is_none_is_not() {
        let hello = Hello::read(HELLO).expect("whole");
        assert_eq!(hello.suites, [CipherSuite::TLS_AES_128_GCM_SHA256]);
        assert_eq!(hello.newest(), ProtocolVersion::TLS1_2);
        assert_eq!(hello.versions(), Some(vec![ProtocolVersion::TLS1_3]));
        assert_eq!(hello.shares(), [NamedGroup::x25519]);
        assert_eq!(hello.alpn(), Some(Vec::new()));
        assert!(hello.falls_back());
        for length in 0..HELLO.len() {
            assert_eq!(Hello::read(&HELLO[..length]), None, "{length}");
        }
        let other = hello.clone().without(SUPPORTED_VERSIONS);
        assert_eq!(hello.difference(&hello), None);
        let difference = hello.difference(&other);
        assert_eq!(difference.as_deref(), Some("extension 0x002b"));
    }

    /// With one suite and a fallback signal, one version, and a share of a byte.
    const HELLO: &[u8] = &[
        0x16, 0x03, 0x01, 0x00, 0x43, // a handshake record
        0x01, 0x00, 0x00, 0x3f, 0x03, 0x03, // client_hello, legacy_version
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // random
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    //
        0x00, // legacy_session_id
        0x00, 0x04, 0x13, 0x01, 0x56, 0x00, // cipher_suites
        0x01, 0x00, // legacy_compression_methods
        0x00, 0x12, // extensions
        0x00, 0x2b, 0x00, 0x03, 0x02, 0x03, 0x04, // supported_versions
        0x00, 0x33, 0x00, 0x07, 0x00, 0x05, 0x00, 0x1d, 0x00, 0x01, 0x09, // key_share
    ];
}
