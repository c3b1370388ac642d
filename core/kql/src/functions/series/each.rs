//! A function of each number by itself.

use phalanx_signal::ColumnType::Dynamic;

use super::values::{Series, write};
use crate::functions::{
    Accepts::Any,
    Call, Family, Function, Parameter, Returns,
    define::{Answer, Kernel, once},
};

const PARAMETERS: &[Parameter] = &[once("series", Any)];

const fn each(name: &'static str, about: &'static str, kernel: Kernel) -> Function {
    Function::kernel(name, Family::Series, PARAMETERS, Returns::Only(Dynamic), about, kernel)
}

pub static FUNCTIONS: &[Function] = &[
    each("series_abs", "The absolute value of each number.", |call| whole(call, f64::abs))
        .examples(&[("print tostring(series_abs(dynamic([-1,2.5])))", "[1.0,2.5]")]),
    each("series_acos", "The arc cosine of each number.", |call| reals(call, f64::acos))
        .examples(&[("print tostring(series_acos(dynamic([1])))", "[0.0]")]),
    each("series_asin", "The arc sine of each number.", |call| reals(call, f64::asin))
        .examples(&[("print tostring(series_asin(dynamic([0])))", "[0.0]")]),
    each("series_atan", "The arc tangent of each number.", |call| reals(call, f64::atan))
        .examples(&[("print tostring(series_atan(dynamic([0])))", "[0.0]")]),
    each("series_ceiling", "Each number, rounded up.", |call| reals(call, f64::ceil))
        .examples(&[("print tostring(series_ceiling(dynamic([-1.5,2.5])))", "[-1.0,3.0]")]),
    each("series_cos", "The cosine of each number.", |call| reals(call, f64::cos))
        .examples(&[("print tostring(series_cos(dynamic([0])))", "[1.0]")]),
    each("series_exp", "The base of natural logarithms to the power of each number.", |call| {
        reals(call, f64::exp)
    })
    .examples(&[("print tostring(series_exp(dynamic([0])))", "[1.0]")]),
    each("series_floor", "Each number, rounded down.", |call| reals(call, f64::floor))
        .examples(&[("print tostring(series_floor(dynamic([-1.5,2.5])))", "[-2.0,2.0]")]),
    each("series_log", "The natural logarithm of each number.", |call| reals(call, f64::ln))
        .examples(&[("print tostring(series_log(dynamic([1])))", "[0.0]")]),
    each("series_sign", "-1, 0 or 1 by the sign of each number.", |call| whole(call, sign))
        .examples(&[("print tostring(series_sign(dynamic([-6,0,8])))", "[-1,0,1]")]),
    each("series_sin", "The sine of each number.", |call| reals(call, f64::sin))
        .examples(&[("print tostring(series_sin(dynamic([0])))", "[0.0]")]),
    each("series_tan", "The tangent of each number.", |call| reals(call, f64::tan))
        .examples(&[("print tostring(series_tan(dynamic([0])))", "[0.0]")]),
];

fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// Whole numbers stay whole.
fn whole(call: &Call<'_>, f: fn(f64) -> f64) -> Answer {
    map(call, f, true)
}

fn reals(call: &Call<'_>, f: fn(f64) -> f64) -> Answer {
    map(call, f, false)
}

fn map(call: &Call<'_>, f: fn(f64) -> f64, keep_whole: bool) -> Answer {
    let values = call.json_values(0)?;
    call.dynamics(|row| {
        let json = values.json(row);
        let series = Series::new(crate::dynamic::Json::new(&json))?;
        let is_whole = keep_whole && series.is_whole;
        Some(write(series.values.into_iter().map(|value| value.map(f)), is_whole))
    })
}
