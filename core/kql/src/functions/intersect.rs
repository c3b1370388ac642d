//! How many values several sketches of `hll` have in common. Not a function of the language: a plugin calls it.

use phalanx_signal::ColumnType;

use super::{Accepts, Body, Call, Column, Family, Function, FunctionError, HowOften, Parameter, Returns};
use crate::{
    aggregates::Sketch,
    dynamic::{ArrayWriter, Json},
};

/// An array: the values of the first sketch, those that it has in common with the second, those of the first three …
pub static HLL_INTERSECT: Function = Function {
    name: "hll_intersect",
    aliases: &[],
    family: Family::Dynamic,
    parameters: &[Parameter {
        name: "hll",
        accepts: Accepts::Only(ColumnType::Dynamic),
        how_often: HowOften::Repeated(1),
    }],
    returns: Returns::Only(ColumnType::Dynamic),
    about: "",
    examples: &[],
    body: Body::Kernel(hll_intersect),
};

fn hll_intersect(call: &Call<'_>) -> Result<Column, FunctionError> {
    let columns = (0..call.arguments.len()).map(|at| call.texts(at)).collect::<Result<Vec<_>, _>>()?;
    let common = |row| {
        let sketch = |column: &super::Texts| Sketch::from_json(Json::new(column.json(row)?));
        let sketches = columns.iter().map(sketch).collect::<Option<Vec<_>>>()?;
        let mut answer = ArrayWriter::default();
        counts(&sketches).iter().for_each(|count| answer.push(Json::new(&count.to_string())));
        Some(answer.finish())
    };
    Ok(Column::texts((0..call.rows).map(common)))
}

/// By inclusion and exclusion: sketches can only be put together, so what they have in common is what is counted too
/// often. There are at most 16 of them.
fn counts(sketches: &[Sketch]) -> Vec<i64> {
    // What the unions with each sketch as their last one add.
    let mut added = vec![0i64; sketches.len()];
    unions(sketches, 0, None, 1, &mut added);
    let mut sum = 0i64;
    let mut least = i64::MAX;
    added
        .into_iter()
        .map(|count| {
            sum = sum.saturating_add(count);
            // Estimates differ a little: what is common to more can't be more.
            least = least.min(sum.max(0));
            least
        })
        .collect()
}

fn unions(sketches: &[Sketch], from: usize, so_far: Option<&Sketch>, sign: i64, added: &mut [i64]) {
    for at in from..sketches.len() {
        let mut union = sketches[at].clone();
        if let Some(so_far) = so_far {
            union.merge(so_far, Sketch::PRECISION);
        }
        added[at] = added[at].saturating_add(sign * union.count());
        unions(sketches, at + 1, Some(&union), -sign, added);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_values_are_counted() {
        let sketch = |values: &[u64]| {
            let mut sketch = Sketch::default();
            values.iter().for_each(|value| sketch.insert(value.wrapping_mul(0x9E37_79B9_7F4A_7C15), 14));
            sketch
        };
        for (sets, expected) in [
            (&[&[1, 2, 3][..]][..], &[3][..]),
            (&[&[1, 2, 3], &[2, 3, 4]], &[3, 2]),
            (&[&[1, 2, 3], &[2, 3, 4], &[3, 9]], &[3, 2, 1]),
            (&[&[1, 2], &[3], &[1, 2]], &[2, 0, 0]),
            (&[&[], &[3]], &[0, 0]),
        ] {
            let sketches: Vec<Sketch> = sets.iter().map(|values| sketch(values)).collect();
            assert_eq!(counts(&sketches), expected, "{sets:?}");
        }
    }
}
