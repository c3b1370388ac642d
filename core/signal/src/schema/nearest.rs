//! Telling a table by its columns, for sources whose sender did not name one.

use std::{collections::HashMap, sync::LazyLock};

use super::{Table, facts};

/// For each column name, the built-in tables that have it.
static HOLDERS: LazyLock<HashMap<&'static str, Vec<usize>>> = LazyLock::new(|| {
    let mut holders: HashMap<&'static str, Vec<usize>> = HashMap::new();
    for (at, table) in facts::TABLES.iter().enumerate() {
        for (column, _) in table.columns {
            holders.entry(column).or_default().push(at);
        }
    }
    holders
});

/// How well a table fits some names.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Fit {
    /// Sum of the matching columns' weights: a column that few tables have says more.
    weight: f64,
    /// Share of the table's columns that the names have.
    share: f64,
    matches: usize,
}

/// The place of the built-in table that the names clearly are columns of. `custom` are further tables.
pub(super) fn nearest<'t>(
    names: &[impl AsRef<str>],
    custom: impl Iterator<Item = &'t Table>,
) -> Option<Nearest<'t>> {
    let mut fits: HashMap<usize, Fit> = HashMap::new();
    for holders in names.iter().filter_map(|name| HOLDERS.get(name.as_ref())) {
        for at in holders {
            let fit = fits.entry(*at).or_insert(Fit { weight: 0.0, share: 0.0, matches: 0 });
            fit.weight += weight(holders.len());
            fit.matches += 1;
            fit.share = fit.matches as f64 / facts::TABLES[*at].columns.len() as f64;
        }
    }
    let custom = custom.map(|table| {
        let columns = || names.iter().map(AsRef::as_ref).filter(|name| table.index_of(name).is_some());
        let matches = columns().count();
        let weight = columns().map(|name| weight(HOLDERS.get(name).map_or(1, Vec::len))).sum();
        let share = matches as f64 / table.columns().len().saturating_sub(4).max(1) as f64;
        (Nearest::Custom(table), Fit { weight, share, matches })
    });
    let mut fits: Vec<_> =
        fits.into_iter().map(|(at, fit)| (Nearest::BuiltIn(at), fit)).chain(custom).collect();
    fits.sort_by(|(_, a), (_, b)| b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal));
    let (best, fit) = *fits.first()?;
    let is_first = fits.get(1).is_none_or(|(_, second)| {
        let is_filled = fit.share > 0.5 && fit.share > second.share * 1.3;
        fit.weight > second.weight + 1.5 || (fit.weight >= second.weight && is_filled)
    });
    (fit.matches >= 3 && fit.matches * 10 >= names.len() * 6 && is_first).then_some(best)
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Nearest<'t> {
    BuiltIn(usize),
    Custom(&'t Table),
}

fn weight(holders: usize) -> f64 {
    (facts::TABLES.len() as f64 / holders as f64).ln()
}

#[cfg(test)]
mod tests {
    use crate::Catalog;

    #[test]
    fn a_clear_set_of_columns_tells_the_table() {
        let table = |names: &[&str]| Catalog::new().by_columns(names).map(|t| t.name().to_string());
        assert_eq!(
            table(&["TimeGenerated", "Computer", "Facility", "SeverityLevel", "SyslogMessage"]).as_deref(),
            Some("Syslog")
        );
        assert_eq!(
            table(&[
                "Timestamp",
                "DeviceName",
                "ProcessCommandLine",
                "FileName",
                "AccountName",
                "ProcessIntegrityLevel",
                "ProcessTokenElevation",
                "ProcessVersionInfoCompanyName"
            ])
            .as_deref(),
            Some("DeviceProcessEvents")
        );
        assert_eq!(table(&["TimeGenerated", "Computer"]), None, "too few");
        assert_eq!(table(&["TimeGenerated", "Type", "a", "b", "c", "d", "e"]), None, "mostly unknown");
    }
}
