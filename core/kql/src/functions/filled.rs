//! Bins in the order of their places, with gaps filled. Not functions of the language: the binder calls them for
//! `make-series`.

use phalanx_signal::ColumnType;

use super::{Accepts, Call, Column, Family, Function, FunctionError, Returns, define::once};
use crate::dynamic::{ArrayWriter, Json, push_datetime, push_timespan};

/// Places that a series may have.
const PLACES_MAX: i64 = 1 << 20;

/// From `[[place, value, …], …]`, the values at `which`, from place `first` on, `count` of them (all places there
/// are, if it is negative); the default where a place is missing.
pub static FILLED: Function = Function::kernel(
    "filled",
    Family::Series,
    &[
        once("bins", Accepts::Only(ColumnType::Dynamic)),
        once("which", Accepts::Only(ColumnType::Long)),
        once("first", Accepts::Only(ColumnType::Long)),
        once("count", Accepts::Only(ColumnType::Long)),
        once("default", Accepts::Only(ColumnType::Dynamic)),
    ],
    Returns::Only(ColumnType::Dynamic),
    "Bins with gaps filled.",
    filled,
);

/// The beginnings of the bins: `origin + place * step`. The type of `origin` is that of the elements.
pub static AXIS: Function = Function::kernel(
    "axis",
    Family::Series,
    &[
        once("bins", Accepts::Only(ColumnType::Dynamic)),
        once("first", Accepts::Only(ColumnType::Long)),
        once("count", Accepts::Only(ColumnType::Long)),
        once("origin", Accepts::Any),
        once("step", Accepts::Any),
    ],
    Returns::Only(ColumnType::Dynamic),
    "The beginnings of bins.",
    axis,
);

fn places(bins: Json<'_>, first: i64, count: i64) -> Result<std::ops::Range<i64>, FunctionError> {
    let range = if count >= 0 {
        first..first.saturating_add(count)
    } else {
        let places = bins.elements().into_iter().flatten().filter_map(|bin| bin.element(0)?.as_long());
        let (mut low, mut high) = (i64::MAX, i64::MIN);
        places.for_each(|place| (low, high) = (low.min(place), high.max(place)));
        if low > high { 0..0 } else { low..high.saturating_add(1) }
    };
    if range.end.saturating_sub(range.start) > PLACES_MAX {
        return Err(FunctionError(format!("a series would have more than {PLACES_MAX} values")));
    }
    Ok(range)
}

fn filled(call: &Call<'_>) -> Result<Column, FunctionError> {
    let (bins, which) = (call.texts(0)?, call.longs(1)?);
    let (first, count, default) = (call.longs(2)?, call.longs(3)?, call.texts(4)?);
    let mut failure = None;
    let answer = call.dynamics(|row| {
        let bins = bins.json(row).map(Json::new)?;
        let range = match places(bins, first.get(row)?, count.get(row)?) {
            Ok(range) => range,
            Err(error) => {
                failure = Some(error);
                return None;
            }
        };
        let default = default.json(row).map_or(Json::NULL, Json::new);
        let mut values = vec![default; usize::try_from(range.end - range.start).unwrap_or(0)];
        for bin in bins.elements().into_iter().flatten() {
            let Some(place) = bin.element(0).and_then(Json::as_long) else { continue };
            let at = usize::try_from(place.wrapping_sub(range.start)).ok();
            if let (Some(slot), Some(value)) =
                (at.and_then(|at| values.get_mut(at)), bin.element(which.get(row)?))
            {
                *slot = value;
            }
        }
        Some(values.into_iter().collect::<ArrayWriter>().finish())
    })?;
    failure.map_or(Ok(answer), Err)
}

fn axis(call: &Call<'_>) -> Result<Column, FunctionError> {
    let (bins, first, count) = (call.texts(0)?, call.longs(1)?, call.longs(2)?);
    let kind = call.types[3];
    let reals = if kind == ColumnType::Real { Some((call.reals(3)?, call.reals(4)?)) } else { None };
    let times = if kind == ColumnType::DateTime { Some(call.datetimes(3)?) } else { None };
    let origins = if reals.is_none() && times.is_none() { Some(call.longs(3)?) } else { None };
    let steps = if reals.is_none() { Some(call.longs(4)?) } else { None };
    let mut failure = None;
    let answer = call.dynamics(|row| {
        let bins = bins.json(row).map(Json::new)?;
        let range = match places(bins, first.get(row)?, count.get(row)?) {
            Ok(range) => range,
            Err(error) => {
                failure = Some(error);
                return None;
            }
        };
        let mut out = ArrayWriter::default();
        for place in range {
            if let Some((origins, steps)) = &reals {
                out.push_real(origins.get(row)? + steps.get(row)? * place as f64);
                continue;
            }
            let step = steps.as_ref()?.get(row)?;
            let origin = match &times {
                Some(times) => times.get(row)?,
                None => origins.as_ref()?.get(row)?,
            };
            let value = origin.wrapping_add(step.wrapping_mul(place));
            let mut text = String::new();
            match kind {
                ColumnType::DateTime => push_datetime(&mut text, value),
                ColumnType::TimeSpan => push_timespan(&mut text, value),
                _ => {
                    out.push_long(value);
                    continue;
                }
            }
            out.push_text(&text);
        }
        Some(out.finish())
    })?;
    failure.map_or(Ok(answer), Err)
}
