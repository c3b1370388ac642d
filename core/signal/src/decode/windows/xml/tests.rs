//! The ways in which tools write events as XML.

use super::XML;
use crate::{
    decode::{Confidence, Sample, guess},
    testing,
};

const SYSTEM: &str = "<System><Provider Name='P'/><EventID Qualifiers='16384'>7</EventID><Level>3</Level><TimeCreated SystemTime='2024-05-06T07:08:09.123Z'/><EventRecordID>9</EventRecordID><Channel>Application</Channel><Computer>PC1</Computer></System>";
const NAMESPACE: &str = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'";

/// The rows of a source; it must be recognised, and give them byte by byte as well.
fn rows(text: &str) -> Vec<serde_json::Value> {
    let sample = Sample { name: "", bytes: text.as_bytes(), table: None };
    let (format, confidence) = guess(&sample).expect("a format");
    assert!(format.name == "windows-xml" && confidence >= Confidence::Likely, "{text}");
    let (rows, counts) = testing::decode(&XML, text.as_bytes(), &[]);
    assert!(counts.dead_letters.is_empty(), "{text}: {:?}", counts.dead_letters);
    let cuts: Vec<usize> = (1..text.len()).collect();
    assert_eq!(testing::decode(&XML, text.as_bytes(), &cuts), (rows.clone(), counts), "{text}");
    rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect()
}

fn check(text: &str, count: usize, event_data: &str) {
    let rows = rows(text);
    assert_eq!(rows.len(), count, "{text}");
    for row in &rows {
        assert_eq!(row["Table"], "Event", "{text}");
        assert_eq!((&row["EventID"], &row["EventLog"]), (&7.into(), &"Application".into()), "{text}");
        assert_eq!(row["TimeGenerated"], "2024-05-06T07:08:09.123000Z", "{text}");
        let data = row["EventData"].as_str().unwrap_or_default();
        assert!(data.contains(event_data), "{text}: {data}");
    }
}

#[test]
fn events_stand_alone_or_in_an_element() {
    let event = format!("<Event {NAMESPACE}>{SYSTEM}<EventData><Data Name='a'>1</Data></EventData></Event>");
    let data = r#"<Data Name="a">1</Data>"#;
    check(&event, 1, data);
    check(&format!("{event}{event}"), 2, data);
    check(&format!("{event}\r\n{event}\r\n"), 2, data);
    check(&format!("<Events>{event}\n{event}</Events>"), 2, data);
    check(
        &format!("<?xml version='1.0' encoding='utf-8' standalone='yes'?>\n<Events>{event}</Events>"),
        1,
        data,
    );
    check(&format!("\u{feff}<!-- exported --><Events>{event}</Events>\n"), 1, data);
}

#[test]
fn names_may_have_a_prefix() {
    let system = SYSTEM.replace("</", "</e:").replace('<', "<e:").replace("<e:/e:", "</e:");
    let event = format!(
        "<e:Event {}>{system}<e:EventData><e:Data Name='a'>1</e:Data></e:EventData></e:Event>",
        NAMESPACE.replace("xmlns", "xmlns:e")
    );
    check(&format!("<e:Events>{event}{event}</e:Events>"), 2, r#"<Data Name="a">1</Data>"#);
}

#[test]
fn an_event_needs_no_namespace() {
    check(&format!("<Event>{SYSTEM}<EventData><Data>x</Data></EventData></Event>"), 1, "<Data>x</Data>");
}

#[test]
fn data_comes_in_several_elements() {
    let event = |inner: &str| format!("<Event {NAMESPACE}>{SYSTEM}{inner}</Event>");
    check(
        &event("<EventData><Data>a &amp; b</Data><Binary>0102</Binary></EventData>"),
        1,
        "<Binary>0102</Binary>",
    );
    check(&event("<EventData><Data Name='a'><![CDATA[<x>]]></Data></EventData>"), 1, "&lt;x&gt;");
    check(&event("<UserData><X xmlns='u'><Y>1</Y></X></UserData>"), 1, "<Y>1</Y>");
    check(&event("<BinaryEventData>CAFE</BinaryEventData>"), 1, "CAFE");
    check(&event("<DebugData><Message>m</Message></DebugData>"), 1, "m");
    check(&event("<ProcessingErrorData><ErrorCode>15005</ErrorCode></ProcessingErrorData>"), 1, "15005");
    check(&event(""), 1, "");
}

#[test]
fn the_rendered_message_is_the_description() {
    let rendering = "<RenderingInfo Culture='en-US'><Message>It failed.\n</Message><Level>Warning</Level><Task/><Opcode>Info</Opcode><Channel/><Provider>P</Provider><Keywords><Keyword>Classic</Keyword></Keywords></RenderingInfo>";
    let rows = rows(&format!("<Event {NAMESPACE}>{SYSTEM}<EventData/>{rendering}</Event>"));
    assert_eq!(rows[0]["RenderedDescription"], "It failed.\n");
    assert_eq!(rows[0]["EventLevelName"], "Warning");
    assert_eq!(rows[0]["_Unmapped"]["KeywordNames"], "Classic");
}

#[test]
fn utf_16_is_read_in_either_order() {
    let event = format!("<Event {NAMESPACE}>{SYSTEM}<EventData><Data>ä😀</Data></EventData></Event>");
    for (mark, order) in [("\u{feff}", true), ("", true), ("\u{feff}", false), ("", false)] {
        let units = format!("{mark}{event}").encode_utf16().collect::<Vec<_>>();
        let bytes: Vec<u8> = match order {
            true => units.iter().flat_map(|unit| unit.to_le_bytes()).collect(),
            false => units.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
        };
        let (rows, counts) = testing::decode(&XML, &bytes, &[]);
        assert_eq!((counts.records, rows.len()), (1, 1), "{:?}", counts.dead_letters);
        assert!(rows[0].contains("ä😀"), "{rows:?}");
    }
}

#[test]
fn what_is_broken_is_kept_and_the_rest_is_read() {
    let event = format!("<Event {NAMESPACE}>{SYSTEM}<EventData/></Event>");
    let broken = format!("<Event {NAMESPACE}>{SYSTEM}<EventData><Data></EventData></Event>");
    let cut = &event[..event.len() / 2];
    let source = format!("junk {event}\n{broken}\n{cut}{event} end {cut}");
    let (rows, counts) = testing::decode(&XML, source.as_bytes(), &[]);
    assert_eq!(counts.records, 2, "{rows:?}");
    let kept: usize = rows
        .iter()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).expect("JSON"))
        .filter(|row| row["Table"] == "PhalanxDeadLetter")
        .map(|row| row["Raw"].as_str().expect("text").trim().len())
        .sum();
    let read = 2 * event.len();
    let blank = source.matches([' ', '\n']).count();
    assert!(kept + read + blank >= source.trim().len() && counts.dead_letter_count() >= 4, "{rows:#?}");
}
