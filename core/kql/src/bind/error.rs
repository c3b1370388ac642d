//! Why a query has no meaning.

use std::ops::Range;

/// What is wrong, in the words of the query's author, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct BindError {
    pub code: Code,
    pub message: String,
    /// Bytes of the query's text.
    pub span: Range<usize>,
}

/// The kinds of semantic errors, by their Kusto numbers where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The text can't be parsed.
    Syntax,
    /// Types that do not go together.
    Types,
    /// An unknown column or value.
    UnknownColumn,
    /// An unknown table.
    UnknownTable,
    /// An unknown function, aggregate, plugin or operator.
    UnknownFunction,
    /// A function with too few or too many arguments.
    ArgumentCount,
    /// An argument of another type, or one that must be a constant.
    Argument,
    /// A name declared or given twice.
    DuplicateName,
    /// A join that can't be.
    Join,
    /// A function that needs rows in an order.
    NotSerialized,
    /// What this platform's policy refuses, such as data from a foreign address.
    Refused,
    /// A query that is too large or too deeply nested.
    TooLarge,
    /// Anything else.
    Other,
}

impl Code {
    pub const fn text(self) -> &'static str {
        match self {
            Self::Syntax => "SYN0002",
            Self::Types => "SEM0019",
            Self::UnknownColumn => "SEM0100",
            Self::UnknownTable => "SEM0100",
            Self::UnknownFunction => "SEM0260",
            Self::ArgumentCount => "SEM0219",
            Self::Argument => "SEM0231",
            Self::DuplicateName => "SEM0024",
            Self::Join => "SEM0041",
            Self::NotSerialized => "SEM0254",
            Self::Refused => "SEM0529",
            Self::TooLarge => "SEM0035",
            Self::Other => "SEM0001",
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

impl BindError {
    pub fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), span }
    }

    /// An unknown name, with the nearest of those that are known.
    pub fn unknown<'a>(
        code: Code,
        span: Range<usize>,
        noun: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut message = format!("no {noun} is called `{name}`");
        if let Some(nearest) = nearest(name, known) {
            message.push_str(&format!("; did you mean `{nearest}`?"));
        }
        Self::new(code, span, message)
    }
}

/// The known name that somebody who wrote `name` most likely meant.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| {
            (strsim::normalized_damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate)
        })
        .filter(|(score, _)| *score >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told() {
        let known = ["DeviceEvents", "DeviceInfo", "SigninLogs"];
        let told = |name| BindError::unknown(Code::UnknownTable, 0..0, "table", name, known).message;
        assert_eq!(told("deviceevents"), "no table is called `deviceevents`; did you mean `DeviceEvents`?");
        assert_eq!(told("SignInLog"), "no table is called `SignInLog`; did you mean `SigninLogs`?");
        assert_eq!(told("Nowhere"), "no table is called `Nowhere`");
    }
}
