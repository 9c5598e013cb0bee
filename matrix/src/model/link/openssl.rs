//! How OpenSSL reads records. Paths are of OpenSSL 3.6.3's `ssl/`.

use shakedown::connection::Role;
use shakedown::iana::{AlertDescription as A, ContentType, HandshakeType, ProtocolVersion};
use shakedown::link::Bytes;

use super::extent;
use super::fork::Fork;
use super::peer::Peer;
use super::symbol::{Content, Keys, Length, Record, Said};
use crate::model::traits;
use crate::model::traits::openssl::{READS_HEADER_BEFORE_LENGTH, TELLS_LENGTH_BY_KEYS};

/// statem/statem_lib.c, `tls_process_finished`.
pub(super) const WRONG_FINISHED: (&str, A) = ("DIGEST_CHECK_FAILED", A::decrypt_error);

/// record/methods/tlsany_meth.c, `tls_validate_record_header`; tls13_meth.c,
/// `tls13_validate_record_header`; tls_common.c, `tls_default_validate_record_header`.
pub(super) fn header(peer: &mut Peer<'_>, record: &Record) {
    let wrong_version = |peer: &mut Peer<'_>, alert| peer.fail("WRONG_VERSION_NUMBER", alert);
    if record.version == SSLV2 {
        // record/methods/tls_common.c, `tls_get_more_records`: it means that by a version of SSL 2.0 that
        // it has given a record itself.
        return wrong_version(peer, Some(A::protocol_version));
    }
    // What is oversize is too long for the buffer, besides for what it is.
    if is_oversize(record) && looks_at_length_first() {
        return peer.fail(TOO_LONG, Some(A::record_overflow));
    }
    let too_long = |native| {
        if TELLS_LENGTH_BY_KEYS.is_in() {
            native
        } else {
            TOO_LONG
        }
    };
    match peer.read {
        None => {
            match peer.settled {
                None if record.version.0 >> 8 == 3 => {}
                None if !peer.first => {
                    return wrong_version(peer, Some(A::protocol_version));
                }
                None => {
                    let native = match record.content {
                        Content::Foreign(Bytes::HttpRequest) => "HTTP_REQUEST",
                        Content::Foreign(Bytes::HttpConnect) => "HTTPS_PROXY_REQUEST",
                        _ => "WRONG_VERSION_NUMBER",
                    };
                    return peer.fail(native, None);
                }
                // After a HelloRetryRequest.
                Some(ProtocolVersion::TLS1_3) => {}
                Some(version) if record.version == version => {}
                Some(version) => {
                    let alert = record.kind == ContentType::alert
                        && record.version.0 >> 8 == version.0 >> 8;
                    return wrong_version(peer, (!alert).then_some(A::protocol_version));
                }
            }
            if is_oversize(record) {
                peer.fail(too_long("DATA_LENGTH_TOO_LONG"), Some(A::record_overflow));
            }
        }
        Some(Keys::Session) => {
            let version = peer.settled.unwrap_or(ProtocolVersion::TLS1_2);
            if record.version != version {
                wrong_version(peer, Some(A::protocol_version));
            } else if is_oversize(record) {
                peer.fail(
                    too_long("ENCRYPTED_LENGTH_TOO_LONG"),
                    Some(A::record_overflow),
                );
            }
        }
        Some(Keys::Handshake | Keys::Application) => {
            if record.version.0 >> 8 != 3 && !TELLS_LENGTH_BY_KEYS.is_in() {
                // record/ssl3_record.c, `ssl3_get_record`: before the type.
                return wrong_version(peer, Some(A::protocol_version));
            }
            let allowed = match record.kind {
                ContentType::application_data => true,
                ContentType::change_cipher_spec => passes_over(peer),
                ContentType::alert => peer.role == Role::Server && !peer.decrypted,
                _ => false,
            };
            if !allowed {
                peer.fail("BAD_RECORD_TYPE", Some(A::unexpected_message));
            } else if record.version != ProtocolVersion::TLS1_2 {
                wrong_version(peer, Some(A::decode_error));
            } else if is_oversize(record) {
                peer.fail(
                    too_long("ENCRYPTED_LENGTH_TOO_LONG"),
                    Some(A::record_overflow),
                );
            }
        }
    }
}

