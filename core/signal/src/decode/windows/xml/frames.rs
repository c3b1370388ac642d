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
        if let Some((open, close)) = OPAQUE.iter().find(|(open, _)| rest.starts_with(open)) {
            return match memmem::find(&rest[open.len()..], close) {
                Some(at) => Search::Frame(Frame::Markup, start + open.len() + at + close.len()),
                None if is_end => Search::Frame(Frame::Broken(GARBAGE), text.len()),
                None => Search::More,
            };
        }
        match Tag::at(rest, is_end) {
            Tag::Unclear => return Search::More,
            Tag::Open => {
                self.kind = Kind::Event;
                self.at = start;
                return self.event(text, is_end);
            }
            Tag::Around => {
                return match memchr(b'>', rest) {
                    Some(at) => Search::Frame(Frame::Markup, start + at + 1),
                    None if is_end => Search::Frame(Frame::Broken(GARBAGE), text.len()),
                    None => Search::More,
                };
            }
            Tag::Close | Tag::Other => {}
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
            if let Some((open, close)) = OPAQUE.iter().find(|(open, _)| rest.starts_with(open)) {
                match memmem::find(&rest[open.len()..], close) {
                    Some(at) => self.at = tag + open.len() + at + close.len(),
                    None if is_end => break,
                    None => return Search::More,
                }
                continue;
            }
            match Tag::at(rest, is_end) {
                Tag::Unclear => return Search::More,
                Tag::Close => {
                    let Some(end) = memchr(b'>', rest) else { break };
                    self.at = tag + end + 1;
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Search::Frame(Frame::Event, self.at);
                    }
                }
                Tag::Open => {
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
                }
                Tag::Around | Tag::Other => self.at = tag + 1,
            }
        }
        if is_end { Search::Frame(Frame::Broken(CUT_OFF), text.len()) } else { Search::More }
    }

    /// Searches for the next event, or for the tags around events.
    fn garbage(&mut self, text: &[u8], is_end: bool) -> Search {
        while let Some(tag) = memchr(b'<', &text[self.at..]).map(|at| self.at + at) {
            match Tag::at(&text[tag..], is_end) {
                Tag::Unclear => {
                    self.at = tag;
                    return Search::More;
                }
                Tag::Open | Tag::Around => return Search::Frame(Frame::Broken(GARBAGE), tag),
                Tag::Close | Tag::Other => self.at = tag + 1,
            }
        }
        self.at = text.len();
        if is_end { Search::Frame(Frame::Broken(GARBAGE), text.len()) } else { Search::More }
    }
}

/// What a tag is, by its name. The name may have a namespace's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// An event begins.
    Open,
    /// An event ends.
    Close,
    /// A declaration, or the element around the events begins or ends.
    Around,
    Other,
    /// More bytes are needed.
    Unclear,
}

/// A longer name is none of those that are looked for.
const NAME_MAX: usize = 64;

impl Tag {
    /// The tag at the very beginning of some text, which may be cut off unless it is the source's end.
    fn at(text: &[u8], is_end: bool) -> Self {
        let Some(rest) = text.strip_prefix(b"<") else { return Self::Other };
        let is_close = rest.first() == Some(&b'/');
        let rest = &rest[usize::from(is_close)..];
        let is_in_name = |byte: u8| byte > b' ' && !matches!(byte, b'>' | b'/' | b'[' | b'<' | b'=' | b'"');
        let length = rest.iter().take(NAME_MAX).position(|byte| !is_in_name(*byte));
        let Some(length) = length else {
            return if rest.len() < NAME_MAX && !is_end { Self::Unclear } else { Self::Other };
        };
        let name = &rest[..length];
        if name == b"!" && rest.len() < b"![CDATA[".len() && !is_end {
            return Self::Unclear;
        }
        match name.rsplit(|byte| *byte == b':').next().unwrap_or(name) {
            b"Event" if is_close => Self::Close,
            b"Event" => Self::Open,
            b"Events" | b"?xml" | b"!DOCTYPE" => Self::Around,
            _ => Self::Other,
        }
    }
}

/// Whether the text has the beginning of an event.
pub(super) fn has_event(text: &[u8]) -> bool {
    memchr::memchr_iter(b'<', text).any(|at| Tag::at(&text[at..], true) == Tag::Open)
}
