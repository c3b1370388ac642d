//! What columns are called that the query gives no name, and which columns a wildcard means.

use std::sync::Arc;

use crate::{
    aggregates::{ColumnName, aggregate},
    functions::{ResultName, result_name},
    syntax::tree::{Expr, ExprKind, Literal},
};

/// Names given so far, so that none is given twice.
#[derive(Default)]
pub(crate) struct Names {
    taken: std::collections::HashSet<Arc<str>>,
    next_unnamed: usize,
}

impl Names {
    pub fn with(names: impl IntoIterator<Item = Arc<str>>) -> Self {
        Self { taken: names.into_iter().collect(), next_unnamed: 1 }
    }

    /// Takes a name as it is; false if it was taken.
    pub fn take(&mut self, name: &str) -> bool {
        self.taken.insert(Arc::from(name))
    }

    /// Takes a name, with the first number behind it that makes it unique.
    pub fn unique(&mut self, name: &str) -> Arc<str> {
        let mut unique: Arc<str> = Arc::from(name);
        let mut number = 1;
        while !self.taken.insert(Arc::clone(&unique)) {
            unique = Arc::from(format!("{name}{number}"));
            number += 1;
        }
        unique
    }

    /// Takes `Column1`, `Column2` …
    pub fn unnamed(&mut self) -> Arc<str> {
        loop {
            let name: Arc<str> = Arc::from(format!("Column{}", self.next_unnamed.max(1)));
            self.next_unnamed = self.next_unnamed.max(1) + 1;
            if self.taken.insert(Arc::clone(&name)) {
                return name;
            }
        }
    }
}

/// What is no function of the table, and is called as its argument.
const NAMED_AFTER_ARGUMENT: [&str; 4] = ["materialize", "toscalar", "int", "long"];

/// The name that a value has by itself: a column's, a path's (`a_b`), a conversion's argument's.
pub(crate) fn own_name(expression: &Expr) -> Option<String> {
    match &expression.unparenthesized().kind {
        ExprKind::Name(name) => Some(name.text.clone()),
        ExprKind::Member { base, name } => Some(match own_name(base) {
            Some(base) => format!("{base}_{}", name.text),
            None => name.text.clone(),
        }),
        ExprKind::Index { base, index } => {
            let base = own_name(base)?;
            match &index.unparenthesized().kind {
                ExprKind::Literal(Literal::Long(at)) => Some(format!("{base}_{at}")),
                ExprKind::Literal(Literal::String(key)) => Some(format!("{base}_{}", key.value)),
                _ => Some(format!("{base}_")),
            }
        }
        ExprKind::Call(call) => {
            let argument = || {
                let first = call.arguments.first()?;
                first.name.as_ref().map(|name| name.text.clone()).or_else(|| own_name(&first.value))
            };
            match result_name(&call.name.text) {
                ResultName::FirstArgument => argument(),
                ResultName::OnlyArgument if call.arguments.len() == 1 => argument(),
                ResultName::Prefixed(prefix) => Some(format!("{prefix}_{}", argument()?)),
                _ if NAMED_AFTER_ARGUMENT.contains(&call.name.text.as_str()) => argument(),
                _ => match aggregate(&call.name.text)?.column {
                    ColumnName::Prefix(prefix) => Some(format!("{prefix}_")),
                    ColumnName::PrefixAndArgument(prefix) => {
                        Some(format!("{prefix}_{}", argument().unwrap_or_default()))
                    }
                    ColumnName::Argument => argument(),
                    ColumnName::PrefixArgumentAndNumber(_) | ColumnName::PrefixAndArguments(_) => None,
                },
            }
        }
        _ => None,
    }
}

/// Whether a pattern with `*` for any text fits a name.
pub(crate) fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "abc", true),
            ("*_s", "a_s", true),
            ("*_s", "a_sx", false),
            ("Device*", "DeviceInfo", true),
            ("Device*", "Dev", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "ac", false),
            ("a*a", "a", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn numbers_make_names_unique() {
        let mut names = Names::default();
        assert_eq!(&*names.unique("x"), "x");
        assert_eq!(&*names.unique("x"), "x1");
        assert_eq!(&*names.unique("x"), "x2");
        assert_eq!(&*names.unnamed(), "Column1");
        assert_eq!(&*names.unnamed(), "Column2");
    }
}
