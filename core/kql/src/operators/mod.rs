//! The tabular operators: one file per operator, how it binds. The match here only dispatches.

mod as_;
mod assert_schema;
mod branches;
mod columns;
mod count;
mod datatable;
mod distinct;
mod evaluate;
mod extend;
mod find;
mod getschema;
mod graph;
pub mod help;
mod invoke;
mod join;
mod macro_expand;
mod make_series;
mod mv_apply;
mod mv_expand;
mod parse;
mod parse_kv;
mod partition;
mod print;
mod range;
mod reduce;
mod render;
mod sample;
mod scan;
mod search;
mod serialize;
mod sort;
mod summarize;
mod take;
mod top_hitters;
mod top_nested;
mod union;
mod r#where;

use self::help::Help;
use crate::{
    bind::{Binder, Code, Result, Stop},
    bound::{Node, Relation},
    syntax::{
        Span,
        tree::{Operator, OperatorKind, Source},
    },
};

/// What people are told of each operator, a list for each file.
const HELP: &[&[Help]] = &[
    as_::HELP,
    assert_schema::HELP,
    branches::HELP,
    columns::HELP,
    count::HELP,
    datatable::HELP,
    distinct::HELP,
    evaluate::HELP,
    extend::HELP,
    find::HELP,
    getschema::HELP,
    graph::HELP,
    invoke::HELP,
    join::HELP,
    macro_expand::HELP,
    make_series::HELP,
    mv_apply::HELP,
    mv_expand::HELP,
    parse::HELP,
    parse_kv::HELP,
    partition::HELP,
    print::HELP,
    range::HELP,
    reduce::HELP,
    render::HELP,
    sample::HELP,
    scan::HELP,
    search::HELP,
    serialize::HELP,
    sort::HELP,
    summarize::HELP,
    take::HELP,
    top_hitters::HELP,
    top_nested::HELP,
    union::HELP,
    r#where::HELP,
];

/// Every operator.
pub fn all() -> impl Iterator<Item = &'static Help> {
    HELP.iter().copied().flatten()
}

/// An operator by its name or another spelling of it.
pub fn operator(name: &str) -> Option<&'static Help> {
    all().find(|operator| operator.is_called(name))
}

impl<'t> Binder<'t> {
    /// An operator over the rows of `input`.
    pub(crate) fn operator(&mut self, input: Relation, operator: &'t Operator) -> Result<Relation> {
        if self.probe.is_none() {
            return self.operator_over(input, operator);
        }
        // An operator that is being written is passed over, so that what follows it knows its columns.
        self.see(&input, operator);
        let before = input.clone();
        match self.operator_over(input, operator) {
            Err(Stop::Error(_)) => Ok(before),
            other => other,
        }
    }

