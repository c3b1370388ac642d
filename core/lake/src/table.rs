//! One table of one tenant: its files, its hot rows, and the one lock under which they change together.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use bytes::Bytes;
use object_store::path::Path;
use parking_lot::{Mutex, RwLock};
use phalanx_journal::Position;
use phalanx_signal::{Catalog, Table, TenantId};

use crate::{
    LakeError,
    aside::Aside,
    delta::{DeltaLog, LiveFile, Opened},
    hot::{Hot, HotBatch, union_schema},
    parquet_file::{Effort, FileWriter, Origin, WrittenFile},
    store::LakeStore,
    trouble::Trouble,
};

/// A table of a tenant.
#[derive(Debug)]
pub(crate) struct LakeTable {
    pub tenant: TenantId,
    pub name: Arc<str>,
    /// Where its files are, relative to the lake's root.
    pub folder: Path,
    /// What keeps it from being flushed or maintained.
    pub trouble: Mutex<Trouble>,
    /// Held by who compacts or expires: one at a time.
    pub maintaining: tokio::sync::Mutex<()>,
    store: LakeStore,
    /// What the catalog says now; it may gain columns.
    table: RwLock<Arc<Table>>,
    contents: RwLock<Contents>,
    /// Held during a commit: one at a time.
    log: tokio::sync::Mutex<Log>,
    /// Held by who writes hot rows to a file: one at a time.
    flushing: tokio::sync::Mutex<()>,
    /// Files that are no longer part of the table, and since when: queries may still read them.
    retired: Mutex<Vec<(Instant, Arc<LiveFile>)>>,
}

/// What we know of the Delta log.
#[derive(Debug)]
enum Log {
    /// It has to be opened, for the first time or because nobody knows how a commit ended.
    Unknown,
    /// There is none until the first file.
    Missing,
    Open(DeltaLog),
    /// Somebody else writes this table; we do not any more.
    Fenced {
        version: u64,
    },
}

#[derive(Debug, Default)]
struct Contents {
    /// Whether `files` and `committed` are known.
    is_open: bool,
    files: Arc<Vec<Arc<LiveFile>>>,
    file_rows: u64,
    file_bytes: u64,
    hot: Hot,
    /// Up to here everything is in files, or set aside.
    committed: Position,
    /// The greatest position that we have tried to commit.
    attempted: Position,
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
    /// A table that [`LakeTable::open`] has still to open, unless it `is_new`: then it has no files.
    /// `aside` is the position up to which its rows are set aside.
    pub fn new(store: LakeStore, tenant: TenantId, table: Arc<Table>, is_new: bool, aside: Position) -> Self {
        let name = table.name().clone();
        Self {
            tenant,
            folder: Path::from(tenant.to_string()).join(&*name),
            name,
            trouble: Mutex::default(),
            maintaining: tokio::sync::Mutex::default(),
            store,
            table: RwLock::new(table),
            contents: RwLock::new(Contents { is_open: is_new, committed: aside, ..Contents::default() }),
            log: tokio::sync::Mutex::new(if is_new { Log::Missing } else { Log::Unknown }),
            flushing: tokio::sync::Mutex::default(),
            retired: Mutex::default(),
        }
    }

    /// Makes sure that the files are known.
    pub async fn open(&self) -> Result<(), LakeError> {
        if self.contents.read().is_open {
            return Ok(());
        }
        self.know_log().await
    }

    /// Where the files are.
    pub fn store(&self) -> &LakeStore {
        &self.store
    }

    /// The table's schema as the catalog has it now.
    pub fn table(&self) -> Arc<Table> {
        self.table.read().clone()
    }

    /// Takes note of what the catalog says now.
    pub fn refresh(&self, catalog: &Catalog) {
        if let Some(current) = catalog.table(&self.name)
            && !Arc::ptr_eq(&current, &self.table.read())
        {
            *self.table.write() = current;
        }
    }

