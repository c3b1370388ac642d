//! Patterns of programs' texts: the notation of `mapping/syslog-messages.txt`, which explains it.

use std::collections::HashMap;

use memchr::memmem::{Finder, FinderRev};

/// Patterns of programs, by the program's name.
pub struct Patterns {
    groups: HashMap<&'static str, usize>,
    patterns: Vec<Vec<Pattern>>,
}

/// The patterns of one program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(usize);

pub struct Pattern {
    /// `program/name`: the source in the mapping.
    pub source: String,
    parts: Vec<Part>,
}

enum Part {
    Text(Box<Text>),
    Field { name: &'static str, kind: FieldKind },
}

/// A text with its searchers, which are made once: making them takes longer than a short search.
struct Text {
    text: &'static str,
    first: Finder<'static>,
    last: FinderRev<'static>,
}

impl Text {
    fn new(text: &'static str) -> Self {
        Self { text, first: Finder::new(text), last: FinderRev::new(text) }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum FieldKind {
    Word,
    Shortest,
    Longest,
}

impl Patterns {
    /// Reads a file. The error names the line.
    pub fn parse(text: &'static str) -> Result<Self, String> {
        let mut patterns = Self { groups: HashMap::new(), patterns: Vec::new() };
        let mut program = "";
        for (at, line) in text.lines().enumerate() {
            let error = |reason: &str| format!("line {}: {reason}: `{line}`", at + 1);
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if !line.starts_with(' ') {
                patterns.patterns.push(Vec::new());
                program = line.split(',').next().unwrap_or_default().trim();
                for name in line.split(',').map(str::trim) {
                    if patterns.groups.insert(name, patterns.patterns.len() - 1).is_some() {
                        return Err(error("the program stands twice"));
                    }
                }
                continue;
            }
            let (name, pattern) = line.split_once(" = ").ok_or_else(|| error("expected `name = pattern`"))?;
            let parts = parts(pattern.trim()).map_err(error)?;
            let group = patterns.patterns.last_mut().ok_or_else(|| error("a program stands first"))?;
            group.push(Pattern { source: format!("{program}/{}", name.trim()), parts });
        }
        Ok(patterns)
    }

    pub fn group(&self, program: &str) -> Option<Group> {
        self.groups.get(program).copied().map(Group)
    }

    pub fn of(&self, group: Group) -> &[Pattern] {
        &self.patterns[group.0]
    }

    /// All patterns.
    #[cfg(test)]
    pub fn all(&self) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter().flatten()
    }
}

fn parts(pattern: &'static str) -> Result<Vec<Part>, &'static str> {
    let mut parts = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        let Some((before, behind)) = rest.split_once('{') else {
            parts.push(Part::Text(Box::new(Text::new(rest))));
            break;
        };
        if !before.is_empty() {
            parts.push(Part::Text(Box::new(Text::new(before))));
        } else if matches!(parts.last(), Some(Part::Field { .. })) {
            return Err("two fields need a text between them");
        }
        let (field, behind) = behind.split_once('}').ok_or("`{` is not closed")?;
        let (name, kind) = match field.as_bytes().last() {
            Some(b'*') => (&field[..field.len() - 1], FieldKind::Longest),
            Some(b'+') => (&field[..field.len() - 1], FieldKind::Shortest),
            _ => (field, FieldKind::Word),
        };
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err("a field's name is made of letters and digits");
        }
        parts.push(Part::Field { name, kind });
        rest = behind;
    }
    Ok(parts)
}

impl Pattern {
    /// Whether the text fits; then `fields` has the fields in order.
    pub fn fits<'t>(&self, text: &'t str, fields: &mut Vec<(&'static str, &'t str)>) -> bool {
        fields.clear();
        let mut steps = STEPS_MAX;
        fit(&self.parts, text, fields, &mut steps)
    }
}

/// Places that are tried at most: texts are made by attackers, too.
const STEPS_MAX: usize = 200;

fn fit<'t>(
    parts: &[Part],
    text: &'t str,
    fields: &mut Vec<(&'static str, &'t str)>,
    steps: &mut usize,
) -> bool {
    match parts {
        [] => text.is_empty(),
        [Part::Text(wanted), rest @ ..] => match text.strip_prefix(wanted.text) {
            Some(behind) => fit(rest, behind, fields, steps),
            None => false,
        },
        [Part::Field { name, kind }] => {
            let fits = *kind != FieldKind::Word || !text.contains(char::is_whitespace);
            if fits {
                fields.push((name, text));
            }
            fits
        }
        [Part::Field { name, kind }, Part::Text(next), rest @ ..] => {
            let mut attempt = |at: usize| {
                let known = fields.len();
                fields.push((name, &text[..at]));
                let fits = fit(rest, &text[at + next.text.len()..], fields, steps);
                if !fits {
                    fields.truncate(known);
                    *steps = steps.saturating_sub(1);
                }
                fits || *steps == 0
            };
            let found = match kind {
                FieldKind::Longest => next.last.rfind_iter(text.as_bytes()).any(&mut attempt),
                FieldKind::Shortest => next.first.find_iter(text.as_bytes()).any(&mut attempt),
                FieldKind::Word => {
                    let end = text.find(char::is_whitespace).unwrap_or(text.len());
                    next.first.find_iter(text.as_bytes()).take_while(|at| *at <= end).any(attempt)
                }
            };
            found && *steps > 0
        }
        [Part::Field { .. }, Part::Field { .. }, ..] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &'static str, text: &str, expected: Option<&[(&str, &str)]>) {
        let pattern = Pattern { source: String::new(), parts: parts(pattern).expect(pattern) };
        let mut fields = Vec::new();
        let fits = pattern.fits(text, &mut fields);
        assert_eq!(fits.then_some(fields.as_slice()), expected, "{text}");
    }

    #[test]
    fn fields() {
        check("a {X} b", "a x b", Some(&[("X", "x")]));
        check("a {X} b", "a  b", Some(&[("X", "")]));
        check("a {X} b", "a x y b", None);
        check("{X}: {Y}", "k: v", Some(&[("X", "k"), ("Y", "v")]));
        check("{X}: {Y}", "k: v w", None);
        check("{X+} ; {Y*}", "a b ; c ; d", Some(&[("X", "a b"), ("Y", "c ; d")]));
        check("{X*} ; {Y}", "a ; b ; c", Some(&[("X", "a ; b"), ("Y", "c")]));
        check(
            "for {U*} from {F} port {P}",
            "for x from 1 port 2",
            Some(&[("U", "x"), ("F", "1"), ("P", "2")]),
        );
        check(
            "for {U*} from {F} port {P}",
            "for root from 9.9.9.9 port 1 from 1.2.3.4 port 2",
            Some(&[("U", "root from 9.9.9.9 port 1"), ("F", "1.2.3.4"), ("P", "2")]),
        );
        check("x", "xy", None);
        check("{X*}", "", Some(&[("X", "")]));
    }

    #[test]
    fn hostile_texts_end() {
        let pattern = "{A*} a {B*} a {C*} a {D*} a {E*} !";
        check(pattern, &" a".repeat(20_000), None);
    }

    #[test]
    fn mistakes_are_named() {
        for text in ["a\n  x y", "a\n  x = {y", "a\n  x = {y}{z}", "a\na", "a\n  x = {}", "  x = y"] {
            assert!(Patterns::parse(text).is_err(), "{text}");
        }
    }
}
