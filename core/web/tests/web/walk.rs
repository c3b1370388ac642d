//! The walk over all routes: it finds no hole where there is none, and finds one where there is.

use axum::response::IntoResponse;
use chrono::TimeDelta;
use http::{Method, StatusCode};
use phalanx_web::Role;
use phalanx_web::route::walk::{Tokens, walk};
use phalanx_web::route::{Access, Api, Route};
use uuid::Uuid;

use crate::context::{Context, empty, request, send};

fn tokens(context: &Context) -> Tokens {
    let everything = context.grant(&Role::ALL);
    let mut wrong_tenant = everything.clone();
    wrong_tenant.tenant = Uuid::from_u128(9);
    let mut wrong_audience = everything.clone();
    wrong_audience.audience = "https://elsewhere.example".into();
    let mut expired = everything.clone();
    expired.lifetime = TimeDelta::seconds(1);
    let expired = context.issue(&expired);
    context.advance(TimeDelta::seconds(301));
    Tokens {
        unacceptable: vec![
            ("wrong tenant", context.issue(&wrong_tenant)),
            ("wrong audience", context.issue(&wrong_audience)),
            ("expired", expired),
        ],
        by_role: Role::ALL.map(|role| (role, context.token(&[role]))).into(),
        without_role: context.token(&[]),
    }
}

fn apis() -> Vec<Api> {
    let mut api = Api::new("test")
        .route(Route::get("/open", "open", Access::Public, |_| async { Ok(().into_response()) }));
    for (at, role) in Role::ALL.into_iter().enumerate() {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let name = format!("{method}{role}");
            let path = format!("/{{tenant}}/{at}/{{*rest}}");
            api = api.route(Route::new(method, path, name, Access::Role(role), |_| async {
                Ok(().into_response())
            }));
        }
    }
    vec![api]
}

#[tokio::test]
async fn every_declared_route_refuses_those_without_the_right() {
    let context = Context::new().await;
    let apis = apis();
    let router = context.router(&apis);
    let walked = walk(&apis, &tokens(&context), |attempt| {
        let request = empty(request(attempt.method.as_str(), &attempt.path, attempt.token));
        let router = router.clone();
        async move { send(&router, request).await.status }
    })
    .await;
    assert!(walked.holes.is_empty(), "{}", walked.holes[0]);
    assert_eq!(walked.routes, 3 * Role::ALL.len());
    // Three without a right, three unacceptable tokens, and the roles that do not include the required one.
    let not_implied: usize =
        Role::ALL.iter().map(|role| Role::ALL.iter().filter(|held| !held.implies(*role)).count()).sum();
    assert_eq!(walked.attempts, 3 * (6 * Role::ALL.len() + not_implied));
}

#[tokio::test]
async fn a_hole_is_found() {
    let context = Context::new().await;
    let walked = walk(&apis(), &tokens(&context), |_| async { StatusCode::OK }).await;
    assert_eq!(walked.holes.len(), walked.attempts);
    assert_eq!(walked.holes[0].to_string(), "`GETReader` answered 200 to a caller with no token");
}
