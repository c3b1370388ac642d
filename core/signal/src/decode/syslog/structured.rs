//! Structured data of RFC 5424 (section 6.3) as a JSON object: `{"id":{"name":"value"}}`.

use crate::dynamic::ObjectWriter;

/// Reads structured data at the beginning of a text: its elements, and what is behind. `None` if it is
/// neither `-` nor well-formed.
pub fn read(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix('-') {
        return (rest.is_empty() || rest.starts_with(' ')).then_some(("", rest));
    }
    let mut at = 0;
    while text.as_bytes().get(at) == Some(&b'[') {
        at = element_end(text, at)?;
    }
    (at > 0).then(|| text.split_at(at))
}

/// Where the element that begins at `at` ends.
fn element_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = name_end(bytes, at + 1)?;
    loop {
        match bytes.get(at)? {
            b']' => return Some(at + 1),
            b' ' => at += 1,
            _ => return None,
        }
        // A space before the bracket is wrong, and is seen.
        if bytes.get(at) == Some(&b']') {
            return Some(at + 1);
        }
        at = name_end(bytes, at)?;
        if bytes.get(at..at + 2)? != b"=\"" {
            return None;
        }
        at = value_end(bytes, at + 2)? + 1;
    }
}

fn name_end(bytes: &[u8], from: usize) -> Option<usize> {
    let length = bytes.get(from..)?.iter().position(|byte| matches!(byte, b'=' | b' ' | b']' | b'"'))?;
    (length > 0).then_some(from + length)
}

/// Where the closing quote of the value that begins at `from` stands.
fn value_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'"' {
            return Some(at);
        }
        at += 2;
    }
}

/// Elements that [`read`] found, as JSON. A parameter that stands twice has a value of its own each time, under
/// the name with a number (`ip`, `ip#2`); so has an element.
pub fn json(elements: &str) -> String {
    let mut object = ObjectWriter::default();
    let mut ids: Vec<String> = Vec::new();
    let mut at = 0;
    while at < elements.len() {
        let Some(end) = element_end(elements, at) else { break };
        let element = &elements[at + 1..end - 1];
        let id_end = element.find(' ').unwrap_or(element.len());
        let parameters = parameters(&element[id_end..]);
        object.raw(&distinct(&mut ids, &element[..id_end]), &parameters);
        at = end;
    }
    object.finish(str::to_owned)
}

fn parameters(text: &str) -> String {
    let mut object = ObjectWriter::default();
    let mut names: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some((name, _)) = text[at..].trim_start().split_once("=\"") {
        let from = text.len() - text[at..].trim_start().len() + name.len() + 2;
        let Some(end) = value_end(text.as_bytes(), from) else { break };
        object.string(&distinct(&mut names, name), &unescaped(&text[from..end]));
        at = end + 1;
    }
    object.finish(str::to_owned)
}

fn distinct(seen: &mut Vec<String>, name: &str) -> String {
    let before = seen.iter().filter(|known| *known == name).count();
    seen.push(name.to_owned());
    if before == 0 { name.to_owned() } else { format!("{name}#{}", before + 1) }
}

/// `\"`, `\\` and `\]` stand for their second character; another backslash stands for itself.
fn unescaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && matches!(chars.peek(), Some('"' | '\\' | ']')) {
            text.extend(chars.next());
        } else {
            text.push(c);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, &str)>) {
        let got = read(text).map(|(elements, rest)| (json(elements), rest));
        assert_eq!(got.as_ref().map(|(json, rest)| (json.as_str(), *rest)), expected, "{text}");
    }

    #[test]
    fn elements() {
        check("- x", Some(("{}", " x")));
        check("-", Some(("{}", "")));
        check("[a] x", Some((r#"{"a":{}}"#, " x")));
        check(r#"[a b="c"][d e="f" g="h"] x"#, Some((r#"{"a":{"b":"c"},"d":{"e":"f","g":"h"}}"#, " x")));
        check(r#"[a b="\"\\\]\n"] x"#, Some((r#"{"a":{"b":"\"\\]\\n"}}"#, " x")));
        check(r#"[a b="] [" c=""]"#, Some((r#"{"a":{"b":"] [","c":""}}"#, "")));
        check(r#"[o ip="1" ip="2"][o]"#, Some((r#"{"o":{"ip":"1","ip#2":"2"},"o#2":{}}"#, "")));
        check(r#"[a b="é=\"" ] x"#, Some((r#"{"a":{"b":"é=\""}}"#, " x")));
    }

    #[test]
    fn what_is_not_well_formed() {
        for text in
            ["", "x", "-x", "[", "[]", "[a", "[a b]", "[a b=c]", r#"[a b="c]"#, r#"[a b="c\"]"#, "[=]"]
        {
            check(text, None);
        }
    }
}
