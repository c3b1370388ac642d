//! Values rounded down to multiples.

use phalanx_signal::ColumnType::{self, DateTime, Decimal, Int, Long, Real, TimeSpan};

use super::calendar::valid;
use crate::functions::{Call, Column, FunctionError, conversion::TICKS_TO_1970, define::Answer};

/// The type of the first argument; of numbers the widest.
pub(super) fn returns(types: &[ColumnType]) -> Option<ColumnType> {
    let rank = |kind: &ColumnType| match kind {
        Int | Long => Some(Long),
        Real => Some(Real),
        Decimal => Some(Decimal),
        _ => None,
    };
    match types.first()? {
        first @ (DateTime | TimeSpan) => {
            let fits = |kind: &ColumnType| matches!(kind, TimeSpan | Int | Long) || kind == first;
            types[1..].iter().all(fits).then_some(*first)
        }
        _ => {
            let kinds = types.iter().map(rank).collect::<Option<Vec<_>>>()?;
            [Decimal, Real, Long].into_iter().find(|kind| kinds.contains(kind))
        }
    }
}

pub(super) fn bin(call: &Call<'_>) -> Answer {
    rounded(call, None)
}

pub(super) fn bin_at(call: &Call<'_>) -> Answer {
    rounded(call, Some(2))
}

/// Counted from the value of an argument, or from 0 or 0001-01-01.
fn rounded(call: &Call<'_>, origin: Option<usize>) -> Answer {
    let rows = 0..call.rows;
    match call.returns {
        Real => {
            let (values, sizes) = (call.numbers(0)?, numbers_or_one(call)?);
            let origins = origin.map(|at| call.numbers(at)).transpose()?;
            Ok(Column::reals(rows.map(|row| {
                let (value, size) = (values.get(row)?, sizes(row)?);
                let origin = origins.as_ref().map_or(Some(0.0), |origins| origins.get(row))?;
                (size > 0.0).then(|| ((value - origin) / size).floor() * size + origin)
            })))
        }
        DateTime => {
            let (values, sizes) = (call.datetimes(0)?, call.longs(1)?);
            let origins = origin.map(|at| call.datetimes(at)).transpose()?;
            // In ticks, as a size need not be whole microseconds.
            let ticks = |micros: i64| i128::from(micros) * 10 + i128::from(TICKS_TO_1970);
            Ok(Column::datetimes(rows.map(|row| {
                let (value, size) = (values.get(row)?, sizes.get(row)?);
                let origin = origins.as_ref().map_or(Some(0), |origins| origins.get(row).map(ticks))?;
                let start = multiple(ticks(value), i128::from(size), origin)?;
                valid(i64::try_from((start - i128::from(TICKS_TO_1970)).div_euclid(10)).ok()?)
            })))
        }
        Decimal => {
            let units = |at: usize| decimals(call, at);
            let (values, sizes) = (units(0)?, units(1)?);
            let origins = origin.map(units).transpose()?;
            Ok(Column::decimals(rows.map(|row| {
                let origin = origins.as_ref().map_or(Some(0), |origins| origins(row))?;
                multiple(values(row)?, sizes(row)?, origin)
            })))
        }
        _ => {
            let values = call.longs(0)?;
            let sizes = call.has(1).then(|| call.longs(1)).transpose()?;
            let origins = origin.map(|at| call.longs(at)).transpose()?;
            Ok(Column::longs(rows.map(|row| {
                let size = sizes.as_ref().map_or(Some(1), |sizes| sizes.get(row))?;
                let origin = origins.as_ref().map_or(Some(0), |origins| origins.get(row))?;
                let start = multiple(i128::from(values.get(row)?), i128::from(size), i128::from(origin))?;
                i64::try_from(start).ok()
            })))
        }
    }
}

fn multiple(value: i128, size: i128, origin: i128) -> Option<i128> {
    if size <= 0 {
        return None;
    }
    let offset = value.checked_sub(origin)?;
    value.checked_sub(offset.rem_euclid(size))
}

fn numbers_or_one(call: &Call<'_>) -> Result<impl Fn(usize) -> Option<f64> + use<>, FunctionError> {
    let sizes = call.has(1).then(|| call.numbers(1)).transpose()?;
    Ok(move |row| sizes.as_ref().map_or(Some(1.0), |sizes| sizes.get(row)))
}

/// A number in units of a decimal.
fn decimals(call: &Call<'_>, at: usize) -> Result<Box<dyn Fn(usize) -> Option<i128>>, FunctionError> {
    const ONE: i128 = 1_000_000_000_000_000_000;
    if !call.has(at) {
        return Ok(Box::new(|_| Some(ONE)));
    }
    Ok(match call.types[at] {
        Decimal => {
            let values = call.decimals(at)?;
            Box::new(move |row| values.get(row))
        }
        Real => {
            let values = call.reals(at)?;
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            let units = |value: f64| (value.abs() < 1e19).then_some((value * 1e18) as i128);
            Box::new(move |row| values.get(row).and_then(units))
        }
        _ => {
            let values = call.longs(at)?;
            Box::new(move |row| Some(i128::from(values.get(row)?) * ONE))
        }
    })
}
