//! The lake itself: its tables, and what all of them share.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    path::Path,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use parking_lot::{Mutex, RwLock};
use phalanx_journal::{Journal, Position, Start};
use phalanx_signal::{Catalog, TenantId};
use tokio::sync::{Notify, watch};

use crate::{
    LakeConfig, LakeError, Status, TableStatus, aside::Aside, query, scan::TableScan, store::LakeStore,
    table::LakeTable,
};

/// The lake's name as a consumer of the journal.
pub(crate) const CONSUMER: &str = "lake";

/// Tables that are opened at once: mostly waiting for a disk, or for a bucket.
const OPEN_AT_ONCE: usize = 8;

/// The lake, open. One process has it open at a time: the journal's lock sees to that.
pub struct Lake {
    config: LakeConfig,
    store: LakeStore,
    catalog: Arc<Catalog>,
    journal: Arc<dyn Journal>,
    engine: query::Engine,
    tables: RwLock<Tables>,
    taken: watch::Sender<Position>,
    committed: AtomicU64,
    pub(crate) hot_bytes: AtomicUsize,
    /// A flush has made room, or rows have come that ask for one.
    pub(crate) room: Notify,
    pub(crate) pressure: Notify,
    /// What keeps the lake as a whole from its work.
    pub(crate) trouble: Mutex<Option<String>>,
    /// Files of rows that are set aside.
    pub(crate) asides: AtomicUsize,
    /// Days that rows of some tables are kept, stronger than the configuration.
    retention: RwLock<HashMap<Arc<str>, u32>>,
    this: Weak<Lake>,
}

/// The tables that have rows, by tenant and name.
type Tables = HashMap<(TenantId, Arc<str>), Arc<LakeTable>>;

impl Lake {
    /// Opens the lake and all tables in it. Rows of the journal that are in no file become visible once
    /// [`Lake::run`] has taken them.
    ///
    /// # Errors
    /// What makes the lake as a whole unusable. A table that can't be opened is reported and tried again;
    /// its rows are taken, the other tables work.
    pub async fn open(
        config: LakeConfig,
        catalog: Arc<Catalog>,
        journal: Arc<dyn Journal>,
    ) -> Result<Arc<Self>, LakeError> {
        let store = LakeStore::open(&config.url, &config.s3, config.root.clone()).await?;
        Self::open_on(config, store, catalog, journal).await
    }

    /// As [`Lake::open`], on a store; `config.url` and `config.root` mean nothing then.
    pub async fn open_on(
        config: LakeConfig,
        store: LakeStore,
        catalog: Arc<Catalog>,
        journal: Arc<dyn Journal>,
    ) -> Result<Arc<Self>, LakeError> {
        let engine = query::Engine::new(&config, &store)?;
        let lake = Arc::new_cyclic(|this| Self {
            config,
            store,
            catalog,
            journal,
            engine,
            tables: RwLock::default(),
            taken: watch::Sender::new(Position::ZERO),
            committed: AtomicU64::new(0),
            hot_bytes: AtomicUsize::new(0),
            room: Notify::new(),
            pressure: Notify::new(),
            trouble: Mutex::default(),
            asides: AtomicUsize::new(0),
            retention: RwLock::default(),
            this: this.clone(),
        });
        let asides = Aside::list(&lake.store).await?;
        lake.open_stored(&asides).await?;
        let from = lake.register().await?;
        lake.taken.send_replace(from);
        lake.set_committed(from);
        lake.take_back(asides, from).await;
        Ok(lake)
    }

    /// Waits until queries see everything up to a position; `false` if that takes longer.
    pub async fn wait_for(&self, position: Position, timeout: Duration) -> bool {
        let mut taken = self.taken.subscribe();
        let seen = taken.wait_for(|taken| *taken >= position);
        matches!(tokio::time::timeout(timeout, seen).await, Ok(Ok(_)))
    }

