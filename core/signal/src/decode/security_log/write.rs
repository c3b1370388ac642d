//! From a record to its row.

use std::{borrow::Cow, sync::LazyLock};

use super::{Found, Kind, cef, keys, keys::Keys, leef, pattern};
use crate::{
    Catalog, Row,
    decode::{Output, Session, TableSlot, syslog::Calendar},
    time,
};

/// What is known about a record beside the record.
#[derive(Clone, Copy, Default)]
pub struct Envelope<'a> {
    /// The time of the syslog header.
    pub time: Option<i64>,
    /// The host of the syslog header, or the sender's address.
    pub computer: &'a str,
    pub collector: &'a str,
}

/// Writes rows of `CommonSecurityLog`. Belongs to one decoder.
pub struct SecurityLog {
    calendar: Calendar,
    zone_seconds: i64,
    slot: Option<TableSlot>,
    /// The current record's keys without a column.
    additional: String,
}

/// What the rows come from.
const SOURCE_SYSTEM: &str = "Linux";

impl SecurityLog {
    pub fn new(session: &Session) -> Self {
        Self {
            calendar: Calendar::new(session.zone_seconds),
            zone_seconds: session.zone_seconds.into(),
            slot: None,
            additional: String::new(),
        }
    }

    /// Writes the row of the record that was found in `text`; `rest` adds what the table has no column for.
    /// Nothing is written if the record is malformed; the error says how.
    pub fn write(
        &mut self,
        found: Found,
        text: &str,
        envelope: Envelope<'_>,
        out: &mut Output,
        rest: impl FnOnce(&mut Row<'_>),
    ) -> Result<(), &'static str> {
        let record = Record::read(found.kind, &text[found.at..])?;
        let slot = *self.slot.get_or_insert_with(|| out.slot(TABLE).expect("a table of the public schema"));
        let received = out.received();
        let mut row = out.row(slot);
        let mut cells = Cells {
            row: &mut row,
            columns: &COLUMNS,
            additional: &mut self.additional,
            calendar: &mut self.calendar,
            zone_seconds: self.zone_seconds,
            received,
            noted: Noted::default(),
        };
        cells.write(&record);
        cells.finish(envelope);
        if found.at > 0 {
            row.unmapped("Preamble", text[..found.at].trim_ascii());
        }
        rest(&mut row);
        Ok(())
    }
}

enum Record<'a> {
    Cef(cef::Parts<'a>),
    Leef(leef::Parts<'a>),
}

impl<'a> Record<'a> {
    fn read(kind: Kind, text: &'a str) -> Result<Self, &'static str> {
        match kind {
            Kind::Cef => cef::parts(text).map(Self::Cef),
            Kind::Leef => leef::parts(text).map(Self::Leef),
        }
    }
}

/// A row under way.
struct Cells<'c, 'r> {
    row: &'c mut Row<'r>,
    columns: &'c Columns,
    additional: &'c mut String,
    calendar: &'c mut Calendar,
    zone_seconds: i64,
    received: i64,
    noted: Noted<'c>,
}

/// Values that others depend on.
#[derive(Default)]
struct Noted<'a> {
    action: &'a str,
    direction: &'a str,
    source: (&'a str, &'a str),
    destination: (&'a str, &'a str),
    device: &'a str,
    receipt: Option<i64>,
    start: Option<i64>,
    end: Option<i64>,
}

impl<'c> Cells<'c, '_> {
    fn write(&mut self, record: &Record<'c>) {
        let columns = self.columns;
        self.additional.clear();
        match record {
            Record::Cef(parts) => {
                for (column, field) in columns.header.into_iter().zip(parts.fields) {
                    self.row.text(column, &cef::unescaped(field.trim_ascii()));
                }
                if !matches!(parts.format_version, "0") {
                    self.row.unmapped("FormatVersion", parts.format_version);
                }
                cef::for_each_pair(parts.extension, |key, raw| {
                    self.pair(&columns.cef, key, raw, cef::unescaped(raw), None);
                });
            }
            Record::Leef(parts) => {
                let [vendor, product, version, event] = parts.fields;
                for (column, field) in
                    columns.header.into_iter().zip([vendor, product, version, event, event])
                {
                    self.row.text(column, field.trim_ascii());
                }
                self.row.unmapped("FormatVersion", parts.format_version);
                let form = parts.attributes.get("devTimeFormat");
                parts.attributes.for_each(|key, raw| {
                    self.pair(&columns.leef, key, raw, Cow::Borrowed(raw), form);
                });
            }
        }
        self.row.text(columns.additional, self.additional);
    }

    fn pair(&mut self, keys: &Keys, key: &str, raw: &'c str, value: Cow<'_, str>, form: Option<&str>) {
        let Some((first, others)) = keys.columns(key).split_first() else { return self.add(key, &value) };
        if value.is_empty() {
            return;
        }
        if self.row.is_set(*first) {
            return self.add(key, &value);
        }
        self.note(*first, raw, form);
        if self.columns.is_time(*first) {
            match self.columns.time_of(&self.noted, *first) {
                Some(micros) => self.row.datetime(*first, micros),
                None => self.add(key, &value),
            }
            return;
        }
        let mut is_kept = self.row.try_text(*first, &value).is_ok();
        for other in others {
            is_kept |= self.row.try_text(*other, &value).is_ok();
        }
        if !is_kept {
            self.add(key, &value);
        }
    }

    /// A key without a column.
    fn add(&mut self, key: &str, value: &str) {
        if !self.additional.is_empty() {
            self.additional.push(';');
        }
        if !key.is_empty() {
            self.additional.push_str(key);
            self.additional.push('=');
        }
        self.additional.push_str(value);
    }

    /// Remembers a value that others depend on. Their texts need no escapes.
    fn note(&mut self, column: usize, raw: &'c str, form: Option<&str>) {
        let columns = self.columns;
        let noted = &mut self.noted;
        for (known, place) in [
            (columns.action, &mut noted.action),
            (columns.direction, &mut noted.direction),
            (columns.source_ip, &mut noted.source.0),
            (columns.source_port, &mut noted.source.1),
            (columns.destination_ip, &mut noted.destination.0),
            (columns.destination_port, &mut noted.destination.1),
            (columns.device, &mut noted.device),
        ] {
            if known == column {
                *place = raw;
                return;
            }
        }
        let place = match column {
            _ if column == columns.receipt => &mut noted.receipt,
            _ if column == columns.start => &mut noted.start,
            _ if column == columns.end => &mut noted.end,
            _ => return,
        };
        let described = form.and_then(|form| pattern::read(form, raw, self.zone_seconds));
        *place = described.or_else(|| read_time(raw.trim_ascii(), self.calendar, self.received));
    }

    fn finish(self, envelope: Envelope<'_>) {
        let (row, columns, noted) = (self.row, self.columns, self.noted);
        if let Some(time) = envelope.time.or(noted.receipt).or(noted.end).or(noted.start) {
            row.time(time);
        }
        let computer = if envelope.computer.is_empty() { noted.device } else { envelope.computer };
        row.text(columns.computer, computer);
        row.text(columns.collector, envelope.collector);
        row.text(columns.source_system, SOURCE_SYSTEM);
        row.text(columns.simplified_action, simplified(noted.action));
        // The remote side is the one that did not begin, seen from the device's network.
        let (ip, port) = match noted.direction {
            "0" => noted.source,
            "1" => noted.destination,
            _ => return,
        };
        row.text(columns.remote_ip, ip);
        row.text(columns.remote_port, port);
    }
}

