//! Copies of a whole data folder, taken while it is in use, and data folders made from them.
//!
//! A backup is a tar archive compressed with zstd. The order of copying makes it consistent: how far each
//! consumer of the journal has come is copied first, then the documents, then the lake as it is at one
//! moment, then the journal, which holds every entry behind those positions (it drops nothing until the copy
//! is done). So no consumer of the restored folder is further than what it has made of the entries, and opening
//! the folder replays the journal exactly as after a crash. `phalanx.json` comes last: a folder from an
//! archive that broke off is not taken for a data folder.
//!
//! Documents are in the archive in a form of their own, the same for SQLite and PostgreSQL, and are restored into
//! either. A copy never opens the database of its original: where the original's configuration names one,
//! whoever restores must name another.

use std::{
    fs,
    io::{self, Write},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, bail};
use axum::body::Bytes;
use phalanx_journal::{Journal, POSITIONS_FILE, Start};
use phalanx_lake::Lake;
use phalanx_state::State;
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::state_url;

/// Folders and files that are copied as they are, beside state, lake and journal.
const PLAIN: [&str; 2] = ["keys", "tls"];

/// What the parts of a backup are copied from.
pub(super) struct Parts<'a> {
    pub folder: &'a Path,
    /// A copy of the documents, and its name in the archive.
    pub state: (&'a Path, &'static str),
    /// A copy of the lake.
    pub lake: &'a Path,
    pub journal: &'a Path,
    /// A copy of the consumers' positions, older than those of documents and lake.
    pub positions: &'a Path,
    /// The configuration in use, wherever its file lies: tables are declared in it.
    pub config: Option<&'a Path>,
}

/// Writes the archive. Blocking.
pub(super) fn write(parts: &Parts<'_>, out: impl Write) -> anyhow::Result<()> {
    let compressed = zstd::Encoder::new(out, 1).context("zstd")?;
    let mut tar = tar::Builder::new(compressed);
    tar.follow_symlinks(false);
    tar.append_path_with_name(parts.state.0, parts.state.1).context("can't copy the documents")?;
    append_folder(&mut tar, parts.lake, Path::new("lake"), None).context("can't copy the lake")?;
    let journal = Path::new("journal");
    append_folder(&mut tar, parts.journal, journal, Some(POSITIONS_FILE))
        .context("can't copy the journal")?;
    tar.append_path_with_name(parts.positions, journal.join(POSITIONS_FILE))
        .context("can't copy the journal's positions")?;
    for name in PLAIN {
        let path = parts.folder.join(name);
        if path.is_dir() {
            append_folder(&mut tar, &path, Path::new(name), None)?;
        } else if path.is_file() {
            tar.append_path_with_name(&path, name)?;
        }
    }
    if let Some(config) = parts.config {
        // What a link leads to, for the link is of no use elsewhere.
        let text = std::fs::read(config).with_context(|| format!("can't copy `{}`", config.display()))?;
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        tar.append_data(&mut header, "phalanx.toml", text.as_slice())?;
    }
    tar.append_path_with_name(parts.folder.join("phalanx.json"), "phalanx.json")?;
    let compressed = tar.into_inner().context("can't end the archive")?;
    compressed.finish().and_then(|mut out| out.flush()).context("can't end the archive")
}

/// Where the documents of a restored folder are to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Documents {
    /// In the folder, if the backup's configuration says nothing else.
    AsConfigured,
    /// In the folder, whatever it says.
    InFolder,
    /// In the empty database at this URL.
    At(String),
}

