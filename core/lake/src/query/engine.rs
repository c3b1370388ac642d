//! What all queries share: threads of their own, memory with a bound, a bounded folder to spill to, footers
//! of files, and the lake's store.
//!
//! Queries compute, for seconds if need be. On the threads that serve requests and take in rows they would
//! keep everything else waiting, so they have others; the scheduler of the system divides the cores.

use std::{num::NonZeroUsize, path::Path, sync::Arc};

use datafusion::{
    error::Result as EngineResult,
    execution::{
        disk_manager::{DiskManagerBuilder, DiskManagerMode},
        memory_pool::{FairSpillPool, GreedyMemoryPool, MemoryPool, TrackConsumersPool},
        runtime_env::{RuntimeEnv, RuntimeEnvBuilder},
    },
};
use tokio::runtime::{Builder, Handle, Runtime};

use super::{memory::QueryPool, store_url};
use crate::{LakeConfig, LakeError, store::LakeStore};

/// Consumers that an error about memory names.
const NAMED: NonZeroUsize = NonZeroUsize::new(3).expect("three is not zero");

/// How the names of the engine's folders for spilled rows begin.
const SPILLED: &str = "datafusion-";

pub(crate) struct Engine {
    environment: Arc<RuntimeEnv>,
    /// `None` only while this is dropped.
    threads: Option<Runtime>,
    handle: Handle,
    bytes_each: usize,
}

impl Engine {
    pub fn new(config: &LakeConfig, store: &LakeStore) -> Result<Self, LakeError> {
        let spill = || LakeError::io("create", &config.spill);
        std::fs::create_dir_all(&config.spill).map_err(spill())?;
        remove_spilled(&config.spill).map_err(LakeError::io("empty", &config.spill))?;
        let disk = DiskManagerBuilder::default()
            .with_mode(DiskManagerMode::Directories(vec![config.spill.clone()]))
            .with_max_temp_directory_size(config.spill_bytes_max);
        let pool: Arc<dyn MemoryPool> = Arc::new(GreedyMemoryPool::new(config.query_memory_bytes));
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(pool)
            .with_disk_manager_builder(disk)
            .build_arc()
            .map_err(Box::new)?;
        environment.register_object_store(store_url().as_ref(), store.objects().clone());
        let threads = Builder::new_multi_thread()
            .worker_threads(cores())
            .thread_name("query")
            .enable_all()
            .build()
            .map_err(LakeError::io("start threads for", "queries"))?;
        let bytes_each = config.query_memory_bytes_each.min(config.query_memory_bytes);
        Ok(Self { environment, handle: threads.handle().clone(), threads: Some(threads), bytes_each })
    }

    /// Where queries compute.
    pub fn threads(&self) -> &Handle {
        &self.handle
    }

    /// What one query gets.
    pub fn for_query(&self) -> EngineResult<Arc<RuntimeEnv>> {
        let pool = QueryPool::new(self.bytes_each, self.environment.memory_pool.clone());
        self.with_pool(Arc::new(TrackConsumersPool::new(pool, NAMED)))
    }

    /// The same for maintenance, with memory of its own, so that a heavy query does not stop it, nor the
    /// other way.
    pub fn for_maintenance(&self, bytes: usize) -> EngineResult<Arc<RuntimeEnv>> {
        self.with_pool(Arc::new(FairSpillPool::new(bytes)))
    }

    fn with_pool(&self, pool: Arc<dyn MemoryPool>) -> EngineResult<Arc<RuntimeEnv>> {
        RuntimeEnvBuilder::from_runtime_env(&self.environment).with_memory_pool(pool).build_arc()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(threads) = self.threads.take() {
            // The lake may be dropped by an async task, which must not wait.
            threads.shutdown_background();
        }
    }
}

/// Removes what queries had spilled when the process was killed. Only one process has a lake open, so nobody else's
/// is there.
fn remove_spilled(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_spilled = entry.file_name().to_string_lossy().starts_with(SPILLED);
        if is_spilled && entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// Cores that queries use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::remove_spilled;

    #[test]
    fn what_a_killed_process_had_spilled_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["datafusion-a/b", "spool"] {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        for name in ["datafusion-a/b/rows", "datafusion-file", "spool/part"] {
            fs::write(folder.path().join(name), "x").expect("a file");
        }
        remove_spilled(folder.path()).expect("it may");
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .expect("the folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["datafusion-file", "spool"]);
    }
}
