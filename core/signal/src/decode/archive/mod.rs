//! Archives on the way: gzip, zip and tar, one in another, each file in them a source of its own.
//!
//! [`walk`] hands every file of an archive to a [`Visitor`] as something to read, one after the other, and
//! holds none of them. What is no archive is handed on as it is. The names of sources within archives are
//! `archive.zip!folder/member.log`.
//!
//! Archives are damaged, encrypted, or packed in ways that are not supported. Each such file is told by its
//! name, with the reason, and the walk goes on with the next: nothing disappears without a word, and one bad
//! member costs no other. A zip archive that has lost its directory is read member by member from its
//! beginning.
//!
//! An archive may also be a bomb: what all its files unpack to is bounded, in bytes and as a multiple of what
//! the archive itself has. Beyond the bound the walk ends; what was read before stays.

mod bounds;
mod gzip;
mod kind;
mod tar;
#[cfg(test)]
mod tests;
mod zip;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

pub use bounds::ArchiveLimits;
use bounds::{Bounds, Exceeded};
use gzip::Gzip;
use kind::{HEAD_BYTES, Kind};

/// What can be read at any place, as zip archives need.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// Bytes that may be an archive.
pub enum Input<'a> {
    /// In order only. A zip archive in it goes through [`Visitor::spool`].
    Stream(&'a mut dyn Read),
    /// At any place.
    Seekable(&'a mut dyn ReadSeek),
}

/// A file, found in an archive or given as it is.
pub struct Found<'a> {
    /// The whole way to it, for people: `logs.zip!auth.log.gz`.
    pub path: &'a str,
    /// Its own name in lower case, without the ending that tells how it was packed, to guess a format by.
    pub name: &'a str,
    /// Its bytes. Reading fails where the archive is damaged there, or beyond its bounds.
    pub bytes: &'a mut dyn Read,
}

/// Takes the files of an archive.
pub trait Visitor {
    /// The visitor's own reason to end the walk.
    type Error;

    /// A file. It need not be read to its end. When reading it fails, the visitor reports that with the
    /// file's path and returns `Ok`, and the walk goes on with the next file.
    fn file(&mut self, found: Found<'_>) -> Result<(), Self::Error>;

    /// A file or an archive that can't be opened, or an archive that breaks off, and why.
    fn unreadable(&mut self, path: &str, reason: io::Error) -> Result<(), Self::Error>;

    /// Makes a stream readable at any place: by a temporary file, or in memory.
    fn spool(&mut self, bytes: &mut dyn Read) -> io::Result<Box<dyn ReadSeek>>;
}

/// Why a walk ended before the last file. `E` is the visitor's own error.
#[derive(Debug, thiserror::Error)]
pub enum WalkError<E> {
    #[error("`{path}` unpacks to more than {limit}")]
    Bomb { path: String, limit: String },
    #[error(transparent)]
    Visitor(E),
}

/// Archives are opened in archives so deep: `logs.zip` → `host.tar.gz` (two) → `auth.log.gz`.
const LEVELS_MAX: usize = 4;

/// Hands every file in `input`, which is called `path`, to the visitor.
pub fn walk<V: Visitor>(
    path: &str,
    input: Input<'_>,
    limits: ArchiveLimits,
    visitor: &mut V,
) -> Result<(), WalkError<V::Error>> {
    let bounds = Bounds::new(limits);
    let mut walk = Walk { bounds: &bounds, visitor };
    match input {
        Input::Stream(bytes) => walk.stream(path, &mut bounds.packed(bytes), 0),
        Input::Seekable(bytes) => match measure(bytes) {
            Ok((Kind::Zip, length)) => {
                bounds.add_packed(length);
                walk.zip(path, bytes, 0)
            }
            Ok(_) => walk.stream(path, &mut bounds.packed(bytes), 0),
            Err(error) => walk.unreadable(path, error),
        },
    }
}

struct Walk<'w, V> {
    bounds: &'w Bounds,
    visitor: &'w mut V,
}

