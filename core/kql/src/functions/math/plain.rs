//! Functions of one or two numbers.

use phalanx_signal::ColumnType;

use crate::functions::{Call, Column, define::Answer};

const DECIMAL_ONE: i128 = 1_000_000_000_000_000_000;

pub(super) fn reals(call: &Call<'_>, f: fn(f64) -> Option<f64>) -> Answer {
    let values = call.numbers(0)?;
    Ok(Column::reals((0..call.rows).map(|row| f(values.get(row)?))))
}

pub(super) fn two_reals(call: &Call<'_>, f: fn(f64, f64) -> f64) -> Answer {
    let (left, right) = (call.numbers(0)?, call.numbers(1)?);
    Ok(Column::reals((0..call.rows).map(|row| Some(f(left.get(row)?, right.get(row)?)))))
}

pub(super) fn tests(call: &Call<'_>, f: fn(f64) -> bool) -> Answer {
    let values = call.reals(0)?;
    Ok(Column::booleans((0..call.rows).map(|row| Some(f(values.get(row)?)))))
}

pub(super) fn pi(call: &Call<'_>) -> Answer {
    Ok(Column::reals((0..call.rows).map(|_| Some(std::f64::consts::PI))))
}

pub(super) fn abs(call: &Call<'_>) -> Answer {
    let rows = 0..call.rows;
    Ok(match call.types[0] {
        ColumnType::Real => {
            let values = call.reals(0)?;
            Column::reals(rows.map(|row| Some(values.get(row)?.abs())))
        }
        ColumnType::Decimal => {
            let values = call.decimals(0)?;
            Column::decimals(rows.map(|row| Some(values.get(row)?.abs())))
        }
        // A datetime is after its zero.
        ColumnType::DateTime => {
            let values = call.datetimes(0)?;
            Column::datetimes(rows.map(|row| values.get(row)))
        }
        _ => {
            let values = call.longs(0)?;
            Column::longs(rows.map(|row| Some(values.get(row)?.wrapping_abs())))
        }
    })
}

pub(super) fn ceiling(call: &Call<'_>) -> Answer {
    let rows = 0..call.rows;
    Ok(match call.types[0] {
        ColumnType::Real => {
            let values = call.reals(0)?;
            Column::reals(rows.map(|row| Some(values.get(row)?.ceil())))
        }
        ColumnType::Decimal => {
            let values = call.decimals(0)?;
            Column::decimals(rows.map(|row| {
                let units = values.get(row)?;
                let floor = units - units.rem_euclid(DECIMAL_ONE);
                Some(if floor == units { floor } else { floor + DECIMAL_ONE })
            }))
        }
        _ => return whole(call, Some),
    })
}

/// A function of whole numbers, of the type that they have.
fn whole(call: &Call<'_>, f: impl Fn(i64) -> Option<i64>) -> Answer {
    let values = call.longs(0)?;
    let answers = (0..call.rows).map(|row| f(values.get(row)?));
    Ok(match call.types[0] {
        ColumnType::Int => {
            Column::ints(answers.map(|answer| answer.and_then(|answer| i32::try_from(answer).ok())))
        }
        _ => Column::longs(answers),
    })
}

pub(super) fn round(call: &Call<'_>) -> Answer {
    let precisions = call.has(1).then(|| call.longs(1)).transpose()?;
    let precision = |row: usize| precisions.as_ref().map_or(Some(0), |precisions| precisions.get(row));
    let rows = 0..call.rows;
    Ok(match call.types[0] {
        ColumnType::Real => {
            let values = call.reals(0)?;
            Column::reals(rows.map(|row| Some(round_real(values.get(row)?, precision(row)?))))
        }
        ColumnType::Decimal => {
            let values = call.decimals(0)?;
            Column::decimals(rows.map(|row| {
                let (units, precision) = (values.get(row)?, precision(row)?);
                let digits = 18i64.saturating_sub(precision);
                if digits <= 0 {
                    return Some(units);
                }
                let Some(step) = u32::try_from(digits).ok().and_then(|digits| 10i128.checked_pow(digits))
                else {
                    return Some(0);
                };
                half_away(units, step)
            }))
        }
        _ => {
            let values = call.longs(0)?;
            let answers: Vec<_> = rows
                .map(|row| {
                    let (value, precision) = (values.get(row)?, precision(row)?);
                    if precision >= 0 {
                        return Some(value);
                    }
                    let digits = u32::try_from(precision.unsigned_abs()).ok();
                    match digits.and_then(|digits| 10i128.checked_pow(digits)) {
                        Some(step) => i64::try_from(half_away(i128::from(value), step)?).ok(),
                        None => Some(0),
                    }
                })
                .collect();
            match call.types[0] {
                ColumnType::Int => Column::ints(
                    answers.into_iter().map(|answer| answer.and_then(|answer| answer.try_into().ok())),
                ),
                _ => Column::longs(answers.into_iter()),
            }
        }
    })
}

fn half_away(value: i128, step: i128) -> Option<i128> {
    let rest = value % step;
    let floor = value - rest;
    if rest.abs() >= step - rest.abs() { floor.checked_add(step * rest.signum()) } else { Some(floor) }
}

/// What is written with a 5 behind the last digit is meant to be half, whatever its nearest binary number is.
fn round_real(value: f64, precision: i64) -> f64 {
    if !(-308..=308).contains(&precision) {
        return if precision < 0 { 0.0 } else { value };
    }
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
    let power = 10f64.powi(precision.unsigned_abs() as i32);
    let scaled = if precision < 0 { value / power } else { value * power };
    if !scaled.is_finite() || scaled.abs() >= 9e15 {
        return value;
    }
    let rounded = scaled.round();
    if precision < 0 { rounded * power } else { rounded / power }
}
