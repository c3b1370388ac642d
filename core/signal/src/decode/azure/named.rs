//! Names of what has no column of its own in `AzureDiagnostics`, as a workspace makes them.

use crate::{Table, mapping::Value};

/// Members of the envelope: they have columns, and keep their names.
const ENVELOPE: [&str; 12] = [
    "time",
    "resourceId",
    "category",
    "operationName",
    "operationVersion",
    "resultType",
    "resultSignature",
    "resultDescription",
    "durationMs",
    "callerIpAddress",
    "correlationId",
    "level",
];

/// Puts a field's name as a workspace would have it into `name`: `properties.sku.Name` becomes `sku_Name_s`,
/// the last letter telling the type. A column of the table that takes text is preferred to no column.
pub(super) fn column_name(table: &Table, field: &str, value: &Value<'_>, name: &mut String) {
    name.clear();
    if ENVELOPE.contains(&field) {
        name.push_str(field);
        return;
    }
    let plain = field.strip_prefix("properties.").unwrap_or(field);
    name.extend(plain.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }));
    let end = name.len();
    name.push_str(suffix(value));
    if table.index_of(name).is_none() {
        name.truncate(end);
        name.push_str("_s");
        if table.index_of(name).is_none() {
            name.truncate(end);
            name.push_str(suffix(value));
        }
    }
}

fn suffix(value: &Value<'_>) -> &'static str {
    match value {
        Value::Bool(_) => "_b",
        Value::Long(_) | Value::Real(_) => "_d",
        Value::Time(_) => "_t",
        Value::Json(json) if !json.starts_with(['{', '[']) => "_d",
        Value::Json(_) | Value::Null => "_s",
        Value::Text(text) if uuid::Uuid::try_parse(text).is_ok_and(|_| text.len() == 36) => "_g",
        Value::Text(text) if is_datetime(text) => "_t",
        Value::Text(_) => "_s",
    }
}

/// `2026-01-02T03:04:05…`: a date alone, or a number, is a text.
fn is_datetime(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T') && crate::time::parse_datetime(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn names_tell_the_type() {
        let table = Catalog::new().require("AzureDiagnostics").expect("a built-in table");
        for (field, value, expected) in [
            ("category", Value::text("x"), "category"),
            ("properties.sku.Name", Value::text("x"), "sku_Name_s"),
            ("properties.httpStatusCode", Value::Long(200), "httpStatusCode_d"),
            ("properties.is-it", Value::Bool(true), "is_it_b"),
            (
                "identity.claim.appid",
                Value::text("10000000-0000-4000-8000-000000000001"),
                "identity_claim_appid_g",
            ),
            ("properties.at", Value::text("2026-01-02T03:04:05Z"), "at_t"),
            ("properties.list", Value::Json("[1]".into()), "list_s"),
            ("properties.part", Value::Json("1.5".into()), "part_d"),
            // The table has it as text only.
            ("properties.instanceId", Value::Long(3), "instanceId_s"),
        ] {
            let mut name = String::new();
            column_name(&table, field, &value, &mut name);
            assert_eq!(name, expected);
        }
    }
}
