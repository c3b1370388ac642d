//! The same rows in one batch and in many: the answers are the same.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Int64Array, RecordBatch, StringViewArray, TimestampMicrosecondArray,
};
use arrow_cast::display::array_value_to_string;
use arrow_schema::{Field, Schema};
use phalanx_signal::ColumnType;

use super::{Call, Serializer, window, windows};

/// A name, an offset, arguments, the answers.
type Case = (&'static str, usize, Vec<(ColumnType, ArrayRef)>, &'static str);

const MINUTE: i64 = 60_000_000;

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
    let times = values.iter().map(|value| (*value >= 0).then_some(*value * MINUTE)).collect::<Vec<_>>();
    Arc::new(TimestampMicrosecondArray::from(times).with_timezone("UTC"))
}

/// The answers for the rows, cut into batches of so many rows.
fn run(name: &str, offset: usize, arguments: &[(ColumnType, ArrayRef)], each: usize) -> Vec<String> {
    let window = window(name).unwrap();
    let types = arguments.iter().map(|(kind, _)| *kind).collect();
    let rows = arguments.first().map_or(6, |(_, array)| array.len());
    let row: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    let input = RecordBatch::try_from_iter([("row", row)]).unwrap();
    let mut serializer: Option<Serializer> = None;
    let mut answers = Vec::new();
    for from in (0..rows).step_by(each) {
        let rows = each.min(rows - from);
        let arguments: Vec<ArrayRef> = arguments.iter().map(|(_, array)| array.slice(from, rows)).collect();
        let serializer = serializer.get_or_insert_with(|| {
            let answer = match window.returns {
                crate::functions::Returns::Only(kind) => kind.arrow(),
                _ => arguments[0].data_type().clone(),
            };
            let fields =
                [Field::new("row", arrow_schema::DataType::Int64, true), Field::new("answer", answer, true)];
            let call = Call { window, types: Vec::clone(&types), offset };
            Serializer::new(&[call], Arc::new(Schema::new(fields.to_vec())))
        });
        answers.extend(serializer.push(input.slice(from, rows), vec![arguments]).unwrap());
    }
    answers.extend(serializer.unwrap().finish().unwrap());
    let mut row = 0;
    let mut shown = Vec::new();
    for batch in answers {
        for at in 0..batch.num_rows() {
            assert_eq!(
                array_value_to_string(batch.column(0), at).unwrap(),
                row.to_string(),
                "rows keep their order"
            );
            shown.push(array_value_to_string(batch.column(1), at).unwrap());
            row += 1;
        }
    }
    shown
}

#[test]
fn answers_do_not_depend_on_batches() {
    use ColumnType::{Bool, DateTime, Long, String, TimeSpan};
    let x = (Long, longs(&[1, 2, 2, -1, 5, 5]));
    let restart = (Bool, bools(&[0, 0, 0, 1, 0, 0]));
    let name = (String, texts(&["a", "b", "b", "c", "c", "d"]));
    let zero = (Long, longs(&[0; 6]));
    let time = (DateTime, minutes(&[0, 4, 8, 12, 30, 31]));
    let span = |minutes: i64| (TimeSpan, longs(&[minutes * MINUTE * 10; 6]));
    let one = (Long, longs(&[1; 6]));
    let cases: Vec<Case> = vec![
        ("row_number", 1, vec![], "1 2 3 4 5 6"),
        ("row_number", 1, vec![zero.clone(), restart.clone()], "0 1 2 0 1 2"),
        ("row_cumsum", 1, vec![x.clone()], "1 3 5 5 10 15"),
        ("row_cumsum", 1, vec![x.clone(), restart.clone()], "1 3 5 0 5 10"),
        ("row_rank_dense", 1, vec![name.clone()], "1 2 2 3 3 4"),
        ("row_rank_dense", 1, vec![x.clone(), restart.clone()], "1 2 2 1 2 2"),
        ("row_rank_min", 1, vec![name.clone()], "1 2 2 4 4 6"),
        ("row_rank_min", 1, vec![name.clone(), (Bool, bools(&[0, 0, 1, 0, 1, 0]))], "1 2 1 2 1 2"),
        ("prev", 1, vec![x.clone()], " 1 2 2  5"),
        ("prev", 4, vec![x.clone(), one.clone(), zero.clone()], "0 0 0 0 1 2"),
        ("prev", 9, vec![name.clone()], "     "),
        ("next", 1, vec![name.clone()], "b b c c d "),
        ("next", 4, vec![x.clone(), one, zero], "5 5 0 0 0 0"),
        ("next", 0, vec![name.clone()], "a b b c c d"),
    ];
    for (name, offset, arguments, expected) in cases {
        for each in [1, 2, 4, 6] {
            assert_eq!(run(name, offset, &arguments, each).join(" "), expected, "{name} by {each}");
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
            assert_eq!(run("row_window_session", 1, &arguments, each), expected);
        }
    }
}

#[test]
fn little_is_remembered() {
    let fields = vec![ColumnType::String.field("s"), ColumnType::String.field("p")];
    let types = vec![ColumnType::String];
    let call = Call { window: window("prev").unwrap(), types, offset: 2 };
    let mut serializer = Serializer::new(&[call], Arc::new(Schema::new(fields.clone())));
    let schema = Arc::new(Schema::new(vec![fields[0].clone()]));
    for batch in 0..50 {
        let text = |row| format!("a text that is no short one: {batch} {row}");
        let values: ArrayRef = Arc::new(StringViewArray::from_iter_values((0..1000).map(text)));
        let input = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::clone(&values)]).unwrap();
        serializer.push(input, vec![vec![values]]).unwrap();
    }
    assert!(serializer.size() < 4096, "{}", serializer.size());
}

#[test]
fn all_are_described() {
    for window in windows() {
        assert!(window.about.ends_with('.') && !window.examples.is_empty(), "{window:?}");
    }
    assert!(window("row_numbers").is_none());
}
