//! Connections and transactions, the same way for both databases.
//!
//! One connection writes, several read. A transaction that is neither committed nor rolled back in order (an
//! error of the database, a reader that went away) costs its connection: closing it is the one way to be rid of
//! the transaction that works in every state, a full disk in the middle of a commit included.

use async_trait::async_trait;
use futures::TryStreamExt;
use sqlx::{
    Column, ColumnIndex, Connection, Database, Decode, Encode, Executor, IntoArguments, Pool, Row as _, Type,
    TypeInfo, ValueRef, pool::PoolConnection,
};

use super::{Arg, Cell, Row, Rows, Session, Sql};
use crate::{Error, Result};

/// The connections to a database, and how its transactions begin.
pub(super) struct Pools<DB: Database> {
    pub(super) writer: Pool<DB>,
    pub(super) readers: Pool<DB>,
    pub(super) begin_read: &'static str,
    pub(super) begin_write: &'static [&'static str],
    pub(super) classify: fn(sqlx::Error) -> Error,
}

/// What both databases can do, so that the code below is written once.
pub(super) trait Common:
    Database<
        Row: sqlx::Row,
        Arguments: IntoArguments<Self>,
        TypeInfo: TypeInfo,
        Connection: Connection<Database = Self>,
    >
{
    /// How many rows a statement wrote.
    fn rows_affected(result: &Self::QueryResult) -> u64;
}

impl<DB> Pools<DB>
where
    DB: Common,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB> + Decode<'q, DB>,
    for<'q> Option<String>: Encode<'q, DB> + Type<DB>,
    for<'q> String: Type<DB> + Decode<'q, DB>,
    for<'q> Vec<u8>: Encode<'q, DB> + Type<DB> + Decode<'q, DB>,
    usize: ColumnIndex<DB::Row>,
{
    pub(super) async fn read(&self) -> Result<Box<dyn Session>> {
        self.begin(&self.readers, &[self.begin_read]).await
    }

    pub(super) async fn write(&self) -> Result<Box<dyn Session>> {
        self.begin(&self.writer, self.begin_write).await
    }

    pub(super) async fn rows(&self, sql: Sql) -> Result<Vec<Row>> {
        let mut connection = self.readers.acquire().await.map_err(self.classify)?;
        let rows = fetch(&mut *connection, sql, usize::MAX).await.map_err(self.classify)?;
        Ok(rows.rows)
    }

    pub(super) async fn close(&self) {
        // The writer last: SQLite then puts the log into the database and removes it.
        self.readers.close().await;
        self.writer.close().await;
    }

    async fn begin(&self, pool: &Pool<DB>, statements: &[&'static str]) -> Result<Box<dyn Session>> {
        let connection = pool.acquire().await.map_err(self.classify)?;
        let mut session = PoolSession { connection: Some(connection), classify: self.classify };
        for statement in statements {
            session.script(statement).await?;
        }
        Ok(Box::new(session))
    }
}

/// A transaction on a pooled connection; `None` only while it ends.
struct PoolSession<DB: Database> {
    connection: Option<PoolConnection<DB>>,
    classify: fn(sqlx::Error) -> Error,
}

impl<DB: Database> PoolSession<DB> {
    fn connection(&mut self) -> &mut DB::Connection {
        self.connection.as_mut().expect("only ending a session takes its connection")
    }
}

impl<DB: Database> Drop for PoolSession<DB> {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            connection.close_on_drop();
        }
    }
}

