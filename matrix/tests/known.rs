//! A known divergence in a run: what it declares is counted as known, and anything else is told.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use globset::Glob;
use shakedown::connection::{Config, Refusal, Stack, StackInfo};
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::scenario::StackId;
use shakedown::stacks;
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
    let refusing = stacks::linked(&Arc::new(Identities::new()))
        .into_iter()
        .map(|stack| -> Box<dyn Stack> {
            if stack.info().id == StackId::Openssl {
                Box::new(Refusing(stack))
            } else {
                stack
            }
        })
        .collect();
    let request = Request {
        strength: 1,
        random: 0,
        ..Request::default()
    };
    let plan = Plan::new(&request).expect("a strength in range");
    let filter = Glob::new("cover/1/*/openssl->rustls-ring/*").expect("a pattern");
    run(
        &Setting {
            lab: &Lab::with_stacks(refusing),
            plan: &plan,
            filter: Some(&filter.compile_matcher()),
            known: &Known::from_json("known.json", known, plan.axes()).expect("well-formed"),
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
        },
    )
    .expect("something is selected")
}

const DECLARED: &str = r#"[{"id":"refusing","client":"openssl","axes":{},
    "differences":[{"side":"client","field":"support",
        "expected":"supported","actual":"unsupported: planted"}],
    "reason":"planted","link":"https://example.org/1"}]"#;
