//! Any value as a dynamic one. Not a function of the language: the binder calls it where values of several types
//! meet.

use phalanx_signal::ColumnType;

use super::{Accepts, Family, Function, Returns, define::once};

/// The value as JSON: a string stays a string, whatever its text looks like.
pub static DYNAMIC_VALUE: Function = Function::kernel(
    "dynamic_value",
    Family::Dynamic,
    &[once("value", Accepts::Any)],
    Returns::Only(ColumnType::Dynamic),
    "The value as a dynamic one.",
    |call| {
        let values = call.json_values(0)?;
        call.dynamics(|row| Some(values.json(row)))
    },
);
