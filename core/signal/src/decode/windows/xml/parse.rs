//! One event, from XML to fields.

use quick_xml::{
    Error, Reader,
    events::{BytesRef, BytesStart, Event},
};

use crate::decode::windows::{
    event::{Span, WindowsEvent},
    walker::{Role, Walker},
};

/// Fills the event from the text of an `Event` element.
pub(in crate::decode::windows) fn event(text: &str, event: &mut WindowsEvent) -> Result<(), &'static str> {
    let mut reader = Reader::from_str(text);
    let mut walker = Walker::default();
    walker.begin(Role::Document);
    loop {
        match reader.read_event().map_err(|error| reason(&error))? {
            Event::Start(tag) => open(&tag, &mut walker, event)?,
            Event::Empty(tag) => {
                open(&tag, &mut walker, event)?;
                walker.close(event);
            }
            Event::End(_) => walker.close(event),
            Event::Text(text) => {
                let text = text.decode().map_err(|_| "event's XML: text is not UTF-8")?;
                let span = event.push(&text);
                walker.text(span, event);
            }
            Event::CData(text) => {
                let text = text.decode().map_err(|_| "event's XML: text is not UTF-8")?;
                let span = event.push(&text);
                walker.text(span, event);
            }
            Event::GeneralRef(reference) => {
                let span = resolve(&reference, event)?;
                walker.text(span, event);
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
        if event.is_too_large() {
            return Err("event is too large");
        }
    }
    if walker.depth() > 0 { Err("event's XML: an element is not closed") } else { Ok(()) }
}

fn open(tag: &BytesStart<'_>, walker: &mut Walker, event: &mut WindowsEvent) -> Result<(), &'static str> {
    let name = std::str::from_utf8(tag.name().into_inner()).map_err(|_| "event's XML: name is not UTF-8")?;
    // A prefix says nothing here: every part of an event has one namespace.
    let name = name.rsplit(':').next().unwrap_or(name);
    let span = event.push(name);
    if !walker.open(span, name, None, event) {
        return Err("event's XML: elements are nested too deep");
    }
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|_| "event's XML: attribute is malformed")?;
        let name =
            std::str::from_utf8(attribute.key.into_inner()).map_err(|_| "event's XML: name is not UTF-8")?;
        let value = std::str::from_utf8(&attribute.value).map_err(|_| "event's XML: value is not UTF-8")?;
        let value =
            quick_xml::escape::unescape(value).map_err(|_| "event's XML: attribute has an unknown entity")?;
        let (name_span, value_span) = (event.push(name), event.push(&value));
        walker.attribute(name_span, name, value_span, event);
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>, event: &mut WindowsEvent) -> Result<Span, &'static str> {
    if let Ok(Some(c)) = reference.resolve_char_ref() {
        return Ok(event.push(c.encode_utf8(&mut [0; 4])));
    }
    let name = reference.decode().map_err(|_| "event's XML: name is not UTF-8")?;
    match quick_xml::escape::resolve_predefined_entity(&name) {
        Some(text) => Ok(event.push(text)),
        None => Err("event's XML: unknown entity"),
    }
}

/// A reason without the event's own text, so that equal ones are counted together.
fn reason(error: &Error) -> &'static str {
    match error {
        Error::Syntax(_) => "event's XML: syntax error",
        Error::IllFormed(_) => "event's XML: tags do not match",
        Error::InvalidAttr(_) => "event's XML: attribute is malformed",
        Error::Encoding(_) => "event's XML: text is not UTF-8",
        Error::Escape(_) => "event's XML: unknown entity",
        _ => "event's XML can't be read",
    }
}
