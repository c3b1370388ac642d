//! Functions that need more than their arguments' values: the row's columns, the query's time, other rows, tables.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::{Arithmetic, Binder, Code, Result, Row, binary, convert, expression::not};
use crate::{
    bound::{Expr, ExprNode, Operator, Value, WindowCall, WindowFunction},
    syntax::tree::{self, ExprKind},
};

pub(super) type Bind = for<'t> fn(&mut Binder<'t>, &'t tree::Call, &Row<'_>) -> Result<Expr>;

const SPECIAL: &[(&str, Bind)] = &[
    ("iff", iff),
    ("iif", iff),
    ("case", case),
    ("coalesce", coalesce),
    ("bin_auto", bin_auto),
    ("not", negation),
    ("isnull", is_null),
    ("isnotnull", is_not_null),
    ("notnull", is_not_null),
    ("isempty", is_empty),
    ("isnotempty", is_not_empty),
    ("notempty", is_not_empty),
    ("now", now),
    ("ago", ago),
    ("toscalar", to_scalar),
    ("column_ifexists", column_if_exists),
    ("columnifexists", column_if_exists),
    ("column_names_of", column_names_of),
    ("ingestion_time", ingestion_time),
    ("pack_all", pack_all),
    ("bag_pack_columns", pack_columns),
    ("pack_columns", pack_columns),
    ("row_number", row_number),
    ("prev", previous),
    ("next", next),
    ("row_cumsum", cumulative_sum),
    ("row_rank_dense", rank_dense),
    ("row_rank_min", rank_min),
    ("row_window_session", session),
];

pub(super) fn special(name: &str) -> Option<Bind> {
    SPECIAL.iter().chain(super::context::CONTEXT).find(|(known, _)| *known == name).map(|(_, bind)| *bind)
}

/// The names of all of them, which the language's table has to describe.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SPECIAL.iter().chain(super::context::CONTEXT).map(|(name, _)| *name)
}

impl<'t> Binder<'t> {
    /// The arguments of a call that takes so many of them.
    pub(super) fn given(
        &mut self,
        call: &'t tree::Call,
        row: &Row<'_>,
        least: usize,
        most: usize,
    ) -> Result<Vec<Expr>> {
        let count = call.arguments.len();
        if count < least || count > most {
            let wanted = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let message = format!("`{}()` takes {wanted} arguments, not {count}", call.name.text);
            return Err(self.error(Code::ArgumentCount, call.span, message));
        }
        call.arguments.iter().map(|argument| self.scalar(&argument.value, row)).collect()
    }

    fn in_common(&self, values: Vec<Expr>, call: &tree::Call) -> Result<(ColumnType, Vec<Expr>)> {
        let misfit = || {
            let kinds: Vec<_> = values.iter().map(|value| value.kind.name()).collect();
            let message =
                format!("the values of `{}()` have no common type: {}", call.name.text, kinds.join(", "));
            self.error(Code::Types, call.span, message)
        };
        let kind = convert::common_of(&values).ok_or_else(misfit)?;
        let converted = values.iter().cloned().map(|value| convert::implicitly(value, kind));
        Ok((kind, converted.collect::<Option<Vec<_>>>().ok_or_else(misfit)?))
    }

    fn literal_bool(&self, value: &Expr, span: crate::syntax::Span, what: &str) -> Result<bool> {
        let value = convert::constant(value, &span.range(), what)?;
        Ok(value == Value::Bool(true))
    }

    fn window(
        &mut self,
        call: &tree::Call,
        row: &Row<'_>,
        function: WindowFunction,
        arguments: Vec<Expr>,
        kind: ColumnType,
    ) -> Result<Expr> {
        self.window_value(row, call.span, &call.name.text, WindowCall { function, arguments, kind })
    }
}

