//! From records and joined events to rows.

use std::{collections::HashMap, sync::LazyLock};

use bumpalo::{Bump, collections::Vec as BumpVec};

use super::{
    event::{Event, Joiner, Part},
    facts,
    fields::{self, Written},
    line::Line,
    processes::Processes,
    value::{self, SocketAddress},
};
use crate::{
    decode::{Output, Session, device::Device},
    mapping::{Mapper, Mapping, Record, RuleSet, Value},
};

/// What audit records become, compiled from `mapping/linux-audit.map`.
pub fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        let files = [("linux-audit.map", include_str!("../../../mapping/linux-audit.map"))];
        Mapping::parse_files(&files, &HEADERS.map(|(name, _)| name))
            .expect("a test compiles the crate's own files")
    });
    &MAPPING
}

/// A header field of the mapping.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Header {
    Time,
    AuditId,
    SerialNumber,
    RecordType,
    Node,
    Computer,
    DeviceName,
    DeviceId,
    Architecture,
    SystemCall,
    RawRecord,
    SocketFamily,
    SocketAddress,
    SocketPort,
    SocketPath,
    // From here on only of joined events.
    CommandLine,
    Title,
    WorkingDirectory,
    FirstPath,
    CreatedPath,
    CreatedMode,
    DeletedPath,
    DeletedMode,
    NormalPath,
    NormalMode,
    Module,
    TargetId,
    TargetCommand,
    ParentExecutable,
    ParentCommandLine,
    IsCut,
}

/// The header fields that rules may use, by name, each at its own place.
const HEADERS: [(&str, Header); 31] = [
    ("Time", Header::Time),
    ("AuditID", Header::AuditId),
    ("SerialNumber", Header::SerialNumber),
    ("RecordType", Header::RecordType),
    ("Node", Header::Node),
    ("Computer", Header::Computer),
    ("DeviceName", Header::DeviceName),
    ("DeviceId", Header::DeviceId),
    ("Architecture", Header::Architecture),
    ("SystemCall", Header::SystemCall),
    ("RawRecord", Header::RawRecord),
    ("SocketFamily", Header::SocketFamily),
    ("SocketAddress", Header::SocketAddress),
    ("SocketPort", Header::SocketPort),
    ("SocketPath", Header::SocketPath),
    ("CommandLine", Header::CommandLine),
    ("Title", Header::Title),
    ("WorkingDirectory", Header::WorkingDirectory),
    ("FirstPath", Header::FirstPath),
    ("CreatedPath", Header::CreatedPath),
    ("CreatedMode", Header::CreatedMode),
    ("DeletedPath", Header::DeletedPath),
    ("DeletedMode", Header::DeletedMode),
    ("NormalPath", Header::NormalPath),
    ("NormalMode", Header::NormalMode),
    ("Module", Header::Module),
    ("TargetId", Header::TargetId),
    ("TargetCommand", Header::TargetCommand),
    ("ParentExecutable", Header::ParentExecutable),
    ("ParentCommandLine", Header::ParentCommandLine),
    ("IsCut", Header::IsCut),
];

/// Values of the header fields, each at its place.
struct Headers<'v>([Value<'v>; HEADERS.len()]);

impl<'v> Headers<'v> {
    fn new() -> Self {
        Self([const { Value::Null }; HEADERS.len()])
    }

    fn set(&mut self, header: Header, value: Value<'v>) {
        self.0[header as usize] = value;
    }

