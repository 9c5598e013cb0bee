//! The fields of handshake messages that travel in the clear, by name and by place.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::record::MESSAGE_HEADER;
use crate::iana::{ExtensionType, HandshakeType};

/// A field of a handshake message (RFC 8446 §4; RFC 5246 §7.4; RFC 8422 §5.4).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The message's type.
    MessageType,
    /// The message's length.
    MessageLength,
    /// What has no name of its own here: the whole body.
    Body,
    /// Hellos: the version.
    LegacyVersion,
    /// Hellos.
    Random,
    /// Hellos.
    SessionIdLength,
    /// Hellos.
    SessionId,
    /// ClientHello.
    SuitesLength,
    /// ClientHello.
    Suites,
    /// ServerHello.
    Suite,
    /// ClientHello.
    CompressionMethodsLength,
    /// ClientHello.
    CompressionMethods,
    /// ServerHello.
    CompressionMethod,
    /// Hellos.
    ExtensionsLength,
    /// Hellos: an extension's type.
    ExtensionType(ExtensionType),
    /// Hellos: an extension's length.
    ExtensionLength(ExtensionType),
    /// Hellos: an extension's content.
    Extension(ExtensionType),
    /// Certificate before TLS 1.3: the length of the list.
    CertificatesLength,
    /// Certificate before TLS 1.3: the length of the certificate with this number, from 0.
    CertificateLength(u8),
    /// Certificate before TLS 1.3.
    Certificate(u8),
    /// CertificateStatus.
    StatusType,
    /// CertificateStatus.
    StatusLength,
    /// CertificateStatus.
    Status,
    /// ServerKeyExchange with ECDHE.
    CurveType,
    /// ServerKeyExchange with ECDHE.
    NamedCurve,
    /// ServerKeyExchange and ClientKeyExchange with ECDHE.
    PointLength,
    /// ServerKeyExchange and ClientKeyExchange with ECDHE.
    Point,
    /// ServerKeyExchange and CertificateVerify since TLS 1.2.
    SignatureScheme,
    /// ServerKeyExchange and CertificateVerify.
    SignatureLength,
    /// ServerKeyExchange and CertificateVerify.
    Signature,
    /// CertificateRequest before TLS 1.3.
    CertificateTypesLength,
    /// CertificateRequest before TLS 1.3.
    CertificateTypes,
    /// CertificateRequest of TLS 1.2.
    SchemesLength,
    /// CertificateRequest of TLS 1.2.
    Schemes,
    /// CertificateRequest before TLS 1.3.
    AuthoritiesLength,
    /// CertificateRequest before TLS 1.3.
    Authorities,
    /// NewSessionTicket before TLS 1.3.
    TicketLifetime,
    /// NewSessionTicket before TLS 1.3.
    TicketLength,
    /// NewSessionTicket before TLS 1.3.
    Ticket,
}

/// The fields of a message, with its header, and where in it they lie; empty ones are left out. What
/// is not as the RFCs say it must be ends the list.
pub fn fields(message: &[u8]) -> Vec<(Field, Range<usize>)> {
    let Some(kind) = message.first() else {
        return Vec::new();
    };
    let mut reader = Reader {
        bytes: message,
        at: 0,
        end: message.len(),
        found: Vec::new(),
    };
    let _ = reader.message(HandshakeType(*kind));
    reader.found.retain(|(_, range)| !range.is_empty());
    reader.found
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
    found: Vec<(Field, Range<usize>)>,
}

