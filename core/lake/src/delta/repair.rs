//! A newest commit that is damaged, made again.
//!
//! Commits are durable before anyone is told, so a damaged one is the disk's doing and not a crash's. The
//! journal may have dropped its rows by then; but the Parquet files it spoke of are there, and each says in
//! its own footer what it is: the rows of some journal positions, or the successor of other files
//! ([`Origin`]). That is enough to make the commit again.

use std::collections::HashSet;

use object_store::path::Path;
use phalanx_journal::Position;

use super::{Commit, LiveFile, Opened};
use crate::{
    LakeError,
    parquet_file::{Origin, WrittenFile},
    store::LakeStore,
};

/// Puts damaged commits at the end of the log aside; says how many.
pub(super) async fn put_aside_torn(
    store: &LakeStore,
    log: &Path,
    commits: &[u64],
) -> Result<usize, LakeError> {
    let mut torn = 0;
    for version in commits.iter().rev() {
        let path = log.clone().join(format!("{version:020}.json"));
        let bytes = store.read(&path).await?.unwrap_or_default();
        if Commit::read(&bytes).is_some() {
            break;
        }
        tracing::error!(%path, "a commit is damaged; it is put aside and made again from its files");
        store.write(&log.clone().join(format!("{version:020}.torn")), bytes).await?;
        store.delete(&path).await?;
        torn += 1;
    }
    Ok(torn)
}

/// Commits the files again that no commit speaks of any more, oldest first, and lets go of those that are
/// gone: the damaged commit may have been the one that removed them.
pub(super) async fn recommit(opened: &mut Opened) -> Result<(), LakeError> {
    let (store, folder) = (opened.log.store.clone(), opened.log.folder.clone());
    let listed = store.list(&folder).await?;
    let stored: HashSet<&str> = listed.iter().filter_map(|object| object.location.filename()).collect();
    let known: HashSet<String> = opened.files.iter().map(|file| file.path.clone()).collect();
    // Names hold the time at which they were made, so they come in that order.
    for object in &listed {
        let Some(name) = object.location.filename().filter(|name| name.ends_with(".parquet")) else {
            continue;
        };
        if known.contains(name) {
            continue;
        }
        let bytes = store.read(&object.location).await?.unwrap_or_default();
        let Some((file, origin)) = WrittenFile::read(name, &bytes) else {
            tracing::warn!(path = %object.location, "a file without a commit is no whole Parquet file");
            continue;
        };
        recommit_file(opened, file, origin).await?;
    }
    let is_gone = |file: &&LiveFile| !stored.contains(file.path.as_str());
    if opened.files.iter().any(|file| is_gone(&file)) {
        opened.log.replace(opened.files.iter().filter(is_gone), &[]).await?;
        opened.files.retain(|file| stored.contains(file.path.as_str()));
    }
    Ok(())
}

async fn recommit_file(opened: &mut Opened, file: WrittenFile, origin: Origin) -> Result<(), LakeError> {
    match origin {
        // A second try of the same rows, whose first try counted, begins before the position.
        Origin::Journal { first, last } if first > opened.position.0 => {
            let live = opened.log.append(&file, Position(last)).await?;
            tracing::warn!(file = file.path, rows = file.rows, "committed again");
            opened.position = Position(last);
            opened.files.push(live);
        }
        Origin::Files(old) => {
            let old: HashSet<&str> = old.iter().map(String::as_str).collect();
            let replaced: Vec<LiveFile> =
                opened.files.iter().filter(|live| old.contains(live.path.as_str())).cloned().collect();
            let rows: u64 = replaced.iter().map(|live| live.rows).sum();
            if replaced.len() != old.len() || rows != file.rows {
                return Ok(());
            }
            let live = opened.log.replace(replaced.iter(), std::slice::from_ref(&file)).await?;
            tracing::warn!(file = file.path, rows, "committed again in place of its predecessors");
            opened.files.retain(|live| !old.contains(live.path.as_str()));
            opened.files.extend(live);
        }
        Origin::Journal { .. } | Origin::Aside => {}
    }
    Ok(())
}
