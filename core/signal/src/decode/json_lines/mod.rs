//! JSON whose members are named as a table's columns: lines, arrays, and what Log Analytics exports.
//!
//! This is how the Logs Ingestion API sends rows, and the fastest way in. A record's table is the one
//! that the sender named, or that the record names in `Type`, `TableName` or `_table`, or the one whose
//! columns it clearly has. Members without a column, and values that do not fit theirs, are kept in the overflow
//! column; what a dynamic column gets is kept byte for byte.

mod body;
mod rows;

use std::{borrow::Cow, sync::Arc};

pub use body::{BodyError, Decoded, decode_json_array};
pub(super) use rows::Rows;

use super::{
    Confidence, Decoder, Format, Output, Sample, Session, columns,
    json::{self, JsonDecoder, JsonRecords, Kind, Members},
};
use crate::{Catalog, Table};

pub static FORMAT: Format = Format {
    name: "json-lines",
    title: "JSON lines or array, columns as members",
    guess,
    open,
    split: json::split,
};

/// Members of a record that may name its table.
const TABLE_NAMES: [&str; 3] = [columns::TABLE_MEMBER, "Type", "TableName"];

/// Members whose array holds the records, unless the table has a column of that name.
const WRAPPERS: [&str; 4] = ["records", "Records", "value", "events"];

fn open(session: &Arc<Session>) -> Box<dyn Decoder> {
    Box::new(JsonRecords::new(JsonLines::new(session.table.as_deref())))
}

fn guess(sample: &Sample<'_>) -> Confidence {
    let Some((text, members)) = json::first_record(sample, &WRAPPERS) else {
        return if sample.table.is_some() && sample.bytes.trim_ascii_start().starts_with(b"{") {
            Confidence::Possible
        } else {
            Confidence::No
        };
    };
    let catalog = Catalog::new();
    let names: Vec<Cow<'_, str>> = members.iter(text).map(|field| field.name()).collect();
    let is_named = || named_table(text, &members).is_some_and(|name| catalog.table(name).is_some());
    if sample.table.is_some() || is_named() || catalog.by_columns(&names).is_some() {
        Confidence::Likely
    } else {
        Confidence::Possible
    }
}

pub(super) struct JsonLines {
    wrappers: Vec<&'static str>,
    /// One for each table that records have gone to, the last used in front.
    tables: Vec<Rows>,
}

impl JsonLines {
    pub fn new(table: Option<&Table>) -> Self {
        let is_column = |name: &str| table.is_some_and(|table| table.index_of(name).is_some());
        let wrappers = WRAPPERS.into_iter().filter(|name| !is_column(name)).collect();
        Self { wrappers, tables: Vec::new() }
    }
}

impl JsonDecoder for JsonLines {
    fn wrappers(&self) -> &[&str] {
        &self.wrappers
    }

    fn record(
        &mut self,
        _offset: u64,
        text: &str,
        members: &Members,
        out: &mut Output,
    ) -> Result<(), Cow<'static, str>> {
        if members.is_empty() {
            return Err("an object without members".into());
        }
        if out.session().table.is_none() || self.tables.is_empty() {
            let named = named_table(text, members);
            let is_last = named.is_some() && self.tables.first().is_some_and(|t| named == Some(t.name()));
            if !is_last {
                let names = members.iter(text).map(|field| field.name());
                let table = columns::table_of(out, named, names)?;
                self.go_to(&table, out);
            }
        }
        let rows = self.tables.first_mut().expect("the record's table was put in front");
        rows.write(text, members, out);
        out.record();
        Ok(())
    }
}

impl JsonLines {
    fn go_to(&mut self, table: &Arc<Table>, out: &mut Output) {
        let known = self.tables.iter().position(|rows| rows.name() == &**table.name());
        let at = known.unwrap_or_else(|| {
            self.tables.push(Rows::new(table, out));
            self.tables.len() - 1
        });
        self.tables.swap(0, at);
    }
}

fn named_table<'a>(text: &'a str, members: &'a Members) -> Option<&'a str> {
    TABLE_NAMES.iter().find_map(|name| {
        let field = members.get(text, name)?;
        (field.kind == Kind::String).then(|| field.plain_text()).flatten()
    })
}
