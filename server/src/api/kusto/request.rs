//! What clients send: the query and the properties of the request.

use std::time::Duration;

use phalanx_signal::{TenantId, time::parse_timespan};
use phalanx_web::{ApiError, route::RequestContext};
use serde::Deserialize;
use serde_json::Value;

use crate::hunting::{Asker, BYTES_MAX, Limits, Question, ROWS_MAX, UNLIMITED};

#[derive(Deserialize)]
struct Body {
    /// The name of a database; there is one.
    #[serde(default, rename = "db")]
    _db: Option<String>,
    csl: String,
    /// An object, or the text of one.
    #[serde(default)]
    properties: Value,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Properties {
    #[serde(rename = "Options")]
    options: serde_json::Map<String, Value>,
    #[serde(rename = "Parameters")]
    parameters: serde_json::Map<String, Value>,
}

/// A request for an answer.
pub(super) struct Request {
    pub text: String,
    properties: Properties,
    /// Whether the client takes a part of the answer for the answer.
    pub truncates: bool,
}

impl Request {
    pub async fn read(context: &mut RequestContext) -> Result<Self, ApiError> {
        let body: Body = context.json().await?;
        let invalid = |error: serde_json::Error| {
            ApiError::invalid(format!("`properties` can't be read: {error}")).with_target("properties")
        };
        let properties: Option<Properties> = match body.properties {
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => serde_json::from_str(&text).map_err(invalid)?,
            value => serde_json::from_value(value).map_err(invalid)?,
        };
        let properties = properties.unwrap_or_default();
        let truncates = properties.options.contains_key("truncationmaxrecords");
        Ok(Self { text: body.csl, properties, truncates })
    }

    /// The question, with the limits that the options set, which are no wider than the server's.
    pub fn question(&self, asker: Asker, tenant: uuid::Uuid, seconds_max: u64) -> Result<Question, ApiError> {
        let options = &self.properties.options;
        let most = Duration::from_secs(seconds_max);
        let time = match options.get("servertimeout") {
            Some(Value::String(text)) => timeout(text)
                .ok_or_else(|| ApiError::invalid(format!("`servertimeout`: `{text}` is no time")))?
                .min(most),
            _ => most,
        };
        let is_free = options.get("notruncation").is_some_and(|value| *value == Value::Bool(true));
        let number =
            |name: &str| options.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let rows = number("truncationmaxrecords").unwrap_or(ROWS_MAX);
        let bytes = number("truncationmaxsize").unwrap_or(BYTES_MAX).min(BYTES_MAX);
        let limits = if is_free {
            Limits { rows: UNLIMITED, bytes: 4 * BYTES_MAX, time }
        } else {
            Limits { rows, bytes, time }
        };
        let parameters = self.properties.parameters.iter().map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.clone(), text)
        });
        Ok(Question {
            tenant: TenantId::new(tenant),
            text: self.text.clone(),
            time_range: None,
            parameters: parameters.collect(),
            limits,
            asker,
        })
    }
}

/// A time as .NET, Python or the language writes it: `00:10:00`, `0:00:20`, `1.00:00:00`, `50m`.
fn timeout(text: &str) -> Option<Duration> {
    let ticks = parse_timespan(text.trim())?;
    u64::try_from(ticks).ok().map(|ticks| Duration::from_micros(ticks / 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_their_forms() {
        for (text, seconds) in [("00:10:00", 600), ("0:00:20", 20), ("1.00:00:00", 86_400)] {
            assert_eq!(timeout(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(timeout("soon"), None);
        assert_eq!(timeout("-00:10:00"), None);
    }
}
