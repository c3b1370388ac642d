//! Writing: preconditions, versions, index entries, and the row in the change feed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{
    Store, conclude,
    entries::{self, Entry},
    rows::{self, Declared, Feed},
};
use crate::{
    Author, Document, Error, Etag, Key, Limits, Precondition, Result, Write,
    driver::{Session, Sql},
};

/// Carries out several writes as one.
pub(super) async fn write(
    store: &Store,
    writes: Vec<Write>,
    author: &Author,
) -> Result<Vec<Option<Document>>> {
    let writes = check(writes, &store.options.limits)?;
    if writes.is_empty() {
        return Ok(Vec::new());
    }
    let mut session = store.driver.write().await?;
    let result = match Transaction::begin(&mut *session, store, author).await {
        Ok(transaction) => transaction.carry_out(writes).await,
        Err(error) => Err(error),
    };
    let (documents, position) = conclude(session, result).await?;
    store.announce(position);
    Ok(documents)
}

/// A write that is well-formed; whether it may happen depends on what is stored.
struct Checked {
    key: Key,
    precondition: Precondition,
    /// The new body and its text; `None` to delete.
    body: Option<(Value, String)>,
}

fn check(writes: Vec<Write>, limits: &Limits) -> Result<Vec<Checked>> {
    if writes.len() > limits.writes_max {
        return Err(Error::invalid(format!(
            "at most {} writes at once, found {}",
            limits.writes_max,
            writes.len()
        )));
    }
    let mut keys = BTreeSet::new();
    if let Some(twice) = writes.iter().find(|write| !keys.insert(write.key())) {
        return Err(Error::invalid(format!("document `{}` is written twice at once", twice.key())));
    }
    writes.into_iter().map(|write| check_one(write, limits)).collect()
}

fn check_one(write: Write, limits: &Limits) -> Result<Checked> {
    match write {
        Write::Put { key, body, precondition } => {
            let text = check_body(&key, &body, limits)?;
            Ok(Checked { key, precondition, body: Some((body, text)) })
        }
        Write::Delete { key, precondition: Precondition::Absent } => {
            Err(Error::invalid(format!("document `{key}` can't be deleted on condition that it is absent")))
        }
        Write::Delete { key, precondition } => Ok(Checked { key, precondition, body: None }),
    }
}

/// The text of a body that may be stored.
pub(super) fn check_body(key: &Key, body: &Value, limits: &Limits) -> Result<String> {
    if !body.is_object() {
        return Err(Error::invalid(format!("the body of document `{key}` must be a JSON object")));
    }
    if !nests_within(body, limits.depth_max) {
        return Err(Error::invalid(format!(
            "the body of document `{key}` is nested deeper than {} levels",
            limits.depth_max
        )));
    }
    let text = serde_json::to_string(body).expect("a JSON value can be written as text");
    if text.len() > limits.body_bytes_max {
        return Err(Error::invalid(format!(
            "the body of document `{key}` has {} bytes, at most {} are allowed",
            text.len(),
            limits.body_bytes_max
        )));
    }
    Ok(text)
}

/// Whether objects and arrays are nested at most so deep; looks no deeper than that.
fn nests_within(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(elements) => {
            depth > 0 && elements.iter().all(|element| nests_within(element, depth - 1))
        }
        Value::Object(members) => depth > 0 && members.values().all(|member| nests_within(member, depth - 1)),
        _ => true,
    }
}

/// What a write knows while it happens.
struct Transaction<'a> {
    session: &'a mut dyn Session,
    feed: Feed,
    now: DateTime<Utc>,
    author: &'a Author,
    /// The indexes of the collections met so far.
    declared: BTreeMap<String, Vec<Declared>>,
    /// Entries to insert once all documents are written, so that unique values may move between them.
    entries: Vec<Entry>,
}

impl<'a> Transaction<'a> {
    async fn begin(session: &'a mut dyn Session, store: &Store, author: &'a Author) -> Result<Self> {
        let feed = Feed::read(session).await?;
        // The time is taken while no one else writes, so its order is that of the changes if the clock is good.
        let now = store.now();
        Ok(Self { session, feed, now, author, declared: BTreeMap::new(), entries: Vec::new() })
    }

    /// Returns the documents and the position of the last change.
    async fn carry_out(mut self, writes: Vec<Checked>) -> Result<(Vec<Option<Document>>, u64)> {
        let mut documents = Vec::with_capacity(writes.len());
        for write in writes {
            documents.push(self.apply(write).await?);
        }
        entries::insert(self.session, &self.entries).await?;
        self.session.run(Sql::new("UPDATE feed SET position = $1").arg(self.feed.position)).await?;
        Ok((documents, self.feed.position))
    }

    async fn apply(&mut self, write: Checked) -> Result<Option<Document>> {
        let Checked { key, precondition, body } = write;
        let current = self.load(&key).await?;
        check_precondition(&key, &precondition, current.as_ref())?;
        match (body, current) {
            (Some((body, text)), current) => self.put(key, body, text, current).await.map(Some),
            (None, Some(current)) => self.delete(current).await.map(Some),
            (None, None) => Ok(None),
        }
    }

