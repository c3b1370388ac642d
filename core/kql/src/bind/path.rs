//! Parts of dynamic values: `a.b`, `a["b"]`, `a[0]`.

use phalanx_signal::ColumnType;

use super::{Binder, Code, Result, Row};
use crate::{
    bound::{Expr, Value},
    dynamic::{Path, Step},
    functions::part,
    syntax::tree::{self, ExprKind},
};

impl<'t> Binder<'t> {
    /// The whole path is one step for the engine, up to an index that rows give.
    pub(super) fn path(&mut self, tree: &'t tree::Expr, row: &Row<'_>) -> Result<Expr> {
        let mut behind = Vec::new();
        let mut base = tree;
        while let ExprKind::Member { base: inner, .. } | ExprKind::Index { base: inner, .. } = &base.kind {
            behind.push(base);
            base = inner;
        }
        if let (ExprKind::Name(side), Some(ExprKind::Member { name, .. })) =
            (&base.kind, behind.last().map(|tree| &tree.kind))
            && matches!(side.text.as_str(), "$left" | "$right")
        {
            let columns = if side.text == "$left" { Some(row.columns) } else { row.right };
            let found = columns.and_then(|columns| columns.iter().find(|column| *column.name == *name.text));
            let Some(column) = found else {
                return Err(self.unknown_column(name, columns.unwrap_or_default()));
            };
            behind.pop();
            return self.parts(column.value(), &behind, row);
        }
        // In `scan`, what a step's last row had; in a graph, what a variable of the pattern has.
        if let (ExprKind::Name(step), Some(ExprKind::Member { name, .. })) =
            (&base.kind, behind.last().map(|tree| &tree.kind))
            && let Some(column) = row.column(&format!("\0{}.{}", step.text, name.text))
        {
            behind.pop();
            return self.parts(column.value(), &behind, row);
        }
        if let Some(ExprKind::Member { name, .. }) = behind.last().map(|tree| &tree.kind)
            && let Some(value) = self.graph_property(base, name, row)?
        {
            behind.pop();
            return self.parts(value, &behind, row);
        }
        let mut value = self.scalar(base, row)?;
        if value.value() == Some(&Value::Null) {
            // No value of any type has no parts.
            value = Expr::null(ColumnType::Dynamic);
        }
        self.parts(value, &behind, row)
    }

    fn parts(&mut self, mut value: Expr, behind: &[&'t tree::Expr], row: &Row<'_>) -> Result<Expr> {
        let mut steps = Vec::new();
        for tree in behind.iter().rev() {
            if value.kind != ColumnType::Dynamic {
                let message = format!(
                    "a {} has no parts; if it holds JSON, read it by `parse_json()` first",
                    value.kind
                );
                return Err(self.error(Code::Types, tree.span, message));
            }
            let step = match &tree.kind {
                ExprKind::Member { name, .. } => Step::Member(name.text.clone()),
                ExprKind::Index { index, .. } => {
                    let index = self.scalar(index, row)?;
                    match index.value() {
                        Some(Value::Long(at)) => Step::Element(*at),
                        Some(Value::Int(at)) => Step::Element(i64::from(*at)),
                        Some(Value::String(name)) => Step::Member(name.to_string()),
                        _ => {
                            value = along(value, &mut steps);
                            value = Expr::call(ColumnType::Dynamic, &part::PART_AT, vec![value, index]);
                            continue;
                        }
                    }
                }
                _ => continue,
            };
            steps.push(step);
        }
        Ok(along(value, &mut steps))
    }
}

fn along(value: Expr, steps: &mut Vec<Step>) -> Expr {
    if steps.is_empty() {
        return value;
    }
    let path = Path(std::mem::take(steps)).to_text();
    Expr::call(ColumnType::Dynamic, &part::PART, vec![value, Expr::string(&path)])
}
