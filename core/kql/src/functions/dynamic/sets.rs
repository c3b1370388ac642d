//! Arrays as sets: values that are equal are one.

use std::collections::HashSet;

use phalanx_signal::ColumnType::{Bool, Dynamic};

use crate::{
    dynamic::{ArrayWriter, Elements, Identity, Json, push_real},
    functions::{
        Accepts::{Any, Only},
        Call, Column, Family, Function, Returns, Texts,
        define::{Answer, once, repeated},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "set_union",
        Family::Dynamic,
        &[repeated("set", Only(Dynamic), 2)],
        Returns::Only(Dynamic),
        "The distinct values that are in any of the arrays, in the order in which they come.",
        set_union,
    )
    .examples(&[("print tostring(set_union(dynamic([1,2,1]), dynamic([2,3])))", "[1,2,3]")]),
    Function::kernel(
        "set_intersect",
        Family::Dynamic,
        &[repeated("set", Only(Dynamic), 2)],
        Returns::Only(Dynamic),
        "The distinct values that are in all arrays.",
        set_intersect,
    )
    .examples(&[("print tostring(set_intersect(dynamic([1,2,3]), dynamic([3,2]), dynamic([2])))", "[2]")]),
    Function::kernel(
        "set_difference",
        Family::Dynamic,
        &[repeated("set", Only(Dynamic), 2)],
        Returns::Only(Dynamic),
        "The distinct values of the first array that are in none of the others.",
        set_difference,
    )
    .examples(&[("print tostring(set_difference(dynamic([1,2,2,3]), dynamic([3])))", "[1,2]")]),
    Function::kernel(
        "set_equals",
        Family::Dynamic,
        &[once("set1", Only(Dynamic)), once("set2", Only(Dynamic))],
        Returns::Only(Bool),
        "Whether two arrays have the same values, however often and in whichever order.",
        set_equals,
    )
    .examples(&[("print set_equals(dynamic([1,2,2]), dynamic([2,1]))", "true")]),
    Function::kernel(
        "set_has_element",
        Family::Dynamic,
        &[once("set", Only(Dynamic)), once("value", Any)],
        Returns::Only(Bool),
        "Whether a value is in an array; null for what is no array.",
        set_has_element,
    )
    .examples(&[
        (r#"print set_has_element(dynamic(["a","b"]), "b")"#, "true"),
        (r#"print set_has_element(dynamic([1,2]), "1")"#, "false"),
    ]),
    Function::kernel(
        "jaccard_index",
        Family::Dynamic,
        &[once("set1", Only(Dynamic)), once("set2", Only(Dynamic))],
        Returns::Only(Dynamic),
        "How many distinct values two arrays share, as a part of all that are in either.",
        jaccard_index,
    )
    .examples(&[("print tostring(jaccard_index(dynamic([1,2,3]), dynamic([1,2,3,4])))", "0.75")]),
];

fn set_union(call: &Call<'_>) -> Answer {
    let sets = call.texts_from(0)?;
    call.dynamics(|row| {
        let mut seen = HashSet::new();
        let mut union = ArrayWriter::default();
        for set in &sets {
            push_new(set.value(row).elements()?, &mut seen, &mut union);
        }
        Some(union.finish())
    })
}

/// Appends the values that have not been seen.
fn push_new(elements: Elements<'_>, seen: &mut HashSet<Identity>, out: &mut ArrayWriter) {
    for element in elements {
        if seen.insert(element.identity()) {
            out.push(element);
        }
    }
}

fn identities(json: Json<'_>) -> Option<HashSet<Identity>> {
    Some(json.elements()?.map(Json::identity).collect())
}

/// The sets behind the first in a row, those that are the same for all rows made only once.
struct Others<'a> {
    sets: &'a [Texts],
    constant: Vec<Option<Option<HashSet<Identity>>>>,
}

impl<'a> Others<'a> {
    fn new(call: &Call<'_>, sets: &'a [Texts]) -> Self {
        let prepare = |(at, set): (usize, &Texts)| call.is_constant(at).then(|| identities(set.value(0)));
        Self { sets, constant: sets.iter().enumerate().skip(1).map(prepare).collect() }
    }

    /// Whether each value that passes is (or is not) in every other set; `None` if one is no array.
    fn filter(&self, row: usize, keep_those_in: bool) -> Option<String> {
        let mut seen = HashSet::new();
        let mut kept: Vec<(Json<'_>, Identity)> = Vec::new();
        for element in self.sets[0].value(row).elements()? {
            let identity = element.identity();
            if seen.insert(identity.clone()) {
                kept.push((element, identity));
            }
        }
        for (set, constant) in self.sets[1..].iter().zip(&self.constant) {
            let of_row;
            let other = match constant {
                Some(constant) => constant.as_ref()?,
                None => {
                    of_row = identities(set.value(row))?;
                    &of_row
                }
            };
            kept.retain(|(_, identity)| other.contains(identity) == keep_those_in);
        }
        Some(kept.into_iter().map(|(element, _)| element).collect::<ArrayWriter>().finish())
    }
}

fn set_intersect(call: &Call<'_>) -> Answer {
    let sets = call.texts_from(0)?;
    let others = Others::new(call, &sets);
    call.dynamics(|row| others.filter(row, true))
}

fn set_difference(call: &Call<'_>) -> Answer {
    let sets = call.texts_from(0)?;
    let others = Others::new(call, &sets);
    call.dynamics(|row| others.filter(row, false))
}

fn set_equals(call: &Call<'_>) -> Answer {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    let equal = |row| Some(identities(left.value(row))? == identities(right.value(row))?);
    Ok(Column::booleans((0..call.rows).map(equal)))
}

fn set_has_element(call: &Call<'_>) -> Answer {
    let (sets, values) = (call.texts(0)?, call.json_values(1)?);
    if call.is_constant(0) {
        let set = identities(sets.value(0));
        let has = |row| Some(set.as_ref()?.contains(&Json::new(&values.json(row)).identity()));
        return Ok(Column::booleans((0..call.rows).map(has)));
    }
    let constant = call.is_constant(1).then(|| Json::new(&values.json(0)).identity());
    let has = |row| {
        let of_row;
        let wanted = match &constant {
            Some(identity) => identity,
            None => {
                of_row = Json::new(&values.json(row)).identity();
                &of_row
            }
        };
        Some(sets.value(row).elements()?.any(|element| element.identity() == *wanted))
    };
    Ok(Column::booleans((0..call.rows).map(has)))
}

#[expect(clippy::cast_precision_loss, reason = "no array has 2⁵³ elements")]
fn jaccard_index(call: &Call<'_>) -> Answer {
    let (left, right) = (call.texts(0)?, call.texts(1)?);
    call.dynamics(|row| {
        let (left, right) = (identities(left.value(row))?, identities(right.value(row))?);
        let shared = left.intersection(&right).count();
        let all = left.len() + right.len() - shared;
        let mut out = String::new();
        push_real(&mut out, shared as f64 / all as f64);
        Some(out)
    })
}
