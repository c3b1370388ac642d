//! Categories that are named as their table: columns by name, in any case, from the properties and from the
//! envelope.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use crate::{
    Family, Table,
    decode::Output,
    mapping::{Mapper, Mapping, Record, RuleSet, Value},
};

/// Writes the rows of one such table.
pub(super) struct TableLogs {
    table: Arc<str>,
    mapper: Mapper<'static>,
    rules: RuleSet,
}

impl TableLogs {
    /// `None` for a table that is not a workspace's, and so is named as no category.
    pub fn new(table: &Table) -> Option<Self> {
        if !table.families().contains(&Family::LogAnalytics) {
            return None;
        }
        let mapping = mapping(table)?;
        let rules = mapping.rules("record")?;
        Some(Self { table: table.name().clone(), mapper: Mapper::new(mapping), rules })
    }

    pub fn table(&self) -> &str {
        &self.table
    }

    pub fn write(&mut self, fields: &[(&str, Value<'_>)], out: &mut Output) {
        let record = Record { time: None, headers: &[], fields, extras: &[] };
        self.mapper.apply(&[self.rules], &record, out);
    }
}

/// The mapping to a table, compiled when its category is first seen and kept as long as the program: there are
/// as many as built-in tables at most.
fn mapping(table: &Table) -> Option<&'static Mapping> {
    static MAPPINGS: LazyLock<Mutex<HashMap<Arc<str>, Option<&'static Mapping>>>> =
        LazyLock::new(Mutex::default);
    let mut mappings = MAPPINGS.lock().unwrap_or_else(PoisonError::into_inner);
    *mappings.entry(table.name().clone()).or_insert_with(|| {
        let mapping = Mapping::parse(&rule(table), &[]).ok()?;
        Some(Box::leak(Box::new(mapping)))
    })
}

fn rule(table: &Table) -> String {
    let has = |column: &str| table.index_of(column).is_some();
    let mut rule = format!("on record -> {}\n  use properties.*, .*\n  TimeGenerated = time\n", table.name());
    if has("_ResourceId") {
        rule.push_str("  _ResourceId = lower(resourceId)\n");
    }
    for column in ["AADTenantId", "AadTenantId"].iter().filter(|column| has(column)) {
        rule.push_str(&format!("  {column} = tenantId\n"));
    }
    if !has("Category") {
        // It is the table's name.
        rule.push_str("  drop category\n");
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalog;

    #[test]
    fn every_table_of_a_workspace_may_be_a_category() {
        let catalog = Catalog::new();
        for name in catalog.names() {
            let table = catalog.require(&name).expect("a listed table");
            if table.families().contains(&Family::LogAnalytics) && table.index_of("TimeGenerated").is_some() {
                let compiled = Mapping::parse(&rule(&table), &[]);
                assert!(compiled.is_ok(), "{name}: {:?}", compiled.err());
            }
        }
    }
}
