//! How a value of each type is stored, and what is lost: the table in `schema`'s documentation, and decision
//! 0003, as a test. Whoever changes a row here changes what files of the lake hold.

use arrow_array::{
    Array, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, StringViewArray,
    TimestampMicrosecondArray, cast::AsArray,
};
use arrow_schema::{DataType, TimeUnit};
use phalanx_signal::{
    Catalog, ColumnType, RowsBuilder, SignalBatch, TenantId,
    schema::{ColumnDeclaration, TYPE_KEY, TableDeclaration},
};
use uuid::Uuid;

/// A row with this text in a column of this type.
fn stored(kind: &str, text: &str) -> SignalBatch {
    let column = |name: &str, kind: &str| ColumnDeclaration { name: name.into(), kind: kind.into() };
    let columns = vec![column("TimeGenerated", "datetime"), column("Value", kind)];
    let catalog = Catalog::new();
    let table = catalog.declare(&TableDeclaration { name: "Types_CL".into(), columns });
    let table = table.expect("the table is well-formed");
    let at = table.index_of("Value").expect("the column is there");
    let mut rows = RowsBuilder::new(table);
    rows.row(0).text(at, text);
    rows.finish(TenantId::new(Uuid::nil())).expect("a row was written")
}

/// The stored array and its first value, by `take`; `None` if the value is null or went to the overflow.
fn value<A: Array + Clone + 'static, T>(kind: &str, text: &str, take: impl Fn(&A) -> T) -> Option<T> {
    let batch = stored(kind, text);
    let array = batch.rows.column_by_name("Value")?.as_any().downcast_ref::<A>().cloned();
    let array = array.unwrap_or_else(|| panic!("{kind} is stored otherwise"));
    (!array.is_null(0)).then(|| take(&array))
}

/// What the row's overflow holds.
fn overflow(kind: &str, text: &str) -> Option<String> {
    let batch = stored(kind, text);
    let overflow = batch.rows.column_by_name("_Unmapped")?.as_string_view().clone();
    (!overflow.is_null(0)).then(|| overflow.value(0).to_owned())
}

fn text_of(kind: &str, text: &str) -> Option<String> {
    value(kind, text, |array: &StringViewArray| array.value(0).to_owned())
}

#[test]
fn each_type_has_one_arrow_type_and_is_told_apart_by_name() {
    let utc = Some("UTC".into());
    for (kind, expected) in [
        (ColumnType::Bool, DataType::Boolean),
        (ColumnType::Int, DataType::Int32),
        (ColumnType::Long, DataType::Int64),
        (ColumnType::Real, DataType::Float64),
        (ColumnType::Decimal, DataType::Decimal128(38, 18)),
        (ColumnType::DateTime, DataType::Timestamp(TimeUnit::Microsecond, utc)),
        (ColumnType::TimeSpan, DataType::Int64),
        (ColumnType::Guid, DataType::Utf8View),
        (ColumnType::String, DataType::Utf8View),
        (ColumnType::Dynamic, DataType::Utf8View),
    ] {
        let field = kind.field("Value");
        assert_eq!((field.data_type(), field.is_nullable()), (&expected, true), "{kind}");
        assert_eq!(field.metadata().get(TYPE_KEY).map(String::as_str), Some(kind.name()));
        assert_eq!(ColumnType::of(&field), Some(kind), "a guid is no string, a timespan no long");
    }
}

