//! The Delta log of one table: reading it with `deltalake`, and committing by ourselves.
//!
//! A commit is put under the name of the next version only if nobody has it, which is Delta's own rule of who
//! wins. This stays flat at any number of live files, where the library's write path reads its file list anew
//! after each commit.
//!
//! Only we append to a table, from one process, one commit at a time (the table's lock), so a name that is
//! taken is somebody's maintenance, an attempt of ours that seemed to have failed, or a second lake, which
//! must not be. After an error nobody knows whether the commit is there: the log is given up and opened
//! again, and its position tells.

mod actions;
mod repair;

use std::collections::HashSet;

use bytes::Bytes;
use deltalake::{
    DeltaTable, DeltaTableBuilder, DeltaTableError,
    kernel::{
        Action, MetadataExt, StructField, StructType, Transaction, engine::arrow_conversion::TryFromArrow,
        new_metadata, transaction::CommitData,
    },
    protocol::{DeltaOperation, SaveMode},
};
use object_store::path::Path;
use phalanx_journal::Position;
use phalanx_signal::Table;
use serde_json::json;
use url::Url;

pub(crate) use self::actions::LiveFile;
use self::actions::{Commit, add_action};
use crate::{LakeError, names, parquet_file::WrittenFile, store::LakeStore};

/// The application id of the journal's positions.
const JOURNAL: &str = "journal/0";

/// The application id of compaction and expiry.
const MAINTENANCE: &str = "maintenance";

/// Commits between two checkpoints.
const CHECKPOINT_EVERY: u64 = 100;

/// How long commits before the last checkpoint are kept. Nothing here reads them; others may.
const LOG_RETENTION: &str = "interval 1 days";

/// Names that may be taken in a row before we look at the table anew.
const TAKEN_MAX: usize = 100;

/// The log of a table that exists.
#[derive(Debug)]
pub(crate) struct DeltaLog {
    store: LakeStore,
    folder: Path,
    next: u64,
    /// Columns of the table, by physical name.
    columns: HashSet<String>,
    checkpointed: u64,
}

/// What an opened log tells.
pub(crate) struct Opened {
    pub log: DeltaLog,
    pub files: Vec<LiveFile>,
    /// Up to here the table has everything that the journal had for it.
    pub position: Position,
}

impl DeltaLog {
    /// Opens the table in `folder`; `None` when there is none.
    ///
    /// A newest commit that is damaged is put aside and made again from the files it spoke of ([`repair`]).
    pub async fn open(store: &LakeStore, folder: &Path) -> Result<Option<Opened>, LakeError> {
        let log = folder.clone().join("_delta_log");
        let versions = versions(store, &log).await?;
        let torn = repair::put_aside_torn(store, &log, &versions.commits).await?;
        if versions.commits.len() == torn && versions.checkpoint.is_none() {
            return Ok(None);
        }
        let table = load(store, folder).await?;
        let mut opened = Self::read(store, folder, &table, versions.checkpoint.unwrap_or(0)).await?;
        if torn > 0 {
            repair::recommit(&mut opened).await?;
        }
        Ok(Some(opened))
    }

    async fn read(
        store: &LakeStore,
        folder: &Path,
        table: &DeltaTable,
        checkpointed: u64,
    ) -> Result<Opened, LakeError> {
        let state = table.snapshot().map_err(LakeError::delta("opened", folder))?;
        let version = state
            .transaction_version(table.log_store().as_ref(), JOURNAL)
            .await
            .map_err(LakeError::delta("asked for its position", folder))?;
        let files = state.log_data();
        let files = files.iter().map(|file| {
            LiveFile::new(&file.path(), file.size(), file.modification_time(), file.stats().as_deref())
        });
        let files = files.collect();
        let columns = state.schema().fields().map(|field| field.name().to_owned()).collect();
        let log = Self {
            store: store.clone(),
            folder: folder.clone(),
            next: state.version() + 1,
            columns,
            checkpointed,
        };
        let position = Position(version.and_then(|v| u64::try_from(v).ok()).unwrap_or(0));
        Ok(Opened { log, files, position })
    }

