//! The records that both sides send over a clean link are those that the model says: interference is
//! predicted from them.

use rayon::prelude::*;
use shakedown::connection::Role;
use shakedown::iana::ContentType;
use shakedown::link::Flight;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::link::framing;
use shakedown_matrix::plan::{Plan, Request};

#[test]
fn the_model_knows_every_record() {
    let plan = Plan::new(&Request {
        random: 2000,
        ..Request::default()
    })
    .expect("a plan");
    let lab = Lab::new();
    let mut wrong: Vec<_> = (0..plan.batches())
        .into_par_iter()
        .flat_map_iter(|number| plan.batch(number))
        .filter(|case| {
            ["cause/", "cover/", "random/"]
                .iter()
                .any(|group| case.name.starts_with(group))
        })
        .filter_map(|mut case| {
            case.scenario.link = Default::default();
            let expected = framing(&case.scenario)?;
            let (_, flights) = lab.run_recorded(&case.scenario);
            let actual = Role::BOTH.map(|role| records(&flights, role));
            (actual != expected).then(|| {
                let (client, server) = (case.scenario.client.stack, case.scenario.server.stack);
                let kind = format!(
                    "{} -> {}\n  expected {expected:?}\n  actual   {actual:?}",
                    client
                        .name()
                        .trim_end_matches("-aws-lc-rs")
                        .trim_end_matches("-ring"),
                    server
                        .name()
                        .trim_end_matches("-aws-lc-rs")
                        .trim_end_matches("-ring"),
                );
                (kind, case.scenario.to_json())
            })
        })
        .collect();
    let count = wrong.len();
    wrong.sort_by_key(|(kind, json)| (kind.clone(), json.len()));
    wrong.dedup_by_key(|(kind, _)| kind.clone());
    let told: Vec<_> = wrong
        .iter()
        .take(10)
        .map(|(kind, json)| format!("{kind}\n  {json}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{count} wrong, in {} ways:\n{}",
        wrong.len(),
        told.join("\n")
    );
}

/// Type and whether it is sealed, told from what is sealed for certain: application data, and what
/// follows a ChangeCipherSpec below TLS 1.3.
fn records(flights: &[Flight], role: Role) -> Vec<(ContentType, bool)> {
    let tls13 = flights.iter().any(|flight| {
        flight.from == Role::Server
            && flight
                .bytes
                .windows(6)
                .take(200)
                .any(|window| window == [0x00, 0x2b, 0x00, 0x02, 0x03, 0x04])
    });
    let mut changed = false;
    let mut found = Vec::new();
    for flight in flights.iter().filter(|flight| flight.from == role) {
        let mut rest = &flight.bytes[..];
        while let [kind, _, _, high, low, after @ ..] = rest {
            let kind = ContentType(*kind);
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            let sealed = kind == ContentType::application_data || (changed && !tls13);
            found.push((kind, sealed));
            changed |= kind == ContentType::change_cipher_spec;
            rest = &after[length..];
        }
    }
    found
}
