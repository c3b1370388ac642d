//! One event in the shape of every shipper.

use serde_json::{Value as Json, json};

use super::JSON;
use crate::{
    decode::{Confidence, Sample},
    testing,
};

const TIME: &str = "2024-05-06T07:08:09.123000Z";
const XML: &str = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/><EventID>4688</EventID><Version>2</Version><Level>0</Level><Task>13312</Task><Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='2024-05-06T07:08:09.1230000Z'/><EventRecordID>77</EventRecordID><Correlation/><Execution ProcessID='4' ThreadID='8'/><Channel>Security</Channel><Computer>PC1.corp.example</Computer><Security/></System><EventData>%DATA%</EventData></Event>";

/// The data of the event, in order.
const DATA: [(&str, &str); 15] = [
    ("SubjectUserSid", "S-1-5-21-1-2-3-1001"),
    ("SubjectUserName", "Ann"),
    ("SubjectDomainName", "CORP"),
    ("SubjectLogonId", "0x3e7f1"),
    ("NewProcessId", "0x13c4"),
    ("NewProcessName", r"C:\Windows\System32\cmd.exe"),
    ("TokenElevationType", "%%1938"),
    ("ProcessId", "0x1018"),
    ("CommandLine", r#"cmd.exe /c "echo <a>""#),
    ("TargetUserSid", "S-1-0-0"),
    ("TargetUserName", "-"),
    ("TargetDomainName", "-"),
    ("TargetLogonId", "0x0"),
    ("ParentProcessName", r"C:\Windows\explorer.exe"),
    ("MandatoryLabel", "S-1-16-8192"),
];

/// What all shapes of it must give.
fn check(shape: &str, record: &Json) {
    let text = record.to_string();
    let sample = Sample { name: "", bytes: text.as_bytes(), table: None };
    assert_eq!((JSON.guess)(&sample), Confidence::Certain, "{shape}");
    let guessed = crate::decode::guess(&sample).map(|(format, _)| format.name);
    assert_eq!(guessed, Some("windows-json"), "{shape}");
    let (rows, counts) = testing::decode(&JSON, text.as_bytes(), &[]);
    assert_eq!((counts.records, counts.dead_letter_count()), (1, 0), "{shape}: {rows:?}");
    let rows: Vec<Json> = rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect();
    let row = |table: &str| {
        rows.iter().find(|row| row["Table"] == table).unwrap_or_else(|| panic!("{shape}: {rows:?}"))
    };
    let log = json!({
        "TimeGenerated": TIME, "Computer": "PC1.corp.example", "EventID": 4688, "Channel": "Security",
        "EventSourceName": "Microsoft-Windows-Security-Auditing", "Account": r"CORP\Ann",
        "AccountType": "User", "NewProcessName": r"C:\Windows\System32\cmd.exe", "Process": "cmd.exe",
        "NewProcessId": "0x13c4", "CommandLine": r#"cmd.exe /c "echo <a>""#,
        "SubjectUserSid": "S-1-5-21-1-2-3-1001", "SubjectLogonId": "0x3e7f1",
        "ParentProcessName": r"C:\Windows\explorer.exe", "TokenElevationType": "%%1938",
        "MandatoryLabel": "S-1-16-8192", "EventRecordId": "77",
    });
    let device = json!({
        "Timestamp": TIME, "DeviceName": "pc1.corp.example", "ActionType": "ProcessCreated",
        "FileName": "cmd.exe", "FolderPath": r"C:\Windows\System32\cmd.exe", "ProcessId": 0x13c4,
        "ProcessCommandLine": r#"cmd.exe /c "echo <a>""#, "AccountName": "ann", "AccountDomain": "corp",
        "AccountSid": "S-1-5-21-1-2-3-1001", "LogonId": 0x3e7f1, "ProcessIntegrityLevel": "Medium",
        "ProcessTokenElevation": "TokenElevationTypeLimited", "InitiatingProcessId": 0x1018,
        "InitiatingProcessFileName": "explorer.exe", "ReportId": 77,
        "InitiatingProcessFolderPath": r"C:\Windows\explorer.exe",
    });
    for (table, wanted) in [("SecurityEvent", log), ("DeviceProcessEvents", device)] {
        for (column, value) in wanted.as_object().expect("an object") {
            assert_eq!(&row(table)[column], value, "{shape}: {table}.{column} of {:#}", row(table));
        }
    }
}

fn data() -> Json {
    DATA.iter().map(|(name, value)| ((*name).to_owned(), Json::from(*value))).collect()
}

fn values() -> Json {
    DATA.iter().map(|(_, value)| Json::from(*value)).collect()
}

fn xml() -> String {
    let escape = |text: &str| text.replace('<', "&lt;").replace('>', "&gt;");
    let data: String = DATA.iter().map(|(n, v)| format!("<Data Name='{n}'>{}</Data>", escape(v))).collect();
    XML.replace("%DATA%", &data)
}

/// Header members beside those of the data.
fn flat(header: Json) -> Json {
    let mut record = data();
    let members = record.as_object_mut().expect("an object");
    members.extend(header.as_object().expect("an object").clone());
    record
}

/// The header as an object of elements.
fn system(attributes: impl Fn(Json) -> Json) -> Json {
    json!({
        "Provider": attributes(json!({"Name": "Microsoft-Windows-Security-Auditing",
            "Guid": "{54849625-5478-4994-a5ba-3e3b0328c30d}"})),
        "EventID": 4688, "Version": 2, "Level": 0, "Task": 13312, "Opcode": 0,
        "Keywords": "0x8020000000000000",
        "TimeCreated": attributes(json!({"SystemTime": "2024-05-06T07:08:09.123000Z"})),
        "EventRecordID": 77, "Correlation": null,
        "Execution": attributes(json!({"ProcessID": 4, "ThreadID": 8})),
        "Channel": "Security", "Computer": "PC1.corp.example", "Security": null,
    })
}

fn winlog() -> Json {
    json!({
        "channel": "Security", "provider_name": "Microsoft-Windows-Security-Auditing",
        "provider_guid": "{54849625-5478-4994-a5ba-3e3b0328c30d}", "event_id": "4688", "version": 2,
        "task": "Process Creation", "opcode": "Info", "keywords": ["Audit Success"], "record_id": "77",
        "computer_name": "PC1.corp.example", "process": {"pid": 4, "thread": {"id": 8}},
        "event_data": data(),
    })
}

fn nxlog() -> Json {
    json!({
        "EventTime": "2024-05-06T07:08:09.123000+00:00", "Hostname": "PC1.corp.example",
        "Keywords": "9232379236109516800", "EventType": "AUDIT_SUCCESS", "SeverityValue": 2,
        "Severity": "INFO", "EventID": 4688, "SourceName": "Microsoft-Windows-Security-Auditing",
        "ProviderGuid": "{54849625-5478-4994-A5BA-3E3B0328C30D}", "Version": 2, "TaskValue": 13312,
        "OpcodeValue": 0, "RecordNumber": 77, "ExecutionProcessID": 4, "ExecutionThreadID": 8,
        "Channel": "Security", "Category": "Process Creation", "Opcode": "Info",
        "EventReceivedTime": "2024-05-06T07:08:10.000000+00:00", "SourceModuleName": "in",
    })
}

#[test]
fn xml_turned_to_json() {
    let marked = |attributes: Json| json!({"#attributes": attributes});
    let event = json!({"Event": {"System": system(marked), "EventData": data()}});
    check("evtx_dump", &event);
    check(
        "Chainsaw's detections",
        &json!({"group": "Sigma", "name": "x", "document": {
        "kind": "evtx", "path": "x.evtx", "data": event}}),
    );
    let at = |attributes: Json| -> Json {
        let members = attributes.as_object().expect("an object").clone();
        members.into_iter().map(|(name, value)| (format!("@{name}"), value)).collect()
    };
    let pairs: Vec<Json> = DATA.iter().map(|(n, v)| json!({"@Name": n, "#text": v})).collect();
    check(
        "xmltodict",
        &json!({"Event": {"@xmlns": "http://schemas.microsoft.com/win/2004/08/events/event",
        "System": system(at), "EventData": {"Data": pairs}}}),
    );
    let pairs: Vec<Json> = DATA.iter().map(|(n, v)| json!({"$": {"Name": n}, "_": v})).collect();
    let dollar = |attributes: Json| json!({"$": attributes});
    check("xml2js", &json!({"Event": {"System": system(dollar), "EventData": {"Data": pairs}}}));
    let mut plain = system(|attributes| attributes);
    plain["EventID"] = json!({"Value": 4688});
    plain["TimeCreated"] = json!({"SystemTime": 1_714_979_289.123});
    check("Velociraptor", &json!({"System": plain, "EventData": data(), "Message": "A new process."}));
}

#[test]
fn elastic() {
    let winlog = winlog();
    let ecs = json!({"@timestamp": "2024-05-06T07:08:09.123Z", "winlog": winlog, "event": {"code": "4688",
        "original": xml()}, "log": {"level": "information"}, "message": "A new process."});
    check("Winlogbeat 8", &ecs);
    check("an export", &json!({"_index": "x", "_id": "y", "_source": ecs}));
    let arrays: serde_json::Map<String, Json> = DATA
        .iter()
        .map(|(name, value)| (format!("winlog.event_data.{name}"), json!([value])))
        .chain([
            ("@timestamp".to_owned(), json!(["2024-05-06T07:08:09.123Z"])),
            ("winlog.channel".to_owned(), json!(["Security"])),
            ("winlog.provider_name".to_owned(), json!(["Microsoft-Windows-Security-Auditing"])),
            ("winlog.event_id".to_owned(), json!([4688])),
            ("winlog.record_id".to_owned(), json!(["77"])),
            ("winlog.computer_name".to_owned(), json!(["PC1.corp.example"])),
        ])
        .collect();
    check("fields of a search", &json!({"_index": "x", "fields": arrays}));
    check(
        "Winlogbeat 6",
        &json!({"@timestamp": "2024-05-06T07:08:09.123Z", "type": "wineventlog",
        "log_name": "Security", "source_name": "Microsoft-Windows-Security-Auditing", "event_id": 4688,
        "record_number": "77", "computer_name": "PC1.corp.example", "level": "Information",
        "keywords": ["Audit Success"], "event_data": data()}),
    );
}

#[test]
fn nxlog_and_graylog() {
    let header = nxlog();
    check("NXLog", &flat(header.clone()));
    let mut nested = header.clone();
    nested["EventData"] = data();
    check("NXLog, data apart", &nested);
    let gelf: serde_json::Map<String, Json> = flat(header)
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| (format!("_{name}"), value.clone()))
        .chain([
            ("version".to_owned(), json!("1.1")),
            ("host".to_owned(), json!("PC1")),
            ("short_message".to_owned(), json!("A new process has been created.")),
            ("timestamp".to_owned(), json!(1_714_979_290.5)),
            ("level".to_owned(), json!(6)),
        ])
        .collect();
    check("GELF", &Json::Object(gelf));
    let graylog: serde_json::Map<String, Json> = DATA
        .iter()
        .map(|(name, value)| (format!("winlogbeat_winlog_event_data_{name}"), json!(value)))
        .chain([
            ("winlogbeat_winlog_channel".to_owned(), json!("Security")),
            ("winlogbeat_winlog_provider_name".to_owned(), json!("Microsoft-Windows-Security-Auditing")),
            ("winlogbeat_winlog_event_id".to_owned(), json!("4688")),
            ("winlogbeat_winlog_record_id".to_owned(), json!(77)),
            ("winlogbeat_winlog_computer_name".to_owned(), json!("PC1.corp.example")),
            ("winlogbeat_@timestamp".to_owned(), json!("2024-05-06T07:08:09.123Z")),
        ])
        .collect();
    check("Graylog's Winlogbeat", &json!({"message": graylog, "index": "x"}));
}

