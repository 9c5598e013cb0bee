//! Metamorphic properties: what must hold between two runs, whatever the model says of either.
//!
//! Each property has a test beside it that warps a stack so that the property breaks, and shows that
//! the comparison tells.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use shakedown::connection::{
    Config, Connection, Failure, HandshakeKind, Refusal, Stack, StackInfo,
};
use shakedown::iana::NamedGroup;
use shakedown::identity::Identities;
use shakedown::outcome::{End, Outcome, SideOutcome};
use shakedown::profile::{
    ClientAuth, ClientProfile, KeyType, Miss, NameCheck, Ocsp, Preference, Protocol, Revocation,
    ServerProfile, SniPolicy, Trust,
};
use shakedown::scenario::{Scenario, StackId};
use shakedown::stacks;
use shakedown_matrix::arbitrary::{MAX_DEPARTURES, decode};
use shakedown_matrix::lab::Lab;
use shakedown_matrix::model::traits;

proptest! {
    #![proptest_config(ProptestConfig {
        cases: ProptestConfig::default().cases.max(400),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/metamorphic.regressions",
        ))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn rustls_is_the_same_with_either_cryptography(scenario in undisturbed()) {
        prop_assert_eq!(swapping(&LAB, &scenario), Ok(()));
    }

    #[test]
    fn preference_never_decides_over_success(scenario in any_scenario(), how in 0..6_usize) {
        prop_assert_eq!(reordering(&LAB, &scenario, how), Ok(()));
    }

    #[test]
    fn what_nobody_uses_changes_nothing(scenario in undisturbed(), what in 0..10_usize) {
        prop_assert_eq!(extending(&LAB, &scenario, what), Ok(()));
    }

    #[test]
    fn what_is_stricter_never_succeeds_where_the_laxer_failed(
        scenario in undisturbed(),
        how in 0..STRICTER.len(),
    ) {
        prop_assert_eq!(restricting(&LAB, &scenario, how), Ok(()));
    }

    #[test]
    fn running_again_comes_to_the_same(scenario in any_scenario()) {
        prop_assert_eq!(repeating(&LAB, &scenario), Ok(()));
    }
}

/// What a few departures from the plainest scenario come to.
fn any_scenario() -> impl Strategy<Value = Scenario> {
    prop::collection::vec(any::<u8>(), 0..=2 + 2 * MAX_DEPARTURES)
        .prop_filter_map("values that cannot go together", |input| decode(&input))
}

/// The same with a link that does nothing. One that does something to a record or a byte of a number does
/// another thing where a flight has other records or other lengths: with client authentication a swapped
/// ChangeCipherSpec changes places with a Certificate, without it with the Finished.
fn undisturbed() -> impl Strategy<Value = Scenario> {
    any_scenario().prop_map(|mut scenario| {
        scenario.link.ops.clear();
        scenario
    })
}

/// ring for aws-lc-rs, and the other way round.
fn swapping(lab: &Lab, scenario: &Scenario) -> Result<(), String> {
    if tells_cryptography_apart(scenario) {
        return Ok(());
    }
    let mut swapped = scenario.clone();
    for stack in [&mut swapped.client.stack, &mut swapped.server.stack] {
        *stack = match *stack {
            StackId::RustlsAwsLcRs => StackId::RustlsRing,
            StackId::RustlsRing => StackId::RustlsAwsLcRs,
            StackId::Openssl => StackId::Openssl,
        };
    }
    // With the stacks' own groups one of them has a hybrid more, and so other shares and another
    // group, or a HelloRetryRequest less.
    let own_groups = [
        &scenario.client.profile.protocol,
        &scenario.server.profile.protocol,
    ]
    .iter()
    .any(|protocol| protocol.groups.is_none());
    let blur = |mut outcome: Outcome| {
        for side in [&mut outcome.client, &mut outcome.server] {
            if let Some(session) = side.session.as_mut().filter(|_| own_groups) {
                session.group = None;
                if session.kind == HandshakeKind::HelloRetryRequest {
                    session.kind = HandshakeKind::Full;
                }
            }
        }
        outcome
    };
    same(&blur(lab.run(scenario)), &blur(lab.run(&swapped)), &swapped)
}

