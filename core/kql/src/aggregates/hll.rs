//! `hll`, `hll_if`, `hll_merge`, and the sketch of distinct values behind them and `dcount`.
//!
//! As long as there are few values, their hashes are kept and the count is exact. Then come the registers of
//! HyperLogLog (Flajolet et al. 2007), read by Ertl's estimator (2017), which needs no tables of corrections.

use std::sync::Arc;

use arrow_array::{ArrayRef, StringViewArray};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives, Setup,
    count::CONDITION,
    distinct::ACCURACY,
    fold::{self, Fold, Folded},
    render::Cells,
};
use crate::{
    dynamic::{BagWriter, Json},
    functions::{Accepts, HowOften, Parameter, Returns},
};

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Once };
const SKETCH: Parameter =
    Parameter { name: "sketch", accepts: Accepts::Only(ColumnType::Dynamic), how_often: HowOften::Once };

const HLL: Aggregate = Aggregate {
    name: "hll",
    aliases: &[],
    parameters: &[VALUE, ACCURACY],
    condition: None,
    gives: Gives::One(Returns::Only(ColumnType::Dynamic)),
    column: ColumnName::PrefixAndArgument("hll"),
    about: "A sketch of the distinct values, to be merged with others and counted by dcount_hll.",
    examples: &[("range x from 1 to 100 step 1 | summarize h = hll(x % 7) | project dcount_hll(h)", "7")],
    body: |_| Body::Own {
        states: fold::states(),
        make: |setup| {
            Ok(Folded::boxed(Hll { kind: setup.types[0], precision: precision(setup)?, merges: false }))
        },
    },
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    HLL,
    Aggregate {
        name: "hll_if",
        parameters: &[VALUE, CONDITION, ACCURACY],
        condition: Some(1),
        about: "A sketch of the distinct values of rows for which the condition is true.",
        examples: &[(
            "range x from 1 to 9 step 1 | summarize h = hll_if(x, x > 7) | project dcount_hll(h)",
            "2",
        )],
        ..HLL
    },
    Aggregate {
        name: "hll_merge",
        parameters: &[SKETCH],
        column: ColumnName::PrefixAndArgument("hll_merge"),
        about: "One sketch of the distinct values of all sketches.",
        examples: &[(
            "range x from 1 to 9 step 1 | summarize h = hll(x) by y = x % 2 | summarize m = hll_merge(h) \
             | project dcount_hll(m)",
            "9",
        )],
        body: |_| Body::Own {
            states: fold::states(),
            make: |_| {
                let precision = Sketch::PRECISION;
                Ok(Folded::boxed(Hll { kind: ColumnType::Dynamic, precision, merges: true }))
            },
        },
        ..HLL
    },
];

/// The number of registers by accuracy, as a power of two.
const PRECISIONS: [u8; 5] = [12, 14, 16, 17, 18];
const DEFAULT_ACCURACY: usize = 1;

/// The precision that the second argument asks for.
pub(super) fn precision(setup: &Setup<'_>) -> Result<u8> {
    let accuracy = setup.long(1, DEFAULT_ACCURACY as i64)?;
    let precision = usize::try_from(accuracy).ok().and_then(|accuracy| PRECISIONS.get(accuracy));
    precision.copied().ok_or_else(|| exec_datafusion_err!("the accuracy is 0 to 4, not {accuracy}"))
}

/// A sketch of hashes.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Sketch {
    #[default]
    Empty,
    /// Hashes themselves: a table of a power of two places where 0 is a free one.
    Few {
        places: Box<[u64]>,
        count: usize,
    },
    Registers {
        registers: Box<[u8]>,
        precision: u8,
    },
}

impl Sketch {
    /// The usual precision.
    pub const PRECISION: u8 = PRECISIONS[DEFAULT_ACCURACY];

