//! What kind of thing comes next, by the tokens before the cursor.
//!
//! The tokens are gone over once, with a stack of the brackets that are open. Each level knows where in a pipeline it
//! is: before a source, behind a bar, in an operator and whether a value has just ended there.

use crate::{
    operators::{
        self,
        help::{Help, Place, Takes},
    },
    syntax::{Span, Token, TokenKind, tokens},
};

type Parameters = &'static [(&'static str, &'static [&'static str])];

/// What may come next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// A string, a comment, a number, or a name that is new.
    Nothing,
    /// Where a pipeline begins.
    Beginning {
        is_statement: bool,
    },
    /// Behind a bar.
    Operator,
    Table {
        parameters: Parameters,
    },
    /// Names of columns, and no values.
    Columns,
    Value {
        has_aggregates: bool,
        is_constant: bool,
        parameters: Parameters,
    },
    /// Behind `$left.` or `$right.`.
    Side {
        is_right: bool,
    },
    /// Behind a value: operators between values, and what divides the operator's parts.
    After {
        words: &'static [&'static str],
    },
    Words(&'static [&'static str]),
    /// Behind `kind=`.
    ParameterValue(&'static [&'static str]),
    Plugin,
    Chart,
    Type,
    Function,
}

/// A bracket that is open, or the text itself.
struct Level {
    place: State,
    /// The words before the bracket: the function that is called.
    called: String,
}

#[derive(Clone, Copy)]
enum State {
    /// A source comes, or a statement.
    Beginning {
        is_statement: bool,
    },
    /// A source stands there.
    Source,
    Bar,
    /// In an operator; `is_first` before what it takes, `word` the last of its dividing words.
    Operator {
        help: &'static Help,
        is_first: bool,
        word: Option<&'static str>,
        is_after: bool,
    },
    /// In the arguments of a call, or in any other brackets with values.
    Arguments {
        has_aggregates: bool,
        is_constant: bool,
        is_after: bool,
    },
    /// Behind `let`, `declare` and the like, where a name is new.
    NewName,
    /// Types: `(a: long, …)`.
    Schema {
        is_type: bool,
    },
}

/// What may come at the end of a text, and the word there that is being written.
pub(super) fn context(before: &str) -> (Context, Span) {
    let all = tokens(before);
    let (written, rest) = word_at_end(before, &all);
    if is_inside(before, &all) {
        return (Context::Nothing, written);
    }
    let mut machine = Machine { text: before, levels: vec![Level::new(State::beginning(true), "")] };
    let mut at = 0;
    while at < rest.len() {
        at += machine.step(rest, at);
    }
    let last = rest.last().copied();
    (machine.context(rest, last), written)
}

/// The word that is being written, and the tokens before it.
fn word_at_end<'a>(text: &str, all: &'a [Token]) -> (Span, &'a [Token]) {
    let tokens = &all[..all.len().saturating_sub(1)];
    let end = text.len() as u32;
    let mut first = tokens.len();
    // `mv-ex` is a word behind a bar; `a-b` is none.
    while let Some(token) = first.checked_sub(1).map(|at| tokens[at])
        && matches!(token.kind, TokenKind::Word | TokenKind::Minus)
        && token.span.end == tokens.get(first).map_or(end, |next| next.span.start)
    {
        first -= 1;
    }
    let is_operator = first.checked_sub(1).is_some_and(|bar| tokens[bar].kind == TokenKind::Bar);
    if !is_operator {
        first = tokens.len();
        if let Some(token) = tokens.last()
            && token.kind == TokenKind::Word
            && token.span.end == end
        {
            first -= 1;
        }
    }
    match tokens.get(first) {
        Some(token) => (Span::new(token.span.start, end), &tokens[..first]),
        None => (Span::at(end), tokens),
    }
}

