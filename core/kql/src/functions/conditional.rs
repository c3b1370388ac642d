//! Functions that test for values, and choose among them. Most are expressions that the binder makes.

use phalanx_signal::ColumnType::{self, Bool};

use super::{
    Accepts::{self, Any, Common, Only},
    Body, Call, Column, Family, Function, Parameter, Returns,
    define::{Answer, once, repeated},
};
use crate::dynamic::{Json, to_text};

const fn bound(
    name: &'static str,
    aliases: &'static [&'static str],
    parameters: &'static [Parameter],
    returns: Returns,
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Function {
    Function {
        name,
        aliases,
        family: Family::Conditional,
        parameters,
        returns,
        about,
        examples,
        body: Body::Bound,
    }
}

const VALUE: &[Parameter] = &[once("value", Any)];
const CONDITION: Accepts = Only(Bool);

pub(super) static FUNCTIONS: &[Function] = &[
    bound(
        "iff",
        &["iif"],
        &[once("condition", CONDITION), once("if_true", Common), once("if_false", Common)],
        Returns::Common,
        "The second argument if the first is true, else the third.",
        &[("print iff(1 > 2, \"a\", \"b\")", "b"), ("print iff(bool(null), \"a\", \"b\")", "b")],
    ),
    bound(
        "case",
        &[],
        &[repeated("condition", CONDITION, 1), repeated("then", Common, 1), once("else", Common)],
        Returns::Common,
        "The value behind the first condition that is true, else the last.",
        &[("print case(false, 1, true, 2, 3)", "2"), ("print case(false, 1, false, 2, 3)", "3")],
    ),
    bound(
        "coalesce",
        &[],
        &[repeated("value", Common, 2)],
        Returns::Common,
        "The first argument that is neither null nor the empty text.",
        &[
            ("print coalesce(tolong(\"not a number\"), tolong(\"42\"), 33)", "42"),
            ("print coalesce(\"\", \"a\")", "a"),
        ],
    ),
    bound(
        "isnull",
        &[],
        VALUE,
        Returns::Only(Bool),
        "Whether there is no value; never true for a string.",
        &[("print isnull(long(null))", "true"), ("print isnull(\"\")", "false")],
    ),
    bound(
        "isnotnull",
        &["notnull"],
        VALUE,
        Returns::Only(Bool),
        "Whether there is a value; always true for a string.",
        &[("print isnotnull(1)", "true"), ("print isnotnull(dynamic({}).a)", "false")],
    ),
    bound(
        "not",
        &[],
        &[once("value", CONDITION)],
        Returns::Only(Bool),
        "The opposite; null of null.",
        &[("print not(1 > 2)", "true")],
    ),
    Function::kernel(
        "isempty",
        Family::Conditional,
        VALUE,
        Returns::Only(Bool),
        "Whether it is null or an empty text.",
        |call| emptiness(call, true),
    )
    .examples(&[
        ("print isempty(\"\")", "true"),
        ("print isempty(dynamic([]))", "false"),
        ("print isempty(long(null))", "true"),
    ]),
    Function::kernel(
        "isnotempty",
        Family::Conditional,
        VALUE,
        Returns::Only(Bool),
        "Whether it is neither null nor an empty text.",
        |call| emptiness(call, false),
    )
    .alias(&["notempty"])
    .examples(&[("print isnotempty(\"a\")", "true"), ("print isnotempty(dynamic({}).a)", "false")]),
];

fn emptiness(call: &Call<'_>, is_empty: bool) -> Answer {
    let rows = 0..call.rows;
    Ok(match call.types[0] {
        ColumnType::String => {
            let values = call.texts(0)?;
            Column::booleans(rows.map(|row| Some(values.text(row).is_empty() == is_empty)))
        }
        ColumnType::Dynamic => {
            let values = call.texts(0)?;
            Column::booleans(rows.map(|row| {
                let json = values.json(row).map_or(Json::NULL, Json::new);
                Some((json.is_null() || json.is_string() && to_text(json).is_empty()) == is_empty)
            }))
        }
        _ => {
            let values = call.array(0)?;
            Column::booleans(rows.map(|row| Some(values.is_null(row) == is_empty)))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::cells::{Cell, check};

    #[test]
    fn what_is_empty() {
        for (cell, is_empty) in [
            (Cell::string(""), true),
            (Cell::null(ColumnType::String), true),
            (Cell::string("x"), false),
            (Cell::json("\"\""), true),
            (Cell::json("null"), true),
            (Cell::null(ColumnType::Dynamic), true),
            (Cell::json("[]"), false),
            (Cell::null(ColumnType::Long), true),
            (Cell::long(0), false),
        ] {
            check(&[
                ("isempty", std::slice::from_ref(&cell), if is_empty { "true" } else { "false" }),
                ("isnotempty", std::slice::from_ref(&cell), if is_empty { "false" } else { "true" }),
            ]);
        }
    }
}
