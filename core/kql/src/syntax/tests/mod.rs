//! Tests of the whole way from text to tree.

mod corpus;
mod limits;
