//! What the ingestion API tells while it works: one JSON object a line.

use std::collections::BTreeMap;

use phalanx_signal::decode::Counts;
use serde::{Deserialize, Serialize};

/// One line of the answer to `POST /api/v1/ingest`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A source begins: the file itself, or a member of an archive.
    Guess { source: String, format: String, title: String, is_certain: bool },
    /// Rows acknowledged so far.
    Progress { rows: u64 },
    /// A source has ended, or broke off (then its failure follows).
    Source(SourceReport),
    /// A file in an archive could not be read, or not to its end. The others go on.
    SourceFailed { source: String, message: String },
    /// All sources have ended, and all rows are durable. `bytes` were received.
    Done { bytes: u64 },
    /// It could not go on. What was acknowledged before is kept.
    Failed { message: String },
}

/// What became of one source.
#[derive(Debug, Serialize, Deserialize)]
pub struct SourceReport {
    pub source: String,
    pub format: String,
    /// Records of the source that became rows.
    pub records: u64,
    /// Rows per table.
    pub rows: BTreeMap<String, u64>,
    pub dead_letters: Vec<DeadLetterReport>,
}

/// Dead letters of one reason.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeadLetterReport {
    pub reason: String,
    pub count: u64,
    /// Where in the source the first is, in bytes.
    pub first_offset: u64,
}

impl SourceReport {
    /// Of a source without a single byte.
    pub fn empty(source: &str) -> Self {
        Self::new(source, "empty", &Counts::default())
    }

    pub fn new(source: &str, format: &str, counts: &Counts) -> Self {
        Self {
            source: source.to_owned(),
            format: format.to_owned(),
            records: counts.records,
            rows: counts.rows.iter().map(|(table, rows)| (table.to_string(), *rows)).collect(),
            dead_letters: counts
                .dead_letters
                .iter()
                .map(|(reason, (count, first))| DeadLetterReport {
                    reason: reason.clone(),
                    count: *count,
                    first_offset: first.offset,
                })
                .collect(),
        }
    }
}
