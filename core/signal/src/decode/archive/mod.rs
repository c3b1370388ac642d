//! Archives on the way: gzip, zip and tar, one in another, each file in them a source of its own.
//!
//! [`walk`] hands every file of an archive to the caller as something to read, one after the other, and
//! holds none of them. What is no archive is handed on as it is. The names of sources within archives
//! are `archive.zip!folder/member.log`.
//!
//! An archive may be a bomb: what all its files unpack to is bounded, in bytes and as a multiple of what
//! the archive itself has. Beyond the bound, reading fails; what was read before stays.

mod bounds;
mod tar;
#[cfg(test)]
mod tests;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;

pub use bounds::ArchiveLimits;
use bounds::{Bounds, Exceeded};

/// What can be read at any place, as zip archives need.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Bytes that may be an archive.
pub enum Input<'a> {
    /// In order only. A zip archive in it is handed to the spool.
    Stream(&'a mut dyn Read),
    /// At any place, and how many there are.
    Seekable(&'a mut dyn ReadSeek),
}

/// A file, found in an archive or given as it is.
pub struct Found<'a> {
    /// The whole way to it, for people: `logs.zip!auth.log.gz`.
    pub path: &'a str,
    /// Its own name in lower case, without the ending that tells how it was packed, to guess a format by.
    pub name: &'a str,
    /// Its bytes. Reading fails where the archive is damaged or beyond its bounds.
    pub bytes: &'a mut dyn Read,
}

/// Makes a stream readable at any place: by a temporary file, or in memory.
pub type Spool<'a> = dyn FnMut(&mut dyn Read) -> io::Result<Box<dyn ReadSeek>> + 'a;

/// Why a walk ended before the last file. `E` is the caller's own error.
#[derive(Debug, thiserror::Error)]
pub enum WalkError<E> {
    #[error("`{path}` unpacks to more than {limit}")]
    Bomb { path: String, limit: String },
    #[error("`{path}` is no readable archive")]
    Damaged { path: String, source: io::Error },
    #[error(transparent)]
    Caller(E),
}

/// Archives are opened in archives so deep: `logs.zip` → `host.tar.gz` (two) → `auth.log.gz`.
const LEVELS_MAX: usize = 4;

/// Bytes that tell what something is; tar has its signature at 257.
const HEAD_BYTES: usize = 512;

/// Hands every file in `input` to `each`. An error that a file's bytes give is the caller's to report:
/// where `each` returns without one, the walk goes on with the next file.
pub fn walk<E>(
    path: &str,
    input: Input<'_>,
    limits: ArchiveLimits,
    spool: &mut Spool<'_>,
    each: &mut dyn FnMut(Found<'_>) -> Result<(), E>,
) -> Result<(), WalkError<E>> {
    let bounds = Bounds::new(limits);
    let mut walk = Walk { bounds: &bounds, spool, each };
    match input {
        Input::Stream(bytes) => walk.stream(path, &mut bounds.packed(bytes), 0),
        Input::Seekable(bytes) => {
            let damaged = |source| WalkError::Damaged { path: path.to_owned(), source };
            let head = head(bytes).map_err(damaged)?;
            bytes.seek(SeekFrom::Start(0)).map_err(damaged)?;
            if is_zip(&head) {
                let length = bytes.seek(SeekFrom::End(0)).map_err(damaged)?;
                bytes.seek(SeekFrom::Start(0)).map_err(damaged)?;
                bounds.add_packed(length);
                return walk.zip(path, bytes, 0);
            }
            walk.stream(path, &mut bounds.packed(bytes), 0)
        }
    }
}

struct Walk<'w, 's, E> {
    bounds: &'w Bounds,
    spool: &'w mut Spool<'s>,
    each: &'w mut dyn FnMut(Found<'_>) -> Result<(), E>,
}

