//! Where the lake's files are: the seam between the lake and a disk or a bucket.
//!
//! The seam is the trait [`ObjectStore`], held to a stricter contract than its own, for the lake's promises
//! stand on it:
//!
//! - **Durable.** When a `put`, or the completion of an upload in parts, has returned `Ok`, name and content
//!   survive a power cut.
//! - **Whole.** A reader sees an object as it was put, or none, at every moment.
//! - **First wins.** Of all who put a name with [`PutMode::Create`], in this process or any other, exactly
//!   one succeeds; the others get `AlreadyExists`. Who commits to a table is decided by nothing else.
//! - **Seen.** A listing has everything that was put before it began, in the order of names.
//! - **An error says nothing**: the object may or may not be there. Whoever cares reads it.
//!
//! [`disk`] keeps it on a local file system, [`s3`] in a bucket. `tests/lake/store.rs` is the suite that every implementation
//! passes; it and the fault injection of the tests wrap the trait.

mod disk;
mod s3;

use std::{fmt, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{
    Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, WriteMultipart,
    path::Path,
};

pub use self::s3::S3Settings;
use crate::LakeError;

/// The bytes of one part of an upload. Stores want at least 5 MiB.
const PART_BYTES: usize = 8 << 20;

/// Parts that are on their way at once.
const PARTS_AT_ONCE: usize = 2;

/// A store that keeps the contract of this module; cheap to clone. Paths are relative to the lake's root.
#[derive(Clone)]
pub struct LakeStore {
    objects: Arc<dyn ObjectStore>,
    /// The root, where it is a folder of this machine.
    folder: Option<PathBuf>,
}

impl LakeStore {
    /// A folder of a local file system, made if it is missing.
    pub fn on_disk(root: PathBuf) -> Result<Self, LakeError> {
        let objects = disk::SyncedDisk::open(&root).map_err(LakeError::io("open", &root))?;
        Ok(Self { objects: Arc::new(objects), folder: Some(root) })
    }

    /// Where `url` says, or on disk in `root` where it says nothing.
    pub(crate) async fn open(url: &str, s3: &S3Settings, root: PathBuf) -> Result<Self, LakeError> {
        if url.is_empty() { Self::on_disk(root) } else { Self::in_bucket(url, s3).await }
    }

    /// The same store seen through `wrap`, which counts, delays or fails what goes through it.
    #[must_use]
    pub fn wrapped(self, wrap: impl FnOnce(Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore>) -> Self {
        Self { objects: wrap(self.objects), folder: self.folder }
    }

    /// The trait itself, for the engine and for the suite.
    pub fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    /// The root, where it is a folder of this machine.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        self.folder.as_deref()
    }

    /// A whole object; `None` if there is none of the name.
    pub(crate) async fn read(&self, path: &Path) -> Result<Option<Bytes>, LakeError> {
        let read = async { self.objects.get(path).await?.bytes().await };
        match read.await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(LakeError::store("read", path)(error)),
        }
    }

    /// Makes an object; `false` if the name is taken.
    pub(crate) async fn create(&self, path: &Path, bytes: Bytes) -> Result<bool, LakeError> {
        let options = PutMode::Create.into();
        match self.objects.put_opts(path, PutPayload::from_bytes(bytes), options).await {
            Ok(_) => Ok(true),
            Err(StoreError::AlreadyExists { .. } | StoreError::Precondition { .. }) => Ok(false),
            Err(error) => Err(LakeError::store("create", path)(error)),
        }
    }

    /// Makes or replaces an object.
    pub(crate) async fn write(&self, path: &Path, bytes: Bytes) -> Result<(), LakeError> {
        let put = self.objects.put(path, PutPayload::from_bytes(bytes)).await;
        put.map(drop).map_err(LakeError::store("write", path))
    }

    /// Deletes an object; none of the name is fine too.
    pub(crate) async fn delete(&self, path: &Path) -> Result<(), LakeError> {
        match self.objects.delete(path).await {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(LakeError::store("delete", path)(error)),
        }
    }

    /// The objects directly below a prefix, in the order of names.
    pub(crate) async fn list(&self, prefix: &Path) -> Result<Vec<ObjectMeta>, LakeError> {
        let listed = self.objects.list_with_delimiter(Some(prefix)).await;
        Ok(listed.map_err(LakeError::store("list", prefix))?.objects)
    }

    /// All objects below a prefix, at any depth.
    pub(crate) async fn list_all(&self, prefix: &Path) -> Result<Vec<ObjectMeta>, LakeError> {
        self.objects.list(Some(prefix)).try_collect().await.map_err(LakeError::store("list", prefix))
    }

    /// The names of the folders directly below a prefix.
    pub(crate) async fn folders(&self, prefix: &Path) -> Result<Vec<String>, LakeError> {
        let listed = self.objects.list_with_delimiter(Some(prefix)).await;
        let listed = listed.map_err(LakeError::store("list", prefix))?;
        Ok(listed.common_prefixes.iter().filter_map(Path::filename).map(str::to_owned).collect())
    }

    /// Begins an object that is too large to hold in memory.
    pub(crate) async fn upload(&self, path: &Path) -> Result<Upload, LakeError> {
        let upload = self.objects.put_multipart(path).await.map_err(LakeError::store("begin", path))?;
        let parts = WriteMultipart::new_with_chunk_size(upload, PART_BYTES);
        Ok(Upload { path: path.clone(), parts })
    }
}

impl fmt::Debug for LakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LakeStore({})", self.objects)
    }
}

/// An object on its way, in parts. Dropped, it never was.
pub(crate) struct Upload {
    path: Path,
    parts: WriteMultipart,
}

impl Upload {
    /// Takes more bytes; waits while as many parts are under way as may be.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), LakeError> {
        self.parts.wait_for_capacity(PARTS_AT_ONCE).await.map_err(LakeError::store("write", &self.path))?;
        self.parts.put(bytes);
        Ok(())
    }

    /// The object is there, durably.
    pub async fn finish(self) -> Result<(), LakeError> {
        self.parts.finish().await.map(drop).map_err(LakeError::store("complete", &self.path))
    }
}
