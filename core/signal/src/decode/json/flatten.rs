//! A JSON record as the flat list of names and values that a mapping reads.

use super::{Field, Kind, Members};
use crate::mapping::Value;

/// Flattens records, one after the other, with the same memory.
#[derive(Default)]
pub struct Flat {
    places: Vec<Place>,
    /// The names that are made of several, `outer.inner`.
    names: String,
    nested: Vec<Members>,
}

#[derive(Clone, Copy)]
struct Place {
    /// In `names` if the name is made, else in the record's text.
    name: (usize, usize),
    name_is_made: bool,
    start: usize,
    end: usize,
    kind: Kind,
}

/// Objects in objects are opened so deep.
const LEVELS_MAX: usize = 6;

impl Flat {
    /// The members of the object `text` in order. An object whose name `opens` is replaced by its own
    /// members, named `outer.inner`; `opens` is asked again for those.
    pub fn fields<'a>(
        &'a mut self,
        text: &'a str,
        members: &Members,
        opens: impl Fn(&str) -> bool,
    ) -> Vec<(&'a str, Value<'a>)> {
        self.places.clear();
        self.names.clear();
        self.level(text, 0, text.len(), members, (0, 0), 0, &opens);
        self.places
            .iter()
            .map(|place| {
                let names = if place.name_is_made { self.names.as_str() } else { text };
                let name = &names[place.name.0..place.name.1];
                (name, value(&text[place.start..place.end], place.kind))
            })
            .collect()
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one recursion, of bounded depth")]
    fn level(
        &mut self,
        text: &str,
        start: usize,
        end: usize,
        members: &Members,
        outer: (usize, usize),
        level: usize,
        opens: &impl Fn(&str) -> bool,
    ) {
        let object = &text[start..end];
        for field in members.iter(object) {
            let begin = field.raw.as_ptr() as usize - text.as_ptr() as usize;
            let (name, name_is_made) = self.name(text, outer, level, &field);
            let kind = field.kind;
            let place = Place { name, name_is_made, start: begin, end: begin + field.raw.len(), kind };
            let names = if name_is_made { self.names.as_str() } else { text };
            let is_open = kind == Kind::Object && level < LEVELS_MAX && opens(&names[name.0..name.1]);
            let mut inner = self.nested.pop().unwrap_or_default();
            if is_open && inner.parse(field.raw).is_ok() && !inner.is_empty() {
                let name = if name_is_made { name } else { self.make(&text[name.0..name.1]) };
                self.level(text, place.start, place.end, &inner, name, level + 1, opens);
            } else {
                self.places.push(place);
            }
            self.nested.push(inner);
        }
    }

    fn name(
        &mut self,
        text: &str,
        outer: (usize, usize),
        level: usize,
        field: &Field<'_>,
    ) -> ((usize, usize), bool) {
        match field.plain_name() {
            Some(name) if level == 0 => {
                let start = name.as_ptr() as usize - text.as_ptr() as usize;
                ((start, start + name.len()), false)
            }
            _ if level == 0 => (self.make(&field.name()), true),
            _ => {
                let start = self.names.len();
                self.names.extend_from_within(outer.0..outer.1);
                self.names.push('.');
                self.names.push_str(&field.name());
                ((start, self.names.len()), true)
            }
        }
    }

    fn make(&mut self, name: &str) -> (usize, usize) {
        let start = self.names.len();
        self.names.push_str(name);
        (start, self.names.len())
    }
}

/// A value as a mapping sees it. Numbers that are not whole keep their spelling.
pub fn value(raw: &str, kind: Kind) -> Value<'_> {
    match kind {
        Kind::Null => Value::Null,
        Kind::Bool => Value::Bool(raw == "true"),
        Kind::Number => raw.parse().map_or(Value::Json(raw.into()), Value::Long),
        Kind::String => {
            let inner = &raw[1..raw.len() - 1];
            if inner.contains('\\') { super::members::unescape(inner).into() } else { Value::text(inner) }
        }
        Kind::Object | Kind::Array => Value::Json(raw.into()),
    }
}
