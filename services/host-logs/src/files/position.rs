//! A place in a log file that can be found again after the file was renamed, copied or replaced.

use std::{
    fmt,
    fs::File,
    io,
    os::unix::fs::{FileExt, MetadataExt},
    str::FromStr,
};

/// A place in a file, and how to know the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePosition {
    pub device: u64,
    pub inode: u64,
    pub offset: u64,
    pub head: Head,
}

/// A fingerprint of a file's beginning. An inode's number is given to another file once the first is
/// deleted, and a copied file has another number but the same beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Head {
    /// How many bytes it is over; none before anything was read.
    pub bytes: u64,
    pub hash: u64,
}

/// Most bytes that a fingerprint is over: some lines, each with a time.
const HEAD_BYTES_MAX: u64 = 1_024;

impl FilePosition {
    /// The place at an offset of an open file.
    pub fn at(file: &File, offset: u64, head: Head) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { device: metadata.dev(), inode: metadata.ino(), offset, head })
    }

    /// Whether this is the file, by its number.
    pub fn is_inode(&self, metadata: &std::fs::Metadata) -> bool {
        (metadata.dev(), metadata.ino()) == (self.device, self.inode)
    }

    /// Whether the file begins as the one that was read, and has the place.
    pub fn fits(&self, file: &File) -> io::Result<bool> {
        if file.metadata()?.len() < self.offset {
            return Ok(false);
        }
        Ok(Head::read(file, self.head.bytes)? == self.head)
    }
}

impl Head {
    /// The fingerprint of a file of which `offset` bytes were read.
    pub fn of(file: &File, offset: u64) -> io::Result<Self> {
        Self::read(file, offset.min(HEAD_BYTES_MAX))
    }

    /// Whether more of the beginning is known by now.
    pub fn can_grow(&self, offset: u64) -> bool {
        self.bytes < HEAD_BYTES_MAX && offset > self.bytes
    }

    /// Whether the file still begins so.
    pub fn matches(&self, file: &File) -> io::Result<bool> {
        Ok(Self::read(file, self.bytes)? == *self)
    }

    fn read(file: &File, bytes: u64) -> io::Result<Self> {
        let mut beginning = [0; HEAD_BYTES_MAX as usize];
        let wanted = bytes.min(HEAD_BYTES_MAX) as usize;
        let mut got = 0;
        while got < wanted {
            match file.read_at(&mut beginning[got..wanted], got as u64)? {
                0 => break,
                more => got += more,
            }
        }
        Ok(Self { bytes: got as u64, hash: hash(&beginning[..got]) })
    }
}

impl fmt::Display for FilePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, inode, offset, head } = self;
        write!(f, "{device}:{inode}:{offset}:{}:{:016x}", head.bytes, head.hash)
    }
}

impl FromStr for FilePosition {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split(':');
        let mut number = || parts.next()?.parse::<u64>().ok();
        let (Some(device), Some(inode), Some(offset), Some(bytes)) = (number(), number(), number(), number())
        else {
            return Err(());
        };
        let hash = parts.next().and_then(|hash| u64::from_str_radix(hash, 16).ok()).ok_or(())?;
        Ok(Self { device, inode, offset, head: Head { bytes, hash } })
    }
}

/// FNV-1a, which is the same everywhere and always.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let head = Head { bytes: 120, hash: hash(b"some lines") };
        let position = FilePosition { device: 2049, inode: 77, offset: 4_096, head };
        assert_eq!(position.to_string().parse(), Ok(position));
        for bad in ["", "1:2:3", "1:2:3:4", "1:2:3:4:x", "a:2:3:4:5"] {
            assert_eq!(bad.parse::<FilePosition>(), Err(()), "{bad}");
        }
    }
}
