//! What every fuzz target shares: the lab, and how a finding ends a run.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU8, Ordering};

use libfuzzer_sys::Corpus;
use shakedown_matrix::fuzz::{Kept, Target, strict, watch};
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
///
/// # Panics
///
/// If a stack does not check what it must.
pub fn begin() {
    // The fuzzer's hook ends the process at once; the pair survives a stack's panic and tells of it.
    drop(std::panic::take_hook());
    if let Err(why) = strict(&LAB) {
        panic!("{why}");
    }
    watch::take();
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
    let checked = target.check(&LAB, input);
    for state in watch::take() {
        // The length is a power of two.
        let counter = &STATES[state as usize & (STATES.len() - 1)];
        counter.store(1, Ordering::Relaxed);
    }
    match checked {
        Ok(Kept::Yes) => Corpus::Keep,
        Ok(Kept::No) => Corpus::Reject,
        Err(finding) => panic!("{finding}"),
    }
}

static LAB: LazyLock<Lab> = LazyLock::new(watch::lab);

/// What libFuzzer takes for coverage beside that of code, and clears before each input.
#[allow(unsafe_code, reason = "a section of its own is how libFuzzer finds it")]
#[unsafe(link_section = "__libfuzzer_extra_counters")]
static STATES: [AtomicU8; 1 << 14] = [const { AtomicU8::new(0) }; 1 << 14];
