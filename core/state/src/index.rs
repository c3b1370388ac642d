//! Typed indexes: which fields of a collection's documents can be filtered and ordered by.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error, Result,
    document::{check_name, excerpt},
    encode,
};

/// The most indexes of one collection.
const INDEXES_MAX: usize = 64;
/// The longest path of an index, in bytes.
const PATH_BYTES_MAX: usize = 512;
/// The most values one document may have in one index.
const VALUES_MAX: usize = 1000;

/// A declared index of a collection. A document whose field has another type than the index is refused;
/// a field that is absent or `null` fits every index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// The name used in filters and orders: up to 64 ASCII letters, digits and `_`, beginning with a letter.
    pub name: String,
    /// Where in the body the value is, as a JSON pointer (RFC 6901), for example `/profile/mail`. In the path of a
    /// `multi` index a segment `*` means each element of an array: `/identities/*/issuer`.
    pub path: String,
    /// The type of the values.
    pub kind: IndexKind,
    /// Whether no two documents of a tenant may have the same value. Absent values don't count.
    #[serde(default)]
    pub unique: bool,
    /// Whether the field is an array, each element of which is a value of the document. At most 1000.
    #[serde(default)]
    pub multi: bool,
}

/// The type of an index's values, which decides how they compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum IndexKind {
    /// Text of up to 1024 bytes, compared by its UTF-8 bytes, which is by code points.
    Text,
    /// Text of up to 1024 bytes, compared by code points after each character is put in lower case by itself
    /// (Unicode lower case, whatever the language; a final sigma counts as a sigma). `ß` and `ss` differ, as do
    /// `ı` and `i`: what looks like another account's name is not that account's name.
    TextCaseless,
    /// A whole number from -2^63 to 2^63 - 1.
    Integer,
    /// A number as an IEEE 754 double; -0 is 0.
    Real,
    /// `false` before `true`.
    Boolean,
    /// Text in the form of RFC 3339 with any offset, compared as instants, to the nanosecond.
    DateTime,
}

impl Index {
    /// An index with this name on the value at this JSON pointer; neither unique nor multi.
    pub fn new(name: impl Into<String>, path: impl Into<String>, kind: IndexKind) -> Self {
        Self { name: name.into(), path: path.into(), kind, unique: false, multi: false }
    }

    /// The same, unique.
    pub fn unique(self) -> Self {
        Self { unique: true, ..self }
    }

    /// The same, over the elements of an array.
    pub fn multi(self) -> Self {
        Self { multi: true, ..self }
    }

    /// The encoded values that a body has in this index. A body without any has the one value
    /// [`encode::NULL`], so every document is found in every index of its collection.
    pub(crate) fn values(&self, body: &Value) -> Result<BTreeSet<Vec<u8>>> {
        let segments: Vec<String> = self.path.split('/').skip(1).map(unescape).collect();
        let mut values = BTreeSet::new();
        self.collect(&segments, body, &mut values)?;
        if values.is_empty() {
            values.insert(encode::NULL.to_vec());
        }
        Ok(values)
    }

