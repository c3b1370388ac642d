//! What the decoders' tests share: rows shown as JSON lines, and fixtures with their expected rows.
//!
//! A fixture is a file under `fixtures/<format>/`; beside it `<file>.rows` has the rows it must give, one
//! JSON object a line. `UPDATE_FIXTURES=1 cargo test` rewrites those; review the difference.

use std::{env, fs, path::Path, sync::Arc};

use arrow_array::{Array, cast::AsArray, types};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;

use crate::{
    Catalog, ColumnType, SignalBatch, Table, TenantId,
    decode::{Counts, Format, Limits, Output, Session},
    dynamic, schema, time,
};

/// The rows of a batch: the table's name, then the columns that have a value, in the table's order,
/// without those that differ from run to run.
pub fn rows(batch: &SignalBatch) -> Vec<String> {
    (0..batch.rows.num_rows()).map(|row| show(batch, row)).collect()
}

/// Decodes `bytes`, cut at the given places, all at once or as a stream would bring them.
pub fn decode(format: &'static Format, bytes: &[u8], cuts: &[usize]) -> (Vec<String>, Counts) {
    decode_with(format, bytes, cuts, Limits::default(), None)
}

/// As [`decode`], with limits and the table that generic formats fill.
pub fn decode_with(
    format: &'static Format,
    bytes: &[u8],
    cuts: &[usize],
    limits: Limits,
    table: Option<Arc<Table>>,
) -> (Vec<String>, Counts) {
    let catalog = Arc::new(Catalog::new());
    let mut session = Session::new(catalog, TenantId::new(uuid::Uuid::nil()), "test");
    (session.table, session.limits) = (table, limits);
    let session = Arc::new(session);
    let mut out = Output::new(session.clone(), format.name);
    let mut decoder = (format.open)(&session);
    let mut batches = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        decoder.push(from as u64, &bytes[from..to], &mut out);
        batches.extend(out.take());
        from = to;
    }
    decoder.finish(&mut out);
    batches.extend(out.flush());
    (batches.iter().flat_map(rows).collect(), out.take_counts())
}

/// Checks every fixture of a format: its expected rows, and that they stay the same however the file is
/// cut into pieces.
pub fn check_fixtures(format: &'static Format) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "rows"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no fixture", folder.display());
    for file in files {
        let bytes = fs::read(&file).expect("a readable fixture");
        let (mut whole, counts) = decode(format, &bytes, &[]);
        whole.sort();
        check_expected(&file, &whole);
        let records = counts.records + counts.dead_letter_count();
        assert!(records > 0, "{}: nothing was decoded", file.display());
        let step = (bytes.len() / 400).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            let later = cut + (bytes.len() - cut) / 3;
            let (mut pieces, _) = decode(format, &bytes, &[cut, later]);
            pieces.sort();
            assert_eq!(pieces, whole, "{} cut at {cut} and {later}", file.display());
        }
    }
}

fn check_expected(file: &Path, rows: &[String]) {
    let mut expected_file = file.as_os_str().to_owned();
    expected_file.push(".rows");
    let text: String = rows.iter().flat_map(|row| [row, "\n"]).collect();
    if env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&expected_file, &text).expect("a writable fixture folder");
    }
    let expected = fs::read_to_string(&expected_file).unwrap_or_default();
    for (line, (got, wanted)) in text.lines().zip(expected.lines()).enumerate() {
        assert_eq!(got, wanted, "{}, row {}", file.display(), line + 1);
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "{}: number of rows", file.display());
}

fn show(batch: &SignalBatch, row: usize) -> String {
    let mut object = dynamic::ObjectWriter::default();
    object.string("Table", &batch.table);
    for (field, array) in batch.rows.schema().fields().iter().zip(batch.rows.columns()) {
        let name = field.name();
        if array.is_null(row) || name == schema::TIME_RECEIVED || name == "DeadLetterId" {
            continue;
        }
        match array.data_type() {
            DataType::Utf8View => {
                let text = array.as_string_view().value(row);
                match ColumnType::of(field) {
                    Some(ColumnType::Dynamic) => object.raw(name, text),
                    _ => object.string(name, text),
                }
            }
            DataType::Timestamp(..) => {
                let micros = array.as_primitive::<types::TimestampMicrosecondType>().value(row);
                object.string(name, &time::format_datetime(micros));
            }
            _ => {
                let shown = ArrayFormatter::try_new(array, &FormatOptions::default())
                    .expect("a column of a simple type")
                    .value(row)
                    .to_string();
                object.raw(name, &shown);
            }
        }
    }
    object.finish(str::to_owned)
}
