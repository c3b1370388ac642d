//! The Delta log of one table: reading it with `deltalake`, and committing by ourselves.
//!
//! Commits are written as a whole to a draft, synced, and given the name of the next version only if no file
//! has it, which is Delta's own rule of who wins. This stays flat at any number of live files, where the
//! library's write path reads its file list anew after each commit, and the object store below it syncs
//! nothing.
//!
//! One process writes a table (the journal's lock sees to that), one commit at a time (the table's lock).

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use deltalake::{
    DeltaTable, DeltaTableBuilder,
    kernel::{
        Action, Add, Remove, StructField, Transaction, engine::arrow_conversion::TryFromArrow,
        transaction::CommitData,
    },
    operations::create::CreateBuilder,
    protocol::{DeltaOperation, SaveMode},
};
use phalanx_journal::Position;
use phalanx_signal::Table;
use url::Url;

use crate::{LakeError, names, parquet_file::WrittenFile};

/// The application id of the journal's positions.
const JOURNAL: &str = "journal/0";

/// Commits between two checkpoints.
const CHECKPOINT_EVERY: u64 = 100;

/// A file that is part of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveFile {
    /// Relative to the table's folder.
    pub path: String,
    pub bytes: u64,
    pub rows: u64,
    /// Least and greatest time, in microseconds since 1970, of the statistics columns.
    pub ranges: std::collections::BTreeMap<String, (i64, i64)>,
    /// The `add` action as it stands in the log, for removing it.
    add: Box<Add>,
}

/// The log of a table that exists.
#[derive(Debug)]
pub(crate) struct DeltaLog {
    folder: PathBuf,
    next: u64,
}

/// What an opened log tells.
pub(crate) struct Opened {
    pub log: DeltaLog,
    pub files: Vec<Arc<LiveFile>>,
    /// Up to here the table has everything that the journal had for it.
    pub position: Position,
}

impl DeltaLog {
    /// Opens the table in `folder`; `None` when there is none. A last commit that a power cut left half
    /// written is put aside: its rows are still in the journal, for the position follows the commit.
    pub async fn open(folder: &Path) -> Result<Option<Opened>, LakeError> {
        if !folder.join("_delta_log").is_dir() {
            return Ok(None);
        }
        put_aside_torn_commits(folder)?;
        if newest_version(folder)?.is_none() {
            return Ok(None);
        }
        let mut table = open(folder)?;
        table.load().await.map_err(LakeError::delta("opened", folder))?;
        let state = table.snapshot().map_err(LakeError::delta("opened", folder))?;
        let store = table.log_store();
        let version = state
            .transaction_version(store.as_ref(), JOURNAL)
            .await
            .map_err(LakeError::delta("asked for its position", folder))?;
        let files =
            state.log_data().iter().map(|file| Arc::new(LiveFile::from_add(file.add_action()))).collect();
        let log = Self { folder: folder.to_owned(), next: state.version() as u64 + 1 };
        let position = Position(version.and_then(|v| u64::try_from(v).ok()).unwrap_or(0));
        Ok(Some(Opened { log, files, position }))
    }

