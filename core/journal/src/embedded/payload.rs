//! Batches as bytes and back: encoding 1.
//!
//! Each batch is an Arrow IPC stream without compression; all streams of an entry are compressed together
//! as one LZ4 block. An IPC stream repeats its schema, and compressing the whole makes that cheap: a
//! batch of one row takes a third of what Arrow's own per-buffer LZ4 needs, and every record stays
//! readable on its own, whatever happened to its neighbours (docs/decisions/0002).
//!
//! Decompressed: the number of batches (u32), then for each batch the tenant (16 bytes), the length of
//! the table's name (u16), the name, the length of the stream (u32), zeros up to a multiple of 16 bytes,
//! and the stream. Read back, the arrays are slices of the one decompressed buffer.

use std::{borrow::Cow, panic, sync::Arc};

use arrow_array::{
    Array, ArrayRef, RecordBatch, RecordBatchOptions,
    cast::AsArray,
    types::{BinaryViewType, ByteViewType, StringViewType},
};
use arrow_buffer::Buffer;
use arrow_ipc::{
    MetadataVersion,
    reader::StreamDecoder,
    writer::{IpcWriteOptions, StreamWriter},
};
use arrow_schema::{ArrowError, DataType};
use phalanx_signal::{SignalBatch, TenantId};
use uuid::Uuid;

use super::format::RECORD_HEADER_BYTES;
use crate::entry::{batches_memory, structure_memory};

/// Arrays wider than this are 16 bytes an item (views, decimals), so they need no copy when read.
const ALIGNMENT: usize = 16;
/// A byte of an LZ4 block stands for at most so many.
const LZ4_RATIO_MAX: usize = 255;

/// An entry ready to be written.
#[derive(Debug)]
pub struct Encoded {
    /// Room for the record header, then the payload.
    pub record: Vec<u8>,
    pub payload_crc: u32,
    pub raw_bytes: u32,
    /// The batches that readers get from memory, holding little more than their contents.
    pub batches: Vec<SignalBatch>,
    /// Bytes of memory that they hold.
    pub memory: usize,
}

/// Encodes and compresses.
pub fn encode(batches: Vec<SignalBatch>) -> Result<Encoded, ArrowError> {
    let raw = encode_raw(&batches)?;
    let raw_bytes =
        u32::try_from(raw.len()).map_err(|_| ArrowError::IpcError("an entry is larger than 4 GiB".into()))?;
    let mut record = vec![0; RECORD_HEADER_BYTES + lz4_flex::block::get_maximum_output_size(raw.len())];
    let payload = lz4_flex::block::compress_into(&raw, &mut record[RECORD_HEADER_BYTES..])
        .map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
    record.truncate(RECORD_HEADER_BYTES + payload);
    record.shrink_to_fit();
    let payload_crc = crc32fast::hash(&record[RECORD_HEADER_BYTES..]);
    let (batches, memory) = compact(batches, raw)?;
    Ok(Encoded { record, payload_crc, raw_bytes, batches, memory })
}

/// Reads a payload whose checksum was right. Says how much memory the batches hold together.
pub fn decode(payload: &[u8], raw_bytes: u32) -> Result<(Vec<SignalBatch>, usize), ArrowError> {
    let raw_bytes = raw_bytes as usize;
    // No LZ4 block becomes larger than this, so a wrong number costs no memory.
    if raw_bytes > payload.len().saturating_mul(LZ4_RATIO_MAX) {
        return Err(ArrowError::IpcError("the payload is too short for what it should hold".into()));
    }
    let raw = lz4_flex::block::decompress(payload, raw_bytes)
        .map_err(|error| ArrowError::ExternalError(Box::new(error)))?;
    if raw.len() != raw_bytes {
        return Err(ArrowError::IpcError("the payload holds less than it should".into()));
    }
    // Arrow checks much of what it reads and panics over the rest (buffers beyond the end of a message). An
    // entry that does that would otherwise stop its consumers for good.
    let batches = panic::catch_unwind(|| decode_raw(raw))
        .map_err(|_| ArrowError::IpcError("the payload is no valid Arrow data".into()))??;
    let memory = raw_bytes + structure_memory(&batches);
    Ok((batches, memory))
}

/// Bytes that the contents of batches take, schemas included, however much memory their buffers hold.
pub fn content_bytes(batches: &[SignalBatch]) -> usize {
    let column = |array: &ArrayRef| match array.data_type() {
        DataType::Utf8View => view_bytes(array.as_string_view()),
        DataType::BinaryView => view_bytes(array.as_binary_view()),
        _ => array.to_data().get_slice_memory_size().unwrap_or_else(|_| array.get_array_memory_size()),
    };
    // What a schema takes as a message, roughly.
    let schema = |batch: &SignalBatch| 256 + 160 * batch.rows.num_columns();
    let contents = |batch: &SignalBatch| batch.rows.columns().iter().map(column).sum::<usize>();
    batches.iter().map(|batch| schema(batch) + contents(batch)).sum()
}

fn view_bytes<T: ByteViewType>(array: &arrow_array::GenericByteViewArray<T>) -> usize {
    array.len() * 16 + array.total_buffer_bytes_used()
}

