//! What stands in a commit, and the files that a table is made of.

use std::collections::{BTreeMap, HashMap, HashSet};

use deltalake::kernel::{Action, Add, Remove};
use phalanx_signal::time::parse_datetime;
use serde_json::{Map, Value};

use crate::parquet_file::WrittenFile;

/// A file that is part of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveFile {
    /// Relative to the table's folder.
    pub path: String,
    pub bytes: u64,
    pub rows: u64,
    /// Least and greatest value of the statistics columns, in microseconds since 1970.
    pub ranges: BTreeMap<String, (i64, i64)>,
    /// When it was added, in microseconds since 1970.
    pub added: i64,
}

impl LiveFile {
    /// What the log says of a file: its size in bytes, the time at which it was added in milliseconds since
    /// 1970, and its statistics as JSON.
    pub fn new(path: &str, size: i64, added: i64, statistics: Option<&str>) -> Self {
        let statistics: Value =
            statistics.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let mut ranges = BTreeMap::new();
        for (name, least) in statistics["minValues"].as_object().into_iter().flatten() {
            let bounds = bound(least).zip(bound(&statistics["maxValues"][name]));
            if let Some((least, greatest)) = bounds {
                ranges.insert(name.clone(), (least, greatest));
            }
        }
        Self {
            path: path.to_owned(),
            bytes: u64::try_from(size).unwrap_or(0),
            rows: statistics["numRecords"].as_u64().unwrap_or(0),
            ranges,
            added: added.saturating_mul(1_000),
        }
    }

    pub(super) fn from_add(add: &Add) -> Self {
        Self::new(&add.path, add.size, add.modification_time, add.stats.as_deref())
    }

    pub(super) fn remove_action(&self, is_change: bool, now: i64) -> Action {
        Action::Remove(Remove {
            path: self.path.clone(),
            data_change: is_change,
            deletion_timestamp: Some(now),
            extended_file_metadata: Some(true),
            partition_values: Some(HashMap::new()),
            size: i64::try_from(self.bytes).ok(),
            ..Default::default()
        })
    }
}

/// Only a bound to the microsecond is believed: others write milliseconds and cut the rest off, which makes
/// a greatest value too small. A file without a range is never skipped.
fn bound(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    let fraction = text.strip_suffix('Z')?.rsplit_once('.')?.1;
    if fraction.len() < 6 { None } else { parse_datetime(text) }
}

pub(super) fn add_action(file: &WrittenFile, is_change: bool, now: i64) -> Add {
    Add {
        path: file.path.clone(),
        size: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        modification_time: now,
        data_change: is_change,
        stats: Some(file.statistics()),
        ..Default::default()
    }
}

/// A commit of which we need to know whether ours still fits after it.
pub(super) struct Commit(Vec<Map<String, Value>>);

impl Commit {
    /// `None` for what is no whole commit.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let actions: Vec<_> = lines.map(serde_json::from_slice).collect::<Result<_, _>>().ok()?;
        (!actions.is_empty()).then_some(Self(actions))
    }

    pub fn has_transaction(&self, application: &str) -> bool {
        self.0.iter().any(|action| action.get("txn").is_some_and(|txn| txn["appId"] == application))
    }

    /// Whether it changes what the table is, or removes one of these files.
    pub fn changes(&self, files: &HashSet<&str>) -> bool {
        self.0.iter().any(|action| {
            let removed = action.get("remove").and_then(|remove| remove["path"].as_str());
            action.contains_key("metaData")
                || action.contains_key("protocol")
                || removed.is_some_and(|path| files.contains(path))
        })
    }
}
