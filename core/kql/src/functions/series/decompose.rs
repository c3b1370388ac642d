//! A series as what repeats itself, what goes up or down, and the rest.

use phalanx_signal::ColumnType::{Dynamic, Long, Real, String as Text};

use super::{
    line::Sums,
    outliers::Fence,
    periods::Periods,
    values::{mean, median, sparse, write_reals},
};
use crate::functions::{
    Accepts::Only,
    Call, Family, Function, FunctionError, Longs, Reals, Returns, Texts,
    define::{Answer, once, optional},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "series_decompose",
        Family::Series,
        &[
            once("series", Only(Dynamic)),
            optional("seasonality", Only(Long)),
            optional("trend", Only(Text)),
            optional("test_points", Only(Long)),
            optional("seasonality_threshold", Only(Real)),
        ],
        Returns::Columns(&[
            ("baseline", Dynamic),
            ("seasonal", Dynamic),
            ("trend", Dynamic),
            ("residual", Dynamic),
        ]),
        "What is expected of a series: what repeats itself after a period (-1: found by itself, 0: none), and a trend \
         (`avg`, `linefit` or `none`). The last test points are not learned from.",
        series_decompose,
    )
    .examples(&[("print y = dynamic([1,2,3]) | extend (b, s) = series_decompose(y, 0) | project tostring(b)", "[2.0,2.0,2.0]")]),
    Function::kernel(
        "series_decompose_anomalies",
        Family::Series,
        &[
            once("series", Only(Dynamic)),
            optional("threshold", Only(Real)),
            optional("seasonality", Only(Long)),
            optional("trend", Only(Text)),
            optional("test_points", Only(Long)),
            optional("method", Only(Text)),
            optional("seasonality_threshold", Only(Real)),
        ],
        Returns::Columns(&[("ad_flag", Dynamic), ("ad_score", Dynamic), ("baseline", Dynamic)]),
        "Where a series is not as expected (see series_decompose()): 1 above, -1 below, with scores as of \
         series_outliers(), and what is expected.",
        series_decompose_anomalies,
    )
    .examples(&[(
        "print y = dynamic([1,2,1,2,1,2,1,2,1,2,1,90]) | extend (f, s) = series_decompose_anomalies(y) | project tostring(f)",
        "[0,0,0,0,0,0,0,0,0,0,0,1]",
    )]),
    Function::kernel(
        "series_decompose_forecast",
        Family::Series,
        &[
            once("series", Only(Dynamic)),
            once("points", Only(Long)),
            optional("seasonality", Only(Long)),
            optional("trend", Only(Text)),
            optional("seasonality_threshold", Only(Real)),
        ],
        Returns::Only(Dynamic),
        "What is expected of a series (see series_decompose()) whose last points are yet to come.",
        series_decompose_forecast,
    )
    .examples(&[(r#"print tostring(series_decompose_forecast(dynamic([1,2,3,0]), 1, 0, "linefit"))"#, "[1.0,2.0,3.0,4.0]")]),
    Function::kernel(
        "series_seasonal",
        Family::Series,
        &[once("series", Only(Dynamic)), optional("period", Only(Long))],
        Returns::Only(Dynamic),
        "What repeats itself in a series: the median of the numbers at the same place of each period.",
        series_seasonal,
    )
    .examples(&[("print tostring(series_seasonal(dynamic([1,5,2,5,1,6]), 2))", "[1.0,5.0,1.0,5.0,1.0,5.0]")]),
];

/// The score that a period must have to be taken, if the call says none.
const THRESHOLD: f64 = 0.6;
const THRESHOLD_OF_SEASONAL: f64 = 0.7;

#[derive(Clone, Copy, PartialEq)]
enum Trend {
    Average,
    Line,
    None,
}

struct Parts {
    seasonal: Vec<f64>,
    trend: Vec<f64>,
    /// How many points were learned from.
    learned: usize,
}

impl Parts {
    fn baseline(&self) -> Vec<f64> {
        self.seasonal.iter().zip(&self.trend).map(|(seasonal, trend)| seasonal + trend).collect()
    }
}

/// What a series is taken apart by.
struct Method {
    seasonality: i64,
    trend: Trend,
    test_points: usize,
    threshold: f64,
}

impl Method {
    fn parts(&self, series: &[Option<f64>]) -> Parts {
        let learned = series.len().saturating_sub(self.test_points);
        let known = &series[..learned];
        let seasonal = self.seasonal(known, series.len());
        let rest: Vec<Option<f64>> =
            known.iter().zip(&seasonal).map(|(value, part)| value.map(|v| v - part)).collect();
        let trend = match self.trend {
            Trend::None => vec![0.0; series.len()],
            Trend::Average => {
                let values: Vec<f64> = rest.iter().flatten().copied().collect();
                vec![if values.is_empty() { 0.0 } else { mean(&values) }; series.len()]
            }
            Trend::Line if learned == 0 => vec![0.0; series.len()],
            Trend::Line => {
                let line = Sums::new(&filled(&rest)).line(0, learned);
                (0..series.len()).map(|at| line.at(at)).collect()
            }
        };
        Parts { seasonal, trend, learned }
    }

    /// What repeats itself, as long as the whole series.
    fn seasonal(&self, known: &[Option<f64>], length: usize) -> Vec<f64> {
        let period = match self.seasonality {
            -1 => self.detect(known),
            period => usize::try_from(period).unwrap_or(0).min(known.len()),
        };
        if period == 0 {
            return vec![0.0; length];
        }
        let of_phase = |phase: usize| {
            let mut values: Vec<f64> = known.iter().skip(phase).step_by(period).flatten().copied().collect();
            if values.is_empty() { 0.0 } else { median(&mut values) }
        };
        let season: Vec<f64> = (0..period).map(of_phase).collect();
        (0..length).map(|at| season[at % period]).collect()
    }

    /// The period that fits best; 0 if none does well enough.
    fn detect(&self, known: &[Option<f64>]) -> usize {
        let mut values = filled(known);
        if self.trend == Trend::Line && !values.is_empty() {
            // What goes up all the time looks like a very long period.
            let line = Sums::new(&values).line(0, values.len());
            values.iter_mut().enumerate().for_each(|(at, value)| *value -= line.at(at));
        }
        let best = Periods::new(&values).best(0.0, f64::INFINITY, 1);
        best.first().filter(|(_, score)| *score >= self.threshold).map_or(0, |(period, _)| *period)
    }
}

/// The numbers with the average where there is none.
fn filled(values: &[Option<f64>]) -> Vec<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    let average = if known.is_empty() { 0.0 } else { mean(&known) };
    values.iter().map(|value| value.unwrap_or(average)).collect()
}

/// The arguments that say how, each at its place in a call or at none.
struct Arguments {
    seasonality: Option<Longs>,
    trend: Option<Texts>,
    test_points: Option<Longs>,
    threshold: Option<Reals>,
}

impl Arguments {
    fn new(
        call: &Call<'_>,
        seasonality: usize,
        trend: usize,
        test_points: usize,
        threshold: usize,
    ) -> Result<Self, FunctionError> {
        Ok(Self {
            seasonality: call.has(seasonality).then(|| call.longs(seasonality)).transpose()?,
            trend: call.has(trend).then(|| call.texts(trend)).transpose()?,
            test_points: call.has(test_points).then(|| call.longs(test_points)).transpose()?,
            threshold: call.has(threshold).then(|| call.reals(threshold)).transpose()?,
        })
    }

    fn of_row(&self, row: usize) -> Result<Method, FunctionError> {
        let seasonality = self.seasonality.as_ref().and_then(|values| values.get(row)).unwrap_or(-1);
        let trend = match self.trend.as_ref().map_or("", |texts| texts.text(row)) {
            "" | "avg" => Trend::Average,
            "linefit" => Trend::Line,
            "none" => Trend::None,
            other => {
                return Err(FunctionError(format!("expected `avg`, `linefit` or `none`, found `{other}`")));
            }
        };
        let test_points = self.test_points.as_ref().and_then(|values| values.get(row)).unwrap_or(0);
        Ok(Method {
            seasonality,
            trend,
            test_points: usize::try_from(test_points).unwrap_or(0),
            threshold: self.threshold.as_ref().and_then(|values| values.get(row)).unwrap_or(THRESHOLD),
        })
    }
}

fn residuals(series: &[Option<f64>], baseline: &[f64]) -> Vec<Option<f64>> {
    series.iter().zip(baseline).map(|(value, expected)| value.map(|value| value - expected)).collect()
}

fn series_decompose(call: &Call<'_>) -> Answer {
    let (series, arguments) = (call.texts(0)?, Arguments::new(call, 1, 2, 3, 4)?);
    call.try_dynamics(|row| {
        let method = arguments.of_row(row)?;
        let Some(series) = sparse(series.value(row)) else { return Ok(None) };
        let parts = method.parts(&series);
        let baseline = parts.baseline();
        let residual = super::values::write(residuals(&series, &baseline), false);
        let [baseline, seasonal, trend] =
            [&baseline, &parts.seasonal, &parts.trend].map(|part| write_reals(part));
        Ok(Some(format!("[{baseline},{seasonal},{trend},{residual}]")))
    })
}

fn series_decompose_anomalies(call: &Call<'_>) -> Answer {
    let (series, arguments) = (call.texts(0)?, Arguments::new(call, 2, 3, 4, 6)?);
    let thresholds = call.has(1).then(|| call.reals(1)).transpose()?;
    let fences = call.has(5).then(|| call.texts(5)).transpose()?;
    call.try_dynamics(|row| {
        let method = arguments.of_row(row)?;
        let fence = Fence::named(fences.as_ref().map_or("", |texts| texts.text(row)))?;
        let threshold = thresholds.as_ref().and_then(|values| values.get(row)).unwrap_or(1.5);
        let Some(series) = sparse(series.value(row)) else { return Ok(None) };
        let parts = method.parts(&series);
        let baseline = parts.baseline();
        let scores = fence.scores(&residuals(&series, &baseline), parts.learned);
        let flag = |score: &f64| match *score {
            score if score > threshold => Some(1.0),
            score if score < -threshold => Some(-1.0),
            _ => Some(0.0),
        };
        let flags = super::values::write(scores.iter().map(flag), true);
        Ok(Some(format!("[{flags},{},{}]", write_reals(&scores), write_reals(&baseline))))
    })
}

fn series_decompose_forecast(call: &Call<'_>) -> Answer {
    let (series, arguments) = (call.texts(0)?, Arguments::new(call, 2, 3, 1, 4)?);
    call.try_dynamics(|row| {
        let method = arguments.of_row(row)?;
        let series = sparse(series.value(row));
        Ok(series.map(|series| write_reals(&method.parts(&series).baseline())))
    })
}

fn series_seasonal(call: &Call<'_>) -> Answer {
    let series = call.texts(0)?;
    let periods = call.has(1).then(|| call.longs(1)).transpose()?;
    call.dynamics(|row| {
        let series = sparse(series.value(row))?;
        let method = Method {
            seasonality: periods.as_ref().map_or(Some(-1), |periods| periods.get(row))?,
            trend: Trend::None,
            test_points: 0,
            threshold: THRESHOLD_OF_SEASONAL,
        };
        Some(write_reals(&method.parts(&series).seasonal))
    })
}
