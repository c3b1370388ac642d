//! The examples of aggregates, and of the functions of the rows around, give what they say.

mod support;

use phalanx_kql::{aggregates, windows};
use serde_json::Value;
use support::{Memory, cells, run};

#[tokio::test]
async fn examples() {
    let aggregates = aggregates::all().flat_map(|known| known.examples);
    let windows = windows::windows().flat_map(|known| known.examples);
    let mut wrong = Vec::new();
    for (query, expected) in aggregates.chain(windows) {
        match run(query, &Memory::default()).await {
            Ok(output) => match cells(&output).as_slice() {
                [row] if row.len() == 1 && is_same(&row[0], expected) => {}
                rows => wrong.push(format!("{query}: {rows:?}, not {expected}")),
            },
            Err(error) => wrong.push(format!("{query}: {error}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn is_same(cell: &Value, expected: &str) -> bool {
    match cell {
        Value::String(text) => text == expected,
        cell => serde_json::from_str::<Value>(expected).is_ok_and(|expected| *cell == expected),
    }
}
