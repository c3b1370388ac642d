//! The entries of documents in the indexes of their collection.

use std::collections::BTreeSet;

use serde_json::Value;

use super::rows::Declared;
use crate::{
    Error, Key, Result,
    driver::{Session, Sql},
    encode,
};

/// So many entries are inserted by one statement.
const BATCH: usize = 100;

/// An entry to be.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub key: Key,
    pub number: i64,
    pub index: String,
    pub value: Vec<u8>,
    pub sole: bool,
}

/// The entries that a body of a document has in an index.
pub(super) fn entries(declared: &Declared, key: &Key, body: &Value) -> Result<Vec<Entry>> {
    Ok(from_values(declared, key, declared.index.values(body)?))
}

/// The entries of a document whose body changes, in those indexes where they change: each index with its new
/// entries, none where the document is deleted.
pub(super) fn changed(
    declared: &[Declared],
    key: &Key,
    before: Option<&Value>,
    after: Option<&Value>,
) -> Result<Vec<(i64, Vec<Entry>)>> {
    let mut changed = Vec::new();
    for index in declared {
        let values = |body: Option<&Value>| body.map_or(Ok(BTreeSet::new()), |body| index.index.values(body));
        let (old, new) = (values(before)?, values(after)?);
        if old != new {
            changed.push((index.number, from_values(index, key, new)));
        }
    }
    Ok(changed)
}

fn from_values(declared: &Declared, key: &Key, values: BTreeSet<Vec<u8>>) -> Vec<Entry> {
    let entry = |value: Vec<u8>| Entry {
        key: key.clone(),
        number: declared.number,
        index: declared.index.name.clone(),
        sole: declared.index.unique && value != encode::NULL,
        value,
    };
    values.into_iter().map(entry).collect()
}

/// Removes the entries of a document in an index.
pub(super) async fn remove(session: &mut dyn Session, number: i64, key: &Key) -> Result<()> {
    let sql = "DELETE FROM entries WHERE number = $1 AND tenant = $2 AND id = $3";
    session.run(Sql::new(sql).arg(number).arg(key.tenant()).arg(key.id())).await?;
    Ok(())
}

/// Inserts entries; [`Error::Duplicate`] if another document has the value of a unique index.
pub(super) async fn insert(session: &mut dyn Session, entries: &[Entry]) -> Result<()> {
    for batch in entries.chunks(BATCH) {
        let mut sql = Sql::new("INSERT INTO entries (number, tenant, value, id, sole) VALUES ");
        for (position, entry) in batch.iter().enumerate() {
            sql.push(if position == 0 { "(" } else { ", (" });
            sql.bind(entry.number).push(", ").bind(entry.key.tenant()).push(", ");
            sql.bind(entry.value.clone()).push(", ").bind(entry.key.id()).push(", ");
            sql.bind(i64::from(entry.sole)).push(")");
        }
        sql.push(" ON CONFLICT DO NOTHING");
        if session.run(sql).await? != batch.len() as u64 {
            return Err(duplicate(session, batch).await?);
        }
    }
    Ok(())
}

/// Finds the entry that could not be inserted.
async fn duplicate(session: &mut dyn Session, batch: &[Entry]) -> Result<Error> {
    for entry in batch.iter().filter(|entry| entry.sole) {
        let sql = "SELECT id FROM entries WHERE number = $1 AND tenant = $2 AND value = $3 AND sole = 1";
        let sql = Sql::new(sql).arg(entry.number).arg(entry.key.tenant()).arg(entry.value.clone());
        if let Some(mut row) = session.row(sql).await?
            && row.text()? != entry.key.id()
        {
            return Ok(Error::Duplicate { key: Box::new(entry.key.clone()), index: entry.index.clone() });
        }
    }
    Ok(Error::corrupt("an index has an entry that its document doesn't account for"))
}