#[async_trait]
impl<DB> Session for PoolSession<DB>
where
    DB: Common,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB> + Decode<'q, DB>,
    for<'q> Option<String>: Encode<'q, DB> + Type<DB>,
    for<'q> String: Type<DB> + Decode<'q, DB>,
    for<'q> Vec<u8>: Encode<'q, DB> + Type<DB> + Decode<'q, DB>,
    usize: ColumnIndex<DB::Row>,
{
    async fn rows_within(&mut self, sql: Sql, bytes_max: usize) -> Result<Rows> {
        let classify = self.classify;
        fetch(self.connection(), sql, bytes_max).await.map_err(classify)
    }

    async fn run(&mut self, sql: Sql) -> Result<u64> {
        let classify = self.classify;
        let result = query(sql).execute(self.connection()).await.map_err(classify)?;
        Ok(DB::rows_affected(&result))
    }

    async fn script(&mut self, sql: &'static str) -> Result<()> {
        let classify = self.classify;
        sqlx::raw_sql(sql).execute(self.connection()).await.map_err(classify)?;
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<()> {
        self.script("COMMIT").await?;
        self.connection.take();
        Ok(())
    }

    async fn rollback(mut self: Box<Self>) {
        if self.script("ROLLBACK").await.is_ok() {
            self.connection.take();
        }
    }
}

fn query<'q, DB>(sql: Sql) -> sqlx::query::Query<'q, DB, DB::Arguments>
where
    DB: Common,
    for<'a> i64: Encode<'a, DB> + Type<DB>,
    for<'a> Option<String>: Encode<'a, DB> + Type<DB>,
    for<'a> Vec<u8>: Encode<'a, DB> + Type<DB>,
{
    let query = sqlx::query(sqlx::AssertSqlSafe(sql.text));
    sql.args.into_iter().fold(query, |query, arg| match arg {
        Arg::Integer(value) => query.bind(value),
        Arg::Text(value) => query.bind(value),
        Arg::Bytes(value) => query.bind(value),
    })
}

async fn fetch<DB>(connection: &mut DB::Connection, sql: Sql, bytes_max: usize) -> sqlx::Result<Rows>
where
    DB: Common,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
    for<'q> i64: Encode<'q, DB> + Type<DB> + Decode<'q, DB>,
    for<'q> Option<String>: Encode<'q, DB> + Type<DB>,
    for<'q> String: Type<DB> + Decode<'q, DB>,
    for<'q> Vec<u8>: Encode<'q, DB> + Type<DB> + Decode<'q, DB>,
    usize: ColumnIndex<DB::Row>,
{
    let mut rows = Vec::new();
    let mut bytes = 0_usize;
    let mut stream = query(sql).fetch(connection);
    while let Some(row) = stream.try_next().await? {
        let cells = cells(&row)?;
        bytes = bytes.saturating_add(cells.iter().map(Cell::bytes).sum());
        rows.push(Row::new(cells));
        if bytes >= bytes_max {
            return Ok(Rows { rows, is_cut: true });
        }
    }
    Ok(Rows { rows, is_cut: false })
}

fn cells<DB>(row: &DB::Row) -> sqlx::Result<Vec<Cell>>
where
    DB: Common,
    for<'q> i64: Type<DB> + Decode<'q, DB>,
    for<'q> String: Type<DB> + Decode<'q, DB>,
    for<'q> Vec<u8>: Type<DB> + Decode<'q, DB>,
    usize: ColumnIndex<DB::Row>,
{
    (0..row.columns().len())
        .map(|position| {
            let value = row.try_get_raw(position)?;
            if value.is_null() {
                return Ok(Cell::Null);
            }
            let kind = value.type_info();
            match kind.name() {
                "INTEGER" | "INT8" => row.try_get(position).map(Cell::Integer),
                "TEXT" => row.try_get(position).map(Cell::Text),
                "BLOB" | "BYTEA" => row.try_get(position).map(Cell::Bytes),
                other => Err(sqlx::Error::Protocol(format!(
                    "column {} has type {other}, which no statement should yield",
                    row.columns()[position].name()
                ))),
            }
        })
        .collect()
}

/// Errors that don't come from the database but from the way to it.
pub(super) fn classify_connection(error: sqlx::Error) -> Error {
    let reason = match &error {
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => "the connection failed",
        sqlx::Error::PoolTimedOut => "too many calls at once",
        sqlx::Error::PoolClosed => "it is closed",
        sqlx::Error::WorkerCrashed => "a connection was lost",
        _ => return Error::Database(Box::new(error)),
    };
    Error::Unavailable { reason: reason.to_owned(), source: Some(Box::new(error)) }
}
