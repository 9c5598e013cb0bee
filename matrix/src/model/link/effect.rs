//! What a message that was changed on its way comes to, with the side that reads it.

use shakedown::iana::{AlertDescription, HandshakeType};
use shakedown::link::Act;

use super::peer::Peer;
use super::script::Step;

/// What comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing at all.
    None,
    /// It reads as well, but the two sides have not seen the same.
    Misled,
    /// The reader finds fault.
    Fails {
        native: String,
        alert: Option<AlertDescription>,
    },
    /// The reader waits for more.
    Waits,
    /// The reader goes on otherwise than it would have.
    Steps(Vec<Step>),
}

/// All that may come of it.
pub(super) fn effect(reader: &Peer<'_>, kind: HandshakeType, act: &Act) -> Vec<Effect> {
    let _ = (reader, kind, act);
    vec![Effect::Misled]
}
