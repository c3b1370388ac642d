//! Where decoders write: rows per table, dead letters, and counts.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Display,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{Catalog, Row, RowsBuilder, SignalBatch, Table, TenantId, schema::DEAD_LETTER_TABLE};

/// Bounds on what a decoder holds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest record (a line, an event) that is decoded; longer ones are dead letters. In bytes.
    pub record_bytes: usize,
    /// Rows of a batch before it is handed on.
    pub batch_rows: usize,
    /// Bytes of a batch before it is handed on.
    pub batch_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 1 << 20, batch_rows: 8_192, batch_bytes: 4 << 20 }
    }
}

/// What all decoding of one source shares. Made by [`Session::new`]; what it leaves open may be set.
pub struct Session {
    pub catalog: Arc<Catalog>,
    pub tenant: TenantId,
    /// Where the bytes come from, for people: a file's path, `syslog tcp 10.0.0.7:514`, a stream's name.
    pub source: Arc<str>,
    /// The table that generic formats (CSV, JSON lines) fill, if the sender named one.
    pub table: Option<Arc<Table>>,
    pub limits: Limits,
    /// The address of the sender, for what comes over the network.
    pub peer: Option<IpAddr>,
    /// The name of the host that this Phalanx runs on.
    pub collector: Option<Arc<str>>,
    /// Seconds east of UTC for times that name no zone of their own (RFC 3164).
    pub zone_seconds: i32,
    /// The table that the columns of a generic source's first records tell, once they have told it.
    pub(super) guessed: OnceLock<Arc<Table>>,
}

impl Session {
    pub fn new(catalog: Arc<Catalog>, tenant: TenantId, source: impl Into<Arc<str>>) -> Self {
        Self {
            catalog,
            tenant,
            source: source.into(),
            table: None,
            limits: Limits::default(),
            peer: None,
            collector: None,
            zone_seconds: 0,
            guessed: OnceLock::new(),
        }
    }
}

/// Input that no decoder could read, as it is handed on for display; its row keeps it whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    pub offset: u64,
    pub bytes: usize,
    pub reason: String,
}

/// What was decoded, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records of the source that became rows (a record may become rows of two tables).
    pub records: u64,
    /// Rows per table.
    pub rows: BTreeMap<Arc<str>, u64>,
    /// Dead letters per reason, with the first of each.
    pub dead_letters: BTreeMap<String, (u64, DeadLetter)>,
}

impl Counts {
    /// Adds what another decoder of the same source counted.
    pub fn add(&mut self, other: &Counts) {
        self.records += other.records;
        for (table, rows) in &other.rows {
            *self.rows.entry(table.clone()).or_default() += rows;
        }
        for (reason, (count, first)) in &other.dead_letters {
            let (total, kept) = self.dead_letters.entry(reason.clone()).or_insert_with(|| (0, first.clone()));
            *total += count;
            if first.offset < kept.offset {
                kept.clone_from(first);
            }
        }
    }

    pub fn dead_letter_count(&self) -> u64 {
        self.dead_letters.values().map(|(count, _)| count).sum()
    }
}

/// The rows that a decoder makes. Batches that are full are taken with [`Output::take`] after each push.
pub struct Output {
    session: Arc<Session>,
    format: &'static str,
    received: i64,
    builders: Vec<RowsBuilder>,
    by_name: HashMap<Arc<str>, usize>,
    ready: Vec<SignalBatch>,
    counts: Counts,
    /// What dead letters can't be decoded without.
    header: Vec<u8>,
}

/// Bytes of a header that are kept with each dead letter of its source, at most.
const HEADER_MAX: usize = 16 << 10;

/// Distinct dead-letter reasons that are counted apart; further ones are counted together.
const REASONS_MAX: usize = 100;

/// A place in [`Output`] for rows of one table, so that a decoder looks a table up once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSlot(usize);

impl Output {
    /// `format` is the name of the decoder that writes here.
    pub fn new(session: Arc<Session>, format: &'static str) -> Self {
        Self {
            session,
            format,
            received: 0,
            builders: Vec::new(),
            by_name: HashMap::new(),
            ready: Vec::new(),
            counts: Counts::default(),
            header: Vec::new(),
        }
    }

    pub fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// The following rows come from another source of the same tenant and catalog: a listener writes
    /// what all its connections bring to one output.
    pub fn set_session(&mut self, session: Arc<Session>) {
        self.session = session;
        self.header.clear();
    }

    /// Lines of the source without which a decoder makes nothing of those that follow, each with its line
    /// feed. They are kept with each dead letter, for a replay; not if they are longer than 16 KiB.
    pub fn set_header(&mut self, lines: &[u8]) {
        self.header.clear();
        if lines.len() <= HEADER_MAX {
            self.header.extend_from_slice(lines);
        }
    }

    /// The time of acceptance that the following rows get, in microseconds since 1970. The driver sets
    /// it before each push; decoders read no clock.
    pub fn set_received(&mut self, micros: i64) {
        self.received = micros;
    }

    pub fn received(&self) -> i64 {
        self.received
    }

    /// The slot of a table of the catalog; `None` if there is no such table.
    pub fn slot(&mut self, table: &str) -> Option<TableSlot> {
        if let Some(at) = self.by_name.get(table) {
            return Some(TableSlot(*at));
        }
        let table = self.session.catalog.table(table)?;
        Some(self.slot_of(&table))
    }

