//! `basket` and `autocluster`: sets of values that many rows have in common.
//!
//! The sets are closed: no value can be added that all rows of the set have. They are found from the empty one on, by
//! adding a value and whatever follows from it. Rows that agree in all values that count are one row with a weight.
//!
//! Clusters are few of these sets: the best one by how many rows and how many values it has, then the best one of what
//! the rows that are left have, and so on.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use arrow_array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, new_empty_array};
use arrow_select::{concat::concat_batches, interleave::interleave};
use datafusion::{
    common::{Result, exec_datafusion_err},
    scalar::ScalarValue,
};
use phalanx_signal::ColumnType;

use super::{Algorithm, Work, dimensions::Dimensions};
use crate::aggregates::render::Cells;

/// Sets that are found at most.
const SETS_MAX: usize = 100_000;
/// How many values of a cluster may not follow from others.
const CLUSTER_DEPTH: usize = 5;
/// The share of a cluster's rows that must be in none before it.
const CLUSTER_NEW_SHARE: f64 = 0.5;
/// No value that counts.
const RARE: u32 = u32::MAX;

/// Frequent sets of values: the number of the set, how many rows it has, how many percent of all these are, and for each
/// column the value or a wildcard.
#[derive(Debug)]
pub struct Basket {
    /// How many columns have values; the weight of rows, if there is one, is in the column behind them.
    pub columns: usize,
    pub weight: Option<ColumnType>,
    /// The share of the rows that makes a set frequent.
    pub threshold: f64,
    pub choice: Choice,
    /// For each column, what stands where the set has no value.
    pub wildcards: Vec<ScalarValue>,
}

/// Which of the frequent sets are given.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    /// All with at most so many values that do not follow from others.
    Sets { dimensions_max: usize },
    /// At most so many that together stand for the rows. The weight of a set's share of the rows against that of its
    /// number of values is from 0 to 1.
    Clusters { size_weight: f64, count_max: usize },
}

/// A value of a column that enough rows have.
struct Item {
    column: usize,
    /// The first row that has it.
    row: usize,
    /// Which of the rows that are told apart have it.
    rows: Bits,
}

#[derive(Clone)]
struct Bits(Vec<u64>);

struct Miner<'a> {
    items: &'a [Item],
    weights: &'a [f64],
    least: f64,
    depth_max: usize,
}

impl Algorithm for Basket {
    fn name(&self) -> &'static str {
        match self.choice {
            Choice::Sets { .. } => "basket",
            Choice::Clusters { .. } => "autocluster",
        }
    }

    fn run(&self, inputs: &[Vec<RecordBatch>], work: &mut Work<'_>) -> Result<()> {
        let Some(first) = inputs.first().and_then(|batches| batches.first()) else { return Ok(()) };
        let all = concat_batches(&first.schema(), &inputs[0])?;
        let weights = self.weights(&all)?;
        let total: f64 = weights.iter().sum();
        let (items, weights) = self.items(&all, &weights, total * self.threshold, work)?;
        let mut least = total * self.threshold;
        let mut found = Vec::new();
        match self.choice {
            Choice::Sets { dimensions_max: depth_max } => {
                let miner = Miner { items: &items, weights: &weights, least, depth_max };
                if !miner.mine(&mut found, work)? {
                    return Err(exec_datafusion_err!(
                        "more than {SETS_MAX} sets of values are frequent; raise the threshold, or project fewer columns"
                    ));
                }
            }
            Choice::Clusters { size_weight, count_max } => {
                // Clusters are large: where there are very many sets, the small ones are none of them.
                while !(Miner { items: &items, weights: &weights, least, depth_max: CLUSTER_DEPTH })
                    .mine(&mut found, work)?
                {
                    found.clear();
                    least *= 2.0;
                }
                found = self.clusters(&items, &weights, found, size_weight, count_max, work)?;
            }
        }
        self.give(&all, &items, found, total, work)
    }
}

