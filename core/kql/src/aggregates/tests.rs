//! Aggregates as the engine runs them: over partitions that are merged, with and without groups, and over nothing.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow_schema::Schema;
use datafusion::{
    datasource::MemTable,
    execution::{config::SessionConfig, context::SessionContext},
    logical_expr::{Expr, col, lit},
    scalar::ScalarValue,
};
use phalanx_signal::ColumnType;

use super::{Setup, aggregate, all, call, groups::Rows};

/// A name, arguments, what comes of the rows of group "a", and of no rows.
type Case = (&'static str, Vec<(Expr, ColumnType)>, &'static str, &'static str);

#[test]
fn names_are_unique_and_described() {
    let names: Vec<&str> =
        all().flat_map(|known| known.aliases.iter().chain([&known.name])).copied().collect();
    for name in &names {
        assert_eq!(names.iter().filter(|other| *other == name).count(), 1, "{name}");
    }
    for known in all() {
        assert!(known.about.ends_with('.') && !known.examples.is_empty(), "{}", known.name);
        assert!(known.condition.is_none_or(|at| known.parameters[at].name == "condition"), "{}", known.name);
    }
}

#[tokio::test]
async fn values_of_a_group_become_one() {
    use ColumnType::{Bool, DateTime, Dynamic, Long, Real, String};
    let (n, r, s) = ((col("n"), Long), (col("r"), Real), (col("s"), String));
    let (t, d, b) = ((col("t"), DateTime), (col("d"), Dynamic), (col("b"), Bool));
    let number = |value: i64| (lit(value), Long);
    let cases: Vec<Case> = vec![
        ("count", vec![], "5", "0"),
        ("countif", vec![b.clone()], "3", "0"),
        ("sum", vec![n.clone()], "10", "0"),
        ("sum", vec![r.clone()], "4.5", "0.0"),
        ("sumif", vec![n.clone(), b.clone()], "6", "0"),
        ("avg", vec![n.clone()], "2.5", "NaN"),
        ("avg", vec![t.clone()], "1970-01-01T00:00:00.000002Z", ""),
        ("avgif", vec![n.clone(), b.clone()], "2.0", "NaN"),
        ("min", vec![n.clone()], "1", ""),
        ("max", vec![s.clone()], "y", ""),
        ("max", vec![d.clone()], r#"{"k": 2}"#, ""),
        ("min", vec![d.clone()], "1", ""),
        ("minif", vec![n.clone(), b.clone()], "1", ""),
        ("maxif", vec![n.clone(), b.clone()], "3", ""),
        ("dcount", vec![s.clone()], "3", "0"),
        ("dcount", vec![n.clone(), number(4)], "4", "0"),
        ("dcountif", vec![s.clone(), b.clone()], "2", "0"),
        ("count_distinct", vec![d.clone()], "4", "0"),
        ("count_distinctif", vec![r.clone(), b.clone()], "2", "0"),
        ("make_list", vec![n.clone()], "[1,2,3,4]", "[]"),
        ("make_list", vec![s.clone(), number(2)], r#"["x",""]"#, "[]"),
        ("make_list", vec![d.clone()], r#"[1,{"k":2},[3],"v"]"#, "[]"),
        ("make_list", vec![t.clone(), number(1)], r#"["1970-01-01T00:00:00.0000010Z"]"#, "[]"),
        ("make_list_if", vec![n.clone(), b.clone(), number(2)], "[1,2]", "[]"),
        ("make_list_with_nulls", vec![n.clone()], "[1,2,3,4,null]", "[]"),
        ("make_set", vec![s.clone()], r#"["x","","y"]"#, "[]"),
        ("make_set", vec![d.clone()], r#"[1,{"k":2},3,"v"]"#, "[]"),
        ("make_set_if", vec![r.clone(), b.clone()], "[0.5,1.5]", "[]"),
        ("make_bag", vec![d.clone()], r#"{"k":2}"#, "{}"),
        ("make_bag_if", vec![d.clone(), b.clone()], r#"{"k":2}"#, "{}"),
        ("arg_max", vec![n.clone(), s.clone()], "{0:4,1:y}", "{0:,1:}"),
        ("arg_min", vec![n.clone(), s.clone(), d.clone()], "{0:1,1:x,2:1}", "{0:,1:,2:}"),
        ("arg_max", vec![s.clone(), n.clone()], "{0:y,1:4}", "{0:,1:}"),
        ("arg_min", vec![r.clone(), n.clone()], "{0:0.5,1:1}", "{0:,1:}"),
        ("arg_max", vec![t.clone()], "{0:1970-01-01T00:00:00.000003Z}", "{0:}"),
        ("take_any", vec![d.clone()], "{0:1}", "{0:}"),
        ("take_anyif", vec![n.clone(), b.clone()], "{0:1}", "{0:}"),
        ("percentile", vec![n.clone(), number(50)], "{0:2}", "{0:}"),
        ("percentiles", vec![r.clone(), number(0), (lit(99.9), Real)], "{0:0.5,1:2.5}", "{0:,1:}"),
        ("percentiles_array", vec![t.clone(), number(100)], r#"["1970-01-01T00:00:00.0000030Z"]"#, "[null]"),
        ("percentilesw_array", vec![n.clone(), n.clone(), number(50), number(75)], "[3,4]", "[null,null]"),
        ("variance", vec![r.clone()], "1.0", "0.0"),
        ("variancep", vec![r.clone()], "0.6666666666666666", "0.0"),
        ("covariance", vec![r.clone(), r.clone()], "1.0", "0.0"),
        ("binary_all_or", vec![n.clone()], "7", ""),
        ("binary_all_and", vec![n.clone()], "0", ""),
        ("binary_all_xor", vec![n.clone()], "4", ""),
        ("buildschema", vec![d.clone()], r#"["long","string",{"`indexer`":"long","k":"long"}]"#, ""),
    ];
    for (name, arguments, expected, of_nothing) in cases {
        let (exprs, types): (Vec<_>, Vec<_>) = arguments.into_iter().unzip();
        let known = aggregate(name).unwrap();
        let returns = known.columns(&types).unwrap()[0];
        let expr = call(known, exprs, &types, returns).unwrap();
        let shown = format!("{name} of {types:?}");
        for partitions in [1, 3] {
            for by in [vec![], vec![col("g")]] {
                let is_ordered = partitions == 1;
                let found = run(rows(partitions), col("g").eq(lit("a")), by.clone(), expr.clone()).await;
                assert_eq!(found.len(), 1, "{shown}");
                assert_same(
                    &found[0],
                    expected,
                    is_ordered,
                    &format!("{shown}, {partitions} partitions, by {by:?}"),
                );
                let found = run(rows(partitions), lit(false), by.clone(), expr.clone()).await;
                let wanted = if by.is_empty() { vec![of_nothing.to_owned()] } else { vec![] };
                assert_eq!(found, wanted, "{shown} of nothing");
            }
        }
    }
}

/// With several partitions the order of lists, and the row that is taken, is any.
fn assert_same(found: &str, expected: &str, is_ordered: bool, shown: &str) {
    let is_limited =
        shown.starts_with("make_list") && expected.contains(['"', '2']) && !expected.contains("4,null");
    if is_ordered || !(shown.starts_with("make_") || shown.starts_with("take_") || shown.starts_with("build"))
    {
        assert_eq!(found, expected, "{shown}");
    } else if !is_limited && !shown.starts_with("take_") {
        let sorted = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.sort_unstable();
            bytes
        };
        assert_eq!(sorted(found), sorted(expected), "{shown}: {found}");
    }
}

#[tokio::test]
async fn the_key_that_is_null_loses() {
    let known = aggregate("arg_min").unwrap();
    let types = [ColumnType::Long, ColumnType::String];
    let expr = call(known, vec![col("n"), col("s")], &types, ColumnType::Long).unwrap();
    let found = run(rows(1), col("g").eq(lit("b")), vec![col("g")], expr).await;
    assert_eq!(found, ["{0:,1:first}"], "all keys are null: the first row");
}

#[tokio::test]
async fn many_groups_are_merged_and_turned_into_partial_results() {
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values((0..60_000).map(|n| n % 20_000)));
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..60_000));
    let schema = Schema::new(vec![ColumnType::Long.field("g"), ColumnType::Long.field("n")]);
    let batch = RecordBatch::try_new(Arc::new(schema), vec![ids, values]).unwrap();
    for (name, numbers, expected) in [
        ("sum", vec![], "sum"),
        ("dcount", vec![], "3"),
        ("arg_max", vec![], "{0:max}"),
        ("make_set", vec![], "set"),
        ("percentile", vec![lit(50_i64)], "{0:middle}"),
        ("avg", vec![], "middle.0"),
    ] {
        let mut types = vec![ColumnType::Long];
        types.extend(numbers.iter().map(|_| ColumnType::Long));
        let known = aggregate(name).unwrap();
        let arguments = [col("n")].into_iter().chain(numbers).collect();
        let expr = call(known, arguments, &types, known.columns(&types).unwrap()[0]).unwrap();
        // Groups that do not repeat make the engine give up on aggregating before the exchange.
        let found = run_by_group(vec![batch.slice(0, 30_000), batch.slice(30_000, 30_000)], expr).await;
        assert_eq!(found.len(), 20_000, "{name}");
        for (group, found) in found {
            let (low, middle, high) = (group, group + 20_000, group + 40_000);
            let expected = expected
                .replace("sum", &(low + middle + high).to_string())
                .replace("max", &high.to_string())
                .replace("middle", &middle.to_string());
            if expected == "set" {
                for part in [low, middle, high] {
                    assert!(found.contains(&part.to_string()), "{found}");
                }
            } else {
                assert_eq!(found, expected, "{name} of group {group}");
            }
        }
    }
}

#[test]
fn memory_is_accounted_for() {
    let texts: ArrayRef = Arc::new(StringViewArray::from_iter_values(
        (0..20_000).map(|n| format!("a text of some length {n}")),
    ));
    let groups: Vec<usize> = (0..20_000).map(|row| row % 10).collect();
    for (name, least) in [
        ("make_list", 400_000),
        ("make_set", 400_000),
        ("arg_max", 300),
        ("dcount", 80_000),
        ("count_distinct", 320_000),
    ] {
        let types = [ColumnType::String];
        let super::Body::Own { make, .. } = (aggregate(name).unwrap().body)(&types) else { panic!("{name}") };
        let setup = Setup { types: &types, returns: ColumnType::Dynamic, constants: &[None] };
        let mut state = make(&setup).unwrap();
        let empty = state.size();
        state.resize(10);
        state.update(&[Arc::clone(&texts)], &Rows::of_groups(&groups, None)).unwrap();
        assert!(state.size() > empty + least, "{name}: {} of at least {least}", state.size());
        state.states(datafusion::logical_expr::EmitTo::First(4)).unwrap();
        state.values(datafusion::logical_expr::EmitTo::All).unwrap();
        assert!(state.size() <= empty + 1024, "{name}: {} left", state.size());
    }
}

#[tokio::test]
async fn constants_that_make_no_sense_are_errors() {
    let long = ColumnType::Long;
    for (name, argument, expected) in [
        ("dcount", lit(7_i64), "dcount(): the accuracy is 0 to 4, not 7"),
        ("make_set", col("n"), "make_set(): argument 2 must be a whole number, the same for all rows"),
        (
            "percentile",
            lit(101_i64),
            "percentile(): argument 2 must be a number from 0 to 100, the same for all rows",
        ),
    ] {
        let expr = call(aggregate(name).unwrap(), vec![col("n"), argument], &[long, long], long).unwrap();
        let frame = context(2).read_table(Arc::new(rows(1))).unwrap();
        let error = frame.aggregate(vec![], vec![expr]).unwrap().collect().await.unwrap_err().to_string();
        let expected: Vec<&str> = expected.split(": ").collect();
        assert!(expected.iter().all(|part| error.contains(part)), "{error}");
    }
}

/// Group "a": n 1, 2, 3, 4, null. Group "b": two rows without n.
fn rows(partitions: usize) -> MemTable {
    let group = StringViewArray::from(vec!["a", "a", "b", "a", "a", "b", "a"]);
    let n = Int64Array::from(vec![Some(1), Some(2), None, Some(3), Some(4), None, None]);
    let r = Float64Array::from(vec![Some(0.5), Some(1.5), None, None, Some(2.5), None, None]);
    let s = StringViewArray::from(vec![
        Some("x"),
        None,
        Some("first"),
        Some("x"),
        Some("y"),
        Some("second"),
        Some(""),
    ]);
    let t = TimestampMicrosecondArray::from(vec![Some(1), Some(2), None, Some(3), None, None, Some(2)]);
    let d = StringViewArray::from(vec![
        Some("1"),
        Some(r#"{"k": 2}"#),
        None,
        Some("[3]"),
        Some(r#""v""#),
        None,
        None,
    ]);
    let b = BooleanArray::from(vec![Some(true), Some(true), None, Some(true), Some(false), None, None]);
    let columns: Vec<(&str, ColumnType, ArrayRef)> = vec![
        ("g", ColumnType::String, Arc::new(group)),
        ("n", ColumnType::Long, Arc::new(n)),
        ("r", ColumnType::Real, Arc::new(r)),
        ("s", ColumnType::String, Arc::new(s)),
        ("t", ColumnType::DateTime, Arc::new(t.with_timezone("UTC"))),
        ("d", ColumnType::Dynamic, Arc::new(d)),
        ("b", ColumnType::Bool, Arc::new(b)),
    ];
    let fields: Vec<_> = columns.iter().map(|(name, kind, _)| kind.field(name)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).unwrap();
    let each = batch.num_rows().div_ceil(partitions);
    let slice = |part: usize| batch.slice(part * each, each.min(batch.num_rows() - part * each));
    MemTable::try_new(schema, (0..partitions).map(|part| vec![slice(part)]).collect()).unwrap()
}

fn context(partitions: usize) -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(partitions)
        .with_batch_size(1024)
        .with_round_robin_repartition(partitions > 1);
    SessionContext::new_with_config(config)
}

async fn run(table: MemTable, filter: Expr, by: Vec<Expr>, expr: Expr) -> Vec<String> {
    let partitions = if table.batches.len() > 1 { 2 } else { 1 };
    let frame = context(partitions).read_table(Arc::new(table)).unwrap();
    let frame = frame.filter(filter).unwrap().aggregate(by, vec![expr.alias("value")]).unwrap();
    let batches = frame.select_columns(&["value"]).unwrap().collect().await.unwrap();
    batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| text(batch.column(0), row))).collect()
}

async fn run_by_group(batches: Vec<RecordBatch>, expr: Expr) -> Vec<(i64, String)> {
    let table =
        MemTable::try_new(batches[0].schema(), batches.into_iter().map(|batch| vec![batch]).collect());
    let frame = context(2).read_table(Arc::new(table.unwrap())).unwrap();
    let frame = frame.aggregate(vec![col("g")], vec![expr.alias("value")]).unwrap();
    let batches = frame.collect().await.unwrap();
    let row =
        |batch: &RecordBatch, row| (text(batch.column(0), row).parse().unwrap(), text(batch.column(1), row));
    batches
        .iter()
        .flat_map(|batch| (0..batch.num_rows()).map(|at| row(batch, at)).collect::<Vec<_>>())
        .collect()
}

fn text(array: &ArrayRef, row: usize) -> String {
    match ScalarValue::try_from_array(array, row).unwrap() {
        ScalarValue::Struct(fields) => {
            let field = |at: usize| format!("{}:{}", fields.fields()[at].name(), text(fields.column(at), 0));
            let fields: Vec<String> = (0..fields.num_columns()).map(field).collect();
            format!("{{{}}}", fields.join(","))
        }
        ScalarValue::Float64(Some(value)) => crate::dynamic::real_text(value),
        value if value.is_null() => String::new(),
        _ => arrow_cast::display::array_value_to_string(array, row).unwrap(),
    }
}
