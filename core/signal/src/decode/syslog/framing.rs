//! Messages out of a connection's bytes: RFC 6587.
//!
//! A frame that begins with a length is octet-counted (section 3.4.1): `MSG-LEN SP SYSLOG-MSG`. Any other
//! frame ends with a line feed (section 3.4.2). Section 3.4.1 lets one who reads tell by the first byte, for a
//! message begins with `<`. But messages without a priority are sent too, and one may begin with digits (a
//! date, a Cisco sequence number). So a length counts only where the `<` of a priority follows, until the
//! connection has shown that it counts.
//!
//! A wrong length leaves the reader somewhere in a message. Where the connection counts, what does not begin
//! with a length is taken as a message up to the next line feed, or up to where a length and a priority stand
//! (`123 <34>`), whichever comes first; so the messages behind are found again.

use memchr::memchr;

use super::super::{
    Decoder, Output,
    lines::{LineDecoder, Oversized},
};

/// Digits of a length that are considered.
const LENGTH_DIGITS: usize = 9;
/// A length of more than so many times the record limit is no length.
const LENGTH_LIMITS: usize = 64;
/// Bytes that decide what a frame is: a length, a space and the `<` behind.
const OPENING: usize = LENGTH_DIGITS + 2;
/// Room that is kept for the next unfinished message: nearly all are shorter, and connections are many.
const ROOM_KEPT: usize = 4 << 10;
/// Bytes of a length, a space and a priority at most.
const PREFIX: usize = LENGTH_DIGITS + 6;

/// Cuts a connection's bytes into messages for a decoder. A message over the record limit is kept as a dead
/// letter, in pieces of the limit's size, without ever being held whole.
pub struct Frames<D> {
    decoder: D,
    state: State,
    /// The beginning of a frame whose end has not come yet, and its offset.
    held: Vec<u8>,
    held_at: u64,
    oversized: Oversized,
    /// Whether a length was seen on this connection.
    counts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    /// At a frame's first byte, or so near behind that its kind is open.
    Opening,
    /// In a frame that ends with a line feed.
    Line,
    /// In a counted frame: so many bytes are left.
    Counted(usize),
}

/// What the beginning of a frame says.
#[derive(Debug, PartialEq)]
enum Kind {
    Line,
    /// The bytes of the prefix, and those of the message.
    Counted(usize, usize),
    /// More bytes are needed.
    Open,
}

impl<D: LineDecoder> Frames<D> {
    /// `decoder` gets each message as a line, line feeds inside it included.
    pub fn new(decoder: D) -> Self {
        Self {
            decoder,
            state: State::Opening,
            held: Vec::new(),
            held_at: 0,
            oversized: Oversized::default(),
            counts: false,
        }
    }

    /// Decides what the frame is that begins with what is held and `bytes`. The bytes taken; what is held
    /// then is the frame's message so far.
    fn open(&mut self, offset: u64, bytes: &[u8], out: &mut Output) -> usize {
        if self.held.is_empty() {
            self.held_at = offset;
        }
        let before = self.held.len();
        let taken = bytes.len().min(OPENING - before);
        let kind = if before == 0 {
            kind(&bytes[..bytes.len().min(OPENING)], self.counts, most(out))
        } else {
            self.held.extend_from_slice(&bytes[..taken]);
            kind(&self.held, self.counts, most(out))
        };
        match kind {
            Kind::Open => {
                if before == 0 {
                    self.held.extend_from_slice(&bytes[..taken]);
                }
                taken
            }
            Kind::Line => {
                self.state = State::Line;
                self.held.truncate(before);
                0
            }
            Kind::Counted(prefix, length) => {
                self.counts = true;
                self.state = State::Counted(length);
                self.held.clear();
                self.held_at += prefix as u64;
                prefix - before
            }
        }
    }

