//! What every fuzz target shares: the lab, and how a finding ends a run.

use std::sync::LazyLock;

use libfuzzer_sys::Corpus;
use shakedown_matrix::fuzz::{Kept, Target};
use shakedown_matrix::lab::Lab;

/// The fuzzer's entry for the target of a name.
#[macro_export]
macro_rules! target {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(init: { $crate::begin() }, |input: &[u8]| -> libfuzzer_sys::Corpus {
            static TARGET: std::sync::LazyLock<&shakedown_matrix::fuzz::Target> =
                std::sync::LazyLock::new(|| $crate::named($name));
            $crate::check(&TARGET, input)
        });
    };
}

/// Before the first input.
pub fn begin() {
    // The fuzzer's hook ends the process at once; the pair survives a stack's panic and tells of it.
    drop(std::panic::take_hook());
}

/// The target of a name.
///
/// # Panics
///
/// If there is none.
pub fn named(name: &str) -> &'static Target {
    Target::named(name).unwrap_or_else(|| panic!("no target {name}"))
}

/// Tries an input.
///
/// # Panics
///
/// At a finding, which ends the run.
pub fn check(target: &Target, input: &[u8]) -> Corpus {
    match target.check(&LAB, input) {
        Ok(Kept::Yes) => Corpus::Keep,
        Ok(Kept::No) => Corpus::Reject,
        Err(finding) => panic!("{finding}"),
    }
}

static LAB: LazyLock<Lab> = LazyLock::new(Lab::new);
