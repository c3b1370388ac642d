//! All tables that this Phalanx knows.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, RwLock},
};

use super::{
    DeclarationError, Family, Table, TableDeclaration, facts,
    nearest::{self, Nearest},
};

/// The tables, built-in and custom. A built-in table is made at its first use.
#[derive(Default)]
pub struct Catalog {
    known: RwLock<HashMap<Arc<str>, Arc<Table>>>,
}

/// A name that the catalog does not have.
#[derive(Debug, thiserror::Error)]
#[error("there is no table `{name}`{}", .nearest.as_deref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
pub struct CatalogError {
    pub name: String,
    pub nearest: Option<String>,
}

static BUILT_IN: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| facts::TABLES.iter().enumerate().map(|(at, table)| (table.name, at)).collect());

impl Catalog {
    pub fn new() -> Self {
        Self::default()
    }

    /// A table by its exact name, in constant time.
    pub fn table(&self, name: &str) -> Option<Arc<Table>> {
        if let Some(table) = self.read().get(name) {
            return Some(table.clone());
        }
        let facts = &facts::TABLES[*BUILT_IN.get(name)?];
        let table = Arc::new(Table::new(facts.name, facts.families.to_vec(), facts.columns.iter().copied()));
        let mut known = self.known.write().unwrap_or_else(|poison| poison.into_inner());
        Some(known.entry(table.name().clone()).or_insert(table).clone())
    }

    /// As [`Catalog::table`], with an error that names the nearest table.
    pub fn require(&self, name: &str) -> Result<Arc<Table>, CatalogError> {
        self.table(name).ok_or_else(|| CatalogError { name: name.to_owned(), nearest: self.nearest(name) })
    }

    /// Declares a custom table, or appends columns to one. Declaring the same again changes nothing.
    pub fn declare(&self, declaration: &TableDeclaration) -> Result<Arc<Table>, DeclarationError> {
        let mut known = self.known.write().unwrap_or_else(|poison| poison.into_inner());
        let before = known.get(declaration.name.as_str()).cloned();
        let table = Arc::new(declaration.build(before.as_deref())?);
        known.insert(table.name().clone(), table.clone());
        Ok(table)
    }

    /// What [`Catalog::declare`] would make of the declaration, without making it known.
    pub fn check(&self, declaration: &TableDeclaration) -> Result<Table, DeclarationError> {
        let before = self.read().get(declaration.name.as_str()).cloned();
        declaration.build(before.as_deref())
    }

    /// The names of all tables, sorted.
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = facts::TABLES.iter().map(|table| table.name.into()).collect();
        names.extend(self.read().keys().filter(|name| !BUILT_IN.contains_key(&***name)).cloned());
        names.sort();
        names
    }

    /// The table that the names are clearly columns of, if there is one.
    pub fn by_columns(&self, names: &[impl AsRef<str>]) -> Option<Arc<Table>> {
        let custom: Vec<Arc<Table>> =
            self.read().values().filter(|table| table.families() == [Family::Custom]).cloned().collect();
        match nearest::nearest(names, custom.iter().map(|table| &**table))? {
            Nearest::BuiltIn(at) => self.table(facts::TABLES[at].name),
            Nearest::Custom(table) => self.table(table.name()),
        }
    }

    fn nearest(&self, name: &str) -> Option<String> {
        let wanted = name.to_lowercase();
        self.names()
            .iter()
            .map(|known| (strsim::damerau_levenshtein(&wanted, &known.to_lowercase()), known))
            .min()
            .filter(|(distance, _)| *distance <= 2 + wanted.len() / 6)
            .map(|(_, known)| known.to_string())
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, HashMap<Arc<str>, Arc<Table>>> {
        self.known.read().unwrap_or_else(|poison| poison.into_inner())
    }
}