fn iff<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let mut arguments = binder.given(call, row, 3, 3)?;
    let condition = binder.as_condition(arguments.remove(0), call.arguments[0].value.span)?;
    let (kind, arms) = binder.in_common(arguments, call)?;
    let [then, otherwise] = <[Expr; 2]>::try_from(arms).expect("two arms were converted");
    Ok(choice(kind, vec![(condition, then)], otherwise))
}

fn case<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 3, usize::MAX)?;
    if arguments.len() % 2 == 0 {
        let message = "`case()` takes pairs of a condition and a value, and a last value";
        return Err(binder.error(Code::ArgumentCount, call.span, message));
    }
    let last = arguments.len() - 1;
    let (mut conditions, mut values) = (Vec::new(), Vec::new());
    for (at, argument) in arguments.into_iter().enumerate() {
        if at % 2 == 0 && at < last {
            conditions.push(binder.as_condition(argument, call.arguments[at].value.span)?);
        } else {
            values.push(argument);
        }
    }
    let (kind, mut values) = binder.in_common(values, call)?;
    let otherwise = values.pop().expect("the last value was converted");
    Ok(choice(kind, conditions.into_iter().zip(values).collect(), otherwise))
}

fn choice(kind: ColumnType, branches: Vec<(Expr, Expr)>, otherwise: Expr) -> Expr {
    Expr { kind, node: ExprNode::Case { branches, otherwise: Box::new(otherwise) } }
}

fn coalesce<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 1, usize::MAX)?;
    let (kind, values) = binder.in_common(arguments, call)?;
    Ok(Expr { kind, node: ExprNode::Coalesce(values) })
}

/// `bin` by the size, and from the place, that the query's options give.
fn bin_auto<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let value = binder.given(call, row, 1, 1)?.remove(0);
    let size_kind = if value.kind == ColumnType::DateTime { ColumnType::TimeSpan } else { value.kind };
    let option = |binder: &Binder<'t>, name: &str, kind| {
        let (_, text) = binder.options.iter().rev().find(|(known, _)| known == name)?;
        super::literal::of_text(text, kind)
    };
    let Some(size) = option(binder, "query_bin_auto_size", size_kind) else {
        let message = "`bin_auto()` needs `set query_bin_auto_size = …;` before the query";
        return Err(binder.error(Code::Argument, call.span, message));
    };
    let (name, arguments) = match option(binder, "query_bin_auto_at", value.kind) {
        Some(at) => ("bin_at", vec![value, size, at]),
        None => ("bin", vec![value, size]),
    };
    let function = binder.builtin(name, call.span)?;
    binder.apply(function, arguments, call)
}

fn negation<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let value = binder.given(call, row, 1, 1)?.remove(0);
    Ok(not(binder.as_condition(value, call.arguments[0].value.span)?))
}

fn is_null<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    Ok(null_test(binder.given(call, row, 1, 1)?.remove(0)))
}

fn null_test(value: Expr) -> Expr {
    Expr::operator(ColumnType::Bool, Operator::IsNull, vec![value])
}

fn is_not_null<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    Ok(not(is_null(binder, call, row)?))
}

/// Whether a value is null or the empty text.
fn emptiness(value: Expr, operator: Operator) -> Expr {
    let is_equal = operator == Operator::Equal;
    match value.kind {
        ColumnType::String => Expr::operator(ColumnType::Bool, operator, vec![value, Expr::string("")]),
        ColumnType::Dynamic => {
            let text = convert::explicitly(value.clone(), ColumnType::String).unwrap_or(value);
            Expr::operator(ColumnType::Bool, operator, vec![text, Expr::string("")])
        }
        _ if is_equal => null_test(value),
        _ => not(null_test(value)),
    }
}

fn is_empty<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    Ok(emptiness(binder.given(call, row, 1, 1)?.remove(0), Operator::Equal))
}

fn is_not_empty<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    Ok(emptiness(binder.given(call, row, 1, 1)?.remove(0), Operator::NotEqual))
}

fn now<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 0, 1)?;
    let now = Expr::literal(ColumnType::DateTime, Value::DateTime(binder.settings.now));
    moved(binder, now, Arithmetic::Add, arguments, call)
}

