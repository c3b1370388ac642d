//! What a series is like as a whole.

use phalanx_signal::ColumnType::{Bool, Dynamic, Long, Real};

use super::values::{mean, real, sparse, squares};
use crate::{
    dynamic::{ArrayWriter, BagWriter, Json},
    functions::{
        Accepts::Only,
        Call, Family, Function, FunctionError, Parameter, Returns,
        define::{Answer, once, optional},
    },
};

const PARAMETERS: &[Parameter] = &[once("series", Only(Dynamic)), optional("ignore_nonfinite", Only(Bool))];

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "series_stats",
        Family::Series,
        PARAMETERS,
        Returns::Columns(&[
            ("min", Real),
            ("min_idx", Long),
            ("max", Real),
            ("max_idx", Long),
            ("avg", Real),
            ("stdev", Real),
            ("variance", Real),
        ]),
        "Extremes with their places, average, and spread of a series; null if anything in it is no finite number and \
         that is not to be ignored.",
        series_stats,
    )
    .examples(&[("print y = dynamic([2,1,3]) | extend (least, place) = series_stats(y) | project place", "1")]),
    Function::kernel(
        "series_stats_dynamic",
        Family::Series,
        PARAMETERS,
        Returns::Only(Dynamic),
        "Extremes with their places, average, spread, sum and length of a series, in a bag.",
        series_stats_dynamic,
    )
    .examples(&[("print tostring(series_stats_dynamic(dynamic([2,1,3])).max_idx)", "2")]),
];

struct Stats {
    min: (f64, usize),
    max: (f64, usize),
    avg: f64,
    variance: f64,
    sum: f64,
    length: usize,
}

impl Stats {
    fn new(series: &[Option<f64>], ignore: bool) -> Option<Self> {
        let places = series
            .iter()
            .enumerate()
            .filter_map(|(at, value)| Some((at, value.filter(|value| value.is_finite())?)));
        let (places, values): (Vec<usize>, Vec<f64>) = places.unzip();
        if values.is_empty() || (!ignore && values.len() < series.len()) {
            return None;
        }
        let (mut min, mut max) = ((values[0], places[0]), (values[0], places[0]));
        for (value, place) in values.iter().zip(&places) {
            if *value < min.0 {
                min = (*value, *place);
            }
            if *value > max.0 {
                max = (*value, *place);
            }
        }
        Some(Self {
            min,
            max,
            avg: mean(&values),
            variance: squares(&values) / (real(values.len()) - 1.0).max(1.0),
            sum: values.iter().sum(),
            length: values.len(),
        })
    }
}

fn stats(call: &Call<'_>) -> Result<impl Fn(usize) -> Option<Stats>, FunctionError> {
    let series = call.texts(0)?;
    let ignore = call.has(1).then(|| call.booleans(1)).transpose()?;
    Ok(move |row| {
        let ignore = ignore.as_ref().and_then(|values| values.get(row)).unwrap_or(false);
        Stats::new(&sparse(series.value(row))?, ignore)
    })
}

fn series_stats(call: &Call<'_>) -> Answer {
    let stats = stats(call)?;
    call.dynamics(|row| {
        let stats = stats(row)?;
        let mut out = ArrayWriter::default();
        for (value, place) in [stats.min, stats.max] {
            out.push_real(value);
            out.element().push_str(&place.to_string());
        }
        out.push_real(stats.avg);
        out.push_real(stats.variance.sqrt());
        out.push_real(stats.variance);
        Some(out.finish())
    })
}

fn series_stats_dynamic(call: &Call<'_>) -> Answer {
    let stats = stats(call)?;
    call.dynamics(|row| {
        let stats = stats(row)?;
        let mut bag = BagWriter::default();
        for (names, (value, place)) in [(("min", "min_idx"), stats.min), (("max", "max_idx"), stats.max)] {
            bag.push_real(names.0, value);
            bag.push(names.1, Json::new(&place.to_string()));
        }
        bag.push_real("avg", stats.avg);
        bag.push_real("stdev", stats.variance.sqrt());
        bag.push_real("variance", stats.variance);
        bag.push_real("sum", stats.sum);
        bag.push("len", Json::new(&stats.length.to_string()));
        Some(bag.finish())
    })
}
