//! What is done to a ClientHello before it is sent: four bytes an edit.

use shakedown::iana::ExtensionType;

use super::hello::{Extension, Hello};

/// Edits a hello as the script says.
pub(super) fn edit(hello: &mut Hello, script: &[u8]) {
    for step in script.chunks_exact(4).take(MOST_STEPS) {
        let &[kind, which, how, value] = step else {
            break;
        };
        one(hello, kind % KINDS, usize::from(which), how, value);
    }
}

fn one(hello: &mut Hello, kind: u8, which: usize, how: u8, value: u8) {
    let count = hello.extensions.len();
    let lie = how as i8;
    match kind {
        0 => hello.lies.message = lie,
        1 => hello.lies.session_id = lie,
        2 => hello.lies.suites = lie,
        3 => hello.lies.compressions = lie,
        4 => hello.lies.extensions = lie,
        5 => hello.legacy_version = u16::from_be_bytes([how, value]),
        6 => hello.record_version = u16::from_be_bytes([how, value]),
        7 => hello.session_id = vec![value; usize::from(how)],
        8 => hello.compressions = vec![value; usize::from(how % 4)],
        9 => put(&mut hello.suites, which, &[how, value]),
        10 => hello.suites.truncate(which),
        11 => hello.cut = usize::from(how),
        12 => hello.extensions.insert(
            which % (count + 1),
            Extension {
                kind: u16::from_be_bytes([if how & 1 == 0 { 0 } else { value }, value]),
                body: vec![0; usize::from(how >> 1)],
                lie: 0,
            },
        ),
        13 => hello
            .extensions
            .insert(which % (count + 1), known(how, value)),
        _ if count == 0 => {}
        14 => drop(hello.extensions.remove(which % count)),
        15 => {
            let extension = hello.extensions[which % count].clone();
            hello
                .extensions
                .insert(usize::from(how) % (count + 1), extension);
        }
        16 => hello
            .extensions
            .swap(which % count, usize::from(how) % count),
        17 => hello.extensions[which % count].lie = lie,
        18 => hello.extensions[which % count].kind = u16::from_be_bytes([how, value]),
        19 => hello.extensions[which % count]
            .body
            .truncate(usize::from(how)),
        20 => hello.extensions[which % count]
            .body
            .extend(vec![value; usize::from(how)]),
        21 => {
            let body = &mut hello.extensions[which % count].body;
            let length = body.len().max(1);
            if let Some(byte) = body.get_mut(usize::from(how) % length) {
                *byte = value;
            }
        }
        // The length of the vector that most extensions begin with, one byte or two.
        22 => {
            if let Some(byte) = hello.extensions[which % count]
                .body
                .get_mut(usize::from(how & 1))
            {
                *byte = byte.wrapping_add(value);
            }
        }
        _ => put(
            &mut hello.extensions[which % count].body,
            usize::from(how),
            &[value],
        ),
    }
}

/// Puts bytes in at a place, or at the end.
fn put(into: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let at = at.min(into.len());
    into.splice(at..at, bytes.iter().copied());
}

/// An extension that means something to a server, well made or nearly so.
fn known(which: u8, value: u8) -> Extension {
    let (kind, body): (ExtensionType, Vec<u8>) = match which % 12 {
        0 => (ExtensionType::server_name, vec![0, 4, 0, 0, 1, b'a']),
        1 => (ExtensionType::status_request, vec![1, 0, 0, 0, 0]),
        2 => (
            ExtensionType::application_layer_protocol_negotiation,
            vec![0, 3, 2, b'h', value],
        ),
        3 => (SIGNATURE_ALGORITHMS_CERT, vec![0, 2, 4, value]),
        4 => (ExtensionType::pre_shared_key, psk(value)),
        5 => (EARLY_DATA, Vec::new()),
        6 => (COOKIE, vec![0, 1, value]),
        7 => (CERTIFICATE_AUTHORITIES, vec![0, 4, 0, 2, 0x30, value]),
        8 => (
            ExtensionType::session_ticket,
            vec![value; usize::from(value)],
        ),
        9 => (ExtensionType::renegotiation_info, vec![value]),
        10 => (ExtensionType::psk_key_exchange_modes, vec![1, value]),
        _ => (PADDING, vec![0; usize::from(value)]),
    };
    Extension {
        kind: kind.0,
        body,
        lie: 0,
    }
}

/// An identity and a binder that nobody has given (RFC 8446 §4.2.11).
fn psk(value: u8) -> Vec<u8> {
    let mut body = vec![0, 7, 0, 1, value, 0, 0, 0, 0, 0, 33, 32];
    body.extend([value; 32]);
    body
}

/// RFC 7685; RFC 8446 §4.2.
const PADDING: ExtensionType = ExtensionType(21);
const EARLY_DATA: ExtensionType = ExtensionType(42);
const COOKIE: ExtensionType = ExtensionType(44);
const CERTIFICATE_AUTHORITIES: ExtensionType = ExtensionType(47);
const SIGNATURE_ALGORITHMS_CERT: ExtensionType = ExtensionType(50);
/// How many kinds of edit there are.
pub(super) const KINDS: u8 = 24;
const MOST_STEPS: usize = 16;
