//! Fuzz targets: what an input comes to, and which oracle holds it.
//!
//! Everything but the fuzzer itself is here, so that seeds and findings run in `cargo test` on a stable
//! compiler, and a finding can be told without libFuzzer. Inputs of any bytes are allowed; the same input
//! always comes to the same thing.

use std::any::Any;
use std::fmt;

use shakedown::connection::Role;
use shakedown::pair::Pair;
use shakedown::scenario::Scenario;
use shakedown::stacks::randomness;

pub use self::reduce::{reduce, test_of};
pub use self::strict::strict;
pub use self::tokens::dictionary;
use crate::arbitrary::Disagreement;
use crate::lab::Lab;
use crate::verdict::Verdict;

mod bytes;
mod bytes_to_client;
mod bytes_to_server;
mod certificate;
mod client_hello;
mod man_in_the_middle;
#[cfg(test)]
mod planted;
mod post_handshake;
mod reduce;
mod report;
mod scenario;
mod server_flight;
mod strict;
mod tokens;
pub mod watch;

/// A fuzz target.
pub struct Target {
    /// The name, as in `cargo fuzz run NAME`.
    pub name: &'static str,
    /// What it tries, and what holds it, in a line.
    pub about: &'static str,
    /// More bytes than this are not looked at.
    pub max_len: usize,
    /// Tries an input.
    check: fn(&Lab, &[u8]) -> Result<Kept, Box<Finding>>,
    /// Inputs to begin with, each with a name.
    seeds: fn() -> Vec<(String, Vec<u8>)>,
}

impl Target {
    /// Tries an input, with the same randomness each time as far as [`randomness`] can set it.
    ///
    /// # Errors
    ///
    /// [`Finding`], where an oracle fails.
    pub fn check(&self, lab: &Lab, input: &[u8]) -> Result<Kept, Box<Finding>> {
        let input = &input[..input.len().min(self.max_len)];
        let checked = randomness::fixed(seed_of(input), || (self.check)(lab, input));
        checked.map_err(|mut finding| {
            finding.target = self.name;
            finding
        })
    }

    /// Inputs to begin with, by name.
    pub fn seeds(&self) -> Vec<(String, Vec<u8>)> {
        (self.seeds)()
    }

    /// The target of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        TARGETS.iter().find(|target| target.name == name)
    }
}

/// Every target, by name.
pub static TARGETS: [Target; 9] = [
    bytes_to_client::TARGET,
    bytes_to_server::TARGET,
    certificate::TARGET,
    client_hello::TARGET,
    man_in_the_middle::TARGET,
    post_handshake::TARGET,
    report::TARGET,
    scenario::TARGET,
    server_flight::TARGET,
];

/// Whether an input is worth keeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It came to something.
    Yes,
    /// It says nothing that can be tried.
    No,
}

/// An oracle that failed. Its text says what was tried, so that it can be seen again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    target: &'static str,
    /// The oracle that failed, in a word or two.
    pub oracle: &'static str,
    /// What is alike in findings of one fault, as far as that can be told.
    pub kind: String,
    /// What was tried, and what came of it.
    pub story: String,
    /// What can be played again, where it is a scenario.
    pub scenario: Option<Box<Scenario>>,
}

impl Finding {
    fn new(oracle: &'static str, story: impl fmt::Display) -> Box<Self> {
        Box::new(Self {
            target: "",
            oracle,
            kind: String::new(),
            story: story.to_string(),
            scenario: None,
        })
    }

    fn of(oracle: &'static str, disagreement: &Disagreement) -> Box<Self> {
        Box::new(Self {
            scenario: Some(Box::new(disagreement.scenario.clone())),
            kind: match &disagreement.verdict {
                Verdict::Diverge(differences) => differences
                    .iter()
                    .map(|it| format!("{:?} {} {}\n", it.side, it.field, it.actual))
                    .collect(),
                verdict => format!("{verdict:?}"),
            },
            ..*Self::new(oracle, disagreement)
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.target, self.oracle)?;
        f.write_str(&self.story)
    }
}

impl std::error::Error for Finding {}

/// Each input has a sequence of its own: with one for all, a client's session id is the one that a server has given
/// another client before, and the server takes it for known. FNV-1a (the IETF's draft-eastlake-fnv).
fn seed_of(input: &[u8]) -> u64 {
    input.iter().fold(0xcbf2_9ce4_8422_2325, |seed, byte| {
        (seed ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

const NO_PANIC: &str = "no stack panics";

/// Whether neither side of a pair has panicked; what the panic said.
fn unharmed(pair: &Pair<'_>) -> Result<(), (&'static str, String)> {
    match Role::BOTH.into_iter().find_map(|role| pair.crash(role)) {
        Some(message) => Err((NO_PANIC, message.to_owned())),
        None => Ok(()),
    }
}

/// What a panic says.
fn panicked(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn targets_have_names_of_their_own_in_order() {
        let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
        let sorted: BTreeSet<_> = names.iter().copied().collect();
        assert_eq!(names, sorted.into_iter().collect::<Vec<_>>());
        for name in names {
            assert_eq!(Target::named(name).map(|target| target.name), Some(name));
        }
        assert!(Target::named("nothing").is_none());
    }

    #[test]
    fn seeds_go_well_and_come_to_something() {
        let lab = Lab::new();
        for target in &TARGETS {
            let seeds = target.seeds();
            assert!(!seeds.is_empty(), "{}", target.name);
            for (name, seed) in seeds {
                assert!(seed.len() <= target.max_len, "{}: {name}", target.name);
                match target.check(&lab, &seed) {
                    Ok(kept) => assert_eq!(kept, Kept::Yes, "{}: {name}", target.name),
                    Err(finding) => panic!("{name}: {finding}"),
                }
            }
        }
    }

    #[test]
    fn no_input_and_zeros_are_inputs() {
        let lab = Lab::new();
        for target in &TARGETS {
            for input in [&[][..], &[0; 64]] {
                if let Err(finding) = target.check(&lab, input) {
                    panic!("{finding}");
                }
            }
        }
    }
}
