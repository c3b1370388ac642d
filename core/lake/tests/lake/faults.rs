//! A store that fails on purpose: at one operation, or from one on.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart, path::Path,
};

/// What happens to the operations that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The n-th does not happen, and says so.
    Refuse(usize),
    /// The n-th happens, and is reported as failed.
    Betray(usize),
    /// From the n-th on nothing happens any more, nor can anything be read: the process has died.
    DieBefore(usize),
    /// The same, but the n-th happens.
    DieAfter(usize),
    /// Everything that changes a path with this ending fails, and reading it.
    Ending(&'static str),
}

#[derive(Debug)]
pub struct Faulty {
    inner: Arc<dyn ObjectStore>,
    fault: Arc<parking_lot::Mutex<Fault>>,
    count: Arc<AtomicUsize>,
}

/// The other end of a [`Faulty`] store.
#[derive(Clone)]
pub struct Control {
    pub fault: Arc<parking_lot::Mutex<Fault>>,
    count: Arc<AtomicUsize>,
}

impl Control {
    pub fn new(fault: Fault) -> Self {
        Self { fault: Arc::new(parking_lot::Mutex::new(fault)), count: Arc::default() }
    }

    pub fn wrap(&self, inner: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        Arc::new(Faulty { inner, fault: self.fault.clone(), count: self.count.clone() })
    }

    /// Operations so far that change something.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Acquire)
    }
}

/// Whether an operation is done, and whether it is reported as done.
struct Verdict {
    happens: bool,
    succeeds: bool,
}

impl Faulty {
    fn change(&self, path: &str) -> Verdict {
        let now = self.count.fetch_add(1, Ordering::AcqRel);
        let (happens, succeeds) = match *self.fault.lock() {
            Fault::None => (true, true),
            Fault::Refuse(n) => (now != n, now != n),
            Fault::Betray(n) => (true, now != n),
            Fault::DieBefore(n) => (now < n, now < n),
            Fault::DieAfter(n) => (now <= n, now < n),
            Fault::Ending(ending) => (!path.ends_with(ending), !path.ends_with(ending)),
        };
        Verdict { happens, succeeds }
    }

    fn read(&self, path: &str) -> Result<()> {
        let now = self.count.load(Ordering::Acquire);
        match *self.fault.lock() {
            Fault::DieBefore(n) | Fault::DieAfter(n) if now > n => Err(failure()),
            Fault::Ending(ending) if path.ends_with(ending) => Err(failure()),
            _ => Ok(()),
        }
    }
}

fn failure() -> Error {
    Error::Generic { store: "faulty", source: "it was told to fail".into() }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let verdict = self.change(location.as_ref());
        if !verdict.happens {
            return Err(failure());
        }
        let put = self.inner.put_opts(location, payload, options).await?;
        if verdict.succeeds { Ok(put) } else { Err(failure()) }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let verdict = self.change(location.as_ref());
        if !verdict.succeeds {
            return Err(failure());
        }
        let upload = self.inner.put_multipart_opts(location, options).await?;
        // The completion is the operation that makes the object.
        let end = self.change(location.as_ref());
        Ok(Box::new(FaultyUpload { upload, end }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.read(location.as_ref())?;
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let verdict = self.change("");
        if !verdict.happens {
            return futures::stream::once(async { Err(failure()) }).boxed();
        }
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.read("") {
            Ok(()) => self.inner.list(prefix),
            Err(error) => futures::stream::once(async { Err(error) }).boxed(),
        }
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.read("") {
            Ok(()) => self.inner.list_with_offset(prefix, offset),
            Err(error) => futures::stream::once(async { Err(error) }).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.read("")?;
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let verdict = self.change(to.as_ref());
        if !verdict.happens {
            return Err(failure());
        }
        self.inner.copy_opts(from, to, options).await?;
        if verdict.succeeds { Ok(()) } else { Err(failure()) }
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "faulty {}", self.inner)
    }
}

#[derive(Debug)]
struct FaultyUpload {
    upload: Box<dyn MultipartUpload>,
    end: Verdict,
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.happens, self.succeeds)
    }
}

#[async_trait]
impl MultipartUpload for FaultyUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        if !self.end.happens {
            return Err(failure());
        }
        let done = self.upload.complete().await?;
        if self.end.succeeds { Ok(done) } else { Err(failure()) }
    }

    async fn abort(&mut self) -> Result<()> {
        self.upload.abort().await
    }
}
