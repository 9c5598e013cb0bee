//! Which cause an interference is.

use shakedown::connection::Role;
use shakedown::link::{Act, Bytes};
use shakedown::scenario::Scenario;

use crate::model::{Cause, Expected};

/// The cause that goes with what the link does.
pub(super) fn of(scenario: &Scenario, allowed: &[Expected]) -> Cause {
    let op = &scenario.link.ops[0];
    let sealed = allowed
        .iter()
        .flat_map(|expected| &expected.deeds)
        .any(|deed| deed.sealed);
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
        Act::Body(_) | Act::Field(_) | Act::Set(_) | Act::Edit(_) => Cause::NetCorruptPlain,
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