    /// Shows the rows that an entry has for this table to queries, each batch with the memory it holds;
    /// all at once, for a flush between two of them would commit a position that has not all its rows.
    /// `false` if they are in files already.
    pub fn take(&self, position: Position, batches: Vec<(RecordBatch, usize)>, now: Instant) -> bool {
        let table = self.table();
        let mut contents = self.contents.write();
        if position <= contents.committed {
            return false;
        }
        for (rows, bytes) in batches {
            contents.hot.push(position, rows, bytes, now);
        }
        // While the position in the log is unknown, every entry has to stay by itself: it may be in a file.
        if contents.is_open {
            contents.hot.pack(&table);
        }
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
            file_rows: contents.file_rows,
            file_bytes: contents.file_bytes,
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

    /// Whether rows are being written to a file right now.
    pub fn is_flushing(&self) -> bool {
        self.flushing.try_lock().is_err()
    }

    /// Writes the hot rows to one file and commits it; waits for a flush that is under way.
    ///
    /// # Errors
    /// The rows stay in memory. Whether the commit is there is found out before anything else is done.
    pub async fn flush(&self) -> Result<(), LakeError> {
        let _one_at_a_time = self.flushing.lock().await;
        self.know_log().await?;
        let batches = self.contents.write().hot.freeze();
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else { return Ok(()) };
        let (first, last) = (first.first, last.last);
        let table = self.table();
        let origin = Origin::Journal { first: first.0, last: last.0 };
        let file = self.write_file(table.clone(), batches, origin).await?;

        let mut log = self.log.lock().await;
        self.ready(&mut log).await?;
        if self.contents.read().committed >= last {
            return Ok(());
        }
        self.contents.write().attempted = last;
        let committed = async {
            let log = self.writable(&mut log, &table).await?;
            log.append(&file, last).await
        };
        let outcome = committed.await;
        match outcome {
            Ok(live) => {
                let mut contents = self.contents.write();
                contents.add(vec![live]);
                contents.committed = last;
                contents.hot.forget(last, Instant::now());
            }
            Err(error) => return Err(give_up(&mut log, error)),
        }
        if let Log::Open(log) = &mut *log
            && let Err(error) = log.checkpoint_if_due().await
        {
            // Nothing depends on it but the time that opening takes.
            tracing::warn!(error = error.chain(), table = &*self.name, "no checkpoint");
        }
        Ok(())
    }

    /// Writes the hot rows beside the table, so that what is wrong with it holds up nobody else.
    ///
    /// `false` if that is not safe: when a commit of theirs may have succeeded.
    pub async fn set_aside(&self) -> Result<bool, LakeError> {
        let _one_at_a_time = self.flushing.lock().await;
        let mut log = self.log.lock().await;
        // Where the log can still be read, it tells how the last commit ended.
        let _ = self.ready(&mut log).await;
        let (batches, table) = {
            let mut contents = self.contents.write();
            let is_certain = !matches!(*log, Log::Unknown) || contents.attempted <= contents.committed;
            if !is_certain {
                return Ok(false);
            }
            (contents.hot.freeze(), self.table())
        };
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else { return Ok(true) };
        let (first, last) = (first.first, last.last);
        let schema = union_schema(&table, batches.iter().map(|batch| &batch.rows));
        let mut completer = crate::complete::Completer::new(&table, self.tenant, schema);
        let rows: Vec<RecordBatch> =
            batches.iter().map(|batch| completer.complete(&batch.rows)).collect::<Result<_, _>>()?;
        Aside::range(self.tenant, &self.name, first, last).write(&self.store, &rows).await?;
        let mut contents = self.contents.write();
        contents.committed = contents.committed.max(last);
        contents.hot.forget(last, Instant::now());
        Ok(true)
    }

    /// Commits rows that had been set aside, once; `false` if they still do not fit.
    pub async fn take_back(&self, aside: &Aside) -> Result<bool, LakeError> {
        let _one_at_a_time = self.flushing.lock().await;
        let mut log = self.log.lock().await;
        self.ready(&mut log).await?;
        let table = self.table();
        let rows = aside.read(&self.store).await?;
        if let Some(misfit) = rows.first().and_then(|rows| misfit(&table, rows)) {
            tracing::warn!(table = &*self.name, column = misfit, "rows stay aside: a column does not fit");
            return Ok(false);
        }
        if let Log::Open(log) = &mut *log
            && log.has_taken_back(&aside.name).await?
        {
            aside.delete(&self.store).await?;
            return Ok(true);
        }
        let batches =
            rows.into_iter().map(|rows| HotBatch { rows, first: aside.last, last: aside.last, bytes: 0 });
        let file = self.write_file(table.clone(), batches.collect(), Origin::Aside).await?;
        let committed = async {
            let log = self.writable(&mut log, &table).await?;
            log.take_back(&file, &aside.name).await
        };
        let outcome = committed.await;
        match outcome {
            Ok(live) => self.contents.write().add(vec![live]),
            Err(error) => return Err(give_up(&mut log, error)),
        }
        tracing::info!(table = &*self.name, rows = file.rows, "rows that were set aside are in their table");
        aside.delete(&self.store).await?;
        Ok(true)
    }

    /// Replaces files by others with the same rows, or removes them.
    pub async fn replace(&self, old: &[Arc<LiveFile>], new: &[WrittenFile]) -> Result<(), LakeError> {
        let mut log = self.log.lock().await;
        self.ready(&mut log).await?;
        let conflict = |version| LakeError::Conflict { table: self.folder.to_string(), version };
        let Log::Open(delta) = &mut *log else { return Err(conflict(0)) };
        let removed: HashSet<&str> = old.iter().map(|file| file.path.as_str()).collect();
        let live = self.contents.read().files.clone();
        if live.iter().filter(|file| removed.contains(file.path.as_str())).count() != removed.len() {
            return Err(conflict(0));
        }
        let outcome = delta.replace(old.iter().map(|file| &**file), new).await;
        let added = match outcome {
            Ok(added) => added,
            Err(error) => return Err(give_up(&mut log, error)),
        };
        self.contents.write().exchange(&removed, added);
        self.retire(old.iter().cloned());
        Ok(())
    }

    /// Makes a file under the table's folder out of parts that come one by one.
    pub async fn upload(&self, file: &str) -> Result<crate::store::Upload, LakeError> {
        self.store.upload(&self.path_of(file)).await
    }

    /// Deletes files that left the table before the grace period and that no query reads any more.
    pub async fn bury(&self, grace: Duration) -> Result<(), LakeError> {
        let is_due = |(since, file): &(Instant, Arc<LiveFile>)| {
            since.elapsed() >= grace && Arc::strong_count(file) == 1
        };
        let due: Vec<_> = self.retired.lock().extract_if(.., |retired| is_due(retired)).collect();
        let mut failed = Ok(());
        for (since, file) in due {
            if let Err(error) = self.store.delete(&self.path_of(&file.path)).await {
                self.retired.lock().push((since, file));
                failed = Err(error);
            }
        }
        failed
    }

    /// Deletes files that no log speaks of and that are older than `age`: what a crash left between writing
    /// a file and its commit. A younger one may be about to be committed.
    pub async fn bury_unknown(&self, age: Duration, now: i64) -> Result<(), LakeError> {
        if matches!(*self.log.lock().await, Log::Unknown | Log::Missing | Log::Fenced { .. }) {
            return Ok(());
        }
        let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
        for object in self.store.list(&self.folder).await? {
            let name = object.location.filename().unwrap_or_default();
            let is_old = object.last_modified.timestamp_micros() < now - age;
            if is_old && name.ends_with(".parquet") && !self.knows(name) {
                tracing::info!(table = &*self.name, name, "a file that no log speaks of is deleted");
                self.store.delete(&object.location).await?;
            }
        }
        Ok(())
    }

    /// Whether a file is part of the table, or was until a moment ago.
    fn knows(&self, file: &str) -> bool {
        self.contents.read().files.iter().any(|live| live.path == file)
            || self.retired.lock().iter().any(|(_, retired)| retired.path == file)
    }

    /// Copies the log and links the files of this moment into `target`, for a backup.
    pub async fn copy(&self, target: &std::path::Path) -> Result<(), LakeError> {
        let mut log = self.log.lock().await;
        self.ready(&mut log).await?;
        if matches!(*log, Log::Missing) {
            return Ok(());
        }
        let Some(root) = self.store.folder() else {
            let text = "a lake in a bucket is not copied with the data folder: use the bucket's own versions";
            return Err(LakeError::NotSupported(text.into()));
        };
        let from = root.join(self.tenant.to_string()).join(&*self.name);
        let files = self.contents.read().files.clone();
        let to = target.to_owned();
        tokio::task::spawn_blocking(move || crate::backup::copy_table(&from, &to, &files)).await??;
        // Only now may a commit or a checkpoint change the log.
        drop(log);
        Ok(())
    }

    /// Makes sure that what is known of the files is what the log says, also after a commit whose outcome was
    /// unknown.
    pub async fn know_log(&self) -> Result<(), LakeError> {
        let mut log = self.log.lock().await;
        self.ready(&mut log).await
    }

    /// Opens the log if it is not known.
    async fn ready(&self, log: &mut Log) -> Result<(), LakeError> {
        match log {
            Log::Missing | Log::Open(_) => Ok(()),
            Log::Fenced { version } => {
                Err(LakeError::Fenced { table: self.folder.to_string(), version: *version })
            }
            Log::Unknown => {
                match DeltaLog::open(&self.store, &self.folder).await? {
                    Some(opened) => *log = self.adopt(opened)?,
                    None => {
                        self.contents.write().is_open = true;
                        *log = Log::Missing;
                    }
                }
                Ok(())
            }
        }
    }

    /// Takes what the log says for what is. If it is the log after a commit whose outcome was unknown, its
    /// position tells: the rows up to there are in files.
    fn adopt(&self, opened: Opened) -> Result<Log, LakeError> {
        let mut contents = self.contents.write();
        let ours = contents.committed.max(contents.attempted);
        if contents.is_open && opened.position > ours {
            let version = opened.log.version();
            return Err(LakeError::Fenced { table: self.folder.to_string(), version });
        }
        let files: HashSet<&str> = opened.files.iter().map(|file| file.path.as_str()).collect();
        let gone = contents.files.iter().filter(|file| !files.contains(file.path.as_str())).cloned();
        let gone: Vec<_> = gone.collect();
        contents.set_files(opened.files.into_iter().map(Arc::new).collect());
        contents.committed = contents.committed.max(opened.position);
        contents.is_open = true;
        let committed = contents.committed;
        contents.hot.forget(committed, Instant::now());
        drop(contents);
        self.retire(gone.into_iter());
        Ok(Log::Open(opened.log))
    }

    /// The log, with a table in it that has all the columns of the catalog's.
    async fn writable<'a>(&self, log: &'a mut Log, table: &Table) -> Result<&'a mut DeltaLog, LakeError> {
        if matches!(log, Log::Missing) {
            *log = Log::Open(DeltaLog::create(&self.store, &self.folder, table).await?);
        }
        let Log::Open(open) = log else {
            return Err(LakeError::Conflict { table: self.folder.to_string(), version: 0 });
        };
        open.evolve(table).await?;
        Ok(open)
    }

    /// Writes batches to a Parquet file that no log speaks of yet.
    async fn write_file(
        &self,
        table: Arc<Table>,
        batches: Vec<HotBatch>,
        origin: Origin,
    ) -> Result<WrittenFile, LakeError> {
        let tenant = self.tenant;
        let encode = move || -> Result<(WrittenFile, Bytes), LakeError> {
            let columns = union_schema(&table, batches.iter().map(|batch| &batch.rows));
            let has = |name: &str| columns.column_with_name(name).is_some();
            let sample = batches.iter().max_by_key(|batch| batch.rows.num_rows());
            let sample = sample.map_or_else(|| RecordBatch::new_empty(columns.clone()), |b| b.rows.clone());
            let mut writer = FileWriter::new(&table, tenant, has, &sample, Effort::Flush, &origin)?;
            for batch in &batches {
                writer.write(&batch.rows)?;
            }
            writer.finish()
        };
        let (file, bytes) = tokio::task::spawn_blocking(encode).await??;
        self.store.write(&self.path_of(&file.path), bytes).await?;
        Ok(file)
    }

    fn path_of(&self, file: &str) -> Path {
        self.folder.clone().join(file)
    }

    fn retire(&self, files: impl Iterator<Item = Arc<LiveFile>>) {
        let now = Instant::now();
        self.retired.lock().extend(files.map(|file| (now, file)));
    }
}

