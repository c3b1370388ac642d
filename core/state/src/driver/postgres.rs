//! PostgreSQL, where one machine or one process is not enough.
//!
//! The tables are in a schema of their own, `phalanx_state`. A writer first takes an advisory lock, which is
//! held until its commit is visible: so commits have one order, and it is that of the feed's positions. A
//! sequence would not do: it gives out numbers in an order of its own, and a reader could see 8 before 7.

use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use sqlx::{
    Postgres,
    pool::PoolOptions,
    postgres::{PgConnectOptions, PgQueryResult},
};

use super::{
    Driver, Row, Session, Sql,
    pools::{Common, Pools, classify_connection},
};
use crate::{Error, Result};

/// How long a call waits for a connection, that is for the calls before it.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) struct PostgresDriver {
    pools: Pools<Postgres>,
}

impl PostgresDriver {
    /// Opens the database at a URL: `postgres://user:password@host/database`.
    pub(crate) async fn open(url: &str, readers_max: u32) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|error| Error::invalid(format!("the PostgreSQL URL is wrong: {error}")))?
            .application_name("phalanx-state")
            .options([
                ("search_path", "phalanx_state"),
                // A server may be set not to wait for the disk; our promise doesn't depend on it.
                ("synchronous_commit", "on"),
                ("lock_timeout", "30s"),
                // What a process that vanished left open must not stop the others.
                ("idle_in_transaction_session_timeout", "60s"),
            ]);
        let pool =
            |connections| PoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
        let writer = pool(1).connect_with(options.clone()).await.map_err(classify)?;
        let readers = pool(readers_max.max(1)).connect_lazy_with(options);
        let driver = Self {
            pools: Pools {
                writer,
                readers,
                begin_read: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
                // The number is arbitrary; every process that writes must use the same. Each statement after
                // the lock has a snapshot of its own, and so sees what was committed before.
                begin_write: &[
                    "BEGIN ISOLATION LEVEL READ COMMITTED",
                    "SELECT pg_advisory_xact_lock(8099005621770289)",
                ],
                classify,
            },
        };
        driver.check_encoding().await?;
        Ok(driver)
    }

    /// Text of all languages must fit.
    async fn check_encoding(&self) -> Result<()> {
        let rows = self.rows(Sql::new("SELECT current_setting('server_encoding')")).await?;
        for mut row in rows {
            let encoding = row.text()?;
            if encoding != "UTF8" {
                return Err(Error::invalid(format!(
                    "the PostgreSQL database must have encoding UTF8, has {encoding}"
                )));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Driver for PostgresDriver {
    async fn read(&self) -> Result<Box<dyn Session>> {
        self.pools.read().await
    }

    async fn write(&self) -> Result<Box<dyn Session>> {
        self.pools.write().await
    }

    async fn rows(&self, sql: Sql) -> Result<Vec<Row>> {
        self.pools.rows(sql).await
    }

    fn migrations(&self) -> &'static [&'static str] {
        &[include_str!("../migrations/postgres_1.sql")]
    }

    fn table_exists(&self) -> &'static str {
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = 'phalanx_state' AND table_name = $1"
    }

    fn bytes(&self) -> &'static str {
        "SELECT COALESCE(SUM(pg_total_relation_size(c.oid)), 0)::bigint
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'phalanx_state' AND c.relkind = 'r'"
    }

    async fn version(&self) -> Result<String> {
        let rows = self.rows(Sql::new("SELECT 'PostgreSQL ' || current_setting('server_version')")).await?;
        rows.into_iter().next().ok_or_else(|| Error::corrupt("PostgreSQL has no version"))?.text()
    }

    async fn explain(&self, mut sql: Sql) -> Result<String> {
        sql.text = format!("EXPLAIN {}", sql.text).into();
        let steps: Result<Vec<String>> =
            self.rows(sql).await?.into_iter().map(|mut row| row.text()).collect();
        Ok(steps?.join("\n"))
    }

    async fn analyze(&self) -> Result<()> {
        let mut session = self.write().await?;
        session.script("ANALYZE documents, entries, changes").await?;
        session.commit().await
    }

    async fn check_files(&self) -> Result<()> {
        // The server checks its pages as it reads them, and whoever calls this reads them all.
        Ok(())
    }

    async fn close(&self) {
        self.pools.close().await;
    }
}

impl Common for Postgres {
    fn rows_affected(result: &PgQueryResult) -> u64 {
        result.rows_affected()
    }
}

/// Tells apart what may pass by itself from what won't.
/// Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn classify(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|e| e.code()).map(|code| code.into_owned());
    let reason = match code.as_deref() {
        Some("53100") => "the server's disk is full",
        Some("55P03" | "57014" | "25P03") => "a lock was not to be had in time",
        Some(code) => match &code[..code.len().min(2)] {
            "08" => "the connection failed",
            "40" => "a conflict with another transaction",
            "53" => "the server is out of resources",
            "57" => "the server is shutting down or starting",
            "58" => "input or output failed on the server",
            "XX" if matches!(code, "XX001" | "XX002") => return Error::corrupt(error.to_string()),
            _ => return Error::Database(Box::new(error)),
        },
        None => return classify_connection(error),
    };
    Error::Unavailable { reason: reason.to_owned(), source: Some(Box::new(error)) }
}
