//! Finding the ends of entries, their cursors, and whose they are, in the journal export format.
//!
//! An entry is a list of fields and ends with an empty line. A field is a line `NAME=value`, or, for
//! values that are not text, a line `NAME`, the value's length as eight bytes, little-endian, the value and a
//! line feed. So a value may have empty lines in it, and only who follows the fields finds the end.

/// Follows the fields of a stream of entries, in pieces of any size. Holds no more than the cursor.
#[derive(Debug, Default)]
pub(crate) struct Splitter {
    state: State,
    /// Beginning of the current line, as far as it may be a cursor's.
    line: Vec<u8>,
    line_bytes: usize,
    has_equals: bool,
    cursor: Option<String>,
    /// The field that entries of this very process have.
    own: String,
    is_own: bool,
}

/// The end of an entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub cursor: Option<String>,
    /// Whether the entry was written by this process: read in, it could make the process write another.
    pub is_own: bool,
}

#[derive(Debug, Default)]
enum State {
    /// In a line: a name, or a name and a value.
    #[default]
    Line,
    /// In the length of a binary value: so many bytes of it are known.
    Length { bytes: [u8; 8], known: usize },
    /// In a binary value or the line feed behind it: so many bytes are left.
    Value(u64),
}

const CURSOR: &[u8] = b"__CURSOR=";
/// Cursors have about 130 bytes.
const LINE_KEPT: usize = 512;

impl Splitter {
    /// For a process with this id.
    pub fn new(process: u32) -> Self {
        Self { own: format!("_PID={process}"), ..Self::default() }
    }

    /// Takes bytes up to the end of an entry, or all of them. Returns how many were taken and, if an
    /// entry ended with them, what is known of it.
    pub fn advance(&mut self, bytes: &[u8]) -> (usize, Option<End>) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match &mut self.state {
                State::Line => {
                    let end = memchr::memchr(b'\n', rest);
                    self.extend_line(&rest[..end.unwrap_or(rest.len())]);
                    at += end.map_or(rest.len(), |end| end + 1);
                    if end.is_some() && self.end_line() {
                        let is_own = std::mem::take(&mut self.is_own);
                        return (at, Some(End { cursor: self.cursor.take(), is_own }));
                    }
                }
                State::Length { bytes: length, known } => {
                    let take = rest.len().min(8 - *known);
                    length[*known..*known + take].copy_from_slice(&rest[..take]);
                    *known += take;
                    at += take;
                    if *known == 8 {
                        self.state = State::Value(u64::from_le_bytes(*length).saturating_add(1));
                    }
                }
                State::Value(left) => {
                    let take = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= take as u64;
                    at += take;
                    if *left == 0 {
                        self.state = State::Line;
                    }
                }
            }
        }
        (at, None)
    }

    fn extend_line(&mut self, part: &[u8]) {
        self.line_bytes += part.len();
        self.has_equals = self.has_equals || memchr::memchr(b'=', part).is_some();
        let room = LINE_KEPT - self.line.len();
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }

    /// Whether the line that has ended was the end of an entry.
    fn end_line(&mut self) -> bool {
        let is_end = self.line_bytes == 0;
        self.is_own |= !is_end && self.line == self.own.as_bytes();
        if let Some(cursor) = self.line.strip_prefix(CURSOR) {
            self.cursor = Some(String::from_utf8_lossy(cursor).into_owned());
        } else if !is_end && !self.has_equals {
            self.state = State::Length { bytes: [0; 8], known: 0 };
        }
        self.line.clear();
        self.line_bytes = 0;
        self.has_equals = false;
        is_end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> Vec<u8> {
        let mut bytes = b"__CURSOR=s=1;i=a\n_PID=71\nMESSAGE=one = 1\n\n".to_vec();
        bytes.extend_from_slice(b"__CURSOR=s=1;i=b\nMESSAGE\n");
        let value = b"two\n\nlines\n\n__CURSOR=no\n_PID=7\n\n";
        bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(
            b"\nPRIORITY=6\n\n__CURSOR=s=1;i=c\n_PID=7\nMESSAGE=three\n\n__CURSOR=s=1;i=d\nM",
        );
        bytes
    }

    #[test]
    fn entries_are_found_whatever_the_pieces() {
        let stream = stream();
        for size in [1, 2, 7, 8, 9, 64, stream.len()] {
            let (mut splitter, mut ends, mut taken) = (Splitter::new(7), Vec::new(), Vec::new());
            for mut piece in stream.chunks(size) {
                while !piece.is_empty() {
                    let (used, ended) = splitter.advance(piece);
                    taken.extend_from_slice(&piece[..used]);
                    piece = &piece[used..];
                    if let Some(end) = ended {
                        assert!(taken.ends_with(b"\n\n"));
                        ends.push((end.cursor, end.is_own));
                    }
                }
            }
            assert_eq!(taken, stream);
            let ends: Vec<_> = ends.iter().map(|(cursor, is_own)| (cursor.as_deref(), *is_own)).collect();
            let expected = [(Some("s=1;i=a"), false), (Some("s=1;i=b"), false), (Some("s=1;i=c"), true)];
            assert_eq!(ends, expected, "pieces of {size}");
        }
    }

    #[test]
    fn garbage_is_held_in_bounds() {
        let mut splitter = Splitter::default();
        for _ in 0..1_000 {
            splitter.advance(&[b'x'; 10_000]);
        }
        assert!(splitter.line.capacity() <= 2 * LINE_KEPT);
        splitter.advance(b"\n");
        splitter.advance(&u64::MAX.to_le_bytes());
        assert_eq!(splitter.advance(b"still a value\n\n"), (15, None));
    }
}
