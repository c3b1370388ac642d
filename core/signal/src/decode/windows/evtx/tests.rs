//! The reader against an independent one (the `evtx` crate), on public corpora.

use std::{fs, sync::Arc};

use serde_json::Value as Json;

use super::{
    FILE_HEADER_BYTES,
    chunk::{self, CHUNK_BYTES, ChunkHeader, Found},
    record::RecordReader,
};
use crate::{
    decode::windows::event::{Slot, WindowsEvent},
    mapping::Value,
    testing,
};

/// Every record of every file: the same header, the same values in the same order.
#[test]
fn agrees_with_an_independent_reader() {
    let (mut records, mut files) = (0, 0);
    for path in testing::corpora("evtx") {
        let bytes = fs::read(&path).expect("a readable file");
        for (number, chunk) in bytes[FILE_HEADER_BYTES.min(bytes.len())..].chunks(CHUNK_BYTES).enumerate() {
            if chunk.len() == CHUNK_BYTES && chunk.starts_with(b"ElfChnk\0") {
                records += compare(chunk, &format!("{} chunk {number}", path.display()));
            }
        }
        files += 1;
    }
    println!("{records} records of {files} files agree");
}

fn compare(chunk: &[u8], at: &str) -> usize {
    let mut data = evtx::EvtxChunkData::new(chunk.to_vec(), false).expect("a chunk");
    let settings = Arc::new(evtx::ParserSettings::new().indent(false));
    let mut parsed = data.parse(settings).expect("a chunk");
    let theirs: Vec<_> = parsed.iter().collect();
    let (mut reader, mut event) = (RecordReader::default(), WindowsEvent::default());
    reader.begin_chunk();
    let header = ChunkHeader::read(chunk).expect("a chunk");
    if let Some(doubt) = header.doubt {
        println!("{at}: {doubt}");
    }
    let ours: Vec<Found> = chunk::walk(chunk, &header).collect();
    assert_eq!(ours.len(), theirs.len(), "{at}: number of records");
    for (mine, their) in ours.iter().zip(theirs) {
        let Found::Record { whole, .. } = mine else { panic!("{at}: {mine:?}") };
        let their = their.unwrap_or_else(|error| panic!("{at}: {error}"));
        let id = their.event_record_id;
        let json: Json = their.into_json_value().unwrap_or_else(|error| panic!("{at}: {error}")).data;
        event.clear();
        let content = chunk::content(whole);
        reader
            .read(chunk, content.start, content.end, &mut event)
            .unwrap_or_else(|error| panic!("{at} record {id}: {error}"));
        compare_event(&event, &json["Event"], &format!("{at} record {id}"));
    }
    ours.len()
}

fn compare_event(event: &WindowsEvent, json: &Json, at: &str) {
    let view = event.view().expect("text");
    let system = &json["System"];
    let text = |value: &Json| scalar(if value["#text"].is_null() { value } else { &value["#text"] });
    let attribute = |name: &str, attribute: &str| scalar(&system[name]["#attributes"][attribute]);
    for (slot, expected) in [
        (Slot::Provider, attribute("Provider", "Name")),
        (Slot::ProviderGuid, attribute("Provider", "Guid")),
        (Slot::EventId, text(&system["EventID"])),
        (Slot::Qualifiers, attribute("EventID", "Qualifiers")),
        (Slot::Version, text(&system["Version"])),
        (Slot::Level, text(&system["Level"])),
        (Slot::Task, text(&system["Task"])),
        (Slot::Opcode, text(&system["Opcode"])),
        (Slot::Keywords, text(&system["Keywords"])),
        (Slot::RecordId, text(&system["EventRecordID"])),
        (Slot::ActivityId, attribute("Correlation", "ActivityID")),
        (Slot::RelatedActivityId, attribute("Correlation", "RelatedActivityID")),
        (Slot::ProcessId, attribute("Execution", "ProcessID")),
        (Slot::ThreadId, attribute("Execution", "ThreadID")),
        (Slot::Channel, text(&system["Channel"])),
        (Slot::Computer, text(&system["Computer"])),
        (Slot::UserId, attribute("Security", "UserID")),
    ] {
        let shown = match view.slot(slot) {
            Value::Long(number) => number.to_string(),
            _ => view.slot_text(slot).to_owned(),
        };
        assert_eq!(shown, expected, "{at}: {slot:?}");
    }
    let time = attribute("TimeCreated", "SystemTime");
    assert_eq!(view.time(), crate::time::parse_datetime(&time), "{at}: time {time}");

    let mut expected = Vec::new();
    for (name, part) in json.as_object().expect("an object") {
        if name != "System" && name != "#attributes" {
            leaves(part, &mut expected);
        }
    }
    let extras = view.extras().filter(|(name, _, _)| *name == "Name");
    let mut values: Vec<&str> =
        view.fields().chain(extras).map(|(_, value, _)| value).filter(|v| !v.is_empty()).collect();
    values.sort_unstable();
    expected.retain(|value| !value.is_empty());
    expected.sort_unstable();
    assert_eq!(values, expected, "{at}");
}

fn leaves(json: &Json, out: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            members.iter().filter(|(name, _)| !name.starts_with("xmlns")).for_each(|(_, v)| leaves(v, out));
        }
        Json::Array(items) => items.iter().for_each(|item| leaves(item, out)),
        other => out.push(scalar(other)),
    }
}

fn scalar(json: &Json) -> String {
    match json {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
