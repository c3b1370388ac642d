//! Calls of functions whose value is a scalar: which function, and whether the arguments fit.

use phalanx_signal::ColumnType;

use super::{BindError, Binder, Binding, Code, Env, Result, Row, convert, special};
use crate::{
    aggregates::{self, Aggregate, ColumnName, Gives},
    bound::{AggregateCall, Column, Expr, Value},
    functions::{self, Accepts, Function, HowOften, Parameter, Returns},
    syntax::{
        Span,
        tree::{self, ExprKind, TypeExpr},
    },
};

impl<'t> Binder<'t> {
    pub(super) fn call(&mut self, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
        let name = call.name.text.as_str();
        self.step(call.span)?;
        match self.env.find(name) {
            Some(Binding::Function { declaration, env }) => {
                return self.scalar_function(declaration, env, &call.arguments, call.span, row);
            }
            Some(Binding::Scalar(value)) if call.arguments.is_empty() => return Ok(value),
            _ => {}
        }
        if let Some(value) = self.graph_function(call, row)? {
            return Ok(value);
        }
        if let Some(bind) = special::special(name) {
            return bind(self, call, row);
        }
        if self.pending.aggregates.is_some()
            && let Some(aggregate) = aggregates::aggregate(name)
        {
            let values = self.aggregate_call(aggregate, call, row)?;
            return match values.as_slice() {
                [column] => Ok(column.value()),
                columns => {
                    let values = columns.iter().map(Column::value).collect();
                    self.array(values, call.span)
                }
            };
        }
        if let Some(function) = functions::function(name) {
            // `extract()` and its like take a type behind their values, for what they find.
            let (given, kind) = match call.arguments.split_last() {
                Some((last, values)) => match &last.value.unparenthesized().kind {
                    ExprKind::TypeOf(TypeExpr::Scalar(name)) => (values, Some(self.kind(name)?)),
                    _ => (call.arguments.as_slice(), None),
                },
                None => (call.arguments.as_slice(), None),
            };
            let mut arguments = Vec::with_capacity(given.len());
            for argument in given {
                arguments.push(self.scalar(&argument.value, row)?);
            }
            let value = self.apply(function, arguments, call)?;
            let Some(kind) = kind else { return Ok(value) };
            return convert::explicitly(value, kind)
                .ok_or_else(|| self.error(Code::Types, call.span, format!("no conversion to {kind}")));
        }
        if let Some(declaration) = self.functions.get(name) {
            return self.scalar_function(declaration, Env::root(), &call.arguments, call.span, row);
        }
        if aggregates::aggregate(name).is_some() {
            let message = format!("`{name}()` counts over groups of rows; it belongs into a `summarize`");
            return Err(self.error(Code::UnknownFunction, call.name.span, message));
        }
        let saved = self.tables.functions();
        let lets = self.env.names();
        let known = functions::all()
            .map(|function| function.name)
            .chain(aggregates::all().map(|aggregate| aggregate.name))
            .chain(lets)
            .chain(saved.iter().map(|name| &**name));
        Err(BindError::unknown(Code::UnknownFunction, call.name.span.range(), "function", name, known).into())
    }

    /// A function of arguments that are bound.
    pub(super) fn apply(
        &mut self,
        function: &'static Function,
        arguments: Vec<Expr>,
        call: &tree::Call,
    ) -> Result<Expr> {
        let places = self.places(&call.name.text, function.parameters, arguments.len(), call.span)?;
        let common = convert::common_of(
            arguments
                .iter()
                .zip(&places)
                .filter(|(_, place)| place.accepts == Accepts::Common)
                .map(|(argument, _)| argument),
        );
        let mut fitted = Vec::with_capacity(arguments.len());
        for (at, (argument, place)) in arguments.into_iter().zip(&places).enumerate() {
            let span = call.arguments.get(at).map_or(call.span, |argument| argument.value.span);
            fitted.push(self.fitted(argument, place, common, &call.name.text, span)?);
        }
        let types: Vec<ColumnType> = fitted.iter().map(|argument| argument.kind).collect();
        let kind = match function.returns {
            Returns::Only(kind) => Some(kind),
            Returns::Argument(at) => types.get(at).copied(),
            Returns::Common => common,
            Returns::Computed(compute) => compute(&types),
            Returns::Columns(_) | Returns::PerArray => Some(ColumnType::Dynamic),
        };
        let Some(kind) = kind else {
            let types: Vec<_> = types.iter().map(|kind| kind.name()).collect();
            let message = format!("`{}()` is not defined for {}", call.name.text, types.join(", "));
            return Err(self.error(Code::Types, call.span, message));
        };
        Ok(Expr::call(kind, function, fitted))
    }

