//! Archives in archives: what they unpack to stays within the bounds, and every reason is told.
#![no_main]

use std::io::{self, Cursor, Read};

use libfuzzer_sys::fuzz_target;
use phalanx_signal::decode::archive::{ArchiveLimits, Found, Input, ReadSeek, Visitor, walk};

const LIMITS: ArchiveLimits = ArchiveLimits { bytes_max: 1 << 20, ratio_max: 200 };

fuzz_target!(|input: &[u8]| {
    let mut streamed = Seen::default();
    let _ = walk("a", Input::Stream(&mut &input[..]), LIMITS, &mut streamed);
    let mut whole = Seen::default();
    let _ = walk("a", Input::Seekable(&mut Cursor::new(input)), LIMITS, &mut whole);
    for seen in [&streamed, &whole] {
        // Every archive on the way counts, four at most, and what is read ends with the piece that is too much.
        assert!(seen.bytes <= LIMITS.bytes_max + input.len() as u64 + 65_536, "{} bytes", seen.bytes);
        assert!(
            input.is_empty() || seen.files + seen.unreadable > 0 || is_empty_archive(input),
            "nothing was told"
        );
    }
});

#[derive(Default)]
struct Seen {
    bytes: u64,
    files: usize,
    unreadable: usize,
}

impl Visitor for Seen {
    type Error = std::convert::Infallible;

    fn file(&mut self, found: Found<'_>) -> Result<(), Self::Error> {
        self.files += 1;
        self.bytes += io::copy(found.bytes, &mut Count(0)).unwrap_or_default();
        Ok(())
    }

    fn unreadable(&mut self, _: &str, reason: io::Error) -> Result<(), Self::Error> {
        assert!(!reason.to_string().is_empty());
        self.unreadable += 1;
        Ok(())
    }

    fn spool(&mut self, bytes: &mut dyn Read) -> io::Result<Box<dyn ReadSeek>> {
        let mut held = Vec::new();
        bytes.read_to_end(&mut held)?;
        Ok(Box::new(Cursor::new(held)))
    }
}

/// Counts what is written, so that `io::copy` reads everything.
struct Count(u64);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Archives that hold no file are no loss.
fn is_empty_archive(input: &[u8]) -> bool {
    let is_tar = input.len() >= 512 && input[257..].starts_with(b"ustar");
    input.starts_with(b"PK") || input.starts_with(&[0x1f, 0x8b]) || is_tar
}
