//! Filling the gaps of a series.

use phalanx_signal::ColumnType::{Bool, Dynamic};

use super::values::real;
use crate::{
    dynamic::{ArrayWriter, Json, push_real},
    functions::{
        Accepts::{Any, Only},
        Call, Family, Function, FunctionError, Returns,
        define::{Answer, once, optional},
        json::Values,
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "series_fill_const",
        Family::Series,
        &[once("series", Only(Dynamic)), once("constant", Any), optional("missing", Any)],
        Returns::Only(Dynamic),
        "A series with a constant where it has nulls, or the value given as missing.",
        series_fill_const,
    )
    .examples(&[("print tostring(series_fill_const(dynamic([1,null]), 0))", "[1,0]")]),
    Function::kernel(
        "series_fill_forward",
        Family::Series,
        &[once("series", Only(Dynamic)), optional("missing", Any)],
        Returns::Only(Dynamic),
        "A series with the value before where it has nulls, or the value given as missing.",
        |call| carry(call, false),
    )
    .examples(&[("print tostring(series_fill_forward(dynamic([null,1,null])))", "[null,1,1]")]),
    Function::kernel(
        "series_fill_backward",
        Family::Series,
        &[once("series", Only(Dynamic)), optional("missing", Any)],
        Returns::Only(Dynamic),
        "A series with the value behind where it has nulls, or the value given as missing.",
        |call| carry(call, true),
    )
    .examples(&[("print tostring(series_fill_backward(dynamic([null,1,null])))", "[1,1,null]")]),
    Function::kernel(
        "series_fill_linear",
        Family::Series,
        &[
            once("series", Only(Dynamic)),
            optional("missing", Any),
            optional("fill_edges", Only(Bool)),
            optional("constant", Any),
        ],
        Returns::Only(Dynamic),
        "A series with values on the line between those beside where it has nulls, or the value given as missing; \
         at its edges the nearest. One that has nothing else becomes the constant.",
        series_fill_linear,
    )
    .examples(&[("print tostring(series_fill_linear(dynamic([null,1.0,null,2.0])))", "[1.0,1.0,1.5,2.0]")]),
];

/// Tells which elements are missing.
struct Missing(Option<Values>);

impl Missing {
    fn new(call: &Call<'_>, at: usize) -> Result<Self, FunctionError> {
        Ok(Self(call.has(at).then(|| call.json_values(at)).transpose()?))
    }

    fn of_row(&self, row: usize) -> impl Fn(&Json<'_>) -> bool {
        let placeholder = self.0.as_ref().map(|values| Json::new(&values.json(row)).identity());
        move |element| match &placeholder {
            Some(placeholder) => element.identity() == *placeholder,
            None => element.is_null(),
        }
    }
}

fn series_fill_const(call: &Call<'_>) -> Answer {
    let (series, constants, missing) = (call.texts(0)?, call.json_values(1)?, Missing::new(call, 2)?);
    call.dynamics(|row| {
        let (constant, is_missing) = (constants.json(row), missing.of_row(row));
        let fill = |element| if is_missing(&element) { Json::new(&constant) } else { element };
        Some(series.value(row).elements()?.map(fill).collect::<ArrayWriter>().finish())
    })
}

fn carry(call: &Call<'_>, backward: bool) -> Answer {
    let (series, missing) = (call.texts(0)?, Missing::new(call, 1)?);
    call.dynamics(|row| {
        let is_missing = missing.of_row(row);
        let mut elements: Vec<Json<'_>> = series.value(row).elements()?.collect();
        if backward {
            elements.reverse();
        }
        let mut last = None;
        for element in &mut elements {
            if is_missing(element) {
                *element = last.unwrap_or(*element);
            } else {
                last = Some(*element);
            }
        }
        if backward {
            elements.reverse();
        }
        Some(elements.into_iter().collect::<ArrayWriter>().finish())
    })
}

fn series_fill_linear(call: &Call<'_>) -> Answer {
    let (series, missing) = (call.texts(0)?, Missing::new(call, 1)?);
    let edges = call.has(2).then(|| call.booleans(2)).transpose()?;
    let constants = call.has(3).then(|| call.json_values(3)).transpose()?;
    call.dynamics(|row| {
        let is_missing = missing.of_row(row);
        let elements: Vec<Json<'_>> = series.value(row).elements()?.collect();
        let known: Vec<usize> = (0..elements.len()).filter(|at| !is_missing(&elements[*at])).collect();
        if known.is_empty() {
            let constant = constants.as_ref().map_or("0.0".into(), |values| values.json(row));
            return Some(elements.iter().map(|_| Json::new(&constant)).collect::<ArrayWriter>().finish());
        }
        let fill_edges = edges.as_ref().and_then(|values| values.get(row)).unwrap_or(true);
        let is_whole = known.iter().all(|at| elements[*at].as_long().is_some());
        let mut out = ArrayWriter::default();
        for (at, element) in elements.iter().enumerate() {
            let behind = known.partition_point(|known| *known < at);
            let (left, right) = (behind.checked_sub(1).map(|left| known[left]), known.get(behind).copied());
            match (left, right) {
                (_, Some(right)) if right == at => out.push(*element),
                (Some(left), Some(right)) => {
                    let from = elements[left].as_real()?;
                    let slope = (elements[right].as_real()? - from) / real(right - left);
                    let value = from + slope * real(at - left);
                    if is_whole {
                        out.element().push_str(&value.trunc().to_string());
                    } else {
                        push_real(out.element(), value);
                    }
                }
                (Some(nearest), None) | (None, Some(nearest)) if fill_edges => out.push(elements[nearest]),
                _ => out.push(*element),
            }
        }
        Some(out.finish())
    })
}
