//! What every decoder is held to, over the fixtures of its format.
//!
//! A fixture is a file under `fixtures/<format>/`; beside it `<file>.rows` has the rows it must give, one
//! JSON object a line, and `<file>.session`, if it is there, what the sender says, as a [`Setting`] in
//! JSON. `UPDATE_FIXTURES=1 cargo test` rewrites the rows; review the difference.

pub mod fuzz;

use std::{
    env, fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{Array, cast::AsArray, types};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_schema::DataType;
use serde::Deserialize;

use crate::{
    Catalog, ColumnType, SignalBatch, Table, TenantId,
    decode::{Counts, Format, Limits, Output, Sample, Session, guess},
    dynamic,
    schema::{self, TableDeclaration},
    time,
};

/// When everything is received in tests: 2026-01-02T03:04:05.006007Z.
pub const RECEIVED: i64 = 1_767_323_045_006_007;

/// What a fixture's sender says, beside its bytes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Setting {
    /// Custom tables that exist.
    pub declare: Vec<TableDeclaration>,
    pub table: Option<String>,
    pub peer: Option<IpAddr>,
    pub collector: Option<String>,
    pub zone_seconds: i32,
    pub record_bytes: Option<usize>,
    /// The format that the file is taken for, where that is not the folder's.
    pub guess: Option<String>,
}

impl Setting {
    pub fn session(&self) -> Arc<Session> {
        let catalog = Arc::new(Catalog::new());
        for declaration in &self.declare {
            catalog.declare(declaration).expect("a valid declaration");
        }
        let mut session = Session::new(catalog.clone(), TenantId::new(uuid::Uuid::nil()), "test");
        session.table = self.table.as_deref().map(|name| catalog.require(name).expect("a known table"));
        session.peer = self.peer;
        session.collector = self.collector.as_deref().map(Arc::from);
        session.zone_seconds = self.zone_seconds;
        session.limits.record_bytes = self.record_bytes.unwrap_or(session.limits.record_bytes);
        Arc::new(session)
    }
}

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
    decode_in(format, &Arc::new(session), bytes, cuts)
}

/// As [`decode`], in a session.
pub fn decode_in(
    format: &'static Format,
    session: &Arc<Session>,
    bytes: &[u8],
    cuts: &[usize],
) -> (Vec<String>, Counts) {
    let (batches, counts) = batches_in(format, session, bytes, cuts);
    (batches.iter().flat_map(rows).collect(), counts)
}

/// The batches that `bytes`, pushed in pieces cut at the given places, give in a session.
pub fn batches_in(
    format: &'static Format,
    session: &Arc<Session>,
    bytes: &[u8],
    cuts: &[usize],
) -> (Vec<SignalBatch>, Counts) {
    let mut out = Output::new(session.clone(), format.name);
    out.set_received(RECEIVED);
    let mut decoder = (format.open)(session);
    let mut batches = Vec::new();
    let mut from = 0;
    for to in cuts.iter().copied().chain([bytes.len()]) {
        decoder.push(from as u64, &bytes[from..to], &mut out);
        batches.extend(out.take());
        from = to;
    }
    decoder.finish(&mut out);
    batches.extend(out.flush());
    (batches, out.take_counts())
}

/// A file of a format's fixture folder.
pub struct Fixture {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    pub setting: Setting,
}

/// The fixtures of a format, sorted by name.
pub fn fixtures(format: &Format) -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(format.name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_none_or(|end| end != "rows" && end != "session"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} has no fixture", folder.display());
    let fixture = |path: PathBuf| Fixture {
        bytes: fs::read(&path).expect("a readable fixture"),
        setting: fs::read(beside(&path, "session")).map_or_else(
            |_| Setting::default(),
            |json| serde_json::from_slice(&json).unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        ),
        path,
    };
    files.into_iter().map(fixture).collect()
}

