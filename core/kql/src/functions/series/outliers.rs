//! Numbers far from the others of a series, by Tukey's fences.

use phalanx_signal::ColumnType::{Dynamic, Real, String as Text};

use super::values::{real, sparse, write_reals};
use crate::functions::{
    Accepts::Only,
    Call, Family, Function, FunctionError, Returns,
    define::{Answer, once, optional},
};

pub static FUNCTIONS: &[Function] = &[Function::kernel(
    "series_outliers",
    Family::Series,
    &[
        once("series", Only(Dynamic)),
        optional("kind", Only(Text)),
        optional("ignore", Only(Real)),
        optional("min_percentile", Only(Real)),
        optional("max_percentile", Only(Real)),
    ],
    Returns::Only(Dynamic),
    "For each number how far it is beyond the usual range, in widths of that: above 0 if it is greater, below if it is \
     less. The range is from the 10th to the 90th percentile (`ctukey`) or from the 25th to the 75th (`tukey`).",
    series_outliers,
)
.examples(&[(r#"print tostring(series_outliers(dynamic([0,1,2,3,4]), "tukey"))"#, "[-0.5,0.0,0.0,0.0,0.5]")])];

/// How the usual range of numbers is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fence {
    low: f64,
    high: f64,
}

impl Fence {
    pub(super) fn named(name: &str) -> Result<Self, FunctionError> {
        match name {
            "" | "ctukey" => Ok(Self { low: 10.0, high: 90.0 }),
            "tukey" => Ok(Self { low: 25.0, high: 75.0 }),
            other => Err(FunctionError(format!("expected `ctukey` or `tukey`, found `{other}`"))),
        }
    }

    /// The score of each number against the usual range of the first `learned` ones; 0 for what is none.
    pub(super) fn scores(self, values: &[Option<f64>], learned: usize) -> Vec<f64> {
        let mut sorted: Vec<f64> =
            values.iter().take(learned).flatten().copied().filter(|v| v.is_finite()).collect();
        if sorted.is_empty() {
            return vec![0.0; values.len()];
        }
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (percentile(&sorted, self.low), percentile(&sorted, self.high));
        // Where nearly all are the same number, any other is far away.
        let width = (high - low).max(f64::EPSILON * high.abs().max(low.abs()).max(f64::MIN_POSITIVE));
        let score = |value: &Option<f64>| match value {
            Some(value) if *value > high => (value - high) / width,
            Some(value) if *value < low => (value - low) / width,
            _ => 0.0,
        };
        values.iter().map(score).collect()
    }
}

/// The number below which so many percent are, between two of them if need be.
fn percentile(sorted: &[f64], percent: f64) -> f64 {
    let place = percent / 100.0 * real(sorted.len() - 1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the length")]
    let below = (place.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (place - place.floor())
}

fn series_outliers(call: &Call<'_>) -> Answer {
    let series = call.texts(0)?;
    let kinds = call.has(1).then(|| call.texts(1)).transpose()?;
    let numbers = (2..5).map(|at| call.has(at).then(|| call.reals(at)).transpose());
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    call.try_dynamics(|row| {
        let kind = kinds.as_ref().map_or("", |kinds| kinds.text(row));
        let number = |at: usize| numbers[at].as_ref().and_then(|values| values.get(row));
        let mut fence = Fence::named(kind)?;
        if kind != "tukey" {
            fence = Fence { low: number(1).unwrap_or(fence.low), high: number(2).unwrap_or(fence.high) };
        }
        let is_percent = |percent: f64| (2.0..=98.0).contains(&percent);
        if !is_percent(fence.low) || !is_percent(fence.high) || fence.low > fence.high {
            return Err(FunctionError("percentiles are from 2 to 98, the lower one first".to_owned()));
        }
        let Some(mut values) = sparse(series.value(row)) else { return Ok(None) };
        if let Some(ignored) = number(0) {
            values.iter_mut().filter(|value| **value == Some(ignored)).for_each(|value| *value = None);
        }
        Ok(Some(write_reals(&fence.scores(&values, values.len()))))
    })
}