    /// The slot of a table.
    pub fn slot_of(&mut self, table: &Arc<Table>) -> TableSlot {
        if let Some(at) = self.by_name.get(table.name()) {
            return TableSlot(*at);
        }
        let at = self.builders.len();
        self.by_name.insert(table.name().clone(), at);
        self.builders.push(RowsBuilder::new(table.clone()));
        TableSlot(at)
    }

    pub fn table(&self, slot: TableSlot) -> &Arc<Table> {
        self.builders[slot.0].table()
    }

    /// Begins a row; it is complete when the [`Row`] is dropped.
    pub fn row(&mut self, slot: TableSlot) -> Row<'_> {
        let limits = self.session.limits;
        let builder = &mut self.builders[slot.0];
        if builder.len() >= limits.batch_rows || builder.bytes() >= limits.batch_bytes {
            count_rows(&mut self.counts, builder);
            self.ready.extend(builder.finish(self.session.tenant));
        }
        self.builders[slot.0].row(self.received)
    }

    /// Counts one decoded record of the source; its rows are written by [`Output::row`].
    pub fn record(&mut self) {
        self.counts.records += 1;
    }

    /// Keeps `raw`, found at `offset` in the source, as it could not be decoded. Input longer than the
    /// record limit is kept in several rows, numbered by `Part`.
    pub fn dead_letter(&mut self, offset: u64, raw: &[u8], reason: impl Display) {
        let reason = reason.to_string();
        let id = uuid::Uuid::new_v4().to_string();
        let limit = self.session.limits.record_bytes.max(1);
        let parts = raw.len().div_ceil(limit).max(1);
        self.count_dead_letter(offset, raw.len(), &reason);
        for part in 0..parts {
            let piece = &raw[part * limit..raw.len().min((part + 1) * limit)];
            self.dead_letter_part(&id, offset, (part, Some(parts)), piece, &reason);
        }
    }

    /// As [`Output::dead_letter`] for input too long to be held at once: the caller hands the pieces on
    /// as they come, under one id, `part` counting from 0. They are counted as one dead letter, whose
    /// size for display is the first piece's.
    pub fn dead_letter_piece(&mut self, id: &str, offset: u64, part: usize, piece: &[u8], reason: &str) {
        if part == 0 {
            self.count_dead_letter(offset, piece.len(), reason);
        }
        self.dead_letter_part(id, offset, (part, None), piece, reason);
    }

    /// The batches that are full.
    pub fn take(&mut self) -> Vec<SignalBatch> {
        std::mem::take(&mut self.ready)
    }

    /// All rows so far, full batches or not.
    pub fn flush(&mut self) -> Vec<SignalBatch> {
        for builder in &mut self.builders {
            count_rows(&mut self.counts, builder);
            self.ready.extend(builder.finish(self.session.tenant));
        }
        self.take()
    }

    /// Rows not yet taken.
    pub fn pending_rows(&self) -> usize {
        let ready: usize = self.ready.iter().map(|batch| batch.rows.num_rows()).sum();
        ready + self.builders.iter().map(RowsBuilder::len).sum::<usize>()
    }

    /// Bytes of the rows not yet taken, roughly.
    pub fn pending_bytes(&self) -> usize {
        let ready: usize = self.ready.iter().map(|batch| batch.rows.get_array_memory_size()).sum();
        ready + self.builders.iter().map(RowsBuilder::bytes).sum::<usize>()
    }

    /// What was counted; rows are counted when their batch is handed on.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Takes the counts, which begin again at nothing.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    fn count_dead_letter(&mut self, offset: u64, bytes: usize, reason: &str) {
        let letters = &mut self.counts.dead_letters;
        let reason = if letters.len() >= REASONS_MAX && !letters.contains_key(reason) {
            "other reasons"
        } else {
            reason
        };
        let first = || (0, DeadLetter { offset, bytes, reason: reason.to_owned() });
        letters.entry(reason.to_owned()).or_insert_with(first).0 += 1;
    }

    fn dead_letter_part(
        &mut self,
        id: &str,
        offset: u64,
        (part, parts): (usize, Option<usize>),
        piece: &[u8],
        reason: &str,
    ) {
        let slot = self.slot(DEAD_LETTER_TABLE).expect("the dead-letter table is built in");
        let (session, format) = (self.session.clone(), self.format);
        let header = String::from_utf8_lossy(&self.header).into_owned();
        let table = self.table(slot).clone();
        let at = |name| table.index_of(name).expect("a column of the dead-letter table");
        let mut row = self.row(slot);
        row.text(at("DeadLetterId"), id);
        row.text(at("Source"), &session.source);
        row.text(at("Format"), format);
        if let Some(target) = &session.table {
            row.text(at("TargetTable"), target.name());
        }
        row.text(at("Header"), &header);
        row.long(at("Offset"), offset as i64);
        row.long(at("Part"), part as i64);
        if let Some(parts) = parts {
            row.long(at("Parts"), parts as i64);
        }
        row.text(at("Reason"), reason);
        row.long(at("RawBytes"), piece.len() as i64);
        match std::str::from_utf8(piece) {
            Ok(text) => {
                row.text(at("Encoding"), "utf-8");
                row.text(at("Raw"), text);
            }
            Err(_) => {
                row.text(at("Encoding"), "base64");
                row.text(at("Raw"), &BASE64_STANDARD.encode(piece));
            }
        }
    }
}

fn count_rows(counts: &mut Counts, builder: &RowsBuilder) {
    if !builder.is_empty() {
        *counts.rows.entry(builder.table().name().clone()).or_default() += builder.len() as u64;
    }
}
