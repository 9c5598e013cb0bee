//! Bytes to a scenario; the scenario's outcome against the model.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::{Corpus, fuzz_target};
use shakedown_matrix::arbitrary::{check, decode};
use shakedown_matrix::lab::Lab;

fuzz_target!(init: {
    // The fuzzer's hook ends the process at once; the pair survives a stack's panic and tells of it.
    drop(std::panic::take_hook());
}, |input: &[u8]| -> Corpus {
    let Some(scenario) = decode(input) else {
        return Corpus::Reject;
    };
    if let Err(disagreement) = check(&LAB, &scenario) {
        panic!("{disagreement}");
    }
    Corpus::Keep
});

static LAB: LazyLock<Lab> = LazyLock::new(Lab::new);
