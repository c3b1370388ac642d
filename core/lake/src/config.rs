//! What a lake runs on.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// The settings of a lake.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// The folder of all tables.
    pub root: PathBuf,
    /// Where queries spill what does not fit into their memory.
    pub spill: PathBuf,
    /// Memory for rows that are in no file yet; above it, no more entries are taken until a flush has made
    /// room. In bytes.
    pub hot_bytes_max: usize,
    /// Rows of one table in memory that are worth a file at once, in bytes.
    pub flush_bytes: usize,
    /// Age at which rows of a busy table go to a file.
    pub flush_after: Duration,
    /// Age at which rows of a rare table go to a file; it is rare while it has less than
    /// [`LakeConfig::rare_rows`] rows in memory.
    pub rare_flush_after: Duration,
    pub rare_rows: usize,
    /// Days that rows are kept.
    pub retention_days: u32,
    /// Days per table, for those that differ.
    pub retention: BTreeMap<String, u32>,
    /// Memory of all queries together, in bytes.
    pub query_memory_bytes: usize,
    /// Files below this size are compacted, in bytes.
    pub compact_below: u64,
    /// So many small files of one day make a compaction worth while.
    pub compact_files: usize,
    /// How long a file that is no longer part of its table stays for queries that began before.
    pub grace: Duration,
}

impl LakeConfig {
    /// The defaults for a lake in `root`.
    pub fn new(root: PathBuf, spill: PathBuf) -> Self {
        Self {
            root,
            spill,
            hot_bytes_max: 256 << 20,
            flush_bytes: 64 << 20,
            flush_after: Duration::from_secs(30),
            rare_flush_after: Duration::from_secs(300),
            rare_rows: 10_000,
            retention_days: 90,
            retention: BTreeMap::new(),
            query_memory_bytes: 512 << 20,
            compact_below: 32 << 20,
            compact_files: 16,
            grace: Duration::from_secs(3_600),
        }
    }
}
