//! The statements before a query, and the functions whose value is a table.

pub(super) struct Words {
    pub name: &'static str,
    pub syntax: &'static str,
    pub about: &'static str,
    pub examples: &'static [(&'static str, &'static str)],
}

const fn words(
    name: &'static str,
    syntax: &'static str,
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Words {
    Words { name, syntax, about, examples }
}

pub(super) const STATEMENTS: &[Words] = &[
    words(
        "let",
        "let Name = value; | let Name = (parameter: type [= default], …) { body };",
        "Gives a name to a value, a table or a function, for all that follows.",
        &[("let twice = (x: long) { 2 * x }; print twice(21)", "42")],
    ),
    words(
        "set",
        "set option [= value];",
        "Sets an option of the query, such as `notruncation` or `truncationmaxrecords`.",
        &[("set notruncation; print 1", "1")],
    ),
    words(
        "declare query_parameters",
        "declare query_parameters (name: type [= default], …);",
        "Declares values that whoever sends the query gives with it.",
        &[("declare query_parameters (n: long = 3); print n", "3")],
    ),
];

pub(super) const TABLE_FUNCTIONS: &[Words] = &[
    words(
        "materialize",
        "materialize(table)",
        "Computes a table once, however often the query uses it.",
        &[("let T = materialize(range x from 1 to 3 step 1); T | count", "3")],
    ),
    words(
        "table",
        "table(name)",
        "The table whose name is a value.",
        &[("let T = print x = 1; table(\"T\")", "1")],
    ),
];
