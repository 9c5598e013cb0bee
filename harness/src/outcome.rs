//! Outcomes: what both sides saw.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connection::{Failure, Role, Session};
use crate::iana::AlertDescription;
use crate::link::Deed;

/// What both sides saw of one handshake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// The client's view.
    pub client: SideOutcome,
    /// The server's view.
    pub server: SideOutcome,
    /// Whether both sides derived the same keying material; `null` where not both were asked.
    pub exporters_agree: Option<bool>,
    /// What the link did, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deeds: Vec<Deed>,
}

impl Outcome {
    /// One side's view.
    pub fn side(&self, role: Role) -> &SideOutcome {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }

    /// Whether both sides finished the handshake, exchanged data and closed.
    pub fn is_success(&self) -> bool {
        self.client.end == End::Closed && self.server.end == End::Closed
    }
}

/// What one side saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SideOutcome {
    /// Whether it held the handshake for done, whatever came after.
    pub established: bool,
    /// How it ended.
    pub end: End,
    /// The first fatal alert that it sent.
    pub alert_sent: Option<SentAlert>,
    /// The first fatal alert that it took in.
    pub alert_received: Option<AlertDescription>,
    /// What it holds for negotiated, once established.
    pub session: Option<Session>,
    /// Whether the data that the peer sent, or sent back, arrived whole; `null` where none was due.
    pub data_intact: Option<bool>,
}

/// How a side ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The stack cannot express the profile; the reason.
    Unsupported(String),
    /// Never begun, because the other side's configuration was refused.
    NotStarted,
    /// The stack refused the configuration.
    Refused(Failure),
    /// It failed.
    Failed(Failure),
    /// Data went both ways, and close_notify too.
    Closed,
    /// Nothing moves any more, and this side still waits.
    Stalled,
    /// The stack panicked; the message.
    Crashed(String),
}

/// An alert as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SentAlert {
    /// The description; `null` where it was protected and neither side tells.
    pub description: Option<AlertDescription>,
    /// In the clear, or under which kind of protection.
    pub protection: Protection,
}

/// Whether a record travelled in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// In the clear.
    Plain,
    /// Encrypted.
    Protected,
}
