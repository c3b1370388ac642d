//! `project` and its relatives: which columns, in which order, under which names.

use std::sync::Arc;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Names, Result, names::fits, open_kind},
    bound::{Column, Expr, Relation, Value},
    dynamic::Json,
    syntax::tree::{
        self, ColumnPattern, ExprKind, Target,
        operators::{ColumnOrder, Project, ProjectAway, ProjectKeep, ProjectRename, ProjectReorder},
    },
};

pub(super) const HELP: &[Help] = &[
    Help::new(
        "project",
        "T | project column [= expression], …",
        "Makes rows of just these columns, in this order.",
        &[("print a = 1, b = 2 | project c = a + b, a", "3, 1")],
    )
    .takes(Takes::Values),
    Help::new(
        "project-away",
        "T | project-away column, prefix*, …",
        "Leaves the named columns out.",
        &[("print a = 1, b = 2, bc = 3 | project-away b*", "1")],
    )
    .takes(Takes::Columns),
    Help::new(
        "project-keep",
        "T | project-keep column, prefix*, …",
        "Keeps only the named columns, in the order they had.",
        &[("print a = 1, b = 2, bc = 3 | project-keep b*", "2, 3")],
    )
    .takes(Takes::Columns),
    Help::new(
        "project-rename",
        "T | project-rename new = old, …",
        "Gives columns other names and leaves everything else as it is.",
        &[("print a = 1, b = 2 | project-rename c = a | project c", "1")],
    )
    .takes(Takes::Columns),
    Help::new(
        "project-reorder",
        "T | project-reorder column [asc | desc | granny-asc | granny-desc], …",
        "Moves the named columns to the front; a wildcard can be sorted by name.",
        &[("print a = 1, b = 2, c = 3 | project-reorder c, a", "3, 1, 2")],
    )
    .takes(Takes::Columns)
    .words(&["asc", "desc", "granny-asc", "granny-desc"]),
    Help::new(
        "project-by-names",
        r#"T | project-by-names "column", dynamic(["prefix*"]), …"#,
        "Makes rows of the columns whose names are given as values.",
        &[(r#"print a = 1, b = 2 | project-by-names "b""#, "2")],
    )
    .takes(Takes::Values),
];

impl<'t> Binder<'t> {
    pub(super) fn project_columns(&mut self, input: Relation, node: &'t Project) -> Result<Relation> {
        let (over, values) = self.over(input, |binder, row| binder.named_all(&node.columns, row))?;
        let mut names = Names::default();
        for named in &values {
            if let (Some(name), true) = (&named.name, named.is_given)
                && !names.take(name)
            {
                let message = format!("the column `{name}` is given twice");
                return Err(self.error(Code::DuplicateName, named.span, message));
            }
        }
        let mut output = Vec::with_capacity(values.len());
        for named in values {
            let name = match named.name {
                Some(name) if named.is_given => name,
                Some(name) => names.unique(&name),
                None => names.unnamed(),
            };
            output.push((name, named.value));
        }
        Ok(self.project(over, output))
    }

    pub(super) fn project_away(&mut self, input: Relation, node: &'t ProjectAway) -> Result<Relation> {
        let away = self.matching(&input.columns, &node.columns)?;
        let kept: Vec<_> = input.columns.iter().filter(|column| !away.contains(column)).cloned().collect();
        Ok(self.keep(input, &kept))
    }

    pub(super) fn project_keep(&mut self, input: Relation, node: &'t ProjectKeep) -> Result<Relation> {
        let keep = self.matching(&input.columns, &node.columns)?;
        let kept: Vec<_> = input.columns.iter().filter(|column| keep.contains(column)).cloned().collect();
        Ok(self.keep(input, &kept))
    }

    /// Columns by names and patterns that are values; what there is not is left out.
    pub(super) fn project_by_names(&mut self, input: Relation, trees: &'t [tree::Expr]) -> Result<Relation> {
        let mut kept: Vec<Column> = Vec::new();
        for tree in trees {
            let names = match self.constant(tree, "the name of a column")? {
                Value::String(name) => vec![name.to_string()],
                Value::Dynamic(json) => {
                    let names = Json::new(&json).elements().into_iter().flatten();
                    names.filter_map(|name| name.as_text().map(|name| name.into_owned())).collect()
                }
                _ => return Err(self.error(Code::Argument, tree.span, "names of columns are strings")),
            };
            for name in names {
                for column in input.columns.iter().filter(|column| fits(&name, &column.name)) {
                    if !kept.contains(column) {
                        kept.push(column.clone());
                    }
                }
            }
        }
        Ok(self.keep(input, &kept))
    }

    /// The columns that the patterns mean.
    fn matching(&self, columns: &[Column], patterns: &[ColumnPattern]) -> Result<Vec<Column>> {
        let mut found = Vec::new();
        for pattern in patterns {
            match pattern {
                ColumnPattern::Name(name) => found.push(self.existing(name, columns)?.clone()),
                ColumnPattern::Wildcard { pattern, .. } => {
                    found.extend(columns.iter().filter(|column| fits(pattern, &column.name)).cloned());
                }
            }
        }
        Ok(found)
    }

    pub(super) fn project_rename(&mut self, input: Relation, node: &'t ProjectRename) -> Result<Relation> {
        let input = self.with_named(input, &node.columns);
        let mut columns = input.columns.clone();
        for renamed in &node.columns {
            let (Some(Target::Name(new)), ExprKind::Name(old)) =
                (&renamed.target, &renamed.value.unparenthesized().kind)
            else {
                return Err(self.error(
                    Code::Syntax,
                    renamed.span,
                    "write `new = old`, both names of columns",
                ));
            };
            let at = input.columns.iter().position(|column| *column.name == *old.text);
            let Some(at) = at else { return Err(self.unknown_column(old, &input.columns)) };
            columns[at].name = Arc::from(new.text.as_str());
        }
        let mut names = Names::default();
        for column in &columns {
            if !names.take(&column.name) {
                let message = format!("there would be two columns `{}`", column.name);
                let span = node.columns.first().map(|renamed| renamed.span).unwrap_or_default();
                return Err(self.error(Code::DuplicateName, span, message));
            }
        }
        Ok(self.keep(input, &columns))
    }

    /// With the columns that are named of a table that may have more than are known.
    fn with_named(&mut self, input: Relation, named: &'t [tree::NamedExpr]) -> Relation {
        if !input.is_open {
            return input;
        }
        let mut output: Vec<(Arc<str>, Expr)> =
            input.columns.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        for name in named.iter().filter_map(|renamed| renamed.value.unparenthesized().as_name()) {
            if input.column(&name.text).is_none() {
                output.push((Arc::from(name.text.as_str()), Expr::null(open_kind(&name.text))));
            }
        }
        self.project_on(input, output)
    }

    pub(super) fn project_reorder(&mut self, input: Relation, node: &'t ProjectReorder) -> Result<Relation> {
        // A column belongs to the item that names it, else to the first wildcard that fits it.
        let mut groups: Vec<Vec<Column>> = vec![Vec::new(); node.columns.len()];
        let mut rest = Vec::new();
        for item in &node.columns {
            if let ColumnPattern::Name(name) = &item.column
                && !input.is_open
            {
                self.existing(name, &input.columns)?;
            }
        }
        for column in &input.columns {
            let named = node.columns.iter().position(
                |item| matches!(&item.column, ColumnPattern::Name(name) if *name.text == *column.name),
            );
            let fitting = || {
                node.columns.iter().position(
                    |item| matches!(&item.column, ColumnPattern::Wildcard { pattern, .. } if fits(pattern, &column.name)),
                )
            };
            match named.or_else(fitting) {
                Some(at) => groups[at].push(column.clone()),
                None => rest.push(column.clone()),
            }
        }
        for (item, group) in node.columns.iter().zip(&mut groups) {
            match item.order {
                None => {}
                Some(ColumnOrder::Ascending) => group.sort_by(|a, b| a.name.cmp(&b.name)),
                Some(ColumnOrder::Descending) => group.sort_by(|a, b| b.name.cmp(&a.name)),
                Some(ColumnOrder::GrannyAscending) => group.sort_by_key(|column| granny(&column.name)),
                Some(ColumnOrder::GrannyDescending) => {
                    group.sort_by_key(|column| std::cmp::Reverse(granny(&column.name)));
                }
            }
        }
        let mut columns: Vec<Column> = groups.into_iter().flatten().collect();
        columns.extend(rest);
        Ok(self.keep(input, &columns))
    }
}

/// A name as something to order by: runs of digits count as numbers.
fn granny(name: &str) -> Vec<(bool, String, u128)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let end = rest.find(|letter: char| letter.is_ascii_digit() != is_digit).unwrap_or(rest.len());
        let (part, behind) = rest.split_at(end);
        let number = if is_digit { part.parse().unwrap_or(u128::MAX) } else { 0 };
        parts.push((!is_digit, if is_digit { String::new() } else { part.to_owned() }, number));
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::granny;

    #[test]
    fn digits_count_as_numbers() {
        let mut names = vec!["a100", "a20", "a3", "b1", "a"];
        names.sort_by_key(|name| granny(name));
        assert_eq!(names, ["a", "a3", "a20", "a100", "b1"]);
    }
}