    /// Takes bytes of a frame that ends with a line feed.
    fn line(&mut self, offset: u64, bytes: &[u8], out: &mut Output) -> usize {
        let end = memchr(b'\n', bytes);
        let line = &bytes[..end.unwrap_or(bytes.len())];
        if self.counts {
            if let Some(tail) = self.prefix_across(line, most(out)) {
                self.part(offset, &[], true, out);
                self.push(offset - tail.len() as u64, &tail, out);
                return 0;
            }
            if let Some(at) = counted_prefix(line, most(out)).filter(|at| *at > 0 || self.has_begun()) {
                self.part(offset, &line[..at], true, out);
                return at;
            }
        }
        self.part(offset, line, end.is_some(), out);
        end.map_or(bytes.len(), |at| at + 1)
    }

    /// Where a length and a priority begin in what is held and end in `line`: takes them from what is held.
    fn prefix_across(&mut self, line: &[u8], most: usize) -> Option<Vec<u8>> {
        let from = self.held.len() - self.held.len().min(PREFIX - 1);
        let mut window = self.held[from..].to_vec();
        window.extend_from_slice(&line[..line.len().min(PREFIX - 1)]);
        let at = from + counted_prefix(&window, most)?;
        let is_behind_something = at > 0 || self.oversized.is_open();
        (is_behind_something && at < self.held.len()).then(|| self.held.split_off(at))
    }

    fn has_begun(&self) -> bool {
        !self.held.is_empty() || self.oversized.is_open()
    }

    /// Takes bytes of a counted frame.
    fn counted(&mut self, offset: u64, bytes: &[u8], left: usize, out: &mut Output) -> usize {
        let taken = left.min(bytes.len());
        self.state = State::Counted(left - taken);
        self.part(offset, &bytes[..taken], taken == left, out);
        taken
    }

    /// Adds to the current message, which may end with it.
    fn part(&mut self, offset: u64, part: &[u8], is_last: bool, out: &mut Output) {
        let limit = out.session().limits.record_bytes.max(1);
        if is_last && self.held.is_empty() && !self.oversized.is_open() && part.len() <= limit {
            self.decoder_line(offset, part, out);
            self.state = State::Opening;
            return;
        }
        self.oversized.hold(self.held_at, &mut self.held, part, out);
        if is_last {
            self.end_of_held(out);
        }
    }

    fn end_of_held(&mut self, out: &mut Output) {
        if self.oversized.is_open() {
            self.oversized.end(self.held_at, &mut self.held, out);
        } else {
            let held = std::mem::take(&mut self.held);
            self.decoder_line(self.held_at, &held, out);
            self.held = held;
        }
        self.held.clear();
        self.held.shrink_to(ROOM_KEPT);
        self.state = State::Opening;
    }

    fn decoder_line(&mut self, offset: u64, line: &[u8], out: &mut Output) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.is_empty() {
            self.decoder.line(offset, line, out);
        }
    }
}

