//! Functions of what is around a value: the table, its columns, the query. The binder makes expressions of them.

use phalanx_signal::ColumnType::{Bool, DateTime, Dynamic, Guid, Long, String};

use super::{
    Accepts::{Any, Common, Only, Ordinal},
    Body, Family, Function, Parameter, Returns,
    define::{once, repeated},
};

const fn bound(
    name: &'static str,
    parameters: &'static [Parameter],
    returns: Returns,
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Function {
    let family = Family::Metadata;
    Function { name, aliases: &[], family, parameters, returns, about, examples, body: Body::Bound }
}

pub(super) static FUNCTIONS: &[Function] = &[
    bound(
        "toscalar",
        &[once("table", Any)],
        Returns::Argument(0),
        "The first cell of a table, computed once before the query; the table can't see the row.",
        &[("print toscalar(range x from 1 to 9 step 1 | summarize max(x))", "9")],
    ),
    bound(
        "column_ifexists",
        &[once("name", Only(String)), once("default", Common)],
        Returns::Common,
        "The column of a name if the rows have one, else the default.",
        &[("print a = 1 | project column_ifexists(\"b\", 7)", "7")],
    )
    .alias(&["columnifexists"]),
    bound(
        "column_names_of",
        &[once("table", Any)],
        Returns::Only(Dynamic),
        "An array of the names of a table's columns.",
        &[("let T = print a = 1, b = 2; print tostring(column_names_of(T))", "[\"a\",\"b\"]")],
    ),
    bound(
        "ingestion_time",
        &[],
        Returns::Only(DateTime),
        "When a row was taken in, where its table knows it, else null.",
        &[("print isnull(ingestion_time())", "true")],
    ),
    bound(
        "around",
        &[once("value", Ordinal), once("center", Ordinal), once("delta", Any)],
        Returns::Only(Bool),
        "Whether a value is no farther from a center than a distance.",
        &[("print around(7, 5, 3)", "true")],
    ),
    bound(
        "assert",
        &[once("condition", Only(Bool)), once("message", Only(String))],
        Returns::Only(Bool),
        "True, or the failure of the query with a message if a condition over constants does not hold.",
        &[("print assert(1 < 2, \"no order\")", "true")],
    ),
    bound(
        "current_cluster_endpoint",
        &[],
        Returns::Only(String),
        "The address of the server that answers, where it is known.",
        &[("print strlen(current_cluster_endpoint()) >= 0", "true")],
    ),
    bound(
        "current_database",
        &[],
        Returns::Only(String),
        "The name of the database that is asked.",
        &[("print strlen(current_database()) >= 0", "true")],
    ),
    bound(
        "current_principal",
        &[],
        Returns::Only(String),
        "Who asks: the kind, the id and the tenant in one text.",
        &[("print current_principal() startswith \"aad\"", "true")],
    ),
    bound(
        "current_principal_details",
        &[],
        Returns::Only(Dynamic),
        "Who asks, as a bag of names and ids.",
        &[("print tostring(current_principal_details().Type)", "AadApplication")],
    ),
    bound(
        "current_principal_is_member_of",
        &[repeated("group", Only(String), 1)],
        Returns::Only(Bool),
        "Whether who asks is in one of the groups.",
        &[("print current_principal_is_member_of(\"aadgroup=nobody\")", "false")],
    ),
    bound(
        "estimate_data_size",
        &[repeated("column", Any, 1)],
        Returns::Only(Long),
        "About how many bytes the columns of a row have.",
        &[("print a = \"four\" | project estimate_data_size(a) > 0", "true")],
    ),
    bound(
        "extent_id",
        &[],
        Returns::Only(Guid),
        "The id of the file that a row is in; all zeros, for files have no such ids here.",
        &[("print extent_id()", "00000000-0000-0000-0000-000000000000")],
    ),
    bound(
        "extent_tags",
        &[],
        Returns::Only(Dynamic),
        "The tags of the file that a row is in, of which there are none here.",
        &[("print tostring(extent_tags())", "[]")],
    ),
];
