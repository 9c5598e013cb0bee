use std::collections::BTreeSet;

use shakedown::connection::{Failure, Peer, Reason};
use shakedown::iana::AlertDescription;
use shakedown::outcome::{End, Protection, SentAlert, SideOutcome};

use super::*;
use crate::axes::Axes;
use crate::catalogue;
use crate::model::{Expectation, ExpectedEnd, ExpectedSide, predict};

#[test]
fn rules_have_ids_of_their_own_and_declarations_name_rules() {
    let ids: Vec<_> = rules().map(|rule| rule.id).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    for deviation in DECLARED.iter() {
        assert!(ids.contains(&deviation.rule), "{deviation:?}");
    }
    let declared: BTreeSet<_> = DECLARED
        .iter()
        .map(|deviation| (deviation.library, deviation.rule, deviation.deed))
        .collect();
    assert_eq!(declared.len(), DECLARED.len());
}

#[test]
fn only_the_very_deed_is_declared() {
    let known = &DECLARED[0];
    let rule = rules().find(|rule| rule.id == known.rule).expect("a rule");
    let breach = Breach {
        library: known.library,
        rule,
        deed: known.deed.into(),
    };
    assert!(breach.is_declared());
    let other = Breach {
        deed: "sends user_canceled".into(),
        ..breach
    };
    assert!(!other.is_declared());
}

#[test]
fn what_the_stacks_are_documented_to_do_breaks_what_is_declared_and_no_more() {
    let mut seen = BTreeSet::new();
    for scenario in scenarios() {
        let Some((expectation, outcome)) = as_expected(&scenario) else {
            continue;
        };
        for breach in agreed(&scenario, expectation.clone(), &outcome) {
            assert!(breach.is_declared(), "{breach:?} by {}", scenario.to_json());
            seen.insert((breach.library, breach.rule.id, breach.deed));
        }
    }
    for declared in DECLARED.iter() {
        let deviation = (declared.library, declared.rule, declared.deed.to_owned());
        assert!(
            seen.contains(&deviation),
            "{declared:?} is shown by nothing"
        );
    }
}

#[test]
fn an_alert_that_no_clause_names_breaks_each_rule_that_names_one() {
    let mut broken = BTreeSet::new();
    for scenario in scenarios() {
        let Some((expectation, mut outcome)) = as_expected(&scenario) else {
            continue;
        };
        let Some(detector) = expectation.detector else {
            continue;
        };
        let side = match detector {
            Role::Client => &mut outcome.client,
            Role::Server => &mut outcome.server,
        };
        side.alert_sent = Some(SentAlert {
            description: Some(AlertDescription::user_canceled),
            protection: Protection::Plain,
        });
        for breach in agreed(&scenario, expectation.clone(), &outcome) {
            broken.insert(breach.rule.id);
        }
    }
    for rule in alerts::rules() {
        assert!(broken.contains(rule.id), "{rule:?}");
    }
}

#[test]
fn a_resumed_handshake_presents_nothing_that_could_be_accepted() {
    let resumed = r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl","profile":{
        "identity":{"flaw":"cn-only"}}},"earlier":{"means":"ticket","server":{}}}"#;
    let full = r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl","profile":{
        "identity":{"flaw":"cn-only"}}}}"#;
    assert_eq!(rules_broken(resumed), Vec::<&str>::new());
    assert_eq!(rules_broken(full), ["common-name"]);
}

