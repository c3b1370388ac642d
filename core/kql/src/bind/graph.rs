//! What names and functions mean in what is asked of a graph: `start.name`, `map(path, kind)`, `node_degree_in(n)`.
//!
//! The columns of a match are called `\0variable.property`, which paths know; those of an edge or inner node, for the
//! functions that go over many, are called after the property alone.

use phalanx_signal::ColumnType;

use super::{BindError, Binder, Code, Result, Row};
use crate::{
    algorithms::graph::{Fold, FoldKind, NODE_EXTRAS},
    bound::{Column, Expr, Value},
    syntax::tree::{self, Call, ExprKind, Name},
};

/// The variables of the pattern at hand, and what its expressions need besides their columns.
#[derive(Default)]
pub(crate) struct GraphScope {
    /// The properties of nodes and of edges.
    pub nodes: Vec<Column>,
    pub edges: Vec<Column>,
    pub variables: Vec<Variable>,
    pub folds: Vec<Fold>,
    /// Whether the place is within one of the functions that go over many.
    pub is_within: bool,
}

#[derive(Clone)]
pub(crate) struct Variable {
    pub name: String,
    pub of: VariableOf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum VariableOf {
    Node,
    /// An edge; a list of them if it is variable.
    Hop {
        hop: usize,
        is_variable: bool,
    },
}

impl<'t> Binder<'t> {
    /// A function that only exists over a graph.
    pub(super) fn graph_function(&mut self, call: &'t Call, row: &Row<'_>) -> Result<Option<Expr>> {
        if self.graph_scope.is_none() {
            return Ok(None);
        }
        let extra = |at: usize| NODE_EXTRAS[at].0;
        match call.name.text.as_str() {
            "map" => self.fold(call, row, FoldKind::Map),
            "all" => self.fold(call, row, FoldKind::All),
            "any" => self.fold(call, row, FoldKind::Any),
            "node_degree_in" => self.of_node(call, row, extra(0)),
            "node_degree_out" => self.of_node(call, row, extra(1)),
            "node_id" => self.of_node(call, row, extra(2)),
            // Graphs that a query makes have no labels.
            "labels" => Ok(Expr::literal(ColumnType::Dynamic, Value::Dynamic("[]".into()))),
            "inner_nodes" => {
                let message = "`inner_nodes()` can only be what `map()`, `all()` or `any()` go over";
                Err(self.error(Code::Argument, call.span, message))
            }
            _ => return Ok(None),
        }
        .map(Some)
    }

    /// What is known of a node besides its properties.
    fn of_node(&mut self, call: &'t Call, row: &Row<'_>, what: &str) -> Result<Expr> {
        let column = match call.arguments.as_slice() {
            [] => row.column(what),
            [argument] => match &argument.value.unparenthesized().kind {
                ExprKind::Name(name) => row.column(&format!("\0{}.{what}", name.text)),
                _ => None,
            },
            _ => None,
        };
        column.map(Column::value).ok_or_else(|| {
            let message = format!(
                "`{}()` takes a node of the pattern, or nothing where `inner_nodes()` are gone over",
                call.name.text
            );
            self.error(Code::Argument, call.span, message)
        })
    }

    fn fold(&mut self, call: &'t Call, row: &Row<'_>, kind: FoldKind) -> Result<Expr> {
        let [over, value] = call.arguments.as_slice() else {
            let message =
                format!("`{}()` takes an edge or its inner nodes, and an expression", call.name.text);
            return Err(self.error(Code::ArgumentCount, call.span, message));
        };
        let (name, of_nodes) = match &over.value.unparenthesized().kind {
            ExprKind::Name(name) => (name, false),
            ExprKind::Call(inner) if inner.name.text == "inner_nodes" && inner.arguments.len() == 1 => {
                match &inner.arguments[0].value.unparenthesized().kind {
                    ExprKind::Name(name) => (name, true),
                    _ => return Err(self.no_edge(over.value.span)),
                }
            }
            _ => return Err(self.no_edge(over.value.span)),
        };
        let Some(VariableOf::Hop { hop, .. }) = self.graph_variable(&name.text) else {
            return Err(self.no_edge(name.span));
        };
        self.fold_over(hop, of_nodes, name, kind, row, |binder, row| match kind {
            FoldKind::Map => binder.scalar(&value.value, row),
            FoldKind::All | FoldKind::Any => binder.condition(&value.value, row),
        })
    }

