use shakedown::connection::{Failure, HandshakeKind, Reason, Role, Session};
use shakedown::iana::{AlertDescription, CipherSuite, NamedGroup, ProtocolVersion};
use shakedown::outcome::{End, Outcome, Protection, SentAlert, SideOutcome};
use shakedown::scenario::{Scenario, StackId};

use super::*;
use crate::plan::{Case, Plan, Request};
use crate::report::DivergenceReport;
use crate::report::human::sample;
use crate::report::results::{Came, Collector, VerdictKind, number};

#[test]
fn two_runs_that_are_alike_differ_in_nothing() {
    let report = report(&[(
        1,
        Some(success(NamedGroup::x25519)),
        VerdictKind::Agree,
        None,
    )]);
    let diff = diff(&report, &report).expect("one shared");
    assert_eq!(diff.counts.same, 1);
    assert!(diff.groups.is_empty());
    assert!(!diff.fails(FailOn::Any));
}

#[test]
fn each_kind_of_change_is_told_from_the_others() {
    use VerdictKind::{Agree, Crash, Diverge, Stall, Unsupported};
    let works = || Some(success(NamedGroup::x25519));
    let fails = || Some(refused("A", AlertDescription::handshake_failure));
    let lacks = || {
        let mut outcome = success(NamedGroup::x25519);
        for side in [&mut outcome.client, &mut outcome.server] {
            (side.established, side.data_intact) = (false, None);
            side.session = None;
            side.end = End::NotStarted;
        }
        outcome.client.end = End::Unsupported("no such thing".into());
        Some(outcome)
    };
    for (before, after, kind) in [
        // The connection comes about no more, as the model says of both versions.
        ((works(), Agree), (fails(), Agree), Kind::Regressed),
        ((fails(), Agree), (works(), Agree), Kind::Fixed),
        // The verdict decides: who lets in whom the model keeps out has regressed.
        ((fails(), Agree), (works(), Diverge), Kind::Regressed),
        ((works(), Diverge), (fails(), Agree), Kind::Fixed),
        ((works(), Agree), (works(), Stall), Kind::Regressed),
        ((None, Agree), (None, Crash), Kind::Regressed),
        ((None, Crash), (None, Agree), Kind::Fixed),
        ((None, Crash), (None, Diverge), Kind::Changed),
        ((works(), Agree), (lacks(), Unsupported), Kind::Regressed),
        ((lacks(), Unsupported), (works(), Agree), Kind::Fixed),
        ((lacks(), Unsupported), (fails(), Agree), Kind::Changed),
        (
            (fails(), Agree),
            (
                Some(refused("B", AlertDescription::handshake_failure)),
                Agree,
            ),
            Kind::Changed,
        ),
        (
            (fails(), Agree),
            (Some(refused("A", AlertDescription::internal_error)), Agree),
            Kind::Changed,
        ),
        (
            (works(), Agree),
            (Some(success(NamedGroup::secp256r1)), Agree),
            Kind::Changed,
        ),
    ] {
        let told = format!("{before:?} {after:?}");
        let old = report(&[(1, before.0, before.1, None)]);
        let new = report(&[(1, after.0, after.1, None)]);
        let diff = diff(&old, &new).expect("one shared");
        assert_eq!(diff.groups.len(), 1, "{told}");
        assert_eq!(diff.groups[0].kind, kind, "{told}");
        assert_eq!(diff.counts.of(kind), 1, "{told}");
        assert_eq!(diff.counts.same, 0, "{told}");
    }
}

#[test]
fn a_gate_fails_from_its_kind_on() {
    let with = |kind: Kind| {
        let mut counts = Counts::default();
        match kind {
            Kind::Regressed => counts.regressed = 1,
            Kind::Changed => counts.changed = 1,
            Kind::Fixed => counts.fixed = 1,
            Kind::Added => counts.added = 1,
            Kind::Removed => counts.removed = 1,
        }
        Diff {
            counts,
            ..nothing()
        }
    };
    let fails = |on| Kind::ALL.map(|kind| with(kind).fails(on));
    assert_eq!(fails(FailOn::Regressed), [true, false, false, false, false]);
    assert_eq!(fails(FailOn::Changed), [true, true, false, false, false]);
    assert_eq!(fails(FailOn::Any), [true; 5]);
}

