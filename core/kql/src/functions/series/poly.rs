//! Polynomials through a series.

use phalanx_signal::ColumnType::{Dynamic, Long, Real};

use super::values::{mean, numbers, real, squares, write_reals};
use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{
        Accepts::Any,
        Call, Family, Function, FunctionError, Returns,
        define::{Answer, once, optional},
    },
};

pub static FUNCTIONS: &[Function] = &[Function::kernel(
    "series_fit_poly",
    Family::Series,
    &[once("y_series", Any), optional("x_series", Any), optional("degree", Any)],
    Returns::Columns(&[
        ("rsquare", Real),
        ("coefficients", Dynamic),
        ("variance", Real),
        ("rvariance", Real),
        ("poly_fit", Dynamic),
    ]),
    "The polynomial nearest to a series over another (1, 2, 3 … if there is none), with its coefficients from the \
     highest power down. The degree is 1 if not given, and at most 30.",
    series_fit_poly,
)
.examples(&[("print y = dynamic([1,3,5]) | extend (r, c) = series_fit_poly(y) | project array_length(c)", "2")])];

const DEGREE_MAX: i64 = 30;

fn series_fit_poly(call: &Call<'_>) -> Answer {
    let series = call.json_values(0)?;
    // A number in the place of the second series is the degree.
    let is_degree =
        |at: usize| call.has(at) && matches!(call.types[at], Long | phalanx_signal::ColumnType::Int);
    let degree_at = [1, 2].into_iter().find(|at| is_degree(*at));
    let degrees = degree_at.map(|at| call.longs(at)).transpose()?;
    let x_series = (call.has(1) && !is_degree(1)).then(|| call.json_values(1)).transpose()?;
    call.try_dynamics(|row| {
        let Some(degree) = degrees.as_ref().map_or(Some(1), |values| values.get(row)) else {
            return Ok(None);
        };
        if !(1..=DEGREE_MAX).contains(&degree) {
            return Err(FunctionError(format!("a degree is from 1 to {DEGREE_MAX}")));
        }
        let y = numbers(Json::new(&series.json(row)));
        let x = match &x_series {
            Some(values) => numbers(Json::new(&values.json(row))),
            None => y.as_ref().map(|y| (1..=y.len()).map(real).collect()),
        };
        let degree = usize::try_from(degree).unwrap_or(1);
        Ok(x.zip(y).and_then(|(x, y)| fit(&x, &y, degree)))
    })
}

fn fit(x: &[f64], y: &[f64], degree: usize) -> Option<String> {
    if x.len() != y.len() || y.len() <= degree {
        return None;
    }
    // Over x from -1 to 1 the equations stay solvable; the coefficients are moved back afterwards.
    let (least, most) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
    let (center, scale) = (f64::midpoint(least, most), ((most - least) / 2.0).max(f64::MIN_POSITIVE));
    let scaled: Vec<f64> = x.iter().map(|x| (x - center) / scale).collect();
    let solution = solve(&scaled, y, degree + 1)?;
    let value = |x: f64| solution.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient);
    let fitted: Vec<f64> = scaled.iter().map(|x| value(*x)).collect();
    let freedom = (real(y.len()) - 1.0).max(1.0);
    let residuals: f64 = y.iter().zip(&fitted).map(|(y, fitted)| (y - fitted).powi(2)).sum();
    let (variance, residual_variance) = (squares(y) / freedom, residuals / freedom);
    let mut coefficients = moved(&solution, center, scale);
    coefficients.reverse();
    let mut out = ArrayWriter::default();
    out.push_real(if variance == 0.0 { 0.0 } else { 1.0 - residual_variance / variance });
    out.push(Json::new(&write_reals(&coefficients)));
    out.push_real(variance);
    out.push_real(residual_variance);
    out.push(Json::new(&write_reals(&fitted)));
    Some(out.finish())
}

/// The coefficients of least squares, from the lowest power up: by orthogonalising the powers, twice.
fn solve(x: &[f64], y: &[f64], terms: usize) -> Option<Vec<f64>> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(terms);
    // Row n: the coefficients of the n-th basis polynomial.
    let mut polynomials: Vec<Vec<f64>> = Vec::with_capacity(terms);
    for term in 0..terms {
        let mut column: Vec<f64> = match basis.last() {
            Some(last) => last.iter().zip(x).map(|(value, x)| value * x).collect(),
            None => vec![1.0; x.len()],
        };
        let mut polynomial = vec![0.0; terms];
        match polynomials.last() {
            Some(last) => polynomial[1..].copy_from_slice(&last[..terms - 1]),
            None => polynomial[0] = 1.0,
        }
        for _ in 0..2 {
            for earlier in 0..term {
                let part = dot(&column, &basis[earlier]);
                column.iter_mut().zip(&basis[earlier]).for_each(|(value, other)| *value -= part * other);
                polynomial
                    .iter_mut()
                    .zip(&polynomials[earlier])
                    .for_each(|(value, other)| *value -= part * other);
            }
        }
        let length = dot(&column, &column).sqrt();
        if length.is_nan() || length < 1e-12 {
            return None;
        }
        column.iter_mut().for_each(|value| *value /= length);
        polynomial.iter_mut().for_each(|value| *value /= length);
        basis.push(column);
        polynomials.push(polynomial);
    }
    let y_mean = mean(y);
    let mut solution = vec![0.0; terms];
    let centered: Vec<f64> = y.iter().map(|y| y - y_mean).collect();
    for (column, polynomial) in basis.iter().zip(&polynomials) {
        let part = dot(&centered, column);
        solution.iter_mut().zip(polynomial).for_each(|(value, other)| *value += part * other);
    }
    solution[0] += y_mean;
    Some(solution)
}

/// The coefficients in x of a polynomial in (x - center) / scale.
fn moved(solution: &[f64], center: f64, scale: f64) -> Vec<f64> {
    let mut out: Vec<f64> = Vec::with_capacity(solution.len());
    for coefficient in solution.iter().rev() {
        // out = out · (x - center) / scale + coefficient
        let mut next = vec![0.0; out.len() + 1];
        for (at, value) in out.iter().enumerate() {
            next[at] -= value * center / scale;
            next[at + 1] += value / scale;
        }
        next[0] += coefficient;
        out = next;
    }
    out
}
