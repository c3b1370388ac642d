//! All that the language has, in one list with what people are told of it: the reference page, the prompt's help and
//! the completion are made of it.
//!
//! An entry's words live with the operator, function, aggregate or plugin itself; here they are only gathered.

mod infix;
pub mod reference;
mod signature;
mod statements;

use std::sync::LazyLock;

use crate::{aggregates, functions, operators, plugins, windows};

/// Something of the language.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: Kind,
    pub name: &'static str,
    /// Other spellings of the very same.
    pub aliases: &'static [&'static str],
    /// What it belongs to, for the reference: a family of functions, or the kind again.
    pub group: &'static str,
    /// How it is written.
    pub signature: String,
    /// What it does or gives, in a sentence.
    pub about: &'static str,
    /// Queries, and their answers: cells divided by `, `, rows by `; `.
    pub examples: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Statement,
    Operator,
    Infix,
    Function,
    /// A function of the rows around.
    Window,
    Aggregate,
    Plugin,
    /// A function whose value is a table.
    TableFunction,
}

impl Kind {
    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Operator => "operator",
            Self::Infix => "operator between values",
            Self::Function => "function",
            Self::Window => "window function",
            Self::Aggregate => "aggregate",
            Self::Plugin => "plugin",
            Self::TableFunction => "table function",
        }
    }
}

/// Every entry, kind by kind, in the order in which the language's files list them.
pub fn entries() -> &'static [Entry] {
    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(gather);
    &ENTRIES
}

/// The entries of a name or one of its other spellings: `min_of` is one, `contains` may be one, `count` is an
/// operator and an aggregate.
pub fn find(name: &str) -> Vec<&'static Entry> {
    let is_called = |entry: &&Entry| entry.name == name || entry.aliases.contains(&name);
    let mut found: Vec<_> = entries().iter().filter(is_called).collect();
    // What is called is asked for more often than what stands behind a bar.
    found.sort_by_key(|entry| entry.kind == Kind::Operator);
    found
}

/// The name most like a misspelt one.
pub fn nearest(name: &str) -> Option<&'static str> {
    crate::syntax::diagnostic::nearest(name, entries().iter().map(|entry| entry.name))
}

fn gather() -> Vec<Entry> {
    let mut all = Vec::new();
    let words = |kind: Kind, words: &'static statements::Words| Entry {
        kind,
        name: words.name,
        aliases: &[],
        group: kind.name(),
        signature: words.syntax.to_owned(),
        about: words.about,
        examples: words.examples,
    };
    all.extend(statements::STATEMENTS.iter().map(|known| words(Kind::Statement, known)));
    all.extend(operators::all().map(|known| Entry {
        kind: Kind::Operator,
        name: known.name,
        aliases: known.aliases,
        group: Kind::Operator.name(),
        signature: known.syntax.to_owned(),
        about: known.about,
        examples: known.examples,
    }));
    all.extend(infix::INFIX.iter().map(|known| Entry {
        kind: Kind::Infix,
        name: known.name,
        aliases: known.aliases,
        group: Kind::Infix.name(),
        signature: known.syntax.to_owned(),
        about: known.about,
        examples: known.examples,
    }));
    all.extend(functions::operators::OPERATORS.iter().map(|known| {
        let (is_negated, name) = (known.name != "=~" && known.name != "matches regex", known.name);
        let is_list = matches!(name, "in" | "in~" | "has_any" | "has_all");
        let negation = if is_negated && !name.starts_with("has_a") { "[!]" } else { "" };
        let right = if is_list { "(value, …)" } else { "text" };
        Entry {
            kind: Kind::Infix,
            name,
            aliases: &[],
            group: Kind::Infix.name(),
            signature: format!("value {negation}{name} {right}"),
            about: known.about,
            examples: known.examples,
        }
    }));
    all.extend(functions::all().map(|known| Entry {
        kind: Kind::Function,
        name: known.name,
        aliases: known.aliases,
        group: known.family.title(),
        signature: signature::signature(known.name, known.parameters, Some(known.returns)),
        about: known.about,
        examples: known.examples,
    }));
    all.extend(windows::windows().map(|known| Entry {
        kind: Kind::Window,
        name: known.name,
        aliases: &[],
        group: Kind::Window.name(),
        signature: signature::signature(known.name, known.parameters, Some(known.returns)),
        about: known.about,
        examples: known.examples,
    }));
    all.extend(aggregates::all().map(|known| {
        let returns = match known.gives {
            aggregates::Gives::One(returns) => Some(returns),
            aggregates::Gives::EachArgument | aggregates::Gives::EachNumber(_) => None,
        };
        Entry {
            kind: Kind::Aggregate,
            name: known.name,
            aliases: known.aliases,
            group: Kind::Aggregate.name(),
            signature: signature::signature(known.name, known.parameters, returns),
            about: known.about,
            examples: known.examples,
        }
    }));
    all.extend(plugins::all().map(|known| Entry {
        kind: Kind::Plugin,
        name: known.name,
        aliases: &[],
        group: Kind::Plugin.name(),
        signature: format!("T | evaluate {}", known.syntax),
        about: known.about,
        examples: known.examples,
    }));
    all.extend(statements::TABLE_FUNCTIONS.iter().map(|known| words(Kind::TableFunction, known)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_is_described_once() {
        for entry in entries() {
            let what = format!("{} `{}`", entry.kind.name(), entry.name);
            assert!(!entry.signature.is_empty() && !entry.examples.is_empty(), "{what}");
            assert!(entry.about.ends_with('.') && !entry.about.contains('\n'), "{what}: {}", entry.about);
            let same = |other: &&Entry| {
                other.kind == entry.kind && (other.name == entry.name || other.aliases.contains(&entry.name))
            };
            assert_eq!(entries().iter().filter(same).count(), 1, "{what}");
        }
    }

    #[test]
    fn what_the_binder_knows_is_described() {
        let known = crate::bind::special_names();
        let missing: Vec<&str> = known.filter(|name| find(name).is_empty()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn names_are_found_by_any_spelling() {
        assert_eq!(find("limit")[0].name, "take");
        assert_eq!(find("iif")[0].name, "iff");
        assert_eq!(
            find("count").iter().map(|entry| entry.kind).collect::<Vec<_>>(),
            [Kind::Aggregate, Kind::Operator]
        );
        assert!(find("nothing_of_the_kind").is_empty());
        assert_eq!(nearest("strleng"), Some("strlen"));
    }
}
