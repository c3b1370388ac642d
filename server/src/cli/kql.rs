//! `phalanx kql`: the query language from the program's own table of it.

use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};
use phalanx_kql::catalog::{self, Entry};
use serde_json::json;

use super::show;

/// Look up the query language: what it has, how it is written, with examples.
#[derive(Args)]
pub struct Kql {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List operators, functions, aggregates and plugins
    Functions {
        /// Only those whose name, kind or family has this text in it; `*` stands for any text
        pattern: Option<String>,
        /// How to print the list
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Explain an operator, function, aggregate or plugin, with examples
    Doc {
        /// Its name
        name: String,
    },
    /// Print the whole reference as Markdown
    Reference,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    /// Aligned columns, for people
    Table,
    /// One JSON object a line
    Jsonl,
}

impl Kql {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Functions { pattern, format } => {
                let found: Vec<&Entry> = catalog::entries()
                    .iter()
                    .filter(|entry| pattern.as_deref().is_none_or(|pattern| is_match(entry, pattern)))
                    .collect();
                if found.is_empty() {
                    bail!("nothing of the language is called like `{}`", pattern.unwrap_or_default());
                }
                show::print(&list(&found, format));
            }
            Command::Doc { name } => {
                let found = catalog::find(&name);
                if found.is_empty() {
                    let hint = catalog::nearest(&name).map(|near| format!("; did you mean `{near}`?"));
                    bail!("nothing of the language is called `{name}`{}", hint.unwrap_or_default());
                }
                let pages: Vec<String> = found.iter().map(|entry| page(entry)).collect();
                show::print(&pages.join("\n"));
            }
            Command::Reference => show::print(&catalog::reference::markdown()),
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn is_match(entry: &Entry, pattern: &str) -> bool {
    let pattern = pattern.to_lowercase();
    let names = entry.aliases.iter().chain([&entry.name, &entry.group]).map(|name| name.to_lowercase());
    if !pattern.contains('*') {
        return names.into_iter().any(|name| name.contains(&pattern));
    }
    let names: Vec<String> = names.collect();
    names.iter().any(|name| matches_wildcard(name, &pattern))
}

/// Whether the pieces between the stars stand in the text in their order, the outer ones at its ends.
fn matches_wildcard(text: &str, pattern: &str) -> bool {
    let pieces: Vec<&str> = pattern.split('*').collect();
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in &pieces[1..pieces.len() - 1] {
        match rest.split_once(piece) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn list(entries: &[&Entry], format: Format) -> String {
    match format {
        Format::Table => {
            let row = |entry: &&Entry| {
                vec![
                    entry.name.to_owned(),
                    entry.group.to_owned(),
                    entry.signature.clone(),
                    entry.about.to_owned(),
                ]
            };
            show::table(&["Name", "Of", "Written", "About"], entries.iter().map(row).collect(), &[])
        }
        Format::Jsonl => entries.iter().map(|entry| line(entry) + "\n").collect(),
    }
}

fn line(entry: &Entry) -> String {
    let example = |(query, answer): &(&str, &str)| json!({ "query": query, "answer": answer });
    json!({
        "name": entry.name,
        "aliases": entry.aliases,
        "kind": entry.kind.name(),
        "group": entry.group,
        "signature": entry.signature,
        "about": entry.about,
        "examples": entry.examples.iter().map(example).collect::<Vec<_>>(),
    })
    .to_string()
}

/// An entry for a reader of the terminal.
pub(super) fn page(entry: &Entry) -> String {
    let mut text =
        format!("{} ({})\n\n    {}\n\n{}\n", entry.name, entry.kind.name(), entry.signature, entry.about);
    if !entry.aliases.is_empty() {
        text.push_str(&format!("Also: {}\n", entry.aliases.join(", ")));
    }
    for (query, answer) in entry.examples {
        text.push_str(&format!("\n    {query}\n    // {answer}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_parts_or_have_stars() {
        for (text, pattern, expected) in [
            ("array_length", "array_*", true),
            ("array_length", "*length", true),
            ("array_length", "a*_*th", true),
            ("array_length", "*set*", false),
            ("array_length", "length*", false),
        ] {
            assert_eq!(matches_wildcard(text, pattern), expected, "{pattern}");
        }
        let named = |name: &str| *catalog::find(name).first().expect("an entry");
        assert!(is_match(named("strlen"), "LEN"));
        assert!(is_match(named("limit"), "limit"));
        assert!(!is_match(named("strlen"), "ipv4"));
    }
}
