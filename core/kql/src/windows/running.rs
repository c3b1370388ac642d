//! `row_number`, `row_cumsum`, `row_rank_dense`, `row_rank_min`.

use std::{fmt::Debug, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, BooleanArray, Int64Array, PrimitiveArray,
    cast::AsArray,
    types::{Decimal128Type, Float64Type, Int32Type, Int64Type},
};
use arrow_ord::cmp::not_distinct;
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{Body, Running, Window};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

const START: Parameter =
    Parameter { name: "start", accepts: Accepts::Only(ColumnType::Long), how_often: HowOften::Optional };
pub(super) const RESTART: Parameter =
    Parameter { name: "restart", accepts: Accepts::Only(ColumnType::Bool), how_often: HowOften::Optional };
const TERM: Parameter = Parameter { name: "term", accepts: Accepts::Ordinal, how_often: HowOften::Once };
const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Once };

pub(super) const WINDOWS: &[Window] = &[
    Window {
        name: "row_number",
        parameters: &[START, RESTART],
        returns: Returns::Only(ColumnType::Long),
        about: "The number of the row, from 1 or another start, and again from there where the condition is true.",
        examples: &[(
            "range x from 1 to 4 step 1 | extend n = row_number(0, x == 3) | summarize make_list(n)",
            "[0,1,0,1]",
        )],
        body: Body::Running(|_| Box::new(Number { next: None })),
    },
    Window {
        name: "row_cumsum",
        parameters: &[TERM, RESTART],
        returns: Returns::Computed(summable),
        about: "The sum of the terms so far, again from 0 where the condition is true.",
        examples: &[(
            "range x from 1 to 4 step 1 | extend s = row_cumsum(x, x == 3) | summarize make_list(s)",
            "[1,3,3,7]",
        )],
        body: Body::Running(|types| match types.first() {
            Some(ColumnType::Int) => {
                Box::new(Sum::<Int32Type> { sum: <Int32Type as ArrowPrimitiveType>::Native::ZERO })
            }
            Some(ColumnType::Real) => {
                Box::new(Sum::<Float64Type> { sum: <Float64Type as ArrowPrimitiveType>::Native::ZERO })
            }
            Some(ColumnType::Decimal) => {
                Box::new(Sum::<Decimal128Type> { sum: <Decimal128Type as ArrowPrimitiveType>::Native::ZERO })
            }
            _ => Box::new(Sum::<Int64Type> { sum: <Int64Type as ArrowPrimitiveType>::Native::ZERO }),
        }),
    },
    Window {
        name: "row_rank_dense",
        parameters: &[VALUE, RESTART],
        returns: Returns::Only(ColumnType::Long),
        about: "How many runs of equal values there are up to the row, again from 1 where the condition is true.",
        examples: &[(
            "range x from 1 to 4 step 1 | extend r = row_rank_dense(x / 2) | summarize make_list(r)",
            "[1,2,2,3]",
        )],
        body: Body::Running(|_| Box::new(Rank { is_dense: true, ..Rank::default() })),
    },
    Window {
        name: "row_rank_min",
        parameters: &[VALUE, RESTART],
        returns: Returns::Only(ColumnType::Long),
        about: "The number of the first row of the run of equal values, again from 1 where the condition is true.",
        examples: &[(
            "range x from 1 to 4 step 1 | extend r = row_rank_min(x / 2) | summarize make_list(r)",
            "[1,2,2,4]",
        )],
        body: Body::Running(|_| Box::new(Rank::default())),
    },
];

fn summable(types: &[ColumnType]) -> Option<ColumnType> {
    types.first().copied().filter(|kind| *kind != ColumnType::DateTime)
}

/// The rows where it begins again.
pub(super) fn restarts(arguments: &[ArrayRef], at: usize) -> Result<Option<&BooleanArray>> {
    let restart = arguments.get(at).map(|restart| restart.as_boolean_opt());
    match restart {
        None => Ok(None),
        Some(Some(restart)) => Ok(Some(restart)),
        Some(None) => Err(exec_datafusion_err!("the condition to begin again is no bool")),
    }
}

pub(super) fn is_true(values: Option<&BooleanArray>, row: usize) -> bool {
    values.is_some_and(|values| values.is_valid(row) && values.value(row))
}

#[derive(Debug)]
struct Number {
    /// That of the next row; none before the first.
    next: Option<i64>,
}

impl Running for Number {
    fn push(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let starts = arguments.first().map(|start| start.as_primitive_opt::<Int64Type>());
        let start = |row: usize| match starts {
            Some(Some(starts)) if starts.is_valid(row) => starts.value(row),
            _ => 1,
        };
        let restart = restarts(arguments, 1)?;
        let number = |row| {
            let number = self.next.filter(|_| !is_true(restart, row)).unwrap_or_else(|| start(row));
            self.next = Some(number.wrapping_add(1));
            number
        };
        Ok(Arc::new(Int64Array::from_iter_values((0..rows).map(number))))
    }
}

#[derive(Debug)]
struct Sum<T: ArrowPrimitiveType> {
    sum: T::Native,
}

impl<T: ArrowPrimitiveType + Debug + Send> Running for Sum<T> {
    fn push(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let terms = arguments.first().and_then(|terms| terms.as_primitive_opt::<T>());
        let terms = terms.ok_or_else(|| exec_datafusion_err!("there is no sum of such terms"))?;
        let restart = restarts(arguments, 1)?;
        let sum = |row| {
            if is_true(restart, row) {
                self.sum = T::Native::ZERO;
            }
            if terms.is_valid(row) {
                self.sum = self.sum.add_wrapping(terms.value(row));
            }
            self.sum
        };
        let sums = PrimitiveArray::<T>::from_iter_values((0..rows).map(sum));
        Ok(Arc::new(sums.with_data_type(terms.data_type().clone())))
    }
}

#[derive(Debug, Default)]
struct Rank {
    is_dense: bool,
    /// The value of the row before, as an array of one.
    before: Option<ArrayRef>,
    /// Since it began again.
    row: i64,
    rank: i64,
}

impl Running for Rank {
    fn push(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let values = arguments.first().ok_or_else(|| exec_datafusion_err!("nothing to rank"))?;
        if rows == 0 {
            return Ok(Arc::new(Int64Array::from(Vec::<i64>::new())));
        }
        let first = match &self.before {
            Some(before) => not_distinct(before, &values.slice(0, 1))?.value(0),
            None => false,
        };
        let same = not_distinct(&values.slice(0, rows - 1), &values.slice(1, rows - 1))?;
        let restart = restarts(arguments, 1)?;
        let rank = |row: usize| {
            if is_true(restart, row) {
                (self.row, self.rank) = (0, 0);
            }
            let is_same = if row == 0 { first } else { same.value(row - 1) };
            let is_first = self.row == 0;
            self.row += 1;
            if is_first || !is_same {
                self.rank = if self.is_dense { self.rank + 1 } else { self.row };
            }
            self.rank
        };
        let ranks = Int64Array::from_iter_values((0..rows).map(rank));
        self.before = Some(arrow_select::take::take(
            values,
            &arrow_array::UInt64Array::from(vec![rows as u64 - 1]),
            None,
        )?);
        Ok(Arc::new(ranks))
    }
}
