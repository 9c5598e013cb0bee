//! Several documented causes at once: which one decides is a matter of each stack's own order.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use shakedown::scenario::StackId;

use crate::axes::Axes;
use crate::catalogue::{Recipe, recipes};
use crate::cover::Space;
use crate::plan::{based, set};

pub mod flaws;

/// Recipes that are followed at once, by whom, and in which version.
#[derive(Clone, Debug)]
pub struct Mixed {
    recipes: Vec<&'static Recipe>,
    client: StackId,
    server: StackId,
    /// What the client enables.
    version: &'static str,
}

impl Mixed {
    /// `several/<how many>/<recipe>+<recipe>/<client>-><server>/TLS<version>`.
    pub fn name(&self) -> String {
        let names: Vec<_> = self.recipes.iter().map(|recipe| recipe.name()).collect();
        format!(
            "several/{}/{}/{}->{}/TLS{}",
            self.recipes.len(),
            names.join("+"),
            self.client,
            self.server,
            self.version
        )
    }

    /// Where it lies on the axes.
    pub fn point(&self, axes: &Axes) -> Vec<usize> {
        let mut point = based(axes, self.client, self.server, &[(VERSIONS, self.version)]);
        for (axis, label) in self.recipes.iter().flat_map(|recipe| recipe.settings) {
            set(axes, &mut point, axis, label);
        }
        point
    }
}

/// Every two recipes that can be followed at once, and some three, drawn with the seed.
///
/// Stacks that differ in their cryptography alone take turns, for their order is the same; so do the
/// versions, each library's of which meets every cause many times.
pub fn mixtures(
    axes: &Axes,
    space: &Space,
    pairings: &[(StackId, StackId)],
    seed: u64,
) -> Vec<Mixed> {
    let mut mixer = Mixer {
        axes,
        space,
        turns: by_library(pairings),
        made: 0,
        found: Vec::new(),
    };
    // What the link does meets every value of the other axes in the covering arrays.
    let recipes: Vec<_> = recipes()
        .iter()
        .filter(|recipe| !recipe.cause.is_of_the_link())
        .collect();
    for (place, first) in recipes.iter().enumerate() {
        for second in &recipes[place + 1..] {
            mixer.mix(&[first, second]);
        }
    }
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = || recipes[(dice.next_u64() % recipes.len() as u64) as usize];
    for _ in 0..TRIPLES {
        let three = [draw(), draw(), draw()];
        if three[0].cause != three[1].cause
            && three[1].cause != three[2].cause
            && three[0].cause != three[2].cause
        {
            mixer.mix(&three);
        }
    }
    mixer.found
}

/// The pairings, those of the same libraries together.
fn by_library(pairings: &[(StackId, StackId)]) -> Vec<Vec<(StackId, StackId)>> {
    let mut found: Vec<((bool, bool), Vec<_>)> = Vec::new();
    for &(client, server) in pairings {
        let libraries = (client.is_rustls(), server.is_rustls());
        match found.iter_mut().find(|(other, _)| *other == libraries) {
            Some((_, alike)) => alike.push((client, server)),
            None => found.push((libraries, vec![(client, server)])),
        }
    }
    found.into_iter().map(|(_, alike)| alike).collect()
}

struct Mixer<'a> {
    axes: &'a Axes,
    space: &'a Space,
    turns: Vec<Vec<(StackId, StackId)>>,
    made: usize,
    found: Vec<Mixed>,
}

impl Mixer<'_> {
    fn mix(&mut self, recipes: &[&'static Recipe]) {
        let Some(settings) = together(recipes) else {
            return;
        };
        let own = settings.iter().find(|(axis, _)| *axis == VERSIONS);
        for (turn, alike) in self.turns.iter().enumerate() {
            let (client, server) = alike[self.made % alike.len()];
            let mixed = Mixed {
                recipes: recipes.to_vec(),
                client,
                server,
                version: own.map_or(["1.2", "1.3"][(self.made + turn) % 2], |(_, label)| label),
            };
            if self.space.allows(&mixed.point(self.axes)) {
                self.found.push(mixed);
            }
        }
        self.made += 1;
    }
}

/// The settings of all recipes; `None`: they contradict each other.
fn together(recipes: &[&Recipe]) -> Option<Vec<(&'static str, &'static str)>> {
    let mut settings: Vec<(&str, &str)> = Vec::new();
    for (axis, label) in recipes.iter().flat_map(|recipe| recipe.settings) {
        match settings.iter().find(|(other, _)| other == axis) {
            Some((_, other)) if other != label => return None,
            Some(_) => {}
            None => settings.push((axis, label)),
        }
    }
    Some(settings)
}

const VERSIONS: &str = "client.versions";
/// So many draws of three recipes; about half of them can be followed at once.
const TRIPLES: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Prediction, predict};

    #[test]
    fn several_causes_hold_at_once() {
        let axes = Axes::new();
        let space = axes.space(&[]).expect("scenarios");
        let pairing = (StackId::Openssl, StackId::RustlsRing);
        let mixtures = mixtures(&axes, &space, &[pairing], 1);
        let (mut two, mut three) = (0, 0);
        for mixed in &mixtures {
            let Prediction::Expect(expectation) = predict(&axes.scenario(&mixed.point(&axes)))
            else {
                continue;
            };
            match expectation.masked.len() {
                0 => {}
                1 => two += 1,
                _ => three += 1,
            }
        }
        assert!(
            two > 500 && three > 100,
            "{two} {three} of {}",
            mixtures.len()
        );
    }

    #[test]
    fn recipes_that_contradict_each_other_are_not_mixed() {
        let recipes = recipes();
        let named = |name: &str| {
            recipes
                .iter()
                .find(|recipe| recipe.name() == name)
                .expect("a recipe")
        };
        let (expired, wrong_eku) = (named("cert-expired"), named("cert-wrong-eku"));
        assert_eq!(together(&[expired, wrong_eku]), None);
        let untrusted = named("cert-unknown-ca");
        assert_eq!(
            together(&[expired, untrusted]).map(|all| all.len()),
            Some(2)
        );
    }
}
