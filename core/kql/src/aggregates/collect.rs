//! `make_list`, `make_set` and their kin: the values of a group as an array.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives, Setup,
    count::CONDITION,
    fold::{self, Fold, Folded},
    groups::Groups,
    render::Cells,
    text_set::{TextList, TextSet},
};
use crate::{
    dynamic::Json,
    functions::{Accepts, HowOften, Parameter, Returns},
};

/// An array of the language has no more elements.
pub(super) const ELEMENTS_MAX: i64 = 1_048_576;
/// What the old names stop at.
const ELEMENTS_MAX_OLD: i64 = 128;

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Once };
pub(super) const LIMIT: Parameter =
    Parameter { name: "limit", accepts: Accepts::Only(ColumnType::Long), how_often: HowOften::Optional };
const ARRAY: Gives = Gives::One(Returns::Only(ColumnType::Dynamic));

const LIST: Aggregate = Aggregate {
    name: "make_list",
    aliases: &[],
    parameters: &[VALUE, LIMIT],
    condition: None,
    gives: ARRAY,
    column: ColumnName::PrefixAndArgument("list"),
    about: "An array of the values that are not null, in the order of rows that have one.",
    examples: &[
        ("range x from 1 to 3 step 1 | summarize make_list(x)", "[1,2,3]"),
        ("range x from 1 to 3 step 1 | summarize make_list(x, 2)", "[1,2]"),
        ("range x from 1 to 3 step 1 | where x > 3 | summarize make_list(x)", "[]"),
    ],
    body: |_| own(|setup| list(setup, ELEMENTS_MAX, false)),
};

const SET: Aggregate = Aggregate {
    name: "make_set",
    column: ColumnName::PrefixAndArgument("set"),
    about: "An array of the values that are not null, each once; of arrays, their elements.",
    examples: &[
        ("range x from 1 to 5 step 1 | summarize array_length(make_set(x % 2))", "2"),
        ("print d = dynamic([1, 2, 1]) | summarize make_set(d)", "[1,2]"),
    ],
    body: |_| own(|setup| set(setup, ELEMENTS_MAX)),
    ..LIST
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    LIST,
    Aggregate {
        name: "make_list_if",
        parameters: &[VALUE, CONDITION, LIMIT],
        condition: Some(1),
        about: "An array of the values of rows for which the condition is true.",
        examples: &[("range x from 1 to 3 step 1 | summarize make_list_if(x, x > 1)", "[2,3]")],
        ..LIST
    },
    Aggregate {
        name: "make_list_with_nulls",
        parameters: &[VALUE],
        about: "An array of all values, the nulls among them.",
        examples: &[(
            "range x from 1 to 2 step 1 | extend y = iff(x == 1, x, long(null)) | summarize make_list_with_nulls(y)",
            "[1,null]",
        )],
        body: |_| own(|setup| list(setup, ELEMENTS_MAX, true)),
        ..LIST
    },
    Aggregate {
        name: "makelist",
        about: "The old make_list: without a limit of its own it stops at 128 elements.",
        examples: &[("range x from 1 to 200 step 1 | summarize array_length(makelist(x))", "128")],
        body: |_| own(|setup| list(setup, ELEMENTS_MAX_OLD, false)),
        ..LIST
    },
    SET,
    Aggregate {
        name: "make_set_if",
        parameters: &[VALUE, CONDITION, LIMIT],
        condition: Some(1),
        about: "An array of the values of rows for which the condition is true, each once.",
        examples: &[("range x from 1 to 3 step 1 | summarize make_set_if(x, x > 2)", "[3]")],
        ..SET
    },
    Aggregate {
        name: "makeset",
        about: "The old make_set: without a limit of its own it stops at 128 elements.",
        examples: &[("range x from 1 to 200 step 1 | summarize array_length(makeset(x))", "128")],
        body: |_| own(|setup| set(setup, ELEMENTS_MAX_OLD)),
        ..SET
    },
];

