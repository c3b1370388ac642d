//! Queries: a filter, an order, and pages.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Document, Error, Filter, Result, TenantId};

/// The page size where none is asked for.
const PAGE_SIZE_DEFAULT: usize = 100;

/// Which documents of a tenant and collection, in which order, how many at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// Whose documents.
    pub tenant: TenantId,
    /// Of which collection.
    pub collection: String,
    /// Which of them; all if `None`.
    pub filter: Option<Filter>,
    /// In which order.
    pub order: Order,
    /// At most so many documents in a page; at least 1, and no more than [`crate::Limits::page_size_max`] are given.
    pub page_size: usize,
    /// Where the last page ended; `None` for the first page.
    pub after: Option<Continuation>,
}

impl Query {
    /// All documents of a tenant and collection, by id, 100 in a page.
    pub fn new(tenant: TenantId, collection: impl Into<String>) -> Self {
        Self {
            tenant,
            collection: collection.into(),
            filter: None,
            order: Order::default(),
            page_size: PAGE_SIZE_DEFAULT,
            after: None,
        }
    }

    /// The same, for the documents that pass the filter.
    pub fn filter(self, filter: Filter) -> Self {
        Self { filter: Some(filter), ..self }
    }

    /// The same, in this order.
    pub fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    /// The same, with so many documents in a page.
    pub fn page_size(self, page_size: usize) -> Self {
        Self { page_size, ..self }
    }

    /// The same, from where a page ended ([`Page::next`]).
    pub fn after(self, after: Continuation) -> Self {
        Self { after: Some(after), ..self }
    }
}

/// The order of a query's documents. Documents equal in it follow each other by id, in the same direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The index to order by, which must not be `multi`; by id if `None`. Absent values are the least.
    pub index: Option<String>,
    /// Greatest first.
    pub descending: bool,
}

impl Order {
    /// By an index, least first.
    pub fn ascending(index: impl Into<String>) -> Self {
        Self { index: Some(index.into()), descending: false }
    }

    /// By an index, greatest first.
    pub fn descending(index: impl Into<String>) -> Self {
        Self { index: Some(index.into()), descending: true }
    }
}

/// One page of a query's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// The documents, in order.
    pub documents: Vec<Document>,
    /// Where the next page begins; `None` if this was the last.
    pub next: Option<Continuation>,
}

/// Where a page ended: opaque, safe in a URL, and good only for the query it came from. It grants nothing: the
/// tenant is always that of the query.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Continuation(pub(crate) String);

impl fmt::Display for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Continuation {
    type Err = Error;

    /// Takes any text of a sensible length; the query that uses it says whether it fits.
    fn from_str(text: &str) -> Result<Self> {
        if text.len() > 8192 {
            return Err(Error::invalid("a continuation has at most 8192 bytes"));
        }
        Ok(Self(text.to_owned()))
    }
}
