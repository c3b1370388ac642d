//! `graph-to-table`: nodes or edges as tables, or both.

use std::{rc::Rc, sync::Arc};

use phalanx_signal::ColumnType;

use super::narrow::Needs;
use crate::{
    algorithms::graph::{GraphSource, GraphTable, TableOf},
    bind::{Binder, Binding, Code, Names, Result},
    bound::{Column, Relation},
    syntax::{
        Span,
        tree::operators::{GraphTableOutput, GraphToTable},
    },
};

impl<'t> Binder<'t> {
    pub(in crate::operators) fn graph_to_table(
        &mut self,
        input: Relation,
        node: &'t GraphToTable,
        span: Span,
    ) -> Result<Relation> {
        let (inputs, source) = self.graph_of(input, span)?;
        let mut tables = Vec::new();
        for output in &node.outputs {
            let graph = self.graph(inputs.clone(), source.clone());
            let graph = self.renumbered(&graph);
            let (inputs, source) = self.graph_of(graph, span)?;
            tables.push(self.graph_table(inputs, source, output, span)?);
        }
        for (table, output) in tables.iter().zip(&node.outputs) {
            if let Some(name) = &output.name {
                let named = self.renumbered(table);
                self.env.declare(&name.text, Binding::Relation(Rc::new(named)));
            }
        }
        if tables.len() > 1 {
            let is_named = node.outputs.iter().all(|output| output.name.is_some());
            self.several = Some((tables.clone(), is_named));
        }
        match tables.into_iter().next() {
            Some(table) => Ok(table),
            None => Err(self.error(Code::Syntax, span, "`nodes` or `edges` is needed here")),
        }
    }

    fn graph_table(
        &mut self,
        inputs: Vec<Relation>,
        source: GraphSource,
        output: &'t GraphTableOutput,
        span: Span,
    ) -> Result<Relation> {
        let mut names = Names::default();
        let mut columns: Vec<Column> = Vec::new();
        let mut with = |binder: &mut Self, parameter: &str| {
            let name = binder.parameter(&output.parameters, parameter).map(str::to_owned);
            columns.extend(name.iter().map(|name| binder.fresh(&names.unique(name), ColumnType::Long)));
            name.is_some()
        };
        let (of, needs) = match output.is_nodes {
            true => (TableOf::Nodes { with_id: with(self, "with_node_id") }, Needs::nodes(&source)),
            false => {
                let with_source = with(self, "with_source_id");
                let with_target = with(self, "with_target_id");
                (TableOf::Edges { with_source, with_target }, Needs::edges(&source))
            }
        };
        let properties = if output.is_nodes { &source.nodes } else { &source.edges };
        for property in properties {
            columns.push(self.fresh(&names.unique(&property.name), property.kind));
        }
        if columns.is_empty() {
            let message = "nodes without properties make no table; `with_node_id=` gives them one";
            return Err(self.error(Code::Types, span, message));
        }
        let inputs = needs.narrowed(inputs, &source);
        Ok(Relation::new(
            columns,
            crate::bound::Node::Collected { inputs, algorithm: Arc::new(GraphTable { source, of }) },
            false,
        ))
    }
}
