//! All calls of one operator, over batch after batch of rows in order.

use std::{collections::VecDeque, sync::Arc};

use arrow_array::{
    Array, ArrayRef, RecordBatch, StringViewArray, UInt64Array, cast::AsArray, new_null_array,
};
use arrow_schema::SchemaRef;
use arrow_select::{concat::concat, take::take};
use datafusion::common::{Result, exec_datafusion_err};
use phalanx_signal::ColumnType;

use super::{Body, Running, Window};

/// A function of the rows around, bound to the types of its arguments.
#[derive(Clone, Debug)]
pub struct Call {
    pub window: &'static Window,
    pub types: Vec<ColumnType>,
    /// How many rows away `prev` and `next` look. It is the same for all rows, so it is known before them.
    pub offset: usize,
}

/// Adds a column for each call to batches that come in order.
#[derive(Debug)]
pub struct Serializer {
    calls: Vec<State>,
    /// Of the answer.
    schema: SchemaRef,
    /// How many rows must follow a batch before it can go.
    ahead: usize,
    waiting: VecDeque<Waiting>,
    waiting_rows: usize,
}

#[derive(Debug)]
enum State {
    Running(Box<dyn Running>),
    /// `prev`, with the last values that later rows look back at.
    Behind {
        kind: ColumnType,
        offset: usize,
        last: ArrayRef,
    },
    /// `next`.
    Ahead {
        kind: ColumnType,
        offset: usize,
    },
}

#[derive(Debug)]
struct Waiting {
    batch: RecordBatch,
    /// By call: what it gives or, if it has to see later rows, nothing yet.
    answers: Vec<Option<ArrayRef>>,
    arguments: Vec<Vec<ArrayRef>>,
}

impl Serializer {
    /// `schema` is the answer's: the columns of the input, and behind them one for each call.
    pub fn new(calls: &[Call], schema: SchemaRef) -> Self {
        let state = |call: &Call| {
            let kind = call.types.first().copied().unwrap_or(ColumnType::Long);
            let offset = call.offset;
            match call.window.body {
                Body::Running(make) => State::Running(make(&call.types)),
                Body::Shift { is_ahead: true } => State::Ahead { kind, offset },
                Body::Shift { is_ahead: false } => {
                    State::Behind { kind, offset, last: new_null_array(&kind.arrow(), 0) }
                }
            }
        };
        let calls: Vec<State> = calls.iter().map(state).collect();
        let ahead = |state: &State| if let State::Ahead { offset, .. } = state { *offset } else { 0 };
        let ahead = calls.iter().map(ahead).max().unwrap_or_default();
        Self { calls, schema, ahead, waiting: VecDeque::new(), waiting_rows: 0 }
    }

    /// Takes the next rows, with the arguments of each call; gives the batches that are complete by now.
    pub fn push(&mut self, batch: RecordBatch, arguments: Vec<Vec<ArrayRef>>) -> Result<Vec<RecordBatch>> {
        let rows = batch.num_rows();
        if rows == 0 {
            return Ok(Vec::new());
        }
        let answer = |(state, arguments): (&mut State, &Vec<ArrayRef>)| match state {
            State::Running(running) => running.push(arguments, rows).map(Some),
            State::Behind { kind, offset, last } => behind(*kind, *offset, last, arguments, rows).map(Some),
            State::Ahead { .. } => Ok(None),
        };
        let answers = self.calls.iter_mut().zip(&arguments).map(answer).collect::<Result<_>>()?;
        self.waiting.push_back(Waiting { batch, answers, arguments });
        self.waiting_rows += rows;
        let mut complete = Vec::new();
        while let Some(first) = self.waiting.front()
            && self.waiting_rows - first.batch.num_rows() >= self.ahead
        {
            complete.extend(self.pop()?);
        }
        Ok(complete)
    }

    /// Gives what is still waiting: no more rows come.
    pub fn finish(&mut self) -> Result<Vec<RecordBatch>> {
        let mut rest = Vec::with_capacity(self.waiting.len());
        while let Some(batch) = self.pop()? {
            rest.push(batch);
        }
        Ok(rest)
    }

