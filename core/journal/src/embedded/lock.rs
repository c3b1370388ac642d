//! One process at a time: two writers would give the same positions twice.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::Path,
};

use rustix::fs::{FlockOperation, flock};

use crate::{OpenError, StorageError};

const NAME: &str = "lock";

/// Holds the journal's lock until it is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is just being started still has it for a moment.
        let _ = flock(&self.0, FlockOperation::Unlock);
    }
}

impl Lock {
    /// # Errors
    /// [`OpenError::Locked`] names the process that has the lock.
    pub fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(NAME);
        let failed = |error: io::Error| StorageError::new("lock", &path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                let mut text = String::new();
                // The name of the holder is a courtesy: without it the answer is the same.
                let _ = file.take(32).read_to_string(&mut text);
                return Err(OpenError::Locked { path, pid: text.trim().parse().ok() });
            }
            Err(error) => return Err(failed(error.into()).into()),
        }
        // On a full disk there is no room for it, and a journal opens none the less.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}
