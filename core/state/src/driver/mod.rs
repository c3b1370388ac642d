//! The seam to the databases: what the rest needs of one, and nothing else.
//!
//! The SQL above this seam is one text for both databases: parameters are `$1`, `$2`…, columns are integers,
//! text and byte strings, and what the two say differently is a method here.

use async_trait::async_trait;

use crate::{Error, Result};

mod pools;
pub(crate) mod postgres;
mod sql;
pub(crate) mod sqlite;

pub(crate) use sql::{Arg, Cell, Row, Rows, Sql};

/// A database.
#[async_trait]
pub(crate) trait Driver: Send + Sync {
    /// Begins reading: one snapshot of what is committed, for as long as the session lives.
    async fn read(&self) -> Result<Box<dyn Session>>;

    /// Begins writing: waits until no other session of any process writes, then sees all they committed.
    async fn write(&self) -> Result<Box<dyn Session>>;

    /// The rows of one statement that only reads, in a snapshot of its own.
    async fn rows(&self, sql: Sql) -> Result<Vec<Row>>;

    /// The statements that make the layout of the tables, one step per version, beginning with version 1.
    fn migrations(&self) -> &'static [&'static str];

    /// The statement whether a table exists, with the table's name as parameter: one row if so, else none.
    fn table_exists(&self) -> &'static str;

    /// The statement for the bytes that the database takes on disk.
    fn bytes(&self) -> &'static str;

    /// Name and version of the database.
    async fn version(&self) -> Result<String>;

    /// How the database would carry out a statement.
    async fn explain(&self, sql: Sql) -> Result<String>;

    /// Refreshes what the database knows of the distribution of values, by which it chooses among indexes.
    async fn analyze(&self) -> Result<()>;

    /// Checks the files of the database itself.
    async fn check_files(&self) -> Result<()>;

    /// Closes all connections, after their work is done.
    async fn close(&self);
}

/// A transaction. Dropping it takes back what it did.
#[async_trait]
pub(crate) trait Session: Send {
    /// The rows of a statement; ends early, with at least one row, once they have `bytes_max`.
    async fn rows_within(&mut self, sql: Sql, bytes_max: usize) -> Result<Rows>;

    /// Carries out a statement and returns how many rows it wrote.
    async fn run(&mut self, sql: Sql) -> Result<u64>;

    /// Carries out several statements without parameters.
    async fn script(&mut self, sql: &'static str) -> Result<()>;

    /// Makes what the session did durable and visible, all at once.
    async fn commit(self: Box<Self>) -> Result<()>;

    /// Ends the session without a trace. As good as dropping it, but keeps the connection for the next.
    async fn rollback(self: Box<Self>);
}

impl dyn Session + '_ {
    /// The rows of a statement.
    pub(crate) async fn rows(&mut self, sql: Sql) -> Result<Vec<Row>> {
        Ok(self.rows_within(sql, usize::MAX).await?.rows)
    }

    /// The first row of a statement, if there is one.
    pub(crate) async fn row(&mut self, sql: Sql) -> Result<Option<Row>> {
        Ok(self.rows(sql).await?.into_iter().next())
    }

    /// The number in the first row of a statement that always has one.
    pub(crate) async fn number(&mut self, sql: Sql) -> Result<u64> {
        let row = self.row(sql).await?;
        row.ok_or_else(|| Error::corrupt("a row is missing that must be there"))?.unsigned()
    }
}
