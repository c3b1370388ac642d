//! Members of bags.

use std::collections::HashSet;

use phalanx_signal::ColumnType::{Bool, Dynamic, String as Text};

use crate::{
    dynamic::{ArrayWriter, BagWriter, Json, Path, Step},
    functions::{
        Accepts::{Any, Only},
        Call, Column, Family, Function, Returns,
        define::{Answer, once, repeated},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "bag_keys",
        Family::Dynamic,
        &[once("bag", Only(Dynamic))],
        Returns::Only(Dynamic),
        "The names of a bag's members, as an array; null for what is no bag.",
        bag_keys,
    )
    .examples(&[(r#"print tostring(bag_keys(dynamic({"a":1,"b":{"c":2}})))"#, r#"["a","b"]"#)]),
    Function::kernel(
        "bag_has_key",
        Family::Dynamic,
        &[once("bag", Only(Dynamic)), once("key", Only(Text))],
        Returns::Only(Bool),
        "Whether a bag has a member of this name, or one at the end of a JSONPath.",
        bag_has_key,
    )
    .examples(&[
        (r#"print bag_has_key(dynamic({"a":null}), "a")"#, "true"),
        (r#"print bag_has_key(dynamic({"a":{"b":1}}), "$.a.c")"#, "false"),
    ]),
    Function::kernel(
        "bag_merge",
        Family::Dynamic,
        &[repeated("bag", Only(Dynamic), 2)],
        Returns::Only(Dynamic),
        "A bag of the members of all; of a name that several have, the first one's. Nulls count as empty.",
        bag_merge,
    )
    .examples(&[(
        r#"print tostring(bag_merge(dynamic({"a":1}), dynamic({"a":2,"b":3})))"#,
        r#"{"a":1,"b":3}"#,
    )]),
    Function::kernel(
        "bag_remove_keys",
        Family::Dynamic,
        &[once("bag", Only(Dynamic)), once("keys", Only(Dynamic))],
        Returns::Only(Dynamic),
        "A bag without the members whose names, or JSONPaths, an array has.",
        bag_remove_keys,
    )
    .examples(&[(
        r#"print tostring(bag_remove_keys(dynamic({"a":{"x":1,"y":2},"b":3}), dynamic(["b","$.a.x"])))"#,
        r#"{"a":{"y":2}}"#,
    )]),
    Function::kernel(
        "bag_set_key",
        Family::Dynamic,
        &[once("bag", Only(Dynamic)), once("key", Only(Text)), once("value", Any)],
        Returns::Only(Dynamic),
        "A bag with one member set, by its name or a JSONPath; null for what is no bag.",
        bag_set_key,
    )
    .examples(&[(r#"print tostring(bag_set_key(dynamic({"a":1}), "$.b.c", 2))"#, r#"{"a":1,"b":{"c":2}}"#)]),
    Function::kernel(
        "bag_zip",
        Family::Dynamic,
        &[once("keys", Only(Dynamic)), once("values", Only(Dynamic))],
        Returns::Only(Dynamic),
        "A bag whose names are the strings of one array, and whose values those of another.",
        bag_zip,
    )
    .examples(&[(
        r#"print tostring(bag_zip(dynamic(["a",1,"b"]), dynamic([10,20])))"#,
        r#"{"a":10,"b":null}"#,
    )]),
];

/// How many steps into a bag a path may take that changes it.
const STEPS_MAX: usize = 64;

fn bag_keys(call: &Call<'_>) -> Answer {
    let bags = call.texts(0)?;
    call.dynamics(|row| {
        let names = bags.value(row).members()?.map(|(name, _)| name);
        Some(names.collect::<ArrayWriter>().finish())
    })
}

/// A name stands for itself, unless it is written as a path.
fn key_path(key: &str) -> Path {
    let path = key.starts_with('$').then(|| Path::parse(key)).flatten();
    path.unwrap_or_else(|| Path(vec![Step::Member(key.to_owned())]))
}

fn bag_has_key(call: &Call<'_>) -> Answer {
    let (bags, keys) = (call.texts(0)?, call.texts(1)?);
    let constant = call.constant_text(1).map(key_path);
    let has = |row| {
        let bag = bags.value(row);
        let found = match &constant {
            Some(path) => path.find(bag),
            None => key_path(keys.text(row)).find(bag),
        };
        bag.is_bag().then_some(found.is_some())
    };
    Ok(Column::booleans((0..call.rows).map(has)))
}

fn bag_merge(call: &Call<'_>) -> Answer {
    let bags = call.texts_from(0)?;
    call.dynamics(|row| {
        let mut merged = None;
        let mut seen = HashSet::new();
        for bag in &bags {
            let bag = bag.value(row);
            let Some(members) = bag.members() else { continue };
            let merged = merged.get_or_insert_with(BagWriter::default);
            for (name, value) in members {
                if seen.insert(name.as_text()) {
                    merged.push_raw(name, value);
                }
            }
        }
        merged.map(BagWriter::finish)
    })
}

fn bag_remove_keys(call: &Call<'_>) -> Answer {
    let (bags, keys) = (call.texts(0)?, call.texts(1)?);
    let paths_of = |row| -> Vec<Path> {
        let keys = keys.value(row).elements().into_iter().flatten();
        keys.filter_map(|key| Some(key_path(&key.as_text()?))).collect()
    };
    let constant = call.is_constant(1).then(|| paths_of(0));
    call.dynamics(|row| {
        let bag = bags.value(row);
        if !bag.is_bag() {
            return None;
        }
        let of_row;
        let paths = match &constant {
            Some(paths) => paths,
            None => {
                of_row = paths_of(row);
                &of_row
            }
        };
        let paths: Vec<&[Step]> = paths.iter().map(|path| path.0.as_slice()).collect();
        let mut out = String::with_capacity(bag.text().len());
        push_without(bag, &paths, STEPS_MAX, &mut out);
        Some(out)
    })
}

/// Appends a value without what the paths lead to.
fn push_without(json: Json<'_>, paths: &[&[Step]], depth: usize, out: &mut String) {
    let Some(members) = json.members().filter(|_| depth > 0 && !paths.is_empty()) else {
        return out.push_str(json.text());
    };
    let mut bag = BagWriter::default();
    for (name, value) in members {
        let Some(text) = name.as_text() else { continue };
        let matching = paths.iter().filter_map(|path| match path.split_first()? {
            (Step::Member(first), rest) if *first == *text => Some(rest),
            _ => None,
        });
        let matching: Vec<&[Step]> = matching.collect();
        if matching.iter().any(|rest| rest.is_empty()) {
            continue;
        }
        let mut kept = String::new();
        push_without(value, &matching, depth - 1, &mut kept);
        bag.push_raw(name, Json::new(&kept));
    }
    out.push_str(&bag.finish());
}

fn bag_set_key(call: &Call<'_>) -> Answer {
    let (bags, keys, values) = (call.texts(0)?, call.texts(1)?, call.json_values(2)?);
    call.dynamics(|row| {
        let bag = bags.value(row);
        let path = key_path(keys.text(row));
        let is_settable = bag.is_bag()
            && (1..=STEPS_MAX).contains(&path.0.len())
            && path.0.iter().all(|step| matches!(step, Step::Member(_)));
        is_settable.then(|| set(Some(bag), &path.0, &values.json(row)))
    })
}

/// A bag with the part at the end of the path set. What is no bag gives way to one.
fn set(bag: Option<Json<'_>>, path: &[Step], value: &str) -> String {
    let Some((Step::Member(first), rest)) = path.split_first() else { return value.to_owned() };
    let mut out = BagWriter::default();
    let mut is_set = false;
    for (name, old) in bag.and_then(Json::members).into_iter().flatten() {
        if name.as_text().is_some_and(|text| text == first.as_str()) {
            is_set = true;
            out.push_raw(name, Json::new(&set(Some(old), rest, value)));
        } else {
            out.push_raw(name, old);
        }
    }
    if !is_set {
        out.push(first, Json::new(&set(None, rest, value)));
    }
    out.finish()
}

fn bag_zip(call: &Call<'_>) -> Answer {
    let (keys, values) = (call.texts(0)?, call.texts(1)?);
    call.dynamics(|row| {
        let mut values = values.value(row).elements().into_iter().flatten();
        let mut bag = BagWriter::default();
        let mut seen = HashSet::new();
        for key in keys.value(row).elements()? {
            let value = values.next().unwrap_or(Json::NULL);
            if key.is_string() && seen.insert(key.as_text()) {
                bag.push_raw(key, value);
            }
        }
        Some(bag.finish())
    })
}
