//! `dynamic` values: JSON text, read where it lies and written compactly.
//!
//! Nothing here builds a tree. A [`Json`] is a piece of text that knows how to find its elements and members, so
//! that a path costs one pass over what lies before it, and functions that move elements about copy text.
//! Scanning needs no stack: text nested a million deep is skipped like any other.
//!
//! What is stored is valid JSON; of text that is not, everything here gives some answer and never fails.

mod compare;
mod json;
mod path;
mod scan;
mod text;
mod write;

pub use compare::Identity;
pub use json::{Elements, Json, Members, Scalar};
pub use path::{Path, Step};
pub use text::{canonical, compact, from_text, to_text};
pub use write::{ArrayWriter, BagWriter, push_datetime, push_real, push_text, push_timespan, real_text};

#[cfg(test)]
mod tests;