/// Whether a record's length is held against the buffer before anything else of its header is looked at.
fn looks_at_length_first() -> bool {
    TELLS_LENGTH_BY_KEYS.is_in() && !READS_HEADER_BEFORE_LENGTH.is_in()
}

/// A ChangeCipherSpec is passed over in the first TLS 1.3 handshake. For a client that never ends: its
/// last keys are set while its own Finished is still to come (`tls_process_finished`, and
/// record/rec_layer_s3.c, `ssl_set_new_record_layer`).
fn passes_over(peer: &Peer<'_>) -> bool {
    peer.role == Role::Client || !peer.done
}

/// Whether a record that is not sealed has fewer bytes than a tag.
fn is_tiny(record: &Record) -> bool {
    matches!(
        record.content,
        Content::ChangeCipherSpec(_) | Content::Alert { .. } | Content::Empty
    )
}

/// A record of TLS 1.2 or before that is too short for its tag or MAC.
fn too_short(peer: &mut Peer<'_>) {
    if peer.setting.shape.aead {
        // record/methods/tls1_meth.c, `tls1_cipher`: the cipher refuses the length.
        peer.fail("INTERNAL_ERROR", Some(A::internal_error));
    } else {
        // record/methods/tls_common.c, `tls_get_more_records`: with encrypt_then_mac, which both sides
        // have.
        peer.fail("LENGTH_TOO_SHORT", Some(A::decode_error));
    }
}

/// Whether a sealed record of TLS 1.2 or before that is so many bytes shorter has not even its tag or MAC
/// whole. Behind the tag there is nothing else; how long a MAC and the padding are depends on the suite.
fn is_cut_short(peer: &Peer<'_>, record: &Record, by: u32, fork: &mut Fork) -> bool {
    let (least, most) = extent::content(peer.setting, record);
    let by = by as usize;
    let may_be = by > least;
    let may_not_be = by <= most || !peer.setting.shape.aead;
    may_be && (!may_not_be || fork.pick(vec![true, false]))
}

/// What stands where a length should makes other protocols long or short.
fn is_oversize(record: &Record) -> bool {
    match record.content {
        Content::Foreign(bytes) => {
            let wire = bytes.to_wire();
            u16::from_be_bytes([wire[3], wire[4]]) > MOST
        }
        _ => record.length == Length::Oversize,
    }
}

/// A ClientHello of SSL 2.0, whose length is where a type and the first half of a version are
/// (record/methods/tls_common.c, `tls_get_more_records`).
pub(super) fn sslv2_length(record: &Record) -> u16 {
    let bytes = [record.kind.0 & 0x7f, record.version.0.to_be_bytes()[0]];
    u16::from_be_bytes(bytes)
}

/// record/methods/tlsany_meth.c, `tls_validate_record_header`; then it waits for more than there is.
fn old_hello(peer: &mut Peer<'_>, length: u16) {
    if length < LEAST_SSLV2 {
        peer.fail("LENGTH_TOO_SHORT", Some(A::decode_error));
    } else if length > MOST {
        peer.fail("DATA_LENGTH_TOO_LONG", Some(A::record_overflow));
    } else {
        peer.go_deaf();
    }
}

