//! The way to a part of a `dynamic`: `a.b`, `a["b"]`, `a[0]`.

use phalanx_signal::ColumnType::{Dynamic, Long, String as Text};

use crate::{
    dynamic::{Json, Path, Step, to_text},
    functions::{
        Accepts::{Any, Only},
        Call, Family, Function, Returns,
        define::{Answer, once},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "dynamic_path",
        Family::Dynamic,
        &[once("value", Only(Dynamic)), once("path", Only(Text))],
        Returns::Only(Dynamic),
        "The part of a value at the end of a path, which is the same for all rows; null if there is none.",
        dynamic_path,
    )
    .examples(&[(r#"print dynamic_path(dynamic({"a":[1,2]}), "$['a'][-1]")"#, "2")]),
    Function::kernel(
        "dynamic_path_text",
        Family::Dynamic,
        &[once("value", Only(Dynamic)), once("path", Only(Text))],
        Returns::Only(Text),
        "The part of a value at the end of a path, as tostring() gives it; empty if there is none.",
        dynamic_path_text,
    )
    .examples(&[(r#"print dynamic_path_text(dynamic({"a":{"b":"x"}}), "$['a']['b']")"#, "x")]),
    Function::kernel(
        "dynamic_member",
        Family::Dynamic,
        &[once("value", Only(Dynamic)), once("key", Any)],
        Returns::Only(Dynamic),
        "The member of a bag with a name, or the element of an array at a place, that a row says.",
        dynamic_member,
    )
    .examples(&[(r#"print dynamic_member(dynamic({"a":7}), strcat("", "a"))"#, "7")]),
    Function::kernel(
        "extract_json",
        Family::Dynamic,
        &[once("path", Only(Text)), once("text", Any)],
        Returns::Only(Text),
        "The part of a JSON text at the end of a JSONPath, as text. A third argument, `typeof(type)`, converts it.",
        extract_json,
    )
    .alias(&["extractjson"])
    .examples(&[(r#"print extract_json("$.a.b[1]", '{"a":{"b":[10,"x"]}}')"#, "x")]),
];

fn dynamic_path(call: &Call<'_>) -> Answer {
    let (values, paths) = (call.texts(0)?, call.texts(1)?);
    let path = call.constant_text(1).map(Path::parse);
    call.dynamics(|row| find(values.value(row), path.as_ref(), paths.text(row)).map(Json::text))
}

fn dynamic_path_text(call: &Call<'_>) -> Answer {
    let (values, paths) = (call.texts(0)?, call.texts(1)?);
    let path = call.constant_text(1).map(Path::parse);
    let text = |row| find(values.value(row), path.as_ref(), paths.text(row)).map_or("".into(), to_text);
    Ok(crate::functions::Column::texts((0..call.rows).map(|row| Some(text(row)))))
}

fn extract_json(call: &Call<'_>) -> Answer {
    let (paths, texts) = (call.texts(0)?, call.texts(1)?);
    let path = call.constant_text(0).map(Path::parse);
    let text = |row| {
        let text = texts.text(row);
        // What is no JSON must not look as if it had parts.
        serde_json::from_str::<&serde_json::value::RawValue>(text).ok()?;
        Some(to_text(find(Json::new(text), path.as_ref(), paths.text(row))?))
    };
    Ok(crate::functions::Column::texts((0..call.rows).map(|row| Some(text(row).unwrap_or_default()))))
}

/// The part at the end of the constant path, or of the row's own. A path that is none leads nowhere.
fn find<'a>(json: Json<'a>, constant: Option<&Option<Path>>, text: &str) -> Option<Json<'a>> {
    match constant {
        Some(path) => path.as_ref()?.find(json),
        None => Path::parse(text)?.find(json),
    }
}

fn dynamic_member(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    if matches!(call.types[1], Long | phalanx_signal::ColumnType::Int) {
        let places = call.longs(1)?;
        return call.dynamics(|row| values.value(row).element(places.get(row)?).map(Json::text));
    }
    let names = call.json_values(1)?;
    call.dynamics(|row| {
        let name = names.json(row);
        let step = match Json::new(&name).as_long() {
            Some(place) => Step::Element(place),
            None => Step::Member(Json::new(&name).as_text()?.into_owned()),
        };
        Path(vec![step]).find(values.value(row)).map(Json::text)
    })
}
