//! `percentile`, `percentiles`, their arrays and their weighted forms.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow_schema::{Field, Fields};
use datafusion::{
    common::{Result, exec_datafusion_err},
    scalar::ScalarValue,
};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives, Setup,
    digest::{Digest, Weighted, add_weighted, merge_saved, weighted},
    fold::{self, Fold, Folded},
    groups::Groups,
    render::Cells,
};
use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{Accepts, HowOften, Parameter, Returns},
};

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Ordinal, how_often: HowOften::Once };
const WEIGHT: Parameter =
    Parameter { name: "weight", accepts: Accepts::Only(ColumnType::Long), how_often: HowOften::Once };
const PERCENT: Parameter = Parameter { name: "percent", accepts: Accepts::Number, how_often: HowOften::Once };
const PERCENTS: Parameter =
    Parameter { name: "percent", accepts: Accepts::Number, how_often: HowOften::Repeated(1) };
/// Numbers, or one array of them.
const PERCENTS_OR_ARRAY: Parameter =
    Parameter { name: "percents", accepts: Accepts::Any, how_often: HowOften::Repeated(1) };

const PERCENTILE: Aggregate = Aggregate {
    name: "percentile",
    aliases: &[],
    parameters: &[VALUE, PERCENT],
    condition: None,
    gives: Gives::EachNumber(1),
    column: ColumnName::PrefixArgumentAndNumber("percentile"),
    about: "The value that so many percent of the values are not above; of many different values, an estimate.",
    examples: &[("range x from 1 to 100 step 1 | summarize percentile(x, 95)", "95")],
    body: |_| Body::Own { states: fold::states(), make: |setup| columns(setup, 1) },
};

const PERCENTILEW: Aggregate = Aggregate {
    name: "percentilew",
    parameters: &[VALUE, WEIGHT, PERCENT],
    gives: Gives::EachNumber(2),
    about: "Like percentile, where each value counts as often as its weight says.",
    examples: &[("range x from 1 to 4 step 1 | summarize percentilew(x, x, 50)", "3")],
    body: |_| Body::Own { states: fold::states(), make: |setup| columns(setup, 2) },
    ..PERCENTILE
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    PERCENTILE,
    Aggregate {
        name: "percentiles",
        parameters: &[VALUE, PERCENTS],
        about: "A percentile for each of the numbers, as columns.",
        examples: &[(
            "range x from 1 to 100 step 1 | summarize percentiles(x, 5, 50) | project percentile_x_50",
            "50",
        )],
        ..PERCENTILE
    },
    Aggregate {
        name: "percentiles_array",
        parameters: &[VALUE, PERCENTS_OR_ARRAY],
        gives: Gives::One(Returns::Only(ColumnType::Dynamic)),
        column: ColumnName::PrefixAndArgument("percentiles"),
        about: "A percentile for each of the numbers, as an array.",
        examples: &[("range x from 1 to 100 step 1 | summarize percentiles_array(x, 5, 50)", "[5,50]")],
        body: |_| Body::Own { states: fold::states(), make: |setup| array(setup, 1) },
        ..PERCENTILE
    },
    PERCENTILEW,
    Aggregate {
        name: "percentilesw",
        parameters: &[VALUE, WEIGHT, PERCENTS],
        about: "A weighted percentile for each of the numbers, as columns.",
        examples: &[(
            "range x from 1 to 4 step 1 | summarize percentilesw(x, x, 50, 60) | project percentile_x_60",
            "3",
        )],
        ..PERCENTILEW
    },
    Aggregate {
        name: "percentilesw_array",
        parameters: &[VALUE, WEIGHT, PERCENTS_OR_ARRAY],
        gives: Gives::One(Returns::Only(ColumnType::Dynamic)),
        column: ColumnName::PrefixAndArgument("percentiles"),
        about: "A weighted percentile for each of the numbers, as an array.",
        examples: &[("range x from 1 to 4 step 1 | summarize percentilesw_array(x, x, 50, 61)", "[3,4]")],
        body: |_| Body::Own { states: fold::states(), make: |setup| array(setup, 2) },
        ..PERCENTILEW
    },
];

fn columns(setup: &Setup<'_>, first: usize) -> Result<Box<dyn Groups>> {
    Ok(Folded::boxed(Percentiles::new(setup, first, false)?))
}

fn array(setup: &Setup<'_>, first: usize) -> Result<Box<dyn Groups>> {
    Ok(Folded::boxed(Percentiles::new(setup, first, true)?))
}