#[test]
fn values_without_names() {
    check(
        "Fluent Bit",
        &json!({"ProviderName": "Microsoft-Windows-Security-Auditing", "ProviderGuid": "",
        "Qualifiers": "", "EventID": 4688, "Version": 2, "Level": 0, "Task": 13312, "Opcode": 0,
        "Keywords": "0x8020000000000000", "TimeCreated": "2024-05-06 09:08:09.123 +0200",
        "EventRecordID": 77, "ProcessID": 4, "ThreadID": 8, "Channel": "Security",
        "Computer": "PC1.corp.example", "UserID": "", "Message": "A new process.",
        "StringInserts": values()}),
    );
    check(
        "Fluentd",
        &json!({"ProviderName": "Microsoft-Windows-Security-Auditing",
        "ProviderGUID": "{54849625-5478-4994-A5BA-3E3B0328C30D}", "EventID": "4688", "Qualifiers": "",
        "Level": "0", "Task": "13312", "Opcode": "0", "Keywords": "0x8020000000000000",
        "TimeCreated": "2024/05/06 07:08:09.123000000", "EventRecordID": "77", "ProcessID": "4",
        "ThreadID": "8", "Channel": "Security", "Computer": "PC1.corp.example", "UserID": "",
        "Version": "2", "Description": "A new process.", "EventData": values()}),
    );
    check(
        "Fluentd's older source",
        &json!({"channel": "Security", "record_number": "77",
        "time_generated": "2024-05-06 07:08:09.123", "event_id": "4688", "event_type": "audit_success",
        "source_name": "Microsoft-Windows-Security-Auditing", "computer_name": "PC1.corp.example",
        "user": "", "description": "A new process.", "string_inserts": values()}),
    );
    let properties: Vec<Json> = DATA.iter().map(|(_, value)| json!({"Value": value})).collect();
    check(
        "Get-WinEvent",
        &json!({"Id": 4688, "Version": 2, "Qualifiers": null, "Level": 0, "Task": 13312,
        "Opcode": 0, "Keywords": -9_214_364_837_600_034_816_i64, "RecordId": 77,
        "ProviderName": "Microsoft-Windows-Security-Auditing",
        "ProviderId": "54849625-5478-4994-a5ba-3e3b0328c30d", "LogName": "Security", "ProcessId": 4,
        "ThreadId": 8, "MachineName": "PC1.corp.example", "UserId": null,
        "TimeCreated": "/Date(1714979289123)/", "LevelDisplayName": "Information",
        "KeywordsDisplayNames": ["Audit Success"], "Properties": properties, "Message": "A new process."}),
    );
}

