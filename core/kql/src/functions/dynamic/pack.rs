//! Making arrays and bags of columns.

use phalanx_signal::ColumnType::{Bool, Dynamic, String as Text};

use crate::{
    dynamic::{ArrayWriter, BagWriter, Json, to_text},
    functions::{
        Accepts::{Any, Only},
        Body, Call, Family, Function, FunctionError, Returns,
        define::{Answer, once, optional, repeated},
        json::Values,
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "pack_array",
        Family::Dynamic,
        &[repeated("value", Any, 0)],
        Returns::Only(Dynamic),
        "An array of the arguments.",
        pack_array,
    )
    .examples(&[(r#"print tostring(pack_array(1, "a", 2s, dynamic([3])))"#, r#"[1,"a","00:00:02",[3]]"#)]),
    Function::kernel(
        "bag_pack",
        Family::Dynamic,
        &[repeated("name", Any, 0), repeated("value", Any, 0)],
        Returns::Only(Dynamic),
        "A bag of names and values, which alternate.",
        bag_pack,
    )
    .alias(&["pack", "pack_dictionary"])
    .examples(&[(
        r#"print tostring(bag_pack("a", 1, "b", true, "c", long(null)))"#,
        r#"{"a":1,"b":true,"c":null}"#,
    )]),
    Function::kernel(
        "bag_pack_non_empty",
        Family::Dynamic,
        &[once("ignore_null_empty", Only(Bool)), repeated("name", Any, 0), repeated("value", Any, 0)],
        Returns::Only(Dynamic),
        "Like bag_pack() behind the first argument; if that is true, without what is null or empty.",
        bag_pack_non_empty,
    )
    .examples(&[(r#"print tostring(bag_pack_non_empty(true, "a", 1, "b", ""))"#, r#"{"a":1}"#)]),
    Function {
        name: "pack_all",
        aliases: &[],
        family: Family::Dynamic,
        parameters: &[optional("ignore_null_empty", Only(Bool))],
        returns: Returns::Only(Dynamic),
        about: "A bag of all columns by their names; with `true`, without what is null or empty.",
        examples: &[(r#"print a = 1, b = "" | project tostring(pack_all(true))"#, r#"{"a":1}"#)],
        body: Body::Bound,
    },
    Function {
        name: "bag_pack_columns",
        aliases: &["pack_columns"],
        family: Family::Dynamic,
        parameters: &[repeated("column", Any, 1)],
        returns: Returns::Only(Dynamic),
        about: "A bag of the columns given, by their names.",
        examples: &[("print a = 1, b = 2 | project tostring(bag_pack_columns(b, a))", r#"{"b":2,"a":1}"#)],
        body: Body::Bound,
    },
];

fn pack_array(call: &Call<'_>) -> Answer {
    let values = call.values_from(0)?;
    call.dynamics(|row| {
        let mut array = ArrayWriter::default();
        values.iter().for_each(|value| value.push(row, array.element()));
        Some(array.finish())
    })
}

fn bag_pack(call: &Call<'_>) -> Answer {
    pack(call, 0, |_| false)
}

fn bag_pack_non_empty(call: &Call<'_>) -> Answer {
    let ignore = call.booleans(0)?;
    pack(call, 1, |row| ignore.get(row) == Some(true))
}

fn pack(call: &Call<'_>, from: usize, ignore_empty: impl Fn(usize) -> bool) -> Answer {
    let values = call.values_from(from)?;
    if values.len() % 2 != 0 {
        return Err(FunctionError("names and values must alternate".to_owned()));
    }
    let members: Vec<(Name, &Values)> = values
        .chunks_exact(2)
        .enumerate()
        .map(|(at, pair)| {
            let constant = call.constant_text(from + 2 * at).filter(|_| call.types[from + 2 * at] == Text);
            (constant.map_or(Name::Row(&pair[0]), |name| Name::Constant(name.to_owned())), &pair[1])
        })
        .collect();
    let mut taken: Vec<String> = Vec::with_capacity(members.len());
    let may_repeat = members.iter().any(|(name, _)| {
        let Name::Constant(name) = name else { return true };
        let is_new = !taken.contains(name);
        taken.push(name.clone());
        !is_new
    });
    call.dynamics(|row| {
        let mut bag = BagWriter::default();
        let skip_empty = ignore_empty(row);
        let names: Vec<_> =
            if may_repeat { members.iter().map(|(name, _)| name.text(row)).collect() } else { Vec::new() };
        for (at, (name, value)) in members.iter().enumerate() {
            // Of a name that comes again, the last value counts.
            let is_repeated = may_repeat && names[at + 1..].contains(&names[at]);
            if is_repeated || (skip_empty && value.is_empty(row)) {
                continue;
            }
            match name {
                Name::Constant(name) => value.push(row, bag.member(name)),
                Name::Row(_) => value.push(row, bag.member(&name.text(row))),
            }
        }
        Some(bag.finish())
    })
}

/// A member's name.
enum Name<'a> {
    Constant(String),
    Row(&'a Values),
}

impl Name<'_> {
    fn text(&self, row: usize) -> String {
        match self {
            Self::Constant(name) => name.clone(),
            Self::Row(values) => to_text(Json::new(&values.json(row))).into_owned(),
        }
    }
}
