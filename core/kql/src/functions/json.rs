//! Reading arguments of any type as JSON, and answers that are `dynamic`.

use std::borrow::Cow;

use arrow_array::{cast::AsArray, types::Decimal128Type};
use phalanx_signal::ColumnType;

use super::{
    Booleans, Call, Column, Datetimes, FunctionError, Longs, Reals, Texts, call::check_bytes, define::Answer,
};
use crate::dynamic::{Json, push_datetime, push_real, push_text, push_timespan};

/// The elements that a function makes up for one array.
pub(super) const ELEMENTS_MAX: usize = 1 << 20;

impl Texts {
    /// The value in a row of a `dynamic`.
    pub(super) fn value(&self, row: usize) -> Json<'_> {
        self.json(row).map_or(Json::NULL, Json::new)
    }
}

impl Call<'_> {
    /// A `dynamic` for each row; null where `f` has none.
    pub(super) fn dynamics<T: AsRef<str>>(&self, mut f: impl FnMut(usize) -> Option<T>) -> Answer {
        self.try_dynamics(|row| Ok(f(row)))
    }

    /// A `dynamic` for each row; null where `f` has none. An error ends it.
    pub(super) fn try_dynamics<T: AsRef<str>>(
        &self,
        mut f: impl FnMut(usize) -> Result<Option<T>, FunctionError>,
    ) -> Answer {
        let mut answers = Vec::with_capacity(self.rows);
        let mut bytes = 0;
        for row in 0..self.rows {
            let answer = f(row)?.filter(|answer| answer.as_ref() != "null");
            bytes += answer.as_ref().map_or(0, |answer| answer.as_ref().len());
            check_bytes(bytes)?;
            answers.push(answer);
        }
        Ok(Column::texts(answers.into_iter()))
    }

    /// All arguments from the `from`th on, as JSON.
    pub(super) fn values_from(&self, from: usize) -> Result<Vec<Values>, FunctionError> {
        (from..self.arguments.len()).map(|at| self.json_values(at)).collect()
    }

    /// All arguments from the `from`th on, each a `dynamic` or text.
    pub(super) fn texts_from(&self, from: usize) -> Result<Vec<Texts>, FunctionError> {
        (from..self.arguments.len()).map(|at| self.texts(at)).collect()
    }

    /// An argument of any type as JSON.
    pub(super) fn json_values(&self, at: usize) -> Result<Values, FunctionError> {
        Ok(match self.types[at] {
            ColumnType::Bool => Values::Bools(self.booleans(at)?),
            ColumnType::Int | ColumnType::Long => Values::Longs(self.longs(at)?),
            ColumnType::TimeSpan => Values::Timespans(self.longs(at)?),
            ColumnType::Real => Values::Reals(self.reals(at)?),
            ColumnType::DateTime => Values::Datetimes(self.datetimes(at)?),
            ColumnType::Decimal => Values::Texts(self.decimal_texts(at)?),
            ColumnType::String => Values::Texts(self.texts(at)?),
            ColumnType::Guid => Values::Guids(self.texts(at)?),
            ColumnType::Dynamic => Values::Dynamics(self.texts(at)?),
        })
    }

    fn decimal_texts(&self, at: usize) -> Result<Texts, FunctionError> {
        let array = self.array(at)?;
        let decimals = array
            .as_primitive_opt::<Decimal128Type>()
            .ok_or_else(|| FunctionError(format!("argument {} is no decimal", at + 1)))?;
        let texts = decimals.iter().map(|value| {
            let text = value.map(|value| {
                let (whole, fraction) = (value / DECIMAL_ONE, (value % DECIMAL_ONE).unsigned_abs());
                let sign = if value < 0 && whole == 0 { "-" } else { "" };
                format!("{sign}{whole}.{fraction:018}")
            });
            text.map(|text| text.trim_end_matches('0').trim_end_matches('.').to_owned())
        });
        let column = Column::texts(texts.collect::<Vec<_>>().into_iter());
        Ok(Texts::new(column.0.as_string_view().clone(), false))
    }
}

const DECIMAL_ONE: i128 = 1_000_000_000_000_000_000;

/// An argument of any type, read as JSON.
pub(super) enum Values {
    Bools(Booleans),
    Longs(Longs),
    Timespans(Longs),
    Reals(Reals),
    Datetimes(Datetimes),
    Texts(Texts),
    Guids(Texts),
    Dynamics(Texts),
}

impl Values {
    /// Appends the value in a row.
    pub(super) fn push(&self, row: usize, out: &mut String) {
        let before = out.len();
        match self {
            Self::Bools(values) => {
                values.get(row).map_or((), |value| out.push_str(if value { "true" } else { "false" }))
            }
            Self::Longs(values) => values.get(row).map_or((), |value| out.push_str(&value.to_string())),
            Self::Reals(values) => values.get(row).map_or((), |value| push_real(out, value)),
            Self::Texts(values) => push_text(out, values.text(row)),
            Self::Dynamics(values) => values.json(row).map_or((), |json| out.push_str(json)),
            Self::Guids(values) => values.json(row).map_or((), |guid| push_text(out, guid)),
            Self::Timespans(values) => quoted(values.get(row), out, push_timespan),
            Self::Datetimes(values) => quoted(values.get(row), out, push_datetime),
        }
        if out.len() == before {
            out.push_str("null");
        }
    }

    /// The value in a row.
    pub(super) fn json(&self, row: usize) -> Cow<'_, str> {
        if let Self::Dynamics(values) = self {
            return Cow::Borrowed(values.json(row).unwrap_or("null"));
        }
        let mut out = String::new();
        self.push(row, &mut out);
        Cow::Owned(out)
    }

    /// Whether the value is null or the empty string.
    pub(super) fn is_empty(&self, row: usize) -> bool {
        match self {
            Self::Texts(values) => values.text(row).is_empty(),
            _ => matches!(&*self.json(row), "null" | "\"\""),
        }
    }
}

fn quoted(value: Option<i64>, out: &mut String, push: fn(&mut String, i64)) {
    if let Some(value) = value {
        out.push('"');
        push(out, value);
        out.push('"');
    }
}
