//! A hash that is the same on every machine and in every version, for sketches are kept and compared.

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

/// The hash of a number.
#[inline]
pub fn of_word(word: u64) -> u64 {
    mix(word ^ MULTIPLIER)
}

/// The hash of a text.
pub fn of_text(text: &[u8]) -> u64 {
    let mut hash = (text.len() as u64).wrapping_mul(MULTIPLIER);
    let mut words = text.chunks_exact(8);
    for word in &mut words {
        hash = fold(hash, u64::from_le_bytes(word.try_into().expect("chunks of 8 bytes")));
    }
    let mut last = [0; 8];
    last[..words.remainder().len()].copy_from_slice(words.remainder());
    mix(fold(hash, u64::from_le_bytes(last)))
}

#[inline]
fn fold(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word ^ 0xD6E8_FEB8_6659_FD93) * u128::from(MULTIPLIER);
    #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
    let halves = (product as u64) ^ ((product >> 64) as u64);
    halves.rotate_left(29) ^ word.wrapping_mul(0xA076_1D64_78BD_642F)
}

/// Spreads every bit over all others (the last steps of `MurmurHash3`).
#[inline]
fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn hashes_do_not_change() {
        assert_eq!(of_word(1), of_word(1));
        assert_eq!(of_word(0), 11_286_133_854_226_296_554);
        assert_eq!(of_text(b"powershell.exe"), 2_581_108_845_514_115_477);
    }

    #[test]
    fn texts_that_differ_a_little_have_other_hashes() {
        let texts = (0..50_000).flat_map(|n| [format!("{n}"), format!("host-{n}.example"), format!("\0{n}")]);
        let hashes: HashSet<u64> = texts.map(|text| of_text(text.as_bytes())).collect();
        assert_eq!(hashes.len(), 150_000);
    }
}
