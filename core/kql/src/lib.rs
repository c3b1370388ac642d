//! The Kusto Query Language over tables that somebody else owns.
//!
//! ```text
//! text ─ syntax ─▶ tree with spans ─ bind ─▶ typed tree ─ plan ─▶ DataFusion logical plan
//!        (never fails:                (names, types,        (expressions of Arrow kernels;
//!         tree + diagnostics)          Kusto's rules)        functions/ and aggregates/)
//! ```
//!
//! The crate does no I/O and knows no table by name: a [`bind`]er asks its catalog for a table's columns, and
//! whoever calls runs the plan.
//!
//! How values are held is `phalanx-signal`'s choice (`ColumnType::arrow`): `datetime` in microseconds UTC,
//! `timespan` in ticks of 100 ns, `dynamic` as JSON text. A null `string` is the empty text, everywhere.

pub mod aggregates;
pub mod algorithms;
mod answer;
pub mod bind;
pub mod bound;
pub mod catalog;
mod check;
pub mod complete;
pub mod dynamic;
pub mod functions;
pub mod operators;
pub mod plan;
pub mod plugins;
pub mod syntax;
pub mod windows;

pub use answer::{Error, Prepared, ResultColumn, ResultPlan, prepare};
pub use check::{Finding, check};
