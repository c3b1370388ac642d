//! Filling an empty store from a file.

use std::{collections::BTreeMap, io, path::Path};

use tokio::{
    fs::File,
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
};

use super::{
    Store, conclude,
    declare::{self, name_document},
    entries::{self, Entry},
    portable::{ChangeRecord, DocumentRecord, FORMAT, Header, IndexRecord, Record},
    rows::{self, Declared, Feed},
};
use crate::{
    Author, Counts, Error, Etag, Key, Result,
    document::check_collection,
    driver::{Session, Sql},
    index::check_indexes,
};

/// The longest line that is read. A body of the size allowed by default takes a fraction of it.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// So many entries are inserted together.
const ENTRIES_BATCH: usize = 500;

/// Fills the store, which must never have been written to, from a file.
pub(super) async fn restore_from(store: &Store, path: &Path) -> Result<Counts> {
    let mut lines = Lines::open(path).await?;
    let mut session = store.driver.write().await?;
    let result = restore(&mut *session, &mut lines).await;
    let (counts, position) = conclude(session, result).await?;
    store.announce(position);
    store.driver.analyze().await?;
    Ok(counts)
}

async fn restore(session: &mut dyn Session, lines: &mut Lines) -> Result<(Counts, u64)> {
    let feed = Feed::read(session).await?;
    if feed.position > 0 {
        return Err(Error::invalid("a backup can be restored only into a store that was never written to"));
    }
    let Record::Header(header) = lines.next().await? else {
        return Err(lines.damaged("a backup begins with its header"));
    };
    if header.format != FORMAT {
        return Err(Error::invalid(format!(
            "the backup has form {}, made by a newer program; this one knows form {FORMAT}",
            header.format
        )));
    }
    if header.pruned > header.position {
        return Err(lines.damaged("more changes were pruned than made"));
    }
    session.run(Sql::new("DELETE FROM indexes")).await?;
    restore_feed(session, &feed, &header).await?;
    let position = header.position;
    let mut restoring = Restoring::new(session, header.pruned);
    loop {
        let crc32 = lines.crc32.clone().finalize();
        match lines.next().await? {
            Record::Header(_) => return Err(lines.damaged("a second header")),
            Record::Index(record) => restoring.index(record).await.map_err(|error| lines.blame(error))?,
            Record::Document(record) => {
                restoring.document(record).await.map_err(|error| lines.blame(error))?
            }
            Record::Change(record) => restoring.change(record).await.map_err(|error| lines.blame(error))?,
            Record::End(end) => {
                let counts = restoring.finish().await.map_err(|error| lines.blame(error))?;
                if end.crc32 != crc32 || end.counts != counts || counts.changes != position - header.pruned {
                    return Err(lines.damaged("the end does not fit what came before"));
                }
                return Ok((counts, position));
            }
        }
    }
}

/// Goes on where the backup ended, under a name of its own: what the backed up database did later is not ours.
async fn restore_feed(session: &mut dyn Session, feed: &Feed, header: &Header) -> Result<()> {
    let sql = Sql::new("UPDATE feed SET position = $1, pruned = $2").arg(header.position).arg(header.pruned);
    session.run(sql).await?;
    let ancestors = header.ancestors.iter().copied().chain([(header.lineage, header.position)]);
    for (lineage, until) in ancestors.filter(|(lineage, _)| *lineage != feed.lineage) {
        let sql = "INSERT INTO lineages (lineage, until) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        session.run(Sql::new(sql).arg(lineage.to_string()).arg(until)).await?;
    }
    Ok(())
}

/// What was restored so far.
struct Restoring<'a> {
    session: &'a mut dyn Session,
    declared: BTreeMap<String, Vec<Declared>>,
    entries: Vec<Entry>,
    position: u64,
    counts: Counts,
}

impl<'a> Restoring<'a> {
    fn new(session: &'a mut dyn Session, pruned: u64) -> Self {
        Self {
            session,
            declared: BTreeMap::new(),
            entries: Vec::new(),
            position: pruned,
            counts: Counts::default(),
        }
    }

    async fn index(&mut self, record: IndexRecord) -> Result<()> {
        check_collection(&record.collection)?;
        if self.counts.documents > 0 {
            return Err(Error::invalid("an index comes after documents"));
        }
        let declared = self.declared.entry(record.collection.clone()).or_default();
        let mut all: Vec<_> = declared.iter().map(|declared| declared.index.clone()).collect();
        all.push(record.definition.clone());
        check_indexes(&all)?;
        declared.push(declare::insert(self.session, &record.collection, &record.definition).await?);
        self.counts.indexes += 1;
        Ok(())
    }