/// A time as CEF and LEEF write it: milliseconds since 1970, or a text with the month's name, with a zone or a
/// year or without.
fn read_time(text: &str, calendar: &mut Calendar, received: i64) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return time::parse_epoch(text);
    }
    calendar.read_whole(text, received).or_else(|| time::parse_datetime(text))
}

/// One word for each of the usual actions; another action stays as it is.
fn simplified(action: &str) -> &str {
    match action {
        _ if action.eq_ignore_ascii_case("denied") || action.eq_ignore_ascii_case("deny") => "Deny",
        _ if action.eq_ignore_ascii_case("allowed") || action.eq_ignore_ascii_case("allow") => "Allow",
        _ => action,
    }
}

/// Places of the columns of a built-in table: the same in every catalog.
struct Columns {
    /// Vendor, product, version, class, activity, severity.
    header: [usize; 6],
    additional: usize,
    computer: usize,
    collector: usize,
    source_system: usize,
    action: usize,
    simplified_action: usize,
    direction: usize,
    source_ip: usize,
    source_port: usize,
    destination_ip: usize,
    destination_port: usize,
    remote_ip: usize,
    remote_port: usize,
    device: usize,
    receipt: usize,
    start: usize,
    end: usize,
    cef: Keys,
    leef: Keys,
}

const TABLE: &str = "CommonSecurityLog";

static COLUMNS: LazyLock<Columns> = LazyLock::new(|| {
    let table = Catalog::new().table(TABLE).expect("a table of the public schema");
    let at = |name| table.index_of(name).expect("a column of the public schema");
    let keys = |text| Keys::parse(text, &table).expect("a test parses the crate's own files");
    Columns {
        header: [
            at("DeviceVendor"),
            at("DeviceProduct"),
            at("DeviceVersion"),
            at("DeviceEventClassID"),
            at("Activity"),
            at("LogSeverity"),
        ],
        additional: at("AdditionalExtensions"),
        computer: at("Computer"),
        collector: at("CollectorHostName"),
        source_system: at("SourceSystem"),
        action: at("DeviceAction"),
        simplified_action: at("SimplifiedDeviceAction"),
        direction: at("CommunicationDirection"),
        source_ip: at("SourceIP"),
        source_port: at("SourcePort"),
        destination_ip: at("DestinationIP"),
        destination_port: at("DestinationPort"),
        remote_ip: at("RemoteIP"),
        remote_port: at("RemotePort"),
        device: at("DeviceName"),
        receipt: at("ReceiptTime"),
        start: at("StartTime"),
        end: at("EndTime"),
        cef: keys(keys::CEF),
        leef: keys(keys::LEEF),
    }
});

impl Columns {
    /// Whether the column is a `datetime` that texts have to be read for.
    fn is_time(&self, column: usize) -> bool {
        column == self.start || column == self.end
    }

    fn time_of(&self, noted: &Noted<'_>, column: usize) -> Option<i64> {
        if column == self.start { noted.start } else { noted.end }
    }
}
