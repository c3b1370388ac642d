//! Places in a query's text.

use std::ops::Range;

/// A half-open range of byte offsets into the query's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// An empty span, where something is missing.
    pub fn at(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// From the beginning of `self` to the end of `other`.
    pub fn to(self, other: Span) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// What stands at this place of `text`; empty for a span of another text.
    pub fn text(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or_default()
    }
}
