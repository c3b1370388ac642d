//! Templates, read once per chunk into steps that fill an event.
//!
//! An event log stores an event as a reference to a template (the event's elements, with places for
//! values) and the values. A template is walked once; what stays is a list of steps such as "slot
//! `EventId` is value 3" and "field `Image` is value 7", which are all that each further event costs.

use super::{
    cursor::{BinXmlError, Cursor},
    utf16,
    value::{self, BINARY_XML},
};
use crate::decode::windows::{
    event::{Slot, Span},
    walker::{Role, Sink, Walker},
};

/// A step in filling an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub action: Action,
    /// The value it is left out with, when that one is null.
    pub dependency: Option<u16>,
}

/// Places named `pieces` are in [`Programs::pieces`], places named `name` in [`Programs::text`].
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Slot(Slot, Span),
    Field {
        name: Span,
        pieces: Span,
    },
    NamedField {
        name_pieces: Span,
        pieces: Span,
    },
    Extra {
        name: Span,
        pieces: Span,
    },
    Container(Span),
    Wrapper(Span),
    /// A value that is binary XML itself, below an element of the role.
    Nested(u16, Role),
    /// A template instance in the middle of a stream, at an offset of the chunk.
    Instance(u32, Role),
}

/// A piece of a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    /// In [`Programs::text`].
    Text(Span),
    /// One of the instance's values.
    Value(u16),
}

/// Steps of a template: a range of [`Programs::steps`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Program {
    pub start: usize,
    pub end: usize,
    /// Whether two fields may have the same name.
    pub may_repeat: bool,
}

/// The programs of one chunk.
#[derive(Default)]
pub(super) struct Programs {
    known: Vec<(u32, Role, Result<Program, BinXmlError>)>,
    /// Names that were read, by their offset.
    names: Vec<(u32, Span)>,
    walker: Walker,
    parts: Parts,
    bytes_read: usize,
}

/// What programs are made of.
#[derive(Default)]
pub(super) struct Parts {
    pub steps: Vec<Step>,
    pub pieces: Vec<Piece>,
    pub text: String,
    may_repeat: bool,
}

/// A chunk's templates do not overlap, so more than this is an attack on the reader's time.
const BYTES_MAX: usize = 4 * 65_536;

const TEMPLATE_HEADER: usize = 24;

impl Programs {
    /// Forgets everything: the next chunk begins.
    pub fn clear(&mut self) {
        self.known.clear();
        self.names.clear();
        self.parts.steps.clear();
        self.parts.pieces.clear();
        self.parts.text.clear();
        self.bytes_read = 0;
    }

    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The program of the template whose definition is at `offset`, below an element of the role.
    pub fn template(&mut self, chunk: &[u8], offset: u32, role: Role) -> Result<Program, BinXmlError> {
        if let Some((_, _, program)) =
            self.known.iter().find(|(at, below, _)| *at == offset && *below == role)
        {
            return *program;
        }
        let program = definition_end(chunk, offset as usize).and_then(|end| {
            let start = offset as usize + TEMPLATE_HEADER;
            self.compile(Cursor::new(chunk, start, end), role, true)
        });
        self.known.push((offset, role, program));
        program
    }

    /// The program of a stream that is no template. It holds no values, and is used once.
    pub fn stream(&mut self, cursor: Cursor<'_>, role: Role) -> Result<Program, BinXmlError> {
        self.compile(cursor, role, false)
    }

    fn compile(
        &mut self,
        mut cursor: Cursor<'_>,
        role: Role,
        is_template: bool,
    ) -> Result<Program, BinXmlError> {
        self.bytes_read += cursor.end.saturating_sub(cursor.at);
        if self.bytes_read > BYTES_MAX {
            return cursor.error("templates overlap");
        }
        let start = self.parts.steps.len();
        self.parts.may_repeat = false;
        self.walker.begin(role);
        while !cursor.is_at_end() {
            if !self.token(&mut cursor, is_template)? {
                break;
            }
        }
        if self.walker.depth() > 0 {
            return cursor.error("element is not closed");
        }
        let end = self.parts.steps.len();
        let may_repeat = self.parts.may_repeat || self.parts.repeats_a_name(start);
        Ok(Program { start, end, may_repeat })
    }

