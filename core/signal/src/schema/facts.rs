//! The static facts that the build script reads from `data/`.

use super::{ColumnType, Family};

pub(super) struct TableFacts {
    pub name: &'static str,
    pub families: &'static [Family],
    pub columns: &'static [(&'static str, ColumnType)],
}

include!(concat!(env!("OUT_DIR"), "/tables.rs"));
