//! Proof that the run reports what goes otherwise: each test plants one fault in a stack and shows
//! that the scenarios of the default run catch it.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use globset::GlobBuilder;
use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;
use shakedown::clock::{DAY, NOW};
use shakedown::connection::{Config, Connection, Failure, Refusal, Session, Stack, StackInfo};
use shakedown::iana::AlertDescription;
use shakedown::identity::Identities;
use shakedown::profile::{
    ClientAuth, ClientProfile, NameCheck, Preference, Revocation, ServerProfile, SessionIdContext,
    Trust,
};
use shakedown::stacks::openssl::OpenSsl;
use shakedown::stacks::rustls::Rustls;
use shakedown_matrix::known::Known;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::Cause;
use shakedown_matrix::plan::{Plan, Request};
use shakedown_matrix::report::{Report, RequestReport};
use shakedown_matrix::run::{Setting, run};

#[test]
fn without_a_fault_nothing_is_reported() {
    let report = run_with(|identities| Box::new(OpenSsl::new(identities)), "cause/*");
    assert!(report.agrees(), "{:#?}", report.divergences);
    assert!(report.summary.agree > 1000);
}

#[test]
fn a_client_that_skips_the_name_check_is_caught() {
    let report = run_with(
        |identities| {
            Box::new(Faulty {
                client: |stack: &OpenSsl, profile| {
                    stack.client(&ClientProfile {
                        name_check: NameCheck::Off,
                        ..profile.clone()
                    })
                },
                ..Faulty::none(OpenSsl::new(identities))
            })
        },
        "cause/cert-*",
    );
    assert_caught(&report, "diverge", Some(Cause::CertHostMismatch));
}

#[test]
fn a_client_that_trusts_too_much_is_caught() {
    let report = run_with(
        |identities| {
            Box::new(Faulty {
                client: |stack: &OpenSsl, profile| {
                    stack.client(&ClientProfile {
                        trust: Trust::Roots,
                        ..profile.clone()
                    })
                },
                ..Faulty::none(OpenSsl::new(identities))
            })
        },
        "cause/cert-unknown-ca/*",
    );
    assert_caught(&report, "diverge", Some(Cause::CertUnknownCa));
}

#[test]
fn sides_that_ignore_revocation_are_caught() {
    let client = run_with(
        |identities| {
            Box::new(Faulty {
                client: |stack: &Rustls, profile| {
                    stack.client(&ClientProfile {
                        revocation: Revocation::Off,
                        ..profile.clone()
                    })
                },
                ..Faulty::none(Rustls::aws_lc_rs(identities))
            })
        },
        "cause/cert-revoked-crl/*",
    );
    assert_caught(&client, "diverge", Some(Cause::CertRevokedCrl));
    let server = run_with(
        |identities| {
            Box::new(Faulty {
                server: |stack: &OpenSsl, profile| {
                    stack.server(&ServerProfile {
                        revocation: Revocation::Off,
                        ..profile.clone()
                    })
                },
                ..Faulty::none(OpenSsl::new(identities))
            })
        },
        "cause/cert-revoked-crl.client/*",
    );
    assert_caught(&server, "diverge", Some(Cause::CertRevokedCrl));
}

#[test]
fn a_server_that_follows_the_wrong_preference_is_caught() {
    let report = run_with(
        |identities| {
            Box::new(Faulty {
                server: |stack: &Rustls, profile| {
                    stack.server(&ServerProfile {
                        preference: Preference::Client,
                        ..profile.clone()
                    })
                },
                ..Faulty::none(Rustls::ring(identities))
            })
        },
        "random/*",
    );
    assert!(names_field(&report, "suite"), "{:#?}", report.divergences);
}

#[test]
fn a_false_claim_of_support_is_caught() {
    let report = run_with(
        |identities| {
            Box::new(Faulty {
                client: |stack: &Rustls, profile| {
                    stack.client(&ClientProfile {
                        name_check: NameCheck::On,
                        ..profile.clone()
                    })
                },
                ..Faulty::none(Rustls::ring(identities))
            })
        },
        "absent/client.name-check=off/*",
    );
    assert!(names_field(&report, "support"), "{:#?}", report.divergences);
}

