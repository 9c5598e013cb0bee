//! Randomness that is the same each time, for whoever must see the same handshake twice.
//!
//! What can be set: all that OpenSSL draws (`RAND_set_rand_method`), keys and signatures among it; and what
//! rustls itself draws (`CryptoProvider::secure_random`: randoms, session ids, the age of tickets). What cannot:
//! the keys of rustls's key exchange and the nonces of its ECDSA and PSS signatures, which ring and aws-lc-rs
//! draw on their own; the blinding that an RSA key of OpenSSL's keeps from one signature to the next; the time that OpenSSL and rustls write into a ticket, which is encrypted. None of this
//! changes what a handshake comes to, and only the signatures of ECDSA change a length, by a byte or two.

use std::cell::Cell;

/// Does the work with randomness that is made out of `seed`, on this thread, as far as it can be set. Whatever
/// else goes on, on this thread later or on others now, has real randomness.
///
/// For tests only: whoever knows the seed knows every secret. From the first call on, the process has OpenSSL
/// ask here first; where there is no sequence, its public generator of the default context is asked, for
/// secrets too, and a method or an engine that somebody else has set is not asked any more. A call within another begins a sequence of its
/// own, and the outer one goes on after it.
pub fn fixed<T>(seed: u64, work: impl FnOnce() -> T) -> T {
    #[cfg(feature = "openssl")]
    super::openssl::divert_randomness();
    let _before = Before(STATE.replace(Some(seed)));
    work()
}

/// Does the work with real randomness, on this thread, even within [`fixed`]: for what outlives it.
pub fn real<T>(work: impl FnOnce() -> T) -> T {
    let _before = Before(STATE.take());
    work()
}

/// The next bytes of the sequence, if there is one on this thread; else `false`, and `out` is as it was.
pub(super) fn fill(out: &mut [u8]) -> bool {
    let Some(mut state) = STATE.get() else {
        return false;
    };
    for piece in out.chunks_mut(8) {
        piece.copy_from_slice(&next(&mut state).to_le_bytes()[..piece.len()]);
    }
    STATE.set(Some(state));
    true
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): every state
/// comes up once, and the numbers pass for random.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Puts the state back, even after a panic.
struct Before(Option<u64>);

impl Drop for Before {
    fn drop(&mut self) {
        STATE.set(self.0);
    }
}

thread_local! {
    static STATE: Cell<Option<u64>> = const { Cell::new(None) };
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    fn drawn() -> [u8; 11] {
        let mut bytes = [0; 11];
        assert!(fill(&mut bytes));
        bytes
    }

    #[test]
    fn a_seed_says_every_byte() {
        assert_eq!(
            fixed(7, || (drawn(), drawn())),
            fixed(7, || (drawn(), drawn()))
        );
        assert_ne!(fixed(7, drawn), fixed(8, drawn));
        let (one, two) = fixed(7, || (drawn(), drawn()));
        assert_ne!(one, two);
    }

    #[test]
    fn the_sequence_ends_with_the_work_even_by_a_panic() {
        let mut bytes = [1; 3];
        assert!(!fill(&mut bytes));
        assert!(catch_unwind(|| fixed(7, || panic!("the work fails"))).is_err());
        assert!(!fill(&mut bytes));
        assert_eq!(bytes, [1; 3]);
    }

    #[test]
    fn what_outlives_the_work_draws_real_randomness() {
        let mut bytes = [1; 3];
        let (whole, second) = fixed(7, || (drawn(), drawn()));
        let seen = fixed(7, || (drawn(), real(|| fill(&mut bytes)), drawn()));
        assert_eq!(seen, (whole, false, second));
    }

    #[test]
    fn one_within_another_leaves_it_alone() {
        let (whole, second) = fixed(7, || (drawn(), drawn()));
        let (first, last) = fixed(7, || {
            (drawn(), {
                fixed(9, drawn);
                drawn()
            })
        });
        assert_eq!((first, last), (whole, second));
    }
}
