//! Paths into a `dynamic`: `a.b`, `a["b"]`, `a[0]`, and the texts of JSONPath.

use super::Json;

/// One step into a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Member(String),
    /// Below zero counts from the end.
    Element(i64),
}

/// A way from a value to one of its parts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The part at the end of the way. What is missing, or not of the kind that has such parts, is `None`.
    pub fn find<'a>(&self, json: Json<'a>) -> Option<Json<'a>> {
        let mut found = json;
        for step in &self.0 {
            found = match step {
                Step::Member(name) => found.member(name)?,
                Step::Element(at) => found.element(*at)?,
            };
        }
        Some(found)
    }

    /// A path in the notation of JSONPath: `$`, `.name`, `['name']`, `[0]`. The `$` may be missing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text.trim();
        let mut steps = Vec::new();
        match rest.strip_prefix('$') {
            Some(behind) => rest = behind,
            None if rest.starts_with(['.', '[']) || rest.is_empty() => {}
            None => {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                steps.push(Step::Member(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
        while !rest.is_empty() {
            let (step, behind) = if let Some(inner) = rest.strip_prefix('.') {
                let end = inner.find(['.', '[']).unwrap_or(inner.len());
                (Step::Member(inner[..end].to_owned()), &inner[end..])
            } else {
                bracketed(rest.strip_prefix('[')?)?
            };
            if step == Step::Member(String::new()) {
                return None;
            }
            steps.push(step);
            rest = behind;
        }
        Some(Self(steps))
    }

    /// The text that [`Path::parse`] reads as this path.
    pub fn to_text(&self) -> String {
        let mut out = String::from("$");
        for step in &self.0 {
            match step {
                Step::Element(at) => out.push_str(&format!("[{at}]")),
                Step::Member(name) => {
                    out.push_str("['");
                    for letter in name.chars() {
                        if matches!(letter, '\'' | '\\') {
                            out.push('\\');
                        }
                        out.push(letter);
                    }
                    out.push_str("']");
                }
            }
        }
        out
    }
}

/// The step behind `[`, and the text behind its `]`.
fn bracketed(text: &str) -> Option<(Step, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next()?;
    if !matches!(quote, '\'' | '"') {
        let (number, behind) = text.split_once(']')?;
        return Some((Step::Element(number.trim().parse().ok()?), behind));
    }
    let mut name = String::new();
    let mut letters = text[1..].char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.push(letters.next()?.1),
            _ if letter == quote => {
                let behind = text[at + 2..].trim_start().strip_prefix(']')?;
                return Some((Step::Member(name), behind));
            }
            _ => name.push(letter),
        }
    }
    None
}
