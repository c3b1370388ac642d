//! Declaring indexes, and building those that are new.

use super::{
    Store, conclude, entries,
    rows::{self, Declared},
};
use crate::{
    Index, Key, Result,
    document::check_collection,
    driver::{Session, Sql},
    encode::ENCODING,
    index::check_indexes,
};

/// So many documents are indexed at a time; their bodies are in memory meanwhile.
const BATCH: usize = 500;
/// So many bytes of them at most.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Makes `indexes` the indexes of a collection.
pub(super) async fn declare(store: &Store, collection: &str, indexes: &[Index]) -> Result<()> {
    check_collection(collection)?;
    check_indexes(indexes)?;
    let mut reader = store.driver.read().await?;
    let declared = rows::declared(&mut *reader, collection).await;
    reader.rollback().await;
    if Difference::between(&declared?, indexes).is_none() {
        return Ok(());
    }
    let mut session = store.driver.write().await?;
    let result = rebuild(&mut *session, collection, indexes).await;
    let documents = conclude(session, result).await?;
    if documents > 0 {
        tracing::info!(collection, documents, "an index was built");
        store.driver.analyze().await?;
    }
    Ok(())
}

/// How declared indexes differ from those wanted.
#[derive(Debug)]
struct Difference<'a> {
    removed: Vec<i64>,
    added: Vec<&'a Index>,
}

impl<'a> Difference<'a> {
    fn between(declared: &[Declared], wanted: &'a [Index]) -> Option<Self> {
        let stays = |declared: &&Declared| declared.encoding == ENCODING && wanted.contains(&declared.index);
        let kept: Vec<&Index> = declared.iter().filter(stays).map(|declared| &declared.index).collect();
        let removed: Vec<i64> =
            declared.iter().filter(|declared| !stays(declared)).map(|declared| declared.number).collect();
        let added: Vec<&Index> = wanted.iter().filter(|index| !kept.contains(index)).collect();
        (!removed.is_empty() || !added.is_empty()).then_some(Self { removed, added })
    }
}

/// Drops and builds indexes; returns how many documents were indexed.
async fn rebuild(session: &mut dyn Session, collection: &str, indexes: &[Index]) -> Result<usize> {
    // Another process may have declared them meanwhile.
    let declared = rows::declared(session, collection).await?;
    let Some(difference) = Difference::between(&declared, indexes) else {
        return Ok(0);
    };
    for number in difference.removed {
        session.run(Sql::new("DELETE FROM entries WHERE number = $1").arg(number)).await?;
        session.run(Sql::new("DELETE FROM indexes WHERE number = $1").arg(number)).await?;
    }
    let mut added = Vec::new();
    for index in difference.added {
        added.push(insert(session, collection, index).await?);
    }
    if added.is_empty() { Ok(0) } else { build(session, collection, &added).await }
}

/// Records an index. Without its entries it is good only for a collection without documents.
pub(super) async fn insert(session: &mut dyn Session, collection: &str, index: &Index) -> Result<Declared> {
    let number = session.number(Sql::new("SELECT COALESCE(MAX(number), 0) + 1 FROM indexes")).await?;
    let number = i64::try_from(number).expect("a number from the database fits it");
    let definition = serde_json::to_string(index).expect("an index can be written as JSON");
    let sql =
        "INSERT INTO indexes (number, collection, name, definition, encoding) VALUES ($1, $2, $3, $4, $5)";
    let sql =
        Sql::new(sql).arg(number).arg(collection).arg(index.name.as_str()).arg(definition).arg(ENCODING);
    session.run(sql).await?;
    Ok(Declared { number, encoding: ENCODING, index: index.clone() })
}

/// Makes the entries of all documents of a collection in new indexes; returns how many documents there are.
async fn build(session: &mut dyn Session, collection: &str, added: &[Declared]) -> Result<usize> {
    let mut count = 0;
    let mut after: Option<Key> = None;
    loop {
        let mut sql = Sql::new("SELECT ");
        sql.push(rows::DOCUMENT).push(" FROM documents d WHERE d.collection = ").bind(collection);
        if let Some(key) = &after {
            sql.push(" AND (d.tenant, d.id) > (").bind(key.tenant()).push(", ").bind(key.id()).push(")");
        }
        sql.push(" ORDER BY d.tenant, d.id LIMIT ").bind(BATCH);
        let rows = session.rows_within(sql, BATCH_BYTES_MAX).await?.rows;
        if rows.is_empty() {
            return Ok(count);
        }
        count += rows.len();
        let mut batch = Vec::new();
        for mut row in rows {
            let document = rows::document(&mut row)?;
            for declared in added {
                let entries = entries::entries(declared, &document.key, &document.body);
                batch.extend(entries.map_err(|error| name_document(error, &document.key))?);
            }
            after = Some(document.key);
        }
        entries::insert(session, &batch).await?;
    }
}

/// The caller didn't name the document that doesn't fit, so the error does.
pub(super) fn name_document(error: crate::Error, key: &Key) -> crate::Error {
    match error {
        crate::Error::Invalid(message) => crate::Error::invalid(format!("document `{key}`: {message}")),
        other => other,
    }
}
