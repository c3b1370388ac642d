//! `search`: rows in which some column has a term.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::find::names_in;
use super::help::{Help, Place, Takes};
use crate::{
    bind::{Binder, Result, Row, balanced},
    bound::{Expr, Operator, Relation, Value},
    syntax::{
        Span,
        tree::{self, BinaryOp, ExprKind, Search},
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "search",
    r#"search [kind = case_insensitive] [in (table, …)] "term""#,
    "Looks for a term in all columns of tables; `$table` says where each row comes from.",
    &[(
        r#"let T = datatable (s: string) ["an apple", "a pear"]; search in (T) "apple" | project s"#,
        "an apple",
    )],
)
.place(Place::Anywhere)
.takes(Takes::Values)
.words(&["in"])
.parameters(&[("kind", &["case_insensitive", "case_sensitive", "default"])])];

impl<'t> Binder<'t> {
    pub(super) fn search(&mut self, node: &'t Search, span: Span) -> Result<Relation> {
        let mut tables = Vec::new();
        if node.tables.is_empty() {
            self.tables_like("*", span, &mut tables)?;
        }
        for tree in &node.tables {
            self.union_input(tree, &mut tables)?;
        }
        self.found(tables, node, "$table")
    }

    pub(super) fn search_in(&mut self, input: Relation, node: &'t Search, _: Span) -> Result<Relation> {
        self.searched(input, node)
    }

    fn found(&mut self, tables: Vec<(String, Relation)>, node: &'t Search, source: &str) -> Result<Relation> {
        let mut found = Vec::with_capacity(tables.len());
        self.known_somewhere(&node.predicate, &tables)?;
        for (name, mut relation) in tables {
            // What another table has is null here.
            relation.is_open = true;
            let mut relation = self.searched(relation, node)?;
            relation.is_open = false;
            found.push((name, relation));
        }
        Ok(self.union_of(found, false, Some(source)))
    }

    /// Whether each column that the predicate names is in some table.
    pub(super) fn known_somewhere(
        &self,
        predicate: &tree::Expr,
        tables: &[(String, Relation)],
    ) -> Result<()> {
        if tables.iter().any(|(_, relation)| relation.is_open) {
            return Ok(());
        }
        let mut names = Vec::new();
        names_in(predicate, &mut names);
        for name in names {
            let is_column = tables.iter().any(|(_, relation)| relation.column(&name.text).is_some());
            if !is_column && self.env.find(&name.text).is_none() {
                let columns: Vec<_> =
                    tables.iter().flat_map(|(_, relation)| relation.columns.clone()).collect();
                return Err(self.unknown_column(name, &columns));
            }
        }
        Ok(())
    }

    fn searched(&mut self, input: Relation, node: &'t Search) -> Result<Relation> {
        let is_exact = node.kind.as_ref().is_some_and(|kind| kind.text == "case_sensitive");
        let columns = input.columns.clone();
        let (over, condition) =
            self.over(input, |binder, row| binder.search_condition(&node.predicate, is_exact, row))?;
        let filtered = self.filter(over, condition);
        Ok(self.keep(filtered, &columns))
    }

    /// A predicate in which a string alone is a term that is looked for in all columns.
    pub(super) fn search_condition(
        &mut self,
        tree: &'t tree::Expr,
        is_exact: bool,
        row: &Row<'_>,
    ) -> Result<Expr> {
        let parts = |binder: &mut Self, trees: &'t [tree::Expr], operator| -> Result<Expr> {
            let mut values = Vec::with_capacity(trees.len());
            for tree in trees {
                values.push(binder.search_condition(tree, is_exact, row)?);
            }
            Ok(balanced(operator, values))
        };
        match &tree.kind {
            ExprKind::Paren(inner) => self.search_condition(inner, is_exact, row),
            ExprKind::And(all) => parts(self, all, Operator::And),
            ExprKind::Or(any) => parts(self, any, Operator::Or),
            ExprKind::Star => Ok(Expr::bool(true)),
            ExprKind::Call(call) if call.name.text == "not" && call.arguments.len() == 1 => {
                let inner = self.search_condition(&call.arguments[0].value, is_exact, row)?;
                Ok(crate::bind::not(inner))
            }
            ExprKind::Binary { op: BinaryOp::Colon, left, right, .. }
                if matches!(left.kind, ExprKind::Star) =>
            {
                self.search_condition(right, is_exact, row)
            }
            _ => {
                let value = self.scalar(tree, row)?;
                match value.value() {
                    Some(Value::String(term)) => {
                        self.in_some_column(&Arc::clone(term), is_exact, tree.span, row)
                    }
                    _ => self.as_condition(value, tree.span),
                }
            }
        }
    }

    fn in_some_column(&mut self, term: &str, is_exact: bool, span: Span, row: &Row<'_>) -> Result<Expr> {
        if term.trim_matches('*').is_empty() {
            return Ok(Expr::bool(true));
        }
        let mut tests = Vec::new();
        for column in row.columns {
            // Times are no text that anybody looks for by a term.
            if matches!(column.kind, ColumnType::DateTime | ColumnType::TimeSpan | ColumnType::Bool) {
                continue;
            }
            let (value, term) = (column.value(), Expr::string(term));
            tests.push(match is_exact {
                true => self.text_test("has_cs", value, term, span)?,
                false => self.search_term(value, term, span)?,
            });
        }
        Ok(balanced(Operator::Or, tests))
    }
}
