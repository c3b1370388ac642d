//! The beta distribution, and the test that rests on it.

use crate::functions::{Call, Column, define::Answer};

pub(super) fn each(call: &Call<'_>, f: fn(f64, f64, f64) -> Option<f64>) -> Answer {
    let (first, alpha, beta) = (call.numbers(0)?, call.numbers(1)?, call.numbers(2)?);
    Ok(Column::reals((0..call.rows).map(|row| f(first.get(row)?, alpha.get(row)?, beta.get(row)?))))
}

fn is_valid(x: f64, alpha: f64, beta: f64) -> bool {
    (0.0..=1.0).contains(&x) && alpha > 0.0 && beta > 0.0
}

pub(super) fn cdf(x: f64, alpha: f64, beta: f64) -> Option<f64> {
    Some(if is_valid(x, alpha, beta) { regularized(x, alpha, beta) } else { f64::NAN })
}

pub(super) fn pdf(x: f64, alpha: f64, beta: f64) -> Option<f64> {
    if !is_valid(x, alpha, beta) {
        return Some(f64::NAN);
    }
    let log = (alpha - 1.0) * x.ln() + (beta - 1.0) * (-x).ln_1p() - log_beta(alpha, beta);
    // 0⁰ is 1 here.
    Some(if log.is_nan() { (-log_beta(alpha, beta)).exp() } else { log.exp() })
}

pub(super) fn inverse(probability: f64, alpha: f64, beta: f64) -> Option<f64> {
    if alpha <= 0.0 || beta <= 0.0 || probability <= 0.0 || probability.is_nan() {
        return Some(f64::NAN);
    }
    if probability > 1.0 {
        return None;
    }
    let (mut low, mut high) = (0.0, 1.0);
    // Each round halves what is left of an interval of which a real sees about 2⁻¹⁰⁷⁴.
    for _ in 0..1_100 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if regularized(middle, alpha, beta) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

fn log_beta(alpha: f64, beta: f64) -> f64 {
    libm::lgamma(alpha) + libm::lgamma(beta) - libm::lgamma(alpha + beta)
}

/// The regularised incomplete beta function.
fn regularized(x: f64, alpha: f64, beta: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (alpha * x.ln() + beta * (-x).ln_1p() - log_beta(alpha, beta)).exp();
    // The fraction converges fast on this side of the mean only.
    if x < (alpha + 1.0) / (alpha + beta + 2.0) {
        front * fraction(x, alpha, beta) / alpha
    } else {
        1.0 - front * fraction(1.0 - x, beta, alpha) / beta
    }
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
fn fraction(x: f64, alpha: f64, beta: f64) -> f64 {
    const TINY: f64 = 1e-300;
    const ROUNDS_MAX: u32 = 1_000;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = not_zero(1.0 - (alpha + beta) * x / (alpha + 1.0)).recip();
    let mut product = d;
    for round in 1..ROUNDS_MAX {
        let m = f64::from(round);
        let even = m * (beta - m) * x / ((alpha + 2.0 * m - 1.0) * (alpha + 2.0 * m));
        d = not_zero(1.0 + even * d).recip();
        c = not_zero(1.0 + even / c);
        product *= d * c;
        let odd = -(alpha + m) * (alpha + beta + m) * x / ((alpha + 2.0 * m) * (alpha + 2.0 * m + 1.0));
        d = not_zero(1.0 + odd * d).recip();
        c = not_zero(1.0 + odd / c);
        product *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    product
}

pub(super) fn welch_test(call: &Call<'_>) -> Answer {
    let numbers = (0..6).map(|at| call.numbers(at)).collect::<Result<Vec<_>, _>>()?;
    Ok(Column::reals((0..call.rows).map(|row| {
        let value = |at: usize| numbers[at].get(row);
        let (mean, variance, count) = (value(0)? - value(3)?, [value(1)?, value(4)?], [value(2)?, value(5)?]);
        let errors = [variance[0] / count[0], variance[1] / count[1]];
        let error = errors[0] + errors[1];
        let t_squared = mean * mean / error;
        let freedom = error * error
            / (errors[0] * errors[0] / (count[0] - 1.0) + errors[1] * errors[1] / (count[1] - 1.0));
        let x = freedom / (freedom + t_squared);
        Some(if is_valid(x, freedom / 2.0, 0.5) { regularized(x, freedom / 2.0, 0.5) } else { f64::NAN })
    })))
}
