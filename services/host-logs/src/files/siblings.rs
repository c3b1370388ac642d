//! The files that rotation has made of a log file.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::position::FilePosition;

/// A rotated file: `auth.log.1`, `audit.log.2`, `syslog-20260501`.
#[derive(Debug)]
pub(crate) struct Sibling {
    pub path: PathBuf,
    pub modified: SystemTime,
    device: u64,
    inode: u64,
}

/// Endings of compressed files. What is in them can't be continued from an offset.
const COMPRESSED: [&str; 6] = ["gz", "bz2", "xz", "zst", "lz4", "zip"];

impl Sibling {
    /// The rotated files of a log file that are not compressed, those written last first.
    pub fn all(path: &Path) -> io::Result<Vec<Self>> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(Vec::new());
        };
        let mut siblings = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !is_rotated(name, &entry.file_name()) {
                continue;
            }
            // A file may be renamed at any moment; then it is found the next time.
            let Ok(metadata) = entry.metadata() else {
                continue;
            };
            let (true, Ok(modified)) = (metadata.is_file(), metadata.modified()) else {
                continue;
            };
            let (device, inode) = (metadata.dev(), metadata.ino());
            siblings.push(Self { path: entry.path(), modified, device, inode });
        }
        siblings.sort_by_key(|sibling| std::cmp::Reverse(sibling.modified));
        Ok(siblings)
    }

    /// The rotated file in which a position is: by its number, or else, for a copy, by its beginning.
    pub fn with(path: &Path, position: &FilePosition) -> io::Result<Option<File>> {
        let all = Self::all(path)?;
        let (same, others): (Vec<_>, Vec<_>) =
            all.iter().partition(|s| (s.device, s.inode) == (position.device, position.inode));
        let copies = others.into_iter().filter(|_| position.head.bytes > 0);
        for sibling in same.into_iter().chain(copies) {
            if let Ok(file) = File::open(&sibling.path)
                && position.fits(&file)?
            {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }

    /// The rotated file that was written next after an open one; `None` if that is the log file itself.
    pub fn after(path: &Path, file: &File) -> io::Result<Option<File>> {
        let finished = file.metadata()?;
        let modified = finished.modified()?;
        let current = fs::metadata(path).ok().map(|m| (m.dev(), m.ino()));
        let later = Self::all(path)?.into_iter().filter(|sibling| {
            let number = (sibling.device, sibling.inode);
            sibling.modified > modified
                && number != (finished.dev(), finished.ino())
                && Some(number) != current
        });
        later.min_by_key(|sibling| sibling.modified).map(|s| File::open(s.path)).transpose()
    }
}

fn is_rotated(name: &OsStr, other: &OsStr) -> bool {
    let Some(ending) = other.as_bytes().strip_prefix(name.as_bytes()) else {
        return false;
    };
    let Some(ending) = ending.strip_prefix(b".").or_else(|| ending.strip_prefix(b"-")) else {
        return false;
    };
    let last = ending.rsplit(|byte| *byte == b'.').next().unwrap_or(ending);
    // Rotation numbers or dates its files; `auth.log.bak` is somebody's copy.
    ending.first().is_some_and(u8::is_ascii_digit)
        && !COMPRESSED.iter().any(|ending| last == ending.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_files_are_known_by_their_names() {
        let is = |other: &str| is_rotated(OsStr::new("auth.log"), OsStr::new(other));
        assert!(is("auth.log.1") && is("auth.log-20260501") && is("auth.log.2026-05-01"));
        assert!(!is("auth.log") && !is("auth.log.2.gz") && !is("auth.log.bak") && !is("auth.logs.1"));
    }
}
