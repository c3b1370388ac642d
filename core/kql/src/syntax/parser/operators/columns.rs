//! Operators that choose, name and order columns.

use crate::syntax::parser::Parser;
use crate::syntax::tree::operators::{
    ColumnOrder, Project, ProjectAway, ProjectKeep, ProjectRename, ProjectReorder, ReorderItem,
};
use crate::syntax::tree::{NamedExpr, OperatorKind};

impl Parser<'_> {
    pub(in crate::syntax::parser) fn project(&mut self) -> OperatorKind {
        OperatorKind::Project(Project { columns: self.optional_list(Self::named_expr) })
    }

    pub(in crate::syntax::parser) fn project_away(&mut self) -> OperatorKind {
        OperatorKind::ProjectAway(ProjectAway { columns: self.optional_list(Self::column_pattern) })
    }

    pub(in crate::syntax::parser) fn project_keep(&mut self) -> OperatorKind {
        OperatorKind::ProjectKeep(ProjectKeep { columns: self.optional_list(Self::column_pattern) })
    }

    pub(in crate::syntax::parser) fn project_rename(&mut self) -> OperatorKind {
        OperatorKind::ProjectRename(ProjectRename { columns: self.optional_list(Self::named_expr) })
    }

    pub(in crate::syntax::parser) fn project_reorder(&mut self) -> OperatorKind {
        OperatorKind::ProjectReorder(ProjectReorder { columns: self.optional_list(Self::reorder_item) })
    }

    pub(in crate::syntax::parser) fn serialize(&mut self) -> OperatorKind {
        self.parameters(&[]);
        OperatorKind::Serialize(self.optional_list::<NamedExpr>(Self::named_expr))
    }

    fn reorder_item(&mut self) -> ReorderItem {
        let column = self.column_pattern();
        let order = match self.dashed_word() {
            "asc" => Some(ColumnOrder::Ascending),
            "desc" => Some(ColumnOrder::Descending),
            "granny-asc" => Some(ColumnOrder::GrannyAscending),
            "granny-desc" => Some(ColumnOrder::GrannyDescending),
            _ => None,
        };
        if order.is_some() {
            self.wildcard(self.dashed_length());
        }
        ReorderItem { column, order }
    }

    /// A list that may be empty.
    pub(in crate::syntax::parser) fn optional_list<T>(&mut self, item: fn(&mut Self) -> T) -> Vec<T> {
        if self.kind().is_closing() { Vec::new() } else { self.comma_list(item) }
    }
}
