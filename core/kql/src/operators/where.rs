//! `where`: the rows for which a condition holds.

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Result, balanced, conjuncts},
    bound::{Operator, Relation},
    syntax::tree::operators::Where,
};

pub(super) const HELP: &[Help] = &[Help::new(
    "where",
    "T | where predicate",
    "Keeps the rows for which a predicate is true.",
    &[("range x from 1 to 9 step 1 | where x > 7", "8; 9")],
)
.aliases(&["filter"])
.takes(Takes::Values)];

impl<'t> Binder<'t> {
    pub(super) fn r#where(&mut self, input: Relation, node: &'t Where) -> Result<Relation> {
        let columns = input.columns.clone();
        let mut conditions = conjuncts(&node.predicate);
        let input = self.semi_joins(input, &mut conditions)?;
        if conditions.is_empty() {
            return Ok(input);
        }
        let (over, conditions) = self.over(input, |binder, row| {
            conditions.iter().map(|tree| binder.condition(tree, row)).collect::<Result<Vec<_>>>()
        })?;
        let filtered = self.filter(over, balanced(Operator::And, conditions));
        Ok(self.keep(filtered, &columns))
    }
}