#[test]
fn xml_inside_json() {
    let xml = xml();
    check(
        "Splunk's collector",
        &json!({"time": 1_714_979_290, "host": "pc1",
        "sourcetype": "XmlWinEventLog", "event": xml}),
    );
    check("Splunk's results", &json!({"preview": false, "result": {"_raw": xml, "EventCode": "4688"}}));
    check("Cribl", &json!({"_raw": xml, "_time": 1_714_979_290.5, "host": "pc1", "source": "x"}));
    let start = xml.find("<EventData>").expect("there is data");
    let part = xml[start..].trim_end_matches("</Event>");
    check(
        "data as XML",
        &json!({"Channel": "Security", "Provider": "Microsoft-Windows-Security-Auditing",
        "EventID": "4688", "EventRecordID": "77", "TimeCreated": "2024-05-06T07:08:09.123Z",
        "Computer": "PC1.corp.example", "EventData": part}),
    );
    let inner = part.trim_start_matches("<EventData>").trim_end_matches("</EventData>");
    check(
        "data elements",
        &json!({"Channel": "Security", "SourceName": "Microsoft-Windows-Security-Auditing",
        "EventCode": "4688", "RecordNumber": "77", "TimeCreated": "2024-05-06T07:08:09.123Z",
        "ComputerName": "PC1.corp.example", "EventData_Xml": inner}),
    );
}

