//! `tdigest`, `tdigest_if`, `tdigest_merge`, and the digest of a distribution behind them and `percentile`.
//!
//! As long as few values differ, they are kept and the answer is the nearest rank. Then neighbours are merged
//! (Dunning's t-digest with the scale function k₁), finer towards both ends.

use std::{f64::consts::PI, sync::Arc};

use arrow_array::{ArrayRef, StringViewArray};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives,
    count::CONDITION,
    fold::{self, Fold, Folded},
    percentile::column,
    render::Cells,
};
use crate::{
    dynamic::{ArrayWriter, BagWriter, Json, push_real},
    functions::{Accepts, HowOften, Parameter, Returns},
};

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Ordinal, how_often: HowOften::Once };
const WEIGHT: Parameter =
    Parameter { name: "weight", accepts: Accepts::Only(ColumnType::Long), how_often: HowOften::Optional };
const DIGEST: Parameter =
    Parameter { name: "digest", accepts: Accepts::Only(ColumnType::Dynamic), how_often: HowOften::Once };

const TDIGEST: Aggregate = Aggregate {
    name: "tdigest",
    aliases: &[],
    parameters: &[VALUE, WEIGHT],
    condition: None,
    gives: Gives::One(Returns::Only(ColumnType::Dynamic)),
    column: ColumnName::PrefixAndArgument("tdigest"),
    about: "A digest of how the values are distributed, for percentile_tdigest and rank_tdigest.",
    examples: &[(
        "range x from 1 to 9 step 1 | summarize t = tdigest(x) | project percentile_tdigest(t, 50)",
        "5",
    )],
    body: |_| Body::Own {
        states: fold::states(),
        make: |setup| Ok(Folded::boxed(Digests::new(setup.types))),
    },
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    TDIGEST,
    Aggregate {
        name: "tdigest_if",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        about: "A digest of how the values of rows for which the condition is true are distributed.",
        examples: &[(
            "range x from 1 to 9 step 1 | summarize t = tdigest_if(x, x < 4) \
             | project percentile_tdigest(t, 50)",
            "2",
        )],
        ..TDIGEST
    },
    Aggregate {
        name: "tdigest_merge",
        aliases: &["merge_tdigests"],
        parameters: &[DIGEST],
        column: ColumnName::PrefixAndArgument("tdigest_merge"),
        about: "One digest of all digests.",
        examples: &[(
            "range x from 1 to 9 step 1 | summarize t = tdigest(x) by y = x % 2 | summarize m = tdigest_merge(t) \
             | project percentile_tdigest(m, 50)",
            "5",
        )],
        ..TDIGEST
    },
];

/// So many points are collected before neighbours are merged.
const POINTS_MAX: usize = 2048;
/// About so many points are left then.
const COMPRESSION: f64 = 1000.0;

/// How numbers are distributed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Digest {
    points: Vec<Point>,
    /// Whether a point stands for different values.
    is_merged: bool,
    least: f64,
    greatest: f64,
    /// What the numbers are: microseconds of datetimes, ticks of timespans. A real, if nothing else is known.
    kind: Option<ColumnType>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    value: f64,
    weight: f64,
}

impl Digest {
    /// Adds a value that came `weight` times. What is no number, or came never, is left out.
    pub fn add(&mut self, value: f64, weight: f64) {
        if value.is_nan() || weight.is_nan() || weight <= 0.0 {
            return;
        }
        self.least = if self.points.is_empty() { value } else { self.least.min(value) };
        self.greatest = if self.points.is_empty() { value } else { self.greatest.max(value) };
        self.points.push(Point { value, weight });
        if self.points.len() >= POINTS_MAX {
            self.compress();
        }
    }

    /// Adds all that another digest has seen.
    pub fn merge(&mut self, other: &Self) {
        self.kind = self.kind.or(other.kind);
        for point in &other.points {
            self.add(point.value, point.weight);
        }
        if !other.points.is_empty() {
            self.is_merged |= other.is_merged;
            self.least = self.least.min(other.least);
            self.greatest = self.greatest.max(other.greatest);
        }
    }

    /// The value that so many percent are not above; `None` of nothing.
    pub fn percentile(&self, percent: f64) -> Option<f64> {
        let points = self.sorted();
        let total: f64 = points.iter().map(|point| point.weight).sum();
        let wanted = percent.clamp(0.0, 100.0) / 100.0 * total;
        let mut seen = 0.0;
        if !self.is_merged {
            // A product such as 0.29 × 100 may lie a little above the whole number that is meant.
            let wanted = wanted - total * 1e-12;
            let reaches = |point: &&Point| {
                seen += point.weight;
                seen >= wanted
            };
            return points.iter().find(reaches).or(points.last()).map(|point| point.value);
        }
        let mut before = (0.0, self.least);
        for point in &points {
            let middle = seen + point.weight / 2.0;
            if wanted < middle {
                return Some(between(before, (middle, point.value), wanted));
            }
            before = (middle, point.value);
            seen += point.weight;
        }
        points.last().map(|_| between(before, (total, self.greatest), wanted))
    }

