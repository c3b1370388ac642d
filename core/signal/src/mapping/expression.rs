//! Compiled expressions and conditions.

use std::sync::Arc;

use bumpalo::Bump;

use super::{Record, Value, function::Function, value::Datum};

/// The most arguments a function takes.
pub(super) const ARGUMENTS_MAX: usize = 4;

/// What codes mean: sorted, for most lists are short.
pub(super) struct Names(Vec<(Box<str>, Box<str>)>);

impl Names {
    pub fn new(pairs: &[(&str, &str)]) -> Self {
        let mut names: Vec<_> = pairs.iter().map(|(code, name)| ((*code).into(), (*name).into())).collect();
        names.sort();
        Self(names)
    }

    fn name(&self, code: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(known, _)| (**known).cmp(code)).ok()?;
        Some(&self.0[at].1)
    }
}

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
    /// Holds what expressions compute for the record.
    pub arena: &'r Bump,
}

pub(super) const ABSENT: u32 = u32::MAX;

impl Expr {
    #[inline]
    pub fn value<'v>(&'v self, inputs: Inputs<'v>) -> Datum<'v> {
        match self {
            Self::Field(slot) => match inputs.places[usize::from(*slot)] {
                ABSENT => Datum::Null,
                at => inputs.record.fields[at as usize].1.datum(),
            },
            Self::Header(at) => inputs.record.headers.get(usize::from(*at)).map_or(Datum::Null, Value::datum),
            Self::Text(text) => Datum::Text(text),
            Self::Number(number) => Datum::Long(*number),
            Self::Call(function, arguments) => function.apply(arguments, inputs),
            Self::Lookup(names, code) => names.name(code.value(inputs).text(inputs.arena)).into(),
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
            TestKind::IsSet => left.holds(),
            TestKind::Equals(right) => {
                let left = left.text(inputs.arena);
                right.iter().any(|right| right.value(inputs).text(inputs.arena) == left)
            }
            TestKind::EqualsIgnoringCase(right) => {
                let right = right.value(inputs).text(inputs.arena);
                right.eq_ignore_ascii_case(left.text(inputs.arena))
            }
        };
        holds != self.negated
    }
}

impl Function {
    fn apply<'v>(&self, arguments: &'v [Expr], inputs: Inputs<'v>) -> Datum<'v> {
        match arguments {
            [one] => (self.call)(&[one.value(inputs)], inputs.arena),
            [one, two] => (self.call)(&[one.value(inputs), two.value(inputs)], inputs.arena),
            more => {
                let mut values = [Datum::Null; ARGUMENTS_MAX];
                for (value, argument) in values.iter_mut().zip(more) {
                    *value = argument.value(inputs);
                }
                (self.call)(&values[..more.len()], inputs.arena)
            }
        }
    }
}
