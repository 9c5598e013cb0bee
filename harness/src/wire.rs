//! A tolerant reader of records and handshake messages: it says what it can, and never refuses.

use std::fmt;

use crate::connection::Role;
use crate::iana::{AlertDescription, ContentType, HandshakeType, ProtocolVersion};
use crate::link::Flight;

/// Finds the alerts that travel in the clear, as the bytes go by.
///
/// An alert in the clear is a record of two bytes; under protection it is longer, or is not told
/// from application data (RFC 8446 §5.2).
#[derive(Clone, Debug, Default)]
pub struct AlertScanner {
    /// The first fatal one.
    pub fatal: Option<AlertDescription>,
    head: [u8; 7],
    have: usize,
    skip: usize,
}

impl AlertScanner {
    /// Goes over more bytes of the same direction.
    pub fn scan(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.have == 0
                && self.skip == 0
                && let &[kind, _, _, high, low, ..] = bytes
                && kind != ContentType::alert.0
            {
                // Mostly a record's header arrives whole.
                let length = RECORD_HEADER + usize::from(u16::from_be_bytes([high, low]));
                let step = length.min(bytes.len());
                self.skip = length - step;
                bytes = &bytes[step..];
                continue;
            }
            if self.skip > 0 {
                let step = self.skip.min(bytes.len());
                self.skip -= step;
                bytes = &bytes[step..];
                continue;
            }
            self.head[self.have] = byte;
            self.have += 1;
            bytes = rest;
            let length = usize::from(u16::from_be_bytes([self.head[3], self.head[4]]));
            let alert = self.head[0] == ContentType::alert.0 && length == 2;
            if self.have == RECORD_HEADER && !alert {
                self.skip = length;
                self.have = 0;
            } else if self.have == RECORD_HEADER + 2 {
                let [.., level, description] = self.head;
                if level == FATAL && self.fatal.is_none() {
                    self.fatal = Some(AlertDescription(description));
                }
                self.have = 0;
            }
        }
    }
}

/// One line for each record or message in a transcript.
pub fn annotate(transcript: &[Flight]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut protected = [false; 2];
    let mut tls13 = false;
    for flight in transcript {
        let mut rest = &flight.bytes[..];
        while !rest.is_empty() {
            let (record, after) = split_record(rest);
            rest = after;
            let protection = &mut protected[flight.from as usize];
            let notes = record.describe(*protection);
            for note in &notes {
                if note.starts_with("server_hello") && record.selects_tls13() {
                    tls13 = true;
                }
            }
            if record.content_type == ContentType::change_cipher_spec && !tls13 {
                *protection = true;
            }
            lines.push(Line {
                from: flight.from,
                bytes: record.length,
                what: notes.join(", "),
            });
        }
    }
    lines
}

/// One record of a transcript, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Who sent it.
    pub from: Role,
    /// The length of the record, with its header, in bytes.
    pub bytes: usize,
    /// What is in it.
    pub what: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arrow = match self.from {
            Role::Client => "client -> server",
            Role::Server => "client <- server",
        };
        write!(f, "{arrow}  {:>5} B  {}", self.bytes, self.what)
    }
}

struct Record<'a> {
    content_type: ContentType,
    version: ProtocolVersion,
    body: &'a [u8],
    length: usize,
    whole: bool,
}

impl Record<'_> {
    fn describe(&self, protected: bool) -> Vec<String> {
        if !self.whole {
            return vec![format!("{} (cut short)", self.content_type)];
        }
        match self.content_type {
            ContentType::handshake if !protected => self.messages(),
            ContentType::handshake => vec!["handshake, encrypted".into()],
            ContentType::alert => match self.body {
                [level, description] => vec![format!(
                    "alert {} ({})",
                    AlertDescription(*description),
                    if *level == FATAL { "fatal" } else { "warning" }
                )],
                _ => vec!["alert, encrypted".into()],
            },
            ContentType::application_data => vec!["encrypted".into()],
            other => vec![other.to_string()],
        }
    }

    fn messages(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut rest = self.body;
        while let [kind, a, b, c, after @ ..] = rest {
            let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            let body = &after[..length.min(after.len())];
            notes.push(name_message(HandshakeType(*kind), body));
            rest = &after[length.min(after.len())..];
        }
        if notes.is_empty() {
            notes.push(format!("handshake ({} fragment)", self.version));
        }
        notes
    }

    fn selects_tls13(&self) -> bool {
        // supported_versions (43) with one version of two bytes, as a ServerHello has it.
        self.body
            .windows(6)
            .any(|window| window == [0x00, 0x2b, 0x00, 0x02, 0x03, 0x04])
    }
}

fn name_message(kind: HandshakeType, body: &[u8]) -> String {
    let retry = kind == HandshakeType::server_hello
        && body.get(2..34) == Some(&HELLO_RETRY_REQUEST_RANDOM[..]);
    if retry {
        "server_hello (HelloRetryRequest)".into()
    } else {
        kind.to_string()
    }
}

fn split_record(bytes: &[u8]) -> (Record<'_>, &[u8]) {
    let [kind, major, minor, high, low, after @ ..] = bytes else {
        let record = Record {
            content_type: ContentType(bytes.first().copied().unwrap_or_default()),
            version: ProtocolVersion(0),
            body: &[],
            length: bytes.len(),
            whole: false,
        };
        return (record, &[]);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (body, rest) = after.split_at(length.min(after.len()));
    let record = Record {
        content_type: ContentType(*kind),
        version: ProtocolVersion(u16::from_be_bytes([*major, *minor])),
        body,
        length: RECORD_HEADER + body.len(),
        whole: body.len() == length,
    };
    (record, rest)
}

/// The random of a ServerHello that is a HelloRetryRequest: the SHA-256 of these words
/// (RFC 8446 §4.1.3).
pub const HELLO_RETRY_REQUEST_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];
const RECORD_HEADER: usize = 5;
const FATAL: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_alert_is_found_however_the_bytes_are_cut() {
        let stream = [
            &[22, 3, 3, 0, 3, 21, 2, 40][..],
            &[21, 3, 3, 0, 2, 2, 48],
            &[21, 3, 3, 0, 2, 2, 40],
        ]
        .concat();
        for cut in 0..stream.len() {
            let mut scanner = AlertScanner::default();
            scanner.scan(&stream[..cut]);
            scanner.scan(&stream[cut..]);
            assert_eq!(scanner.fatal, Some(AlertDescription::unknown_ca));
        }
    }

    #[test]
    fn warnings_and_protected_alerts_are_passed_over() {
        let mut scanner = AlertScanner::default();
        scanner.scan(&[21, 3, 3, 0, 2, 1, 0]);
        scanner.scan(&[21, 3, 3, 0, 3, 2, 40, 0]);
        assert_eq!(scanner.fatal, None);
    }

    #[test]
    fn annotation_survives_any_prefix() {
        let bytes = [
            22, 3, 3, 0, 5, 14, 0, 0, 0, 9, 20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 1, 9,
        ];
        for end in 0..=bytes.len() {
            let flight = Flight {
                from: Role::Server,
                bytes: bytes[..end].to_vec(),
                arrived: None,
                answered: Vec::new(),
                deeds: Vec::new(),
            };
            let _ = annotate(&[flight]);
        }
    }
}