#[test]
fn a_client_that_ignores_expiry_is_caught() {
    #[derive(Debug)]
    struct TwoDaysSlow;

    impl TimeProvider for TwoDaysSlow {
        fn current_time(&self) -> Option<UnixTime> {
            Some(UnixTime::since_unix_epoch(Duration::from_secs(
                NOW - 2 * DAY,
            )))
        }
    }

    let report = run_with(
        |identities| {
            Box::new(Faulty {
                client: |stack: &Rustls, profile| {
                    let (mut config, name) = stack.client_config(profile)?;
                    config.time_provider = Arc::new(TwoDaysSlow);
                    Ok(stack.adopt_client(Arc::new(config), name))
                },
                ..Faulty::none(Rustls::aws_lc_rs(identities))
            })
        },
        "cause/cert-expired*",
    );
    assert_caught(&report, "diverge", Some(Cause::CertExpired));
}

#[test]
fn a_server_that_lets_a_missing_client_certificate_through_is_caught() {
    fn optional(profile: &ServerProfile) -> ServerProfile {
        let mut profile = profile.clone();
        if profile.client_auth == ClientAuth::Required {
            profile.client_auth = ClientAuth::Optional;
        }
        profile
    }
    let openssl = run_with(
        |identities| {
            Box::new(Faulty {
                server: |stack: &OpenSsl, profile| stack.server(&optional(profile)),
                ..Faulty::none(OpenSsl::new(identities))
            })
        },
        "cause/client-cert-missing/*",
    );
    assert_caught(&openssl, "diverge", Some(Cause::ClientCertMissing));
    let rustls = run_with(
        |identities| {
            Box::new(Faulty {
                server: |stack: &Rustls, profile| stack.server(&optional(profile)),
                ..Faulty::none(Rustls::ring(identities))
            })
        },
        "cause/client-cert-missing/*",
    );
    assert_caught(&rustls, "diverge", Some(Cause::ClientCertMissing));
}

#[test]
fn clients_that_forget_their_sessions_are_caught() {
    let report = run_with(
        |identities| {
            Box::new(Faulty {
                client: |stack: &OpenSsl, profile| Ok(Arc::new(Forgetful(stack.client(profile)?))),
                ..Faulty::none(OpenSsl::new(identities))
            })
        },
        "alone/earlier=session-id/*",
    );
    assert_caught(&report, "diverge", None);
    assert!(names_field(&report, "kind"));
    let report = run_with(
        |identities| {
            Box::new(Faulty {
                client: |stack: &Rustls, profile| Ok(Arc::new(Forgetful(stack.client(profile)?))),
                ..Faulty::none(Rustls::aws_lc_rs(identities))
            })
        },
        "alone/earlier=ticket/*",
    );
    assert_caught(&report, "diverge", None);
    assert!(names_field(&report, "kind"));
}

#[test]
fn a_server_that_marks_its_sessions_unasked_is_caught() {
    let report = run_with(
        |identities| {
            Box::new(Faulty {
                server: |stack: &OpenSsl, profile| {
                    stack.server(&ServerProfile {
                        session_id_context: SessionIdContext::Set,
                        ..profile.clone()
                    })
                },
                ..Faulty::none(OpenSsl::new(identities))
            })
        },
        "cause/session-id-context-missing/*",
    );
    assert_caught(&report, "diverge", Some(Cause::SessionIdContextMissing));
}

#[test]
fn a_wrong_alert_is_caught() {
    let report = with_connections(Mischief::WrongAlert, "cause/version-mismatch/*");
    assert_caught(&report, "diverge", Some(Cause::VersionMismatch));
    let alert = report.divergences[0]
        .differences
        .iter()
        .any(|difference| difference.field == "alert sent");
    assert!(alert);
}

#[test]
fn a_side_that_never_answers_is_caught() {
    let report = with_connections(Mischief::Silence, "alone/client.alpn=imap/*");
    assert_caught(&report, "stall", None);
}

