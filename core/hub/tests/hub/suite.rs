//! The suite for services passes one that keeps the contract, and finds those that break it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use phalanx_hub::{
    Flow, Manifest, Parameter, ParameterKind, Service, ServiceError, ServiceLimits,
    testsuite::{Fixture, run},
};
use phalanx_state::Precondition;
use serde_json::json;

use crate::support::*;

/// A fixture of a function.
struct Of<F>(F);

impl<F: Fn() -> Arc<dyn Service> + Send + Sync> Fixture for Of<F> {
    fn service(&self) -> Arc<dyn Service> {
        self.0()
    }
}

/// Counts rows; whether by what is in them or by how often they come is the test's.
fn counter(of: impl Fn(&[phalanx_hub::Observed]) -> u64 + Send + Sync + Clone + 'static) -> Fake {
    let manifest =
        Manifest::new("counter", "nothing", "counts").consumes_signals(["Syslog", "DeviceInfo"], []);
    Fake::new(manifest).observe(move |ctx, signals| {
        let of = of.clone();
        async move {
            let documents = ctx.documents();
            let known = documents.get::<serde_json::Value>(TENANT, "counts", "rows").await?;
            let known = known.and_then(|known| known.value["rows"].as_u64()).unwrap_or_default();
            let rows = json!({ "rows": known.max(of(&signals)) });
            documents.put(TENANT, "counts", "rows", &rows, Precondition::None).await?;
            Ok(())
        }
    })
}

/// Which tests a service fails, as the suite's closing line names them.
async fn failures(make: impl Fn() -> Arc<dyn Service> + Send + Sync + 'static) -> String {
    let failed = tokio::spawn(run(Arc::new(Of(make)))).await;
    let Err(panic) = failed else { return String::new() };
    let panic = panic.into_panic();
    panic.downcast_ref::<String>().cloned().expect("the suite ends with a message")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_keeps_the_contract_passes() {
    let make = || counter(|signals| signals.last().map_or(0, |last| last.position.0)).build();
    assert_eq!(failures(make).await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_counts_what_comes_again_is_found() {
    let make = || {
        let manifest = Manifest::new("counter", "nothing", "counts").consumes_signals(["Syslog"], []);
        let fake = Fake::new(manifest).observe(|ctx, signals| async move {
            let documents = ctx.documents();
            let known = documents.get::<serde_json::Value>(TENANT, "counts", "rows").await?;
            let known = known.and_then(|known| known.value["rows"].as_u64()).unwrap_or_default();
            let rows = json!({ "rows": known + signals.len() as u64 });
            documents.put(TENANT, "counts", "rows", &rows, Precondition::None).await?;
            Ok(())
        });
        fake.build()
    };
    let failures = failures(make).await;
    assert_eq!(failures, r#"failed: ["observing::signals_that_come_again_change_nothing"]"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_can_not_bear_an_odd_row_is_found() {
    let make = || {
        let manifest = Manifest::new("brittle", "nothing", "breaks").consumes_signals(["Syslog"], []);
        let fake = Fake::new(manifest).observe(|_, signals| {
            let is_empty = texts_of(&signals).iter().all(String::is_empty);
            async move { if is_empty { Err(ServiceError::new("no text")) } else { Ok(()) } }
        });
        fake.build()
    };
    assert!(failures(make).await.contains("observing::it_bears_rows_without_values"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_does_not_stop_is_found() {
    let make = || {
        let limits = ServiceLimits { stop: Duration::from_millis(50), ..ServiceLimits::default() };
        let manifest = Manifest::new("stubborn", "nothing", "goes on").limits(limits);
        Fake::new(manifest).run(|_, ()| std::future::pending()).build()
    };
    let failures = failures(make).await;
    assert!(failures.contains("life::it_starts_and_stops"), "{failures}");
    assert!(failures.contains("life::it_stops_in_time_whenever_it_is_told"), "{failures}");
    assert!(!failures.contains("manifest::"), "{failures}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_odd_manifest_is_found() {
    let made = Arc::new(AtomicU32::new(0));
    let make = move || {
        let summary = format!("is version {}.", made.fetch_add(1, Ordering::SeqCst));
        let odd = Parameter::with_default("minutes", ParameterKind::Integer, "x", "how long");
        let limits = ServiceLimits { stop: Duration::from_secs(60), ..ServiceLimits::default() };
        let manifest = Manifest::new("odd", " ", summary).setting(odd).limits(limits);
        let manifest = manifest.provides_signals(["NoSuchTable"], []);
        // What `siem` takes in, somebody else gives.
        Fake::new(manifest.consumes_signals(["Syslog"], [Flow::new(57)])).build()
    };
    let failures = failures(make).await;
    for expected in [
        "manifest::it_is_always_the_same",
        "manifest::it_explains_itself",
        "manifest::it_fits_the_catalog_and_itself",
        "manifest::its_flows_go_its_way",
        "manifest::its_defaults_are_settings_it_takes",
        "manifest::its_limits_are_limits",
    ] {
        assert!(failures.contains(expected), "{expected}: {failures}");
    }
}
