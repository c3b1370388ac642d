//! The events as an event log file, written as Windows does: a template at its first use, names and
//! templates by their offset later, values typed.

use super::{ACTIVITY_ID, OPCODE, PROCESS_ID, Sample, THREAD_ID, VERSION};

const CHUNK_BYTES: usize = 65_536;
const FILE_HEADER: usize = 4096;

/// A file of the events, in as many chunks as they need.
pub fn file(samples: &[Sample]) -> Vec<u8> {
    let mut chunks = Vec::new();
    let mut rest = samples;
    while !rest.is_empty() {
        let mut chunk = Chunk::default();
        let taken = rest.iter().take_while(|sample| chunk.add(sample)).count();
        assert!(taken > 0, "a sample fits a chunk");
        chunks.push(chunk.finish(&rest[..taken]));
        rest = &rest[taken..];
    }
    let mut header = vec![0; FILE_HEADER];
    header[..8].copy_from_slice(b"ElfFile\0");
    put(&mut header, 16, &(chunks.len() as u64 - 1).to_le_bytes());
    put(&mut header, 24, &(samples.len() as u64 + 1).to_le_bytes());
    put(&mut header, 32, &128_u32.to_le_bytes());
    put(&mut header, 36, &[1, 0, 3, 0]);
    put(&mut header, 40, &(FILE_HEADER as u16).to_le_bytes());
    put(&mut header, 42, &(chunks.len() as u16).to_le_bytes());
    let checksum = crc32fast::hash(&header[..120]);
    put(&mut header, 124, &checksum.to_le_bytes());
    chunks.iter().for_each(|chunk| header.extend_from_slice(chunk));
    header
}

struct Chunk {
    bytes: Vec<u8>,
    last_record: usize,
    names: Vec<(String, u32)>,
    /// Templates by what they are of.
    templates: Vec<(String, u32)>,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { bytes: vec![0; 512], last_record: 512, names: Vec::new(), templates: Vec::new() }
    }
}

/// A typed value.
type Value = (u8, Vec<u8>);

impl Chunk {
    /// Adds a record; false if there is no room.
    fn add(&mut self, sample: &Sample) -> bool {
        let before = (self.bytes.len(), self.names.len(), self.templates.len());
        self.record(sample);
        if self.bytes.len() <= CHUNK_BYTES {
            self.last_record = before.0;
            return true;
        }
        self.bytes.truncate(before.0);
        self.names.truncate(before.1);
        self.templates.truncate(before.2);
        false
    }

    fn finish(mut self, samples: &[Sample]) -> Vec<u8> {
        let (end, last) = (self.bytes.len(), self.last_record);
        self.bytes.resize(CHUNK_BYTES, 0);
        let bytes = &mut self.bytes;
        put(bytes, 0, b"ElfChnk\0");
        let (first_id, last_id) = (samples[0].record, samples[samples.len() - 1].record);
        for (at, number) in [(8, first_id), (16, last_id), (24, first_id), (32, last_id)] {
            put(bytes, at, &number.to_le_bytes());
        }
        put(bytes, 40, &128_u32.to_le_bytes());
        put(bytes, 44, &(last as u32).to_le_bytes());
        put(bytes, 48, &(end as u32).to_le_bytes());
        let records = crc32fast::hash(&bytes[512..end]);
        put(bytes, 52, &records.to_le_bytes());
        let mut header = crc32fast::Hasher::new();
        header.update(&bytes[..120]);
        header.update(&bytes[128..512]);
        put(bytes, 124, &header.finalize().to_le_bytes());
        self.bytes
    }

