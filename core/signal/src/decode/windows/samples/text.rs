//! The events as XML and as JSON.

use super::{ACTIVITY_ID, OPCODE, PROCESS_ID, Sample, THREAD_ID, VERSION};
use crate::dynamic::{ObjectWriter, quote};

/// As `wevtutil qe /f:xml` writes it, on one line.
pub fn xml(sample: &Sample) -> String {
    let mut data = String::new();
    for (name, value) in &sample.data {
        let value = escape(value);
        data += &match (sample.wrapper, *name) {
            ("", "") => format!("<Data>{value}</Data>"),
            ("", name) => format!("<Data Name='{}'>{value}</Data>", escape(name)),
            (_, name) => format!("<{name}>{value}</{name}>"),
        };
    }
    let data = match sample.wrapper {
        "" => format!("<EventData>{data}</EventData>"),
        wrapper => format!("<UserData><{wrapper} xmlns='urn:example'>{data}</{wrapper}></UserData>"),
    };
    let user = if sample.user.is_empty() {
        "<Security/>".into()
    } else {
        format!("<Security UserID='{}'/>", sample.user)
    };
    format!(
        "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System>\
         <Provider Name='{}' Guid='{}'/><EventID>{}</EventID><Version>{VERSION}</Version><Level>{}</Level>\
         <Task>{}</Task><Opcode>{OPCODE}</Opcode><Keywords>{:#x}</Keywords><TimeCreated SystemTime='{}'/>\
         <EventRecordID>{}</EventRecordID><Correlation ActivityID='{ACTIVITY_ID}'/>\
         <Execution ProcessID='{PROCESS_ID}' ThreadID='{THREAD_ID}'/><Channel>{}</Channel>\
         <Computer>{}</Computer>{user}</System>{data}</Event>",
        sample.provider,
        sample.guid,
        sample.id,
        sample.level,
        sample.task,
        sample.keywords,
        sample.time_text(),
        sample.record,
        sample.channel,
        sample.computer,
    )
}

/// As `evtx_dump` writes it.
pub fn dump(sample: &Sample) -> String {
    let object = |members: &[(&str, String)]| {
        let mut object = ObjectWriter::default();
        members.iter().for_each(|(name, json)| object.raw(name, json));
        object.finish(str::to_owned)
    };
    let attributes = |members: &[(&str, String)]| object(&[("#attributes", object(members))]);
    let mut data: Vec<(&str, String)> = Vec::new();
    let unnamed: Vec<String> =
        sample.data.iter().filter(|(name, _)| name.is_empty()).map(|(_, v)| quote(v)).collect();
    if !unnamed.is_empty() {
        data.push(("Data", object(&[("#text", format!("[{}]", unnamed.join(",")))])));
    }
    for (name, value) in sample.data.iter().filter(|(name, _)| !name.is_empty()) {
        // Numbers are numbers there.
        let is_number = value.parse::<u32>().is_ok_and(|number| number.to_string() == *value);
        data.push((name, if is_number { (*value).to_owned() } else { quote(value) }));
    }
    let (container, data) = match sample.wrapper {
        "" => ("EventData", object(&data)),
        wrapper => {
            data.insert(0, ("#attributes", object(&[("xmlns", quote("urn:example"))])));
            ("UserData", object(&[(wrapper, object(&data))]))
        }
    };
    let security =
        if sample.user.is_empty() { "null".into() } else { attributes(&[("UserID", quote(sample.user))]) };
    let system = object(&[
        ("Provider", attributes(&[("Name", quote(sample.provider)), ("Guid", quote(sample.guid))])),
        ("EventID", sample.id.to_string()),
        ("Version", VERSION.to_string()),
        ("Level", sample.level.to_string()),
        ("Task", sample.task.to_string()),
        ("Opcode", OPCODE.to_string()),
        ("Keywords", format!("\"{:#x}\"", sample.keywords)),
        ("TimeCreated", attributes(&[("SystemTime", quote(&sample.time_text()))])),
        ("EventRecordID", sample.record.to_string()),
        ("Correlation", attributes(&[("ActivityID", quote(ACTIVITY_ID))])),
        (
            "Execution",
            attributes(&[("ProcessID", PROCESS_ID.to_string()), ("ThreadID", THREAD_ID.to_string())]),
        ),
        ("Channel", quote(sample.channel)),
        ("Computer", quote(sample.computer)),
        ("Security", security),
    ]);
    object(&[("Event", object(&[("System", system), (container, data)]))])
}

