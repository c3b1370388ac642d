//! What `ipv4_lookup`, `geo_polygon_lookup` and their like have in common: rows with those of a table for which a
//! test holds.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use crate::{
    bind::{Binder, Code, Names, Result},
    bound::{Column, Expr, JoinKind, Relation, Value},
    syntax::tree::{self, Call, ExprKind},
};

/// The arguments of a call, some by place and some by name.
pub(super) struct Arguments<'t> {
    call: &'t Call,
    places: Vec<&'t tree::Expr>,
}

impl<'t> Arguments<'t> {
    /// # Errors
    /// There are fewer than `least` arguments by place.
    pub fn new(binder: &Binder<'t>, call: &'t Call, least: usize, takes: &str) -> Result<Self> {
        let places: Vec<_> = call
            .arguments
            .iter()
            .filter(|argument| argument.name.is_none())
            .map(|argument| &argument.value)
            .collect();
        if places.len() < least {
            let message = format!("`{}()` takes {takes}", call.name.text);
            return Err(binder.error(Code::ArgumentCount, call.span, message));
        }
        Ok(Self { call, places })
    }

    pub fn place(&self, at: usize) -> Option<&'t tree::Expr> {
        self.places.get(at).copied()
    }

    /// The arguments from a place on.
    pub fn rest(&self, from: usize) -> &[&'t tree::Expr] {
        self.places.get(from..).unwrap_or_default()
    }

    /// The argument of this name, or else the one in this place.
    fn named_or_at(&self, name: &str, at: usize) -> Option<&'t tree::Expr> {
        let is_it = |argument: &&'t tree::Argument| {
            argument.name.as_ref().is_some_and(|given| given.text.eq_ignore_ascii_case(name))
        };
        self.call.arguments.iter().find(is_it).map(|argument| &argument.value).or_else(|| self.place(at))
    }

    pub fn flag(&self, binder: &mut Binder<'t>, name: &str, at: usize) -> Result<bool> {
        match self.named_or_at(name, at) {
            Some(tree) => Ok(binder.constant(tree, "a setting of the lookup")? == Value::Bool(true)),
            None => Ok(false),
        }
    }

    /// A number; `None` if there is none, or it is null.
    pub fn number(&self, binder: &mut Binder<'t>, name: &str, at: usize) -> Result<Option<f64>> {
        let Some(tree) = self.named_or_at(name, at) else { return Ok(None) };
        match binder.constant(tree, "a setting of the lookup")? {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(f64::from(value))),
            Value::Long(value) => Ok(Some(value as f64)),
            Value::Real(value) => Ok(Some(value)),
            _ => Err(binder.error(Code::Argument, tree.span, "a number is needed here")),
        }
    }

    /// A column of a relation.
    pub fn column(&self, binder: &Binder<'t>, at: usize, relation: &Relation) -> Result<Column> {
        let Some(tree) = self.place(at) else {
            return Err(binder.error(Code::ArgumentCount, self.call.span, "a column is missing"));
        };
        match &tree.unparenthesized().kind {
            ExprKind::Name(name) => Ok(binder.existing(name, &relation.columns)?.clone()),
            _ => Err(binder.error(Code::Argument, tree.span, "the name of a column is needed here")),
        }
    }
}

/// The rows of `input` with each of `table` for which `test` holds; the others too, if they are asked for. A column
/// of the table may be left out.
pub(super) fn lookup(
    binder: &mut Binder<'_>,
    input: Relation,
    table: Relation,
    test: Expr,
    with_unmatched: bool,
    without: Option<&Column>,
) -> Relation {
    let mut names = Names::with(input.columns.iter().map(|column| Arc::clone(&column.name)));
    let mut output: Vec<(Arc<str>, Expr)> =
        input.columns.iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
    for column in table.columns.iter().filter(|column| Some(*column) != without) {
        output.push((names.unique(&column.name), column.value()));
    }
    let copy = input.clone();
    let pairs = binder.join(JoinKind::Inner, input, table, Vec::new());
    let matched = binder.filter(pairs, test);
    let matched = binder.project(matched, output);
    if !with_unmatched {
        return matched;
    }
    let rest = binder.renumbered(&copy);
    let known = binder.renumbered(&matched);
    let on =
        rest.columns.iter().zip(&known.columns).map(|(left, right)| (left.value(), right.value())).collect();
    let unmatched = binder.join(JoinKind::LeftAnti, rest, known, on);
    binder.union_of(vec![(String::new(), matched), (String::new(), unmatched)], false, None)
}

/// A call of a test.
pub(super) fn test(
    binder: &Binder<'_>,
    name: &'static str,
    call: &Call,
    arguments: Vec<Expr>,
) -> Result<Expr> {
    Ok(Expr::call(ColumnType::Bool, binder.builtin(name, call.span)?, arguments))
}
