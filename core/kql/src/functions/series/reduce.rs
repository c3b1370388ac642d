//! One number of one or two series.

use phalanx_signal::ColumnType::{Dynamic, Real};

use super::{
    pairs::Pair,
    values::{mean, numbers},
};
use crate::functions::{
    Accepts::{Any, Only},
    Call, Column, Family, Function, Parameter, Returns,
    define::{Answer, Kernel, once, optional},
};

const ONE: &[Parameter] = &[once("series", Only(Dynamic))];
const TWO: &[Parameter] = &[once("series1", Any), once("series2", Any)];

const fn reduce(
    name: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
    kernel: Kernel,
) -> Function {
    Function::kernel(name, Family::Series, parameters, Returns::Only(Real), about, kernel)
}

pub static FUNCTIONS: &[Function] = &[
    reduce("series_sum", ONE, "The sum of a series; null if not all are numbers.", |call| {
        one(call, |values| values.iter().sum())
    })
    .examples(&[("print series_sum(dynamic([1,2.5]))", "3.5")]),
    reduce("series_product", ONE, "The product of a series; null if not all are numbers.", |call| {
        one(call, |values| values.iter().product())
    })
    .examples(&[("print series_product(dynamic([2,3.5]))", "7.0")]),
    reduce("series_magnitude", ONE, "The length of a series as a vector.", |call| {
        one(call, |values| values.iter().map(|value| value * value).sum::<f64>().sqrt())
    })
    .examples(&[("print series_magnitude(dynamic([3,4]))", "5.0")]),
    reduce("series_dot_product", TWO, "The sum of the products of two series, place by place.", |call| {
        two(call, dot)
    })
    .examples(&[("print series_dot_product(dynamic([1,2,4]), dynamic([4,2,1]))", "12.0")]),
    reduce(
        "series_cosine_similarity",
        &[
            once("series1", Any),
            once("series2", Any),
            optional("magnitude1", Only(Real)),
            optional("magnitude2", Only(Real)),
        ],
        "The cosine of the angle between two series as vectors; their lengths may be given.",
        cosine_similarity,
    )
    .examples(&[("print series_cosine_similarity(dynamic([1,0]), dynamic([2,0]))", "1.0")]),
    reduce("series_pearson_correlation", TWO, "How well two series go together, from -1 to 1.", |call| {
        two(call, pearson)
    })
    .examples(&[("print series_pearson_correlation(dynamic([1,2,3]), dynamic([2,4,6]))", "1.0")]),
];

fn one(call: &Call<'_>, f: fn(&[f64]) -> f64) -> Answer {
    let series = call.texts(0)?;
    Ok(Column::reals((0..call.rows).map(|row| Some(f(&numbers(series.value(row))?)))))
}

fn two(call: &Call<'_>, f: fn(&[f64], &[f64]) -> f64) -> Answer {
    let pair = Pair::new(call)?;
    let answer = |row| {
        let (left, right) = both(&pair, row)?;
        Some(f(&left, &right))
    };
    Ok(Column::reals((0..call.rows).map(answer)))
}

/// The numbers of two series of one length; `None` if they have not one, or hold anything else.
fn both(pair: &Pair, row: usize) -> Option<(Vec<f64>, Vec<f64>)> {
    pair.with(row, |left, right, length| {
        let values = |at| Some((left.at(at)?, right.at(at)?));
        (0..length).map(values).collect::<Option<(Vec<f64>, Vec<f64>)>>()
    })?
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(a, b)| a * b).sum()
}

fn cosine_similarity(call: &Call<'_>) -> Answer {
    let pair = Pair::new(call)?;
    let magnitudes = [2, 3].map(|at| call.has(at).then(|| call.reals(at)).transpose());
    let [first, second] = magnitudes;
    let (first, second) = (first?, second?);
    let answer = |row| {
        let (left, right) = both(&pair, row)?;
        let first =
            first.as_ref().and_then(|values| values.get(row)).unwrap_or_else(|| dot(&left, &left).sqrt());
        let second =
            second.as_ref().and_then(|values| values.get(row)).unwrap_or_else(|| dot(&right, &right).sqrt());
        Some(dot(&left, &right) / (first * second))
    };
    Ok(Column::reals((0..call.rows).map(answer)))
}

fn pearson(left: &[f64], right: &[f64]) -> f64 {
    let (left_mean, right_mean) = (mean(left), mean(right));
    let (mut together, mut left_squares, mut right_squares) = (0.0, 0.0, 0.0);
    for (a, b) in left.iter().zip(right) {
        let (a, b) = (a - left_mean, b - right_mean);
        together += a * b;
        left_squares += a * a;
        right_squares += b * b;
    }
    together / (left_squares * right_squares).sqrt()
}