#[derive(Clone, Debug)]
struct Percentiles {
    kind: ColumnType,
    weight: Option<ColumnType>,
    percents: Vec<f64>,
    is_array: bool,
}

impl Percentiles {
    /// `first` is the first argument that is a percentage; a weight stands before it.
    fn new(setup: &Setup<'_>, first: usize, is_array: bool) -> Result<Self> {
        let mut percents = Vec::new();
        for at in first..setup.types.len() {
            let numbers = setup.constants.get(at).and_then(Option::as_ref).and_then(numbers);
            percents.extend(numbers.ok_or_else(|| {
                exec_datafusion_err!(
                    "argument {} must be a number from 0 to 100, the same for all rows",
                    at + 1
                )
            })?);
        }
        let weight = (first > 1).then(|| setup.types[1]);
        Ok(Self { kind: setup.types[0], weight, percents, is_array })
    }
}

/// The numbers, 0 to 100, that a constant gives.
#[expect(clippy::cast_precision_loss, reason = "percentages are small")]
fn numbers(constant: &ScalarValue) -> Option<Vec<f64>> {
    let numbers = match constant {
        ScalarValue::Int32(Some(value)) => vec![f64::from(*value)],
        ScalarValue::Int64(Some(value)) => vec![*value as f64],
        ScalarValue::Float64(Some(value)) => vec![*value],
        ScalarValue::Decimal128(Some(value), ..) => vec![*value as f64 / 1e18],
        ScalarValue::Utf8View(Some(text)) => {
            Json::new(text).elements()?.map(Json::as_real).collect::<Option<_>>()?
        }
        _ => return None,
    };
    numbers.iter().all(|number| (0.0..=100.0).contains(number)).then_some(numbers)
}

impl Fold for Percentiles {
    type State = Digest;
    type Input<'a> = Weighted<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Weighted<'a>> {
        weighted(self.kind, self.weight, values)
    }

    fn add(&mut self, state: &mut Digest, input: &Weighted<'_>, row: usize) {
        add_weighted(state, input, row);
    }

    fn heap(state: &Digest) -> usize {
        state.heap()
    }

    fn save(&self, state: &Digest) -> Vec<u8> {
        state.to_json().into_bytes()
    }

    fn merge(&mut self, state: &mut Digest, saved: &[u8]) -> Result<()> {
        merge_saved(state, saved)
    }

    fn values(&self, states: Vec<Digest>) -> Result<ArrayRef> {
        let column = |percent: &f64| {
            let values = states.iter().map(|state| state.percentile(*percent)).collect();
            column(self.kind, values)
        };
        let columns: Vec<ArrayRef> = self.percents.iter().map(column).collect();
        if self.is_array {
            return arrays(self.kind, &columns, states.len());
        }
        let field =
            |(at, column): (usize, &ArrayRef)| Field::new(at.to_string(), column.data_type().clone(), true);
        let fields: Fields = columns.iter().enumerate().map(field).collect();
        Ok(Arc::new(StructArray::try_new_with_length(fields, columns, None, states.len())?))
    }
}

/// Numbers as values of a type.
#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and percentiles lie between values of the type"
)]
pub(crate) fn column(kind: ColumnType, values: Vec<Option<f64>>) -> ArrayRef {
    let long = |value: Option<f64>| value.map(|value| value.round() as i64);
    let values = values.into_iter();
    match kind {
        ColumnType::Int => {
            Arc::new(values.map(|value| value.map(|value| value.round() as i32)).collect::<Int32Array>())
        }
        ColumnType::Long | ColumnType::TimeSpan => Arc::new(values.map(long).collect::<Int64Array>()),
        ColumnType::DateTime => {
            Arc::new(values.map(long).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        }
        ColumnType::Decimal => {
            let decimals = values.map(|value| value.map(|value| (value * 1e18).round() as i128));
            Arc::new(decimals.collect::<Decimal128Array>().with_data_type(kind.arrow()))
        }
        _ => Arc::new(values.collect::<Float64Array>()),
    }
}

/// The columns as one array for each row.
fn arrays(kind: ColumnType, columns: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
    let cells = columns.iter().map(|column| Cells::new(kind, column)).collect::<Result<Vec<_>>>()?;
    let array = |row| {
        let mut array = ArrayWriter::default();
        for cells in &cells {
            if cells.is_null(row) {
                array.push_null();
            } else {
                cells.push_json(row, array.element());
            }
        }
        Some(array.finish())
    };
    Ok(Arc::new((0..rows).map(array).collect::<StringViewArray>()))
}
