//! `row_window_session`.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, TimestampMicrosecondArray,
    cast::AsArray,
    types::{Int64Type, TimestampMicrosecondType},
};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{
    Body, Running, Window,
    running::{RESTART, is_true, restarts},
};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

pub(super) const WINDOWS: &[Window] = &[Window {
    name: "row_window_session",
    parameters: &[
        Parameter { name: "time", accepts: Accepts::Only(ColumnType::DateTime), how_often: HowOften::Once },
        Parameter {
            name: "from_first",
            accepts: Accepts::Only(ColumnType::TimeSpan),
            how_often: HowOften::Once,
        },
        Parameter {
            name: "between",
            accepts: Accepts::Only(ColumnType::TimeSpan),
            how_often: HowOften::Once,
        },
        RESTART,
    ],
    returns: Returns::Only(ColumnType::DateTime),
    about: "When the session of the row began: one ends where the next time is too far from its first or last time.",
    examples: &[(
        "range x from 0 to 2 step 1 | extend t = now() + x * x * 1m \
         | extend s = row_window_session(t, 1h, 2m) | summarize dcount(s)",
        "2",
    )],
    body: Body::Running(|_| Box::new(Session::default())),
}];

/// Times in microseconds.
#[derive(Debug, Default)]
struct Session {
    /// The first and the last time of the session.
    times: Option<(i64, i64)>,
}

impl Running for Session {
    fn push(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let [times, from_first, between, ..] = arguments else {
            return Err(exec_datafusion_err!("a session needs a time and two timespans"));
        };
        let (Some(times), Some(from_first), Some(between)) = (
            times.as_primitive_opt::<TimestampMicrosecondType>(),
            from_first.as_primitive_opt::<Int64Type>(),
            between.as_primitive_opt::<Int64Type>(),
        ) else {
            return Err(exec_datafusion_err!("a session needs a time and two timespans"));
        };
        let restart = restarts(arguments, 3)?;
        // A tick is a tenth of a microsecond; a null timespan ends the session.
        let is_within = |apart: i64, ticks: &arrow_array::Int64Array, row: usize| {
            ticks.is_valid(row) && apart.saturating_mul(10) <= ticks.value(row)
        };
        let begin = |row: usize| {
            if times.is_null(row) {
                self.times = None;
                return None;
            }
            let time = times.value(row);
            let going_on = self.times.filter(|(first, last)| {
                !is_true(restart, row)
                    && is_within(time.saturating_sub(*first), from_first, row)
                    && is_within(time.saturating_sub(*last), between, row)
            });
            let first = going_on.map_or(time, |(first, _)| first);
            self.times = Some((first, time));
            Some(first)
        };
        let begins: TimestampMicrosecondArray = (0..rows).map(begin).collect();
        Ok(Arc::new(begins.with_timezone("UTC")))
    }
}
