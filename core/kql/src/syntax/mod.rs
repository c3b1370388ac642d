//! Text to tokens to a tree with spans. Never fails: a tree, and diagnostics.

mod span;
pub mod tree;

pub use span::Span;