#[test]
fn wazuh() {
    let small = |name: &str| name[..1].to_lowercase() + &name[1..];
    let data: Json = DATA.iter().map(|(name, value)| (small(name), Json::from(*value))).collect();
    let win = json!({"system": {"providerName": "Microsoft-Windows-Security-Auditing",
        "providerGuid": "{54849625-5478-4994-a5ba-3e3b0328c30d}", "eventID": "4688", "version": "2",
        "level": "0", "task": "13312", "opcode": "0", "keywords": "0x8020000000000000",
        "systemTime": "2024-05-06T07:08:09.1230000Z", "eventRecordID": "77", "processID": "4",
        "threadID": "8", "channel": "Security", "computer": "PC1.corp.example",
        "severityValue": "AUDIT_SUCCESS", "message": "\"A new process.\""}, "eventdata": data});
    check(
        "Wazuh",
        &json!({"timestamp": "2024-05-06T07:08:11.000+0000", "rule": {"id": "67027"},
        "agent": {"id": "001"}, "data": {"win": win}, "location": "EventChannel"}),
    );
}

/// Sysmon's message lists its data, which is all that some shippers keep.
#[test]
fn data_from_the_message() {
    let record = json!({"EventCode": 11, "LogName": "Microsoft-Windows-Sysmon/Operational",
        "SourceName": "Microsoft-Windows-Sysmon", "ComputerName": "PC1.corp.example", "RecordNumber": 5,
        "TimeGenerated": null, "EntryType": "Information",
        "Message": "File created:\r\nRuleName: -\r\nUtcTime: 2024-05-06 07:08:09.123\r\nProcessId: 612\r\nImage: C:\\a\\b.exe\r\nTargetFilename: C:\\c\\d.txt"});
    let (rows, _) = testing::decode(&JSON, record.to_string().as_bytes(), &[]);
    let row = rows.iter().find(|row| row.contains("DeviceFileEvents")).expect("a row of the file's table");
    let row: Json = serde_json::from_str(row).expect("JSON");
    assert_eq!(row["FolderPath"], r"C:\c\d.txt");
    assert_eq!(row["InitiatingProcessFileName"], "b.exe");
    assert_eq!(row["InitiatingProcessId"], 612);
}

