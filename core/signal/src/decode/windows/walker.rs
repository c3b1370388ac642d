//! What the elements of an event mean: which are header fields, which are data.
//!
//! The structure is that of the event schema (`http://schemas.microsoft.com/win/2004/08/events/event`):
//! `Event` with `System`, then `EventData`, `UserData` or one of their rarer kin, and `RenderingInfo`
//! where a collector has added one. Text XML is walked once per event; binary XML once per template,
//! with places of substitutions as values.
//!
//! Data is made flat: `Data` elements have the name of their `Name` attribute, other elements without
//! children their own name, attributes theirs.

use super::event::{Slot, Span};

/// Where the walker writes what it has recognised. Values and names are places in the sink's memory.
pub trait Sink {
    /// Whether a value is white space only.
    fn is_blank(&self, value: Span) -> bool;
    fn slot(&mut self, slot: Slot, value: Span, dependency: Option<u16>);
    /// A field whose name is text in the sink's memory.
    fn field(&mut self, name: Span, value: Span, dependency: Option<u16>);
    /// A field whose name is itself a value.
    fn named_field(&mut self, name: Span, value: Span, dependency: Option<u16>);
    /// Part of the event's header that has no slot.
    fn extra(&mut self, name: Span, value: Span, dependency: Option<u16>);
    /// The element that holds the data begins.
    fn container(&mut self, name: Span);
    /// The child of `UserData` that holds the fields has ended.
    fn wrapper(&mut self, name: Span);
}

/// What an element is, by its parent and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Above the outermost element.
    Document,
    Event,
    System,
    SystemElement(SystemElement),
    Rendering,
    RenderingElement(Option<Slot>),
    /// `EventData`: its children are fields.
    EventData,
    /// `UserData` and the like: its child holds the fields.
    UserData,
    /// A field, or an element with fields below it.
    Node,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemElement {
    Provider,
    EventId,
    TimeCreated,
    Correlation,
    Execution,
    Security,
    /// An element whose text is the value.
    Plain(Slot),
    Unknown,
}

#[derive(Debug)]
struct Frame {
    role: Role,
    name: Span,
    /// The value of the `Name` attribute.
    name_attribute: Option<Span>,
    value: Option<Span>,
    /// Whether attributes have become fields.
    has_fields: bool,
    has_children: bool,
    dependency: Option<u16>,
}

/// Walks through the elements of an event. See the module's description.
#[derive(Default)]
pub struct Walker {
    frames: Vec<Frame>,
}

/// Elements may be nested so deep.
const DEPTH_MAX: usize = 64;

impl Walker {
    /// Begins below an element of the given role.
    pub fn begin(&mut self, role: Role) {
        self.frames.clear();
        self.frames.push(Frame {
            role,
            name: Span::default(),
            name_attribute: None,
            value: None,
            has_fields: false,
            has_children: true,
            dependency: None,
        });
    }

    /// The role of the element that is open.
    pub fn role(&self) -> Role {
        self.frames.last().map_or(Role::Document, |frame| frame.role)
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.frames.len().saturating_sub(1)
    }

    /// An element begins. False if it is nested too deep.
    pub fn open(&mut self, name: Span, text: &str, dependency: Option<u16>, sink: &mut impl Sink) -> bool {
        if self.frames.len() > DEPTH_MAX {
            return false;
        }
        let Some(parent) = self.frames.last_mut() else { return false };
        parent.has_children = true;
        if let (Role::Node, Some(value)) = (parent.role, parent.value.take())
            && !sink.is_blank(value)
        {
            sink.field(parent.name, value, parent.dependency);
        }
        let text = local_name(text);
        let role = match parent.role {
            Role::Document if text == "Event" => Role::Event,
            Role::Document | Role::Event => part(text),
            Role::System => Role::SystemElement(system_element(text)),
            Role::Rendering => Role::RenderingElement(rendering_slot(text)),
            Role::RenderingElement(_) => Role::RenderingElement(rendering_slot(text)),
            Role::SystemElement(_) => Role::SystemElement(SystemElement::Unknown),
            Role::EventData | Role::UserData | Role::Node => Role::Node,
        };
        if matches!(role, Role::EventData | Role::UserData) {
            sink.container(name);
        }
        let dependency = dependency.or(parent.dependency);
        self.frames.push(Frame {
            role,
            name,
            name_attribute: None,
            value: None,
            has_fields: false,
            has_children: false,
            dependency,
        });
        true
    }

    /// An attribute of the element that is open.
    pub fn attribute(&mut self, name: Span, text: &str, value: Span, sink: &mut impl Sink) {
        let Some(frame) = self.frames.last_mut() else { return };
        if text == "xmlns" || text.starts_with("xmlns:") {
            return;
        }
        match frame.role {
            Role::SystemElement(element) => match system_attribute(element, text) {
                Some(slot) => sink.slot(slot, value, frame.dependency),
                None => sink.extra(name, value, frame.dependency),
            },
            Role::Node if text == "Name" && frame.name_attribute.is_none() => {
                frame.name_attribute = Some(value);
            }
            Role::Node => {
                frame.has_fields = true;
                sink.field(name, value, frame.dependency);
            }
            Role::EventData | Role::UserData | Role::Rendering => {
                sink.extra(name, value, frame.dependency);
            }
            Role::Document | Role::Event | Role::System | Role::RenderingElement(_) => {}
        }
    }

