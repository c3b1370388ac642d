//! What every service must bear: the suite of the seam [`Service`].
//!
//! A service's tests bring a [`Fixture`] that makes it, and call [`run`]. Each test starts the service in a real
//! hub, on a journal and a state of its own in a temporary folder, and sees it only as the hub does. What the
//! service is for (which rows it writes, what an action does) is tested beside the service.

mod life;
mod manifest;
mod observing;
mod place;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use phalanx_signal::{Catalog, SignalBatch};
use serde_json::{Map, Value};

use crate::{Service, Source};
use place::Place;

/// Makes a service for the tests.
pub trait Fixture: Send + Sync {
    /// The service, new, as a program that has just started makes it. What it works on outside the platform
    /// (files, figures) is the same each time.
    fn service(&self) -> Arc<dyn Service>;

    /// Its settings in the configuration.
    fn settings(&self) -> Map<String, Value> {
        Map::new()
    }

    /// The services it can't be without: owners of context that it consumes, and of actions that it requests.
    fn others(&self) -> Vec<Arc<dyn Service>> {
        Vec::new()
    }

    /// What brings in the signals that it consumes.
    fn sources(&self) -> Vec<Source> {
        vec![Source::of_every_table("test", "whatever a test appends")]
    }

    /// Signals for it to observe, an entry of the journal each. By default one row of every table that it
    /// consumes, with no value but its time: a legal row, if an odd one.
    fn signals(&self, catalog: &Catalog) -> Vec<Vec<SignalBatch>> {
        place::bare_rows(&self.service().manifest(), catalog)
    }
}

/// A test: it panics if the service fails it.
type Test = fn(Arc<dyn Fixture>) -> BoxFuture<'static, ()>;

macro_rules! list {
    ($($module:ident :: $test:ident,)*) => {
        &[$((concat!(stringify!($module), "::", stringify!($test)), |fixture| $module::$test(fixture).boxed()),)*]
    };
}

const TESTS: &[(&str, Test)] = list![
    manifest::it_is_always_the_same,
    manifest::it_explains_itself,
    manifest::it_fits_the_catalog_and_itself,
    manifest::its_flows_go_its_way,
    manifest::its_defaults_are_settings_it_takes,
    manifest::its_limits_are_limits,
    life::it_starts_and_stops,
    life::it_stops_in_time_whenever_it_is_told,
    life::it_starts_again_where_it_ended,
    life::it_survives_a_crash,
    observing::it_bears_rows_without_values,
    observing::signals_that_come_again_change_nothing,
];

/// Runs all tests, and panics at the end if one failed, naming all that did.
pub async fn run(fixture: Arc<dyn Fixture>) {
    let mut failed = Vec::new();
    for (name, test) in TESTS {
        let outcome = AssertUnwindSafe(test(fixture.clone())).catch_unwind().await;
        if outcome.is_err() {
            eprintln!("FAILED {name}");
            failed.push(*name);
        }
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

/// So long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);
