//! The overflow of a row: what its table has no column for, as one JSON object.

use crate::dynamic::{self, ObjectWriter};

/// Gathers the fields without a column and whatever the row gives to the overflow column itself.
#[derive(Default)]
pub(super) struct Overflow {
    members: ObjectWriter,
    /// A value given to the overflow column that is no object, or an object without members.
    whole: String,
}

impl Overflow {
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.whole.is_empty()
    }

    pub fn string(&mut self, name: &str, text: &str) {
        self.members.string(name, text);
    }

    pub fn raw(&mut self, name: &str, json: &str) {
        self.members.raw(name, json);
    }

    /// Takes a value of the overflow column: an object's members join the others.
    pub fn absorb(&mut self, json: &str) {
        if let Some(members) = dynamic::members_of(json) {
            self.members.members(members);
        } else if self.whole.is_empty() {
            self.whole.push_str(json);
        } else {
            self.members.raw("", json);
        }
    }

    /// Ends the row's overflow, leaving it empty with its memory kept; `f` sees the value. `column` is
    /// the overflow column's name: a value that is no object becomes its member where there are others.
    pub fn finish(&mut self, column: &str, f: impl FnOnce(&str)) {
        if self.members.is_empty() {
            f(&self.whole);
        } else {
            if !self.whole.is_empty() && self.whole != "{}" {
                self.members.raw(column, &self.whole);
            }
            self.members.finish(f);
        }
        self.whole.clear();
    }
}
