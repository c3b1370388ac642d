//! Looking after the database: a quick check, and a thorough one.

use std::collections::BTreeMap;

use super::{
    Store, entries,
    rows::{self, Declared, Feed},
};
use crate::{
    Counts, Document, Error, Health, Key, Result,
    driver::{Session, Sql},
};

/// So many documents are checked at a time.
const BATCH: usize = 200;
/// So many bytes of them at most.
const BATCH_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The vital figures.
pub(super) async fn check(store: &Store) -> Result<Health> {
    let mut session = store.driver.read().await?;
    let figures = figures(store, &mut *session).await;
    session.rollback().await;
    let (feed, bytes) = figures?;
    Ok(Health {
        database: store.driver.version().await?,
        schema_version: store.layout,
        head: feed.token(feed.position),
        bytes,
    })
}

/// Checks that everything agrees.
pub(super) async fn verify(store: &Store) -> Result<Counts> {
    store.driver.check_files().await?;
    let mut session = store.driver.read().await?;
    let counts = verify_in(&mut *session).await;
    session.rollback().await;
    counts
}

async fn figures(store: &Store, session: &mut dyn Session) -> Result<(Feed, u64)> {
    Ok((Feed::read(session).await?, session.number(Sql::new(store.driver.bytes())).await?))
}

async fn verify_in(session: &mut dyn Session) -> Result<Counts> {
    let feed = Feed::read(session).await?;
    let changes = verify_feed(session, &feed).await?;
    let mut declared: BTreeMap<String, Vec<Declared>> = BTreeMap::new();
    let mut counts = Counts {
        indexes: session.number(Sql::new("SELECT COUNT(*) FROM indexes")).await?,
        documents: 0,
        changes,
    };
    let mut entries = 0;
    let mut after: Option<Key> = None;
    loop {
        let batch = documents_after(session, after.as_ref()).await?;
        let Some(last) = batch.last() else { break };
        after = Some(last.key.clone());
        counts.documents += batch.len() as u64;
        for document in batch {
            let collection = document.key.collection();
            if !declared.contains_key(collection) {
                declared.insert(collection.to_owned(), rows::declared(session, collection).await?);
            }
            entries += verify_entries(session, &declared[collection], &document).await?;
            verify_last_change(session, &feed, &document).await?;
        }
    }
    if session.number(Sql::new("SELECT COUNT(*) FROM entries")).await? != entries {
        return Err(Error::corrupt("the indexes have entries of documents that are not there"));
    }
    Ok(counts)
}

/// Checks that the feed has no gap; returns its length.
async fn verify_feed(session: &mut dyn Session, feed: &Feed) -> Result<u64> {
    let sql = "SELECT COUNT(*), COALESCE(MIN(position), 0), COALESCE(MAX(position), 0) FROM changes";
    let mut row =
        session.row(Sql::new(sql)).await?.ok_or_else(|| Error::corrupt("no changes can be counted"))?;
    let (count, first, last) = (row.unsigned()?, row.unsigned()?, row.unsigned()?);
    let expected = if feed.position == feed.pruned {
        (0, 0, 0)
    } else {
        (feed.position.saturating_sub(feed.pruned), feed.pruned + 1, feed.position)
    };
    if (count, first, last) != expected {
        return Err(Error::corrupt(format!(
            "the feed should have {} changes, from {} to {}, it has {count}, from {first} to {last}",
            expected.0, expected.1, expected.2
        )));
    }
    Ok(count)
}

/// The next documents in the order of collection, tenant and id.
async fn documents_after(session: &mut dyn Session, after: Option<&Key>) -> Result<Vec<Document>> {
    let mut sql = Sql::new("SELECT ");
    sql.push(rows::DOCUMENT).push(" FROM documents d");
    if let Some(key) = after {
        sql.push(" WHERE (d.collection, d.tenant, d.id) > (").bind(key.collection());
        sql.push(", ").bind(key.tenant()).push(", ").bind(key.id()).push(")");
    }
    sql.push(" ORDER BY d.collection, d.tenant, d.id LIMIT ").bind(BATCH);
    let rows = session.rows_within(sql, BATCH_BYTES_MAX).await?.rows;
    rows.into_iter().map(|mut row| rows::document(&mut row)).collect()
}

/// Checks the entries of a document; returns how many it has.
async fn verify_entries(
    session: &mut dyn Session,
    declared: &[Declared],
    document: &Document,
) -> Result<u64> {
    let mut count = 0;
    for index in declared {
        let expected: Vec<(Vec<u8>, bool)> = entries::entries(index, &document.key, &document.body)?
            .into_iter()
            .map(|entry| (entry.value, entry.sole))
            .collect();
        let sql =
            "SELECT value, sole FROM entries WHERE number = $1 AND tenant = $2 AND id = $3 ORDER BY value";
        let sql = Sql::new(sql).arg(index.number).arg(document.key.tenant()).arg(document.key.id());
        let mut found = Vec::new();
        for mut row in session.rows(sql).await? {
            found.push((row.bytes()?, row.integer()? == 1));
        }
        if found != expected {
            return Err(Error::corrupt(format!(
                "index `{}` does not agree with document `{}`",
                index.index.name, document.key
            )));
        }
        count += found.len() as u64;
    }
    Ok(count)
}

/// Checks that a document is what its last change made, if that is kept.
async fn verify_last_change(session: &mut dyn Session, feed: &Feed, document: &Document) -> Result<()> {
    let mut sql = Sql::new("SELECT ");
    sql.push(rows::CHANGE).push(
        " FROM changes c WHERE c.tenant = $1 AND c.collection = $2 AND c.id = $3 ORDER BY c.position DESC LIMIT 1",
    );
    let key = &document.key;
    let row = session.row(sql.arg(key.tenant()).arg(key.collection()).arg(key.id())).await?;
    let Some(change) = row.map(|mut row| rows::change(&mut row, feed)).transpose()? else {
        return Ok(());
    };
    let agrees = change.after.as_ref() == Some(&document.etag)
        && change.version == document.version
        && change.body.as_ref() == Some(&document.body);
    if agrees {
        Ok(())
    } else {
        Err(Error::corrupt(format!("document `{key}` is not what its last change made")))
    }
}