/// What one cryptography has and the other has not: P-521 (ring has none, crypto/ring/mod.rs) and
/// post-quantum groups (aws-lc-rs alone, crypto/aws_lc_rs/kx.rs).
fn tells_cryptography_apart(scenario: &Scenario) -> bool {
    let (client, server) = (&scenario.client.profile, &scenario.server.profile);
    let anchor = |trust: Trust| match trust {
        Trust::Leaf(credential) => Some(credential),
        _ => None,
    };
    let p521 = [
        client.identity,
        server.identity,
        anchor(client.trust),
        anchor(server.trust),
    ]
    .into_iter()
    .flatten()
    .any(|credential| credential.key == KeyType::EcdsaP521);
    let hybrid = [&client.protocol, &server.protocol]
        .iter()
        .filter_map(|protocol| protocol.groups.as_ref())
        .any(|groups| groups.contains(&NamedGroup::X25519MLKEM768));
    p521 || hybrid
}

/// Lists turned round, or the other side's order followed.
fn reordering(lab: &Lab, scenario: &Scenario, how: usize) -> Result<(), String> {
    let mut reordered = scenario.clone();
    let (client, server) = (&mut reordered.client.profile, &mut reordered.server.profile);
    match how {
        0 => {
            server.preference = match server.preference {
                Preference::Client => Preference::Server,
                Preference::Server => Preference::Client,
            };
        }
        1 => reverse(&mut client.protocol.suites),
        2 => reverse(&mut server.protocol.suites),
        3 => {
            reverse(&mut client.protocol.tls13_suites);
            reverse(&mut server.protocol.tls13_suites);
        }
        4 => {
            client.alpn.reverse();
            server.alpn.reverse();
        }
        _ => {
            reverse(&mut client.protocol.signature_schemes);
            reverse(&mut server.protocol.signature_schemes);
        }
    }
    let (before, after) = (lab.run(scenario), lab.run(&reordered));
    if before.is_success() == after.is_success() {
        Ok(())
    } else {
        Err(format!("{} now {after:?}", reordered.to_json()))
    }
}

fn reverse<T>(list: &mut Option<Vec<T>>) {
    if let Some(list) = list {
        list.reverse();
    }
}

/// One more entry at the end of a list, which the other side has not, where all went well without.
fn extending(lab: &Lab, scenario: &Scenario, what: usize) -> Result<(), String> {
    let mut extended = scenario.clone();
    let (client, server) = (&mut extended.client, &mut extended.server);
    let (own, own_stack, peer, peer_stack) = if what.is_multiple_of(2) {
        (
            &mut client.profile.protocol,
            client.stack,
            &server.profile.protocol,
            server.stack,
        )
    } else {
        (
            &mut server.profile.protocol,
            server.stack,
            &client.profile.protocol,
            client.stack,
        )
    };
    let (mine, theirs) = (traits::of(own_stack), traits::of(peer_stack));
    match what / 2 {
        0 => extend(
            &mut own.suites,
            mine.suites,
            &peer.suites,
            theirs.default_suites,
        ),
        1 => extend(
            &mut own.tls13_suites,
            mine.tls13_suites,
            &peer.tls13_suites,
            theirs.tls13_suites,
        ),
        // The hybrid would bring its classical half along, and tuples have their own division.
        2 if own.group_tuples.is_empty() && own.key_shares.is_empty() => extend(
            &mut own.groups,
            mine.groups,
            &peer.groups,
            &theirs.default_groups.concat(),
        ),
        3 => extended.client.profile.alpn.push("unused/1".into()),
        _ => extended.server.profile.alpn.push("unused/2".into()),
    }
    // A first name is no extra.
    let first_name = scenario.client.profile.alpn.is_empty() && what / 2 == 3
        || scenario.server.profile.alpn.is_empty() && what / 2 == 4;
    let before = lab.run(scenario);
    if first_name || !before.is_success() {
        return Ok(());
    }
    same(&before, &lab.run(&extended), &extended)
}

fn extend<T: Copy + PartialEq>(
    own: &mut Option<Vec<T>>,
    possible: &[T],
    peer: &Option<Vec<T>>,
    peers_default: &[T],
) {
    let theirs = peer.as_deref().unwrap_or(peers_default);
    if let Some(own) = own.as_mut().filter(|own| !own.is_empty())
        && let Some(extra) = possible
            .iter()
            .find(|value| !own.contains(value) && !theirs.contains(value))
    {
        own.push(*extra);
    }
}

