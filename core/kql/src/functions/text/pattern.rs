//! Regular expressions: what they match, and what comes in its place.

use regex::{Captures, Regex};

use crate::{
    dynamic::{ArrayWriter, Json, Scalar, to_text},
    functions::{Call, Column, FunctionError, define::Answer, regexes},
};

pub(super) fn extract(call: &Call<'_>) -> Answer {
    let (groups, sources) = (call.longs(1)?, call.texts(2)?);
    let mut regexes = call.prepared(0, regexes::compile)?;
    call.try_strings(|row, out| {
        let regex = regexes.get(row)?;
        let Some(group) = groups.get(row).and_then(|group| usize::try_from(group).ok()) else {
            return Ok(());
        };
        let source = sources.text(row);
        let found = match group {
            0 => regex.find(source),
            _ if group < regex.captures_len() => regex.captures(source).and_then(|found| found.get(group)),
            _ => None,
        };
        out.push_str(found.map_or("", |found| found.as_str()));
        Ok(())
    })
}

pub(super) fn extract_all(call: &Call<'_>) -> Answer {
    let at = if call.has(2) { 2 } else { 1 };
    let push = crate::functions::conversion::push_any(call, at)?;
    let groups = (at == 2).then(|| call.texts(1)).transpose()?;
    let mut regexes = call.prepared(0, regexes::compile)?;
    let mut source = String::new();
    let answers = (0..call.rows).map(|row| {
        let regex = regexes.get(row)?;
        source.clear();
        push(row, &mut source);
        let groups = match &groups {
            Some(groups) => wanted_groups(regex, groups.text(row))?,
            None if regex.captures_len() == 1 => vec![0],
            None => (1..regex.captures_len()).collect(),
        };
        Ok(matches(regex, &groups, &source))
    });
    Ok(Column::texts(answers.collect::<Result<Vec<_>, FunctionError>>()?.into_iter()))
}

/// All matches as an array; `None` if there is none.
fn matches(regex: &Regex, groups: &[usize], source: &str) -> Option<String> {
    let mut all = ArrayWriter::default();
    let text = |found: &Captures<'_>, group: usize, out: &mut ArrayWriter| {
        out.push_text(found.get(group).map_or("", |found| found.as_str()));
    };
    for found in regex.captures_iter(source) {
        match groups {
            [group] => text(&found, *group, &mut all),
            _ => {
                let mut one = ArrayWriter::default();
                groups.iter().for_each(|group| text(&found, *group, &mut one));
                all.element().push_str(&one.finish());
            }
        }
    }
    (!all.is_empty()).then(|| all.finish())
}

/// The groups that an array lists by number or name.
fn wanted_groups(regex: &Regex, list: &str) -> Result<Vec<usize>, FunctionError> {
    let unknown = |group: &str| FunctionError(format!("the regular expression has no group {group}"));
    let Some(elements) = Json::new(list).elements() else {
        return Err(FunctionError("an array of capture groups was expected".into()));
    };
    elements
        .map(|element| match element.scalar() {
            Scalar::Long(group) => usize::try_from(group)
                .ok()
                .filter(|group| *group < regex.captures_len())
                .ok_or_else(|| unknown(element.text())),
            _ => {
                let name = to_text(element);
                regex
                    .capture_names()
                    .position(|group| group == Some(&*name))
                    .ok_or_else(|| unknown(element.text()))
            }
        })
        .collect()
}

pub(super) fn replace_regex(call: &Call<'_>) -> Answer {
    let sources = call.texts(0)?;
    let mut regexes = call.prepared(1, regexes::compile)?;
    let mut rewrites = call.prepared(2, |text| Ok(Rewrite::new(text)))?;
    call.try_strings(|row, out| {
        let (regex, rewrite, source) = (regexes.get(row)?, rewrites.get(row)?, sources.text(row));
        let mut from = 0;
        if rewrite.needs_groups {
            for found in regex.captures_iter(source) {
                let Some(whole) = found.get(0) else { continue };
                out.push_str(&source[from..whole.start()]);
                rewrite.push(&found, out);
                from = whole.end();
            }
        } else {
            for found in regex.find_iter(source) {
                out.push_str(&source[from..found.start()]);
                out.push_str(&rewrite.parts[0].0);
                from = found.end();
            }
        }
        out.push_str(&source[from..]);
        Ok(())
    })
}

/// What comes in place of a match: texts, each with a group behind it.
struct Rewrite {
    parts: Vec<(String, Option<usize>)>,
    needs_groups: bool,
}

impl Rewrite {
    /// From text in which `\` and a digit stand for a group, and `\\` for `\`.
    fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            if letter != '\\' {
                literal.push(letter);
                continue;
            }
            match letters.peek().copied() {
                Some(digit @ '0'..='9') => {
                    letters.next();
                    parts.push((std::mem::take(&mut literal), Some(digit as usize - '0' as usize)));
                }
                Some('\\') => {
                    letters.next();
                    literal.push('\\');
                }
                _ => literal.push('\\'),
            }
        }
        parts.push((literal, None));
        let needs_groups = parts.len() > 1;
        Self { parts, needs_groups }
    }

    fn push(&self, found: &Captures<'_>, out: &mut String) {
        for (text, group) in &self.parts {
            out.push_str(text);
            out.push_str(group.and_then(|group| found.get(group)).map_or("", |found| found.as_str()));
        }
    }
}

fn at_start(pattern: &str) -> Result<Regex, FunctionError> {
    regexes::compile(&format!(r"\A(?:{pattern})+"))
}

fn at_end(pattern: &str) -> Result<Regex, FunctionError> {
    regexes::compile(&format!(r"(?:{pattern})+\z"))
}

fn without_start<'a>(regex: &Regex, text: &'a str) -> &'a str {
    regex.find(text).map_or(text, |found| &text[found.end()..])
}

fn without_end<'a>(regex: &Regex, text: &'a str) -> &'a str {
    regex.find(text).map_or(text, |found| &text[..found.start()])
}

pub(super) fn trim(call: &Call<'_>) -> Answer {
    let sources = call.texts(1)?;
    let mut regexes = call.prepared(0, |pattern| Ok((at_start(pattern)?, at_end(pattern)?)))?;
    call.try_strings(|row, out| {
        let (start, end) = regexes.get(row)?;
        out.push_str(without_end(end, without_start(start, sources.text(row))));
        Ok(())
    })
}

pub(super) fn trim_start(call: &Call<'_>) -> Answer {
    let sources = call.texts(1)?;
    let mut regexes = call.prepared(0, at_start)?;
    call.try_strings(|row, out| {
        out.push_str(without_start(regexes.get(row)?, sources.text(row)));
        Ok(())
    })
}

pub(super) fn trim_end(call: &Call<'_>) -> Answer {
    let sources = call.texts(1)?;
    let mut regexes = call.prepared(0, at_end)?;
    call.try_strings(|row, out| {
        out.push_str(without_end(regexes.get(row)?, sources.text(row)));
        Ok(())
    })
}

pub(super) fn regex_quote(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.strings(|row, out| out.push_str(&regex::escape(values.text(row))))
}
