//! Interference that the model says nothing of.

use shakedown::iana::HandshakeType as M;
use shakedown::link::{Act, At, Op};
use shakedown::profile::{Credential, Flaw, KeyType, Staple};
use shakedown::scenario::Scenario;

/// What the link does that lies outside the model; `None`: nothing.
pub(in crate::model) fn outside(scenario: &Scenario) -> Option<String> {
    let [op] = &scenario.link.ops[..] else {
        return (scenario.link.ops.len() > 1)
            .then(|| "more than one thing that the link does".to_owned());
    };
    let known = match &op.act {
        Act::Field(_) | Act::Set(_) | Act::Edit(_) => is_written(scenario, op),
        _ => true,
    };
    (!known).then(|| format!("what comes of {:?}", op.act))
}

/// A message is written down as it is in a handshake that succeeds.
pub(in crate::model) fn needs_success(scenario: &Scenario) -> Option<String> {
    let changes = |act: &Act| matches!(act, Act::Field(_) | Act::Set(_) | Act::Edit(_));
    let any = scenario.link.ops.iter().any(|op| changes(&op.act));
    any.then(|| "a changed message of a handshake that fails anyway".to_owned())
}

/// Whether the model can write the message down (`effect`).
fn is_written(scenario: &Scenario, op: &Op) -> bool {
    let At::Message(message) = op.at else {
        return false;
    };
    let hello = matches!(message.kind, M::client_hello | M::server_hello);
    let later = [
        M::certificate,
        M::server_key_exchange,
        M::certificate_request,
        M::server_hello_done,
        M::client_key_exchange,
        M::certificate_verify,
        M::new_session_ticket,
    ];
    let plain = |identity: Option<Credential>| {
        identity.is_none_or(|own| own.key == KeyType::EcdsaP256 && own.flaw == Flaw::None)
    };
    let server = &scenario.server.profile;
    scenario.earlier.is_none()
        && server.staple == Staple::None
        && (hello
            || later.contains(&message.kind)
                && !matches!(op.act, Act::Edit(_))
                && plain(server.identity)
                && plain(scenario.client.profile.identity))
}
