//! From the bytes of a sender to acknowledged entries of the journal.
//!
//! [`Intake`] is the one door: everything that is taken in goes through [`Intake::accept`], is counted,
//! and is refused with a reason where it can't be taken. [`DecodePool`] bounds how much is decoded at once,
//! [`Appender`] lets decoding and writing overlap, and [`stream`] takes in files with both.

mod appender;
mod crew;
mod cut;
mod intake;
mod pool;
pub mod report;
pub mod stream;

pub use appender::Appender;
pub use intake::{Intake, Refusal, Usage, now_micros};
pub use pool::DecodePool;