#[test]
fn an_outcome_that_diverges_is_held_against_the_rules_that_it_is_enough_for() {
    let flawed = |flaw: &str| {
        let json = format!(
            r#"{{"client":{{"stack":"rustls-ring"}},"server":{{"stack":"openssl","profile":{{
                "identity":{{"flaw":"{flaw}"}}}}}}}}"#
        );
        Scenario::from_json(&json).expect("well-formed")
    };
    // As if rustls had taken the certificate for good, as OpenSSL does.
    let accepting = |scenario: &Scenario| {
        let mut scenario = scenario.clone();
        scenario.client.stack = StackId::Openssl;
        as_expected(&scenario).expect("the model knows it").1
    };
    let broken = |scenario: &Scenario, verdict: &Verdict, outcome: &Outcome| {
        breaches(scenario, &predict(scenario), verdict, outcome)
            .iter()
            .map(|breach| (breach.library, breach.rule.id, breach.is_declared()))
            .collect::<Vec<_>>()
    };
    let scenario = flawed("cn-only");
    let mut outcome = accepting(&scenario);
    for verdict in [
        Verdict::Diverge(Vec::new()),
        Verdict::Stall,
        Verdict::Crash(String::new()),
        Verdict::Unmodelled(String::new()),
    ] {
        let found = broken(&scenario, &verdict, &outcome);
        assert_eq!(found, [(Library::Rustls, "common-name", false)]);
    }
    // Of whoever was presented instead, nobody knows.
    outcome.client.session.as_mut().expect("established").peer = Some(Peer::Other("00".into()));
    let otherwise = Verdict::Diverge(Vec::new());
    assert_eq!(broken(&scenario, &otherwise, &outcome), []);
    // The alert may belong to another cause than the one that was expected.
    let scenario = flawed("expired");
    let mut outcome = as_expected(&scenario).expect("the model knows it").1;
    outcome.client.alert_sent = None;
    assert_eq!(broken(&scenario, &otherwise, &outcome), []);
    assert_eq!(
        broken(&scenario, &Verdict::Agree, &outcome),
        [(Library::Rustls, "dates", false)]
    );
}

#[test]
fn a_type_that_the_hello_does_not_name_is_no_matter_of_rfc_7250() {
    let silent = r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring","profile":{
        "certificate_type":"raw-public-key"}}}"#;
    assert_eq!(rules_broken(silent), Vec::<&str>::new());
}

/// What is broken by an outcome that the model is taken to agree with.
fn agreed(scenario: &Scenario, expectation: Expectation, outcome: &Outcome) -> Vec<Breach> {
    let prediction = Prediction::Expect(expectation);
    breaches(scenario, &prediction, &Verdict::Agree, outcome)
}

fn rules_broken(json: &str) -> Vec<&'static str> {
    let scenario = Scenario::from_json(json).expect("well-formed");
    let (expectation, outcome) = as_expected(&scenario).expect("the model knows it");
    agreed(&scenario, expectation, &outcome)
        .iter()
        .map(|breach| breach.rule.id)
        .collect()
}

fn scenarios() -> Vec<Scenario> {
    let axes = Axes::new();
    let space = axes.space(&[]).expect("scenarios");
    let pairings: Vec<_> = StackId::ALL
        .into_iter()
        .flat_map(|client| StackId::ALL.map(|server| (client, server)))
        .collect();
    let another_name = r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.2"]},
        "server_name":{"dns":"other.shakedown.example"}}},"server":{"stack":"openssl"},
        "earlier":{"means":"ticket","client":{"protocol":{"versions":["TLS1.2"]}}}}"#;
    catalogue::cases(&axes, &space, &pairings)
        .into_iter()
        .map(|case| case.scenario)
        .chain([Scenario::from_json(another_name).expect("well-formed")])
        .collect()
}

/// What the model expects, as if it had happened.
fn as_expected(scenario: &Scenario) -> Option<(Expectation, Outcome)> {
    let Prediction::Expect(expectation) = predict(scenario) else {
        return None;
    };
    let side = |expected: &ExpectedSide| {
        let failure = |native: &str| Failure {
            reason: Reason::Internal,
            native: native.into(),
            text: String::new(),
        };
        SideOutcome {
            established: expected.established,
            end: match &expected.end {
                ExpectedEnd::NotStarted => End::NotStarted,
                ExpectedEnd::Refused { native } => End::Refused(failure(native)),
                ExpectedEnd::Failed { native } => End::Failed(failure(native)),
                ExpectedEnd::Closed => End::Closed,
                ExpectedEnd::Stalled => End::Stalled,
            },
            alert_sent: expected.alert_sent,
            alert_received: expected.alert_received,
            session: expected.session.clone(),
            data_intact: None,
        }
    };
    let expected = &expectation.allowed[0];
    let outcome = Outcome {
        client: side(&expected.client),
        server: side(&expected.server),
        exporters_agree: None,
        deeds: Vec::new(),
    };
    Some((expectation, outcome))
}
