//! The matrix: generated scenarios, a reference model, verdicts and reports, on top of `shakedown`.

pub mod axes;
pub mod cover;
#[cfg(feature = "stacks")]
pub mod lab;
pub mod model;
pub mod verdict;
