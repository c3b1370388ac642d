//! Scheduled runs: one at a time, with a visible result, remembered.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use phalanx_hub::{Activity, HealthEvent, Hub, LastRun, ScheduleDeclaration, Service, ServiceError};

use crate::support::*;

fn last(hub: &Hub) -> Option<LastRun> {
    hub.status().services[0].schedules[0].last.clone()
}

fn counting(schedule: ScheduleDeclaration) -> (Arc<dyn Service>, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let count = runs.clone();
    let fake = Fake::new(manifest("clerk").schedule(schedule)).scheduled(move |_, _| {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(()) }
    });
    (fake.build(), runs)
}

#[tokio::test]
async fn runs_follow_each_other_one_at_a_time() {
    let place = Place::new().await;
    let (running, runs) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (now, count) = (running.clone(), runs.clone());
    let often = ScheduleDeclaration::every(Duration::from_millis(5), "tidy", "tidies up");
    let service = Fake::new(manifest("clerk").schedule(often)).scheduled(move |_, name| {
        let (now, count) = (now.clone(), count.clone());
        async move {
            assert_eq!(name, "tidy");
            assert_eq!(now.fetch_add(1, Ordering::SeqCst), 0, "one at a time");
            tokio::time::sleep(Duration::from_millis(12)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            count.fetch_add(1, Ordering::SeqCst);
            Ok(())
        }
    });
    let hub = place.start([service.build()]).await;
    eventually("some runs", || runs.load(Ordering::SeqCst) >= 5).await;
    assert_eq!(hub.status().services[0].restarts, 0);
    assert!(last(&hub).is_some());
    hub.shutdown().await;
}

#[tokio::test]
async fn a_jump_of_the_clock_starts_no_storm() {
    let place = Place::new().await;
    let hourly = ScheduleDeclaration::every(Duration::from_secs(3600), "report", "reports");
    let (service, runs) = counting(hourly);
    let hub = place.start([service]).await;
    eventually("the first run is at once", || runs.load(Ordering::SeqCst) == 1).await;
    place.clock.jump(TimeDelta::days(30));
    place.clock.jump(TimeDelta::days(-60));
    eventually("its result is there", || last(&hub).is_some_and(|l| l.failure.is_none())).await;
    hub.shutdown().await;
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_run_is_remembered_across_restarts() {
    let place = Place::new().await;
    let twice_a_day = ScheduleDeclaration::every(Duration::from_secs(12 * 3600), "report", "reports");
    let (service, runs) = counting(twice_a_day);
    let hub = place.start([service.clone()]).await;
    eventually("the first run is at once", || runs.load(Ordering::SeqCst) == 1).await;
    hub.shutdown().await;
    let hub = place.start([service.clone()]).await;
    eventually("the last run is known", || last(&hub).is_some()).await;
    hub.shutdown().await;
    assert_eq!(runs.load(Ordering::SeqCst), 1, "it is not time yet");

    place.clock.jump(TimeDelta::days(3));
    let hub = place.start([service]).await;
    eventually("missed runs are made up for", || runs.load(Ordering::SeqCst) == 2).await;
    hub.shutdown().await;
    assert_eq!(runs.load(Ordering::SeqCst), 2, "by one run");
}

#[tokio::test]
async fn a_failed_run_is_reported_and_the_next_takes_place() {
    let place = Place::new().await;
    let runs = Arc::new(AtomicU32::new(0));
    let count = runs.clone();
    let often = ScheduleDeclaration::every(Duration::from_millis(20), "tidy", "tidies up");
    let service = Fake::new(manifest("clerk").schedule(often)).scheduled(move |_, _| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move { if number < 2 { Err(ServiceError::new("the cupboard is locked")) } else { Ok(()) } }
    });
    let hub = place.start([service.build()]).await;
    let mut reports = hub.health();
    report(&mut reports, |r| matches!(r.event, HealthEvent::ScheduleRecover { .. })).await;
    assert_eq!(hub.status().services[0].restarts, 0);
    // The next run may be under way already, and shows as unfinished until it ends.
    eventually("a run is shown as gone well", || last(&hub).is_some_and(|last| last.failure.is_none())).await;
    hub.shutdown().await;
}

#[tokio::test]
async fn a_run_that_hangs_restarts_the_service() {
    let place = Place::new().await;
    let runs = Arc::new(AtomicU32::new(0));
    let count = runs.clone();
    let often = ScheduleDeclaration::every(Duration::from_millis(20), "tidy", "tidies up");
    let often = often.timeout(Duration::from_millis(50));
    let service = Fake::new(manifest("clerk").schedule(often)).scheduled(move |_, _| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number == 0 {
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    });
    let hub = place.start([service.build()]).await;
    let mut reports = hub.health();
    let failed = report(&mut reports, |r| is_failure(r, "clerk")).await;
    let HealthEvent::Fail { failure, .. } = failed.event else { unreachable!() };
    assert_eq!(failure.activity, Activity::Schedule("tidy".into()));
    eventually("it goes on", || runs.load(Ordering::SeqCst) >= 3).await;
    hub.shutdown().await;
}