    fn fold_over(
        &mut self,
        hop: usize,
        of_nodes: bool,
        name: &Name,
        kind: FoldKind,
        row: &Row<'_>,
        value: impl FnOnce(&mut Self, &Row<'_>) -> Result<Expr>,
    ) -> Result<Expr> {
        let scope = self.graph_scope.get_or_insert_default();
        if std::mem::replace(&mut scope.is_within, true) {
            let message = "these functions can't be within one another";
            return Err(self.error(Code::Argument, name.span, message));
        }
        let mut properties = if of_nodes { scope.nodes.clone() } else { scope.edges.clone() };
        if of_nodes {
            properties.extend(NODE_EXTRAS.iter().map(|(extra, kind)| self.fresh(extra, *kind)));
        }
        let columns: Vec<Column> =
            properties.iter().map(|known| self.fresh(&known.name, known.kind)).collect();
        let mut visible = columns.clone();
        if !of_nodes {
            // The edge's name may stand before its properties too.
            let named = |column: &Column| Column {
                name: format!("\0{}.{}", name.text, column.name).into(),
                ..column.clone()
            };
            visible.extend(columns.iter().map(named));
        }
        visible.extend(row.columns.iter().cloned());
        let value = value(self, &Row { columns: &visible, ..*row });
        let answer = if kind == FoldKind::Map { ColumnType::Dynamic } else { ColumnType::Bool };
        let column = self.fresh(&format!("\0{}.\0fold", name.text), answer);
        let scope = self.graph_scope.get_or_insert_default();
        scope.is_within = false;
        scope.folds.push(Fold { hop, of_nodes, columns, value: value?, kind, column: column.clone() });
        Ok(column.value())
    }

    /// A property of one of the pattern's variables that is no column of a match: of each edge of a list of edges.
    pub(super) fn graph_property(
        &mut self,
        variable: &'t tree::Expr,
        property: &'t Name,
        row: &Row<'_>,
    ) -> Result<Option<Expr>> {
        let ExprKind::Name(name) = &variable.kind else { return Ok(None) };
        let Some(of) = self.graph_variable(&name.text) else { return Ok(None) };
        match of {
            VariableOf::Hop { hop, is_variable: true } => {
                let value = |binder: &mut Self, row: &Row<'_>| match row.column(&property.text) {
                    Some(column) => Ok(column.value()),
                    None => Err(binder.unknown_property(name, property, of)),
                };
                self.fold_over(hop, false, name, FoldKind::Map, row, value).map(Some)
            }
            _ => Err(self.unknown_property(name, property, of)),
        }
    }

    fn unknown_property(&self, variable: &Name, property: &Name, of: VariableOf) -> super::Stop {
        let scope = self.graph_scope.as_ref();
        let known = scope.map_or(&[][..], |scope| match of {
            VariableOf::Node => &scope.nodes,
            VariableOf::Hop { .. } => &scope.edges,
        });
        let known = known.iter().map(|column| &*column.name);
        let noun = format!("property of `{}`", variable.text);
        let span = property.span.range();
        BindError::unknown(Code::UnknownColumn, span, &noun, &property.text, known).into()
    }

    fn graph_variable(&self, name: &str) -> Option<VariableOf> {
        let scope = self.graph_scope.as_ref()?;
        scope.variables.iter().find(|variable| variable.name == name).map(|variable| variable.of)
    }

    fn no_edge(&self, span: crate::syntax::Span) -> super::Stop {
        self.error(
            Code::Argument,
            span,
            "the name of an edge of the pattern, or `inner_nodes()` of it, is needed here",
        )
    }
}
