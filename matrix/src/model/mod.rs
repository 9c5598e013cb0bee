//! The reference model: what a scenario must come to, computed without asking any stack.
//!
//! [`predict`] walks the handshake in order, as a pipeline of stages; the first stage that finds
//! fault decides. Each stack's own order and errors are declared in [`traits`], with citations.
//! The model reads profiles, traits and the link, and nothing else; of the linked libraries it is told the
//! versions ([`traits::Versions`]), for what they are documented to do has changed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shakedown::connection::{Role, Session};
use shakedown::iana::{AlertDescription, ContentType, ProtocolVersion};
use shakedown::outcome::SentAlert;
use shakedown::scenario::Scenario;

pub use self::causes::Cause;
use self::ending::{Agreed, Fault};
use self::negotiation::Chosen;

mod causes;
mod certificate;
mod chain;
#[cfg(test)]
mod changes;
mod client_auth;
mod domain;
mod ending;
mod gate;
mod hello;
pub mod link;
mod masked;
mod name;
mod negotiation;
mod openssl_schemes;
mod openssl_server;
mod openssl_verify;
mod raw_keys;
mod resumption;
mod rustls_server;
mod security;
mod signature;
pub mod traits;
mod webpki;

/// What the model says of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Prediction {
    /// A stack cannot express the scenario.
    Unsupported {
        /// On which side.
        role: Role,
        /// Why.
        reason: String,
    },
    /// The scenario has values that this model knows nothing of.
    Unmodelled {
        /// Which.
        reason: String,
    },
    /// The scenario runs, and comes to one of these.
    Expect(Expectation),
}

impl Prediction {
    /// The outcomes that are allowed; none where nothing is said of them.
    pub fn allowed(&self) -> &[Expected] {
        match self {
            Self::Expect(expectation) => &expectation.allowed,
            Self::Unsupported { .. } | Self::Unmodelled { .. } => &[],
        }
    }

    /// Whether exactly one outcome is allowed.
    pub fn is_sharp(&self) -> bool {
        self.allowed().len() == 1
    }

    /// The cause of the failure, if one is expected.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Expect(expectation) => expectation.cause,
            Self::Unsupported { .. } | Self::Unmodelled { .. } => None,
        }
    }
}

/// The outcomes that the model allows, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// The cause that decides; `null`: success.
    pub cause: Option<Cause>,
    /// Which side finds fault; `null`: success.
    pub detector: Option<Role>,
    /// The causes that hide behind it, in the order in which they come to light when one after the
    /// other is mended.
    pub masked: Vec<Cause>,
    /// The version that the server has chosen by then; `null`: none yet.
    pub version: Option<ProtocolVersion>,
    /// The outcomes, of which one must come true.
    pub allowed: Vec<Expected>,
}

/// What both sides must see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The client's view.
    pub client: ExpectedSide,
    /// The server's view.
    pub server: ExpectedSide,
    /// What the link does, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deeds: Vec<ExpectedDeed>,
}

/// One thing that the link must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedDeed {
    /// Which of the link's ops, from 0.
    pub op: u32,
    /// To which record of the sender's, from 0.
    pub record: u32,
    /// The type in that record's header.
    pub content_type: ContentType,
    /// Whether anything must come of it; `null`: the record's length decides.
    pub applied: Option<bool>,
    /// Whether the record is sealed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sealed: bool,
    /// Whether the sender learns there that the stream has ended, if anything comes of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back_ends: bool,
}

impl Expected {
    /// One side's view.
    pub fn side(&self, role: Role) -> &ExpectedSide {
        match role {
            Role::Client => &self.client,
            Role::Server => &self.server,
        }
    }
}

/// What one side must see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedSide {
    /// Whether it holds the handshake for done, whatever comes after.
    pub established: bool,
    /// How it ends.
    pub end: ExpectedEnd,
    /// The fatal alert that it sends.
    pub alert_sent: Option<SentAlert>,
    /// The fatal alert that it takes in.
    pub alert_received: Option<AlertDescription>,
    /// What it holds for negotiated, once established.
    pub session: Option<Session>,
    /// Whether data that was due does not arrive whole.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub data_lost: bool,
}

