//! Rows of the tables as our types.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Change, Document, Error, Etag, Index, Key, Result, ResumeToken,
    driver::{Row, Session, Sql},
};

/// The columns of a document, as [`document`] takes them; the table is called `d`.
pub(super) const DOCUMENT: &str =
    "d.tenant, d.collection, d.id, d.version, d.etag, d.created, d.modified, d.modified_by, d.body";

/// The columns of a change, as [`change`] takes them; the table is called `c`.
pub(super) const CHANGE: &str = "c.position, c.tenant, c.collection, c.id, c.version, c.etag_before, c.etag_after, \
                                 c.at, c.author, c.reason, c.body";

/// The row of table `feed`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Feed {
    /// The identity of this database.
    pub lineage: Uuid,
    /// The position of the newest change; 0 if there never was one.
    pub position: u64,
    /// The position of the newest change that was pruned; 0 if none was.
    pub pruned: u64,
}

impl Feed {
    pub(super) async fn read(session: &mut dyn Session) -> Result<Self> {
        let row = session.row(Sql::new("SELECT lineage, position, pruned FROM feed")).await?;
        let mut row = row.ok_or_else(|| Error::corrupt("the row of table `feed` is missing"))?;
        Ok(Self { lineage: lineage(&row.text()?)?, position: row.unsigned()?, pruned: row.unsigned()? })
    }

    pub(super) fn token(&self, position: u64) -> ResumeToken {
        ResumeToken { lineage: self.lineage, position }
    }
}

/// An index of a collection, as declared.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// Its number in table `entries`.
    pub number: i64,
    /// The encoding of its entries.
    pub encoding: i64,
    /// What it is.
    pub index: Index,
}

/// The indexes of a collection.
pub(super) async fn declared(session: &mut dyn Session, collection: &str) -> Result<Vec<Declared>> {
    let sql = "SELECT number, encoding, definition FROM indexes WHERE collection = $1 ORDER BY number";
    let rows = session.rows(Sql::new(sql).arg(collection)).await?;
    rows.into_iter()
        .map(|mut row| {
            let (number, encoding, definition) = (row.integer()?, row.integer()?, row.text()?);
            let index = serde_json::from_str(&definition)
                .map_err(|error| Error::corrupt(format!("the definition of index {number}: {error}")))?;
            Ok(Declared { number, encoding, index })
        })
        .collect()
}

/// A document from the columns [`DOCUMENT`].
pub(super) fn document(row: &mut Row) -> Result<Document> {
    let key = key(row)?;
    Ok(Document {
        version: row.unsigned()?,
        etag: Etag::new(row.text()?),
        created: row.time()?,
        modified: row.time()?,
        modified_by: row.text()?,
        body: body(&key, &row.text()?)?,
        key,
    })
}

/// A change from the columns [`CHANGE`].
pub(super) fn change(row: &mut Row, feed: &Feed) -> Result<Change> {
    let token = feed.token(row.unsigned()?);
    let key = key(row)?;
    Ok(Change {
        token,
        version: row.unsigned()?,
        before: row.optional_text()?.map(Etag::new),
        after: row.optional_text()?.map(Etag::new),
        at: row.time()?,
        by: row.text()?,
        reason: row.optional_text()?,
        body: row.optional_text()?.map(|text| body(&key, &text)).transpose()?,
        key,
    })
}

/// A body as stored.
pub(super) fn body(key: &Key, text: &str) -> Result<Value> {
    serde_json::from_str(text)
        .map_err(|error| Error::corrupt(format!("the body of document `{key}`: {error}")))
}

/// The identity of a database, as stored.
pub(super) fn lineage(text: &str) -> Result<Uuid> {
    Uuid::try_parse(text).map_err(|_| Error::corrupt(format!("the identity of a database is `{text}`")))
}

/// The time of a stored document, from its microseconds.
pub(super) fn time(micros: i64) -> Result<DateTime<Utc>> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| Error::corrupt(format!("no time is {micros}")))
}

fn key(row: &mut Row) -> Result<Key> {
    let (tenant, collection, id) = (row.text()?, row.text()?, row.text()?);
    let tenant =
        tenant.parse().map_err(|_| Error::corrupt(format!("the tenant of a document is `{tenant}`")))?;
    Key::new(tenant, collection, id).map_err(|error| Error::corrupt(error.to_string()))
}
