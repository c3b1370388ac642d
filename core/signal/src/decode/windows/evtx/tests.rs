//! The reader against an independent one (the `evtx` crate), on public corpora.

use std::{fs, sync::Arc};

use serde_json::Value as Json;

use super::{
    EVTX, FILE_HEADER_BYTES,
    chunk::{self, CHUNK_BYTES, ChunkHeader, Found},
    record::RecordReader,
};
use crate::{
    decode::{
        Output,
        windows::{
            event::{Slot, WindowsEvent},
            samples,
        },
    },
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

/// A file of two chunks of our own events.
fn file() -> Vec<u8> {
    let samples = samples::samples();
    let one = samples::evtx::file(&samples[..20]);
    let other = samples::evtx::file(&samples[20..40]);
    [&one[..], &other[FILE_HEADER_BYTES..FILE_HEADER_BYTES + CHUNK_BYTES]].concat()
}

fn decode(bytes: &[u8]) -> (u64, Vec<String>) {
    let (_, counts) = testing::decode(&EVTX, bytes, &[]);
    let letters = counts.dead_letters.iter();
    (
        counts.records,
        letters.map(|(reason, (n, first))| format!("{n} at {}: {reason}", first.offset)).collect(),
    )
}

#[test]
fn chunks_are_decoded_each_on_its_own() {
    let file = file();
    let (mut whole, counts) = testing::decode(&EVTX, &file, &[]);
    assert_eq!(counts.records, 40);
    let session = testing::Setting::default().session();
    let mut pieces = Vec::new();
    for at in [FILE_HEADER_BYTES, FILE_HEADER_BYTES + CHUNK_BYTES] {
        let mut out = Output::new(session.clone(), EVTX.name);
        out.set_received(testing::RECEIVED);
        let mut decoder = (EVTX.open)(&session);
        decoder.push(at as u64, &file[at..at + CHUNK_BYTES], &mut out);
        decoder.finish(&mut out);
        pieces.extend(out.flush().iter().flat_map(testing::rows));
    }
    whole.sort();
    pieces.sort();
    assert_eq!(pieces, whole);
}

#[test]
fn damage_is_kept_and_told_and_the_rest_goes_on() {
    let chunk = FILE_HEADER_BYTES;
    let damaged = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut file = file();
        change(&mut file);
        decode(&file)
    };
    let no_record = "bytes where a record should be are none";
    let checksum = "chunk's records do not match their checksum; its events were read nevertheless";

    assert_eq!(damaged(&|_| ()), (40, vec![]));
    let (records, letters) = damaged(&|file| file[0] = b'X');
    assert_eq!(
        (records, &*letters),
        (40, &["1 at 0: file header does not begin with its signature".to_owned()][..])
    );
    let (records, letters) = damaged(&|file| file[chunk] = b'X');
    assert_eq!(
        (records, &*letters),
        (
            40,
            &[format!(
                "1 at {chunk}: chunk does not begin with its signature; its events were read nevertheless"
            )][..]
        )
    );
    let (records, letters) = damaged(&|file| file[chunk..chunk + CHUNK_BYTES].fill(b'X'));
    assert_eq!(
        (records, &*letters),
        (20, &[format!("1 at {chunk}: chunk has neither its signature nor records")][..])
    );
    // A chunk of zeros in the middle is told, room at the end is not.
    let (records, letters) = damaged(&|file| file[chunk..chunk + CHUNK_BYTES].fill(0));
    assert_eq!(
        (records, &*letters),
        (20, &[format!("1 at {chunk}: 1 chunk of zeros between chunks of events")][..])
    );
    assert_eq!(damaged(&|file| file.resize(file.len() + 3 * CHUNK_BYTES, 0)), (40, vec![]));
    // A record's signature.
    let (records, letters) = damaged(&|file| file[chunk + 512] = b'X');
    let first = format!("1 at {}: {no_record}", chunk + 512);
    assert_eq!((records, &*letters), (39, &[first, format!("1 at {chunk}: {checksum}")][..]));
    // A token of the first record: the template that later records use, too.
    let (records, letters) = damaged(&|file| file[chunk + 512 + 24 + 4] = 0x7f);
    let reason = "record's binary XML: unknown token";
    assert_eq!(
        (records, &*letters),
        (39, &[format!("1 at {chunk}: {checksum}"), format!("1 at {}: {reason}", chunk + 512)][..])
    );
    // The file ends in the middle of the second chunk.
    let (records, letters) = damaged(&|file| file.truncate(chunk + CHUNK_BYTES + 512 + 3000));
    assert!((21..40).contains(&records), "{records}");
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert!(letters[0].ends_with("source ends within a chunk's records"), "{letters:?}");
}

/// Chunks carved from elsewhere: without a file's header, or not where they should be.
#[test]
fn chunks_are_read_wherever_they_begin() {
    let file = file();
    let chunks = &file[FILE_HEADER_BYTES..];
    assert_eq!(decode(chunks), (40, vec![]));
    let (first, second) = chunks.split_at(CHUNK_BYTES);
    for junk in [1, 512, 4096, 70_000] {
        let junk = vec![b'x'; junk];
        let carved = [&file[..FILE_HEADER_BYTES], &junk, first, &junk, second].concat();
        let (mut rows, counts) = testing::decode(&EVTX, &carved, &[]);
        assert_eq!(counts.records, 40, "{} bytes of junk: {:?}", junk.len(), counts.dead_letters);
        let kept: usize = rows
            .iter()
            .map(|row| serde_json::from_str::<Json>(row).expect("JSON"))
            .filter_map(|row| row["RawBytes"].as_u64())
            .sum::<u64>() as usize;
        assert_eq!(kept, 2 * junk.len());
        let cuts: Vec<usize> = (1..carved.len()).step_by(997).collect();
        let (mut pieces, piece_counts) = testing::decode(&EVTX, &carved, &cuts);
        rows.sort();
        pieces.sort();
        assert_eq!((pieces, piece_counts), (rows, counts));
    }
    let bytewise: Vec<usize> = (1..20).collect();
    assert_eq!(testing::decode(&EVTX, chunks, &bytewise).1.records, 40);
}

/// Templates that hold each other must not keep the reader busy.
#[test]
fn templates_that_refer_to_themselves_end() {
    let mut chunk = samples::evtx::file(&samples::samples()[..1])[FILE_HEADER_BYTES..].to_vec();
    // The definition of the outer template begins behind the instance's head; its first element's name is
    // overwritten by an instance of the same template.
    let definition = 512 + 24 + 4 + 10;
    let body = definition + 24 + 4;
    chunk[body..body + 10]
        .copy_from_slice(&[&[0x0c, 1, 0, 0, 0, 0][..], &(definition as u32).to_le_bytes()].concat());
    let file = [&vec![0; FILE_HEADER_BYTES][..], &chunk].concat();
    let (records, letters) = decode(&file);
    assert_eq!(records, 0);
    assert!(letters.iter().any(|letter| letter.contains("record's binary XML")), "{letters:?}");
}