fn ago<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 1, 1)?;
    let now = Expr::literal(ColumnType::DateTime, Value::DateTime(binder.settings.now));
    moved(binder, now, Arithmetic::Subtract, arguments, call)
}

fn moved(
    binder: &mut Binder<'_>,
    time: Expr,
    operator: Arithmetic,
    by: Vec<Expr>,
    call: &tree::Call,
) -> Result<Expr> {
    let Some(by) = by.into_iter().next() else { return Ok(time) };
    let by = convert::implicitly(by, ColumnType::TimeSpan).ok_or_else(|| {
        let message = format!("`{}()` takes a timespan, such as `7d`", call.name.text);
        binder.error(Code::Argument, call.span, message)
    })?;
    let moved = binary::arithmetic(operator, time, by, &call.span.range())?;
    let mut has_column = false;
    moved.for_each_column(&mut |_| has_column = true);
    if has_column {
        return Ok(moved);
    }
    let value = convert::constant(&moved, &call.span.range(), "a time")?;
    Ok(Expr::literal(ColumnType::DateTime, value))
}

fn to_scalar<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let [argument] = call.arguments.as_slice() else {
        return Err(binder.error(Code::ArgumentCount, call.span, "`toscalar()` takes one table"));
    };
    if !binder.is_tabular(&argument.value) {
        return binder.scalar(&argument.value, row);
    }
    let (relation, batches) = binder.ask(|binder| {
        binder.alone(|binder| {
            let relation = binder.deeper(call.span, |binder| binder.separate(&argument.value))?;
            let Some(first) = relation.columns.first().cloned() else {
                return Err(binder.error(Code::Types, argument.value.span, "the table has no column"));
            };
            let relation = binder.keep(relation, &[first]);
            Ok(binder.limit(relation, 1))
        })
    })?;
    let kind = relation.columns[0].kind;
    let first = batches.iter().find(|batch| batch.num_rows() > 0);
    let value = match first {
        Some(batch) => {
            let scalar = datafusion::scalar::ScalarValue::try_from_array(batch.column(0), 0)
                .map_err(|error| binder.error(Code::Other, call.span, error.strip_backtrace()))?;
            Value::from_scalar(&scalar, kind)
        }
        None => Value::Null,
    };
    let value =
        if kind == ColumnType::String && value == Value::Null { Value::String(Arc::from("")) } else { value };
    Ok(Expr::literal(kind, value))
}

fn column_if_exists<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let [name, default] = call.arguments.as_slice() else {
        return Err(binder.error(
            Code::ArgumentCount,
            call.span,
            "`column_ifexists()` takes a name and a default",
        ));
    };
    let name = match &name.value.unparenthesized().kind {
        ExprKind::Name(name) if binder.env.find(&name.text).is_none() => name.text.clone(),
        _ => match binder.constant(&name.value, "the name of a column")? {
            Value::String(name) => name.to_string(),
            _ => return Err(binder.error(Code::Argument, call.span, "a column's name must be a string")),
        },
    };
    match row.column(&name) {
        Some(column) => Ok(column.value()),
        None => binder.scalar(&default.value, row),
    }
}

fn column_names_of<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, _: &Row<'_>) -> Result<Expr> {
    let [table] = call.arguments.as_slice() else {
        return Err(binder.error(Code::ArgumentCount, call.span, "`column_names_of()` takes one table"));
    };
    let table = binder.deeper(call.span, |binder| binder.separate(&table.value))?;
    let names = table.columns.iter().map(|column| Expr::string(&column.name)).collect();
    binder.array(names, call.span)
}

/// The time at which a row came, where the table knows it.
fn ingestion_time<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    binder.given(call, row, 0, 0)?;
    let known = ["_TimeReceived", "TimeGenerated", "Timestamp"];
    let column =
        known.iter().find_map(|name| row.column(name)).filter(|column| column.kind == ColumnType::DateTime);
    Ok(column.map_or(Expr::null(ColumnType::DateTime), |column| column.value()))
}

