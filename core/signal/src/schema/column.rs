//! A column and its type.

use std::{collections::HashMap, fmt, str::FromStr, sync::Arc};

use arrow_schema::{DataType, Field, TimeUnit};

/// Key of the Arrow field metadata that holds the KQL type's name.
pub const TYPE_KEY: &str = "kql";

/// The scalar types of the Kusto Query Language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    Bool,
    Int,
    Long,
    Real,
    Decimal,
    DateTime,
    TimeSpan,
    Guid,
    String,
    Dynamic,
}

impl ColumnType {
    pub const ALL: [Self; 10] = [
        Self::Bool,
        Self::Int,
        Self::Long,
        Self::Real,
        Self::Decimal,
        Self::DateTime,
        Self::TimeSpan,
        Self::Guid,
        Self::String,
        Self::Dynamic,
    ];

    /// The type's name in KQL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::DateTime => "datetime",
            Self::TimeSpan => "timespan",
            Self::Guid => "guid",
            Self::String => "string",
            Self::Dynamic => "dynamic",
        }
    }

    /// How a value of this type is held in memory and in Parquet.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int32,
            Self::Long | Self::TimeSpan => DataType::Int64,
            Self::Real => DataType::Float64,
            Self::Decimal => DataType::Decimal128(38, 18),
            Self::DateTime => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Guid | Self::String => DataType::Utf8View,
            Self::Dynamic => crate::dynamic::DATA_TYPE,
        }
    }

    /// A nullable Arrow field of this type that remembers the type's name.
    pub fn field(self, name: &str) -> Field {
        Field::new(name, self.arrow(), true)
            .with_metadata(HashMap::from([(TYPE_KEY.to_owned(), self.name().to_owned())]))
    }

    /// The KQL type of an Arrow field: by its metadata, else by its Arrow type.
    pub fn of(field: &Field) -> Option<Self> {
        if let Some(name) = field.metadata().get(TYPE_KEY) {
            return name.parse().ok();
        }
        match field.data_type() {
            DataType::Boolean => Some(Self::Bool),
            DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::UInt8 | DataType::UInt16 => {
                Some(Self::Int)
            }
            DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Some(Self::Long),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(Self::Real),
            DataType::Decimal128(..) => Some(Self::Decimal),
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => Some(Self::DateTime),
            DataType::Duration(_) => Some(Self::TimeSpan),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(Self::String),
            _ => None,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ColumnType {
    type Err = UnknownType;

    /// Reads a type's name, the aliases of KQL and of Log Analytics' table API included.
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "bool" | "boolean" => Self::Bool,
            "int" | "int32" => Self::Int,
            "long" | "int64" => Self::Long,
            "real" | "double" => Self::Real,
            "decimal" => Self::Decimal,
            "datetime" | "date" => Self::DateTime,
            "timespan" | "time" => Self::TimeSpan,
            "guid" | "uuid" | "uniqueid" => Self::Guid,
            "string" => Self::String,
            "dynamic" | "object" => Self::Dynamic,
            _ => return Err(UnknownType(text.to_owned())),
        })
    }
}

/// A type's name that KQL does not have.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is no column type; known are bool, int, long, real, decimal, datetime, timespan, guid, string and dynamic"
)]
pub struct UnknownType(String);

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name users know, case-sensitive.
    pub name: Arc<str>,
    /// The name in files; differs from `name` only where Delta would refuse it.
    pub physical: Arc<str>,
    pub kind: ColumnType,
}
