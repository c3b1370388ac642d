//! Tests of the whole way from text to tree.

mod corpus;
mod errors;
mod limits;
mod trees;
