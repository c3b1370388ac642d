//! The functions of the rows around: they see rows in an order, and remember.
//!
//! `prev`, `next` and a plain `row_number` are the engine's `lag`, `lead` and `row_number`. The others are no windows
//! of SQL, for they begin again wherever a condition says so. Each is a [`Running`] that goes once over the rows of a
//! partition.
//!
//! Whatever the function, the plan has to say the order in the call (`OVER (PARTITION BY … ORDER BY …)`), with the
//! keys of the language's last `sort`: an order that nobody asks for may be lost on the way.

mod running;
mod session;
mod shift;
#[cfg(test)]
mod tests;
mod udwf;

pub use udwf::as_udwf;

use std::sync::Arc;

use arrow_array::ArrayRef;
use datafusion::{common::Result, logical_expr::WindowUDF};
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

/// How a function is computed.
#[derive(Clone, Copy)]
pub enum Body {
    /// By the engine's own function.
    Engine(fn() -> Arc<WindowUDF>),
    /// From the rows so far; made for the types of the arguments.
    Running(fn(&[ColumnType]) -> Box<dyn Running>),
}

/// What a function remembers of the rows so far.
pub trait Running: Send + std::fmt::Debug {
    /// The values for the next rows, one each.
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