/// How a side must end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectedEnd {
    /// Never begun, because the other side's configuration is refused.
    NotStarted,
    /// The stack refuses the configuration.
    Refused {
        /// The stack's error, normalised.
        native: String,
    },
    /// It fails.
    Failed {
        /// The stack's error, normalised.
        native: String,
    },
    /// Data goes both ways, and close_notify too.
    Closed,
    /// It waits for ever.
    Stalled,
}

/// What a scenario must come to.
///
/// ```
/// use shakedown::scenario::Scenario;
/// use shakedown_matrix::model::{Cause, predict};
///
/// let scenario = Scenario::from_json(
///     r#"{"client":{"stack":"openssl"},
///         "server":{"stack":"rustls-ring","profile":{"client_auth":"required"}}}"#,
/// )?;
/// let prediction = predict(&scenario);
/// assert_eq!(prediction.cause(), Some(Cause::ClientCertMissing));
/// assert!(prediction.is_sharp());
/// # Ok::<(), shakedown::scenario::ScenarioError>(())
/// ```
pub fn predict(scenario: &Scenario) -> Prediction {
    let mut prediction = first(scenario);
    if let Prediction::Expect(expectation) = &mut prediction
        && let (Some(cause), Some(detector)) = (expectation.cause, expectation.detector)
    {
        expectation.masked = masked::behind(scenario, cause, detector);
    }
    prediction
}

/// What decides, without what hides behind it.
fn first(scenario: &Scenario) -> Prediction {
    if let Some(reason) = domain::outside(scenario) {
        return Prediction::Unmodelled { reason };
    }
    let gates = (
        gate::client(&scenario.client),
        gate::server(&scenario.server),
    );
    let shut = ending::of_gates(gates);
    if let Some(prediction @ (Prediction::Unsupported { .. } | Prediction::Unmodelled { .. })) =
        shut
    {
        return prediction;
    }
    let past = match resumption::past(scenario) {
        Ok(past) => past,
        Err(prediction) => return prediction,
    };
    if let Some(prediction) = shut {
        return prediction;
    }
    let mut chosen = None;
    let result = negotiation::handshake_telling(scenario, &past, &mut chosen);
    let clean = match &result {
        Ok(agreed) => ending::success(scenario, agreed),
        Err(fault) => ending::failure(scenario, Fault::clone(fault)),
    };
    if scenario.link.ops.is_empty() {
        return Prediction::Expect(clean);
    }
    if let Some(reason) = link::domain::needs_success(scenario, &result) {
        return Prediction::Unmodelled { reason };
    }
    link::interfere(scenario, &result, chosen.as_ref(), clean)
}

/// What both sides agree on over a clean link, or what goes wrong first, and what was chosen by then;
/// `None`: it does not come to a handshake.
#[expect(clippy::type_complexity, reason = "what the walk itself gives")]
fn walked(scenario: &Scenario) -> Option<(Result<Agreed, Box<Fault>>, Option<Chosen>)> {
    let gates = (
        gate::client(&scenario.client),
        gate::server(&scenario.server),
    );
    if domain::outside(scenario).is_some() || ending::of_gates(gates).is_some() {
        return None;
    }
    let past = resumption::past(scenario).ok()?;
    let mut chosen = None;
    let result = negotiation::handshake_telling(scenario, &past, &mut chosen);
    Some((result, chosen))
}

/// How a scenario ends, in a word.
enum Decision {
    Succeeds,
    Fails(Cause, Role),
    Unknown,
}

fn decide(scenario: &Scenario) -> Decision {
    match first(scenario) {
        Prediction::Expect(Expectation {
            cause: Some(cause),
            detector: Some(detector),
            ..
        }) => Decision::Fails(cause, detector),
        Prediction::Expect(_) => Decision::Succeeds,
        Prediction::Unsupported { .. } | Prediction::Unmodelled { .. } => Decision::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_is_sharp_that_allows_one_outcome() {
        let json = r#"{"client":{"stack":"openssl"},"server":{"stack":"openssl"}}"#;
        let mut prediction = predict(&Scenario::from_json(json).expect("plain"));
        assert!(prediction.is_sharp());
        if let Prediction::Expect(expectation) = &mut prediction {
            expectation.allowed.extend_from_within(..);
        }
        assert!(!prediction.is_sharp());
        let reason = String::new();
        assert!(!Prediction::Unmodelled { reason }.is_sharp());
    }
}
