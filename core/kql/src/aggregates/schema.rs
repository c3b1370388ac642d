//! `buildschema`: the shapes that `dynamic` values have.

use std::{collections::BTreeMap, sync::Arc};

use arrow_array::{ArrayRef, StringViewArray};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives,
    fold::{self, Fold, Folded},
    render::Cells,
};
use crate::{
    dynamic::{Json, Scalar, push_text},
    functions::{Accepts, HowOften, Parameter, Returns},
};

pub(super) const AGGREGATES: &[Aggregate] = &[Aggregate {
    name: "buildschema",
    aliases: &[],
    parameters: &[Parameter {
        name: "value",
        accepts: Accepts::Only(ColumnType::Dynamic),
        how_often: HowOften::Once,
    }],
    condition: None,
    gives: Gives::One(Returns::Only(ColumnType::Dynamic)),
    column: ColumnName::PrefixAndArgument("schema"),
    about: "The least schema that all values fit: types by name, a list where several occur, arrays as `indexer`.",
    examples: &[(
        r#"print d = dynamic({"x": 1, "y": ["a", 2.5]}) | summarize buildschema(d)"#,
        r#"{"x":"long","y":{"`indexer`":["string","double"]}}"#,
    )],
    body: |_| Body::Own { states: fold::states(), make: |_| Ok(Folded::boxed(BuildSchema)) },
}];

/// What an array's elements are called in a schema.
const INDEXER: &str = "`indexer`";
/// Below this depth, values have no schema.
const DEPTH_MAX: usize = 64;

#[derive(Clone, Debug)]
struct BuildSchema;

/// The types of the values in one place.
#[derive(Clone, Debug, Default)]
struct Schema {
    scalars: Vec<&'static str>,
    /// The members of bags, and the elements of arrays as [`INDEXER`].
    members: BTreeMap<Box<str>, Schema>,
    has_bag: bool,
    /// The bytes that it holds, and all beneath it.
    heap: usize,
}

const SCALARS: [&str; 4] = ["long", "double", "bool", "string"];

impl Schema {
    fn add(&mut self, json: Json<'_>, depth: usize) {
        if depth == DEPTH_MAX {
            return;
        }
        match json.scalar() {
            Scalar::Null => {}
            Scalar::Long(_) => self.add_scalar("long"),
            Scalar::Real(_) => self.add_scalar("double"),
            Scalar::Bool(_) => self.add_scalar("bool"),
            Scalar::Text(_) => self.add_scalar("string"),
            Scalar::Array => {
                self.has_bag = true;
                for element in json.elements().into_iter().flatten() {
                    self.with_member(INDEXER, |schema| schema.add(element, depth + 1));
                }
            }
            Scalar::Bag => {
                self.has_bag = true;
                for (name, value) in json.members().into_iter().flatten() {
                    let name = name.as_text().unwrap_or_default();
                    self.with_member(&name, |schema| schema.add(value, depth + 1));
                }
            }
        }
    }

    /// Takes in the text of a schema.
    fn merge(&mut self, json: Json<'_>, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        if let Some(elements) = json.elements() {
            elements.for_each(|element| self.merge(element, depth));
        } else if let Some(members) = json.members() {
            self.has_bag = true;
            for (name, value) in members {
                let name = name.as_text().unwrap_or_default();
                self.with_member(&name, |schema| schema.merge(value, depth + 1));
            }
        } else if let Some(text) = json.as_text() {
            SCALARS.into_iter().filter(|name| *name == text).for_each(|name| self.add_scalar(name));
        }
    }

    fn add_scalar(&mut self, name: &'static str) {
        if !self.scalars.contains(&name) {
            self.scalars.push(name);
            self.heap += size_of::<&str>();
        }
    }

    fn with_member(&mut self, name: &str, change: impl FnOnce(&mut Schema)) {
        if !self.members.contains_key(name) {
            self.members.insert(name.into(), Schema::default());
            self.heap += size_of::<(Box<str>, Schema)>() + name.len();
        }
        if let Some(schema) = self.members.get_mut(name) {
            let before = schema.heap;
            change(schema);
            self.heap += schema.heap - before;
        }
    }

    fn is_empty(&self) -> bool {
        self.scalars.is_empty() && !self.has_bag
    }

    fn push_json(&self, out: &mut String) {
        let alternatives = self.scalars.len() + usize::from(self.has_bag);
        if alternatives != 1 {
            out.push('[');
        }
        for (at, name) in self.scalars.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_text(out, name);
        }
        if self.has_bag {
            out.push_str(if self.scalars.is_empty() { "{" } else { ",{" });
            for (at, (name, schema)) in self.members.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                push_text(out, name);
                out.push(':');
                schema.push_json(out);
            }
            out.push('}');
        }
        if alternatives != 1 {
            out.push(']');
        }
    }

    fn to_json(&self) -> String {
        let mut out = String::new();
        self.push_json(&mut out);
        out
    }
}

impl Fold for BuildSchema {
    type State = Schema;
    type Input<'a> = Cells<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Cells<'a>> {
        Cells::new(ColumnType::Dynamic, &values[0])
    }

    fn add(&mut self, state: &mut Schema, input: &Cells<'_>, row: usize) {
        if let Cells::Dynamic(values) = input
            && !input.is_null(row)
        {
            state.add(Json::new(values.value(row)), 0);
        }
    }

    fn heap(state: &Schema) -> usize {
        state.heap
    }

    fn save(&self, state: &Schema) -> Vec<u8> {
        state.to_json().into_bytes()
    }

    fn merge(&mut self, state: &mut Schema, saved: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(saved).map_err(|error| exec_datafusion_err!("{error}"))?;
        state.merge(Json::new(text), 0);
        Ok(())
    }

    fn values(&self, states: Vec<Schema>) -> Result<ArrayRef> {
        let schemas = states.iter().map(|state| (!state.is_empty()).then(|| state.to_json()));
        Ok(Arc::new(schemas.collect::<StringViewArray>()))
    }
}
