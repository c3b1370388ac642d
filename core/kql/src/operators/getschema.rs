//! `getschema`: the columns as rows.

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
use phalanx_signal::ColumnType;

use super::help::Help;
use crate::{
    bind::{Binder, Result},
    bound::Relation,
    plan::rows_schema,
};

pub(super) const HELP: &[Help] = &[Help::new(
    "getschema",
    "T | getschema",
    "Describes the columns in place of the rows: a row for each column with its name, position and types.",
    &[(r#"print a = 1, b = "x" | getschema | project ColumnName, ColumnType"#, "a, long; b, string")],
)];

impl Binder<'_> {
    pub(super) fn get_schema(&mut self, input: Relation) -> Result<Relation> {
        let columns = vec![
            self.fresh("ColumnName", ColumnType::String),
            self.fresh("ColumnOrdinal", ColumnType::Long),
            self.fresh("DataType", ColumnType::String),
            self.fresh("ColumnType", ColumnType::String),
        ];
        let texts = |text: fn(&crate::bound::Column) -> &str| -> ArrayRef {
            Arc::new(input.columns.iter().map(|column| Some(text(column))).collect::<StringViewArray>())
        };
        let ordinals = Int64Array::from_iter_values(0..input.columns.len() as i64);
        let arrays = vec![
            texts(|column| &column.name),
            Arc::new(ordinals),
            texts(|column| data_type(column.kind)),
            texts(|column| column.kind.name()),
        ];
        let batch = RecordBatch::try_new(rows_schema(&columns), arrays);
        Ok(self.rows(columns, vec![batch.expect("the arrays were made for the schema")]))
    }
}

/// The .NET name that clients know a type by.
fn data_type(kind: ColumnType) -> &'static str {
    match kind {
        ColumnType::Bool => "System.SByte",
        ColumnType::Int => "System.Int32",
        ColumnType::Long => "System.Int64",
        ColumnType::Real => "System.Double",
        ColumnType::Decimal => "System.Data.SqlTypes.SqlDecimal",
        ColumnType::DateTime => "System.DateTime",
        ColumnType::TimeSpan => "System.TimeSpan",
        ColumnType::Guid => "System.Guid",
        ColumnType::String => "System.String",
        ColumnType::Dynamic => "System.Object",
    }
}
