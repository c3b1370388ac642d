//! Aggregates that keep one thing per group and take in a row after the other.

use std::{fmt::Debug, sync::Arc};

use arrow_array::{Array, ArrayRef, builder::BinaryViewBuilder, cast::AsArray};
use arrow_schema::DataType;
use datafusion::{
    common::{Result, exec_datafusion_err},
    logical_expr::EmitTo,
};

use super::groups::{Groups, Rows};

/// How a row changes what is kept for a group.
pub trait Fold: Debug + Clone + Send + Sync + 'static {
    type State: Default + Debug + Send + Sync;
    /// The arguments, ready to be read by row.
    type Input<'a>;

    fn input<'a>(&self, values: &'a [ArrayRef]) -> Result<Self::Input<'a>>;

    fn add(&mut self, state: &mut Self::State, input: &Self::Input<'_>, row: usize);

    /// The bytes that a state holds besides its own; computed from capacities, not by walking.
    fn heap(state: &Self::State) -> usize;

    /// A state as bytes; nothing for one that has seen no row.
    fn save(&self, state: &Self::State) -> Vec<u8>;

    /// Takes in what [`Fold::save`] gave.
    ///
    /// # Errors
    /// The bytes are not of that kind.
    fn merge(&mut self, state: &mut Self::State, saved: &[u8]) -> Result<()>;

    /// The results of states.
    fn values(&self, states: Vec<Self::State>) -> Result<ArrayRef>;
}

/// What a partial result consists of.
pub fn states() -> Vec<DataType> {
    vec![DataType::BinaryView]
}

/// The states of groups.
#[derive(Debug)]
pub struct Folded<F: Fold> {
    fold: F,
    states: Vec<F::State>,
    heap: usize,
}

impl<F: Fold> Folded<F> {
    pub fn new(fold: F) -> Self {
        Self { fold, states: Vec::new(), heap: 0 }
    }

    /// For tables of aggregates: the fold, boxed.
    pub fn boxed(fold: F) -> Box<dyn Groups> {
        Box::new(Self::new(fold))
    }

    fn take(&mut self, emit: EmitTo) -> Vec<F::State> {
        let taken = emit.take_needed(&mut self.states);
        self.heap -= taken.iter().map(F::heap).sum::<usize>();
        taken
    }
}

impl<F: Fold> Groups for Folded<F> {
    fn resize(&mut self, groups: usize) {
        self.states.resize_with(groups.max(self.states.len()), F::State::default);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        let input = self.fold.input(values)?;
        rows.each(|row, group| {
            let state = &mut self.states[group];
            let before = F::heap(state);
            self.fold.add(state, &input, row);
            self.heap = self.heap + F::heap(state) - before;
        });
        Ok(())
    }

    fn merge(&mut self, states: &[ArrayRef], rows: &Rows<'_>) -> Result<()> {
        let saved = states.first().and_then(|states| states.as_binary_view_opt());
        let saved = saved.ok_or_else(|| exec_datafusion_err!("a partial result is not binary"))?;
        let mut answer = Ok(());
        rows.each(|row, group| {
            if saved.is_null(row) || saved.value(row).is_empty() || answer.is_err() {
                return;
            }
            let state = &mut self.states[group];
            let before = F::heap(state);
            answer = self.fold.merge(state, saved.value(row));
            self.heap = self.heap + F::heap(state) - before;
        });
        answer
    }

    fn values(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let states = self.take(emit);
        self.fold.values(states)
    }

    fn states(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        let states = self.take(emit);
        let mut builder = BinaryViewBuilder::with_capacity(states.len());
        for state in &states {
            builder.append_value(self.fold.save(state));
        }
        Ok(vec![Arc::new(builder.finish())])
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.states.capacity() * size_of::<F::State>() + self.heap
    }

    fn fresh(&self) -> Box<dyn Groups> {
        Box::new(Self::new(self.fold.clone()))
    }
}

/// Reads back what was saved as fixed-size numbers.
pub fn words<const N: usize>(saved: &[u8]) -> Result<[u64; N]> {
    let mut words = [0; N];
    if saved.len() != N * 8 {
        return Err(exec_datafusion_err!("a partial result has {} bytes instead of {}", saved.len(), N * 8));
    }
    for (word, bytes) in words.iter_mut().zip(saved.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().expect("chunks of 8 bytes"));
    }
    Ok(words)
}

/// The bytes that [`words`] reads.
pub fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
