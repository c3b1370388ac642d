//! How much is decoded at once.
//!
//! Decoding takes a whole core. Files, requests and listeners all ask here before they decode a piece, so
//! that together they use so many cores and no more, however many senders there are.

use std::sync::Arc;

use tokio::{runtime::Handle, sync::Semaphore, task};

/// Bounds the decoding that goes on at once. Who asks waits in the order of asking.
#[derive(Clone)]
pub struct DecodePool {
    permits: Arc<Semaphore>,
    threads: usize,
}

impl DecodePool {
    /// `threads` at once; 0 for as many as the machine has cores.
    pub fn new(threads: usize) -> Self {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if threads == 0 { cores() } else { threads };
        Self { permits: Arc::new(Semaphore::new(threads)), threads }
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Does some work on a thread where it keeps nobody waiting.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, task::JoinError> {
        let permit = self.permits.clone().acquire_owned().await.expect("the pool is never closed");
        task::spawn_blocking(move || {
            let _permit = permit;
            work()
        })
        .await
    }

    /// As [`DecodePool::run`], for work that borrows. The runtime must have several threads.
    pub async fn run_in_place<T>(&self, work: impl FnOnce() -> T) -> T {
        let _permit = self.permits.acquire().await.expect("the pool is never closed");
        task::block_in_place(work)
    }

    /// Does some work on this thread, which must be one that may block.
    pub fn run_here<T>(&self, runtime: &Handle, work: impl FnOnce() -> T) -> T {
        let _permit = runtime.block_on(self.permits.acquire()).expect("the pool is never closed");
        work()
    }
}
