//! Symptoms: what each documented cause looks like from outside.

use std::collections::{BTreeMap, BTreeSet};

use shakedown::connection::Role;
use shakedown::outcome::{End, Outcome, SentAlert, SideOutcome};
use shakedown::scenario::ScenarioId;

use crate::model::Cause;
use crate::report::Symptom;

pub mod sheet;

/// What came of a case that a table or a symptom is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The scenario.
    pub id: ScenarioId,
    /// What the model says it fails with; `None`: success, or a stack cannot express it.
    pub cause: Option<Cause>,
    /// Which side finds fault, by the model.
    pub detector: Option<Role>,
    /// What both sides saw.
    pub outcome: Outcome,
}

/// The symptoms in the cases `cause/<id>[.<variant>]/<client>-><server>/TLS<version>`, in the order of
/// the handshake. Those that look alike, whatever the version or rustls's cryptography, are one.
pub fn build(observed: &BTreeMap<String, Observation>) -> Vec<Symptom> {
    let mut found: BTreeMap<Looks, Sources> = BTreeMap::new();
    for (name, seen) in observed {
        let (Some(source), Some(cause), Some(detector)) =
            (Source::parse(name), seen.cause, seen.detector)
        else {
            continue;
        };
        if seen.outcome.is_success() {
            continue;
        }
        let looks = Looks {
            cause,
            client: (kind(source.client), describe(&seen.outcome.client)),
            server: (kind(source.server), describe(&seen.outcome.server)),
            detector,
            alert: seen.outcome.side(detector).alert_sent.map(alert),
        };
        found.entry(looks).or_default().add(source, &seen.id);
    }
    let mut symptoms: Vec<_> = found
        .into_iter()
        .filter_map(|(looks, sources)| {
            Some(Symptom {
                cause: looks.cause,
                example: sources.example(looks.cause),
                id: sources.id?,
                detector: looks.detector,
                client: looks.client.1,
                server: looks.server.1,
                alert: looks.alert,
            })
        })
        .collect();
    symptoms.sort_by(|a, b| (a.cause, &a.example, &a.id).cmp(&(b.cause, &b.example, &b.id)));
    symptoms
}

/// What tells symptoms apart.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Looks {
    cause: Cause,
    client: (&'static str, String),
    server: (&'static str, String),
    detector: Role,
    alert: Option<String>,
}

/// Where a symptom was seen, from the name of the case.
#[derive(Clone, Copy)]
struct Source<'a> {
    recipe: &'a str,
    client: &'a str,
    server: &'a str,
    version: &'a str,
}

impl<'a> Source<'a> {
    fn parse(name: &'a str) -> Option<Self> {
        let mut parts = name.strip_prefix("cause/")?.split('/');
        let recipe = parts.next()?;
        let (client, server) = parts.next()?.split_once("->")?;
        let version = parts.next()?;
        Some(Self {
            recipe,
            client,
            server,
            version,
        })
    }
}

/// Everywhere that a symptom was seen.
#[derive(Default)]
struct Sources {
    id: Option<ScenarioId>,
    clients: BTreeSet<String>,
    servers: BTreeSet<String>,
    versions: BTreeSet<String>,
    recipes: BTreeSet<String>,
}

impl Sources {
    fn add(&mut self, source: Source<'_>, id: &ScenarioId) {
        self.id.get_or_insert_with(|| id.clone());
        self.clients.insert(source.client.to_owned());
        self.servers.insert(source.server.to_owned());
        self.versions.insert(source.version.to_owned());
        self.recipes.insert(source.recipe.to_owned());
    }

    /// Such as `rustls -> openssl, TLS1.2 (cert-expired, cert-expired.intermediate)`; without a version
    /// where it does not matter, and without recipes where there is but the cause's plain one.
    fn example(&self, cause: Cause) -> String {
        let mut text = format!("{} -> {}", stacks(&self.clients), stacks(&self.servers));
        if let Some(version) = self.versions.first().filter(|_| self.versions.len() == 1) {
            text += &format!(", {version}");
        }
        let recipes: Vec<_> = self.recipes.iter().map(String::as_str).collect();
        if recipes != [cause.id()] {
            text += &format!(" ({})", recipes.join(", "));
        }
        text
    }
}

/// `rustls` where it does not matter with which cryptography.
fn stacks(names: &BTreeSet<String>) -> String {
    match names.iter().next() {
        Some(name) if names.len() == 1 => name.clone(),
        Some(name) => kind(name).to_owned(),
        None => String::new(),
    }
}

fn kind(stack: &str) -> &'static str {
    if stack.starts_with("rustls") {
        "rustls"
    } else {
        "openssl"
    }
}

