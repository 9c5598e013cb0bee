//! Compatibility tables: which scenarios they are made of, and what came of these.

use std::collections::{BTreeMap, BTreeSet};

use shakedown::scenario::StackId;

use self::sheets::{Sheet, sheets};
use crate::plan::Case;
use crate::report::{Cell, Row, Table};
use crate::symptoms::Observation;

mod cell;
mod sheets;
mod values;

/// The scenarios that the tables are made of, named `table/<table>/<row>/<column>/<client>-><server>`;
/// without the column where it is the pairing itself.
pub fn cases(pairings: &[(StackId, StackId)]) -> Vec<Case> {
    sheets()
        .into_iter()
        .flat_map(|sheet| sheet.rows)
        .flat_map(|row| row.cells)
        .flatten()
        .filter_map(|alternatives| {
            alternatives.into_iter().find(|case| {
                let scenario = &case.scenario;
                pairings.contains(&(scenario.client.stack, scenario.server.stack))
            })
        })
        .collect()
}

/// The tables, from what came of their cases. What was not tried is empty; rows, columns and tables
/// of which nothing was tried are left out.
pub fn build(observed: &BTreeMap<String, Observation>) -> Vec<Table> {
    sheets()
        .into_iter()
        .filter_map(|sheet| fill(sheet, observed))
        .collect()
}

fn fill(sheet: Sheet, observed: &BTreeMap<String, Observation>) -> Option<Table> {
    let mut legend = BTreeSet::new();
    let mut tried = Tried::default();
    let mut rows = Vec::new();
    for row in sheet.rows {
        let cells: Vec<_> = row
            .cells
            .iter()
            .zip(&sheet.columns)
            .map(|(stacks, column)| {
                let mut found = stacks.iter().filter_map(|alternatives| {
                    alternatives
                        .iter()
                        .find_map(|case| Some((case, observed.get(&case.name)?)))
                });
                let (case, first) = found.next()?;
                let cell = cell::of(sheet.style, first, &mut legend);
                tried.stacks.extend(stacks_of(case));
                for (case, other) in found {
                    tried.stacks.extend(stacks_of(case));
                    let other = cell::of(sheet.style, other, &mut legend);
                    if other != cell {
                        let place = format!("{}, {column}", row.label);
                        tried.otherwise.push(format!("{place}: {}", other.text));
                    }
                }
                Some(cell)
            })
            .collect();
        if cells.iter().any(Option::is_some) {
            rows.push((row.label, cells));
        }
    }
    if rows.is_empty() {
        return None;
    }
    let kept: Vec<_> = (0..sheet.columns.len())
        .filter(|column| rows.iter().any(|(_, cells)| cells[*column].is_some()))
        .collect();
    let mut notes = sheet.notes;
    if sheet.style.is_short() {
        notes.extend(cell::explain(&legend));
    }
    if sheet.merges_rustls {
        notes.extend(tried.note());
    }
    Some(Table {
        id: sheet.id.into(),
        title: sheet.title,
        columns: std::iter::once(sheet.corner.to_owned())
            .chain(kept.iter().map(|column| sheet.columns[*column].clone()))
            .collect(),
        rows: rows
            .into_iter()
            .map(|(label, cells)| Row {
                label,
                cells: kept
                    .iter()
                    .map(|column| cells[*column].clone().unwrap_or_else(empty))
                    .collect(),
            })
            .collect(),
        notes,
    })
}

fn stacks_of(case: &Case) -> [StackId; 2] {
    [case.scenario.client.stack, case.scenario.server.stack]
}

fn empty() -> Cell {
    Cell {
        text: String::new(),
        works: None,
    }
}

/// With which cryptography rustls took part in a table that has one place for it.
#[derive(Default)]
struct Tried {
    stacks: BTreeSet<StackId>,
    otherwise: Vec<String>,
}

