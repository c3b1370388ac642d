//! `binary_all_and`, `binary_all_or`, `binary_all_xor`.

use datafusion::functions_aggregate::bit_and_or_xor::{bit_and_udaf, bit_or_udaf, bit_xor_udaf};
use phalanx_signal::ColumnType;

use super::{Aggregate, Body, ColumnName, Gives};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

const PARAMETERS: &[Parameter] =
    &[Parameter { name: "value", accepts: Accepts::Only(ColumnType::Long), how_often: HowOften::Once }];

pub(super) const AGGREGATES: &[Aggregate] = &[
    Aggregate {
        name: "binary_all_and",
        aliases: &[],
        parameters: PARAMETERS,
        condition: None,
        gives: Gives::One(Returns::Only(ColumnType::Long)),
        column: ColumnName::PrefixAndArgument("binary_all_and"),
        about: "The bits that all values have.",
        examples: &[("range x from 6 to 7 step 1 | summarize binary_all_and(x)", "6")],
        body: |_| Body::Engine(bit_and_udaf()),
    },
    Aggregate {
        name: "binary_all_or",
        aliases: &[],
        parameters: PARAMETERS,
        condition: None,
        gives: Gives::One(Returns::Only(ColumnType::Long)),
        column: ColumnName::PrefixAndArgument("binary_all_or"),
        about: "The bits that any value has.",
        examples: &[("range x from 4 to 5 step 1 | summarize binary_all_or(x)", "5")],
        body: |_| Body::Engine(bit_or_udaf()),
    },
    Aggregate {
        name: "binary_all_xor",
        aliases: &[],
        parameters: PARAMETERS,
        condition: None,
        gives: Gives::One(Returns::Only(ColumnType::Long)),
        column: ColumnName::PrefixAndArgument("binary_all_xor"),
        about: "The bits that an odd number of values has.",
        examples: &[("range x from 1 to 3 step 1 | summarize binary_all_xor(x)", "0")],
        body: |_| Body::Engine(bit_xor_udaf()),
    },
];
