//! Text taken apart by a regular expression. Not a function of the language: the binder calls it for `parse`.

use phalanx_signal::ColumnType;
use regex::Regex;

use super::{Accepts, Call, Column, Family, Function, FunctionError, Returns, define::once};
use crate::dynamic::ArrayWriter;

/// The groups `p0`, `p1` … of the first match as an array of texts; null where there is none. The expression is the same for
/// all rows.
pub static SHAPE: Function = Function::kernel(
    "shape",
    Family::Text,
    &[once("text", Accepts::Only(ColumnType::String)), once("expression", Accepts::Only(ColumnType::String))],
    Returns::Only(ColumnType::Dynamic),
    "The groups of a regular expression's first match.",
    shape,
);

fn shape(call: &Call<'_>) -> Result<Column, FunctionError> {
    let expression = call.constant_text(1).ok_or_else(|| FunctionError("a constant was promised".into()))?;
    let regex = Regex::new(expression).map_err(|error| FunctionError(error.to_string()))?;
    // Groups that the expression itself brings along have no such names.
    let names: Vec<String> = (0..regex.captures_len()).map(|at| format!("p{at}")).collect();
    let texts = call.texts(0)?;
    call.dynamics(|row| {
        let found = regex.captures(texts.text(row))?;
        let mut groups = ArrayWriter::default();
        for group in names.iter().map_while(|name| found.name(name)) {
            groups.push_text(group.as_str());
        }
        Some(groups.finish())
    })
}