impl Basket {
    fn weights(&self, all: &RecordBatch) -> Result<Vec<f64>> {
        let Some(kind) = self.weight else { return Ok(vec![1.0; all.num_rows()]) };
        let cells = Cells::new(kind, all.column(self.columns))?;
        Ok((0..all.num_rows())
            .map(|row| cells.real(row).filter(|weight| *weight > 0.0).unwrap_or(0.0))
            .collect())
    }

    /// The values that count, and the weights of the rows that they tell apart.
    fn items(
        &self,
        all: &RecordBatch,
        weights: &[f64],
        least: f64,
        work: &mut Work<'_>,
    ) -> Result<(Vec<Item>, Vec<f64>)> {
        let mut items: Vec<Item> = Vec::new();
        // For each row the items that it has, by column.
        let mut signatures: Vec<Vec<u32>> = vec![Vec::new(); all.num_rows()];
        work.hold(all.num_rows() * (size_of::<Vec<u32>>() + self.columns * size_of::<u32>()))?;
        for column in 0..self.columns {
            let mut values = Dimensions::new(&all.schema(), &[column])?;
            let of_rows = values.groups(all, work)?;
            work.step(all.num_rows())?;
            let mut counts: Vec<(f64, usize)> = Vec::new();
            for (row, value) in of_rows.iter().enumerate() {
                if *value == counts.len() {
                    counts.push((0.0, row));
                }
                counts[*value].0 += weights[row];
            }
            let numbers: Vec<u32> = counts
                .iter()
                .map(|(weight, row)| {
                    if *weight < least || *weight <= 0.0 {
                        return RARE;
                    }
                    items.push(Item { column, row: *row, rows: Bits(Vec::new()) });
                    items.len() as u32 - 1
                })
                .collect();
            for (signature, value) in signatures.iter_mut().zip(of_rows) {
                signature.push(numbers[value]);
            }
        }
        let mut known: HashMap<&[u32], usize> = HashMap::new();
        let mut merged: Vec<f64> = Vec::new();
        for (signature, weight) in signatures.iter().zip(weights) {
            work.step(1)?;
            let at = *known.entry(signature).or_insert(merged.len());
            if at == merged.len() {
                merged.push(0.0);
            }
            merged[at] += weight;
        }
        let words = merged.len().div_ceil(64);
        work.hold(items.len() * words * size_of::<u64>())?;
        items.iter_mut().for_each(|item| item.rows = Bits(vec![0; words]));
        for (signature, at) in known {
            for item in signature.iter().filter(|item| **item != RARE) {
                items[*item as usize].rows.0[at / 64] |= 1 << (at % 64);
            }
        }
        Ok((items, merged))
    }

    /// The sets that together stand for the rows.
    fn clusters(
        &self,
        items: &[Item],
        weights: &[f64],
        found: Vec<(Vec<usize>, f64)>,
        size_weight: f64,
        count_max: usize,
        work: &mut Work<'_>,
    ) -> Result<Vec<(Vec<usize>, f64)>> {
        let total: f64 = weights.iter().sum();
        let mut left = Bits::all(weights.len());
        let mut chosen: Vec<(Vec<usize>, f64)> = Vec::new();
        let mut rest = found;
        while chosen.len() < count_max {
            let mut best: Option<(f64, usize)> = None;
            for (at, (set, weight)) in rest.iter().enumerate() {
                work.step(1 + left.0.len() * set.len() / 8)?;
                let rows = set.iter().fold(left.clone(), |rows, item| rows.and(&items[*item].rows));
                let new = rows.weight(weights);
                // What mostly repeats the others says nothing new.
                if new < weight * CLUSTER_NEW_SHARE || set.is_empty() {
                    continue;
                }
                let share = (new / total).powf(size_weight);
                let score = share * (set.len() as f64 / self.columns as f64).powf(1.0 - size_weight);
                if best.is_none_or(|(known, _)| score > known) {
                    best = Some((score, at));
                }
            }
            let Some((_, at)) = best else { break };
            let (set, weight) = rest.swap_remove(at);
            let rows = set.iter().fold(Bits::all(weights.len()), |rows, item| rows.and(&items[*item].rows));
            left = left.without(&rows);
            chosen.push((set, weight));
        }
        Ok(chosen)
    }

