//! `datatable`: rows written down.

use std::sync::Arc;

use arrow_array::RecordBatch;
use datafusion::scalar::ScalarValue;

use super::help::{Help, Place};
use crate::{
    bind::{Binder, Code, Result, Row, convert},
    bound::Relation,
    plan::rows_schema,
    syntax::{Span, tree::DataTable},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "datatable",
    "datatable (column: type, …) [value, …]",
    "Makes rows of values written in the query, row by row.",
    &[(r#"datatable (name: string, n: long) ["a", 1, "b", 2]"#, "a, 1; b, 2")],
)
.place(Place::Source)];

impl<'t> Binder<'t> {
    pub(super) fn data_table(&mut self, node: &'t DataTable, span: Span) -> Result<Relation> {
        let mut columns = Vec::with_capacity(node.columns.len());
        for column in &node.columns {
            let kind = self.kind(&column.type_name)?;
            columns.push(self.fresh(&column.name.text, kind));
        }
        if columns.is_empty() || !node.values.len().is_multiple_of(columns.len()) {
            let message =
                format!("{} values do not fill rows of {} columns", node.values.len(), columns.len());
            return Err(self.error(Code::ArgumentCount, span, message));
        }
        let mut cells: Vec<Vec<ScalarValue>> = vec![Vec::new(); columns.len()];
        for (at, tree) in node.values.iter().enumerate() {
            let column = at % columns.len();
            let kind = columns[column].kind;
            let value = self.scalar(tree, &Row::NONE)?;
            let given = value.kind;
            let value = convert::implicitly(value.clone(), kind).or_else(|| convert::explicitly(value, kind));
            let Some(value) = value else {
                let message = format!("`{}` is a {kind}; a {given} can't be one", columns[column].name);
                return Err(self.error(Code::Types, tree.span, message));
            };
            let value = convert::constant(&value, &tree.span.range(), "a value of `datatable`")?;
            cells[column].push(value.scalar(kind));
        }
        let schema = rows_schema(&columns);
        if node.values.is_empty() {
            return Ok(self.rows(columns, vec![RecordBatch::new_empty(schema)]));
        }
        let arrays =
            cells.into_iter().map(ScalarValue::iter_to_array).collect::<std::result::Result<Vec<_>, _>>();
        let batch = arrays
            .and_then(|arrays| Ok(RecordBatch::try_new(Arc::clone(&schema), arrays)?))
            .map_err(|error| self.error(Code::Other, span, error.strip_backtrace()))?;
        Ok(self.rows(columns, vec![batch]))
    }
}
