//! Named values with a type: the parameters of actions and the settings of services.

use serde::Serialize;
use serde_json::{Map, Value};

/// A named value that someone gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    pub name: String,
    /// What it is for, in one sentence.
    pub summary: String,
    pub kind: ParameterKind,
    /// Whether it must be given.
    pub is_required: bool,
    /// What holds if it is not given.
    pub default: Option<Value>,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ParameterKind {
    Text,
    /// One of these texts.
    Choice(Vec<String>),
    /// A whole number.
    Integer,
    Number,
    Boolean,
    List(Box<ParameterKind>),
    /// Any JSON object.
    Object,
}

/// Why values are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    #[error("there is no `{name}`{}", .nearest.as_deref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown { name: String, nearest: Option<String> },
    #[error("`{name}` is missing")]
    Missing { name: String },
    #[error("`{name}` must be {expected}, found {found}")]
    Kind { name: String, expected: String, found: String },
}

impl Parameter {
    /// A value that must be given.
    pub fn required(name: impl Into<String>, kind: ParameterKind, summary: impl Into<String>) -> Self {
        let (name, summary) = (name.into(), summary.into());
        Self { name, summary, kind, is_required: true, default: None }
    }

    /// A value that may be left out.
    pub fn optional(name: impl Into<String>, kind: ParameterKind, summary: impl Into<String>) -> Self {
        Self { is_required: false, ..Self::required(name, kind, summary) }
    }

    /// A value that is `default` where it is left out.
    pub fn with_default(
        name: impl Into<String>,
        kind: ParameterKind,
        default: impl Into<Value>,
        summary: impl Into<String>,
    ) -> Self {
        Self { default: Some(default.into()), ..Self::optional(name, kind, summary) }
    }

    /// Checks given values against what is declared and fills in the defaults.
    ///
    /// # Errors
    /// All that is wrong, not only the first.
    pub fn check_all(
        declared: &[Parameter],
        given: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Vec<ParameterError>> {
        let mut errors: Vec<ParameterError> = given
            .keys()
            .filter(|name| !declared.iter().any(|p| p.name == **name))
            .map(|name| ParameterError::Unknown {
                name: name.clone(),
                nearest: nearest(name, declared.iter().map(|p| p.name.as_str())),
            })
            .collect();
        let mut values = Map::new();
        for parameter in declared {
            match given.get(&parameter.name).filter(|value| !value.is_null()) {
                Some(value) => {
                    errors.extend(parameter.check(value).err());
                    values.insert(parameter.name.clone(), value.clone());
                }
                None if parameter.is_required => {
                    errors.push(ParameterError::Missing { name: parameter.name.clone() });
                }
                None => {
                    let default = parameter.default.clone();
                    values.extend(default.map(|value| (parameter.name.clone(), value)));
                }
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    /// Whether a value has the parameter's type.
    pub fn check(&self, value: &Value) -> Result<(), ParameterError> {
        if self.kind.admits(value) {
            return Ok(());
        }
        Err(ParameterError::Kind {
            name: self.name.clone(),
            expected: self.kind.describe(),
            found: describe(value),
        })
    }
}

impl ParameterKind {
    fn admits(&self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Choice(texts) => value.as_str().is_some_and(|v| texts.iter().any(|t| t == v)),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::List(kind) => value.as_array().is_some_and(|values| values.iter().all(|v| kind.admits(v))),
            Self::Object => value.is_object(),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Text => "a text".into(),
            Self::Choice(texts) => format!("one of `{}`", texts.join("`, `")),
            Self::Integer => "a whole number".into(),
            Self::Number => "a number".into(),
            Self::Boolean => "true or false".into(),
            Self::List(kind) => format!("a list, each element {}", kind.describe()),
            Self::Object => "an object".into(),
        }
    }
}

/// The known name that was probably meant.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let wanted = name.to_lowercase();
    known
        .into_iter()
        .map(|known| (strsim::damerau_levenshtein(&wanted, &known.to_lowercase()), known))
        .min()
        .filter(|(distance, _)| *distance <= 2 + wanted.len() / 6)
        .map(|(_, known)| known.to_owned())
}

fn describe(value: &Value) -> String {
    const SHOWN: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("`{}…`", &text[..at]),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(given: Value) -> Result<Value, Vec<String>> {
        let declared = [
            Parameter::required("scope", ParameterKind::Choice(vec!["full".into(), "selective".into()]), ""),
            Parameter::with_default("minutes", ParameterKind::Integer, 30, ""),
            Parameter::optional("ports", ParameterKind::List(Box::new(ParameterKind::Integer)), ""),
        ];
        let given = given.as_object().expect("an object").clone();
        Parameter::check_all(&declared, &given)
            .map(Value::Object)
            .map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn values_are_checked_and_defaults_filled_in() {
        assert_eq!(check(json!({"scope": "full"})), Ok(json!({"scope": "full", "minutes": 30})));
        assert_eq!(
            check(json!({"scope": "full", "minutes": 5, "ports": [1, 2]})),
            Ok(json!({"scope": "full", "minutes": 5, "ports": [1, 2]}))
        );
    }

    #[test]
    fn everything_wrong_is_told() {
        let errors = check(json!({"minuts": 1, "minutes": "x", "ports": [1, "2"]})).unwrap_err();
        assert_eq!(
            errors,
            [
                "there is no `minuts`; did you mean `minutes`?",
                "`scope` is missing",
                "`minutes` must be a whole number, found `\"x\"`",
                "`ports` must be a list, each element a whole number, found `[1,\"2\"]`",
            ]
        );
        let errors = check(json!({"scope": "half"})).unwrap_err();
        assert_eq!(errors, ["`scope` must be one of `full`, `selective`, found `\"half\"`"]);
    }
}
