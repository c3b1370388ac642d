//! From text to `dynamic` and back.

use phalanx_signal::ColumnType::{Dynamic, String as Text};

use crate::{
    dynamic::{Json, canonical, from_text, to_text},
    functions::{
        Accepts::{Any, Only},
        Call, Column, Family, Function, Returns,
        define::{Answer, once},
        json::Values,
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "parse_json",
        Family::Dynamic,
        &[once("value", Any)],
        Returns::Only(Dynamic),
        "The value that JSON text stands for. Text that is no JSON becomes a string, a `dynamic` stays as it is.",
        parse_json,
    )
    .alias(&["todynamic", "toobject", "parsejson"])
    .examples(&[
        (r#"print tostring(parse_json('{"a": [1, 2]}').a)"#, "[1,2]"),
        (r#"print tostring(parse_json("not JSON"))"#, "not JSON"),
        (r#"print isnull(parse_json(""))"#, "true"),
    ]),
    Function::kernel(
        "dynamic_to_json",
        Family::Dynamic,
        &[once("value", Only(Dynamic))],
        Returns::Only(Text),
        "The value's JSON text, with the members of bags in the order of their names.",
        dynamic_to_json,
    )
    .examples(&[(r#"print dynamic_to_json(dynamic({"b": 1, "a": [true]}))"#, r#"{"a":[true],"b":1}"#)]),
];

fn parse_json(call: &Call<'_>) -> Answer {
    match call.json_values(0)? {
        Values::Texts(texts) if call.types[0] == Text => call.dynamics(|row| from_text(texts.text(row))),
        values => call.dynamics(|row| Some(values.json(row))),
    }
}

fn dynamic_to_json(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    let text = |json: Json<'_>| {
        if json.is_array() || json.is_bag() {
            canonical(json).into_owned()
        } else {
            to_text(json).into_owned()
        }
    };
    Ok(Column::texts((0..call.rows).map(|row| Some(text(values.value(row))))))
}