/// Ways to be stricter; `false`: the scenario has no room for it.
const STRICTER: &[fn(&mut Scenario) -> bool] = &[
    |s| {
        let asks = &mut s.server.profile.client_auth;
        *asks = match *asks {
            ClientAuth::None => ClientAuth::Optional,
            ClientAuth::Optional => ClientAuth::Required,
            ClientAuth::Required => return false,
        };
        true
    },
    |s| {
        // OpenSSL takes a list for want of a good response (crypto/x509/x509_vfy.c, `check_revocation`).
        s.client.profile.ocsp != Ocsp::Check
            && becomes(
                &mut s.client.profile.revocation,
                Revocation::Off,
                Revocation::Crl,
            )
    },
    |s| {
        becomes(
            &mut s.server.profile.revocation,
            Revocation::Off,
            Revocation::Crl,
        )
    },
    |s| becomes(&mut s.client.profile.trust, Trust::Roots, Trust::OtherRoot),
    |s| becomes(&mut s.server.profile.trust, Trust::Roots, Trust::OtherRoot),
    |s| {
        becomes(
            &mut s.client.profile.name_check,
            NameCheck::Off,
            NameCheck::On,
        )
    },
    |s| becomes(&mut s.server.profile.sni, SniPolicy::Any, SniPolicy::Strict),
    |s| becomes(&mut s.server.profile.alpn_miss, Miss::Ignore, Miss::Fatal),
    |s| shorter(&mut s.client.profile.protocol),
    |s| shorter(&mut s.server.profile.protocol),
];

fn becomes<T: PartialEq>(value: &mut T, lax: T, strict: T) -> bool {
    let fits = *value == lax;
    if fits {
        *value = strict;
    }
    fits
}

/// Without the last suite, if one is left: a version that loses its last one makes room for an older
/// version, which is not stricter.
fn shorter(protocol: &mut Protocol) -> bool {
    match &mut protocol.suites {
        Some(suites) if suites.len() > 1 => suites.pop().is_some(),
        _ => false,
    }
}

fn restricting(lab: &Lab, scenario: &Scenario, how: usize) -> Result<(), String> {
    let mut strict = scenario.clone();
    if !STRICTER[how](&mut strict) {
        return Ok(());
    }
    let (lax, strict_outcome) = (lab.run(scenario), lab.run(&strict));
    if strict_outcome.is_success() && !lax.is_success() {
        Err(format!("{} succeeds; laxer: {lax:?}", strict.to_json()))
    } else {
        Ok(())
    }
}

/// With the same configurations, and with fresh ones.
fn repeating(lab: &Lab, scenario: &Scenario) -> Result<(), String> {
    let first = lab.run(scenario);
    same(&first, &lab.run(scenario), scenario)?;
    same(&first, &FRESH.run(scenario), scenario)
}

/// Whether two outcomes differ in nothing but the words of errors.
fn same(one: &Outcome, other: &Outcome, scenario: &Scenario) -> Result<(), String> {
    let (one, other) = (wordless(one), wordless(other));
    if one == other {
        Ok(())
    } else {
        Err(format!("{}: {one:?} became {other:?}", scenario.to_json()))
    }
}

fn wordless(outcome: &Outcome) -> Outcome {
    let side = |side: &SideOutcome| {
        let mut side = side.clone();
        match &mut side.end {
            End::Failed(failure) | End::Refused(failure) => failure.text.clear(),
            // The reason has the stack's name in it.
            End::Unsupported(reason) => reason.clear(),
            _ => {}
        }
        side
    };
    Outcome {
        client: side(&outcome.client),
        server: side(&outcome.server),
        exporters_agree: outcome.exporters_agree,
        deeds: outcome.deeds.clone(),
    }
}

#[test]
fn a_cryptography_of_its_own_mind_is_told() {
    let lab = warped(
        StackId::RustlsRing,
        Warp {
            client: |profile| profile.trust = Trust::OtherRoot,
            ..Warp::NONE
        },
    );
    assert!(swapping(&lab, &plain(StackId::RustlsRing, StackId::Openssl)).is_err());
    assert_eq!(
        swapping(&LAB, &plain(StackId::RustlsRing, StackId::Openssl)),
        Ok(())
    );
}

#[test]
fn a_preference_that_decides_over_success_is_told() {
    let lab = warped(
        StackId::Openssl,
        Warp {
            server: |profile| {
                if profile.preference == Preference::Server {
                    profile.client_auth = ClientAuth::Required;
                }
            },
            ..Warp::NONE
        },
    );
    assert!(reordering(&lab, &plain(StackId::RustlsRing, StackId::Openssl), 0).is_err());
}

