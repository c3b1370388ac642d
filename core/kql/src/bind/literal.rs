//! Values written down.

use std::sync::Arc;

use phalanx_signal::{ColumnType, dynamic};

use super::{Binder, Code, Result, convert};
use crate::{
    bound::{Expr, Value},
    dynamic::push_real,
    functions,
    syntax::{
        Span,
        tree::{DynamicLiteral, Literal, ScalarType, TypeName},
    },
};

pub(crate) fn column_type(scalar: ScalarType) -> ColumnType {
    match scalar {
        ScalarType::Bool => ColumnType::Bool,
        ScalarType::Int => ColumnType::Int,
        ScalarType::Long => ColumnType::Long,
        ScalarType::Real => ColumnType::Real,
        ScalarType::Decimal => ColumnType::Decimal,
        ScalarType::DateTime => ColumnType::DateTime,
        ScalarType::TimeSpan => ColumnType::TimeSpan,
        ScalarType::Guid => ColumnType::Guid,
        ScalarType::String => ColumnType::String,
        ScalarType::Dynamic => ColumnType::Dynamic,
    }
}

/// The value of a query's parameter, which arrives as a literal of the language or as plain text.
pub(super) fn of_text(text: &str, kind: ColumnType) -> Option<Expr> {
    let inner = text.trim();
    let inner = inner
        .strip_suffix(')')
        .and_then(|rest| rest.split_once('('))
        .filter(|(name, _)| name.parse::<ColumnType>().is_ok())
        .map_or(inner, |(_, inner)| inner.trim());
    let quote = inner.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inner = match quote {
        Some(quote) if inner.len() > 1 && inner.ends_with(quote) => &inner[1..inner.len() - 1],
        _ => inner,
    };
    let value = match kind {
        ColumnType::Dynamic => Expr::literal(kind, Value::Dynamic(dynamic::from_text(inner)?.into())),
        _ => convert::explicitly(Expr::string(inner), kind)?,
    };
    Some(Expr::literal(kind, crate::plan::evaluate(&value).ok()?))
}

impl Binder<'_> {
    pub(crate) fn kind(&self, name: &TypeName) -> Result<ColumnType> {
        let unknown = || {
            let message = format!("no type is called `{}`", name.name.text);
            self.error(Code::Types, name.span(), message)
        };
        name.scalar.map(column_type).ok_or_else(unknown)
    }

    pub(super) fn literal(&mut self, literal: &Literal, span: Span) -> Result<Expr> {
        let kind = column_type(literal.scalar_type());
        let value = match literal {
            Literal::Bool(value) => Value::Bool(*value),
            Literal::Int(value) => Value::Int(*value),
            Literal::Long(value) => Value::Long(*value),
            Literal::Real(value) => Value::Real(*value),
            Literal::TimeSpan(ticks) => Value::TimeSpan(*ticks),
            Literal::Guid(text) => Value::Guid(Arc::from(text.as_str())),
            Literal::String(string) => Value::String(Arc::from(string.value.as_str())),
            Literal::Null(_) => Value::Null,
            Literal::DateTime(text) if text.is_empty() => Value::DateTime(self.settings.now),
            Literal::DateTime(text) | Literal::Decimal(text) => self.read(text, kind, span)?,
            Literal::Dynamic(value) => match &**value {
                DynamicLiteral::Null => Value::Null,
                value => {
                    let mut out = String::new();
                    self.write(&mut out, value, span)?;
                    Value::Dynamic(out.into())
                }
            },
        };
        Ok(Expr::literal(kind, value))
    }

    fn read(&self, text: &str, kind: ColumnType, span: Span) -> Result<Value> {
        if text == "null" {
            return Ok(Value::Null);
        }
        if kind == ColumnType::DateTime
            && let Some(micros) = numbered(text)
        {
            return Ok(Value::DateTime(micros));
        }
        let dense = match kind {
            // `2017 - 08 - 01`
            ColumnType::DateTime => text.replace(" - ", "-"),
            _ => text.to_owned(),
        };
        let value = convert::explicitly(Expr::string(&dense), kind)
            .and_then(|value| crate::plan::evaluate(&value).ok());
        match value {
            Some(value) if value != Value::Null => Ok(value),
            _ => Err(self.error(Code::Syntax, span, format!("`{text}` is no {kind}"))),
        }
    }

    /// Writes a dynamic literal as JSON.
    fn write(&mut self, out: &mut String, value: &DynamicLiteral, span: Span) -> Result<()> {
        match value {
            DynamicLiteral::Null => out.push_str("null"),
            DynamicLiteral::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    self.write(out, element, span)?;
                }
                out.push(']');
            }
            DynamicLiteral::Object(members) => {
                out.push('{');
                let mut written = std::collections::HashSet::new();
                // Of a name that comes twice, the last value counts.
                let last: Vec<_> = members.iter().rev().filter(|(name, _)| written.insert(name)).collect();
                for (at, (name, value)) in last.into_iter().rev().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&dynamic::quote(name));
                    out.push(':');
                    self.write(out, value, span)?;
                }
                out.push('}');
            }
            DynamicLiteral::Scalar(literal) => match self.literal(literal, span)?.value() {
                Some(Value::Bool(value)) => out.push_str(if *value { "true" } else { "false" }),
                Some(Value::Int(value)) => out.push_str(&value.to_string()),
                Some(Value::Long(value)) => out.push_str(&value.to_string()),
                Some(Value::Real(value)) => push_real(out, *value),
                None | Some(Value::Null) => out.push_str("null"),
                Some(value) => out.push_str(&dynamic::quote(&value.to_string())),
            },
        }
        Ok(())
    }

    /// A function that must be there for the language's grammar to work.
    pub(crate) fn builtin(&self, name: &'static str, span: Span) -> Result<&'static functions::Function> {
        functions::function(name)
            .ok_or_else(|| self.error(Code::UnknownFunction, span, format!("`{name}` is not available")))
    }
}

/// `2025, 6, 14`, with an hour, a minute and a second behind if they are given, in microseconds since 1970.
fn numbered(text: &str) -> Option<i64> {
    let numbers: Vec<u32> = text.split(',').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let at = |place: usize| numbers.get(place).copied().unwrap_or(0);
    if !(3..=6).contains(&numbers.len()) {
        return None;
    }
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(at(0)).ok()?, at(1), at(2))?;
    Some(date.and_hms_opt(at(3), at(4), at(5))?.and_utc().timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn datetimes_in_numbers() {
        assert_eq!(numbered("1970, 1, 2"), Some(86_400_000_000));
        assert_eq!(numbered("1970,1,1,0,0,1"), Some(1_000_000));
        assert_eq!(numbered("1970, 13, 2"), None);
        assert_eq!(numbered("1970"), None);
    }
}
