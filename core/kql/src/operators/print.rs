//! `print`: one row of values.

use std::sync::Arc;

use super::help::{Help, Place, Takes};
use crate::{
    bind::{Binder, Names, Result},
    bound::Relation,
    syntax::tree::NamedExpr,
};

pub(super) const HELP: &[Help] = &[Help::new(
    "print",
    "print [Name =] expression, …",
    "Gives one row of the values of expressions.",
    &[(r#"print a = 1 + 2, b = strcat("x", "y")"#, "3, xy")],
)
.place(Place::Source)
.takes(Takes::Values)];

impl<'t> Binder<'t> {
    pub(super) fn print(&mut self, columns: &'t [NamedExpr]) -> Result<Relation> {
        let row = self.one_row();
        let mut row = row;
        row.is_serialized = true;
        let (over, values) = self.over(row, |binder, row| {
            let mut all = Vec::new();
            for (at, column) in columns.iter().enumerate() {
                let before = all.len();
                binder.named_one(column, row, &mut all)?;
                if column.target.is_none() && all.len() == before + 1 {
                    all[before].name = Some(Arc::from(format!("print_{at}")));
                }
            }
            Ok(all)
        })?;
        let mut names = Names::default();
        let mut output = Vec::with_capacity(values.len());
        for named in values {
            let name = named.name.unwrap_or_else(|| "print_".into());
            output.push((names.unique(&name), named.value));
        }
        Ok(self.project(over, output))
    }
}