#[test]
fn a_panic_inside_a_connection_is_caught() {
    let report = with_connections(Mischief::Panic, "alone/client.alpn=imap/*");
    assert_caught(&report, "crash", None);
    assert_eq!(report.divergences[0].message.as_deref(), Some("planted"));
}

#[test]
fn altered_data_is_caught() {
    let report = with_connections(Mischief::AlteredData, "alone/client.alpn=imap/*");
    assert_caught(&report, "diverge", None);
    assert!(names_field(&report, "data intact"));
}

#[test]
fn other_parameters_than_the_used_ones_are_caught() {
    let report = with_connections(Mischief::OtherParameters, "alone/client.alpn=imap/*");
    assert_caught(&report, "diverge", None);
    assert!(names_field(&report, "alpn"));
}

#[test]
fn other_keying_material_is_caught() {
    let report = with_connections(Mischief::OtherKeys, "alone/client.alpn=imap/*");
    assert_caught(&report, "diverge", None);
    assert!(names_field(&report, "exporters agree"));
}

#[test]
fn an_error_without_a_word_of_ours_is_caught() {
    let report = with_connections(Mischief::Unmapped, "cause/version-mismatch/*");
    assert_caught(&report, "diverge", Some(Cause::VersionMismatch));
    let unmapped = report.divergences[0]
        .differences
        .iter()
        .any(|difference| difference.actual.starts_with("unmapped error"));
    assert!(unmapped);
}

fn assert_caught(report: &Report, verdict: &str, cause: Option<Cause>) {
    let caught = report
        .divergences
        .iter()
        .find(|divergence| divergence.verdict == verdict && divergence.cause == cause);
    let caught = caught.unwrap_or_else(|| panic!("{:#?}", report.divergences));
    assert!(caught.replay().starts_with("shakedown replay '{"));
    assert!(!report.agrees());
    println!("{} caught by {}", verdict, caught.example);
}

fn names_field(report: &Report, field: &str) -> bool {
    report
        .divergences
        .iter()
        .flat_map(|divergence| &divergence.differences)
        .any(|difference| difference.field == field)
}

/// Runs part of the default plan with one stack replaced.
fn run_with(faulty: impl FnOnce(Arc<Identities>) -> Box<dyn Stack>, filter: &str) -> Report {
    let identities = Arc::new(Identities::new());
    let faulty = faulty(identities.clone());
    let mut stacks = vec![faulty];
    stacks.extend(shakedown::stacks::linked(&identities));
    let lab = Lab::with_stacks(stacks);
    // Most faults need one axis alone to show; the others two.
    let strength = if filter.starts_with("cover/2/") { 2 } else { 1 };
    // It takes three values at a time, and success: what the covering arrays of pairs may miss.
    let random = if filter.starts_with("random/") {
        Request::default().random
    } else {
        0
    };
    let request = Request {
        strength,
        random,
        ..Request::default()
    };
    let plan = Plan::new(&request).expect("strength 1 is in range");
    let glob = GlobBuilder::new(filter)
        .build()
        .expect("a pattern")
        .compile_matcher();
    let known = Known::built_in(plan.axes()).expect("the built-in list reads");
    run(
        &Setting {
            lab: &lab,
            plan: &plan,
            filter: Some(&glob),
            known: &known,
            list_uncovered: false,
            stop: &AtomicBool::new(false),
            tick: &|_| (),
        },
        RequestReport {
            strength,
            random,
            seed: request.seed,
            filter: Some(filter.into()),
            interrupted: false,
        },
    )
    .expect("the filter selects scenarios")
}

/// With OpenSSL servers whose connections do mischief.
fn with_connections(mischief: Mischief, filter: &str) -> Report {
    run_with(
        |identities| {
            Box::new(Mischievous {
                inner: OpenSsl::new(identities),
                mischief,
            })
        },
        filter,
    )
}

type Prepare<S, P> = fn(&S, &P) -> Result<Arc<dyn Config>, Refusal>;

