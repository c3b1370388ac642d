//! Events found in a stream of XML.

use memchr::{memchr, memmem};

/// A part of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// An event, from its `<Event` to its `</Event>`.
    Event,
    /// White space, a declaration, a comment, the tags of the element around the events.
    Markup,
    /// What is neither, with the reason.
    Broken(&'static str),
}

/// Where the search for the current frame's end goes on, so that no byte is looked at twice however
/// small the pieces are in which the source comes.
#[derive(Default)]
pub(super) struct Frames {
    kind: Kind,
    /// `Event` elements that are open in the frame.
    depth: usize,
    /// Behind what was searched, from the beginning of the held text.
    at: usize,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Unknown,
    Event,
    Garbage,
}

const OPEN: &[u8] = b"<Event";
const CLOSE: &[u8] = b"</Event";
/// What can stand for itself in an event's text: nothing in it is a tag.
const OPAQUE: [(&[u8], &[u8]); 2] = [(b"<![CDATA[", b"]]>"), (b"<!--", b"-->")];

const CUT_OFF: &str = "event is not closed";
const GARBAGE: &str = "no event";

/// What a search found.
enum Search {
    Frame(Frame, usize),
    /// More bytes are needed.
    More,
}

impl Frames {
    /// The frame that begins at `start`, and where it ends. `None` if it needs more bytes.
    pub fn next(&mut self, text: &[u8], start: usize, is_end: bool) -> Option<(Frame, usize)> {
        if start >= text.len() {
            return None;
        }
        self.at = self.at.max(start);
        let found = match self.kind {
            Kind::Unknown => self.begin(text, start, is_end),
            Kind::Event => self.event(text, is_end),
            Kind::Garbage => self.garbage(text, is_end),
        };
        match found {
            Search::Frame(frame, end) => {
                (self.kind, self.depth, self.at) = (Kind::Unknown, 0, end);
                Some((frame, end))
            }
            Search::More => None,
        }
    }

    /// So many bytes of the held text are gone.
    pub fn forget(&mut self, bytes: usize) {
        self.at = self.at.saturating_sub(bytes);
    }

    fn begin(&mut self, text: &[u8], start: usize, is_end: bool) -> Search {
        let blank = text[start..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if blank > 0 {
            return Search::Frame(Frame::Markup, start + blank);
        }
        let rest = &text[start..];
        if is_tag(rest, OPEN) {
            self.kind = Kind::Event;
            self.at = start;
            return self.event(text, is_end);
        }
        let is_whole = rest.len() > 9 || rest.contains(&b'>') || is_end;
        if !is_whole && rest.first() == Some(&b'<') {
            return Search::More;
        }
        if let Some((open, close)) = OPAQUE.iter().find(|(open, _)| rest.starts_with(open)) {
            return match memmem::find(&rest[open.len()..], close) {
                Some(at) => Search::Frame(Frame::Markup, start + open.len() + at + close.len()),
                None if is_end => Search::Frame(Frame::Broken(GARBAGE), text.len()),
                None => Search::More,
            };
        }
        let is_around = [b"<Events".as_slice(), b"</Events", b"<?xml", b"<!DOCTYPE"];
        if is_around.iter().any(|tag| rest.starts_with(tag)) {
            return match memchr(b'>', rest) {
                Some(at) => Search::Frame(Frame::Markup, start + at + 1),
                None if is_end => Search::Frame(Frame::Broken(GARBAGE), text.len()),
                None => Search::More,
            };
        }
        self.kind = Kind::Garbage;
        self.at = start + 1;
        self.garbage(text, is_end)
    }

    /// Searches for the event's end tag.
    fn event(&mut self, text: &[u8], is_end: bool) -> Search {
        loop {
            let Some(tag) = memchr(b'<', &text[self.at..]).map(|at| self.at + at) else {
                self.at = text.len();
                break;
            };
            self.at = tag;
            let rest = &text[tag..];
            if rest.len() < 10 && !is_end {
                return Search::More;
            }
            if let Some((open, close)) = OPAQUE.iter().find(|(open, _)| rest.starts_with(open)) {
                match memmem::find(&rest[open.len()..], close) {
                    Some(at) => self.at = tag + open.len() + at + close.len(),
                    None if is_end => break,
                    None => return Search::More,
                }
            } else if is_tag(rest, CLOSE) {
                let Some(end) = memchr(b'>', rest) else { break };
                self.at = tag + end + 1;
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Search::Frame(Frame::Event, self.at);
                }
            } else if is_tag(rest, OPEN) {
                let Some(end) = memchr(b'>', rest) else { break };
                let head = &rest[..end];
                let is_root = memmem::find(head, super::NAMESPACE.as_bytes()).is_some();
                if self.depth > 0 && is_root {
                    return Search::Frame(Frame::Broken(CUT_OFF), tag);
                }
                self.at = tag + end + 1;
                if head.ends_with(b"/") {
                    if self.depth == 0 {
                        return Search::Frame(Frame::Event, self.at);
                    }
                } else {
                    self.depth += 1;
                }
            } else {
                self.at = tag + 1;
            }
        }
        if is_end { Search::Frame(Frame::Broken(CUT_OFF), text.len()) } else { Search::More }
    }

    /// Searches for the next event, or for the tags around events.
    fn garbage(&mut self, text: &[u8], is_end: bool) -> Search {
        while let Some(tag) = memchr(b'<', &text[self.at..]).map(|at| self.at + at) {
            let rest = &text[tag..];
            if rest.len() < 10 && !is_end {
                self.at = tag;
                return Search::More;
            }
            if is_tag(rest, OPEN) || rest.starts_with(b"<Events") || rest.starts_with(b"</Events") {
                return Search::Frame(Frame::Broken(GARBAGE), tag);
            }
            self.at = tag + 1;
        }
        self.at = text.len();
        if is_end { Search::Frame(Frame::Broken(GARBAGE), text.len()) } else { Search::More }
    }
}

/// Where the first event begins, from `at` on.
pub(super) fn event_start(text: &[u8], at: usize) -> Option<usize> {
    memmem::find_iter(&text[at..], OPEN).map(|found| at + found).find(|at| is_tag(&text[*at..], OPEN))
}

/// Whether the text begins with the tag, and the tag's name ends there.
fn is_tag(text: &[u8], tag: &[u8]) -> bool {
    text.starts_with(tag)
        && text.get(tag.len()).is_some_and(|byte| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/'))
}
