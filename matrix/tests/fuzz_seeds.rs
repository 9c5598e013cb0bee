//! The fuzzer's seeds, without the fuzzer; and proof that its oracle can fail.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use shakedown::connection::{Config, Refusal, Role, Stack, StackInfo};
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, NameCheck, ServerProfile};
use shakedown::stacks;
use shakedown_matrix::arbitrary::{MAX_INPUT, check, decode, encode};
use shakedown_matrix::axes::Axes;
use shakedown_matrix::fuzz::{Kept, Target};
use shakedown_matrix::lab::Lab;
use shakedown_matrix::verdict::{Field, Verdict};

/// A seed's name says how it departs from the plainest scenario. Where the axes have moved, so that
/// the bytes mean something else, `SHAKEDOWN_BLESS=1 cargo test` writes them anew.
#[test]
fn seeds_mean_what_is_written_here() {
    let axes = Axes::new();
    let bless = std::env::var_os("SHAKEDOWN_BLESS").is_some();
    for (name, settings) in SEEDS {
        let point = point(&axes, settings);
        let input = encode(&point).expect("an allowed point");
        let path = seeds().join(name);
        if bless {
            fs::write(&path, &input).unwrap();
        }
        let seed = fs::read(&path).unwrap();
        assert_eq!(decode(&seed), Some(axes.scenario(&point)), "{name}");
    }
    assert_eq!(fs::read_dir(seeds()).unwrap().count(), SEEDS.len());
}

#[test]
fn seeds_go_as_the_model_says() {
    let lab = Lab::new();
    let mut seeds_run = 0;
    for entry in fs::read_dir(seeds()).unwrap() {
        let path = entry.unwrap().path();
        let scenario = decode(&fs::read(&path).unwrap()).expect("a seed is a scenario");
        if let Err(disagreement) = check(&lab, &scenario) {
            panic!("{}: {disagreement}", path.display());
        }
        seeds_run += 1;
    }
    assert!(seeds_run >= SEEDS.len(), "no seed is left out");
}

#[test]
fn a_stack_that_skips_the_name_check_is_found_out() {
    let seed = fs::read(seeds().join("wrong-name")).unwrap();
    let scenario = decode(&seed).expect("a seed is a scenario");
    let stacks = stacks::linked(&Arc::new(Identities::new()))
        .into_iter()
        .map(|stack| -> Box<dyn Stack> { Box::new(Nameless(stack)) })
        .collect();

    let disagreement = check(&Lab::with_stacks(stacks), &scenario).expect_err("a planted fault");

    let Verdict::Diverge(differences) = &disagreement.verdict else {
        panic!("not a divergence: {:?}", disagreement.verdict);
    };
    let end = differences
        .iter()
        .find(|difference| difference.side == Some(Role::Client) && difference.field == Field::End)
        .expect("the client ends otherwise");
    assert_eq!(end.actual, "closed");
    let text = disagreement.to_string();
    assert!(text.contains(&scenario.id().0), "{text}");
    assert!(
        text.ends_with(&format!("shakedown replay '{}'", scenario.to_json())),
        "{text}"
    );
    assert_eq!(check(&Lab::new(), &scenario), Ok(()), "without the fault");
}

#[test]
fn a_fault_is_found_out_through_a_target() {
    let mut input = fs::read(seeds().join("wrong-name")).unwrap();
    let plain = Target::named("scenario").expect("a target");
    let stacks = || {
        stacks::linked(&Arc::new(Identities::new()))
            .into_iter()
            .map(|stack| -> Box<dyn Stack> { Box::new(Nameless(stack)) })
            .collect()
    };
    let finding = plain
        .check(&Lab::with_stacks(stacks()), &input)
        .expect_err("a planted fault");
    assert!(finding.to_string().starts_with("scenario: "), "{finding}");
    assert!(finding.story.contains("shakedown replay"), "{finding}");

    // Behind a link that does something to a record that never comes.
    let between = Target::named("man_in_the_middle").expect("a target");
    input.resize(MAX_INPUT, 0);
    input.extend([3, 0, 0, 12]);
    assert_eq!(between.check(&Lab::new(), &input), Ok(Kept::Yes));
    let finding = between
        .check(&Lab::with_stacks(stacks()), &input)
        .expect_err("a planted fault");
    assert!(finding.story.contains("\"drop\""), "{finding}");
}

/// A stack whose clients take any name.
struct Nameless(Box<dyn Stack>);

impl Stack for Nameless {
    fn info(&self) -> &StackInfo {
        self.0.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.0.client(&ClientProfile {
            name_check: NameCheck::Off,
            ..profile.clone()
        })
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.0.server(profile)
    }
}

fn point(axes: &Axes, settings: &[(&str, &str)]) -> Vec<usize> {
    let mut point = axes.plain();
    for (axis, label) in settings {
        let index = axes.index(axis).expect("an axis");
        point[index] = axes.value(index, label).expect("a value");
    }
    point
}

fn seeds() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/scenario")
}

const SEEDS: &[(&str, &[(&str, &str)])] = &[
    ("plain", &[]),
    (
        "wrong-name",
        &[
            ("client.stack", "openssl"),
            ("server.stack", "rustls-ring"),
            ("client.server-name", "wrong"),
        ],
    ),
    (
        "mutual-tls",
        &[
            ("client.stack", "rustls-ring"),
            ("server.stack", "openssl"),
            ("server.client-auth", "required"),
            ("client.key", "ed25519"),
            ("server.key", "rsa2048"),
        ],
    ),
    (
        "missing-client-certificate",
        &[
            ("client.stack", "openssl"),
            ("server.client-auth", "required"),
        ],
    ),
    (
        "no-common-version",
        &[
            ("client.stack", "openssl"),
            ("server.stack", "rustls-ring"),
            ("client.versions", "1.2"),
            ("server.versions", "1.3"),
        ],
    ),
    (
        "hello-retry-request",
        &[
            ("client.groups", "p256+p384+x25519"),
            ("server.stack", "openssl"),
            ("server.groups", "x25519"),
        ],
    ),
    (
        "expired-and-untrusted",
        &[
            ("server.stack", "openssl"),
            ("server.flaw", "expired"),
            ("client.trust", "other-root"),
            ("client.revocation", "crl"),
        ],
    ),
    (
        "alpn-and-single-bytes",
        &[
            ("client.stack", "openssl"),
            ("server.stack", "openssl"),
            ("client.alpn", "h2+http/1.1"),
            ("server.alpn", "http/1.1"),
            ("server.sni", "strict"),
            ("link.deliver", "1"),
        ],
    ),
];
