//! One Windows event, whatever its encoding was.
//!
//! All text of an event lies in one buffer that is used again for the next event; fields are places in
//! it. A decoder fills the event, [`super::rows`] reads it.

use super::walker::Sink;
use crate::mapping::Value;

/// A piece of text: a place in the event's (or another) buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// What the `System` and `RenderingInfo` parts of an event tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Provider,
    ProviderGuid,
    EventSourceName,
    EventId,
    Qualifiers,
    Version,
    Level,
    Task,
    Opcode,
    Keywords,
    SystemTime,
    RecordId,
    ActivityId,
    RelatedActivityId,
    ProcessId,
    ThreadId,
    Channel,
    Computer,
    UserId,
    /// `DOMAIN\name` of the user, where the shipper has looked it up.
    UserName,
    Message,
    LevelName,
    TaskName,
    OpcodeName,
    KeywordNames,
}

impl Slot {
    /// Whether the slot holds a whole number, whichever way an encoding writes it.
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::EventId
                | Self::Qualifiers
                | Self::Version
                | Self::Level
                | Self::Task
                | Self::Opcode
                | Self::RecordId
                | Self::ProcessId
                | Self::ThreadId
        )
    }
}

/// What a slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotValue {
    Text(Span),
    Number(i64),
}

const EMPTY: SlotValue = SlotValue::Text(Span { start: 0, end: 0 });

const SLOTS: usize = Slot::KeywordNames as usize + 1;

/// What a field's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// JSON text that a parser has checked.
    Json,
}

#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: Span,
    pub value: Span,
    pub kind: FieldKind,
}

/// One event. See the module's description.
pub struct WindowsEvent {
    text: Vec<u8>,
    slots: [SlotValue; SLOTS],
    /// When it happened, in microseconds since 1970. Set by the decoder, or read from
    /// [`Slot::SystemTime`].
    pub time: Option<i64>,
    /// The element that held the fields: `EventData`, `UserData`, … Empty means `EventData`.
    container: Span,
    /// In `UserData`, the element between it and the fields.
    wrapper: Span,
    pub fields: Vec<Field>,
    /// What the encoding or the shipper added: no part of the event's own data.
    pub extras: Vec<Field>,
    /// Whether two fields may have the same name.
    pub may_repeat: bool,
}

/// The most text an event may expand to; templates let a small record refer to much.
const TEXT_MAX: usize = 4 << 20;
/// The most fields an event may have.
const FIELDS_MAX: usize = 1 << 16;

impl Default for WindowsEvent {
    fn default() -> Self {
        Self {
            text: Vec::new(),
            slots: [EMPTY; SLOTS],
            time: None,
            container: Span::default(),
            wrapper: Span::default(),
            fields: Vec::new(),
            extras: Vec::new(),
            may_repeat: false,
        }
    }
}

impl WindowsEvent {
    /// Forgets the event, keeping the memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.slots = [EMPTY; SLOTS];
        self.time = None;
        self.container = Span::default();
        self.wrapper = Span::default();
        self.fields.clear();
        self.extras.clear();
        self.may_repeat = false;
    }

    /// Whether the event has grown beyond what an event may be.
    pub fn is_too_large(&self) -> bool {
        self.text.len() > TEXT_MAX || self.fields.len() + self.extras.len() > FIELDS_MAX
    }

    /// Bytes of text so far.
    pub fn text_bytes(&self) -> usize {
        self.text.len()
    }

    /// Appends to the buffer.
    pub fn write(&mut self, f: impl FnOnce(&mut Vec<u8>)) -> Span {
        let start = self.text.len() as u32;
        f(&mut self.text);
        Span { start, end: self.text.len() as u32 }
    }

    pub fn push(&mut self, text: &str) -> Span {
        self.write(|buffer| buffer.extend_from_slice(text.as_bytes()))
    }

    pub fn set(&mut self, slot: Slot, value: Span) {
        self.slots[slot as usize] = SlotValue::Text(value);
    }

    pub fn set_number(&mut self, slot: Slot, number: i64) {
        self.slots[slot as usize] = SlotValue::Number(number);
    }

    pub fn set_text(&mut self, slot: Slot, text: &str) {
        if slot.is_number()
            && let Ok(number) = text.trim_ascii().parse()
        {
            return self.set_number(slot, number);
        }
        let span = self.push(text);
        self.set(slot, span);
    }

    /// Whether a slot has a number or a text that is not empty.
    pub fn is_set(&self, slot: Slot) -> bool {
        match self.slots[slot as usize] {
            SlotValue::Text(span) => span.start != span.end,
            SlotValue::Number(_) => true,
        }
    }

    pub fn add_field(&mut self, name: &str, value: &str, kind: FieldKind) {
        let field = Field { name: self.push(name), value: self.push(value), kind };
        self.fields.push(field);
    }

    pub fn add_extra(&mut self, name: &str, value: &str, kind: FieldKind) {
        let field = Field { name: self.push(name), value: self.push(value), kind };
        self.extras.push(field);
    }

    pub fn set_container(&mut self, name: &str) {
        self.container = self.push(name);
    }

    pub fn set_wrapper(&mut self, name: &str) {
        self.wrapper = self.push(name);
    }

    /// Bytes of a place.
    pub fn bytes(&self, span: Span) -> &[u8] {
        &self.text[span.start as usize..span.end as usize]
    }

    /// The event to be read. `None` if a decoder wrote what is no text.
    pub fn view(&self) -> Option<View<'_>> {
        std::str::from_utf8(&self.text).ok().map(|text| View { event: self, text })
    }
}

