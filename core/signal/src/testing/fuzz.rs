//! What every decoder is held to for any bytes at all: called by the targets of the workspace `fuzz`.
//!
//! Beyond not panicking: the rows are the same however the input is cut, values of dynamic columns are JSON,
//! rows and dead letters take no more memory than the input explains. Whether a record was lost depends on
//! the format, so each target asks [`Decoded`] that itself.

use std::sync::Arc;

use super::{RECEIVED, Setting, rows};
use crate::{
    SignalBatch,
    decode::{self, Counts, Decoder, Output, Sample, Session},
};

/// What came of an input.
pub struct Decoded<'a> {
    input: &'a [u8],
    pub rows: Vec<String>,
    pub counts: Counts,
}

/// Bytes of rows that are explained by anything: builders begin with some room.
const MEMORY_BASE: usize = 64 << 20;
/// Bytes of rows for each byte of input.
const MEMORY_RATIO: usize = 512;

/// Decodes the input as the format, and checks what holds for all formats.
pub fn decode<'a>(format: &str, input: &'a [u8]) -> Decoded<'a> {
    let format = decode::format(format).expect("a format of the list");
    (format.guess)(&Sample { name: "", bytes: &input[..input.len().min(64 << 10)], table: None });
    decode_by(format.open, input)
}

/// As [`decode`], with a decoder that is no format of its own.
pub fn decode_by(open: impl Fn(&Arc<Session>) -> Box<dyn Decoder>, input: &[u8]) -> Decoded<'_> {
    let (batches, counts) = run(&open, input, &[]);
    let memory: usize = batches.iter().map(|batch| batch.rows.get_array_memory_size()).sum();
    assert!(memory <= MEMORY_BASE + MEMORY_RATIO * input.len(), "{memory} bytes of {}", input.len());
    let whole = sorted(&batches);
    for row in &whole {
        serde_json::from_str::<serde_json::Value>(row).unwrap_or_else(|error| panic!("{error}: {row}"));
    }
    for cuts in [cuts(input, 1), cuts(input, 7)] {
        let (batches, other) = run(&open, input, &cuts);
        assert_eq!(sorted(&batches), whole, "cut at {cuts:?}");
        assert_eq!(other, counts, "cut at {cuts:?}");
    }
    let dead_letters = whole.iter().filter(|row| row.starts_with(r#"{"Table":"PhalanxDeadLetter""#)).count();
    assert!(dead_letters as u64 >= counts.dead_letter_count(), "dead letters are counted and not kept");
    Decoded { input, rows: whole, counts }
}

impl Decoded<'_> {
    /// Records that became rows, and dead letters.
    pub fn units(&self) -> u64 {
        self.counts.records + self.counts.dead_letter_count()
    }

    /// The input, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.input).ok()
    }

    /// Lines with more than white space and NULs.
    pub fn lines(&self) -> u64 {
        let input = self.input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(self.input);
        let is_blank = |line: &&[u8]| line.iter().all(|byte| matches!(byte, b'\r' | 0));
        input.split(|byte| *byte == b'\n').filter(|line| !is_blank(line)).count() as u64
    }

    /// Lines, if each is a JSON object and none can be a wrapper around records; else 0.
    pub fn object_lines(&self) -> u64 {
        let Some(text) = self.text().filter(|text| !text.contains('[')) else { return 0 };
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_ascii().is_empty()).collect();
        let is_object = |line: &&str| {
            serde_json::from_str::<serde_json::Value>(line).is_ok_and(|value| value.is_object())
        };
        if lines.iter().all(is_object) { lines.len() as u64 } else { 0 }
    }

    /// Whether the input is lines of letters, digits, commas and spaces.
    pub fn is_plain(&self) -> bool {
        self.input.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'\n' | b',' | b' '))
    }
}

/// An event log file of one chunk made of the input, and how many records it has for sure. An input that
/// begins with an odd byte is divided into records, each with its length before it; another one stands
/// where records should be as it is.
pub fn event_log(input: &[u8]) -> (Vec<u8>, u64) {
    const HEAD: usize = 512;
    const CHUNK: usize = 65_536;
    let (mode, input) = input.split_first().map_or((0, input), |(mode, rest)| (*mode, rest));
    let mut content = Vec::new();
    let mut records: u64 = 0;
    let mut rest = input;
    while mode % 2 == 1
        && let [low, high, behind @ ..] = rest
    {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(behind.len());
        let size = (24 + length + 4) as u32;
        if HEAD + content.len() + size as usize > CHUNK {
            break;
        }
        let (binary_xml, next) = behind.split_at(length);
        content.extend_from_slice(b"**\0\0");
        content.extend_from_slice(&size.to_le_bytes());
        content.extend_from_slice(&(records + 1).to_le_bytes());
        content.extend_from_slice(&132_223_958_451_234_560_u64.to_le_bytes());
        content.extend_from_slice(binary_xml);
        content.extend_from_slice(&size.to_le_bytes());
        records += 1;
        rest = next;
    }
    if mode % 2 == 0 {
        content.extend_from_slice(&input[..input.len().min(CHUNK - HEAD)]);
    }
    let mut file = vec![0; 4096];
    file[..8].copy_from_slice(b"ElfFile\0");
    let mut chunk = vec![0; CHUNK];
    chunk[..8].copy_from_slice(b"ElfChnk\0");
    chunk[48..52].copy_from_slice(&((HEAD + content.len()) as u32).to_le_bytes());
    // The flag that says that there are no checksums.
    chunk[120] = 4;
    chunk[HEAD..HEAD + content.len()].copy_from_slice(&content);
    file.extend(chunk);
    (file, records)
}

fn run(
    open: &impl Fn(&Arc<Session>) -> Box<dyn Decoder>,
    input: &[u8],
    cuts: &[usize],
) -> (Vec<SignalBatch>, Counts) {
    let session = Setting::default().session();
    let mut out = Output::new(session.clone(), "fuzz");
    out.set_received(RECEIVED);
    let mut decoder = open(&session);
    let (mut batches, mut from) = (Vec::new(), 0);
    for to in cuts.iter().copied().chain([input.len()]) {
        decoder.push(from as u64, &input[from..to], &mut out);
        batches.extend(out.take());
        from = to;
    }
    decoder.finish(&mut out);
    batches.extend(out.flush());
    (batches, out.take_counts())
}

fn sorted(batches: &[SignalBatch]) -> Vec<String> {
    let mut all: Vec<String> = batches.iter().flat_map(rows).collect();
    all.sort();
    all
}

/// Some places to cut at, always the same for an input.
fn cuts(input: &[u8], pieces: usize) -> Vec<usize> {
    let mut state = u64::from(crc32fast::hash(input)) | 1;
    let mut cuts: Vec<usize> = (0..pieces)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % (input.len() + 1)
        })
        .collect();
    cuts.sort_unstable();
    cuts
}
