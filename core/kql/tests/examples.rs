//! The examples of the language's table run, and give what they say.

mod support;

use phalanx_kql::catalog::entries;
use serde_json::Value;
use support::{Memory, cells, run};

#[tokio::test]
async fn every_example_gives_its_answer() {
    let mut wrong = Vec::new();
    for entry in entries() {
        for (query, expected) in entry.examples {
            let name = entry.name;
            match run(query, &Memory::default()).await {
                Ok(output) => {
                    let rows = cells(&output);
                    if !is_same(&rows, expected) {
                        wrong.push(format!("{name}: {query}: {}, not {expected}", written(&rows)));
                    }
                }
                Err(error) => wrong.push(format!("{name}: {query}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} examples are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn is_same(rows: &[Vec<Value>], expected: &str) -> bool {
    if written(rows) == expected {
        return true;
    }
    // Numbers and bags may be written in several ways.
    match rows {
        [row] => match row.as_slice() {
            [cell] => serde_json::from_str::<Value>(expected)
                .is_ok_and(|expected| *cell == expected || (cell.is_f64() && is_near(cell, &expected))),
            _ => false,
        },
        _ => false,
    }
}

/// Reals within what sums of them may lose.
fn is_near(cell: &Value, expected: &Value) -> bool {
    match (cell.as_f64(), expected.as_f64()) {
        (Some(cell), Some(expected)) => (cell - expected).abs() <= 1e-9 * expected.abs(),
        _ => false,
    }
}

/// Cells divided by `, `, rows by `; `.
fn written(rows: &[Vec<Value>]) -> String {
    let cell = |cell: &Value| match cell {
        Value::String(text) => text.clone(),
        cell => cell.to_string(),
    };
    let row = |row: &Vec<Value>| row.iter().map(cell).collect::<Vec<_>>().join(", ");
    rows.iter().map(row).collect::<Vec<_>>().join("; ")
}