/// A stack that prepares other configurations than it is asked for.
struct Faulty<S> {
    inner: S,
    client: Prepare<S, ClientProfile>,
    server: Prepare<S, ServerProfile>,
}

impl<S: Stack> Faulty<S> {
    fn none(inner: S) -> Self {
        Self {
            inner,
            client: S::client,
            server: S::server,
        }
    }
}

impl<S: Stack> Stack for Faulty<S> {
    fn info(&self) -> &StackInfo {
        self.inner.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        (self.client)(&self.inner, profile)
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        (self.server)(&self.inner, profile)
    }
}

/// A configuration whose connections remember nothing.
struct Forgetful(Arc<dyn Config>);

impl Config for Forgetful {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        self.0.connect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mischief {
    WrongAlert,
    Silence,
    Panic,
    AlteredData,
    OtherParameters,
    OtherKeys,
    Unmapped,
}

/// A stack whose servers' connections do mischief.
struct Mischievous {
    inner: OpenSsl,
    mischief: Mischief,
}

impl Stack for Mischievous {
    fn info(&self) -> &StackInfo {
        self.inner.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.inner.client(profile)
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        Ok(Arc::new(MischievousConfig {
            inner: self.inner.server(profile)?,
            mischief: self.mischief,
        }))
    }
}

struct MischievousConfig {
    inner: Arc<dyn Config>,
    mischief: Mischief,
}

impl Config for MischievousConfig {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        Ok(Box::new(MischievousConnection {
            inner: self.inner.connect()?,
            mischief: self.mischief,
            unmapped: None,
        }))
    }
}

struct MischievousConnection {
    inner: Box<dyn Connection>,
    mischief: Mischief,
    unmapped: Option<Failure>,
}

impl Connection for MischievousConnection {
    fn receive(&mut self, bytes: &[u8]) {
        assert!(self.mischief != Mischief::Panic, "planted");
        self.inner.receive(bytes);
        if self.mischief == Mischief::Unmapped {
            self.unmapped = self.inner.failure().map(|failure| Failure {
                reason: shakedown::connection::Reason::Unmapped,
                ..failure.clone()
            });
        }
    }

    fn receive_end(&mut self) {
        self.inner.receive_end();
    }

    fn advance(&mut self) {
        self.inner.advance();
    }

    fn transmit(&mut self, out: &mut Vec<u8>) {
        let before = out.len();
        self.inner.transmit(out);
        match self.mischief {
            Mischief::Silence => out.truncate(before),
            Mischief::WrongAlert => {
                if let [21, _, _, 0, 2, 2, description] = &mut out[before..] {
                    *description = AlertDescription::internal_error.0;
                }
            }
            _ => {}
        }
    }

    fn is_established(&self) -> bool {
        self.inner.is_established()
    }

    fn failure(&self) -> Option<&Failure> {
        self.unmapped.as_ref().or_else(|| self.inner.failure())
    }

    fn send(&mut self, data: &[u8]) {
        self.inner.send(data);
    }

    fn take_received(&mut self, out: &mut Vec<u8>) {
        self.inner.take_received(out);
        if self.mischief == Mischief::AlteredData
            && let Some(last) = out.last_mut()
        {
            *last ^= 1;
        }
    }

    fn close(&mut self) {
        self.inner.close();
    }

    fn is_peer_closed(&self) -> bool {
        self.inner.is_peer_closed()
    }

    fn export(&mut self, label: &[u8], context: &[u8], out: &mut [u8]) -> Result<(), Failure> {
        self.inner.export(label, context, out)?;
        if self.mischief == Mischief::OtherKeys {
            out[0] ^= 1;
        }
        Ok(())
    }

    fn session(&self) -> Session {
        let mut session = self.inner.session();
        if self.mischief == Mischief::OtherParameters {
            session.alpn = Some("imap".into());
        }
        session
    }

    fn alerts_sent(&self) -> Vec<AlertDescription> {
        self.inner.alerts_sent()
    }

    fn alerts_received(&self) -> Vec<AlertDescription> {
        self.inner.alerts_received()
    }
}
