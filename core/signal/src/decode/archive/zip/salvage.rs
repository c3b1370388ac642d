//! A zip archive without its directory, as a download that broke off leaves it: the members as they stand
//! one behind the other, each behind a header of its own (APPNOTE 4.3.7).

use std::io::{self, BufRead, BufReader, ErrorKind, Read, SeekFrom};

use flate2::bufread::DeflateDecoder;
use zip::CompressionMethod;

use super::{super::ReadSeek, Each, encrypted, unsupported};

/// Hands the members to `each` that can be read in order; then tells of the archive, with why its directory
/// could not be read.
pub(super) fn each_member<E>(
    bytes: &mut dyn ReadSeek,
    reason: &str,
    each: &mut Each<'_, E>,
) -> Result<(), E> {
    let mut last = None;
    let end = match bytes.seek(SeekFrom::Start(0)) {
        Ok(_) => members(&mut BufReader::new(bytes), &mut last, each)?,
        Err(error) => Err(error),
    };
    let why = end.err().map_or_else(|| reason.to_owned(), |error| error.to_string());
    let read = last.map(|name| format!("; its members up to `{name}` were read without it"));
    let text =
        format!("the zip archive's directory is missing or damaged: {why}{}", read.unwrap_or_default());
    each(None, Err(io::Error::new(ErrorKind::InvalidData, text)))
}

/// Reads members until there is something else, or nothing. `last` is the name of the last one.
fn members<E>(
    bytes: &mut impl BufRead,
    last: &mut Option<String>,
    each: &mut Each<'_, E>,
) -> Result<io::Result<()>, E> {
    loop {
        let header = match Header::read(bytes) {
            Ok(Some(header)) => header,
            Ok(None) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        };
        let end = header.member(bytes, each)?;
        *last = Some(header.name);
        if end.is_err() {
            return Ok(end);
        }
    }
}

/// What stands in front of a member.
struct Header {
    name: String,
    method: u16,
    is_encrypted: bool,
    /// Bytes of the packed member; `None` if they are told only behind it.
    packed: Option<u64>,
    /// Whether a descriptor behind the member would have sizes of 8 bytes.
    is_zip64: bool,
}

const STORED: u16 = 0;
const DEFLATED: u16 = 8;

impl Header {
    /// The header of the next member; `None` if there is no further one.
    fn read(bytes: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut fixed = [0; 30];
        if bytes.fill_buf()?.is_empty() {
            return Ok(None);
        }
        bytes.read_exact(&mut fixed)?;
        if !fixed.starts_with(b"PK\x03\x04") {
            return Ok(None);
        }
        let short = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let long = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let flags = short(6);
        let mut name = vec![0; usize::from(short(26))];
        bytes.read_exact(&mut name)?;
        let mut extra = vec![0; usize::from(short(28))];
        bytes.read_exact(&mut extra)?;
        let sizes = zip64_sizes(&extra);
        let packed = match (long(18), sizes) {
            (u32::MAX, Some([_, packed])) => packed,
            (packed, _) => packed.into(),
        };
        Ok(Some(Self {
            name: String::from_utf8_lossy(&name).into_owned(),
            method: short(8),
            is_encrypted: flags & 1 != 0,
            packed: (flags & 8 == 0).then_some(packed),
            is_zip64: sizes.is_some(),
        }))
    }

    /// Hands the member to `each` and passes it. The inner error tells that the next member can't be found.
    fn member<E>(&self, bytes: &mut impl BufRead, each: &mut Each<'_, E>) -> Result<io::Result<()>, E> {
        if self.name.ends_with('/') {
            return Ok(self.packed.map_or(Ok(()), |packed| pass(&mut bytes.take(packed))));
        }
        let refused = match self.method {
            _ if self.is_encrypted => Some(encrypted()),
            STORED | DEFLATED => None,
            method => Some(unsupported(CompressionMethod::name_from_u16(method))),
        };
        let name = Some(&*self.name);
        match (self.packed, refused) {
            (Some(packed), Some(reason)) => {
                each(name, Err(reason))?;
                Ok(pass(&mut bytes.take(packed)))
            }
            (Some(packed), None) => {
                let mut packed = Whole { bytes: bytes.take(packed) };
                if self.method == STORED {
                    each(name, Ok(&mut packed))?;
                } else {
                    each(name, Ok(&mut DeflateDecoder::new(&mut packed)))?;
                }
                Ok(pass(&mut packed))
            }
            (None, None) if self.method == DEFLATED => {
                let mut unpacked = DeflateDecoder::new(&mut *bytes);
                each(name, Ok(&mut unpacked))?;
                Ok(pass(&mut unpacked).and_then(|()| self.pass_descriptor(bytes)))
            }
            (None, refused) => {
                let unknown = || io::Error::new(ErrorKind::InvalidData, "its size is not known");
                each(name, Err(refused.unwrap_or_else(unknown)))?;
                Ok(Err(unknown()))
            }
        }
    }

    /// Passes the checksum and sizes behind a member that was packed as a stream (APPNOTE 4.3.9).
    fn pass_descriptor(&self, bytes: &mut impl BufRead) -> io::Result<()> {
        let mut first = [0; 4];
        bytes.read_exact(&mut first)?;
        let checksum = if first == *b"PK\x07\x08" { 4 } else { 0 };
        let sizes = if self.is_zip64 { 16 } else { 8 };
        let left = checksum + sizes;
        match io::copy(&mut bytes.take(left), &mut io::sink())? {
            passed if passed == left => Ok(()),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// The sizes of a zip64 extra field, unpacked and packed.
fn zip64_sizes(mut extra: &[u8]) -> Option<[u64; 2]> {
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let (id, length) = (u16::from_le_bytes([head[0], head[1]]), u16::from_le_bytes([head[2], head[3]]));
        let (field, behind) = rest.split_at_checked(length.into())?;
        if id == 1 {
            let (unpacked, rest) = field.split_first_chunk::<8>()?;
            let packed = rest.first_chunk::<8>()?;
            return Some([u64::from_le_bytes(*unpacked), u64::from_le_bytes(*packed)]);
        }
        extra = behind;
    }
    None
}

fn pass(bytes: &mut dyn Read) -> io::Result<()> {
    io::copy(bytes, &mut io::sink()).map(|_| ())
}

/// So many bytes of a stream, none fewer: a stream that ends within them is an error, not an end.
struct Whole<R> {
    bytes: io::Take<R>,
}

impl<R: BufRead> Read for Whole<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(target)?;
        match read == 0 && !target.is_empty() && self.bytes.limit() > 0 {
            true => Err(ErrorKind::UnexpectedEof.into()),
            false => Ok(read),
        }
    }
}

impl<R: BufRead> BufRead for Whole<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.bytes.limit();
        let buffer = self.bytes.fill_buf()?;
        match buffer.is_empty() && left > 0 {
            true => Err(ErrorKind::UnexpectedEof.into()),
            false => Ok(buffer),
        }
    }

    fn consume(&mut self, bytes: usize) {
        self.bytes.consume(bytes);
    }
}
