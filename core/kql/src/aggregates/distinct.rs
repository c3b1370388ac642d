//! `dcount`, `count_distinct` and their kin: how many values differ.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use arrow_array::{ArrayRef, Int64Array};
use datafusion::common::Result;
use phalanx_signal::ColumnType;

use super::{
    Aggregate, Body, ColumnName, Gives, Setup,
    count::CONDITION,
    fold::{self, Fold, Folded},
    hash,
    hll::{Sketch, precision},
    render::Cells,
};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

const VALUE: Parameter = Parameter { name: "value", accepts: Accepts::Any, how_often: HowOften::Once };
pub(super) const ACCURACY: Parameter =
    Parameter { name: "accuracy", accepts: Accepts::Only(ColumnType::Long), how_often: HowOften::Optional };

const DCOUNT: Aggregate = Aggregate {
    name: "dcount",
    aliases: &[],
    parameters: &[VALUE, ACCURACY],
    condition: None,
    gives: Gives::One(Returns::Only(ColumnType::Long)),
    column: ColumnName::PrefixAndArgument("dcount"),
    about: "About how many values differ: exact up to a few hundred or thousand, by accuracy, then an estimate.",
    examples: &[("range x from 1 to 1000 step 1 | summarize dcount(x % 7)", "7")],
    body: |_| Body::Own { states: fold::states(), make: distinct },
};

const COUNT_DISTINCT: Aggregate = Aggregate {
    name: "count_distinct",
    parameters: &[VALUE],
    column: ColumnName::PrefixAndArgument("count_distinct"),
    about: "How many values differ, exactly.",
    examples: &[("range x from 1 to 100000 step 1 | summarize count_distinct(x)", "100000")],
    body: |_| Body::Own {
        states: fold::states(),
        make: |setup| Ok(Folded::boxed(Exact { kind: setup.types[0], scratch: String::new() })),
    },
    ..DCOUNT
};

pub(super) const AGGREGATES: &[Aggregate] = &[
    DCOUNT,
    Aggregate {
        name: "dcountif",
        parameters: &[VALUE, CONDITION, ACCURACY],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("dcountif"),
        about: "About how many values of rows for which the condition is true differ.",
        examples: &[("range x from 1 to 10 step 1 | summarize dcountif(x % 7, x > 8)", "2")],
        ..DCOUNT
    },
    COUNT_DISTINCT,
    Aggregate {
        name: "count_distinctif",
        parameters: &[VALUE, CONDITION],
        condition: Some(1),
        column: ColumnName::PrefixAndArgument("count_distinctif"),
        about: "How many values of rows for which the condition is true differ, exactly.",
        examples: &[("range x from 1 to 10 step 1 | summarize count_distinctif(x % 7, x > 8)", "2")],
        ..COUNT_DISTINCT
    },
];

fn distinct(setup: &Setup<'_>) -> Result<Box<dyn super::groups::Groups>> {
    Ok(Folded::boxed(Distinct { kind: setup.types[0], precision: precision(setup)? }))
}

/// About how many.
#[derive(Clone, Debug)]
struct Distinct {
    kind: ColumnType,
    precision: u8,
}

impl Fold for Distinct {
    type State = Sketch;
    type Input<'a> = Cells<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Cells<'a>> {
        Cells::new(self.kind, &values[0])
    }

    #[inline]
    fn add(&mut self, state: &mut Sketch, input: &Cells<'_>, row: usize) {
        if !input.is_null(row) {
            state.insert(input.hash(row), self.precision);
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
        Ok(Arc::new(Int64Array::from_iter_values(states.iter().map(Sketch::count))))
    }
}

/// Exactly how many: hashes of 128 bits do not meet by chance.
#[derive(Clone, Debug)]
struct Exact {
    kind: ColumnType,
    scratch: String,
}

type Hashes = HashSet<u128, BuildHasherDefault<Lower>>;

/// A hash as its own hash.
#[derive(Default)]
struct Lower(u64);

impl Hasher for Lower {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u128(&mut self, value: u128) {
        #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
        let lower = value as u64;
        self.0 = lower;
    }
}

impl Fold for Exact {
    type State = Hashes;
    type Input<'a> = Cells<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Cells<'a>> {
        Cells::new(self.kind, &values[0])
    }

    fn add(&mut self, state: &mut Hashes, input: &Cells<'_>, row: usize) {
        if input.is_null(row) {
            return;
        }
        // The second half is the hash of other bytes that tell the value just as well.
        self.scratch.clear();
        self.scratch.push('=');
        input.push_json(row, &mut self.scratch);
        let second = hash::of_text(self.scratch.as_bytes());
        state.insert((u128::from(second) << 64) | u128::from(input.hash(row)));
    }

    fn heap(state: &Hashes) -> usize {
        // The table has a byte for each place, besides the place.
        state.capacity() * (size_of::<u128>() + 1)
    }

    fn save(&self, state: &Hashes) -> Vec<u8> {
        state.iter().flat_map(|hash| hash.to_le_bytes()).collect()
    }

    fn merge(&mut self, state: &mut Hashes, saved: &[u8]) -> Result<()> {
        let hashes =
            saved.chunks_exact(16).map(|hash| u128::from_le_bytes(hash.try_into().expect("16 bytes")));
        state.extend(hashes);
        Ok(())
    }

    fn values(&self, states: Vec<Hashes>) -> Result<ArrayRef> {
        let counts = states.iter().map(|state| i64::try_from(state.len()).unwrap_or(i64::MAX));
        Ok(Arc::new(Int64Array::from_iter_values(counts)))
    }
}