    /// Makes the table in `folder`.
    pub async fn create(store: &LakeStore, folder: &Path, table: &Table) -> Result<Self, LakeError> {
        let made = LakeError::delta("created", folder);
        let prepare = || -> Result<_, DeltaTableError> {
            let schema = StructType::try_from_arrow(table.physical_schema().as_ref())?;
            let configuration = [
                ("delta.dataSkippingStatsColumns", names::statistics_columns(table).join(",")),
                ("delta.logRetentionDuration", LOG_RETENTION.to_owned()),
            ];
            let metadata = new_metadata(&schema, Vec::<String>::new(), configuration)?;
            let protocol = serde_json::from_value(json!({ "minReaderVersion": 1, "minWriterVersion": 2 }))?;
            Ok((metadata, protocol))
        };
        let (metadata, protocol): (_, deltalake::kernel::Protocol) = prepare().map_err(made)?;
        let columns = table.physical_schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut log =
            Self { store: store.clone(), folder: folder.clone(), next: 0, columns, checkpointed: 0 };
        let operation = DeltaOperation::Create {
            mode: SaveMode::ErrorIfExists,
            location: location(folder)?,
            protocol: protocol.clone(),
            metadata: metadata.clone(),
        };
        let actions = vec![Action::Protocol(protocol), Action::Metadata(metadata)];
        log.commit(actions, operation, Vec::new(), &HashSet::new()).await?;
        Ok(log)
    }

    /// Adds the columns that the catalog's table has and this one has not. A column is never removed.
    pub async fn evolve(&mut self, table: &Table) -> Result<(), LakeError> {
        let fields = table.physical_schema().fields().iter();
        let new: Vec<_> = fields.filter(|field| !self.columns.contains(field.name())).collect();
        if new.is_empty() {
            return Ok(());
        }
        let opened = load(&self.store, &self.folder).await?;
        let prepare = || -> Result<_, DeltaTableError> {
            let state = opened.snapshot()?;
            let added: Vec<StructField> = new
                .iter()
                .map(|field| StructField::try_from_arrow(field.as_ref()))
                .collect::<Result<_, _>>()?;
            let schema = state.schema();
            let all = schema.fields().cloned().chain(added.clone());
            let metadata = state.metadata().clone().with_schema(&StructType::try_new(all)?)?;
            Ok((metadata, added))
        };
        let (metadata, added) = prepare().map_err(LakeError::delta("given new columns", &self.folder))?;
        let names: Vec<String> = added.iter().map(|field| field.name().to_owned()).collect();
        let operation = DeltaOperation::AddColumn { fields: added };
        self.commit(vec![Action::Metadata(metadata)], operation, Vec::new(), &HashSet::new()).await?;
        self.columns.extend(names);
        Ok(())
    }

    /// Adds a file whose rows complete the table up to `position`.
    pub async fn append(&mut self, file: &WrittenFile, position: Position) -> Result<LiveFile, LakeError> {
        self.add(file, Transaction::new(JOURNAL, i64::try_from(position.0).unwrap_or(i64::MAX))).await
    }

    /// Adds a file of rows that were set aside, once: see [`DeltaLog::has_taken_back`].
    pub async fn take_back(&mut self, file: &WrittenFile, name: &str) -> Result<LiveFile, LakeError> {
        self.add(file, Transaction::new(aside_application(name), 1)).await
    }

    /// Whether rows that were set aside are in the table already.
    pub async fn has_taken_back(&self, name: &str) -> Result<bool, LakeError> {
        let table = load(&self.store, &self.folder).await?;
        let state = table.snapshot().map_err(LakeError::delta("opened", &self.folder))?;
        let store = table.log_store();
        let version = state.transaction_version(store.as_ref(), aside_application(name)).await;
        Ok(version.map_err(LakeError::delta("asked for its transactions", &self.folder))?.is_some())
    }

    async fn add(&mut self, file: &WrittenFile, transaction: Transaction) -> Result<LiveFile, LakeError> {
        let add = add_action(file, true, now());
        let operation = DeltaOperation::Write { mode: SaveMode::Append, partition_by: None, predicate: None };
        self.commit(vec![Action::Add(add.clone())], operation, vec![transaction], &HashSet::new()).await?;
        Ok(LiveFile::from_add(&add))
    }

