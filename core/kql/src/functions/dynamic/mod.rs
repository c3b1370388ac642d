//! Functions of `dynamic` values.

mod arrays;
mod bags;
mod combine;
mod pack;
mod parse;
mod path;
mod range;
mod sets;
mod sort;
mod split;
mod tree;

pub(super) use arrays::FUNCTIONS as ARRAYS;
pub(super) use bags::FUNCTIONS as BAGS;
pub(super) use combine::FUNCTIONS as COMBINE;
pub(super) use pack::FUNCTIONS as PACK;
pub(super) use parse::FUNCTIONS as PARSE;
pub(super) use path::FUNCTIONS as PATH;
pub(super) use range::FUNCTIONS as RANGE;
pub(super) use sets::FUNCTIONS as SETS;
pub(super) use sort::FUNCTIONS as SORT;
pub(super) use split::FUNCTIONS as SPLIT;
pub(super) use tree::FUNCTIONS as TREE;

#[cfg(test)]
mod tests;
