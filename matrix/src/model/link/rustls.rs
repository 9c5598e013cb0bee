//! How rustls reads records. Paths are of rustls 0.23.46's `src/`.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription as A, ContentType, HandshakeType, ProtocolVersion};

use super::fork::Fork;
use super::peer::Peer;
use super::symbol::{Content, Keys, Length, Record, Said};

/// client/tls12.rs and server/tls12.rs, `ExpectFinished`.
pub(super) const WRONG_FINISHED: (&str, A) = ("DecryptError", A::decrypt_error);

/// msgs/message/outbound.rs, `read_opaque_message_header`; its errors are told
/// (conn.rs, `handle_deframe_error`).
pub(super) fn header(peer: &mut Peer<'_>, record: &Record) {
    let known = (ContentType::change_cipher_spec.0..=HEARTBEAT).contains(&record.kind.0);
    if !known {
        return refuse(peer, "InvalidContentType");
    }
    if record.version.0 >> 8 != 3 && !NAMED_VERSIONS.contains(&record.version.0) {
        return refuse(peer, "UnknownProtocolVersion");
    }
    let emptied = match record.length {
        Length::Less(by) if record.seal.is_none() => {
            super::extent::content(peer.setting, record) == (by as usize, by as usize)
        }
        _ => false,
    };
    if record.content == Content::Empty || emptied {
        return refuse(peer, "InvalidEmptyPayload");
    }
    if record.length == Length::Oversize {
        refuse(peer, "MessageTooLarge");
    }
}

/// msgs/message/outbound.rs, `read_opaque_message_header`: of other versions than 0x03XX only those are refused
/// that rustls has no name for (enums.rs, `ProtocolVersion`: SSL 2.0, DTLS 1.0, 1.2 and 1.3).
const NAMED_VERSIONS: [u16; 4] = [0x0002, 0xfeff, 0xfefd, 0xfefc];

fn refuse(peer: &mut Peer<'_>, what: &str) {
    peer.fail(&format!("InvalidMessage({what})"), Some(A::decode_error));
}

/// conn.rs, `process_more_input` and `process_msg`.
pub(super) fn receive(peer: &mut Peer<'_>, record: &Record, fork: &mut Fork) {
    header(peer, record);
    if peer.failure.is_some() {
        return;
    }
    let tls13 = peer.settled == Some(ProtocolVersion::TLS1_3);
    // Two bytes at most.
    let alert = matches!(
        record.content,
        Content::Alert { .. } | Content::ChangeCipherSpec(_)
    ) && record.seal.is_none();
    let open = match record.kind {
        ContentType::change_cipher_spec => true,
        ContentType::alert => tls13 && !peer.decrypted && alert,
        _ => false,
    };
    let mut kind = record.kind;
    if peer.read.is_some() && !open {
        // The header goes into the tag before TLS 1.3 (crypto/cipher.rs, `make_tls12_aad`), and is
        // taken for what it must be in TLS 1.3 (`make_tls13_aad`).
        let before = peer.read == Some(Keys::Session);
        if record.length != Length::True || !peer.opens(record, before) {
            return peer.fail("DecryptError", Some(A::bad_record_mac));
        }
        kind = record.content.kind();
    }
    if let Length::Less(by) = record.length
        && !record.is_cut_alert()
    {
        return shorter(peer, record, by, fork);
    }
    if peer.begun && kind == ContentType::handshake {
        // The type of a message, then the type and length of another for its length, or any bytes.
        if record.seal.is_none() || fork.pick(vec![true, false]) {
            return peer.fail("InvalidMessage(HandshakePayloadTooLarge)", None);
        }
        return peer.go_deaf();
    }
    if peer.unaligned && kind != ContentType::handshake {
        return peer.fail(
            "PeerMisbehaved(MessageInterleavedWithHandshakeMessage)",
            None,
        );
    }
    if kind == ContentType::change_cipher_spec {
        return change(peer, record, fork);
    }
    if record.seal.is_some() && peer.read.is_none() {
        return unopened(peer, kind, fork);
    }
    match (kind, &record.content) {
        (ContentType::handshake, Content::Messages(said)) => {
            messages(peer, said, fork);
        }
        (ContentType::alert, Content::Alert { fatal, description }) if !record.is_cut_alert() => {
            self::alert(peer, *fatal, *description);
        }
        // A byte is all that there is; an empty record does not come so far.
        (ContentType::alert, Content::ChangeCipherSpec(_) | Content::Alert { .. }) => peer.fail(
            "InvalidMessage(MissingData(\"AlertDescription\"))",
            Some(A::decode_error),
        ),
        (ContentType::alert, _) => peer.fail(
            "InvalidMessage(TrailingData(\"AlertMessagePayload\"))",
            Some(A::decode_error),
        ),
        // One byte of a message, whose length the next record tells.
        (ContentType::handshake, Content::ChangeCipherSpec(_)) => peer.begun = true,
        // Two bytes of one, and nothing comes after a fatal alert.
        (ContentType::handshake, Content::Alert { .. }) => peer.go_deaf(),
        (ContentType::application_data, Content::Data(datum)) if peer.done => peer.data(*datum),
        (ContentType::application_data, _) => peer.fail(
            "InappropriateMessage(ApplicationData)",
            Some(A::unexpected_message),
        ),
        // msgs/message/mod.rs, `MessagePayload::new`: heartbeats.
        _ => peer.fail("InvalidMessage(InvalidContentType)", Some(A::decode_error)),
    }
}

