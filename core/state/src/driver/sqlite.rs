//! SQLite, embedded: one file, and beside it its write-ahead log while it is open.
//!
//! Durability: `journal_mode=WAL` with `synchronous=FULL` syncs the log at every commit, so what is committed
//! survives the loss of power; readers go on while a writer writes. The file is readable by its owner only,
//! for there are secrets in it; SQLite gives its log the same permissions.

use std::{fs, io, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::{
    Sqlite,
    pool::PoolOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteQueryResult, SqliteSynchronous},
};

use super::{
    Driver, Row, Session, Sql,
    pools::{Common, Pools, classify_connection},
};
use crate::{Error, Result};

/// How long a writer waits for another process to end its transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call waits for a connection, that is for the calls before it.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);
/// To what size the log shrinks again after a big transaction.
const LOG_BYTES_KEPT: u32 = 16 * 1024 * 1024;

pub(crate) struct SqliteDriver {
    pools: Pools<Sqlite>,
}

impl SqliteDriver {
    /// Opens the database at a path, making an empty one if there is none.
    pub(crate) async fn open(path: &Path, readers_max: u32) -> Result<Self> {
        create(path).map_err(|error| Error::Unavailable {
            reason: format!("can't open `{}`: {error}", path.display()),
            source: Some(Box::new(error)),
        })?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("trusted_schema", "OFF")
            .pragma("cell_size_check", "ON")
            .pragma("journal_size_limit", LOG_BYTES_KEPT.to_string());
        let pool = |connections| {
            PoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(classify)?;
        let readers = pool(readers_max.max(1)).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self {
            pools: Pools {
                writer,
                readers,
                begin_read: "BEGIN",
                begin_write: &["BEGIN IMMEDIATE"],
                classify,
            },
        })
    }
}

#[async_trait]
impl Driver for SqliteDriver {
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
        &[include_str!("../migrations/sqlite_1.sql")]
    }

    fn table_exists(&self) -> &'static str {
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = $1"
    }

    fn bytes(&self) -> &'static str {
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    }

    async fn version(&self) -> Result<String> {
        let rows = self.rows(Sql::new("SELECT 'SQLite ' || sqlite_version()")).await?;
        rows.into_iter().next().ok_or_else(|| Error::corrupt("SQLite has no version"))?.text()
    }

    async fn explain(&self, mut sql: Sql) -> Result<String> {
        sql.text = format!("EXPLAIN QUERY PLAN {}", sql.text).into();
        let mut steps = Vec::new();
        for mut row in self.rows(sql).await? {
            // The columns are the step's number, its parent's, one unused, and the words.
            for _ in 0..3 {
                row.integer()?;
            }
            steps.push(row.text()?);
        }
        Ok(steps.join("\n"))
    }

    async fn analyze(&self) -> Result<()> {
        let mut session = self.write().await?;
        session.script("ANALYZE").await?;
        session.commit().await
    }

    async fn check_files(&self) -> Result<()> {
        for mut row in self.rows(Sql::new("PRAGMA integrity_check(1)")).await? {
            let finding = row.text()?;
            if finding != "ok" {
                return Err(Error::corrupt(finding));
            }
        }
        Ok(())
    }

    async fn close(&self) {
        self.pools.close().await;
    }
}

impl Common for Sqlite {
    fn rows_affected(result: &SqliteQueryResult) -> u64 {
        result.rows_affected()
    }
}

/// Makes the file if there is none, and makes its name durable.
fn create(path: &Path) -> io::Result<()> {
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => {
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            fs::File::open(folder)?.sync_all()
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Tells apart what may pass by itself from what won't. Codes: <https://sqlite.org/rescode.html>.
fn classify(error: sqlx::Error) -> Error {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<u32>().ok());
    // The low byte is the kind, the others say more about it.
    let reason = match code.map(|code| code & 0xff) {
        Some(5 | 6) => "busy",
        Some(8) => "the file is read-only",
        Some(10) => "input or output failed",
        Some(13) => "the disk is full",
        Some(14) => "the file can't be opened",
        Some(11 | 26) => return Error::corrupt(error.to_string()),
        _ => return classify_connection(error),
    };
    Error::Unavailable { reason: reason.to_owned(), source: Some(Box::new(error)) }
}
