//! A configuration of one's own, crossed with generated peers.
//!
//! [`shakedown::own`] reads a `ClientConfig`, a `ServerConfig` or an `SslContext` back as a profile, and
//! says what stays open. [`cross`] lets it meet peers ([`alone`], [`of_cases`]) and holds each outcome
//! against the model as far as what is known decides it; where what is open decides, only what always
//! holds is demanded.
//!
//! Peers present certificates of the test PKI and are verified against it, so that one's own configuration
//! has to be brought there; a copy of it will do, with nothing else changed:
//!
//! - its time: `config.time_provider = Arc::new(VirtualClock)` for rustls,
//!   `context.verify_param_mut().set_time(clock::NOW)` for OpenSSL;
//! - its roots: [`Identities::anchors`](shakedown::identity::Identities::anchors) of the peer's role, in
//!   `with_root_certificates`, in a verifier for `config.dangerous().set_certificate_verifier`, or in
//!   `context.set_cert_store`;
//! - a server's certificate, and a client's if it has one:
//!   [`Identities::chain`](shakedown::identity::Identities::chain);
//! - a client's name for the server:
//!   [`ServerName::RIGHT`](shakedown::profile::ServerName::RIGHT).
//!
//! Without these it can be crossed all the same: what is decided before a certificate is looked at is
//! foretold, and the rest is told as it went. A prediction rests on what was read and on what the caller has
//! answered for ([`Own::told`]); an answer that is not true shows as a handshake that goes otherwise.
//!
//! The programs `own_client_config`, `own_server_config` and `own_ssl_context` in `examples/` do this for a
//! configuration of each library.

use std::hash::Hash;

use shakedown::connection::{Config, Role};
use shakedown::outcome::Outcome;
use shakedown::own::{Open, Own};
use shakedown::pair;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::scenario::{Endpoint, Scenario, StackId};

use crate::lab::Lab;
use crate::model::Prediction;
use crate::verdict::{Verdict, judge};

pub use self::peers::{Peer, alone, of_cases};

mod foretell;
mod peers;
mod table;

