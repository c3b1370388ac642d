//! `distinct`: the different combinations of values.

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Names, Result},
    bound::Relation,
    syntax::tree::operators::Distinct,
};
use phalanx_signal::ColumnType;

pub(super) const HELP: &[Help] = &[Help::new(
    "distinct",
    "T | distinct column, …",
    "Gives each combination of values once; `*` means all columns.",
    &[("range x from 1 to 5 step 1 | distinct y = x % 1", "0")],
)
.takes(Takes::Values)];

impl<'t> Binder<'t> {
    pub(super) fn distinct(&mut self, input: Relation, node: &'t Distinct) -> Result<Relation> {
        let (over, values) = self.over(input, |binder, row| binder.named_all(&node.columns, row))?;
        let mut names = Names::default();
        let mut keys = Vec::with_capacity(values.len());
        for named in values {
            if named.value.kind == ColumnType::Dynamic && named.is_given {
                let message = "a dynamic value is no key; convert it, by `tostring()` for example";
                return Err(self.error(Code::Types, named.span, message));
            }
            let name = match named.name {
                Some(name) => names.unique(&name),
                None => names.unnamed(),
            };
            keys.push((name, named.value));
        }
        self.grouped(over, keys, Vec::new())
    }
}
