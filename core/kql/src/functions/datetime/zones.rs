//! Local times.

use chrono::{LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::Tz;

use super::calendar::{micros, time};
use crate::{
    dynamic::ArrayWriter,
    functions::{Call, Column, FunctionError, define::Answer},
};

pub(super) fn utc_to_local(call: &Call<'_>) -> Answer {
    each(call, |zone, utc| Some(zone.from_utc_datetime(&utc).naive_local()))
}

pub(super) fn local_to_utc(call: &Call<'_>) -> Answer {
    each(call, |zone, local| match zone.from_local_datetime(&local) {
        LocalResult::Single(time) => Some(time.naive_utc()),
        // When clocks go back, the second time that they show it.
        LocalResult::Ambiguous(_, time) => Some(time.naive_utc()),
        // When they go forward, as if they had gone before.
        LocalResult::None => {
            let behind = local.checked_add_signed(TimeDelta::hours(3))?;
            let offset = zone.offset_from_local_datetime(&behind).latest()?.fix();
            local.checked_sub_offset(offset)
        }
    })
}

fn each(call: &Call<'_>, f: impl Fn(Tz, NaiveDateTime) -> Option<NaiveDateTime>) -> Answer {
    let values = call.datetimes(0)?;
    let mut zones = call.prepared(1, |name| {
        let zone = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name.trim()));
        zone.copied().ok_or_else(|| FunctionError(format!("`{name}` is no time zone")))
    })?;
    let answers = (0..call.rows).map(|row| {
        let zone = *zones.get(row)?;
        Ok(values.get(row).and_then(time).and_then(|value| f(zone, value)).and_then(micros))
    });
    Ok(Column::datetimes(answers.collect::<Result<Vec<_>, FunctionError>>()?.into_iter()))
}

pub(super) fn list(call: &Call<'_>) -> Answer {
    let mut names = ArrayWriter::default();
    chrono_tz::TZ_VARIANTS.iter().for_each(|zone| names.push_text(zone.name()));
    let names = names.finish();
    Ok(Column::texts((0..call.rows).map(|_| Some(&names))))
}
