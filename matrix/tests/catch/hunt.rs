//! Faults, and the search for a scenario that catches one.

use std::sync::{Arc, LazyLock};

use shakedown::connection::{Config, Connection, Failure, Memory, Refusal, Role, Stack, StackInfo};
use shakedown::identity::Identities;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::scenario::StackId;
use shakedown::stacks::openssl::OpenSsl;
use shakedown::stacks::rustls::Rustls;
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::{Cause, Prediction, predict};
use shakedown_matrix::plan::{Case, Plan, Request};
use shakedown_matrix::verdict::{Verdict, judge};

use crate::verifier::{self, Lenience};

/// A fault of one stack on one side.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// What the faulty side does, in a few words.
    pub(crate) does: &'static str,
    pub(crate) stack: StackId,
    pub(crate) role: Role,
    pub(crate) plant: Plant,
    pub(crate) shows: Shows,
    /// How the names of scenarios begin that are tried first, with the faulty side
    /// for `{role}`; a hint, for speed.
    pub(crate) near: &'static str,
}

impl Fault {
    /// The same kind of fault for each of these stacks and sides.
    pub(crate) fn everywhere(
        stacks: &[StackId],
        roles: &[Role],
        fault: impl Fn(StackId, Role) -> Self,
    ) -> Vec<Self> {
        stacks
            .iter()
            .flat_map(|stack| roles.iter().map(|role| fault(*stack, *role)))
            .collect()
    }
}