#[test]
fn what_was_negotiated_is_one_group_with_all_its_values() {
    let old: Vec<_> = (0..6)
        .map(|id| {
            (
                id,
                Some(success(NamedGroup::x25519)),
                VerdictKind::Agree,
                None,
            )
        })
        .collect();
    let new: Vec<_> = (0..6)
        .map(|id| {
            let group = match id {
                0..4 => NamedGroup::secp256r1,
                _ => NamedGroup::secp384r1,
            };
            (id, Some(success(group)), VerdictKind::Agree, None)
        })
        .collect();
    let diff = diff(&report(&old), &report(&new)).expect("all shared");
    assert_eq!(diff.groups.len(), 1);
    let group = &diff.groups[0];
    assert_eq!((group.kind, group.count), (Kind::Changed, 6));
    let what: Vec<_> = group
        .changes
        .iter()
        .map(|change| (change.side, change.what.as_str()))
        .collect();
    assert_eq!(
        what,
        [(Some(Role::Client), "group"), (Some(Role::Server), "group")]
    );
    let values = |new: &str, count| Values {
        old: "x25519".into(),
        new: new.into(),
        count,
    };
    assert_eq!(
        group.changes[0].values,
        [values("secp256r1", 4), values("secp384r1", 2)]
    );
}

#[test]
fn errors_causes_and_upgraded_sides_make_groups_of_their_own() {
    let outcome = |native: &str| Some(refused(native, AlertDescription::unknown_ca));
    let old = report(&[
        (1, outcome("A"), VerdictKind::Agree, Some("cert-expired")),
        (2, outcome("A"), VerdictKind::Agree, Some("cert-untrusted")),
        (3, outcome("A"), VerdictKind::Agree, Some("cert-expired")),
        (4, outcome("A"), VerdictKind::Agree, Some("cert-expired")),
    ]);
    let mut new = report(&[
        (1, outcome("B"), VerdictKind::Agree, Some("cert-expired")),
        (2, outcome("B"), VerdictKind::Agree, Some("cert-untrusted")),
        (3, outcome("C"), VerdictKind::Agree, Some("cert-expired")),
        (4, outcome("B"), VerdictKind::Agree, Some("cert-expired")),
    ]);
    for info in &mut new.stacks {
        if info.id == StackId::Openssl {
            info.version = "9.9.9".into();
        }
    }
    let diff = diff(&old, &new).expect("all shared");
    let groups: Vec<_> = diff
        .groups
        .iter()
        .map(|group| (group.count, group.cause.as_deref()))
        .collect();
    assert_eq!(
        groups,
        [
            (2, Some("cert-expired")),
            (1, Some("cert-untrusted")),
            (1, Some("cert-expired"))
        ]
    );
    let openssl = Who {
        role: Role::Client,
        library: "OpenSSL".into(),
    };
    assert!(
        diff.groups
            .iter()
            .all(|group| group.who == [openssl.clone()])
    );
    let versions = diff.versions();
    let openssl = versions.iter().find(|(id, _, _)| *id == StackId::Openssl);
    let (_, before, after) = openssl.expect("took part");
    assert_ne!(before, after);
}

#[test]
fn what_only_one_report_has_is_counted() {
    let entry = |id| {
        (
            id,
            Some(success(NamedGroup::x25519)),
            VerdictKind::Agree,
            None,
        )
    };
    let diff = diff(
        &report(&[entry(1), entry(2), entry(5)]),
        &report(&[entry(2), entry(3), entry(4), entry(6)]),
    )
    .expect("one shared");
    let counts = &diff.counts;
    assert_eq!(
        (counts.shared, counts.same, counts.added, counts.removed),
        (1, 1, 3, 2)
    );
    assert!(!diff.fails(FailOn::Changed));
    assert!(diff.fails(FailOn::Any));
}

#[test]
fn outcomes_that_random_bytes_decide_are_held_to_their_verdicts() {
    let old = report(&[(1, None, VerdictKind::Agree, None)]);
    let new = report(&[(
        1,
        Some(success(NamedGroup::x25519)),
        VerdictKind::Agree,
        None,
    )]);
    let found = diff(&old, &new).expect("one shared");
    assert_eq!((found.counts.by_verdict, found.counts.same), (1, 1));
}

#[test]
fn the_worst_verdict_of_a_scenario_that_stands_twice_counts() {
    let entry = |verdict| (1, Some(success(NamedGroup::x25519)), verdict, None);
    let old = report(&[entry(VerdictKind::Agree)]);
    let new = report(&[entry(VerdictKind::Agree), entry(VerdictKind::Diverge)]);
    let found = diff(&old, &new).expect("one shared");
    assert_eq!((found.counts.shared, found.counts.regressed), (1, 1));
}

