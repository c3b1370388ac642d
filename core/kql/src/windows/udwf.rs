//! A function of the rows around as DataFusion sees it.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow_array::ArrayRef;
use arrow_schema::{DataType, Field, FieldRef};
use datafusion::{
    common::Result,
    logical_expr::{
        PartitionEvaluator, Signature, Volatility, WindowUDF, WindowUDFImpl,
        function::{PartitionEvaluatorArgs, WindowUDFFieldArgs},
    },
};
use phalanx_signal::ColumnType;

use super::{Body, Running, Window};

/// A function bound to the types of its arguments.
#[derive(Debug)]
struct Bound {
    window: &'static Window,
    make: fn(&[ColumnType]) -> Box<dyn Running>,
    types: Box<[ColumnType]>,
    returns: ColumnType,
    signature: Signature,
}

/// The function for arguments of some types. Its arguments in the engine are the language's.
pub fn as_udwf(window: &'static Window, types: &[ColumnType], returns: ColumnType) -> Arc<WindowUDF> {
    let make = match window.body {
        Body::Engine(udwf) => return udwf(),
        Body::Running(make) => make,
    };
    let arrow: Vec<DataType> = types.iter().map(|kind| kind.arrow()).collect();
    let volatility = Volatility::Immutable;
    let signature =
        if arrow.is_empty() { Signature::nullary(volatility) } else { Signature::exact(arrow, volatility) };
    Arc::new(WindowUDF::new_from_impl(Bound { window, make, types: types.into(), returns, signature }))
}

impl WindowUDFImpl for Bound {
    fn name(&self) -> &str {
        self.window.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn partition_evaluator(&self, _: PartitionEvaluatorArgs<'_>) -> Result<Box<dyn PartitionEvaluator>> {
        Ok(Box::new(Evaluator { make: self.make, types: self.types.clone() }))
    }

    fn field(&self, arguments: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(arguments.name(), self.returns.arrow(), true)))
    }
}

/// Goes over the partitions, one after the other.
#[derive(Debug)]
struct Evaluator {
    make: fn(&[ColumnType]) -> Box<dyn Running>,
    types: Box<[ColumnType]>,
}

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        (self.make)(&self.types).push(values, rows)
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.window, other.window) && self.types == other.types && self.returns == other.returns
    }
}

impl Eq for Bound {}

impl Hash for Bound {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.window.name.hash(state);
        self.types.hash(state);
    }
}