/// Checks every fixture of a format: that it is recognised, its expected rows, and that they stay the
/// same however the file is cut into pieces.
pub fn check_fixtures(format: &'static Format) {
    for fixture in fixtures(format) {
        let shown = fixture.path.display();
        let expected = fixture.setting.guess.as_deref().unwrap_or(format.name);
        let guessed = guessed(&fixture).unwrap_or("nothing");
        assert_eq!(guessed, expected, "{shown}: what it is taken for");

        let bytes = &fixture.bytes;
        let session = || fixture.setting.session();
        let (mut whole, counts) = decode_in(format, &session(), bytes, &[]);
        whole.sort();
        check_expected(&fixture.path, &whole);
        let records = counts.records + counts.dead_letter_count();
        assert!(records > 0, "{shown}: nothing was decoded");
        let step = (bytes.len() / 400).max(1);
        for cut in (0..bytes.len()).step_by(step) {
            let later = cut + (bytes.len() - cut) / 3;
            let (mut pieces, piece_counts) = decode_in(format, &session(), bytes, &[cut, later]);
            pieces.sort();
            assert_eq!(pieces, whole, "{shown} cut at {cut} and {later}");
            assert_eq!(piece_counts, counts, "{shown} cut at {cut} and {later}");
        }
        if bytes.len() <= 64 << 10 {
            let everywhere: Vec<usize> = (1..bytes.len()).collect();
            let (mut pieces, _) = decode_in(format, &session(), bytes, &everywhere);
            pieces.sort();
            assert_eq!(pieces, whole, "{shown} byte by byte");
        }
    }
}

/// Decodes damaged copies of every fixture of a format, whole and in pieces: no panic, and the same rows
/// either way. The damage is the same in each run.
pub fn check_damaged(format: &'static Format, rounds: u64) {
    for fixture in fixtures(format) {
        for seed in 0..rounds {
            let bytes = damaged(&fixture.bytes, seed);
            let middle = bytes.len() / 2;
            let (mut whole, _) = decode_in(format, &fixture.setting.session(), &bytes, &[]);
            let (mut halves, _) =
                decode_in(format, &fixture.setting.session(), &bytes, &[middle / 2, middle]);
            whole.sort();
            halves.sort();
            assert_eq!(halves, whole, "{} with damage {seed}", fixture.path.display());
        }
    }
}

/// A copy of `bytes` with some of them changed, lost or doubled.
pub fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % limit.max(1) as u64) as usize
    };
    // Long fixtures are mostly repetition; a part is damaged as well and decoded faster.
    let from = if bytes.len() > 100_000 { below(bytes.len() - 80_000) } else { 0 };
    let mut bytes = bytes[from..bytes.len().min(from + 80_000)].to_vec();
    for _ in 0..=below(6) {
        let (at, length) = (below(bytes.len()), below(20));
        let end = (at + length).min(bytes.len());
        match below(6) {
            0 => bytes.truncate(at.max(1)),
            1 => drop(bytes.drain(at..end)),
            2 => bytes.insert(at, b"\"\\{}[]<>=|\n\x1d\xff,: "[below(16)]),
            3 => bytes.extend_from_within(at..end),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << below(8);
                }
            }
        }
    }
    bytes
}

fn guessed(fixture: &Fixture) -> Option<&'static str> {
    let name = fixture.path.file_name()?.to_str()?.to_lowercase();
    let bytes = &fixture.bytes[..fixture.bytes.len().min(64 << 10)];
    let sample = Sample { name: &name, bytes, table: fixture.setting.table.as_deref() };
    guess(&sample).map(|(format, _)| format.name)
}

fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

fn check_expected(file: &Path, rows: &[String]) {
    let expected_file = beside(file, "rows");
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

/// The files of public corpora with the given extension, where `PHALANX_CORPORA` names a folder that
/// holds such; none otherwise.
pub fn corpora(extension: &str) -> Vec<std::path::PathBuf> {
    let Some(root) = env::var_os("PHALANX_CORPORA") else { return Vec::new() };
    let (mut files, mut folders) = (Vec::new(), vec![std::path::PathBuf::from(root)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|known| known == extension) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
