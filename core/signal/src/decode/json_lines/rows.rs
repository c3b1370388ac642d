//! Writes records to the rows of one table.

use std::sync::Arc;

use crate::{
    ColumnType, Row, Table,
    decode::{
        Output, TableSlot,
        columns::Target,
        json::{Field, Kind, Members},
    },
};

/// The rows of one table. Records of one source have their members in the same order nearly always, so
/// the names of the last one and their targets are remembered: a member's name is compared with the one
/// that stood there before, and looked up only if it differs.
pub struct Rows {
    table: Arc<Table>,
    slot: TableSlot,
    layout: Vec<(Box<str>, Target)>,
}

/// Longer names and later members are looked up each time, so that the memory stays small.
const LAYOUT_NAME_MAX: usize = 128;
const LAYOUT_MAX: usize = 1024;

impl Rows {
    pub fn new(table: &Arc<Table>, out: &mut Output) -> Self {
        Self { table: table.clone(), slot: out.slot_of(table), layout: Vec::new() }
    }

    pub fn name(&self) -> &str {
        self.table.name()
    }

    /// Writes a record, whose members are `members`, found in `text`.
    pub fn write(&mut self, text: &str, members: &Members, out: &mut Output) {
        self.write_with(text, members, std::iter::empty(), out);
    }

    /// As [`Rows::write`], with fields that stand around the record: they are kept without a column.
    pub fn write_with<'a>(
        &mut self,
        text: &str,
        members: &Members,
        around: impl Iterator<Item = Field<'a>>,
        out: &mut Output,
    ) {
        let mut row = out.row(self.slot);
        for (at, field) in members.iter(text).enumerate() {
            let target = match (self.layout.get(at), field.plain_name()) {
                (Some((name, target)), Some(plain)) if **name == *plain => *target,
                _ => self.target(at, &field),
            };
            match target {
                Target::Column(column, kind) => write(&mut row, column, kind, &field),
                Target::TableName if field.text() == self.table.name().as_ref() => {}
                Target::TableName | Target::Rest => keep(&mut row, &field),
            }
        }
        around.for_each(|field| keep(&mut row, &field));
    }

    fn target(&mut self, at: usize, field: &Field<'_>) -> Target {
        let name = field.name();
        let target = Target::of(&self.table, &name);
        if name.len() <= LAYOUT_NAME_MAX && at < LAYOUT_MAX && field.plain_name().is_some() {
            let place = (Box::from(&*name), target);
            if at < self.layout.len() {
                self.layout[at] = place;
            } else if at == self.layout.len() {
                self.layout.push(place);
            }
        }
        target
    }
}

fn write(row: &mut Row<'_>, column: usize, kind: ColumnType, field: &Field<'_>) {
    if field.kind == Kind::Null {
        return;
    }
    if row.is_set(column) {
        return keep(row, field);
    }
    match (kind, field.kind) {
        (ColumnType::Dynamic, _) => row.json(column, field.raw),
        (_, Kind::String) => {
            let text = field.text();
            if !text.is_empty() && row.try_text(column, &text).is_err() {
                keep(row, field);
            }
        }
        // A text column takes any value as it is written, the others a number or a truth value.
        (ColumnType::String, _) | (_, Kind::Number | Kind::Bool) => {
            if row.try_text(column, field.raw).is_err() {
                keep(row, field);
            }
        }
        _ => keep(row, field),
    }
}

/// Keeps a member among those without a column.
fn keep(row: &mut Row<'_>, field: &Field<'_>) {
    if field.kind != Kind::Null {
        row.unmapped_json(&field.name(), field.raw);
    }
}
