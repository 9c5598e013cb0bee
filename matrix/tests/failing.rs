//! Handshakes that fail anyway, in which the link does things: what their alerts become.

#![cfg(feature = "stacks")]

mod kept;

use rayon::prelude::*;
use shakedown::connection::Role;
use shakedown::iana::{AlertDescription, ContentType, ProtocolVersion};
use shakedown::link::{Act, At, Bytes, Flip, Op};
use shakedown::scenario::Scenario;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Prediction, predict};
use shakedown_matrix::verdict::{Verdict, judge};

#[test]
fn whatever_the_link_does_goes_as_the_model_says() {
    let lab = Lab::new();
    let acts = acts();
    let mut scenarios = Vec::new();
    let failing = failing();
    assert_eq!(failing.len(), PAIRS);
    for scenario in failing {
        for from in Role::BOTH {
            for record in 0..RECORDS {
                scenarios.extend(acts.iter().map(|act| {
                    let mut scenario = scenario.clone();
                    scenario.link.ops = vec![Op {
                        from,
                        at: At::Record(record),
                        act: act.clone(),
                    }];
                    scenario
                }));
            }
        }
    }
    let judged: Vec<_> = scenarios
        .par_iter()
        .map(|scenario| {
            let outcome = lab.run(scenario);
            let verdict = judge(&predict(scenario), &outcome);
            (scenario, outcome, verdict)
        })
        .collect();
    kept::keep(
        "failing",
        judged
            .iter()
            .map(|(scenario, outcome, verdict)| (*scenario, outcome, verdict)),
    );
    let right = |verdict: &Verdict| {
        matches!(
            verdict,
            Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_)
        )
    };
    let wrong: Vec<_> = judged.iter().filter(|it| !right(&it.2)).collect();
    for (scenario, _, verdict) in wrong.iter().take(20) {
        println!("{}\n    {verdict:?}", scenario.to_json());
    }
    let unknown = judged
        .iter()
        .filter(|it| matches!(it.2, Verdict::Unmodelled(_)))
        .count();
    assert!(judged.len() > 50_000);
    assert!(20 * unknown < judged.len(), "{unknown} are not foretold");
    assert_eq!(wrong.len(), 0, "of {}", judged.len());
}