/// record/methods/tls_common.c, `tls_get_more_records`, then record/rec_layer_s3.c,
/// `ssl3_read_bytes`, and statem/statem.c, `read_state_machine`.
pub(super) fn receive(peer: &mut Peer<'_>, record: &Record, fork: &mut Fork) {
    let sslv2 = peer.first && peer.role == Role::Server && record.kind.0 & 0x80 != 0;
    if sslv2 && record.version.0 & 0xff == 1 && peer.settled.is_none() {
        return old_hello(peer, sslv2_length(record));
    }
    header(peer, record);
    if peer.failure.is_some() {
        return;
    }
    if let Content::Foreign(_) = record.content {
        // Its "length" is more than there is.
        return peer.go_deaf();
    }
    let tls13 = peer.settled == Some(ProtocolVersion::TLS1_3);
    let server = peer.role == Role::Server;
    let undecided = is_undecided(peer);
    if record.kind == ContentType::change_cipher_spec && tls13 && passes_over(peer) {
        if record.content != Content::ChangeCipherSpec(true) || record.length != Length::True {
            peer.fail("INVALID_CCS_MESSAGE", Some(A::unexpected_message));
        }
        return;
    }
    let mut kind = record.kind;
    // record/methods/tls13_meth.c, `tls13_cipher`: what is allowed to be in the clear.
    let open_alert = tls13 && kind == ContentType::alert;
    if peer.read.is_some() && !open_alert {
        if peer.read == Some(Keys::Session) && record.seal.is_none() && is_tiny(record) {
            return too_short(peer);
        }
        if let Length::Less(by) = record.length
            && peer.read == Some(Keys::Session)
            && is_cut_short(peer, record, by, fork)
        {
            return too_short(peer);
        }
        if record.length != Length::True || !peer.opens(record, true) {
            return peer.fail(
                "DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
                Some(A::bad_record_mac),
            );
        }
        kind = record.content.kind();
    }
    if record.content == Content::Empty && kind == ContentType::handshake {
        return;
    }
    if let Length::Less(by) = record.length
        && !record.is_cut_alert()
    {
        return shorter(peer, record, by, fork);
    }
    if kind == ContentType::change_cipher_spec {
        return change(peer, record);
    }
    if undecided && kind != ContentType::handshake && (server || kind != ContentType::alert) {
        // The alert has the version of what it is about, but while a first hello is unanswered.
        if server || peer.retried {
            peer.alert_version = Some(record.version);
        }
        return peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
    }
    if peer.begun && kind == ContentType::handshake {
        // It has the type of a ClientHello, and the length of more than 65,536 bytes.
        return if peer.awaits(HandshakeType::client_hello) {
            peer.go_deaf();
        } else {
            peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
        };
    }
    match (kind, &record.content) {
        (ContentType::handshake, Content::Messages(said))
            if record.seal.is_none() || peer.read.is_some() =>
        {
            messages(peer, said, fork);
        }
        // One byte of a message, whose length the next record tells.
        (ContentType::handshake, Content::ChangeCipherSpec(_)) => peer.begun = true,
        // Two bytes of one, and nothing comes after a fatal alert.
        (ContentType::handshake, Content::Alert { .. }) if record.seal.is_none() => peer.go_deaf(),
        // Sealed, but read without keys: a type that nobody waits for.
        (ContentType::handshake, _) => {
            peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
        }
        (ContentType::alert, Content::Alert { fatal, description })
            if !record.is_cut_alert()
                && (record.seal.is_none() || peer.read.is_some() && !open_alert) =>
        {
            alert(peer, *fatal, *description);
        }
        // record/methods/tls_common.c, `tls13_common_post_process_record`.
        (ContentType::alert, Content::Alert { .. })
            if tls13 && record.length == Length::Less(2) =>
        {
            peer.fail("BAD_LENGTH", Some(A::unexpected_message));
        }
        (ContentType::alert, _) => peer.fail("INVALID_ALERT", Some(A::unexpected_message)),
        (ContentType::application_data, Content::Data(datum)) if peer.done => peer.data(*datum),
        _ => peer.fail("UNEXPECTED_RECORD", Some(A::unexpected_message)),
    }
}

/// statem/statem_lib.c, `tls_get_message_header`.
fn change(peer: &mut Peer<'_>, record: &Record) {
    if record.content != Content::ChangeCipherSpec(true) {
        peer.fail("BAD_CHANGE_CIPHER_SPEC", Some(A::unexpected_message));
    } else if peer.awaits_change() {
        peer.change();
    } else {
        peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
    }
}

/// Whether no version is chosen: a client has not chosen one with a HelloRetryRequest.
fn is_undecided(peer: &Peer<'_>) -> bool {
    let asked_again = peer.retried && peer.read.is_none() && peer.role == Role::Client;
    peer.settled.is_none() || asked_again
}

