//! What records become.

use super::{keys::Keys, *};
use crate::{Catalog, testing};

#[test]
fn the_files_of_keys_name_columns() {
    let table = Catalog::new().table("CommonSecurityLog").expect("a table of the public schema");
    for text in [keys::CEF, keys::LEEF] {
        if let Err(error) = Keys::parse(text, &table) {
            panic!("{error}");
        }
    }
    assert!(Keys::parse("act DeviceAction", &table).is_err());
    assert!(Keys::parse("act = Nowhere", &table).is_err());
    assert!(Keys::parse("act = Reason\nact = Message", &table).is_err());
}

#[test]
fn records_are_found() {
    for (text, expected) in [
        ("CEF:0|a|b", Some((Kind::Cef, 0))),
        ("CEF: 0|a|b", Some((Kind::Cef, 0))),
        ("CEF:1.2|a|b", Some((Kind::Cef, 0))),
        ("app: CEF:0|a|b", Some((Kind::Cef, 5))),
        ("LEEF:2.0|a", Some((Kind::Leef, 0))),
        ("x LEEF:1.0|a", Some((Kind::Leef, 2))),
        ("CEF:9|a", None),
        ("xCEF:0|a", None),
        ("CEF:0", None),
        ("a|CEF:0|b", None),
        ("nothing", None),
    ] {
        assert_eq!(find(text).map(|found| (found.kind, found.at)), expected, "{text}");
    }
}

/// Checks that the row of a line has each of the members.
#[track_caller]
fn check(format: &'static Format, line: &str, members: &[&str]) {
    let (rows, counts) = testing::decode(format, line.as_bytes(), &[]);
    assert_eq!(counts.dead_letter_count(), 0, "{rows:?}");
    assert_eq!(rows.len(), 1);
    for member in members {
        assert!(rows[0].contains(member), "{member} is not in {}", rows[0]);
    }
}

#[test]
fn times() {
    for (time, expected) in [
        ("1767323045678", "2026-01-02T03:04:05.678000Z"),
        ("Jan 02 2026 03:04:05", "2026-01-02T03:04:05.000000Z"),
        ("Jan 02 2026 03:04:05.678 GMT+01:00", "2026-01-02T02:04:05.678000Z"),
        ("Jan 02 2026 03:04:05 CET", "2026-01-02T02:04:05.000000Z"),
        ("Jan 02 03:04:05", "2026-01-02T03:04:05.000000Z"),
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678000Z"),
        ("2026-01-02 03:04:05 +0200", "2026-01-02T01:04:05.000000Z"),
        ("1/2/2026 3:04:05 PM", "2026-01-02T15:04:05.000000Z"),
    ] {
        let time_generated = format!(r#""TimeGenerated":"{expected}""#);
        let start = format!(r#""StartTime":"{expected}""#);
        check(&CEF, &format!("CEF:0|v|p|1|c|n|5|start={time}"), &[&time_generated, &start]);
    }
    check(
        &CEF,
        "CEF:0|v|p|1|c|n|5|start=soon rt=later",
        &[r#""AdditionalExtensions":"start=soon""#, r#""ReceiptTime":"later""#],
    );
}

#[test]
fn nothing_of_a_pair_is_lost() {
    check(
        &CEF,
        "CEF:0|v|p|1|c|n|High|src=1.2.3.4 src=5.6.7.8 spt=many foo=bar; baz cn1=5000000000 externalId=abc",
        &[
            r#""SourceIP":"1.2.3.4""#,
            r#""AdditionalExtensions":"src=5.6.7.8;spt=many;foo=bar; baz""#,
            r#""FieldDeviceCustomNumber1":5000000000"#,
            r#""ExtID":"abc""#,
            r#""LogSeverity":"High""#,
        ],
    );
}

#[test]
fn the_remote_side_is_told_by_the_direction() {
    let line = "CEF:0|v|p|1|c|n|5|src=10.0.0.1 spt=5 dst=192.0.2.1 dpt=443 act=denied deviceDirection=";
    check(
        &CEF,
        &format!("{line}1"),
        &[r#""RemoteIP":"192.0.2.1","RemotePort":"443""#, r#""SimplifiedDeviceAction":"Deny""#],
    );
    check(&CEF, &format!("{line}0"), &[r#""RemoteIP":"10.0.0.1","RemotePort":"5""#]);
}

#[test]
fn leef_times_have_a_format_of_their_own() {
    check(
        &LEEF,
        "LEEF:2.0|V|P|1|E|^|devTime=02.01.2026 03:04:05^devTimeFormat=dd.MM.yyyy HH:mm:ss^sev=7^usrName=ann^x=y",
        &[
            r#""TimeGenerated":"2026-01-02T03:04:05.000000Z""#,
            r#""ReceiptTime":"02.01.2026 03:04:05""#,
            r#""LogSeverity":"7""#,
            r#""SourceUserName":"ann""#,
            r#""AdditionalExtensions":"devTimeFormat=dd.MM.yyyy HH:mm:ss;x=y""#,
        ],
    );
}
