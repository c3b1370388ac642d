//! `count`, `countif`.

use datafusion::functions_aggregate::count::count_udaf;
use phalanx_signal::ColumnType;

use super::{Aggregate, Body, ColumnName, Gives};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

pub(super) const CONDITION: Parameter =
    Parameter { name: "condition", accepts: Accepts::Only(ColumnType::Bool), how_often: HowOften::Once };

pub(super) const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "count",
        aliases: &[],
        parameters: &[Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Optional }],
        condition: None,
        gives: Gives::One(Returns::Only(ColumnType::Long)),
        column: ColumnName::PrefixAndArgument("count"),
        about: "The number of rows, whatever is in them.",
        examples: &[
            ("range x from 1 to 5 step 1 | summarize count()", "5"),
            ("range x from 1 to 5 step 1 | where x > 5 | summarize count()", "0"),
        ],
        body: |_| Body::Engine(count_udaf()),
    },
    Aggregate {
        name: "countif",
        aliases: &[],
        parameters: &[CONDITION],
        condition: Some(0),
        gives: Gives::One(Returns::Only(ColumnType::Long)),
        column: ColumnName::Prefix("countif"),
        about: "The number of rows for which the condition is true.",
        examples: &[("range x from 1 to 5 step 1 | summarize countif(x > 3)", "2")],
        body: |_| Body::Engine(count_udaf()),
    },
];
