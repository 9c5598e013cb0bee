//! A known divergence in a run: what it declares is counted as known, and anything else is told.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use globset::Glob;
use shakedown::connection::{Config, Refusal, Stack, StackInfo};
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::scenario::StackId;
use shakedown::stacks;
use shakedown_matrix::conformance::Library;
use shakedown_matrix::known::Known;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::plan::{Plan, Request};
use shakedown_matrix::report::{Report, RequestReport};
use shakedown_matrix::run::{Setting, run};

#[test]
fn what_is_declared_is_known_and_nothing_else_is() {
    let declared = report(DECLARED);
    assert!(declared.agrees(), "{:#?}", declared.divergences);
    assert!(declared.summary.known > 0);
    assert_eq!(declared.known["refusing"], declared.summary.known);

    let other = report(&DECLARED.replace("planted", "otherwise"));
    assert_eq!(other.summary.known, 0);
    assert_eq!(other.summary.diverge, declared.summary.known);

    let elsewhere = report(&DECLARED.replace(r#""client""#, r#""server""#));
    assert_eq!(elsewhere.summary.diverge, declared.summary.known);
}

/// A known divergence is no licence to break an RFC.
#[test]
fn a_breach_in_what_diverges_or_is_known_is_told() {
    let pairing = "cause/cert-cn-only/rustls-ring->rustls-aws-lc-rs/TLS1.3";
    let undeclared = report_of(masked(), "[]", pairing);
    let [divergence] = &undeclared.divergences[..] else {
        panic!("{:#?}", undeclared.divergences);
    };
    let differences = serde_json::to_string(&divergence.differences).expect("plain data");
    let known = format!(
        r#"[{{"id":"masked","client":"rustls-ring","server":"rustls-aws-lc-rs",
            "axes":{{"server.flaw":"cn-only"}},"differences":{differences},
            "reason":"planted","link":"https://example.org/1"}}]"#
    );
    let declared = report_of(masked(), &known, pairing);
    assert_eq!((declared.summary.diverge, declared.summary.known), (0, 1));
    for report in [undeclared, declared] {
        assert_eq!(report.results, None, "nobody wanted any");
        let told: Vec<_> = report
            .deviations
            .iter()
            .map(|told| (told.library, told.rule.as_str(), told.declared, told.count))
            .collect();
        assert_eq!(told, [(Library::Rustls, "common-name", false, 1)]);
        assert!(!report.agrees());
    }
}

/// An OpenSSL client that passes for a rustls client.
struct Masked {
    rustls: Box<dyn Stack>,
    openssl: Box<dyn Stack>,
}

impl Stack for Masked {
    fn info(&self) -> &StackInfo {
        self.rustls.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.openssl.client(profile)
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.rustls.server(profile)
    }
}

fn masked() -> Vec<Box<dyn Stack>> {
    let identities = Arc::new(Identities::new());
    let openssl = stacks::linked(&identities)
        .into_iter()
        .find(|stack| stack.info().id == StackId::Openssl);
    let mut openssl = Some(openssl.expect("it is linked"));
    stacks::linked(&identities)
        .into_iter()
        .map(|rustls| -> Box<dyn Stack> {
            match openssl.take_if(|_| rustls.info().id == StackId::RustlsRing) {
                Some(openssl) => Box::new(Masked { rustls, openssl }),
                None => rustls,
            }
        })
        .collect()
}

/// The OpenSSL client refuses everything.
struct Refusing(Box<dyn Stack>);

impl Stack for Refusing {
    fn info(&self) -> &StackInfo {
        self.0.info()
    }

    fn client(&self, _: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        Err(Refusal::Unsupported("planted".into()))
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.0.server(profile)
    }
}

fn report(known: &str) -> Report {
    report_of(refusing(), known, "cover/1/*/openssl->rustls-ring/*")
}

fn refusing() -> Vec<Box<dyn Stack>> {
    stacks::linked(&Arc::new(Identities::new()))
        .into_iter()
        .map(|stack| -> Box<dyn Stack> {
            if stack.info().id == StackId::Openssl {
                Box::new(Refusing(stack))
            } else {
                stack
            }
        })
        .collect()
}

fn report_of(stacks: Vec<Box<dyn Stack>>, known: &str, filter: &str) -> Report {
    let request = Request {
        strength: 1,
        random: 0,
        ..Request::default()
    };
    let plan = Plan::selected(&request, Some(filter)).expect("a strength in range");
    let filter = Glob::new(filter).expect("a pattern");
    run(
        &Setting {
            lab: &Lab::with_stacks(stacks),
            plan: &plan,
            filter: Some(&filter.compile_matcher()),
            shard: None,
            journal: None,
            known: &Known::from_json("known.json", known, plan.axes()).expect("well-formed"),
            keep_results: false,
            list_uncovered: false,
            stop: &AtomicBool::new(false),
            tick: &|_| (),
        },
        RequestReport {
            strength: request.strength,
            random: request.random,
            seed: request.seed,
            filter: None,
            interrupted: false,
            shard: None,
        },
    )
    .expect("something is selected")
}

const DECLARED: &str = r#"[{"id":"refusing","client":"openssl","axes":{},
    "differences":[{"side":"client","field":"support",
        "expected":"supported","actual":"unsupported: planted"}],
    "reason":"planted","link":"https://example.org/1"}]"#;