    /// The value that so many percent are not above, as JSON; null of nothing.
    pub fn percentile_json(&self, percent: f64) -> String {
        let kind = self.kind.unwrap_or(ColumnType::Real);
        let value = column(kind, vec![self.percentile(percent)]);
        match Cells::new(kind, &value) {
            Ok(cells) if !cells.is_null(0) => {
                let mut out = String::new();
                cells.push_json(0, &mut out);
                out
            }
            _ => "null".to_owned(),
        }
    }

    /// How many values are not above this one; `None` of nothing.
    pub fn rank(&self, value: f64) -> Option<f64> {
        let points = self.sorted();
        points.last()?;
        let not_above = points.iter().take_while(|point| point.value <= value);
        if !self.is_merged || value >= self.greatest {
            return Some(not_above.map(|point| point.weight).sum());
        }
        let (mut seen, mut before) = (0.0, (self.least, 0.0));
        for point in &points {
            let here = (point.value, seen + point.weight / 2.0);
            if value < point.value {
                return Some(if value < self.least { 0.0 } else { between(before, here, value) });
            }
            before = here;
            seen += point.weight;
        }
        Some(between(before, (self.greatest, seen), value))
    }

    /// How many values it has seen.
    pub fn count(&self) -> f64 {
        self.points.iter().map(|point| point.weight).sum()
    }

    /// The bytes held besides its own.
    pub fn heap(&self) -> usize {
        self.points.capacity() * size_of::<Point>()
    }

    /// As a `dynamic`.
    pub fn to_json(&self) -> String {
        let mut points = ArrayWriter::default();
        for point in self.sorted() {
            points.push_real(point.value);
            points.push_real(point.weight);
        }
        let mut writer = BagWriter::default();
        writer.push("tdigest", Json::new(&points.finish()));
        if let Some(kind) = self.kind {
            writer.push_text("type", kind.name());
        }
        if self.is_merged {
            let ends = writer.member("ends");
            ends.push('[');
            push_real(ends, self.least);
            ends.push(',');
            push_real(ends, self.greatest);
            ends.push(']');
        }
        writer.finish()
    }

    /// What [`Digest::to_json`] gave; `None` for anything else.
    pub fn from_json(json: Json<'_>) -> Option<Self> {
        let numbers: Option<Vec<f64>> = json.member("tdigest")?.elements()?.map(number).collect();
        let name = json.member("type").and_then(Json::as_text).unwrap_or_default();
        let kind = ColumnType::ALL.into_iter().find(|kind| kind.name() == name);
        let mut digest = Self { kind, ..Self::default() };
        for point in numbers?.chunks_exact(2) {
            digest.add(point[0], point[1]);
        }
        if let Some(ends) = json.member("ends") {
            digest.is_merged = true;
            digest.least = number(ends.element(0)?)?;
            digest.greatest = number(ends.element(1)?)?;
        }
        Some(digest)
    }

    fn sorted(&self) -> Vec<Point> {
        let mut points = self.points.clone();
        points.sort_by(|a, b| a.value.total_cmp(&b.value));
        points
    }

    /// Makes one point of equal values, and if there are still too many, of neighbours.
    fn compress(&mut self) {
        let mut points = self.sorted();
        points.dedup_by(|later, kept| {
            let is_same = later.value.total_cmp(&kept.value).is_eq();
            kept.weight += if is_same { later.weight } else { 0.0 };
            is_same
        });
        if points.len() > POINTS_MAX / 2 {
            self.is_merged = true;
            points = merge_neighbours(&points);
        }
        self.points = points;
    }
}

fn merge_neighbours(points: &[Point]) -> Vec<Point> {
    let total: f64 = points.iter().map(|point| point.weight).sum();
    let mut merged: Vec<Point> = Vec::with_capacity(POINTS_MAX / 2);
    let (mut seen, mut limit) = (0.0, 0.0);
    for point in points {
        match merged.last_mut() {
            Some(last) if seen + point.weight <= limit => {
                last.weight += point.weight;
                last.value += (point.value - last.value) * point.weight / last.weight;
            }
            _ => {
                limit = total * quantile_max(seen / total);
                merged.push(*point);
            }
        }
        seen += point.weight;
    }
    merged
}

/// The quantile that is one step of the scale function k₁ away.
fn quantile_max(quantile: f64) -> f64 {
    let scale = COMPRESSION / (2.0 * PI);
    let next = scale * (2.0 * quantile - 1.0).clamp(-1.0, 1.0).asin() + 1.0;
    if next >= COMPRESSION / 4.0 { 1.0 } else { f64::midpoint((next / scale).sin(), 1.0) }
}

