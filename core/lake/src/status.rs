//! What an operator, and the service that watches the platform's health, want to know.

use std::{sync::Arc, time::Duration};

use phalanx_journal::Position;
use phalanx_signal::TenantId;

/// The state of the lake.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// Sorted by tenant and name.
    pub tables: Vec<TableStatus>,
    /// The last entry whose rows queries see.
    pub taken: Position,
    /// The last entry whose rows are all in files.
    pub committed: Position,
    /// Rows in memory, over all tables.
    pub hot_rows: usize,
    /// Their memory in bytes.
    pub hot_bytes: usize,
    /// What keeps the lake, or the first of its tables that has trouble, from its work.
    pub trouble: Option<String>,
    /// Files of rows that their tables can't take, kept beside them.
    pub set_aside: usize,
}

/// The state of a table of a tenant.
#[derive(Clone, Debug)]
pub struct TableStatus {
    pub tenant: TenantId,
    pub table: Arc<str>,
    pub files: usize,
    pub file_rows: u64,
    pub file_bytes: u64,
    pub hot_rows: u64,
    pub hot_bytes: usize,
    /// Age of the oldest row that is in no file.
    pub hot_age: Option<Duration>,
    /// What keeps it from being opened, flushed or maintained.
    pub trouble: Option<String>,
}
