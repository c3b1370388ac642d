//! From the declared tables to a router.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::routing::any;

use super::nearest::Neighbours;
use super::path::Template;
use super::serve::{self, Declared, Place};
use super::{Api, Gate};

/// A mistake in the declared tables.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteTableError {
    /// A path is no template.
    #[error("the path `{path}` of the operation `{operation}` is malformed")]
    Path {
        /// The operation.
        operation: String,
        /// Its path.
        path: String,
    },
    /// Two operations answer the same request.
    #[error("the operations `{first}` and `{second}` have the same method and path")]
    SamePlace {
        /// The earlier one.
        first: String,
        /// The later one.
        second: String,
    },
    /// Two operations have one name.
    #[error("the operation `{0}` is declared twice")]
    SameOperation(String),
}

/// The router of all routes of `apis`, each behind `gate`.
///
/// # Errors
/// [`RouteTableError`] if the tables contradict themselves.
pub fn router(apis: &[Api], gate: Arc<Gate>) -> Result<Router, RouteTableError> {
    let declared = declare(apis)?;
    let neighbours =
        Arc::new(Neighbours::new(declared.iter().map(|one| (one.template.clone(), one.route.style))));
    let mut router = Router::new();
    for (shape, place) in places(declared)? {
        let (place, gate) = (Arc::new(place), gate.clone());
        router = router.route(
            &shape,
            any(move |request: Request| {
                let (place, gate) = (place.clone(), gate.clone());
                async move { serve::at(&gate, &place, request).await }
            }),
        );
    }
    let nowhere = move |request: Request| {
        let (neighbours, gate) = (neighbours.clone(), gate.clone());
        async move { serve::nowhere(&gate, neighbours.style_at(request.uri().path()), request) }
    };
    // The handlers' bodies have their own bound.
    Ok(router.fallback(nowhere).layer(DefaultBodyLimit::disable()))
}

fn declare(apis: &[Api]) -> Result<Vec<Arc<Declared>>, RouteTableError> {
    let mut names = HashSet::new();
    let mut all = Vec::new();
    for (api, route) in apis.iter().flat_map(|api| api.routes.iter().map(move |route| (api, route))) {
        if !names.insert(route.operation_id.clone()) {
            return Err(RouteTableError::SameOperation(route.operation_id.clone()));
        }
        let template = Template::parse(&route.path).ok_or_else(|| RouteTableError::Path {
            operation: route.operation_id.clone(),
            path: route.path.clone(),
        })?;
        let names = template.names();
        all.push(Arc::new(Declared {
            route: route.clone(),
            audiences: api.audiences.clone(),
            template,
            names,
        }));
    }
    Ok(all)
}

/// The routes by the shape of their path, where those with other methods meet.
fn places(declared: Vec<Arc<Declared>>) -> Result<BTreeMap<String, Place>, RouteTableError> {
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for one in declared {
        let place = places.entry(one.template.shape()).or_default();
        if let Some(other) = place.routes.iter().find(|other| other.route.method == one.route.method) {
            return Err(RouteTableError::SamePlace {
                first: other.route.operation_id.clone(),
                second: one.route.operation_id.clone(),
            });
        }
        place.routes.push(one);
    }
    Ok(places)
}
