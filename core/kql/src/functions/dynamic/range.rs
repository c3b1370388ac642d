//! Arrays made of nothing.

use phalanx_signal::ColumnType::{DateTime, Dynamic, Int, Long, Real, TimeSpan};

use crate::{
    dynamic::{ArrayWriter, push_datetime, push_timespan},
    functions::{
        Accepts::{Any, Only, Ordinal},
        Call, Family, Function, FunctionError, Returns,
        define::{Answer, once, optional},
        json::ELEMENTS_MAX,
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "range",
        Family::Dynamic,
        &[once("start", Ordinal), once("stop", Ordinal), optional("step", Ordinal)],
        Returns::Only(Dynamic),
        "An array of values from start to stop, a step (1, or one hour) apart; at most 1,048,576.",
        range,
    )
    .examples(&[
        ("print tostring(range(1, 8, 3))", "[1,4,7]"),
        ("print tostring(range(1h, 2h, 30m))", r#"["01:00:00","01:30:00","02:00:00"]"#),
        ("print tostring(range(3, 1, -1))", "[3,2,1]"),
    ]),
    Function::kernel(
        "repeat",
        Family::Dynamic,
        &[once("value", Any), once("count", Only(Long))],
        Returns::Only(Dynamic),
        "An array of the same value so many times, at most 1,048,576; null for a negative number.",
        repeat,
    )
    .examples(&[(r#"print tostring(repeat("a", 2))"#, r#"["a","a"]"#)]),
];

const TICKS_AN_HOUR: i64 = 36_000_000_000;
const TICKS_A_MICROSECOND: i64 = 10;

fn range(call: &Call<'_>) -> Answer {
    match call.types[0] {
        DateTime => {
            let (starts, stops) = (call.datetimes(0)?, call.datetimes(1)?);
            let steps = whole_steps(call, TICKS_AN_HOUR)?;
            call.dynamics(|row| {
                let step = steps(row)? / TICKS_A_MICROSECOND;
                push_whole(starts.get(row)?, stops.get(row)?, step, |value, out| {
                    let text = out.element();
                    text.push('"');
                    push_datetime(text, value);
                    text.push('"');
                })
            })
        }
        TimeSpan => {
            let (starts, stops) = (call.longs(0)?, call.longs(1)?);
            let steps = whole_steps(call, TICKS_AN_HOUR)?;
            call.dynamics(|row| {
                push_whole(starts.get(row)?, stops.get(row)?, steps(row)?, |value, out| {
                    let text = out.element();
                    text.push('"');
                    push_timespan(text, value);
                    text.push('"');
                })
            })
        }
        _ if call.types.iter().all(|kind| matches!(kind, Int | Long)) => {
            let (starts, stops) = (call.longs(0)?, call.longs(1)?);
            let steps = whole_steps(call, 1)?;
            call.dynamics(|row| {
                push_whole(starts.get(row)?, stops.get(row)?, steps(row)?, |value, out| out.push_long(value))
            })
        }
        _ => range_of_reals(call),
    }
}

/// The step in a row, or the default.
fn whole_steps(call: &Call<'_>, default: i64) -> Result<impl Fn(usize) -> Option<i64>, FunctionError> {
    let steps = call.has(2).then(|| call.longs(2)).transpose()?;
    Ok(move |row| steps.as_ref().map_or(Some(default), |steps| steps.get(row)))
}

fn push_whole(start: i64, stop: i64, step: i64, push: impl Fn(i64, &mut ArrayWriter)) -> Option<String> {
    if step == 0 {
        return None;
    }
    let mut out = ArrayWriter::default();
    let mut value = Some(start);
    for _ in 0..ELEMENTS_MAX {
        match value.filter(|value| if step > 0 { *value <= stop } else { *value >= stop }) {
            Some(next) => push(next, &mut out),
            None => break,
        }
        value = value.and_then(|value| value.checked_add(step));
    }
    Some(out.finish())
}

fn range_of_reals(call: &Call<'_>) -> Answer {
    let numbers = (0..call.arguments.len()).map(|at| call.json_values(at)).collect::<Result<Vec<_>, _>>()?;
    let number = |at: usize, row| crate::dynamic::Json::new(&numbers[at].json(row)).as_real();
    let is_real = call.types.contains(&Real);
    call.dynamics(|row| {
        let (start, stop) = (number(0, row)?, number(1, row)?);
        let step = if numbers.len() > 2 { number(2, row)? } else { 1.0 };
        if step == 0.0 || !(start.is_finite() && stop.is_finite() && step.is_finite()) {
            return None;
        }
        let mut out = ArrayWriter::default();
        for at in 0..ELEMENTS_MAX {
            #[expect(clippy::cast_precision_loss, reason = "at most 2²⁰")]
            let value = start + at as f64 * step;
            if if step > 0.0 { value > stop } else { value < stop } {
                break;
            }
            if is_real {
                out.push_real(value);
            } else {
                out.element().push_str(&value.to_string());
            }
        }
        Some(out.finish())
    })
}

fn repeat(call: &Call<'_>) -> Answer {
    /// What one array may take, however long the value that is repeated.
    const BYTES_MAX: usize = 64 << 20;
    let (values, counts) = (call.json_values(0)?, call.longs(1)?);
    call.try_dynamics(|row| {
        let Some(count) = counts.get(row).and_then(|count| usize::try_from(count).ok()) else {
            return Ok(None);
        };
        let (value, count) = (values.json(row), count.min(ELEMENTS_MAX));
        if value.len().saturating_mul(count) > BYTES_MAX {
            return Err(FunctionError(format!("an array would be longer than {} MB", BYTES_MAX >> 20)));
        }
        let mut out = ArrayWriter::default();
        (0..count).for_each(|_| out.element().push_str(&value));
        Ok(Some(out.finish()))
    })
}