/// statem/extensions_srvr.c: `tls_parse_ctos_psk` comes first (ssl_sess.c, `ssl_get_prev_session`), and the
/// repeated binder, which knows nothing of the HelloRetryRequest, does not verify; then
/// `tls_parse_ctos_key_share`. statem/statem_clnt.c, `tls_process_server_hello`.
fn repeated(peer: &mut Peer<'_>, kind: HandshakeType) {
    if kind == HandshakeType::client_hello && peer.setting.shape.bound {
        peer.fail("BINDER_DOES_NOT_VERIFY", Some(A::decrypt_error));
    } else if kind == HandshakeType::client_hello {
        peer.fail("BAD_KEY_SHARE", Some(A::illegal_parameter));
    } else {
        peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
    }
}

fn alert(peer: &mut Peer<'_>, fatal: bool, description: A) {
    let tls13 = peer.settled == Some(ProtocolVersion::TLS1_3) && !is_undecided(peer);
    // Of TLS 1.2 what is no warning ends it.
    if !tls13 || description == A::user_canceled {
        peer.warned = true;
    }
    if tls13 && description == A::user_canceled {
        return;
    }
    if description == A::close_notify && (tls13 || !fatal) {
        if tls13 && peer.warned {
            // ssl_lib.c, `SSL_get_error`, looks at the last warning, which a close_notify of TLS 1.3
            // does not count as: the end is told as if nobody had announced it.
            peer.end_with(traits::openssl::TRUNCATED);
        } else if peer.done {
            peer.peer_closed = true;
        } else {
            peer.end_with("ZERO_RETURN");
        }
    } else if fatal || tls13 {
        peer.hear(description);
    } else if description == A::no_renegotiation {
        peer.fail("NO_RENEGOTIATION", Some(A::handshake_failure));
    }
}

/// Takes messages, and says whether it listens still.
fn messages(peer: &mut Peer<'_>, said: &[Said], fork: &mut Fork) -> bool {
    for said in said {
        if let Some(found) = peer.mistyped(*said, fork) {
            peer.fail(&found.native, found.alert);
            return false;
        }
        if peer.is_repeated(*said) {
            repeated(peer, said.kind);
            return false;
        }
        if !peer.message(*said, fork) {
            peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
            return false;
        }
        peer.advance();
        if !peer.is_listening() {
            return false;
        }
    }
    true
}

/// A record in the clear that ends too soon; what follows begins inside it, with a version of anything:
/// rarely with a right one, and then with a length of more than there is.
fn shorter(peer: &mut Peer<'_>, record: &Record, by: u32, fork: &mut Fork) {
    let whole = peer.whole_messages(record, by);
    if !whole.is_empty() && !messages(peer, &whole, fork) {
        return;
    }
    if peer.retried && peer.role == Role::Client && peer.settled == Some(ProtocolVersion::TLS1_3) {
        // record/methods/tlsany_meth.c, `tls_validate_record_header`: then any version will do, and a
        // type and a length are what bytes happen to be.
        peer.unforetold = true;
        return peer.go_deaf();
    }
    if !peer.more_follows || fork.pick(vec![false, true]) {
        return peer.go_deaf();
    }
    if peer.awaits(HandshakeType::server_hello) {
        // It has read the message's header, and so moved on from its own hello, after which alone it
        // says TLS 1.0 (record/rec_layer_s3.c, `ssl3_write_bytes`).
        peer.alert_version = Some(ProtocolVersion::TLS1_2);
    }
    peer.fail("WRONG_VERSION_NUMBER", Some(A::protocol_version));
}

