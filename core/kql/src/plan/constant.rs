//! Long constants as columns: one text that all rows point to, where the engine would write it once for each row.

use std::sync::Arc;

use arrow_array::{Array, StringViewArray, UInt32Array, cast::AsArray};
use arrow_schema::DataType;
use datafusion::{
    common::Result,
    logical_expr::{
        ColumnarValue, Expr as DfExpr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
        expr::ScalarFunction, lit,
    },
};
use phalanx_signal::ColumnType;

use super::evaluate;
use crate::{
    bound::{Expr, ExprNode},
    functions::Body,
};

/// Bytes from which on a constant is long: with these, a batch of 8,192 rows is 8 MB.
const LONG: usize = 1_024;

/// The expression as a column, if it is a long constant text.
pub(super) fn long_constant(expression: &Expr) -> Option<DfExpr> {
    if !matches!(expression.kind, ColumnType::String | ColumnType::Dynamic) || !is_constant(expression) {
        return None;
    }
    let value = evaluate(expression).ok()?.scalar(expression.kind);
    let length = match &value {
        datafusion::scalar::ScalarValue::Utf8View(Some(text)) => text.len(),
        _ => 0,
    };
    let repeated = ScalarUDF::new_from_impl(Repeated::new());
    (length >= LONG)
        .then(|| DfExpr::ScalarFunction(ScalarFunction::new_udf(Arc::new(repeated), vec![lit(value)])))
}

/// Whether the value is the same for all rows and at each time.
fn is_constant(expression: &Expr) -> bool {
    match &expression.node {
        ExprNode::Literal(_) => true,
        ExprNode::Column(_) => false,
        ExprNode::Call(function, arguments) => {
            matches!(function.body, Body::Kernel(_)) && arguments.iter().all(is_constant)
        }
        ExprNode::Operator(_, arguments) | ExprNode::Coalesce(arguments) => arguments.iter().all(is_constant),
        ExprNode::Cast(value) | ExprNode::In { value, .. } => is_constant(value),
        ExprNode::Case { branches, otherwise } => {
            branches.iter().all(|(condition, value)| is_constant(condition) && is_constant(value))
                && is_constant(otherwise)
        }
    }
}

/// Called volatile, for what is not is made a constant again.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Repeated {
    signature: Signature,
}

impl Repeated {
    fn new() -> Self {
        Self { signature: Signature::exact(vec![DataType::Utf8View], Volatility::Volatile) }
    }
}

impl ScalarUDFImpl for Repeated {
    fn name(&self) -> &str {
        "repeated"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match &args.args[0] {
            ColumnarValue::Scalar(value) => {
                let once = value.to_array()?;
                Ok(ColumnarValue::Array(repeated(once.as_string_view(), args.number_rows)?))
            }
            ColumnarValue::Array(array) => Ok(ColumnarValue::Array(Arc::clone(array))),
        }
    }
}

/// The first row so many times; all of them are views of one text.
fn repeated(once: &StringViewArray, rows: usize) -> Result<Arc<dyn Array>> {
    let first = UInt32Array::from(vec![0; rows]);
    Ok(arrow_select::take::take(once, &first, None)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_share_one_text() {
        let text = "x".repeat(100_000);
        let once = StringViewArray::from(vec![text.as_str()]);
        let array = repeated(&once, 8_192).expect("views");
        assert_eq!((array.len(), array.as_string_view().value(8_191)), (8_192, text.as_str()));
        assert!(array.get_array_memory_size() < 1 << 20, "{}", array.get_array_memory_size());
    }
}
