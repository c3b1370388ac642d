//! A function of the numbers at the same place of two series.

use phalanx_signal::ColumnType::Dynamic;

use super::values::{Series, write};
use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{
        Accepts::Any,
        Call, Family, Function, FunctionError, Parameter, Returns,
        define::{Answer, Kernel, once},
        json::Values,
    },
};

const PARAMETERS: &[Parameter] = &[once("series1", Any), once("series2", Any)];

const fn pair(name: &'static str, about: &'static str, kernel: Kernel) -> Function {
    Function::kernel(name, Family::Series, PARAMETERS, Returns::Only(Dynamic), about, kernel)
}

pub static FUNCTIONS: &[Function] = &[
    pair("series_add", "The sums of two series, place by place.", |call| compute(call, true, |a, b| a + b))
        .examples(&[("print tostring(series_add(dynamic([1,2,4]), dynamic([4,2])))", "[5,4,null]")]),
    pair("series_subtract", "The differences of two series, place by place.", |call| {
        compute(call, true, |a, b| a - b)
    })
    .examples(&[("print tostring(series_subtract(dynamic([1,2]), 1))", "[0,1]")]),
    pair("series_multiply", "The products of two series, place by place.", |call| {
        compute(call, true, |a, b| a * b)
    })
    .examples(&[("print tostring(series_multiply(10, dynamic([1,2])))", "[10,20]")]),
    pair("series_divide", "The quotients of two series, place by place.", |call| {
        compute(call, false, |a, b| a / b)
    })
    .examples(&[("print tostring(series_divide(dynamic([1,2]), dynamic([2,4])))", "[0.5,0.5]")]),
    pair("series_pow", "The powers of two series, place by place.", |call| compute(call, false, f64::powf))
        .examples(&[("print tostring(series_pow(dynamic([1,2]), 2))", "[1.0,4.0]")]),
    pair("series_equals", "Whether the numbers of two series are equal, place by place.", |call| {
        compare(call, |a, b| a == b)
    })
    .examples(&[("print tostring(series_equals(dynamic([1,2]), dynamic([1.0,3])))", "[true,false]")]),
    pair("series_not_equals", "Whether the numbers of two series differ, place by place.", |call| {
        compare(call, |a, b| a != b)
    })
    .examples(&[("print tostring(series_not_equals(dynamic([1,2]), 1))", "[false,true]")]),
    pair("series_greater", "Whether the numbers of the first series are greater, place by place.", |call| {
        compare(call, |a, b| a > b)
    })
    .examples(&[("print tostring(series_greater(dynamic([1,2]), 1))", "[false,true]")]),
    pair(
        "series_greater_equals",
        "Whether the numbers of the first series are not less, place by place.",
        |call| compare(call, |a, b| a >= b),
    )
    .examples(&[("print tostring(series_greater_equals(dynamic([1,2]), 2))", "[false,true]")]),
    pair("series_less", "Whether the numbers of the first series are less, place by place.", |call| {
        compare(call, |a, b| a < b)
    })
    .examples(&[("print tostring(series_less(dynamic([1,2]), 2))", "[true,false]")]),
    pair(
        "series_less_equals",
        "Whether the numbers of the first series are not greater, place by place.",
        |call| compare(call, |a, b| a <= b),
    )
    .examples(&[("print tostring(series_less_equals(dynamic([1,2]), 1))", "[true,false]")]),
];

/// Both arguments of a call; what is the same for all rows is read once.
pub(super) struct Pair {
    arguments: [Values; 2],
    constants: [Option<Option<Series>>; 2],
}

impl Pair {
    pub(super) fn new(call: &Call<'_>) -> Result<Self, FunctionError> {
        let arguments = [call.json_values(0)?, call.json_values(1)?];
        let read = |at: usize| call.is_constant(at).then(|| Series::new(Json::new(&arguments[at].json(0))));
        let constants = [read(0), read(1)];
        Ok(Self { arguments, constants })
    }

    /// What `f` makes of both series in a row and of the length of the longer one.
    pub(super) fn with<T>(&self, row: usize, f: impl FnOnce(&Series, &Series, usize) -> T) -> Option<T> {
        let mut of_row = [None, None];
        for (at, of_row) in of_row.iter_mut().enumerate() {
            if self.constants[at].is_none() {
                *of_row = Series::new(Json::new(&self.arguments[at].json(row)));
            }
        }
        let series = |at: usize| self.constants[at].as_ref().map_or(of_row[at].as_ref(), Option::as_ref);
        let (left, right) = (series(0)?, series(1)?);
        let length = |series: &Series| if series.is_scalar { None } else { Some(series.values.len()) };
        let longest = length(left).max(length(right)).unwrap_or(1);
        Some(f(left, right, longest))
    }
}

fn compute(call: &Call<'_>, keep_whole: bool, f: fn(f64, f64) -> f64) -> Answer {
    let pair = Pair::new(call)?;
    call.dynamics(|row| {
        pair.with(row, |left, right, length| {
            let values = (0..length).map(|at| Some(f(left.at(at)?, right.at(at)?)));
            write(values, keep_whole && left.is_whole && right.is_whole)
        })
    })
}

fn compare(call: &Call<'_>, f: fn(&f64, &f64) -> bool) -> Answer {
    let pair = Pair::new(call)?;
    call.dynamics(|row| {
        pair.with(row, |left, right, length| {
            let mut out = ArrayWriter::default();
            for at in 0..length {
                match (left.at(at), right.at(at)) {
                    (Some(left), Some(right)) => out.push_bool(f(&left, &right)),
                    _ => out.push_null(),
                }
            }
            out.finish()
        })
    })
}