impl<E> Walk<'_, '_, E> {
    fn stream(&mut self, path: &str, bytes: &mut dyn Read, level: usize) -> Result<(), WalkError<E>> {
        let head = match head(bytes) {
            Ok(head) => head,
            Err(error) => return self.file(path, &mut Failing(Some(error))),
        };
        let is_archive = level < LEVELS_MAX;
        let mut whole = Cursor::new(&head).chain(bytes);
        if is_archive && head.starts_with(&[0x1f, 0x8b]) {
            let mut unpacked = self.bounds.unpacked(MultiGzDecoder::new(whole));
            return self.stream(path, &mut unpacked, level + 1);
        }
        if is_archive && is_zip(&head) {
            return match (self.spool)(&mut whole) {
                Ok(mut file) => self.zip(path, &mut *file, level),
                Err(error) => self.check(path).and(self.file(path, &mut Failing(Some(error)))),
            };
        }
        if is_archive && tar::is_tar(&head) {
            return self.tar(path, &mut whole, level);
        }
        self.file(path, &mut whole)
    }

    fn zip(&mut self, path: &str, bytes: &mut dyn ReadSeek, level: usize) -> Result<(), WalkError<E>> {
        let damaged = |error: zip::result::ZipError| WalkError::Damaged {
            path: path.to_owned(),
            source: io::Error::other(error),
        };
        let mut archive = zip::ZipArchive::new(bytes).map_err(damaged)?;
        for at in 0..archive.len() {
            let member = match archive.by_index(at) {
                Ok(member) => member,
                Err(error) => {
                    let inner = format!("{path}!{at}");
                    self.file(&inner, &mut Failing(Some(io::Error::other(error))))?;
                    continue;
                }
            };
            let name = String::from_utf8_lossy(member.name_raw()).into_owned();
            if member.is_file() && !is_by_product(&name) {
                self.stream(&format!("{path}!{name}"), &mut self.bounds.unpacked(member), level + 1)?;
            }
        }
        Ok(())
    }

    fn tar(&mut self, path: &str, bytes: &mut dyn Read, level: usize) -> Result<(), WalkError<E>> {
        let mut archive = tar::Tar::new(bytes);
        loop {
            let damaged = |source| WalkError::Damaged { path: path.to_owned(), source };
            let next = archive.next();
            self.check(path)?;
            let Some(mut member) = next.map_err(damaged)? else { return Ok(()) };
            let name = member.name.clone();
            if !is_by_product(&name) {
                self.stream(&format!("{path}!{name}"), &mut member, level + 1)?;
            }
        }
    }

    fn file(&mut self, path: &str, bytes: &mut dyn Read) -> Result<(), WalkError<E>> {
        let name = path.rsplit(['!', '/', '\\']).next().unwrap_or(path).to_lowercase();
        let name = [".gz", ".zip", ".tar", ".tgz"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        (self.each)(Found { path, name, bytes }).map_err(WalkError::Caller)?;
        self.check(path)
    }

    fn check(&self, path: &str) -> Result<(), WalkError<E>> {
        match self.bounds.exceeded() {
            Some(Exceeded(limit)) => Err(WalkError::Bomb { path: path.to_owned(), limit }),
            None => Ok(()),
        }
    }
}

fn is_zip(head: &[u8]) -> bool {
    [b"PK\x03\x04", b"PK\x05\x06"].iter().any(|magic| head.starts_with(*magic))
}

/// What macOS adds to archives about the files in them.
fn is_by_product(name: &str) -> bool {
    let own = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || own.starts_with("._") || own == ".DS_Store"
}

/// The first bytes of a stream, fewer than [`HEAD_BYTES`] only if there are no more.
fn head(bytes: &mut (impl Read + ?Sized)) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    match bytes.take(HEAD_BYTES as u64).read_to_end(&mut head) {
        // What came before the error is something to read, and the error comes again behind it.
        Err(error) if head.is_empty() => Err(error),
        _ => Ok(head),
    }
}

/// Bytes that can't be read, and why.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.take().unwrap_or_else(|| io::ErrorKind::Other.into()))
    }
}
