//! The mapping, event by event, against `mapping/windows.cases`.

use std::collections::{HashMap, HashSet};

use serde_json::{Value as Json, json};

use super::{JSON, mapping};
use crate::testing;

type Pairs<'a> = Vec<(&'a str, &'a str)>;

#[derive(Default)]
struct Case<'a> {
    line: usize,
    provider: &'a str,
    channel: &'a str,
    ids: Vec<u32>,
    data: Pairs<'a>,
    /// Empty for no row but the log's.
    table: &'a str,
    expected: Pairs<'a>,
}

/// Reads the cases. The notation is told in the file's head.
fn cases() -> Vec<Case<'static>> {
    let mut blocks: HashMap<&str, Pairs<'static>> = HashMap::new();
    let mut block = None;
    let mut cases: Vec<Case<'static>> = Vec::new();
    let mut is_expected = false;
    for (at, line) in include_str!("../../../mapping/windows.cases").lines().enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("data ") {
            block = Some(name);
            blocks.insert(name, Vec::new());
        } else if let Some(table) = line.strip_prefix("-> ") {
            let case = cases.last_mut().expect("a case before its table");
            case.table = if table == "nothing" { "" } else { table };
            is_expected = true;
        } else if let Some(pair) = line.strip_prefix("  ") {
            let pairs = match pair.strip_prefix("+ ") {
                Some(name) => {
                    blocks.get(name).unwrap_or_else(|| panic!("line {}: no block {name}", at + 1)).clone()
                }
                None => vec![pair.split_once(" = ").unwrap_or_else(|| panic!("line {}: no pair", at + 1))],
            };
            match (block, cases.last_mut()) {
                (Some(name), _) => blocks.get_mut(name).expect("the block that is open").extend(pairs),
                (None, Some(case)) if is_expected => case.expected.extend(pairs),
                (None, Some(case)) => case.data.extend(pairs),
                (None, None) => panic!("line {}: no case", at + 1),
            }
        } else {
            let parts: Vec<&str> = line.split(" | ").collect();
            let [provider, channel, ids] = parts[..] else { panic!("line {}: three parts", at + 1) };
            let ids = ids.split(", ").map(|id| id.parse().expect("a number")).collect();
            cases.push(Case { line: at + 1, provider, channel, ids, ..Case::default() });
            (block, is_expected) = (None, false);
        }
    }
    cases
}

fn event(case: &Case<'_>, id: u32) -> Json {
    let data: Json = case.data.iter().map(|(name, value)| ((*name).to_owned(), Json::from(*value))).collect();
    let channel = if case.channel == "*" { "Example/Operational" } else { case.channel };
    let level = if channel == "Security" { 0 } else { 4 };
    json!({"Event": {"System": {
        "Provider": {"#attributes": {"Name": case.provider}}, "EventID": id, "Level": level, "Channel": channel,
        "TimeCreated": {"#attributes": {"SystemTime": "2020-01-02T03:04:05.678Z"}},
        "EventRecordID": 9, "Computer": "PC1.corp.example"}, "EventData": data}})
}

#[test]
fn events_give_the_rows_of_the_cases() {
    for case in cases() {
        for id in &case.ids {
            let at = format!("line {}, event {id}", case.line);
            let (rows, counts) = testing::decode(&JSON, event(&case, *id).to_string().as_bytes(), &[]);
            assert_eq!((counts.records, counts.dead_letter_count()), (1, 0), "{at}");
            let rows: Vec<Json> = rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect();
            let is_log = |row: &Json| !row["Table"].as_str().unwrap_or_default().starts_with("Device");
            assert_eq!(rows.iter().filter(|row| is_log(row)).count(), 1, "{at}: one row of a log");
            if case.table.is_empty() {
                assert!(rows.iter().all(is_log), "{at}: {rows:#?}");
                continue;
            }
            let row = rows.iter().find(|row| row["Table"] == case.table);
            let row = row.unwrap_or_else(|| panic!("{at}: no row of {}: {rows:#?}", case.table));
            for (column, expected) in &case.expected {
                let found = column.split('.').fold(row, |value, name| &value[name]);
                let shown = match found {
                    Json::Null => "-".to_owned(),
                    Json::String(text) => text.clone(),
                    other => other.to_string(),
                };
                assert_eq!(&shown, expected, "{at}: {column} of {row:#}");
            }
        }
    }
}