/// An event to be read.
#[derive(Clone, Copy)]
pub struct View<'a> {
    event: &'a WindowsEvent,
    text: &'a str,
}

impl<'a> View<'a> {
    pub fn text(&self, span: Span) -> &'a str {
        // A place begins and ends between characters, for whole texts were written there.
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub fn slot(&self, slot: Slot) -> Value<'a> {
        match self.event.slots[slot as usize] {
            SlotValue::Text(span) => Value::text(self.text(span)),
            SlotValue::Number(number) => Value::Long(number),
        }
    }

    /// A slot that holds text.
    pub fn slot_text(&self, slot: Slot) -> &'a str {
        match self.event.slots[slot as usize] {
            SlotValue::Text(span) => self.text(span),
            SlotValue::Number(_) => "",
        }
    }

    /// A slot that holds a whole number.
    pub fn number(&self, slot: Slot) -> Option<i64> {
        match self.event.slots[slot as usize] {
            SlotValue::Text(span) => self.text(span).trim_ascii().parse().ok(),
            SlotValue::Number(number) => Some(number),
        }
    }

    pub fn time(&self) -> Option<i64> {
        self.event.time.or_else(|| crate::time::parse_datetime(self.slot_text(Slot::SystemTime)))
    }

    pub fn container(&self) -> &'a str {
        match self.text(self.event.container) {
            "" => "EventData",
            name => name,
        }
    }

    pub fn wrapper(&self) -> &'a str {
        self.text(self.event.wrapper)
    }

    pub fn fields(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str, FieldKind)> + use<'a> {
        let view = *self;
        self.event.fields.iter().map(move |f| (view.text(f.name), view.text(f.value), f.kind))
    }

    pub fn extras(&self) -> impl ExactSizeIterator<Item = (&'a str, &'a str, FieldKind)> + use<'a> {
        let view = *self;
        self.event.extras.iter().map(move |f| (view.text(f.name), view.text(f.value), f.kind))
    }

    pub fn may_repeat(&self) -> bool {
        self.event.may_repeat
    }
}

/// Values of an XML event, which lie in the event's own buffer.
impl Sink for WindowsEvent {
    fn is_blank(&self, value: Span) -> bool {
        self.bytes(value).iter().all(u8::is_ascii_whitespace)
    }

    fn slot(&mut self, slot: Slot, value: Span, _dependency: Option<u16>) {
        match self.slots[slot as usize] {
            SlotValue::Text(before) if slot == Slot::KeywordNames && before != Span::default() => {
                let joined = [self.bytes(before), b", ", self.bytes(value)].concat();
                let joined = self.write(|text| text.extend_from_slice(&joined));
                self.set(slot, joined);
            }
            _ => match std::str::from_utf8(self.bytes(value)).map(|text| text.trim_ascii().parse()) {
                Ok(Ok(number)) if slot.is_number() => self.set_number(slot, number),
                _ => self.set(slot, value),
            },
        }
    }

    fn field(&mut self, name: Span, value: Span, _dependency: Option<u16>) {
        self.may_repeat = true;
        self.fields.push(Field { name, value, kind: FieldKind::Text });
    }

    fn named_field(&mut self, name: Span, value: Span, dependency: Option<u16>) {
        self.field(name, value, dependency);
    }

    fn extra(&mut self, name: Span, value: Span, _dependency: Option<u16>) {
        self.extras.push(Field { name, value, kind: FieldKind::Text });
    }

    fn container(&mut self, name: Span) {
        self.container = name;
    }

    fn wrapper(&mut self, name: Span) {
        self.wrapper = name;
    }
}
