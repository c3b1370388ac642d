//! Functions of IP addresses and networks, as text such as `10.0.0.0/8`.

mod compare;
mod convert;
pub(crate) mod net;
mod ranges;
mod text;

pub(super) use compare::FUNCTIONS as COMPARE;
pub(super) use convert::FUNCTIONS as CONVERT;
pub(super) use ranges::FUNCTIONS as RANGES;
pub(super) use text::FUNCTIONS as TEXT;

#[cfg(test)]
mod tests;
