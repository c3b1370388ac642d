//! Sparse rows in the form of a table: missing columns are null, constant ones are filled in.

use std::{collections::HashMap, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch, RecordBatchOptions, builder::StringViewBuilder, new_null_array};
use arrow_schema::{ArrowError, DataType, SchemaRef};
use phalanx_signal::{
    Table, TenantId,
    schema::{TENANT_ID, TYPE},
};

/// Completes batch after batch. What is filled in is made once and shared by all of them: a table of 240
/// columns with 200,000 sparse rows would else take most of a gigabyte.
pub(crate) struct Completer {
    schema: SchemaRef,
    tenant: String,
    table: Arc<str>,
    /// The physical names of the columns `TenantId` and `Type`: a table may have another `type`.
    tenant_column: String,
    table_column: String,
    /// Nulls by type, and the constant columns by name; each at least as long as any batch so far.
    nulls: HashMap<DataType, ArrayRef>,
    constants: HashMap<&'static str, ArrayRef>,
}

impl Completer {
    /// `schema` has some of the table's physical columns.
    pub fn new(table: &Table, tenant: TenantId, schema: SchemaRef) -> Self {
        let physical = |name: &str| {
            table
                .index_of(name)
                .map_or_else(|| name.to_owned(), |at| table.columns()[at].physical.to_string())
        };
        Self {
            schema,
            tenant: tenant.to_string(),
            table: table.name().clone(),
            tenant_column: physical(TENANT_ID),
            table_column: physical(TYPE),
            nulls: HashMap::new(),
            constants: HashMap::new(),
        }
    }

    pub fn complete(&mut self, rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let (schema, count) = (self.schema.clone(), rows.num_rows());
        let columns = schema
            .fields()
            .iter()
            .map(|field| match rows.column_by_name(field.name()) {
                Some(column) => column.clone(),
                None if *field.name() == self.tenant_column => self.constant(TENANT_ID, count),
                None if *field.name() == self.table_column => self.constant(TYPE, count),
                None => self.null(field.data_type(), count),
            })
            .collect();
        let options = RecordBatchOptions::new().with_row_count(Some(count));
        RecordBatch::try_new_with_options(schema, columns, &options)
    }

    fn constant(&mut self, column: &'static str, count: usize) -> ArrayRef {
        let text = if column == TYPE { &*self.table } else { self.tenant.as_str() };
        long_enough(self.constants.entry(column), count, |length| {
            let mut builder = StringViewBuilder::with_capacity(length).with_deduplicate_strings();
            (0..length).for_each(|_| builder.append_value(text));
            Arc::new(builder.finish())
        })
    }

    fn null(&mut self, kind: &DataType, count: usize) -> ArrayRef {
        long_enough(self.nulls.entry(kind.clone()), count, |length| new_null_array(kind, length))
    }
}

fn long_enough<K>(
    entry: std::collections::hash_map::Entry<'_, K, ArrayRef>,
    count: usize,
    make: impl Fn(usize) -> ArrayRef,
) -> ArrayRef {
    let array = entry.or_insert_with(|| make(count));
    if array.len() < count {
        *array = make(count.next_power_of_two());
    }
    array.slice(0, count)
}
