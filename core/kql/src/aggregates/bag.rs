//! `make_bag`, `make_bag_if`: the members of all bags in one.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives,
    collect::{ELEMENTS_MAX, LIMIT, limit},
    count::CONDITION,
    fold::{self, Fold, Folded},
    render::Cells,
    text_set::{TextList, TextSet},
};
use crate::{
    dynamic::{BagWriter, Json},
    functions::{Accepts, HowOften, Parameter, Returns},
};

const BAG: Parameter =
    Parameter { name: "bag", accepts: Accepts::Only(ColumnType::Dynamic), how_often: HowOften::Once };

const MAKE_BAG: Aggregate = Aggregate {
    name: "make_bag",
    aliases: &["make_dictionary"],
    parameters: &[BAG, LIMIT],
    condition: None,
    gives: Gives::One(Returns::Only(ColumnType::Dynamic)),
    column: ColumnName::PrefixAndArgument("bag"),
    about: "A bag with the members of all bags; of a name that comes twice, any value.",
    examples: &[
        (
            r#"range x from 1 to 2 step 1 | summarize make_bag(iff(x == 1, dynamic({"a": 1}), dynamic({"b": 2})))"#,
            r#"{"a":1,"b":2}"#,
        ),
        ("print d = dynamic([1]) | summarize make_bag(d)", "{}"),
    ],
    body: |_| Body::Own {
        states: fold::states(),
        make: |setup| Ok(Folded::boxed(Merge { limit: limit(setup, ELEMENTS_MAX)? })),
    },
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    MAKE_BAG,
    Aggregate {
        name: "make_bag_if",
        aliases: &[],
        parameters: &[BAG, CONDITION, LIMIT],
        condition: Some(1),
        about: "A bag with the members of the bags of rows for which the condition is true.",
        examples: &[(
            r#"range x from 1 to 2 step 1 | summarize make_bag_if(bag_pack("k", x), x > 1)"#,
            r#"{"k":2}"#,
        )],
        ..MAKE_BAG
    },
];

#[derive(Clone, Debug)]
struct Merge {
    /// How many members at most.
    limit: usize,
}

#[derive(Clone, Debug, Default)]
struct Bag {
    /// As JSON strings.
    names: TextSet,
    values: TextList,
}

impl Merge {
    fn add_members(&self, bag: &mut Bag, json: Json<'_>) {
        for (name, value) in json.members().into_iter().flatten() {
            if bag.values.len() >= self.limit {
                return;
            }
            // The lists have one length: a value that finds no room takes its name's place with null.
            if bag.names.insert(name.text()) && !bag.values.push(value.text()) {
                bag.values.push("null");
            }
        }
    }
}

impl Bag {
    fn to_json(&self) -> String {
        let mut writer = BagWriter::default();
        for (name, value) in self.names.list().iter().zip(self.values.iter()) {
            writer.push_raw(Json::new(name), Json::new(value));
        }
        writer.finish()
    }
}

impl Fold for Merge {
    type State = Bag;
    type Input<'a> = Cells<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Cells<'a>> {
        Cells::new(ColumnType::Dynamic, &values[0])
    }

    fn add(&mut self, state: &mut Bag, input: &Cells<'_>, row: usize) {
        if let Cells::Dynamic(values) = input
            && !input.is_null(row)
        {
            self.add_members(state, Json::new(values.value(row)));
        }
    }

    fn heap(state: &Bag) -> usize {
        state.names.heap() + state.values.heap()
    }

    fn save(&self, state: &Bag) -> Vec<u8> {
        if state.values.len() == 0 { Vec::new() } else { state.to_json().into_bytes() }
    }

    fn merge(&mut self, state: &mut Bag, saved: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(saved).map_err(|error| exec_datafusion_err!("{error}"))?;
        self.add_members(state, Json::new(text));
        Ok(())
    }

    fn values(&self, states: Vec<Bag>) -> Result<ArrayRef> {
        Ok(Arc::new(states.iter().map(|state| Some(state.to_json())).collect::<StringViewArray>()))
    }
}
