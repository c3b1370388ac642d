//! One table of one tenant: its files, its hot rows, and the one lock under which they change together.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use arrow_array::RecordBatch;
use parking_lot::{Mutex, RwLock};
use phalanx_journal::Position;
use phalanx_signal::{Catalog, Table, TenantId};

use crate::{
    LakeError,
    delta::{DeltaLog, LiveFile},
    hot::{Hot, union_schema},
    parquet_file::{Effort, FileWriter, WrittenFile},
};

/// A table of a tenant, open.
#[derive(Debug)]
pub(crate) struct LakeTable {
    pub tenant: TenantId,
    pub name: Arc<str>,
    pub folder: PathBuf,
    /// What the catalog says now; a custom table may gain columns.
    table: RwLock<Arc<Table>>,
    contents: RwLock<Contents>,
    /// The Delta log; `None` until the first file. Held during a commit: one at a time.
    log: tokio::sync::Mutex<Option<DeltaLog>>,
    is_flushing: AtomicBool,
    /// Files that are no longer part of the table, and since when: queries may still read them.
    retired: Mutex<Vec<(Instant, String)>>,
}

#[derive(Debug, Default)]
struct Contents {
    files: Arc<Vec<Arc<LiveFile>>>,
    hot: Hot,
    /// Up to here everything is in files.
    committed: Position,
}

/// The table at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub files: Arc<Vec<Arc<LiveFile>>>,
    pub hot: Vec<RecordBatch>,
}

/// The figures of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub files: usize,
    pub file_rows: u64,
    pub file_bytes: u64,
    pub hot_rows: usize,
    pub hot_bytes: usize,
    pub hot_since: Option<Instant>,
    pub committed: Position,
}

impl LakeTable {
    /// Opens the table in its folder, which need not exist.
    pub async fn open(
        folder: PathBuf,
        tenant: TenantId,
        name: Arc<str>,
        catalog: &Catalog,
    ) -> Result<Self, LakeError> {
        let table = catalog.table(&name).ok_or_else(|| LakeError::NoTable(name.to_string()))?;
        let opened = DeltaLog::open(&folder).await?;
        let (log, contents) = match opened {
            Some(opened) => {
                let contents = Contents {
                    files: Arc::new(opened.files),
                    hot: Hot::default(),
                    committed: opened.position,
                };
                (Some(opened.log), contents)
            }
            None => (None, Contents::default()),
        };
        Ok(Self {
            tenant,
            name,
            folder,
            table: RwLock::new(table),
            contents: RwLock::new(contents),
            log: tokio::sync::Mutex::new(log),
            is_flushing: AtomicBool::new(false),
            retired: Mutex::default(),
        })
    }

    /// The table's schema as the catalog has it now.
    pub fn table(&self) -> Arc<Table> {
        self.table.read().clone()
    }

    /// Takes note of what the catalog says now.
    pub fn refresh(&self, catalog: &Catalog) {
        if let Some(current) = catalog.table(&self.name) {
            *self.table.write() = current;
        }
    }

    /// Shows the rows of an entry to queries; `false` if a file has them already.
    pub fn take(&self, position: Position, rows: &RecordBatch, now: Instant) -> bool {
        let table = self.table();
        let mut contents = self.contents.write();
        if position <= contents.committed {
            return false;
        }
        contents.hot.push(&table, position, rows.clone(), now);
        true
    }

    /// Files and hot rows of one moment.
    pub fn moment(&self) -> Moment {
        let contents = self.contents.read();
        Moment {
            files: contents.files.clone(),
            hot: contents.hot.batches().iter().map(|batch| batch.rows.clone()).collect(),
        }
    }

    pub fn figures(&self) -> Figures {
        let contents = self.contents.read();
        Figures {
            files: contents.files.len(),
            file_rows: contents.files.iter().map(|file| file.rows).sum(),
            file_bytes: contents.files.iter().map(|file| file.bytes).sum(),
            hot_rows: contents.hot.rows(),
            hot_bytes: contents.hot.bytes(),
            hot_since: contents.hot.since(),
            committed: contents.committed,
        }
    }

