//! From an event to its rows.

use std::sync::LazyLock;

use super::{
    data_text::{self, Data},
    event::{FieldKind, Slot, View, WindowsEvent},
};
use crate::{
    decode::{Output, device::Device},
    mapping::{Mapper, Mapping, Record, RuleSet, Value},
};

/// What Windows events become, compiled from `mapping/windows-*.map`.
pub fn mapping() -> &'static Mapping {
    static MAPPING: LazyLock<Mapping> = LazyLock::new(|| {
        let files = [
            ("windows-activities.map", include_str!("../../../mapping/windows-activities.map")),
            ("windows-logs.map", include_str!("../../../mapping/windows-logs.map")),
            ("windows-sysmon.map", include_str!("../../../mapping/windows-sysmon.map")),
            ("windows-security.map", include_str!("../../../mapping/windows-security.map")),
            ("windows-other.map", include_str!("../../../mapping/windows-other.map")),
        ];
        let headers = HEADERS.map(|(name, _)| name);
        Mapping::parse_files(&files, &headers).expect("a test compiles the crate's own files")
    });
    &MAPPING
}

/// Where a header field of the mapping comes from.
#[derive(Clone, Copy)]
enum Header {
    Slot(Slot),
    /// The data as XML, as `SecurityEvent` has it.
    DataXml,
    /// The data as XML in a `DataItem`, as `Event` has it.
    DataItem,
    /// The data's values as `Param` elements.
    Parameters,
    /// The data as a JSON object.
    DataJson,
    Time,
    /// The computer's name in lower case.
    DeviceName,
    DeviceId,
}

/// The header fields that rules may use, by name.
const HEADERS: [(&str, Header); 31] = [
    ("Provider", Header::Slot(Slot::Provider)),
    ("ProviderGuid", Header::Slot(Slot::ProviderGuid)),
    ("EventSourceName", Header::Slot(Slot::EventSourceName)),
    ("EventID", Header::Slot(Slot::EventId)),
    ("Qualifiers", Header::Slot(Slot::Qualifiers)),
    ("Version", Header::Slot(Slot::Version)),
    ("Level", Header::Slot(Slot::Level)),
    ("LevelName", Header::Slot(Slot::LevelName)),
    ("Task", Header::Slot(Slot::Task)),
    ("TaskName", Header::Slot(Slot::TaskName)),
    ("Opcode", Header::Slot(Slot::Opcode)),
    ("OpcodeName", Header::Slot(Slot::OpcodeName)),
    ("Keywords", Header::Slot(Slot::Keywords)),
    ("KeywordNames", Header::Slot(Slot::KeywordNames)),
    ("RecordID", Header::Slot(Slot::RecordId)),
    ("ActivityID", Header::Slot(Slot::ActivityId)),
    ("RelatedActivityID", Header::Slot(Slot::RelatedActivityId)),
    ("ProcessID", Header::Slot(Slot::ProcessId)),
    ("ThreadID", Header::Slot(Slot::ThreadId)),
    ("Channel", Header::Slot(Slot::Channel)),
    ("Computer", Header::Slot(Slot::Computer)),
    ("UserID", Header::Slot(Slot::UserId)),
    ("UserName", Header::Slot(Slot::UserName)),
    ("Message", Header::Slot(Slot::Message)),
    ("EventDataXml", Header::DataXml),
    ("EventDataItem", Header::DataItem),
    ("ParameterXml", Header::Parameters),
    ("EventDataJson", Header::DataJson),
    ("Time", Header::Time),
    ("DeviceName", Header::DeviceName),
    ("DeviceId", Header::DeviceId),
];

/// Writes the rows of events. Belongs to one decoder.
pub struct RowWriter {
    mapper: Mapper<'static>,
    sources: Sources,
    device: Device,
    /// Texts of the data, used again for each event.
    texts: [Vec<u8>; 4],
}

impl Default for RowWriter {
    fn default() -> Self {
        Self {
            mapper: Mapper::new(mapping()),
            sources: Sources::default(),
            device: Device::default(),
            texts: Default::default(),
        }
    }
}

