//! Interference that the model says nothing of.

use shakedown::connection::{HandshakeKind, Role};
use shakedown::iana::{ExtensionType as E, HandshakeType as M, NamedGroup, ProtocolVersion as V};
use shakedown::link::{Act, At, Field, FieldFlip, Link, Message, Op};
use shakedown::profile::{CertificateType, ClientAuth, Credential, Staple};
use shakedown::scenario::Scenario;

use crate::model::ending::{Agreed, Fault};
use crate::model::hello::Hello;

/// What the link does that lies outside the model; `None`: nothing.
pub(in crate::model) fn outside(scenario: &Scenario) -> Option<String> {
    let [op] = &scenario.link.ops[..] else {
        return (!scenario.link.ops.is_empty())
            .then(|| "more than one thing that the link does".to_owned());
    };
    if super::script::long_request(scenario) {
        return Some("a CertificateRequest that is spread over records, with interference".into());
    }
    let known = match &op.act {
        // Between them lies what only one stack has no room for.
        Act::Length(by) => by.unsigned_abs() <= 8192 || *by >= super::carrier::OVERSIZE,
        Act::Field(_) | Act::Set(_) | Act::Edit(_) => is_written(scenario, op),
        _ => true,
    };
    (!known).then(|| {
        let act = serde_json::to_string(&op.act).unwrap_or_default();
        match (&op.act, &op.at) {
            (Act::Field(_) | Act::Set(_) | Act::Edit(_), At::Record(_)) => {
                format!("what comes of {act} at a record; say which message it is done to")
            }
            _ => format!("what comes of {act} here"),
        }
    })
}

/// A message is written down as it is in a handshake that succeeds.
pub(in crate::model) fn needs_success(
    scenario: &Scenario,
    result: &Result<Agreed, Box<Fault>>,
) -> Option<String> {
    let op = scenario.link.ops.first()?;
    let reason = match (&op.act, result) {
        (Act::Field(_) | Act::Set(_) | Act::Edit(_), Err(_)) => {
            "a changed message of a handshake that fails anyway"
        }
        (_, Ok(agreed))
            if is_binder(op)
                && (agreed.version, agreed.kind) != (V::TLS1_3, HandshakeKind::Resumed) =>
        {
            "a changed binder that nobody looks at"
        }
        _ => return None,
    };
    Some(reason.to_owned())
}

/// Whether it is the end of a first hello's pre_shared_key that is changed, where its binder stands, of 32
/// bytes or more (RFC 8446 §4.2.11).
pub(super) fn is_binder(op: &Op) -> bool {
    let hello = At::Message(Message {
        kind: M::client_hello,
        nth: 0,
    });
    op.from == Role::Client
        && op.at == hello
        && matches!(&op.act, Act::Field(flip)
            if flip.field == Field::Extension(E::pre_shared_key)
                && (-32..0).contains(&flip.at)
                && flip.bits != 0)
}

/// Whether the model can write the message down (`effect`), and says what becomes of the act.
fn is_written(scenario: &Scenario, op: &Op) -> bool {
    if is_binder(op) {
        return scenario.earlier.is_some();
    }
    let At::Message(message) = op.at else {
        return false;
    };
    let hello = matches!(message.kind, M::client_hello | M::server_hello);
    let reads = match &op.act {
        Act::Field(flip) => {
            // A length that is much another is read among extensions in the order of the day.
            let in_any_order = scenario.client.stack.is_rustls()
                && message.kind == M::client_hello
                && super::effect::is_length(flip.field);
            let known = flip.bits == WHOLE || KNOWN_BITS.contains(&flip.bits) && !in_any_order;
            known
                && message.nth == 0
                && is_plain(scenario)
                && !is_adrift(scenario, message.kind, flip)
        }
        Act::Set(value) => match value.field {
            Field::SignatureScheme => message.kind == M::server_key_exchange,
            Field::Extension(E::key_share) => {
                let mut scenario = scenario.clone();
                scenario.client.profile.protocol.groups = None;
                scenario.server.profile.protocol.groups = None;
                message.kind == M::server_hello && is_plain(&scenario)
            }
            _ => false,
        },
        _ => hello,
    };
    writes(scenario, message.kind) && reads
}

