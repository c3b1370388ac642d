//! `avg`, `avgif`: of nothing, NaN.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, Decimal128Array, Float64Array, Int64Array, TimestampMicrosecondArray,
    cast::AsArray,
    types::{Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives,
    count::CONDITION,
    fold::{self, Fold, Folded},
};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Ordinal, how_often: HowOften::Once };

const AVERAGE: Aggregate = Aggregate {
    name: "avg",
    aliases: &[],
    parameters: &[VALUE],
    condition: None,
    gives: Gives::One(Returns::Computed(returns)),
    column: ColumnName::PrefixAndArgument("avg"),
    about: "The mean of the values that are not null.",
    examples: &[
        ("range x from 1 to 4 step 1 | summarize avg(x)", "2.5"),
        ("range x from 1 to 4 step 1 | where x > 4 | summarize avg(x)", "NaN"),
    ],
    body: |_| Body::Own {
        states: fold::states(),
        make: |setup| Ok(Folded::boxed(Average { kind: setup.types[0] })),
    },
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    AVERAGE,
    Aggregate {
        name: "avgif",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("avgif"),
        about: "The mean of the values of rows for which the condition is true.",
        examples: &[("range x from 1 to 4 step 1 | summarize avgif(x, x > 2)", "3.5")],
        ..AVERAGE
    },
];

fn returns(types: &[ColumnType]) -> Option<ColumnType> {
    match types.first()? {
        ColumnType::Int | ColumnType::Long | ColumnType::Real => Some(ColumnType::Real),
        kind @ (ColumnType::Decimal | ColumnType::TimeSpan | ColumnType::DateTime) => Some(*kind),
        _ => None,
    }
}

#[derive(Clone, Debug)]
struct Average {
    kind: ColumnType,
}

#[derive(Clone, Debug, Default)]
struct Mean {
    /// The sum of what is counted in whole units. Wraps around only for decimals near their limit.
    whole: i128,
    real: f64,
    count: u64,
}

enum Input<'a> {
    Int(&'a arrow_array::Int32Array),
    Long(&'a Int64Array),
    Real(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    DateTime(&'a TimestampMicrosecondArray),
}

impl Fold for Average {
    type State = Mean;
    type Input<'a> = Input<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Input<'a>> {
        let values = &values[0];
        let input = match self.kind {
            ColumnType::Int => values.as_primitive_opt::<Int32Type>().map(Input::Int),
            ColumnType::Real => values.as_primitive_opt::<Float64Type>().map(Input::Real),
            ColumnType::Decimal => values.as_primitive_opt::<Decimal128Type>().map(Input::Decimal),
            ColumnType::DateTime => {
                values.as_primitive_opt::<TimestampMicrosecondType>().map(Input::DateTime)
            }
            _ => values.as_primitive_opt::<Int64Type>().map(Input::Long),
        };
        input.ok_or_else(|| exec_datafusion_err!("there is no mean of {}", values.data_type()))
    }

    #[inline]
    fn add(&mut self, state: &mut Mean, input: &Input<'_>, row: usize) {
        match input {
            Input::Int(values) if values.is_valid(row) => state.whole += i128::from(values.value(row)),
            Input::Long(values) if values.is_valid(row) => state.whole += i128::from(values.value(row)),
            Input::DateTime(values) if values.is_valid(row) => state.whole += i128::from(values.value(row)),
            Input::Decimal(values) if values.is_valid(row) => {
                state.whole = state.whole.wrapping_add(values.value(row));
            }
            Input::Real(values) if values.is_valid(row) => state.real += values.value(row),
            _ => return,
        }
        state.count += 1;
    }

    fn heap(_: &Mean) -> usize {
        0
    }

    fn save(&self, state: &Mean) -> Vec<u8> {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are saved")]
        let (low, high) = (state.whole as u64, (state.whole >> 64) as u64);
        fold::bytes(&[low, high, state.real.to_bits(), state.count])
    }

    fn merge(&mut self, state: &mut Mean, saved: &[u8]) -> Result<()> {
        let [low, high, real, count] = fold::words(saved)?;
        state.whole = state.whole.wrapping_add((i128::from(high) << 64) | i128::from(low));
        state.real += f64::from_bits(real);
        state.count += count;
        Ok(())
    }

    fn values(&self, states: Vec<Mean>) -> Result<ArrayRef> {
        let whole = |state: &Mean| state.whole.checked_div(i128::from(state.count));
        let long = |state: &Mean| whole(state).and_then(|mean| i64::try_from(mean).ok());
        let states = states.iter();
        Ok(match self.kind {
            ColumnType::TimeSpan => Arc::new(states.map(long).collect::<Int64Array>()),
            ColumnType::DateTime => {
                Arc::new(states.map(long).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
            }
            ColumnType::Decimal => {
                Arc::new(states.map(whole).collect::<Decimal128Array>().with_data_type(self.kind.arrow()))
            }
            _ => Arc::new(states.map(|state| Some(state.mean())).collect::<Float64Array>()),
        })
    }
}

impl Mean {
    #[expect(clippy::cast_precision_loss, reason = "a mean is a real")]
    fn mean(&self) -> f64 {
        if self.count == 0 { f64::NAN } else { (self.whole as f64 + self.real) / self.count as f64 }
    }
}
