//! Values of a batch, read and written by row with the language's meaning of null.

use std::sync::Arc;

use arrow_array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray, builder::StringViewBuilder,
};

/// The answer of a function.
#[derive(Clone, Debug)]
pub struct Column(pub ArrayRef);

/// A reader that gives the one value of a constant for every row.
macro_rules! reader {
    ($(#[$doc:meta])* $name:ident, $array:ty, $value:ty, $get:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $name {
            values: $array,
            is_constant: bool,
        }

        impl $name {
            pub(super) fn new(values: $array, is_constant: bool) -> Self {
                Self { values, is_constant }
            }

            /// The value in a row; `None` for null.
            #[inline]
            pub fn get(&self, row: usize) -> Option<$value> {
                let row = if self.is_constant { 0 } else { row };
                (!self.values.is_null(row)).then(|| $get(&self.values, row))
            }
        }
    };
}

reader!(
    /// Whole numbers, or ticks of a timespan.
    Longs, Int64Array, i64, |values: &Int64Array, row| values.value(row)
);
reader!(Reals, Float64Array, f64, |values: &Float64Array, row| values.value(row));
reader!(
    /// Microseconds since 1970, UTC.
    Datetimes, TimestampMicrosecondArray, i64, |values: &TimestampMicrosecondArray, row| values.value(row)
);
reader!(
    /// In units of 10⁻¹⁸.
    Decimals, Decimal128Array, i128, |values: &Decimal128Array, row| values.value(row)
);
reader!(Booleans, BooleanArray, bool, |values: &BooleanArray, row| values.value(row));

/// Texts: of strings (null is the empty text) or of JSON (null is null).
#[derive(Clone, Debug)]
pub struct Texts {
    values: StringViewArray,
    is_constant: bool,
}

impl Texts {
    pub(super) fn new(values: StringViewArray, is_constant: bool) -> Self {
        Self { values, is_constant }
    }

    /// The text in a row; empty for null, as a string has no null.
    #[inline]
    pub fn text(&self, row: usize) -> &str {
        self.json(row).unwrap_or_default()
    }

    /// The JSON text in a row of a `dynamic`, or the text of a guid; `None` for null.
    #[inline]
    pub fn json(&self, row: usize) -> Option<&str> {
        let row = if self.is_constant { 0 } else { row };
        (!self.values.is_null(row)).then(|| self.values.value(row))
    }
}

impl Column {
    pub fn longs(values: impl Iterator<Item = Option<i64>>) -> Self {
        Self(Arc::new(values.collect::<Int64Array>()))
    }

    pub fn ints(values: impl Iterator<Item = Option<i32>>) -> Self {
        Self(Arc::new(values.collect::<Int32Array>()))
    }

    pub fn reals(values: impl Iterator<Item = Option<f64>>) -> Self {
        Self(Arc::new(values.collect::<Float64Array>()))
    }

    pub fn booleans(values: impl Iterator<Item = Option<bool>>) -> Self {
        Self(Arc::new(values.collect::<BooleanArray>()))
    }

    /// Microseconds since 1970, UTC.
    pub fn datetimes(values: impl Iterator<Item = Option<i64>>) -> Self {
        Self(Arc::new(values.collect::<TimestampMicrosecondArray>().with_timezone("UTC")))
    }

    /// Decimals of 18 digits behind the point.
    pub fn decimals(values: impl Iterator<Item = Option<i128>>) -> Self {
        let values = values.collect::<Decimal128Array>();
        Self(Arc::new(values.with_precision_and_scale(38, 18).expect("38 and 18 fit each other")))
    }

    /// Strings, guids or JSON. An empty string and a null one are the same.
    pub fn texts<T: AsRef<str>>(values: impl Iterator<Item = Option<T>>) -> Self {
        let mut builder = StringViewBuilder::with_capacity(values.size_hint().0);
        values.for_each(|value| builder.append_option(value));
        Self(Arc::new(builder.finish()))
    }
}
