//! The matrix: generated scenarios, a reference model, verdicts and reports, on top of `shakedown`.
//!
//! The data's way: [`axes`] and [`cover`] make a [`plan`]; the [`lab`] tries each scenario on real
//! stacks while the [`model`] says what must come of it; [`verdict`] holds the one against the other;
//! [`run`] counts, [`shrink`] reduces what went otherwise, and [`report`] tells it.
//!
//! ```
//! use shakedown::scenario::StackId;
//! use shakedown_matrix::lab::Lab;
//! use shakedown_matrix::model::predict;
//! use shakedown_matrix::plan::{Plan, Request};
//! use shakedown_matrix::verdict::{Verdict, judge};
//!
//! let stacks = vec![StackId::RustlsRing];
//! let plan = Plan::new(&Request { strength: 1, random: 20, seed: 7, stacks }).unwrap();
//! let lab = Lab::new();
//! for case in plan.batch(plan.batches() - 1) {
//!     let verdict = judge(&predict(&case.scenario), &lab.run(&case.scenario));
//!     assert!(matches!(verdict, Verdict::Agree | Verdict::Unsupported(_)), "{}", case.name);
//! }
//! ```
//!
//! A configuration of one's own meets generated peers in [`adopted`].

pub mod absence;
#[cfg(feature = "stacks")]
pub mod adopted;
// Tests begin in the order of their names: this one watches the others.
#[cfg(all(test, feature = "recorded"))]
#[path = "recorded.rs"]
mod against_recording;
pub mod arbitrary;
pub mod axes;
pub mod catalogue;
#[cfg(feature = "stacks")]
pub mod cli;
pub mod conformance;
pub mod cover;
pub mod diff;
pub mod explain;
#[cfg(feature = "stacks")]
pub mod fuzz;
#[cfg(feature = "stacks")]
pub mod journal;
pub mod known;
#[cfg(feature = "stacks")]
pub mod lab;
mod linked;
pub mod model;
pub mod output;
pub mod plan;
pub mod recording;
pub mod report;
#[cfg(feature = "stacks")]
pub mod run;
mod schema;
pub mod several;
pub mod shrink;
pub mod sweep;
pub mod symptoms;
pub mod tables;
pub mod verdict;
mod wrap;
