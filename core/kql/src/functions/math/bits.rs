//! Numbers as bits.

use crate::functions::{Call, Column, define::Answer};

pub(super) fn both(call: &Call<'_>, f: fn(i64, i64) -> Option<i64>) -> Answer {
    let (left, right) = (call.longs(0)?, call.longs(1)?);
    Ok(Column::longs((0..call.rows).map(|row| f(left.get(row)?, right.get(row)?))))
}

pub(super) fn one(call: &Call<'_>, f: fn(i64) -> i64) -> Answer {
    let values = call.longs(0)?;
    Ok(Column::longs((0..call.rows).map(|row| Some(f(values.get(row)?)))))
}
