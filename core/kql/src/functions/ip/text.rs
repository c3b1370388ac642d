//! IPv4 addresses that stand somewhere in a text.

use memchr::memmem;
use phalanx_signal::ColumnType::{Bool, Dynamic, String as Text};

use super::net::{leading_v4, parse_v4};
use crate::functions::{
    Accepts::{Any, Only},
    Call, Column, Family, Function, Returns, Texts,
    define::{Answer, once, repeated},
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "has_ipv4",
        Family::Ip,
        &[once("text", Only(Text)), once("ip", Only(Text))],
        Returns::Only(Bool),
        "Whether an IPv4 address stands in a text, with no letter or digit beside it.",
        |call| has(call, Form::Address),
    )
    .examples(&[(r#"print has_ipv4("from 10.1.2.3:80", "10.1.2.3")"#, "true")]),
    Function::kernel(
        "has_any_ipv4",
        Family::Ip,
        &[once("text", Only(Text)), repeated("ip", Any, 1)],
        Returns::Only(Bool),
        "Whether one of the IPv4 addresses, texts or arrays of them, stands in a text.",
        |call| has(call, Form::Address),
    )
    .examples(&[(r#"print has_any_ipv4("from 10.1.2.3", dynamic(["10.1.2", "10.1.2.3"]))"#, "true")]),
    Function::kernel(
        "has_ipv4_prefix",
        Family::Ip,
        &[once("text", Only(Text)), once("prefix", Only(Text))],
        Returns::Only(Bool),
        "Whether an IPv4 address stands in a text that is the given one, or begins with it if that ends with a point.",
        |call| has(call, Form::Prefix),
    )
    .examples(&[(r#"print has_ipv4_prefix("from 10.1.2.3", "10.1.")"#, "true")]),
    Function::kernel(
        "has_any_ipv4_prefix",
        Family::Ip,
        &[once("text", Only(Text)), repeated("prefix", Any, 1)],
        Returns::Only(Bool),
        "Whether an IPv4 address stands in a text that begins with one of the prefixes, texts or arrays of them.",
        |call| has(call, Form::Prefix),
    )
    .examples(&[(r#"print has_any_ipv4_prefix("from 10.1.2.3", "192.168.", "10.1.")"#, "true")]),
];

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Address,
    Prefix,
}

fn has(call: &Call<'_>, form: Form) -> Answer {
    let texts = call.texts(0)?;
    let needles = call.texts_from(1)?;
    let constant = (1..call.arguments.len())
        .all(|at| call.is_constant(at))
        .then(|| Needles::new(call, &needles, form, 0));
    let has = |row| {
        let text = texts.text(row);
        Some(match &constant {
            Some(needles) => needles.are_in(text),
            None => Needles::new(call, &needles, form, row).are_in(text),
        })
    };
    Ok(Column::booleans((0..call.rows).map(has)))
}

/// What is looked for; what can be no address is left out.
struct Needles(Vec<memmem::Finder<'static>>);

impl Needles {
    fn new(call: &Call<'_>, texts: &[Texts], form: Form, row: usize) -> Self {
        let mut needles = Vec::new();
        let mut add = |text: &str| {
            if is_valid(text, form) {
                needles.push(memmem::Finder::new(text).into_owned());
            }
        };
        for (at, texts) in texts.iter().enumerate() {
            if call.types[at + 1] == Dynamic {
                let elements = texts.value(row).elements().into_iter().flatten();
                elements.filter_map(|element| element.as_text()).for_each(|text| add(&text));
                texts.value(row).as_text().into_iter().for_each(|text| add(&text));
            } else {
                add(texts.text(row));
            }
        }
        Self(needles)
    }

    fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|needle| {
            let is_prefix = needle.needle().ends_with(b".");
            needle.find_iter(text.as_bytes()).any(|at| {
                let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
                let Some((_, length)) = leading_v4(&text.as_bytes()[at..]) else { return false };
                let end = at + length;
                (is_prefix || length == needle.needle().len())
                    && !is_word(text[..at].chars().next_back())
                    && !is_word(text[end..].chars().next())
            })
        })
    }
}

/// Whether a text is an address, or the beginning of one that ends with a point.
fn is_valid(text: &str, form: Form) -> bool {
    if parse_v4(text).is_some() {
        return true;
    }
    let Some(numbers) = text.strip_suffix('.').filter(|_| form == Form::Prefix) else { return false };
    let missing = 4_usize.checked_sub(numbers.split('.').count()).filter(|missing| *missing > 0);
    missing.is_some_and(|missing| parse_v4(&format!("{numbers}{}", ".0".repeat(missing))).is_some())
}
