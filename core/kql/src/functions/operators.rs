//! The operators on strings, as the binder calls them: by the token they are written with. `!has` and its like are
//! `has` and a not. They are no functions of the language, so nobody can call them by name.
//!
//! What is on the right is mostly a constant: it is prepared once for a batch.

use std::{borrow::Cow, collections::HashSet};

use arrow_array::BooleanArray;
use arrow_buffer::BooleanBuffer;
use phalanx_signal::ColumnType;

use super::{
    Accepts, Call, Column, Family, Function, FunctionError, Parameter, Returns,
    define::{Answer, Kernel, once},
    folded::FoldedSet,
    needle::{Needle, Needles, Place, is_same_ignoring_case},
    regexes,
};
use crate::dynamic::{Json, to_text};

/// An operator on strings: the left side is a string, the right one a string, or a `dynamic` array for those that
/// take a list. The answer is never null.
pub fn string_operator(token: &str) -> Option<&'static Function> {
    OPERATORS.iter().find(|operator| operator.name == token)
}

/// Values that a list may have, and how deep lists in lists are looked into.
const LIST_MAX: usize = 1_000_000;
const LIST_DEPTH_MAX: usize = 2;

const TEXT: &[Parameter] =
    &[once("value", Accepts::Only(ColumnType::String)), once("searched", Accepts::Only(ColumnType::String))];
const LIST: &[Parameter] =
    &[once("value", Accepts::Only(ColumnType::String)), once("list", Accepts::Only(ColumnType::Dynamic))];

const fn operator(
    token: &'static str,
    parameters: &'static [Parameter],
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
    kernel: Kernel,
) -> Function {
    Function::kernel(token, Family::Text, parameters, Returns::Only(ColumnType::Bool), about, kernel)
        .examples(examples)
}

