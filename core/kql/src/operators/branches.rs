//! `fork` and `facet`: several results of the same rows. They end a query.

use super::help::Help;
use std::sync::Arc;

use crate::{
    bind::{Binder, Code, Names, Result},
    bound::{Expr, Node, Relation},
    syntax::{
        Span,
        tree::{
            self, ExprKind, OperatorKind,
            operators::{Facet, Fork},
        },
    },
};

pub(super) const HELP: &[Help] = &[
    Help::new(
        "fork",
        "T | fork [Name =] (subquery) …",
        "Runs several subqueries over the same rows, and gives a result for each; stands last.",
        &[("range x from 1 to 3 step 1 | fork (take 1 | count) (where x > 1 | count)", "2")],
    ),
    Help::new(
        "facet",
        "T | facet by column, … [with (subquery)]",
        "Gives a result of the values of each column and how many rows have them, and one of a subquery; stands last.",
        &[("range x from 1 to 3 step 1 | facet by x", "1, 1; 2, 1; 3, 1")],
    )
    .words(&["by", "with"]),
];

impl<'t> Binder<'t> {
    /// The results of a query's statement: one, or those of the `fork` or `facet` at its end.
    pub(crate) fn results(&mut self, tree: &'t tree::Expr, results: &mut Vec<Relation>) -> Result<()> {
        if let ExprKind::Pipeline(pipeline) = &tree.kind
            && let Some((last, before)) = pipeline.operators.split_last()
            && matches!(last.kind, OperatorKind::Fork(_) | OperatorKind::Facet(_))
        {
            let source = self.tabular(&pipeline.source)?;
            let input = self.operators(source, before)?;
            self.step(last.span)?;
            match &last.kind {
                OperatorKind::Fork(node) => self.fork(&input, node, results)?,
                OperatorKind::Facet(node) => self.facet(&input, node, last.keyword, results)?,
                _ => {}
            }
            return Ok(());
        }
        self.several = None;
        let relation = self.tabular(tree)?;
        if let Node::Graph { .. } = relation.node {
            let message = "a graph is no table; `graph-match` or `graph-to-table` make one of it";
            return Err(self.error(Code::Types, tree.span, message));
        }
        match self.several.take() {
            Some((tables, true)) => self.several = Some((tables, true)),
            Some((tables, false)) => results.extend(tables),
            None => results.push(relation),
        }
        Ok(())
    }

    fn fork(&mut self, input: &Relation, node: &'t Fork, results: &mut Vec<Relation>) -> Result<()> {
        for branch in &node.branches {
            let input = self.renumbered(input);
            results.push(self.operators(input, &branch.query.operators)?);
        }
        Ok(())
    }

    /// The rows as `with` has them, and then the number of rows for each value of each column.
    fn facet(
        &mut self,
        input: &Relation,
        node: &'t Facet,
        span: Span,
        results: &mut Vec<Relation>,
    ) -> Result<()> {
        if let Some(query) = &node.with {
            let input = self.renumbered(input);
            results.push(self.operators(input, &query.operators)?);
        }
        for tree in &node.by {
            let input = self.renumbered(input);
            let (over, key) = self.over(input, |binder, row| binder.scalar(tree, row))?;
            let Some(name) = tree.as_name() else {
                return Err(self.error(Code::Argument, tree.span, "`facet` takes names of columns"));
            };
            let mut names = Names::default();
            let key_name: Arc<str> = names.unique(&name.text);
            let count = names.unique(&format!("count_{}", name.text));
            let number = self.simple_call(
                "count",
                &count,
                Vec::<Expr>::new(),
                phalanx_signal::ColumnType::Long,
                span,
            )?;
            results.push(self.grouped(over, vec![(key_name, key)], vec![number])?);
        }
        Ok(())
    }
}
