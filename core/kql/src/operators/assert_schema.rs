//! `assert-schema`: the input as it is, if it has just these columns.

use super::help::Help;
use crate::{
    bind::{Binder, Code, Result},
    bound::Relation,
    syntax::{Span, tree::operators::AssertSchema},
};

pub(super) const HELP: &[Help] = &[Help::new(
    "assert-schema",
    "T | assert-schema (column: type, …)",
    "Passes the rows on if they have exactly these columns, and is an error before anything runs if not.",
    &[("print x = 1 | assert-schema (x: long)", "1")],
)];

impl<'t> Binder<'t> {
    pub(super) fn assert_schema(
        &mut self,
        input: Relation,
        node: &'t AssertSchema,
        span: Span,
    ) -> Result<Relation> {
        for declared in &node.columns {
            let (name, kind) = (declared.name.text.as_str(), self.kind(&declared.type_name)?);
            match input.column(name) {
                Some(column) if column.kind == kind => {}
                Some(column) => {
                    let message = format!("`{name}` is a {}, not a {kind}", column.kind);
                    return Err(self.error(Code::Types, declared.span, message));
                }
                None => {
                    let message = format!("the rows have no column `{name}`");
                    return Err(self.error(Code::UnknownColumn, declared.span, message));
                }
            }
        }
        let is_declared = |name: &str| node.columns.iter().any(|declared| *declared.name.text == *name);
        match input.columns.iter().find(|column| !is_declared(&column.name)) {
            Some(column) => {
                let message = format!("the column `{}` is not in the schema", column.name);
                Err(self.error(Code::Types, span, message))
            }
            None => Ok(input),
        }
    }
}
