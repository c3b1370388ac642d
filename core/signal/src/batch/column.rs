//! A column under construction. It may be shorter than the batch: what is missing is null.

use arrow_array::{
    ArrayRef,
    builder::{
        ArrayBuilder, BooleanBuilder, Decimal128Builder, Float64Builder, Int32Builder, Int64Builder,
        StringViewBuilder, TimestampMicrosecondBuilder,
    },
};

use crate::ColumnType;

pub(super) enum ColumnBuilder {
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
        match kind {
            ColumnType::Bool => Self::Bool(BooleanBuilder::new()),
            ColumnType::Int => Self::Int(Int32Builder::new()),
            ColumnType::Long | ColumnType::TimeSpan => Self::Long(Int64Builder::new()),
            ColumnType::Real => Self::Real(Float64Builder::new()),
            ColumnType::Decimal => {
                Self::Decimal(Decimal128Builder::new().with_data_type(kind.arrow()))
            }
            ColumnType::DateTime => {
                Self::DateTime(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            ColumnType::String | ColumnType::Guid | ColumnType::Dynamic => {
                Self::Text(StringViewBuilder::new())
            }
        }
    }

    /// Appends nulls until the column has `len` values.
    pub fn pad(&mut self, len: usize) {
        let missing = len - self.builder().len();
        if missing == 0 {
            return;
        }
        match self {
            Self::Bool(b) => b.append_nulls(missing),
            Self::Int(b) => b.append_nulls(missing),
            Self::Long(b) => b.append_nulls(missing),
            Self::Real(b) => b.append_nulls(missing),
            Self::Decimal(b) => b.append_nulls(missing),
            Self::DateTime(b) => b.append_nulls(missing),
            Self::Text(b) => (0..missing).for_each(|_| b.append_null()),
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Bool(b) => b.len(),
            Self::Int(b) => b.len(),
            Self::Long(b) => b.len(),
            Self::Real(b) => b.len(),
            Self::Decimal(b) => b.len(),
            Self::DateTime(b) => b.len(),
            Self::Text(b) => b.len(),
        }
    }

    pub fn finish(&mut self) -> ArrayRef {
        self.builder().finish()
    }

    fn builder(&mut self) -> &mut dyn ArrayBuilder {
        match self {
            Self::Bool(b) => b,
            Self::Int(b) => b,
            Self::Long(b) => b,
            Self::Real(b) => b,
            Self::Decimal(b) => b,
            Self::DateTime(b) => b,
            Self::Text(b) => b,
        }
    }
}
