//! The matrix of the services: who consumes and provides what, and how each is doing.

use axum::{Json, response::IntoResponse};
use phalanx_web::{
    Role,
    route::{Access, Api, Route},
};

use crate::platform::Platform;

pub(super) fn api(platform: &Platform) -> Api {
    let matrix = platform.matrix().clone();
    Api::new("Services").route(
        Route::get("/api/v1/services", "list_services", Access::Role(Role::Reader), move |_| {
            let rendered = matrix.render();
            async move { Ok(Json(rendered).into_response()) }
        })
        .summary("Who consumes and provides what, with state and lag")
        .tag("platform"),
    )
}
