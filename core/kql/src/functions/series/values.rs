//! A series in numbers.

use chrono::DateTime;

use crate::dynamic::{ArrayWriter, Json};

/// Ticks of 100 ns from the year 1 to 1970.
const TICKS_TO_1970: i64 = 621_355_968_000_000_000;

/// The numbers of an array, or one number that stands at every place.
pub(super) struct Series {
    pub values: Vec<Option<f64>>,
    /// Whether all are written as whole numbers.
    pub is_whole: bool,
    pub is_scalar: bool,
}

impl Series {
    /// `None` for what is neither an array nor a number.
    pub(super) fn new(json: Json<'_>) -> Option<Self> {
        let mut is_whole = true;
        let mut read = |element: Json<'_>| {
            is_whole &= element.is_null() || element.as_long().is_some();
            number(element)
        };
        let (values, is_scalar) = match json.elements() {
            Some(elements) => (elements.map(&mut read).collect(), false),
            None => (vec![Some(read(json)?)], true),
        };
        Some(Self { values, is_whole, is_scalar })
    }

    /// The number at a place; none behind the end.
    pub(super) fn at(&self, place: usize) -> Option<f64> {
        if self.is_scalar { self.values[0] } else { self.values.get(place).copied().flatten() }
    }
}

/// The numbers of an array, if all its elements are numbers.
pub(super) fn numbers(json: Json<'_>) -> Option<Vec<f64>> {
    json.elements()?.map(number).collect()
}

/// The numbers of an array; none for what is no number.
pub(super) fn sparse(json: Json<'_>) -> Option<Vec<Option<f64>>> {
    Some(json.elements()?.map(number).collect())
}

/// A number, or the ticks of a `datetime`.
#[expect(clippy::cast_precision_loss, reason = "series are computed in reals")]
fn number(json: Json<'_>) -> Option<f64> {
    if let Some(number) = json.as_real() {
        return Some(number);
    }
    let is_time = json.text().len() > 20 && json.text().as_bytes()[5] == b'-';
    let text = json.as_text().filter(|_| is_time)?;
    let time = DateTime::parse_from_rfc3339(&text).ok()?;
    Some((time.timestamp_micros().checked_mul(10)?.checked_add(TICKS_TO_1970)?) as f64)
}

/// An array of numbers, as whole ones if they are and `is_whole` asks for it; null for none.
pub(super) fn write(values: impl IntoIterator<Item = Option<f64>>, is_whole: bool) -> String {
    let mut out = ArrayWriter::default();
    for value in values {
        match value {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2⁵³")]
            Some(value) if is_whole && value.fract() == 0.0 && value.abs() < 9e15 => {
                out.push_long(value as i64)
            }
            Some(value) => out.push_real(value),
            None => out.push_null(),
        }
    }
    out.finish()
}

/// An array of reals.
pub(super) fn write_reals(values: &[f64]) -> String {
    values.iter().copied().collect::<ArrayWriter>().finish()
}

#[expect(clippy::cast_precision_loss, reason = "no series has 2⁵³ elements")]
pub(super) fn real(count: usize) -> f64 {
    count as f64
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / real(values.len())
}

/// The sum of the squares of the distances from the mean.
pub(super) fn squares(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// The middle of the values, which it sorts; NaN of none.
pub(super) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