    /// The parameter of each argument.
    fn places(
        &self,
        name: &str,
        parameters: &'static [Parameter],
        count: usize,
        span: Span,
    ) -> Result<Vec<&'static Parameter>> {
        let least: usize = parameters
            .iter()
            .map(|parameter| match parameter.how_often {
                HowOften::Once => 1,
                HowOften::Optional => 0,
                HowOften::Repeated(least) => least,
            })
            .sum();
        let is_repeated = |parameter: &&Parameter| matches!(parameter.how_often, HowOften::Repeated(_));
        let repeated: Vec<&Parameter> = parameters.iter().filter(is_repeated).collect();
        if count < least || (repeated.is_empty() && count > parameters.len()) {
            let wanted = match (least, parameters.len(), repeated.is_empty()) {
                (least, _, false) => format!("at least {least}"),
                (least, most, _) if least == most => format!("{least}"),
                (least, most, _) => format!("{least} to {most}"),
            };
            let message = format!("`{name}()` takes {wanted} arguments, not {count}");
            return Err(self.error(Code::ArgumentCount, span, message));
        }
        let single = parameters.len() - repeated.len();
        let place = |at: usize| match at {
            at if at < single => &parameters[at],
            at => repeated.get((at - single) % repeated.len().max(1)).copied().unwrap_or(&parameters[0]),
        };
        Ok((0..count).map(place).collect())
    }

    fn fitted(
        &self,
        argument: Expr,
        place: &Parameter,
        common: Option<ColumnType>,
        name: &str,
        span: Span,
    ) -> Result<Expr> {
        let kind = argument.kind;
        let is_null = matches!(argument.value(), Some(Value::Null));
        let fitted = match place.accepts {
            Accepts::Any => Some(argument),
            Accepts::Only(wanted) => convert::implicitly(argument.clone(), wanted).or_else(|| {
                let is_near = matches!(
                    (kind, wanted),
                    (_, ColumnType::String)
                        | (ColumnType::Long | ColumnType::Real | ColumnType::Decimal, ColumnType::Int)
                        | (ColumnType::Real | ColumnType::Decimal, ColumnType::Long)
                        | (ColumnType::Decimal, ColumnType::Real)
                        | (ColumnType::Int | ColumnType::Long, ColumnType::Bool)
                        | (
                            ColumnType::String,
                            ColumnType::DateTime | ColumnType::TimeSpan | ColumnType::Guid
                        )
                );
                is_near.then(|| convert::explicitly(argument, wanted)).flatten()
            }),
            Accepts::Number | Accepts::Ordinal if is_null && kind == ColumnType::Dynamic => {
                Some(Expr::null(ColumnType::Real))
            }
            Accepts::Number if convert::is_number(kind) => Some(argument),
            Accepts::Ordinal
                if convert::is_number(kind)
                    || matches!(kind, ColumnType::DateTime | ColumnType::TimeSpan) =>
            {
                Some(argument)
            }
            Accepts::Number | Accepts::Ordinal if kind == ColumnType::Dynamic => {
                convert::explicitly(argument, ColumnType::Real)
            }
            Accepts::Number | Accepts::Ordinal if kind == ColumnType::Bool => {
                convert::explicitly(argument, ColumnType::Long)
            }
            Accepts::Number | Accepts::Ordinal => None,
            Accepts::AsText => convert::explicitly(argument, ColumnType::String),
            Accepts::Common => common.and_then(|common| convert::implicitly(argument, common)),
        };
        fitted.ok_or_else(|| {
            let wanted = match place.accepts {
                Accepts::Only(kind) => format!("{kind}"),
                Accepts::Number => "number".to_owned(),
                Accepts::Ordinal => "number, datetime or timespan".to_owned(),
                _ => "value of the others' type".to_owned(),
            };
            let message = format!("`{name}()` takes a {wanted} as `{}`, not a {kind}", place.name);
            self.error(Code::Argument, span, message)
        })
    }

    /// The columns of an aggregate.
    pub(crate) fn aggregate_call(
        &mut self,
        aggregate: &'static Aggregate,
        call: &'t tree::Call,
        row: &Row<'_>,
    ) -> Result<Vec<Column>> {
        let mut arguments = Vec::new();
        let mut names = Vec::new();
        let calls = self.pending.aggregates.take();
        for argument in &call.arguments {
            if matches!(argument.value.kind, ExprKind::Star) {
                let given = arguments.len();
                for column in row.columns {
                    let value = column.value();
                    if !arguments[..given].contains(&value) {
                        names.push(Some(column.name.to_string()));
                        arguments.push(value);
                    }
                }
                continue;
            }
            let given = argument.name.as_ref().map(|name| name.text.clone());
            names.push(given.or_else(|| super::names::own_name(&argument.value)));
            arguments.push(self.scalar(&argument.value, row)?);
        }
        self.pending.aggregates = calls;
        let places = self.places(&call.name.text, aggregate.parameters, arguments.len(), call.span)?;
        let common = convert::common_of(
            arguments
                .iter()
                .zip(&places)
                .filter(|(_, place)| place.accepts == Accepts::Common)
                .map(|(value, _)| value),
        );
        let mut fitted = Vec::with_capacity(arguments.len());
        for (at, (argument, place)) in arguments.into_iter().zip(&places).enumerate() {
            let span = call.arguments.get(at).map_or(call.span, |argument| argument.value.span);
            let argument = self.fitted(argument, place, common, &call.name.text, span)?;
            fitted.push(folded(argument));
        }
        let types: Vec<ColumnType> = fitted.iter().map(|argument| argument.kind).collect();
        let Some(kinds) = aggregate.columns(&types) else {
            let types: Vec<_> = types.iter().map(|kind| kind.name()).collect();
            let message = format!("`{}()` is not defined for {}", call.name.text, types.join(", "));
            return Err(self.error(Code::Types, call.span, message));
        };
        let names = column_names(aggregate, &call.name.text, &fitted, &names, kinds.len());
        let columns: Vec<Column> =
            names.iter().zip(&kinds).map(|(name, kind)| self.fresh(name, *kind)).collect();
        if aggregate.name == "count" {
            // Rows are counted, whatever is in them: its argument only gives a name.
            fitted.clear();
        }
        let call = AggregateCall { aggregate, arguments: fitted, kinds };
        let Some(known) = &mut self.pending.aggregates else { return Ok(columns) };
        // Equal calls are one.
        if let Some((same, _)) = known.iter().find(|(_, other)| *other == call) {
            return Ok(same.clone());
        }
        known.push((columns.clone(), call));
        Ok(columns)
    }
}

