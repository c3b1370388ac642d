//! Names for codes, and how the records are found.

use serde_json::Value as Json;

use super::*;
use crate::testing;

fn row(text: &str) -> Json {
    let (rows, counts) = testing::decode(&FORMAT, text.as_bytes(), &[]);
    assert_eq!((rows.len(), counts.records), (1, 1), "{text} gives {rows:?}");
    serde_json::from_str(&rows[0]).expect("a row is JSON")
}

#[test]
fn codes_have_names() {
    let of = |members: &str| {
        row(&format!(r#"{{"CreationTime":"2026-01-02T03:04:05","Operation":"o",{members}}}"#))
    };
    let exchange = of(r#""Workload":"Exchange","RecordType":2,"UserType":2,"LogonType":1"#);
    assert_eq!(exchange["RecordType"], "ExchangeItem");
    assert_eq!(exchange["UserType"], "Admin");
    assert_eq!(exchange["Logon_Type"], "Admin");
    assert_eq!(exchange.get("_Unmapped"), None);
    // What has no name, or is a name already, stays.
    let other = of(r#""RecordType":"SharePoint","UserType":77"#);
    assert_eq!((&other["RecordType"], &other["UserType"]), (&"SharePoint".into(), &"77".into()));
}

#[test]
fn a_record_is_found_in_what_holds_it() {
    let record = r#"{"CreationTime":"2026-01-02T03:04:05","Operation":"o","Workload":"w"}"#;
    let text = serde_json::to_string(record).expect("a string");
    let doubled = record.replace('"', "\"\"");
    for source in [
        record.to_owned(),
        format!("\u{feff} [{record}]"),
        format!(r#"{{"value":[{{"auditData":{record}}}]}}"#),
        format!(r#"{{"AuditData":{text},"Operations":"o"}}"#),
        format!("Operations,AuditData\no,\"{doubled}\"\n"),
        format!("#TYPE X\n\"AuditData\"\n\"{doubled}\""),
    ] {
        let row = row(&source);
        assert_eq!((&row["Operation"], &row["OfficeWorkload"]), (&"o".into(), &"w".into()), "{source}");
        assert_eq!(row.get("_Unmapped"), None, "{source}");
        let guessed = guess(&Sample { name: "", bytes: source.as_bytes(), table: None });
        // Space in front is no beginning that a format is guessed by; CSV is told by its header's end.
        assert_eq!(guessed, Confidence::Certain, "{source}");
    }
    for other in ["", "{}", "a,b\n1,2\n", r#"{"Operation":"o","Workload":"w"}"#, "AuditData"] {
        assert_eq!(
            guess(&Sample { name: "", bytes: other.as_bytes(), table: None }),
            Confidence::No,
            "{other}"
        );
    }
}
