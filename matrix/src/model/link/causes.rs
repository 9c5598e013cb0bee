//! Which cause an interference is.

use shakedown::connection::Role;
use shakedown::iana::HandshakeType;
use shakedown::link::{Act, At, Bytes, Field};
use shakedown::scenario::Scenario;

use crate::model::{Cause, Expected, ExpectedEnd};

/// The cause that goes with what the link does.
pub(super) fn of(scenario: &Scenario, allowed: &[Expected]) -> Cause {
    let op = &scenario.link.ops[0];
    let sealed = allowed
        .iter()
        .flat_map(|expected| &expected.deeds)
        .any(|deed| deed.sealed);
    if let Some(cause) = of_words(&op.act, &op.at, allowed) {
        return cause;
    }
    match &op.act {
        Act::Fragment(_) | Act::Split(_) | Act::Merge => Cause::NetFragment,
        Act::Drop => Cause::NetDrop,
        Act::Duplicate => Cause::NetDuplicate,
        Act::Swap => Cause::NetReorder,
        Act::Delay | Act::Stall(_) => Cause::NetStall,
        Act::Cut(_) | Act::Close(_) => Cause::NetTruncate,
        Act::Length(by) if *by >= super::carrier::OVERSIZE => Cause::NetOversize,
        Act::Type(_) | Act::Version(_) | Act::Length(_) => Cause::NetCorruptHeader,
        Act::Body(_) if sealed => Cause::NetCorruptProtected,
        Act::Body(_) => Cause::NetCorruptPlain,
        Act::Field(_) | Act::Set(_) | Act::Edit(_) => match &op.at {
            At::Message(message)
                if matches!(
                    message.kind,
                    HandshakeType::client_hello | HandshakeType::server_hello
                ) =>
            {
                Cause::NetCorruptHello
            }
            _ => Cause::NetCorruptPlain,
        },
        Act::Answer(bytes) if bytes.is_plaintext_protocol() => Cause::NetTlsToPlaintextPort,
        Act::Inject(bytes) | Act::Replace(bytes) | Act::Answer(bytes) => match bytes {
            Bytes::FatalAlert(_) | Bytes::Warning(_) | Bytes::TlsAlert => Cause::NetInjectAlert,
            Bytes::ChangeCipherSpec => Cause::NetInjectCcs,
            Bytes::ApplicationData => Cause::NetInjectData,
            Bytes::EmptyHandshake => Cause::NetEmptyHandshakeRecord,
            _ if op.from == Role::Client => Cause::NetPlaintextClient,
            _ => Cause::NetPlaintextReply,
        },
    }
}

/// Where what is said now is what a hostile peer would say, its cause is that.
fn of_words(act: &Act, at: &At, allowed: &[Expected]) -> Option<Cause> {
    if !matches!(act, Act::Set(_) | Act::Edit(_)) {
        return None;
    }
    let At::Message(message) = at else {
        return None;
    };
    if matches!(act, Act::Set(value) if value.field == Field::SignatureScheme) {
        return Some(Cause::WrongSignatureScheme);
    }
    let says = |role, words: &[&str]| {
        allowed
            .iter()
            .all(|expected| match &expected.side(role).end {
                ExpectedEnd::Failed { native } => words.iter().any(|word| native.contains(word)),
                _ => false,
            })
    };
    let hello = |kind, nth| message.kind == kind && message.nth == nth;
    if says(Role::Client, &["UNSAFE_LEGACY_RENEGOTIATION_DISABLED"]) {
        Some(Cause::RenegInfoMissing)
    } else if hello(HandshakeType::server_hello, 0)
        && says(
            Role::Client,
            &[
                "IllegalHelloRetryRequest",
                "NO_CHANGE_FOLLOWING_HRR",
                "BAD_KEY_SHARE",
            ],
        )
    {
        Some(Cause::HrrIllegal)
    } else if hello(HandshakeType::client_hello, 1)
        && says(
            Role::Server,
            &[
                "RefusedToFollowHelloRetryRequest",
                "KeyShareExtensionRequired",
                "BAD_KEY_SHARE",
                "NO_SUITABLE_KEY_SHARE",
            ],
        )
    {
        Some(Cause::HrrRefused)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::predict;

    #[test]
    fn a_second_hello_is_refused_for_what_it_lacks() {
        let cause = |lacks: &str| {
            let json = format!(
                r#"{{"client":{{"stack":"openssl"}},"server":{{"stack":"openssl","profile":{{"protocol":
                {{"groups":["secp256r1"]}}}}}},"link":{{"ops":[{{"from":"client","at":{{"message":
                {{"type":"client_hello","nth":1}}}},"act":{{"edit":{{"without-extension":"{lacks}"}}}}}}]}}}}"#
            );
            let scenario = Scenario::from_json(&json).expect("well-formed");
            predict(&scenario).cause()
        };
        assert_eq!(cause("key_share"), Some(Cause::HrrRefused));
        // That would be refused in the first as well.
        let other = Some(Cause::NetCorruptHello);
        assert_eq!(cause("signature_algorithms"), other);
        assert_eq!(cause("supported_versions"), other);
    }
}