    fn record(&mut self, sample: &Sample) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(b"**\0\0\0\0\0\0");
        self.bytes.extend_from_slice(&sample.record.to_le_bytes());
        self.bytes.extend_from_slice(&sample.time.to_le_bytes());
        self.system(sample);
        while !(self.bytes.len() + 4 - start).is_multiple_of(8) {
            self.bytes.push(0);
        }
        let size = (self.bytes.len() + 4 - start) as u32;
        self.bytes.extend_from_slice(&size.to_le_bytes());
        put(&mut self.bytes, start + 4, &size.to_le_bytes());
    }

    /// The outer template, whose last value is the data as binary XML.
    fn system(&mut self, sample: &Sample) {
        self.bytes.extend_from_slice(&[0x0f, 1, 1, 0]);
        self.instance("System", |chunk| {
            chunk.element(
                "Event",
                &[("xmlns", Part::Text("http://schemas.microsoft.com/win/2004/08/events/event"))],
                |chunk| {
                    chunk.element("System", &[], |chunk| {
                        chunk.empty("Provider", &[("Name", Part::Value(0)), ("Guid", Part::Value(1))]);
                        for (at, name) in
                            ["EventID", "Version", "Level", "Task", "Opcode", "Keywords"].iter().enumerate()
                        {
                            chunk.element(name, &[], |chunk| chunk.value(2 + at as u16));
                        }
                        chunk.empty("TimeCreated", &[("SystemTime", Part::Value(8))]);
                        chunk.element("EventRecordID", &[], |chunk| chunk.value(9));
                        chunk.empty("Correlation", &[("ActivityID", Part::Value(10))]);
                        chunk.empty(
                            "Execution",
                            &[("ProcessID", Part::Value(11)), ("ThreadID", Part::Value(12))],
                        );
                        chunk.element("Channel", &[], |chunk| chunk.value(13));
                        chunk.element("Computer", &[], |chunk| chunk.value(14));
                        chunk.empty("Security", &[("UserID", Part::Value(15))]);
                    });
                    chunk.value(16);
                },
            );
        });
        let mut values: Vec<Value> = vec![
            string(sample.provider),
            guid(sample.guid),
            (6, sample.id.to_le_bytes().to_vec()),
            (4, vec![VERSION]),
            (4, vec![sample.level]),
            (6, sample.task.to_le_bytes().to_vec()),
            (4, vec![OPCODE]),
            (0x15, sample.keywords.to_le_bytes().to_vec()),
            (0x11, sample.time.to_le_bytes().to_vec()),
            (0x0a, sample.record.to_le_bytes().to_vec()),
            guid(ACTIVITY_ID),
            (8, PROCESS_ID.to_le_bytes().to_vec()),
            (8, THREAD_ID.to_le_bytes().to_vec()),
            string(sample.channel),
            string(sample.computer),
            if sample.user.is_empty() { (0, Vec::new()) } else { sid(sample.user) },
        ];
        // The nested template lies in the chunk where its value will be, so the sizes come first.
        let head = self.bytes.len() + 4 + 4 * (values.len() + 1);
        let fixed: usize = values.iter().map(|(_, bytes)| bytes.len()).sum();
        let mut nested = Self {
            bytes: self.bytes.clone(),
            last_record: 0,
            names: self.names.clone(),
            templates: self.templates.clone(),
        };
        nested.bytes.resize(head + fixed, 0);
        nested.data(sample);
        (self.names, self.templates) = (nested.names, nested.templates);
        values.push((0x21, nested.bytes.split_off(head + fixed)));
        self.values(&values);
        self.bytes.push(0);
    }

    fn data(&mut self, sample: &Sample) {
        self.bytes.extend_from_slice(&[0x0f, 1, 1, 0]);
        let key = format!(
            "{} {} {:?}",
            sample.provider,
            sample.id,
            sample.data.iter().map(|(n, _)| n).collect::<Vec<_>>()
        );
        let fields = |chunk: &mut Self| {
            for (at, (name, _)) in sample.data.iter().enumerate() {
                let at = at as u16;
                match (sample.wrapper, *name) {
                    ("", "") => chunk.element("Data", &[], |chunk| chunk.value(at)),
                    ("", name) => {
                        chunk.element("Data", &[("Name", Part::Text(name))], |chunk| chunk.value(at))
                    }
                    (_, name) => chunk.element(name, &[], |chunk| chunk.value(at)),
                }
            }
        };
        self.instance(&key, |chunk| match sample.wrapper {
            "" => chunk.element("EventData", &[], fields),
            wrapper => chunk.element("UserData", &[], |chunk| {
                chunk.element(wrapper, &[("xmlns", Part::Text("urn:example"))], fields);
            }),
        });
        let values: Vec<Value> = sample.data.iter().map(|(_, value)| typed(value)).collect();
        self.values(&values);
        self.bytes.push(0);
    }

    /// A template instance up to its values; the template itself at its first use.
    fn instance(&mut self, key: &str, body: impl FnOnce(&mut Self)) {
        self.bytes.extend_from_slice(&[0x0c, 1, 0, 0, 0, 0]);
        let here = self.bytes.len() as u32 + 4;
        if let Some((_, offset)) = self.templates.iter().find(|(known, _)| known == key) {
            return self.bytes.extend_from_slice(&offset.to_le_bytes());
        }
        self.templates.push((key.to_owned(), here));
        self.bytes.extend_from_slice(&here.to_le_bytes());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 24]);
        self.bytes.extend_from_slice(&[0x0f, 1, 1, 0]);
        body(self);
        self.bytes.push(0);
        let size = (self.bytes.len() - start - 24) as u32;
        put(&mut self.bytes, start + 20, &size.to_le_bytes());
    }

    fn element(&mut self, name: &str, attributes: &[(&str, Part<'_>)], body: impl FnOnce(&mut Self)) {
        self.open(name, attributes);
        self.bytes.push(0x02);
        body(self);
        self.bytes.push(0x04);
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, Part<'_>)]) {
        self.open(name, attributes);
        self.bytes.push(0x03);
    }

    fn open(&mut self, name: &str, attributes: &[(&str, Part<'_>)]) {
        self.bytes.push(if attributes.is_empty() { 0x01 } else { 0x41 });
        self.bytes.extend_from_slice(&[0xff, 0xff, 0, 0, 0, 0]);
        self.name(name);
        if attributes.is_empty() {
            return;
        }
        self.bytes.extend_from_slice(&[0; 4]);
        for (at, (name, part)) in attributes.iter().enumerate() {
            self.bytes.push(if at + 1 < attributes.len() { 0x46 } else { 0x06 });
            self.name(name);
            match part {
                Part::Text(text) => {
                    self.bytes.extend_from_slice(&[0x05, 0x01]);
                    self.bytes.extend_from_slice(&(text.encode_utf16().count() as u16).to_le_bytes());
                    self.bytes.extend(utf16(text));
                }
                Part::Value(index) => self.value(*index),
            }
        }
    }

    /// A place for a value, which may be missing.
    fn value(&mut self, index: u16) {
        self.bytes.push(0x0e);
        self.bytes.extend_from_slice(&index.to_le_bytes());
        self.bytes.push(0x01);
    }

    fn name(&mut self, name: &str) {
        if let Some((_, offset)) = self.names.iter().find(|(known, _)| known == name) {
            return self.bytes.extend_from_slice(&offset.to_le_bytes());
        }
        let here = self.bytes.len() as u32 + 4;
        self.names.push((name.to_owned(), here));
        self.bytes.extend_from_slice(&here.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 6]);
        self.bytes.extend_from_slice(&(name.encode_utf16().count() as u16).to_le_bytes());
        self.bytes.extend(utf16(name));
        self.bytes.extend_from_slice(&[0; 2]);
    }

    fn values(&mut self, values: &[Value]) {
        self.bytes.extend_from_slice(&(values.len() as u32).to_le_bytes());
        for (kind, bytes) in values {
            self.bytes.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
            self.bytes.extend_from_slice(&[*kind, 0]);
        }
        values.iter().for_each(|(_, bytes)| self.bytes.extend_from_slice(bytes));
    }
}

enum Part<'a> {
    Text(&'a str),
    Value(u16),
}

/// A value of the type that its text suggests, if it reads the same.
fn typed(text: &str) -> Value {
    let hex = text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok());
    match (text.parse::<u32>(), hex) {
        (Ok(number), _) if number.to_string() == text => (8, number.to_le_bytes().to_vec()),
        (_, Some(number)) if format!("{number:#x}") == text => (0x15, number.to_le_bytes().to_vec()),
        _ if text == "true" || text == "false" => (0x0d, vec![u8::from(text == "true"), 0, 0, 0]),
        _ if text.starts_with("S-1-") => sid(text),
        _ if text.starts_with('{') && text.len() == 38 => guid(text),
        _ => string(text),
    }
}

fn string(text: &str) -> Value {
    (1, utf16(text).collect())
}

fn guid(text: &str) -> Value {
    let id = uuid::Uuid::try_parse(text.trim_matches(['{', '}'])).expect("a GUID of our own");
    (0x0f, id.to_bytes_le().to_vec())
}

fn sid(text: &str) -> Value {
    let mut parts = text.split('-').skip(2).map(|part| part.parse::<u64>().expect("a SID of our own"));
    let authority = parts.next().expect("an authority").to_be_bytes();
    let rest: Vec<u8> = parts.flat_map(|part| (part as u32).to_le_bytes()).collect();
    let head = [1, (rest.len() / 4) as u8];
    (0x13, [&head, &authority[2..], &rest].concat())
}

fn utf16(text: &str) -> impl Iterator<Item = u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes)
}

fn put(bytes: &mut [u8], at: usize, what: &[u8]) {
    bytes[at..at + what.len()].copy_from_slice(what);
}