impl RowWriter {
    /// Writes the event's rows and counts it as a record; or tells why it is no event.
    pub fn write(&mut self, event: &WindowsEvent, out: &mut Output) -> Result<(), &'static str> {
        if ![Slot::Provider, Slot::Channel, Slot::EventId].iter().any(|slot| event.is_set(*slot)) {
            return Err("event has neither provider, channel nor id");
        }
        let view = event.view().ok_or("event's text is not valid")?;
        let source = self.sources.of(&view);
        self.device.set(view.slot_text(Slot::Computer));
        let time = view.time();
        let fields: Vec<_> = view.fields().map(field).collect();
        let data = Data {
            container: view.container(),
            wrapper: view.wrapper(),
            fields: &fields,
            may_repeat: view.may_repeat(),
        };
        for (header, text) in [Header::DataXml, Header::DataItem, Header::Parameters, Header::DataJson]
            .iter()
            .zip(&mut self.texts)
        {
            text.clear();
            if source.headers & bit(*header) != 0 {
                write_text(*header, &data, time, text);
            }
        }
        let texts = self.texts.each_ref().map(|text| std::str::from_utf8(text).unwrap_or_default());
        let mut headers: [Value<'_>; HEADERS.len()] = [const { Value::Null }; HEADERS.len()];
        for (at, (value, (_, header))) in headers.iter_mut().zip(&HEADERS).enumerate() {
            if source.headers & (1 << at) == 0 {
                continue;
            }
            *value = match *header {
                Header::Slot(slot) => view.slot(slot),
                Header::DataXml => Value::text(texts[0]),
                Header::DataItem => Value::text(texts[1]),
                Header::Parameters => Value::text(texts[2]),
                Header::DataJson if texts[3].is_empty() => Value::Null,
                Header::DataJson => Value::Json(texts[3].into()),
                Header::Time => time.map_or(Value::Null, Value::Time),
                Header::DeviceName => Value::text(self.device.name()),
                Header::DeviceId => Value::text(self.device.id()),
            };
        }
        let extras: Vec<_> = view.extras().map(field).collect();
        let record = Record { time, headers: &headers, fields: &fields, extras: &extras };
        self.mapper.apply(&source.sets, &record, out);
        out.record();
        Ok(())
    }
}

fn field<'a>((name, value, kind): (&'a str, &'a str, FieldKind)) -> (&'a str, Value<'a>) {
    match kind {
        FieldKind::Text => (name, Value::text(value)),
        FieldKind::Json => (name, Value::Json(value.into())),
    }
}

fn write_text(header: Header, data: &Data<'_>, time: Option<i64>, text: &mut Vec<u8>) {
    match header {
        Header::DataXml => data_text::xml(data, text),
        Header::DataItem => data_text::item(data, time, text),
        Header::Parameters => data_text::parameters(data, text),
        Header::DataJson => data_text::json(data, text),
        Header::Slot(_) | Header::Time | Header::DeviceName | Header::DeviceId => {}
    }
}

/// The header's bit in [`Mapping::headers_of`].
fn bit(header: Header) -> u64 {
    let same = |other: &Header| std::mem::discriminant(other) == std::mem::discriminant(&header);
    HEADERS.iter().position(|(_, other)| same(other)).map_or(0, |at| 1 << at)
}

/// The rules for kinds of events, remembered.
struct Sources {
    /// By the last bits of the event's id; few kinds share them.
    known: Vec<Vec<Source>>,
    count: usize,
}

struct Source {
    id: i64,
    channel: Box<str>,
    provider: Box<str>,
    sets: Vec<RuleSet>,
    /// The header fields that the rules read.
    headers: u64,
}

/// So many kinds are remembered.
const SOURCES_MAX: usize = 4096;
const BUCKETS: usize = 256;

impl Default for Sources {
    fn default() -> Self {
        Self { known: (0..BUCKETS).map(|_| Vec::new()).collect(), count: 0 }
    }
}

impl Sources {
    fn of(&mut self, view: &View<'_>) -> &Source {
        if self.count >= SOURCES_MAX {
            *self = Self::default();
        }
        let id = view.number(Slot::EventId).unwrap_or(-1);
        let (channel, provider) = (view.slot_text(Slot::Channel), view.slot_text(Slot::Provider));
        let bucket = &mut self.known[id as usize % BUCKETS];
        let is_it = |s: &Source| s.id == id && *s.channel == *channel && *s.provider == *provider;
        let at = bucket.iter().position(is_it).unwrap_or_else(|| {
            self.count += 1;
            bucket.push(Source::new(channel, provider, id));
            bucket.len() - 1
        });
        &bucket[at]
    }
}

impl Source {
    fn new(channel: &str, provider: &str, id: i64) -> Self {
        let mapping = mapping();
        // Some shippers leave the provider out; a channel of its own is named after it.
        let owner = channel.split('/').next().unwrap_or_default();
        let provider_or_owner = if provider.is_empty() { owner } else { provider };
        let names = [
            format!("{channel}/{id}"),
            format!("{provider_or_owner}/{id}"),
            format!("{channel}/*"),
            format!("{provider_or_owner}/*"),
        ];
        let mut sets: Vec<RuleSet> = Vec::new();
        for set in names.iter().filter_map(|name| mapping.rules(name)) {
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        // Every event is a row of one log table: of the general one if its sources name no other.
        let has_log_table = |set| mapping.tables_of(set).any(|t| matches!(t, "SecurityEvent" | "Event"));
        if !sets.iter().any(|set| has_log_table(*set)) {
            sets.extend(mapping.rules("*"));
        }
        let headers = sets.iter().fold(0, |bits, set| bits | mapping.headers_of(*set));
        Self { id, channel: channel.into(), provider: provider.into(), sets, headers }
    }
}
