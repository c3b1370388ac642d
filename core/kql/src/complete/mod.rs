//! What may be written at a place of a query, and what stands there: for editors and the prompt.
//!
//! ```text
//! text up to the cursor ─ tokens ─▶ context: what kind of thing comes next   (context.rs)
//!                       ─ tree ─ binder that passes over mistakes ─▶ names in scope   (bind/probe.rs)
//! ```
//!
//! Works on any text; what follows the cursor is not looked at.

mod context;
#[cfg(test)]
mod tests;

use phalanx_signal::ColumnType;

use self::context::{Context, context};
use crate::{
    answer::{STACK_BYTES, saved_functions},
    bind::{Named, Probe, Settings, Tables, probe},
    catalog::{self, Entry, Kind as EntryKind},
    operators::{self, help},
    plugins,
    syntax::{Span, parse, tokens},
};

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What a list shows.
    pub label: String,
    pub kind: CandidateKind,
    /// What replaces the word at the cursor.
    pub insert: String,
    /// Its type, or how it is written.
    pub detail: String,
    /// A sentence about it; may be empty.
    pub doc: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CandidateKind {
    Column,
    Variable,
    Table,
    Operator,
    Aggregate,
    Function,
    Plugin,
    Parameter,
    Keyword,
    Value,
    Type,
}

impl CandidateKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Column => "column",
            Self::Variable => "variable",
            Self::Table => "table",
            Self::Operator => "operator",
            Self::Aggregate => "aggregate",
            Self::Function => "function",
            Self::Plugin => "plugin",
            Self::Parameter => "parameter",
            Self::Keyword => "keyword",
            Self::Value => "value",
            Self::Type => "type",
        }
    }
}

/// The candidates for a place, and the part of the text that they replace: the word that is being written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub replace: Span,
    /// Those that begin like the word, then those that have it in them; columns before functions.
    pub candidates: Vec<Candidate>,
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    pub span: Span,
    /// How it is written, or its name and type.
    pub signature: String,
    pub doc: String,
}

/// The charts that `render` knows.
pub const CHARTS: [&str; 13] = [
    "anomalychart",
    "areachart",
    "barchart",
    "card",
    "columnchart",
    "ladderchart",
    "linechart",
    "piechart",
    "pivotchart",
    "scatterchart",
    "stackedareachart",
    "table",
    "timechart",
];

/// What may be written at the byte `at` of a text.
pub fn complete(text: &str, at: usize, tables: &dyn Tables, settings: &Settings) -> Completion {
    let before = &text[..text.floor_char_boundary(at)];
    let (context, word) = context(before);
    let written = word.text(before).to_lowercase();
    let mut list = List::default();
    if context != Context::Nothing {
        let scope = scope(&before[..word.start as usize], tables, settings);
        list.fill(&context, &scope, tables);
    }
    let mut candidates: Vec<(u8, Candidate)> = list
        .candidates
        .into_iter()
        .filter_map(|candidate| {
            let label = candidate.label.to_lowercase();
            let rank = if label.starts_with(&written) {
                0
            } else if label.contains(&written) {
                1
            } else {
                return None;
            };
            Some((rank, candidate))
        })
        .collect();
    candidates.sort_by(|(rank, one), (other_rank, other)| {
        (rank, one.kind, &one.label).cmp(&(other_rank, other.kind, &other.label))
    });
    candidates.dedup();
    Completion { replace: word, candidates: candidates.into_iter().map(|(_, candidate)| candidate).collect() }
}

/// What stands at the byte `at` of a text: an entry of the language, a table or a column.
pub fn hover(text: &str, at: usize, tables: &dyn Tables, settings: &Settings) -> Option<Hover> {
    let at = text.floor_char_boundary(at);
    let span = word_around(text, at);
    let word = span.text(text);
    if word.is_empty() {
        return None;
    }
    let is_called = text[span.end as usize..].trim_start().starts_with('(');
    let before = text[..span.start as usize].trim_end();
    let is_operator = before.ends_with('|') || before.is_empty() || before.ends_with([';', '(']);
    let scope = scope(&text[..span.start as usize], tables, settings);
    if !is_called
        && !is_operator
        && let Some((name, kind)) = scope.columns.iter().chain(&scope.right).find(|(name, _)| **name == *word)
    {
        return Some(Hover { span, signature: format!("{name}: {kind}"), doc: String::new() });
    }
    let mut entries = catalog::find(word);
    entries.sort_by_key(|entry| (entry.kind == EntryKind::Operator) != (is_operator && !is_called));
    if let Some(entry) = entries.first() {
        return Some(Hover { span, signature: entry.signature.clone(), doc: entry.about.to_owned() });
    }
    if let Some((name, named)) = scope.names.iter().find(|(name, _)| name == word) {
        return Some(Hover {
            span,
            signature: format!("let {name}: {}", describe(*named)),
            doc: String::new(),
        });
    }
    let columns = tables.columns(word)?;
    let columns: Vec<_> = columns.iter().map(|column| format!("{}: {}", column.name, column.kind)).collect();
    Some(Hover { span, signature: word.to_owned(), doc: columns.join(", ") })
}

