//! Parts of a dynamic value. Not functions of the language: the binder calls them for `a.b` and `a[i]`.

use phalanx_signal::ColumnType;

use super::{Accepts, Body, Call, Column, Family, Function, FunctionError, HowOften, Parameter, Returns};
use crate::dynamic::{Json, Path};

const PARAMETERS: [Parameter; 2] = [
    Parameter { name: "value", accepts: Accepts::Only(ColumnType::Dynamic), how_often: HowOften::Once },
    Parameter { name: "path", accepts: Accepts::Any, how_often: HowOften::Once },
];

/// The part at the end of a path, which is the same for all rows.
pub static PART: Function = Function {
    name: "part",
    aliases: &[],
    family: Family::Dynamic,
    parameters: &PARAMETERS,
    returns: Returns::Only(ColumnType::Dynamic),
    about: "",
    examples: &[],
    body: Body::Kernel(part),
};

/// The member or element that each row says.
pub static PART_AT: Function = Function {
    name: "part_at",
    aliases: &[],
    family: Family::Dynamic,
    parameters: &PARAMETERS,
    returns: Returns::Only(ColumnType::Dynamic),
    about: "",
    examples: &[],
    body: Body::Kernel(part_at),
};

fn part(call: &Call<'_>) -> Result<Column, FunctionError> {
    let path = call
        .constant_text(1)
        .and_then(Path::parse)
        .ok_or_else(|| FunctionError("a path was promised".into()))?;
    let values = call.texts(0)?;
    let found = |row| path.find(Json::new(values.json(row)?)).filter(|json| !json.is_null()).map(Json::text);
    Ok(Column::texts((0..call.rows).map(found)))
}

fn part_at(call: &Call<'_>) -> Result<Column, FunctionError> {
    let values = call.texts(0)?;
    let json = |row| values.json(row).map(Json::new);
    let is_some = |json: &Json<'_>| !json.is_null();
    Ok(match call.types[1] {
        ColumnType::Int | ColumnType::Long => {
            let places = call.longs(1)?;
            let found = |row| json(row)?.element(places.get(row)?).filter(is_some).map(Json::text);
            Column::texts((0..call.rows).map(found))
        }
        ColumnType::Dynamic => {
            let places = call.texts(1)?;
            let found = |row| {
                let place = Json::new(places.json(row)?);
                let part = match place.as_long() {
                    Some(at) => json(row)?.element(at),
                    None => json(row)?.member(&place.as_text()?),
                };
                part.filter(is_some).map(Json::text)
            };
            Column::texts((0..call.rows).map(found))
        }
        _ => {
            let names = call.texts(1)?;
            let found = |row| json(row)?.member(names.text(row)).filter(is_some).map(Json::text);
            Column::texts((0..call.rows).map(found))
        }
    })
}
