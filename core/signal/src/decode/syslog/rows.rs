//! From a message to its rows.

use std::{net::IpAddr, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{
    header::Header,
    priority::{self, Priority},
    structured,
};
use crate::{
    Row, Table,
    decode::{Output, Session, TableSlot},
};

/// Writes the rows of messages. Belongs to one decoder.
pub struct RowWriter {
    collector: Option<Arc<str>>,
    peer: Option<(IpAddr, String)>,
    /// The facility that messages without a priority are of.
    facility: Option<&'static str>,
    /// Whether messages come over the network, where one without a priority has the default one.
    is_network: bool,
    syslog: Option<(TableSlot, Columns)>,
}

/// Places of the columns of `Syslog`.
#[derive(Clone, Copy)]
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
            syslog: None,
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
        self.write_syslog(header, raw, out);
    }

    fn write_syslog(&mut self, header: &Header<'_>, raw: Option<&[u8]>, out: &mut Output) {
        let (slot, at) = *self.syslog.get_or_insert_with(|| {
            let slot = out.slot("Syslog").expect("a table of the public schema");
            (slot, Columns::of(out.table(slot)))
        });
        let mut row = out.row(slot);
        if let Some(time) = header.time {
            row.datetime(at.event_time, time);
            if !header.doubts_time {
                row.time(time);
            }
        }
        match (header.priority, self.is_network) {
            (Some(priority), _) => write_priority(&mut row, at, priority),
            (None, true) => write_priority(&mut row, at, priority::DEFAULT),
            (None, false) => row.text(at.facility, self.facility.unwrap_or_default()),
        }
        row.text(at.host_name, header.host);
        let peer = self.peer.as_ref().map(|(_, text)| text.as_str());
        let collector = self.collector.as_deref();
        let computer =
            [Some(header.host), peer, collector].into_iter().flatten().find(|name| !name.is_empty());
        row.text(at.computer, computer.unwrap_or_default());
        row.text(at.process_name, header.program);
        write_process_id(&mut row, at, header.pid);
        row.text(at.message, header.text);
        row.text(at.host_ip, peer.unwrap_or_default());
        row.text(at.collector, collector.unwrap_or_default());
        row.text(at.source_system, SOURCE_SYSTEM);
        write_rest(&mut row, header, raw);
    }
}

fn write_priority(row: &mut Row<'_>, at: Columns, priority: Priority) {
    row.text(at.facility, priority.facility());
    row.text(at.severity, priority.severity());
}

fn write_process_id(row: &mut Row<'_>, at: Columns, pid: &str) {
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

impl Columns {
    fn of(table: &Table) -> Self {
        let at = |name| table.index_of(name).expect("a column of the public schema");
        Self {
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
    }
}