#[test]
fn reports_without_a_shared_scenario_are_no_success() {
    let entry = |id| (id, None, VerdictKind::Agree, None);
    let error = diff(&report(&[entry(1)]), &report(&[entry(2), entry(3)])).expect_err("nothing");
    assert_eq!(error, DiffError::NothingShared { old: 1, new: 2 });
    let mut bare = report(&[entry(1)]);
    bare.results = None;
    let error = diff(&bare, &report(&[entry(1)])).expect_err("nothing");
    assert_eq!(error, DiffError::NoResults("before", NOT_KEPT));
    assert!(error.to_string().contains("keep_results"));
    let error = diff(&report(&[entry(1)]), &bare).expect_err("nothing");
    assert_eq!(error, DiffError::NoResults("after", NOT_KEPT));
    bare.schema = 2;
    let error = diff(&report(&[entry(1)]), &bare).expect_err("nothing");
    assert_eq!(error, DiffError::NoResults("after", OF_FORM_2));
}

#[test]
fn the_example_is_the_plainest_of_its_group() {
    let cases = planned();
    assert!(cases.len() > 100, "{}", cases.len());
    let entries = |group| -> Vec<_> {
        let outcome = success(group);
        cases
            .iter()
            .map(|case| {
                let id = number(&case.scenario.id()).expect("an id");
                (id, Some(outcome.clone()), VerdictKind::Agree, None)
            })
            .collect()
    };
    let diff = diff(
        &report(&entries(NamedGroup::x25519)),
        &report(&entries(NamedGroup::secp256r1)),
    )
    .expect("all shared");
    assert_eq!(diff.groups.len(), 1);
    let example = &diff.groups[0].example;
    assert!(!example.shrunk);
    let plainest = cases
        .iter()
        .map(|case| case.scenario.to_json().len())
        .min()
        .expect("cases");
    let scenario = scenario_of(&example.replay);
    assert_eq!(scenario.to_json().len(), plainest);
    assert_eq!(scenario.id(), example.id);
    assert!(
        cases
            .iter()
            .any(|case| Some(&case.name) == example.name.as_ref())
    );
}

#[test]
fn a_scenario_that_no_plan_makes_is_found_by_its_id() {
    let mut old = report(&[(
        7,
        Some(success(NamedGroup::x25519)),
        VerdictKind::Agree,
        None,
    )]);
    let mut new = report(&[(7, Some(success(NamedGroup::x448)), VerdictKind::Agree, None)]);
    for report in [&mut old, &mut new] {
        report.request.seed = 5;
    }
    let diff = diff(&old, &new).expect("one shared");
    let example = &diff.groups[0].example;
    assert_eq!(example.name, None);
    assert_eq!(
        example.replay,
        "shakedown replay 000000000007 --strength 1 --random 0 --seed 5 --stacks openssl"
    );
}

#[test]
fn what_the_run_after_has_shrunk_is_the_example() {
    let case = planned().pop().expect("cases");
    let id = number(&case.scenario.id()).expect("an id");
    let works = success(NamedGroup::x25519);
    let old = report(&[(id, Some(works.clone()), VerdictKind::Agree, None)]);
    let mut new = report(&[(id, Some(works), VerdictKind::Diverge, None)]);
    let shrunk = Scenario::plain(StackId::Openssl, StackId::RustlsRing);
    new.divergences = vec![DivergenceReport {
        verdict: "diverge".into(),
        count: 1,
        cause: None,
        differences: Vec::new(),
        message: None,
        example: case.name.clone(),
        id: case.scenario.id(),
        shrunk_id: shrunk.id(),
        shrunk: shrunk.clone(),
        axes: vec!["client.stack=openssl".into()],
    }];
    let found = diff(&old, &new).expect("one shared");
    let example = &found.groups[0].example;
    assert!(example.shrunk);
    assert_eq!(scenario_of(&example.replay), shrunk);
    // What went otherwise before, too, has not been found by the upgrade.
    let turned = diff(&new, &old).expect("one shared");
    assert_eq!(turned.groups[0].kind, Kind::Fixed);
    assert!(!turned.groups[0].example.shrunk);
}

#[test]
fn renderings_say_what_matters_within_their_bounds() {
    let before: Vec<_> = (0..MANY).map(|id| entry(id, "BEFORE")).collect();
    let after: Vec<_> = (0..MANY)
        .map(|id| entry(id, &format!("AFTER_{}", id % 500)))
        .collect();
    let diff = diff(&report(&before), &report(&after)).expect("all shared");
    assert_eq!(diff.groups.len(), 500);
    let human = human::render(&diff, 80, false);
    assert!(
        human.lines().all(|line| line.chars().count() <= 80),
        "{human}"
    );
    assert!(human.contains("BEFORE -> failed: AFTER_"), "{human}");
    assert!(human.contains("and 480 smaller groups"), "{human}");
    assert!(human.ends_with("5000 changed, 0 the same\n"), "{human}");
    let markdown = markdown::render(&diff);
    assert!(markdown.len() <= 60_000, "{}", markdown.len());
    assert!(markdown.starts_with("# shakedown diff\n\n**5000 changed, 0 the same**"));
    assert_eq!(markdown.matches("```").count() % 2, 0);
    let junit = junit::render(&diff, None);
    assert_eq!(junit.matches("<testcase ").count(), 500);
    assert!(!junit.contains("<failure"));
    let strict = junit::render(&diff, Some(FailOn::Changed));
    assert_eq!(strict.matches("<failure").count(), 500);
    let json: Diff =
        serde_json::from_str(&diff.to_json().expect("plain data")).expect("reads back");
    assert_eq!(json, diff);
}

