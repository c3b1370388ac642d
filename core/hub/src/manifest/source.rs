//! Signals that come from outside: listeners, ingestion APIs, decoders.

use serde::Serialize;

/// Something that is no service and brings signals in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// Its name, as operators know it: `syslog listener`.
    pub name: String,
    /// What it takes in, in one sentence.
    pub summary: String,
    pub tables: Tables,
}

/// Which tables a source fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tables {
    /// Whatever the sender names.
    Every,
    Named(Vec<String>),
}

impl Source {
    /// A source of these tables.
    pub fn of<T: Into<String>>(
        name: impl Into<String>,
        summary: impl Into<String>,
        tables: impl IntoIterator<Item = T>,
    ) -> Self {
        let tables = Tables::Named(tables.into_iter().map(Into::into).collect());
        Self { name: name.into(), summary: summary.into(), tables }
    }

    /// A source of whatever table a sender names.
    pub fn of_every_table(name: impl Into<String>, summary: impl Into<String>) -> Self {
        Self { name: name.into(), summary: summary.into(), tables: Tables::Every }
    }

    /// Whether rows of the table can come from here.
    pub fn provides_table(&self, table: &str) -> bool {
        match &self.tables {
            Tables::Every => true,
            Tables::Named(tables) => tables.iter().any(|named| named == table),
        }
    }
}