    /// Makes the table in `folder`.
    pub async fn create(folder: &Path, table: &Table) -> Result<Self, LakeError> {
        fs::create_dir_all(folder).map_err(LakeError::io("create", folder))?;
        let fields = table
            .physical_schema()
            .fields()
            .iter()
            .map(|field| StructField::try_from_arrow(field.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        let statistics = names::statistics_columns(table).join(",");
        CreateBuilder::new()
            .with_location(url(folder)?.to_string())
            .with_columns(fields)
            .with_configuration([("delta.dataSkippingStatsColumns", Some(statistics))])
            .await
            .map_err(LakeError::delta("created", folder))?;
        sync_folder(&folder.join("_delta_log"))?;
        sync_folder(folder)?;
        if let Some(parent) = folder.parent() {
            sync_folder(parent)?;
        }
        Ok(Self { folder: folder.to_owned(), next: 1 })
    }

    /// Adds columns that the catalog's table has gained.
    pub async fn evolve(&mut self, table: &Table) -> Result<(), LakeError> {
        let mut opened = open(&self.folder)?;
        opened.load().await.map_err(LakeError::delta("opened", &self.folder))?;
        let state = opened.snapshot().map_err(LakeError::delta("opened", &self.folder))?;
        let known = state.schema();
        let mut new = Vec::new();
        for field in table.physical_schema().fields() {
            if known.field(field.name()).is_none() {
                new.push(StructField::try_from_arrow(field.as_ref())?);
            }
        }
        if new.is_empty() {
            return Ok(());
        }
        let changed = opened.add_columns().with_fields(new).await;
        let changed = changed.map_err(LakeError::delta("given new columns", &self.folder))?;
        self.next = changed.version().map_or(self.next, |version| version as u64 + 1);
        sync_folder(&self.folder.join("_delta_log"))
    }

    /// Adds a file whose rows complete the table up to `position`.
    pub fn append(&mut self, file: &WrittenFile, position: Position) -> Result<Arc<LiveFile>, LakeError> {
        let add = add_action(file, true);
        let transaction = Transaction::new(JOURNAL, i64::try_from(position.0).unwrap_or(i64::MAX));
        let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
        self.commit(vec![Action::Add(add.clone())], operation, vec![transaction])?;
        Ok(Arc::new(LiveFile::from_add(add)))
    }

    /// Replaces files by one that has the same rows, or by nothing where they have expired.
    pub fn replace(
        &mut self,
        old: &[Arc<LiveFile>],
        new: Option<&WrittenFile>,
    ) -> Result<Option<Arc<LiveFile>>, LakeError> {
        let is_change = new.is_none();
        let now = chrono::Utc::now().timestamp_millis();
        let mut actions: Vec<Action> =
            old.iter().map(|file| Action::Remove(remove_action(&file.add, is_change, now))).collect();
        let add = new.map(|file| add_action(file, false));
        actions.extend(add.clone().map(Action::Add));
        let operation = if is_change {
            DeltaOperation::Delete { predicate: None }
        } else {
            DeltaOperation::Optimize { predicate: None, target_size: 128 << 20 }
        };
        self.commit(actions, operation, Vec::new())?;
        Ok(add.map(|add| Arc::new(LiveFile::from_add(add))))
    }

    /// Whether a checkpoint is due.
    pub fn is_checkpoint_due(&self) -> bool {
        self.next % CHECKPOINT_EVERY == 0
    }

    /// Writes a checkpoint, so that opening stays fast, and forgets old commits.
    pub async fn checkpoint(folder: &Path) -> Result<(), LakeError> {
        let mut table = open(folder)?;
        table.load().await.map_err(LakeError::delta("opened", folder))?;
        deltalake::checkpoints::create_checkpoint(&table, None)
            .await
            .map_err(LakeError::delta("checkpointed", folder))?;
        sync_folder(&folder.join("_delta_log"))?;
        deltalake::checkpoints::cleanup_metadata(&table, None)
            .await
            .map_err(LakeError::delta("cleaned up", folder))?;
        Ok(())
    }

    fn commit(
        &mut self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        transactions: Vec<Transaction>,
    ) -> Result<(), LakeError> {
        let data = CommitData::new(actions, operation, Default::default(), transactions);
        let bytes: Bytes = data.get_bytes().map_err(|error| LakeError::Delta {
            doing: "committed to",
            path: self.folder.clone(),
            source: Box::new(error.into()),
        })?;
        let log = self.folder.join("_delta_log");
        let path = log.join(format!("{:020}.json", self.next));
        let draft = log.join(format!(".{:020}.draft", self.next));
        let write = || -> std::io::Result<()> {
            let mut file = File::create(&draft)?;
            file.write_all(&bytes)?;
            file.sync_all()
        };
        write().map_err(LakeError::io("write", &draft))?;
        // The file's content is durable before it has its name, and the folder of the Parquet file is
        // synced before a commit speaks of it.
        sync_folder(&self.folder)?;
        rustix::fs::renameat_with(
            rustix::fs::CWD,
            &draft,
            rustix::fs::CWD,
            &path,
            rustix::fs::RenameFlags::NOREPLACE,
        )
        .map_err(|error| match error {
            rustix::io::Errno::EXIST => LakeError::Conflict { path: self.folder.clone(), version: self.next },
            other => LakeError::io("commit", &path)(other.into()),
        })?;
        sync_folder(&log)?;
        self.next += 1;
        Ok(())
    }
}

impl LiveFile {
    fn from_add(add: Add) -> Self {
        let statistics: serde_json::Value =
            add.stats.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let time = |value: &serde_json::Value| phalanx_signal::time::parse_datetime(value.as_str()?);
        let mut ranges = std::collections::BTreeMap::new();
        for (name, least) in statistics["minValues"].as_object().into_iter().flatten() {
            if let (Some(least), Some(greatest)) = (time(least), time(&statistics["maxValues"][name])) {
                ranges.insert(name.clone(), (least, greatest));
            }
        }
        Self {
            path: add.path.clone(),
            bytes: u64::try_from(add.size).unwrap_or(0),
            rows: statistics["numRecords"].as_u64().unwrap_or(0),
            ranges,
            add: Box::new(add),
        }
    }

    /// When the file was added, in milliseconds since 1970.
    pub fn added(&self) -> i64 {
        self.add.modification_time
    }
}

fn add_action(file: &WrittenFile, data_change: bool) -> Add {
    Add {
        path: file.path.clone(),
        size: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        modification_time: chrono::Utc::now().timestamp_millis(),
        data_change,
        stats: Some(file.statistics()),
        ..Default::default()
    }
}

fn remove_action(add: &Add, data_change: bool, now: i64) -> Remove {
    Remove {
        path: add.path.clone(),
        data_change,
        deletion_timestamp: Some(now),
        extended_file_metadata: Some(true),
        partition_values: Some(add.partition_values.clone()),
        size: Some(add.size),
        ..Default::default()
    }
}

fn url(folder: &Path) -> Result<Url, LakeError> {
    let absolute = std::path::absolute(folder).map_err(LakeError::io("find", folder))?;
    Url::from_directory_path(&absolute)
        .map_err(|()| LakeError::io("name", folder)(std::io::ErrorKind::InvalidInput.into()))
}

fn open(folder: &Path) -> Result<DeltaTable, LakeError> {
    DeltaTableBuilder::from_url(url(folder)?)
        .and_then(DeltaTableBuilder::build)
        .map_err(LakeError::delta("opened", folder))
}

/// The newest version that the log has as JSON.
fn newest_version(folder: &Path) -> Result<Option<u64>, LakeError> {
    Ok(versions(folder)?.into_iter().max())
}

fn versions(folder: &Path) -> Result<Vec<u64>, LakeError> {
    let log = folder.join("_delta_log");
    let entries = fs::read_dir(&log).map_err(LakeError::io("read", &log))?;
    Ok(entries
        .filter_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?.strip_suffix(".json")?.parse().ok()
        })
        .collect())
}

fn put_aside_torn_commits(folder: &Path) -> Result<(), LakeError> {
    while let Some(version) = newest_version(folder)? {
        let path = folder.join("_delta_log").join(format!("{version:020}.json"));
        let text = fs::read(&path).map_err(LakeError::io("read", &path))?;
        let mut lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty()).peekable();
        let is_whole = lines.peek().is_some()
            && lines.all(|line| {
                serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_ok()
            });
        if is_whole {
            return Ok(());
        }
        let aside = path.with_extension("torn");
        tracing::warn!(path = %path.display(), "a half-written commit is put aside; the journal has its rows");
        fs::rename(&path, &aside).map_err(LakeError::io("put aside", &path))?;
    }
    Ok(())
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), LakeError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(LakeError::io("sync", folder))
}
