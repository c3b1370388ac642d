//! A table: its columns, in order and by name, and their Arrow schemas.

use std::{collections::HashMap, sync::Arc};

use arrow_schema::{Schema, SchemaRef};

use super::{Column, ColumnDeclaration, ColumnType, TENANT_ID, TIME_RECEIVED, TYPE, UNMAPPED};

/// Where a table's schema comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    AdvancedHunting,
    LogAnalytics,
    Asim,
    /// Phalanx's own.
    Phalanx,
    /// Declared by the user, named `…_CL`.
    Custom,
}

impl Family {
    pub const fn name(self) -> &'static str {
        match self {
            Self::AdvancedHunting => "advanced-hunting",
            Self::LogAnalytics => "log-analytics",
            Self::Asim => "asim",
            Self::Phalanx => "phalanx",
            Self::Custom => "custom",
        }
    }
}

/// A table with everything that is looked up about it, computed once.
#[derive(Debug)]
pub struct Table {
    name: Arc<str>,
    families: Vec<Family>,
    columns: Vec<Column>,
    by_name: HashMap<Arc<str>, usize>,
    schema: SchemaRef,
    physical_schema: SchemaRef,
    time: Option<usize>,
    other_time: Option<usize>,
    time_received: usize,
    overflow: usize,
}

impl Table {
    /// Builds a table of the given columns plus those that the platform adds.
    /// The names are distinct: the catalog has checked.
    pub(super) fn new<'a>(
        name: &str,
        families: Vec<Family>,
        declared: impl Iterator<Item = (&'a str, ColumnType)>,
    ) -> Self {
        let mut columns: Vec<(&str, ColumnType)> = declared.collect();
        let has = |columns: &[(&str, ColumnType)], name| columns.iter().any(|(n, _)| *n == name);
        for (added, kind) in [
            (TENANT_ID, ColumnType::String),
            (TYPE, ColumnType::String),
            (TIME_RECEIVED, ColumnType::DateTime),
        ] {
            if !has(&columns, added) {
                columns.push((added, kind));
            }
        }
        let own_overflow = ("AdditionalFields", ColumnType::Dynamic);
        let overflow_name = if columns.contains(&own_overflow) { own_overflow.0 } else { UNMAPPED };
        if !has(&columns, overflow_name) {
            columns.push((UNMAPPED, ColumnType::Dynamic));
        }

        let columns = with_physical_names(&columns);
        let by_name: HashMap<Arc<str>, usize> =
            columns.iter().enumerate().map(|(at, column)| (column.name.clone(), at)).collect();
        let schema = Schema::new(columns.iter().map(|c| c.kind.field(&c.name)).collect::<Vec<_>>());
        let physical = Schema::new(columns.iter().map(|c| c.kind.field(&c.physical)).collect::<Vec<_>>());
        Self {
            name: name.into(),
            families,
            other_time: by_name
                .contains_key("TimeGenerated")
                .then(|| by_name.get("Timestamp").copied())
                .flatten()
                // One public table has a `Timestamp` that is text.
                .filter(|at| columns[*at].kind == ColumnType::DateTime),
            time: ["TimeGenerated", "Timestamp"].iter().find_map(|n| by_name.get(*n).copied()),
            time_received: by_name[TIME_RECEIVED],
            overflow: by_name[overflow_name],
            columns,
            by_name,
            schema: Arc::new(schema),
            physical_schema: Arc::new(physical),
        }
    }

    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// All columns in the schema's order, the platform's last.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns that a user declared, in the form of a declaration.
    pub fn declared_columns(&self) -> Vec<ColumnDeclaration> {
        let added = [TENANT_ID, TYPE, TIME_RECEIVED, UNMAPPED];
        let declared = self.columns.iter().filter(|column| !added.contains(&&*column.name));
        declared
            .map(|column| ColumnDeclaration {
                name: column.name.to_string(),
                kind: column.kind.name().to_owned(),
            })
            .collect()
    }

    /// A column's place, by its exact name, in constant time.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        self.index_of(name).map(|at| &self.columns[at])
    }

    /// The schema as users see it.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The schema as files have it: same order and types, [`Column::physical`] names.
    pub fn physical_schema(&self) -> &SchemaRef {
        &self.physical_schema
    }

    /// Place of the column that holds when the thing happened; the eleven inventory tables of advanced
    /// hunting have none, and their rows are timed by `_TimeReceived`.
    pub fn time(&self) -> usize {
        self.time.unwrap_or(self.time_received)
    }

    /// Place of the second column for the same moment, `Timestamp`, where [`Table::time`] is
    /// `TimeGenerated` and the table has both.
    pub fn other_time(&self) -> Option<usize> {
        self.other_time
    }

    /// Place of the column that holds when Phalanx accepted the row.
    pub fn time_received(&self) -> usize {
        self.time_received
    }

    /// Place of the dynamic column that takes the fields without a column of their own.
    pub fn overflow(&self) -> usize {
        self.overflow
    }

    /// Whether the column is the same for all rows of a batch and so is not held in its rows.
    pub fn is_constant(&self, column: usize) -> bool {
        let name = &*self.columns[column].name;
        name == TENANT_ID || name == TYPE
    }
}

fn with_physical_names(columns: &[(&str, ColumnType)]) -> Vec<Column> {
    let mut spellings: HashMap<String, usize> = HashMap::new();
    columns
        .iter()
        .map(|&(name, kind)| {
            let nth = spellings.entry(name.to_lowercase()).and_modify(|n| *n += 1).or_insert(1);
            let physical = if *nth == 1 { name.into() } else { format!("{name}~{nth}").into() };
            Column { name: name.into(), physical, kind }
        })
        .collect()
}
