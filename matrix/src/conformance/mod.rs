//! A second verdict: whether what the stacks did is what the RFCs ask for.
//!
//! A stack can do what its documentation says and still break an RFC. The model holds a stack against
//! its documentation; the rules here hold what really happened against the text of the RFCs, whatever
//! the model expects of the stack. What today's stacks are known to do otherwise is declared; what
//! they do besides fails the run, and so does a declared deviation that is no more.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::connection::Role;
use shakedown::link::{Act, Op};
use shakedown::outcome::Outcome;
use shakedown::scenario::{Scenario, StackId};

pub use self::declared::DECLARED;
use crate::model::{Cause, Prediction};
use crate::verdict::Verdict;

mod acceptance;
mod alerts;
mod declared;
mod peers;

/// What an RFC asks for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// One word, unique.
    pub id: &'static str,
    /// The clause.
    pub citation: &'static str,
    /// What it asks for, in our words.
    pub demand: &'static str,
}

/// A stack that did otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// What was broken.
    pub rule: &'static Rule,
    /// Whose stack did it.
    pub library: Library,
    /// What it did.
    pub deed: String,
}

impl Breach {
    /// Whether today's stacks are known to do so.
    pub fn is_declared(&self) -> bool {
        DECLARED.iter().any(|deviation| {
            deviation.library == self.library
                && deviation.rule == self.rule.id
                && deviation.deed == self.deed
        })
    }
}

/// What is to be done about a deviation that is not declared.
pub(crate) const NEW: &str = "NEW; report it to the library, then declare it";

/// A deviation that today's stacks are known for.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// Whose.
    pub library: Library,
    /// The rule's id.
    pub rule: &'static str,
    /// What the library does instead.
    pub deed: &'static str,
}

/// A TLS library, whatever its cryptography.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// rustls.
    Rustls,
    /// OpenSSL.
    Openssl,
}

impl Library {
    /// Of a stack.
    pub fn of(stack: StackId) -> Self {
        if stack.is_rustls() {
            Self::Rustls
        } else {
            Self::Openssl
        }
    }
}

impl fmt::Display for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Rustls => "rustls",
            Self::Openssl => "OpenSSL",
        })
    }
}

/// What in an outcome breaks an RFC; `verdict` is the one before any declared exception.
///
/// To go otherwise than the model says excuses no breach. Most rules need to know which cause a failure
/// has, or what a hello said, though, which only an expectation that came true tells; `peers.rs` does
/// without.
pub fn breaches(
    scenario: &Scenario,
    prediction: &Prediction,
    verdict: &Verdict,
    outcome: &Outcome,
) -> Vec<Breach> {
    let mut found = peers::breaches(scenario, outcome);
    let (Prediction::Expect(expectation), Verdict::Agree) = (prediction, verdict) else {
        return found;
    };
    // An alert that the link has kept back is not seen, and nobody is blamed for that.
    let of_the_link = expectation.cause.is_none_or(Cause::is_of_the_link);
    let says = |op: &Op| matches!(op.act, Act::Field(_) | Act::Set(_) | Act::Edit(_));
    if of_the_link || scenario.link.ops.iter().all(says) {
        found.extend(alerts::breaches(scenario, expectation, outcome));
    }
    // What a hello says, the profiles tell, unless the link has changed it.
    if of_the_link || scenario.link.ops.is_empty() {
        found.extend(acceptance::breaches(scenario, expectation, outcome));
    }
    found
}

/// Every rule.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    alerts::rules()
        .chain(acceptance::rules())
        .chain(peers::rules())
}

fn library(scenario: &Scenario, role: Role) -> Library {
    Library::of(match role {
        Role::Client => scenario.client.stack,
        Role::Server => scenario.server.stack,
    })
}

#[cfg(test)]
mod tests;