/// Every kind of event that has an advanced-hunting row has a case.
#[test]
fn every_source_of_a_hunting_table_has_a_case() {
    let cases = cases();
    let covered: HashSet<String> = cases
        .iter()
        .filter(|case| case.table.starts_with("Device"))
        .flat_map(|case| {
            case.ids.iter().flat_map(|id| [case.provider, case.channel].map(|name| format!("{name}/{id}")))
        })
        .map(|source| source.to_lowercase())
        .collect();
    // Twenty-four ids of one rule, which looks its action up by the id.
    let is_alike = |source: &str| source.starts_with("microsoft-windows-security-mitigations/");
    let missing: Vec<&str> = mapping()
        .sources()
        .into_iter()
        .filter(|(_, tables)| tables.iter().any(|table| table.starts_with("Device")))
        .map(|(source, _)| source)
        .filter(|source| !covered.contains(*source) && !is_alike(source))
        .collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// Rules of detection are translated to columns of the hunting tables (the pipeline for Microsoft 365
/// Defender that `pySigma` has); what a rule looks for must be found there. The events of public
/// regression data are looked at.
#[test]
fn what_rules_look_for_is_in_the_columns_that_they_are_translated_to() {
    /// The event's id, the table, and the fields of a rule with their columns.
    type Translation = (u64, &'static str, &'static [(&'static str, &'static str)]);
    const COLUMNS: [Translation; 8] = [
        (
            1,
            "DeviceProcessEvents",
            &[
                ("Image", "FolderPath"),
                ("CommandLine", "ProcessCommandLine"),
                ("ParentImage", "InitiatingProcessFolderPath"),
                ("ParentCommandLine", "InitiatingProcessCommandLine"),
                ("OriginalFileName", "ProcessVersionInfoOriginalFileName"),
                ("Product", "ProcessVersionInfoProductName"),
                ("Company", "ProcessVersionInfoCompanyName"),
                ("Description", "ProcessVersionInfoFileDescription"),
                ("IntegrityLevel", "ProcessIntegrityLevel"),
                ("ProcessId", "ProcessId"),
                ("ParentProcessId", "InitiatingProcessId"),
            ],
        ),
        (
            3,
            "DeviceNetworkEvents",
            &[
                ("DestinationIp", "RemoteIP"),
                ("DestinationPort", "RemotePort"),
                ("Image", "InitiatingProcessFolderPath"),
            ],
        ),
        (
            7,
            "DeviceImageLoadEvents",
            &[("ImageLoaded", "FolderPath"), ("Image", "InitiatingProcessFolderPath")],
        ),
        (8, "DeviceEvents", &[("TargetImage", "FolderPath"), ("SourceImage", "InitiatingProcessFolderPath")]),
        (
            10,
            "DeviceEvents",
            &[("TargetImage", "FolderPath"), ("SourceImage", "InitiatingProcessFolderPath")],
        ),
        (
            11,
            "DeviceFileEvents",
            &[("TargetFilename", "FolderPath"), ("Image", "InitiatingProcessFolderPath")],
        ),
        (13, "DeviceRegistryEvents", &[("Image", "InitiatingProcessFolderPath")]),
        (22, "DeviceEvents", &[("QueryName", "RemoteUrl"), ("Image", "InitiatingProcessFolderPath")]),
    ];
    let mut looked_at = 0;
    for path in testing::corpora("json") {
        if !path.with_extension("evtx").exists() {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a readable file");
        for event in serde_json::Deserializer::from_str(&text).into_iter::<Json>() {
            let event = event.expect("JSON");
            let (system, data) = (&event["Event"]["System"], &event["Event"]["EventData"]);
            if system["Provider"]["#attributes"]["Name"] != "Microsoft-Windows-Sysmon" {
                continue;
            }
            let (rows, _) = testing::decode(&JSON, event.to_string().as_bytes(), &[]);
            let rows: Vec<Json> = rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect();
            let is_it = |known: &&(u64, &str, &[(&str, &str)])| Some(known.0) == system["EventID"].as_u64();
            let Some((_, table, columns)) = COLUMNS.iter().find(is_it) else { continue };
            if data["Initiated"] == false || data["Initiated"] == "false" {
                continue;
            }
            let row = rows.iter().find(|row| row["Table"] == *table).expect("a row of the table");
            looked_at += 1;
            for (field, column) in *columns {
                let text = |value: &Json| value.as_str().map_or(value.to_string(), str::to_owned);
                let (field, value) = (text(&data[*field]), text(&row[*column]));
                // `-` is no value, and an address has one spelling.
                let is_same = field == value || value == "null" && ["-", "", "null"].contains(&&*field);
                assert!(is_same || *column == "RemoteIP", "{}: {column}: {field} {value}", path.display());
            }
        }
    }
    println!("{looked_at} events looked at");
}
