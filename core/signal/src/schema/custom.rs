//! Declaring a custom table: a name ending in `_CL` and its columns.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{ColumnType, Family, TIME_RECEIVED, Table, UNMAPPED};

/// What a user says of a custom table, in the configuration or through the tables API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDeclaration {
    pub name: String,
    pub columns: Vec<ColumnDeclaration>,
}

/// A column of a custom table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnDeclaration {
    pub name: String,
    #[serde(rename = "type")]
    pub kind: String,
}

/// Why a declaration is refused.
#[derive(Debug, thiserror::Error)]
pub enum DeclarationError {
    #[error(
        "table `{0}`: a custom table's name starts with a letter, ends with `_CL`, and has 4 to 63 letters, digits and underscores"
    )]
    TableName(String),
    #[error(
        "table `{table}`: column `{column}` is no valid name; it starts with a letter or underscore and has 1 to 96 letters, digits and underscores"
    )]
    ColumnName { table: String, column: String },
    #[error(
        "table `{table}`: column `{column}` stands twice; names that differ only in case count as the same in a new table"
    )]
    DuplicateColumn { table: String, column: String },
    #[error("table `{table}`: column `{column}` is the platform's own and can't be declared")]
    ReservedColumn { table: String, column: String },
    #[error("table `{table}`: column `{column}`: {source}")]
    ColumnType { table: String, column: String, source: super::column::UnknownType },
    #[error("table `{table}` needs a `TimeGenerated` column of type datetime")]
    NoTime { table: String },
    #[error("table `{table}` has {count} columns; 500 is the most")]
    TooMany { table: String, count: usize },
    #[error(
        "table `{table}`: column `{column}` exists as {old} and can't become {new}; declare a new column instead"
    )]
    TypeChange { table: String, column: String, old: ColumnType, new: ColumnType },
}

impl TableDeclaration {
    /// Checks the declaration and makes the table. With `before`, the declaration changes an existing
    /// table: its columns stay, in order and type, and new ones are appended.
    pub(super) fn build(&self, before: Option<&Table>) -> Result<Table, DeclarationError> {
        let table = || self.name.clone();
        if !is_custom_name(&self.name) {
            return Err(DeclarationError::TableName(table()));
        }
        let mut columns: Vec<(&str, ColumnType)> = before
            .iter()
            .flat_map(|t| t.columns().iter().map(|c| (&*c.name, c.kind)))
            .filter(|(name, _)| !is_reserved(name))
            .collect();
        let mut seen = HashSet::new();
        for declared in &self.columns {
            let column = || declared.name.clone();
            if !is_column_name(&declared.name) {
                return Err(DeclarationError::ColumnName { table: table(), column: column() });
            }
            if is_reserved(&declared.name) {
                return Err(DeclarationError::ReservedColumn { table: table(), column: column() });
            }
            if !seen.insert(declared.name.to_lowercase()) {
                return Err(DeclarationError::DuplicateColumn { table: table(), column: column() });
            }
            let kind = declared.kind.parse().map_err(|source| DeclarationError::ColumnType {
                table: table(),
                column: column(),
                source,
            })?;
            match columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(&declared.name)) {
                Some((name, old)) if *name == declared.name && *old == kind => {}
                Some((name, old)) if *name == declared.name => {
                    return Err(DeclarationError::TypeChange {
                        table: table(),
                        column: column(),
                        old: *old,
                        new: kind,
                    });
                }
                Some(_) => {
                    return Err(DeclarationError::DuplicateColumn { table: table(), column: column() });
                }
                None => columns.push((&declared.name, kind)),
            }
        }
        if !columns.contains(&("TimeGenerated", ColumnType::DateTime)) {
            return Err(DeclarationError::NoTime { table: table() });
        }
        if columns.len() > 500 {
            return Err(DeclarationError::TooMany { table: table(), count: columns.len() });
        }
        Ok(Table::new(&self.name, vec![Family::Custom], columns.into_iter()))
    }
}

fn is_custom_name(name: &str) -> bool {
    name.ends_with("_CL")
        && (4..=63).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_column_name(name: &str) -> bool {
    (1..=96).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn is_reserved(name: &str) -> bool {
    [super::TENANT_ID, super::TYPE, TIME_RECEIVED, UNMAPPED]
        .iter()
        .any(|reserved| name.eq_ignore_ascii_case(reserved))
}