    /// Reads a token; false at the stream's end. Flag 0x40 says that more of a kind follows.
    fn token(&mut self, cursor: &mut Cursor<'_>, is_template: bool) -> Result<bool, BinXmlError> {
        let token = cursor.u8()?;
        match token {
            0x00 => return Ok(false),
            0x01 | 0x41 => self.element(cursor, token, is_template)?,
            0x02 => {}
            0x03 | 0x04 => {
                if self.walker.depth() == 0 {
                    return cursor.error("element ends that has not begun");
                }
                self.walker.close(&mut self.parts);
            }
            0x05 | 0x45 | 0x07 | 0x47 | 0x08 | 0x48 | 0x09 | 0x49 | 0x0d | 0x0e => {
                cursor.at -= 1;
                let role = self.walker.role();
                let is_data = matches!(role, Role::Event | Role::Document | Role::EventData | Role::UserData);
                match self.piece(cursor)? {
                    Some(Piece::Value(index)) if is_data => {
                        self.parts.step(Action::Nested(index, role), None);
                    }
                    Some(piece) => {
                        let pieces = self.parts.push(piece);
                        self.walker.text(pieces, &mut self.parts);
                    }
                    None => return cursor.error("expected a value"),
                }
            }
            // A processing instruction says nothing about the event.
            0x0a => {
                self.name(cursor)?;
            }
            0x0b => {
                let units = cursor.u16()?;
                cursor.bytes(2 * usize::from(units))?;
            }
            0x0c => {
                let offset = cursor.at as u32 - 1;
                let role = self.walker.role();
                self.parts.step(Action::Instance(offset, role), None);
                Instance::read(cursor)?.skip_values(cursor)?;
            }
            0x0f => {
                cursor.bytes(3)?;
            }
            _ => {
                cursor.at -= 1;
                return cursor.error("unknown token");
            }
        }
        Ok(true)
    }

    /// An element's start with its attributes, up to the token that ends the start.
    fn element(&mut self, cursor: &mut Cursor<'_>, token: u8, is_template: bool) -> Result<(), BinXmlError> {
        let dependency = if is_template { Some(cursor.u16()?).filter(|id| *id != 0xffff) } else { None };
        cursor.u32()?;
        let name = self.name(cursor)?;
        let text = self.parts.text[name.start as usize..name.end as usize].to_owned();
        if !self.walker.open(name, &text, dependency, &mut self.parts) {
            return cursor.error("elements are nested too deep");
        }
        if token & 0x40 != 0 {
            cursor.u32()?;
        }
        while let Some(0x06 | 0x46) = cursor.chunk[..cursor.end].get(cursor.at) {
            cursor.at += 1;
            let name = self.name(cursor)?;
            let start = self.parts.pieces.len() as u32;
            while let Some(piece) = self.piece(cursor)? {
                self.parts.pieces.push(piece);
            }
            let pieces = Span { start, end: self.parts.pieces.len() as u32 };
            let text = self.parts.text[name.start as usize..name.end as usize].to_owned();
            self.walker.attribute(name, &text, pieces, &mut self.parts);
        }
        Ok(())
    }

    /// A piece of a value, if that is what comes next.
    fn piece(&mut self, cursor: &mut Cursor<'_>) -> Result<Option<Piece>, BinXmlError> {
        let Some(token) = cursor.chunk[..cursor.end].get(cursor.at).copied() else { return Ok(None) };
        if !matches!(token & 0xbf, 0x05 | 0x07 | 0x08 | 0x09 | 0x0d | 0x0e) {
            return Ok(None);
        }
        cursor.at += 1;
        Ok(Some(match token & 0xbf {
            0x05 => {
                let kind = cursor.u8()?;
                let size = inline_size(kind, cursor)?;
                let bytes = cursor.bytes(size)?;
                let mut text = Vec::new();
                value::append(&mut text, kind, bytes);
                self.parts.text(&String::from_utf8_lossy(&text))
            }
            0x07 => {
                let units = usize::from(cursor.u16()?);
                let text = utf16::decode(cursor.bytes(2 * units)?);
                self.parts.text(&text)
            }
            0x08 => {
                let unit = u32::from(cursor.u16()?);
                let c = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                self.parts.text(c.encode_utf8(&mut [0; 4]))
            }
            0x09 => {
                let name = self.name(cursor)?;
                let text = match &self.parts.text[name.start as usize..name.end as usize] {
                    "lt" => "<".to_owned(),
                    "gt" => ">".to_owned(),
                    "amp" => "&".to_owned(),
                    "quot" => "\"".to_owned(),
                    "apos" => "'".to_owned(),
                    other => format!("&{other};"),
                };
                self.parts.text(&text)
            }
            _ => {
                let index = cursor.u16()?;
                cursor.u8()?;
                Piece::Value(index)
            }
        }))
    }

    /// A name: its offset, and where that is right here, the name itself.
    fn name(&mut self, cursor: &mut Cursor<'_>) -> Result<Span, BinXmlError> {
        let offset = cursor.u32()?;
        let is_inline = offset as usize == cursor.at;
        if !is_inline && let Some((_, name)) = self.names.iter().find(|(at, _)| *at == offset) {
            return Ok(*name);
        }
        let mut at = Cursor::new(cursor.chunk, offset as usize, cursor.chunk.len());
        // The offset of the next name of the same bucket, and the name's hash.
        at.bytes(6)?;
        let units = usize::from(at.u16()?);
        let text = utf16::decode(at.bytes(2 * units)?);
        at.bytes(2)?;
        if is_inline {
            cursor.at = at.at;
        }
        let name = self.parts.push_text(&text);
        self.names.push((offset, name));
        Ok(name)
    }
}