impl Tried {
    fn note(&self) -> Option<String> {
        let has = |stack| self.stacks.contains(&stack);
        let text = match (has(StackId::RustlsAwsLcRs), has(StackId::RustlsRing)) {
            (false, false) => return None,
            (true, false) => "rustls is rustls with aws-lc-rs.".into(),
            (false, true) => "rustls is rustls with ring.".into(),
            (true, true) if self.otherwise.is_empty() => {
                "rustls is rustls with aws-lc-rs; ring comes out the same everywhere.".into()
            }
            (true, true) => format!(
                "rustls is rustls with aws-lc-rs; ring differs at {}.",
                self.otherwise.join("; ")
            ),
        };
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use shakedown::connection::{Failure, Reason};
    use shakedown::iana::AlertDescription;
    use shakedown::outcome::{End, Outcome, Protection, SentAlert, SideOutcome};

    use super::*;

    #[test]
    fn case_names_are_unique_and_one_word_a_part() {
        let cases = cases(&all_pairings());
        assert!(cases.len() > 500, "{}", cases.len());
        let mut names = HashSet::new();
        for case in &cases {
            assert!(names.insert(case.name.clone()), "{} twice", case.name);
            assert!(case.name.starts_with("table/"), "{}", case.name);
            assert!(
                !case.name.contains([' ', '*', '?', '[', '{']),
                "{}",
                case.name
            );
        }
    }

    #[test]
    fn a_point_says_the_same_as_its_scenario() {
        let axes = crate::axes::Axes::new();
        for case in cases(&all_pairings()) {
            if let Some(point) = &case.point {
                assert_eq!(axes.scenario(point), case.scenario, "{}", case.name);
            }
        }
    }

    #[test]
    fn only_the_stacks_that_take_part_are_asked() {
        let openssl = [(StackId::Openssl, StackId::Openssl)];
        let cases = cases(&openssl);
        assert!(!cases.is_empty());
        for case in cases {
            assert_eq!(stacks_of(&case), [StackId::Openssl; 2], "{}", case.name);
        }
    }

    #[test]
    fn nothing_observed_makes_no_table() {
        assert!(build(&BTreeMap::new()).is_empty());
    }

    #[test]
    fn what_was_not_tried_is_left_out_or_empty() {
        let name =
            |set: &str, stack| format!("table/versions-rustls-rustls/{set}/1.2/{stack}->{stack}");
        let seen = BTreeMap::from([
            (name("1.2", "rustls-aws-lc-rs"), refused()),
            (name("1.3", "rustls-ring"), refused()),
        ]);
        let tables = build(&seen);
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].columns, ["client", "1.2"]);
        let labels: Vec<_> = tables[0]
            .rows
            .iter()
            .map(|row| row.label.as_str())
            .collect();
        assert_eq!(labels, ["1.2", "1.3"]);
        assert_eq!(tables[0].rows[0].cells[0].text, "s:pv");
        assert_eq!(tables[0].rows[0].cells[0].works, Some(false));
        assert!(
            tables[0]
                .notes
                .iter()
                .any(|note| note.contains("pv protocol_version")),
            "{:?}",
            tables[0].notes
        );
    }

    #[test]
    fn a_ring_that_differs_is_noted() {
        let name = |stack| format!("table/versions-rustls-rustls/1.2/1.2/{stack}->{stack}");
        let mut other = refused();
        other.outcome.server.alert_sent = None;
        let seen = BTreeMap::from([
            (name("rustls-aws-lc-rs"), refused()),
            (name("rustls-ring"), other),
        ]);
        let table = build(&seen).remove(0);
        let note = table.notes.last().cloned().unwrap_or_default();
        assert!(note.ends_with("ring differs at 1.2, 1.2: s:!."), "{note}");
    }

    fn all_pairings() -> Vec<(StackId, StackId)> {
        StackId::ALL
            .into_iter()
            .flat_map(|client| StackId::ALL.map(|server| (client, server)))
            .collect()
    }

    fn refused() -> Observation {
        let alert = AlertDescription::protocol_version;
        let side = |reason| SideOutcome {
            established: false,
            end: End::Failed(Failure {
                reason,
                native: "Native".into(),
                text: "text".into(),
            }),
            alert_sent: None,
            alert_received: None,
            session: None,
            data_intact: None,
        };
        Observation {
            id: crate::axes::Axes::new().scenario(&[]).id(),
            cause: None,
            detector: None,
            outcome: Outcome {
                client: side(Reason::AlertReceived(alert)),
                server: SideOutcome {
                    alert_sent: Some(SentAlert {
                        description: Some(alert),
                        protection: Protection::Plain,
                    }),
                    ..side(Reason::Version)
                },
                exporters_agree: None,
                deeds: Vec::new(),
            },
        }
    }
}
