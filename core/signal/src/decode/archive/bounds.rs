//! How much an archive may unpack to.

use std::{
    cell::Cell,
    io::{self, Read},
};

/// Bounds on what one archive unpacks to, all files in it together.
#[derive(Clone, Copy, Debug)]
pub struct ArchiveLimits {
    /// Most bytes.
    pub bytes_max: u64,
    /// Most bytes for each byte of the archive. Logs pack to a tenth or a twentieth, repetition to a
    /// hundredth; the most that gzip can do is a thousandth.
    pub ratio_max: u64,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { bytes_max: 64 << 30, ratio_max: 300 }
    }
}

/// Whatever the ratio, so many bytes are not a bomb.
const HARMLESS_BYTES: u64 = 16 << 20;

/// Counts what goes into unpacking and what comes out of it.
pub(super) struct Bounds {
    limits: ArchiveLimits,
    packed: Cell<u64>,
    unpacked: Cell<u64>,
}

/// The bound that was exceeded, for people.
pub(super) struct Exceeded(pub String);

impl Bounds {
    pub fn new(limits: ArchiveLimits) -> Self {
        Self { limits, packed: Cell::new(0), unpacked: Cell::new(0) }
    }

    pub fn add_packed(&self, bytes: u64) {
        self.packed.set(self.packed.get().saturating_add(bytes));
    }

    /// Counts the archive's own bytes as they are read.
    pub fn packed<R: Read>(&self, inner: R) -> Packed<'_, R> {
        Packed { bounds: self, inner }
    }

    /// Counts what is unpacked, and fails where it is too much.
    pub fn unpacked<R: Read>(&self, inner: R) -> Unpacked<'_, R> {
        Unpacked { bounds: self, inner }
    }

    pub fn exceeded(&self) -> Option<Exceeded> {
        let (packed, unpacked) = (self.packed.get(), self.unpacked.get());
        let ArchiveLimits { bytes_max, ratio_max } = self.limits;
        if unpacked > bytes_max {
            return Some(Exceeded(format!("{bytes_max} bytes")));
        }
        if unpacked > HARMLESS_BYTES && unpacked / ratio_max.max(1) > packed {
            return Some(Exceeded(format!("{ratio_max} times its own size")));
        }
        None
    }
}

pub(super) struct Packed<'b, R> {
    bounds: &'b Bounds,
    inner: R,
}

impl<R: Read> Read for Packed<'_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(target)?;
        self.bounds.add_packed(read as u64);
        Ok(read)
    }
}

pub(super) struct Unpacked<'b, R> {
    bounds: &'b Bounds,
    inner: R,
}

impl<R: Read> Read for Unpacked<'_, R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(target)?;
        self.bounds.unpacked.set(self.bounds.unpacked.get().saturating_add(read as u64));
        match self.bounds.exceeded() {
            Some(Exceeded(limit)) => Err(io::Error::other(format!("archive unpacks to more than {limit}"))),
            None => Ok(read),
        }
    }
}
