//! Values inside JSON.

use bumpalo::Bump;

use crate::{
    decode::json::{Kind, Members, flatten, members},
    mapping::{Value, value::Datum},
};

pub(super) fn at_path<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let (json, path) = (arguments[0].text(arena), arguments[1].text(arena));
    let Some((raw, kind)) = find(json, path) else { return Datum::Null };
    match flatten::value(raw, kind) {
        Value::Text(text) => Datum::Text(arena.alloc_str(&text)),
        Value::Long(number) => Datum::Long(number),
        Value::Bool(claim) => Datum::Bool(claim),
        Value::Null => Datum::Null,
        _ => Datum::Json(raw),
    }
}

fn find<'v>(json: &'v str, path: &str) -> Option<(&'v str, Kind)> {
    let mut members = Members::default();
    let mut found = (json.trim_ascii(), Kind::Object);
    for step in steps(path) {
        found = match found.0.as_bytes().first()? {
            b'{' => {
                members.parse(found.0).ok()?;
                let field = members.get(found.0, step)?;
                (field.raw, field.kind)
            }
            b'[' => element(found.0, step.parse().ok()?)?,
            _ => return None,
        };
    }
    Some(found)
}

/// The steps of a path. A step that has dots itself stands in brackets: `claims.[http://name.example].0`.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(path);
    std::iter::from_fn(move || {
        let path = rest?;
        if let Some((step, behind)) = path.strip_prefix('[').and_then(|path| path.split_once(']')) {
            rest = behind.strip_prefix('.');
            return Some(step);
        }
        let (step, behind) = path.split_once('.').map_or((path, None), |(step, behind)| (step, Some(behind)));
        rest = behind;
        Some(step)
    })
}

/// The n-th element of an array.
fn element(array: &str, n: usize) -> Option<(&str, Kind)> {
    let mut rest = array[1..].trim_ascii_start();
    for _ in 0..n {
        let (length, _) = members::value_prefix(rest.as_bytes()).ok()?;
        rest = rest[length..].trim_ascii_start().strip_prefix(',')?.trim_ascii_start();
    }
    let (length, kind) = members::value_prefix(rest.as_bytes()).ok()?;
    Some((&rest[..length], kind))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn paths() {
        const JSON: &str = r#" {"a": {"items": [ {"b":"x\ty"}, 7 ,[true]]}, "n": null} "#;
        check("json", &[JSON, "a.items.0.b"], "x\ty");
        check("json", &[JSON, "a.items.1"], "7");
        check("json", &[JSON, "a.items.2"], "[true]");
        check("json", &[JSON, "a.items.2.0"], "true");
        for path in ["a.items.3", "a.items.x", "a.items.1.b", "n", "b", ""] {
            check("json", &[JSON, path], "");
        }
        check("json", &[r#"{"a":{"x.y/z":[5]}}"#, "a.[x.y/z].0"], "5");
        check("json", &["no JSON", "a"], "");
        check("json", &["", "a"], "");
    }
}
