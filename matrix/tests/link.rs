//! Hellos that say something else when they arrive, whatever the profiles. What a link can do to any
//! record of a plain handshake is part of the default run (`matrix.rs`).

mod kept;

use std::collections::BTreeMap;

use rayon::prelude::*;
use shakedown::connection::Role;
use shakedown::iana::ProtocolVersion;
use shakedown::link::{Act, At, Message, Op};
use shakedown::profile::{ClientAuth, Credential};
use shakedown::scenario::{Earlier, Means, Scenario, StackId};
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Prediction, predict};
use shakedown_matrix::plan::{Case, Plan, Request};
use shakedown_matrix::sweep::edits;
use shakedown_matrix::verdict::{Verdict, judge};

#[test]
fn changed_hellos_go_as_the_model_says_whatever_the_profiles() {
    let acts: Vec<_> = [false, true].into_iter().flat_map(edits::acts).collect();
    let mut cases = random(12_000);
    for (number, case) in cases.iter_mut().enumerate() {
        let (from, kind, nth, act) = acts[number % acts.len()].clone();
        let at = At::Message(Message { kind, nth });
        case.scenario.earlier = None;
        case.scenario.link.ops = vec![Op { from, at, act }];
    }
    // What fails anyway is not foretold then.
    cases.retain(|case| matches!(predict(&case.scenario), Prediction::Expect(_)));
    assert!(cases.len() > 2000, "only {} cases", cases.len());
    goes_as_the_model_says("link-edits", &cases);
}

/// How long records are decides: most of these ends lie about where some record has its own.
#[test]
fn ends_of_a_stream_within_records_and_behind_them_go_as_the_model_says() {
    let ends: Vec<_> = (0..64)
        .chain((64..1024).step_by(15))
        .chain((1024..4096).step_by(256))
        .flat_map(|after| [Act::Stall(after), Act::Cut(after), Act::Close(after)])
        .collect();
    let mut cases = random(10_000);
    for (number, case) in cases.iter_mut().enumerate() {
        case.scenario.link.ops = vec![Op {
            from: Role::BOTH[number % 2],
            at: At::Record((number / 2 % 7) as u32),
            act: ends[number / 14 % ends.len()].clone(),
        }];
    }
    cases.retain(|case| matches!(predict(&case.scenario), Prediction::Expect(_)));
    assert!(cases.len() > 5000, "only {} cases", cases.len());
    goes_as_the_model_says("link-ends", &cases);
}

/// An end at a record's own length, and somewhat before and behind: what the model holds for a record's least or
/// most length shows there first.
#[test]
fn ends_at_the_length_of_each_record_go_as_the_model_says() {
    let lab = Lab::new();
    let mut cases = Vec::new();
    for scenario in plain() {
        let (_, flights) = lab.run_recorded(&scenario);
        for from in Role::BOTH {
            let sent = flights.iter().filter(|flight| flight.from == from);
            let sent: Vec<u8> = sent.flat_map(|flight| flight.bytes.clone()).collect();
            for (number, length) in (0..).zip(records(&sent)) {
                for off in [-120, -60, -30, -12, -1, 0, 1, 12, 30, 60, 120] {
                    let Some(after) = length.checked_add_signed(off) else {
                        continue;
                    };
                    let mut scenario = scenario.clone();
                    scenario.link.ops = vec![Op {
                        from,
                        at: At::Record(number),
                        act: Act::Stall(after),
                    }];
                    cases.push(Case {
                        name: format!("end-at-{number}-{after}"),
                        scenario,
                        point: None,
                    });
                }
            }
        }
    }
    cases.retain(|case| matches!(predict(&case.scenario), Prediction::Expect(_)));
    assert!(cases.len() > 5000, "only {} cases", cases.len());
    goes_as_the_model_says("link-lengths", &cases);
}

/// The plainest of each pairing, version and memory, with a client's certificate and without.
fn plain() -> Vec<Scenario> {
    let mut all = Vec::new();
    for client in StackId::ALL {
        for server in StackId::ALL {
            for version in [ProtocolVersion::TLS1_2, ProtocolVersion::TLS1_3] {
                for client_auth in [ClientAuth::None, ClientAuth::Required] {
                    for means in [None, Some(Means::Ticket), Some(Means::SessionId)] {
                        let mut scenario = Scenario::plain(client, server);
                        scenario.client.profile.protocol.versions = vec![version];
                        scenario.client.profile.identity = Some(Credential::default());
                        scenario.server.profile.client_auth = client_auth;
                        scenario.earlier = means.map(|means| Earlier {
                            means,
                            client: None,
                            server: None,
                        });
                        all.push(scenario);
                    }
                }
            }
        }
    }
    all
}

/// How long each record is, with its header.
fn records(mut bytes: &[u8]) -> Vec<u32> {
    let mut lengths = Vec::new();
    while let [_, _, _, high, low, ..] = bytes {
        let length = 5 + u16::from_be_bytes([*high, *low]);
        lengths.push(length.into());
        bytes = &bytes[usize::from(length).min(bytes.len())..];
    }
    lengths
}

fn random(number: usize) -> Vec<Case> {
    let plan = Plan::new(&Request {
        strength: 1,
        random: number,
        ..Request::default()
    })
    .expect("a plan");
    (0..plan.batches())
        .flat_map(|number| plan.batch(number))
        .filter(|case| case.name.starts_with("random/"))
        .collect()
}

fn goes_as_the_model_says(name: &str, cases: &[Case]) {
    let lab = Lab::new();
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let judged: Vec<_> = cases
        .par_iter()
        .map(|case| {
            let prediction = predict(&case.scenario);
            let outcome = lab.run(&case.scenario);
            let verdict = judge(&prediction, &outcome);
            (case, prediction, outcome, verdict)
        })
        .collect();
    kept::keep(
        name,
        judged
            .iter()
            .map(|(case, _, outcome, verdict)| (&case.scenario, outcome, verdict)),
    );
    let (mut sharp, mut ran) = (0, 0);
    for (case, prediction, _, verdict) in &judged {
        if let Prediction::Expect(_) = prediction {
            ran += 1;
            sharp += usize::from(prediction.is_sharp());
        }
        if matches!(verdict, Verdict::Agree | Verdict::Unsupported(_)) {
            continue;
        }
        let lib = |stack: StackId| {
            if stack.is_rustls() {
                "rustls"
            } else {
                "openssl"
            }
        };
        let op = &case.scenario.link.ops[0];
        let kind = format!(
            "{} -> {}: {:?} {:?}\n    {verdict:?}",
            lib(case.scenario.client.stack),
            lib(case.scenario.server.stack),
            op.from,
            op.act,
        );
        let entry = wrong
            .entry(kind)
            .or_insert_with(|| (0, case.name.clone() + "\n    " + &case.scenario.to_json()));
        entry.0 += 1;
    }
    let total: usize = wrong.values().map(|(count, _)| count).sum();
    for (kind, (count, example)) in &wrong {
        println!("{count} x {kind}\n    {example}");
    }
    println!(
        "{} cases, {sharp} of {ran} sharp, {total} wrong in {} ways",
        judged.len(),
        wrong.len()
    );
    assert_eq!(total, 0);
    assert_eq!(sharp, ran);
}
