//! The comparison of all manifests at start.

use std::{collections::HashMap, fmt};

use phalanx_signal::{Catalog, schema::CatalogError};

use super::{EVERY_TABLE, Manifest, Source, Tables, When, parameter::nearest};

/// What doesn't fit in a manifest, or between two.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error(
        "`{0}` is no name for a service; it has 1 to 32 lower-case letters, digits and hyphens and begins with a letter"
    )]
    Name(String),
    #[error("two services are called `{0}`")]
    SameName(String),
    #[error("{by}: {source}")]
    Table { by: String, source: CatalogError },
    #[error("service `{by}` consumes signals of table `{table}` that no service or source provides")]
    NobodyProvides { by: String, table: String },
    #[error("service `{by}` consumes context `{kind}` that no service provides{}", hint(.nearest))]
    NobodyBelieves { by: String, kind: String, nearest: Option<String> },
    #[error("service `{by}` requests action `{action}` that no service provides{}", hint(.nearest))]
    NobodyActs { by: String, action: String, nearest: Option<String> },
    #[error("services `{first}` and `{second}` both own context `{kind}`")]
    TwoOwners { kind: String, first: String, second: String },
    #[error("services `{first}` and `{second}` both provide action `{action}`")]
    TwoActors { action: String, first: String, second: String },
    #[error(
        "service `{by}` takes values of context `{kind}` for `{found}`, its owner `{owner}` for `{expected}`"
    )]
    ContextType { by: String, kind: String, found: String, owner: String, expected: String },
    #[error(
        "`{name}` of service `{by}` is no name for {what}; it has 1 to 48 lower-case letters, digits and hyphens and begins with a letter"
    )]
    ItemName { by: String, what: &'static str, name: String },
    #[error("service `{by}` names {what} `{name}` twice")]
    Twice { by: String, what: &'static str, name: String },
    #[error("schedule `{name}` of service `{by}` has an interval of nothing")]
    NoInterval { by: String, name: String },
}

/// All that doesn't fit.
#[derive(Debug)]
pub struct ManifestErrors(pub Vec<ManifestError>);

impl fmt::Display for ManifestErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at > 0 { "; " } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for ManifestErrors {}

/// Checks that the manifests fit together: nothing is consumed that no one provides, nothing has two
/// owners, every table is one of the catalog.
///
/// # Errors
/// Everything that is wrong, not only the first.
pub fn validate(manifests: &[Manifest], sources: &[Source], catalog: &Catalog) -> Result<(), ManifestErrors> {
    let mut errors = Vec::new();
    for (at, manifest) in manifests.iter().enumerate() {
        if manifests[..at].iter().any(|other| other.name == manifest.name) {
            errors.push(ManifestError::SameName(manifest.name.clone()));
        }
        names(manifest, &mut errors);
        tables(manifest, catalog, &mut errors);
    }
    for source in sources {
        if let Tables::Named(tables) = &source.tables {
            let by = format!("source `{}`", source.name);
            errors.extend(tables.iter().filter_map(|table| unknown(&by, table, catalog)));
        }
    }
    owners(manifests, &mut errors);
    for manifest in manifests {
        consumed(manifest, manifests, sources, catalog, &mut errors);
    }
    if errors.is_empty() { Ok(()) } else { Err(ManifestErrors(errors)) }
}

fn names(manifest: &Manifest, errors: &mut Vec<ManifestError>) {
    if !is_name(&manifest.name, 32) {
        errors.push(ManifestError::Name(manifest.name.clone()));
    }
    let by = &manifest.name;
    let mut check = |what: &'static str, names: Vec<&str>, is_named: bool| {
        for (at, name) in names.iter().enumerate() {
            let name = (*name).to_owned();
            if names[..at].contains(&name.as_str()) {
                errors.push(ManifestError::Twice { by: by.clone(), what, name });
            } else if is_named && !is_name(&name, 48) {
                errors.push(ManifestError::ItemName { by: by.clone(), what, name });
            }
        }
    };
    check("context", manifest.context_provided.iter().map(|c| c.kind).collect(), true);
    check("action", manifest.actions_provided.iter().map(|a| a.name.as_str()).collect(), true);
    check("schedule", manifest.schedules.iter().map(|s| s.name.as_str()).collect(), true);
    check("setting", manifest.settings.iter().map(|s| s.name.as_str()).collect(), false);
    check("table", manifest.signals_provided.iter().map(|s| s.table.as_str()).collect(), false);
    for schedule in &manifest.schedules {
        if schedule.when == When::Every(std::time::Duration::ZERO) {
            errors.push(ManifestError::NoInterval { by: by.clone(), name: schedule.name.clone() });
        }
    }
}

