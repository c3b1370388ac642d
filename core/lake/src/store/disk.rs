//! The lake on a local file system, with every name and every byte synced before anyone is told.
//!
//! Objects are written to a draft in `.drafts`, synced, and only then given their name: by a rename that
//! replaces, or by one that fails if the name is taken. What a crash left in `.drafts` belongs to nobody and
//! is deleted at the next opening; a lake is open in one process at a time.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path as FilePath, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, future::BoxFuture, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, local::LocalFileSystem, path::Path,
};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use uuid::Uuid;

const DRAFTS: &str = ".drafts";

#[derive(Debug)]
pub(super) struct SyncedDisk {
    root: Arc<FilePath>,
    files: LocalFileSystem,
}

impl SyncedDisk {
    pub fn open(root: &FilePath) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        let root = root.canonicalize()?;
        let drafts = root.join(DRAFTS);
        match fs::remove_dir_all(&drafts) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir(&drafts)?,
        }
        sync_folder(&root)?;
        let files = LocalFileSystem::new_with_prefix(&root).map_err(io::Error::other)?;
        Ok(Self { root: root.into(), files })
    }

    fn draft(&self) -> PathBuf {
        self.root.join(DRAFTS).join(Uuid::new_v4().to_string())
    }
}

#[async_trait]
impl ObjectStore for SyncedDisk {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if matches!(options.mode, PutMode::Update(_)) {
            return Err(Error::NotSupported { source: "objects of the lake are not changed".into() });
        }
        let mut draft = Draft::new(self.draft(), self.root.clone(), self.files.path_to_filesystem(location)?);
        blocking(location, move || {
            let mut file = File::create_new(&draft.path)?;
            payload.iter().try_for_each(|piece| file.write_all(piece))?;
            file.sync_all()?;
            draft.publish(matches!(options.mode, PutMode::Create))
        })
        .await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let draft = Draft::new(self.draft(), self.root.clone(), self.files.path_to_filesystem(location)?);
        let path = draft.path.clone();
        let file = blocking(location, move || File::create_new(path)).await?;
        Ok(Box::new(DiskUpload {
            location: location.clone(),
            draft: Some(draft),
            file: Arc::new(file),
            bytes: 0,
        }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        in_order(self.files.list(prefix))
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        in_order(self.files.list_with_offset(prefix, offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        match self.files.list_with_delimiter(prefix).await {
            Ok(mut listed) => {
                listed.objects.sort_by(|a, b| a.location.cmp(&b.location));
                Ok(listed)
            }
            // A prefix that nothing has is empty, as in a bucket.
            Err(error) if is_missing(&error) => {
                Ok(ListResult { common_prefixes: Vec::new(), objects: Vec::new() })
            }
            Err(error) => Err(error),
        }
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let target = self.files.path_to_filesystem(to)?;
        self.files.copy_opts(from, to, options).await?;
        blocking(to, move || sync_folder(target.parent().unwrap_or(&target))).await
    }
}

impl fmt::Display for SyncedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root.display())
    }
}

/// A file without its name. Dropped without having got it, it is deleted.
#[derive(Debug)]
struct Draft {
    path: PathBuf,
    root: Arc<FilePath>,
    target: PathBuf,
    is_published: bool,
}

impl Draft {
    fn new(path: PathBuf, root: Arc<FilePath>, target: PathBuf) -> Self {
        Self { path, root, target, is_published: false }
    }

    /// Gives the synced draft its name, durably.
    fn publish(&mut self, only_if_free: bool) -> io::Result<()> {
        let parent = self.target.parent().unwrap_or(&self.root).to_owned();
        if !parent.is_dir() {
            make_folder(&self.root, &parent)?;
        }
        let flags = if only_if_free { RenameFlags::NOREPLACE } else { RenameFlags::empty() };
        renameat_with(CWD, &self.path, CWD, &self.target, flags)?;
        self.is_published = true;
        sync_folder(&parent)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.is_published {
            // The next opening deletes what stays.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[derive(Debug)]
struct DiskUpload {
    location: Path,
    /// `None` once the upload is complete or given up.
    draft: Option<Draft>,
    file: Arc<File>,
    bytes: u64,
}

#[async_trait]
impl MultipartUpload for DiskUpload {
    fn put_part(&mut self, data: PutPayload) -> BoxFuture<'static, Result<()>> {
        let (file, location, mut at) = (self.file.clone(), self.location.clone(), self.bytes);
        self.bytes += data.content_length() as u64;
        Box::pin(async move {
            blocking(&location, move || {
                for piece in data.iter() {
                    file.write_all_at(piece, at)?;
                    at += piece.len() as u64;
                }
                Ok(())
            })
            .await
        })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let (draft, file) = (self.draft.take(), self.file.clone());
        blocking(&self.location, move || {
            let mut draft = draft.ok_or_else(|| io::Error::other("the upload has ended already"))?;
            file.sync_all()?;
            draft.publish(false)
        })
        .await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn abort(&mut self) -> Result<()> {
        self.draft = None;
        Ok(())
    }
}

/// Makes a folder and those above it, up to the root, each durable in the one that has it.
fn make_folder(root: &FilePath, folder: &FilePath) -> io::Result<()> {
    let missing: Vec<&FilePath> =
        folder.ancestors().take_while(|ancestor| *ancestor != root && !ancestor.is_dir()).collect();
    fs::create_dir_all(folder)?;
    missing.iter().filter_map(|made| made.parent()).try_for_each(sync_folder)
}

fn sync_folder(folder: &FilePath) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn in_order(objects: BoxStream<'static, Result<ObjectMeta>>) -> BoxStream<'static, Result<ObjectMeta>> {
    let sorted = async move {
        let mut all: Vec<ObjectMeta> = match objects.try_collect().await {
            Ok(all) => all,
            Err(error) if is_missing(&error) => Vec::new(),
            Err(error) => return Err(error),
        };
        all.sort_by(|a, b| a.location.cmp(&b.location));
        Ok(stream::iter(all.into_iter().map(Ok)))
    };
    stream::once(sorted).try_flatten().boxed()
}

/// Whether a listing failed because its folder does not exist.
fn is_missing(error: &Error) -> bool {
    if matches!(error, Error::NotFound { .. }) {
        return true;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::NotFound) {
            return true;
        }
        source = cause.source();
    }
    false
}

async fn blocking<T: Send + 'static>(
    location: &Path,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|source| Error::JoinError { source })?;
    done.map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => {
            Error::AlreadyExists { path: location.to_string(), source: source.into() }
        }
        io::ErrorKind::NotFound => Error::NotFound { path: location.to_string(), source: source.into() },
        _ => Error::Generic { store: "disk", source: source.into() },
    })
}
