//! Compiled expressions and conditions.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::{Record, Value, function::Function};

/// The most arguments a function takes.
pub(super) const ARGUMENTS_MAX: usize = 4;

/// A code's meaning.
pub(super) type Names = HashMap<Box<str>, Box<str>>;

/// An expression with all names resolved.
#[derive(Clone)]
pub(super) enum Expr {
    /// An input of the rule: place in [`Inputs::places`].
    Field(u16),
    Header(u16),
    Text(Box<str>),
    Number(i64),
    Call(Function, Box<[Expr]>),
    Lookup(Arc<Names>, Box<Expr>),
    First(Box<[Expr]>),
}

/// The record that a rule is applied to.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'r> {
    pub record: &'r Record<'r>,
    /// For each input of the rule, its place among the record's fields, or [`ABSENT`].
    pub places: &'r [u32],
}

pub(super) const ABSENT: u32 = u32::MAX;

impl Expr {
    pub fn value<'v>(&'v self, inputs: Inputs<'v>) -> Value<'v> {
        match self {
            Self::Field(slot) => match inputs.places[usize::from(*slot)] {
                ABSENT => Value::Null,
                at => inputs.record.fields[at as usize].1.borrow(),
            },
            Self::Header(at) => {
                inputs.record.headers.get(usize::from(*at)).map_or(Value::Null, Value::borrow)
            }
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Number(number) => Value::Long(*number),
            Self::Call(function, arguments) => {
                let mut values: [Value<'v>; ARGUMENTS_MAX] = Default::default();
                for (value, argument) in values.iter_mut().zip(arguments) {
                    *value = argument.value(inputs);
                }
                (function.call)(&mut values[..arguments.len()])
            }
            Self::Lookup(names, code) => {
                let code = code.value(inputs).into_text();
                names.get(&*code).map_or(Value::Null, |name| Value::text(name))
            }
            Self::First(alternatives) => {
                alternatives.iter().map(|a| a.value(inputs)).find(|v| !v.is_empty()).unwrap_or_default()
            }
        }
    }

    /// Calls `f` for each of the rule's inputs that the expression reads.
    pub fn for_each_input(&self, f: &mut impl FnMut(u16)) {
        match self {
            Self::Field(slot) => f(*slot),
            Self::Header(_) | Self::Text(_) | Self::Number(_) => {}
            Self::Call(_, inner) | Self::First(inner) => {
                inner.iter().for_each(|expr| expr.for_each_input(f));
            }
            Self::Lookup(_, inner) => inner.for_each_input(f),
        }
    }
}

/// A term of a condition.
pub(super) struct Test {
    pub negated: bool,
    pub left: Expr,
    pub kind: TestKind,
}

pub(super) enum TestKind {
    IsSet,
    Equals(Box<[Expr]>),
    EqualsIgnoringCase(Expr),
}

impl Test {
    pub fn holds(&self, inputs: Inputs<'_>) -> bool {
        let left = self.left.value(inputs);
        let holds = match &self.kind {
            TestKind::IsSet => !left.is_empty() && left != Value::Bool(false),
            TestKind::Equals(right) => {
                let left = left.into_text();
                right.iter().any(|right| right.value(inputs).into_text() == left)
            }
            TestKind::EqualsIgnoringCase(right) => {
                right.value(inputs).into_text().eq_ignore_ascii_case(&left.into_text())
            }
        };
        holds != self.negated
    }
}