/// Makes a data folder from a backup. The target must be new or empty.
pub async fn restore(file: &Path, target: &Path, documents: Documents) -> anyhow::Result<()> {
    let opened = fs::File::open(file).with_context(|| format!("can't read `{}`", file.display()))?;
    if fs::read_dir(target).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` is not empty", target.display());
    }
    let draft = beside(target, ".restoring");
    if draft.exists() {
        fs::remove_dir_all(&draft).with_context(|| format!("can't clear `{}`", draft.display()))?;
    }
    let place = draft.clone();
    let made = async {
        tokio::task::spawn_blocking(move || unpack(opened, &place)).await??;
        let url = documents.url(&draft)?;
        restore_documents(&draft, url.as_deref()).await?;
        state_url::set(&draft.join("phalanx.toml"), url.as_deref().unwrap_or_default())
    };
    made.await.inspect_err(|_| {
        // What was unpacked is useless; the error that matters is the first one.
        let _ = fs::remove_dir_all(&draft);
    })?;
    if target.exists() {
        fs::remove_dir(target).with_context(|| format!("can't replace `{}`", target.display()))?;
    }
    fs::rename(&draft, target).with_context(|| format!("can't name `{}`", target.display()))
}

impl Documents {
    /// The URL of the database that they are to be in; `None` for the folder's own.
    fn url(self, draft: &Path) -> anyhow::Result<Option<String>> {
        match self {
            Self::At(url) => Ok(Some(url)),
            Self::InFolder => Ok(None),
            Self::AsConfigured if state_url::get(&draft.join("phalanx.toml"))?.is_empty() => Ok(None),
            Self::AsConfigured => bail!(
                "the backup's configuration keeps the documents in a database (`state.url`), which the original \
                 may still use; nothing was restored: say where the copy's go, with `--state URL` for an \
                 empty database or `--state sqlite` for a file in the data folder"
            ),
        }
    }
}

async fn restore_documents(draft: &Path, url: Option<&str>) -> anyhow::Result<()> {
    let documents = draft.join("state.jsonl");
    let own = format!("sqlite:{}", draft.join("state.db").display());
    let state = phalanx_state::open(url.unwrap_or(&own), phalanx_state::Options::default())
        .await
        .context("can't open the store that the documents are to be in")?;
    let restored = state.restore_from(&documents).await.context("can't restore the documents");
    state.close().await;
    restored?;
    fs::remove_file(&documents).context("can't remove what the documents were restored from")
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn unpack(file: fs::File, draft: &Path) -> anyhow::Result<()> {
    const DAMAGED: &str = "the backup is damaged or not complete; nothing was restored";
    let mut archive = tar::Archive::new(zstd::Decoder::new(file).context(DAMAGED)?);
    archive.set_preserve_permissions(true);
    archive.set_overwrite(false);
    fs::create_dir_all(draft).with_context(|| format!("can't make `{}`", draft.display()))?;
    for entry in archive.entries().context(DAMAGED)? {
        let mut entry = entry.context(DAMAGED)?;
        let path = entry.path().context(DAMAGED)?.into_owned();
        let is_plain = path.components().all(|part| matches!(part, Component::Normal(_)));
        let kind = entry.header().entry_type();
        if !is_plain || !(kind.is_file() || kind.is_dir()) {
            bail!(
                "the backup holds `{}`, which no backup of ours holds; nothing was restored",
                path.display()
            );
        }
        entry.unpack_in(draft).context(DAMAGED)?;
    }
    if !draft.join("phalanx.json").is_file() {
        bail!(DAMAGED);
    }
    rustix::fs::syncfs(fs::File::open(draft)?).context("can't make the restored files durable")?;
    Ok(())
}

/// Appends all files below a folder, but for one of a name that is `left_out`. A file that
/// vanishes meanwhile (a journal segment that everybody
/// has read, a draft) is not missed; a file that grows is copied up to the length it had.
fn append_folder<W: Write>(
    tar: &mut tar::Builder<W>,
    from: &Path,
    name: &Path,
    left_out: Option<&str>,
) -> anyhow::Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("can't read `{}`", from.display()))? {
        let entry = entry?;
        if left_out.is_some_and(|left_out| entry.file_name() == left_out) {
            continue;
        }
        let (path, name) = (entry.path(), name.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            append_folder(tar, &path, &name, left_out)?;
        } else if kind.is_file() {
            match fs::File::open(&path) {
                Ok(file) => append_file(tar, file, &name)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error).with_context(|| format!("can't read `{}`", path.display())),
            }
        }
    }
    Ok(())
}

fn append_file<W: Write>(tar: &mut tar::Builder<W>, file: fs::File, name: &Path) -> anyhow::Result<()> {
    let metadata = file.metadata()?;
    let mut header = tar::Header::new_gnu();
    header.set_metadata(&metadata);
    header.set_size(metadata.len());
    // A file cut shorter meanwhile would break the archive: what is missing becomes zeros, which the
    // journal reads as the end of a segment.
    let content = io::Read::take(io::Read::chain(file, io::repeat(0)), metadata.len());
    tar.append_data(&mut header, name, content).with_context(|| format!("can't copy `{}`", name.display()))
}

/// A writer whose bytes come out of a channel, to stream from a blocking thread.
pub(super) struct ChannelWriter(pub mpsc::Sender<io::Result<Bytes>>);

impl Write for ChannelWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "the reader has gone away");
        self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes))).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes backups of the platform while it runs.
#[derive(Clone)]
pub struct Backups {
    folder: PathBuf,
    /// The configuration in use; there may be none.
    config: PathBuf,
    journal: Arc<dyn Journal>,
    lake: Arc<Lake>,
    state: Arc<dyn State>,
    /// One at a time: each holds the journal back, under one name.
    turn: Arc<Semaphore>,
}

/// The journal's name for a backup under way: it keeps entries for it that the lake's copy has not.
const CONSUMER: &str = "backup";

/// Ends what a backup left behind that did not come to its end, or that this folder was restored from: the
/// journal would keep everything for it, for good.
pub(super) async fn forget_unfinished(journal: &dyn Journal) -> anyhow::Result<()> {
    if journal.committed(CONSUMER).is_some() {
        journal.unregister(CONSUMER).await?;
    }
    Ok(())
}

impl Backups {
    pub(super) fn new(platform: &super::Platform) -> Self {
        Self {
            folder: platform.folder.path().to_owned(),
            config: platform.config.file.clone().unwrap_or_else(|| platform.folder.join("phalanx.toml")),
            journal: platform.journal.clone(),
            lake: platform.lake.clone(),
            state: platform.state.clone(),
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// Begins a backup; its bytes come out of the stream. One that breaks off ends in an error. While one is
    /// under way there is no other.
    pub async fn begin(&self) -> anyhow::Result<ReceiverStream<io::Result<Bytes>>> {
        let turn = self.turn.clone().try_acquire_owned().context("another backup is under way")?;
        let place = tempfile::Builder::new().prefix("backup-").tempdir_in(self.folder.join("tmp"))?;
        self.journal.register(CONSUMER, Start::Oldest).await?;
        if let Err(error) = self.copy_to(place.path()).await {
            self.journal.unregister(CONSUMER).await?;
            return Err(error);
        }
        let (out, stream) = mpsc::channel(16);
        let this = self.clone();
        tokio::spawn(async move {
            let (folder, config, failed) = (this.folder.clone(), this.config.clone(), out.clone());
            let written = tokio::task::spawn_blocking(move || {
                let parts = Parts {
                    folder: &folder,
                    state: (&place.path().join("state.jsonl"), "state.jsonl"),
                    lake: &place.path().join("lake"),
                    journal: &folder.join("journal"),
                    positions: &place.path().join(POSITIONS_FILE),
                    config: Some(&*config).filter(|file| file.is_file()),
                };
                write(&parts, ChannelWriter(out))
            })
            .await;
            let written = written.map_err(anyhow::Error::from).and_then(|written| written);
            if let Err(error) = this.journal.unregister(CONSUMER).await {
                tracing::warn!(%error, "the journal still keeps entries for a backup that has ended");
            }
            drop(turn);
            if let Err(error) = written {
                tracing::error!(error = format!("{error:#}"), "a backup broke off");
                failed.send(Err(io::Error::other("the backup broke off"))).await.ok();
            }
        });
        Ok(ReceiverStream::new(stream))
    }

    /// Copies what changes under way, oldest first: see the module's doc.
    async fn copy_to(&self, place: &Path) -> anyhow::Result<()> {
        let positions = self.folder.join("journal").join(POSITIONS_FILE);
        fs::copy(&positions, place.join(POSITIONS_FILE)).context("can't copy the journal's positions")?;
        self.state.backup_to(&place.join("state.jsonl")).await.context("can't copy the documents")?;
        let lake = place.join("lake");
        fs::create_dir_all(&lake)?;
        Ok(self.lake.snapshot_for_backup(&lake).await?)
    }
}
