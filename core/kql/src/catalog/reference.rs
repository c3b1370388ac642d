//! The catalog as a page in Markdown.

use std::fmt::Write;

use super::{Entry, Kind, entries};

const HEAD: &str = "\
# The language

What Phalanx has of the Kusto Query Language, made from the program's own table: `phalanx kql reference` prints this
page, `phalanx kql functions [PATTERN]` lists it, `phalanx kql doc NAME` shows an entry. Every example is run as a
test. In the answers of examples, cells are divided by `, ` and rows by `; `.

In what follows, `T` is what stands before the `|`, and what stands in `[]` may be left out.
";

/// The whole page.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    let mut group = None;
    for (kind, title) in [
        (Kind::Statement, "Statements"),
        (Kind::Operator, "Tabular operators"),
        (Kind::Infix, "Operators between values"),
        (Kind::Function, "Scalar functions"),
        (Kind::Window, "Functions of the rows around"),
        (Kind::Aggregate, "Aggregates"),
        (Kind::Plugin, "Plugins"),
        (Kind::TableFunction, "Functions whose value is a table"),
    ] {
        let _ = write!(page, "\n## {title}\n");
        let mut of_kind: Vec<&Entry> = entries().iter().filter(|entry| entry.kind == kind).collect();
        of_kind.sort_by_key(|entry| (entry.group, if kind == Kind::Infix { "" } else { entry.name }));
        for entry in of_kind {
            if kind == Kind::Function && group != Some(entry.group) {
                group = Some(entry.group);
                let _ = write!(page, "\n### {}\n", entry.group);
            }
            write_entry(&mut page, entry);
        }
    }
    page
}

fn write_entry(page: &mut String, entry: &Entry) {
    let level = if entry.kind == Kind::Function { "####" } else { "###" };
    let _ = write!(page, "\n{level} {}\n\n", heading(entry.name));
    let _ = write!(page, "```kql\n{}\n```\n\n{}", entry.signature, entry.about);
    if !entry.aliases.is_empty() {
        let names: Vec<_> = entry.aliases.iter().map(|name| format!("`{name}`")).collect();
        let _ = write!(page, " Also {}.", names.join(", "));
    }
    page.push('\n');
    for (query, answer) in entry.examples {
        let _ = write!(page, "\n```kql\n{query}\n// {answer}\n```\n");
    }
}

/// Signs are no headings by themselves.
fn heading(name: &str) -> String {
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        name.to_owned()
    } else {
        format!("`{name}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `PHALANX_UPDATE=1` writes the page.
    #[test]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/kql.md");
        let page = markdown();
        if std::env::var_os("PHALANX_UPDATE").is_some() {
            std::fs::write(path, &page).expect("the page can be written");
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(written == page, "docs/reference/kql.md is not up to date: `make reference` writes it");
    }
}