    /// The bytes that it holds.
    pub fn size(&self) -> usize {
        let arrays =
            |arrays: &Vec<ArrayRef>| arrays.iter().map(|array| array.get_array_memory_size()).sum::<usize>();
        let waiting = |waiting: &Waiting| {
            waiting.batch.get_array_memory_size() + waiting.arguments.iter().map(arrays).sum::<usize>()
        };
        let last = |state: &State| match state {
            State::Behind { last, .. } => last.get_array_memory_size(),
            State::Running(_) | State::Ahead { .. } => 0,
        };
        self.waiting.iter().map(waiting).sum::<usize>() + self.calls.iter().map(last).sum::<usize>()
    }

    /// The first batch that waits, with what follows it.
    fn pop(&mut self) -> Result<Option<RecordBatch>> {
        let Some(first) = self.waiting.pop_front() else { return Ok(None) };
        let rows = first.batch.num_rows();
        self.waiting_rows -= rows;
        let mut columns = first.batch.columns().to_vec();
        for (call, answer) in first.answers.into_iter().enumerate() {
            let answer = match (answer, &self.calls[call]) {
                (Some(answer), _) => answer,
                (None, State::Ahead { kind, offset }) => {
                    let later = self.waiting.iter().map(|waiting| &waiting.arguments[call]);
                    ahead(*kind, *offset, &first.arguments[call], later, rows)?
                }
                (None, _) => return Err(exec_datafusion_err!("a function of rows gave no answer")),
            };
            columns.push(answer);
        }
        Ok(Some(RecordBatch::try_new(Arc::clone(&self.schema), columns)?))
    }
}

/// The values so many rows before.
fn behind(
    kind: ColumnType,
    offset: usize,
    last: &mut ArrayRef,
    arguments: &[ArrayRef],
    rows: usize,
) -> Result<ArrayRef> {
    let values = value(arguments)?;
    let known = concat(&[last.as_ref(), values.as_ref()])?;
    let missing = (rows + offset).saturating_sub(known.len()).min(rows);
    let start = known.len().saturating_sub(rows + offset);
    let answer =
        concat(&[&missing_values(kind, arguments, 0, missing)?, &known.slice(start, rows - missing)])?;
    let kept = offset.min(known.len());
    *last = copied(&known, known.len() - kept, kept)?;
    Ok(answer)
}

/// The values so many rows behind, of the rows of the first arguments.
fn ahead<'a>(
    kind: ColumnType,
    offset: usize,
    arguments: &[ArrayRef],
    later: impl Iterator<Item = &'a Vec<ArrayRef>>,
    rows: usize,
) -> Result<ArrayRef> {
    let mut skipped = offset;
    let mut missing = rows;
    let mut pieces: Vec<ArrayRef> = Vec::new();
    for values in std::iter::once(value(arguments)).chain(later.map(|arguments| value(arguments))) {
        let values = values?;
        let skip = skipped.min(values.len());
        let take = missing.min(values.len() - skip);
        pieces.push(values.slice(skip, take));
        skipped -= skip;
        missing -= take;
        if missing == 0 {
            break;
        }
    }
    pieces.push(missing_values(kind, arguments, rows - missing, missing)?);
    Ok(concat(&pieces.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
}

fn value(arguments: &[ArrayRef]) -> Result<&ArrayRef> {
    arguments.first().ok_or_else(|| exec_datafusion_err!("a function of other rows needs a value"))
}

/// What rows get whose other row is not there: the default, if there is one.
fn missing_values(kind: ColumnType, arguments: &[ArrayRef], from: usize, rows: usize) -> Result<ArrayRef> {
    match arguments.get(2) {
        Some(defaults) => Ok(defaults.slice(from, rows)),
        None if kind == ColumnType::String => {
            Ok(Arc::new(StringViewArray::from_iter_values((0..rows).map(|_| ""))))
        }
        None => Ok(new_null_array(value(arguments)?.data_type(), rows)),
    }
}

/// A part of an array that does not keep the rest of it in memory.
fn copied(array: &ArrayRef, from: usize, rows: usize) -> Result<ArrayRef> {
    let places = UInt64Array::from_iter_values(from as u64..(from + rows) as u64);
    let part = take(array, &places, None)?;
    Ok(match part.as_string_view_opt() {
        Some(texts) => Arc::new(texts.gc()),
        None => part,
    })
}