/// The height at `x` of the line through two points.
fn between((x0, y0): (f64, f64), (x1, y1): (f64, f64), x: f64) -> f64 {
    if x1 > x0 { y0 + (y1 - y0) * ((x - x0) / (x1 - x0)).clamp(0.0, 1.0) } else { y1 }
}

/// A number, or the text of one that JSON cannot say.
fn number(json: Json<'_>) -> Option<f64> {
    json.as_real().or_else(|| json.as_text()?.parse().ok())
}

/// A digest for each group, of values or of digests.
#[derive(Clone, Debug)]
pub(super) struct Digests {
    kind: ColumnType,
    weight: Option<ColumnType>,
}

impl Digests {
    pub(super) fn new(types: &[ColumnType]) -> Self {
        Self { kind: types[0], weight: types.get(1).copied() }
    }
}

/// A column, and perhaps one of weights.
pub(super) type Weighted<'a> = (Cells<'a>, Option<Cells<'a>>);

pub(super) fn weighted<'a>(
    kind: ColumnType,
    weight: Option<ColumnType>,
    values: &'a [ArrayRef],
) -> Result<Weighted<'a>> {
    let weights = weight.map(|kind| Cells::new(kind, &values[1])).transpose()?;
    Ok((Cells::new(kind, &values[0])?, weights))
}

pub(super) fn add_weighted(state: &mut Digest, (values, weights): &Weighted<'_>, row: usize) {
    let weight = weights.as_ref().map_or(Some(1.0), |weights| weights.real(row));
    if let (Some(value), Some(weight)) = (values.real(row), weight) {
        state.add(value, weight);
    }
}

pub(super) fn merge_saved(state: &mut Digest, saved: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(saved).map_err(|error| exec_datafusion_err!("{error}"))?;
    let saved =
        Digest::from_json(Json::new(text)).ok_or_else(|| exec_datafusion_err!("no digest of values"))?;
    state.merge(&saved);
    Ok(())
}

impl Fold for Digests {
    type State = Digest;
    type Input<'a> = Weighted<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Weighted<'a>> {
        weighted(self.kind, self.weight, values)
    }

    fn add(&mut self, state: &mut Digest, input: &Weighted<'_>, row: usize) {
        match &input.0 {
            Cells::Dynamic(values) => {
                if !input.0.is_null(row)
                    && let Some(digest) = Digest::from_json(Json::new(values.value(row)))
                {
                    state.merge(&digest);
                }
            }
            _ => {
                state.kind = Some(self.kind);
                add_weighted(state, input, row);
            }
        }
    }

    fn heap(state: &Digest) -> usize {
        state.heap()
    }

    fn save(&self, state: &Digest) -> Vec<u8> {
        state.to_json().into_bytes()
    }

    fn merge(&mut self, state: &mut Digest, saved: &[u8]) -> Result<()> {
        merge_saved(state, saved)
    }

    fn values(&self, states: Vec<Digest>) -> Result<ArrayRef> {
        Ok(Arc::new(states.iter().map(|state| Some(state.to_json())).collect::<StringViewArray>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(values: impl Iterator<Item = u32>) -> Digest {
        let mut digest = Digest::default();
        values.for_each(|value| digest.add(value.into(), 1.0));
        digest
    }

    #[test]
    fn few_values_give_the_nearest_rank() {
        let cases = [(24, 50.0, 12.0), (100, 5.0, 5.0), (100, 99.0, 99.0), (100, 29.0, 29.0), (1, 0.0, 1.0)];
        for (count, percent, expected) in cases {
            assert_eq!(digest(1..count + 1).percentile(percent), Some(expected), "{percent} of {count}");
        }
        assert_eq!(Digest::default().percentile(50.0), None);
        assert_eq!(digest(1..1001).rank(685.0), Some(685.0));
    }

    #[test]
    fn many_values_give_nearly_the_rank() {
        // All of 0..100,003, in an order that is no order.
        let many = digest((0..100_003_u64).map(|n| (n * 7_919 % 100_003) as u32));
        for percent in [0.0, 0.1, 1.0, 25.0, 50.0, 90.0, 99.9, 100.0] {
            let found = many.percentile(percent).unwrap();
            let expected = percent * 1_000.03;
            assert!((found - expected).abs() < 200.0, "{found} instead of {expected}");
            let rank = many.rank(expected).unwrap();
            assert!((rank - expected).abs() < 200.0, "{rank} instead of {expected}");
        }
        assert!(many.heap() <= 2 * POINTS_MAX * size_of::<Point>());
        let read = Digest::from_json(Json::new(&many.to_json())).unwrap();
        assert_eq!(read.percentile(50.0), many.percentile(50.0));
    }

    #[test]
    fn values_that_come_often_stay_exact() {
        let often = digest((0..100_000).map(|n| n % 10));
        assert_eq!(often.percentile(30.0), Some(2.0));
        assert_eq!(often.percentile(30.01), Some(3.0));
    }
}