/// Whether the end is inside of a string that is open, a literal or a comment.
fn is_inside(text: &str, all: &[Token]) -> bool {
    let last = all.iter().rev().nth(1);
    let line = &text[text.rfind('\n').map_or(0, |at| at + 1)..];
    let behind = last.map_or(0, |token| token.span.end as usize);
    let trivia = text.get(behind..).unwrap_or_default();
    let trivia = &trivia[trivia.rfind('\n').map_or(0, |at| at + 1)..];
    if trivia.trim_start().starts_with("//") || (trivia.len() == line.len() && line.starts_with('#')) {
        return true;
    }
    let Some(last) = last.filter(|token| token.span.end as usize == text.len()) else { return false };
    match last.kind {
        TokenKind::Long | TokenKind::Real | TokenKind::TimeSpan | TokenKind::RawGuid => true,
        TokenKind::Typed(_) => true,
        // A string ends at its line where its quote is missing; the next key would be in it.
        TokenKind::String => true,
        _ => false,
    }
}

impl Level {
    fn new(place: State, called: &str) -> Self {
        Self { place, called: called.to_owned() }
    }
}

impl State {
    fn beginning(is_statement: bool) -> Self {
        Self::Beginning { is_statement }
    }
}

struct Machine<'a> {
    text: &'a str,
    levels: Vec<Level>,
}

