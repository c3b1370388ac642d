//! The functions of the rows around: they see rows in an order, and remember.
//!
//! They are no windows of SQL, though two of them look so: `restart` is any condition on the row, and the order is
//! whatever the rows come in. So each is a [`Running`] that is given the arguments batch by batch and gives as many
//! values back. What it keeps between batches is a few values, however many rows there are.
//!
//! How a plan calls them: one operator that
//!
//! * needs its input as **one partition**, in the order of the language's last `sort` (both as requirements, so that
//!   the engine neither drops the sort nor spreads the rows), and keeps that order;
//! * evaluates the arguments of all its calls over each batch and hands them to [`Serializer::push`], which gives
//!   batches back with a column for each call, later if `next` has to see more rows first;
//! * gives what [`Serializer::finish`] holds back at the end.
//!
//! A call whose argument is a call (`row_cumsum(x, id != prev(id))`) is two such operators, the inner one first.

mod running;
mod serializer;
mod session;
mod shift;
#[cfg(test)]
mod tests;

pub use serializer::{Call, Serializer};

use arrow_array::ArrayRef;
use datafusion::common::Result;
use phalanx_signal::ColumnType;

use crate::functions::{Parameter, Returns};

/// A function of the rows around.
pub struct Window {
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    pub returns: Returns,
    /// What it gives, in a sentence of ours.
    pub about: &'static str,
    /// Short queries with the text of their only cell: shown in the reference, and run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    pub body: Body,
}

/// How a function is computed. It is made for the types of its arguments.
#[derive(Clone, Copy)]
pub enum Body {
    /// From the rows so far.
    Running(fn(&[ColumnType]) -> Box<dyn Running>),
    /// From a row that many rows away: the second argument, behind or, for `true`, ahead.
    Shift { is_ahead: bool },
}

/// What a function remembers of the rows so far.
pub trait Running: Send + std::fmt::Debug {
    /// The values for the next rows.
    fn push(&mut self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef>;
}

/// All functions of the rows around.
pub fn windows() -> impl Iterator<Item = &'static Window> {
    [running::WINDOWS, session::WINDOWS, shift::WINDOWS].into_iter().flatten()
}

/// A function by its name, which is case-sensitive.
pub fn window(name: &str) -> Option<&'static Window> {
    windows().find(|window| window.name == name)
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