impl Reader<'_> {
    fn message(&mut self, kind: HandshakeType) -> Option<()> {
        self.take(Field::MessageType, 1)?;
        self.take(Field::MessageLength, MESSAGE_HEADER - 1)?;
        match kind {
            HandshakeType::client_hello => self.client_hello(),
            HandshakeType::server_hello => self.server_hello(),
            HandshakeType::certificate => self.certificate(),
            HandshakeType::certificate_status => {
                self.take(Field::StatusType, 1)?;
                self.vector(Field::StatusLength, 3, Field::Status)
            }
            HandshakeType::server_key_exchange if self.rest().first() == Some(&NAMED_CURVE) => {
                self.take(Field::CurveType, 1)?;
                self.take(Field::NamedCurve, 2)?;
                self.vector(Field::PointLength, 1, Field::Point)?;
                self.signature()
            }
            HandshakeType::certificate_request => {
                self.vector(Field::CertificateTypesLength, 1, Field::CertificateTypes)?;
                self.vector(Field::SchemesLength, 2, Field::Schemes)?;
                self.vector(Field::AuthoritiesLength, 2, Field::Authorities)
            }
            HandshakeType::client_key_exchange
                if self
                    .rest()
                    .first()
                    .is_some_and(|length| usize::from(*length) + 1 == self.rest().len()) =>
            {
                self.vector(Field::PointLength, 1, Field::Point)
            }
            HandshakeType::certificate_verify => self.signature(),
            HandshakeType::new_session_ticket => {
                self.take(Field::TicketLifetime, 4)?;
                self.vector(Field::TicketLength, 2, Field::Ticket)
            }
            _ => self.take(Field::Body, self.rest().len()),
        }
    }

    fn client_hello(&mut self) -> Option<()> {
        self.take(Field::LegacyVersion, 2)?;
        self.take(Field::Random, 32)?;
        self.vector(Field::SessionIdLength, 1, Field::SessionId)?;
        self.vector(Field::SuitesLength, 2, Field::Suites)?;
        self.vector(
            Field::CompressionMethodsLength,
            1,
            Field::CompressionMethods,
        )?;
        self.extensions()
    }

    fn server_hello(&mut self) -> Option<()> {
        self.take(Field::LegacyVersion, 2)?;
        self.take(Field::Random, 32)?;
        self.vector(Field::SessionIdLength, 1, Field::SessionId)?;
        self.take(Field::Suite, 2)?;
        self.take(Field::CompressionMethod, 1)?;
        self.extensions()
    }

    fn extensions(&mut self) -> Option<()> {
        if self.rest().is_empty() {
            return Some(());
        }
        self.take(Field::ExtensionsLength, 2)?;
        while let [high, low, ..] = *self.rest() {
            let kind = ExtensionType(u16::from_be_bytes([high, low]));
            self.take(Field::ExtensionType(kind), 2)?;
            self.vector(Field::ExtensionLength(kind), 2, Field::Extension(kind))?;
        }
        Some(())
    }

    fn certificate(&mut self) -> Option<()> {
        self.take(Field::CertificatesLength, 3)?;
        let mut number = 0;
        while !self.rest().is_empty() {
            self.vector(
                Field::CertificateLength(number),
                3,
                Field::Certificate(number),
            )?;
            number = number.checked_add(1)?;
        }
        Some(())
    }

    fn signature(&mut self) -> Option<()> {
        self.take(Field::SignatureScheme, 2)?;
        self.vector(Field::SignatureLength, 2, Field::Signature)
    }

    fn vector(&mut self, length_field: Field, width: usize, field: Field) -> Option<()> {
        let digits = self.rest().get(..width)?;
        let length = digits
            .iter()
            .fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
        self.take(length_field, width)?;
        self.take(field, length)
    }

    fn take(&mut self, field: Field, length: usize) -> Option<()> {
        let end = self.at.checked_add(length)?;
        if end > self.end {
            return None;
        }
        self.found.push((field, self.at..end));
        self.at = end;
        Some(())
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..self.end]
    }
}

/// `ECCurveType.named_curve` (RFC 8422 §5.4).
const NAMED_CURVE: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_follow_each_other_without_a_gap() {
        let body = [
            &[3, 3][..],
            &[7; 32],
            &[0],
            &[0, 2, 0x13, 1],
            &[1, 0],
            &[0, 10, 0, 5, 0, 0, 0, 43, 0, 2, 3, 4],
        ]
        .concat();
        let mut message = vec![1, 0, 0, body.len() as u8];
        message.extend(body);
        let found = fields(&message);
        let mut at = 0;
        for (field, range) in &found {
            assert_eq!(range.start, at, "{field:?}");
            at = range.end;
        }
        assert_eq!(at, message.len());
        let versions = ExtensionType::supported_versions;
        assert_eq!(
            found.last(),
            Some(&(Field::Extension(versions), at - 2..at))
        );
        assert!(
            !found.iter().any(|(field, _)| *field == Field::SessionId),
            "an empty field has no byte"
        );
    }

    #[test]
    fn what_is_cut_short_ends_the_list() {
        let message = [12, 0, 0, 5, 3, 0, 29, 32, 1];
        let found: Vec<_> = fields(&message)
            .into_iter()
            .map(|(field, _)| field)
            .collect();
        assert_eq!(
            found,
            [
                Field::MessageType,
                Field::MessageLength,
                Field::CurveType,
                Field::NamedCurve,
                Field::PointLength
            ]
        );
        assert!(fields(&[]).is_empty());
    }
}
