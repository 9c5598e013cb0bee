//! The lab: the linked stacks, the identities, and the configurations that have been prepared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shakedown::connection::{Config, Refusal, Stack, StackInfo};
use shakedown::identity::Identities;
use shakedown::link::{Carry, Flight};
use shakedown::outcome::Outcome;
use shakedown::profile::{ClientProfile, ServerProfile};
use shakedown::scenario::{Scenario, StackId};
use shakedown::stacks::randomness;
use shakedown::{pair, stacks};

/// Where scenarios are tried out.
///
/// ```
/// use shakedown::scenario::{Scenario, StackId};
/// use shakedown_matrix::lab::Lab;
///
/// let scenario = Scenario::plain(StackId::Openssl, StackId::RustlsRing);
/// assert!(Lab::new().run(&scenario).is_success());
/// ```
pub struct Lab {
    stacks: Vec<Box<dyn Stack>>,
    clients: Shelf<ClientProfile>,
    servers: Shelf<ServerProfile>,
}

impl Lab {
    /// With every stack that is linked.
    pub fn new() -> Self {
        Self::with_identities(&Arc::new(Identities::new()))
    }

    /// With every stack that is linked, on certificates that the caller has too.
    pub fn with_identities(identities: &Arc<Identities>) -> Self {
        Self::with_stacks(stacks::linked(identities))
    }

    /// With stacks of the caller's choice; the first one of an id serves.
    pub fn with_stacks(stacks: Vec<Box<dyn Stack>>) -> Self {
        Self {
            stacks,
            clients: Shelf::default(),
            servers: Shelf::default(),
        }
    }

    /// The stacks that there are.
    pub fn stacks(&self) -> Vec<StackInfo> {
        self.stacks
            .iter()
            .map(|stack| stack.info().clone())
            .collect()
    }

    /// Tries a scenario out.
    pub fn run(&self, scenario: &Scenario) -> Outcome {
        let sides = self.sides(scenario);
        match (&scenario.earlier, scenario.before()) {
            (Some(earlier), Some(before)) => pair::meet_again(
                self.sides(&before).each_ref().map(borrowed),
                sides.each_ref().map(borrowed),
                earlier.means,
                &scenario.link,
            ),
            _ => {
                let [client, server] = sides.each_ref().map(borrowed);
                pair::meet(client, server, &scenario.link)
            }
        }
    }

    /// Tries a scenario out, and keeps what crossed the link.
    pub fn run_recorded(&self, scenario: &Scenario) -> (Outcome, Vec<Flight>) {
        let sides = self.sides(scenario);
        match (&scenario.earlier, scenario.before()) {
            (Some(earlier), Some(before)) => pair::meet_again_recorded(
                self.sides(&before).each_ref().map(borrowed),
                sides.each_ref().map(borrowed),
                earlier.means,
                &scenario.link,
            ),
            _ => {
                let [client, server] = sides.each_ref().map(borrowed);
                pair::meet_recorded(client, server, &scenario.link)
            }
        }
    }

    /// Tries a scenario out over a link of the caller's own, instead of the one that it says.
    pub fn run_over<'a>(&self, scenario: &Scenario, carrier: Box<dyn Carry + 'a>) -> Outcome {
        let sides = self.sides(scenario);
        match (&scenario.earlier, scenario.before()) {
            (Some(earlier), Some(before)) => pair::meet_again_over(
                self.sides(&before).each_ref().map(borrowed),
                sides.each_ref().map(borrowed),
                earlier.means,
                carrier,
            ),
            _ => {
                let [client, server] = sides.each_ref().map(borrowed);
                pair::meet_over(client, server, carrier)
            }
        }
    }

    fn sides(&self, scenario: &Scenario) -> [Arc<Prepared>; 2] {
        [self.client(scenario), self.server(scenario)]
    }

    /// The client's configuration, prepared once.
    pub fn client(&self, scenario: &Scenario) -> Arc<Prepared> {
        let endpoint = &scenario.client;
        self.clients.get(endpoint.stack, &endpoint.profile, || {
            self.stack(endpoint.stack)?.client(&endpoint.profile)
        })
    }

    /// The server's configuration, prepared once.
    pub fn server(&self, scenario: &Scenario) -> Arc<Prepared> {
        let endpoint = &scenario.server;
        self.servers.get(endpoint.stack, &endpoint.profile, || {
            self.stack(endpoint.stack)?.server(&endpoint.profile)
        })
    }

    fn stack(&self, id: StackId) -> Result<&dyn Stack, Refusal> {
        self.stacks
            .iter()
            .map(AsRef::as_ref)
            .find(|stack| stack.info().id == id)
            .ok_or_else(|| Refusal::Unsupported(format!("{id} is not linked into this build")))
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::new()
    }
}

fn borrowed(prepared: &Arc<Prepared>) -> Result<&dyn Config, &Refusal> {
    prepared.as_ref().as_ref().map(AsRef::as_ref)
}

/// A configuration, or why there is none.
pub type Prepared = Result<Arc<dyn Config>, Refusal>;

/// Prepared configurations. It holds so many and no more: memory must not grow with the number of
/// scenarios.
struct Shelf<P> {
    prepared: Mutex<HashMap<(StackId, P), Arc<Prepared>>>,
}

impl<P> Default for Shelf<P> {
    fn default() -> Self {
        Self {
            prepared: Mutex::new(HashMap::new()),
        }
    }
}

impl<P: Clone + Eq + std::hash::Hash> Shelf<P> {
    fn get(
        &self,
        stack: StackId,
        profile: &P,
        make: impl FnOnce() -> Result<Arc<dyn Config>, Refusal>,
    ) -> Arc<Prepared> {
        let key = (stack, profile.clone());
        let lock = || self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(&key) {
            return found.clone();
        }
        // Not under the lock: two threads may make the same, and one of them is thrown away.
        // Whoever finds it later must not find it made of another's sequence.
        let made = Arc::new(randomness::real(make));
        let mut prepared = lock();
        if prepared.len() >= SHELF {
            prepared.clear();
        }
        prepared.insert(key, made.clone());
        made
    }
}

/// Scenarios come in crosses of a few dozen profiles, so that this many are enough.
const SHELF: usize = 256;
