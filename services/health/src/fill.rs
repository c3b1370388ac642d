//! Filling rows by the names of their columns.

use phalanx_hub::{EmitError, ServiceContext};
use phalanx_signal::{Row, RowsBuilder, SignalBatch, Table, TenantId};
use serde_json::Value;

/// Rows of one table, timed now.
pub(crate) struct Fill {
    rows: RowsBuilder,
    now: i64,
    tenant: TenantId,
}

impl Fill {
    /// For a table that the manifest provides.
    pub fn new(ctx: &ServiceContext, table: &str) -> Result<Self, EmitError> {
        Ok(Self { rows: ctx.rows(table)?, now: ctx.clock().micros(), tenant: ctx.tenant() })
    }

    /// When its rows were made, in microseconds since 1970.
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The platform's own tenant, which is also the id of its workspace.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Begins a row; it is complete when dropped.
    pub fn row(&mut self) -> FillRow<'_> {
        let table = self.rows.table().clone();
        FillRow { row: self.rows.row(self.now), table }
    }

    /// The rows, if there are any.
    pub fn finish(mut self, tenant: TenantId) -> Vec<SignalBatch> {
        self.rows.finish(tenant).into_iter().collect()
    }
}

/// One row. A column that the table lacks takes its value to the row's overflow.
pub(crate) struct FillRow<'a> {
    row: Row<'a>,
    table: std::sync::Arc<Table>,
}

impl FillRow<'_> {
    pub fn text(&mut self, column: &str, text: &str) -> &mut Self {
        match self.table.index_of(column) {
            Some(at) => self.row.text(at, text),
            None => self.row.unmapped(column, text),
        }
        self
    }

    /// What the table has no column for, on purpose.
    pub fn unmapped(&mut self, name: &str, text: &str) -> &mut Self {
        self.row.unmapped(name, text);
        self
    }

    pub fn long(&mut self, column: &str, value: u64) -> &mut Self {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        match self.table.index_of(column) {
            Some(at) => self.row.long(at, value),
            None => self.row.unmapped_json(column, &value.to_string()),
        }
        self
    }

    pub fn real(&mut self, column: &str, value: f64) -> &mut Self {
        match self.table.index_of(column) {
            Some(at) => self.row.real(at, value),
            None => self.row.unmapped_json(column, &value.to_string()),
        }
        self
    }

    pub fn bool(&mut self, column: &str, value: bool) -> &mut Self {
        match self.table.index_of(column) {
            Some(at) => self.row.bool(at, value),
            None => self.row.unmapped_json(column, &value.to_string()),
        }
        self
    }

    /// A point in time, in microseconds since 1970.
    pub fn time(&mut self, column: &str, micros: i64) -> &mut Self {
        if let Some(at) = self.table.index_of(column) {
            self.row.datetime(at, micros);
        }
        self
    }

    pub fn json(&mut self, column: &str, value: &Value) -> &mut Self {
        match self.table.index_of(column) {
            Some(at) => self.row.json(at, &value.to_string()),
            None => self.row.unmapped_json(column, &value.to_string()),
        }
        self
    }
}