impl Machine<'_> {
    fn place(&mut self) -> &mut State {
        let last = self.levels.len() - 1;
        &mut self.levels[last].place
    }

    /// Goes over the tokens at a place; how many they are.
    fn step(&mut self, tokens: &[Token], at: usize) -> usize {
        let token = tokens[at];
        match token.kind {
            TokenKind::Bar => *self.place() = State::Bar,
            TokenKind::Semicolon => {
                let is_statement =
                    self.levels.len() == 1 || self.levels.last().is_some_and(|level| level.called == "{");
                *self.place() = State::beginning(is_statement);
            }
            TokenKind::OpenParen | TokenKind::OpenBracket | TokenKind::OpenBrace => self.open(tokens, at),
            TokenKind::CloseParen | TokenKind::CloseBracket | TokenKind::CloseBrace => {
                if self.levels.len() > 1 {
                    self.levels.pop();
                }
                self.value();
            }
            TokenKind::Word => return self.word(tokens, at),
            TokenKind::String
            | TokenKind::Long
            | TokenKind::Real
            | TokenKind::TimeSpan
            | TokenKind::RawGuid
            | TokenKind::Typed(_) => self.value(),
            TokenKind::Colon => {
                match self.place() {
                    State::Schema { is_type } => *is_type = true,
                    // The parameters of a function that is declared: a name stood there, not a table.
                    place @ State::Source => *place = State::Schema { is_type: true },
                    _ => {}
                }
            }
            _ => self.sign(token.kind),
        }
        1
    }

    /// A value has ended.
    fn value(&mut self) {
        match self.place() {
            State::Operator { is_first, is_after, .. } => (*is_first, *is_after) = (false, true),
            State::Arguments { is_after, .. } => *is_after = true,
            place @ (State::Beginning { .. } | State::NewName) => *place = State::Source,
            _ => {}
        }
    }

    /// An operator between values, or a comma: a value comes.
    fn sign(&mut self, kind: TokenKind) {
        match self.place() {
            State::Operator { is_after, .. } | State::Arguments { is_after, .. } => *is_after = false,
            State::Schema { is_type } => *is_type = false,
            place @ (State::NewName | State::Source) if kind == TokenKind::Assign => {
                *place = State::beginning(false);
            }
            _ => {}
        }
    }

    fn word(&mut self, tokens: &[Token], at: usize) -> usize {
        let text = tokens[at].span.text(self.text);
        match *self.place() {
            State::Bar => {
                let (length, name) = dashed(self.text, tokens, at);
                *self.place() = match operators::operator(name) {
                    Some(help) => State::Operator { help, is_first: true, word: None, is_after: false },
                    None => State::Source,
                };
                return length;
            }
            State::Beginning { is_statement } => {
                let starts = |known: &&Help| known.place != Place::Piped && known.is_called(text);
                *self.place() = match operators::all().find(starts) {
                    Some(help) => State::Operator { help, is_first: true, word: None, is_after: false },
                    None if is_statement && matches!(text, "let" | "set" | "declare" | "alias") => {
                        State::NewName
                    }
                    None => State::Source,
                };
            }
            State::Operator { help, is_first, .. } => {
                // `nulls first` and its like begin with their first word.
                let divides = |known: &&&str| known.split(' ').next() == Some(text);
                let divider = help.words.iter().find(divides).copied();
                let is_infix = is_infix(text);
                let next = tokens.get(at + 1).map(|next| next.kind);
                let is_named = next == Some(TokenKind::Assign);
                *self.place() = match divider {
                    Some(word) if !is_named => {
                        let is_after = matches!(word, "asc" | "desc" | "nulls first" | "nulls last");
                        State::Operator { help, is_first: false, word: Some(word), is_after }
                    }
                    _ if is_infix => {
                        State::Operator { help, is_first: false, word: self.divider(), is_after: false }
                    }
                    _ => {
                        let is_parameter = is_named && help.parameters.iter().any(|(name, _)| *name == text);
                        if is_parameter {
                            // `kind = word`: what the operator takes comes behind it.
                            let length = if tokens.len() > at + 2 { 3 } else { 2 };
                            return length.min(tokens.len() - at);
                        }
                        // `hint.strategy = word`.
                        let dotted = self.dotted(tokens, at, help);
                        if dotted > 1 {
                            return dotted;
                        }
                        State::Operator {
                            help,
                            is_first: is_first && is_named,
                            word: self.divider(),
                            is_after: true,
                        }
                    }
                };
            }
            State::Arguments { has_aggregates, is_constant, .. } => {
                let is_after = !is_infix(text);
                *self.place() = State::Arguments { has_aggregates, is_constant, is_after };
            }
            _ => {}
        }
        1
    }

    fn divider(&mut self) -> Option<&'static str> {
        match self.place() {
            State::Operator { word, .. } => *word,
            _ => None,
        }
    }

    /// The tokens of `hint.strategy = shuffle`, if these stand here.
    fn dotted(&self, tokens: &[Token], at: usize, help: &Help) -> usize {
        let Some(name) = tokens.get(at + 2).filter(|_| tokens[at + 1].kind == TokenKind::Dot) else {
            return 1;
        };
        let whole = Span::new(tokens[at].span.start, name.span.end).text(self.text);
        if !help.parameters.iter().any(|(known, _)| *known == whole) {
            return 1;
        }
        5.min(tokens.len() - at)
    }

    /// What an opening bracket holds.
    fn open(&mut self, tokens: &[Token], at: usize) {
        let before = at.checked_sub(1).map(|before| tokens[before]);
        let called = before
            .filter(|before| before.kind == TokenKind::Word)
            .map_or("", |before| before.span.text(self.text))
            .to_owned();
        let is_brace = tokens[at].kind == TokenKind::OpenBrace;
        let place = match *self.place() {
            _ if is_brace => State::beginning(true),
            _ if called == "typeof" || called == "declare" => State::Schema { is_type: called == "typeof" },
            _ if matches!(called.as_str(), "toscalar" | "materialize" | "column_names_of") => {
                State::beginning(false)
            }
            State::NewName => State::Schema { is_type: false },
            State::Beginning { .. } => State::beginning(false),
            State::Operator { help, is_first, word, .. } => match (help.takes, help.name, word) {
                _ if matches!(help.name, "datatable" | "assert-schema" | "parse-kv") => {
                    State::Schema { is_type: false }
                }
                (_, "mv-apply", Some("on")) | (_, "partition", Some("by")) if called != "bin" => State::Bar,
                (Takes::Table, _, None) if is_first => State::beginning(false),
                (Takes::Tables, ..) => State::beginning(false),
                (_, "search" | "find", Some("in")) => State::beginning(false),
                (Takes::Plugin, ..) => {
                    State::Arguments { has_aggregates: true, is_constant: false, is_after: false }
                }
                (Takes::Aggregates, _, None | Some("default")) => {
                    State::Arguments { has_aggregates: false, is_constant: false, is_after: false }
                }
                _ => State::Arguments {
                    has_aggregates: false,
                    is_constant: matches!(help.name, "print" | "range"),
                    is_after: false,
                },
            },
            State::Arguments { has_aggregates, is_constant, .. } => {
                State::Arguments { has_aggregates, is_constant, is_after: false }
            }
            State::Source => State::Arguments { has_aggregates: false, is_constant: true, is_after: false },
            other => other,
        };
        let name = if is_brace { "{" } else { &called };
        self.levels.push(Level::new(place, name));
    }

    fn context(&mut self, tokens: &[Token], last: Option<Token>) -> Context {
        let kind_at = |back: usize| tokens.iter().rev().nth(back).map(|token| token.kind);
        let text_at =
            |back: usize| tokens.iter().rev().nth(back).map_or("", |token| token.span.text(self.text));
        if last.is_some_and(|last| last.kind == TokenKind::Dot) {
            return match text_at(1) {
                "$left" => Context::Side { is_right: false },
                "$right" => Context::Side { is_right: true },
                _ => Context::Nothing,
            };
        }
        // `kind =`, with the operator's words for it.
        if kind_at(0) == Some(TokenKind::Assign)
            && let State::Operator { help, .. } = self.levels[self.levels.len() - 1].place
        {
            let name = text_at(1);
            let known = |known: &&(&str, &'static [&'static str])| {
                known.0 == name || known.0.strip_prefix("hint.").is_some_and(|rest| rest == name)
            };
            if let Some((_, values)) = help.parameters.iter().find(known) {
                return Context::ParameterValue(values);
            }
        }
        match *self.place() {
            State::Beginning { is_statement } => Context::Beginning { is_statement },
            State::Source => Context::Words(&["|"]),
            State::Bar => Context::Operator,
            State::NewName => Context::Nothing,
            State::Schema { is_type: true } => Context::Type,
            State::Schema { is_type: false } => Context::Nothing,
            State::Arguments { is_after: true, .. } => Context::After { words: &["asc", "desc"] },
            State::Arguments { has_aggregates, is_constant, .. } => {
                Context::Value { has_aggregates, is_constant, parameters: &[] }
            }
            State::Operator { help, is_first, word, is_after } => operator(help, is_first, word, is_after),
        }
    }
}

