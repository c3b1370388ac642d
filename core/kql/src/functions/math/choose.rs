//! The least and the greatest of several values of one type.

use std::cmp::Ordering;

use phalanx_signal::ColumnType;

use crate::functions::{Call, Column, FunctionError, define::Answer};

/// The argument that compares with the others as wanted; null loses.
pub(super) fn choose(call: &Call<'_>, wanted: Ordering) -> Answer {
    let at = 0..call.arguments.len();
    let rows = call.rows;
    Ok(match call.returns {
        ColumnType::Bool => {
            let values = all(at.map(|at| call.booleans(at)))?;
            let best = |row| best(values.iter().filter_map(|values| values.get(row)), bool::cmp, wanted);
            Column::booleans((0..rows).map(best))
        }
        ColumnType::Int => {
            let values = all(at.map(|at| call.longs(at)))?;
            let best = |row| best(values.iter().filter_map(|values| values.get(row)), i64::cmp, wanted);
            Column::ints((0..rows).map(best).map(|best| best.and_then(|best| i32::try_from(best).ok())))
        }
        ColumnType::Long | ColumnType::TimeSpan => {
            let values = all(at.map(|at| call.longs(at)))?;
            let best = |row| best(values.iter().filter_map(|values| values.get(row)), i64::cmp, wanted);
            Column::longs((0..rows).map(best))
        }
        ColumnType::Real => {
            let values = all(at.map(|at| call.numbers(at)))?;
            let best = |row| best(values.iter().filter_map(|values| values.get(row)), f64::total_cmp, wanted);
            Column::reals((0..rows).map(best))
        }
        ColumnType::Decimal => {
            let values = all(at.map(|at| call.decimals(at)))?;
            let best = |row| best(values.iter().filter_map(|values| values.get(row)), i128::cmp, wanted);
            Column::decimals((0..rows).map(best))
        }
        ColumnType::DateTime => {
            let values = all(at.map(|at| call.datetimes(at)))?;
            let best = |row| best(values.iter().filter_map(|values| values.get(row)), i64::cmp, wanted);
            Column::datetimes((0..rows).map(best))
        }
        ColumnType::String | ColumnType::Guid | ColumnType::Dynamic => {
            let values = all(at.map(|at| call.texts(at)))?;
            let compare = |left: &&str, right: &&str| left.cmp(right);
            let best = |row| best(values.iter().filter_map(|values| values.json(row)), compare, wanted);
            Column::texts((0..rows).map(best))
        }
    })
}

fn all<T>(readers: impl Iterator<Item = Result<T, FunctionError>>) -> Result<Vec<T>, FunctionError> {
    readers.collect()
}

fn best<T>(
    values: impl Iterator<Item = T>,
    compare: impl Fn(&T, &T) -> Ordering,
    wanted: Ordering,
) -> Option<T> {
    values.reduce(|best, value| if compare(&value, &best) == wanted { value } else { best })
}