/// The names in scope at the end of a text.
fn scope(before: &str, tables: &dyn Tables, settings: &Settings) -> Probe {
    let end = tokens(before).iter().rev().nth(1).map_or(0, |last| last.span.end);
    let parsed = parse(before);
    let functions = saved_functions(before, tables).unwrap_or_default();
    stacker::maybe_grow(STACK_BYTES, STACK_BYTES, || probe(&parsed.query, &functions, tables, settings, end))
}

/// The letters, digits and dashes around a place; a dash only inside of an operator's name.
fn word_around(text: &str, at: usize) -> Span {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let start = text[..at]
        .rfind(|c| !is_part(c))
        .map_or(0, |found| found + text[found..].chars().next().map_or(1, char::len_utf8));
    let end = text[at..].find(|c| !is_part(c)).map_or(text.len(), |found| at + found);
    let (mut from, mut to) = (start, end);
    while from > 0 && text.as_bytes()[from - 1] == b'-' {
        let before = from - 1;
        from = text[..before].rfind(|c| !is_part(c)).map_or(0, |found| found + 1);
    }
    while text.as_bytes().get(to) == Some(&b'-') {
        to = text[to + 1..].find(|c| !is_part(c)).map_or(text.len(), |found| to + 1 + found);
    }
    let is_dashed = text.get(from..to).is_some_and(|word| operators::operator(word).is_some());
    let (from, to) = if is_dashed { (from, to) } else { (start, end) };
    Span::new(from as u32, to as u32)
}

fn describe(named: Named) -> String {
    match named {
        Named::Value(kind) => kind.name().to_owned(),
        Named::Table => "table".to_owned(),
        Named::Function => "function".to_owned(),
    }
}

#[derive(Default)]
struct List {
    candidates: Vec<Candidate>,
}

impl List {
    fn fill(&mut self, context: &Context, scope: &Probe, tables: &dyn Tables) {
        match context {
            Context::Nothing => {}
            Context::Beginning { is_statement } => {
                self.tables(scope, tables);
                self.operators(help::Place::Source);
                if *is_statement {
                    self.entries(|entry| entry.kind == EntryKind::Statement);
                }
                self.entries(|entry| entry.kind == EntryKind::TableFunction);
            }
            Context::Operator => self.operators(help::Place::Piped),
            Context::Table { parameters } => {
                self.tables(scope, tables);
                self.parameters(parameters);
            }
            Context::Columns => {
                self.columns(scope);
            }
            Context::Value { has_aggregates, is_constant, parameters } => {
                if !is_constant {
                    self.columns(scope);
                }
                self.values(scope);
                self.functions(*has_aggregates);
                self.parameters(parameters);
                if !is_constant && !scope.right.is_empty() {
                    self.words(&["$left", "$right"], CandidateKind::Keyword);
                }
            }
            Context::Side { is_right } => {
                let columns = if *is_right { &scope.right } else { &scope.columns };
                columns.iter().for_each(|(name, kind)| self.column(name, *kind));
            }
            Context::After { words } => {
                self.entries(|entry| entry.kind == EntryKind::Infix);
                self.words(words, CandidateKind::Keyword);
            }
            Context::Words(words) => self.words(words, CandidateKind::Keyword),
            Context::ParameterValue(words) => self.words(words, CandidateKind::Value),
            Context::Plugin => {
                for plugin in plugins::all() {
                    self.push(
                        plugin.name,
                        CandidateKind::Plugin,
                        &format!("{}(", plugin.name),
                        plugin.syntax,
                        plugin.about,
                    );
                }
            }
            Context::Chart => self.words(&CHARTS, CandidateKind::Value),
            Context::Type => {
                for kind in ColumnType::ALL {
                    self.push(kind.name(), CandidateKind::Type, kind.name(), "", "");
                }
            }
            Context::Function => {
                for (name, named) in &scope.names {
                    if *named == Named::Function {
                        self.push(name, CandidateKind::Function, &format!("{name}("), "function", "");
                    }
                }
                for name in tables.functions() {
                    self.push(&name, CandidateKind::Function, &format!("{name}("), "saved function", "");
                }
            }
        }
    }

