//! What a cell says of an outcome.

use std::collections::BTreeSet;

use shakedown::connection::{Failure, Reason, Role};
use shakedown::iana::AlertDescription as Alert;
use shakedown::outcome::{End, Outcome, SideOutcome};

use crate::report::Cell;
use crate::symptoms::Observation;

/// How a table's cells say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// The version, or `s:pv`.
    Version,
    /// `ok`, or `s:pv`.
    Short,
    /// `accepted`, or the alert and the stack's own error.
    Certificate,
    /// `ok`, or the alert, and whether the client held itself for connected.
    ClientAuth,
}

impl Style {
    /// Whether the cells need a legend.
    pub(super) fn is_short(self) -> bool {
        matches!(self, Self::Version | Self::Short)
    }
}

/// The cell for an outcome. The short forms that it uses are added to the legend.
pub(super) fn of(style: Style, seen: &Observation, legend: &mut BTreeSet<Key>) -> Cell {
    let outcome = &seen.outcome;
    if Role::BOTH
        .iter()
        .any(|role| matches!(outcome.side(*role).end, End::Unsupported(_)))
    {
        legend.insert(Key::Lacking);
        return Cell {
            text: "-".into(),
            works: None,
        };
    }
    let text = if outcome.is_success() {
        success(style, outcome)
    } else {
        failure(style, seen, legend)
    };
    Cell {
        text,
        works: Some(outcome.is_success()),
    }
}

/// A short form that wants to be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Lacking,
    Side,
    Alert(Alert),
    Configuration,
    NoAlert,
}

/// What the short forms mean, as notes.
pub(super) fn explain(legend: &BTreeSet<Key>) -> Vec<String> {
    let mut parts = Vec::new();
    for key in legend {
        match key {
            Key::Lacking => parts.push("- a stack lacks it".to_owned()),
            Key::Side => parts.push("c: refused by the client, s: by the server".to_owned()),
            Key::Alert(alert) => {
                if let Some(short) = short(*alert) {
                    parts.push(format!("{short} {alert}"));
                }
            }
            Key::Configuration => parts.push("cfg its own configuration".to_owned()),
            Key::NoAlert => parts.push("! without an alert".to_owned()),
        }
    }
    if parts.is_empty() {
        Vec::new()
    } else {
        vec![parts.join("; ") + "."]
    }
}

fn success(style: Style, outcome: &Outcome) -> String {
    match (style, &outcome.client.session) {
        (Style::Version, Some(session)) => {
            let version = session.version.to_string();
            version.strip_prefix("TLS").unwrap_or(&version).to_owned()
        }
        (Style::Certificate, _) => "accepted".into(),
        _ => "ok".into(),
    }
}

fn failure(style: Style, seen: &Observation, legend: &mut BTreeSet<Key>) -> String {
    let outcome = &seen.outcome;
    let Some((role, side)) = fault(seen) else {
        return if Role::BOTH
            .iter()
            .any(|role| matches!(outcome.side(*role).end, End::Crashed(_)))
        {
            "crash".into()
        } else {
            "stall".into()
        };
    };
    match style {
        Style::Version | Style::Short => {
            legend.insert(Key::Side);
            let mark = match role {
                Role::Client => 'c',
                Role::Server => 's',
            };
            format!("{mark}:{}", short_fault(side, legend))
        }
        Style::Certificate => match native(side) {
            Some(native) => format!("{}: {native}", alert(side)),
            None => alert(side),
        },
        Style::ClientAuth => {
            let done = outcome.side(role.peer()).established;
            alert(side) + if done { " after done" } else { "" }
        }
    }
}

/// The side that finds fault of itself, rather than hearing of it. Where both do, the model decides.
fn fault(seen: &Observation) -> Option<(Role, &SideOutcome)> {
    let first = seen.detector.unwrap_or(Role::Client);
    [first, first.peer()]
        .into_iter()
        .map(|role| (role, seen.outcome.side(role)))
        .find(|(_, side)| match &side.end {
            End::Refused(_) => true,
            End::Failed(failure) => {
                !matches!(failure.reason, Reason::AlertReceived(_) | Reason::Truncated)
            }
            _ => false,
        })
}