#[test]
fn a_regression_fails_in_junit_with_the_line_that_replays_it() {
    let works = success(NamedGroup::x25519);
    let old = report(&[(7, Some(works), VerdictKind::Agree, None)]);
    let new = report(&[entry(7, "BROKEN")]);
    let junit = junit::render(&diff(&old, &new).expect("one shared"), None);
    assert_eq!(junit.matches("<failure").count(), 1, "{junit}");
    assert!(junit.contains("shakedown replay 000000000007"), "{junit}");
}

/// An id, what came of it, how that went, and the cause.
type Entry = (u64, Option<Outcome>, VerdictKind, Option<&'static str>);

fn entry(id: u64, native: &str) -> Entry {
    let outcome = refused(native, AlertDescription::handshake_failure);
    (id, Some(outcome), VerdictKind::Agree, None)
}

/// A report whose results are these.
fn report(entries: &[Entry]) -> Report {
    let mut collector = Collector::default();
    for (id, outcome, verdict, cause) in entries {
        collector.add(
            *id,
            Came {
                pairing: (StackId::Openssl, StackId::RustlsRing),
                verdict: *verdict,
                cause: *cause,
                outcome: outcome.as_ref(),
            },
        );
    }
    let mut report = sample::report();
    report.divergences.clear();
    report.request.strength = 1;
    report.request.random = 0;
    report.request.seed = Request::default().seed;
    report.request.filter = None;
    report.results = Some(collector.finish());
    report
}

/// The scenarios of a plan that no covering array makes, over what `report` says took part.
fn planned() -> Vec<Case> {
    let stacks = sample::report().stacks.iter().map(|info| info.id).collect();
    let plan = Plan::uncovered(&Request {
        strength: 1,
        random: 0,
        stacks,
        ..Request::default()
    })
    .expect("in range");
    (0..3).flat_map(|batch| plan.batch(batch)).collect()
}

fn scenario_of(replay: &str) -> Scenario {
    let json = replay
        .strip_prefix("shakedown replay '")
        .and_then(|rest| rest.strip_suffix('\''))
        .unwrap_or_else(|| panic!("{replay}"));
    Scenario::from_json(json).expect("a scenario")
}

fn nothing() -> Diff {
    let told = Told::new(&sample::report());
    Diff {
        schema: SCHEMA,
        old: told.clone(),
        new: told,
        counts: Counts::default(),
        groups: Vec::new(),
    }
}

fn success(group: NamedGroup) -> Outcome {
    let side = SideOutcome {
        established: true,
        end: End::Closed,
        alert_sent: None,
        alert_received: None,
        session: Some(Session {
            version: ProtocolVersion::TLS1_3,
            suite: CipherSuite::TLS_AES_128_GCM_SHA256,
            group: Some(group),
            server_signature: None,
            client_signature: None,
            alpn: None,
            server_name: None,
            kind: HandshakeKind::Full,
            peer: None,
        }),
        data_intact: Some(true),
    };
    Outcome {
        client: side.clone(),
        server: side,
        exporters_agree: Some(true),
        deeds: Vec::new(),
    }
}

fn refused(native: &str, alert: AlertDescription) -> Outcome {
    let side = |end| SideOutcome {
        established: false,
        end,
        alert_sent: None,
        alert_received: None,
        session: None,
        data_intact: None,
    };
    let failed = |reason, native: &str| {
        End::Failed(Failure {
            reason,
            native: native.into(),
            text: "the text is not compared".into(),
        })
    };
    Outcome {
        client: SideOutcome {
            alert_sent: Some(SentAlert {
                description: Some(alert),
                protection: Protection::Plain,
            }),
            ..side(failed(Reason::Version, native))
        },
        server: SideOutcome {
            alert_received: Some(alert),
            ..side(failed(Reason::AlertReceived(alert), "PEER"))
        },
        exporters_agree: None,
        deeds: Vec::new(),
    }
}

const MANY: u64 = 5000;