    /// The largest sets first.
    fn give(
        &self,
        all: &RecordBatch,
        items: &[Item],
        mut found: Vec<(Vec<usize>, f64)>,
        total: f64,
        work: &mut Work<'_>,
    ) -> Result<()> {
        found.sort_by(|(a, left), (b, right)| right.total_cmp(left).then_with(|| a.cmp(b)));
        let ids = 0..found.len() as i64;
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from_iter_values(ids)),
            Arc::new(Int64Array::from_iter_values(found.iter().map(|(_, weight)| weight.round() as i64))),
            Arc::new(Float64Array::from_iter_values(found.iter().map(|(_, weight)| 100.0 * weight / total))),
        ];
        for (column, wildcard) in self.wildcards.iter().enumerate() {
            let values = all.column(column);
            let nothing = wildcard.to_array_of_size(1)?;
            if found.is_empty() {
                columns.push(new_empty_array(values.data_type()));
                continue;
            }
            let place = |set: &[usize]| {
                let item = set.iter().find(|item| items[**item].column == column);
                item.map_or((1, 0), |item| (0, items[*item].row))
            };
            let places: Vec<_> = found.iter().map(|(set, _)| place(set)).collect();
            columns.push(interleave(&[values.as_ref(), nothing.as_ref()], &places)?);
        }
        work.give(columns)
    }
}

impl Miner<'_> {
    /// Adds the frequent sets of items, with their weights; false if they are too many.
    fn mine(&self, found: &mut Vec<(Vec<usize>, f64)>, work: &mut Work<'_>) -> Result<bool> {
        let words = self.weights.len().div_ceil(64);
        let everything = Bits::all(self.weights.len());
        let root = self.closure(&everything);
        if !root.is_empty() {
            let weight = self.weights.iter().sum();
            found.push((root.clone(), weight));
        }
        // Sets whose extensions are not looked for yet, the nearest to everything first: so each is met first by as
        // few values as it takes.
        let mut known: HashSet<Vec<usize>> = HashSet::from([root.clone()]);
        let mut open = VecDeque::from([(root, everything, 0)]);
        while let Some((set, rows, depth)) = open.pop_front() {
            if depth == self.depth_max {
                continue;
            }
            for item in (0..self.items.len()).filter(|item| !set.contains(item)) {
                work.step(1 + words)?;
                let both = rows.and(&self.items[item].rows);
                let weight = both.weight(self.weights);
                if weight < self.least || weight <= 0.0 {
                    continue;
                }
                work.step(self.items.len() * (1 + words / 8))?;
                let closed = self.closure(&both);
                if known.contains(&closed) {
                    continue;
                }
                if found.len() == SETS_MAX {
                    return Ok(false);
                }
                work.hold(3 * closed.len() * size_of::<usize>() + words * size_of::<u64>())?;
                known.insert(closed.clone());
                found.push((closed.clone(), weight));
                open.push_back((closed, both, depth + 1));
            }
        }
        Ok(true)
    }

    /// The items that all rows have.
    fn closure(&self, rows: &Bits) -> Vec<usize> {
        (0..self.items.len()).filter(|item| rows.is_within(&self.items[*item].rows)).collect()
    }
}

impl Bits {
    fn all(rows: usize) -> Self {
        let mut words = vec![u64::MAX; rows.div_ceil(64)];
        if let (Some(last), true) = (words.last_mut(), !rows.is_multiple_of(64)) {
            *last = (1 << (rows % 64)) - 1;
        }
        Self(words)
    }

    fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & !b).collect())
    }

    fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(a, b)| a & !b == 0)
    }

    fn weight(&self, weights: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (word, bits) in self.0.iter().enumerate() {
            let mut rest = *bits;
            while rest != 0 {
                sum += weights[64 * word + rest.trailing_zeros() as usize];
                rest &= rest - 1;
            }
        }
        sum
    }
}