    fn collect(&self, segments: &[String], value: &Value, values: &mut BTreeSet<Vec<u8>>) -> Result<()> {
        let Some((segment, rest)) = segments.split_first() else {
            return match value {
                Value::Array(elements) if self.multi => {
                    elements.iter().try_for_each(|element| self.add(element, values))
                }
                value => self.add(value, values),
            };
        };
        match value {
            Value::Array(elements) if self.multi && segment == "*" => {
                elements.iter().try_for_each(|element| self.collect(rest, element, values))
            }
            Value::Array(elements) => match segment.parse::<usize>().ok().and_then(|at| elements.get(at)) {
                Some(element) => self.collect(rest, element, values),
                None => Ok(()),
            },
            Value::Object(members) => match members.get(segment) {
                Some(member) => self.collect(rest, member, values),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn add(&self, value: &Value, values: &mut BTreeSet<Vec<u8>>) -> Result<()> {
        if value.is_null() {
            return Ok(());
        }
        let encoded = encode::field(self.kind, value).map_err(|problem| {
            Error::invalid(format!("field `{}` doesn't fit index `{}`: {problem}", self.path, self.name))
        })?;
        values.insert(encoded);
        if values.len() > VALUES_MAX {
            return Err(Error::invalid(format!("index `{}` takes at most {VALUES_MAX} values", self.name)));
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        check_name("index", &self.name, "_")?;
        let escapes_are_whole = self.path.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if !self.path.starts_with('/') || !escapes_are_whole || self.path.len() > PATH_BYTES_MAX {
            return Err(Error::invalid(format!(
                "the path of index `{}` must be a JSON pointer of at most {PATH_BYTES_MAX} bytes such as `/a/b`, \
                 found `{}`",
                self.name,
                excerpt(&self.path)
            )));
        }
        Ok(())
    }
}

/// Checks the indexes declared for one collection.
pub(crate) fn check_indexes(indexes: &[Index]) -> Result<()> {
    if indexes.len() > INDEXES_MAX {
        return Err(Error::invalid(format!(
            "a collection has at most {INDEXES_MAX} indexes, found {}",
            indexes.len()
        )));
    }
    let mut names = BTreeSet::new();
    for index in indexes {
        index.check()?;
        if !names.insert(&index.name) {
            return Err(Error::invalid(format!("index `{}` is declared twice", index.name)));
        }
    }
    Ok(())
}

fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(index: &Index, body: Value, expected: &[&str]) {
        let values = index.values(&body).expect("the body fits");
        let expected: BTreeSet<Vec<u8>> =
            expected.iter().map(|text| [&[1], text.as_bytes()].concat()).collect();
        assert_eq!(values, expected, "{body}");
    }

    #[test]
    fn paths_are_json_pointers() {
        let index = |path| Index::new("i", path, IndexKind::Text);
        check(&index("/a"), json!({"a": "x"}), &["x"]);
        check(&index("/a/b"), json!({"a": {"b": "x"}}), &["x"]);
        check(&index("/a/1"), json!({"a": ["x", "y"]}), &["y"]);
        check(&index("/a~1b/~01"), json!({"a/b": {"~1": "x"}}), &["x"]);
        check(&index("/"), json!({"": "x"}), &["x"]);
        check(&index("/*"), json!({"*": "x"}), &["x"]);
    }

    #[test]
    fn multi_indexes_collect_elements() {
        let index = |path| Index::new("i", path, IndexKind::Text).multi();
        check(&index("/a"), json!({"a": ["x", "y", null, "x"]}), &["x", "y"]);
        check(&index("/a"), json!({"a": "x"}), &["x"]);
        check(&index("/a/*/b"), json!({"a": [{"b": "x"}, {"c": 1}, {"b": ["y", "z"]}]}), &["x", "y", "z"]);
    }

    #[test]
    fn absence_is_a_value() {
        for body in [json!({}), json!({"a": null}), json!({"a": []}), json!({"a": [null]})] {
            let values = Index::new("i", "/a", IndexKind::Text).multi().values(&body).expect("absence fits");
            assert_eq!(values, BTreeSet::from([encode::NULL.to_vec()]), "{body}");
        }
    }

    #[test]
    fn types_must_agree() {
        for (kind, value, message) in [
            (IndexKind::Text, json!(1), "expected text, found a number"),
            (IndexKind::Text, json!(["x"]), "expected text, found an array"),
            (IndexKind::Integer, json!(1.5), "expected a whole number that fits 64 bits, found a number"),
            (
                IndexKind::Integer,
                json!(u64::MAX),
                "expected a whole number that fits 64 bits, found a number",
            ),
            (
                IndexKind::DateTime,
                json!("today"),
                "expected a date and time in the form of RFC 3339, found text",
            ),
            (IndexKind::Boolean, json!("true"), "expected a boolean, found text"),
        ] {
            let error = Index::new("i", "/a", kind).values(&json!({ "a": value })).expect_err("types differ");
            assert_eq!(error.to_string(), format!("field `/a` doesn't fit index `i`: {message}"));
        }
    }

    #[test]
    fn declarations_are_checked() {
        let index = |name: &str, path: &str| Index::new(name, path, IndexKind::Text);
        assert!(check_indexes(&[index("a", "/a"), index("b", "/a")]).is_ok());
        for bad in [
            vec![index("a", "/a"), index("a", "/b")],
            vec![index("", "/a")],
            vec![index("a b", "/a")],
            vec![index("a", "a.b")],
            vec![index("a", "")],
            vec![index("a", "/~2")],
            (0..65).map(|i| index(&format!("i{i}"), "/a")).collect(),
        ] {
            assert!(matches!(check_indexes(&bad), Err(Error::Invalid(_))), "{bad:?}");
        }
    }
}
