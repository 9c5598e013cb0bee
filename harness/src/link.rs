//! The link between two connections: carries bytes, and records what it carried.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the link does to the bytes that it carries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Link {
    /// The most bytes handed over at a time; `null`: all that there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub deliver: Option<u32>,
}

impl Link {
    /// Whether the link hands over everything as it came.
    pub fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

/// A flight of bytes that crossed the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Who sent it.
    pub from: crate::connection::Role,
    /// What was sent.
    pub bytes: Vec<u8>,
}