/// conn.rs, `process_msg`: passed over in a TLS 1.3 handshake; else a message like others. A third one would be one
/// too many (common_state.rs, `TemperCounters`): a link of one act makes two of one.
fn change(peer: &mut Peer<'_>, record: &Record, fork: &mut Fork) {
    let genuine = record.content == Content::ChangeCipherSpec(true);
    if peer.settled == Some(ProtocolVersion::TLS1_3) && !peer.done {
        if !genuine {
            peer.fail(
                "PeerMisbehaved(IllegalMiddleboxChangeCipherSpec)",
                Some(A::unexpected_message),
            );
        }
        return;
    }
    if !genuine {
        // What stands first decides: 1 is a ChangeCipherSpec with something behind it.
        let trailing = "InvalidMessage(TrailingData(\"ChangeCipherSpecPayload\"))";
        let wrong = "InvalidMessage(InvalidCcs)";
        let natives = match &record.content {
            Content::Messages(said)
                if record.seal.is_none()
                    && said.first().map(|said| said.kind) == Some(HandshakeType::client_hello) =>
            {
                vec![trailing]
            }
            _ if record.seal.is_none() => vec![wrong],
            _ => vec![wrong, trailing],
        };
        return peer.fail(fork.pick(natives), Some(A::decode_error));
    }
    if peer.awaits_change() {
        peer.change();
    } else {
        peer.fail(
            "InappropriateMessage(ChangeCipherSpec)",
            Some(A::unexpected_message),
        );
    }
}

/// common_state.rs, `process_alert`.
fn alert(peer: &mut Peer<'_>, fatal: bool, description: A) {
    if peer.done && description == A::close_notify {
        peer.peer_closed = true;
    } else if fatal {
        peer.hear(description);
    } else if peer.settled == Some(ProtocolVersion::TLS1_3) && description != A::user_canceled {
        peer.fail("", Some(A::decode_error));
        peer.hear(description);
    }
    // The fifth warning would be one too many (common_state.rs, `TemperCounters`): a link of one act brings fewer.
}

/// A first hello where the second ought to be (server/hs.rs and tls13.rs, `handle_client_hello`), or a
/// second HelloRetryRequest (client/hs.rs, `ExpectServerHello`).
fn repeated(peer: &mut Peer<'_>, kind: HandshakeType) {
    if kind == HandshakeType::client_hello {
        peer.fail(
            "PeerMisbehaved(RefusedToFollowHelloRetryRequest)",
            Some(A::illegal_parameter),
        );
    } else {
        peer.fail(
            "InappropriateHandshakeMessage(HelloRetryRequest)",
            Some(A::unexpected_message),
        );
    }
}

fn out_of_turn(peer: &mut Peer<'_>, kind: HandshakeType, awaits_change: bool) {
    let native = if awaits_change {
        "InappropriateMessage(Handshake)".to_owned()
    } else {
        format!("InappropriateHandshakeMessage({})", debug_name(kind))
    };
    peer.fail(&native, Some(A::unexpected_message));
}

