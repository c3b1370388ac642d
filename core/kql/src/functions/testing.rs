//! Calling a function by its name with single values, for tests.

use arrow_array::{Array, cast::AsArray, types::Decimal128Type};
use arrow_cast::display::array_value_to_string;
use datafusion::{logical_expr::ColumnarValue, scalar::ScalarValue};
use phalanx_signal::ColumnType;

use super::{Body, Call, Kept, Returns, function};

/// A value of a type of the language.
pub(super) type Argument = (ColumnType, ScalarValue);

pub(super) fn text(value: &str) -> Argument {
    (ColumnType::String, ScalarValue::Utf8View(Some(value.to_owned())))
}

/// JSON; `null` is null.
pub(super) fn json(value: &str) -> Argument {
    (ColumnType::Dynamic, ScalarValue::Utf8View((value != "null").then(|| value.to_owned())))
}

pub(super) fn long(value: i64) -> Argument {
    (ColumnType::Long, ScalarValue::Int64(Some(value)))
}

pub(super) fn real(value: f64) -> Argument {
    (ColumnType::Real, ScalarValue::Float64(Some(value)))
}

pub(super) fn bool(value: bool) -> Argument {
    (ColumnType::Bool, ScalarValue::Boolean(Some(value)))
}

pub(super) fn datetime(micros: i64) -> Argument {
    (ColumnType::DateTime, ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into())))
}

pub(super) fn timespan(ticks: i64) -> Argument {
    (ColumnType::TimeSpan, ScalarValue::Int64(Some(ticks)))
}

/// The text of a function's answer, `null` if it is null. It is the same for constants and for columns of two rows.
pub(super) fn call(name: &str, arguments: &[Argument]) -> Result<String, String> {
    let function = function(name).unwrap_or_else(|| panic!("no function `{name}`"));
    let (Body::Kernel(kernel) | Body::Volatile(kernel)) = function.body else {
        panic!("`{name}` is no kernel")
    };
    let types: Vec<ColumnType> = arguments.iter().map(|argument| argument.0).collect();
    let returns = match function.returns {
        Returns::Only(kind) => kind,
        Returns::Argument(at) => types[at],
        Returns::Computed(compute) => compute(&types).expect("types that go together"),
        Returns::Common => types[0],
        Returns::Columns(_) | Returns::PerArray => ColumnType::Dynamic,
    };
    let run = |arguments: &[ColumnarValue], rows| {
        let answer = kernel(&Call { arguments, types: &types, returns, rows, kept: &Kept::default() })
            .map_err(|error| error.0)?;
        assert_eq!(answer.0.len(), rows, "{name}: one value a row");
        assert_eq!(answer.0.data_type(), &returns.arrow(), "{name}: the type promised");
        Ok::<_, String>(answer.0)
    };
    let scalars: Vec<_> =
        arguments.iter().map(|argument| ColumnarValue::Scalar(argument.1.clone())).collect();
    let constant = run(&scalars, 1);
    let columns: Vec<_> = arguments
        .iter()
        .map(|argument| ColumnarValue::Array(argument.1.to_array_of_size(2).expect("an array")))
        .collect();
    let varying = run(&columns, 2);
    let show = |array: &dyn Array, row| match array.is_null(row) {
        true => "null".to_owned(),
        false if array.as_primitive_opt::<Decimal128Type>().is_none() => {
            array_value_to_string(array, row).expect("a text")
        }
        false => array_value_to_string(array, row).expect("a text").trim_end_matches('0').to_owned(),
    };
    let shown = constant.map(|array| show(&array, 0));
    let of_rows = varying.map(|array| show(&array, 1));
    assert_eq!(shown, of_rows, "{name}: constants and columns agree");
    shown
}

/// Checks answers of functions: each name, arguments and the text of the answer.
pub(super) fn check(cases: &[(&str, &[Argument], &str)]) {
    for (name, arguments, answer) in cases {
        assert_eq!(call(name, arguments).as_deref(), Ok(*answer), "{name}{arguments:?}");
    }
}
