//! The suite on both journals, and what an embedded one shows only from outside: killed processes, full
//! disks, files of earlier versions.

mod full_disk;
mod fuzz;
mod kill;
mod samples;
mod suite;

use std::path::Path;

use phalanx_journal::JournalConfig;

/// Small segments, so that few entries make several, and all of the disk.
fn config(folder: &Path) -> JournalConfig {
    JournalConfig { segment_bytes: 16 << 10, min_free_bytes: 0, ..JournalConfig::new(folder) }
}