/// Each way to fail, on either library: before the hello, at a hello, in the flights, behind a
/// HelloRetryRequest.
fn failing() -> Vec<Scenario> {
    let profiles = [
        (r#"{"protocol":{"versions":["TLS1.0","TLS1.1"]}}"#, "{}"),
        (r#"{"protocol":{"security_level":5}}"#, "{}"),
        (
            r#"{"protocol":{"signature_schemes":["ecdsa_sha1","rsa_pkcs1_sha1"]}}"#,
            "{}",
        ),
        (
            r#"{"protocol":{"versions":["TLS1.2"]}}"#,
            r#"{"protocol":{"versions":["TLS1.3"]}}"#,
        ),
        (r#"{"alpn":["h2"]}"#, r#"{"alpn":["imap"]}"#),
        (r#"{"trust":"other-root"}"#, "{}"),
        (
            r#"{"trust":"other-root","protocol":{"versions":["TLS1.2"]}}"#,
            "{}",
        ),
        ("{}", r#"{"client_auth":"required"}"#),
        (
            r#"{"protocol":{"versions":["TLS1.2"]}}"#,
            r#"{"client_auth":"required"}"#,
        ),
        (
            r#"{"protocol":{"groups":["secp521r1"]}}"#,
            r#"{"protocol":{"groups":["x25519"]}}"#,
        ),
        ("{}", r#"{"identity":{"flaw":"key-mismatch"}}"#),
        (
            r#"{"protocol":{"groups":["secp384r1","secp256r1"]},"trust":"other-root"}"#,
            r#"{"protocol":{"groups":["secp256r1"]}}"#,
        ),
        // At one message each, which other causes are not found at.
        (
            "{}",
            r#"{"identity":{"flaw":"key-mismatch","loading":"resolver"}}"#,
        ),
        (
            r#"{"protocol":{"versions":["TLS1.2"]}}"#,
            r#"{"identity":{"flaw":"key-mismatch","loading":"resolver"}}"#,
        ),
        (
            r#"{"identity":{"flaw":"key-mismatch","loading":"resolver"}}"#,
            r#"{"client_auth":"required"}"#,
        ),
        (
            r#"{"protocol":{"versions":["TLS1.2"]},
            "identity":{"flaw":"key-mismatch","loading":"resolver"}}"#,
            r#"{"client_auth":"required"}"#,
        ),
        (
            r#"{"identity":{"flaw":"empty-chain","loading":"resolver"}}"#,
            r#"{"client_auth":"required"}"#,
        ),
        (
            r#"{"protocol":{"versions":["TLS1.2"]},
            "identity":{"flaw":"empty-chain","loading":"resolver"}}"#,
            r#"{"client_auth":"required"}"#,
        ),
        (
            r#"{"identity":{"key":"ecdsa-p521"},"protocol":{"versions":["TLS1.2"]}}"#,
            r#"{"client_auth":"required","protocol":{"groups":["x25519","secp256r1"]}}"#,
        ),
        (r#"{"protocol":{"groups":["x25519"]}}"#, "{}"),
        (
            r#"{"protocol":{"groups":["x25519"],"versions":["TLS1.2"]}}"#,
            "{}",
        ),
        (r#"{"server_certificate_type":"raw-public-key"}"#, "{}"),
        (
            r#"{"server_certificate_type":"raw-public-key","protocol":{"versions":["TLS1.2"]}}"#,
            "{}",
        ),
        (
            r#"{"server_certificate_type":"raw-public-key","protocol":{"versions":["TLS1.2"]}}"#,
            r#"{"certificate_type":"raw-public-key"}"#,
        ),
        (r#"{"compression":"zlib"}"#, r#"{"compression":"broken"}"#),
        (
            r#"{"ocsp":"request","protocol":{"versions":["TLS1.2"]}}"#,
            r#"{"staple":"malformed"}"#,
        ),
    ];
    let mut scenarios = Vec::new();
    for client in ["openssl", "rustls-ring"] {
        for server in ["openssl", "rustls-ring"] {
            scenarios.extend(profiles.map(|(of_client, of_server)| {
                let json = format!(
                    r#"{{"client":{{"stack":"{client}","profile":{of_client}}},
                    "server":{{"stack":"{server}","profile":{of_server}}}}}"#
                );
                Scenario::from_json(&json).expect("well-formed")
            }));
        }
    }
    // Some stacks cannot be told to be so wrong.
    scenarios.retain(|scenario| matches!(predict(scenario), Prediction::Expect(_)));
    scenarios
}

fn acts() -> Vec<Act> {
    let mut acts = vec![
        Act::Drop,
        Act::Duplicate,
        Act::Swap,
        Act::Delay,
        Act::Fragment(1),
        Act::Split(1),
        Act::Merge,
    ];
    acts.extend([1, -1, 2, -2, 16, -16, 256, 20_000].map(Act::Length));
    acts.extend(
        [20, 21, 22, 23, 24, 25, 0, 99, 128, 129, 160, 255]
            .map(|kind| Act::Type(ContentType(kind))),
    );
    let versions = [
        0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0203, 0x0305, 0x0002, 0x1603, 0xfeff,
    ];
    acts.extend(versions.map(|version| Act::Version(ProtocolVersion(version))));
    let alerts = [0, 10, 80, 90, 100, 255]
        .into_iter()
        .flat_map(|description| {
            let description = AlertDescription(description);
            [Bytes::Warning(description), Bytes::FatalAlert(description)]
        });
    for bytes in Bytes::ALL.into_iter().chain(alerts) {
        acts.extend([Act::Inject(bytes), Act::Replace(bytes), Act::Answer(bytes)]);
    }
    for after in [0, 1, 4, 5, 6, 7, 8] {
        acts.extend([Act::Stall(after), Act::Cut(after), Act::Close(after)]);
    }
    for at in [0, 1, -1, -2, 2] {
        acts.extend([1, 0x10, 0x80, 3].map(|bits| Act::Body(Flip { at, bits })));
    }
    acts
}

/// More than any of them sends before it fails.
const RECORDS: u32 = 6;

/// How many the stacks can be told to be, of the profiles on each pairing: none is left out unnoticed.
const PAIRS: usize = 74;
