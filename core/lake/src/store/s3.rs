//! The lake in a bucket of an S3-compatible store.
//!
//! The contract asks one thing of a store that not every one does: a put with `If-None-Match: *` must fail if
//! the object exists. One that ignores the header would let two commits have the same name, and the first
//! would be gone; so it is tried out at every opening, and such a store is refused.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use object_store::{
    ObjectStore,
    aws::{AmazonS3Builder, S3ConditionalPut},
    path::Path,
    prefix::PrefixStore,
};
use url::Url;
use uuid::Uuid;

use super::LakeStore;
use crate::LakeError;

/// What is not in the URL. What is empty here comes from the standard environment variables
/// (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`…) or from the machine's
/// role.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct S3Settings {
    /// `https://host:port` of a store that is not Amazon's; empty for Amazon's.
    pub endpoint: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Whether the endpoint may be plain HTTP: everything could be read on the way.
    pub allow_http: bool,
}

impl fmt::Debug for S3Settings {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Settings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

impl LakeStore {
    /// The objects below `s3://bucket/prefix`.
    ///
    /// # Errors
    /// Also when the store does not honour conditional puts.
    pub async fn in_bucket(url: &str, settings: &S3Settings) -> Result<Self, LakeError> {
        let (bucket, prefix) = parse(url)?;
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        if !settings.endpoint.is_empty() {
            builder = builder.with_endpoint(&settings.endpoint);
        }
        if !settings.region.is_empty() {
            builder = builder.with_region(&settings.region);
        }
        if settings.allow_http {
            builder = builder.with_allow_http(true);
        }
        if !settings.access_key_id.is_empty() {
            builder = builder
                .with_access_key_id(&settings.access_key_id)
                .with_secret_access_key(&settings.secret_access_key);
        }
        let bucket = builder.build().map_err(LakeError::store("open", &prefix))?;
        let objects: Arc<dyn ObjectStore> = Arc::new(PrefixStore::new(bucket, prefix));
        let store = Self { objects, folder: None };
        store.check_conditional_puts().await?;
        Ok(store)
    }

    /// Tries out whether a name can be taken twice.
    ///
    /// # Errors
    /// When it can: such a store keeps no lake.
    pub async fn check_conditional_puts(&self) -> Result<(), LakeError> {
        let path = Path::from("_probe").join(Uuid::new_v4().to_string());
        let first = self.create(&path, Bytes::from_static(b"first")).await?;
        let second = self.create(&path, Bytes::from_static(b"second")).await?;
        let content = self.read(&path).await?;
        self.delete(&path).await?;
        if first && !second && content.as_deref() == Some(b"first") {
            return Ok(());
        }
        Err(LakeError::NotSupported(
            "the store of `lake.url` lets a name be taken twice: it ignores `If-None-Match`, without which \
             commits would be lost"
                .into(),
        ))
    }
}

fn parse(text: &str) -> Result<(String, Path), LakeError> {
    let wrong = || {
        LakeError::NotSupported(format!(
            "`{text}` is no place for a lake; expected `s3://bucket/prefix`, or nothing for the data folder"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let bucket = url.host_str().filter(|_| url.scheme() == "s3").ok_or_else(wrong)?;
    let prefix = Path::from_url_path(url.path()).map_err(|_| wrong())?;
    Ok((bucket.to_owned(), prefix))
}