    /// Adds a hash. `precision` counts from where there are too many to keep.
    #[inline]
    pub fn insert(&mut self, hash: u64, precision: u8) {
        match self {
            Self::Registers { registers, precision } => raise(registers, *precision, hash),
            Self::Empty => {
                *self = Self::Few { places: vec![0; 4].into(), count: 0 };
                self.insert(hash, precision);
            }
            Self::Few { places, count } => {
                let hash = hash.max(1);
                let place = place(places, hash);
                if places[place] == hash {
                    return;
                }
                places[place] = hash;
                *count += 1;
                if *count * 4 > places.len() * 3 {
                    self.grow(precision);
                }
            }
        }
    }

    /// Adds all that another sketch has seen. Of two precisions, the lower is kept.
    pub fn merge(&mut self, other: &Self, precision: u8) {
        match (&mut *self, other) {
            (_, Self::Empty) => {}
            (_, Self::Few { places, .. }) => {
                for hash in places.iter().filter(|hash| **hash != 0) {
                    self.insert(*hash, precision);
                }
            }
            (
                Self::Registers { registers, precision },
                Self::Registers { registers: theirs, precision: other },
            ) => {
                let low = *precision.min(&mut other.clone());
                let ours = std::mem::take(registers);
                let mut ours = lower(ours, *precision, low);
                for (ours, theirs) in ours.iter_mut().zip(lower(theirs.clone(), *other, low)) {
                    *ours = theirs.max(*ours);
                }
                *self = Self::Registers { registers: ours, precision: low };
            }
            (_, Self::Registers { registers, precision }) => {
                let mine = std::mem::take(self);
                *self = Self::Registers { registers: registers.clone(), precision: *precision };
                self.merge(&mine, *precision);
            }
        }
    }

    /// How many distinct hashes it has seen.
    pub fn count(&self) -> i64 {
        match self {
            Self::Empty => 0,
            Self::Few { count, .. } => i64::try_from(*count).unwrap_or(i64::MAX),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "an estimate is finite and below 2⁶⁴; `as` saturates"
            )]
            Self::Registers { registers, precision } => estimate(registers, *precision).round() as i64,
        }
    }

    /// Whether a hash is in a sketch that still has its hashes; `None` for one that has not.
    pub fn contains(&self, hash: u64) -> Option<bool> {
        match self {
            Self::Empty => Some(false),
            Self::Few { places, .. } => Some(places[place(places, hash.max(1))] == hash.max(1)),
            Self::Registers { .. } => None,
        }
    }

    /// The hashes, as long as it has them.
    pub fn hashes(&self) -> Option<Vec<u64>> {
        match self {
            Self::Empty => Some(Vec::new()),
            Self::Few { places, .. } => Some(places.iter().copied().filter(|hash| *hash != 0).collect()),
            Self::Registers { .. } => None,
        }
    }

    /// The bytes held besides its own.
    pub fn heap(&self) -> usize {
        match self {
            Self::Empty => 0,
            Self::Few { places, .. } => places.len() * size_of::<u64>(),
            Self::Registers { registers, .. } => registers.len(),
        }
    }

    /// The precision and the registers, or 0 and the hashes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Empty => Vec::new(),
            Self::Few { places, .. } => {
                let hashes = places.iter().filter(|hash| **hash != 0).flat_map(|hash| hash.to_le_bytes());
                std::iter::once(0).chain(hashes).collect()
            }
            Self::Registers { registers, precision } => {
                std::iter::once(*precision).chain(registers.iter().copied()).collect()
            }
        }
    }

    /// Takes in what [`Sketch::to_bytes`] gave of another.
    pub fn merge_saved(&mut self, saved: &[u8], precision: u8) -> Result<()> {
        let saved =
            Self::from_bytes(saved).ok_or_else(|| exec_datafusion_err!("no sketch of distinct values"))?;
        self.merge(&saved, precision);
        Ok(())
    }

    /// What [`Sketch::to_bytes`] gave; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let Some((precision, rest)) = bytes.split_first() else { return Some(Self::Empty) };
        if *precision == 0 {
            let mut sketch = Self::Empty;
            let highest = PRECISIONS[PRECISIONS.len() - 1];
            for hash in rest.chunks(8) {
                sketch.insert(u64::from_le_bytes(hash.try_into().ok()?), highest);
            }
            return Some(sketch);
        }
        let fits = PRECISIONS.contains(precision) && rest.len() == 1 << precision;
        let is_sane = |rank: &u8| *rank <= 65 - precision;
        (fits && rest.iter().all(is_sane))
            .then(|| Self::Registers { registers: rest.into(), precision: *precision })
    }

    /// As a `dynamic`.
    pub fn to_json(&self) -> String {
        let mut writer = BagWriter::default();
        writer.push_text("hll", &STANDARD.encode(self.to_bytes()));
        writer.finish()
    }

    /// What [`Sketch::to_json`] gave; `None` for anything else.
    pub fn from_json(json: Json<'_>) -> Option<Self> {
        let text = json.member("hll")?.as_text()?;
        Self::from_bytes(&STANDARD.decode(text.as_bytes()).ok()?)
    }

    /// Makes room for more hashes, or registers of them.
    fn grow(&mut self, precision: u8) {
        let hashes = self.hashes().unwrap_or_default();
        let count_max = (1_usize << precision) / size_of::<u64>();
        if hashes.len() * 2 > count_max {
            let mut registers = vec![0; 1 << precision].into_boxed_slice();
            hashes.iter().for_each(|hash| raise(&mut registers, precision, *hash));
            *self = Self::Registers { registers, precision };
            return;
        }
        let mut places = vec![0; (hashes.len() * 2).next_power_of_two()].into_boxed_slice();
        for hash in &hashes {
            let place = place(&places, *hash);
            places[place] = *hash;
        }
        *self = Self::Few { places, count: hashes.len() };
    }
}

