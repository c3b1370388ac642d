//! Account names.

use bumpalo::Bump;

use super::glue;
use crate::mapping::value::Datum;

pub(super) fn name<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let account = arguments[0].text(arena);
    Datum::Text(match (account.rfind('\\'), account.find('@')) {
        (Some(at), _) => &account[at + 1..],
        (None, Some(at)) if at > 0 => &account[..at],
        _ => account,
    })
}

pub(super) fn domain<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let account = arguments[0].text(arena);
    match (account.rfind('\\'), account.find('@')) {
        (Some(at), _) => Datum::Text(&account[..at]),
        (None, Some(at)) if at > 0 => Datum::Text(&account[at + 1..]),
        _ => Datum::Null,
    }
}

/// As the connector of Log Analytics writes it: a missing domain leaves the backslash out, a missing
/// name gives nothing.
pub(super) fn account<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    let [domain, name] = [0, 1].map(|at| arguments[at].text(arena));
    let is_none = |text: &str| matches!(text, "" | "-");
    match (is_none(domain), is_none(name)) {
        (_, true) => Datum::Null,
        (true, false) => Datum::Text(name),
        (false, false) => Datum::Text(glue(arena, &[domain, "\\", name])),
    }
}

pub(super) fn kind<'v>(arguments: &[Datum<'v>], arena: &'v Bump) -> Datum<'v> {
    match arguments[0].text(arena).trim_end() {
        "" | "-" => Datum::Null,
        name if name.ends_with('$') => Datum::Text("Machine"),
        _ => Datum::Text("User"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn accounts() {
        check("account_name", &[r"NT AUTHORITY\SYSTEM"], "SYSTEM");
        check("account_name", &["ann@example.com"], "ann");
        check("account_name", &["ann"], "ann");
        check("account_domain", &[r"NT AUTHORITY\SYSTEM"], "NT AUTHORITY");
        check("account_domain", &["ann@example.com"], "example.com");
        check("account_domain", &["ann"], "");
        check("account", &["CORP", "ann"], r"CORP\ann");
        check("account", &["-", "ann"], "ann");
        check("account", &["-", "-"], "");
        check("account_type", &["PC1$"], "Machine");
        check("account_type", &["ann"], "User");
        check("account_type", &["-"], "");
    }
}
