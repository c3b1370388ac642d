//! The encodings against each other, over events of our own and over public corpora.

use std::collections::BTreeMap;

use super::{
    EVTX, JSON, XML,
    samples::{self, Sample, evtx, text},
};
use crate::testing;

fn lines(samples: &[Sample], encode: fn(&Sample) -> String) -> Vec<u8> {
    samples.iter().map(|sample| encode(sample) + "\n").collect::<String>().into_bytes()
}

fn sorted(format: &'static crate::decode::Format, bytes: &[u8]) -> Vec<String> {
    let (mut rows, counts) = testing::decode(format, bytes, &[]);
    assert!(counts.dead_letters.is_empty(), "{}: {:?}", format.name, counts.dead_letters);
    rows.sort();
    rows
}

#[test]
fn an_event_gives_the_same_rows_however_it_is_encoded() {
    let samples = samples::samples();
    let expected = sorted(&EVTX, &evtx::file(&samples));
    assert!(expected.len() > samples.len());
    for (name, rows) in [
        ("xml", sorted(&XML, &lines(&samples, text::xml))),
        ("evtx_dump", sorted(&JSON, &lines(&samples, text::dump))),
    ] {
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(row, expected, "{name}");
        }
        assert_eq!(rows.len(), expected.len(), "{name}");
    }
}

/// Shippers add and drop parts of the header, but not what happened.
#[test]
fn shippers_events_give_the_same_hunting_rows() {
    let samples = samples::samples();
    let hunting = |rows: Vec<String>| -> Vec<String> {
        rows.into_iter().filter(|row| row.starts_with(r#"{"Table":"Device"#)).collect()
    };
    let expected = hunting(sorted(&EVTX, &evtx::file(&samples)));
    let winlogbeat = hunting(sorted(&JSON, &lines(&samples, text::winlogbeat)));
    for (row, expected) in winlogbeat.iter().zip(&expected) {
        assert_eq!(row, expected, "Winlogbeat");
    }
    assert_eq!(winlogbeat.len(), expected.len());
    let without_fraction = |rows: Vec<String>| -> Vec<String> {
        // NXLog's EventTime has whole seconds.
        rows.into_iter().map(|row| row.replace(".123456Z", ".000000Z")).collect()
    };
    let nxlog = hunting(sorted(&JSON, &lines(&samples, text::nxlog)));
    let mut expected = without_fraction(expected);
    expected.sort();
    for (row, expected) in nxlog.iter().zip(&expected) {
        assert_eq!(row, expected, "NXLog");
    }
    assert_eq!(nxlog.len(), expected.len());
}

/// Every rule of the mapping of Windows events that our samples do not reach is named here or in a
/// public corpus; this one tells which tables and actions the samples reach.
#[test]
fn the_samples_reach_the_hunting_tables() {
    let rows = sorted(&EVTX, &evtx::file(&samples::samples()));
    let mut tables: BTreeMap<String, usize> = BTreeMap::new();
    for row in &rows {
        let row: serde_json::Value = serde_json::from_str(row).expect("JSON");
        *tables.entry(row["Table"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    for table in ["Process", "Network", "File", "Registry", "Logon", "ImageLoad"] {
        assert!(tables.contains_key(&format!("Device{table}Events")), "{tables:?}");
    }
    for table in ["DeviceEvents", "SecurityEvent", "Event", "WindowsEvent"] {
        assert!(tables.contains_key(table), "{tables:?}");
    }
}

/// The fixtures that are made of the samples; `UPDATE_FIXTURES=1` writes them anew.
#[test]
fn fixtures_are_as_the_samples_give_them() {
    let all = samples::samples();
    let few: Vec<Sample> = samples::samples().into_iter().step_by(5).collect();
    let utf16 = |text: &[u8]| -> Vec<u8> {
        let text = format!("\u{feff}{}", String::from_utf8_lossy(text));
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    for (path, bytes) in [
        ("evtx/samples.evtx", evtx::file(&few)),
        ("windows-xml/samples.xml", lines(&all, text::xml)),
        ("windows-xml/utf16.xml", utf16(&lines(&few, text::xml))),
        ("windows-json/evtx-dump.jsonl", lines(&few, text::dump)),
        ("windows-json/winlogbeat.jsonl", lines(&few, text::winlogbeat)),
        ("windows-json/nxlog.jsonl", lines(&few, text::nxlog)),
    ] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path);
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(&path, &bytes).expect("a writable fixture folder");
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(kept == bytes, "{} is not what the samples give", path.display());
    }
}

/// Regression data of detection rules has the same events as event log file and as JSON.
#[test]
fn public_events_give_the_same_rows_as_file_and_as_json() {
    let (mut events, mut pairs) = (0, 0);
    for json in testing::corpora("json") {
        let file = json.with_extension("evtx");
        let (Ok(json), Ok(file)) = (std::fs::read(&json), std::fs::read(&file)) else { continue };
        let (file_rows, counts) = testing::decode(&EVTX, &file, &[]);
        assert!(counts.dead_letters.is_empty(), "{:?}", counts.dead_letters);
        let (json_rows, json_counts) = testing::decode(&JSON, &json, &[]);
        assert!(json_counts.dead_letters.is_empty(), "{:?}", json_counts.dead_letters);
        pairs += 1;
        // The tool that wrote the JSON cut trailing spaces off.
        let squeezed = |row: &String| row.replace(' ', "");
        let expected: Vec<String> = file_rows.iter().map(squeezed).collect();
        for row in json_rows.iter().map(squeezed) {
            events += 1;
            assert!(expected.contains(&row), "{row}");
        }
    }
    println!("{events} rows of {pairs} pairs of files agree");
}
