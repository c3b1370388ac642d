//! The aggregates: one file per function or close family, one line each in [`families`].
//!
//! An aggregate says what it takes and gives ([`Aggregate`]); the binder checks and converts the arguments, and
//! [`call`] makes the engine's expression of it. Three things differ from SQL's aggregates:
//!
//! * The `…if` forms have no code of their own. The condition becomes the expression's filter.
//! * `arg_max`, `take_any`, `percentiles` give several columns at once ([`Gives::Several`]): the engine's value is
//!   a struct, and a projection on top takes it apart. Two columns of one call share one computation.
//! * Nothing to count is no null: the sum of nothing is 0, the set of nothing `[]`, the mean of nothing NaN.
//!
//! Whatever an aggregate keeps for a group, it says how much ([`groups::Groups::size`]), so that the engine can
//! spill or refuse.

mod average;
mod bag;
mod bits;
mod collect;
mod count;
mod digest;
mod distinct;
mod extreme;
mod fold;
mod groups;
mod hash;
mod hll;
mod moments;
pub(crate) mod percentile;
mod pick;
pub(crate) mod render;
mod schema;
mod sum;
#[cfg(test)]
mod tests;
mod text_set;
mod udaf;

pub use digest::Digest;
pub use hll::Sketch;
pub use udaf::{as_udaf, call};

use std::sync::Arc;

use datafusion::{
    common::{Result, exec_datafusion_err},
    logical_expr::AggregateUDF,
    scalar::ScalarValue,
};
use phalanx_signal::ColumnType;

use crate::functions::{Parameter, Returns};

/// An aggregate of the language.
pub struct Aggregate {
    pub name: &'static str,
    /// Old and other spellings that mean the very same.
    pub aliases: &'static [&'static str],
    pub parameters: &'static [Parameter],
    /// Which argument says whether a row counts at all; it is always a `bool`.
    pub condition: Option<usize>,
    pub gives: Gives,
    pub column: ColumnName,
    /// What it gives, in a sentence of ours.
    pub about: &'static str,
    /// Short queries with the text of their only cell: shown in the reference, and run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    /// How it is computed for arguments of some types; the condition is not among them.
    pub body: fn(&[ColumnType]) -> Body,
}

/// The values that come of a group.
#[derive(Clone, Copy)]
pub enum Gives {
    One(Returns),
    /// One for each argument, of its type: all from one row.
    EachArgument,
    /// One of the first argument's type for each number from the n-th argument on.
    EachNumber(usize),
}

/// What a column is called that the query gives no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnName {
    /// This and an underscore: `count_`.
    Prefix(&'static str),
    /// This, an underscore, and the name of the first argument, if it has one: `dcount_x`, `sum_`.
    PrefixAndArgument(&'static str),
    /// As before, and an underscore and the number that the column is for: `percentile_x_95`.
    PrefixArgumentAndNumber(&'static str),
    /// The name of each argument as it is: `arg_max(t, x)` gives `t` and `x`.
    Argument,
    /// The first column is this and the first argument's name, the others that and their own: `max_t`, `max_t_x`.
    PrefixAndArguments(&'static str),
}

/// How an aggregate is computed.
pub enum Body {
    /// By the engine's own aggregate, which means exactly the same.
    Engine(Arc<AggregateUDF>),
    Own {
        /// What a partial result consists of.
        states: Vec<arrow_schema::DataType>,
        make: fn(&Setup<'_>) -> Result<Box<dyn groups::Groups>>,
    },
}

/// What is known before the first row.
pub struct Setup<'a> {
    /// The arguments' types in the language; Arrow's do not tell a timespan from a long.
    pub types: &'a [ColumnType],
    /// The type of the value; of the first one, if there are several.
    pub returns: ColumnType,
    /// The arguments that are the same for all rows.
    pub constants: &'a [Option<ScalarValue>],
}

const FAMILIES: &[&[Aggregate]] = &[
    count::AGGREGATES,
    pick::AGGREGATES,
    collect::AGGREGATES,
    bag::AGGREGATES,
    extreme::AGGREGATES,
    distinct::AGGREGATES,
    sum::AGGREGATES,
    average::AGGREGATES,
    percentile::AGGREGATES,
    moments::AGGREGATES,
    bits::AGGREGATES,
    schema::AGGREGATES,
    hll::AGGREGATES,
    digest::AGGREGATES,
];

// Nothing is in the language without a word about it and an example.
const _: () = {
    let mut family = 0;
    while family < FAMILIES.len() {
        let mut at = 0;
        while at < FAMILIES[family].len() {
            let aggregate = &FAMILIES[family][at];
            if aggregate.about.is_empty() || aggregate.examples.is_empty() {
                panic!("{}", aggregate.name);
            }
            at += 1;
        }
        family += 1;
    }
};

/// All aggregates, family by family.
pub fn families() -> &'static [&'static [Aggregate]] {
    FAMILIES
}

/// An aggregate by its name or one of its aliases, which are case-sensitive.
pub fn aggregate(name: &str) -> Option<&'static Aggregate> {
    all().find(|aggregate| aggregate.name == name || aggregate.aliases.contains(&name))
}

/// Every aggregate.
pub fn all() -> impl Iterator<Item = &'static Aggregate> {
    families().iter().copied().flatten()
}

impl Aggregate {
    /// The types of the columns it gives for arguments of some types, the condition among them; `None` if they do
    /// not go together. Several columns are a struct in the engine, whose fields are named `0`, `1`, `2` ….
    pub fn columns(&self, types: &[ColumnType]) -> Option<Vec<ColumnType>> {
        match self.gives {
            Gives::One(Returns::Only(kind)) => Some(vec![kind]),
            Gives::One(Returns::Argument(at)) => types.get(at).map(|kind| vec![*kind]),
            Gives::One(Returns::Computed(compute)) => compute(types).map(|kind| vec![kind]),
            Gives::One(Returns::Common | Returns::Columns(_) | Returns::PerArray) => None,
            Gives::EachArgument => Some(self.without_condition(types)),
            Gives::EachNumber(first) => {
                let numbers = self.without_condition(types).len().checked_sub(first)?;
                types.first().map(|kind| vec![*kind; numbers])
            }
        }
    }

    /// Whether the engine's value is a struct of columns.
    pub fn is_several(&self) -> bool {
        !matches!(self.gives, Gives::One(_))
    }

    /// Something for each argument but the condition.
    fn without_condition<T: Clone>(&self, arguments: &[T]) -> Vec<T> {
        let is_value = |at: &usize| Some(*at) != self.condition;
        (0..arguments.len()).filter(is_value).map(|at| arguments[at].clone()).collect()
    }
}

impl Setup<'_> {
    /// A whole number that is the same for all rows; `default` if it is not given.
    ///
    /// # Errors
    /// It differs by row, or is no whole number.
    fn long(&self, at: usize, default: i64) -> Result<i64> {
        if at >= self.types.len() {
            return Ok(default);
        }
        match self.constants.get(at).and_then(Option::as_ref) {
            Some(ScalarValue::Int64(Some(value))) => Ok(*value),
            Some(ScalarValue::Int32(Some(value))) => Ok(i64::from(*value)),
            _ => {
                Err(exec_datafusion_err!("argument {} must be a whole number, the same for all rows", at + 1))
            }
        }
    }
}

impl std::fmt::Debug for Aggregate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// There is one of each.
impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