#[test]
fn an_extra_that_changes_something_is_told() {
    let lab = warped(
        StackId::Openssl,
        Warp {
            client: |profile| {
                if profile.alpn.len() > 1 {
                    profile.alpn.clear();
                }
            },
            ..Warp::NONE
        },
    );
    let mut scenario = plain(StackId::Openssl, StackId::RustlsRing);
    scenario.client.profile.alpn = vec!["h2".into()];
    scenario.server.profile.alpn = vec!["h2".into()];
    assert!(extending(&lab, &scenario, 6).is_err());
    assert_eq!(extending(&LAB, &scenario, 6), Ok(()));
}

#[test]
fn a_stricter_profile_that_lets_more_through_is_told() {
    let lab = warped(
        StackId::Openssl,
        Warp {
            server: |profile| {
                profile.client_auth = match profile.client_auth {
                    ClientAuth::None => ClientAuth::Required,
                    _ => ClientAuth::None,
                };
            },
            ..Warp::NONE
        },
    );
    assert!(restricting(&lab, &plain(StackId::RustlsRing, StackId::Openssl), 0).is_err());
}

#[test]
fn a_stack_that_changes_its_mind_is_told() {
    let scenario = plain(StackId::Openssl, StackId::RustlsRing);
    let mut stacks = stacks::linked(&Arc::new(Identities::new()));
    let place = stacks
        .iter()
        .position(|stack| stack.info().id == StackId::RustlsRing)
        .expect("every stack is linked");
    let inner = stacks.remove(place);
    stacks.push(Box::new(Fickle(inner)));
    let lab = Lab::with_stacks(stacks);
    let first = lab.run(&scenario);
    assert!(same(&first, &lab.run(&scenario), &scenario).is_err());
    assert!(repeating(&lab, &scenario).is_err());
}

/// A stack whose servers have a certificate for every other connection.
struct Fickle(Box<dyn Stack>);

impl Stack for Fickle {
    fn info(&self) -> &StackInfo {
        self.0.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        self.0.client(profile)
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        let bare = ServerProfile {
            identity: None,
            ..profile.clone()
        };
        Ok(Arc::new(Alternating {
            configs: [self.0.server(profile)?, self.0.server(&bare)?],
            turns: AtomicUsize::new(0),
        }))
    }
}

struct Alternating {
    configs: [Arc<dyn Config>; 2],
    turns: AtomicUsize,
}

impl Config for Alternating {
    fn connect(&self) -> Result<Box<dyn Connection>, Failure> {
        self.configs[self.turns.fetch_add(1, Ordering::Relaxed) % 2].connect()
    }
}

/// A stack that changes the profiles that it is given.
struct Warped {
    inner: Box<dyn Stack>,
    warp: Warp,
}

struct Warp {
    client: fn(&mut ClientProfile),
    server: fn(&mut ServerProfile),
}

impl Warp {
    const NONE: Self = Self {
        client: |_| (),
        server: |_| (),
    };
}

impl Stack for Warped {
    fn info(&self) -> &StackInfo {
        self.inner.info()
    }

    fn client(&self, profile: &ClientProfile) -> Result<Arc<dyn Config>, Refusal> {
        let mut profile = profile.clone();
        (self.warp.client)(&mut profile);
        self.inner.client(&profile)
    }

    fn server(&self, profile: &ServerProfile) -> Result<Arc<dyn Config>, Refusal> {
        let mut profile = profile.clone();
        (self.warp.server)(&mut profile);
        self.inner.server(&profile)
    }
}

/// A lab where one stack is warped.
fn warped(id: StackId, warp: Warp) -> Lab {
    let mut stacks = stacks::linked(&Arc::new(Identities::new()));
    let place = stacks
        .iter()
        .position(|stack| stack.info().id == id)
        .expect("every stack is linked");
    let inner = stacks.remove(place);
    stacks.push(Box::new(Warped { inner, warp }));
    Lab::with_stacks(stacks)
}

fn plain(client: StackId, server: StackId) -> Scenario {
    Scenario::from_json(&format!(
        r#"{{"client":{{"stack":"{client}"}},"server":{{"stack":"{server}"}}}}"#
    ))
    .expect("well-formed")
}

static LAB: LazyLock<Lab> = LazyLock::new(Lab::new);
static FRESH: LazyLock<Lab> = LazyLock::new(Lab::new);
