//! `make-graph`: which columns are ids, and which are properties of what.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    algorithms::graph::{GraphSource, NodeTable},
    bind::{Binder, Code, Result, convert},
    bound::{Column, Expr, Relation},
    syntax::{
        Span,
        tree::{
            Name,
            operators::{GraphNodes, MakeGraph},
        },
    },
};

impl<'t> Binder<'t> {
    pub(in crate::operators) fn make_graph(
        &mut self,
        input: Relation,
        node: &'t MakeGraph,
        span: Span,
    ) -> Result<Relation> {
        if !self.partition.is_empty() {
            let message =
                "`make-graph` can't be inside of other operators; it has `partitioned-by` of its own";
            return Err(self.error(Code::Other, span, message));
        }
        let part = node.partitioned_by.as_ref().map(|(name, _)| name);
        let source = self.existing(&node.source, &input.columns)?.clone();
        let target = self.existing(&node.target, &input.columns)?.clone();
        let mut nodes: Vec<Column> = Vec::new();
        let mut ids: Vec<usize> = Vec::new();
        let mut tables: Vec<Relation> = Vec::new();
        let mut keys = Vec::new();
        match &node.nodes {
            GraphNodes::Edges => {}
            GraphNodes::NodeId(name) => {
                let kind = if source.kind == target.kind { source.kind } else { ColumnType::String };
                nodes.push(self.fresh(&name.text, kind));
                ids.push(0);
            }
            GraphNodes::Tables(given) => {
                for (tree, id) in given {
                    let table = self.separate(tree)?;
                    let key = self.existing(id, &table.columns)?.clone();
                    self.add_properties(&mut nodes, &table, tree.span)?;
                    ids.extend(nodes.iter().position(|known| known.name == key.name));
                    keys.push(key);
                    tables.push(table);
                }
                ids.dedup();
            }
        }
        let made = GraphSource {
            edges: input.columns.iter().map(|column| self.fresh(&column.name, column.kind)).collect(),
            tables: tables.iter().map(|table| node_table(table, &nodes)).collect(),
            nodes,
            ids,
            has_parts: part.is_some(),
            steps: Vec::new(),
        };
        let mut inputs = vec![self.edge_input(input, &[source, target], part, &made)?];
        for (table, key) in tables.into_iter().zip(keys) {
            inputs.push(self.node_input(table, &key, part, &made)?);
        }
        let graph = self.graph(inputs, made);
        let Some((_, body)) = &node.partitioned_by else { return Ok(graph) };
        let mut answer = graph;
        for operator in &body.operators {
            if !super::takes_graph(&operator.kind) {
                let message =
                    "only operators over graphs can be inside of `partitioned-by`; put this one behind it";
                return Err(self.error(Code::Other, operator.keyword, message));
            }
            self.step(operator.span)?;
            answer = self.operator(answer, operator)?;
        }
        Ok(answer)
    }

    /// The properties that a table gives nodes.
    fn add_properties(&mut self, nodes: &mut Vec<Column>, table: &Relation, span: Span) -> Result<()> {
        for column in &table.columns {
            let Some(known) = nodes.iter_mut().find(|known| known.name == column.name) else {
                nodes.push(self.fresh(&column.name, column.kind));
                continue;
            };
            let common = convert::common(known.kind, column.kind);
            known.kind = match common {
                _ if known.kind == column.kind => known.kind,
                Some(kind) => kind,
                None => {
                    let message = format!(
                        "the property `{}` is a {} in one table and a {} in another",
                        column.name, known.kind, column.kind
                    );
                    return Err(self.error(Code::Types, span, message));
                }
            };
        }
        Ok(())
    }

    /// See [`GraphSource`] for what stands behind the columns that the query knows.
    fn edge_input(
        &mut self,
        input: Relation,
        ends: &[Column; 2],
        part: Option<&Name>,
        made: &GraphSource,
    ) -> Result<Relation> {
        let mut output = own_columns(&input);
        output.extend(ends.iter().map(|end| hidden(as_kind(end, ColumnType::String))));
        if let Some(part) = part {
            output.push(hidden(as_kind(self.existing(part, &input.columns)?, ColumnType::String)));
        }
        for id in &made.ids {
            output.extend(ends.iter().map(|end| hidden(as_kind(end, made.nodes[*id].kind))));
        }
        Ok(self.project(input, output))
    }

    fn node_input(
        &mut self,
        table: Relation,
        key: &Column,
        part: Option<&Name>,
        made: &GraphSource,
    ) -> Result<Relation> {
        let mut output = Vec::new();
        for column in &table.columns {
            let kind = made
                .nodes
                .iter()
                .find(|known| known.name == column.name)
                .map_or(column.kind, |known| known.kind);
            output.push((Arc::clone(&column.name), as_kind(column, kind)));
        }
        output.push(hidden(as_kind(key, ColumnType::String)));
        if let Some(part) = part {
            output.push(hidden(as_kind(self.existing(part, &table.columns)?, ColumnType::String)));
        }
        Ok(self.project(table, output))
    }
}

fn own_columns(input: &Relation) -> Vec<(Arc<str>, Expr)> {
    input.columns.iter().map(|column| (Arc::clone(&column.name), column.value())).collect()
}

fn hidden(value: Expr) -> (Arc<str>, Expr) {
    (Arc::from("\0key"), value)
}

/// A column's value as another type; there is a conversion between all of them.
fn as_kind(column: &Column, kind: ColumnType) -> Expr {
    let number = |value: Expr| {
        if convert::is_number(value.kind) && convert::is_number(kind) {
            convert::number(value, kind)
        } else {
            value
        }
    };
    let value = number(column.value());
    convert::explicitly(value, kind).unwrap_or_else(|| Expr::null(kind))
}

fn node_table(table: &Relation, nodes: &[Column]) -> NodeTable {
    let place = |property: &Column| table.columns.iter().position(|column| column.name == property.name);
    NodeTable { width: table.columns.len(), properties: nodes.iter().map(place).collect() }
}
