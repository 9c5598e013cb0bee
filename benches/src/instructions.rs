//! What the engine costs in instructions.
//!
//! The engine's own work is told by a pair without cryptography ([`null`]), as
//! [`pair::meet`] less the loop by hand that does the same on the wire. Its share is of what
//! [`pair::meet`] takes between two real ends of rustls that resume in TLS 1.2, the cheapest handshake
//! there is. Both are counts of one build in one run, so that no noise of the machine comes in.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustls::client::Resumption;
use serde::Deserialize;
use shakedown::connection::{Config, HandshakeKind};
use shakedown::iana::ProtocolVersion;
use shakedown::identity::Identities;
use shakedown::link::Link;
use shakedown::outcome::Outcome;
use shakedown::pair;
use shakedown::stacks::openssl::OpenSsl;
use shakedown::stacks::rustls::Rustls;

use crate::library::Library;
use crate::shape::Shape;
use crate::{by_hand, null, whole};

/// Between whom, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Without cryptography, TLS 1.2, full.
    NullTls12Full,
    /// Without cryptography, TLS 1.2, resumed.
    NullTls12Resumed,
    /// Without cryptography, TLS 1.3, full.
    NullTls13Full,
    /// Without cryptography, TLS 1.3, resumed.
    NullTls13Resumed,
    /// rustls with aws-lc-rs, TLS 1.2, resumed.
    Tls12Resumed,
    /// OpenSSL, TLS 1.3, full.
    OpenSslTls13Full,
}

impl Work {
    fn is_null(self) -> bool {
        !matches!(self, Self::Tls12Resumed | Self::OpenSslTls13Full)
    }

    fn resumes(self) -> bool {
        matches!(
            self,
            Self::NullTls12Resumed | Self::NullTls13Resumed | Self::Tls12Resumed
        )
    }

    fn version(self) -> ProtocolVersion {
        match self {
            Self::NullTls12Full | Self::NullTls12Resumed | Self::Tls12Resumed => {
                ProtocolVersion::TLS1_2
            }
            Self::NullTls13Full | Self::NullTls13Resumed | Self::OpenSslTls13Full => {
                ProtocolVersion::TLS1_3
            }
        }
    }
}

/// The same two ends for both.
pub struct Contest {
    engine: [Arc<dyn Config>; 2],
    by_hand: (by_hand::Client, by_hand::Server),
}

impl Contest {
    /// Prepares both ends; they have met before, by the engine and by hand.
    ///
    /// Sessions are kept in memory on both sides: a ticket would be more work for the server.
    ///
    /// # Panics
    ///
    /// If they do not meet as they should.
    pub fn new(work: Work) -> Self {
        let identities = Arc::new(Identities::new());
        if work == Work::OpenSslTls13Full {
            let library = Library::OpenSsl(OpenSsl::new(identities));
            let (client, client_by_hand) = library
                .client(&Shape::ECDSA)
                .expect("OpenSSL can be this client");
            let (server, server_by_hand) = library
                .server(&Shape::ECDSA)
                .expect("OpenSSL can be this server");
            return Self {
                engine: [client, server],
                by_hand: (client_by_hand, server_by_hand),
            }
            .met(work);
        }
        let stack = Rustls::aws_lc_rs(identities.clone());
        let ((client, name), server) = if work.is_null() {
            (
                null::client_config(work.version(), work.resumes()),
                null::server_config(work.version(), work.resumes(), &identities),
            )
        } else {
            let shape = Shape::ECDSA.in_version(work.version());
            let (mut client, name) = stack
                .client_config(&shape.client_profile())
                .expect("rustls can be this client");
            client.resumption = Resumption::in_memory_sessions(SESSIONS);
            let server = stack
                .server_config(&shape.server_profile())
                .expect("rustls can be this server");
            ((Arc::new(client), name), Arc::new(server))
        };
        Self {
            engine: [
                stack.adopt_client(client.clone(), name.clone()),
                stack.adopt_server(server.clone()),
            ],
            by_hand: (
                by_hand::Client::Rustls(client, name),
                by_hand::Server::Rustls(server),
            ),
        }
        .met(work)
    }

    fn met(self, work: Work) -> Self {
        self.by_hand();
        self.by_engine();
        self.by_hand();
        let outcome = self.by_engine();
        let kind = if work.resumes() {
            HandshakeKind::Resumed
        } else {
            HandshakeKind::Full
        };
        for (_, session) in whole(&outcome) {
            assert_eq!((session.version, session.kind), (work.version(), kind));
        }
        self
    }

