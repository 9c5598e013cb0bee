//! Proof that a wrong link is noticed: each entry wraps the real carrier in one that is wrong in one
//! way, and scenarios of the sweep must catch it under the ordinary verdict.
//!
//! `caught.md` lists which scenario catches which fault; `SHAKEDOWN_BLESS=1 cargo test --test
//! link_faults` writes it anew.

#![cfg(feature = "stacks")]

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::LazyLock;

use rayon::prelude::*;
use shakedown::connection::Role;
use shakedown::iana::HandshakeType as M;
use shakedown::link::{Act, At, Carrier, Carry, Op, Parcel};
use shakedown::scenario::StackId;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::predict;
use shakedown_matrix::plan::Case;
use shakedown_matrix::sweep::{self, Sweep};
use shakedown_matrix::verdict::{Verdict, judge};

use self::faults::{Fault, Sent, State, all_passes, fault, faults};

mod faults;

static LAB: LazyLock<Lab> = LazyLock::new(Lab::new);
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let pairings: Vec<_> = StackId::ALL
        .into_iter()
        .flat_map(|client| StackId::ALL.map(|server| (client, server)))
        .collect();
    let sweeps = Sweep::all(&pairings);
    sweeps.iter().flat_map(Sweep::cases).collect()
});

#[test]
fn every_fault_of_the_link_is_caught() {
    let mut list = String::from(HEAD);
    let mut missed = Vec::new();
    let mut faults = faults();
    assert!(faults.len() >= 15);
    faults.extend(kinds().into_iter().map(|kind| Fault {
        name: format!("does nothing, and says it did: {kind}"),
        kind: Some(kind),
        ..fault("", |_| true, |_| (), all_passes)
    }));
    let caught: Vec<_> = faults.iter().map(catch).collect();
    for (fault, caught) in faults.iter().zip(caught) {
        match caught {
            Some((case, verdict)) => {
                writeln!(list, "| {} | `{}` | {verdict} |", fault.name, case.name).unwrap();
            }
            None => missed.push(&fault.name),
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/link_faults/caught.md");
    if std::env::var_os("SHAKEDOWN_BLESS").is_some() {
        std::fs::write(&path, &list).unwrap();
    }
    assert!(missed.is_empty(), "not caught: {missed:#?}");
    // What goes otherwise may hang on random bytes; that something does may not.
    let names = |list: &str| -> Vec<String> {
        list.lines()
            .map(|line| line.rsplitn(3, '|').last().unwrap_or_default().to_owned())
            .collect()
    };
    let kept = names(&std::fs::read_to_string(&path).unwrap());
    let mut changed = names(&list);
    let same = changed == kept;
    changed.retain(|line| !kept.contains(line));
    assert!(same, "not as in caught.md: {changed:#?}");
}

/// The wrapper itself changes nothing: without a fault in it the same cases find nothing.
#[test]
fn without_a_fault_nothing_is_caught() {
    let honest = fault("none", |_| true, |_| (), |_, _, _| ());
    let tried: usize = CASES
        .par_iter()
        .step_by(97)
        .map(|case| {
            assert!(shows(&honest, case).is_none(), "{}", case.name);
            1
        })
        .sum();
    assert!(tried > 100, "{tried}");
}

/// What a fault shows is looked for exactly: one that is planted where it changes nothing is not
/// caught.
#[test]
fn a_fault_that_never_shows_is_not_caught() {
    let idle = fault(
        "drops, but only what is not there",
        |op| matches!(op.act, Act::Merge),
        |link| link.ops[0].at = At::Record(u32::MAX),
        |_, _, _| (),
    );
    let without_deed = |case: &&Case| {
        matches!(&case.scenario.link.ops[0].at, At::Message(message) if message.kind == M::certificate_verify)
            && case.name.contains("/TLS1.3/")
    };
    let case = CASES.iter().find(without_deed).expect("swept");
    assert!(shows(&idle, case).is_none(), "{}", case.name);
}

struct Faulty<'a> {
    inner: Carrier<'a>,
    op: &'a Op,
    spoil: fn(&mut State, &Sent<'_>, &mut Parcel),
    state: State,
}

impl Carry for Faulty<'_> {
    fn carry(&mut self, from: Role, sent: &[u8], parcel: &mut Parcel) {
        self.inner.carry(from, sent, parcel);
        let sent = Sent {
            op: self.op,
            from,
            bytes: sent,
        };
        (self.spoil)(&mut self.state, &sent, parcel);
    }
}

/// The first case that shows the fault.
fn catch(fault: &Fault) -> Option<(&'static Case, String)> {
    CASES
        .par_iter()
        .filter(|case| {
            let op = &case.scenario.link.ops[0];
            (fault.about)(op) && fault.kind.as_ref().is_none_or(|kind| kind_of(op) == *kind)
        })
        .find_map_first(|case| Some((case, shows(fault, case)?)))
}

/// What goes otherwise than the model says over this link; `None`: nothing.
fn shows(fault: &Fault, case: &Case) -> Option<String> {
    let scenario = &case.scenario;
    let mut told = scenario.link.clone();
    (fault.told)(&mut told);
    let outcome = LAB.run_over(
        scenario,
        Box::new(Faulty {
            inner: Carrier::new(&told),
            op: &scenario.link.ops[0],
            spoil: fault.spoil,
            state: State::default(),
        }),
    );
    match judge(&predict(scenario), &outcome) {
        Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_) => None,
        Verdict::Diverge(differences) => {
            let fields: BTreeSet<_> = differences
                .iter()
                .map(|difference| {
                    let side = difference.side.map_or("", |role| role.name());
                    format!("{side} {}", difference.field).trim().to_owned()
                })
                .collect();
            Some(fields.into_iter().collect::<Vec<_>>().join(", "))
        }
        Verdict::Stall => Some("stall".into()),
        Verdict::Crash(_) => Some("crash".into()),
    }
}

fn kind_of(op: &Op) -> String {
    let label = sweep::label(&op.act);
    label.split('=').next().unwrap_or_default().to_owned()
}

/// The kinds of ops that are swept.
fn kinds() -> BTreeSet<String> {
    let kinds: BTreeSet<_> = CASES
        .iter()
        .map(|case| kind_of(&case.scenario.link.ops[0]))
        .collect();
    assert!(kinds.len() >= 17, "{kinds:?}");
    kinds
}

const HEAD: &str = "\
# Planted faults of the link, and the scenarios of the sweep that catch them

Checked by `cargo test -p shakedown-matrix --test link_faults`; written by the same with
`SHAKEDOWN_BLESS=1`. The last lines are one fault for each kind of op.

| fault | scenario | what goes otherwise |
|---|---|---|
";
