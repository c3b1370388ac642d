//! Names and values written one after the other. Not a function of the language: the binder calls it for
//! `parse-kv`.

use phalanx_signal::ColumnType;

use super::{Accepts, Call, Column, Family, Function, FunctionError, Returns, define::once};
use crate::dynamic::BagWriter;

const TEXT: Accepts = Accepts::Only(ColumnType::String);

/// The pairs in a text as a bag of texts. All but the text are the same for all rows: what divides pairs, what
/// divides a name from its value, the quotes around values (opening and closing, or one for both), what escapes a
/// quote, and the names looked for, one a line; with `greedy`, a value goes on to the next pair with such a name.
pub static PAIRS: Function = Function::kernel(
    "pairs",
    Family::Text,
    &[
        once("text", TEXT),
        once("pair_delimiter", TEXT),
        once("kv_delimiter", TEXT),
        once("quotes", TEXT),
        once("escape", TEXT),
        once("names", TEXT),
        once("greedy", Accepts::Only(ColumnType::Bool)),
    ],
    Returns::Only(ColumnType::Dynamic),
    "The pairs in a text.",
    pairs,
);

struct Rules<'a> {
    pair: &'a str,
    value: &'a str,
    open: Option<char>,
    close: Option<char>,
    escape: Option<char>,
    names: Vec<&'a str>,
    is_greedy: bool,
}

fn pairs(call: &Call<'_>) -> Result<Column, FunctionError> {
    let constant = |at| call.constant_text(at).ok_or_else(|| FunctionError("a constant was promised".into()));
    let mut quotes = constant(3)?.chars();
    let open = quotes.next();
    let rules = Rules {
        pair: constant(1)?,
        value: constant(2)?,
        open,
        close: quotes.next().or(open),
        escape: constant(4)?.chars().next(),
        names: constant(5)?.lines().collect(),
        is_greedy: call.booleans(6)?.get(0) == Some(true),
    };
    let texts = call.texts(0)?;
    call.dynamics(|row| {
        let mut bag = BagWriter::default();
        for (name, value) in rules.read(texts.text(row)) {
            bag.push_text(name, &value);
        }
        Some(bag.finish())
    })
}

impl Rules<'_> {
    fn read<'a>(&self, text: &'a str) -> Vec<(&'a str, String)> {
        let mut found: Vec<(&'a str, String)> = Vec::new();
        let mut rest = text;
        while let Some(at) = find(rest, self.value) {
            let before = &rest[..at];
            let name = self.name_of(before);
            rest = &rest[at + self.value.len()..];
            let (value, behind) = self.value_of(rest);
            if self.names.contains(&name) && found.iter().all(|(known, _)| *known != name) {
                found.push((name, value));
            }
            rest = behind;
        }
        found
    }

    /// The name at the end of a text; it may stand in quotes, too.
    fn name_of<'a>(&self, text: &'a str) -> &'a str {
        if let (Some(open), Some(close)) = (self.open, self.close)
            && let Some(inner) = text.trim_end().strip_suffix(close)
            && let Some(at) = inner.rfind(open)
        {
            return &inner[at + open.len_utf8()..];
        }
        let name = match self.pair {
            "" => text,
            pair => text.rsplit(pair).next().unwrap_or(text),
        };
        name.trim()
    }

    /// A value at the beginning of the text, and what is behind it.
    fn value_of<'a>(&self, text: &'a str) -> (String, &'a str) {
        let trimmed = text.trim_start();
        if let (Some(open), Some(close)) = (self.open, self.close)
            && let Some(inner) = trimmed.strip_prefix(open)
        {
            let mut value = String::new();
            let mut letters = inner.char_indices();
            while let Some((at, letter)) = letters.next() {
                if Some(letter) == self.escape
                    && let Some((_, next)) = letters.clone().next()
                    && (next == close || Some(next) == self.escape)
                {
                    value.push(next);
                    letters.next();
                } else if letter == close {
                    return (value, &inner[at + letter.len_utf8()..]);
                } else {
                    value.push(letter);
                }
            }
            return (value, "");
        }
        if self.is_greedy {
            let next = self.names.iter().filter_map(|name| {
                let start = format!("{}{name}{}", self.pair, self.value);
                text.find(&start)
            });
            let end = next.min().unwrap_or(text.len());
            return (text[..end].trim().to_owned(), &text[end..]);
        }
        let end = find(text, self.pair).unwrap_or(text.len());
        (text[..end].trim().to_owned(), &text[end..])
    }
}

fn find(text: &str, delimiter: &str) -> Option<usize> {
    if delimiter.is_empty() { None } else { text.find(delimiter) }
}
