//! What the model's readers say of a hello that comes first and alone, whatever bytes it has.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, NamedGroup};
use shakedown::scenario::StackId;

use super::seen::{Answer, Seen};
use super::{Failed, scenario};
use crate::fuzz::client_hello::differences::Did;
use crate::model::link::refusal::{self, Fate};

/// `Ok`: it went as the readers say, or is nothing of which they say anything.
pub(in crate::fuzz) fn holds(
    role: Role,
    set_up: u8,
    told: &[u8],
    rustls: &Seen,
    openssl: &Seen,
) -> Result<(), Failed> {
    let Some(body) = hello(role, told) else {
        return Ok(());
    };
    for (stack, seen) in [(StackId::RustlsRing, rustls), (StackId::Openssl, openssl)] {
        let scenario = scenario(stack, set_up);
        let says = match role {
            Role::Server => refusal::client_hello(&scenario, &body),
            Role::Client => refusal::server_hello(&scenario, &body)
                .into_iter()
                .collect(),
        };
        if !says.is_empty() && !says.iter().any(|says| is_so(says, seen)) {
            return Err((READ, format!("{stack}: the model says {says:?}")));
        }
    }
    Ok(())
}

fn is_so(says: &Fate, seen: &Seen) -> bool {
    match says {
        // What comes after is another matter: a signature, a certificate.
        Fate::Answered { .. } => seen.answer.map(answered).as_ref() == Some(says),
        _ => *says == fate(seen),
    }
}

/// What became of a hello, as the model tells it.
pub(super) fn fate(seen: &Seen) -> Fate {
    match Did::of(seen) {
        Did::Refused(native, alert) => {
            Fate::Refused(native.to_owned(), alert.map(AlertDescription))
        }
        Did::Answered(answer) => answered(answer),
        Did::Waits => Fate::Taken,
    }
}

fn answered(answer: Answer) -> Fate {
    let Answer {
        version,
        suite,
        group,
        retry,
    } = answer;
    Fate::Answered {
        version,
        suite,
        group,
        retry,
    }
}

/// The body of the hello that these bytes are, if they are one in one record and nothing else, with zeros for what is
/// echoed; none that has the mark of a downgrade (RFC 8446 §4.1.3), or a share that only mathematics can tell.
pub(super) fn hello(role: Role, told: &[u8]) -> Option<Vec<u8>> {
    let kind = match role {
        Role::Server => 1,
        Role::Client => 2,
    };
    let [HANDSHAKE, 3, 1 | 3, high, low, message @ ..] = told else {
        return None;
    };
    let [first, a, b, c, body @ ..] = message else {
        return None;
    };
    let whole = usize::from(u16::from_be_bytes([*high, *low])) == message.len()
        && u32::from_be_bytes([0, *a, *b, *c]) as usize == body.len()
        && *first == kind;
    let marked = role == Role::Client && body.get(26..33) == Some(b"DOWNGRD");
    if !whole || message.len() > MOST || marked || is_mathematics(role, body) {
        return None;
    }
    let mut body = body.to_vec();
    if role == Role::Client && body.get(SESSION_ID) == Some(&32) {
        body.get_mut(SESSION_ID + 1..SESSION_ID + 33)?.fill(0);
    }
    Some(body)
}

/// Whether there is a share of which only mathematics tells whether it will do, and not this model: a point of P-256,
/// or a number of X25519 that makes nothing secret (RFC 7748 §6.1).
fn is_mathematics(role: Role, body: &[u8]) -> bool {
    const POINT: [u8; 4] = [0, NamedGroup::secp256r1.0 as u8, 0, 65];
    let id = usize::from(body.get(SESSION_ID).copied().unwrap_or_default());
    // Behind a server's suite, too.
    let fixed = SESSION_ID + 1 + id + if role == Role::Client { 3 } else { 0 };
    let behind = body.get(fixed..).unwrap_or_default();
    let even =
        |bytes: &[u8]| [0, 0xff].contains(&bytes[0]) && bytes.iter().all(|byte| *byte == bytes[0]);
    behind.windows(4).any(|bytes| bytes == POINT) || behind.windows(30).any(even)
}

const HANDSHAKE: u8 = 22;
/// RFC 8446 §5.1.
const MOST: usize = 1 << 14;
/// Behind a hello's version and random.
const SESSION_ID: usize = 2 + 32;
pub(super) const READ: &str = "a hello is refused, or answered, as the model reads it";