fn short_fault(side: &SideOutcome, legend: &mut BTreeSet<Key>) -> String {
    if matches!(side.end, End::Refused(_)) {
        legend.insert(Key::Configuration);
        return "cfg".into();
    }
    let Some(sent) = side.alert_sent else {
        legend.insert(Key::NoAlert);
        return "!".into();
    };
    let Some(alert) = sent.description else {
        return "?".into();
    };
    legend.insert(Key::Alert(alert));
    short(alert).map_or_else(|| alert.to_string(), str::to_owned)
}

/// The initials of the alerts that negotiation ends in; no two alike.
fn short(alert: Alert) -> Option<&'static str> {
    match alert {
        Alert::handshake_failure => Some("hf"),
        Alert::protocol_version => Some("pv"),
        Alert::illegal_parameter => Some("ip"),
        Alert::insufficient_security => Some("is"),
        Alert::internal_error => Some("ie"),
        Alert::missing_extension => Some("me"),
        Alert::unexpected_message => Some("um"),
        Alert::unsupported_certificate => Some("uc"),
        Alert::bad_certificate => Some("bc"),
        Alert::decode_error => Some("de"),
        _ => None,
    }
}

fn alert(side: &SideOutcome) -> String {
    if matches!(side.end, End::Refused(_)) {
        return "refuses its own configuration".into();
    }
    match side.alert_sent {
        Some(sent) => sent
            .description
            .map_or_else(|| "an alert".into(), |alert| alert.to_string()),
        None => "no alert".into(),
    }
}

/// The stack's own error, without what the table says already.
fn native(side: &SideOutcome) -> Option<String> {
    let (End::Failed(failure) | End::Refused(failure)) = &side.end else {
        return None;
    };
    let inner = |text: &str, outer: &str| -> Option<String> {
        let rest = text.strip_prefix(outer)?.strip_prefix('(')?;
        rest.strip_suffix(')').map(str::to_owned)
    };
    if let Some(error) = inner(&failure.native, "InvalidCertificate") {
        return Some(inner(&error, "Other").unwrap_or(error));
    }
    if let Some(code) = inner(&failure.native, "CERTIFICATE_VERIFY_FAILED") {
        return Some(format!("{code} {}", verify_text(failure)));
    }
    Some(failure.native.clone())
}

/// What comes after the last of `error:0A000086:SSL routines::certificate verify failed:`.
fn verify_text(failure: &Failure) -> &str {
    failure
        .text
        .split_once("certificate verify failed:")
        .map_or(failure.text.as_str(), |(_, text)| text)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_alerts_share_a_short_form() {
        let mut seen = HashSet::new();
        for alert in Alert::NAMED {
            if let Some(short) = short(*alert) {
                assert!(seen.insert(short), "{short}");
                let initials: String = alert
                    .to_string()
                    .split('_')
                    .filter_map(|word| word.chars().next())
                    .collect();
                assert_eq!(short, initials);
            }
        }
    }

    #[test]
    fn native_errors_lose_what_the_table_says_already() {
        let side = |native: &str, text: &str| SideOutcome {
            established: false,
            end: End::Failed(Failure {
                reason: Reason::Certificate,
                native: native.into(),
                text: text.into(),
            }),
            alert_sent: None,
            alert_received: None,
            session: None,
            data_intact: None,
        };
        for (given, text, wanted) in [
            ("InvalidCertificate(UnknownIssuer)", "", "UnknownIssuer"),
            (
                "InvalidCertificate(Other(UnsupportedCertVersion))",
                "",
                "UnsupportedCertVersion",
            ),
            (
                "CERTIFICATE_VERIFY_FAILED(10)",
                "error:0A000086:SSL routines::certificate verify failed:certificate has expired",
                "10 certificate has expired",
            ),
            ("ASN1_LIB", "", "ASN1_LIB"),
        ] {
            assert_eq!(native(&side(given, text)).as_deref(), Some(wanted));
        }
    }
}
