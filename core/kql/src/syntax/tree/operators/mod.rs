//! Tabular operators: what stands after `|`.

mod aggregate;
mod columns;
mod combine;
mod expand;
mod graph;
mod output;
mod parse;
mod scan;
mod subquery;

pub use aggregate::{
    Distinct, MakeSeries, MakeSeriesColumn, MakeSeriesRange, Reduce, Summarize, TopHitters, TopNested,
    TopNestedLevel,
};
pub use columns::{
    ColumnOrder, Project, ProjectAway, ProjectKeep, ProjectRename, ProjectReorder, ReorderItem,
};
pub use combine::{Invoke, Join, JoinCondition, Lookup};
pub use expand::{ExpandColumn, MvApply, MvExpand};
pub use graph::{
    Direction, GraphElement, GraphMarkComponents, GraphMatch, GraphNodes, GraphPattern, GraphTableOutput,
    GraphToTable, MakeGraph,
};
pub use output::{As, AssertSchema, Evaluate, OutputSchema, Render};
pub use parse::{Parse, ParseKind, ParseKv, ParsePart};
pub use scan::{Scan, ScanOutput, ScanStep};
pub use subquery::{Facet, Fork, ForkBranch, MacroExpand, Partition, PartitionBody, Subquery};

use super::{Expr, Find, Name, NamedExpr, Parameter, Search, Union};
use crate::syntax::Span;

/// An operator and its place, without the `|`.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    pub kind: OperatorKind,
    /// The operator's own word or words.
    pub keyword: Span,
    pub span: Span,
}

/// Which operator. Spellings that mean the same (`filter`, `limit`, `order`) are one.
#[derive(Debug, Clone, PartialEq)]
pub enum OperatorKind {
    /// Not understood, of which there is a diagnostic.
    Missing,
    As(As),
    AssertSchema(AssertSchema),
    Consume(Vec<Parameter>),
    Count(Count),
    Distinct(Distinct),
    Evaluate(Evaluate),
    ExecuteAndCache,
    Extend(Vec<NamedExpr>),
    Facet(Facet),
    Find(Box<Find>),
    Fork(Fork),
    GetSchema,
    GraphMarkComponents(GraphMarkComponents),
    GraphMatch(Box<GraphMatch>),
    /// `graph-shortest-paths`: the parts of `graph-match`.
    GraphShortestPaths(Box<GraphMatch>),
    GraphToTable(GraphToTable),
    /// `graph-where-edges predicate`
    GraphWhereEdges(Expr),
    /// `graph-where-nodes predicate`
    GraphWhereNodes(Expr),
    Invoke(Invoke),
    Join(Box<Join>),
    Lookup(Box<Lookup>),
    MacroExpand(Box<MacroExpand>),
    MakeGraph(Box<MakeGraph>),
    MakeSeries(Box<MakeSeries>),
    MvApply(Box<MvApply>),
    MvExpand(MvExpand),
    Parse(Box<Parse>),
    ParseKv(Box<ParseKv>),
    Partition(Box<Partition>),
    Project(Project),
    ProjectAway(ProjectAway),
    /// `project-by-names "a", "b*", list`: names and patterns as values, constant texts or arrays of them.
    ProjectByNames(Vec<Expr>),
    ProjectKeep(ProjectKeep),
    ProjectRename(ProjectRename),
    ProjectReorder(ProjectReorder),
    Reduce(Box<Reduce>),
    Render(Render),
    Sample(Sample),
    SampleDistinct(Box<SampleDistinct>),
    Scan(Box<Scan>),
    Search(Box<Search>),
    Serialize(Vec<NamedExpr>),
    Sort(Sort),
    Summarize(Summarize),
    Take(Take),
    Top(Box<Top>),
    TopHitters(Box<TopHitters>),
    TopNested(TopNested),
    Union(Union),
    Where(Where),
}

/// `where predicate`, `filter predicate`.
#[derive(Debug, Clone, PartialEq)]
pub struct Where {
    pub hints: Vec<Parameter>,
    pub predicate: Expr,
}

/// `count`; `count as name` names its column.
#[derive(Debug, Clone, PartialEq)]
pub struct Count {
    pub name: Option<Name>,
}

/// `take n`, `limit n`.
#[derive(Debug, Clone, PartialEq)]
pub struct Take {
    pub count: Expr,
}

/// `sample n`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub count: Expr,
}

/// `sample-distinct n of value`.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleDistinct {
    pub count: Expr,
    pub of: NamedExpr,
}

/// `sort by a asc nulls last, b`, `order by …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    pub hints: Vec<Parameter>,
    pub keys: Vec<SortKey>,
}

/// `top n by a desc nulls first`.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    pub hints: Vec<Parameter>,
    pub count: Expr,
    /// One at least; further ones break ties.
    pub keys: Vec<SortKey>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    pub value: NamedExpr,
    /// Nothing said is descending.
    pub order: Option<SortOrder>,
    /// Nothing said is last for descending, first for ascending.
    pub nulls: Option<NullsOrder>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortOrder {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NullsOrder {
    First,
    Last,
}