/// Whether what is random decides, or the order of all extensions. A session id of 32 bytes that is said to be
/// empty is read for what follows it. An extension that is a byte longer or shorter makes of the next one's
/// type and length another length, such as 0x0504 of supported_versions, and a hello with a post-quantum
/// share has so many bytes to swallow. Some orders then read on at the border of an extension.
fn is_adrift(scenario: &Scenario, kind: M, flip: &FieldFlip) -> bool {
    let emptied = flip.field == Field::SessionIdLength && flip.bits == 0x20;
    let reordered = scenario.client.stack.is_rustls()
        && kind == M::client_hello
        && matches!(flip.field, Field::ExtensionLength(_))
        && matches!(flip.at, 1 | -1)
        && Hello::of(&scenario.client)
            .is_ok_and(|hello| hello.shares.contains(&NamedGroup::X25519MLKEM768));
    emptied || reordered
}

/// With these bits every byte is foretold, but for the last of an extension's length in a rustls ClientHello
/// with a post-quantum share, and the first of the length of a record in the clear that OpenSSL reads.
pub const WHOLE: u8 = 0x01;

/// A byte may become anything that a list of types or an encoding knows; with any one bit the bytes of the
/// swept handshakes are foretold, but for the lengths of a rustls ClientHello unless it is [`WHOLE`], and a
/// session id that is said to be empty.
pub const KNOWN_BITS: [u8; 8] = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80];

/// Whether the model can write messages of this type down.
pub(super) fn writes(scenario: &Scenario, kind: M) -> bool {
    let later = [
        M::certificate,
        M::server_key_exchange,
        M::certificate_request,
        M::server_hello_done,
        M::client_key_exchange,
        M::certificate_verify,
        M::new_session_ticket,
    ];
    let (client, server) = (&scenario.client.profile, &scenario.server.profile);
    // An OpenSSL client's alerts have another version with older ones, and a server at level 0 has SHA-1
    // to fall back on.
    let protocols = [&client.protocol, &server.protocol];
    let old = protocols.iter().any(|protocol| {
        protocol.versions.iter().any(|version| *version < V::TLS1_2)
            || protocol.security_level == Some(0)
    });
    // Where the client is asked for a certificate and has none, its Certificate is empty.
    let answers_nothing = server.client_auth != ClientAuth::None && client.identity.is_none();
    let raw = [
        client.certificate_type,
        client.server_certificate_type,
        server.certificate_type,
        server.client_certificate_type,
    ]
    .contains(&CertificateType::RawPublicKey);
    scenario.earlier.is_none()
        && server.staple == Staple::None
        && !raw
        && !old
        && (matches!(kind, M::client_hello | M::server_hello)
            || later.contains(&kind) && is_plain(scenario) && !answers_nothing)
}

/// Whether messages are as long as in a plain handshake: so they are whatever the level allows, and when
/// there was an earlier connection between the same two.
pub(super) fn has_plain_lengths(scenario: &Scenario) -> bool {
    let mut now = scenario.clone();
    if let Some(earlier) = &now.earlier
        && earlier.client.is_none()
        && earlier.server.is_none()
    {
        now.earlier = None;
    }
    now.client.profile.protocol.security_level = None;
    now.server.profile.protocol.security_level = None;
    is_plain(&now)
}

/// Whether nothing is special but the versions, and whether the client is asked for a certificate: what is
/// found in the later messages depends on all that a side checks.
fn is_plain(scenario: &Scenario) -> bool {
    let plain = Scenario::plain(scenario.client.stack, scenario.server.stack);
    let mut now = scenario.clone();
    now.link = Link::default();
    for (now, plain) in [
        (
            &mut now.client.profile.protocol,
            &plain.client.profile.protocol,
        ),
        (
            &mut now.server.profile.protocol,
            &plain.server.profile.protocol,
        ),
    ] {
        now.versions = plain.versions.clone();
    }
    if now.client.profile.identity == Some(Credential::default()) {
        now.client.profile.identity = plain.client.profile.identity;
    }
    now.server.profile.client_auth = plain.server.profile.client_auth;
    now == plain
}