/// What one would paste into a search engine.
fn describe(side: &SideOutcome) -> String {
    let done = if side.established {
        " (after the handshake was done)"
    } else {
        ""
    };
    match &side.end {
        End::Failed(failure) => format!("{}{done}", head(&failure.text)),
        End::Refused(failure) => format!("{} (on configuration)", head(&failure.text)),
        End::NotStarted => "(not started)".into(),
        End::Closed => "(no error)".into(),
        End::Stalled => "(waits)".into(),
        End::Unsupported(reason) => format!("(unsupported: {reason})"),
        End::Crashed(message) => format!("(panic: {message})"),
    }
}

/// Without the lists of bytes that some of rustls's messages end in.
fn head(text: &str) -> String {
    match text.split_once(" { ") {
        Some((head, _)) => format!("{head} {{ .. }}"),
        None => text.to_owned(),
    }
}

fn alert(sent: SentAlert) -> String {
    match sent.description {
        Some(description) => description.to_string(),
        None => "unknown, encrypted".into(),
    }
}

#[cfg(test)]
mod tests {
    use shakedown::connection::{Failure, Reason};
    use shakedown::iana::AlertDescription;
    use shakedown::outcome::Protection;

    use super::*;

    #[test]
    fn what_looks_alike_is_one() {
        let seen = BTreeMap::from([
            case(
                "cause/cert-expired/rustls-aws-lc-rs->openssl/TLS1.2",
                "a",
                "Expired",
            ),
            case(
                "cause/cert-expired/rustls-ring->openssl/TLS1.2",
                "b",
                "Expired",
            ),
            case(
                "cause/cert-expired/rustls-ring->openssl/TLS1.3",
                "c",
                "Expired",
            ),
            case(
                "cause/cert-expired.client/openssl->openssl/TLS1.3",
                "d",
                "Expired",
            ),
            case(
                "cause/cert-expired.client/openssl->rustls-ring/TLS1.3",
                "e",
                "Other",
            ),
            case("table/versions/1.2/1.2/openssl->openssl", "f", "Other"),
        ]);
        let symptoms = build(&seen);
        let told: Vec<_> = symptoms
            .iter()
            .map(|symptom| (symptom.example.as_str(), symptom.id.0.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("openssl -> openssl, TLS1.3 (cert-expired.client)", "d"),
                ("openssl -> rustls-ring, TLS1.3 (cert-expired.client)", "e"),
                ("rustls -> openssl", "a"),
            ]
        );
        assert_eq!(symptoms[2].alert.as_deref(), Some("certificate_expired"));
        assert_eq!(symptoms[2].client, "Expired");
    }

    #[test]
    fn without_a_cause_or_a_failure_there_is_no_symptom() {
        let (name, mut seen) = case("cause/cert-expired/openssl->openssl/TLS1.2", "a", "x");
        seen.cause = None;
        assert!(build(&BTreeMap::from([(name.clone(), seen.clone())])).is_empty());
        seen.cause = Some(Cause::CertExpired);
        seen.outcome.client.end = End::Closed;
        seen.outcome.server.end = End::Closed;
        assert!(build(&BTreeMap::from([(name, seen)])).is_empty());
    }

    #[test]
    fn lists_of_bytes_are_left_out() {
        assert_eq!(
            head("error: Context { ids: [1, 2] }"),
            "error: Context { .. }"
        );
        assert_eq!(head("plain"), "plain");
    }

    #[test]
    fn a_side_that_was_done_says_so() {
        let (_, seen) = case("", "", "alert");
        let mut side = seen.outcome.server;
        side.established = true;
        assert_eq!(describe(&side), "alert (after the handshake was done)");
    }

    fn case(name: &str, id: &str, text: &str) -> (String, Observation) {
        let side = |text: &str, alert_sent| SideOutcome {
            established: false,
            end: End::Failed(Failure {
                reason: Reason::Certificate,
                native: "Native".into(),
                text: text.into(),
            }),
            alert_sent,
            alert_received: None,
            session: None,
            data_intact: None,
        };
        let sent = SentAlert {
            description: Some(AlertDescription::certificate_expired),
            protection: Protection::Protected,
        };
        let seen = Observation {
            id: ScenarioId(id.into()),
            cause: Some(Cause::CertExpired),
            detector: Some(Role::Client),
            outcome: Outcome {
                client: side(text, Some(sent)),
                server: side("alert", None),
                exporters_agree: None,
                deeds: Vec::new(),
            },
        };
        (name.to_owned(), seen)
    }
}
