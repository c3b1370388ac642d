//! The rows in one piece and in many: the answers are the same. And what the engine makes of it.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow_cast::display::array_value_to_string;
use datafusion::{
    execution::context::SessionContext,
    logical_expr::{Expr, ExprFunctionExt, WindowFunctionDefinition, col, expr::WindowFunction},
};
use phalanx_signal::ColumnType;

use super::{Body, as_udwf, window, windows};

/// A name, arguments, the answers.
type Case = (&'static str, Vec<(ColumnType, ArrayRef)>, &'static str);

const MINUTE: i64 = 60_000_000;

#[test]
fn answers_do_not_depend_on_batches() {
    use ColumnType::{Bool, DateTime, Long, String, TimeSpan};
    let x = (Long, longs(&[1, 2, 2, -1, 5, 5]));
    let restart = (Bool, bools(&[0, 0, 0, 1, 0, 0]));
    let name = (String, texts(&["a", "b", "b", "c", "c", "d"]));
    let zero = (Long, longs(&[0; 6]));
    let time = (DateTime, minutes(&[0, 4, 8, 12, 30, 31]));
    let span = |minutes: i64| (TimeSpan, longs(&[minutes * MINUTE * 10; 6]));
    let cases: Vec<Case> = vec![
        ("row_number", vec![], "1 2 3 4 5 6"),
        ("row_number", vec![zero, restart.clone()], "0 1 2 0 1 2"),
        ("row_cumsum", vec![x.clone()], "1 3 5 5 10 15"),
        ("row_cumsum", vec![x.clone(), restart.clone()], "1 3 5 0 5 10"),
        ("row_rank_dense", vec![name.clone()], "1 2 2 3 3 4"),
        ("row_rank_dense", vec![x, restart.clone()], "1 2 2 1 2 2"),
        ("row_rank_min", vec![name.clone()], "1 2 2 4 4 6"),
        ("row_rank_min", vec![name, (Bool, bools(&[0, 0, 1, 0, 1, 0]))], "1 2 1 2 1 2"),
    ];
    for (name, arguments, expected) in cases {
        for each in [1, 2, 4, 6] {
            assert_eq!(run(name, &arguments, each).join(" "), expected, "{name} by {each}");
        }
    }
    let cases = [
        (vec![time.clone(), span(10), span(5)], [0, 0, 0, 12, 30, 30]),
        (vec![time.clone(), span(60), span(5), restart], [0, 0, 0, 12, 30, 30]),
        (vec![time, span(60), span(20)], [0, 0, 0, 0, 0, 0]),
    ];
    for (arguments, expected) in cases {
        let expected: Vec<_> =
            expected.iter().map(|minute| format!("1970-01-01T00:{minute:02}:00Z")).collect();
        for each in [1, 4, 6] {
            assert_eq!(run("row_window_session", &arguments, each), expected);
        }
    }
}

#[tokio::test]
async fn each_partition_begins_anew() {
    let table = RecordBatch::try_from_iter([
        ("g", texts(&["b", "a", "a", "b", "a"])),
        ("x", longs(&[1, 2, 3, 4, 5])),
    ]);
    let frame = SessionContext::new().read_batch(table.unwrap()).unwrap();
    let long = ColumnType::Long;
    let sum = over_groups(as_udwf(window("row_cumsum").unwrap(), &[long], long), vec![col("x")]);
    let number = over_groups(as_udwf(window("row_number").unwrap(), &[], long), vec![]);
    let frame = frame.window(vec![sum.alias("sum"), number.alias("number")]).unwrap();
    let frame = frame.sort(vec![col("x").sort(true, false)]).unwrap();
    let batches = frame.select_columns(&["sum", "number"]).unwrap().collect().await.unwrap();
    let shown = |column: usize| -> Vec<String> {
        batches.iter().flat_map(|batch| shown(batch.column(column))).collect()
    };
    assert_eq!(shown(0), ["1", "2", "5", "5", "10"]);
    assert_eq!(shown(1), ["1", "1", "2", "2", "3"]);
}

#[test]
fn all_are_described() {
    for window in windows() {
        assert!(window.about.ends_with('.') && !window.examples.is_empty(), "{window:?}");
    }
    assert!(window("row_numbers").is_none());
}

fn over_groups(udwf: Arc<datafusion::logical_expr::WindowUDF>, arguments: Vec<Expr>) -> Expr {
    Expr::from(WindowFunction::new(WindowFunctionDefinition::WindowUDF(udwf), arguments))
        .partition_by(vec![col("g")])
        .order_by(vec![col("x").sort(true, false)])
        .build()
        .unwrap()
}

/// The answers for the rows, cut into pieces of so many.
fn run(name: &str, arguments: &[(ColumnType, ArrayRef)], each: usize) -> Vec<String> {
    let Body::Running(make) = window(name).unwrap().body else { panic!("{name}") };
    let types: Vec<ColumnType> = arguments.iter().map(|(kind, _)| *kind).collect();
    let rows = arguments.first().map_or(6, |(_, array)| array.len());
    let mut running = make(&types);
    let mut answers = Vec::new();
    for from in (0..rows).step_by(each) {
        let rows = each.min(rows - from);
        let arguments: Vec<ArrayRef> = arguments.iter().map(|(_, array)| array.slice(from, rows)).collect();
        answers.extend(shown(&running.push(&arguments, rows).unwrap()));
    }
    answers
}

fn shown(array: &ArrayRef) -> Vec<String> {
    (0..array.len()).map(|row| array_value_to_string(array, row).unwrap()).collect()
}

/// Below zero is null.
fn longs(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.iter().map(|value| (*value >= 0).then_some(*value)).collect::<Vec<_>>()))
}

fn bools(values: &[u8]) -> ArrayRef {
    Arc::new(BooleanArray::from(values.iter().map(|value| *value == 1).collect::<Vec<_>>()))
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringViewArray::from(values.to_vec()))
}

fn minutes(values: &[i64]) -> ArrayRef {
    let times = values.iter().map(|value| *value * MINUTE).collect::<Vec<_>>();
    Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
}
