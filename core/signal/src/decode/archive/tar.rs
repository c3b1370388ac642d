//! Tar archives, read in order: ustar (POSIX.1-1988), with the long names of GNU and of pax (POSIX.1-2001).

use std::io::{self, ErrorKind, Read};

const BLOCK: usize = 512;

/// A name or a pax header is no longer than this.
const META_MAX: u64 = 1 << 20;

pub(super) fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

pub(super) struct Tar<'r> {
    bytes: &'r mut dyn Read,
    /// What is left of the current member, and the padding behind it.
    left: u64,
    padding: u64,
}

/// A regular file of an archive.
pub(super) struct Member<'t, 'r> {
    pub name: String,
    tar: &'t mut Tar<'r>,
}

/// Why a member, or anything further, can't be read.
pub(super) enum TarError {
    Member { name: String, reason: io::Error },
    Archive(io::Error),
}

impl From<io::Error> for TarError {
    fn from(error: io::Error) -> Self {
        Self::Archive(error)
    }
}

impl<'r> Tar<'r> {
    pub fn new(bytes: &'r mut dyn Read) -> Self {
        Self { bytes, left: 0, padding: 0 }
    }

    /// The next regular file; what is left of the one before is passed over. Behind an error about the
    /// archive there is nothing more; behind one about a member there may be.
    pub fn next(&mut self) -> Result<Option<Member<'_, 'r>>, TarError> {
        let mut pax = Pax::default();
        loop {
            self.pass_over()?;
            let mut header = [0; BLOCK];
            if !self.header(&mut header)? {
                return Ok(None);
            }
            let size = number(&header[124..136]).ok_or_else(|| invalid("a size that is no number"))?;
            self.size(size);
            match header[156] {
                b'L' => pax.path = Some(text(&self.meta()?)),
                b'x' => pax.read(&self.meta()?),
                kind => {
                    let Pax { path, size, is_sparse } = std::mem::take(&mut pax);
                    if let Some(size) = size {
                        self.size(size);
                    }
                    let name = path.unwrap_or_else(|| short_name(&header));
                    match kind {
                        b'S' | b'0' | b'7' | 0 if is_sparse || kind == b'S' => {
                            return Err(TarError::Member { name, reason: sparse() });
                        }
                        // A name that ends so is a folder's in archives older than the letter for it.
                        b'0' | b'7' | 0 if !name.ends_with('/') => {
                            return Ok(Some(Member { name, tar: self }));
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    fn size(&mut self, size: u64) {
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
    }

    /// Reads a header; `false` at the archive's end.
    fn header(&mut self, header: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.bytes.read(&mut header[filled..]) {
                Ok(0) if filled == 0 => return Ok(false),
                Ok(0) => return Err(invalid("ends within a header")),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if header.iter().all(|b| *b == 0) {
            return Ok(false);
        }
        if !is_tar(header) {
            return Err(invalid("a header without its signature"));
        }
        if number(&header[148..156]) != Some(checksum(header)) {
            return Err(invalid("a header with a wrong checksum"));
        }
        Ok(true)
    }

    fn meta(&mut self) -> io::Result<Vec<u8>> {
        if self.left > META_MAX {
            return Err(invalid("a name longer than 1 MiB"));
        }
        let mut meta = Vec::new();
        self.bytes.take(self.left).read_to_end(&mut meta)?;
        self.left -= meta.len() as u64;
        Ok(meta)
    }

    fn pass_over(&mut self) -> io::Result<()> {
        let rest = self.left + self.padding;
        let passed = io::copy(&mut self.bytes.take(rest), &mut io::sink())?;
        // The padding behind the very last member is missing in archives that were cut without harm.
        let is_whole = passed >= self.left;
        (self.left, self.padding) = (0, 0);
        if is_whole { Ok(()) } else { Err(invalid("ends within a member")) }
    }
}

impl Read for Member<'_, '_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let most = target.len().min(usize::try_from(self.tar.left).unwrap_or(usize::MAX));
        if most == 0 {
            return Ok(0);
        }
        let read = self.tar.bytes.read(&mut target[..most])?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.tar.left -= read as u64;
        Ok(read)
    }
}

/// What an extended header says about the member behind it.
#[derive(Default)]
struct Pax {
    path: Option<String>,
    size: Option<u64>,
    /// The member holds only the parts of a file that are not zeros.
    is_sparse: bool,
}

impl Pax {
    /// Takes records of `<length> <key>=<value>\n`; the length counts the whole record.
    fn read(&mut self, mut records: &[u8]) {
        while let Some(space) = records.iter().position(|byte| *byte == b' ') {
            let length = std::str::from_utf8(&records[..space]).ok().and_then(|digits| digits.parse().ok());
            let Some((record, rest)) = length.and_then(|length| records.split_at_checked(length)) else {
                return;
            };
            records = rest;
            let Some(record) = record.get(space + 1..).and_then(|record| record.strip_suffix(b"\n")) else {
                return;
            };
            let Some(equals) = record.iter().position(|byte| *byte == b'=') else { continue };
            let value = text(&record[equals + 1..]);
            match &record[..equals] {
                b"path" => self.path = Some(value),
                b"size" => self.size = value.parse().ok().filter(|size| *size < SIZE_MAX),
                key if key.starts_with(b"GNU.sparse.") => self.is_sparse = true,
                _ => {}
            }
        }
    }
}

/// Sizes from here on are not believed; sums of them stay within 64 bits.
const SIZE_MAX: u64 = 1 << 62;

/// A number in octal text, or in binary where the first bit is set (GNU).
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let bytes: [u8; 8] = field[field.len() - 8..].try_into().ok()?;
        return Some(u64::from_be_bytes(bytes)).filter(|number| *number < SIZE_MAX);
    }
    let digits = field.split(|byte| matches!(byte, 0 | b' ')).find(|part| !part.is_empty());
    let Some(digits) = digits else { return Some(0) };
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok()
}

/// The sum of a header's bytes, with spaces in the place of the sum itself.
fn checksum(header: &[u8; BLOCK]) -> u64 {
    let own = 148..156;
    let sum = |bytes: &[u8]| bytes.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    sum(header) - sum(&header[own.clone()]) + own.len() as u64 * u64::from(b' ')
}

fn short_name(header: &[u8; BLOCK]) -> String {
    // GNU's own format has times where POSIX has the beginning of a long name.
    let is_posix = header[257..263] == *b"ustar\0";
    let name = text(&header[..100]);
    match text(&header[345..500]) {
        prefix if is_posix && !prefix.is_empty() => format!("{prefix}/{name}"),
        _ => name,
    }
}

fn text(field: &[u8]) -> String {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    String::from_utf8_lossy(&field[..end]).into_owned()
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the tar archive is damaged: {what}"))
}

fn sparse() -> io::Error {
    io::Error::new(ErrorKind::Unsupported, "a sparse file, which is not supported; unpack the archive first")
}
