//! Which of two values comes first, and whether they are the same.

use std::{cmp::Ordering, hash::Hash};

use super::{Json, Scalar, canonical};

/// A value such that two are equal if they are the same to the language: numbers by value, texts by their letters,
/// bags whatever the order of their members.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    Null,
    Bool(bool),
    Long(i64),
    /// The bits of a number that is not whole.
    Real(u64),
    Text(String),
    Nested(String),
}

impl Json<'_> {
    /// What makes the value the same as another.
    pub fn identity(self) -> Identity {
        match self.scalar() {
            Scalar::Null => Identity::Null,
            Scalar::Bool(value) => Identity::Bool(value),
            Scalar::Long(value) => Identity::Long(value),
            // Up to 2⁵³ a real that is whole is the same as the long.
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2⁵³")]
            Scalar::Real(value) if value.fract() == 0.0 && value.abs() < 9e15 => Identity::Long(value as i64),
            Scalar::Real(value) => Identity::Real(value.to_bits()),
            Scalar::Text(text) => Identity::Text(text.into_owned()),
            Scalar::Array | Scalar::Bag => Identity::Nested(canonical(self).into_owned()),
        }
    }

    /// The order in which arrays are sorted: numbers, then strings, then whatever else, each kind by itself
    /// ascending or descending. Where nulls go is the caller's choice.
    pub fn order(self, other: Json<'_>, descending: bool) -> Ordering {
        let (left, right) = (self.scalar(), other.scalar());
        let order = match (&left, &right) {
            (Scalar::Long(a), Scalar::Long(b)) => a.cmp(b),
            (Scalar::Text(a), Scalar::Text(b)) => a.cmp(b),
            (Scalar::Bool(a), Scalar::Bool(b)) => a.cmp(b),
            _ => match (number(&left), number(&right)) {
                (Some(a), Some(b)) => a.total_cmp(&b),
                _ if rank(&left) != rank(&right) => return rank(&left).cmp(&rank(&right)),
                _ => self.text().cmp(other.text()),
            },
        };
        if descending { order.reverse() } else { order }
    }
}

#[expect(clippy::cast_precision_loss, reason = "only their order matters")]
fn number(value: &Scalar<'_>) -> Option<f64> {
    match value {
        Scalar::Long(value) => Some(*value as f64),
        Scalar::Real(value) => Some(*value),
        _ => None,
    }
}

fn rank(value: &Scalar<'_>) -> u8 {
    match value {
        Scalar::Long(_) | Scalar::Real(_) => 0,
        Scalar::Text(_) => 1,
        _ => 2,
    }
}
