//! Cutting arrays into pieces.

use phalanx_signal::ColumnType::Dynamic;

use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{
        Accepts::{Any, Only},
        Call, Family, Function, Returns,
        define::{Answer, once},
    },
};

pub static FUNCTIONS: &[Function] = &[Function::kernel(
    "array_split",
    Family::Dynamic,
    &[once("array", Only(Dynamic)), once("places", Any)],
    Returns::Only(Dynamic),
    "An array of the pieces between the places given, a number or an array of them; below zero counts from the end.",
    array_split,
)
.examples(&[
    ("print tostring(array_split(dynamic([1,2,3]), 1))", "[[1],[2,3]]"),
    ("print tostring(array_split(dynamic([1,2,3]), dynamic([1,-1])))", "[[1],[2],[3]]"),
])];

fn array_split(call: &Call<'_>) -> Answer {
    let (arrays, places) = (call.texts(0)?, call.json_values(1)?);
    call.dynamics(|row| {
        let elements: Vec<Json<'_>> = arrays.value(row).elements()?.collect();
        let places = places.json(row);
        let places = Json::new(&places);
        let places: Vec<i64> = match places.elements() {
            Some(places) => places.map(Json::as_long).collect::<Option<_>>()?,
            None => vec![places.as_long()?],
        };
        let mut out = ArrayWriter::default();
        let mut from = 0;
        let mut push = |from: usize, to: usize| {
            out.element().push_str(&elements[from..to].iter().copied().collect::<ArrayWriter>().finish());
        };
        for place in places {
            let length = i64::try_from(elements.len()).ok()?;
            let place = if place < 0 { place.saturating_add(length) } else { place };
            let place = usize::try_from(place.clamp(0, length)).ok()?.max(from);
            push(from, place);
            from = place;
        }
        push(from, elements.len());
        Some(out.finish())
    })
}
