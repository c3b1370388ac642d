//! What is in a [`Continuation`]: which query it belongs to, and the place in that query's order.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{Continuation, Error, Result};

/// Tells queries apart: a place in one order means nothing in another.
pub(crate) fn fingerprint(query: &impl Serialize) -> String {
    let text = serde_json::to_vec(query).expect("queries have only text keys");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, &text).simple().to_string()
}

/// Makes the continuation at a place of a query.
pub(crate) fn seal(fingerprint: &str, place: &impl Serialize) -> Continuation {
    let text = serde_json::to_vec(&(fingerprint, place)).expect("places have only text keys");
    Continuation(URL_SAFE_NO_PAD.encode(text))
}

/// The place in a continuation of the query.
pub(crate) fn unseal<P: DeserializeOwned>(fingerprint: &str, continuation: &Continuation) -> Result<P> {
    let text = URL_SAFE_NO_PAD.decode(&continuation.0).ok();
    let sealed: Option<(String, P)> = text.and_then(|text| serde_json::from_slice(&text).ok());
    match sealed {
        Some((of, place)) if of == fingerprint => Ok(place),
        Some(_) => Err(Error::invalid("the continuation is of another query")),
        None => Err(Error::invalid("this is not a continuation")),
    }
}
