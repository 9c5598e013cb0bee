//! One scenario in words: what the model says, and what both sides saw.

use std::fmt::Write;

use shakedown::connection::Role;
use shakedown::link::{Deed, Flight};
use shakedown::outcome::{End, Outcome, SentAlert, SideOutcome};
use shakedown::scenario::{Means, Scenario};
use shakedown::wire::annotate;

use crate::conformance::{Breach, NEW};
use crate::model::{Expectation, Expected, ExpectedEnd, ExpectedSide, Prediction, predict};
use crate::verdict::{Difference, Verdict};
use crate::wrap::{WIDTH, paragraph};

/// The scenario's id, its form and its stacks.
pub fn scenario(scenario: &Scenario) -> String {
    let mut text = format!(
        "scenario {}  {} -> {}\n  {}\n",
        scenario.id(),
        scenario.client.stack,
        scenario.server.stack,
        scenario.to_json()
    );
    if let (Some(earlier), Some(before)) = (&scenario.earlier, scenario.before()) {
        let kept = match earlier.means {
            Means::Ticket => "tickets",
            Means::SessionId => "the server's memory",
        };
        let _ = writeln!(
            text,
            "after an earlier connection, kept in {kept}; what follows is about the later one\n  \
             scenario {}, {}",
            before.id(),
            match predict(&before) {
                Prediction::Expect(Expectation {
                    cause: Some(cause), ..
                }) => format!("which fails: {cause}"),
                Prediction::Expect(_) => "which succeeds".to_owned(),
                Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => {
                    "of which the model says nothing".to_owned()
                }
            }
        );
    }
    text
}

/// What the model says.
pub fn prediction(prediction: &Prediction) -> String {
    match prediction {
        Prediction::Unsupported { role, reason } => {
            format!("expected: the {role}'s stack cannot express it: {reason}\n")
        }
        Prediction::Unmodelled { reason } => {
            format!("expected: nothing; the model does not know {reason}\n")
        }
        Prediction::Expect(expectation) => {
            let mut text = match (expectation.cause, expectation.detector) {
                (Some(cause), Some(detector)) => format!(
                    "expected: failure, {cause}, found by the {detector}\n  rule: {}\n  remedy: {}\n",
                    cause.rule(),
                    cause.remedy()
                ),
                _ => "expected: success\n".to_owned(),
            };
            if !expectation.masked.is_empty() {
                let masked: Vec<_> = expectation.masked.iter().map(|cause| cause.id()).collect();
                let _ = writeln!(text, "  behind it: {}", masked.join(", "));
            }
            for (number, expected) in expectation.allowed.iter().enumerate() {
                if expectation.allowed.len() > 1 {
                    let _ = writeln!(text, "  either ({})", number + 1);
                }
                text += &allowed(expected);
            }
            text
        }
    }
}

/// What both sides saw.
pub fn outcome(outcome: &Outcome) -> String {
    let mut text = "outcome:\n".to_owned();
    for role in Role::BOTH {
        text += &side(role, outcome.side(role));
    }
    if let Some(agree) = outcome.exporters_agree {
        let _ = writeln!(
            text,
            "  exporters: {}",
            if agree { "equal" } else { "DIFFERENT" }
        );
    }
    text
}

/// What crossed the link, and what the link did to it.
pub fn transcript(scenario: &Scenario, flights: &[Flight]) -> String {
    let mut text = "transcript:\n".to_owned();
    let mut lines = annotate(flights).into_iter();
    let mut records = [0; 2];
    for flight in flights {
        let sent = lines.by_ref().take(count(&flight.bytes));
        for line in sent {
            let number = records[flight.from as usize];
            records[flight.from as usize] += 1;
            let _ = writeln!(text, "  {line}");
            for deed in flight.deeds.iter().filter(|deed| deed.record == number) {
                let act = scenario.link.ops.get(deed.op as usize).map(|op| &op.act);
                let act = act.map_or_else(String::new, crate::sweep::label);
                let vain = if deed.applied { "" } else { ", in vain" };
                let _ = writeln!(
                    text,
                    "    link, at record {number} of the {}: {act}{vain}",
                    flight.from
                );
            }
        }
        if let Some(arrived) = &flight.arrived {
            let _ = writeln!(text, "    arrives: {}", in_short(flight.from, arrived));
        }
        if !flight.answered.is_empty() {
            let _ = writeln!(
                text,
                "    the {} gets instead: {}",
                flight.from,
                in_short(flight.from.peer(), &flight.answered)
            );
        }
    }
    for (number, op) in scenario.link.ops.iter().enumerate() {
        let done = |deed: &Deed| deed.op as usize == number;
        if !flights.iter().flat_map(|flight| &flight.deeds).any(done) {
            let act = crate::sweep::label(&op.act);
            let _ = writeln!(text, "  link: what {act} is for never came");
        }
    }
    text
}

/// How many records there are.
fn count(bytes: &[u8]) -> usize {
    annotate(&[bare(Role::Client, bytes)]).len()
}

/// Records in a few words.
fn in_short(from: Role, bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "nothing".into();
    }
    // Another protocol's text says what it is.
    if bytes[0].is_ascii_alphanumeric() {
        let text = String::from_utf8_lossy(bytes);
        let line = text.lines().next().unwrap_or_default();
        return format!("{} B: {line:?}", bytes.len());
    }
    let lines = annotate(&[bare(from, bytes)]);
    let few = lines.iter().take(MOST_ARRIVALS);
    let mut words: Vec<_> = few.map(|line| line.what.clone()).collect();
    if lines.len() > MOST_ARRIVALS {
        words.push(format!("and {} more", lines.len() - MOST_ARRIVALS));
    }
    format!("{} B: {}", bytes.len(), words.join("; "))
}

