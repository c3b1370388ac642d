//! From a message to its rows.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    activity::{Activities, Message},
    header::{self, Header},
    priority::{self, Priority},
    structured,
};
use crate::{
    Catalog, Row,
    decode::{
        Output, Session, TableSlot,
        security_log::{self, Envelope, Found, SecurityLog},
    },
};

/// Writes the rows of messages. Belongs to one decoder.
pub struct RowWriter {
    collector: Option<Arc<str>>,
    peer: Option<(IpAddr, String)>,
    /// The facility that messages without a priority are of.
    facility: Option<&'static str>,
    /// Whether messages come over the network, where one without a priority has the default one.
    is_network: bool,
    slot: Option<TableSlot>,
    activities: Activities,
    security_log: SecurityLog,
}

/// Places of the columns of `Syslog`, a built-in table: the same in every catalog.
struct Columns {
    source_system: usize,
    computer: usize,
    event_time: usize,
    facility: usize,
    host_name: usize,
    severity: usize,
    message: usize,
    process_id: usize,
    host_ip: usize,
    process_name: usize,
    collector: usize,
}

/// What the rows of messages come from.
const SOURCE_SYSTEM: &str = "Linux";

impl RowWriter {
    pub fn new(session: &Session) -> Self {
        let mut writer = Self {
            collector: session.collector.clone(),
            peer: None,
            facility: priority::facility_of_file(&session.source),
            is_network: session.peer.is_some(),
            slot: None,
            activities: Activities::default(),
            security_log: SecurityLog::new(session),
        };
        writer.set_peer(session.peer);
        writer
    }

    /// The sender of the messages that follow.
    pub fn set_peer(&mut self, peer: Option<IpAddr>) {
        if self.peer.as_ref().map(|(known, _)| *known) != peer {
            self.peer = peer.map(|address| (address, address.to_canonical().to_string()));
        }
        self.is_network |= peer.is_some();
    }

    /// Writes the rows of a message; `raw` are its bytes if the text does not have them all.
    pub fn write(&mut self, header: &Header<'_>, raw: Option<&[u8]>, out: &mut Output) {
        // A record that is malformed is a text like others.
        if let Some(found) = security_log::find(header.text)
            && self.write_record(found, header, raw, out).is_ok()
        {
            return;
        }
        self.write_syslog(header, raw, out);
    }

    /// Writes the row of a record of CEF or LEEF in the message's text, or tells why it is none.
    pub fn write_record(
        &mut self,
        found: Found,
        header: &Header<'_>,
        raw: Option<&[u8]>,
        out: &mut Output,
    ) -> Result<(), &'static str> {
        let peer = self.peer.as_ref().map_or("", |(_, text)| text.as_str());
        let computer = if header.host.is_empty() { peer } else { header.host };
        let collector = self.collector.as_deref().unwrap_or_default();
        let time = header.time.filter(|_| !header.doubts_time);
        self.security_log.write(found, header.text, Envelope { time, computer, collector }, out, |row| {
            let (facility, severity) = header.priority.map_or(("", ""), |p| (p.facility(), p.severity()));
            for (name, value) in [
                ("Facility", facility),
                ("SeverityLevel", severity),
                ("SyslogProcessName", header.program),
                ("SyslogProcessID", header.pid),
                ("HostIP", peer),
            ] {
                if !value.is_empty() {
                    row.unmapped(name, value);
                }
            }
            write_rest(row, header, raw);
        })
    }

    fn write_syslog(&mut self, header: &Header<'_>, raw: Option<&[u8]>, out: &mut Output) {
        let at = &*COLUMNS;
        let slot = *self.slot.get_or_insert_with(|| out.slot(TABLE).expect("a table of the public schema"));
        let peer = self.peer.as_ref().map_or("", |(_, text)| text.as_str());
        let collector = self.collector.as_deref().unwrap_or_default();
        let computer = [header.host, peer, collector].into_iter().find(|name| !name.is_empty());
        let computer = computer.unwrap_or_default();
        let time = header.time.filter(|_| !header.doubts_time);

        let mut row = out.row(slot);
        if let Some(time) = header.time {
            row.datetime(at.event_time, time);
        }
        if let Some(time) = time {
            row.time(time);
        }
        match (header.priority, self.is_network) {
            (Some(priority), _) => write_priority(&mut row, at, priority),
            (None, true) => write_priority(&mut row, at, priority::DEFAULT),
            (None, false) => {
                row.text(at.facility, self.facility.unwrap_or_default());
                let severity = header::mnemonic_severity(header.program);
                row.text(at.severity, severity.map_or("", |severity| priority::SEVERITIES[severity]));
            }
        }
        row.text(at.host_name, header.host);
        row.text(at.computer, computer);
        row.text(at.process_name, header.program);
        write_process_id(&mut row, at, header.pid);
        row.text(at.message, header.text);
        row.text(at.host_ip, peer);
        row.text(at.collector, collector);
        row.text(at.source_system, SOURCE_SYSTEM);
        write_rest(&mut row, header, raw);
        drop(row);

        let Header { program, pid, text, .. } = *header;
        self.activities.write(Message { time, host: computer, program, pid, text }, out);
    }
}

fn write_priority(row: &mut Row<'_>, at: &Columns, priority: Priority) {
    row.text(at.facility, priority.facility());
    row.text(at.severity, priority.severity());
}

fn write_process_id(row: &mut Row<'_>, at: &Columns, pid: &str) {
    let is_short = (1..=9).contains(&pid.len()) && pid.bytes().all(|byte| byte.is_ascii_digit());
    if is_short {
        let number = pid.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        row.long(at.process_id, number);
    } else {
        row.text(at.process_id, pid);
    }
}

/// What the table has no column for.
fn write_rest(row: &mut Row<'_>, header: &Header<'_>, raw: Option<&[u8]>) {
    for (name, value) in [("MessageID", header.message_id), ("Prelude", header.prelude)] {
        if !value.is_empty() {
            row.unmapped(name, value);
        }
    }
    if !header.elements.is_empty() {
        row.unmapped_json("StructuredData", &structured::json(header.elements));
    }
    if let Some(raw) = raw {
        row.unmapped("RawBase64", &BASE64_STANDARD.encode(raw));
    }
}

const TABLE: &str = "Syslog";

static COLUMNS: LazyLock<Columns> = LazyLock::new(|| {
    let table = Catalog::new().table(TABLE).expect("a table of the public schema");
    let at = |name| table.index_of(name).expect("a column of the public schema");
    Columns {
        source_system: at("SourceSystem"),
        computer: at("Computer"),
        event_time: at("EventTime"),
        facility: at("Facility"),
        host_name: at("HostName"),
        severity: at("SeverityLevel"),
        message: at("SyslogMessage"),
        process_id: at("ProcessID"),
        host_ip: at("HostIP"),
        process_name: at("ProcessName"),
        collector: at("CollectorHostName"),
    }
});
