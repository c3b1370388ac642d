//! One record of a chunk, from binary XML to an event.

use super::{
    cursor::{BinXmlError, Cursor},
    program::{Action, Instance, Piece, Program, Programs},
    value::{self, ARRAY, BINARY_XML, FILETIME, NULL},
};
use crate::{
    decode::windows::{
        event::{Field, FieldKind, Slot, Span, WindowsEvent},
        walker::{Role, Sink},
    },
    time,
};

/// Reads records of chunks. Templates are remembered for the chunk.
#[derive(Default)]
pub(super) struct RecordReader {
    programs: Programs,
    values: Vec<Value>,
    steps_taken: usize,
}

/// A value of a template instance: a place in the chunk.
#[derive(Clone, Copy)]
struct Value {
    kind: u8,
    start: u32,
    end: u32,
}

/// Steps that one record may take; a few hundred are usual.
const STEPS_MAX: usize = 1 << 17;
/// Binary XML in values may be nested so deep.
const DEPTH_MAX: usize = 8;

impl RecordReader {
    /// Begins a chunk.
    pub fn begin_chunk(&mut self) {
        self.programs.clear();
    }

    /// Fills the event from the binary XML at `start..end` of the chunk.
    pub fn read(
        &mut self,
        chunk: &[u8],
        start: usize,
        end: usize,
        event: &mut WindowsEvent,
    ) -> Result<(), BinXmlError> {
        self.values.clear();
        self.steps_taken = 0;
        self.stream(Cursor::new(chunk, start, end), Role::Document, 0, event)
    }

    /// A stream of binary XML, nearly always one template instance behind a fragment's header.
    fn stream(
        &mut self,
        mut cursor: Cursor<'_>,
        role: Role,
        depth: usize,
        event: &mut WindowsEvent,
    ) -> Result<(), BinXmlError> {
        if depth > DEPTH_MAX {
            return cursor.error("binary XML is nested too deep");
        }
        let bytes = &cursor.chunk[cursor.at.min(cursor.end)..cursor.end];
        let head = match bytes {
            [0x0f, _, _, _, 0x0c, ..] => 5,
            [0x0c, ..] => 1,
            _ => 0,
        };
        if head > 0 {
            let mut behind = cursor;
            behind.at += head;
            let instance = Instance::read(&mut behind)?;
            let first = self.values.len();
            self.read_values(&mut behind, instance.values)?;
            if matches!(behind.chunk[..behind.end].get(behind.at), None | Some(0)) {
                let program = self.programs.template(cursor.chunk, instance.definition, role)?;
                self.run(cursor.chunk, program, first, depth, event)?;
                self.values.truncate(first);
                return Ok(());
            }
            self.values.truncate(first);
        }
        let first = self.values.len();
        let program = self.programs.stream(cursor, role)?;
        cursor.at = cursor.end;
        self.run(cursor.chunk, program, first, depth, event)
    }

    /// Reads the kinds and sizes of an instance's values, then where the values are.
    fn read_values(&mut self, cursor: &mut Cursor<'_>, count: usize) -> Result<(), BinXmlError> {
        let descriptors = cursor.bytes(4 * count)?;
        for descriptor in descriptors.as_chunks::<4>().0 {
            let size = usize::from(u16::from_le_bytes([descriptor[0], descriptor[1]]));
            let start = cursor.at as u32;
            cursor.bytes(size)?;
            self.values.push(Value { kind: descriptor[2], start, end: cursor.at as u32 });
        }
        Ok(())
    }

