//! Zeek's tab-separated logs.
//!
//! A header tells how to read the lines behind it, and may come again with other fields: where files were
//! put together, and after a rotation. Bytes that would be mistaken for structure are written as `\x09`.

use std::{borrow::Cow, sync::Arc};

use bumpalo::{Bump, collections::Vec as BumpVec};

use super::{log, rows::RowWriter};
use crate::{
    decode::{
        Confidence, Decoder, Format, Output, Sample, Session, Split,
        lines::{LineDecoder, Lines},
    },
    dynamic,
    mapping::Value,
};

pub static TSV: Format =
    Format { name: "zeek", title: "Zeek logs, tab-separated", guess, open, split: |_| Split::Never };

fn open(session: &Arc<Session>) -> Box<dyn Decoder> {
    let log = log::by_file_name(&session.source);
    Box::new(Lines::new(Tsv {
        header: Header::default(),
        directives: Vec::new(),
        log,
        rows: RowWriter::default(),
        arena: Bump::new(),
    }))
}

fn guess(sample: &Sample<'_>) -> Confidence {
    let text = sample.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(sample.bytes).trim_ascii_start();
    let lines = || text.split(|b| *b == b'\n').take_while(|line| line.starts_with(b"#"));
    if text.starts_with(b"#separator ") && text.len() > 12 {
        Confidence::Certain
    } else if lines().any(|l| l.starts_with(b"#fields\t")) && lines().any(|l| l.starts_with(b"#types\t")) {
        Confidence::Likely
    } else {
        Confidence::No
    }
}

/// Bytes of a header's lines that are remembered; a real one has a tenth of them.
const DIRECTIVES_MAX: usize = 16 << 10;

struct Tsv {
    header: Header,
    /// The lines that the header was read from.
    directives: Vec<u8>,
    /// The log that the file's name tells, for a header without `#path`.
    log: Option<&'static str>,
    rows: RowWriter,
    /// What is computed for the current line.
    arena: Bump,
}

impl LineDecoder for Tsv {
    fn line(&mut self, offset: u64, line: &[u8], out: &mut Output) {
        let Ok(text) = std::str::from_utf8(line) else {
            return out.dead_letter(offset, line, "not UTF-8");
        };
        let result = match text.strip_prefix('#') {
            Some(directive) => {
                let read = self.header.read(directive);
                if read.is_ok() {
                    self.keep(directive, line, out);
                }
                read
            }
            None => self.record(text, out),
        };
        if let Err(reason) = result {
            out.dead_letter(offset, line, reason);
        }
    }
}

impl Tsv {
    /// Keeps a line of the header for the dead letters below it.
    fn keep(&mut self, directive: &str, line: &[u8], out: &mut Output) {
        if directive.starts_with("separator ") {
            self.directives.clear();
        }
        let is_time = directive.starts_with("open") || directive.starts_with("close");
        if !is_time && self.directives.len() <= DIRECTIVES_MAX {
            self.directives.extend_from_slice(line);
            self.directives.push(b'\n');
            out.set_header(&self.directives);
        }
    }

    fn record(&mut self, line: &str, out: &mut Output) -> Result<(), Cow<'static, str>> {
        self.arena.reset();
        let (header, arena) = (&self.header, &self.arena);
        if header.fields.is_empty() {
            return Err("no `#fields` line stands before it".into());
        }
        let mut fields = BumpVec::with_capacity_in(header.fields.len(), arena);
        let mut count = 0;
        let mut rest = Some(line);
        while let Some(line) = rest {
            let (text, behind) = header.first_of(line);
            if let Some(field) = header.fields.get(count) {
                fields.push((&*field.name, header.value(text, field.kind, arena)));
            }
            count += 1;
            rest = behind;
        }
        if count != header.fields.len() {
            return Err(format!("expected {} fields, found {count}", header.fields.len()).into());
        }
        let log = match &*header.path {
            "" => self.log.or_else(|| log::by_fields(|name| header.fields.iter().any(|f| &*f.name == name))),
            path => Some(path),
        };
        self.rows.write(log.unwrap_or("unknown"), "", &mut fields, out);
        Ok(())
    }
}