#[test]
fn datetime_is_microseconds_and_the_seventh_digit_is_lost() {
    let micros = |text: &str| value("datetime", text, |array: &TimestampMicrosecondArray| array.value(0));
    let expected = Some(1_767_323_045_123_456);
    assert_eq!(micros("2026-01-02T03:04:05.123456Z"), expected);
    assert_eq!(micros("2026-01-02T03:04:05.1234569Z"), expected, "cut and not rounded");
    assert_eq!(micros("2026-01-02T05:04:05.123456+02:00"), expected, "the offset is applied and not kept");
    assert_eq!(micros("0001-01-01T00:00:00Z"), Some(-62_135_596_800_000_000), "KQL's first moment");
    assert_eq!(micros("9999-12-31T23:59:59.9999999Z"), Some(253_402_300_799_999_999), "and its last");
    assert_eq!(micros("yesterday"), None);
    assert_eq!(overflow("datetime", "yesterday").as_deref(), Some(r#"{"Value":"yesterday"}"#));
}

#[test]
fn timespan_is_ticks_and_loses_nothing() {
    let ticks = |text: &str| value("timespan", text, |array: &Int64Array| array.value(0));
    assert_eq!(ticks("00:00:00.0000001"), Some(1));
    assert_eq!(ticks("1.02:03:04.5"), Some(937_845_000_000));
    assert_eq!(ticks("-00:00:01"), Some(-10_000_000));
}

#[test]
fn decimal_has_eighteen_digits_behind_the_point() {
    let units = |text: &str| value("decimal", text, |array: &Decimal128Array| array.value(0));
    assert_eq!(units("0.1"), Some(100_000_000_000_000_000), "exactly a tenth");
    assert_eq!(units("-12.5"), Some(-12_500_000_000_000_000_000));
    assert_eq!(units("0.000000000000000001"), Some(1));
    assert_eq!(units("99999999999999999999"), Some(99_999_999_999_999_999_999 * 10_i128.pow(18)));
    let too_big = "100000000000000000000";
    assert_eq!(units(too_big), None);
    assert_eq!(overflow("decimal", too_big).as_deref(), Some(r#"{"Value":"100000000000000000000"}"#));
}

#[test]
fn guid_is_lower_case_text_with_hyphens() {
    let expected = Some("0123abcd-4567-89ef-0123-456789abcdef".to_owned());
    for spelled in [
        "0123abcd-4567-89ef-0123-456789abcdef",
        "0123ABCD-4567-89EF-0123-456789ABCDEF",
        "{0123ABCD-4567-89EF-0123-456789ABCDEF}",
        "0123abcd456789ef0123456789abcdef",
    ] {
        assert_eq!(text_of("guid", spelled), expected, "{spelled}");
    }
    assert_eq!(text_of("guid", "x"), None);
    assert_eq!(overflow("guid", "x").as_deref(), Some(r#"{"Value":"x"}"#));
}

#[test]
fn string_is_as_it_came_and_empty_is_null() {
    assert_eq!(text_of("string", " A\u{0}é\n").as_deref(), Some(" A\u{0}é\n"));
    assert_eq!(text_of("string", ""), None);
}

#[test]
fn dynamic_is_the_json_text_as_it_came() {
    for kept in [r#"{"b":1,"a":2}"#, "[1.0,1e2]", r#"{"big":12345678901234567890123}"#, "true", r#""text""#] {
        assert_eq!(text_of("dynamic", kept).as_deref(), Some(kept), "order and spelling stay");
    }
    assert_eq!(text_of("dynamic", "no JSON").as_deref(), Some(r#""no JSON""#), "what is no JSON is a text");
    assert_eq!(text_of("dynamic", "null"), None);
}

#[test]
fn numbers_and_truth_are_what_they_are() {
    let long = |text: &str| value("long", text, |array: &Int64Array| array.value(0));
    assert_eq!(long("-9223372036854775808"), Some(i64::MIN));
    assert_eq!(long("9223372036854775808"), None);
    assert_eq!(
        overflow("long", "9223372036854775808").as_deref(),
        Some(r#"{"Value":"9223372036854775808"}"#)
    );
    let int = |text: &str| value("int", text, |array: &Int32Array| array.value(0));
    assert_eq!((int("2147483647"), int("2147483648")), (Some(i32::MAX), None));
    let real = |text: &str| value("real", text, |array: &Float64Array| array.value(0));
    assert_eq!(real("0.30000000000000004"), Some(0.1 + 0.2));
    let truth = |text: &str| value("bool", text, |array: &BooleanArray| array.value(0));
    assert_eq!((truth("True"), truth("0"), truth("2")), (Some(true), Some(false), None));
}

#[test]
fn columns_that_differ_only_in_case_have_names_in_files_that_do_not() {
    let catalog = Catalog::new();
    let mut clashes = 0;
    for name in catalog.names() {
        let table = catalog.table(&name).expect("a name of the catalog is a table");
        let logical = table.schema().fields();
        let physical = table.physical_schema().fields();
        assert_eq!(logical.len(), physical.len(), "{name}");
        let mut seen = std::collections::HashMap::<String, usize>::new();
        let mut names = std::collections::HashSet::new();
        for (column, file) in logical.iter().zip(physical) {
            let nth = seen.entry(column.name().to_lowercase()).or_default();
            *nth += 1;
            let expected = if *nth == 1 { column.name().clone() } else { format!("{}~{nth}", column.name()) };
            assert_eq!(file.name(), &expected, "{name}");
            assert!(names.insert(file.name().to_lowercase()), "Delta refuses `{}` in {name}", file.name());
            assert!(table.index_of(column.name()).is_some(), "the user's name is found");
            clashes += usize::from(*nth > 1);
        }
    }
    assert!(clashes > 0, "there are such pairs, and that is why there is a rule");
}
