//! Arrays made of several arrays.

use phalanx_signal::ColumnType::Dynamic;

use crate::{
    dynamic::{ArrayWriter, Json, Scalar},
    functions::{
        Accepts::{Any, Only},
        Call, Family, Function, Returns,
        define::{Answer, once, repeated},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "array_concat",
        Family::Dynamic,
        &[repeated("array", Only(Dynamic), 1)],
        Returns::Only(Dynamic),
        "The elements of all arrays in one; null if one is no array.",
        array_concat,
    )
    .examples(&[("print tostring(array_concat(dynamic([1,2]), dynamic([]), dynamic([3])))", "[1,2,3]")]),
    Function::kernel(
        "array_iff",
        Family::Dynamic,
        &[once("conditions", Only(Dynamic)), once("when_true", Any), once("when_false", Any)],
        Returns::Only(Dynamic),
        "For each element of an array that is true (or a number other than 0) the element of the second argument at \
         its place, else that of the third. What is no array counts for every place.",
        array_iff,
    )
    .alias(&["array_iif"])
    .examples(&[(
        r#"print tostring(array_iff(dynamic([true,0,5,"x"]), dynamic([1,2,3]), "no"))"#,
        r#"[1,"no",3,null]"#,
    )]),
    Function::kernel(
        "zip",
        Family::Dynamic,
        &[repeated("array", Only(Dynamic), 2)],
        Returns::Only(Dynamic),
        "An array whose n-th element is an array of the n-th elements of all; short ones go on with null.",
        zip,
    )
    .examples(&[(r#"print tostring(zip(dynamic([1,2]), dynamic(["a"])))"#, r#"[[1,"a"],[2,null]]"#)]),
];

fn array_concat(call: &Call<'_>) -> Answer {
    let arrays = call.texts_from(0)?;
    call.dynamics(|row| {
        let mut all = ArrayWriter::default();
        for array in &arrays {
            array.value(row).elements()?.for_each(|element| all.push(element));
        }
        Some(all.finish())
    })
}

fn array_iff(call: &Call<'_>) -> Answer {
    let (conditions, when_true, when_false) = (call.texts(0)?, call.json_values(1)?, call.json_values(2)?);
    call.dynamics(|row| {
        let (when_true, when_false) = (when_true.json(row), when_false.json(row));
        let (mut when_true, mut when_false) = (each(Json::new(&when_true)), each(Json::new(&when_false)));
        let mut out = ArrayWriter::default();
        for condition in conditions.value(row).elements()? {
            let (yes, no) = (when_true.next(), when_false.next());
            let chosen = match condition.scalar() {
                Scalar::Bool(true) => yes,
                Scalar::Bool(false) => no,
                Scalar::Long(number) => {
                    if number == 0 {
                        no
                    } else {
                        yes
                    }
                }
                Scalar::Real(number) => {
                    if number == 0.0 {
                        no
                    } else {
                        yes
                    }
                }
                _ => None,
            };
            out.push(chosen.unwrap_or(Json::NULL));
        }
        Some(out.finish())
    })
}

/// The elements of an array, or the same value for ever.
fn each<'a>(value: Json<'a>) -> Box<dyn Iterator<Item = Json<'a>> + 'a> {
    match value.elements() {
        Some(elements) => Box::new(elements),
        None => Box::new(std::iter::repeat(value)),
    }
}

fn zip(call: &Call<'_>) -> Answer {
    let arrays = call.texts_from(0)?;
    call.dynamics(|row| {
        let mut elements =
            arrays.iter().map(|array| array.value(row).elements()).collect::<Option<Vec<_>>>()?;
        let mut out = ArrayWriter::default();
        loop {
            let next: Vec<_> = elements.iter_mut().map(Iterator::next).collect();
            if next.iter().all(Option::is_none) {
                return Some(out.finish());
            }
            let tuple: ArrayWriter = next.into_iter().map(|value| value.unwrap_or(Json::NULL)).collect();
            out.element().push_str(&tuple.finish());
        }
    })
}
