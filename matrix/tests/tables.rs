//! The tables and symptoms of the linked stacks, as they are shown.

#![cfg(feature = "stacks")]

use std::collections::BTreeMap;

use shakedown::scenario::StackId;
use shakedown_matrix::axes::Axes;
use shakedown_matrix::catalogue;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Prediction, predict};
use shakedown_matrix::report::{Report, RequestReport, SCHEMA, Summary, Table, human, markdown};
use shakedown_matrix::symptoms::{self, Observation};
use shakedown_matrix::tables;

#[test]
fn the_linked_stacks_fill_the_tables_and_these_fit_a_terminal() {
    let report = report();
    assert_cells(&report);
    let text = human::render(&report, 80, false);
    for line in text.lines() {
        // Everything that is printed is one column wide a character.
        assert!(line.chars().count() <= 80, "{line}");
    }
    for table in &report.tables {
        assert!(text.contains(&table.title), "{}", table.title);
    }
    for symptom in &report.symptoms {
        assert!(text.contains(&symptom.id.0), "{symptom:?}");
    }
    assert_eq!(text, human::render(&report, 80, false));
    let page = markdown::render(&report);
    for table in &report.tables {
        assert!(page.contains(&format!("### {}", table.title)));
    }
}

fn assert_cells(report: &Report) {
    for table in &report.tables {
        for row in &table.rows {
            assert_eq!(row.cells.len() + 1, table.columns.len(), "{}", table.id);
            for (cell, column) in row.cells.iter().zip(&table.columns[1..]) {
                let place = format!("{}, {}, {column}", table.id, row.label);
                assert!(!cell.text.is_empty(), "{place} is empty");
                assert!(!cell.text.contains(['?', '\n']), "{place}: {}", cell.text);
                assert_eq!(cell.works.is_none(), cell.text == "-", "{place}");
                let good = ["ok", "accepted", "1.1", "1.2", "1.3"].contains(&cell.text.as_str());
                assert_eq!(cell.works == Some(true), good, "{place}: {}", cell.text);
            }
        }
        assert!(
            !table.notes.iter().any(|note| note.contains("ring differs")),
            "{:?}",
            table.notes
        );
    }
    for (table, row, column, text) in [
        ("versions-rustls-openssl", "1.2+1.3", "1.2+1.3", "1.3"),
        ("versions-openssl-rustls", "1.0+1.1 L0", "1.2", "s:hf"),
        (
            "versions-openssl-openssl",
            "1.0-1.3 L0",
            "1.0+1.1 L0",
            "1.1",
        ),
        ("tls12-suites", "RSA AES128_GCM", "O>O", "ok"),
        ("tls12-suites", "RSA AES128_GCM", "A>O", "-"),
        ("groups", "X25519MLKEM768", "O>A", "ok"),
        ("groups", "X25519MLKEM768", "O>R", "-"),
        ("key-types-tls13", "ecdsa-p521", "O>R", "s:cfg"),
        ("certificate-flaws", "none", "OpenSSL", "accepted"),
        (
            "certificate-flaws",
            "expired",
            "rustls",
            "certificate_expired: Expired",
        ),
        (
            "client-auth-tls12",
            "required, no certificate",
            "OpenSSL",
            "handshake_failure",
        ),
        (
            "client-auth-tls13",
            "required, no certificate",
            "rustls",
            "certificate_required after done",
        ),
    ] {
        assert_eq!(
            cell(report, table, row, column),
            text,
            "{table}, {row}, {column}"
        );
    }
}

fn cell<'a>(report: &'a Report, table: &str, row: &str, column: &str) -> &'a str {
    let table: &Table = report
        .tables
        .iter()
        .find(|candidate| candidate.id == table)
        .expect("a table");
    let place = table.columns[1..].iter().position(|head| head == column);
    let row = table.rows.iter().find(|candidate| candidate.label == row);
    &row.expect("a row").cells[place.expect("a column")].text
}

/// What a run of nothing but the cases of tables and causes would say.
fn report() -> Report {
    let axes = Axes::new();
    let space = axes.space(&[]).expect("a space");
    let pairings: Vec<_> = StackId::ALL
        .into_iter()
        .flat_map(|client| StackId::ALL.map(|server| (client, server)))
        .collect();
    let lab = Lab::new();
    let observed: BTreeMap<_, _> = tables::cases(&pairings)
        .into_iter()
        .chain(catalogue::cases(&axes, &space, &pairings))
        .map(|case| {
            let prediction = predict(&case.scenario);
            let detector = match &prediction {
                Prediction::Expect(expectation) => expectation.detector,
                Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => None,
            };
            let observation = Observation {
                id: case.scenario.id(),
                cause: prediction.cause(),
                detector,
                outcome: lab.run(&case.scenario),
            };
            (case.name, observation)
        })
        .collect();
    Report {
        results: None,
        schema: SCHEMA,
        shakedown: "0.0.0".into(),
        request: RequestReport {
            strength: 2,
            random: 0,
            seed: 1,
            filter: None,
            interrupted: false,
            shard: None,
        },
        stacks: lab.stacks(),
        summary: Summary::default(),
        causes: BTreeMap::new(),
        coverage: Vec::new(),
        unsupported: BTreeMap::new(),
        divergences: Vec::new(),
        deviations: Vec::new(),
        known: BTreeMap::new(),
        tables: tables::build(&observed),
        symptoms: symptoms::build(&observed),
    }
}
