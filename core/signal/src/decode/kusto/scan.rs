//! Where an answer's rows begin and end, found byte by byte.

/// What some bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing that matters.
    Skip,
    /// More of what is held.
    Hold,
    /// The last of them opens an array of rows, whose object begins at that place in what is held.
    RowsBegin { object: usize },
    /// The last of them closes a row.
    RowEnds,
    /// They are the end of something that is no row.
    GarbageEnds,
    /// They close the array of rows.
    RowsEnd,
}

#[derive(Default)]
pub(super) struct Scan {
    place: Place,
    in_string: bool,
    is_escaped: bool,
    /// The containers that are open outside the rows, and within a row.
    depth: usize,
    row_depth: usize,
    /// Where the objects that are open begin in what is held.
    objects: Vec<usize>,
    /// How much of `"rows":[` the bytes before end with.
    key: Key,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Outside,
    BetweenRows,
    Row,
    /// An object in the place of a row: version 2 puts errors there.
    Object,
    Garbage,
}

/// A key and its colon, on the way to an array.
#[derive(Clone, Copy, Default, PartialEq)]
enum Key {
    #[default]
    None,
    /// So many bytes of the name are behind.
    Name(usize),
    /// The name is whole, its quote closed.
    Named,
    Colon,
}

const ROWS: &[u8] = b"rows";

/// Objects nested deeper are not told apart; an answer's tables are at the second level.
const OBJECTS_MAX: usize = 64;

impl Scan {
    /// Takes some bytes from the beginning and tells what they are. `held` is how many are held before them.
    pub fn feed(&mut self, held: usize, bytes: &[u8]) -> (usize, Step) {
        match self.place {
            Place::Outside => self.outside(held, bytes),
            Place::BetweenRows => self.between_rows(bytes),
            Place::Row => self.row(bytes, Step::RowEnds),
            Place::Object => self.row(bytes, Step::GarbageEnds),
            Place::Garbage => {
                let end = bytes.iter().position(|byte| matches!(byte, b'[' | b']' | b'\n'));
                match end {
                    Some(end) => {
                        self.place = Place::BetweenRows;
                        (end, Step::GarbageEnds)
                    }
                    None => (bytes.len(), Step::Hold),
                }
            }
        }
    }

    /// What is held was given up: places in it mean nothing any more.
    pub fn forget(&mut self) {
        self.objects.clear();
    }

    /// Whether all that was opened outside rows is closed.
    pub fn is_closed(&self) -> bool {
        self.place == Place::Outside && self.depth == 0 && !self.in_string
    }

    fn outside(&mut self, held: usize, bytes: &[u8]) -> (usize, Step) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.string(*byte) {
                continue;
            }
            match byte {
                b'"' => {}
                b':' if self.key == Key::Named => self.key = Key::Colon,
                b'[' if self.key == Key::Colon => {
                    self.key = Key::None;
                    self.place = Place::BetweenRows;
                    let object = self.objects.last().copied().unwrap_or(usize::MAX);
                    self.objects.clear();
                    return (at + 1, Step::RowsBegin { object });
                }
                b'{' | b'[' => {
                    self.key = Key::None;
                    self.depth += 1;
                    if *byte == b'{' && self.objects.len() < OBJECTS_MAX {
                        self.objects.push(held + at);
                    }
                }
                b'}' | b']' => {
                    self.key = Key::None;
                    self.depth = self.depth.saturating_sub(1);
                    if *byte == b'}' {
                        self.objects.pop();
                    }
                }
                byte if byte.is_ascii_whitespace() => {}
                _ => self.key = Key::None,
            }
        }
        (bytes.len(), Step::Hold)
    }

    fn between_rows(&mut self, bytes: &[u8]) -> (usize, Step) {
        let space = bytes.iter().take_while(|byte| byte.is_ascii_whitespace() || **byte == b',').count();
        if space > 0 {
            return (space, Step::Skip);
        }
        match bytes[0] {
            begin @ (b'[' | b'{') => {
                self.place = if begin == b'[' { Place::Row } else { Place::Object };
                self.row_depth = 0;
                (0, Step::Hold)
            }
            b']' => {
                self.place = Place::Outside;
                (1, Step::RowsEnd)
            }
            _ => {
                self.place = Place::Garbage;
                (0, Step::Hold)
            }
        }
    }

    fn row(&mut self, bytes: &[u8], end: Step) -> (usize, Step) {
        for (at, byte) in bytes.iter().enumerate() {
            if self.string(*byte) {
                continue;
            }
            match byte {
                b'[' | b'{' => self.row_depth += 1,
                b']' | b'}' => {
                    self.row_depth -= usize::from(self.row_depth > 0);
                    if self.row_depth == 0 {
                        self.place = Place::BetweenRows;
                        self.key = Key::None;
                        return (at + 1, end);
                    }
                }
                _ => {}
            }
        }
        (bytes.len(), Step::Hold)
    }

    /// Follows strings, and whether the last one was the name of rows; `true` within one.
    fn string(&mut self, byte: u8) -> bool {
        if !self.in_string {
            if byte == b'"' {
                self.in_string = true;
                self.key = Key::Name(0);
            }
            return self.in_string;
        }
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => {
                self.is_escaped = true;
                self.key = Key::None;
            }
            b'"' => {
                self.in_string = false;
                self.key = match self.key {
                    Key::Name(length) if length == ROWS.len() => Key::Named,
                    _ => Key::None,
                };
            }
            _ => {
                self.key = match self.key {
                    Key::Name(at) if ROWS.get(at).is_some_and(|b| b.eq_ignore_ascii_case(&byte)) => {
                        Key::Name(at + 1)
                    }
                    _ => Key::None,
                };
            }
        }
        true
    }
}
