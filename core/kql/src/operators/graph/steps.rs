//! Operators from a graph to a graph: `graph-mark-components`, `graph-where-nodes`, `graph-where-edges`.

use phalanx_signal::ColumnType;

use crate::{
    algorithms::graph::GraphStep,
    bind::{Binder, Code, GraphScope, Result, Row},
    bound::Relation,
    syntax::{
        Span,
        tree::{self, operators::GraphMarkComponents},
    },
};

impl<'t> Binder<'t> {
    pub(in crate::operators) fn graph_mark_components(
        &mut self,
        input: Relation,
        node: &'t GraphMarkComponents,
        span: Span,
    ) -> Result<Relation> {
        let (inputs, mut source) = self.graph_of(input, span)?;
        let is_strong = match self.parameter(&node.parameters, "kind") {
            None | Some("weak") => false,
            Some("strong") => true,
            Some(kind) => {
                let message = format!("components are `weak` or `strong`, not `{kind}`");
                return Err(self.error(Code::Argument, span, message));
            }
        };
        let name = self.parameter(&node.parameters, "with_component_id").unwrap_or("ComponentId");
        if source.nodes.iter().any(|known| *known.name == *name) {
            let message =
                format!("nodes have a property `{name}` already; `with_component_id=` gives another name");
            return Err(self.error(Code::DuplicateName, span, message));
        }
        source.nodes.push(self.fresh(name, ColumnType::Long));
        source.steps.push(GraphStep::Components { is_strong });
        Ok(self.graph(inputs, source))
    }

    pub(in crate::operators) fn graph_where_nodes(
        &mut self,
        input: Relation,
        condition: &'t tree::Expr,
        span: Span,
    ) -> Result<Relation> {
        let (inputs, mut source) = self.graph_of(input, span)?;
        let columns = self.node_columns(&source, str::to_owned);
        let row = Row { columns: &columns, is_some: true, ..Row::NONE };
        let condition = self.over_graph(GraphScope::default(), |binder| binder.condition(condition, &row))?.0;
        source.steps.push(GraphStep::WhereNodes { columns, condition });
        Ok(self.graph(inputs, source))
    }

    pub(in crate::operators) fn graph_where_edges(
        &mut self,
        input: Relation,
        condition: &'t tree::Expr,
        span: Span,
    ) -> Result<Relation> {
        let (inputs, mut source) = self.graph_of(input, span)?;
        let columns = self.edge_columns(&source, str::to_owned);
        let row = Row { columns: &columns, is_some: true, ..Row::NONE };
        let condition = self.over_graph(GraphScope::default(), |binder| binder.condition(condition, &row))?.0;
        source.steps.push(GraphStep::WhereEdges { columns, condition });
        Ok(self.graph(inputs, source))
    }

    /// Binds what is asked of a graph; gives the scope back, with what the expressions need.
    pub(super) fn over_graph<T>(
        &mut self,
        scope: GraphScope,
        f: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<(T, GraphScope)> {
        let graph = self.graph_scope.replace(scope);
        let pending = std::mem::take(&mut self.pending);
        let answer = f(self);
        self.pending = pending;
        let scope = std::mem::replace(&mut self.graph_scope, graph).unwrap_or_default();
        Ok((answer?, scope))
    }
}
