//! XML as `dynamic`.

use std::collections::HashMap;

use phalanx_signal::ColumnType::{Dynamic, String as Text};

use super::xml_reader::{Event, Reader};
use crate::{
    dynamic::{ArrayWriter, BagWriter, Json, push_text},
    functions::{
        Accepts::Only,
        Call, Family, Function, Returns,
        define::{Answer, once},
    },
};

pub static FUNCTIONS: &[Function] = &[Function::kernel(
    "parse_xml",
    Family::Text,
    &[once("xml", Only(Text))],
    Returns::Only(Dynamic),
    "A bag of an XML text's elements: attributes begin with `@`, text beside others is `#text`, elements of one name \
     become an array. Null for what is no XML, or longer than 1 MB.",
    parse_xml,
)
.examples(&[
    (r#"print tostring(parse_xml('<e name="v">text</e>'))"#, r##"{"e":{"@name":"v","#text":"text"}}"##),
    (r#"print tostring(parse_xml("<e><a>1</a><a>x</a></e>").e.a[1])"#, "x"),
])];

const BYTES_MAX: usize = 1 << 20;
const DEPTH_MAX: usize = 128;

fn parse_xml(call: &Call<'_>) -> Answer {
    let texts = call.texts(0)?;
    call.dynamics(|row| to_json(texts.text(row)))
}

/// An element that has not ended.
#[derive(Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    /// The values of the children by name, in the order in which the names first came.
    children: Vec<(String, Vec<String>)>,
    places: HashMap<String, usize>,
}

pub(super) fn to_json(xml: &str) -> Option<String> {
    if xml.len() > BYTES_MAX {
        return None;
    }
    // The document itself is the first, and has one child in the end.
    let mut open = vec![Element::default()];
    for event in Reader::new(xml) {
        match event? {
            Event::Start { name, attributes, is_empty } => {
                let element = Element { name: name.to_owned(), attributes, ..Element::default() };
                open.push(element);
                if is_empty {
                    close(&mut open)?;
                }
            }
            Event::End(name) => {
                if open.last()?.name != name {
                    return None;
                }
                close(&mut open)?;
            }
            Event::Text(text) => open.last_mut()?.text.push_str(&text),
        }
        if open.len() > DEPTH_MAX {
            return None;
        }
    }
    let document = open.pop().filter(|_| open.is_empty())?;
    let has_one_root = document.children.len() == 1 && document.children[0].1.len() == 1;
    (has_one_root && document.text.trim().is_empty()).then(|| document.json())
}

/// Ends the innermost element, which becomes a child of the one around it.
fn close(open: &mut Vec<Element>) -> Option<()> {
    let element = open.pop()?;
    let json = element.json();
    let parent = open.last_mut()?;
    let at = *parent.places.entry(element.name.clone()).or_insert(parent.children.len());
    if at == parent.children.len() {
        parent.children.push((element.name, Vec::new()));
    }
    parent.children[at].1.push(json);
    Some(())
}

impl Element {
    fn json(&self) -> String {
        let text = self.text.trim();
        if self.attributes.is_empty() && self.children.is_empty() {
            return if text.is_empty() { "null".to_owned() } else { value(text) };
        }
        let mut bag = BagWriter::default();
        for (name, attribute) in &self.attributes {
            bag.push(&format!("@{name}"), Json::new(&value(attribute)));
        }
        if !text.is_empty() {
            bag.push("#text", Json::new(&value(text)));
        }
        for (name, values) in &self.children {
            match values.as_slice() {
                [value] => bag.push(name, Json::new(value)),
                values => {
                    let array: ArrayWriter = values.iter().map(|value| Json::new(value)).collect();
                    bag.push(name, Json::new(&array.finish()));
                }
            }
        }
        bag.finish()
    }
}

/// A number if the text is written as JSON writes one, else a string.
fn value(text: &str) -> String {
    let is_number = text.len() < 20
        && text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-')
        && serde_json::from_str::<f64>(text).is_ok_and(f64::is_finite);
    if is_number {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    push_text(&mut out, text);
    out
}