/// A constant as its value, so that an aggregate's settings are seen before the first row.
fn folded(argument: Expr) -> Expr {
    let mut has_column = false;
    argument.for_each_column(&mut |_| has_column = true);
    match argument.value() {
        None if !has_column => match crate::plan::evaluate(&argument) {
            Ok(value) => Expr::literal(argument.kind, value),
            Err(_) => argument,
        },
        _ => argument,
    }
}

fn column_names(
    aggregate: &Aggregate,
    called: &str,
    arguments: &[Expr],
    names: &[Option<String>],
    count: usize,
) -> Vec<String> {
    let argument = |at: usize| names.get(at).and_then(|name| name.as_deref()).unwrap_or_default();
    let _ = called;
    match aggregate.column {
        ColumnName::Prefix(prefix) => vec![format!("{prefix}_")],
        ColumnName::PrefixAndArgument(prefix) => vec![format!("{prefix}_{}", argument(0))],
        ColumnName::PrefixArgumentAndNumber(prefix) => {
            let first = match aggregate.gives {
                Gives::EachNumber(first) => first,
                _ => 1,
            };
            let numbers = arguments[first.min(arguments.len())..].iter().take(count);
            numbers
                .map(|number| {
                    let number = match number.value() {
                        Some(Value::Real(value)) => value.to_string(),
                        Some(Value::Long(value)) => value.to_string(),
                        Some(Value::Int(value)) => value.to_string(),
                        _ => String::new(),
                    };
                    format!("{prefix}_{}_{}", argument(0), number.replace('.', "_"))
                })
                .collect()
        }
        ColumnName::Argument => (0..count).map(|at| argument(at).to_owned()).collect(),
        ColumnName::PrefixAndArguments(prefix) => (0..count)
            .map(|at| match at {
                0 => format!("{prefix}_{}", argument(0)),
                at => format!("{prefix}_{}_{}", argument(0), argument(at)),
            })
            .collect(),
    }
}
