//! The records that both sides send over a clean link are those that the model says: interference is
//! predicted from them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use shakedown::connection::Role;
use shakedown::iana::{ContentType, ExtensionType, HandshakeType};
use shakedown::link::{Field, Flight, Message, fields};
use shakedown::scenario::{Scenario, StackId};
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::link::{framing, written};
use shakedown_matrix::plan::{Plan, Request};

#[test]
fn the_model_knows_every_record_and_message() {
    let plan = Plan::new(&Request {
        random: 2000,
        ..Request::default()
    })
    .expect("a plan");
    let lab = Lab::new();
    let compared = AtomicUsize::new(0);
    let mut wrong: Vec<_> = (0..plan.batches())
        .into_par_iter()
        .flat_map_iter(|number| plan.batch(number))
        .filter(|case| {
            ["cause/", "cover/", "random/"]
                .iter()
                .any(|group| case.name.starts_with(group))
        })
        .flat_map_iter(|mut case| {
            case.scenario.link = Default::default();
            let (records, messages) = (framing(&case.scenario), written(&case.scenario));
            let mut wrong = Vec::new();
            if let Some(records) = records {
                let (_, flights) = lab.run_recorded(&case.scenario);
                wrong.extend(of_records(&case.scenario, &records, &flights));
                let (count, more) = of_messages(&case.scenario, &messages, &flights);
                compared.fetch_add(count, Ordering::Relaxed);
                wrong.extend(more);
            }
            let json = case.scenario.to_json();
            wrong.into_iter().map(move |what| (what, json.clone()))
        })
        .collect();
    let count = wrong.len();
    wrong.sort_by_key(|(what, json)| (what.clone(), json.len()));
    wrong.dedup_by_key(|(what, _)| what.clone());
    let told: Vec<_> = wrong
        .iter()
        .take(10)
        .map(|(what, json)| format!("{what}\n  {json}"))
        .collect();
    assert!(
        wrong.is_empty(),
        "{count} wrong, in {} ways:\n{}",
        wrong.len(),
        told.join("\n")
    );
    let compared = compared.into_inner();
    assert!(compared > 5000, "only {compared} messages");
}

/// What is wrong about the records: content type, and whether it is sealed.
fn of_records(
    scenario: &Scenario,
    expected: &[Vec<(ContentType, bool)>; 2],
    flights: &[Flight],
) -> Option<String> {
    let actual = Role::BOTH.map(|role| records(flights, role));
    let library = |stack: StackId| {
        if stack.is_rustls() {
            "rustls"
        } else {
            "openssl"
        }
    };
    (actual != *expected).then(|| {
        format!(
            "{} -> {}\n  expected {expected:?}\n  actual   {actual:?}",
            library(scenario.client.stack),
            library(scenario.server.stack),
        )
    })
}

/// How many messages were compared, and what is wrong about them.
fn of_messages(
    scenario: &Scenario,
    written: &[(Role, Message, Vec<Vec<u8>>)],
    flights: &[Flight],
) -> (usize, Vec<String>) {
    let sent = messages(flights);
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (from, message, forms) in written {
        let Some(actual) = sent.get(&(*from, message.kind, message.nth)) else {
            wrong.push(format!("{from} has not sent {message:?}"));
            continue;
        };
        compared += 1;
        let actual = told(actual);
        if !forms.iter().any(|form| told(form) == actual) {
            let form = forms.first().map(|form| told(form)).unwrap_or_default();
            let more: Vec<_> = actual.iter().filter(|it| !form.contains(it)).collect();
            let less: Vec<_> = form.iter().filter(|it| !actual.contains(it)).collect();
            let stack = match from {
                Role::Client => scenario.client.stack,
                Role::Server => scenario.server.stack,
            };
            wrong.push(format!(
                "{stack} as {from}: {message:?}\n  expected {less:?}\n  actual   {more:?}"
            ));
        }
    }
    (compared, wrong)
}

/// The fields of a message with what they say, or how long they are where that is random; in one order,
/// for a rustls client has none.
fn told(message: &[u8]) -> Vec<(Field, usize, Vec<u8>)> {
    let mut all: Vec<_> = fields(message)
        .into_iter()
        .map(|(field, range)| {
            let random = matches!(
                field,
                Field::Random
                    | Field::SessionId
                    | Field::Extension(ExtensionType::key_share)
                    | Field::Point
                    | Field::Signature
                    | Field::Certificate(_)
                    | Field::Ticket
            );
            let content = if random {
                &[][..]
            } else {
                &message[range.clone()]
            };
            (field, range.len(), content.to_vec())
        })
        .collect();
    all.sort();
    all
}

/// The messages in the clear.
fn messages(flights: &[Flight]) -> HashMap<(Role, HandshakeType, u32), Vec<u8>> {
    let mut found = HashMap::new();
    for from in Role::BOTH {
        let mut bytes = Vec::new();
        for flight in flights.iter().filter(|flight| flight.from == from) {
            let mut rest = &flight.bytes[..];
            while let [kind, _, _, high, low, after @ ..] = rest {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                match ContentType(*kind) {
                    ContentType::handshake => bytes.extend(&after[..length]),
                    ContentType::change_cipher_spec => {}
                    _ => break,
                }
                rest = &after[length..];
            }
        }
        let mut counts: HashMap<u8, u32> = HashMap::new();
        let mut rest = &bytes[..];
        while let [kind, a, b, c, ..] = *rest {
            let end = 4 + u32::from_be_bytes([0, a, b, c]) as usize;
            let Some((message, after)) = rest.split_at_checked(end) else {
                break;
            };
            let nth = counts.entry(kind).or_default();
            found.insert((from, HandshakeType(kind), *nth), message.to_vec());
            *nth += 1;
            rest = after;
        }
    }
    found
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