/// What the lines before the records say.
struct Header {
    // INVARIANT: not empty.
    separator: String,
    set_separator: String,
    empty: String,
    unset: String,
    path: String,
    fields: Vec<Field>,
}

impl Default for Header {
    /// As Zeek writes it unless it is told otherwise.
    fn default() -> Self {
        Self {
            separator: "\t".into(),
            set_separator: ",".into(),
            empty: "(empty)".into(),
            unset: "-".into(),
            path: String::new(),
            fields: Vec::new(),
        }
    }
}

struct Field {
    name: Box<str>,
    kind: Kind,
}

/// How a value is written as JSON.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Text,
    Number,
    Bool,
    /// A set or vector of such.
    ListOfText,
    ListOfNumbers,
    ListOfBools,
}

impl Kind {
    fn of(name: &str) -> Self {
        let list = ["set[", "vector[", "list["].iter().find_map(|start| name.strip_prefix(start));
        let inner = list.map_or(name, |inner| inner.trim_end_matches(']'));
        match (inner, list.is_some()) {
            ("bool", false) => Self::Bool,
            ("bool", true) => Self::ListOfBools,
            ("count" | "int" | "port" | "double" | "time" | "interval", false) => Self::Number,
            ("count" | "int" | "port" | "double" | "time" | "interval", true) => Self::ListOfNumbers,
            (_, false) => Self::Text,
            (_, true) => Self::ListOfText,
        }
    }
}

impl Header {
    /// Takes a line of the header, without its `#`.
    fn read(&mut self, line: &str) -> Result<(), Cow<'static, str>> {
        if let Some(written) = line.strip_prefix("separator ") {
            // The first line of a header: what an earlier one said is over.
            *self = Self::default();
            match unescape(written) {
                separator if separator.is_empty() => return Err("`#separator` without one".into()),
                separator => self.separator = separator,
            }
            return Ok(());
        }
        let (name, rest) = line.split_once(&*self.separator).unwrap_or((line, ""));
        let rest = || rest.to_owned();
        match name {
            "set_separator" => self.set_separator = rest(),
            "empty_field" => self.empty = rest(),
            "unset_field" => self.unset = rest(),
            "path" => self.path = rest(),
            "fields" => {
                let names = rest();
                let names = names.split(&*self.separator).filter(|name| !name.is_empty());
                self.fields = names.map(|name| Field { name: name.into(), kind: Kind::Text }).collect();
            }
            "types" => {
                let types = rest();
                for (field, name) in self.fields.iter_mut().zip(types.split(&*self.separator)) {
                    field.kind = Kind::of(name);
                }
            }
            "open" | "close" => {}
            _ => return Err("no line of a Zeek header".into()),
        }
        Ok(())
    }

    /// The text before the first separator, and what is behind it if there is one.
    fn first_of<'l>(&self, line: &'l str) -> (&'l str, Option<&'l str>) {
        // Nearly always a tab, for which this is much faster than a search for text.
        let at = match self.separator.as_bytes() {
            [byte] => memchr::memchr(*byte, line.as_bytes()),
            _ => line.find(&*self.separator),
        };
        at.map_or((line, None), |at| (&line[..at], Some(&line[at + self.separator.len()..])))
    }

    fn value<'v>(&'v self, text: &'v str, kind: Kind, arena: &'v Bump) -> Value<'v> {
        if text == self.unset {
            return Value::Null;
        }
        match kind {
            Kind::Text if text == self.empty => Value::Null,
            Kind::Text if memchr::memchr(b'\\', text.as_bytes()).is_some() => {
                Value::text(arena.alloc_str(&unescape(text)))
            }
            Kind::Text => Value::text(text),
            Kind::Number => match text.parse() {
                Ok(number) => Value::Long(number),
                Err(_) if is_number(text) => Value::Json(text.into()),
                Err(_) => Value::text(text),
            },
            Kind::Bool => match text {
                "T" => Value::Bool(true),
                "F" => Value::Bool(false),
                _ => Value::text(text),
            },
            Kind::ListOfText | Kind::ListOfNumbers | Kind::ListOfBools => {
                Value::Json(self.list(text, kind, arena).into())
            }
        }
    }

    /// A set or vector as a JSON array.
    fn list<'v>(&self, text: &str, kind: Kind, arena: &'v Bump) -> &'v str {
        let mut json = Vec::with_capacity(text.len() + 16);
        json.push(b'[');
        let elements = (text != self.empty).then(|| text.split(&*self.set_separator));
        for element in elements.into_iter().flatten() {
            if json.len() > 1 {
                json.push(b',');
            }
            match kind {
                _ if element == self.unset => json.extend_from_slice(b"null"),
                Kind::ListOfNumbers if is_number(element) => json.extend_from_slice(element.as_bytes()),
                Kind::ListOfBools if element == "T" => json.extend_from_slice(b"true"),
                Kind::ListOfBools if element == "F" => json.extend_from_slice(b"false"),
                _ if element == self.empty => json.extend_from_slice(b"\"\""),
                _ if element.contains("\\x") => dynamic::push_quoted(&mut json, &unescape(element)),
                _ => dynamic::push_quoted(&mut json, element),
            }
        }
        json.push(b']');
        arena.alloc_str(std::str::from_utf8(&json).expect("only texts were written"))
    }
}

