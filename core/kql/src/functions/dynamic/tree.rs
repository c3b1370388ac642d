//! The paths that lead to the leaves of a value.

use std::collections::HashSet;

use phalanx_signal::ColumnType::Dynamic;

use crate::{
    dynamic::{ArrayWriter, Json},
    functions::{
        Accepts::Only,
        Call, Family, Function, Returns,
        define::{Answer, once},
    },
};

pub static FUNCTIONS: &[Function] = &[Function::kernel(
    "treepath",
    Family::Dynamic,
    &[once("value", Only(Dynamic))],
    Returns::Only(Dynamic),
    "The paths to all members, however deep; `[0]` stands for the elements of an array.",
    treepath,
)
.examples(&[(
    r#"print strcat_array(treepath(dynamic({"a":[1,{"b":2}],"c":3})), " ")"#,
    "['a'] ['a'][0] ['a'][0]['b'] ['c']",
)])];

/// How deep paths go, and how many there are of one value.
const DEPTH_MAX: usize = 64;
const PATHS_MAX: usize = 100_000;

fn treepath(call: &Call<'_>) -> Answer {
    let values = call.texts(0)?;
    call.dynamics(|row| {
        let value = values.value(row);
        if !value.is_bag() && !value.is_array() {
            return None;
        }
        let mut paths = Paths::default();
        paths.add(value, &mut String::new(), DEPTH_MAX);
        Some(paths.out.finish())
    })
}

#[derive(Default)]
struct Paths {
    out: ArrayWriter,
    seen: HashSet<String>,
}

impl Paths {
    /// Adds the paths of a value's parts, which begin with `path`.
    fn add(&mut self, value: Json<'_>, path: &mut String, depth: usize) {
        if depth == 0 {
            return;
        }
        let length = path.len();
        for element in value.elements().into_iter().flatten() {
            path.push_str("[0]");
            self.push(path);
            self.add(element, path, depth - 1);
            path.truncate(length);
        }
        for (name, member) in value.members().into_iter().flatten() {
            let Some(name) = name.as_text() else { continue };
            path.push_str("['");
            path.push_str(&name.replace('\\', "\\\\").replace('\'', "\\'"));
            path.push_str("']");
            self.push(path);
            self.add(member, path, depth - 1);
            path.truncate(length);
        }
    }

    fn push(&mut self, path: &str) {
        if self.seen.len() < PATHS_MAX && self.seen.insert(path.to_owned()) {
            self.out.push_text(path);
        }
    }
}