fn own(make: fn(&Setup<'_>) -> Result<Box<dyn Groups>>) -> Body {
    Body::Own { states: fold::states(), make }
}

fn list(setup: &Setup<'_>, default: i64, with_nulls: bool) -> Result<Box<dyn Groups>> {
    let (kind, limit) = (setup.types[0], limit(setup, default)?);
    Ok(Folded::boxed(List { kind, limit, with_nulls, scratch: String::new() }))
}

fn set(setup: &Setup<'_>, default: i64) -> Result<Box<dyn Groups>> {
    Ok(Folded::boxed(Set { kind: setup.types[0], limit: limit(setup, default)?, scratch: String::new() }))
}

/// How many elements at most.
pub(super) fn limit(setup: &Setup<'_>, default: i64) -> Result<usize> {
    let limit = setup.long(1, default)?.clamp(0, ELEMENTS_MAX);
    usize::try_from(limit).map_err(|error| exec_datafusion_err!("{error}"))
}

/// All values, in order.
#[derive(Clone, Debug)]
struct List {
    kind: ColumnType,
    limit: usize,
    with_nulls: bool,
    scratch: String,
}

impl Fold for List {
    type State = TextList;
    type Input<'a> = Cells<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Cells<'a>> {
        Cells::new(self.kind, &values[0])
    }

    fn add(&mut self, state: &mut TextList, input: &Cells<'_>, row: usize) {
        if state.len() >= self.limit {
            return;
        }
        self.scratch.clear();
        if !input.is_null(row) {
            input.push_json(row, &mut self.scratch);
        } else if self.with_nulls {
            self.scratch.push_str("null");
        } else {
            return;
        }
        state.push(&self.scratch);
    }

    fn heap(state: &TextList) -> usize {
        state.heap()
    }

    fn save(&self, state: &TextList) -> Vec<u8> {
        save(state)
    }

    fn merge(&mut self, state: &mut TextList, saved: &[u8]) -> Result<()> {
        let left = self.limit.saturating_sub(state.len());
        for element in elements(saved)?.take(left) {
            state.push(element.text());
        }
        Ok(())
    }

    fn values(&self, states: Vec<TextList>) -> Result<ArrayRef> {
        let arrays = states.into_iter().map(|state| Some(state.to_array()));
        Ok(Arc::new(arrays.collect::<StringViewArray>()))
    }
}

/// The values that differ. Arrays give their elements.
#[derive(Clone, Debug)]
struct Set {
    kind: ColumnType,
    limit: usize,
    scratch: String,
}

impl Set {
    fn add_text(&self, state: &mut TextSet, text: &str) {
        if state.list().len() < self.limit {
            state.insert(text);
        }
    }
}

impl Fold for Set {
    type State = TextSet;
    type Input<'a> = Cells<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Cells<'a>> {
        Cells::new(self.kind, &values[0])
    }

    fn add(&mut self, state: &mut TextSet, input: &Cells<'_>, row: usize) {
        if input.is_null(row) || state.list().len() >= self.limit {
            return;
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        input.push_json(row, &mut scratch);
        let elements = if self.kind == ColumnType::Dynamic { Json::new(&scratch).elements() } else { None };
        match elements {
            Some(elements) => {
                for element in elements.filter(|element| !element.is_null()) {
                    self.add_text(state, element.text());
                }
            }
            None => self.add_text(state, &scratch),
        }
        self.scratch = scratch;
    }

    fn heap(state: &TextSet) -> usize {
        state.heap()
    }

    fn save(&self, state: &TextSet) -> Vec<u8> {
        save(state.list())
    }

    fn merge(&mut self, state: &mut TextSet, saved: &[u8]) -> Result<()> {
        elements(saved)?.for_each(|element| self.add_text(state, element.text()));
        Ok(())
    }

    fn values(&self, states: Vec<TextSet>) -> Result<ArrayRef> {
        let arrays = states.into_iter().map(|state| Some(state.list().to_array()));
        Ok(Arc::new(arrays.collect::<StringViewArray>()))
    }
}

fn save(list: &TextList) -> Vec<u8> {
    if list.len() == 0 { Vec::new() } else { list.to_array().into_bytes() }
}

fn elements(saved: &[u8]) -> Result<impl Iterator<Item = Json<'_>>> {
    let text = std::str::from_utf8(saved).map_err(|error| exec_datafusion_err!("{error}"))?;
    Json::new(text).elements().ok_or_else(|| exec_datafusion_err!("a partial result is no array"))
}
