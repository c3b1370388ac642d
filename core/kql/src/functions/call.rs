//! One evaluation of a function over a batch of rows.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float64Array,
    builder::StringViewBuilder,
    cast::AsArray,
    types::{Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType},
};
use datafusion::{logical_expr::ColumnarValue, scalar::ScalarValue};
use phalanx_signal::ColumnType;

use super::{
    column::{Booleans, Column, Datetimes, Decimals, Longs, Reals, Texts},
    kept::Kept,
};

/// The bytes of text that the answer for one batch may have: a few numbers in a query can ask for any length.
const BYTES_MAX: usize = 256 << 20;

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
    /// What was made of a constant argument before.
    pub kept: &'a Kept,
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

    /// Any number, as the nearest `real`.
    #[expect(clippy::cast_precision_loss, reason = "a real is what was asked for")]
    pub fn numbers(&self, at: usize) -> Result<Reals, FunctionError> {
        let values = self.values(at)?;
        let reals: Float64Array = if let Some(reals) = values.as_primitive_opt::<Float64Type>() {
            reals.clone()
        } else if let Some(longs) = values.as_primitive_opt::<Int64Type>() {
            longs.unary(|value| value as f64)
        } else if let Some(ints) = values.as_primitive_opt::<Int32Type>() {
            ints.unary(f64::from)
        } else if let Some(decimals) = values.as_primitive_opt::<Decimal128Type>() {
            decimals.unary(|units| units as f64 / 1e18)
        } else {
            return Err(misfit(at));
        };
        Ok(Reals::new(reals, self.is_constant(at)))
    }

    /// Decimals, in units of 10⁻¹⁸.
    pub fn decimals(&self, at: usize) -> Result<Decimals, FunctionError> {
        let values = self.values(at)?;
        let decimals = values.as_primitive_opt::<Decimal128Type>().ok_or_else(|| misfit(at))?;
        Ok(Decimals::new(decimals.clone(), self.is_constant(at)))
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

    /// A string for each row: what `write` adds to the empty text it gets.
    pub fn strings(&self, mut write: impl FnMut(usize, &mut String)) -> Result<Column, FunctionError> {
        self.try_strings(|row, out| {
            write(row, out);
            Ok(())
        })
    }

    /// As [`Call::strings`], for what can fail.
    pub fn try_strings(
        &self,
        mut write: impl FnMut(usize, &mut String) -> Result<(), FunctionError>,
    ) -> Result<Column, FunctionError> {
        let mut builder = StringViewBuilder::with_capacity(self.rows);
        let mut text = String::new();
        let mut bytes = 0;
        for row in 0..self.rows {
            text.clear();
            write(row, &mut text)?;
            bytes += text.len();
            check_bytes(bytes)?;
            builder.append_value(&text);
        }
        Ok(Column(Arc::new(builder.finish())))
    }

    /// Something made of the text of an argument: once for a constant, else whenever the text changes.
    pub fn prepared<T, F: Fn(&str) -> Result<T, FunctionError>>(
        &self,
        at: usize,
        make: F,
    ) -> Result<Prepared<T, F>, FunctionError> {
        Ok(Prepared { texts: self.texts(at)?, is_constant: self.is_constant(at), make, last: None })
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

/// Refuses an answer for one batch of rows that is longer than it may be.
pub(super) fn check_bytes(bytes: usize) -> Result<(), FunctionError> {
    if bytes > BYTES_MAX {
        let limit = BYTES_MAX >> 20;
        return Err(FunctionError(format!("the answer for one batch of rows is longer than {limit} MB")));
    }
    Ok(())
}

/// What [`Call::prepared`] gives.
pub struct Prepared<T, F> {
    texts: Texts,
    is_constant: bool,
    make: F,
    last: Option<(String, T)>,
}

impl<T, F: Fn(&str) -> Result<T, FunctionError>> Prepared<T, F> {
    pub fn get(&mut self, row: usize) -> Result<&T, FunctionError> {
        let text = self.texts.text(row);
        let is_current = self.last.as_ref().is_some_and(|(last, _)| self.is_constant || last == text);
        if !is_current {
            self.last = Some((text.to_owned(), (self.make)(text)?));
        }
        Ok(&self.last.as_ref().expect("it was made above").1)
    }
}

fn misfit(at: usize) -> FunctionError {
    FunctionError(format!("argument {} has another type than the binder promised", at + 1))
}