    async fn load(&mut self, key: &Key) -> Result<Option<Document>> {
        let mut sql = Sql::new("SELECT ");
        sql.push(rows::DOCUMENT)
            .push(" FROM documents d WHERE d.collection = $1 AND d.tenant = $2 AND d.id = $3");
        let sql = sql.arg(key.collection()).arg(key.tenant()).arg(key.id());
        self.session.row(sql).await?.map(|mut row| rows::document(&mut row)).transpose()
    }

    async fn put(
        &mut self,
        key: Key,
        body: Value,
        text: String,
        current: Option<Document>,
    ) -> Result<Document> {
        self.index(&key, current.as_ref().map(|current| &current.body), Some(&body)).await?;
        let version = match &current {
            Some(current) => current.version + 1,
            None => self.version_before(&key).await? + 1,
        };
        self.feed.position += 1;
        let document = Document {
            version,
            etag: etag(&self.feed, &key, &text),
            body,
            created: current.as_ref().map_or(self.now, |current| current.created),
            modified: self.now,
            modified_by: self.author.name().to_owned(),
            key,
        };
        let sql = if current.is_some() {
            "UPDATE documents SET version = $4, etag = $5, created = $6, modified = $7, modified_by = $8, body = $9
             WHERE collection = $1 AND tenant = $2 AND id = $3"
        } else {
            "INSERT INTO documents (collection, tenant, id, version, etag, created, modified, modified_by, body)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        };
        let sql = Sql::new(sql)
            .arg(document.key.collection())
            .arg(document.key.tenant())
            .arg(document.key.id())
            .arg(document.version)
            .arg(document.etag.as_str())
            .arg(document.created)
            .arg(document.modified)
            .arg(document.modified_by.as_str())
            .arg(text.as_str());
        self.session.run(sql).await?;
        let before = current.map(|current| current.etag);
        self.record(&document.key, version, before.as_ref(), Some((&document.etag, text))).await?;
        Ok(document)
    }

    async fn delete(&mut self, current: Document) -> Result<Document> {
        let key = &current.key;
        self.index(key, Some(&current.body), None).await?;
        let sql = "DELETE FROM documents WHERE collection = $1 AND tenant = $2 AND id = $3";
        self.session.run(Sql::new(sql).arg(key.collection()).arg(key.tenant()).arg(key.id())).await?;
        self.feed.position += 1;
        self.record(key, current.version + 1, Some(&current.etag), None).await?;
        Ok(current)
    }

    /// Removes the entries that no longer hold, and remembers those to insert.
    async fn index(&mut self, key: &Key, before: Option<&Value>, after: Option<&Value>) -> Result<()> {
        if !self.declared.contains_key(key.collection()) {
            let declared = rows::declared(self.session, key.collection()).await?;
            self.declared.insert(key.collection().to_owned(), declared);
        }
        for (number, entries) in entries::changed(&self.declared[key.collection()], key, before, after)? {
            if before.is_some() {
                entries::remove(self.session, number, key).await?;
            }
            self.entries.extend(entries);
        }
        Ok(())
    }

    /// The version at which an absent document was deleted; 0 if it never was, or that was pruned.
    async fn version_before(&mut self, key: &Key) -> Result<u64> {
        let sql = "SELECT version FROM changes WHERE tenant = $1 AND collection = $2 AND id = $3
                   ORDER BY position DESC LIMIT 1";
        let row =
            self.session.row(Sql::new(sql).arg(key.tenant()).arg(key.collection()).arg(key.id())).await?;
        row.map_or(Ok(0), |mut row| row.unsigned())
    }

    async fn record(
        &mut self,
        key: &Key,
        version: u64,
        before: Option<&Etag>,
        after: Option<(&Etag, String)>,
    ) -> Result<()> {
        let (etag_after, body) = after.map(|(etag, body)| (etag.as_str().to_owned(), body)).unzip();
        let sql =
            "INSERT INTO changes (position, collection, tenant, id, version, etag_before, etag_after, at,
                                        author, reason, body)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let sql = Sql::new(sql)
            .arg(self.feed.position)
            .arg(key.collection())
            .arg(key.tenant())
            .arg(key.id())
            .arg(version)
            .arg(before.map(|etag| etag.as_str().to_owned()))
            .arg(etag_after)
            .arg(self.now)
            .arg(self.author.name())
            .arg(self.author.reason().map(str::to_owned))
            .arg(body);
        self.session.run(sql).await?;
        Ok(())
    }
}

fn check_precondition(key: &Key, precondition: &Precondition, current: Option<&Document>) -> Result<()> {
    match (precondition, current) {
        (Precondition::None, _) | (Precondition::Absent, None) => Ok(()),
        (Precondition::Absent, Some(current)) => {
            Err(Error::AlreadyExists { key: Box::new(key.clone()), current: current.etag.clone() })
        }
        (Precondition::Matches(etag), Some(current)) if *etag == current.etag => Ok(()),
        (Precondition::Matches(_), current) => Err(Error::Conflict {
            key: Box::new(key.clone()),
            current: current.map(|current| current.etag.clone()),
        }),
    }
}

/// Names the version that the change at the feed's position makes. The database and the position are in it, so
/// no two versions share one; the content is in it, so not even two databases restored from one backup do.
fn etag(feed: &Feed, key: &Key, text: &str) -> Etag {
    let place = format!("{}\0{}\0{}\0{}\0", feed.position, key.tenant(), key.collection(), key.id());
    Etag::new(Uuid::new_v5(&feed.lineage, &[place.as_bytes(), text.as_bytes()].concat()).simple().to_string())
}
