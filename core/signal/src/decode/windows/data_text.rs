//! An event's data as the texts that Log Analytics' tables hold.

use crate::{dynamic, mapping::Value};

const NAMESPACE: &str = "http://schemas.microsoft.com/win/2004/08/events/event";

/// An event's data.
pub(super) struct Data<'a> {
    pub container: &'a str,
    pub wrapper: &'a str,
    pub fields: &'a [(&'a str, Value<'a>)],
    /// Whether two fields may have the same name.
    pub may_repeat: bool,
}

/// XML as in `SecurityEvent.EventData`: an element a line.
pub(super) fn xml(data: &Data<'_>, out: &mut Vec<u8>) {
    write_xml(data, ["\r\n", "  ", "    "], out);
}

/// XML as in `Event.EventData`: on one line, in a `DataItem`.
pub(super) fn item(data: &Data<'_>, time: Option<i64>, out: &mut Vec<u8>) {
    let time = time.map(crate::time::format_datetime).unwrap_or_default();
    push_all(out, ["<DataItem type=\"System.XmlData\" time=\"", &time, "\">"]);
    write_xml(data, ["", "", ""], out);
    push_all(out, ["</DataItem>"]);
}

/// `<Param>…</Param>` for each value, as in `Event.ParameterXml`.
pub(super) fn parameters(data: &Data<'_>, out: &mut Vec<u8>) {
    for (_, value) in data.fields {
        push_all(out, ["<Param>"]);
        escape(out, text(value));
        push_all(out, ["</Param>"]);
    }
}

/// One object in the event's order; a name that stands more than once has an array of its values.
pub(super) fn json(data: &Data<'_>, out: &mut Vec<u8>) {
    if data.fields.is_empty() {
        return;
    }
    let mut before = b'{';
    for (at, (name, value)) in data.fields.iter().enumerate() {
        let is_same = |(other, _): &&(&str, Value<'_>)| other == name;
        if data.may_repeat && data.fields[..at].iter().any(|field| is_same(&field)) {
            continue;
        }
        out.push(before);
        before = b',';
        dynamic::push_quoted(out, name);
        out.push(b':');
        if data.may_repeat && data.fields[at + 1..].iter().any(|field| is_same(&field)) {
            let mut before = b'[';
            for (_, value) in data.fields.iter().filter(is_same) {
                out.push(before);
                before = b',';
                push_json(out, value);
            }
            out.push(b']');
        } else {
            push_json(out, value);
        }
    }
    out.push(b'}');
}

fn push_json(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Json(json) => out.extend_from_slice(json.as_bytes()),
        other => dynamic::push_quoted(out, text(other)),
    }
}

fn text<'a>(value: &'a Value<'_>) -> &'a str {
    match value {
        Value::Text(text) | Value::Json(text) => text,
        _ => "",
    }
}

fn write_xml(data: &Data<'_>, [line, first, second]: [&str; 3], out: &mut Vec<u8>) {
    let (container, wrapper) = (data.container, data.wrapper);
    let wrapper = if is_element_name(wrapper) { wrapper } else { "" };
    let indent = if wrapper.is_empty() { first } else { second };
    if wrapper.is_empty() {
        push_all(out, ["<", container, " xmlns=\"", NAMESPACE, "\">"]);
    } else {
        push_all(out, ["<", container, ">", line, first, "<", wrapper, ">"]);
    }
    for (name, value) in data.fields {
        let (name, value) = (*name, text(value));
        push_all(out, [line, indent]);
        // Children of `EventData` are `Data`, with or without a name; those of `UserData` are free.
        if container != "EventData" && is_element_name(name) || name == "Binary" {
            push_all(out, ["<", name, ">"]);
            escape(out, value);
            push_all(out, ["</", name, ">"]);
            continue;
        }
        if name == "Data" {
            push_all(out, ["<Data>"]);
        } else {
            push_all(out, ["<Data Name=\""]);
            escape(out, name);
            push_all(out, ["\">"]);
        }
        escape(out, value);
        push_all(out, ["</Data>"]);
    }
    if !wrapper.is_empty() {
        push_all(out, [line, first, "</", wrapper, ">"]);
    }
    push_all(out, [line, "</", container, ">"]);
}

fn push_all<const N: usize>(out: &mut Vec<u8>, texts: [&str; N]) {
    texts.iter().for_each(|text| out.extend_from_slice(text.as_bytes()));
}

/// Whether a name can be an element's; one that came from JSON may hold anything.
fn is_element_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':'))
}

/// Appends text as XML content. What XML does not allow is written as `_`, as Windows does.
fn escape(out: &mut Vec<u8>, text: &str) {
    let is_special = |byte| byte < 0x20 || byte == b'<' || byte == b'>' || byte == b'&' || byte == b'"';
    let any_special = |eight| {
        let is = |byte| dynamic::has_byte(eight, byte);
        (is(b'<') | is(b'>') | is(b'&') | is(b'"') | dynamic::has_control(eight)) != 0
    };
    dynamic::push_escaped(out, text, any_special, is_special, |bytes, buffer| {
        let mut length = 0;
        for byte in bytes {
            let escaped: &[u8] = match byte {
                b'<' => b"&lt;",
                b'>' => b"&gt;",
                b'&' => b"&amp;",
                b'"' => b"&quot;",
                b'\t' | b'\n' | b'\r' | 0x20.. => std::slice::from_ref(byte),
                _ => b"_",
            };
            buffer[length..length + escaped.len()].copy_from_slice(escaped);
            length += escaped.len();
        }
        length
    });
}
