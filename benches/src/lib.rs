//! What the benchmarks and the checks of the engine's cost share.
//!
//! Benchmarks of TLS have measured the wrong handshake for years on end, so everything that is
//! negotiated is pinned by a [`Shape`](shape::Shape), which each sample is held against.

use std::time::Duration;

use shakedown::connection::{Role, Session};
use shakedown::outcome::Outcome;

pub mod by_hand;
pub mod cost;
pub mod estimates;
pub mod instructions;
pub mod library;
pub mod null;
pub mod pairing;
pub mod prepared;
pub mod refusal;
pub mod shape;

/// What each side holds for negotiated, of a scenario that went well to its very end.
///
/// # Panics
///
/// If it did not.
pub fn whole(outcome: &Outcome) -> [(Role, &Session); 2] {
    assert!(outcome.is_success(), "{outcome:?}");
    assert_eq!(outcome.exporters_agree, Some(true));
    Role::BOTH.map(|role| {
        let side = outcome.side(role);
        assert_eq!(side.data_intact, Some(true));
        let session = side.session.as_ref();
        (role, session.expect("a session, for it succeeded"))
    })
}

/// How long each benchmark warms up; `--warm-up-time` says otherwise.
pub const WARM_UP: Duration = Duration::from_millis(500);
/// How long each benchmark is measured; `--measurement-time` says otherwise.
pub const MEASUREMENT: Duration = Duration::from_secs(2);
