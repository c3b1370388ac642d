//! An event's data as the texts that Log Analytics' tables hold.

use super::event::{FieldKind, View};
use crate::dynamic;

const NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// XML as in `SecurityEvent.EventData`: an element a line.
pub(super) fn xml(view: &View<'_>, out: &mut String) {
    write_xml(view, ["\r\n", "  ", "    "], out);
}

/// XML as in `Event.EventData`: on one line, in a `DataItem`.
pub(super) fn item(view: &View<'_>, time: Option<i64>, out: &mut String) {
    out.push_str("<DataItem type=\"System.XmlData\" time=\"");
    if let Some(time) = time {
        out.push_str(&crate::time::format_datetime(time));
    }
    out.push_str("\">");
    write_xml(view, ["", "", ""], out);
    out.push_str("</DataItem>");
}

/// `<Param>…</Param>` for each value, as in `Event.ParameterXml`.
pub(super) fn parameters(view: &View<'_>, out: &mut String) {
    for (_, value, _) in view.fields() {
        out.push_str("<Param>");
        escape(out, value);
        out.push_str("</Param>");
    }
}

/// One object in the event's order; a name that stands more than once has an array of its values.
pub(super) fn json(view: &View<'_>, out: &mut String) {
    if view.fields().len() == 0 {
        return;
    }
    out.push('{');
    let mut is_first = true;
    for (at, (name, value, kind)) in view.fields().enumerate() {
        let mut others = false;
        if view.may_repeat() {
            if view.fields().take(at).any(|(earlier, _, _)| earlier == name) {
                continue;
            }
            others = view.fields().skip(at + 1).any(|(later, _, _)| later == name);
        }
        if !std::mem::take(&mut is_first) {
            out.push(',');
        }
        dynamic::push_quoted(out, name);
        out.push(':');
        if others {
            let separators = std::iter::once('[').chain(std::iter::repeat(','));
            let same = view.fields().filter(|(other, _, _)| *other == name);
            for (separator, (_, value, kind)) in separators.zip(same) {
                out.push(separator);
                push_json(out, value, kind);
            }
            out.push(']');
        } else {
            push_json(out, value, kind);
        }
    }
    out.push('}');
}

fn push_json(out: &mut String, value: &str, kind: FieldKind) {
    match kind {
        FieldKind::Text => dynamic::push_quoted(out, value),
        FieldKind::Json => out.push_str(value),
    }
}

fn write_xml(view: &View<'_>, [line, first, second]: [&str; 3], out: &mut String) {
    let (container, wrapper) = (view.container(), view.wrapper());
    let wrapper = if is_element_name(wrapper) { wrapper } else { "" };
    let indent = if wrapper.is_empty() { first } else { second };
    out.push('<');
    out.push_str(container);
    if wrapper.is_empty() {
        out.push_str(" xmlns=\"");
        out.push_str(NAMESPACE);
        out.push_str("\">");
    } else {
        for text in [">", line, first, "<", wrapper, ">"] {
            out.push_str(text);
        }
    }
    for (name, value, _) in view.fields() {
        out.push_str(line);
        out.push_str(indent);
        // Children of `EventData` are `Data`, with or without a name; those of `UserData` are free.
        let is_data = container == "EventData" && name != "Binary" || !is_element_name(name);
        let element = if is_data { "Data" } else { name };
        out.push('<');
        out.push_str(element);
        if is_data && name != "Data" {
            out.push_str(" Name=\"");
            escape(out, name);
            out.push('"');
        }
        out.push('>');
        escape(out, value);
        for text in ["</", element, ">"] {
            out.push_str(text);
        }
    }
    if !wrapper.is_empty() {
        for text in [line, first, "</", wrapper, ">"] {
            out.push_str(text);
        }
    }
    for text in [line, "</", container, ">"] {
        out.push_str(text);
    }
}

/// Whether a name can be an element's; one that came from JSON may hold anything.
fn is_element_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// Appends text as XML content. What XML does not allow is written as `_`, as Windows does.
fn escape(out: &mut String, text: &str) {
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'"' => "&quot;",
            b'\t' | b'\n' | b'\r' => continue,
            0..0x20 => "_",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(escaped);
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
}
