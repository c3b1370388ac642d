//! Tar archives, read in order: ustar, with the long names of GNU and pax.

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

impl<'r> Tar<'r> {
    pub fn new(bytes: &'r mut dyn Read) -> Self {
        Self { bytes, left: 0, padding: 0 }
    }

    /// The next regular file; what is left of the one before is passed over.
    pub fn next(&mut self) -> io::Result<Option<Member<'_, 'r>>> {
        let mut long_name = None;
        loop {
            self.pass_over()?;
            let mut header = [0; BLOCK];
            if !self.header(&mut header)? {
                return Ok(None);
            }
            let size = number(&header[124..136]).ok_or_else(|| invalid("a size that is no number"))?;
            self.left = size;
            self.padding = size.next_multiple_of(BLOCK as u64) - size;
            match header[156] {
                b'0' | b'7' | 0 => {
                    let name = long_name.take().unwrap_or_else(|| short_name(&header));
                    return Ok(Some(Member { name, tar: self }));
                }
                b'L' => {
                    let name = self.meta()?;
                    long_name = Some(text(&name).to_owned());
                }
                b'x' => {
                    let pax = self.meta()?;
                    long_name = pax_path(&pax).or(long_name);
                }
                _ => {}
            }
        }
    }

    /// Reads a header; `false` at the archive's end.
    fn header(&mut self, header: &mut [u8; BLOCK]) -> io::Result<bool> {
        let mut filled = 0;
        while filled < BLOCK {
            match self.bytes.read(&mut header[filled..])? {
                0 if filled == 0 => return Ok(false),
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => filled += read,
            }
        }
        if header.iter().all(|b| *b == 0) {
            return Ok(false);
        }
        if !is_tar(header) {
            return Err(invalid("a header without its signature"));
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
        (self.left, self.padding) = (0, 0);
        if passed < rest { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
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

/// A number in octal text, or in binary where the first bit is set (GNU).
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let bytes: [u8; 8] = field[field.len() - 8..].try_into().ok()?;
        return Some(u64::from_be_bytes(bytes)).filter(|n| *n < 1 << 62);
    }
    let digits = text(field).trim();
    if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 8).ok() }
}

fn short_name(header: &[u8; BLOCK]) -> String {
    let (prefix, name) = (text(&header[345..500]), text(&header[..100]));
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") }
}

/// The `path` of a pax header: lines of `<length> <key>=<value>`.
fn pax_path(pax: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(pax);
    let path = text.lines().find_map(|line| line.split_once(' ')?.1.strip_prefix("path="));
    path.map(str::to_owned)
}

fn text(field: &[u8]) -> &str {
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    std::str::from_utf8(&field[..end]).unwrap_or("(a name that is not UTF-8)")
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("not a tar archive: {what}"))
}
