//! A copy of the whole data folder, streamed while the platform runs.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Response, header::CONTENT_TYPE};
use phalanx_web::{
    ApiError, Role,
    route::{Access, Api, Route},
};

use crate::platform::{Backups, Platform};

pub(super) fn api(platform: &Platform) -> Api {
    let backups: Backups = platform.backups();
    Api::new("Backup").route(
        Route::post("/api/v1/backup", "backup", Access::Role(Role::Administrator), move |_| {
            let backups = backups.clone();
            async move {
                let stream = backups.begin().await.map_err(|error| {
                    ApiError::unavailable("a backup can't be made at the moment", Duration::from_secs(60))
                        .with_source(std::io::Error::other(format!("{error:#}")))
                })?;
                let mut response = Response::new(Body::from_stream(stream));
                response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/zstd"));
                Ok(response)
            }
        })
        .summary("A copy of the whole data folder (tar, zstd): keep it as safe as the data folder itself")
        .tag("platform")
        .timeout(Duration::from_secs(600)),
    )
}
