//! `make-series`: aggregates over equal bins of an axis, as arrays.
//!
//! Rows are aggregated by bin first; the bins of a series are then gathered and laid out with gaps filled.

use std::sync::Arc;

use phalanx_signal::ColumnType;

use super::help::{Help, Takes};
use super::summarize::given_names;
use crate::{
    bind::{Binder, Code, Names, Result, Row, balanced, convert, not},
    bound::{Expr, Operator, Relation, Value},
    functions::{arithmetic::DIVIDE_WHOLE, arithmetic::REMAINDER_WHOLE, filled},
    syntax::{
        Span,
        tree::{
            self,
            operators::{MakeSeries, MakeSeriesRange},
        },
    },
};

pub(super) const HELP: &[Help] = &[
    Help::new("make-series", "T | make-series [Name =] aggregate [default = value], … on axis [from start] [to end] step size [by column, …]", "Makes arrays of an aggregate over evenly spaced bins of an axis, the gaps filled with a default.", &[("datatable (t: long) [0, 1, 1, 3] | make-series n = count() default = 0 on t from 0 to 4 step 1 | project tostring(n)", "[1,2,0,1]")]).takes(Takes::Aggregates).words(&["default", "on", "from", "to", "step", "by"]).parameters(&[("kind", &["nonempty"])]),
];

/// Ticks of a timespan in a microsecond.
const TICKS: i64 = 10;

/// Where bins begin, and how many there are.
struct Bins {
    /// The axis where place 0 is.
    origin: Expr,
    /// In the axis' unit: microseconds of a datetime, ticks of a timespan.
    step: Expr,
    from: Option<Expr>,
    to: Option<Expr>,
    is_end_inclusive: bool,
}

impl<'t> Binder<'t> {
    pub(super) fn make_series(
        &mut self,
        input: Relation,
        node: &'t MakeSeries,
        span: Span,
    ) -> Result<Relation> {
        let mut names = Names::default();
        let (over, (mut axis, keys)) = self.over(input, |binder, row| {
            let mut axis = Vec::new();
            binder.named_one(&node.on, row, &mut axis)?;
            Ok((axis, binder.named_all(&node.by, row)?))
        })?;
        let keys = self.group_keys(keys, &mut names)?;
        let Some(axis) = axis.pop() else {
            return Err(self.error(Code::ArgumentCount, span, "the axis is missing"));
        };
        let axis_name = axis.name.unwrap_or_else(|| Arc::from("Column1"));
        let bins = self.bins(&node.range, axis.value.kind, span)?;
        let filtered = self.within_bins(over, &axis.value, &bins);
        let place = place(&axis.value, &bins);
        // One row for each series and bin.
        let mut binned_keys = keys.clone();
        binned_keys.push((Arc::from("\u{0}place"), place));
        let mut defaults = Vec::new();
        let (grouped, output, calls) = self.over_groups(filtered, |binder, row| {
            let mut output = Vec::new();
            for name in node.columns.iter().flat_map(|column| given_names(&column.aggregate)) {
                binder.take_name(&mut names, name)?;
            }
            for column in &node.columns {
                let before = output.len();
                binder.aggregated(&column.aggregate, row, &keys, &mut names, &mut output)?;
                let default = match &column.default {
                    Some(tree) => convert::to_dynamic(binder.scalar(tree, &Row::NONE)?),
                    None => Expr::literal(ColumnType::Dynamic, Value::Dynamic("0".into())),
                };
                defaults.extend((before..output.len()).map(|_| default.clone()));
            }
            Ok(output)
        })?;
        let series: Vec<Arc<str>> = output.iter().map(|(name, _)| Arc::clone(name)).collect();
        let binned = self.finish_groups(grouped, binned_keys, calls, output)?;
        // One row for each series.
        let count = keys.len();
        let pack = self.builtin("pack_array", span)?;
        let values = binned.columns[count..count + 1 + series.len()].iter().map(crate::bound::Column::value);
        let bin = Expr::call(ColumnType::Dynamic, pack, values.collect());
        let gathered = self.simple_call("make_list", "\u{0}bins", vec![bin], ColumnType::Dynamic, span)?;
        let by =
            binned.columns[..count].iter().map(|column| (Arc::clone(&column.name), column.value())).collect();
        let gathered = self.grouped(binned, by, vec![gathered])?;
        let is_nonempty = self.parameter(&node.parameters, "kind") == Some("nonempty");
        let bins_at = gathered.columns.iter().position(|column| &*column.name == "\u{0}bins");
        let Some(list) = bins_at.map(|at| gathered.columns[at].value()) else { return Ok(gathered) };
        let gathered = if is_nonempty || count > 0 { gathered } else { self.with_bins(gathered, &list) };
        let (first, rows) = self.extent(&bins, span)?;
        let mut output: Vec<(Arc<str>, Expr)> = gathered.columns[..count]
            .iter()
            .map(|column| (Arc::clone(&column.name), column.value()))
            .collect();
        for (at, (name, default)) in series.into_iter().zip(defaults).enumerate() {
            let which = Expr::long(at as i64 + 1);
            let arguments = vec![list.clone(), which, first.clone(), rows.clone(), default];
            output.push((name, Expr::call(ColumnType::Dynamic, &filled::FILLED, arguments)));
        }
        let arguments = vec![list, first, rows, bins.origin, bins.step];
        let name = names.unique(&axis_name);
        output.push((name, Expr::call(ColumnType::Dynamic, &filled::AXIS, arguments)));
        Ok(self.project(gathered, output))
    }

