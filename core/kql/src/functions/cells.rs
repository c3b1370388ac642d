//! Calls of functions in tests, by name and without a query.

use arrow_array::Array;
use datafusion::{common::ScalarValue, logical_expr::ColumnarValue};
use phalanx_signal::ColumnType;

use super::{Accepts, Body, Call, Function, FunctionError, Kept, Returns, function};

/// An argument with its type.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) kind: ColumnType,
    pub(crate) value: ScalarValue,
}

impl Cell {
    pub(crate) fn string(text: &str) -> Self {
        Self::text(ColumnType::String, text)
    }

    /// A string, a guid or JSON.
    pub(crate) fn text(kind: ColumnType, text: &str) -> Self {
        Self { kind, value: ScalarValue::Utf8View(Some(text.to_owned())) }
    }

    pub(crate) fn json(text: &str) -> Self {
        Self::text(ColumnType::Dynamic, text)
    }

    pub(crate) fn long(value: i64) -> Self {
        Self { kind: ColumnType::Long, value: ScalarValue::Int64(Some(value)) }
    }

    pub(crate) fn int(value: i32) -> Self {
        Self { kind: ColumnType::Int, value: ScalarValue::Int32(Some(value)) }
    }

    pub(crate) fn real(value: f64) -> Self {
        Self { kind: ColumnType::Real, value: ScalarValue::Float64(Some(value)) }
    }

    pub(crate) fn bool(value: bool) -> Self {
        Self { kind: ColumnType::Bool, value: ScalarValue::Boolean(Some(value)) }
    }

    pub(crate) fn timespan(ticks: i64) -> Self {
        Self { kind: ColumnType::TimeSpan, value: ScalarValue::Int64(Some(ticks)) }
    }

    /// From the text of a datetime.
    pub(crate) fn datetime(text: &str) -> Self {
        let micros = super::conversion::parse_datetime(text).expect("the text is a datetime");
        let value = ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
        Self { kind: ColumnType::DateTime, value }
    }

    /// From units of 10⁻¹⁸.
    pub(crate) fn decimal(units: i128) -> Self {
        Self { kind: ColumnType::Decimal, value: ScalarValue::Decimal128(Some(units), 38, 18) }
    }

    pub(crate) fn null(kind: ColumnType) -> Self {
        Self { kind, value: ScalarValue::try_from(kind.arrow()).expect("each type has a null") }
    }

    /// As the binder would hand it over.
    fn converted(&self, accepts: Accepts) -> Self {
        let name = match (accepts, self.kind) {
            (Accepts::Only(ColumnType::Real), ColumnType::Int | ColumnType::Long) => "toreal",
            (Accepts::Only(ColumnType::Long), ColumnType::Int) => "tolong",
            (Accepts::AsText, kind) if kind != ColumnType::String => "tostring",
            _ => return self.clone(),
        };
        let function = function(name).expect("conversions are functions");
        let (kind, value) =
            answer(function, std::slice::from_ref(self), true).expect("conversions do not fail");
        Self { kind, value }
    }
}

/// The text of a function's answer; `null` for null.
pub(crate) fn call_function(
    function: &'static Function,
    arguments: &[Cell],
    is_constant: bool,
) -> Result<String, FunctionError> {
    let (kind, value) = answer(function, arguments, is_constant)?;
    Ok(match value {
        value if value.is_null() => "null".to_owned(),
        ScalarValue::Boolean(Some(value)) => value.to_string(),
        value => {
            let tostring = function_named("tostring");
            let text = answer(tostring, &[Cell { kind, value }], true)?.1;
            text.try_as_str().flatten().unwrap_or_default().to_owned()
        }
    })
}

/// Checks answers by a function's name, with constants and with columns.
#[track_caller]
pub(crate) fn check(cases: &[(&str, &[Cell], &str)]) {
    for (name, arguments, expected) in cases {
        for is_constant in [true, false] {
            let found = call_function(function_named(name), arguments, is_constant);
            let found = found.unwrap_or_else(|error| format!("error: {error}"));
            assert_eq!(&found, expected, "{name}({arguments:?}), constant: {is_constant}");
        }
    }
}

fn function_named(name: &str) -> &'static Function {
    function(name).unwrap_or_else(|| panic!("{name} is a function"))
}

fn answer(
    function: &'static Function,
    arguments: &[Cell],
    is_constant: bool,
) -> Result<(ColumnType, ScalarValue), FunctionError> {
    let (Body::Kernel(kernel) | Body::Volatile(kernel)) = function.body else {
        panic!("{} has a kernel", function.name);
    };
    let last = function.parameters.len().saturating_sub(1);
    let arguments: Vec<_> = arguments
        .iter()
        .enumerate()
        .map(|(at, cell)| cell.converted(function.parameters[at.min(last)].accepts))
        .collect();
    let types: Vec<_> = arguments.iter().map(|cell| cell.kind).collect();
    let returns = match function.returns {
        Returns::Only(kind) => kind,
        Returns::Argument(at) => types[at],
        Returns::Common => {
            let at = function.parameters.iter().position(|parameter| parameter.accepts == Accepts::Common);
            types[at.expect("a function of a common type has such arguments")]
        }
        Returns::Computed(f) => f(&types).expect("the types go together"),
        Returns::Columns(_) | Returns::PerArray => ColumnType::Dynamic,
    };
    let rows = if is_constant { 1 } else { 3 };
    let values: Vec<_> = arguments
        .into_iter()
        .map(|cell| match is_constant {
            true => ColumnarValue::Scalar(cell.value),
            false => ColumnarValue::Array(cell.value.to_array_of_size(rows).expect("scalars make arrays")),
        })
        .collect();
    let call = Call { arguments: &values, types: &types, returns, rows, kept: &Kept::default() };
    let answer = kernel(&call)?.0;
    assert_eq!(answer.data_type(), &returns.arrow(), "{} keeps its type", function.name);
    assert_eq!(answer.len(), rows, "{} answers each row", function.name);
    let value = ScalarValue::try_from_array(&answer, rows - 1).expect("the answer has rows");
    Ok((returns, value))
}