    /// Keeps the rows of a table for so many days from now on, in place of what the configuration says.
    pub fn set_retention(&self, table: &str, days: u32) {
        self.retention.write().insert(table.into(), days);
    }

    /// Days that rows of a table are kept, counted from when they were received.
    pub fn retention_days_of(&self, table: &str) -> u32 {
        let set = self.retention.read().get(table).copied();
        set.unwrap_or_else(|| self.config.retention_days_of(table))
    }

    /// The figures of the lake and its tables.
    pub fn status(&self) -> Status {
        let mut status = Status {
            taken: self.taken(),
            committed: self.committed(),
            trouble: self.trouble.lock().clone(),
            set_aside: self.asides.load(Ordering::Acquire),
            ..Status::default()
        };
        for table in self.tables() {
            let figures = table.figures();
            let trouble = table.trouble.lock().text().map(str::to_owned);
            if let Some(trouble) = &trouble
                && status.trouble.is_none()
            {
                status.trouble = Some(format!("table `{}`: {trouble}", table.name));
            }
            if figures.files == 0 && figures.hot_rows == 0 && trouble.is_none() {
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
                trouble,
            });
        }
        if status.trouble.is_none() && status.set_aside > 0 {
            let count = status.set_aside;
            status.trouble =
                Some(format!("{count} files of rows are set aside: their tables can't take them"));
        }
        status.tables.sort_by(|a, b| (a.tenant, &a.table).cmp(&(b.tenant, &b.table)));
        status
    }

    /// Copies the lake as it is now into `target`: per table, the files of one moment and a log that speaks
    /// of exactly them. Rows in memory are in the journal. What is set aside is copied too.
    pub async fn snapshot_for_backup(&self, target: &Path) -> Result<(), LakeError> {
        for table in self.tables() {
            table.copy(&target.join(table.tenant.to_string()).join(&*table.name)).await?;
        }
        for aside in Aside::list(&self.store).await? {
            aside.copy(&self.store, target).await?;
        }
        Ok(())
    }

    /// A table of a tenant; `None` when the catalog does not know it.
    pub(crate) fn table(&self, tenant: TenantId, name: &Arc<str>) -> Option<Arc<LakeTable>> {
        let key = (tenant, name.clone());
        if let Some(table) = self.tables.read().get(&key) {
            return Some(table.clone());
        }
        let table = self.catalog.table(name)?;
        // Those with files were found at the opening, so this one has none.
        let make = || Arc::new(LakeTable::new(self.store.clone(), tenant, table, true, Position::ZERO));
        Some(self.tables.write().entry(key).or_insert_with(make).clone())
    }

    /// The table as queries see it now.
    pub(crate) async fn scan(&self, tenant: TenantId, name: &str) -> Result<Option<TableScan>, LakeError> {
        let Some(table) = self.table(tenant, &name.into()) else { return Ok(None) };
        table.open().await?;
        table.refresh(&self.catalog);
        Ok(Some(TableScan::new(&table, table.moment())))
    }

    pub(crate) fn tables(&self) -> Vec<Arc<LakeTable>> {
        self.tables.read().values().cloned().collect()
    }

    pub(crate) fn config(&self) -> &LakeConfig {
        &self.config
    }

    pub(crate) fn store(&self) -> &LakeStore {
        &self.store
    }

    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    pub(crate) fn journal(&self) -> &Arc<dyn Journal> {
        &self.journal
    }

    pub(crate) fn engine(&self) -> &query::Engine {
        &self.engine
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

    /// The last entry whose rows are all in files, or set aside.
    pub(crate) fn committed(&self) -> Position {
        Position(self.committed.load(Ordering::Acquire))
    }

    pub(crate) fn set_committed(&self, position: Position) {
        self.committed.store(position.0, Ordering::Release);
    }

    /// Opens every table that has files.
    async fn open_stored(&self, asides: &[Aside]) -> Result<(), LakeError> {
        let mut aside = BTreeMap::new();
        for range in asides.iter().filter(|aside| aside.is_range) {
            let last = aside.entry((range.tenant, range.table.clone())).or_insert(Position::ZERO);
            *last = (*last).max(range.last);
        }
        let mut tables = Vec::new();
        for (tenant, name) in self.stored_tables().await? {
            let Some(table) = self.catalog.table(&name) else {
                tracing::warn!(table = name, "the lake has a table that the catalog does not know; it stays");
                continue;
            };
            let last = aside.remove(&(tenant, name)).unwrap_or_default();
            tables.push(Arc::new(LakeTable::new(self.store.clone(), tenant, table, false, last)));
        }
        // Tables whose first rows were set aside have no files.
        for ((tenant, name), last) in aside {
            let Some(table) = self.catalog.table(&name) else { continue };
            tables.push(Arc::new(LakeTable::new(self.store.clone(), tenant, table, true, last)));
        }
        let open = |table: Arc<LakeTable>| async move {
            let opened = table.open().await;
            if let Err(error) = &opened {
                tracing::error!(error = error.chain(), table = &*table.name, "a table can't be opened");
            }
            table.trouble.lock().note(&opened, Instant::now());
        };
        stream::iter(tables.clone()).for_each_concurrent(OPEN_AT_ONCE, open).await;
        self.tables.write().extend(tables.into_iter().map(|t| ((t.tenant, t.name.clone()), t)));
        Ok(())
    }

    async fn stored_tables(&self) -> Result<Vec<(TenantId, String)>, LakeError> {
        let mut tables = Vec::new();
        for tenant in self.store.folders(&object_store::path::Path::default()).await? {
            let Ok(id) = tenant.parse::<TenantId>() else { continue };
            let names = self.store.folders(&object_store::path::Path::from(tenant)).await?;
            tables.extend(names.into_iter().map(|name| (id, name)));
        }
        Ok(tables)
    }

    /// Makes the lake known to the journal; where to read on.
    ///
    /// Tables compare positions, so the journal must never give out one again that a table has: after a loss
    /// of the journal, or with an older copy of it, new entries get positions behind all of theirs.
    async fn register(&self) -> Result<Position, LakeError> {
        const FLOOR: &str = "lake/floor";
        let error = |error| LakeError::Journal(Box::new(error));
        let greatest = self.tables().iter().map(|table| table.figures().committed).max().unwrap_or_default();
        if greatest > self.journal.head() {
            tracing::warn!(
                lake = greatest.0,
                journal = self.journal.head().0,
                "the journal is older than the lake"
            );
            self.journal.register(FLOOR, Start::After(greatest)).await.map_err(error)?;
            self.journal.unregister(FLOOR).await.map_err(error)?;
        }
        self.journal.register(CONSUMER, Start::Oldest).await.map_err(error)
    }

    /// Brings rows that were set aside into their tables where that is possible now. The journal gives
    /// nothing up to `from` again.
    async fn take_back(&self, asides: Vec<Aside>, from: Position) {
        self.asides.store(asides.len(), Ordering::Release);
        for aside in asides {
            let taken = async {
                if aside.last > from {
                    // A replay brings these rows again, except those that stand for all of a table's.
                    return if aside.is_range {
                        Ok(false)
                    } else {
                        aside.delete(&self.store).await.map(|()| true)
                    };
                }
                match self.table(aside.tenant, &aside.table.as_str().into()) {
                    Some(table) => table.take_back(&aside).await,
                    None => Ok(false),
                }
            };
            match taken.await {
                Ok(true) => {
                    self.asides.fetch_sub(1, Ordering::AcqRel);
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(error = error.chain(), table = aside.table, "rows stay aside");
                }
            }
        }
    }
}

impl fmt::Debug for Lake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lake").field("store", &self.store).finish_non_exhaustive()
    }
}
