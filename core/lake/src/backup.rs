//! Copies of tables, taken while they are in use.

use std::{fs, io, path::Path, sync::Arc};

use crate::{LakeError, delta::LiveFile};

/// Links the live files of a table and copies its log. The caller holds the table's log, so the log speaks
/// of exactly these files. Blocking.
pub(crate) fn copy_table(from: &Path, to: &Path, files: &[Arc<LiveFile>]) -> Result<(), LakeError> {
    let log = to.join("_delta_log");
    fs::create_dir_all(&log).map_err(LakeError::io("create", &log))?;
    for file in files {
        link_or_copy(&from.join(&file.path), &to.join(&file.path))?;
    }
    let source = from.join("_delta_log");
    for entry in fs::read_dir(&source).map_err(LakeError::io("read", &source))? {
        let entry = entry.map_err(LakeError::io("read", &source))?;
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let target = log.join(entry.file_name());
            fs::copy(entry.path(), &target).map_err(LakeError::io("copy to", &target))?;
        }
    }
    Ok(())
}

/// Files are never changed once they have their name, so a link is as good as a copy.
fn link_or_copy(from: &Path, to: &Path) -> Result<(), LakeError> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LakeError::io("find", from)(error)),
        Err(_) => fs::copy(from, to).map(drop).map_err(LakeError::io("copy to", to)),
    }
}
