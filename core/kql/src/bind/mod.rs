//! The tree of a query to a bound tree: what every name means, what every value's type is.
//!
//! Binding is synchronous and gives the same for the same input. Where it has to know a value that only running
//! can tell (`toscalar()`, the columns of `pivot`), it stops with [`Bound::Needs`]; the caller runs that relation
//! and binds again with the answers so far, the k-th answer for the k-th need.

mod binary;
mod binder;
mod call;
mod context;
pub(crate) mod convert;
mod error;
mod expression;
mod function;
mod graph;
mod literal;
pub(crate) mod names;
mod path;
mod pattern;
mod probe;
mod row;
mod scope;
mod special;
mod statement;
mod tables;
mod tabular;

pub use binder::{Answer, Bound, Render, bind};
pub use context::Host;
pub use error::{BindError, Code};
pub use tables::{SavedFunction, Settings, TableColumn, Tables};

pub(crate) use binary::{Arithmetic, comparable};
pub(crate) use binder::{Binder, Result, Stop, probe};
pub(crate) use expression::{balanced, conjuncts, not, open_kind};
pub(crate) use graph::{GraphScope, Variable, VariableOf};
pub(crate) use names::Names;
pub(crate) use probe::{Named, Probe};
pub(crate) use row::Row;
pub(crate) use scope::{Binding, Env};
#[cfg(test)]
pub(crate) use special::names as special_names;