    fn set_texts<const N: usize>(&mut self, texts: [(Header, &'v str); N]) {
        for (header, text) in texts {
            self.set(header, Value::text(text));
        }
    }

    fn set_socket(&mut self, address: &'v SocketAddress) {
        self.set_texts([
            (Header::SocketFamily, address.family),
            (Header::SocketAddress, &address.address),
            (Header::SocketPath, &address.path),
        ]);
        self.set(Header::SocketPort, address.port.map(i64::from).into());
    }
}

/// Writes the rows of one source.
pub struct RowWriter {
    joiner: Joiner,
    writer: Writer,
    /// The decoded texts of the current record.
    arena: Bump,
    bytes_max: usize,
}

impl RowWriter {
    pub fn new(session: &Session) -> Self {
        Self {
            joiner: Joiner::default(),
            writer: Writer::new(origin(session)),
            arena: Bump::new(),
            bytes_max: session.limits.record_bytes,
        }
    }

    /// Writes a record's rows, and those of the events that end with it.
    pub fn record(&mut self, text: &str, line: &Line<'_>, out: &mut Output) {
        self.arena.reset();
        let part = self.writer.record(text, line, &self.arena, out);
        out.record();
        if part != Part::None {
            let mut write = |event: &mut Event| self.writer.event(event, out);
            self.joiner.add(part, line, self.bytes_max, &self.arena, &mut write);
        }
    }

    /// Writes the rows of the events whose end has not been seen.
    pub fn end_all(&mut self, out: &mut Output) {
        self.joiner.end_all(&mut |event| self.writer.event(event, out));
    }
}

struct Writer {
    mapper: Mapper<'static>,
    processes: Processes,
    device: Device,
    /// The machine that records come from which name none.
    origin: String,
    kinds: HashMap<Box<str>, Kind>,
    calls: HashMap<&'static str, Option<RuleSet>>,
    /// The decoded texts of the current event.
    arena: Bump,
}

/// A record type: its rules, and its part in joined events.
struct Kind {
    sets: Vec<RuleSet>,
    part: Part,
}

/// Record types that are remembered; there are fewer than 300, but the log may name any.
const KINDS_MAX: usize = 1024;

impl Kind {
    fn new(name: &str) -> Self {
        let names = [format!("record/{name}"), "record/*".to_owned()];
        let sets = names.iter().filter_map(|name| mapping().rules(name)).collect();
        Self { sets, part: Part::of(name) }
    }
}

impl Writer {
    fn new(origin: String) -> Self {
        Self {
            mapper: Mapper::new(mapping()),
            processes: Processes::default(),
            device: Device::default(),
            origin,
            kinds: HashMap::new(),
            calls: HashMap::new(),
            arena: Bump::new(),
        }
    }

    /// Writes a record's own rows; its part in a joined event.
    fn record(&mut self, text: &str, line: &Line<'_>, arena: &Bump, out: &mut Output) -> Part {
        self.set_device(line.node, line.host);
        if !self.kinds.contains_key(line.kind) {
            if self.kinds.len() >= KINDS_MAX {
                self.kinds.clear();
            }
            self.kinds.insert(line.kind.into(), Kind::new(line.kind));
        }
        let kind = &self.kinds[line.kind];
        let fields = fields(line.body, line.enriched, kind.part == Part::Arguments, arena);
        let mut headers = headers(&self.device, &fields, line.id, line.node, line.micros);
        headers.set_texts([(Header::RecordType, line.kind), (Header::RawRecord, text)]);
        let address = (kind.part == Part::SocketAddress)
            .then(|| SocketAddress::parse(field(&fields, "saddr")))
            .flatten();
        if let Some(address) = &address {
            headers.set_socket(address);
        }
        let record = Record { time: Some(line.micros), headers: &headers.0, fields: &fields, extras: &[] };
        self.mapper.apply(&kind.sets, &record, out);
        kind.part
    }

    /// Writes the rows of a joined event.
    fn event(&mut self, event: &mut Event, out: &mut Output) {
        self.set_device(&event.node, &event.host);
        self.arena.reset();
        let arena = &self.arena;
        let fields = fields(&event.system_call, &event.enriched, false, arena);
        let Some(call) = system_call(&fields) else { return };
        let rules = |name: &str| mapping().rules(&format!("event/{name}"));
        let Some(set) = *self.calls.entry(call).or_insert_with(|| rules(call)) else { return };

        let mut headers = headers(&self.device, &fields, &event.id, &event.node, event.micros);
        let parent = self.processes.find(&event.node, field(&fields, "ppid"));
        let [created, deleted, normal] = [event.created(), event.deleted(), event.normal()];
        headers.set_texts([
            (Header::CommandLine, event.command()),
            (Header::Title, &event.title),
            (Header::WorkingDirectory, &event.working_directory),
            (Header::FirstPath, event.full_path(event.paths().first(), arena)),
            (Header::CreatedPath, event.full_path(created, arena)),
            (Header::CreatedMode, created.map_or("", |path| &path.mode)),
            (Header::DeletedPath, event.full_path(deleted, arena)),
            (Header::DeletedMode, deleted.map_or("", |path| &path.mode)),
            (Header::NormalPath, event.full_path(normal, arena)),
            (Header::NormalMode, normal.map_or("", |path| &path.mode)),
            (Header::Module, &event.module),
            (Header::TargetId, &event.target_id),
            (Header::TargetCommand, &event.target_command),
            (Header::ParentExecutable, parent.map_or("", |parent| &parent.executable)),
            (Header::ParentCommandLine, parent.map_or("", |parent| &parent.command_line)),
        ]);
        if event.is_cut {
            headers.set(Header::IsCut, Value::Bool(true));
        }
        if let Some(address) = &event.address {
            headers.set_socket(address);
        }
        let record = Record { time: Some(event.micros), headers: &headers.0, fields: &fields, extras: &[] };
        self.mapper.apply(&[set], &record, out);
        if matches!(call, "execve" | "execveat") && field(&fields, "success") == "yes" {
            let (id, executable) = (field(&fields, "pid"), field(&fields, "exe"));
            let command = if event.command().is_empty() { &event.title } else { event.command() };
            self.processes.execute(&event.node, id, executable, command);
        }
    }

    fn set_device(&mut self, node: &str, host: &str) {
        let named = [node, host].into_iter().find(|name| !name.is_empty());
        self.device.set(named.unwrap_or(&self.origin));
    }
}

/// The sender, else the machine that Phalanx itself runs on.
fn origin(session: &Session) -> String {
    match session.peer {
        Some(peer) => peer.to_string(),
        None => session.collector.as_deref().unwrap_or_default().to_owned(),
    }
}

type Fields<'v> = BumpVec<'v, (&'v str, Value<'v>)>;

/// The fields of a record with their texts decoded. Pieces of a long argument that stand in one record are
/// one field.
fn fields<'v>(body: &'v str, enriched: &'v str, are_arguments: bool, arena: &'v Bump) -> Fields<'v> {
    let mut fields = BumpVec::with_capacity_in(40, arena);
    if are_arguments {
        arguments(body, &mut fields, arena);
    } else {
        fields::for_each(body, &mut |name, value| {
            fields.push((name, Value::text(value::text(name, value, arena))));
        });
    }
    fields::for_each(enriched, &mut |name, value| fields.push((name, Value::text(value.text()))));
    fields
}