impl Contents {
    fn set_files(&mut self, files: Vec<Arc<LiveFile>>) {
        self.file_rows = files.iter().map(|file| file.rows).sum();
        self.file_bytes = files.iter().map(|file| file.bytes).sum();
        self.files = Arc::new(files);
    }

    fn add(&mut self, new: Vec<LiveFile>) {
        self.exchange(&HashSet::new(), new);
    }

    fn exchange(&mut self, removed: &HashSet<&str>, new: Vec<LiveFile>) {
        let kept = self.files.iter().filter(|file| !removed.contains(file.path.as_str())).cloned();
        self.set_files(kept.chain(new.into_iter().map(Arc::new)).collect());
    }
}

/// The first column of `rows` that the table has not, or has with another type.
pub(crate) fn misfit(table: &Table, rows: &RecordBatch) -> Option<String> {
    let physical = table.physical_schema();
    let fits = |field: &arrow_schema::Field| {
        physical
            .column_with_name(field.name())
            .is_some_and(|(_, known)| known.data_type() == field.data_type())
    };
    rows.schema_ref().fields().iter().find(|field| !fits(field)).map(|field| field.name().clone())
}

/// After an error nobody knows what the log holds.
fn give_up(log: &mut Log, error: LakeError) -> LakeError {
    *log = match &error {
        LakeError::Fenced { version, .. } => Log::Fenced { version: *version },
        _ => Log::Unknown,
    };
    error
}