fn bare(from: Role, bytes: &[u8]) -> Flight {
    Flight {
        from,
        bytes: bytes.to_vec(),
        arrived: None,
        answered: Vec::new(),
        deeds: Vec::new(),
    }
}

/// What breaks an RFC, if anything does.
pub fn breaches(breaches: &[Breach]) -> String {
    if breaches.is_empty() {
        return String::new();
    }
    let mut text = "deviations from the RFCs:\n".to_owned();
    for breach in breaches {
        let (rule, library) = (breach.rule, breach.library);
        let standing = if breach.is_declared() {
            "declared"
        } else {
            NEW
        };
        let demand = format!("{}, {}: {}", rule.id, rule.citation, rule.demand);
        let deed = format!("{library} {}: {standing}", breach.deed);
        text += &paragraph(&demand, 1, WIDTH);
        text += &paragraph(&deed, 2, WIDTH);
    }
    text
}

/// The verdict.
pub fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Agree => "verdict: agree\n".into(),
        Verdict::Unsupported(reason) => format!("verdict: unsupported: {reason}\n"),
        Verdict::Unmodelled(reason) => format!("verdict: not modelled: {reason}\n"),
        Verdict::Stall => "verdict: STALL: both sides wait for each other\n".into(),
        Verdict::Crash(message) => format!("verdict: CRASH: {message}\n"),
        Verdict::Diverge(differences) => {
            let mut text = "verdict: DIVERGE\n".to_owned();
            for difference in differences {
                text += &self::difference(difference);
            }
            text
        }
    }
}

fn difference(difference: &Difference) -> String {
    let side = difference.side.map_or("both", Role::name);
    format!(
        "  {side} {}: expected {}, actual {}\n",
        difference.field, difference.expected, difference.actual
    )
}

fn allowed(expected: &Expected) -> String {
    Role::BOTH
        .into_iter()
        .map(|role| expected_side(role, expected.side(role)))
        .collect()
}

fn expected_side(role: Role, side: &ExpectedSide) -> String {
    let end = match &side.end {
        ExpectedEnd::NotStarted => "not started".into(),
        ExpectedEnd::Refused { native } => format!("refuses its configuration: {native}"),
        ExpectedEnd::Failed { native } => format!("fails: {native}"),
        ExpectedEnd::Closed => "closes cleanly".into(),
        ExpectedEnd::Stalled => "waits for ever".into(),
    };
    let mut text = format!("  {role}: {end}");
    text += &after(
        side.established,
        matches!(side.end, ExpectedEnd::Failed { .. }),
    );
    text += &alert(side.alert_sent);
    text.push('\n');
    if let Some(session) = &side.session {
        text += &self::session(session);
    }
    text
}

fn side(role: Role, side: &SideOutcome) -> String {
    let end = match &side.end {
        End::NotStarted => "not started".into(),
        End::Refused(failure) => format!(
            "refuses its configuration: {}\n    {}",
            failure.native, failure.text
        ),
        End::Failed(failure) => format!("fails: {}\n    {}", failure.native, failure.text),
        End::Closed => "closes cleanly".into(),
        End::Stalled => "waits for ever".into(),
        End::Unsupported(reason) => format!("cannot express it: {reason}"),
        End::Crashed(message) => format!("panics: {message}"),
    };
    let mut text = format!("  {role}: {end}");
    text += &after(side.established, matches!(side.end, End::Failed(_)));
    text += &alert(side.alert_sent);
    text.push('\n');
    if let Some(session) = &side.session {
        text += &self::session(session);
    }
    text
}

fn after(established: bool, failed: bool) -> String {
    if established && failed {
        ", after it was done".into()
    } else {
        String::new()
    }
}

fn alert(sent: Option<SentAlert>) -> String {
    sent.map(|alert| {
        let description = alert
            .description
            .map_or_else(|| "an alert".to_owned(), |alert| alert.to_string());
        let protection = match alert.protection {
            shakedown::outcome::Protection::Plain => "in the clear",
            shakedown::outcome::Protection::Protected => "encrypted",
        };
        format!(", sends {description} {protection}")
    })
    .unwrap_or_default()
}

fn session(session: &shakedown::connection::Session) -> String {
    let or_none = |value: Option<String>| value.unwrap_or_else(|| "none".into());
    format!(
        "    {} {}, group {}\n    server signs {}, client signs {}\n    \
         alpn {}, server name {}, {}\n",
        session.version,
        session.suite,
        or_none(session.group.map(|group| group.to_string())),
        or_none(session.server_signature.map(|scheme| scheme.to_string())),
        or_none(session.client_signature.map(|scheme| scheme.to_string())),
        or_none(session.alpn.clone()),
        or_none(session.server_name.clone()),
        match session.kind {
            shakedown::connection::HandshakeKind::Full => "full handshake",
            shakedown::connection::HandshakeKind::HelloRetryRequest => "with a HelloRetryRequest",
            shakedown::connection::HandshakeKind::Resumed => "resumed",
        }
    )
}

/// A hello in records of one byte is long.
const MOST_ARRIVALS: usize = 6;