/// PowerShell's redirection writes UTF-16.
#[test]
fn utf_16_is_read() {
    let record = json!({"Event": {"System": system(|attributes| attributes), "EventData": data()}});
    let lines = format!("\u{feff}{record}\r\n{record}\r\n");
    for big_endian in [false, true] {
        let bytes: Vec<u8> = lines
            .encode_utf16()
            .flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect();
        let guessed = crate::decode::guess(&Sample { name: "", bytes: &bytes, table: None });
        assert_eq!(guessed.map(|(format, _)| format.name), Some("windows-json"));
        let (rows, counts) = testing::decode(&JSON, &bytes, &[]);
        assert_eq!((counts.records, counts.dead_letter_count()), (2, 0));
        let cuts: Vec<usize> = (1..bytes.len()).collect();
        assert_eq!(testing::decode(&JSON, &bytes, &cuts), (rows, counts));
    }
}

/// Rows of a table are rows, not events.
#[test]
fn exported_rows_are_left_to_the_reader_of_rows() {
    let record = json!({"TimeGenerated": TIME, "Computer": "PC1", "EventID": 4688, "Channel": "Security",
        "EventSourceName": "Microsoft-Windows-Security-Auditing", "EventData": xml(), "Type": "SecurityEvent"});
    let text = record.to_string();
    let sample = Sample { name: "", bytes: text.as_bytes(), table: None };
    let (format, _) = crate::decode::guess(&sample).expect("a format");
    assert_eq!(format.name, "json-lines");
}