    fn operator_over(&mut self, input: Relation, operator: &'t Operator) -> Result<Relation> {
        let span = operator.keyword;
        // Only the first of several tables goes on.
        self.several = None;
        if matches!(input.node, Node::Graph { .. }) && !graph::takes_graph(&operator.kind) {
            let message =
                "this operator needs a table; `graph-match` or `graph-to-table` make one of a graph";
            return Err(self.error(Code::Types, span, message));
        }
        match &operator.kind {
            OperatorKind::Missing => {
                Err(self.error(Code::Syntax, operator.span, "an operator is missing here"))
            }
            OperatorKind::As(node) => self.as_(input, node),
            OperatorKind::AssertSchema(node) => self.assert_schema(input, node, span),
            OperatorKind::Consume(_) | OperatorKind::ExecuteAndCache => Ok(input),
            OperatorKind::Count(node) => self.count_rows(input, node),
            OperatorKind::Distinct(node) => self.distinct(input, node),
            OperatorKind::Evaluate(node) => self.evaluate(input, node),
            OperatorKind::Extend(columns) => self.extend(input, columns),
            OperatorKind::Find(node) => self.find_in(input, node, span),
            OperatorKind::GetSchema => self.get_schema(input),
            OperatorKind::GraphMarkComponents(node) => self.graph_mark_components(input, node, span),
            OperatorKind::GraphMatch(node) => self.graph_match(input, node, span),
            OperatorKind::GraphShortestPaths(node) => self.graph_shortest_paths(input, node, span),
            OperatorKind::GraphToTable(node) => self.graph_to_table(input, node, span),
            OperatorKind::GraphWhereEdges(condition) => self.graph_where_edges(input, condition, span),
            OperatorKind::GraphWhereNodes(condition) => self.graph_where_nodes(input, condition, span),
            OperatorKind::MakeGraph(node) => self.make_graph(input, node, span),
            OperatorKind::Invoke(node) => self.invoke(input, node),
            OperatorKind::Join(node) => self.join_tables(input, node, span),
            OperatorKind::Lookup(node) => self.lookup(input, node, span),
            OperatorKind::MakeSeries(node) => self.make_series(input, node, span),
            OperatorKind::MvApply(node) => self.mv_apply(input, node, span),
            OperatorKind::MvExpand(node) => self.mv_expand(input, node, span),
            OperatorKind::Parse(node) => self.parse(input, node, span),
            OperatorKind::ParseKv(node) => self.parse_kv(input, node, span),
            OperatorKind::Partition(node) => self.partition_by(input, node, span),
            OperatorKind::Project(node) => self.project_columns(input, node),
            OperatorKind::ProjectByNames(node) => self.project_by_names(input, node),
            OperatorKind::ProjectAway(node) => self.project_away(input, node),
            OperatorKind::ProjectKeep(node) => self.project_keep(input, node),
            OperatorKind::ProjectRename(node) => self.project_rename(input, node),
            OperatorKind::ProjectReorder(node) => self.project_reorder(input, node),
            OperatorKind::Reduce(node) => self.reduce(input, node, span),
            OperatorKind::Render(node) => self.render_as(input, node),
            OperatorKind::Sample(node) => self.sample(input, node),
            OperatorKind::SampleDistinct(node) => self.sample_distinct(input, node),
            OperatorKind::Scan(node) => self.scan(input, node, span),
            OperatorKind::Search(node) => self.search_in(input, node, span),
            OperatorKind::Serialize(columns) => self.serialize(input, columns),
            OperatorKind::Sort(node) => self.sort_by(input, node),
            OperatorKind::Summarize(node) => self.summarize(input, node),
            OperatorKind::Take(node) => self.take(input, node),
            OperatorKind::Top(node) => self.top(input, node),
            OperatorKind::TopHitters(node) => self.top_hitters(input, node, span),
            OperatorKind::TopNested(node) => self.top_nested(input, node, span),
            OperatorKind::Union(node) => self.union(Some(input), node, span),
            OperatorKind::Where(node) => self.r#where(input, node),
            OperatorKind::Facet(_) | OperatorKind::Fork(_) => {
                let message = "this gives several results, so it can only stand at the end of a query";
                Err(self.error(Code::Other, span, message))
            }
            OperatorKind::MacroExpand(_) => Err(self.error(
                Code::Other,
                span,
                "`macro-expand` can only stand at the beginning of a query",
            )),
        }
    }

    /// What makes rows without an input.
    pub(crate) fn source(&mut self, source: &'t Source, span: Span) -> Result<Relation> {
        match source {
            Source::DataTable(node) => self.data_table(node, span),
            Source::ExternalData(_) => Err(self.error(
                Code::Refused,
                span,
                "request_external_data_disabled: `externaldata` would read from an address of the query's author",
            )),
            Source::Range(node) => self.range(node, span),
            Source::Print(columns) => self.print(columns),
            Source::Union(node) => self.union(None, node, span),
            Source::Search(node) => self.search(node, span),
            Source::Find(node) => self.find(node, span),
            Source::Evaluate(node) => {
                let nothing = self.one_row();
                self.evaluate(nothing, node)
            }
            Source::MacroExpand(node) => self.macro_expand(node, span),
            Source::EntityGroup(_) => {
                Err(self.error(Code::Types, span, "a group of places is no table; `macro-expand` reads its tables"))
            }
        }
    }
}
