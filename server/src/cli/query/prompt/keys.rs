//! Keys from the terminal, which gives bytes: UTF-8, and sequences that begin with escape (ECMA-48, as xterm sends).

use std::{
    collections::VecDeque,
    io::{self, Read},
};

use rustix::termios::{self, OptionalActions, Termios};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    Character(char),
    /// What was pasted at once.
    Paste(String),
    /// With the control key: `a` for Ctrl-A.
    Control(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    Up,
    Down,
    Home,
    End,
    Escape,
}

/// The keys, while the terminal is in raw mode. On being dropped, it is as it was.
pub struct Keys {
    before: Termios,
    decoder: Decoder,
}

impl Keys {
    /// Takes the terminal.
    pub fn open() -> io::Result<Self> {
        let stdin = io::stdin();
        let before = termios::tcgetattr(&stdin)?;
        let mut raw = before.clone();
        raw.make_raw();
        // Line ends of what is printed are still completed.
        raw.output_modes = before.output_modes;
        termios::tcsetattr(&stdin, OptionalActions::Drain, &raw)?;
        // Pastes are marked as such.
        print!("\x1b[?2004h");
        Ok(Self { before, decoder: Decoder::default() })
    }

    /// The next key; `None` when the terminal has gone away.
    pub async fn next(&mut self) -> io::Result<Option<Key>> {
        loop {
            if let Some(key) = self.decoder.next() {
                return Ok(Some(key));
            }
            // A read can't be given up, so it is asked for only when a key is needed.
            let bytes = tokio::task::spawn_blocking(|| {
                let mut bytes = [0; 4096];
                io::stdin().lock().read(&mut bytes).map(|count| bytes[..count].to_vec())
            });
            let bytes = bytes.await.map_err(io::Error::other)??;
            if bytes.is_empty() {
                return Ok(None);
            }
            self.decoder.push(&bytes);
        }
    }
}

impl Keys {
    /// Whether keys wait already, as after a paste: nothing needs to be drawn before them.
    pub fn has_more(&self) -> bool {
        !self.decoder.held.is_empty()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        print!("\x1b[?2004l");
        let _flushed = io::Write::flush(&mut io::stdout());
        let _gone = termios::tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}

const PASTE_BEGIN: &[u8] = b"\x1b[200~";
const PASTE_END: &[u8] = b"\x1b[201~";

/// Bytes to keys.
#[derive(Default)]
struct Decoder {
    held: VecDeque<u8>,
}

impl Decoder {
    fn push(&mut self, bytes: &[u8]) {
        self.held.extend(bytes);
    }

    /// The next whole key.
    fn next(&mut self) -> Option<Key> {
        loop {
            let bytes = self.held.make_contiguous();
            let (key, length) = decode(bytes)?;
            self.held.drain(..length);
            if let Some(key) = key {
                return Some(key);
            }
        }
    }
}

/// The key at the beginning, if it means anything here, and its length; `None` if more bytes are needed.
fn decode(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    let first = *bytes.first()?;
    let key = match first {
        0x1b => return escape(bytes),
        b'\r' | b'\n' => Key::Enter,
        b'\t' => Key::Tab,
        0x7f | 0x08 => Key::Backspace,
        0x01..=0x1a => Key::Control(char::from(first - 1 + b'a')),
        0x00..=0x1f => return Some((None, 1)),
        0x20..=0x7e => Key::Character(char::from(first)),
        _ => {
            let length = match first {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => return Some((None, 1)),
            };
            let whole = bytes.get(..length)?;
            let character = std::str::from_utf8(whole).ok().and_then(|text| text.chars().next());
            return Some((character.map(Key::Character), length));
        }
    };
    Some((Some(key), 1))
}

fn escape(bytes: &[u8]) -> Option<(Option<Key>, usize)> {
    if bytes.starts_with(PASTE_BEGIN) {
        let inside = &bytes[PASTE_BEGIN.len()..];
        let end = inside.windows(PASTE_END.len()).position(|window| window == PASTE_END)?;
        let text = String::from_utf8_lossy(&inside[..end]).replace("\r\n", "\n").replace('\r', "\n");
        return Some((Some(Key::Paste(text)), PASTE_BEGIN.len() + end + PASTE_END.len()));
    }
    match bytes.get(1) {
        // The key alone: sequences come in one piece.
        None => Some((Some(Key::Escape), 1)),
        Some(b'b') => Some((Some(Key::WordLeft), 2)),
        Some(b'f') => Some((Some(Key::WordRight), 2)),
        // Alt and Enter: a line more, as many prompts have it.
        Some(b'\r' | b'\n') => Some((Some(Key::Paste("\n".into())), 2)),
        Some(b'[' | b'O') => {
            let end = bytes[2..].iter().position(|byte| (0x40..=0x7e).contains(byte))? + 2;
            let key = match (&bytes[2..end], bytes[end]) {
                (b"1;5" | b"1;3", b'C') => Some(Key::WordRight),
                (b"1;5" | b"1;3", b'D') => Some(Key::WordLeft),
                (_, b'A') => Some(Key::Up),
                (_, b'B') => Some(Key::Down),
                (_, b'C') => Some(Key::Right),
                (_, b'D') => Some(Key::Left),
                (_, b'H') | (b"1" | b"7", b'~') => Some(Key::Home),
                (_, b'F') | (b"4" | b"8", b'~') => Some(Key::End),
                (b"3", b'~') => Some(Key::Delete),
                _ => None,
            };
            Some((key, end + 1))
        }
        Some(_) => Some((Some(Key::Escape), 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_keys_however_they_are_cut() {
        let bytes = "aé\x1b[A\x1b[1;5D\x01\r\x7f\x1b[200~x\r\ny\x1b[201~\x1b[3~\x1b[99z日\tb".as_bytes();
        let expected = [
            Key::Character('a'),
            Key::Character('é'),
            Key::Up,
            Key::WordLeft,
            Key::Control('a'),
            Key::Enter,
            Key::Backspace,
            Key::Paste("x\ny".into()),
            Key::Delete,
            Key::Character('日'),
            Key::Tab,
            Key::Character('b'),
        ];
        let mut decoder = Decoder::default();
        decoder.push(bytes);
        let keys: Vec<Key> = std::iter::from_fn(|| decoder.next()).collect();
        assert_eq!(keys, expected);
    }
}
