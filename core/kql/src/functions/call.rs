//! One evaluation of a function over a batch of rows.

use std::sync::Arc;

use arrow_array::{
    ArrayRef,
    cast::AsArray,
    types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use datafusion::{logical_expr::ColumnarValue, scalar::ScalarValue};
use phalanx_signal::ColumnType;

use super::column::{Booleans, Datetimes, Longs, Reals, Texts};

/// Why a function has no answer at all: an argument that is wrong for every row (a regular expression that is
/// none, say). A value that makes no sense in one row is no error; its answer is null.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FunctionError(pub String);

/// The arguments of a function for some rows. Their types fit its parameters; the binder saw to that.
pub struct Call<'a> {
    pub arguments: &'a [ColumnarValue],
    /// The arguments' types in the language; Arrow's do not tell a timespan from a long.
    pub types: &'a [ColumnType],
    /// The type of the answer.
    pub returns: ColumnType,
    pub rows: usize,
}

impl Call<'_> {
    /// Whether an argument was given.
    pub fn has(&self, at: usize) -> bool {
        at < self.arguments.len()
    }

    /// An argument as an array of all rows.
    pub fn array(&self, at: usize) -> Result<ArrayRef, FunctionError> {
        self.arguments[at].to_array(self.rows).map_err(|error| FunctionError(error.to_string()))
    }

    /// Strings, guids, or JSON texts of `dynamic`.
    pub fn texts(&self, at: usize) -> Result<Texts, FunctionError> {
        Ok(Texts::new(
            self.values(at)?.as_string_view_opt().ok_or_else(|| misfit(at))?.clone(),
            self.is_constant(at),
        ))
    }

    /// `long`, `int` or `timespan` (ticks of 100 ns).
    pub fn longs(&self, at: usize) -> Result<Longs, FunctionError> {
        let values = self.values(at)?;
        if let Some(ints) = values.as_primitive_opt::<Int32Type>() {
            return Ok(Longs::new(ints.unary(i64::from), self.is_constant(at)));
        }
        let longs = values.as_primitive_opt::<Int64Type>().ok_or_else(|| misfit(at))?;
        Ok(Longs::new(longs.clone(), self.is_constant(at)))
    }

    pub fn reals(&self, at: usize) -> Result<Reals, FunctionError> {
        let values = self.values(at)?;
        Ok(Reals::new(
            values.as_primitive_opt::<Float64Type>().ok_or_else(|| misfit(at))?.clone(),
            self.is_constant(at),
        ))
    }

    /// Microseconds since 1970, UTC.
    pub fn datetimes(&self, at: usize) -> Result<Datetimes, FunctionError> {
        let values = self.values(at)?;
        let times = values.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(|| misfit(at))?;
        Ok(Datetimes::new(times.clone(), self.is_constant(at)))
    }

    pub fn booleans(&self, at: usize) -> Result<Booleans, FunctionError> {
        Ok(Booleans::new(
            self.values(at)?.as_boolean_opt().ok_or_else(|| misfit(at))?.clone(),
            self.is_constant(at),
        ))
    }

    /// The text of an argument that is the same for all rows; `None` for one that differs by row.
    pub fn constant_text(&self, at: usize) -> Option<&str> {
        match self.arguments.get(at)? {
            ColumnarValue::Scalar(ScalarValue::Utf8View(text) | ScalarValue::Utf8(text)) => {
                Some(text.as_deref().unwrap_or_default())
            }
            _ => None,
        }
    }

    /// Whether an argument is the same for all rows.
    pub fn is_constant(&self, at: usize) -> bool {
        matches!(self.arguments[at], ColumnarValue::Scalar(_))
    }

    /// Whether every argument is the same for all rows, so that one row tells all.
    pub fn is_all_constant(&self) -> bool {
        (0..self.arguments.len()).all(|at| self.is_constant(at))
    }

    /// An argument as an array: of one row if it is constant.
    fn values(&self, at: usize) -> Result<ArrayRef, FunctionError> {
        match &self.arguments[at] {
            ColumnarValue::Array(array) => Ok(Arc::clone(array)),
            ColumnarValue::Scalar(value) => {
                value.to_array().map_err(|error| FunctionError(error.to_string()))
            }
        }
    }
}

fn misfit(at: usize) -> FunctionError {
    FunctionError(format!("argument {} has another type than the binder promised", at + 1))
}