fn pack_all<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let ignore = match binder.given(call, row, 0, 1)?.first() {
        Some(value) => binder.literal_bool(value, call.span, "whether empty values are left out")?,
        None => false,
    };
    let members = row.columns.iter().map(|column| (column.name.to_string(), column.value())).collect();
    bag(binder, members, ignore, call)
}

fn pack_columns<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let mut members = Vec::new();
    for argument in &call.arguments {
        let ExprKind::Name(name) = &argument.value.unparenthesized().kind else {
            return Err(binder.error(Code::Argument, argument.value.span, "a column is needed here"));
        };
        members.push((name.text.clone(), binder.existing(name, row.columns)?.value()));
    }
    bag(binder, members, false, call)
}

fn bag(
    binder: &mut Binder<'_>,
    members: Vec<(String, Expr)>,
    ignore_empty: bool,
    call: &tree::Call,
) -> Result<Expr> {
    let name = if ignore_empty { "bag_pack_non_empty" } else { "bag_pack" };
    let function = binder.builtin(name, call.span)?;
    let mut arguments = if ignore_empty { vec![Expr::bool(true)] } else { Vec::new() };
    arguments.extend(members.into_iter().flat_map(|(name, value)| [Expr::string(&name), value]));
    Ok(Expr::call(ColumnType::Dynamic, function, arguments))
}

fn row_number<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let mut arguments = binder.given(call, row, 0, 2)?;
    if arguments.is_empty() {
        arguments.push(Expr::long(1));
    }
    let first = convert::number(arguments.remove(0), ColumnType::Long);
    arguments.insert(0, first);
    binder.window(call, row, WindowFunction::RowNumber, arguments, ColumnType::Long)
}

fn previous<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    neighbour(binder, call, row, WindowFunction::Previous)
}

fn next<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    neighbour(binder, call, row, WindowFunction::Next)
}

fn neighbour<'t>(
    binder: &mut Binder<'t>,
    call: &'t tree::Call,
    row: &Row<'_>,
    function: WindowFunction,
) -> Result<Expr> {
    let mut arguments = binder.given(call, row, 1, 3)?;
    let kind = arguments[0].kind;
    match arguments.get_mut(1) {
        Some(offset) => {
            let span = call.arguments[1].value.span.range();
            let value = convert::constant(offset, &span, "the number of rows")?;
            *offset = match value {
                Value::Int(value) => Expr::long(i64::from(value)),
                value => Expr::literal(ColumnType::Long, value),
            };
        }
        None => arguments.push(Expr::long(1)),
    }
    if let Some(default) = arguments.pop_if(|_| call.arguments.len() == 3) {
        let converted =
            convert::implicitly(default.clone(), kind).or_else(|| convert::explicitly(default, kind));
        let default = converted.ok_or_else(|| {
            binder.error(Code::Types, call.span, format!("the default must be a {kind}, as the values are"))
        })?;
        arguments.push(default);
    }
    binder.window(call, row, function, arguments, kind)
}

fn cumulative_sum<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let mut arguments = binder.given(call, row, 1, 2)?;
    let term = arguments.remove(0);
    let term = match term.kind {
        ColumnType::Int => convert::number(term, ColumnType::Long),
        ColumnType::Dynamic => convert::explicitly(term.clone(), ColumnType::Real).unwrap_or(term),
        _ => term,
    };
    let kind = term.kind;
    arguments.insert(0, term);
    binder.window(call, row, WindowFunction::CumulativeSum, arguments, kind)
}

fn rank_dense<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 1, 2)?;
    binder.window(call, row, WindowFunction::RankDense, arguments, ColumnType::Long)
}

fn rank_min<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 1, 2)?;
    binder.window(call, row, WindowFunction::RankMin, arguments, ColumnType::Long)
}

fn session<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 3, 4)?;
    binder.window(call, row, WindowFunction::Session, arguments, ColumnType::DateTime)
}
