//! The matrix: pairs of values over all stacks go as the model says.

use std::sync::atomic::AtomicBool;

use globset::Glob;
use shakedown::scenario::StackId;
use shakedown_matrix::absence::absent;
use shakedown_matrix::diff::Diff;
use shakedown_matrix::known::Known;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::Cause;
use shakedown_matrix::plan::{Plan, Request};
use shakedown_matrix::report::{Report, RequestReport};
use shakedown_matrix::run::{Setting, run};

#[test]
fn every_pair_of_values_goes_as_the_model_says() {
    let report = default_run(&Lab::new(), Request::default());
    let surprises: Vec<_> = report
        .deviations
        .iter()
        .filter(|told| !told.is_expected())
        .collect();
    assert!(report.agrees(), "{:#?} {surprises:#?}", report.divergences);
    let summary = &report.summary;
    assert!(summary.scenarios >= 5000, "{summary:?}");
    assert!(summary.sharpness >= 0.996, "{summary:?}");
    assert_eq!(summary.unmodelled, 0, "{summary:?}");
    assert_eq!(
        summary.scenarios,
        summary.agree + summary.known + summary.unsupported
    );
    for cause in Cause::ALL {
        let counts = &report.causes[cause.id()];
        for client in StackId::ALL {
            for server in StackId::ALL {
                let count = counts.get(&format!("{client}->{server}"));
                assert_eq!(
                    count.is_none(),
                    absent(*cause, client, server).is_some(),
                    "{cause} on {client}->{server}: {count:?} scenarios"
                );
            }
        }
    }
    let exercised = report.causes.values().filter(|counts| !counts.is_empty());
    assert!(exercised.count() >= 60);
    for coverage in &report.coverage {
        assert_eq!(coverage.covered, coverage.coverable, "{coverage:?}");
    }
    assert_eq!(report.stacks.len(), StackId::ALL.len());
    assert!(report.tables.iter().all(|table| !table.rows.is_empty()));
    assert!(
        report
            .tables
            .iter()
            .flat_map(|table| &table.rows)
            .flat_map(|row| &row.cells)
            .all(|cell| !cell.text.is_empty())
    );
}

#[test]
fn the_same_seed_makes_the_same_report() {
    let request = Request {
        strength: 1,
        random: 500,
        seed: 42,
        stacks: vec![StackId::RustlsRing, StackId::Openssl],
    };
    let json = |lab: &Lab| {
        default_run(lab, request.clone())
            .to_json()
            .expect("plain data")
    };
    let first = json(&Lab::new());
    assert_eq!(first, json(&Lab::new()));
}

#[test]
fn the_report_keeps_to_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(include_str!("../report.schema.json"))
        .expect("the committed schema is JSON");
    assert!(
        schema == Report::json_schema(),
        "the form has changed: `shakedown schema > matrix/report.schema.json`, and see SCHEMA"
    );
    let of_diff: serde_json::Value = serde_json::from_str(include_str!("../diff.schema.json"))
        .expect("the committed schema is JSON");
    assert!(
        of_diff == Diff::json_schema(),
        "the form has changed: `shakedown schema diff > matrix/diff.schema.json`"
    );
    let request = Request {
        strength: 1,
        random: 0,
        ..Request::default()
    };
    // Everything that a report can tell, but not of every op of the link.
    let json = some(&Lab::new(), request, Some("[!l]*/*"))
        .to_json()
        .expect("plain data");
    let report: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a valid schema");
    let errors: Vec<_> = validator
        .iter_errors(&report)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let read: Report = serde_json::from_str(&json).expect("reads back");
    assert_eq!(read.to_json().expect("plain data"), json);
}

fn default_run(lab: &Lab, request: Request) -> Report {
    some(lab, request, None)
}

fn some(lab: &Lab, request: Request, filter: Option<&str>) -> Report {
    let matcher = filter.map(|glob| Glob::new(glob).expect("well-formed").compile_matcher());
    let plan = Plan::selected(&request, filter).expect("a strength in range");
    let known = Known::built_in(plan.axes()).expect("the built-in list reads");
    run(
        &Setting {
            lab,
            plan: &plan,
            filter: matcher.as_ref(),
            shard: None,
            journal: None,
            known: &known,
            keep_results: true,
            list_uncovered: false,
            stop: &AtomicBool::new(false),
            tick: &|_| (),
        },
        RequestReport {
            strength: request.strength,
            random: request.random,
            seed: request.seed,
            filter: filter.map(str::to_owned),
            interrupted: false,
            shard: None,
        },
    )
    .expect("something is selected")
}
