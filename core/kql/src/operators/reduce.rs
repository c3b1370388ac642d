//! `reduce`: patterns that stand for many similar texts.

use super::help::{Help, Takes};
use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    algorithms::{Reduce, ReduceGives},
    bind::{Binder, Code, Names, Result, convert},
    bound::{Column, Expr, Relation, Value},
    syntax::{
        Span,
        tree::{Target, operators},
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "reduce",
    "T | reduce by text [with threshold = 0.1, characters = \"…\"]",
    "Groups texts that are alike into patterns, with how many there are of each.",
    &[("range x from 1 to 20 step 1 | project s = strcat(\"host \", x) | reduce by s | count", "1")],
)
.takes(Takes::Nothing)
.words(&["by", "with"])];

const THRESHOLD: f64 = 0.1;

impl<'t> Binder<'t> {
    pub(super) fn reduce(
        &mut self,
        input: Relation,
        node: &'t operators::Reduce,
        span: Span,
    ) -> Result<Relation> {
        let gives = match self.parameter(&node.parameters, "kind") {
            None => ReduceGives::Groups,
            Some("source") => ReduceGives::Rows,
            Some(kind) => {
                let message = format!("the only `kind` of `reduce` is `source`, not `{kind}`");
                return Err(self.error(Code::Argument, span, message));
            }
        };
        let (threshold, separators) = self.reduce_options(node)?;
        let shown = match gives {
            ReduceGives::Rows => self.visible(&input),
            ReduceGives::Groups => Vec::new(),
        };
        let is_serialized = input.is_serialized && gives == ReduceGives::Rows;
        let (over, text) = self.over(input, |binder, row| binder.scalar(&node.by.value, row))?;
        let kind = text.kind;
        let text = convert::explicitly(text, ColumnType::String)
            .ok_or_else(|| self.error(Code::Types, node.by.span, format!("a {kind} is no text to reduce")))?;
        let mut output: Vec<(Arc<str>, Expr)> =
            shown.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        output.push((Arc::from("\0text"), text));
        let input = self.project(over, output);
        let mut names = Names::with(shown.iter().map(|column| Arc::clone(&column.name)));
        let mut columns: Vec<Column> =
            shown.iter().map(|column| self.fresh(&column.name, column.kind)).collect();
        columns.push(self.fresh(&names.unique("Pattern"), ColumnType::String));
        if gives == ReduceGives::Groups {
            columns.push(self.fresh("Count", ColumnType::Long));
            columns.push(self.fresh("Representative", ColumnType::String));
        }
        let mut reduced = self.collected(input, columns, Reduce { threshold, separators, gives });
        reduced.is_serialized = is_serialized;
        Ok(reduced)
    }

    /// The share that makes a pattern, and the characters between terms.
    fn reduce_options(&mut self, node: &'t operators::Reduce) -> Result<(f64, Option<Arc<str>>)> {
        let (mut threshold, mut separators) = (THRESHOLD, None);
        for property in &node.properties {
            let name = match &property.target {
                Some(Target::Name(name)) => name.text.as_str(),
                _ => "",
            };
            let value = self.constant(&property.value, "the option")?;
            match (name, value) {
                ("threshold", Value::Real(value)) => threshold = value,
                ("threshold", Value::Long(value)) => threshold = value as f64,
                ("characters", Value::String(text)) => {
                    separators = Some(text).filter(|text| !text.is_empty())
                }
                _ => {
                    let message =
                        "the options of `reduce` are `threshold`, a number, and `characters`, a string";
                    return Err(self.error(Code::Argument, property.span, message));
                }
            }
        }
        if !(0.0..=1.0).contains(&threshold) {
            let span = node.properties.first().map_or(node.by.span, |property| property.span);
            return Err(self.error(Code::Argument, span, "the threshold must be from 0 to 1"));
        }
        Ok((threshold, separators))
    }
}
