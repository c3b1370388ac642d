//! Reading the little-endian numbers of a chunk, with every bound checked.

/// Why binary XML can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} at chunk offset {at}")]
pub(super) struct BinXmlError {
    pub reason: &'static str,
    /// Offset in the chunk.
    pub at: usize,
}

/// A position in a chunk, up to an end.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    pub chunk: &'a [u8],
    pub at: usize,
    pub end: usize,
}

impl<'a> Cursor<'a> {
    /// A cursor over `start..end` of the chunk, or what of that lies in the chunk.
    pub fn new(chunk: &'a [u8], start: usize, end: usize) -> Self {
        Self { chunk, at: start, end: end.min(chunk.len()) }
    }

    pub fn is_at_end(&self) -> bool {
        self.at >= self.end
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], BinXmlError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.end);
        let end = end.ok_or(BinXmlError { reason: "binary XML ends too early", at: self.at })?;
        let bytes = &self.chunk[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    pub fn u8(&mut self) -> Result<u8, BinXmlError> {
        Ok(self.bytes(1)?[0])
    }

    pub fn u16(&mut self) -> Result<u16, BinXmlError> {
        let bytes = self.bytes(2)?;
        Ok(u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    pub fn u32(&mut self) -> Result<u32, BinXmlError> {
        let bytes = self.bytes(4)?;
        Ok(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
    }

    pub fn error<T>(&self, reason: &'static str) -> Result<T, BinXmlError> {
        Err(BinXmlError { reason, at: self.at })
    }
}
