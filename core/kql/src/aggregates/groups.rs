//! What an aggregate keeps for its groups, and how the engine sees it.

use std::fmt::Debug;

use arrow_array::{Array, ArrayRef, BooleanArray};
use datafusion::{
    common::Result,
    logical_expr::{Accumulator, EmitTo, GroupsAccumulator},
    scalar::ScalarValue,
};

/// The state of an aggregate for groups numbered from 0.
pub trait Groups: Debug + Send + Sync + 'static {
    /// Makes room for groups that have seen no row yet.
    fn resize(&mut self, groups: usize);

    /// Takes in rows of arguments. Each group that `rows` names has room.
    fn update(&mut self, values: &[ArrayRef], rows: &Rows<'_>) -> Result<()>;

    /// Takes in rows of partial results, as [`Groups::states`] gave them somewhere else.
    fn merge(&mut self, states: &[ArrayRef], rows: &Rows<'_>) -> Result<()>;

    /// Takes the results of the first groups out; the others move to the front.
    fn values(&mut self, emit: EmitTo) -> Result<ArrayRef>;

    /// Like [`Groups::values`], but what another place can go on with.
    fn states(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>>;

    /// All memory held, in bytes; cheap, for it is asked after every batch.
    fn size(&self) -> usize;

    /// The same aggregate without groups.
    fn fresh(&self) -> Box<dyn Groups>;
}

/// Which rows of a batch count, and for which group.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    count: usize,
    /// The group of each row; without it, all rows belong to group 0.
    groups: Option<&'a [usize]>,
    filter: Option<&'a BooleanArray>,
}

impl<'a> Rows<'a> {
    /// All rows, for group 0.
    pub fn of_one_group(count: usize) -> Self {
        Self { count, groups: None, filter: None }
    }

    /// The rows for which the filter, if there is one, is true.
    pub fn of_groups(groups: &'a [usize], filter: Option<&'a BooleanArray>) -> Self {
        Self { count: groups.len(), groups: Some(groups), filter }
    }

    /// Whether every row counts, and for group 0.
    pub fn is_one_group(&self) -> bool {
        self.groups.is_none() && self.filter.is_none()
    }

    /// Of the rows that count, those for which this is true; it takes the place of the filter.
    pub fn and(&self, filter: &'a BooleanArray) -> Self {
        Self { filter: Some(filter), ..*self }
    }

    /// Calls `f` with each row that counts, and its group.
    #[inline]
    pub fn each(&self, mut f: impl FnMut(usize, usize)) {
        match (self.groups, self.filter) {
            (None, None) => (0..self.count).for_each(|row| f(row, 0)),
            (Some(groups), None) => groups.iter().enumerate().for_each(|(row, group)| f(row, *group)),
            (groups, Some(filter)) => {
                for row in 0..self.count {
                    if filter.is_valid(row) && filter.value(row) {
                        f(row, groups.map_or(0, |groups| groups[row]));
                    }
                }
            }
        }
    }
}

/// For the engine: with `by`.
pub struct Grouped(pub Box<dyn Groups>);

impl GroupsAccumulator for Grouped {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        count: usize,
    ) -> Result<()> {
        self.0.resize(count);
        self.0.update(values, &Rows::of_groups(groups, filter))
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        self.0.values(emit)
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        self.0.states(emit)
    }

    fn merge_batch(&mut self, states: &[ArrayRef], groups: &[usize], count: usize) -> Result<()> {
        self.0.resize(count);
        self.0.merge(states, &Rows::of_groups(groups, None))
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let count = values.first().map_or(0, |values| values.len());
        let each: Vec<usize> = (0..count).collect();
        let mut alone = self.0.fresh();
        alone.resize(count);
        alone.update(values, &Rows::of_groups(&each, filter))?;
        alone.states(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

/// For the engine: without `by`.
#[derive(Debug)]
pub struct Alone(Box<dyn Groups>);

impl Alone {
    pub fn new(mut groups: Box<dyn Groups>) -> Self {
        groups.resize(1);
        Self(groups)
    }
}

impl Accumulator for Alone {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let count = values.first().map_or(0, |values| values.len());
        self.0.update(values, &Rows::of_one_group(count))
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let value = ScalarValue::try_from_array(&self.0.values(EmitTo::All)?, 0);
        self.0.resize(1);
        value
    }

    fn size(&self) -> usize {
        self.0.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let states = self.0.states(EmitTo::All)?;
        self.0.resize(1);
        states.iter().map(|state| ScalarValue::try_from_array(state, 0)).collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let count = states.first().map_or(0, |states| states.len());
        self.0.merge(states, &Rows::of_one_group(count))
    }
}