/// A record in the clear that has swallowed a byte of the next.
pub(super) fn longer(peer: &mut Peer<'_>, record: &Record, next: &Record, fork: &mut Fork) {
    match &record.content {
        Content::Messages(said) => {
            for said in said {
                if !peer.message(*said, fork) {
                    return peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
                }
                let hello = said.kind == HandshakeType::server_hello
                    && peer.setting.shape.version == ProtocolVersion::TLS1_3
                    && peer.is_listening();
                if hello && peer.setting.shape.retried && said.nth == 0 {
                    peer.unforetold |= record.length != Length::More(1);
                    // What is left of the ChangeCipherSpec reads as a record of 257 bytes of another
                    // type, with version 0x0300.
                    peer.advance();
                    peer.waiting = Some(Record {
                        kind: ContentType(3),
                        version: ProtocolVersion(0x0300),
                        content: Content::Empty,
                        ..record.clone()
                    });
                    return;
                }
                if hello {
                    // statem/statem_clnt.c, `tls_process_server_hello`.
                    return peer.fail("NOT_ON_RECORD_BOUNDARY", Some(A::unexpected_message));
                }
                peer.advance();
                if !peer.is_listening() {
                    return;
                }
            }
            if matches!(record.length, Length::More(by) if by >= MESSAGE_HEADER) {
                // The header of a record, read as one of a message; a handshake's is that of a
                // certificate_status, of many bytes.
                peer.unforetold |= peer.may_come(HandshakeType::certificate_status);
                return peer.fail("UNEXPECTED_MESSAGE", Some(A::unexpected_message));
            }
            spoilt_header(peer, record, next, fork);
        }
        _ => {
            let mut spoilt = record.clone();
            spoilt.length = Length::True;
            if let Content::ChangeCipherSpec(genuine) = &mut spoilt.content {
                *genuine = false;
            }
            receive(peer, &spoilt, fork);
        }
    }
}

/// The next header, without its first byte: its version ends with the high byte of the length, its length
/// begins with the low one. Without its second byte too, its version is the length.
fn spoilt_header(peer: &mut Peer<'_>, record: &Record, next: &Record, fork: &mut Fork) {
    let (least, most) = extent::of(peer.setting, next);
    let (least, most) = (least - HEADER as usize, most - HEADER as usize);
    if record.length == Length::More(1) && looks_at_length_first() {
        // The low byte of each length that it may have.
        let low = || (least..=most).map(|length| length & 0xff);
        let may_fit = low().any(|low| low <= BUFFER >> 8);
        let may_not_fit = low().any(|low| low >= BUFFER >> 8);
        if may_not_fit && (!may_fit || fork.pick(vec![true, false])) {
            return peer.fail(TOO_LONG, Some(A::record_overflow));
        }
    }
    let version = peer.settled.unwrap_or(ProtocolVersion::TLS1_2).0;
    if record.length == Length::More(1) {
        // The version is right where the length's high byte is that of the version's low one. The length is more
        // than any record may have from here on; before it is a matter of what follows.
        let right = usize::from(version.to_be_bytes()[1]);
        let long = usize::from(u16::from_be_bytes([
            version.to_be_bytes()[1],
            MOST.to_be_bytes()[0],
        ]));
        if least >= long && least >> 8 == right {
            // Beyond the last length that fits, the version is wrong.
            if most >> 8 == right || fork.pick(vec![true, false]) {
                return peer.fail("DATA_LENGTH_TOO_LONG", Some(A::record_overflow));
            }
        } else {
            peer.unforetold |= (least >> 8..=most >> 8).contains(&right);
        }
    } else {
        peer.unforetold |= (least..=most).contains(&usize::from(version));
    }
    peer.fail("WRONG_VERSION_NUMBER", Some(A::protocol_version));
}

/// How long a record may be to fit into the buffer: 16,384 bytes of plaintext, 320 of overhead, 7 of alignment
/// (record/methods/tls_common.c, `tls_setup_read_buffer`).
const BUFFER: usize = 16_711;
/// For the buffer, whatever it is.
const TOO_LONG: &str = "PACKET_LENGTH_TOO_LONG";
const HEADER: u32 = 5;
const MESSAGE_HEADER: u32 = 4;
/// `SSL2_VERSION`.
const SSLV2: ProtocolVersion = ProtocolVersion(0x0002);
/// `MIN_SSL2_RECORD_LEN`.
pub(super) const LEAST_SSLV2: u16 = 9;
/// `SSL3_RT_MAX_PLAIN_LENGTH`.
const MOST: u16 = 16384;