impl<V: Visitor> Walk<'_, V> {
    fn stream(&mut self, path: &str, bytes: &mut dyn Read, level: usize) -> Result<(), WalkError<V::Error>> {
        let (head, error) = match head(bytes) {
            (head, Some(error)) if head.is_empty() => return self.unreadable(path, error),
            other => other,
        };
        let kind = Kind::of(&head);
        let mut whole = Cursor::new(&head).chain(Rest { error, bytes });
        match kind {
            Kind::Plain => self.file(path, &mut whole),
            Kind::Unsupported(packer) => self.unreadable(path, unsupported(packer)),
            _ if level == LEVELS_MAX => self.unreadable(path, too_deep()),
            Kind::Gzip => {
                let bounds = self.bounds;
                self.stream(path, &mut bounds.unpacked(Gzip::new(whole)), level + 1)
            }
            Kind::Tar => self.tar(path, &mut whole, level),
            Kind::Zip => match self.visitor.spool(&mut whole) {
                Ok(mut file) => {
                    self.check(path)?;
                    self.zip(path, &mut *file, level)
                }
                Err(error) => self.unreadable(path, error),
            },
        }
    }

    fn zip(&mut self, path: &str, bytes: &mut dyn ReadSeek, level: usize) -> Result<(), WalkError<V::Error>> {
        let bounds = self.bounds;
        zip::each_member(bytes, &mut |name, member| {
            if name.is_some_and(is_by_product) {
                return Ok(());
            }
            let path = name.map_or_else(|| path.to_owned(), |name| inner(path, name));
            match member {
                Ok(member) => self.stream(&path, &mut bounds.unpacked(member), level + 1),
                Err(error) => self.unreadable(&path, error),
            }
        })
    }

    fn tar(&mut self, path: &str, bytes: &mut dyn Read, level: usize) -> Result<(), WalkError<V::Error>> {
        let mut archive = tar::Tar::new(bytes);
        let mut last = None;
        loop {
            let next = archive.next();
            self.check(path)?;
            match next {
                Ok(None) => return Ok(()),
                Ok(Some(mut member)) => {
                    let name = member.name.clone();
                    if !is_by_product(&name) {
                        self.stream(&inner(path, &name), &mut member, level + 1)?;
                    }
                    last = Some(name);
                }
                Err(tar::TarError::Member { name, reason }) => {
                    self.unreadable(&inner(path, &name), reason)?
                }
                Err(tar::TarError::Archive(error)) => {
                    let behind = last.map_or_else(String::new, |name| format!(", behind `{name}`"));
                    let reason = io::Error::new(error.kind(), format!("{error}{behind}"));
                    return self.unreadable(path, reason);
                }
            }
        }
    }

    fn file(&mut self, path: &str, bytes: &mut dyn Read) -> Result<(), WalkError<V::Error>> {
        let name = path.rsplit(['!', '/', '\\']).next().unwrap_or(path).to_lowercase();
        let name = kind::ENDINGS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
        self.visitor.file(Found { path, name, bytes }).map_err(WalkError::Visitor)?;
        self.check(path)
    }

    /// Tells of what can't be read, unless the bounds are the reason: that ends the walk.
    fn unreadable(&mut self, path: &str, reason: io::Error) -> Result<(), WalkError<V::Error>> {
        self.check(path)?;
        self.visitor.unreadable(path, reason).map_err(WalkError::Visitor)
    }

    fn check(&self, path: &str) -> Result<(), WalkError<V::Error>> {
        match self.bounds.exceeded() {
            Some(Exceeded(limit)) => Err(WalkError::Bomb { path: path.to_owned(), limit }),
            None => Ok(()),
        }
    }
}

/// What the bytes are, and how many; they are at their beginning afterwards.
fn measure(bytes: &mut dyn ReadSeek) -> io::Result<(Kind, u64)> {
    bytes.seek(SeekFrom::Start(0))?;
    let (head, error) = head(bytes);
    if let Some(error) = error {
        return Err(error);
    }
    let length = bytes.seek(SeekFrom::End(0))?;
    bytes.seek(SeekFrom::Start(0))?;
    Ok((Kind::of(&head), length))
}

/// The first bytes of a stream, fewer than [`HEAD_BYTES`] only if there are no more, or if what came next was
/// an error.
fn head(bytes: &mut (impl Read + ?Sized)) -> (Vec<u8>, Option<io::Error>) {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let end = bytes.take(HEAD_BYTES as u64).read_to_end(&mut head);
    (head, end.err())
}

/// What follows a stream's first bytes: an error, if that came, or the rest.
struct Rest<'r> {
    error: Option<io::Error>,
    bytes: &'r mut dyn Read,
}

impl Read for Rest<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        self.error.take().map_or_else(|| self.bytes.read(target), Err)
    }
}

/// The path of a member of the archive at `path`.
fn inner(path: &str, name: &str) -> String {
    format!("{path}!{name}")
}

/// What macOS adds to archives about the files in them.
fn is_by_product(name: &str) -> bool {
    let own = name.rsplit('/').next().unwrap_or(name);
    name.starts_with("__MACOSX/") || own.starts_with("._") || own == ".DS_Store"
}

fn unsupported(packer: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("packed by {packer}, which is not supported; unpack it first"),
    )
}

fn too_deep() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        format!("an archive in archives more than {LEVELS_MAX} deep; unpack it first"),
    )
}
