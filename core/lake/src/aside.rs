//! Rows that can't go to their table for now, kept beside it.
//!
//! A table that the catalog does not know, rows that do not fit it, a table whose log is damaged: none of
//! these may stop the lake from consuming the journal, for then no table would get rows any more, and in the
//! end senders would be refused. Such rows are written to files of their own, durably, before the journal is
//! told that they are consumed. They are counted and reported, and not seen by queries.
//!
//! They are taken back when the lake is opened next, if the reason has gone by then. Not earlier: only then
//! is it certain that the journal will not give the same rows once more.
//!
//! `_aside/{tenant}/{table}/range-{first}-{last}.parquet` holds all rows of the table between two entries,
//! `entry-{position}-{n}.parquet` the n-th batch of an entry; it may be written again by a replay.

use bytes::Bytes;
use object_store::path::Path;
use parquet::{
    arrow::{ArrowWriter, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};
use phalanx_journal::Position;
use phalanx_signal::TenantId;

use arrow_array::RecordBatch;

use crate::{LakeError, store::LakeStore};

const FOLDER: &str = "_aside";

/// Rows that have been set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aside {
    pub tenant: TenantId,
    pub table: String,
    /// The file's name without its ending; unique within the table.
    pub name: String,
    /// The last entry that rows are from.
    pub last: Position,
    /// Whether these are all rows that the table had up to `last`.
    pub is_range: bool,
    path: Path,
}

impl Aside {
    /// The table's rows of the entries from `first` to `last`.
    pub fn range(tenant: TenantId, table: &str, first: Position, last: Position) -> Self {
        Self::new(tenant, table, format!("range-{:020}-{:020}", first.0, last.0), last, true)
    }

    /// A batch of an entry.
    pub fn entry(tenant: TenantId, table: &str, position: Position, batch: usize) -> Self {
        Self::new(tenant, table, format!("entry-{:020}-{batch}", position.0), position, false)
    }

    fn new(tenant: TenantId, table: &str, name: String, last: Position, is_range: bool) -> Self {
        let folder = Path::from(FOLDER).join(tenant.to_string()).join(table);
        let path = folder.join(format!("{name}.parquet"));
        Self { tenant, table: table.to_owned(), name, last, is_range, path }
    }

    fn parse(path: &Path) -> Option<Self> {
        let mut parts = path.parts().skip(1);
        let (tenant, table, file) = (parts.next()?, parts.next()?, parts.next()?);
        let name = file.as_ref().strip_suffix(".parquet")?;
        let mut numbers = name.split('-');
        let is_range = match numbers.next()? {
            "range" => true,
            "entry" => false,
            _ => return None,
        };
        let (first, second) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
        Some(Self {
            tenant: tenant.as_ref().parse().ok()?,
            table: table.as_ref().to_owned(),
            name: name.to_owned(),
            last: Position(if is_range { second } else { first }),
            is_range,
            path: path.clone(),
        })
    }

    /// Everything that is aside.
    pub async fn list(store: &LakeStore) -> Result<Vec<Self>, LakeError> {
        let objects = store.list_all(&Path::from(FOLDER)).await?;
        Ok(objects.iter().filter_map(|object| Self::parse(&object.location)).collect())
    }

    /// Keeps rows, durably. All have the same columns.
    pub async fn write(&self, store: &LakeStore, rows: &[RecordBatch]) -> Result<(), LakeError> {
        let Some(schema) = rows.first().map(RecordBatch::schema) else { return Ok(()) };
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?)).build();
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, Some(properties))?;
        for batch in rows {
            writer.write(batch)?;
        }
        store.write(&self.path, writer.into_inner()?.into()).await
    }

    /// The rows.
    pub async fn read(&self, store: &LakeStore) -> Result<Vec<RecordBatch>, LakeError> {
        let bytes: Bytes = store.read(&self.path).await?.unwrap_or_default();
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?.with_batch_size(8_192).build()?;
        Ok(reader.collect::<Result<_, _>>()?)
    }

    /// Copies the file into a folder that stands for the lake's root.
    pub async fn copy(&self, store: &LakeStore, target: &std::path::Path) -> Result<(), LakeError> {
        let bytes = store.read(&self.path).await?.unwrap_or_default();
        let to = self.path.parts().fold(target.to_owned(), |folder, part| folder.join(part.as_ref()));
        let folder = to.parent().unwrap_or(target);
        std::fs::create_dir_all(folder).map_err(LakeError::io("create", folder))?;
        std::fs::write(&to, &bytes).map_err(LakeError::io("write", &to))
    }

    pub async fn delete(&self, store: &LakeStore) -> Result<(), LakeError> {
        store.delete(&self.path).await
    }
}
