//! The numbered flows between the services.

use std::fmt;

use serde::{Serialize, Serializer};

/// One of the 64 numbered flows between services, written `F12`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow(u8);

impl Flow {
    /// The last number.
    pub const LAST: u8 = 64;

    /// The flow with this number. At compile time a number that there is not is an error of compilation.
    pub const fn new(number: u8) -> Self {
        assert!(number >= 1 && number <= Self::LAST, "flows are numbered from 1 to 64");
        Self(number)
    }

    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F{}", self.0)
    }
}

impl Serialize for Flow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