    fn push(&mut self, label: &str, kind: CandidateKind, insert: &str, detail: &str, doc: &str) {
        self.candidates.push(Candidate {
            label: label.to_owned(),
            kind,
            insert: insert.to_owned(),
            detail: detail.to_owned(),
            doc: doc.to_owned(),
        });
    }

    fn words(&mut self, words: &[&str], kind: CandidateKind) {
        words.iter().for_each(|word| self.push(word, kind, word, "", ""));
    }

    fn parameters(&mut self, parameters: &[(&str, &[&str])]) {
        for (name, values) in parameters {
            self.push(name, CandidateKind::Parameter, &format!("{name}="), &values.join(" | "), "");
        }
    }

    fn tables(&mut self, scope: &Probe, tables: &dyn Tables) {
        for (name, named) in &scope.names {
            match named {
                Named::Table => self.push(name, CandidateKind::Variable, name, "table", ""),
                Named::Function => {
                    self.push(name, CandidateKind::Function, &format!("{name}("), "function", "")
                }
                Named::Value(_) => {}
            }
        }
        for name in tables.names() {
            self.push(&name, CandidateKind::Table, &quoted(&name), "table", "");
        }
        for name in tables.functions() {
            self.push(&name, CandidateKind::Function, &format!("{name}("), "saved function", "");
        }
    }

    fn operators(&mut self, place: help::Place) {
        let fits = |known: &&help::Help| known.place == place || known.place == help::Place::Anywhere;
        for known in operators::all().filter(fits) {
            for name in known.aliases.iter().chain([&known.name]) {
                self.push(name, CandidateKind::Operator, name, known.syntax, known.about);
            }
        }
    }

    fn columns(&mut self, scope: &Probe) {
        scope.columns.iter().for_each(|(name, kind)| self.column(name, *kind));
    }

    fn column(&mut self, name: &str, kind: ColumnType) {
        self.push(name, CandidateKind::Column, &quoted(name), kind.name(), "");
    }

    fn values(&mut self, scope: &Probe) {
        for (name, named) in &scope.names {
            let (kind, insert) = match named {
                Named::Value(_) | Named::Table => (CandidateKind::Variable, name.clone()),
                Named::Function => (CandidateKind::Function, format!("{name}(")),
            };
            self.push(name, kind, &insert, &describe(*named), "");
        }
        self.words(&["true", "false"], CandidateKind::Value);
    }

    fn functions(&mut self, has_aggregates: bool) {
        self.entries(|entry| {
            matches!(entry.kind, EntryKind::Function | EntryKind::Window)
                || (has_aggregates && entry.kind == EntryKind::Aggregate)
        });
    }

    fn entries(&mut self, is_wanted: impl Fn(&Entry) -> bool) {
        for entry in catalog::entries().iter().filter(|entry| is_wanted(entry)) {
            let (kind, is_called) = match entry.kind {
                EntryKind::Function | EntryKind::Window | EntryKind::TableFunction => {
                    (CandidateKind::Function, true)
                }
                EntryKind::Aggregate => (CandidateKind::Aggregate, true),
                EntryKind::Plugin => (CandidateKind::Plugin, true),
                EntryKind::Operator => (CandidateKind::Operator, false),
                EntryKind::Infix | EntryKind::Statement => (CandidateKind::Keyword, false),
            };
            for name in entry.aliases.iter().chain([&entry.name]) {
                let insert = if is_called { format!("{name}(") } else { (*name).to_owned() };
                self.push(name, kind, &insert, &entry.signature, entry.about);
            }
        }
    }
}

/// A name as a query writes it.
fn quoted(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && name.chars().next().is_some_and(|first| !first.is_ascii_digit());
    if is_plain {
        name.to_owned()
    } else {
        format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'"))
    }
}
