//! `sum`, `sumif`: of nothing, 0.

use std::{fmt::Debug, sync::Arc};

use arrow_array::{
    Array, ArrayRef, ArrowNativeTypeOp, ArrowPrimitiveType, PrimitiveArray,
    cast::AsArray,
    types::{Decimal128Type, Float64Type, Int64Type},
};
use arrow_schema::DataType;
use datafusion::{
    common::{Result, exec_datafusion_err},
    logical_expr::EmitTo,
};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives,
    count::CONDITION,
    groups::{Groups, Rows},
};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Ordinal, how_often: HowOften::Once };

pub(super) const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "sum",
        aliases: &[],
        parameters: &[VALUE],
        condition: None,
        gives: Gives::One(Returns::Computed(returns)),
        column: ColumnName::PrefixAndArgument("sum"),
        about: "The sum of the values; whole numbers wrap around.",
        examples: &[
            ("range x from 1 to 4 step 1 | summarize sum(x)", "10"),
            ("range x from 1 to 4 step 1 | where x > 4 | summarize sum(x)", "0"),
        ],
        body,
    },
    Aggregate {
        name: "sumif",
        aliases: &[],
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        gives: Gives::One(Returns::Computed(returns)),
        column: ColumnName::PrefixAndArgument("sumif"),
        about: "The sum of the values of rows for which the condition is true.",
        examples: &[("range x from 1 to 4 step 1 | summarize sumif(x, x > 2)", "7")],
        body,
    },
];

fn returns(types: &[ColumnType]) -> Option<ColumnType> {
    match types.first()? {
        ColumnType::Int | ColumnType::Long => Some(ColumnType::Long),
        kind @ (ColumnType::Real | ColumnType::Decimal | ColumnType::TimeSpan) => Some(*kind),
        _ => None,
    }
}

fn body(types: &[ColumnType]) -> Body {
    let kind = returns(types).unwrap_or(ColumnType::Long).arrow();
    Body::Own {
        states: vec![kind],
        make: |setup| match setup.returns {
            ColumnType::Real => Sums::<Float64Type>::boxed(DataType::Float64),
            ColumnType::Decimal => Sums::<Decimal128Type>::boxed(ColumnType::Decimal.arrow()),
            _ => Sums::<Int64Type>::boxed(DataType::Int64),
        },
    }
}

/// A sum for each group.
#[derive(Debug)]
struct Sums<T: ArrowPrimitiveType> {
    kind: DataType,
    sums: Vec<T::Native>,
}

impl<T: ArrowPrimitiveType + Debug + Send + Sync> Sums<T> {
    #[expect(clippy::unnecessary_wraps, reason = "as the table of aggregates wants it")]
    fn boxed(kind: DataType) -> Result<Box<dyn Groups>> {
        Ok(Box::new(Self { kind, sums: Vec::new() }))
    }
}

impl<T: ArrowPrimitiveType + Debug + Send + Sync> Groups for Sums<T> {
    fn resize(&mut self, groups: usize) {
        self.sums.resize(groups.max(self.sums.len()), T::Native::ZERO);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        let values = values.first().ok_or_else(|| exec_datafusion_err!("nothing to sum"))?;
        let values = arrow_cast::cast(values, &self.kind)?;
        let values = values.as_primitive::<T>();
        if rows.is_one_group() {
            let sum = datafusion::arrow::compute::sum(values).unwrap_or(T::Native::ZERO);
            self.sums[0] = self.sums[0].add_wrapping(sum);
            return Ok(());
        }
        let sums = &mut self.sums;
        if values.null_count() == 0 {
            rows.each(|row, group| sums[group] = sums[group].add_wrapping(values.value(row)));
        } else {
            rows.each(|row, group| {
                if values.is_valid(row) {
                    sums[group] = sums[group].add_wrapping(values.value(row));
                }
            });
        }
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        self.update(states, rows)
    }

    fn values(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sums = emit.take_needed(&mut self.sums);
        Ok(Arc::new(PrimitiveArray::<T>::from_iter_values(sums).with_data_type(self.kind.clone())))
    }

    fn states(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.values(emit)?])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.sums.capacity() * size_of::<T::Native>()
    }

    fn fresh(&self) -> Box<dyn Groups> {
        Box::new(Self { kind: self.kind.clone(), sums: Vec::new() })
    }
}
