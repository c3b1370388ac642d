//! A function as DataFusion sees it.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use arrow_schema::DataType;
use datafusion::{
    common::Result,
    error::DataFusionError,
    logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
    scalar::ScalarValue,
};
use phalanx_signal::ColumnType;

use super::{Body, Call, Function, FunctionError, kept::Kept};

/// A function bound to the types of its arguments.
#[derive(Debug)]
struct Bound {
    function: &'static Function,
    kernel: fn(&Call<'_>) -> std::result::Result<super::Column, FunctionError>,
    types: Box<[ColumnType]>,
    returns: ColumnType,
    signature: Signature,
    kept: Kept,
}

/// The function for arguments of some types; `None` for one that is no kernel.
pub fn as_udf(function: &'static Function, types: &[ColumnType], returns: ColumnType) -> Option<ScalarUDF> {
    let (kernel, volatility) = match function.body {
        Body::Kernel(kernel) => (kernel, Volatility::Immutable),
        Body::Volatile(kernel) => (kernel, Volatility::Volatile),
        Body::Bound => return None,
    };
    let arrow: Vec<DataType> = types.iter().map(|kind| kind.arrow()).collect();
    let signature =
        if arrow.is_empty() { Signature::nullary(volatility) } else { Signature::exact(arrow, volatility) };
    Some(ScalarUDF::new_from_impl(Bound {
        function,
        kernel,
        types: types.into(),
        returns,
        signature,
        kept: Kept::default(),
    }))
}

impl ScalarUDFImpl for Bound {
    fn name(&self) -> &str {
        self.function.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.returns.arrow())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let (types, returns, rows) = (&self.types, self.returns, args.number_rows);
        let mut call = Call { arguments: &args.args, types, returns, rows, kept: &self.kept };
        let is_volatile = self.signature.volatility == Volatility::Volatile;
        let is_constant = !is_volatile && call.is_all_constant();
        if is_constant {
            call.rows = 1;
        }
        let answer = (self.kernel)(&call)
            .map_err(|error| DataFusionError::Execution(format!("{}(): {error}", self.function.name)))?;
        if is_constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&answer.0, 0)?));
        }
        Ok(ColumnarValue::Array(Arc::clone(&answer.0)))
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// There is one of each.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.function, other.function)
            && self.types == other.types
            && self.returns == other.returns
    }
}

impl Eq for Bound {}

impl Hash for Bound {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.function.name.hash(state);
        self.types.hash(state);
    }
}
