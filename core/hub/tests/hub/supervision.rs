//! Services that panic, hang and give up, and the others that go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use phalanx_hub::{Activity, FailureKind, HealthEvent, Hub, ServiceError, ServiceLimits, ServiceState};
use tokio::sync::Notify;

use crate::support::*;

fn restarts(hub: &Hub, service: usize) -> u32 {
    hub.status().services[service].restarts
}

#[tokio::test]
async fn a_panic_over_signals_restarts_only_that_service_and_ends() {
    let place = Place::new().await;
    let seen = Log::default();
    let noted = seen.clone();
    let brittle = Fake::new(manifest("brittle").consumes_signals(["Syslog"], []));
    let brittle = brittle.observe(move |_, signals| {
        let texts = texts_of(&signals);
        assert!(!texts.contains(&"poison".to_owned()), "can't bear it");
        noted.extend(texts);
        async { Ok(()) }
    });
    let (steady, seen_steady) = recorder("steady", &["Syslog"]);
    let hub = place.start([brittle.build(), steady]).await;
    let mut reports = hub.health();
    for text in ["a", "poison", "b", "c"] {
        place.append(&["Syslog"], text).await;
    }
    let failed = report(&mut reports, |r| is_failure(r, "brittle")).await;
    let HealthEvent::Fail { failure, .. } = failed.event else { unreachable!() };
    assert_eq!(failure.kind, FailureKind::Panic);
    assert_eq!(failure.activity, Activity::Observe);
    assert_eq!(failure.message, "can't bear it");
    let skipped = report(&mut reports, |r| matches!(r.event, HealthEvent::Skip { .. })).await;
    let HealthEvent::Skip { reason, .. } = skipped.event else { unreachable!() };
    assert_eq!(reason, "the service failed over it 3 times");
    eventually("the rest is seen", || seen.all().ends_with(&["b".into(), "c".into()])).await;
    until_log(&seen_steady, &["a", "poison", "b", "c"]).await;
    // One more where it first came among others, for then it was not the one to blame yet.
    assert!((3..=4).contains(&restarts(&hub, 0)), "{} restarts", restarts(&hub, 0));
    assert_eq!(restarts(&hub, 1), 0);
    report(&mut reports, |r| r.event == HealthEvent::Recover).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_call_that_never_returns_is_dropped_and_the_service_restarted() {
    let place = Place::new().await;
    let lives = Arc::new(AtomicU32::new(0));
    let (begun, seen) = (lives.clone(), Log::default());
    let noted = seen.clone();
    let limits = ServiceLimits { observe: Duration::from_millis(50), ..ServiceLimits::default() };
    let service = Fake::new(manifest("sleepy").consumes_signals(["Syslog"], []).limits(limits));
    let service = service
        .start(move |_, ()| {
            begun.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        })
        .observe({
            let lives = lives.clone();
            move |_, signals| {
                let (is_first, noted) = (lives.load(Ordering::SeqCst) == 1, noted.clone());
                async move {
                    if is_first {
                        std::future::pending::<()>().await;
                    }
                    noted.extend(texts_of(&signals));
                    Ok(())
                }
            }
        });
    let hub = place.start([service.build()]).await;
    let mut reports = hub.health();
    place.append(&["Syslog"], "a").await;
    let failed = report(&mut reports, |r| is_failure(r, "sleepy")).await;
    let HealthEvent::Fail { failure, .. } = failed.event else { unreachable!() };
    assert_eq!((failure.kind, failure.activity), (FailureKind::Hang, Activity::Observe));
    until_log(&seen, &["a"]).await;
    assert_eq!(hub.status().services[0].abandoned, 0);
    hub.shutdown().await;
}

#[tokio::test]
async fn a_thread_that_blocks_is_given_up_and_can_do_no_harm_later() {
    let mut place = Place::new().await;
    place.settings.abandoned_most = 2;
    let release = Arc::new(AtomicBool::new(false));
    let (blocked, late) = (release.clone(), Log::default());
    let noted = late.clone();
    let limits = ServiceLimits { observe: Duration::from_millis(50), ..ServiceLimits::default() };
    let stuck = manifest("stuck").consumes_signals(["Syslog"], []).provides_signals(["DeviceInfo"], []);
    let stuck = Fake::new(stuck.limits(limits)).observe(move |ctx, _| {
        let (blocked, noted) = (blocked.clone(), noted.clone());
        async move {
            while !blocked.load(Ordering::SeqCst) {
                std::thread::park_timeout(Duration::from_millis(5));
            }
            let emitted = ctx.emit(vec![row(ctx.catalog(), "DeviceInfo", "too late")]).await;
            noted.push(emitted.err().map(|error| error.to_string()).unwrap_or_default());
            Ok(())
        }
    });
    let (steady, seen) = recorder("steady", &["Syslog"]);
    let hub = place.start([stuck.build(), steady]).await;
    let mut reports = hub.health();
    place.append(&["Syslog"], "a").await;
    until_log(&seen, &["a"]).await;
    report(&mut reports, |r| matches!(r.event, HealthEvent::GiveUp { .. })).await;
    let status = hub.status();
    assert_eq!((status.services[0].state, status.services[0].abandoned), (ServiceState::Dead, 2));
    place.append(&["Syslog"], "b").await;
    until_log(&seen, &["a", "b"]).await;
    release.store(true, Ordering::SeqCst);
    let ended = "this run of the service has been ended";
    until_log(&late, &[ended, ended]).await;
    // Nor are the threads that came back given anything more.
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(late.len(), 2);
    assert!(place.texts("DeviceInfo", "DeviceName").await.is_empty());
    hub.shutdown().await;
}

#[tokio::test]
async fn a_run_that_fails_is_begun_anew_with_growing_waits() {
    let place = Place::new().await;
    let tries = Arc::new(AtomicU32::new(0));
    let count = tries.clone();
    let service = Fake::new(manifest("poller")).run(move |ctx, ()| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number < 3 {
                return Err(ServiceError::new("no connection").context("polling"));
            }
            ctx.shutdown().cancelled().await;
            Ok(())
        }
    });
    let hub = place.start([service.build()]).await;
    let mut reports = hub.health();
    let failed = report(&mut reports, |r| is_failure(r, "poller")).await;
    let HealthEvent::Fail { failure, .. } = failed.event else { unreachable!() };
    assert_eq!(failure.to_string(), "failed during its run: polling: no connection");
    report(&mut reports, |r| r.event == HealthEvent::Recover).await;
    assert_eq!((tries.load(Ordering::SeqCst), restarts(&hub, 0)), (4, 3));
    assert_eq!(hub.status().services[0].state, ServiceState::Run);
    hub.shutdown().await;
    assert_eq!(hub.status().services[0].state, ServiceState::Stop);
}

