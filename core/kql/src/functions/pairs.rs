//! Names and values written one after the other. Not a function of the language: the binder calls it for
//! `parse-kv`.

use phalanx_signal::ColumnType;
use regex::Regex;

use super::{Accepts, Call, Column, Family, Function, FunctionError, Returns, define::once, regexes};
use crate::dynamic::BagWriter;

const TEXT: Accepts = Accepts::Only(ColumnType::String);

/// The pairs in a text as a bag of texts. All but the text are the same for all rows: what divides pairs, what
/// divides a name from its value (if neither is given, whatever is no letter or digit), the quotes around values
/// (opening and closing, pair by pair), what escapes a quote, an expression whose two groups are a name and its
/// value (and which then is all that counts), and the names looked for, one a line; with `greedy`, a value goes on
/// to the next pair with such a name.
pub static PAIRS: Function = Function::kernel(
    "pairs",
    Family::Text,
    &[
        once("text", TEXT),
        once("pair_delimiter", TEXT),
        once("kv_delimiter", TEXT),
        once("quotes", TEXT),
        once("escape", TEXT),
        once("regex", TEXT),
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
    /// Opening and closing.
    quotes: Vec<(char, char)>,
    escapes: Vec<char>,
    regex: Option<Regex>,
    names: Vec<&'a str>,
    is_greedy: bool,
}

fn pairs(call: &Call<'_>) -> Result<Column, FunctionError> {
    let constant = |at| call.constant_text(at).ok_or_else(|| FunctionError("a constant was promised".into()));
    let quotes: Vec<char> = constant(3)?.chars().collect();
    let regex = match constant(5)? {
        "" => None,
        pattern => {
            let regex = regexes::compile(pattern)?;
            if regex.captures_len() != 3 {
                return Err(FunctionError(format!("`{pattern}` must have two groups, a name and its value")));
            }
            Some(regex)
        }
    };
    let rules = Rules {
        pair: constant(1)?,
        value: constant(2)?,
        quotes: quotes.chunks_exact(2).map(|quotes| (quotes[0], quotes[1])).collect(),
        escapes: constant(4)?.chars().collect(),
        regex,
        names: constant(6)?.lines().collect(),
        is_greedy: call.booleans(7)?.get(0) == Some(true),
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
    /// The first pair with each of the names.
    fn read<'a>(&self, text: &'a str) -> Vec<(&'a str, String)> {
        let mut found: Vec<(&'a str, String)> = Vec::new();
        let mut keep = |name: &'a str, value: String| {
            if self.names.contains(&name) && found.iter().all(|(known, _)| *known != name) {
                found.push((name, value));
            }
        };
        if let Some(regex) = &self.regex {
            for groups in regex.captures_iter(text) {
                let group = |at| groups.get(at).map_or("", |group| group.as_str().trim());
                keep(group(1), group(2).to_owned());
            }
            return found;
        }
        if self.pair.is_empty() && self.value.is_empty() {
            self.read_words(text, keep);
            return found;
        }
        let mut rest = text;
        while let Some(at) = find(rest, self.value) {
            let before = &rest[..at];
            let name = self.name_of(before);
            rest = &rest[at + self.value.len()..];
            let (value, behind) = self.value_of(rest);
            keep(name, value);
            rest = behind;
        }
        found
    }

    /// A name is a word among the names; its value is the next word, or what stands in quotes before it.
    fn read_words<'a>(&self, text: &'a str, mut keep: impl FnMut(&'a str, String)) {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut rest = text;
        while let Some(at) = rest.find(is_word) {
            rest = &rest[at..];
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end);
            rest = behind;
            if !self.names.contains(&name) {
                continue;
            }
            let begins =
                |letter: char| is_word(letter) || self.quotes.iter().any(|(open, _)| *open == letter);
            let Some(value) = behind.find(begins).map(|at| &behind[at..]) else { return };
            if let Some((value, behind)) = self.quoted(value) {
                keep(name, value);
                rest = behind;
                continue;
            }
            let end = value.find(|letter| !is_word(letter)).unwrap_or(value.len());
            keep(name, value[..end].to_owned());
            rest = &value[end..];
        }
    }

    /// The name at the end of a text; it may stand in quotes, too.
    fn name_of<'a>(&self, text: &'a str) -> &'a str {
        for (open, close) in &self.quotes {
            if let Some(inner) = text.trim_end().strip_suffix(*close)
                && let Some(at) = inner.rfind(*open)
            {
                return &inner[at + open.len_utf8()..];
            }
        }
        let name = match self.pair {
            "" => text,
            pair => text.rsplit(pair).next().unwrap_or(text),
        };
        name.trim()
    }

    /// A value in quotes at the beginning of the text, and what is behind it.
    fn quoted<'a>(&self, text: &'a str) -> Option<(String, &'a str)> {
        let (close, inner) =
            self.quotes.iter().find_map(|(open, close)| Some((*close, text.strip_prefix(*open)?)))?;
        let mut value = String::new();
        let mut letters = inner.char_indices();
        while let Some((at, letter)) = letters.next() {
            if self.escapes.contains(&letter)
                && let Some((_, next)) = letters.clone().next()
                && (next == close || self.escapes.contains(&next))
            {
                value.push(next);
                letters.next();
            } else if letter == close {
                return Some((value, &inner[at + letter.len_utf8()..]));
            } else {
                value.push(letter);
            }
        }
        Some((value, ""))
    }

    /// A value at the beginning of the text, and what is behind it.
    fn value_of<'a>(&self, text: &'a str) -> (String, &'a str) {
        if let Some(quoted) = self.quoted(text.trim_start()) {
            return quoted;
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