/// How a fault is planted.
#[derive(Clone, Copy)]
pub(crate) enum Plant {
    /// The stack is given another profile than it is asked for.
    Profile(fn(&mut ClientProfile), fn(&mut ServerProfile)),
    /// The stack answers for its profile otherwise.
    Answer(fn(Prepared) -> Prepared),
    /// Something stands between each connection and its user.
    Connection(fn(Box<dyn Connection>) -> Box<dyn Connection>),
    /// The verification of the peer forgives.
    Verify(Lenience),
    /// An OpenSSL server chooses this application protocol whatever is offered.
    Alpn(&'static [u8]),
}

/// What must be reported.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// A handshake that should fail of this cause goes otherwise.
    Cause(Cause),
    /// This field is not as the model says, on the faulty side.
    Own(&'static str),
    /// This field is not as the model says, on the other side.
    Peers(&'static str),
    /// This field of neither side alone.
    Both(&'static str),
    /// An error without a word of ours.
    Unmapped,
    /// Both sides wait.
    Stall,
    /// A panic.
    Crash,
    /// Whatever is reported.
    Anything,
}

impl Shows {
    /// What is shown of it, in words; `None`: nothing.
    fn found(self, fault: &Fault, prediction: &Prediction, verdict: &Verdict) -> Option<String> {
        let field = |side: Option<Role>, name: &str| match verdict {
            Verdict::Diverge(differences) => differences
                .iter()
                .any(|difference| difference.side == side && difference.field.name() == name)
                .then(|| match side {
                    Some(role) => format!("{role}: {name}"),
                    None => name.to_owned(),
                }),
            _ => None,
        };
        match (self, verdict) {
            (Self::Cause(cause), Verdict::Diverge(_)) => (prediction.cause() == Some(cause))
                .then(|| field(Some(fault.role), "end"))?
                .map(|shown| format!("{cause}, {shown}")),
            (Self::Own(name), _) => field(Some(fault.role), name),
            (Self::Peers(name), _) => field(Some(fault.role.peer()), name),
            (Self::Both(name), _) => field(None, name),
            (Self::Unmapped, Verdict::Diverge(differences)) => differences
                .iter()
                .any(|difference| {
                    difference.side == Some(fault.role)
                        && difference.actual.starts_with("unmapped error")
                })
                .then(|| "unmapped error".to_owned()),
            (Self::Stall, Verdict::Stall) => Some("stall".to_owned()),
            (Self::Crash, Verdict::Crash(message)) => {
                message.starts_with("planted").then(|| "crash".to_owned())
            }
            (Self::Anything, Verdict::Agree | Verdict::Unsupported(_)) => None,
            (Self::Anything, other) => Some(format!("{other:?}")),
            _ => None,
        }
    }
}

/// The scenario that caught a fault.
pub(crate) struct Caught {
    pub(crate) scenario: String,
    pub(crate) shown: String,
}

/// The default run, made once, with what the model says of each scenario.
pub(crate) struct Hunt {
    identities: Arc<Identities>,
    cases: Vec<(Case, Prediction)>,
}

impl Hunt {
    fn new() -> Self {
        let plan = Plan::new(&Request::default()).expect("the default strength");
        let cases = (0..plan.batches())
            .flat_map(|number| plan.batch(number))
            .map(|case| {
                let prediction = predict(&case.scenario);
                (case, prediction)
            })
            .collect();
        Self {
            identities: Arc::new(Identities::new()),
            cases,
        }
    }

    /// The first scenario of the default run that shows the fault: those that show one thing alone
    /// are tried before the others.
    pub(crate) fn catch(&self, fault: &Fault) -> Option<Caught> {
        let lab = self.lab(fault);
        let mut relevant: Vec<_> = self
            .involving(fault)
            .filter(|(_, prediction)| match fault.shows {
                Shows::Cause(cause) => prediction.cause() == Some(cause),
                _ => true,
            })
            .collect();
        let near = fault.near.replace("{role}", fault.role.name());
        // A stable sort: within a rank the plan's order stays.
        relevant.sort_by_key(|(case, _)| {
            let is_near = !near.is_empty() && case.name.starts_with(&near);
            (!is_near, rank(&case.name))
        });
        relevant.into_iter().find_map(|(case, prediction)| {
            let verdict = judge(prediction, &lab.run(&case.scenario));
            fault
                .shows
                .found(fault, prediction, &verdict)
                .map(|shown| Caught {
                    scenario: case.name.clone(),
                    shown,
                })
        })
    }

    /// How the scenarios go that show one thing alone.
    pub(crate) fn sample(&self, fault: &Fault) -> impl Iterator<Item = (&Case, Verdict)> {
        let lab = self.lab(fault);
        self.involving(fault)
            .filter(|(case, _)| rank(&case.name) == 0)
            .step_by(SAMPLE)
            .map(move |(case, prediction)| (case, judge(prediction, &lab.run(&case.scenario))))
    }

    fn involving(&self, fault: &Fault) -> impl Iterator<Item = &(Case, Prediction)> {
        let (stack, role) = (fault.stack, fault.role);
        self.cases.iter().filter(move |(case, _)| {
            stack
                == match role {
                    Role::Client => case.scenario.client.stack,
                    Role::Server => case.scenario.server.stack,
                }
        })
    }

    fn lab(&self, fault: &Fault) -> Lab {
        let mut stacks: Vec<Box<dyn Stack>> = vec![Box::new(Faulty {
            inner: Inner::new(fault.stack, &self.identities),
            role: fault.role,
            plant: fault.plant,
        })];
        stacks.extend(shakedown::stacks::linked(&self.identities));
        Lab::with_stacks(stacks)
    }
}

/// The default run. Not to be asked for first inside rayon's pool: making the plan uses the pool, and a
/// worker that waits for the plan would wait for itself.
pub(crate) fn hunt() -> &'static Hunt {
    static HUNT: LazyLock<Hunt> = LazyLock::new(Hunt::new);
    &HUNT
}

fn rank(name: &str) -> usize {
    let group = name.split('/').next().unwrap_or_default();
    match group {
        "cause" | "alone" | "absent" => 0,
        "cover" | "table" => 1,
        _ => 2,
    }
}

/// What a stack says to a profile.
pub(crate) type Prepared = Result<Arc<dyn Config>, Refusal>;

/// A stack with its own ways of being configured.
pub(crate) enum Inner {
    Rustls(Rustls),
    OpenSsl(OpenSsl),
}

impl Inner {
    fn new(stack: StackId, identities: &Arc<Identities>) -> Self {
        let identities = identities.clone();
        match stack {
            StackId::RustlsAwsLcRs => Self::Rustls(Rustls::aws_lc_rs(identities)),
            StackId::RustlsRing => Self::Rustls(Rustls::ring(identities)),
            StackId::Openssl => Self::OpenSsl(OpenSsl::new(identities)),
        }
    }

    fn stack(&self) -> &dyn Stack {
        match self {
            Self::Rustls(stack) => stack,
            Self::OpenSsl(stack) => stack,
        }
    }
}

/// A stack with a fault on one side.
struct Faulty {
    inner: Inner,
    role: Role,
    plant: Plant,
}

impl Stack for Faulty {
    fn info(&self) -> &StackInfo {
        self.inner.stack().info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        let stack = self.inner.stack();
        if self.role == Role::Server {
            return stack.client(profile);
        }
        match self.plant {
            Plant::Profile(change, _) => {
                let mut profile = profile.clone();
                change(&mut profile);
                stack.client(&profile)
            }
            Plant::Answer(answer) => answer(stack.client(profile)),
            Plant::Connection(wrap) => Ok(wrapped(stack.client(profile)?, wrap)),
            Plant::Verify(lenience) => verifier::client(&self.inner, profile, lenience),
            Plant::Alpn(_) => stack.client(profile),
        }
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        let stack = self.inner.stack();
        if self.role == Role::Client {
            return stack.server(profile);
        }
        match self.plant {
            Plant::Profile(_, change) => {
                let mut profile = profile.clone();
                change(&mut profile);
                stack.server(&profile)
            }
            Plant::Answer(answer) => answer(stack.server(profile)),
            Plant::Connection(wrap) => Ok(wrapped(stack.server(profile)?, wrap)),
            Plant::Verify(lenience) => verifier::server(&self.inner, profile, lenience),
            Plant::Alpn(name) => match &self.inner {
                Inner::OpenSsl(openssl) => {
                    let mut context = openssl.server_builder(profile)?;
                    context.set_alpn_select_callback(move |_, _| Ok(name));
                    Ok(openssl.adopt_server(context.build()))
                }
                Inner::Rustls(_) => stack.server(profile),
            },
        }
    }
}

fn wrapped(
    inner: Arc<dyn Config>,
    wrap: fn(Box<dyn Connection>) -> Box<dyn Connection>,
) -> Arc<dyn Config> {
    struct Wrapped {
        inner: Arc<dyn Config>,
        wrap: fn(Box<dyn Connection>) -> Box<dyn Connection>,
    }

    impl Config for Wrapped {
        fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
            Ok((self.wrap)(self.inner.connect()?))
        }

        fn connect_with(&self, memory: &Arc<Memory>) -> Result<Box<dyn Connection>, Failure> {
            Ok((self.wrap)(self.inner.connect_with(memory)?))
        }
    }

    Arc::new(Wrapped { inner, wrap })
}

/// Out of so many scenarios that show one thing alone, one is tried where nothing must be found.
const SAMPLE: usize = 5;
