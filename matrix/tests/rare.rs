//! Scenarios that the axes say seldom or never, each for a rule that nothing else reaches. What they
//! come to on the linked stacks is recorded in `rare.jsonl`, so that `recorded.rs` can judge the
//! model by it where no stack is linked.

#![cfg(feature = "stacks")]

use std::path::Path;

use shakedown::scenario::Scenario;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::predict;
use shakedown_matrix::recording::Recorder;
use shakedown_matrix::verdict::{Verdict, judge};

/// `SHAKEDOWN_BLESS=1` writes the record anew, for a new version of a stack.
#[test]
fn rare_scenarios_go_as_the_model_says_and_as_recorded() {
    let lab = Lab::new();
    let mut bytes = Vec::new();
    let mut recorder = Recorder::new(&mut bytes);
    for json in RARE {
        let scenario = Scenario::from_json(json).expect("well-formed");
        let outcome = lab.run(&scenario);
        let verdict = judge(&predict(&scenario), &outcome);
        assert!(
            matches!(
                verdict,
                Verdict::Agree | Verdict::Unsupported(_) | Verdict::Unmodelled(_)
            ),
            "{json}: {verdict:?}"
        );
        recorder
            .add(&scenario, &outcome, &verdict)
            .expect("memory can be written");
    }
    assert_eq!(
        recorder.finish().expect("memory can be written"),
        RARE.len()
    );
    let text = String::from_utf8(bytes).expect("JSON is UTF-8");
    if std::env::var_os("SHAKEDOWN_BLESS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rare.jsonl");
        std::fs::write(path, &text).expect("written");
    } else {
        assert!(
            text == include_str!("rare.jsonl"),
            "otherwise than recorded; if that is right, run this with SHAKEDOWN_BLESS=1"
        );
    }
}

const RARE: &[&str] = &[
    // A client's certificate below TLS 1.2, where no scheme is negotiated, and Ed25519 has none of old.
    r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.1"],"security_level":0},
        "identity":{"key":"ecdsa-p256"}}},"server":{"stack":"openssl","profile":{
        "protocol":{"versions":["TLS1.1"],"security_level":0},"client_auth":"required"}}}"#,
    r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.1"],"security_level":0},
        "identity":{"key":"ed25519"}}},"server":{"stack":"openssl","profile":{
        "protocol":{"versions":["TLS1.1"],"security_level":0},"client_auth":"required"}}}"#,
    // Clients that are too old for rustls, whatever it enables.
    r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.1"],
        "security_level":0}}},"server":{"stack":"rustls-ring"}}"#,
    r#"{"client":{"stack":"openssl","profile":{"protocol":{"versions":["TLS1.0","TLS1.1"],
        "security_level":0}}},
        "server":{"stack":"rustls-aws-lc-rs","profile":{"protocol":{"versions":["TLS1.3"]}}}}"#,
    // A wildcard that is part of a label, which does not fit; and one that does, with a capital.
    r#"{"client":{"stack":"openssl","profile":{"server_name":{"dns":"other.shakedown.test"}}},
        "server":{"stack":"openssl","profile":{"identity":{"flaw":"partial-wildcard"}}}}"#,
    r#"{"client":{"stack":"openssl","profile":{"server_name":{"dns":"Sibling.shakedown.test"}}},
        "server":{"stack":"rustls-ring","profile":{"identity":{"flaw":"partial-wildcard"}}}}"#,
    // What a stack cannot say, beside the values that the group `absent/` asks for.
    r#"{"client":{"stack":"openssl","profile":{"alpn":["h2"]}},
        "server":{"stack":"rustls-ring","profile":{"alpn":["h2"],"alpn_miss":"ignore"}}}"#,
    r#"{"client":{"stack":"openssl","profile":{"trust":{"leaf":{"flaw":"malformed"}}}},
        "server":{"stack":"openssl"}}"#,
    r#"{"client":{"stack":"rustls-ring","profile":{"trust":{"leaf":{"flaw":"empty-chain"}}}},
        "server":{"stack":"openssl"}}"#,
    r#"{"client":{"stack":"openssl","profile":{"trust":{"leaf":{"key":"ed25519","flaw":"sha1"}}}},
        "server":{"stack":"openssl"}}"#,
    r#"{"client":{"stack":"openssl"},
        "server":{"stack":"rustls-ring","profile":{"identity":{"key":"ed25519","flaw":"sha1"}}}}"#,
    r#"{"client":{"stack":"openssl"},"server":{"stack":"rustls-ring","profile":{
        "trust":{"leaf":{"key":"ed25519","flaw":"sha1"}},"client_auth":"optional"}}}"#,
    // A refusal and an absence at once: the model leaves open which comes first.
    r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"security_level":1},"trust":"empty"}},
        "server":{"stack":"openssl"}}"#,
    // No version at all.
    r#"{"client":{"stack":"rustls-ring","profile":{"protocol":{"versions":[]}}},
        "server":{"stack":"openssl"}}"#,
    r#"{"client":{"stack":"openssl"},
        "server":{"stack":"rustls-ring","profile":{"protocol":{"versions":[]}}}}"#,
    // Outside the model.
    r#"{"client":{"stack":"openssl","profile":{"protocol":{"security_level":3}}},
        "server":{"stack":"openssl"}}"#,
    // An OpenSSL server without any scheme for TLS 1.3 fails over its own signature, before it could
    // ask for a certificate.
    r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl","profile":{
        "protocol":{"signature_schemes":["rsa_pkcs1_sha256"]},"identity":{"key":"rsa2048"},
        "client_auth":"optional"}}}"#,
];
