//! Proof that the run reports what goes otherwise: each entry plants one fault in one stack on one
//! side, and scenarios of the default run must catch it.
//!
//! `caught.md` lists which scenario catches which fault; `SHAKEDOWN_BLESS=1 cargo test --test catch`
//! writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use rayon::prelude::*;
use shakedown::connection::Role;
use shakedown::scenario::StackId;
use shakedown_matrix::verdict::Verdict;

use crate::hunt::{Fault, Plant, Shows, hunt};

mod config;
mod connection;
mod hunt;
mod reported;
mod verifier;

#[test]
fn every_fault_is_caught() {
    let (faults, hunt) = (faults(), hunt());
    let caught: Vec<_> = faults
        .par_iter()
        .with_max_len(1)
        .map(|fault| hunt.catch(fault))
        .collect();
    let mut list = String::from(HEAD);
    let mut missed = Vec::new();
    for (fault, caught) in faults.iter().zip(caught) {
        let name = format!("{} {}: {}", fault.stack, fault.role, fault.name);
        match caught {
            Some(caught) => {
                writeln!(
                    list,
                    "| {name} | `{}` | {} |",
                    caught.scenario, caught.shown
                )
                .unwrap();
            }
            None => missed.push(name),
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catch/caught.md");
    if std::env::var_os("SHAKEDOWN_BLESS").is_some() {
        std::fs::write(&path, &list).unwrap();
    }
    assert!(missed.is_empty(), "not caught: {missed:#?}");
    let kept = std::fs::read_to_string(&path).unwrap();
    let changed: Vec<_> = list
        .lines()
        .filter(|line| !kept.lines().any(|kept| kept == *line))
        .collect();
    assert!(kept == list, "not as in caught.md: {changed:#?}");
}

#[test]
fn no_stack_and_no_side_is_left_out() {
    let mut kinds = BTreeSet::new();
    let mut sides: BTreeMap<_, usize> = BTreeMap::new();
    let mut entries = BTreeSet::new();
    for fault in faults() {
        kinds.insert(fault.name);
        *sides.entry((fault.stack, fault.role)).or_default() += 1;
        assert!(!fault.does.is_empty());
        assert!(
            entries.insert((fault.name, fault.stack, fault.role)),
            "twice: {}",
            fault.name
        );
    }
    assert!(kinds.len() >= 45, "{}", kinds.len());
    for stack in StackId::ALL {
        for role in Role::BOTH {
            assert!(sides.get(&(stack, role)) >= Some(&8), "{stack} {role}");
        }
    }
}

/// The wrappers themselves change nothing: with every one of them in place and no fault in any, the
/// same machinery finds nothing, whatever it looks for.
#[test]
fn without_a_fault_nothing_is_caught() {
    let nulls: Vec<_> = StackId::ALL
        .into_iter()
        .flat_map(|stack| Role::BOTH.map(|role| (stack, role)))
        .flat_map(|(stack, role)| {
            [
                Plant::Profile(|_| (), |_| ()),
                Plant::Connection(connection::honest),
                Plant::Verify(verifier::STRICT),
            ]
            .map(|plant| Fault {
                name: "none",
                does: "behaves",
                stack,
                role,
                plant,
                shows: Shows::Anything,
                near: "",
            })
        })
        .collect();
    let hunt = hunt();
    let tried: usize = nulls
        .par_iter()
        .map(|null| {
            let mut tried = 0;
            for (case, verdict) in hunt.sample(null) {
                assert!(
                    matches!(verdict, Verdict::Agree | Verdict::Unsupported(_)),
                    "{} {}: {}: {verdict:?}",
                    null.stack,
                    null.role,
                    case.name
                );
                tried += 1;
            }
            tried
        })
        .sum();
    assert!(tried > 1000, "{tried}");
}

/// What a fault shows is looked for exactly: a fault that is planted, but shows something else, is not
/// caught by its look alone.
#[test]
fn an_entry_whose_fault_does_nothing_fails() {
    let idle = Fault {
        name: "skips the name check",
        does: "nothing",
        stack: StackId::Openssl,
        role: Role::Client,
        plant: Plant::Profile(|_| (), |_| ()),
        shows: Shows::Cause(shakedown_matrix::model::Cause::CertHostMismatch),
        near: "",
    };
    assert!(hunt().catch(&idle).is_none());
}

fn faults() -> Vec<Fault> {
    let mut faults = config::faults();
    faults.extend(verifier::faults());
    faults.extend(connection::faults());
    faults.extend(reported::faults());
    faults
}

const HEAD: &str = "\
# Planted faults, and the scenarios of the default run that catch them

Checked by `cargo test -p shakedown-matrix --test catch`; written by the same with
`SHAKEDOWN_BLESS=1`.

| fault | scenario | what it shows |
|---|---|---|
";
