//! What a chart shows, from the columns of an answer.
//!
//! The first column of times or numbers is the horizontal axis (of bars, the first text), further numbers are values,
//! and texts tell series apart, unless the query says otherwise by `xcolumn`, `ycolumns` and `series`. Columns of
//! arrays, as `make-series` gives, are taken apart.

use phalanx_signal::time::parse_datetime;
use serde_json::Value;

use super::super::answer::{Render, Table};

/// Points in series.
pub struct Points {
    pub series: Vec<(String, Vec<(f64, f64)>)>,
    /// Whether the horizontal axis is time, in microseconds since 1970.
    pub is_time: bool,
}

/// A cell as a number or time on an axis.
fn number(cell: &str, is_time: bool) -> Option<f64> {
    if is_time {
        parse_datetime(cell).map(|micros| micros as f64)
    } else {
        cell.parse().ok().filter(|n: &f64| n.is_finite())
    }
}

fn position(table: &Table, name: &str) -> Option<usize> {
    table.columns.iter().position(|column| column.name == name.trim())
}

/// The columns that a property names.
fn named(render: &Render, table: &Table, property: &str) -> Option<Vec<usize>> {
    let names = render.property(property)?;
    let found: Vec<usize> = names.split(',').filter_map(|name| position(table, name)).collect();
    (!found.is_empty()).then_some(found)
}

pub fn points(render: &Render, table: &Table) -> Option<Points> {
    let columns = &table.columns;
    let all = || 0..columns.len();
    let arrays: Vec<usize> = all().filter(|at| is_array(table, *at)).collect();
    if arrays.len() >= 2 {
        return array_points(render, table, &arrays);
    }
    let x = match named(render, table, "xcolumn") {
        Some(named) => named[0],
        None => {
            all().find(|at| columns[*at].is_time()).or_else(|| all().find(|at| columns[*at].is_number()))?
        }
    };
    let values = named(render, table, "ycolumns")
        .unwrap_or_else(|| all().filter(|at| *at != x && columns[*at].is_number()).collect());
    let by = named(render, table, "series").unwrap_or_else(|| {
        all()
            .filter(|at| {
                *at != x
                    && !values.contains(at)
                    && matches!(columns[*at].kind.as_str(), "string" | "bool" | "guid")
            })
            .collect()
    });
    if values.is_empty() {
        return None;
    }
    let is_time = columns[x].is_time();
    let mut series: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for row in &table.rows {
        let Some(place) = number(&row[x], is_time) else { continue };
        let label: Vec<&str> = by.iter().map(|at| row[*at].as_str()).collect();
        for value in &values {
            let Some(y) = number(&row[*value], false) else { continue };
            let name = called(&label, &columns[*value].name, values.len());
            push(&mut series, name, (place, y));
        }
    }
    finish(series, is_time)
}

fn push(series: &mut Vec<(String, Vec<(f64, f64)>)>, name: String, point: (f64, f64)) {
    match series.iter_mut().find(|(known, _)| *known == name) {
        Some((_, points)) => points.push(point),
        None => series.push((name, vec![point])),
    }
}

fn finish(mut series: Vec<(String, Vec<(f64, f64)>)>, is_time: bool) -> Option<Points> {
    for (_, points) in &mut series {
        points.sort_by(|one, other| one.0.total_cmp(&other.0));
    }
    (!series.is_empty()).then_some(Points { series, is_time })
}

fn is_array(table: &Table, at: usize) -> bool {
    table.columns[at].kind == "dynamic" && table.rows.first().is_some_and(|row| row[at].starts_with('['))
}

/// Of arrays that go side by side: the first of times, else the last, is the axis.
fn array_points(render: &Render, table: &Table, arrays: &[usize]) -> Option<Points> {
    let elements = |cell: &str| match serde_json::from_str(cell) {
        Ok(Value::Array(elements)) => elements,
        _ => Vec::new(),
    };
    let time = |value: &Value| value.as_str().and_then(parse_datetime).map(|micros| micros as f64);
    let first = table.rows.first()?;
    let times = |at: &usize| elements(&first[*at]).first().is_some_and(|value| time(value).is_some());
    let x = match named(render, table, "xcolumn") {
        Some(named) => named[0],
        None => arrays.iter().copied().find(times).or(arrays.last().copied())?,
    };
    let is_time = times(&x);
    let values = named(render, table, "ycolumns")
        .unwrap_or_else(|| arrays.iter().copied().filter(|at| *at != x).collect());
    let mut series = Vec::new();
    for row in &table.rows {
        let axis = elements(&row[x]);
        let label: Vec<&str> = (0..row.len())
            .filter(|at| !arrays.contains(at) && table.columns[*at].kind != "dynamic")
            .map(|at| row[at].as_str())
            .collect();
        for value in &values {
            let mut name = label.join(", ");
            if name.is_empty() || values.len() > 1 {
                name = [name.as_str(), table.columns[*value].name.as_str()]
                    .iter()
                    .filter(|part| !part.is_empty())
                    .copied()
                    .collect::<Vec<_>>()
                    .join(": ");
            }
            for (place, y) in axis.iter().zip(elements(&row[*value])) {
                let place = if is_time { time(place) } else { place.as_f64() };
                if let (Some(place), Some(y)) = (place, y.as_f64()) {
                    push(&mut series, name.clone(), (place, y));
                }
            }
        }
    }
    finish(series, is_time)
}

/// Labels with values, in the order of the rows.
pub fn bars(render: &Render, table: &Table) -> Option<Vec<(String, f64)>> {
    let columns = &table.columns;
    let values = named(render, table, "ycolumns").unwrap_or_else(|| {
        let numbers: Vec<usize> = (0..columns.len()).filter(|at| columns[*at].is_number()).collect();
        // Where all are numbers, the first one is what the others belong to.
        if numbers.len() == columns.len() && numbers.len() > 1 { numbers[1..].to_vec() } else { numbers }
    });
    if values.is_empty() {
        return None;
    }
    let labels: Vec<usize> = (0..columns.len()).filter(|at| !values.contains(at)).collect();
    let mut bars = Vec::new();
    for row in &table.rows {
        let label: Vec<&str> = labels.iter().map(|at| row[*at].as_str()).collect();
        for value in &values {
            let Some(size) = number(&row[*value], false) else { continue };
            let name = called(&label, &columns[*value].name, values.len());
            bars.push((name, size));
        }
    }
    (!bars.is_empty()).then_some(bars)
}

/// What a value is called: by its row's labels, and by its column where there are several or no label.
fn called(labels: &[&str], column: &str, columns: usize) -> String {
    let label = labels.join(", ");
    if !label.is_empty() && columns == 1 {
        return label;
    }
    [label.as_str(), column].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(": ")
}
