//! gzip (RFC 1952): members one behind the other, unpacked as one.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::GzDecoder;

/// Bytes of the packed stream that are read at once.
const BUFFER_BYTES: usize = 64 << 10;

/// Unpacks a stream. Zeros behind the last member are padding, as on tapes and in blocks of a device;
/// anything else there is an error, for it would be lost.
pub(super) struct Gzip<R> {
    member: Option<GzDecoder<BufReader<R>>>,
}

impl<R: Read> Gzip<R> {
    pub fn new(bytes: R) -> Self {
        Self { member: Some(GzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, bytes))) }
    }

    /// Whether another member follows the one that has ended.
    fn go_on(&mut self) -> io::Result<bool> {
        let Some(ended) = self.member.take() else { return Ok(false) };
        let mut bytes = ended.into_inner();
        let mut is_padded = false;
        loop {
            let next = bytes.fill_buf()?;
            match next.first() {
                None => return Ok(false),
                Some(0) => {
                    let zeros = next.iter().take_while(|byte| **byte == 0).count();
                    bytes.consume(zeros);
                    is_padded = true;
                }
                Some(0x1f) if !is_padded => break,
                Some(_) => {
                    return Err(io::Error::new(
                        ErrorKind::InvalidData,
                        "something that is no gzip member follows the last one",
                    ));
                }
            }
        }
        self.member = Some(GzDecoder::new(bytes));
        Ok(true)
    }
}

impl<R: Read> Read for Gzip<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(member) = &mut self.member else { return Ok(0) };
            match member.read(target)? {
                0 if target.is_empty() => return Ok(0),
                0 if !self.go_on()? => return Ok(0),
                0 => {}
                read => return Ok(read),
            }
        }
    }
}