    /// The first entry that has rows here which are in no file.
    pub fn first_hot(&self) -> Option<Position> {
        self.contents.read().hot.first()
    }

    /// Writes all hot rows to one file and commits it. Does nothing while another flush is under way.
    pub async fn flush(self: &Arc<Self>) -> Result<(), LakeError> {
        if self.is_flushing.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let flushed = self.flush_frozen().await;
        if flushed.is_err() {
            self.contents.write().hot.thaw();
        }
        self.is_flushing.store(false, Ordering::Release);
        flushed
    }

    /// Whether rows are being written to a file right now.
    pub fn is_flushing(&self) -> bool {
        self.is_flushing.load(Ordering::Acquire)
    }

    async fn flush_frozen(self: &Arc<Self>) -> Result<(), LakeError> {
        let mut log = self.log.lock().await;
        let table = self.table();
        match log.as_mut() {
            None => *log = Some(DeltaLog::create(&self.folder, &table).await?),
            Some(log) if table.families() == [phalanx_signal::Family::Custom] => log.evolve(&table).await?,
            Some(_) => {}
        }
        let batches = self.contents.write().hot.freeze();
        let Some(last) = batches.last().map(|batch| batch.last) else { return Ok(()) };
        let this = self.clone();
        let file = tokio::task::spawn_blocking(move || -> Result<WrittenFile, LakeError> {
            let columns = union_schema(&table, batches.iter().map(|batch| &batch.rows));
            let has = |name: &str| columns.column_with_name(name).is_some();
            let mut writer =
                FileWriter::create(&this.folder, table.clone(), this.tenant, has, Effort::Flush)?;
            for batch in &batches {
                writer.write(&batch.rows)?;
            }
            writer.finish()
        })
        .await??;
        let log = log.as_mut().expect("the log was made above");
        let live = log.append(&file, last)?;
        let is_checkpoint_due = log.is_checkpoint_due();
        {
            let mut contents = self.contents.write();
            let mut files = contents.files.as_ref().clone();
            files.push(live);
            contents.files = Arc::new(files);
            contents.hot.forget(Instant::now());
            contents.committed = last;
        }
        if is_checkpoint_due {
            DeltaLog::checkpoint(&self.folder).await?;
        }
        Ok(())
    }

    /// Replaces files by one with the same rows, which `write` makes, or removes them.
    pub async fn replace(&self, old: Vec<Arc<LiveFile>>, new: Option<WrittenFile>) -> Result<(), LakeError> {
        let mut log = self.log.lock().await;
        let Some(log) = log.as_mut() else { return Ok(()) };
        let live = log.replace(&old, new.as_ref())?;
        let mut contents = self.contents.write();
        let mut files: Vec<_> = contents
            .files
            .iter()
            .filter(|file| !old.iter().any(|gone| gone.path == file.path))
            .cloned()
            .collect();
        files.extend(live);
        contents.files = Arc::new(files);
        let now = Instant::now();
        self.retired.lock().extend(old.into_iter().map(|file| (now, file.path.clone())));
        Ok(())
    }

    /// Deletes files that left the table before the grace period.
    pub fn bury(&self, grace: std::time::Duration) {
        let mut retired = self.retired.lock();
        retired.retain(|(since, path)| {
            if since.elapsed() < grace {
                return true;
            }
            if let Err(error) = std::fs::remove_file(self.folder.join(path)) {
                tracing::warn!(%error, path, table = &*self.name, "a retired file can't be deleted");
            }
            false
        });
    }

    /// Whether a file is part of the table, or was until a moment ago.
    pub fn knows(&self, file: &str) -> bool {
        self.contents.read().files.iter().any(|live| live.path == file)
            || self.retired.lock().iter().any(|(_, path)| path == file)
    }

    /// Copies the log and links the files of this moment into `target`, for a backup.
    pub async fn copy(&self, target: &Path) -> Result<(), LakeError> {
        let log = self.log.lock().await;
        if log.is_none() {
            return Ok(());
        }
        let files = self.contents.read().files.clone();
        let (from, to) = (self.folder.clone(), target.to_owned());
        tokio::task::spawn_blocking(move || crate::backup::copy_table(&from, &to, &files)).await??;
        drop(log);
        Ok(())
    }
}
