//! Ids of scenarios in few characters.
//!
//! They are in order, each as the difference to the one before, in Rice's code: how often 2^k goes into it as so many
//! ones and a zero, then the rest in k bits. The first byte is k, which suits the mean difference. A one ends it, and
//! zeros fill the last byte; all in Base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Packs ids of 48 bits, each once.
pub(super) fn pack(mut ids: Vec<[u8; 6]>) -> String {
    ids.sort_unstable();
    ids.dedup();
    let ids: Vec<_> = ids.into_iter().map(widen).collect();
    let mean = ids.last().map_or(0, |last| last / ids.len() as u64);
    let rest = mean.max(1).ilog2();
    let mut bits = Bits::default();
    bits.push(u64::from(rest), 8);
    let mut before = 0;
    for id in ids {
        let delta = id - before;
        before = id;
        for _ in 0..delta >> rest {
            bits.push(1, 1);
        }
        bits.push(0, 1);
        bits.push(delta & ((1 << rest) - 1), rest);
    }
    bits.push(1, 1);
    STANDARD_NO_PAD.encode(bits.bytes)
}

fn widen(short: [u8; 6]) -> u64 {
    let mut id = [0; 8];
    id[2..].copy_from_slice(&short);
    u64::from_be_bytes(id)
}

/// The ids, in order.
///
/// # Errors
///
/// A message, for what [`pack`] does not write.
pub(super) fn unpack(text: &str) -> Result<Vec<u64>, String> {
    let bytes = STANDARD_NO_PAD
        .decode(text)
        .map_err(|error| format!("ids that are no Base64: {error}"))?;
    let (rest, bytes) = bytes.split_first().ok_or("no ids")?;
    let rest = u32::from(*rest);
    let last = bytes.last().copied().unwrap_or_default();
    if rest >= 48 || last == 0 {
        return Err("ids that are cut off".into());
    }
    let length = bytes.len() * 8 - last.trailing_zeros() as usize - 1;
    let mut bits = (0..length).map(|place| bytes[place / 8] >> (7 - place % 8) & 1);
    let mut ids = Vec::new();
    let mut id = 0_u64;
    while let Some(mut bit) = bits.next() {
        let mut delta = 0_u64;
        while bit == 1 {
            delta += 1 << rest;
            if delta >> 48 != 0 {
                return Err("ids of more than 48 bits".into());
            }
            bit = bits.next().ok_or("ids that are cut off")?;
        }
        for place in (0..rest).rev() {
            let bit = bits.next().ok_or("ids that are cut off")?;
            delta |= u64::from(bit) << place;
        }
        if delta == 0 && !ids.is_empty() {
            return Err("ids that are not in order".into());
        }
        id += delta;
        if id >> 48 != 0 {
            return Err("ids of more than 48 bits".into());
        }
        ids.push(id);
    }
    if ids.is_empty() {
        return Err("no ids".into());
    }
    Ok(ids)
}

/// Bits, the highest of each byte first.
#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    fn push(&mut self, value: u64, count: u32) {
        for place in (0..count).rev() {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let bit = (value >> place & 1) as u8;
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used % 8);
            }
            self.used += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_in_order_and_once() {
        for ids in [
            vec![0],
            vec![MOST],
            vec![MOST, 0, 0x80, 0x7f, 0x80],
            (0..1000).map(|number| number * 0x1234_5678).collect(),
            (0..100).collect(),
        ] {
            let text = pack(ids.iter().map(|id| narrow(*id)).collect());
            let mut wanted = ids;
            wanted.sort_unstable();
            wanted.dedup();
            assert_eq!(unpack(&text), Ok(wanted));
        }
    }

    #[test]
    fn many_ids_take_little_more_than_they_must() {
        // Spread as evenly as hashes are; 48 bits less the logarithm of how many there are, and 1.5 or so.
        let count = 1 << 12;
        let ids: Vec<_> = (0..count)
            .map(|number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16)
            .map(narrow)
            .collect();
        let bits = pack(ids).len() * 6 / count as usize;
        assert!((36..=38).contains(&bits), "{bits}");
    }

    #[test]
    fn ids_that_nobody_writes_are_refused() {
        let refused = |bytes: &[u8]| unpack(&STANDARD_NO_PAD.encode(bytes)).expect_err("refused");
        assert_eq!(refused(&[]), "no ids");
        assert_eq!(refused(&[0]), "ids that are cut off");
        assert_eq!(refused(&[0, 0]), "ids that are cut off");
        assert_eq!(refused(&[48, 0x80]), "ids that are cut off");
        assert_eq!(refused(&[0, 0x80]), "no ids");
        // Ones without a zero; a zero without its rest; the same twice.
        assert_eq!(refused(&[0, 0xff]), "ids that are cut off");
        assert_eq!(refused(&[8, 0x01]), "ids that are cut off");
        assert_eq!(refused(&[0, 0b0010_0000]), "ids that are not in order");
        let beyond = [47, 0b1101_0000, 0, 0, 0, 0, 0, 0b0000_1000];
        assert_eq!(refused(&beyond), "ids of more than 48 bits");
        assert_eq!(refused(&[47, 0xff, 0xf0]), "ids of more than 48 bits");
        assert!(unpack("!").expect_err("refused").contains("Base64"));
    }

    fn narrow(id: u64) -> [u8; 6] {
        let [_, _, short @ ..] = id.to_be_bytes();
        short
    }

    const MOST: u64 = 0xffff_ffff_ffff;
}