/// Where a hash is in a table that has a free place, or where it belongs.
#[inline]
fn place(places: &[u64], hash: u64) -> usize {
    let mask = places.len() - 1;
    #[expect(clippy::cast_possible_truncation, reason = "masked anyway")]
    let mut place = hash as usize & mask;
    while places[place] != 0 && places[place] != hash {
        place = (place + 1) & mask;
    }
    place
}

/// The first bits of a hash choose the register; it keeps the greatest number of zeros behind them, plus one.
#[inline]
fn raise(registers: &mut [u8], precision: u8, hash: u64) {
    #[expect(clippy::cast_possible_truncation, reason = "at most 18 bits")]
    let register = (hash >> (64 - precision)) as usize;
    #[expect(clippy::cast_possible_truncation, reason = "at most 65")]
    let rank = (hash << precision).leading_zeros().min(64 - u32::from(precision)) as u8 + 1;
    registers[register] = registers[register].max(rank);
}

/// Registers of a lower precision: the bits that no longer choose the register are the first ones that count.
fn lower(registers: Box<[u8]>, from: u8, to: u8) -> Box<[u8]> {
    if from == to {
        return registers;
    }
    let shift = from - to;
    let mut low = vec![0_u8; 1 << to].into_boxed_slice();
    for (at, rank) in registers.iter().enumerate().filter(|(_, rank)| **rank > 0) {
        let moved = at & ((1 << shift) - 1);
        #[expect(clippy::cast_possible_truncation, reason = "at most 64")]
        let rank = if moved == 0 {
            rank + shift
        } else {
            (moved.leading_zeros() - (usize::BITS - u32::from(shift))) as u8 + 1
        };
        low[at >> shift] = low[at >> shift].max(rank);
    }
    low
}

/// Ertl, "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6.
fn estimate(registers: &[u8], precision: u8) -> f64 {
    let mut counts = [0.0_f64; 66];
    registers.iter().for_each(|rank| counts[usize::from(*rank).min(65)] += 1.0);
    let highest = usize::from(64 - precision);
    let total = counts.iter().sum::<f64>();
    let mut sum = total * tau(1.0 - counts[highest + 1] / total);
    for count in counts[1..=highest].iter().rev() {
        sum = 0.5 * (sum + count);
    }
    sum += total * sigma(counts[0] / total);
    total * total / (2.0 * std::f64::consts::LN_2 * sum)
}

