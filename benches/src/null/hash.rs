//! A hash that is the same of everything.

use rustls::crypto::hash::{Context, Hash, HashAlgorithm, Output};

/// As long as SHA-256.
pub(super) struct NullHash;

impl Hash for NullHash {
    fn start(&self) -> Box<dyn Context> {
        Box::new(NullContext)
    }

    fn hash(&self, _: &[u8]) -> Output {
        Output::new(&HASH)
    }

    fn output_len(&self) -> usize {
        HASH.len()
    }

    fn algorithm(&self) -> HashAlgorithm {
        HashAlgorithm::SHA256
    }
}

struct NullContext;

impl Context for NullContext {
    fn fork_finish(&self) -> Output {
        Output::new(&HASH)
    }

    fn fork(&self) -> Box<dyn Context> {
        Box::new(Self)
    }

    fn finish(self: Box<Self>) -> Output {
        Output::new(&HASH)
    }

    fn update(&mut self, _: &[u8]) {}
}

const HASH: [u8; 32] = [0x11; 32];
