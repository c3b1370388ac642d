//! A column under construction. It may be shorter than the batch: what is missing is null.

use arrow_array::{
    ArrayRef,
    builder::{
        ArrayBuilder, BooleanBuilder, Decimal128Builder, Float64Builder, Int32Builder, Int64Builder,
        StringViewBuilder, TimestampMicrosecondBuilder,
    },
};

use crate::ColumnType;

pub(super) struct ColumnBuilder {
    /// Values so far, kept here because asking the Arrow builder is slower than adding to it.
    pub len: usize,
    pub values: Values,
}

pub(super) enum Values {
    Bool(BooleanBuilder),
    Int(Int32Builder),
    Long(Int64Builder),
    Real(Float64Builder),
    Decimal(Decimal128Builder),
    DateTime(TimestampMicrosecondBuilder),
    Text(StringViewBuilder),
}

impl ColumnBuilder {
    pub fn new(kind: ColumnType) -> Self {
        let values = match kind {
            ColumnType::Bool => Values::Bool(BooleanBuilder::new()),
            ColumnType::Int => Values::Int(Int32Builder::new()),
            ColumnType::Long | ColumnType::TimeSpan => Values::Long(Int64Builder::new()),
            ColumnType::Real => Values::Real(Float64Builder::new()),
            ColumnType::Decimal => Values::Decimal(Decimal128Builder::new().with_data_type(kind.arrow())),
            ColumnType::DateTime => Values::DateTime(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            ColumnType::String | ColumnType::Guid | ColumnType::Dynamic => {
                Values::Text(StringViewBuilder::new())
            }
        };
        Self { len: 0, values }
    }

    /// Appends nulls until the column has `len` values.
    #[inline]
    pub fn pad(&mut self, len: usize) {
        if self.len < len {
            self.append_nulls(len - self.len);
        }
    }

    pub fn finish(&mut self) -> ArrayRef {
        let builder: &mut dyn ArrayBuilder = match &mut self.values {
            Values::Bool(b) => b,
            Values::Int(b) => b,
            Values::Long(b) => b,
            Values::Real(b) => b,
            Values::Decimal(b) => b,
            Values::DateTime(b) => b,
            Values::Text(b) => b,
        };
        self.len = 0;
        builder.finish()
    }

    fn append_nulls(&mut self, missing: usize) {
        self.len += missing;
        match &mut self.values {
            Values::Bool(b) => b.append_nulls(missing),
            Values::Int(b) => b.append_nulls(missing),
            Values::Long(b) => b.append_nulls(missing),
            Values::Real(b) => b.append_nulls(missing),
            Values::Decimal(b) => b.append_nulls(missing),
            Values::DateTime(b) => b.append_nulls(missing),
            Values::Text(b) => (0..missing).for_each(|_| b.append_null()),
        }
    }
}
