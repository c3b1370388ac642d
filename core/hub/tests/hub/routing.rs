//! Signals come to those who consume their table, in order, at least once, and never on others' time.

use std::sync::Arc;

use parking_lot::Mutex;
use phalanx_hub::{HealthEvent, ServiceError};
use tokio::sync::Semaphore;

use crate::support::*;

#[tokio::test]
async fn each_service_gets_its_tables_in_order() {
    let place = Place::new().await;
    let (one, seen_one) = recorder("one", &["Syslog"]);
    let (two, seen_two) = recorder("two", &["Syslog", "DeviceInfo"]);
    let hub = place.start([one, two]).await;
    place.append(&["Syslog"], "a").await;
    place.append(&["DeviceInfo", "DeviceEvents"], "b").await;
    place.append(&["DeviceEvents"], "c").await;
    place.append(&["DeviceInfo", "Syslog"], "d").await;
    until_log(&seen_one, &["a", "d"]).await;
    until_log(&seen_two, &["a", "b", "d", "d"]).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_restart_goes_on_at_the_committed_position() {
    let place = Place::new().await;
    let (service, seen) = recorder("watcher", &["Syslog"]);
    let hub = place.start([service.clone()]).await;
    place.append(&["Syslog"], "a").await;
    let last = place.append(&["Syslog"], "b").await;
    until_log(&seen, &["a", "b"]).await;
    let committed = || place.journal.committed("service/watcher") == Some(last);
    eventually("the position is committed", committed).await;
    hub.shutdown().await;

    place.append(&["Syslog"], "c").await;
    let hub = place.start([service]).await;
    until_log(&seen, &["a", "b", "c"]).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn what_was_not_committed_comes_again_with_the_same_position() {
    let place = Place::new().await;
    let (gate, seen) = (Arc::new(Semaphore::new(0)), Log::default());
    let (held, noted) = (gate.clone(), seen.clone());
    let service = Fake::new(manifest("watcher").consumes_signals(["Syslog"], []));
    let service = service
        .observe(move |_, signals| {
            let (held, noted) = (held.clone(), noted.clone());
            async move {
                let marks = signals
                    .iter()
                    .map(|s| format!("{} {}", s.position, texts_of(std::slice::from_ref(s)).concat()));
                noted.extend(marks);
                held.acquire().await.map(|_| ()).map_err(ServiceError::from)
            }
        })
        .build();
    let hub = place.start([service.clone()]).await;
    let position = place.append(&["Syslog"], "a").await;
    let expected = format!("{position} a");
    until_log(&seen, &[&expected]).await;
    // As after a crash: nothing is waited for, nothing committed.
    place.kill(hub).await;
    gate.add_permits(10);
    let hub = place.start([service]).await;
    until_log(&seen, &[&expected, &expected]).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_slow_consumer_delays_no_other_and_its_lag_shows() {
    let place = Place::new().await;
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let slow = Fake::new(manifest("slow").consumes_signals(["Syslog"], []));
    let slow = slow.observe(move |_, _| {
        let held = held.clone();
        async move { held.acquire().await.map(|permit| permit.forget()).map_err(ServiceError::from) }
    });
    let (fast, seen) = recorder("fast", &["Syslog"]);
    let hub = place.start([slow.build(), fast]).await;
    for number in 0..50 {
        place.append(&["Syslog"], &number.to_string()).await;
    }
    eventually("the fast one has all", || seen.len() == 50).await;
    let lag = |service: usize| hub.status().services[service].lag;
    eventually("the fast one lags no more", || lag(1).is_some_and(|lag| lag.entries == 0)).await;
    assert_eq!(lag(0).map(|lag| lag.entries), Some(50));
    gate.add_permits(1_000);
    eventually("the slow one catches up", || lag(0).is_some_and(|lag| lag.entries == 0)).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_passing_error_is_tried_again_until_it_passes() {
    let place = Place::new().await;
    let (seen, failures) = (Log::default(), Arc::new(Mutex::new(2)));
    let (noted, left) = (seen.clone(), failures.clone());
    let service = Fake::new(manifest("watcher").consumes_signals(["Syslog"], []));
    let service = service.observe(move |_, signals| {
        let has_failed = {
            let mut left = left.lock();
            let fails = *left > 0;
            *left -= i32::from(fails);
            fails
        };
        if !has_failed {
            noted.extend(texts_of(&signals));
        }
        async move { if has_failed { Err(ServiceError::new("the store is away")) } else { Ok(()) } }
    });
    let hub = place.start([service.build()]).await;
    let mut reports = hub.health();
    place.append(&["Syslog"], "a").await;
    let failed = report(&mut reports, |r| matches!(r.event, HealthEvent::ObserveFail { .. })).await;
    let HealthEvent::ObserveFail { reason, .. } = failed.event else { unreachable!() };
    assert_eq!(reason, "the store is away");
    report(&mut reports, |r| matches!(r.event, HealthEvent::ObserveRecover { .. })).await;
    until_log(&seen, &["a"]).await;
    assert_eq!(hub.status().services[0].restarts, 0);
    hub.shutdown().await;
}

#[tokio::test]
async fn a_rejected_entry_is_passed_by_and_reported() {
    let place = Place::new().await;
    let seen = Log::default();
    let noted = seen.clone();
    let service = Fake::new(manifest("watcher").consumes_signals(["Syslog"], []));
    let service = service.observe(move |_, signals| {
        let texts = texts_of(&signals);
        let is_bad = texts.iter().any(|text| text == "bad");
        if !is_bad {
            noted.extend(texts);
        }
        async move { if is_bad { Err(ServiceError::rejected("not mine")) } else { Ok(()) } }
    });
    // Appended before the start, so that they come as one portion.
    let mut positions = Vec::new();
    for text in ["a", "b", "bad", "c"] {
        positions.push(place.append(&["Syslog"], text).await);
    }
    let hub = place.start([service.build()]).await;
    let skip = report(&mut hub.health(), |r| matches!(r.event, HealthEvent::Skip { .. })).await;
    let reason = "not mine".to_owned();
    assert_eq!(skip.event, HealthEvent::Skip { position: positions[2], reason });
    until_log(&seen, &["a", "b", "c"]).await;
    let lag = || hub.status().services[0].lag.map(|lag| lag.entries);
    eventually("all is dealt with", || lag() == Some(0)).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn consumers_of_services_that_are_no_more_are_forgotten() {
    let place = Place::new().await;
    let (old, _) = recorder("old", &["Syslog"]);
    let (new, seen) = recorder("new", &["Syslog"]);
    let hub = place.start([old]).await;
    let known = |name: &str| place.journal.committed(name).is_some();
    eventually("the old one is known", || known("service/old")).await;
    hub.shutdown().await;
    let hub = place.start([new]).await;
    assert!(!known("service/old"));
    place.append(&["Syslog"], "a").await;
    until_log(&seen, &["a"]).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn services_emit_only_what_their_manifest_provides() {
    let place = Place::new().await;
    let errors = Log::default();
    let noted = errors.clone();
    let service = Fake::new(manifest("giver").provides_signals(["DeviceInfo"], []));
    let service = service.run(move |ctx, ()| {
        let noted = noted.clone();
        async move {
            ctx.emit(vec![row(ctx.catalog(), "DeviceInfo", "mine")]).await?;
            let foreign = ctx.emit(vec![row(ctx.catalog(), "Syslog", "not mine")]).await;
            noted.push(foreign.err().map(|error| error.to_string()).unwrap_or_default());
            Ok(())
        }
    });
    let hub = place.start([service.build()]).await;
    let refusal = "the manifest of `giver` does not name table `Syslog` as provided";
    until_log(&errors, &[refusal]).await;
    assert_eq!(place.texts("DeviceInfo", "DeviceName").await, ["mine"]);
    assert!(place.texts("Syslog", "SyslogMessage").await.is_empty());
    hub.shutdown().await;
}
