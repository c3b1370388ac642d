//! Random numbers.

use uuid::Uuid;

use crate::functions::{Call, Column, define::Answer};

pub(super) fn rand(call: &Call<'_>) -> Answer {
    let limits = call.has(0).then(|| call.longs(0)).transpose()?;
    // A batch begins anywhere and goes on from there (SplitMix64).
    let mut state = Uuid::new_v4().as_u64_pair().1;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        // 53 bits are all that a real has.
        (bits >> 11) as f64 / (1u64 << 53) as f64
    };
    Ok(Column::reals((0..call.rows).map(|row| {
        let random = next();
        match &limits {
            None => Some(random),
            Some(limits) => match limits.get(row)? {
                limit if limit > 0 => Some((random * limit as f64).floor()),
                _ => Some(random),
            },
        }
    })))
}

pub(super) fn new_guid(call: &Call<'_>) -> Answer {
    Ok(Column::texts((0..call.rows).map(|_| Some(Uuid::new_v4().to_string()))))
}
