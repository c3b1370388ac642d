//! Account names.

use super::{Value, slice, take_text};

pub(super) fn name<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    slice(take_text(arguments, 0), |account| {
        Some(match (account.rfind('\\'), account.find('@')) {
            (Some(at), _) => &account[at + 1..],
            (None, Some(at)) if at > 0 => &account[..at],
            _ => account,
        })
    })
}

pub(super) fn domain<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    slice(take_text(arguments, 0), |account| match (account.rfind('\\'), account.find('@')) {
        (Some(at), _) => Some(&account[..at]),
        (None, Some(at)) if at > 0 => Some(&account[at + 1..]),
        _ => None,
    })
}

/// As the connector of Log Analytics writes it: a missing domain leaves the backslash out, a missing
/// name gives nothing.
pub(super) fn account<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    let (domain, name) = (take_text(arguments, 0), take_text(arguments, 1));
    let is_none = |text: &str| matches!(text, "" | "-");
    match (is_none(&domain), is_none(&name)) {
        (true, true) => Value::Null,
        (true, false) => name.into(),
        (false, true) => Value::Null,
        (false, false) => format!("{domain}\\{name}").into(),
    }
}

pub(super) fn kind<'v>(arguments: &mut [Value<'v>]) -> Value<'v> {
    match take_text(arguments, 0).trim_end() {
        "" | "-" => Value::Null,
        name if name.ends_with('$') => Value::text("Machine"),
        _ => Value::text("User"),
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