#[tokio::test]
async fn a_run_without_heartbeats_counts_as_hanging() {
    let place = Place::new().await;
    let limit = Some(Duration::from_millis(100));
    let limits = ServiceLimits { heartbeat: limit, ..ServiceLimits::default() };
    let beats = Arc::new(AtomicBool::new(false));
    let healthy = beats.clone();
    let service = Fake::new(manifest("poller").limits(limits)).run(move |ctx, ()| {
        let healthy = healthy.clone();
        async move {
            let mut tick = tokio::time::interval(Duration::from_millis(20));
            loop {
                tokio::select! {
                    _ = tick.tick() => {}
                    () = ctx.shutdown().cancelled() => return Ok(()),
                }
                if healthy.load(Ordering::SeqCst) {
                    ctx.beat();
                }
            }
        }
    });
    let hub = place.start([service.build()]).await;
    let mut reports = hub.health();
    let failed = report(&mut reports, |r| is_failure(r, "poller")).await;
    let HealthEvent::Fail { failure, .. } = failed.event else { unreachable!() };
    assert_eq!((failure.kind, failure.activity), (FailureKind::Hang, Activity::Run));
    beats.store(true, Ordering::SeqCst);
    report(&mut reports, |r| r.event == HealthEvent::Recover).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_service_without_work_lives_until_the_shutdown() {
    let place = Place::new().await;
    let (give, mut take) = tokio::sync::mpsc::unbounded_channel();
    let idle = Fake::new(manifest("idle").provides_signals(["DeviceInfo"], [])).start(move |ctx, ()| {
        let sent = give.send(ctx).map_err(ServiceError::from);
        async { sent }
    });
    let hub = place.start([idle.build()]).await;
    let ctx = soon("it starts", take.recv()).await.expect("its handle");
    eventually("it runs", || hub.status().services[0].state == ServiceState::Run).await;
    // What others hold of it goes on working.
    ctx.emit(vec![row(ctx.catalog(), "DeviceInfo", "one")]).await.expect("it lives");
    hub.shutdown().await;
    assert_eq!(hub.status().services[0].state, ServiceState::Stop);
    assert!(ctx.emit(vec![row(ctx.catalog(), "DeviceInfo", "two")]).await.is_err());
}

#[tokio::test]
async fn a_service_that_fails_at_its_start_keeps_being_tried() {
    let place = Place::new().await;
    let tries = Arc::new(AtomicU32::new(0));
    let count = tries.clone();
    let service = Fake::new(manifest("late")).start(move |_, ()| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move { if number < 2 { panic!("not yet") } else { Ok(()) } }
    });
    let hub = place.start([service.build()]).await;
    eventually("it runs", || hub.status().services[0].state == ServiceState::Run).await;
    assert_eq!(restarts(&hub, 0), 2);
    let failure = hub.status().services[0].last_failure.clone().expect("a failure").1;
    assert_eq!(failure.to_string(), "panicked during its start: not yet");
    hub.shutdown().await;
}

#[tokio::test]
async fn shutting_down_lets_calls_finish() {
    let place = Place::new().await;
    let (entered, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (at, wait, seen) = (entered.clone(), go.clone(), Log::default());
    let noted = seen.clone();
    let service = Fake::new(manifest("careful").consumes_signals(["Syslog"], []));
    let service = service.observe(move |_, signals| {
        let (at, wait, noted) = (at.clone(), wait.clone(), noted.clone());
        async move {
            at.notify_one();
            wait.notified().await;
            noted.extend(texts_of(&signals));
            Ok(())
        }
    });
    let hub = Arc::new(place.start([service.build()]).await);
    let position = place.append(&["Syslog"], "a").await;
    soon("the call began", entered.notified()).await;
    let stopping = tokio::spawn({
        let hub = hub.clone();
        async move { hub.shutdown().await }
    });
    eventually("the service was told", || !stopping.is_finished()).await;
    go.notify_one();
    soon("the hub stops", stopping).await.expect("it did not panic");
    assert_eq!(seen.all(), ["a"]);
    assert_eq!(place.journal.committed("service/careful"), Some(position));
}

#[tokio::test]
async fn shutting_down_does_not_wait_forever() {
    let mut place = Place::new().await;
    place.settings.drain = Duration::from_millis(100);
    let entered = Arc::new(Notify::new());
    let at = entered.clone();
    let service = Fake::new(manifest("stubborn")).run(move |_, ()| {
        at.notify_one();
        std::future::pending()
    });
    let hub = place.start([service.build()]).await;
    soon("it runs", entered.notified()).await;
    soon("the hub stops", hub.shutdown()).await;
    assert_eq!(hub.status().services[0].state, ServiceState::Stop);
}
