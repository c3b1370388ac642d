//! Arrays in order.

use phalanx_signal::ColumnType::{Bool, Dynamic};

use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{
        Accepts::Any,
        Call, Family, Function, Returns,
        define::{Answer, repeated},
    },
};

pub static FUNCTIONS: &[Function] = &[
    Function::kernel(
        "array_sort_asc",
        Family::Dynamic,
        &[repeated("array_or_nulls_last", Any, 1)],
        Returns::PerArray,
        "The first array from small to large, and the others in the order that this gives; a bool at the end says \
         whether nulls come last, as they do without it. An array of another length becomes null.",
        |call| sort(call, false),
    )
    .examples(&[
        (r#"print tostring(array_sort_asc(dynamic([3,"a",null,1.5])))"#, r#"[1.5,3,"a",null]"#),
        ("print tostring(array_sort_asc(dynamic([2,null]), false))", "[null,2]"),
    ]),
    Function::kernel(
        "array_sort_desc",
        Family::Dynamic,
        &[repeated("array_or_nulls_last", Any, 1)],
        Returns::PerArray,
        "The first array from large to small, and the others in the order that this gives; a bool at the end says \
         whether nulls come last, as they do without it. An array of another length becomes null.",
        |call| sort(call, true),
    )
    .examples(&[("print tostring(array_sort_desc(dynamic([1,null,2])))", "[2,1,null]")]),
];

fn sort(call: &Call<'_>, descending: bool) -> Answer {
    let nulls_last =
        (call.types.last() == Some(&Bool)).then(|| call.booleans(call.types.len() - 1)).transpose()?;
    let arrays = (0..call.arguments.len()).filter(|at| call.types[*at] == Dynamic);
    let arrays = arrays.map(|at| call.texts(at)).collect::<Result<Vec<_>, _>>()?;
    call.dynamics(|row| {
        let first: Vec<Json<'_>> = arrays.first()?.value(row).elements()?.collect();
        let nulls_last = nulls_last.as_ref().and_then(|values| values.get(row)).unwrap_or(true);
        let mut order: Vec<usize> = (0..first.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (first[*a], first[*b]);
            match (a.is_null(), b.is_null()) {
                (false, false) => a.order(b, descending),
                (a, b) => {
                    if nulls_last {
                        a.cmp(&b)
                    } else {
                        b.cmp(&a)
                    }
                }
            }
        });
        let ordered =
            |values: &[Json<'_>]| order.iter().map(|at| values[*at]).collect::<ArrayWriter>().finish();
        if arrays.len() == 1 {
            return Some(ordered(&first));
        }
        let mut all = ArrayWriter::default();
        for array in &arrays {
            let values: Option<Vec<_>> = array.value(row).elements().map(Iterator::collect);
            match values.filter(|values| values.len() == first.len()) {
                Some(values) => all.element().push_str(&ordered(&values)),
                None => all.push_null(),
            }
        }
        Some(all.finish())
    })
}
