//! The stacks, and each with each.

use std::sync::Arc;

use shakedown::connection::Stack;
use shakedown::identity::Identities;
use shakedown::scenario::StackId;
use shakedown::stacks;

/// Every stack of this build, told on standard error with its exact version and with how peers are verified.
///
/// The ids of benchmarks hold no version, so that a baseline of the version before can be compared
/// with.
pub fn announced_stacks() -> Vec<Box<dyn Stack>> {
    let stacks = stacks::linked(&Arc::new(Identities::new()));
    for stack in &stacks {
        let info = stack.info();
        eprintln!(
            "{}: {} {}, {}",
            info.id, info.name, info.version, info.crypto
        );
    }
    eprintln!("{VERIFIED}");
    stacks
}

/// A client's stack and a server's.
#[derive(Clone, Copy)]
pub struct Pairing<'a> {
    /// Whose client it is.
    pub client: &'a dyn Stack,
    /// Whose server it is.
    pub server: &'a dyn Stack,
}

impl<'a> Pairing<'a> {
    /// Each with itself and crossed.
    pub fn all(stacks: &'a [Box<dyn Stack>]) -> impl Iterator<Item = Self> {
        stacks.iter().flat_map(move |client| {
            stacks.iter().map(move |server| Self {
                client: &**client,
                server: &**server,
            })
        })
    }

    /// The client's stack and the server's by their names in scenarios.
    pub fn ids(&self) -> (StackId, StackId) {
        (self.client.info().id, self.server.info().id)
    }

    /// The name in ids of benchmarks.
    pub fn name(&self) -> String {
        let (client, server) = self.ids();
        format!("{client} to {server}")
    }
}

const VERIFIED: &str = "chains: an end entity and an intermediate, below a root that is not sent; verified with \
    the name, at a time that stands still, without revocation lists";
