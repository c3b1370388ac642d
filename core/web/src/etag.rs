//! Entity tags and conditional requests (RFC 9110 sections 8.8.3 and 13).

use std::fmt;

use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{ApiError, Code};

/// The version of a resource, as an opaque text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag {
    opaque: String,
    is_weak: bool,
}

impl ETag {
    /// A strong tag. Characters that may not stand in a tag are left out.
    pub fn strong(opaque: &str) -> Self {
        Self { opaque: opaque.chars().filter(|c| is_tag_byte(*c)).collect(), is_weak: false }
    }

    /// A weak tag, as OData services give: the same meaning, perhaps another form.
    pub fn weak(opaque: &str) -> Self {
        Self { is_weak: true, ..Self::strong(opaque) }
    }

    /// The text between the quotes.
    pub fn opaque(&self) -> &str {
        &self.opaque
    }

    /// The tag as a header value.
    pub fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.to_string()).expect("a tag holds only visible ASCII")
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\"{}\"", if self.is_weak { "W/" } else { "" }, self.opaque)
    }
}

/// Checks the conditions of a request that changes a resource whose present version is `current` (`None`: it
/// does not exist). Tags are compared by their text alone: the tags of documents are version numbers, and
/// OData clients send weak ones in `If-Match`.
///
/// # Errors
/// `PreconditionFailed` if `If-Match` or `If-None-Match` does not hold; `InvalidArgument` if one of them is
/// malformed.
pub fn check(headers: &HeaderMap, current: Option<&ETag>) -> Result<(), ApiError> {
    if let Some(condition) = Condition::read(headers, IF_MATCH)?
        && !condition.matches(current)
    {
        return Err(failed("the resource is not the version that `If-Match` names"));
    }
    if let Some(condition) = Condition::read(headers, IF_NONE_MATCH)?
        && condition.matches(current)
    {
        return Err(failed("the resource is a version that `If-None-Match` excludes"));
    }
    Ok(())
}

/// The tag that `If-Match` demands, for stores that compare and change in one step: `None` if any version
/// will do.
///
/// # Errors
/// `InvalidArgument` if the header is malformed or lists several tags.
pub fn if_match(headers: &HeaderMap) -> Result<Option<ETag>, ApiError> {
    match Condition::read(headers, IF_MATCH)? {
        None | Some(Condition::Any) => Ok(None),
        Some(Condition::OneOf(mut tags)) if tags.len() == 1 => Ok(tags.pop()),
        Some(Condition::OneOf(_)) => {
            Err(ApiError::invalid("`If-Match` must name a single version").with_target("If-Match"))
        }
    }
}

enum Condition {
    Any,
    OneOf(Vec<ETag>),
}

impl Condition {
    fn read(headers: &HeaderMap, name: HeaderName) -> Result<Option<Self>, ApiError> {
        let mut tags = Vec::new();
        for value in headers.get_all(&name) {
            let malformed = || {
                ApiError::invalid(format!("`{name}` is not a list of entity tags")).with_target(name.as_str())
            };
            let text = value.to_str().map_err(|_| malformed())?.trim();
            if text == "*" {
                return Ok(Some(Self::Any));
            }
            tags.extend(parse_list(text).ok_or_else(malformed)?);
        }
        Ok((!tags.is_empty()).then_some(Self::OneOf(tags)))
    }

    fn matches(&self, current: Option<&ETag>) -> bool {
        match (self, current) {
            (_, None) => false,
            (Self::Any, Some(_)) => true,
            (Self::OneOf(tags), Some(current)) => tags.iter().any(|tag| tag.opaque == current.opaque),
        }
    }
}

fn failed(message: &'static str) -> ApiError {
    ApiError::new(Code::PreconditionFailed, message)
}

/// `"a", W/"b"` with any spacing; at least one tag.
fn parse_list(mut text: &str) -> Option<Vec<ETag>> {
    let mut tags = Vec::new();
    loop {
        text = text.trim_start();
        let is_weak = text.starts_with("W/");
        let quoted = text.strip_prefix("W/").unwrap_or(text).strip_prefix('"')?;
        let (opaque, rest) = quoted.split_once('"')?;
        if !opaque.chars().all(is_tag_byte) {
            return None;
        }
        tags.push(ETag { opaque: opaque.to_owned(), is_weak });
        text = rest.trim_start();
        if text.is_empty() {
            return Some(tags);
        }
        text = text.strip_prefix(',')?;
    }
}

/// `etagc` of RFC 9110, without the bytes beyond ASCII.
fn is_tag_byte(c: char) -> bool {
    matches!(c, '!' | '#'..='~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    fn outcome(name: HeaderName, value: &'static str, current: Option<&str>) -> Option<Code> {
        check(&headers(name, value), current.map(ETag::strong).as_ref()).err().map(|error| error.code())
    }

    #[test]
    fn conditions_hold_or_fail() {
        let failed = Some(Code::PreconditionFailed);
        for (name, value, current, expected) in [
            (IF_MATCH, "\"3\"", Some("3"), None),
            (IF_MATCH, "W/\"3\"", Some("3"), None),
            (IF_MATCH, "\"2\", \"3\"", Some("3"), None),
            (IF_MATCH, "\"2\"", Some("3"), failed),
            (IF_MATCH, "\"3\"", None, failed),
            (IF_MATCH, "*", Some("3"), None),
            (IF_MATCH, "*", None, failed),
            (IF_NONE_MATCH, "*", Some("3"), failed),
            (IF_NONE_MATCH, "*", None, None),
            (IF_NONE_MATCH, "\"3\"", Some("3"), failed),
            (IF_NONE_MATCH, "\"2\"", Some("3"), None),
        ] {
            assert_eq!(outcome(name.clone(), value, current), expected, "{name}: {value} on {current:?}");
        }
        assert!(check(&HeaderMap::new(), None).is_ok());
    }

    #[test]
    fn malformed_lists_are_refused() {
        for bad in ["3", "\"3", "\"3\" \"4\"", "\"3\",", "w/\"3\"", "\"a b\""] {
            assert_eq!(outcome(IF_MATCH, bad, Some("3")), Some(Code::InvalidArgument), "{bad}");
        }
    }

    #[test]
    fn a_single_demanded_version_is_found() {
        assert_eq!(if_match(&HeaderMap::new()).expect("none"), None);
        assert_eq!(if_match(&headers(IF_MATCH, "*")).expect("any"), None);
        let tag = if_match(&headers(IF_MATCH, "W/\"17\"")).expect("one").expect("one");
        assert_eq!(tag.opaque(), "17");
        assert!(if_match(&headers(IF_MATCH, "\"1\", \"2\"")).is_err());
    }

    #[test]
    fn tags_print_as_headers() {
        assert_eq!(ETag::strong("17").header_value(), "\"17\"");
        assert_eq!(ETag::weak("a\"b\r\n").header_value(), "W/\"ab\"");
    }
}
