//! The tabular operators, each from what follows its word.

mod aggregate;
mod columns;
mod combine;
mod expand;
mod graph;
mod output;
mod parse;
mod rows;
mod scan;
mod subquery;
