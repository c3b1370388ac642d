//! The reference's examples give what the reference says.
//!
//! `PHALANX_CORPORA` names the folder with `kql/reference.jsonl`. What does not agree is listed in
//! `tests/data/reference_exceptions.tsv` with its reason; a listed case that agrees fails the test.

mod support;

use std::collections::BTreeMap;

use serde_json::Value;
use support::{Memory, cells};

#[tokio::test]
async fn reference_examples() {
    let Some(text) = support::corpus("kql/reference.jsonl") else { return };
    let exceptions = support::exceptions(include_str!("data/reference_exceptions.tsv"));
    let (mut passed, mut total) = (0, 0);
    let mut failures = BTreeMap::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let id = case["id"].as_str().expect("a case has an id");
        if let Ok(only) = std::env::var("KQL_ONLY")
            && !id.contains(&only)
        {
            continue;
        }
        total += 1;
        match check(&case).await {
            Ok(()) => passed += 1,
            Err(why) => {
                failures.insert(id.to_owned(), why);
            }
        }
    }
    println!("{passed} of {total} reference examples agree");
    for (id, why) in &failures {
        println!("{id}: {why}");
    }
    let unexpected: Vec<_> = failures.keys().filter(|id| !exceptions.contains_key(*id)).collect();
    let stale: Vec<_> = exceptions.keys().filter(|id| !failures.contains_key(*id)).collect();
    if std::env::var("KQL_ONLY").is_err() {
        assert!(stale.is_empty(), "these agree and are listed as exceptions: {stale:?}");
    }
    assert!(unexpected.is_empty(), "{} examples do not agree: {unexpected:?}", unexpected.len());
}

async fn check(case: &Value) -> Result<(), String> {
    let query = case["query"].as_str().expect("a case has a query");
    let run = tokio::spawn({
        let query = query.to_owned();
        async move { support::run(&query, &Memory::default()).await }
    });
    let output = match run.await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) => return Err(format!("{error}").chars().take(300).collect()),
        Err(_) => return Err("panicked".into()),
    };
    let notes: Vec<&str> = case["notes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let expected = &case["expected"];
    let columns = expected["columns"].as_array().expect("columns");
    let names: Vec<&str> = columns.iter().map(|column| column["name"].as_str().unwrap_or_default()).collect();
    let types: Vec<Option<&str>> = columns.iter().map(|column| column["type"].as_str()).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    let given: Vec<&str> = output.columns.iter().map(|column| &*column.name).collect();
    if given.len() != names.len() {
        return Err(format!("columns {given:?}, not {names:?}"));
    }
    if notes.contains(&"column-order-unchecked") {
        for (at, name) in names.iter().enumerate() {
            order[at] = given.iter().position(|given| given == name).ok_or(format!("no column {name}"))?;
        }
    } else if !notes.contains(&"column-names-unchecked") && given != names {
        return Err(format!("columns {given:?}, not {names:?}"));
    }
    for (at, kind) in types.iter().enumerate() {
        let given = output.columns[order[at]].kind.name();
        if let Some(kind) = kind
            && *kind != given
        {
            return Err(format!("column {} is {given}, not {kind}", names[at]));
        }
    }
    let rows: Vec<Vec<Value>> =
        cells(&output).into_iter().map(|row| order.iter().map(|at| row[*at].clone()).collect()).collect();
    let wanted: Vec<Vec<Value>> = expected["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| row.as_array().cloned().unwrap_or_default())
        .collect();
    let is_ordered = case["rows_ordered"].as_bool().unwrap_or(false);
    let is_loose = notes.contains(&"arrays-unordered");
    compare(&rows, &wanted, &types, is_ordered, is_loose)
}

fn compare(
    rows: &[Vec<Value>],
    wanted: &[Vec<Value>],
    types: &[Option<&str>],
    is_ordered: bool,
    is_loose: bool,
) -> Result<(), String> {
    let shorten = |rows: &[Vec<Value>]| -> String {
        let text = serde_json::to_string(rows).unwrap_or_default();
        text.chars().take(400).collect()
    };
    let differs = || format!("got {}\n    not {}", shorten(rows), shorten(wanted));
    if rows.len() != wanted.len() {
        return Err(format!("{} rows, not {}: {}", rows.len(), wanted.len(), differs()));
    }
    let same = |row: &[Value], wanted: &[Value]| {
        row.len() == wanted.len()
            && row.iter().zip(wanted).zip(types).all(|((given, wanted), kind)| match kind {
                Some(_) => is_same(given, wanted, is_loose),
                None => is_same(given, wanted, is_loose) || text(given) == text(wanted),
            })
    };
    if is_ordered {
        return match rows.iter().zip(wanted).all(|(row, wanted)| same(row, wanted)) {
            true => Ok(()),
            false => Err(differs()),
        };
    }
    let mut rest: Vec<&Vec<Value>> = wanted.iter().collect();
    for row in rows {
        match rest.iter().position(|wanted| same(row, wanted)) {
            Some(at) => drop(rest.swap_remove(at)),
            None => return Err(differs()),
        }
    }
    Ok(())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => squeezed(text),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_same(given: &Value, wanted: &Value, is_loose: bool) -> bool {
    match (given, wanted) {
        (Value::String(a), Value::String(b)) => squeezed(a) == squeezed(b),
        (Value::Number(a), Value::Number(b)) => {
            if a == b {
                return true;
            }
            let (Some(x), Some(y)) = (a.as_f64(), b.as_f64()) else { return false };
            (x - y).abs() <= y.abs() * 1e-9 || (x - y).abs() <= last_place(&b.to_string()) * 1.000_001
        }
        (Value::Array(a), Value::Array(b)) if is_loose => {
            let mut rest: Vec<&Value> = b.iter().collect();
            a.len() == b.len()
                && a.iter().all(|given| match rest.iter().position(|wanted| is_same(given, wanted, true)) {
                    Some(at) => {
                        rest.swap_remove(at);
                        true
                    }
                    None => false,
                })
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b, is_loose))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b, is_loose)))
        }
        (a, b) => a == b,
    }
}

/// One unit of the last decimal that is shown; nothing for a whole number.
fn last_place(number: &str) -> f64 {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(0)),
        None => (number, 0),
    };
    match mantissa.split_once('.') {
        Some((_, decimals)) if decimals != "0" => 10f64.powi(exponent - decimals.len() as i32),
        _ => 0.0,
    }
}