    /// Takes a program's steps with the values from `first` on.
    fn run(
        &mut self,
        chunk: &[u8],
        program: Program,
        first: usize,
        depth: usize,
        event: &mut WindowsEvent,
    ) -> Result<(), BinXmlError> {
        self.steps_taken += program.end - program.start;
        if self.steps_taken > STEPS_MAX || event.is_too_large() {
            return Err(BinXmlError { reason: "event is too large", at: 0 });
        }
        event.may_repeat |= program.may_repeat;
        for at in program.start..program.end {
            let step = self.programs.parts().steps[at];
            if let Some(dependency) = step.dependency
                && self.value(first, dependency).is_some_and(|value| value.kind == NULL)
            {
                continue;
            }
            match step.action {
                Action::Slot(slot, pieces) => self.slot(chunk, slot, pieces, first, event),
                Action::Field { name, pieces } => {
                    let parts = self.programs.parts();
                    let name = &parts.text[name.start as usize..name.end as usize];
                    let name = event.push(name);
                    self.field(chunk, name, pieces, (first, depth), event);
                }
                Action::NamedField { name_pieces, pieces } => {
                    let name = self.text(chunk, name_pieces, first, event);
                    self.field(chunk, name, pieces, (first, depth), event);
                }
                Action::Extra { name, pieces } => {
                    let parts = self.programs.parts();
                    let name = event.push(&parts.text[name.start as usize..name.end as usize]);
                    let value = self.text(chunk, pieces, first, event);
                    if value.start != value.end {
                        event.extras.push(Field { name, value, kind: FieldKind::Text });
                    }
                }
                Action::Container(name) => {
                    let parts = self.programs.parts();
                    event.set_container(&parts.text[name.start as usize..name.end as usize]);
                }
                Action::Wrapper(name) => {
                    let parts = self.programs.parts();
                    event.set_wrapper(&parts.text[name.start as usize..name.end as usize]);
                }
                Action::Nested(index, role) => {
                    let Some(value) = self.value(first, index) else { continue };
                    if value.kind == BINARY_XML && value.start < value.end {
                        let inner = Cursor::new(chunk, value.start as usize, value.end as usize);
                        self.stream(inner, role, depth + 1, event)?;
                    } else if value.kind != NULL && value.start < value.end {
                        let name = event.push("Data");
                        self.value_fields(chunk, name, value, event);
                    }
                }
                Action::Instance(offset, role) => {
                    let mut cursor = Cursor::new(chunk, offset as usize + 1, chunk.len());
                    let instance = Instance::read(&mut cursor)?;
                    let start = self.values.len();
                    self.read_values(&mut cursor, instance.values)?;
                    let program = self.programs.template(chunk, instance.definition, role)?;
                    if depth >= DEPTH_MAX {
                        return cursor.error("binary XML is nested too deep");
                    }
                    self.run(chunk, program, start, depth + 1, event)?;
                    self.values.truncate(start);
                }
            }
        }
        Ok(())
    }

    fn slot(&self, chunk: &[u8], slot: Slot, pieces: Span, first: usize, event: &mut WindowsEvent) {
        let parts = &self.programs.parts().pieces[pieces.start as usize..pieces.end as usize];
        if let [Piece::Value(index)] = parts
            && let Some(value) = self.value(first, *index)
        {
            let bytes = value.bytes(chunk);
            if slot == Slot::SystemTime && value.kind == FILETIME {
                event.time = time::from_filetime(value::unsigned(bytes));
                return;
            }
            if let Some(number) = value::whole_number(value.kind, bytes) {
                return event.set_number(slot, number);
            }
        }
        let value = self.text(chunk, pieces, first, event);
        Sink::slot(event, slot, value, None);
    }

    /// Adds a field; an array gives one for each item.
    fn field(
        &mut self,
        chunk: &[u8],
        name: Span,
        pieces: Span,
        (first, depth): (usize, usize),
        event: &mut WindowsEvent,
    ) {
        let parts = &self.programs.parts().pieces[pieces.start as usize..pieces.end as usize];
        if let [Piece::Value(index)] = parts {
            match self.value(first, *index) {
                Some(value) if value.kind == BINARY_XML && value.start < value.end => {
                    // What can't be read as XML here is kept as bytes.
                    let inner = Cursor::new(chunk, value.start as usize, value.end as usize);
                    let fields = event.fields.len();
                    if self.stream(inner, Role::Node, depth + 1, event).is_err() {
                        event.fields.truncate(fields);
                        self.value_fields(chunk, name, value, event);
                    }
                }
                Some(value) => self.value_fields(chunk, name, value, event),
                None => event.fields.push(Field { name, value: Span::default(), kind: FieldKind::Text }),
            }
            return;
        }
        let value = self.text(chunk, pieces, first, event);
        event.fields.push(Field { name, value, kind: FieldKind::Text });
    }

    fn value_fields(&self, chunk: &[u8], name: Span, value: Value, event: &mut WindowsEvent) {
        let bytes = value.bytes(chunk);
        if value.kind & ARRAY != 0 && !bytes.is_empty() {
            event.may_repeat = true;
            for item in value::items(value.kind, bytes) {
                let value = event.write(|out| value::append(out, value.kind & !ARRAY, item));
                event.fields.push(Field { name, value, kind: FieldKind::Text });
            }
            return;
        }
        let value = event.write(|out| value::append(out, value.kind, bytes));
        event.fields.push(Field { name, value, kind: FieldKind::Text });
    }

    /// Writes the text of a value's pieces to the event.
    fn text(&self, chunk: &[u8], pieces: Span, first: usize, event: &mut WindowsEvent) -> Span {
        let parts = self.programs.parts();
        event.write(|out| {
            for piece in &parts.pieces[pieces.start as usize..pieces.end as usize] {
                match *piece {
                    Piece::Text(text) => {
                        out.extend_from_slice(&parts.text.as_bytes()[text.start as usize..text.end as usize]);
                    }
                    Piece::Value(index) => {
                        if let Some(value) = self.value(first, index) {
                            value::append(out, value.kind, value.bytes(chunk));
                        }
                    }
                }
            }
        })
    }

    fn value(&self, first: usize, index: u16) -> Option<Value> {
        self.values.get(first + usize::from(index)).copied()
    }
}

impl Value {
    fn bytes(self, chunk: &[u8]) -> &[u8] {
        &chunk[self.start as usize..self.end as usize]
    }
}
