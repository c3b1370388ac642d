//! Arrays as sets.

use std::collections::HashSet;

use crate::{
    dynamic::{Identity, Json, real_text},
    functions::{Call, Column, define::Answer},
};

pub(super) fn jaccard_index(call: &Call<'_>) -> Answer {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    let set = |text: &str| -> Option<HashSet<Identity>> {
        Some(Json::new(text).elements()?.map(Json::identity).collect())
    };
    Ok(Column::texts((0..call.rows).map(|row| {
        let (left, right) = (set(left.text(row))?, set(right.text(row))?);
        let both = left.intersection(&right).count();
        let any = left.len() + right.len() - both;
        (any > 0).then(|| real_text(both as f64 / any as f64))
    })))
}