/// Every operator on strings.
pub(crate) static OPERATORS: &[Function] = &[
    operator(
        "=~",
        TEXT,
        "Whether two strings are the same but for case.",
        &[(r#"print "ABC" =~ "abc""#, "true")],
        |call| {
            if call.is_constant(1) {
                return matching(call, |text| Ok(Needle::ignoring_case(text, Place::All)), Needle::is_in);
            }
            let (left, right) = (call.texts(0)?, call.texts(1)?);
            Ok(booleans(call.rows, |row| is_same_ignoring_case(left.text(row), right.text(row))))
        },
    ),
    operator(
        "has",
        TEXT,
        "Whether a string has a term, whatever its case.",
        &[(r#"print "a fine day" has "FINE""#, "true")],
        |call| ignoring_case(call, Place::Terms),
    ),
    operator(
        "has_cs",
        TEXT,
        "Whether a string has a term.",
        &[(r#"print "a fine day" has_cs "FINE""#, "false")],
        |call| exact(call, Place::Terms),
    ),
    operator(
        "hasprefix",
        TEXT,
        "Whether a term begins so, whatever the case.",
        &[(r#"print "a fine day" hasprefix "FI""#, "true")],
        |call| ignoring_case(call, Place::TermStart),
    ),
    operator(
        "hasprefix_cs",
        TEXT,
        "Whether a term begins so.",
        &[(r#"print "a fine day" hasprefix_cs "fi""#, "true")],
        |call| exact(call, Place::TermStart),
    ),
    operator(
        "hassuffix",
        TEXT,
        "Whether a term ends so, whatever the case.",
        &[(r#"print "a fine day" hassuffix "NE""#, "true")],
        |call| ignoring_case(call, Place::TermEnd),
    ),
    operator(
        "hassuffix_cs",
        TEXT,
        "Whether a term ends so.",
        &[(r#"print "a fine day" hassuffix_cs "NE""#, "false")],
        |call| exact(call, Place::TermEnd),
    ),
    operator(
        "contains",
        TEXT,
        "Whether a string has another in it, whatever the case.",
        &[(r#"print "a fine day" contains "IN""#, "true")],
        |call| ignoring_case(call, Place::Anywhere),
    ),
    operator(
        "contains_cs",
        TEXT,
        "Whether a string has another in it.",
        &[(r#"print "a fine day" contains_cs "in""#, "true")],
        |call| exact(call, Place::Anywhere),
    ),
    operator(
        "startswith",
        TEXT,
        "Whether a string begins so, whatever the case.",
        &[(r#"print "a fine day" startswith "A F""#, "true")],
        |call| ignoring_case(call, Place::Start),
    ),
    operator(
        "startswith_cs",
        TEXT,
        "Whether a string begins so.",
        &[(r#"print "a fine day" startswith_cs "A F""#, "false")],
        |call| exact(call, Place::Start),
    ),
    operator(
        "endswith",
        TEXT,
        "Whether a string ends so, whatever the case.",
        &[(r#"print "a fine day" endswith "DAY""#, "true")],
        |call| ignoring_case(call, Place::End),
    ),
    operator(
        "endswith_cs",
        TEXT,
        "Whether a string ends so.",
        &[(r#"print "a fine day" endswith_cs "day""#, "true")],
        |call| exact(call, Place::End),
    ),
    operator(
        "matches regex",
        TEXT,
        "Whether a regular expression is found in a string.",
        &[(r#"print "a fine day" matches regex "f[a-z]+e""#, "true")],
        |call| matching(call, regexes::compile, |regex, text| regex.is_match(text)),
    ),
    operator(
        "has_any",
        LIST,
        "Whether a string has any of the terms, whatever the case.",
        &[(r#"print "a fine day" has_any ("bad", "day")"#, "true")],
        |call| matching(call, terms, Needles::is_any_in),
    ),
    operator(
        "has_all",
        LIST,
        "Whether a string has all of the terms, whatever the case.",
        &[(r#"print "a fine day" has_all ("fine", "night")"#, "false")],
        |call| matching(call, terms, Needles::are_all_in),
    ),
    operator(
        "in",
        LIST,
        "Whether a string is in a list.",
        &[(r#"print "a" in ("a", "b")"#, "true")],
        |call| matching(call, |list| Ok(texts(list)?.into_iter().map(Cow::into_owned).collect()), is_element),
    ),
    operator(
        "in~",
        LIST,
        "Whether a string is in a list, whatever the case.",
        &[(r#"print "A" in~ ("a", "b")"#, "true")],
        |call| {
            let make = |list: &str| Ok(FoldedSet::new(texts(list)?.iter().map(|text| &**text)));
            matching(call, make, FoldedSet::contains)
        },
    ),
];

fn is_element(list: &HashSet<String>, text: &str) -> bool {
    list.contains(text)
}

fn exact(call: &Call<'_>, place: Place) -> Answer {
    matching(call, |text| Ok(Needle::exact(text, place)), Needle::is_in)
}

fn ignoring_case(call: &Call<'_>, place: Place) -> Answer {
    matching(call, |text| Ok(Needle::ignoring_case(text, place)), Needle::is_in)
}

/// Prepares what is on the right, and tests each value on the left with it.
fn matching<T: Send + Sync + 'static>(
    call: &Call<'_>,
    make: impl Fn(&str) -> Result<T, FunctionError>,
    is_match: impl Fn(&T, &str) -> bool,
) -> Answer {
    let values = call.texts(0)?;
    if call.is_constant(1) {
        let prepared = call.kept.get(call.texts(1)?.text(0), make)?;
        return Ok(booleans(call.rows, |row| is_match(&prepared, values.text(row))));
    }
    let mut prepared = call.prepared(1, make)?;
    let answers: Result<Vec<bool>, _> =
        (0..call.rows).map(|row| Ok(is_match(prepared.get(row)?, values.text(row)))).collect();
    Ok(Column(std::sync::Arc::new(BooleanArray::from(answers?))))
}

fn booleans(rows: usize, f: impl FnMut(usize) -> bool) -> Column {
    Column(std::sync::Arc::new(BooleanArray::new(BooleanBuffer::collect_bool(rows, f), None)))
}

fn terms(list: &str) -> Result<Needles, FunctionError> {
    Ok(Needles::terms(&texts(list)?))
}

/// The texts of a list's elements, of lists in it as well. What is no list is one element.
pub(super) fn texts(list: &str) -> Result<Vec<Cow<'_, str>>, FunctionError> {
    let mut found = Vec::new();
    gather(Json::new(list), LIST_DEPTH_MAX, &mut found);
    if found.len() > LIST_MAX {
        return Err(FunctionError(format!("the list has {} values; at most {LIST_MAX} may be", found.len())));
    }
    Ok(found)
}

fn gather<'a>(json: Json<'a>, depth: usize, found: &mut Vec<Cow<'a, str>>) {
    match json.elements() {
        Some(elements) if depth > 0 => elements.for_each(|element| gather(element, depth - 1, found)),
        _ if json.is_null() => {}
        _ => found.push(to_text(json)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::cells::{Cell, call_function};

    #[test]
    fn tokens() {
        for (left, token, right, answer) in [
            ("abc", "=~", "ABC", true),
            ("Fabrikam", "matches regex", "b.*k", true),
            ("Fabrikam", "matches regex", "B.*k", false),
            ("a curl b", "has_any", r#"["wget","CURL"]"#, true),
            ("a curl b", "has_any", r#"[["wget","CURL"]]"#, true),
            ("a curl b", "has_any", "[]", false),
            ("a curl b", "has_all", r#"["b","CURL"]"#, true),
            ("a curl b", "has_all", r#"["c","CURL"]"#, false),
            ("abc", "in", r#"["ABC","x"]"#, false),
            ("abc", "in~", r#"["ABC","x"]"#, true),
            ("12", "in", "[12]", true),
            ("Fabrikam", "endswith_cs", "kam", true),
        ] {
            let operator = string_operator(token).expect("the token is an operator");
            let right_kind = match operator.parameters[1].accepts {
                Accepts::Only(kind) => kind,
                _ => unreachable!("operators say their types"),
            };
            for is_constant in [true, false] {
                let arguments = [Cell::string(left), Cell::text(right_kind, right)];
                let answer_text =
                    call_function(operator, &arguments, is_constant).expect("it is a good call");
                assert_eq!(answer_text, answer.to_string(), "{left} {token} {right}");
            }
        }
    }
}