fn arguments<'v>(body: &'v str, fields: &mut Fields<'v>, arena: &'v Bump) {
    let mut long: Option<(&str, BumpVec<'v, u8>)> = None;
    let text = |bytes: BumpVec<'v, u8>| Value::text(value::lossy(bytes.into_bump_slice(), arena));
    fields::for_each(body, &mut |name, value| {
        let base = name.split_once('[').map(|(base, _)| base);
        if let (Some(base), Some((name, bytes))) = (base, &mut long)
            && *name == base
        {
            return value::extend_argument(value, bytes);
        }
        if let Some((name, bytes)) = long.take() {
            fields.push((name, text(bytes)));
        }
        let mut bytes = BumpVec::new_in(arena);
        match (base, value) {
            (Some(base), _) => {
                value::extend_argument(value, &mut bytes);
                long = Some((base, bytes));
            }
            // `argc` and `a1_len` are written in decimal.
            (None, Written::Bare(_)) if name.ends_with(|c: char| c.is_ascii_digit()) => {
                value::extend_argument(value, &mut bytes);
                fields.push((name, text(bytes)));
            }
            _ => fields.push((name, Value::text(value.text()))),
        }
    });
    if let Some((name, bytes)) = long {
        fields.push((name, text(bytes)));
    }
}

/// The first text of a field.
fn field<'v>(fields: &[(&'v str, Value<'v>)], wanted: &str) -> &'v str {
    let found = fields.iter().find(|(name, _)| *name == wanted);
    match found {
        Some((_, Value::Text(std::borrow::Cow::Borrowed(text)))) => text,
        _ => "",
    }
}

/// The headers that records and joined events have in common.
fn headers<'v>(
    device: &'v Device,
    fields: &[(&'v str, Value<'v>)],
    id: &'v str,
    node: &'v str,
    micros: i64,
) -> Headers<'v> {
    let mut headers = Headers::new();
    headers.set(Header::Time, Value::Time(micros));
    headers.set_texts([
        (Header::AuditId, id),
        (Header::SerialNumber, id.rsplit(':').next().unwrap_or_default()),
        (Header::Node, node),
        (Header::Computer, device.computer()),
        (Header::DeviceName, device.name()),
        (Header::DeviceId, device.id()),
        (Header::Architecture, facts::architecture(field(fields, "arch")).unwrap_or_default()),
        (Header::SystemCall, system_call(fields).unwrap_or_default()),
    ]);
    headers
}

/// The name of the system call that a record's fields name by number.
fn system_call(fields: &[(&str, Value<'_>)]) -> Option<&'static str> {
    let call = facts::syscall(field(fields, "arch"), field(fields, "syscall"))?;
    if call == "socketcall" { facts::socketcall(field(fields, "a0")) } else { Some(call) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_stand_at_their_places() {
        for (at, (name, header)) in HEADERS.iter().enumerate() {
            assert_eq!(*header as usize, at, "{name}");
        }
    }

    #[test]
    fn pieces_of_an_argument_are_one_field() {
        let arena = Bump::new();
        let body = "argc=3 a0=\"sh\" a1_len=6 a1[0]=6120 a1[1]=62 a2[0]=\"c\" a3=2D6C";
        let fields = fields(body, "X=\"y\"", true, &arena);
        let shown: Vec<_> = fields.iter().map(|(name, _)| (*name, field(&fields, name))).collect();
        assert_eq!(
            shown,
            [
                ("argc", "3"),
                ("a0", "sh"),
                ("a1_len", "6"),
                ("a1", "a b"),
                ("a2", "c"),
                ("a3", "-l"),
                ("X", "y")
            ]
        );
    }
}