    /// Replaces files by others that have the same rows, or by none where they have expired.
    pub async fn replace<'a>(
        &mut self,
        old: impl Iterator<Item = &'a LiveFile> + Clone,
        new: &[WrittenFile],
    ) -> Result<Vec<LiveFile>, LakeError> {
        let (is_change, now) = (new.is_empty(), now());
        let adds: Vec<_> = new.iter().map(|file| add_action(file, false, now)).collect();
        let removes = old.clone().map(|file| file.remove_action(is_change, now));
        let actions = removes.chain(adds.iter().cloned().map(Action::Add)).collect();
        let operation = if is_change {
            DeltaOperation::Delete { predicate: None }
        } else {
            DeltaOperation::Optimize { predicate: None, target_size: crate::maintain::TARGET_BYTES }
        };
        let removed: HashSet<&str> = old.map(|file| file.path.as_str()).collect();
        let transaction = Transaction::new(MAINTENANCE, i64::try_from(self.next).unwrap_or(i64::MAX));
        self.commit(actions, operation, vec![transaction], &removed).await?;
        Ok(adds.iter().map(LiveFile::from_add).collect())
    }

    /// Writes a checkpoint if one is due, so that opening stays fast, and forgets old commits.
    pub async fn checkpoint_if_due(&mut self) -> Result<(), LakeError> {
        if self.next < self.checkpointed + CHECKPOINT_EVERY {
            return Ok(());
        }
        // One that fails is tried again after as many commits, not after each.
        self.checkpointed = self.next;
        let table = load(&self.store, &self.folder).await?;
        deltalake::checkpoints::create_checkpoint(&table, None)
            .await
            .map_err(LakeError::delta("checkpointed", &self.folder))?;
        let cleaned = deltalake::checkpoints::cleanup_metadata(&table, None).await;
        cleaned.map(drop).map_err(LakeError::delta("cleaned up", &self.folder))
    }

    /// Makes the next version. `removed` are files that must still be there.
    ///
    /// # Errors
    /// After any error this log must be opened again.
    async fn commit(
        &mut self,
        actions: Vec<Action>,
        operation: DeltaOperation,
        transactions: Vec<Transaction>,
        removed: &HashSet<&str>,
    ) -> Result<(), LakeError> {
        let is_new = self.next == 0;
        let data = CommitData::new(actions, operation, Default::default(), transactions);
        let bytes = data.get_bytes().map_err(|error| LakeError::Delta {
            doing: "committed to",
            table: self.folder.to_string(),
            source: Box::new(error.into()),
        })?;
        for _ in 0..TAKEN_MAX {
            let path = commit_path(&self.folder, self.next);
            if self.store.create(&path, bytes.clone()).await? {
                self.next += 1;
                return Ok(());
            }
            let taken = self.store.read(&path).await?.unwrap_or_default();
            if taken == bytes {
                // The store tried twice and the first try had succeeded.
                self.next += 1;
                return Ok(());
            }
            self.check_fit(&taken, removed, is_new)?;
            self.next += 1;
        }
        Err(LakeError::Conflict { table: self.folder.to_string(), version: self.next })
    }

    /// The newest version.
    pub fn version(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// Whether a commit still fits behind one that was faster.
    fn check_fit(&self, taken: &Bytes, removed: &HashSet<&str>, is_new: bool) -> Result<(), LakeError> {
        let (table, version) = (self.folder.to_string(), self.next);
        match Commit::read(taken) {
            Some(commit) if commit.has_transaction(JOURNAL) => Err(LakeError::Fenced { table, version }),
            Some(commit) if !is_new && !commit.changes(removed) => Ok(()),
            _ => Err(LakeError::Conflict { table, version }),
        }
    }
}

fn aside_application(name: &str) -> String {
    format!("aside/{name}")
}

fn commit_path(folder: &Path, version: u64) -> Path {
    folder.clone().join("_delta_log").join(format!("{version:020}.json"))
}

/// Milliseconds since 1970. It is for others to read: nothing here depends on it.
fn now() -> i64 {
    chrono::Utc::now().timestamp_millis()
}

/// The table's place as the library wants it. It is resolved by our store alone, whatever that is; the scheme
/// tells the library only that listings come in order.
fn location(folder: &Path) -> Result<Url, LakeError> {
    Url::parse(&format!("memory:///{folder}/")).map_err(|error| LakeError::Store {
        doing: "name",
        path: folder.to_string(),
        source: Box::new(object_store::Error::Generic { store: "lake", source: error.into() }),
    })
}

async fn load(store: &LakeStore, folder: &Path) -> Result<DeltaTable, LakeError> {
    let location = location(folder)?;
    let mut table = DeltaTableBuilder::from_url(location.clone())
        .and_then(|builder| builder.with_storage_backend(store.objects().clone(), location).build())
        .map_err(LakeError::delta("opened", folder))?;
    table.load().await.map_err(LakeError::delta("opened", folder))?;
    Ok(table)
}

struct Versions {
    /// Commits that are there as JSON, in order.
    commits: Vec<u64>,
    /// The newest checkpoint.
    checkpoint: Option<u64>,
}

async fn versions(store: &LakeStore, log: &Path) -> Result<Versions, LakeError> {
    let mut versions = Versions { commits: Vec::new(), checkpoint: None };
    for object in store.list(log).await? {
        let Some((version, kind)) = object.location.filename().and_then(|name| name.split_once('.')) else {
            continue;
        };
        match version.parse() {
            Ok(version) if kind == "json" => versions.commits.push(version),
            Ok(version) if kind.starts_with("checkpoint") => {
                versions.checkpoint = versions.checkpoint.max(Some(version));
            }
            _ => {}
        }
    }
    versions.commits.sort_unstable();
    Ok(versions)
}
