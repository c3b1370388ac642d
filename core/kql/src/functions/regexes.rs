//! Regular expressions, compiled once.

use std::{cell::RefCell, collections::HashMap};

use regex::{Regex, RegexBuilder};

use super::FunctionError;

/// The bytes a compiled expression may have: `\w{1000}{1000}` is short to write.
const SIZE_MAX: usize = 10 << 20;

/// The compiled expressions a thread keeps.
const KEPT_MAX: usize = 64;

thread_local! {
    static KEPT: RefCell<HashMap<String, Regex>> = RefCell::default();
}

/// The compiled form of a pattern; an error for one that is none.
pub(super) fn compile(pattern: &str) -> Result<Regex, FunctionError> {
    if let Some(regex) = KEPT.with_borrow(|kept| kept.get(pattern).cloned()) {
        return Ok(regex);
    }
    let regex = RegexBuilder::new(pattern).size_limit(SIZE_MAX).build().map_err(|error| {
        let message = match error {
            regex::Error::CompiledTooBig(_) => "it is too big".to_owned(),
            // The parser's drawing of the place takes several lines; the last one says what is wrong.
            error => error.to_string().lines().last().unwrap_or_default().trim().to_owned(),
        };
        FunctionError(format!("`{}` is no regular expression: {message}", pattern.escape_debug()))
    })?;
    KEPT.with_borrow_mut(|kept| {
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(pattern.to_owned(), regex.clone());
    });
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn what_is_no_expression_is_an_error() {
        assert!(compile(r"a(b|c)+\d").is_ok());
        assert!(compile("(").unwrap_err().to_string().contains("unclosed group"));
        assert!(compile(r"(?=x)").is_err());
        assert!(compile(r"(\pL{1000}){1000}").unwrap_err().to_string().contains("too big"));
    }
}