/// Lets a configuration of one's own meet each of these peers.
///
/// `lab` must be of the same [`Identities`](shakedown::identity::Identities) as the configuration
/// ([`Lab::with_identities`]), or neither knows the other's certificates.
///
/// ```
/// use std::sync::Arc;
/// use shakedown::identity::Identities;
/// use shakedown::own::Setting;
/// use shakedown::profile::{ClientProfile, ServerName};
/// use shakedown::stacks::rustls::Rustls;
/// use shakedown_matrix::adopted;
/// use shakedown_matrix::lab::Lab;
///
/// let identities = Arc::new(Identities::new());
/// let ring = Rustls::ring(identities.clone());
/// // In the place of one's own; see `examples/`.
/// let (config, name) = ring.client_config(&ClientProfile::default()).unwrap();
/// let own = ring
///     .own_client(Arc::new(config), name)
///     .told(Setting::Verification, |_| ());
///
/// let crossed = adopted::cross(&Lab::with_identities(&identities), &own, &adopted::alone()[..20]);
/// assert_eq!(crossed.otherwise().count(), 0, "{crossed}");
/// ```
pub fn cross<P: Side>(lab: &Lab, own: &Own<P>, peers: &[Peer<P::Peer>]) -> Crossed {
    let met = peers
        .iter()
        .map(|peer| {
            let scenario = P::scenario(own.stack(), own.profile(), &peer.endpoint);
            let prediction = foretell::foretell(own.open(), P::ROLE, &scenario);
            let outcome = meet(lab, P::ROLE, own.config(), &scenario);
            let verdict = judged(own.stack(), P::ROLE, &prediction, &outcome);
            Met {
                peer: peer.name.clone(),
                stack: peer.endpoint.stack,
                scenario,
                prediction,
                outcome,
                verdict,
            }
        })
        .collect();
    Crossed {
        role: P::ROLE,
        stack: own.stack(),
        open: own.open().to_vec(),
        met,
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Crossed {
    /// Which side one's own configuration is.
    pub role: Role,
    /// Its stack.
    pub stack: StackId,
    /// What is not known of it.
    pub open: Vec<Open>,
    /// Each peer that it met, in order.
    pub met: Vec<Met>,
}

impl Crossed {
    /// Those with which it went otherwise than the model says, or than always holds.
    pub fn otherwise(&self) -> impl Iterator<Item = &Met> {
        self.met.iter().filter(|met| met.is_otherwise())
    }

    /// Those with which the handshake succeeds.
    pub fn works(&self) -> impl Iterator<Item = &Met> {
        self.met.iter().filter(|met| met.outcome.is_success())
    }

    /// Those of which the model says what must come of it.
    pub fn foretold(&self) -> impl Iterator<Item = &Met> {
        self.met
            .iter()
            .filter(|met| matches!(met.prediction, Prediction::Expect(_)))
    }
}

/// One meeting with a peer.
#[derive(Clone, Debug)]
pub struct Met {
    /// What is not plain in the peer.
    pub peer: String,
    /// The peer's stack.
    pub stack: StackId,
    /// The peer's profile, and one's own as far as it is known.
    pub scenario: Scenario,
    /// What the model says of it.
    pub prediction: Prediction,
    /// What both sides saw.
    pub outcome: Outcome,
    /// The one held against the other.
    pub verdict: Verdict,
}

impl Met {
    /// Whether it went otherwise than the model says, or than always holds.
    pub fn is_otherwise(&self) -> bool {
        matches!(
            self.verdict,
            Verdict::Diverge(_) | Verdict::Stall | Verdict::Crash(_)
        )
    }
}

/// A profile of one side: a client's or a server's, and nothing else.
pub trait Side: Clone + Default + Eq + Hash + sealed::Sealed {
    /// The other side's profiles.
    type Peer: Side<Peer = Self>;

    /// Which side.
    const ROLE: Role;

    /// The scenario of the two, over a clean link.
    fn scenario(stack: StackId, profile: &Self, peer: &Endpoint<Self::Peer>) -> Scenario;

    /// This side of a scenario.
    fn endpoint(scenario: &Scenario) -> &Endpoint<Self>;
}

impl Side for ClientProfile {
    type Peer = ServerProfile;

    const ROLE: Role = Role::Client;

    fn scenario(stack: StackId, profile: &Self, peer: &Endpoint<ServerProfile>) -> Scenario {
        let mut scenario = Scenario::plain(stack, peer.stack);
        scenario.client.profile.clone_from(profile);
        scenario.server.clone_from(peer);
        scenario
    }

    fn endpoint(scenario: &Scenario) -> &Endpoint<Self> {
        &scenario.client
    }
}

impl Side for ServerProfile {
    type Peer = ClientProfile;

    const ROLE: Role = Role::Server;

    fn scenario(stack: StackId, profile: &Self, peer: &Endpoint<ClientProfile>) -> Scenario {
        let mut scenario = Scenario::plain(peer.stack, stack);
        scenario.server.profile.clone_from(profile);
        scenario.client.clone_from(peer);
        scenario
    }

    fn endpoint(scenario: &Scenario) -> &Endpoint<Self> {
        &scenario.server
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::ClientProfile {}
    impl Sealed for super::ServerProfile {}
}

fn meet(lab: &Lab, role: Role, own: &dyn Config, scenario: &Scenario) -> Outcome {
    let prepared = match role {
        Role::Client => lab.server(scenario),
        Role::Server => lab.client(scenario),
    };
    let peer = prepared.as_ref().as_ref().map(AsRef::as_ref);
    match role {
        Role::Client => pair::meet(Ok(own), peer, &scenario.link),
        Role::Server => pair::meet(peer, Ok(own), &scenario.link),
    }
}

/// Sessions of a rustls configuration of one's own tell no signature schemes, which only the harness's
/// own verifiers and keys note. Where none is told none is demanded.
fn judged(stack: StackId, role: Role, prediction: &Prediction, outcome: &Outcome) -> Verdict {
    let theirs = outcome.side(role.peer()).session.as_ref();
    let Some(mine) = outcome
        .side(role)
        .session
        .as_ref()
        .filter(|_| stack.is_rustls())
    else {
        return judge(prediction, outcome);
    };
    let (server_untold, client_untold) = (
        mine.server_signature.is_none(),
        mine.client_signature.is_none(),
    );
    if let Prediction::Expect(expectation) = prediction {
        let mut expectation = expectation.clone();
        for allowed in &mut expectation.allowed {
            let side = match role {
                Role::Client => &mut allowed.client,
                Role::Server => &mut allowed.server,
            };
            if let Some(session) = &mut side.session {
                session.server_signature.take_if(|_| server_untold);
                session.client_signature.take_if(|_| client_untold);
            }
        }
        return judge(&Prediction::Expect(expectation), outcome);
    }
    // What always holds is that both sides hold the same.
    let mut mine = mine.clone();
    if let Some(theirs) = theirs {
        mine.server_signature = mine.server_signature.or(theirs.server_signature);
        mine.client_signature = mine.client_signature.or(theirs.client_signature);
    }
    let mut outcome = outcome.clone();
    match role {
        Role::Client => outcome.client.session = Some(mine),
        Role::Server => outcome.server.session = Some(mine),
    }
    judge(prediction, &outcome)
}
