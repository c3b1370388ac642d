//! The lake as a whole, on a disk, with a real journal before it.

mod damage;
mod exactly_once;
mod faults;
mod interop;
mod maintenance;
mod python;
mod queries;
mod s3;
mod store;
mod support;
mod tables;
