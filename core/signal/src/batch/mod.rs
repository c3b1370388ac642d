//! Rows on their way: some rows of one table of one tenant, as columns.
//!
//! A batch holds only the columns that have a value in one of its rows: tables are up to 240 columns
//! wide and events fill twenty. A missing column is null in every row; the lake adds it back when a
//! query or a file asks for it. Columns are in the table's order and have the table's physical names.
//! The two constant columns (`TenantId`, `Type`) are never in the rows: the batch itself carries them.

mod builder;
mod column;
mod overflow;
mod row;

use std::sync::Arc;

use arrow_array::RecordBatch;

pub use builder::RowsBuilder;
pub use row::{Row, ValueError};

use crate::TenantId;

/// Rows of one table of one tenant.
#[derive(Clone, Debug)]
pub struct SignalBatch {
    pub tenant: TenantId,
    /// The table's name; the catalog knows the rest.
    pub table: Arc<str>,
    /// The columns that have values, by physical name, in the table's order.
    pub rows: RecordBatch,
}
