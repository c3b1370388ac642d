//! The ids by which a request is found again: ours, and the one the client chose.
//!
//! Each family of APIs has its own header names. A client's value is echoed only if it is short visible
//! ASCII, so that it can neither split headers nor fill the log.

use http::{HeaderMap, HeaderValue};
use uuid::Uuid;

use crate::error::Style;

/// Longest client request id that is echoed, in bytes.
const CLIENT_ID_BYTES_MAX: usize = 256;

const REQUEST_ID: &str = "request-id";
const CLIENT_REQUEST_ID: &str = "client-request-id";
const MS_REQUEST_ID: &str = "x-ms-request-id";
const MS_CLIENT_REQUEST_ID: &str = "x-ms-client-request-id";
const MS_CORRELATION_REQUEST_ID: &str = "x-ms-correlation-request-id";
const MS_ACTIVITY_ID: &str = "x-ms-activity-id";

/// The header names of one family: where our id goes, and where the client's comes from and goes back to.
struct Names {
    own: &'static [&'static str],
    client: &'static str,
    /// Whether the client header is answered even if the request had none.
    always_answer_client: bool,
}

fn names(style: Style) -> Names {
    match style {
        Style::OAuth => {
            Names { own: &[MS_REQUEST_ID], client: CLIENT_REQUEST_ID, always_answer_client: false }
        }
        Style::Graph => Names { own: &[REQUEST_ID], client: CLIENT_REQUEST_ID, always_answer_client: true },
        Style::ResourceManager => Names {
            own: &[MS_REQUEST_ID, MS_CORRELATION_REQUEST_ID],
            client: MS_CLIENT_REQUEST_ID,
            always_answer_client: false,
        },
        Style::Kusto => {
            Names { own: &[MS_ACTIVITY_ID], client: MS_CLIENT_REQUEST_ID, always_answer_client: true }
        }
        Style::LogAnalytics => {
            Names { own: &[MS_REQUEST_ID], client: MS_CLIENT_REQUEST_ID, always_answer_client: false }
        }
    }
}

/// The ids of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestIds {
    request: Uuid,
    client: Option<String>,
}

impl RequestIds {
    /// The ids of a request with these headers, which we call `request`.
    pub fn new(request: Uuid, style: Style, headers: &HeaderMap) -> Self {
        let client = headers
            .get(names(style).client)
            .and_then(|value| value.to_str().ok())
            .filter(|value| !value.is_empty() && value.len() <= CLIENT_ID_BYTES_MAX)
            .map(str::to_owned);
        Self { request, client }
    }

    /// Our own id of the request.
    pub fn request(&self) -> Uuid {
        self.request
    }

    /// The id the client gave, if it was acceptable.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// The client's id, or else ours.
    pub fn client_or_own(&self) -> String {
        self.client.clone().unwrap_or_else(|| self.request.to_string())
    }

    /// A GUID that joins both sides' logs: the client's id if it is one, or else ours.
    pub fn correlation(&self) -> Uuid {
        self.client.as_deref().and_then(|id| Uuid::try_parse(id).ok()).unwrap_or(self.request)
    }

    /// Writes the ids into the headers of a response, as APIs of this style do.
    pub fn write(&self, style: Style, headers: &mut HeaderMap) {
        let names = names(style);
        let own = visible(&self.request.to_string());
        for name in names.own {
            headers.insert(*name, own.clone());
        }
        match &self.client {
            Some(client) => headers.insert(names.client, visible(client)),
            None if names.always_answer_client => headers.insert(names.client, own),
            None => None,
        };
    }
}

fn visible(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("ids are visible ASCII: GUIDs, or values that came as a text header")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(style: Style, header: &'static str, value: &'static [u8]) -> RequestIds {
        let mut headers = HeaderMap::new();
        headers.insert(header, HeaderValue::from_bytes(value).expect("a header value"));
        RequestIds::new(Uuid::from_u128(1), style, &headers)
    }

    #[test]
    fn each_style_echoes_under_its_own_names() {
        let client = "11111111-2222-3333-4444-555555555555";
        for (style, incoming, own) in [
            (Style::OAuth, "client-request-id", "x-ms-request-id"),
            (Style::Graph, "client-request-id", "request-id"),
            (Style::ResourceManager, "x-ms-client-request-id", "x-ms-request-id"),
            (Style::Kusto, "x-ms-client-request-id", "x-ms-activity-id"),
            (Style::LogAnalytics, "x-ms-client-request-id", "x-ms-request-id"),
        ] {
            let ids = ids(style, incoming, client.as_bytes());
            assert_eq!(ids.correlation().to_string(), client);
            let mut answer = HeaderMap::new();
            ids.write(style, &mut answer);
            assert_eq!(answer[own], Uuid::from_u128(1).to_string(), "{style:?}");
            assert_eq!(answer[incoming], client, "{style:?}");
        }
    }

    #[test]
    fn unacceptable_client_ids_are_not_echoed() {
        let long: &'static [u8] = &[b'a'; CLIENT_ID_BYTES_MAX + 1];
        for value in [b"" as &'static [u8], b"caf\xc3\xa9", long] {
            let ids = ids(Style::ResourceManager, "x-ms-client-request-id", value);
            assert_eq!(ids.client(), None);
            let mut answer = HeaderMap::new();
            ids.write(Style::ResourceManager, &mut answer);
            assert!(!answer.contains_key("x-ms-client-request-id"));
        }
    }

    #[test]
    fn a_client_id_that_is_no_guid_is_echoed_but_is_no_correlation_id() {
        let ids = ids(Style::Kusto, "x-ms-client-request-id", b"KPC.execute;42");
        assert_eq!(ids.client(), Some("KPC.execute;42"));
        assert_eq!(ids.correlation(), ids.request());
    }
}
