//! The lake itself: the open tables, and what all of them share.

use std::{
    collections::HashMap,
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use datafusion::execution::runtime_env::RuntimeEnv;
use parking_lot::{Mutex, RwLock};
use phalanx_journal::{Journal, Position};
use phalanx_signal::{Catalog, TenantId};
use tokio::sync::{Notify, watch};

use crate::{LakeConfig, LakeError, Status, TableStatus, query, scan::TableScan, table::LakeTable};

type Key = (TenantId, Arc<str>);

/// The lake, open. One process has it open at a time: the journal's lock sees to that.
pub struct Lake {
    config: LakeConfig,
    catalog: Arc<Catalog>,
    journal: Arc<dyn Journal>,
    runtime: Arc<RuntimeEnv>,
    tables: RwLock<HashMap<Key, Arc<LakeTable>>>,
    /// One table is opened at a time.
    opening: tokio::sync::Mutex<()>,
    taken: watch::Sender<Position>,
    committed: AtomicU64,
    pub(crate) hot_bytes: AtomicUsize,
    /// A flush has made room, or rows have come that ask for one.
    pub(crate) room: Notify,
    pub(crate) pressure: Notify,
    pub(crate) trouble: Mutex<Option<String>>,
    this: Weak<Lake>,
}

impl Lake {
    /// Opens the lake and all tables in it. Rows of the journal that are in no file become visible once
    /// [`Lake::run`] has taken them.
    pub async fn open(
        config: LakeConfig,
        catalog: Arc<Catalog>,
        journal: Arc<dyn Journal>,
    ) -> Result<Arc<Self>, LakeError> {
        std::fs::create_dir_all(&config.root).map_err(LakeError::io("create", &config.root))?;
        let runtime = query::runtime(config.query_memory_bytes, &config.spill, &config.root)?;
        let lake = Arc::new_cyclic(|this| Self {
            config,
            catalog,
            journal,
            runtime,
            tables: RwLock::default(),
            opening: tokio::sync::Mutex::default(),
            taken: watch::Sender::new(Position::ZERO),
            committed: AtomicU64::new(0),
            hot_bytes: AtomicUsize::new(0),
            room: Notify::new(),
            pressure: Notify::new(),
            trouble: Mutex::default(),
            this: this.clone(),
        });
        for (tenant, name) in stored_tables(&lake.config.root)? {
            if lake.catalog.table(&name).is_none() {
                tracing::warn!(
                    table = name,
                    "the lake has a table that the catalog does not know; it stays as it is"
                );
                continue;
            }
            lake.table(tenant, &name).await?;
        }
        Ok(lake)
    }

    /// Waits until queries see everything up to a position; `false` if that takes longer.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> bool {
        let mut taken = self.taken.subscribe();
        let seen = taken.wait_for(|taken| *taken >= position);
        matches!(tokio::time::timeout(timeout, seen).await, Ok(Ok(_)))
    }

    /// The figures of the lake and its tables.
    pub fn status(&self) -> Status {
        let mut status = Status {
            taken: self.taken(),
            committed: self.committed(),
            trouble: self.trouble.lock().clone(),
            ..Status::default()
        };
        for table in self.open_tables() {
            let figures = table.figures();
            if figures.files == 0 && figures.hot_rows == 0 {
                continue;
            }
            status.hot_rows += figures.hot_rows;
            status.hot_bytes += figures.hot_bytes;
            status.tables.push(TableStatus {
                tenant: table.tenant,
                table: table.name.clone(),
                files: figures.files,
                file_rows: figures.file_rows,
                file_bytes: figures.file_bytes,
                hot_rows: figures.hot_rows as u64,
                hot_bytes: figures.hot_bytes,
                hot_age: figures.hot_since.map(|since| since.elapsed()),
            });
        }
        status.tables.sort_by(|a, b| (a.tenant, &a.table).cmp(&(b.tenant, &b.table)));
        status
    }

    /// Copies the lake as it is now into `target`: per table, the files of one moment and a log that speaks
    /// of exactly them. Rows in memory are in the journal.
    pub async fn snapshot_for_backup(&self, target: &Path) -> Result<(), LakeError> {
        for table in self.open_tables() {
            table.copy(&target.join(folder_of(table.tenant, &table.name))).await?;
        }
        Ok(())
    }

    pub(crate) async fn table(&self, tenant: TenantId, name: &str) -> Result<Arc<LakeTable>, LakeError> {
        let key = (tenant, Arc::from(name));
        if let Some(table) = self.tables.read().get(&key) {
            return Ok(table.clone());
        }
        let _one_at_a_time = self.opening.lock().await;
        if let Some(table) = self.tables.read().get(&key) {
            return Ok(table.clone());
        }
        let folder = self.config.root.join(folder_of(tenant, name));
        let opened = Arc::new(LakeTable::open(folder, tenant, key.1.clone(), &self.catalog).await?);
        self.tables.write().insert(key, opened.clone());
        Ok(opened)
    }

    /// The table as queries see it now.
    pub(crate) async fn scan(&self, tenant: TenantId, name: &str) -> Result<TableScan, LakeError> {
        let table = self.table(tenant, name).await?;
        table.refresh(&self.catalog);
        Ok(TableScan {
            table: table.table(),
            tenant,
            folder: folder_of(tenant, name),
            store: query::store_url(),
            moment: table.moment(),
        })
    }

    pub(crate) fn open_tables(&self) -> Vec<Arc<LakeTable>> {
        self.tables.read().values().cloned().collect()
    }

    pub(crate) fn config(&self) -> &LakeConfig {
        &self.config
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    pub(crate) fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    pub(crate) fn runtime(&self) -> &Arc<RuntimeEnv> {
        &self.runtime
    }

    pub(crate) fn weak(&self) -> Weak<Lake> {
        self.this.clone()
    }

    /// The last entry that queries see.
    pub(crate) fn taken(&self) -> Position {
        *self.taken.borrow()
    }

    pub(crate) fn set_taken(&self, position: Position) {
        self.taken.send_replace(position);
    }

    pub(crate) fn committed(&self) -> Position {
        Position(self.committed.load(Ordering::Acquire))
    }

    pub(crate) fn set_committed(&self, position: Position) {
        self.committed.store(position.0, Ordering::Release);
    }
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake").field("root", &self.config.root).finish_non_exhaustive()
    }
}

fn folder_of(tenant: TenantId, table: &str) -> String {
    format!("{tenant}/{table}")
}

/// The tables that have a folder.
fn stored_tables(root: &Path) -> Result<Vec<(TenantId, String)>, LakeError> {
    let folders = |path: PathBuf| -> Result<Vec<String>, LakeError> {
        let entries = std::fs::read_dir(&path).map_err(LakeError::io("read", &path))?;
        let is_folder = |entry: &std::fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        Ok(entries
            .filter_map(Result::ok)
            .filter(is_folder)
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect())
    };
    let mut tables = Vec::new();
    for tenant in folders(root.to_owned())? {
        let Ok(id) = tenant.parse::<TenantId>() else { continue };
        tables.extend(folders(root.join(&tenant))?.into_iter().map(|name| (id, name)));
    }
    tables.sort();
    Ok(tables)
}