pub(super) fn encode_raw(batches: &[SignalBatch]) -> Result<Vec<u8>, ArrowError> {
    let options = IpcWriteOptions::try_new(ALIGNMENT, false, MetadataVersion::V5)?;
    let mut raw = Vec::with_capacity(content_bytes(batches) + 1_024);
    raw.extend_from_slice(&(batches.len() as u32).to_le_bytes());
    for batch in batches {
        let name = u16::try_from(batch.table.len())
            .map_err(|_| ArrowError::IpcError("a table's name is longer than 64 KiB".into()))?;
        raw.extend_from_slice(batch.tenant.as_uuid().as_bytes());
        raw.extend_from_slice(&name.to_le_bytes());
        raw.extend_from_slice(batch.table.as_bytes());
        let length_at = raw.len();
        raw.extend_from_slice(&[0; 4]);
        raw.resize(raw.len().next_multiple_of(ALIGNMENT), 0);
        let start = raw.len();
        let rows = without_dead_text(&batch.rows)?;
        let mut stream = StreamWriter::try_new_with_options(raw, &rows.schema(), options.clone())?;
        stream.write(&rows)?;
        stream.finish()?;
        raw = stream.into_inner()?;
        let length = u32::try_from(raw.len() - start)
            .map_err(|_| ArrowError::IpcError("a batch is larger than 4 GiB".into()))?;
        raw[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
    }
    Ok(raw)
}

/// A slice of a view array keeps, and IPC would write, the text of all the rows it was cut from.
fn without_dead_text(rows: &RecordBatch) -> Result<Cow<'_, RecordBatch>, ArrowError> {
    fn live<T: ByteViewType>(array: &ArrayRef) -> Option<ArrayRef> {
        let array = array.as_byte_view::<T>();
        let held: usize = array.data_buffers().iter().map(|buffer| buffer.len()).sum();
        (held > 2 * array.total_buffer_bytes_used()).then(|| Arc::new(array.gc()) as ArrayRef)
    }
    let mut columns = Cow::Borrowed(rows.columns());
    for (at, column) in rows.columns().iter().enumerate() {
        let live = match column.data_type() {
            DataType::Utf8View => live::<StringViewType>(column),
            DataType::BinaryView => live::<BinaryViewType>(column),
            _ => None,
        };
        if let Some(live) = live {
            columns.to_mut()[at] = live;
        }
    }
    match columns {
        Cow::Borrowed(_) => Ok(Cow::Borrowed(rows)),
        Cow::Owned(columns) => {
            let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
            RecordBatch::try_new_with_options(rows.schema(), columns, &options).map(Cow::Owned)
        }
    }
}

/// The batches as readers get them. Builders reserve room for a thousand rows and slices hold their
/// whole origin; where that is more than twice the contents, the encoded bytes serve as the batches.
fn compact(batches: Vec<SignalBatch>, raw: Vec<u8>) -> Result<(Vec<SignalBatch>, usize), ArrowError> {
    let held = batches_memory(&batches);
    let compacted = raw.len() + structure_memory(&batches);
    if held <= compacted.saturating_mul(2) {
        return Ok((batches, held));
    }
    let mut raw = raw;
    raw.shrink_to_fit();
    Ok((decode_raw(raw)?, compacted))
}

fn decode_raw(raw: Vec<u8>) -> Result<Vec<SignalBatch>, ArrowError> {
    let mut raw = Cut { rest: Buffer::from_vec(raw), taken: 0 };
    let count = u32::from_le_bytes(raw.array()?);
    // The count is not believed for an allocation: the batches must be there.
    let mut batches = Vec::new();
    for _ in 0..count {
        let tenant = TenantId::new(Uuid::from_bytes(raw.array()?));
        let name = u16::from_le_bytes(raw.array()?);
        let name = raw.take(name.into())?;
        let table =
            str::from_utf8(&name).map_err(|_| ArrowError::IpcError("a table's name is not UTF-8".into()))?;
        let table = Arc::from(table);
        let length = u32::from_le_bytes(raw.array()?);
        raw.take(raw.taken.next_multiple_of(ALIGNMENT) - raw.taken)?;
        let mut stream = raw.take(length as usize)?;
        let rows = StreamDecoder::new()
            .decode(&mut stream)?
            .ok_or_else(|| ArrowError::IpcError("a stream has no batch".into()))?;
        batches.push(SignalBatch { tenant, table, rows });
    }
    Ok(batches)
}

/// A buffer that is taken apart from the front, without copies.
struct Cut {
    rest: Buffer,
    taken: usize,
}

impl Cut {
    fn take(&mut self, bytes: usize) -> Result<Buffer, ArrowError> {
        if bytes > self.rest.len() {
            return Err(ArrowError::IpcError("the payload ends too early".into()));
        }
        let part = self.rest.slice_with_length(0, bytes);
        self.rest.advance(bytes);
        self.taken += bytes;
        Ok(part)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ArrowError> {
        Ok(*self.take(N)?.first_chunk().expect("`take` gave as many bytes"))
    }
}
