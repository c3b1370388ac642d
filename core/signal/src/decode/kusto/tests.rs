//! How answers are told, and what becomes of their tables.

use super::*;
use crate::testing;

#[test]
fn answers_are_told_by_how_they_begin() {
    let guess = |text: &str| guess(&Sample { name: "", bytes: text.as_bytes(), table: None });
    for ours in [
        r#"{"tables":[{"name":"PrimaryResult","columns":[]"#,
        "\u{feff}{\r\n \"Tables\" : [ {\n\"TableName\": \"Table_0\"",
        r#" [{"FrameType":"DataSetHeader""#,
    ] {
        assert_eq!(guess(ours), Confidence::Certain, "{ours}");
    }
    for other in ["", "{}", r#"{"tables":{}}"#, r#"[{"name":"x"}]"#] {
        assert_eq!(guess(other), Confidence::No, "{other}");
    }
}

#[test]
fn rows_go_to_the_table_that_is_named() {
    let answer = |name: &str, columns: &str, row: &str| {
        let text = format!(r#"{{"tables":[{{"name":"{name}","columns":[{columns}],"rows":[{row}]}}]}}"#);
        testing::decode(&FORMAT, text.as_bytes(), &[])
    };
    let columns = r#"{"name":"Computer"},{"name":"Type"}"#;
    let (rows, _) = answer("PrimaryResult", columns, r#"["pc","Heartbeat"]"#);
    assert!(rows[0].starts_with(r#"{"Table":"Heartbeat""#) && !rows[0].contains("_Unmapped"), "{rows:?}");
    let (rows, _) = answer("Heartbeat", r#"{"name":"Computer"}"#, r#"["pc"]"#);
    assert!(rows[0].starts_with(r#"{"Table":"Heartbeat""#) && !rows[0].contains("_Unmapped"), "{rows:?}");
    let (rows, counts) = answer("PrimaryResult", r#"{"name":"Rows"},{"name":"rows"}"#, "[1,[2]]");
    assert_eq!((rows.len(), counts.dead_letter_count()), (1, 1));
}
