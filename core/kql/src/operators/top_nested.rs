//! `top-nested`: the best values, and of each the best values of the next level.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use crate::{
    bind::{Binder, Code, Names, Result, names::own_name},
    bound::{Column, Expr, JoinKind, Node, Operator, Relation, SortKey, WindowCall, WindowFunction},
    syntax::{
        Span,
        tree::{
            Target,
            operators::{SortOrder, TopNested},
        },
    },
};

pub(super) const HELP: &[Help] = &[Help::new(
    "top-nested",
    r#"T | top-nested [n] of column [with others = "…"] by aggregate [, top-nested …]"#,
    "Finds the best values of a column, then within each of them the best of the next, level by level.",
    &[(
        r#"datatable (a: string, v: long) ["x", 1, "y", 5, "x", 2] | top-nested 1 of a by s = sum(v)"#,
        "y, 5",
    )],
)
.takes(Takes::Number)
.words(&["of", "by", "with others", "top-nested"])];

impl<'t> Binder<'t> {
    pub(super) fn top_nested(
        &mut self,
        input: Relation,
        node: &'t TopNested,
        span: Span,
    ) -> Result<Relation> {
        let mut names = Names::default();
        let mut levels: Option<(Relation, Vec<Column>)> = None;
        for (number, level) in node.levels.iter().enumerate() {
            if level.others.is_some() {
                return Err(self.error(Code::Other, span, "`with others` is not supported"));
            }
            let rows = level.count.as_ref().map(|tree| self.row_limit(tree)).transpose()?;
            // The groups of this level and of all above it.
            let source = self.renumbered(&input);
            let (over, mut keys) = self.over(source, |binder, row| {
                let mut keys = Vec::new();
                for level in &node.levels[..=number] {
                    binder.named_one(&level.of, row, &mut keys)?;
                }
                Ok(keys.into_iter().map(|key| key.value).collect::<Vec<_>>())
            })?;
            let of = level_name(level).unwrap_or_else(|| format!("Column{}", number + 1));
            let of: Arc<str> = names.unique(&of);
            let above = keys.len() - 1;
            let own_key = keys.pop().into_iter();
            let mut named: Vec<(Arc<str>, Expr)> = keys
                .into_iter()
                .enumerate()
                .map(|(at, key)| (Arc::from(format!("\u{0}{at}")), key))
                .collect();
            named.extend(own_key.map(|key| (Arc::clone(&of), key)));
            let mut output = Vec::new();
            let mut inner_names = Names::default();
            let (grouped, (), calls) = self.over_groups(over, |binder, row| {
                binder.aggregated(&level.by.value, row, &named, &mut inner_names, &mut output)
            })?;
            let value_name = match &level.by.value.target {
                Some(Target::Name(name)) => names.unique(&name.text),
                _ => names.unique(&format!("aggregated_{of}")),
            };
            let Some((_, value)) = output.into_iter().next() else { continue };
            let grouped = self.finish_groups(grouped, named, calls, vec![(value_name, value)])?;
            let own: Vec<Column> = grouped.columns[above..].to_vec();
            let upper: Vec<Column> = grouped.columns[..above].to_vec();
            let (joined, kept, partition) = match levels.take() {
                None => (grouped, own.clone(), Vec::new()),
                Some((relation, known)) => {
                    let keys: Vec<Column> = known.iter().step_by(2).cloned().collect();
                    let on =
                        keys.iter().zip(&upper).map(|(left, right)| (left.value(), right.value())).collect();
                    let joined = self.join(JoinKind::Inner, relation, grouped, on);
                    let mut kept = known;
                    kept.extend(own.iter().cloned());
                    (joined, kept, keys.iter().map(Column::value).collect())
                }
            };
            let is_descending = level.by.order != Some(SortOrder::Ascending);
            let order = SortKey { expr: own[1].value(), is_descending, is_nulls_first: !is_descending };
            let ranked = match rows {
                Some(rows) => self.ranked(joined, partition, order, rows),
                None => joined,
            };
            levels = Some((self.keep(ranked, &kept), kept));
        }
        levels
            .map(|(relation, _)| relation)
            .ok_or_else(|| self.error(Code::ArgumentCount, span, "at least one level is needed"))
    }

    /// The first rows of each partition in an order.
    fn ranked(&mut self, input: Relation, partition: Vec<Expr>, order: SortKey, rows: usize) -> Relation {
        let number = self.fresh("row_number", ColumnType::Long);
        let limit = Expr::long(i64::try_from(rows).unwrap_or(i64::MAX));
        let is_in = Expr::operator(ColumnType::Bool, Operator::LessOrEqual, vec![number.value(), limit]);
        let calls = vec![WindowCall {
            function: WindowFunction::RowNumber,
            arguments: vec![Expr::long(1)],
            kind: ColumnType::Long,
        }];
        let mut columns = input.columns.clone();
        columns.push(number);
        let node = Node::Window { input: Box::new(input), partition, order: vec![order], calls };
        let numbered = Relation::new(columns, node, false);
        self.filter(numbered, is_in)
    }
}

fn level_name(level: &crate::syntax::tree::operators::TopNestedLevel) -> Option<String> {
    match &level.of.target {
        Some(Target::Name(name)) => Some(name.text.clone()),
        _ => own_name(&level.of.value),
    }
}
