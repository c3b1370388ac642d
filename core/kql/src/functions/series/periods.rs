//! After how many steps a series repeats itself.

use phalanx_signal::ColumnType::{Dynamic, Long, Real};

use super::{
    fft::autocorrelation,
    values::{numbers, real, write_reals},
};
use crate::functions::{
    Accepts::Only,
    Call, Family, Function, Reals, Returns,
    define::{Answer, once, repeated},
};

const COLUMNS: Returns = Returns::Columns(&[("periods", Dynamic), ("scores", Dynamic)]);

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "series_periods_detect",
        Family::Series,
        &[
            once("series", Only(Dynamic)),
            once("min_period", Only(Real)),
            once("max_period", Only(Real)),
            once("num_periods", Only(Long)),
        ],
        COLUMNS,
        "The periods, of four steps to half the series, after which a series repeats itself best, with scores from 0 \
         to 1; so many as asked for, with zeros where there is no further one.",
        series_periods_detect,
    )
    .examples(&[("print y = repeat(1, 20) | extend (p, s) = series_periods_detect(y, 4.0, 10.0, 1) | project tostring(p)", "[0.0]")]),
    Function::kernel(
        "series_periods_validate",
        Family::Series,
        &[once("series", Only(Dynamic)), repeated("period", Only(Real), 1)],
        COLUMNS,
        "How well a series repeats itself after the periods given, as scores from 0 to 1.",
        series_periods_validate,
    )
    .examples(&[("print y = repeat(1, 20) | extend (p, s) = series_periods_validate(y, 5.0) | project tostring(s)", "[0.0]")]),
];

/// The shortest period that can be told from noise.
const PERIOD_MIN: usize = 4;

/// Periods asked for in one call.
const PERIODS_MAX: i64 = 1024;

/// How well a series repeats itself after each number of steps.
pub(super) struct Periods {
    correlation: Vec<f64>,
    /// What chance alone may give.
    noise: f64,
}

impl Periods {
    pub(super) fn new(values: &[f64]) -> Self {
        // One step beyond half, so that the longest period has a neighbour on both sides.
        let correlation = autocorrelation(values, values.len() / 2 + 1);
        Self { correlation, noise: 1.96 / real(values.len().max(1)).sqrt() }
    }

    fn longest(&self) -> usize {
        self.correlation.len().saturating_sub(2)
    }

    /// A period's score: 0 unless it is better than those around it and than chance.
    fn score(&self, period: usize) -> f64 {
        if !(PERIOD_MIN..=self.longest()).contains(&period) {
            return 0.0;
        }
        let here = self.correlation[period];
        let around = (period / 4).max(1);
        let neighbours = period - around..=(period + around).min(self.correlation.len() - 1);
        let is_peak = neighbours.into_iter().all(|lag| self.correlation[lag] <= here);
        if is_peak && here > self.noise { 2.0 * here / (1.0 + here) } else { 0.0 }
    }

    /// The best periods within bounds and their scores, best first. What is a multiple of a better one is none.
    pub(super) fn best(&self, from: f64, to: f64, count: usize) -> Vec<(usize, f64)> {
        let mut scored: Vec<(usize, f64)> = (PERIOD_MIN..=self.longest())
            .filter(|period| (from..=to).contains(&real(*period)))
            .map(|period| (period, self.score(period)))
            .filter(|(_, score)| *score > 0.0)
            .collect();
        scored.sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut best: Vec<(usize, f64)> = Vec::new();
        for (period, score) in scored {
            if best.len() == count {
                break;
            }
            let is_multiple = |better: usize| {
                let off = period % better;
                off.min(better - off) <= better / 8
            };
            if !best.iter().any(|(better, _)| is_multiple(*better)) {
                best.push((period, score));
            }
        }
        best
    }
}

fn series_periods_detect(call: &Call<'_>) -> Answer {
    let (series, from, to, counts) = (call.texts(0)?, call.reals(1)?, call.reals(2)?, call.longs(3)?);
    call.dynamics(|row| {
        let values = numbers(series.value(row))?;
        let count = usize::try_from(counts.get(row)?.clamp(0, PERIODS_MAX)).ok()?;
        let mut best: Vec<(f64, f64)> = Periods::new(&values)
            .best(from.get(row)?, to.get(row)?, count)
            .into_iter()
            .map(|(period, score)| (real(period), score))
            .collect();
        best.resize(count, (0.0, 0.0));
        Some(write_both(&best))
    })
}

fn series_periods_validate(call: &Call<'_>) -> Answer {
    let series = call.texts(0)?;
    let periods = (1..call.arguments.len()).map(|at| call.reals(at)).collect::<Result<Vec<Reals>, _>>()?;
    call.dynamics(|row| {
        let known = Periods::new(&numbers(series.value(row))?);
        let score = |period: f64| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            let whole = period.round() as usize;
            (period, known.score(whole))
        };
        let scored: Vec<(f64, f64)> =
            periods.iter().map(|period| period.get(row).map(score)).collect::<Option<_>>()?;
        Some(write_both(&scored))
    })
}

fn write_both(scored: &[(f64, f64)]) -> String {
    let (periods, scores): (Vec<f64>, Vec<f64>) = scored.iter().copied().unzip();
    format!("[{},{}]", write_reals(&periods), write_reals(&scores))
}
