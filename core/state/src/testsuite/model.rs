//! The meaning of filters and orders, told naively: no encoding, no index, no database.

use std::{cmp::Ordering, ops::Bound};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::{Filter, FilterValue, Index, IndexKind};

/// A field's values; several of a multi index.
fn values(index: &Index, body: &Value) -> Vec<FilterValue> {
    let Some(field) = body.pointer(&index.path) else {
        return Vec::new();
    };
    match field {
        Value::Array(elements) => elements.iter().filter_map(|element| value(index.kind, element)).collect(),
        field => value(index.kind, field).into_iter().collect(),
    }
}

fn value(kind: IndexKind, field: &Value) -> Option<FilterValue> {
    if field.is_null() {
        return None;
    }
    let value = match kind {
        IndexKind::Text => FilterValue::Text(field.as_str()?.to_owned()),
        IndexKind::TextCaseless => FilterValue::Text(caseless(field.as_str()?)),
        IndexKind::Integer => FilterValue::Integer(field.as_i64()?),
        IndexKind::Real => FilterValue::Real(field.as_f64()?),
        IndexKind::Boolean => FilterValue::Boolean(field.as_bool()?),
        IndexKind::DateTime => FilterValue::DateTime(field.as_str()?.parse::<DateTime<Utc>>().ok()?),
    };
    Some(value)
}

fn caseless(text: &str) -> String {
    text.chars().map(|c| c.to_lowercase().to_string()).collect::<String>().replace('ς', "σ")
}

fn operand(kind: IndexKind, value: &FilterValue) -> FilterValue {
    match (kind, value) {
        (IndexKind::TextCaseless, FilterValue::Text(text)) => FilterValue::Text(caseless(text)),
        #[expect(clippy::cast_precision_loss, reason = "a real index holds doubles")]
        (IndexKind::Real, FilterValue::Integer(number)) => FilterValue::Real(*number as f64),
        (_, value) => value.clone(),
    }
}

fn compare(a: &FilterValue, b: &FilterValue) -> Ordering {
    match (a, b) {
        (FilterValue::Text(a), FilterValue::Text(b)) => a.chars().cmp(b.chars()),
        (FilterValue::Integer(a), FilterValue::Integer(b)) => a.cmp(b),
        (FilterValue::Real(a), FilterValue::Real(b)) => a.partial_cmp(b).expect("no field is NaN"),
        (FilterValue::Boolean(a), FilterValue::Boolean(b)) => a.cmp(b),
        (FilterValue::DateTime(a), FilterValue::DateTime(b)) => a.cmp(b),
        _ => panic!("an index has values of one type"),
    }
}

/// Whether a body passes a filter.
pub(super) fn passes(indexes: &[Index], body: &Value, filter: &Filter) -> bool {
    let any = |name: &str, test: &dyn Fn(&Index, &FilterValue) -> bool| {
        let index = find(indexes, name);
        values(index, body).iter().any(|value| test(index, value))
    };
    let equal = |index: &Index, value: &FilterValue, to: &FilterValue| {
        compare(value, &operand(index.kind, to)) == Ordering::Equal
    };
    match filter {
        Filter::Eq(name, to) => any(name, &|index, value| equal(index, value, to)),
        Filter::In(name, all) => any(name, &|index, value| all.iter().any(|to| equal(index, value, to))),
        Filter::Prefix(name, prefix) => any(name, &|index, value| {
            let FilterValue::Text(prefix) = operand(index.kind, &prefix.as_str().into()) else {
                return false;
            };
            matches!(value, FilterValue::Text(text) if text.starts_with(&prefix))
        }),
        Filter::Range(name, from, to) => any(name, &|index, value| {
            let above = match from {
                Bound::Unbounded => true,
                Bound::Included(from) => compare(value, &operand(index.kind, from)).is_ge(),
                Bound::Excluded(from) => compare(value, &operand(index.kind, from)).is_gt(),
            };
            let below = match to {
                Bound::Unbounded => true,
                Bound::Included(to) => compare(value, &operand(index.kind, to)).is_le(),
                Bound::Excluded(to) => compare(value, &operand(index.kind, to)).is_lt(),
            };
            above && below
        }),
        Filter::IsNull(name) => values(find(indexes, name), body).is_empty(),
        Filter::And(all) => all.iter().all(|filter| passes(indexes, body, filter)),
        Filter::Or(all) => all.iter().any(|filter| passes(indexes, body, filter)),
        Filter::Not(inner) => !passes(indexes, body, inner),
    }
}

/// How two documents stand in an ascending order.
pub(super) fn order(indexes: &[Index], by: Option<&str>, a: (&str, &Value), b: (&str, &Value)) -> Ordering {
    let by_value = by.map_or(Ordering::Equal, |name| {
        let index = find(indexes, name);
        match (values(index, a.1).first(), values(index, b.1).first()) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare(a, b),
        }
    });
    by_value.then_with(|| a.0.chars().cmp(b.0.chars()))
}

fn find<'a>(indexes: &'a [Index], name: &str) -> &'a Index {
    indexes.iter().find(|index| index.name == name).expect("the model knows its indexes")
}