    /// Without rows there is no series.
    fn with_bins(&mut self, gathered: Relation, list: &Expr) -> Relation {
        let empty = Expr::literal(ColumnType::Dynamic, Value::Dynamic("[]".into()));
        let is_some = Expr::operator(ColumnType::Bool, Operator::NotEqual, vec![list.clone(), empty]);
        self.filter(gathered, is_some)
    }

    fn bins(&mut self, range: &'t MakeSeriesRange, kind: ColumnType, span: Span) -> Result<Bins> {
        let (from, to, step, is_end_inclusive) = match range {
            MakeSeriesRange::Steps { from, to, step } => (from.as_ref(), to.as_ref(), step, false),
            MakeSeriesRange::In { from, to, step } => (Some(from), Some(to), step, true),
        };
        let step_value = self.scalar(step, &Row::NONE)?;
        let step_kind = match kind {
            ColumnType::DateTime => ColumnType::TimeSpan,
            ColumnType::Int => ColumnType::Long,
            kind => kind,
        };
        let axis_kind = if kind == ColumnType::Int { ColumnType::Long } else { kind };
        if !matches!(
            axis_kind,
            ColumnType::DateTime | ColumnType::TimeSpan | ColumnType::Long | ColumnType::Real
        ) {
            return Err(self.error(Code::Types, span, format!("a {kind} is no axis of a series")));
        }
        let step_value = convert::implicitly(step_value, step_kind).ok_or_else(|| {
            self.error(Code::Types, step.span, format!("the step of a {kind} axis must be a {step_kind}"))
        })?;
        let step_constant = convert::constant(&step_value, &step.span.range(), "the step")?;
        let step = match step_constant {
            Value::TimeSpan(ticks) if kind == ColumnType::DateTime && ticks >= TICKS => {
                Expr::long(ticks / TICKS)
            }
            Value::TimeSpan(ticks) if kind != ColumnType::DateTime && ticks > 0 => Expr::long(ticks),
            Value::Long(step) if step > 0 => Expr::long(step),
            Value::Real(step) if step > 0.0 => Expr::literal(ColumnType::Real, Value::Real(step)),
            _ => return Err(self.error(Code::Argument, span, "the step must be greater than 0")),
        };
        let mut bound = |tree: Option<&'t tree::Expr>| -> Result<Option<Expr>> {
            let Some(tree) = tree else { return Ok(None) };
            let value = self.scalar(tree, &Row::NONE)?;
            let value = convert::implicitly(value, axis_kind).ok_or_else(|| {
                self.error(
                    Code::Types,
                    tree.span,
                    format!("the bounds of the axis must be of type {axis_kind}"),
                )
            })?;
            let constant = convert::constant(&value, &tree.span.range(), "a bound of the axis")?;
            Ok(Some(Expr::literal(axis_kind, constant)))
        };
        let (from, to) = (bound(from)?, bound(to)?);
        let origin = match &from {
            Some(from) => from.clone(),
            None => zero(axis_kind),
        };
        Ok(Bins { origin, step, from, to, is_end_inclusive })
    }

    fn within_bins(&mut self, input: Relation, axis: &Expr, bins: &Bins) -> Relation {
        let kind = bins.origin.kind;
        let axis = convert::number(axis.clone(), kind);
        let mut conditions =
            vec![not(Expr::operator(ColumnType::Bool, Operator::IsNull, vec![axis.clone()]))];
        let mut compare = |operator, bound: &Option<Expr>| {
            if let Some(bound) = bound {
                conditions.push(Expr::operator(
                    ColumnType::Bool,
                    operator,
                    vec![axis.clone(), bound.clone()],
                ));
            }
        };
        compare(Operator::GreaterOrEqual, &bins.from);
        compare(if bins.is_end_inclusive { Operator::LessOrEqual } else { Operator::Less }, &bins.to);
        self.filter(input, balanced(Operator::And, conditions))
    }

    /// The first place and the number of places; -1 where the rows tell.
    fn extent(&mut self, bins: &Bins, span: Span) -> Result<(Expr, Expr)> {
        let (Some(from), Some(to)) = (&bins.from, &bins.to) else {
            return Ok((Expr::long(0), Expr::long(-1)));
        };
        let length = match (from.value(), to.value(), bins.step.value()) {
            (Some(Value::Real(from)), Some(Value::Real(to)), Some(Value::Real(step))) => (to - from) / step,
            (Some(from), Some(to), Some(Value::Long(step))) => {
                let whole = |value: &Value| match value {
                    Value::Long(value) | Value::DateTime(value) | Value::TimeSpan(value) => Some(*value),
                    _ => None,
                };
                match whole(from).zip(whole(to)) {
                    Some((from, to)) => (i128::from(to) - i128::from(from)) as f64 / *step as f64,
                    None => {
                        return Err(self.error(
                            Code::Argument,
                            span,
                            "the bounds of the axis must not be null",
                        ));
                    }
                }
            }
            _ => return Err(self.error(Code::Argument, span, "the bounds of the axis must not be null")),
        };
        let rows = if bins.is_end_inclusive { length.floor() + 1.0 } else { length.ceil() };
        Ok((Expr::long(0), Expr::long(rows.max(0.0) as i64)))
    }
}

