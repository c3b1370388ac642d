//! Reading a log file as it grows, and on through its rotations.
//!
//! Rotation comes in two kinds. A file is *renamed* and another one made under its name: the open file is
//! read to its end, for a while longer since the writer may not have noticed yet, and then the next one. Or
//! it is *copied and truncated*: it has suddenly become shorter, or begins otherwise than it did; the
//! rest is then read from the copy, and the file from its beginning. After a restart the same two
//! questions are asked of the position that was remembered.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use super::{
    frame::Frame,
    position::{FilePosition, Head},
    siblings::Sibling,
};

/// Most bytes that are read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// After so long without a new byte, the last record is whole, and a renamed file is finished.
const SILENCE: Duration = Duration::from_secs(2);

/// Follows one log file. Does no waiting of its own.
pub(crate) struct Follower {
    path: PathBuf,
    frame: Frame,
    /// Where to begin, until a file is open.
    from: Option<FilePosition>,
    history_bytes: u64,
    open: Option<Open>,
}

/// What one look found.
#[derive(Debug)]
pub(crate) enum Found {
    Chunk(Chunk),
    /// Nothing new.
    Nothing,
    /// What was to be read next is gone; reading goes on behind it.
    Gap(String),
}

/// Some whole records.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub bytes: Vec<u8>,
    /// Where in their file the bytes begin.
    pub offset: u64,
    /// The place behind the last whole record.
    pub position: FilePosition,
    /// Whether that is the end of the bytes: a record longer than a chunk comes in pieces.
    pub is_whole: bool,
    /// Whether they are the last of their file.
    pub is_last: bool,
}

struct Open {
    file: File,
    offset: u64,
    /// The end of the last whole record.
    whole: u64,
    head: Head,
    /// Length and time at the last look, and when they changed.
    seen: Option<(u64, SystemTime)>,
    grew: Instant,
}

impl Follower {
    /// Follows `path` from a remembered position, or else from so many bytes before its end.
    pub fn new(path: &Path, frame: Frame, from: Option<FilePosition>, history_bytes: u64) -> Self {
        Self { path: path.to_owned(), frame, from, history_bytes, open: None }
    }

    /// What is next; `now` tells how long there has been silence.
    ///
    /// # Errors
    /// The file is not there, must not or can't be read. Looking again is harmless.
    pub fn next(&mut self, now: Instant) -> io::Result<Found> {
        let Some(open) = &mut self.open else {
            return self.begin(now);
        };
        let metadata = open.file.metadata()?;
        let seen = Some((metadata.len(), metadata.modified()?));
        if seen != open.seen {
            if metadata.len() < open.offset || !open.head.matches(&open.file)? {
                return self.truncated(now);
            }
            open.seen = seen;
            open.grew = now;
        }
        let is_silent = now.saturating_duration_since(open.grew) >= SILENCE;
        if metadata.len() > open.offset
            && let Some(chunk) = open.read(self.frame, is_silent)?
        {
            return Ok(Found::Chunk(chunk));
        }
        if is_silent && self.is_renamed()? {
            return self.finish(now);
        }
        Ok(Found::Nothing)
    }