    /// Text of the element that is open. A value that ends where the next begins is one value.
    pub fn text(&mut self, value: Span, sink: &mut impl Sink) {
        let Some(frame) = self.frames.last_mut() else { return };
        match &mut frame.value {
            Some(before) if before.end == value.start => before.end = value.end,
            Some(before) => {
                let before = std::mem::replace(before, value);
                if frame.role == Role::Node && !sink.is_blank(before) {
                    sink.field(frame.name, before, frame.dependency);
                }
            }
            None => frame.value = Some(value),
        }
    }

    /// The element that is open ends.
    pub fn close(&mut self, sink: &mut impl Sink) {
        if self.frames.len() < 2 {
            return;
        }
        let Some(frame) = self.frames.pop() else { return };
        let value = frame.value.unwrap_or_default();
        match frame.role {
            Role::SystemElement(SystemElement::Plain(slot)) => {
                sink.slot(slot, value, frame.dependency);
            }
            Role::SystemElement(SystemElement::EventId) => {
                sink.slot(Slot::EventId, value, frame.dependency);
            }
            Role::SystemElement(SystemElement::Unknown) if !frame.has_children => {
                sink.extra(frame.name, value, frame.dependency);
            }
            Role::RenderingElement(Some(slot)) if !frame.has_children && !sink.is_blank(value) => {
                sink.slot(slot, value, frame.dependency);
            }
            Role::Node if frame.has_children && self.role() == Role::UserData && sink.is_blank(value) => {
                sink.wrapper(frame.name);
            }
            Role::Node if frame.has_children && sink.is_blank(value) => {}
            // An element that is all attributes is told by them.
            Role::Node if frame.has_fields && sink.is_blank(value) => {}
            Role::Node => match frame.name_attribute {
                Some(name) => sink.named_field(name, value, frame.dependency),
                None => sink.field(frame.name, value, frame.dependency),
            },
            Role::EventData | Role::UserData if !sink.is_blank(value) => {
                sink.field(frame.name, value, frame.dependency);
            }
            _ => {}
        }
    }
}

/// A name without its namespace prefix.
fn local_name(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn part(name: &str) -> Role {
    match name {
        "System" => Role::System,
        "RenderingInfo" => Role::Rendering,
        "EventData" | "BinaryEventData" | "DebugData" => Role::EventData,
        _ => Role::UserData,
    }
}

fn system_element(name: &str) -> SystemElement {
    match name {
        "Provider" => SystemElement::Provider,
        "EventID" => SystemElement::EventId,
        "TimeCreated" => SystemElement::TimeCreated,
        "Correlation" => SystemElement::Correlation,
        "Execution" => SystemElement::Execution,
        "Security" => SystemElement::Security,
        "Version" => SystemElement::Plain(Slot::Version),
        "Level" => SystemElement::Plain(Slot::Level),
        "Task" => SystemElement::Plain(Slot::Task),
        "Opcode" => SystemElement::Plain(Slot::Opcode),
        "Keywords" => SystemElement::Plain(Slot::Keywords),
        "EventRecordID" => SystemElement::Plain(Slot::RecordId),
        "Channel" => SystemElement::Plain(Slot::Channel),
        "Computer" => SystemElement::Plain(Slot::Computer),
        _ => SystemElement::Unknown,
    }
}

fn system_attribute(element: SystemElement, name: &str) -> Option<Slot> {
    Some(match (element, name) {
        (SystemElement::Provider, "Name") => Slot::Provider,
        (SystemElement::Provider, "Guid") => Slot::ProviderGuid,
        (SystemElement::Provider, "EventSourceName") => Slot::EventSourceName,
        (SystemElement::EventId, "Qualifiers") => Slot::Qualifiers,
        (SystemElement::TimeCreated, "SystemTime") => Slot::SystemTime,
        (SystemElement::Correlation, "ActivityID") => Slot::ActivityId,
        (SystemElement::Correlation, "RelatedActivityID") => Slot::RelatedActivityId,
        (SystemElement::Execution, "ProcessID") => Slot::ProcessId,
        (SystemElement::Execution, "ThreadID") => Slot::ThreadId,
        (SystemElement::Security, "UserID") => Slot::UserId,
        _ => return None,
    })
}

fn rendering_slot(name: &str) -> Option<Slot> {
    Some(match name {
        "Message" => Slot::Message,
        "Level" => Slot::LevelName,
        "Task" => Slot::TaskName,
        "Opcode" => Slot::OpcodeName,
        "Keyword" => Slot::KeywordNames,
        _ => return None,
    })
}