impl<D: LineDecoder> Decoder for Frames<D> {
    fn push(&mut self, mut offset: u64, mut bytes: &[u8], out: &mut Output) {
        while !bytes.is_empty() {
            let taken = match self.state {
                State::Opening if self.held.is_empty() && matches!(bytes[0], b'\n' | b'\r' | 0) => 1,
                State::Opening => self.open(offset, bytes, out),
                State::Line => self.line(offset, bytes, out),
                State::Counted(left) => self.counted(offset, bytes, left, out),
            };
            offset += taken as u64;
            bytes = &bytes[taken..];
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.end_of_held(out);
        self.decoder.finish(out);
    }

    fn idle(&mut self, out: &mut Output) {
        self.decoder.idle(out);
    }

    fn held_bytes(&self) -> usize {
        self.held.capacity()
    }
}

/// The longest length that is believed.
fn most(out: &Output) -> usize {
    out.session().limits.record_bytes.saturating_mul(LENGTH_LIMITS)
}

/// What a frame is that begins so. Never [`Kind::Open`] for [`OPENING`] bytes.
fn kind(beginning: &[u8], counts: bool, most: usize) -> Kind {
    let digits = beginning.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits > LENGTH_DIGITS || beginning[0] == b'0' {
        return if beginning.is_empty() { Kind::Open } else { Kind::Line };
    }
    match beginning.get(digits) {
        None => return Kind::Open,
        Some(b' ') => {}
        Some(_) => return Kind::Line,
    }
    let length = beginning[..digits].iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    match beginning.get(digits + 1) {
        None if !counts => Kind::Open,
        next if length <= most && (counts || next == Some(&b'<')) => Kind::Counted(digits + 1, length),
        _ => Kind::Line,
    }
}

/// Where in a message of unknown end a length and a priority stand.
fn counted_prefix(line: &[u8], most: usize) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = memchr(b'<', &line[from..]).map(|at| from + at) {
        from = at + 1;
        let priority = line[from..].iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=3).contains(&priority) || line.get(from + priority) != Some(&b'>') {
            continue;
        }
        let Some(before) = line[..at].strip_suffix(b" ") else { continue };
        let digits = before.iter().rev().take(LENGTH_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
        let prefix = before.len() - digits;
        if matches!(kind(&line[prefix..], true, most), Kind::Counted(..)) {
            return Some(prefix);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Catalog, TenantId, decode::Session, testing};

    #[derive(Default)]
    struct Collect(Vec<(u64, String)>);

    impl LineDecoder for Collect {
        fn line(&mut self, offset: u64, line: &[u8], _out: &mut Output) {
            self.0.push((offset, String::from_utf8_lossy(line).into_owned()));
        }
    }

    /// The messages with their offsets, and the dead letters' texts, in pieces of a size.
    fn frames(stream: &[u8], limit: usize, size: usize) -> (Vec<(u64, String)>, Vec<String>) {
        let mut session = Session::new(Arc::new(Catalog::new()), TenantId::new(uuid::Uuid::nil()), "test");
        session.limits.record_bytes = limit;
        let mut out = Output::new(Arc::new(session), "syslog");
        let mut frames = Frames::new(Collect::default());
        let mut offset = 0;
        for piece in stream.chunks(size) {
            frames.push(offset, piece, &mut out);
            offset += piece.len() as u64;
        }
        frames.finish(&mut out);
        (frames.decoder.0, out.flush().iter().flat_map(testing::rows).collect())
    }

    fn check(stream: &str, expected: &[(u64, &str)]) {
        for size in (1..=stream.len()).rev() {
            let (got, dead) = frames(stream.as_bytes(), 1_000, size);
            let got: Vec<_> = got.iter().map(|(at, text)| (*at, text.as_str())).collect();
            assert_eq!(got, expected, "{stream:?} in pieces of {size}");
            assert_eq!(dead, [""; 0], "{stream:?} in pieces of {size}");
        }
    }

    #[test]
    fn lines_and_counted_frames_are_told_apart() {
        check("<1>a\n<2>b\r\n\n<3>c", &[(0, "<1>a"), (5, "<2>b"), (12, "<3>c")]);
        check("4 <1>a5 <2>\nb<3>c\n4 <4>d", &[(2, "<1>a"), (8, "<2>\nb"), (13, "<3>c"), (20, "<4>d")]);
        check("4 <1>a\n4 <2>b\n", &[(2, "<1>a"), (9, "<2>b")]);
        check("<1>4 <2>a\n", &[(0, "<1>4 <2>a")]);
        check("7 <1>a\n\r\n4 <2>b", &[(2, "<1>a\n\r\n"), (11, "<2>b")]);
    }

    #[test]
    fn digits_are_a_length_only_where_a_priority_follows_or_lengths_were_seen() {
        check("2026-01-02 x\n12 apples\n", &[(0, "2026-01-02 x"), (13, "12 apples")]);
        check("123: %SYS\n0 <1>a\n", &[(0, "123: %SYS"), (10, "0 <1>a")]);
        check("4 <1>a6 appley", &[(2, "<1>a"), (8, "appley")]);
        check("1234567890 <1>a\n", &[(0, "1234567890 <1>a")]);
        check("999999999 <1>a\n", &[(0, "999999999 <1>a")]);
    }

    #[test]
    fn a_wrong_length_is_recovered_from() {
        check("4 <1>abcd7 <2>wxyz5 <3>ef", &[(2, "<1>a"), (6, "bcd"), (11, "<2>wxyz"), (20, "<3>ef")]);
        // Too long: the next message is swallowed in part, the one behind is whole again.
        check("9 <1>a4 <2>b5 <3>ef", &[(2, "<1>a4 <2>"), (11, "b"), (14, "<3>ef")]);
    }

    #[test]
    fn long_messages_are_kept_in_pieces() {
        let long = "x".repeat(100);
        for stream in [format!("<1>a\n<2>{long}\n<3>b\n"), format!("4 <1>a103 <2>{long}4 <3>b")] {
            for size in [1, 7, 40, 1_000] {
                let (got, dead) = frames(stream.as_bytes(), 40, size);
                let texts: Vec<_> = got.iter().map(|(_, text)| text.as_str()).collect();
                assert_eq!(texts, ["<1>a", "<3>b"], "{size}");
                assert_eq!(dead.len(), 3, "{size}");
                let raw: usize = dead.iter().map(|row| row.matches('x').count()).sum();
                assert!(raw >= 100, "{size}: {dead:?}");
            }
        }
    }

    #[test]
    fn a_connection_that_ends_within_a_frame_loses_nothing() {
        check("9 <1>abc", &[(2, "<1>abc")]);
        check("<1>abc", &[(0, "<1>abc")]);
        check("12", &[(0, "12")]);
        check("4 <1>a12", &[(2, "<1>a"), (6, "12")]);
    }

    /// Framing is made of digits, spaces and line ends: no letter may be lost, whatever comes.
    #[test]
    fn no_letter_of_a_stream_is_lost() {
        const PIECES: [&str; 14] = [
            "4 <1>a",
            "<2>b\n",
            "12",
            " ",
            "\n",
            "<34>",
            "9 <",
            "0 <1>",
            "\r\n",
            "cde",
            "3 ",
            "300 <5>f",
            "g\n",
            "99999999999 ",
        ];
        let letters = |text: &str| text.chars().filter(char::is_ascii_lowercase).collect::<String>();
        for seed in 0..2_000_u64 {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut below = |limit: usize| {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state % limit as u64) as usize
            };
            let stream: String = (0..=below(14)).map(|_| PIECES[below(PIECES.len())]).collect();
            let (limit, size) = (1 + below(12), 1 + below(20));
            let mut session =
                Session::new(Arc::new(Catalog::new()), TenantId::new(uuid::Uuid::nil()), "test");
            session.limits.record_bytes = limit;
            let mut out = Output::new(Arc::new(session), "syslog");
            let mut frames = Frames::new(Collect::default());
            let mut offset = 0;
            for piece in stream.as_bytes().chunks(size) {
                frames.push(offset, piece, &mut out);
                offset += piece.len() as u64;
                assert!(frames.held.len() <= limit.max(OPENING), "{stream:?}");
            }
            frames.finish(&mut out);
            let mut kept = frames.decoder.0;
            for row in out.flush().iter().flat_map(testing::rows) {
                let at = row.find(r#""Offset":"#).expect("an offset") + 9;
                let offset: String = row[at..].chars().take_while(char::is_ascii_digit).collect();
                let raw =
                    row.split(r#""Raw":""#).nth(1).and_then(|rest| rest.split(r#"","RawBytes""#).next());
                kept.push((
                    offset.parse().expect("a number"),
                    raw.expect("a text").replace("\\n", "\n").replace("\\r", "\r"),
                ));
            }
            kept.sort_by_key(|(offset, _)| *offset);
            let kept: String = kept.iter().map(|(_, text)| letters(text)).collect();
            assert_eq!(kept, letters(&stream), "{stream:?}, limit {limit}, pieces of {size}");
        }
    }
}