fn tables(manifest: &Manifest, catalog: &Catalog, errors: &mut Vec<ManifestError>) {
    let by = format!("service `{}`", manifest.name);
    let used = manifest.signals_consumed.iter().chain(&manifest.signals_provided);
    errors.extend(
        used.filter(|used| used.table != EVERY_TABLE).filter_map(|used| unknown(&by, &used.table, catalog)),
    );
}

fn unknown(by: &str, table: &str, catalog: &Catalog) -> Option<ManifestError> {
    let source = catalog.require(table).err()?;
    Some(ManifestError::Table { by: by.to_owned(), source })
}

fn owners(manifests: &[Manifest], errors: &mut Vec<ManifestError>) {
    let (mut kinds, mut actions) = (HashMap::new(), HashMap::new());
    for manifest in manifests {
        let second = &manifest.name;
        for context in &manifest.context_provided {
            match kinds.insert(context.kind, second) {
                Some(first) if first != second => errors.push(ManifestError::TwoOwners {
                    kind: context.kind.into(),
                    first: first.clone(),
                    second: second.clone(),
                }),
                _ => {}
            }
        }
        for action in &manifest.actions_provided {
            match actions.insert(action.name.as_str(), second) {
                Some(first) if first != second => errors.push(ManifestError::TwoActors {
                    action: action.name.clone(),
                    first: first.clone(),
                    second: second.clone(),
                }),
                _ => {}
            }
        }
    }
}

fn consumed(
    manifest: &Manifest,
    manifests: &[Manifest],
    sources: &[Source],
    catalog: &Catalog,
    errors: &mut Vec<ManifestError>,
) {
    let by = &manifest.name;
    for used in &manifest.signals_consumed {
        let is_provided = used.table == EVERY_TABLE
            || manifests.iter().any(|other| other.provides_table(&used.table))
            || sources.iter().any(|source| source.provides_table(&used.table));
        if !is_provided && catalog.table(&used.table).is_some() {
            let (by, table) = (by.clone(), used.table.clone());
            errors.push(ManifestError::NobodyProvides { by, table });
        }
    }
    for used in &manifest.context_consumed {
        let mut owners = manifests.iter().flat_map(|m| m.context_provided.iter().map(move |c| (m, c)));
        match owners.clone().find(|(_, context)| context.kind == used.kind) {
            None => errors.push(ManifestError::NobodyBelieves {
                by: by.clone(),
                kind: used.kind.into(),
                nearest: nearest(used.kind, owners.by_ref().map(|(_, context)| context.kind)),
            }),
            Some((owner, context)) if context.type_id != used.type_id => {
                errors.push(ManifestError::ContextType {
                    by: by.clone(),
                    kind: used.kind.into(),
                    found: used.type_name.into(),
                    owner: owner.name.clone(),
                    expected: context.type_name.into(),
                });
            }
            Some(_) => {}
        }
    }
    let actions = || manifests.iter().flat_map(|m| m.actions_provided.iter().map(|a| a.name.as_str()));
    for used in &manifest.actions_requested {
        if !actions().any(|name| name == used.name) {
            errors.push(ManifestError::NobodyActs {
                by: by.clone(),
                action: used.name.clone(),
                nearest: nearest(&used.name, actions()),
            });
        }
    }
}

fn is_name(name: &str, most: usize) -> bool {
    name.len() <= most
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_deref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default()
}