/// Whether a text is a number in JSON, too.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    are_digits(whole) && (whole.len() == 1 || !whole.starts_with('0')) && fraction.is_none_or(are_digits)
}

/// The text that `\x09` and the like stand for. Bytes that are not UTF-8 become U+FFFD.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let digits = rest.get(at + 2..at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &rest[at + 4..];
            }
            None => {
                bytes.extend_from_slice(b"\\x");
                rest = &rest[at + 2..];
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes() {
        for (written, text) in [
            ("\\x09", "\t"),
            ("a\\x5cb", "a\\b"),
            ("\\xc3\\xa9", "é"),
            ("\\xff", "\u{fffd}"),
            ("\\xzz\\x", "\\xzz\\x"),
            ("\\x4", "\\x4"),
            ("\\xé", "\\xé"),
            ("C:\\dir", "C:\\dir"),
        ] {
            assert_eq!(unescape(written), text, "{written}");
        }
    }

    #[test]
    fn numbers_of_json() {
        for text in ["0", "-1", "1.5", "0.000001", "1588205198.899710"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "01", "1.", ".5", "1e5", "nan", "0x1"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn values_have_the_types_that_the_header_names() {
        let (header, arena) = (Header::default(), Bump::new());
        let check = |kind: &str, text: &str, expected: Value<'_>| {
            assert_eq!(header.value(text, Kind::of(kind), &arena), expected, "{kind} {text}");
        };
        let json = |text: &'static str| Value::Json(text.into());
        check("string", "a\\x09b", Value::text("a\tb"));
        check("string", "-", Value::Null);
        check("string", "(empty)", Value::Null);
        check("port", "443", Value::Long(443));
        check("interval", "0.5", json("0.5"));
        check("count", "many", Value::text("many"));
        check("bool", "T", Value::Bool(true));
        check("set[string]", "(empty)", json("[]"));
        check("set[string]", "a,b\\x2cc,-", json("[\"a\",\"b,c\",null]"));
        check("vector[interval]", "1.5,60,x", json("[1.5,60,\"x\"]"));
        check("vector[bool]", "T,F", json("[true,false]"));
        check("vector[string]", "-", Value::Null);
    }
}
