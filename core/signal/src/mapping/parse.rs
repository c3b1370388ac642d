//! The text form of a mapping, read into its parts. Names are resolved by [`super::compile`].

use super::MappingError;

/// A part of a mapping file.
pub(super) enum Item<'a> {
    Values { line: usize, name: &'a str, pairs: Vec<(&'a str, &'a str)> },
    Columns { line: usize, name: &'a str, lines: Vec<RuleLine<'a>> },
    Rule(RuleText<'a>),
}

pub(super) struct RuleText<'a> {
    /// 1-based line of the `on`.
    pub line: usize,
    pub sources: Vec<String>,
    pub condition: Vec<Term<'a>>,
    pub table: &'a str,
    pub lines: Vec<RuleLine<'a>>,
}

/// A line of a rule or of a named group of columns, with its 1-based number.
#[derive(Clone)]
pub(super) struct RuleLine<'a> {
    pub line: usize,
    pub what: LineKind<'a>,
}

#[derive(Clone)]
pub(super) enum LineKind<'a> {
    Use(Vec<&'a str>),
    Keep(Vec<&'a str>),
    Drop(Vec<&'a str>),
    Column(&'a str, Ast<'a>),
}

/// An expression with unresolved names.
#[derive(Clone)]
pub(super) enum Ast<'a> {
    Name(&'a str),
    Text(&'a str),
    Number(i64),
    Call(&'a str, Vec<Ast<'a>>),
    First(Vec<Ast<'a>>),
}

/// A term of a condition.
#[derive(Clone)]
pub(super) struct Term<'a> {
    pub negated: bool,
    pub left: Ast<'a>,
    pub test: Test<'a>,
}

#[derive(Clone)]
pub(super) enum Test<'a> {
    IsSet,
    Equals(Vec<Ast<'a>>),
    EqualsIgnoringCase(Ast<'a>),
}

pub(super) fn parse(text: &str) -> Result<Vec<Item<'_>>, MappingError> {
    let mut items: Vec<Item<'_>> = Vec::new();
    for (at, raw) in text.lines().enumerate() {
        let (number, line) = (at + 1, without_comment(raw));
        if line.trim().is_empty() {
            continue;
        }
        let error = |reason: &str| MappingError { file: "", line: number, reason: reason.to_owned() };
        if !line.starts_with(' ') {
            items.push(head(line.trim_end(), number)?);
            continue;
        }
        let line = line.trim();
        match items.last_mut() {
            Some(Item::Values { pairs, .. }) => {
                let (code, meaning) =
                    line.split_once(" = ").ok_or_else(|| error("expected `code = meaning`"))?;
                pairs.push((code.trim(), meaning.trim()));
            }
            Some(Item::Columns { lines, .. } | Item::Rule(RuleText { lines, .. })) => {
                lines.push(RuleLine { line: number, what: rule_line(line, number)? });
            }
            None => return Err(error("an indented line needs a `values`, `columns` or `on` before it")),
        }
    }
    Ok(items)
}

fn head(line: &str, number: usize) -> Result<Item<'_>, MappingError> {
    let error = |reason: &str| MappingError { file: "", line: number, reason: reason.to_owned() };
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    match word {
        "values" => Ok(Item::Values { line: number, name: rest, pairs: Vec::new() }),
        "columns" => Ok(Item::Columns { line: number, name: rest, lines: Vec::new() }),
        "on" => {
            let (before, table) =
                rest.rsplit_once(" -> ").ok_or_else(|| error("`on` needs ` -> ` and a table"))?;
            let (sources, condition) = match before.split_once(" when ") {
                Some((sources, condition)) => (sources, Tokens::new(condition, number)?.condition()?),
                None => (before, Vec::new()),
            };
            Ok(Item::Rule(RuleText {
                line: number,
                sources: source_names(sources),
                condition,
                table: table.trim(),
                lines: Vec::new(),
            }))
        }
        _ => Err(error("expected `values`, `columns` or `on`")),
    }
}

/// `A/1, 2, B` as `A/1`, `A/2`, `A/B`; a source with a slash of its own begins anew.
fn source_names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut prefix = "";
    for part in text.split(',').map(str::trim) {
        match part.rfind('/') {
            Some(slash) => {
                prefix = &part[..=slash];
                names.push(part.to_owned());
            }
            None => names.push(format!("{prefix}{part}")),
        }
    }
    names
}

fn rule_line(line: &str, number: usize) -> Result<LineKind<'_>, MappingError> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let names = || rest.split(',').map(|name| name.trim().trim_matches('`')).collect();
    match word {
        "use" => return Ok(LineKind::Use(names())),
        "keep" => return Ok(LineKind::Keep(names())),
        "drop" => return Ok(LineKind::Drop(names())),
        _ => {}
    }
    let (column, expression) = line.split_once('=').ok_or_else(|| MappingError {
        file: "",
        line: number,
        reason: "expected `Column = expression`, `use`, `keep` or `drop`".into(),
    })?;
    Ok(LineKind::Column(column.trim(), Tokens::new(expression, number)?.whole_expression()?))
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    let mut before = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '#' if !quoted && before == ' ' => return &line[..at],
            _ => {}
        }
        before = c;
    }
    line
}

#[derive(Clone, Copy, PartialEq)]
enum Token<'a> {
    Name(&'a str),
    Text(&'a str),
    Number(i64),
    Sign(&'a str),
}

struct Tokens<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    line: usize,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str, line: usize) -> Result<Self, MappingError> {
        let mut tokens = Vec::new();
        let mut rest = text.trim_start();
        let error = |reason: String| MappingError { file: "", line, reason };
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '\'' | '`' => {
                    let end = rest[1..].find(first).ok_or_else(|| error(format!("{first} is not closed")))?;
                    let inner = &rest[1..=end];
                    tokens.push(if first == '`' { Token::Name(inner) } else { Token::Text(inner) });
                    end + 2
                }
                c if is_name(c) => {
                    let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                    let word = &rest[..end];
                    tokens.push(word.parse().map_or(Token::Name(word), Token::Number));
                    end
                }
                '!' | '=' => {
                    let signs = ["!=", "=~", "="];
                    let sign = signs.into_iter().find(|sign| rest.starts_with(sign));
                    let sign = sign.ok_or_else(|| error(format!("`{first}` is not understood")))?;
                    tokens.push(Token::Sign(sign));
                    sign.len()
                }
                '(' | ')' | ',' | '|' => {
                    tokens.push(Token::Sign(&rest[..1]));
                    1
                }
                _ => return Err(error(format!("`{first}` is not understood"))),
            };
            rest = rest[length..].trim_start();
        }
        Ok(Self { tokens, at: 0, line })
    }

    fn whole_expression(mut self) -> Result<Ast<'a>, MappingError> {
        let ast = self.expression()?;
        if self.at < self.tokens.len() {
            return Err(self.error("something follows the expression"));
        }
        Ok(ast)
    }

    fn condition(mut self) -> Result<Vec<Term<'a>>, MappingError> {
        let mut terms = Vec::new();
        loop {
            let mut negated = self.take(Token::Name("not"));
            let left = self.expression()?;
            let test = if self.take(Token::Sign("=")) {
                Test::Equals(vec![self.expression()?])
            } else if self.take(Token::Sign("!=")) {
                negated = !negated;
                Test::Equals(vec![self.expression()?])
            } else if self.take(Token::Sign("=~")) {
                Test::EqualsIgnoringCase(self.expression()?)
            } else if self.take(Token::Name("in")) {
                if !self.take(Token::Sign("(")) {
                    return Err(self.error("`in` needs a list in parentheses"));
                }
                Test::Equals(self.arguments()?)
            } else {
                Test::IsSet
            };
            terms.push(Term { negated, left, test });
            if !self.take(Token::Name("and")) {
                break;
            }
        }
        if self.at < self.tokens.len() {
            return Err(self.error("something follows the condition"));
        }
        Ok(terms)
    }

    fn expression(&mut self) -> Result<Ast<'a>, MappingError> {
        let first = self.operand()?;
        if self.tokens.get(self.at) != Some(&Token::Sign("|")) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.take(Token::Sign("|")) {
            operands.push(self.operand()?);
        }
        Ok(Ast::First(operands))
    }

    fn operand(&mut self) -> Result<Ast<'a>, MappingError> {
        let token = self.tokens.get(self.at).copied();
        self.at += 1;
        match token {
            Some(Token::Text(text)) => Ok(Ast::Text(text)),
            Some(Token::Number(number)) => Ok(Ast::Number(number)),
            Some(Token::Name(name)) if self.take(Token::Sign("(")) => Ok(Ast::Call(name, self.arguments()?)),
            Some(Token::Name(name)) => Ok(Ast::Name(name)),
            _ => Err(self.error("expected a field, a text, a number or a call")),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Ast<'a>>, MappingError> {
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.expression()?);
            if self.take(Token::Sign(")")) {
                return Ok(arguments);
            }
            if !self.take(Token::Sign(",")) {
                return Err(self.error("expected `,` or `)`"));
            }
        }
    }

    fn take(&mut self, token: Token<'_>) -> bool {
        let found = self.tokens.get(self.at) == Some(&token);
        self.at += usize::from(found);
        found
    }

    fn error(&self, reason: &str) -> MappingError {
        MappingError { file: "", line: self.line, reason: reason.to_owned() }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | ':' | '@')
}
