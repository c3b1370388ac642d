//! `min`, `max`, `minif`, `maxif`: of nothing, null.

use std::{cmp::Ordering, sync::Arc};

use arrow_array::{ArrayRef, StringViewArray};
use datafusion::{
    common::{Result, exec_datafusion_err},
    functions_aggregate::min_max::{max_udaf, min_udaf},
};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives,
    count::CONDITION,
    fold::{self, Fold, Folded},
    render::Cells,
};
use crate::{
    dynamic::Json,
    functions::{Accepts, HowOften, Parameter, Returns},
};

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Once };

const MIN: Aggregate = Aggregate {
    name: "min",
    aliases: &[],
    parameters: &[VALUE],
    condition: None,
    gives: Gives::One(Returns::Argument(0)),
    column: ColumnName::PrefixAndArgument("min"),
    about: "The least value; strings by the order of their characters.",
    examples: &[("range x from 3 to 5 step 1 | summarize min(x)", "3")],
    body: |types| match types {
        [ColumnType::Dynamic, ..] => dynamic(Ordering::Less),
        _ => Body::Engine(min_udaf()),
    },
};

const MAX: Aggregate = Aggregate {
    name: "max",
    column: ColumnName::PrefixAndArgument("max"),
    about: "The greatest value; strings by the order of their characters.",
    examples: &[("range x from 3 to 5 step 1 | summarize max(x)", "5")],
    body: |types| match types {
        [ColumnType::Dynamic, ..] => dynamic(Ordering::Greater),
        _ => Body::Engine(max_udaf()),
    },
    ..MIN
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    MIN,
    MAX,
    Aggregate {
        name: "minif",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("minif"),
        about: "The least value of rows for which the condition is true.",
        examples: &[("range x from 1 to 5 step 1 | summarize minif(x, x > 3)", "4")],
        ..MIN
    },
    Aggregate {
        name: "maxif",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("maxif"),
        about: "The greatest value of rows for which the condition is true.",
        examples: &[("range x from 1 to 5 step 1 | summarize maxif(x, x < 3)", "2")],
        ..MAX
    },
];

fn dynamic(wanted: Ordering) -> Body {
    let states = fold::states();
    if wanted == Ordering::Less {
        Body::Own { states, make: |_| Ok(Folded::boxed(Extreme { wanted: Ordering::Less })) }
    } else {
        Body::Own { states, make: |_| Ok(Folded::boxed(Extreme { wanted: Ordering::Greater })) }
    }
}

/// The extreme of `dynamic` values: numbers before strings before all else.
#[derive(Clone, Debug)]
struct Extreme {
    /// How a better value compares with a worse one.
    wanted: Ordering,
}

impl Extreme {
    fn offer(&self, best: &mut Option<Box<str>>, text: &str) {
        let is_better = match best {
            Some(best) => Json::new(text).order(Json::new(best), false) == self.wanted,
            None => true,
        };
        if is_better {
            *best = Some(text.into());
        }
    }
}

impl Fold for Extreme {
    type State = Option<Box<str>>;
    type Input<'a> = &'a StringViewArray;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<&'a StringViewArray> {
        match Cells::new(ColumnType::Dynamic, &values[0])? {
            Cells::Dynamic(values) => Ok(values),
            _ => Err(exec_datafusion_err!("no dynamic column")),
        }
    }

    fn add(&mut self, state: &mut Option<Box<str>>, input: &&StringViewArray, row: usize) {
        if !Cells::Dynamic(input).is_null(row) {
            self.offer(state, input.value(row));
        }
    }

    fn heap(state: &Option<Box<str>>) -> usize {
        state.as_ref().map_or(0, |text| text.len())
    }

    fn save(&self, state: &Option<Box<str>>) -> Vec<u8> {
        state.as_deref().unwrap_or_default().as_bytes().to_vec()
    }

    fn merge(&mut self, state: &mut Option<Box<str>>, saved: &[u8]) -> Result<()> {
        let text = std::str::from_utf8(saved).map_err(|error| exec_datafusion_err!("{error}"))?;
        self.offer(state, text);
        Ok(())
    }

    fn values(&self, states: Vec<Option<Box<str>>>) -> Result<ArrayRef> {
        Ok(Arc::new(states.into_iter().collect::<StringViewArray>()))
    }
}
