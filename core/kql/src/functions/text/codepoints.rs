//! Characters as numbers.

use phalanx_signal::ColumnType;

use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{Call, Column, FunctionError, Longs, Texts, define::Answer},
};

pub(super) fn from_string(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    Ok(Column::texts((0..call.rows).map(|row| {
        let mut points = ArrayWriter::default();
        values.text(row).chars().for_each(|letter| points.push_long(i64::from(u32::from(letter))));
        Some(points.finish())
    })))
}

enum Points {
    Longs(Longs),
    Arrays(Texts),
}

pub(super) fn to_string(call: &Call<'_>) -> Answer {
    let arguments = (0..call.arguments.len()).map(|at| match call.types[at] {
        ColumnType::Int | ColumnType::Long => Ok(Points::Longs(call.longs(at)?)),
        ColumnType::Dynamic => Ok(Points::Arrays(call.texts(at)?)),
        _ => Err(FunctionError(format!("argument {} is no number and no array", at + 1))),
    });
    let arguments = arguments.collect::<Result<Vec<_>, _>>()?;
    // What is no character is left out.
    let character = |point: i64| u32::try_from(point).ok().and_then(char::from_u32);
    call.strings(|row, out| {
        for argument in &arguments {
            match argument {
                Points::Longs(values) => out.extend(values.get(row).and_then(character)),
                Points::Arrays(values) => {
                    let json = Json::new(values.text(row));
                    match json.elements() {
                        Some(elements) => {
                            out.extend(elements.filter_map(|element| character(element.as_long()?)));
                        }
                        None => out.extend(json.as_long().and_then(character)),
                    }
                }
            }
        }
    })
}