#[expect(clippy::float_cmp, reason = "iterates until nothing changes any more")]
fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

#[expect(clippy::float_cmp, reason = "iterates until nothing changes any more")]
fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// A sketch for each group, of values or of sketches.
#[derive(Clone, Debug)]
struct Hll {
    kind: ColumnType,
    precision: u8,
    merges: bool,
}

impl Fold for Hll {
    type State = Sketch;
    type Input<'a> = Cells<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Cells<'a>> {
        Cells::new(self.kind, &values[0])
    }

    fn add(&mut self, state: &mut Sketch, input: &Cells<'_>, row: usize) {
        if input.is_null(row) {
            return;
        }
        match input {
            Cells::Dynamic(values) if self.merges => {
                if let Some(sketch) = Sketch::from_json(Json::new(values.value(row))) {
                    state.merge(&sketch, self.precision);
                }
            }
            _ => state.insert(input.hash(row), self.precision),
        }
    }

    fn heap(state: &Sketch) -> usize {
        state.heap()
    }

    fn save(&self, state: &Sketch) -> Vec<u8> {
        state.to_bytes()
    }

    fn merge(&mut self, state: &mut Sketch, saved: &[u8]) -> Result<()> {
        state.merge_saved(saved, self.precision)
    }

    fn values(&self, states: Vec<Sketch>) -> Result<ArrayRef> {
        Ok(Arc::new(states.iter().map(|state| Some(state.to_json())).collect::<StringViewArray>()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::hash::of_word, *};

    fn sketch(values: std::ops::Range<u64>, precision: u8) -> Sketch {
        let mut sketch = Sketch::Empty;
        values.for_each(|value| sketch.insert(of_word(value), precision));
        sketch
    }

    #[test]
    fn few_are_counted_exactly_and_many_nearly() {
        for (count, precision, error) in [
            (0, 14, 0.0),
            (1, 14, 0.0),
            (700, 14, 0.0),
            (3_000, 14, 0.02),
            (20_000, 14, 0.02),
            (40_000, 12, 0.05),
            (200_000, 14, 0.03),
            (200_000, 18, 0.01),
        ] {
            let found = sketch(0..count, precision).count() as f64;
            let apart = (found - count as f64).abs();
            assert!(apart <= error * count as f64, "{found} instead of {count}");
        }
    }

    #[test]
    fn merging_is_as_seeing_all() {
        for (left, right) in
            [(0..500, 400..600), (0..500, 0..50_000), (0..50_000, 100..200), (0..90_000, 0..9)]
        {
            let mut merged = sketch(left.clone(), 14);
            merged.merge(&sketch(right.clone(), 14), 14);
            let all = sketch(left.start.min(right.start)..left.end.max(right.end), 14);
            assert_eq!(merged.count(), all.count(), "{left:?} {right:?}");
        }
        let mut mixed = sketch(0..90_000, 18);
        mixed.merge(&sketch(0..90_000, 12), 18);
        assert_eq!(mixed, sketch(0..90_000, 12), "what is left of a higher precision");
    }

    #[test]
    fn sketches_survive_their_text() {
        for count in [0, 3, 100_000] {
            let sketch = sketch(0..count, 14);
            let text = sketch.to_json();
            assert_eq!(Sketch::from_json(Json::new(&text)).map(|read| read.count()), Some(sketch.count()));
        }
        for text in ["{}", "1", r#"{"hll":"!"}"#, r#"{"hll":"DgA="}"#] {
            assert_eq!(Sketch::from_json(Json::new(text)), None, "{text}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        for count in [10, 2_000, 200_000] {
            assert!(sketch(0..count, 14).heap() <= 1 << 14, "{count}");
        }
    }
}
