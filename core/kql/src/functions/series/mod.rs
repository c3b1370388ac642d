//! Functions of series: arrays of numbers, a step apart.

mod decompose;
mod each;
mod fft;
mod fill;
mod filter;
mod fit;
mod line;
mod outliers;
mod pairs;
mod periods;
mod poly;
mod reduce;
mod stats;
mod values;

pub(super) use decompose::FUNCTIONS as DECOMPOSE;
pub(super) use each::FUNCTIONS as EACH;
pub(super) use fft::FUNCTIONS as FFT;
pub(super) use fill::FUNCTIONS as FILL;
pub(super) use filter::FUNCTIONS as FILTER;
pub(super) use fit::FUNCTIONS as FIT;
pub(super) use outliers::FUNCTIONS as OUTLIERS;
pub(super) use pairs::FUNCTIONS as PAIRS;
pub(super) use periods::FUNCTIONS as PERIODS;
pub(super) use poly::FUNCTIONS as POLY;
pub(super) use reduce::FUNCTIONS as REDUCE;
pub(super) use stats::FUNCTIONS as STATS;

#[cfg(test)]
mod tests;
