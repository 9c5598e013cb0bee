//! Faults of a side that reports other parameters than it uses.

use shakedown::connection::{Connection, HandshakeKind, Peer, Role};
use shakedown::iana::{CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme};
use shakedown::scenario::StackId;

use crate::connection::{Hooks, Wrap, meddle, with};
use crate::hunt::{Fault, Plant, Shows};

pub(crate) fn faults() -> Vec<Fault> {
    let entries: [(_, _, Wrap); 9] = [
        (
            "reports another version",
            "version",
            with! { session: |session| session.version = ProtocolVersion::TLS1_0 },
        ),
        (
            "reports another suite",
            "suite",
            with! { session: |session| session.suite = CipherSuite::TLS_FALLBACK_SCSV },
        ),
        (
            "reports another group",
            "group",
            with! { session: |session| session.group = Some(NamedGroup::x448) },
        ),
        (
            "reports another scheme of the server's",
            "server signature",
            with! { session: |session| {
                session.server_signature = Some(SignatureScheme::ecdsa_sha1);
            } },
        ),
        (
            "reports another scheme of the client's",
            "client signature",
            with! { session: |session| {
                session.client_signature = Some(SignatureScheme::ecdsa_sha1);
            } },
        ),
        (
            "reports another application protocol",
            "alpn",
            with! { session: |session| session.alpn = Some("pop3".into()) },
        ),
        (
            "reports another server name",
            "server name",
            with! { session: |session| session.server_name = Some("planted.example".into()) },
        ),
        (
            "reports another kind of handshake",
            "kind",
            with! { session: |session| session.kind = HandshakeKind::Resumed },
        ),
        (
            "reports another peer",
            "peer",
            with! { session: |session| session.peer = Some(Peer::Other("planted".into())) },
        ),
    ];
    entries
        .into_iter()
        .flat_map(|(name, field, wrap)| {
            Fault::everywhere(&StackId::ALL, &Role::BOTH, move |stack, role| Fault {
                name,
                does: "holds this parameter for another than was negotiated",
                stack,
                role,
                plant: Plant::Connection(wrap),
                shows: Shows::Own(field),
                near: "alone/",
            })
        })
        .collect()
}