    fn begin(&mut self, now: Instant) -> io::Result<Found> {
        let Some(from) = self.from.clone() else {
            let file = File::open(&self.path)?;
            let offset = beginning(&file, self.history_bytes)?;
            self.open(file, offset, now)?;
            return Ok(Found::Nothing);
        };
        let current = match File::open(&self.path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let is_same = |file: &File| Ok::<_, io::Error>(from.is_inode(&file.metadata()?));
        let found = match current {
            Some(file) if is_same(&file)? && from.fits(&file)? => Some(file),
            _ => Sibling::with(&self.path, &from)?,
        };
        if let Some(file) = found {
            self.open(file, from.offset, now)?;
            return Ok(Found::Nothing);
        }
        let file = File::open(&self.path)?;
        self.open(file, 0, now)?;
        let path = self.path.display();
        Ok(Found::Gap(format!(
            "what was read last of {path} is gone or compressed; lines between may be missing"
        )))
    }

    /// The open file is no longer what was read: the rest is in a copy, if anywhere.
    fn truncated(&mut self, now: Instant) -> io::Result<Found> {
        let Some(open) = self.open.take() else {
            return Ok(Found::Nothing);
        };
        let position = FilePosition::at(&open.file, open.offset, open.head)?;
        self.from = Some(position.clone());
        if let Some(copy) = Sibling::with(&self.path, &position)? {
            self.open(copy, position.offset, now)?;
            return Ok(Found::Nothing);
        }
        self.open(open.file, 0, now)?;
        Ok(Found::Gap(format!("{} was truncated and no copy of it found", self.path.display())))
    }

    /// Whether the open file no longer has the name that is followed.
    fn is_renamed(&self) -> io::Result<bool> {
        let Some(open) = &self.open else {
            return Ok(false);
        };
        let position = FilePosition::at(&open.file, open.offset, open.head)?;
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(!position.is_inode(&metadata)),
            // Deleted or renamed, and the next one not made yet: that is the file to wait for.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Ends the open file, its last line included even without a line feed, and opens the next.
    fn finish(&mut self, now: Instant) -> io::Result<Found> {
        let Some(open) = &mut self.open else {
            return Ok(Found::Nothing);
        };
        let next = match Sibling::after(&self.path, &open.file)? {
            Some(sibling) => sibling,
            None => File::open(&self.path)?,
        };
        let rest = open.rest()?;
        // Where to go on should the next step fail.
        self.from = Some(FilePosition::at(&next, 0, Head::default())?);
        self.open = None;
        self.open(next, 0, now)?;
        Ok(rest.map_or(Found::Nothing, Found::Chunk))
    }

    fn open(&mut self, file: File, offset: u64, now: Instant) -> io::Result<()> {
        let head = Head::of(&file, offset)?;
        self.open = Some(Open { file, offset, whole: offset, head, seen: None, grew: now });
        self.from = None;
        Ok(())
    }
}

impl Open {
    /// The next whole records.
    fn read(&mut self, frame: Frame, is_silent: bool) -> io::Result<Option<Chunk>> {
        let mut bytes = vec![0; CHUNK_BYTES];
        let read = read_at(&self.file, &mut bytes, self.offset)?;
        bytes.truncate(read);
        let whole = match frame.whole(&bytes) {
            0 if is_silent || read == CHUNK_BYTES => frame.whole_when_silent(&bytes),
            whole => whole,
        };
        match whole {
            // A line longer than a chunk goes on in pieces; the decoder knows what to do with it.
            0 if read == CHUNK_BYTES => self.take(bytes, false, false),
            whole => {
                bytes.truncate(whole);
                self.take(bytes, true, false)
            }
        }
    }

    /// Everything that is left; less than a chunk.
    fn rest(&mut self) -> io::Result<Option<Chunk>> {
        let mut bytes = vec![0; CHUNK_BYTES];
        let read = read_at(&self.file, &mut bytes, self.offset)?;
        bytes.truncate(read);
        self.take(bytes, true, true)
    }

    fn take(&mut self, bytes: Vec<u8>, is_whole: bool, is_last: bool) -> io::Result<Option<Chunk>> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        if is_whole {
            self.whole = self.offset;
        }
        if self.head.can_grow(self.offset) {
            self.head = Head::of(&self.file, self.offset)?;
        }
        let position = FilePosition::at(&self.file, self.whole, self.head)?;
        Ok(Some(Chunk { bytes, offset, position, is_whole, is_last }))
    }
}

/// Where to begin in a file seen for the first time: at a line's beginning, so many bytes before its end.
fn beginning(file: &File, history_bytes: u64) -> io::Result<u64> {
    let length = file.metadata()?.len();
    if length <= history_bytes {
        return Ok(0);
    }
    let start = length - history_bytes;
    let mut bytes = vec![0; CHUNK_BYTES];
    let read = read_at(file, &mut bytes, start)?;
    let line = memchr::memchr(b'\n', &bytes[..read]).map_or(read, |at| at + 1);
    Ok(start + line as u64)
}

fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