/// As Winlogbeat 8 writes it.
pub fn winlogbeat(sample: &Sample) -> String {
    let mut data = ObjectWriter::default();
    if !sample.wrapper.is_empty() {
        data.string("xml_name", sample.wrapper);
    }
    for (at, (name, value)) in sample.data.iter().enumerate() {
        let number = format!("param{}", at + 1);
        data.string(if name.is_empty() { &number } else { name }, value);
    }
    let data = data.finish(str::to_owned);
    let part = if sample.wrapper.is_empty() { "event_data" } else { "user_data" };
    let keywords = if sample.channel == "Security" { r#"["Audit Success"]"# } else { "[]" };
    let level = if sample.level == 2 { "error" } else { "information" };
    format!(
        r#"{{"@timestamp":"{}","log":{{"level":"{level}"}},"agent":{{"type":"winlogbeat"}},"event":{{"code":"{}"}},"winlog":{{"api":"wineventlog","channel":{},"provider_name":{},"provider_guid":{},"event_id":"{}","version":{VERSION},"opcode":"Info","keywords":{keywords},"record_id":{},"activity_id":"{ACTIVITY_ID}","computer_name":{},"process":{{"pid":{PROCESS_ID},"thread":{{"id":{THREAD_ID}}}}},"user":{{"identifier":"{}"}},"{part}":{data}}}}}"#,
        sample.time_text(),
        sample.id,
        quote(sample.channel),
        quote(sample.provider),
        quote(sample.guid),
        sample.id,
        sample.record,
        quote(sample.computer),
        sample.user,
    )
}

/// As NXLog's `to_json()` writes it, five hours west of UTC.
pub fn nxlog(sample: &Sample) -> String {
    let time = crate::time::from_filetime(sample.time).expect("a time of our own");
    let local = crate::time::format_datetime(time - 5 * 3_600_000_000)[..19].replace('T', " ");
    let collected = crate::time::format_datetime(time + 2_500_000);
    let mut object = ObjectWriter::default();
    object.string("EventTime", &local);
    object.string("Hostname", sample.computer);
    object.raw("Keywords", &(sample.keywords as i64).to_string());
    let sysmon_type = sample.data.iter().any(|(name, _)| *name == "EventType");
    if !sysmon_type {
        let kind = match sample.level {
            0 => "AUDIT_SUCCESS",
            2 => "ERROR",
            _ => "INFO",
        };
        object.string("EventType", kind);
    }
    object.string("Severity", if sample.level == 2 { "ERROR" } else { "INFO" });
    object.raw("EventID", &sample.id.to_string());
    object.string("SourceName", sample.provider);
    object.string("ProviderGuid", sample.guid);
    object.raw("Version", &VERSION.to_string());
    object.raw("Task", &sample.task.to_string());
    object.raw("OpcodeValue", &OPCODE.to_string());
    object.raw("RecordNumber", &sample.record.to_string());
    object.string("ActivityID", ACTIVITY_ID);
    object.raw("ExecutionProcessID", &PROCESS_ID.to_string());
    object.raw("ExecutionThreadID", &THREAD_ID.to_string());
    object.string("Channel", sample.channel);
    if !sample.user.is_empty() {
        object.string("UserID", sample.user);
    }
    for (name, value) in &sample.data {
        object.string(if name.is_empty() { "Data" } else { name }, value);
    }
    object.string("SourceModuleName", "in");
    object.string("@timestamp", &collected);
    object.finish(str::to_owned)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;")
}
