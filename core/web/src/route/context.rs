//! What a handler gets: who asks, what they ask, and nothing that has not been checked.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::body;
use crate::error::ApiError;
use crate::peer::Peer;
use crate::principal::Principal;
use crate::request_id::RequestIds;

/// An authorised request. Only the router makes one, so holding it proves that the caller had the role the route
/// demands.
#[derive(Debug)]
pub struct RequestContext {
    pub(super) parts: Parts,
    pub(super) body: Body,
    pub(super) principal: Option<Arc<Principal>>,
    pub(super) ids: RequestIds,
    pub(super) params: Vec<(String, String)>,
    pub(super) max_body_bytes: usize,
}

impl RequestContext {
    /// The caller.
    ///
    /// # Errors
    /// `Unauthenticated` on a public route, which does not know its callers.
    pub fn principal(&self) -> Result<&Principal, ApiError> {
        self.principal
            .as_deref()
            .ok_or_else(|| ApiError::unauthenticated("this operation does not know its caller"))
    }

    /// The tenant the caller acts in.
    ///
    /// # Errors
    /// `Unauthenticated` on a public route.
    pub fn tenant(&self) -> Result<Uuid, ApiError> {
        self.principal().map(|principal| principal.tenant)
    }

    /// The ids of the request.
    pub fn ids(&self) -> &RequestIds {
        &self.ids
    }

    /// The other side of the connection, if the listener told.
    pub fn peer(&self) -> Option<Peer> {
        self.parts.extensions.get::<Peer>().copied()
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.parts.method
    }

    /// The target of the request.
    pub fn uri(&self) -> &Uri {
        &self.parts.uri
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// Host and port the client addressed, from `:authority` or `Host`. The client's word only.
    pub fn host(&self) -> Option<&str> {
        match self.parts.uri.authority() {
            Some(authority) => Some(authority.as_str()),
            None => self.parts.headers.get(http::header::HOST)?.to_str().ok(),
        }
    }

    /// The path parameter `name`, decoded.
    ///
    /// # Errors
    /// `Internal` if the route's path has no such parameter.
    pub fn param(&self, name: &str) -> Result<&str, ApiError> {
        self.params
            .iter()
            .find(|(declared, _)| declared == name)
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| ApiError::internal(format!("the route has no path parameter `{name}`")))
    }

    /// The query parameter `name`, decoded; names are compared without regard to case, as the Azure APIs do.
    ///
    /// # Errors
    /// `InvalidArgument` if it stands in the query more than once.
    pub fn query(&self, name: &str) -> Result<Option<String>, ApiError> {
        let mut found = None;
        for (key, value) in self.query_pairs() {
            if !key.eq_ignore_ascii_case(name) {
                continue;
            }
            if found.replace(value).is_some() {
                let message = format!("the query parameter `{name}` is given more than once");
                return Err(ApiError::invalid(message).with_target(name));
            }
        }
        Ok(found)
    }

    /// All query parameters, decoded, in their order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (String, String)> {
        let query = self.parts.uri.query().unwrap_or_default();
        form_urlencoded::parse(query.as_bytes()).map(|(key, value)| (key.into_owned(), value.into_owned()))
    }

    /// Reads the whole body, gzip unpacked, within the route's limit. A second call gives nothing.
    ///
    /// # Errors
    /// As [`body::read`].
    pub async fn body(&mut self) -> Result<Bytes, ApiError> {
        body::read(&self.parts.headers, std::mem::take(&mut self.body), self.max_body_bytes).await
    }

    /// Reads the whole body as JSON.
    ///
    /// # Errors
    /// As [`body::read`] and [`body::json`].
    pub async fn json<T: DeserializeOwned>(&mut self) -> Result<T, ApiError> {
        let bytes = self.body().await?;
        body::json(&self.parts.headers, &bytes)
    }

    /// The request for axum's extractors, with [`Principal`] and [`RequestIds`] among its extensions. The body is
    /// limited as it comes over the wire; gzip stays packed.
    pub fn into_request(self) -> Request {
        let mut parts = self.parts;
        if let Some(principal) = self.principal {
            parts.extensions.insert(Principal::clone(&principal));
        }
        parts.extensions.insert(self.ids);
        Request::from_parts(parts, Body::new(http_body_util::Limited::new(self.body, self.max_body_bytes)))
    }
}
