//! Writing everything to a file, while the store is used.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::value::RawValue;
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncWriteExt, BufWriter},
};

use super::{
    Store,
    portable::{ChangeRecord, DocumentRecord, End, FORMAT, Header, IndexRecord, Record},
    rows::{self, Feed},
};
use crate::{
    Counts, Error, Result, TenantId,
    driver::{Row, Session, Sql},
};

/// So many rows are read at a time.
const BATCH: usize = 500;
/// So many bytes of them at most.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Writes a consistent copy of everything to a new file.
pub(super) async fn backup_to(store: &Store, path: &Path) -> Result<Counts> {
    if path.try_exists().map_err(|error| failed(path, error))? {
        return Err(Error::invalid(format!("`{}` exists already", path.display())));
    }
    let partial = Partial::beside(path);
    let mut lines = Lines::create(&partial.0).await?;
    // The first statement takes the snapshot, and all further see no more than it did.
    let mut session = store.driver.read().await?;
    let written = write(&mut lines, &mut *session).await;
    session.rollback().await;
    let counts = written?;
    lines.finish().await?;
    partial.keep_as(path)?;
    Ok(counts)
}

async fn write(lines: &mut Lines, session: &mut dyn Session) -> Result<Counts> {
    let mut counts = Counts::default();
    lines.write(&Record::Header(header(session).await?)).await?;
    let sql = Sql::new("SELECT collection, definition FROM indexes ORDER BY number");
    for mut row in session.rows(sql).await? {
        lines.write(&Record::Index(index(&mut row)?)).await?;
        counts.indexes += 1;
    }
    counts.documents = write_documents(lines, session).await?;
    counts.changes = write_changes(lines, session).await?;
    let crc32 = lines.crc32.clone().finalize();
    lines.write(&Record::End(End { counts, crc32 })).await?;
    Ok(counts)
}

async fn header(session: &mut dyn Session) -> Result<Header> {
    let feed = Feed::read(session).await?;
    let rows = session.rows(Sql::new("SELECT lineage, until FROM lineages ORDER BY until, lineage")).await?;
    let ancestor = |mut row: Row| Ok((rows::lineage(&row.text()?)?, row.unsigned()?));
    Ok(Header {
        format: FORMAT,
        lineage: feed.lineage,
        position: feed.position,
        pruned: feed.pruned,
        ancestors: rows.into_iter().map(ancestor).collect::<Result<_>>()?,
    })
}

fn index(row: &mut Row) -> Result<IndexRecord> {
    let (collection, definition) = (row.text()?, row.text()?);
    let definition = serde_json::from_str(&definition)
        .map_err(|error| Error::corrupt(format!("the definition of an index of `{collection}`: {error}")))?;
    Ok(IndexRecord { collection, definition })
}

async fn write_documents(lines: &mut Lines, session: &mut dyn Session) -> Result<u64> {
    let mut count = 0;
    let mut after: Option<DocumentRecord> = None;
    loop {
        let mut sql = Sql::new("SELECT ");
        sql.push(rows::DOCUMENT).push(" FROM documents d");
        if let Some(last) = &after {
            sql.push(" WHERE (d.collection, d.tenant, d.id) > (").bind(last.collection.as_str());
            sql.push(", ").bind(last.tenant).push(", ").bind(last.id.as_str()).push(")");
        }
        sql.push(" ORDER BY d.collection, d.tenant, d.id LIMIT ").bind(BATCH);
        let rows = session.rows_within(sql, BATCH_BYTES_MAX).await?.rows;
        if rows.is_empty() {
            return Ok(count);
        }
        for row in rows {
            let record = Record::Document(document(row)?);
            lines.write(&record).await?;
            count += 1;
            if let Record::Document(last) = record {
                after = Some(last);
            }
        }
    }
}

async fn write_changes(lines: &mut Lines, session: &mut dyn Session) -> Result<u64> {
    let mut count = 0;
    let mut after = 0_u64;
    loop {
        let mut sql = Sql::new("SELECT ");
        sql.push(rows::CHANGE).push(" FROM changes c WHERE c.position > $1 ORDER BY c.position LIMIT $2");
        let rows = session.rows_within(sql.arg(after).arg(BATCH), BATCH_BYTES_MAX).await?.rows;
        if rows.is_empty() {
            return Ok(count);
        }
        for row in rows {
            let record = change(row)?;
            after = record.position;
            lines.write(&Record::Change(record)).await?;
            count += 1;
        }
    }
}

fn document(mut row: Row) -> Result<DocumentRecord> {
    Ok(DocumentRecord {
        tenant: tenant(&mut row)?,
        collection: row.text()?,
        id: row.text()?,
        version: row.unsigned()?,
        etag: row.text()?,
        created: row.integer()?,
        modified: row.integer()?,
        modified_by: row.text()?,
        body: raw(row.text()?)?,
    })
}

fn change(mut row: Row) -> Result<ChangeRecord> {
    Ok(ChangeRecord {
        position: row.unsigned()?,
        tenant: tenant(&mut row)?,
        collection: row.text()?,
        id: row.text()?,
        version: row.unsigned()?,
        etag_before: row.optional_text()?,
        etag_after: row.optional_text()?,
        at: row.integer()?,
        author: row.text()?,
        reason: row.optional_text()?,
        body: row.optional_text()?.map(raw).transpose()?,
    })
}

fn tenant(row: &mut Row) -> Result<TenantId> {
    let tenant = row.text()?;
    tenant.parse().map_err(|_| Error::corrupt(format!("the tenant of a document is `{tenant}`")))
}

fn raw(text: String) -> Result<Box<RawValue>> {
    RawValue::from_string(text).map_err(|error| Error::corrupt(format!("the body of a document: {error}")))
}

/// The file under its temporary name, which goes away if the backup fails.
struct Partial(PathBuf);

impl Partial {
    fn beside(path: &Path) -> Self {
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        Self(name.into())
    }

    /// Gives the file its name, durably.
    fn keep_as(self, path: &Path) -> Result<()> {
        fs::rename(&self.0, path).map_err(|error| failed(path, error))?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed(path, error))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After a success it has another name, and there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}

/// Lines on their way into a file.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    crc32: crc32fast::Hasher,
    line: Vec<u8>,
}

impl Lines {
    async fn create(path: &Path) -> Result<Self> {
        // There are secrets in it, so it is for its owner only.
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path).await;
        let file = file.map_err(|error| failed(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(1 << 16, file),
            crc32: crc32fast::Hasher::new(),
            line: Vec::new(),
        })
    }

    async fn write(&mut self, record: &Record) -> Result<()> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record).expect("a record can be written as JSON");
        self.line.push(b'\n');
        self.crc32.update(&self.line);
        self.file.write_all(&self.line).await.map_err(|error| failed(&self.path, error))
    }

    async fn finish(mut self) -> Result<()> {
        self.file.flush().await.map_err(|error| failed(&self.path, error))?;
        self.file.get_ref().sync_all().await.map_err(|error| failed(&self.path, error))
    }
}

fn failed(path: &Path, error: io::Error) -> Error {
    Error::Unavailable {
        reason: format!("can't write `{}`: {error}", path.display()),
        source: Some(Box::new(error)),
    }
}