fn zero(kind: ColumnType) -> Expr {
    match kind {
        // 0001-01-01, from which bins of time are counted.
        ColumnType::DateTime => Expr::literal(kind, Value::DateTime(-62_135_596_800_000_000)),
        ColumnType::TimeSpan => Expr::literal(kind, Value::TimeSpan(0)),
        ColumnType::Real => Expr::literal(kind, Value::Real(0.0)),
        _ => Expr::long(0),
    }
}

/// In which bin a value of the axis is.
fn place(axis: &Expr, bins: &Bins) -> Expr {
    let long = |operator, a, b| Expr::operator(ColumnType::Long, operator, vec![a, b]);
    if bins.origin.kind == ColumnType::Real {
        let offset = Expr::operator(
            ColumnType::Real,
            Operator::Subtract,
            vec![axis.clone().cast(ColumnType::Real), bins.origin.clone()],
        );
        let quotient = Expr::operator(ColumnType::Real, Operator::Divide, vec![offset, bins.step.clone()]);
        let floor = crate::functions::function("floor");
        let floored = match floor {
            Some(function) => Expr::call(
                ColumnType::Real,
                function,
                vec![quotient, Expr::literal(ColumnType::Real, Value::Real(1.0))],
            ),
            None => quotient,
        };
        return floored.cast(ColumnType::Long);
    }
    let offset = long(
        Operator::Subtract,
        axis.clone().cast(ColumnType::Long),
        bins.origin.clone().cast(ColumnType::Long),
    );
    let rest = Expr::call(ColumnType::Long, &REMAINDER_WHOLE, vec![offset.clone(), bins.step.clone()]);
    let down = long(Operator::Subtract, offset, rest);
    Expr::call(ColumnType::Long, &DIVIDE_WHOLE, vec![down, bins.step.clone()])
}
