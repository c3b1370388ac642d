//! A table of an answer: what its columns are called.

use crate::{
    Catalog,
    decode::{
        columns::TABLE_MEMBER,
        json::{Field, Kind, Members, members},
    },
    schema,
};

#[derive(Default)]
pub(super) struct AnswerTable {
    /// What a record says in front of its columns: the table's name, where that is a table's.
    named: String,
    /// The columns' names as they are written in a record: quoted, with a colon.
    columns: Vec<String>,
    /// Whether its rows are about the query and not its result.
    pub is_about_the_query: bool,
}

/// Columns of version 1's tables that are about the query: its properties, its status, and what tables there are.
const QUERY_TABLES: [&[&str]; 3] =
    [&["Value"], &["Severity", "StatusCode", "StatusDescription"], &["Ordinal", "Kind", "Name", "Id"]];

impl AnswerTable {
    /// The table whose object begins so, up to and with the bracket that opens its rows.
    pub fn of(opening: &[u8], catalog: &Catalog) -> Self {
        let object = String::from_utf8_lossy(opening) + "]}";
        let mut found = Members::default();
        if found.parse(&object).is_err() {
            return Self::default();
        }
        let text = |names: [&str; 2]| {
            let field = names.iter().find_map(|name| found.get(&object, name));
            field.map(|field| field.text().into_owned()).unwrap_or_default()
        };
        let columns = ["columns", "Columns"].iter().find_map(|name| found.get(&object, name));
        let names = columns.map(column_names).unwrap_or_default();
        let kind = found.get(&object, "TableKind").map(|kind| kind.text().into_owned());
        let is_like = |known: &&[&str]| match known.len() {
            1 => names == *known,
            _ => known.iter().all(|name| names.iter().any(|own| own == name)),
        };
        let is_about_the_query = match kind {
            Some(kind) => kind != "PrimaryResult",
            None => QUERY_TABLES.iter().any(is_like),
        };
        // An answer to a query calls its table `PrimaryResult`; one with a column for it says it there.
        let name = text(["name", "TableName"]);
        let is_named = catalog.table(&name).is_some() && !names.iter().any(|name| name == schema::TYPE);
        let named = format!("\"{TABLE_MEMBER}\":{}", serde_json::Value::from(name));
        let quoted = |name: &String| format!("{}:", serde_json::Value::from(name.as_str()));
        Self {
            named: if is_named { named } else { String::new() },
            columns: names.iter().map(quoted).collect(),
            is_about_the_query,
        }
    }

    /// Writes the record that a row stands for to `record`.
    pub fn record(&self, row: &str, record: &mut String) -> Result<(), &'static str> {
        record.clear();
        if self.columns.is_empty() {
            return Err("the answer does not tell its columns before its rows");
        }
        record.push('{');
        record.push_str(&self.named);
        let mut rest = row.strip_prefix('[').unwrap_or(row).trim_ascii_start();
        let mut at = 0;
        while !rest.starts_with(']') {
            let (length, kind) =
                members::value_prefix(rest.as_bytes()).map_err(|_| "a row that is not JSON")?;
            if kind != Kind::Null {
                if record.len() > 1 {
                    record.push(',');
                }
                match self.columns.get(at) {
                    Some(name) => record.push_str(name),
                    None => record.push_str(&format!("\"column{}\":", at + 1)),
                }
                record.push_str(&rest[..length]);
            }
            rest = rest[length..].trim_ascii_start();
            rest = match rest.strip_prefix(',') {
                Some(rest) => rest.trim_ascii_start(),
                None if rest.starts_with(']') => rest,
                None => return Err("a row that is not JSON"),
            };
            at += 1;
        }
        record.push('}');
        Ok(())
    }
}

/// The names in an array of columns: objects with a `name` or `ColumnName`.
fn column_names(columns: Field<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest = columns.raw.trim_start_matches('[').trim_ascii_start();
    let mut column = Members::default();
    while let Ok(length) = column.parse_prefix(rest.as_bytes()) {
        let text = &rest[..length];
        let name = ["name", "ColumnName"].iter().find_map(|name| column.get(text, name));
        names.push(name.map(|name| name.text().into_owned()).unwrap_or_default());
        rest = rest[length..].trim_ascii_start().trim_start_matches(',').trim_ascii_start();
    }
    names
}