    /// One scenario by the engine.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn by_engine(&self) -> Outcome {
        let [client, server] = &self.engine;
        let outcome = pair::meet(Ok(&**client), Ok(&**server), &Link::default());
        assert!(outcome.is_success(), "{outcome:?}");
        outcome
    }

    /// The same by hand.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn by_hand(&self) {
        by_hand::meet(&self.by_hand.0, &self.by_hand.1).expect("what the engine does succeeds");
    }
}

/// Instructions by function and work, as gungraun tells them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts(BTreeMap<(String, String), u64>);

impl Counts {
    /// Reads gungraun's JSON output, one summary after another (its schema's version 7).
    ///
    /// # Errors
    ///
    /// A message, if it is not that.
    pub fn read(text: &str) -> Result<Self, String> {
        let mut counts = BTreeMap::new();
        for summary in serde_json::Deserializer::from_str(text).into_iter::<Summary>() {
            let summary = summary.map_err(|error| format!("not gungraun's output: {error}"))?;
            let id = summary.id.unwrap_or_default();
            let count = summary
                .profiles
                .iter()
                .find_map(|profile| profile.data.total.metrics.get("Ir")?.values.new)
                .ok_or_else(|| format!("no count of {} {id}", summary.function_name))?;
            counts.insert((summary.function_name, id), count);
        }
        Ok(Self(counts))
    }

    /// How many instructions.
    ///
    /// # Errors
    ///
    /// A message, if it was not counted.
    pub fn of(&self, function: &str, work: &str) -> Result<u64, String> {
        self.0
            .get(&(function.to_owned(), work.to_owned()))
            .copied()
            .ok_or_else(|| format!("{function} {work} was not counted"))
    }

    /// The engine's own share of the cheapest real handshake, in thousandths, where `function` has the
    /// engine's work.
    ///
    /// # Errors
    ///
    /// A message, if a count is missing, or the loop by hand costs more than the engine: then it does not do
    /// the same, and would hide what the engine costs.
    pub fn share(&self, function: &str) -> Result<f64, String> {
        let own = self
            .of(function, GATED)?
            .checked_sub(self.of("by_hand", GATED)?)
            .ok_or_else(|| format!("{GATED}: the loop by hand costs more than {function}"))?;
        let whole = self.of("engine", REAL)?;
        Ok(1000.0 * own as f64 / whole as f64)
    }
}

#[derive(Deserialize)]
struct Summary {
    function_name: String,
    id: Option<String>,
    profiles: Vec<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    total: Total,
}

#[derive(Deserialize)]
struct Total {
    metrics: BTreeMap<String, Metric>,
}

#[derive(Deserialize)]
struct Metric {
    values: Values,
}

#[derive(Deserialize)]
struct Values {
    new: Option<u64>,
}

/// The works without cryptography, in order.
pub const NULL: [&str; 4] = [
    "null_tls12_full",
    "null_tls12_resumed",
    "null_tls13_full",
    "null_tls13_resumed",
];
/// The one of them whose engine's share is held against the gate.
pub const GATED: &str = "null_tls12_resumed";
/// What it is a share of.
pub const REAL: &str = "tls12_resumed";
/// The real ones, in order.
pub const ALL_REAL: [&str; 2] = [REAL, "openssl_tls13_full"];
/// The most that the engine's own share may be, in thousandths.
pub const MOST: f64 = 20.0;

const SESSIONS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_and_the_share_is_of_the_real_pair() {
        let text = [
            summary("engine", GATED, 1_300),
            summary("by_hand", GATED, 1_000),
            summary("planted", GATED, 3_000),
            summary("cheap", GATED, 999),
            summary("engine", REAL, 100_000),
        ]
        .concat();
        let counts = Counts::read(&text).expect("five summaries");
        assert_eq!(counts.of("by_hand", GATED), Ok(1_000));
        assert_eq!(counts.share("engine"), Ok(3.0));
        assert_eq!(counts.share("planted"), Ok(20.0));
        assert_eq!(
            counts.share("cheap"),
            Err(format!("{GATED}: the loop by hand costs more than cheap"))
        );
        assert_eq!(
            counts.share("absent"),
            Err(format!("absent {GATED} was not counted"))
        );
    }

    #[test]
    fn what_is_not_a_summary_is_refused() {
        assert!(Counts::read("{}").is_err());
        assert!(Counts::read("no such tool").is_err());
        let without = summary("engine", REAL, 1).replace("Ir", "Dr");
        assert_eq!(
            Counts::read(&without),
            Err(format!("no count of engine {REAL}"))
        );
    }

    fn summary(function: &str, id: &str, count: u64) -> String {
        format!(
            r#"{{"function_name":"{function}","id":"{id}","profiles":[{{"tool":"Callgrind","data":{{
            "total":{{"metrics":{{"Ir":{{"values":{{"new":{count},"old":null}}}}}}}}}}}}]}}
            "#
        )
    }
}