fn operator(help: &'static Help, is_first: bool, word: Option<&'static str>, is_after: bool) -> Context {
    let parameters = if is_first { help.parameters } else { &[] };
    if is_after {
        return match help.takes {
            Takes::Number | Takes::Columns | Takes::NewName | Takes::Chart if word.is_none() => {
                Context::Words(help.words)
            }
            Takes::Table if word.is_none() => Context::Words(help.words),
            _ => Context::After { words: help.words },
        };
    }
    let value = |has_aggregates| Context::Value {
        has_aggregates,
        is_constant: matches!(help.name, "print" | "range"),
        parameters,
    };
    match (help.takes, word) {
        (Takes::Nothing, None) => Context::Words(help.words),
        (Takes::Columns, _) => Context::Columns,
        (Takes::Table | Takes::Tables, None) => Context::Table { parameters },
        (Takes::Plugin, None) => Context::Plugin,
        (Takes::Chart, None) => Context::Chart,
        (Takes::Function, None) => Context::Function,
        (Takes::Number | Takes::NewName, None) => Context::Nothing,
        (Takes::Aggregates, None) => value(true),
        (_, Some("as" | "limit" | "with")) => Context::Nothing,
        (_, Some("to")) if help.name.starts_with("mv-") => Context::Words(&["typeof("]),
        (_, Some("in")) => Context::Table { parameters: &[] },
        (_, Some("by")) if matches!(help.name, "top-nested" | "top-hitters") => {
            value(help.name == "top-nested")
        }
        _ => value(false),
    }
}

/// The word at a place with its dashes, as operators have them, and how many tokens it is.
fn dashed<'a>(text: &'a str, tokens: &[Token], at: usize) -> (usize, &'a str) {
    let mut length = 1;
    while let [before, dash, word, ..] = tokens.get(at + length - 1..).unwrap_or_default()
        && dash.kind == TokenKind::Minus
        && word.kind == TokenKind::Word
        && before.span.end == dash.span.start
        && dash.span.end == word.span.start
    {
        length += 2;
    }
    let whole = Span::new(tokens[at].span.start, tokens[at + length - 1].span.end);
    (length, whole.text(text))
}

/// Whether a word stands between two values.
fn is_infix(word: &str) -> bool {
    let word = word.strip_prefix('!').unwrap_or(word);
    matches!(word, "and" | "or" | "between" | "in" | "in~" | "matches" | "regex" | "like")
        || crate::functions::string_operator(word).is_some()
}
