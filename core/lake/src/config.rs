//! What a lake runs on. Each default has its reason beside it.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::store::S3Settings;

/// The settings of a lake.
#[derive(Clone, Debug)]
pub struct LakeConfig {
    /// `s3://bucket/prefix`; empty for the folder `root`.
    pub url: String,
    pub s3: S3Settings,
    /// The folder of all tables.
    pub root: PathBuf,
    /// Where queries and compaction spill what does not fit into their memory.
    pub spill: PathBuf,
    /// Memory for rows that are in no file yet; above it, no more entries are taken until a flush has made
    /// room: rows stay in the journal meanwhile. In bytes; 256 MiB: a second or two at full speed.
    pub hot_bytes_max: usize,
    /// Rows of one table in memory that are worth a file at once, in bytes. 64 MiB: two row groups.
    pub flush_bytes: usize,
    /// Age at which rows of a busy table go to a file. 30 s: a thousand tables at that pace take a tenth of
    /// a core.
    pub flush_after: Duration,
    /// Age at which rows of a rare table go to a file; it is rare while it has less than
    /// [`LakeConfig::rare_rows`] rows in memory. Five minutes: 288 small files a day at most.
    pub rare_flush_after: Duration,
    pub rare_rows: usize,
    /// How long a table may fail to be flushed before its rows are set aside. Ten minutes: longer than a
    /// full disk or a slow store usually lasts, and far from filling the journal.
    pub aside_after: Duration,
    /// Days that rows are kept, counted from when they were received.
    pub retention_days: u32,
    /// Days per table, for those that differ; [`Lake::set_retention`](crate::Lake::set_retention) is stronger.
    pub retention: BTreeMap<String, u32>,
    /// Memory of all queries together, in bytes.
    pub query_memory_bytes: usize,
    /// Memory of one query, in bytes; what needs more spills or fails. Half of all: one query can't starve
    /// the others.
    pub query_memory_bytes_each: usize,
    /// Bytes that queries and compaction may spill together.
    pub spill_bytes_max: u64,
    /// Memory for sorting in compaction, in bytes; beyond it, it spills.
    pub compact_memory_bytes: usize,
    /// Files below this size are compacted, in bytes.
    pub compact_below: u64,
    /// So many small files of one day make a compaction worth while. 64: a scan takes 0.15 ms longer for
    /// each.
    pub compact_files: usize,
    /// How long a file that is no longer part of its table stays, for readers that began before. Our own
    /// queries hold their files; this is for other programs that read the Delta tables.
    pub grace: Duration,
}

impl LakeConfig {
    /// The defaults for a lake in `root`.
    pub fn new(root: PathBuf, spill: PathBuf) -> Self {
        Self {
            url: String::new(),
            s3: S3Settings::default(),
            root,
            spill,
            hot_bytes_max: 256 << 20,
            flush_bytes: 64 << 20,
            flush_after: Duration::from_secs(30),
            rare_flush_after: Duration::from_secs(300),
            rare_rows: 10_000,
            aside_after: Duration::from_secs(600),
            retention_days: 90,
            retention: BTreeMap::new(),
            query_memory_bytes: 512 << 20,
            query_memory_bytes_each: 256 << 20,
            spill_bytes_max: 16 << 30,
            compact_memory_bytes: 128 << 20,
            compact_below: 32 << 20,
            compact_files: 64,
            grace: Duration::from_secs(3_600),
        }
    }

    /// Days that rows of a table are kept.
    pub(crate) fn retention_days_of(&self, table: &str) -> u32 {
        // Environment variables name tables in lower case.
        let mut set = self.retention.iter().filter(|(name, _)| name.eq_ignore_ascii_case(table));
        set.next().map_or(self.retention_days, |(_, days)| *days)
    }
}