    async fn document(&mut self, record: DocumentRecord) -> Result<()> {
        let key = Key::new(record.tenant, record.collection, record.id)?;
        let body = rows::body(&key, record.body.get())?;
        if !body.is_object() {
            return Err(Error::invalid(format!("the body of document `{key}` is no object")));
        }
        for declared in self.declared.get(key.collection()).into_iter().flatten() {
            let entries =
                entries::entries(declared, &key, &body).map_err(|error| name_document(error, &key))?;
            self.entries.extend(entries);
        }
        if self.entries.len() >= ENTRIES_BATCH {
            self.insert_entries().await?;
        }
        rows::time(record.created)?;
        rows::time(record.modified)?;
        let etag: Etag = record.etag.parse()?;
        let modified_by = Author::new(record.modified_by)?;
        let sql = "INSERT INTO documents (collection, tenant, id, version, etag, created, modified, modified_by, body)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
        let sql = Sql::new(sql)
            .arg(key.collection())
            .arg(key.tenant())
            .arg(key.id())
            .arg(record.version)
            .arg(etag.as_str())
            .arg(record.created)
            .arg(record.modified)
            .arg(modified_by.name())
            .arg(record.body.get());
        if self.session.run(sql).await? != 1 {
            return Err(Error::invalid(format!("document `{key}` is there twice")));
        }
        self.counts.documents += 1;
        Ok(())
    }

    async fn change(&mut self, record: ChangeRecord) -> Result<()> {
        let key = Key::new(record.tenant, record.collection, record.id)?;
        self.position += 1;
        if record.position != self.position {
            return Err(Error::invalid(format!("change {} is missing", self.position)));
        }
        rows::time(record.at)?;
        let author = Author::new(record.author)?;
        let author = if let Some(reason) = record.reason { author.because(reason)? } else { author };
        for etag in record.etag_before.iter().chain(&record.etag_after) {
            etag.parse::<Etag>()?;
        }
        let sql =
            "INSERT INTO changes (position, collection, tenant, id, version, etag_before, etag_after, at,
                                        author, reason, body)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let sql = Sql::new(sql)
            .arg(record.position)
            .arg(key.collection())
            .arg(key.tenant())
            .arg(key.id())
            .arg(record.version)
            .arg(record.etag_before)
            .arg(record.etag_after)
            .arg(record.at)
            .arg(author.name())
            .arg(author.reason().map(str::to_owned))
            .arg(record.body.map(|body| body.get().to_owned()));
        self.session.run(sql).await?;
        self.counts.changes += 1;
        Ok(())
    }

    async fn finish(mut self) -> Result<Counts> {
        self.insert_entries().await?;
        Ok(self.counts)
    }

    async fn insert_entries(&mut self) -> Result<()> {
        entries::insert(self.session, &self.entries).await?;
        self.entries.clear();
        Ok(())
    }
}

/// Lines on their way out of a file.
struct Lines {
    file: BufReader<File>,
    crc32: crc32fast::Hasher,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    async fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).await.map_err(|error| Error::Unavailable {
            reason: format!("can't open `{}`: {error}", path.display()),
            source: Some(Box::new(error)),
        })?;
        Ok(Self { file: BufReader::new(file), crc32: crc32fast::Hasher::new(), line: Vec::new(), number: 0 })
    }

    async fn next(&mut self) -> Result<Record> {
        self.line.clear();
        self.number += 1;
        let read = (&mut self.file).take(LINE_BYTES_MAX).read_until(b'\n', &mut self.line).await;
        read.map_err(|error: io::Error| Error::Unavailable {
            reason: format!("can't read the backup: {error}"),
            source: Some(Box::new(error)),
        })?;
        if self.line.last() != Some(&b'\n') {
            return Err(self.damaged("the backup is cut short"));
        }
        self.crc32.update(&self.line);
        serde_json::from_slice(&self.line).map_err(|error| self.damaged(&error.to_string()))
    }

    fn damaged(&self, problem: &str) -> Error {
        Error::corrupt(format!("line {} of the backup: {problem}", self.number))
    }

    /// What makes a record unacceptable is damage of the file; what is wrong with the database stays that.
    fn blame(&self, error: Error) -> Error {
        match error {
            Error::Invalid(problem) | Error::Corrupt(problem) => self.damaged(&problem),
            error @ Error::Duplicate { .. } => self.damaged(&error.to_string()),
            other => other,
        }
    }
}
