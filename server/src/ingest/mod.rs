//! From the bytes of a sender to acknowledged entries of the journal.
//!
//! [`Intake`] is the one door: everything that is taken in goes through [`Intake::accept`], is counted,
//! and is refused with a reason where it can't be taken.

mod intake;
pub mod report;
pub mod stream;

pub use intake::{Intake, Refusal, Usage, now_micros};