/// A sealed record, read without keys: any bytes.
fn unopened(peer: &mut Peer<'_>, kind: ContentType, fork: &mut Fork) {
    match kind {
        ContentType::handshake => {
            // Of 256 lengths 255 are more than a message may have (msgs/deframer/handshake.rs,
            // `coalesce`), which is told to nobody; else the rest is waited for.
            if fork.pick(vec![true, false]) {
                peer.fail("InvalidMessage(HandshakePayloadTooLarge)", None);
            } else {
                peer.unaligned = true;
            }
        }
        ContentType::alert => peer.fail(
            "InvalidMessage(TrailingData(\"AlertMessagePayload\"))",
            Some(A::decode_error),
        ),
        _ => peer.fail(
            "InappropriateMessage(ApplicationData)",
            Some(A::unexpected_message),
        ),
    }
}

/// Takes messages, and says whether it listens still.
fn messages(peer: &mut Peer<'_>, said: &[Said], fork: &mut Fork) -> bool {
    for said in said {
        let awaits_change = peer.awaits_change();
        if let Some(found) = peer.mistyped(*said, fork) {
            peer.fail(&found.native, found.alert);
            return false;
        }
        if peer.is_repeated(*said) {
            repeated(peer, said.kind);
            return false;
        }
        if !peer.message(*said, fork) {
            out_of_turn(peer, said.kind, awaits_change);
            return false;
        }
        peer.advance();
        if !peer.is_listening() {
            return false;
        }
    }
    true
}

/// A record in the clear that ends too soon; what follows begins inside it.
fn shorter(peer: &mut Peer<'_>, record: &Record, by: u32, fork: &mut Fork) {
    let whole = peer.whole_messages(record, by);
    if !whole.is_empty() && !messages(peer, &whole, fork) {
        return;
    }
    if by < HEADER && !peer.more_follows {
        // A type is looked at as soon as it is there (msgs/message/outbound.rs,
        // `read_opaque_message_header`); the last byte of an extension may look like one.
        if fork.pick(vec![true, false]) {
            refuse(peer, "InvalidContentType");
        } else {
            peer.go_deaf();
        }
        return;
    }
    // The next header is what stands there: rarely it begins with a type, and hardly ever it goes on with
    // a version; then its length is too much for any record, or more than there is.
    match fork.pick(vec![
        Some("InvalidContentType"),
        Some("UnknownProtocolVersion"),
        Some("MessageTooLarge"),
        None,
    ]) {
        Some(what) => refuse(peer, what),
        None => peer.go_deaf(),
    }
}

/// A record in the clear that has swallowed a byte of the next.
pub(super) fn longer(peer: &mut Peer<'_>, record: &Record, fork: &mut Fork) {
    let more = matches!(record.length, Length::More(by) if by >= MESSAGE_HEADER);
    match &record.content {
        // A header of a record, read as one of a message: 0x0303 begins its length.
        Content::Messages(_) if more => {
            peer.fail("InvalidMessage(HandshakePayloadTooLarge)", None);
        }
        Content::Messages(said) => {
            for said in said {
                let awaits_change = peer.awaits_change();
                if !peer.message(*said, fork) {
                    return out_of_turn(peer, said.kind, awaits_change);
                }
                if said.kind == HandshakeType::server_hello
                    && peer.role == Role::Client
                    && peer.setting.shape.version == ProtocolVersion::TLS1_3
                    && peer.is_listening()
                {
                    // common_state.rs, `check_aligned_handshake`.
                    return peer.fail(
                        "PeerMisbehaved(KeyEpochWithPendingFragment)",
                        Some(A::unexpected_message),
                    );
                }
                peer.advance();
                if !peer.is_listening() {
                    return;
                }
            }
            // The next header has lost its first byte.
            peer.fail("InvalidMessage(InvalidContentType)", Some(A::decode_error));
        }
        _ => {
            let mut spoilt = record.clone();
            spoilt.length = Length::True;
            if let Content::ChangeCipherSpec(genuine) = &mut spoilt.content {
                *genuine = false;
                if peer.settled != Some(ProtocolVersion::TLS1_3) {
                    return peer.fail(
                        "InvalidMessage(TrailingData(\"ChangeCipherSpecPayload\"))",
                        Some(A::decode_error),
                    );
                }
            }
            receive(peer, &spoilt, fork);
        }
    }
}

/// enums.rs, `HandshakeType`.
pub(super) fn debug_name(kind: HandshakeType) -> String {
    let name = kind.name().unwrap_or("unknown");
    name.split('_')
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_uppercase() + rest
        })
        .collect()
}

const HEADER: u32 = 5;
const MESSAGE_HEADER: u32 = 4;
/// enums.rs, `ContentType::Heartbeat`: the last one that rustls knows.
const HEARTBEAT: u8 = 24;
