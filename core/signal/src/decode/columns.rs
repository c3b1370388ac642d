//! Formats whose fields are named as a table's columns: which table, and which column.

use std::{borrow::Cow, sync::Arc};

use super::Output;
use crate::{ColumnType, Row, Table, schema};

/// A field that only names the row's table.
pub const TABLE_MEMBER: &str = "_table";

/// Where a field of some name goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Column(usize, ColumnType),
    /// The table's own name, which every row has.
    TableName,
    /// To the fields without a column.
    Rest,
}

impl Target {
    /// The target of a field in a table. Log Analytics' portal exports times as `TimeGenerated [UTC]`.
    pub fn of(table: &Table, name: &str) -> Self {
        let plain = name.strip_suffix(" [UTC]").unwrap_or(name);
        match table.index_of(plain) {
            Some(_) if plain == schema::TYPE => Self::TableName,
            Some(at) if table.is_constant(at) || at == table.time_received() => Self::Rest,
            Some(at) => Self::Column(at, table.columns()[at].kind),
            None if plain == TABLE_MEMBER => Self::TableName,
            None => Self::Rest,
        }
    }
}

/// The table of a record whose sender named none: the one that it names itself, else the one that the
/// source's records so far have told, else the one whose columns it clearly has. The names are the
/// record's, `named` the value of its `Type` or `TableName`.
pub fn table_of<'n>(
    out: &Output,
    named: Option<&str>,
    names: impl Iterator<Item = Cow<'n, str>>,
) -> Result<Arc<Table>, Cow<'static, str>> {
    let session = out.session();
    if let Some(table) = &session.table {
        return Ok(table.clone());
    }
    if let Some(table) = named.and_then(|name| session.catalog.table(name)) {
        return Ok(table);
    }
    if let Some(table) = session.guessed.get() {
        return Ok(table.clone());
    }
    let names: Vec<Cow<'n, str>> = names.collect();
    match session.catalog.by_columns(&names) {
        Some(table) => Ok(session.guessed.get_or_init(|| table).clone()),
        None => Err(match named {
            Some(name) => format!("there is no table `{name}`, and the columns tell no other").into(),
            None => "no table was named, and the columns do not tell which it is".into(),
        }),
    }
}

/// Gives text to a field's target; what does not fit goes to the rest, under the field's name.
pub fn write_text(row: &mut Row<'_>, target: Target, name: &str, text: &str) {
    match target {
        Target::Column(at, _) if !row.is_set(at) => {
            if !text.is_empty() && row.try_text(at, text).is_err() {
                row.unmapped(name, text);
            }
        }
        Target::TableName => {}
        Target::Column(..) | Target::Rest if text.is_empty() => {}
        Target::Column(..) | Target::Rest => row.unmapped(name, text),
    }
}
