//! What the binder asks its host for.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use datafusion::{catalog::TableProvider, error::DataFusionError};
use phalanx_signal::ColumnType;

use super::Host;
use crate::bound::Value;

/// A column of a table, as its owner describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableColumn {
    /// What queries call it.
    pub name: Arc<str>,
    /// What the table's provider calls it.
    pub physical: Arc<str>,
    pub kind: ColumnType,
}

/// A function that somebody has saved: parameters as in a declaration, `(T:(*), days:long = 7)`, and the body
/// without its braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedFunction {
    pub parameters: Arc<str>,
    pub body: Arc<str>,
}

/// The tables and saved functions that a query may see. What is not visible here does not exist for it.
#[async_trait]
pub trait Tables: Send + Sync {
    /// The columns of a table in their order; `None` if there is no such table. Names are case-sensitive.
    fn columns(&self, table: &str) -> Option<Vec<TableColumn>>;

    /// All tables, for `union *`, `search` and wildcards, and for naming the nearest one.
    fn names(&self) -> Vec<Arc<str>>;

    /// A saved function.
    fn function(&self, _name: &str) -> Option<SavedFunction> {
        None
    }

    /// The names of all saved functions.
    fn functions(&self) -> Vec<Arc<str>> {
        Vec::new()
    }

    /// The table that a function of the host stands for, such as a watchlist by its name.
    fn table_function(&self, _name: &str, _arguments: &[Value]) -> Option<Arc<str>> {
        None
    }

    /// Whether rows of the table may come with more columns than are known now. A query may name them; they are
    /// null.
    fn is_open(&self, _table: &str) -> bool {
        false
    }

    /// The column that says when a row of the table happened.
    fn time(&self, _table: &str) -> Option<Arc<str>> {
        None
    }

    /// The table's rows; asked for only for tables whose columns were asked for.
    async fn provider(&self, table: &str) -> Result<Arc<dyn TableProvider>, DataFusionError>;
}

/// What a query depends on besides its text and the tables.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The value of `now()`, in microseconds since 1970.
    pub now: i64,
    /// Only rows of tables from these times are seen, in microseconds since 1970.
    pub time_range: Option<Range<i64>>,
    /// The values of `declare query_parameters`, as literals of the language.
    pub parameters: Vec<(String, String)>,
    /// Who asks, and where.
    pub host: Host,
}
