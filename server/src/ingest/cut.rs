//! A source's bytes in pieces that several decoders can work on.

use std::io::{self, Read};

use phalanx_signal::decode::Split;

/// Bytes of a piece. Large enough that handing it on costs nothing beside decoding it, small enough that
/// one for each thread is no memory to speak of.
pub const PIECE_BYTES: usize = 1 << 20;

/// Some bytes of a source.
pub struct Piece {
    /// Where in the source they begin.
    pub offset: u64,
    pub bytes: Vec<u8>,
    /// Whether the source may be cut behind them. If not, the next piece belongs to the same decoder.
    pub is_whole: bool,
}

/// How long reading goes on before a piece is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Until nothing more is there at the moment: somebody may be typing.
    Available,
    /// Until the piece is full.
    Full,
}

/// Reads a source and cuts it where its format may be cut.
pub struct Cutter<R> {
    reader: R,
    split: Split,
    fill: Fill,
    buffer: Vec<u8>,
    /// Bytes in the buffer that are in no piece yet, and where in the source they begin.
    held: usize,
    offset: u64,
    is_end: bool,
}

impl<R: Read> Cutter<R> {
    pub fn new(reader: R, split: Split, fill: Fill) -> Self {
        Self { reader, split, fill, buffer: Vec::new(), held: 0, offset: 0, is_end: false }
    }

    /// The next piece; `None` at the end. After an error the bytes before it can still be had.
    pub fn next(&mut self) -> io::Result<Option<Piece>> {
        // Most sources are smaller than a piece, so the buffer grows as it is needed.
        while !self.is_end {
            if self.held == self.buffer.len() {
                let more = (self.buffer.len() * 4).clamp(64 << 10, PIECE_BYTES);
                self.buffer.resize(more, 0);
            }
            match self.reader.read(&mut self.buffer[self.held..]) {
                Ok(0) => self.is_end = true,
                Ok(read) => self.held += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.is_end = true;
                    return Err(error);
                }
            }
            let is_full = self.held >= PIECE_BYTES;
            if is_full || self.fill == Fill::Available {
                match self.whole() {
                    0 if is_full => return Ok(Some(self.take(self.held, false))),
                    0 => {}
                    whole => return Ok(Some(self.take(whole, true))),
                }
            }
        }
        Ok((self.held > 0).then(|| self.take(self.held, true)))
    }

    /// How many of the held bytes end where the source may be cut.
    fn whole(&self) -> usize {
        let held = &self.buffer[..self.held];
        match self.split {
            // A single decoder takes all of it, in any pieces.
            Split::Never => held.len(),
            Split::Lines => memchr::memrchr(b'\n', held).map_or(0, |at| at + 1),
            Split::Blocks { header, block } => {
                let end = self.offset + held.len() as u64;
                let blocks = end.saturating_sub(header as u64) / block as u64;
                let cut = if end < header as u64 { 0 } else { header as u64 + blocks * block as u64 };
                cut.saturating_sub(self.offset) as usize
            }
        }
    }

    fn take(&mut self, bytes: usize, is_whole: bool) -> Piece {
        let piece = Piece { offset: self.offset, bytes: self.buffer[..bytes].to_vec(), is_whole };
        self.buffer.copy_within(bytes..self.held, 0);
        self.held -= bytes;
        self.offset += bytes as u64;
        piece
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time, as a pipe does, and fails at the end if told so.
    struct Trickle<'a> {
        bytes: &'a [u8],
        at_once: usize,
        fails: bool,
    }

    impl Read for Trickle<'_> {
        fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() && self.fails {
                return Err(io::Error::other("torn"));
            }
            let count = self.at_once.min(self.bytes.len()).min(target.len());
            target[..count].copy_from_slice(&self.bytes[..count]);
            self.bytes = &self.bytes[count..];
            Ok(count)
        }
    }

    fn pieces(bytes: &[u8], at_once: usize, split: Split, fill: Fill) -> Vec<Piece> {
        let mut cutter = Cutter::new(Trickle { bytes, at_once, fails: false }, split, fill);
        let pieces: Vec<Piece> = std::iter::from_fn(|| cutter.next().expect("it can be read")).collect();
        let mut offset = 0;
        for piece in &pieces {
            assert_eq!(piece.offset, offset, "pieces follow each other");
            offset += piece.bytes.len() as u64;
        }
        let all: Vec<u8> = pieces.iter().flat_map(|piece| piece.bytes.clone()).collect();
        assert!(all == bytes, "every byte is in one piece");
        pieces
    }

    #[test]
    fn lines_are_cut_behind_line_feeds() {
        let text: Vec<u8> = (0..400_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        for at_once in [1 << 14, 99_991, 1 << 20] {
            let cut = pieces(&text, at_once, Split::Lines, Fill::Full);
            assert!(cut.len() >= 3);
            assert!(cut.iter().all(|piece| piece.is_whole && piece.bytes.ends_with(b"\n")));
        }
    }

    #[test]
    fn what_is_there_is_handed_out_at_once_where_somebody_may_be_typing() {
        let cut = pieces(b"one\ntwo\nthree", 6, Split::Lines, Fill::Available);
        let cut: Vec<&[u8]> = cut.iter().map(|piece| &piece.bytes[..]).collect();
        assert_eq!(cut, [&b"one\n"[..], b"two\n", b"three"]);
    }

    #[test]
    fn a_giant_line_comes_in_bounded_pieces_that_belong_together() {
        let mut text = vec![b'x'; 3 * PIECE_BYTES + 7];
        text.extend_from_slice(b"\nshort\n");
        let cut = pieces(&text, 1 << 16, Split::Lines, Fill::Full);
        assert!(cut.iter().all(|piece| piece.bytes.len() <= PIECE_BYTES));
        let whole: Vec<bool> = cut.iter().map(|piece| piece.is_whole).collect();
        assert_eq!(whole, [false, false, false, true]);
    }

    #[test]
    fn blocks_are_cut_behind_header_and_blocks() {
        let (header, block) = (4_096, 65_536);
        let bytes = vec![7; header + 40 * block + 100];
        for (at_once, fill) in [(1 << 20, Fill::Full), (10_000, Fill::Available)] {
            let cut = pieces(&bytes, at_once, Split::Blocks { header, block }, fill);
            let (last, others) = cut.split_last().expect("some pieces");
            let is_cut = |piece: &Piece| {
                (piece.offset as usize + piece.bytes.len() - header).is_multiple_of(block) && piece.is_whole
            };
            assert!(others.iter().all(is_cut));
            assert_eq!(last.offset as usize + last.bytes.len(), bytes.len(), "nothing is left over");
            assert!(last.is_whole);
        }
    }

    #[test]
    fn what_came_before_an_error_can_be_had() {
        let source = Trickle { bytes: b"one\ntw", at_once: 100, fails: true };
        let mut cutter = Cutter::new(source, Split::Lines, Fill::Full);
        assert_eq!(cutter.next().err().map(|error| error.to_string()).as_deref(), Some("torn"));
        let rest = cutter.next().expect("no second error").expect("a piece");
        assert_eq!(rest.bytes, b"one\ntw");
        assert!(cutter.next().expect("no error").is_none());
    }
}
