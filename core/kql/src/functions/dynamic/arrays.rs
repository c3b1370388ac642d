//! Looking at arrays, and choosing from their elements.

use phalanx_signal::ColumnType::{Dynamic, Long, Real, String as Text};

use crate::{
    dynamic::{ArrayWriter, Json, to_text},
    functions::{
        Accepts::{Any, Only},
        Call, Column, Family, Function, Returns,
        define::{Answer, once, optional},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "array_length",
        Family::Dynamic,
        &[once("array", Only(Dynamic))],
        Returns::Only(Long),
        "How many elements an array has; null for what is no array.",
        array_length,
    )
    .alias(&["arraylength"])
    .examples(&[
        ("print array_length(dynamic([1, [2, 3]]))", "2"),
        (r#"print isnull(array_length(dynamic({"a":1})))"#, "true"),
    ]),
    Function::kernel(
        "array_sum",
        Family::Dynamic,
        &[once("array", Only(Dynamic))],
        Returns::Only(Real),
        "The sum of an array's numbers; null if anything else is in it.",
        array_sum,
    )
    .examples(&[("print array_sum(dynamic([1, 2.5]))", "3.5")]),
    Function::kernel(
        "array_index_of",
        Family::Dynamic,
        &[
            once("array", Only(Dynamic)),
            once("value", Any),
            optional("start", Only(Long)),
            optional("length", Only(Long)),
            optional("occurrence", Only(Long)),
        ],
        Returns::Only(Long),
        "The place of a value in an array, from 0 on; -1 if it is not in it.",
        array_index_of,
    )
    .examples(&[
        (r#"print array_index_of(dynamic(["a","b","a"]), "a", 1)"#, "2"),
        ("print array_index_of(dynamic([1,2]), 3)", "-1"),
    ]),
    Function::kernel(
        "array_slice",
        Family::Dynamic,
        &[once("array", Only(Dynamic)), once("start", Only(Long)), once("end", Only(Long))],
        Returns::Only(Dynamic),
        "The elements from one place to another, both included; below zero counts from the end.",
        array_slice,
    )
    .examples(&[("print tostring(array_slice(dynamic([1,2,3,4]), 1, -2))", "[2,3]")]),
    Function::kernel(
        "array_reverse",
        Family::Dynamic,
        &[once("array", Only(Dynamic))],
        Returns::Only(Dynamic),
        "An array from back to front.",
        array_reverse,
    )
    .examples(&[("print tostring(array_reverse(dynamic([1,2,3])))", "[3,2,1]")]),
    Function::kernel(
        "array_rotate_left",
        Family::Dynamic,
        &[once("array", Only(Dynamic)), once("count", Only(Long))],
        Returns::Only(Dynamic),
        "An array whose first elements have moved to its end.",
        |call| rotate(call, false),
    )
    .examples(&[("print tostring(array_rotate_left(dynamic([1,2,3,4]), 1))", "[2,3,4,1]")]),
    Function::kernel(
        "array_rotate_right",
        Family::Dynamic,
        &[once("array", Only(Dynamic)), once("count", Only(Long))],
        Returns::Only(Dynamic),
        "An array whose last elements have moved to its beginning.",
        |call| rotate(call, true),
    )
    .examples(&[("print tostring(array_rotate_right(dynamic([1,2,3,4]), 1))", "[4,1,2,3]")]),
    Function::kernel(
        "array_shift_left",
        Family::Dynamic,
        &[once("array", Only(Dynamic)), once("count", Only(Long)), optional("default", Any)],
        Returns::Only(Dynamic),
        "An array without its first elements; as many defaults follow its end.",
        |call| shift(call, false),
    )
    .examples(&[("print tostring(array_shift_left(dynamic([1,2,3]), 2, 0))", "[3,0,0]")]),
    Function::kernel(
        "array_shift_right",
        Family::Dynamic,
        &[once("array", Only(Dynamic)), once("count", Only(Long)), optional("default", Any)],
        Returns::Only(Dynamic),
        "An array without its last elements; as many defaults stand before its beginning.",
        |call| shift(call, true),
    )
    .examples(&[("print tostring(array_shift_right(dynamic([1,2,3]), 1))", "[null,1,2]")]),
    Function::kernel(
        "strcat_array",
        Family::Dynamic,
        &[once("array", Only(Dynamic)), once("delimiter", Only(Text))],
        Returns::Only(Text),
        "The texts of an array's elements, with a delimiter between them.",
        strcat_array,
    )
    .examples(&[(r#"print strcat_array(dynamic([1,"b",true]), ", ")"#, "1, b, true")]),
];

fn array_length(call: &Call<'_>) -> Answer {
    let arrays = call.texts(0)?;
    let length = |row| i64::try_from(arrays.value(row).elements()?.count()).ok();
    Ok(Column::longs((0..call.rows).map(length)))
}

fn array_sum(call: &Call<'_>) -> Answer {
    let arrays = call.texts(0)?;
    let sum = |row| arrays.value(row).elements()?.map(Json::as_real).sum::<Option<f64>>();
    Ok(Column::reals((0..call.rows).map(sum)))
}

fn array_index_of(call: &Call<'_>) -> Answer {
    let (arrays, values) = (call.texts(0)?, call.json_values(1)?);
    let numbers = (2..5).map(|at| call.has(at).then(|| call.longs(at)).transpose());
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    let number =
        |at: usize, row, default| numbers[at].as_ref().map_or(Some(default), |values| values.get(row));
    let constant = call.is_constant(1).then(|| Json::new(&values.json(0)).identity());
    let place = |row| {
        let elements = arrays.value(row).elements()?;
        let (start, length, occurrence) = (number(0, row, 0)?, number(1, row, -1)?, number(2, row, 1)?);
        if occurrence < 0 || length < -1 {
            return None;
        }
        let start = if start < 0 { start.saturating_add(count(elements.clone())).max(0) } else { start };
        let start = usize::try_from(start).ok()?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let identity = constant.clone().unwrap_or_else(|| Json::new(&values.json(row)).identity());
        let found = elements
            .enumerate()
            .skip(start)
            .take(length)
            .filter(|(_, element)| element.identity() == identity);
        let nth = usize::try_from(occurrence.max(1) - 1).ok()?;
        Some(found.map(|(at, _)| at).nth(nth).and_then(|at| i64::try_from(at).ok()).unwrap_or(-1))
    };
    Ok(Column::longs((0..call.rows).map(place)))
}

fn count<'a>(elements: impl Iterator<Item = Json<'a>>) -> i64 {
    i64::try_from(elements.count()).unwrap_or(i64::MAX)
}

fn array_slice(call: &Call<'_>) -> Answer {
    let (arrays, starts, ends) = (call.texts(0)?, call.longs(1)?, call.longs(2)?);
    call.dynamics(|row| {
        let elements = arrays.value(row).elements()?;
        let (mut start, mut end) = (starts.get(row)?, ends.get(row)?);
        if start < 0 || end < 0 {
            let length = count(elements.clone());
            start = if start < 0 { start.saturating_add(length).max(0) } else { start };
            end = if end < 0 { end.saturating_add(length) } else { end };
        }
        let length = usize::try_from(end.saturating_sub(start).saturating_add(1)).unwrap_or(0);
        let slice = elements.skip(usize::try_from(start).ok()?).take(length);
        Some(slice.collect::<ArrayWriter>().finish())
    })
}

fn array_reverse(call: &Call<'_>) -> Answer {
    let arrays = call.texts(0)?;
    call.dynamics(|row| {
        let elements: Vec<_> = arrays.value(row).elements()?.collect();
        Some(elements.into_iter().rev().collect::<ArrayWriter>().finish())
    })
}

fn rotate(call: &Call<'_>, to_right: bool) -> Answer {
    let (arrays, counts) = (call.texts(0)?, call.longs(1)?);
    call.dynamics(|row| {
        let mut elements: Vec<_> = arrays.value(row).elements()?.collect();
        let length = i64::try_from(elements.len()).ok()?;
        if length > 0 {
            let places = usize::try_from(counts.get(row)?.rem_euclid(length)).ok()?;
            if to_right {
                elements.rotate_right(places);
            } else {
                elements.rotate_left(places);
            }
        }
        Some(elements.into_iter().collect::<ArrayWriter>().finish())
    })
}

fn shift(call: &Call<'_>, to_right: bool) -> Answer {
    let (arrays, counts) = (call.texts(0)?, call.longs(1)?);
    let defaults = call.has(2).then(|| call.json_values(2)).transpose()?;
    call.dynamics(|row| {
        let elements: Vec<_> = arrays.value(row).elements()?.collect();
        let count = counts.get(row)?;
        let to_right = to_right != (count < 0);
        let places = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(elements.len());
        let default = match &defaults {
            Some(values) => values.json(row),
            None if elements.first().is_some_and(|first| first.is_string()) => "\"\"".into(),
            None => "null".into(),
        };
        let fill = std::iter::repeat_n(Json::new(&default), places);
        let shifted: ArrayWriter = if to_right {
            fill.chain(elements[..elements.len() - places].iter().copied()).collect()
        } else {
            elements[places..].iter().copied().chain(fill).collect()
        };
        Some(shifted.finish())
    })
}

fn strcat_array(call: &Call<'_>) -> Answer {
    let (arrays, delimiters) = (call.texts(0)?, call.texts(1)?);
    // An array of separators alone could blow up a short array; the same limit as for arrays holds.
    call.dynamics(|row| {
        let mut out = String::new();
        for (at, element) in arrays.value(row).elements().into_iter().flatten().enumerate() {
            if at > 0 {
                out.push_str(delimiters.text(row));
            }
            out.push_str(&to_text(element));
        }
        Some(out)
    })
}