impl Parts {
    fn step(&mut self, action: Action, dependency: Option<u16>) {
        self.steps.push(Step { action, dependency });
    }

    fn push(&mut self, piece: Piece) -> Span {
        let start = self.pieces.len() as u32;
        self.pieces.push(piece);
        Span { start, end: start + 1 }
    }

    fn push_text(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Span { start, end: self.text.len() as u32 }
    }

    fn text(&mut self, text: &str) -> Piece {
        Piece::Text(self.push_text(text))
    }

    fn name(&self, name: Span) -> &str {
        &self.text[name.start as usize..name.end as usize]
    }

    /// The text of a value without substitutions.
    fn constant(&self, value: Span) -> Option<Span> {
        match self.pieces[value.start as usize..value.end as usize] {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    fn repeats_a_name(&self, start: usize) -> bool {
        let names: Vec<&str> = self.steps[start..]
            .iter()
            .filter_map(|step| match step.action {
                Action::Field { name, .. } => Some(self.name(name)),
                _ => None,
            })
            .collect();
        (1..names.len()).any(|at| names[..at].contains(&names[at]))
    }
}

impl Sink for Parts {
    fn is_blank(&self, value: Span) -> bool {
        self.pieces[value.start as usize..value.end as usize].iter().all(|piece| match piece {
            Piece::Text(text) => self.name(*text).trim_ascii().is_empty(),
            Piece::Value(_) => false,
        })
    }

    fn slot(&mut self, slot: Slot, value: Span, dependency: Option<u16>) {
        self.step(Action::Slot(slot, value), dependency);
    }

    fn field(&mut self, name: Span, value: Span, dependency: Option<u16>) {
        self.step(Action::Field { name, pieces: value }, dependency);
    }

    fn named_field(&mut self, name: Span, value: Span, dependency: Option<u16>) {
        match self.constant(name) {
            Some(name) => self.field(name, value, dependency),
            None => {
                self.may_repeat = true;
                self.step(Action::NamedField { name_pieces: name, pieces: value }, dependency);
            }
        }
    }

    fn extra(&mut self, name: Span, value: Span, dependency: Option<u16>) {
        self.step(Action::Extra { name, pieces: value }, dependency);
    }

    fn container(&mut self, name: Span) {
        self.step(Action::Container(name), None);
    }

    fn wrapper(&mut self, name: Span) {
        self.step(Action::Wrapper(name), None);
    }
}

/// A reference to a template, up to its values.
#[derive(Clone, Copy)]
pub(super) struct Instance {
    /// Offset of the template's definition.
    pub definition: u32,
    pub values: usize,
}

impl Instance {
    /// Reads behind the token: an unused byte, the template's id, the definition's offset, where that is
    /// right here the definition itself, and the number of values.
    pub fn read(cursor: &mut Cursor<'_>) -> Result<Self, BinXmlError> {
        cursor.bytes(5)?;
        let definition = cursor.u32()?;
        if definition as usize == cursor.at {
            cursor.at = definition_end(cursor.chunk, cursor.at)?;
        }
        let values = cursor.u32()? as usize;
        if values > cursor.end.saturating_sub(cursor.at) / 4 {
            return cursor.error("more values than the record has room for");
        }
        Ok(Self { definition, values })
    }

    fn skip_values(&self, cursor: &mut Cursor<'_>) -> Result<(), BinXmlError> {
        let mut size = 0;
        for _ in 0..self.values {
            size += usize::from(cursor.u16()?);
            cursor.u16()?;
        }
        cursor.bytes(size).map(|_| ())
    }
}

/// Where the template definition at `offset` ends: behind the offset of the next one, its GUID, its size
/// and so many bytes.
fn definition_end(chunk: &[u8], offset: usize) -> Result<usize, BinXmlError> {
    let mut cursor = Cursor::new(chunk, offset, chunk.len());
    cursor.bytes(20)?;
    let size = cursor.u32()? as usize;
    cursor.bytes(size)?;
    Ok(cursor.at)
}

/// Bytes of a value that stands in the stream itself.
fn inline_size(kind: u8, cursor: &mut Cursor<'_>) -> Result<usize, BinXmlError> {
    Ok(match kind {
        value::NULL => 0,
        value::STRING => 2 * usize::from(cursor.u16()?),
        0x02 | 0x0e | BINARY_XML => usize::from(cursor.u16()?),
        0x03 | 0x04 => 1,
        0x05 | 0x06 => 2,
        0x07 | 0x08 | 0x0b | 0x0d | 0x14 => 4,
        0x09 | 0x0a | 0x0c | 0x10 | 0x11 | 0x15 => 8,
        0x0f | 0x12 => 16,
        _ => return cursor.error("value of an unknown kind"),
    })
}
