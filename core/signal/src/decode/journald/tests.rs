//! Both encodings, and what becomes of odd entries.

use super::*;
use crate::testing;

fn entry(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
        bytes.extend_from_slice(value);
        bytes.push(b'\n');
    }
    bytes.push(b'\n');
    bytes
}

#[test]
fn a_message_of_several_lines_is_whole() {
    let bytes = entry(&[("MESSAGE", b"one\n\ntwo\n"), ("PRIORITY", b"6")]);
    let (rows, counts) = testing::decode(&EXPORT, &bytes, &[]);
    assert_eq!(counts.records, 1);
    assert!(rows[0].contains(r#""SeverityLevel":"info","SyslogMessage":"one\n\ntwo\n""#), "{}", rows[0]);
}

#[test]
fn both_encodings_give_the_same_rows() {
    let export = b"__REALTIME_TIMESTAMP=1767323045000000\nMESSAGE=hello\n_HOSTNAME=web1\n_PID=7\n\n";
    let json =
        br#"{"__REALTIME_TIMESTAMP":"1767323045000000","MESSAGE":"hello","_HOSTNAME":"web1","_PID":"7"}"#;
    let (from_export, _) = testing::decode(&EXPORT, export, &[]);
    let (from_json, _) = testing::decode(&JSON, json, &[]);
    assert_eq!(from_export, from_json);
    assert!(from_json[0].contains(r#""TimeGenerated":"2026-01-02T03:04:05.000000Z""#), "{}", from_json[0]);
}

#[test]
fn a_broken_entry_is_kept_and_the_next_is_read() {
    let mut bytes = b"MESSAGE=a\nlower=case\n\n".to_vec();
    bytes.extend_from_slice(b"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xffb\n\nMESSAGE=c\n\n");
    bytes.extend_from_slice(b"MESSAGE\n\x01\0\0\0\0\0\0\0dd\n\nMESSAGE=e\n\n");
    let (rows, counts) = testing::decode(&EXPORT, &bytes, &[]);
    assert_eq!((counts.records, counts.dead_letter_count()), (2, 3), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains(r#""SyslogMessage":"c""#)));
    assert!(rows.iter().any(|row| row.contains(r#""SyslogMessage":"e""#)));
}
