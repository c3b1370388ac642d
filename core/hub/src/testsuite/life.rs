//! Starting, stopping, and being started again.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Fixture, Place, place::DRAIN};
use crate::ServiceState;

pub(super) async fn it_starts_and_stops(fixture: Arc<dyn Fixture>) {
    let place = Place::new(fixture).await;
    let hub = place.start().await;
    place.until_it_runs(&hub).await;
    let began = Instant::now();
    hub.shutdown().await;
    let took = began.elapsed();
    assert!(took < DRAIN, "it stopped after {took:?}");
    let status = &hub.status().services[0];
    assert_eq!(status.state, ServiceState::Stop);
    assert_eq!(status.abandoned, 0, "its thread has ended");
    place.assert_no_failure(&hub);
}

/// A shutdown comes at any moment: before the start is done, in the middle of signals, when all is quiet.
pub(super) async fn it_stops_in_time_whenever_it_is_told(fixture: Arc<dyn Fixture>) {
    for wait in [0, 1, 20, 300] {
        let place = Place::new(fixture.clone()).await;
        place.append_signals().await;
        let hub = place.start().await;
        sleep(Duration::from_millis(wait)).await;
        let began = Instant::now();
        hub.shutdown().await;
        let took = began.elapsed();
        assert!(took < DRAIN, "told {wait} ms after its start it stopped after {took:?}");
        assert_eq!(hub.status().services[0].state, ServiceState::Stop);
        place.assert_no_failure(&hub);
    }
}

pub(super) async fn it_starts_again_where_it_ended(fixture: Arc<dyn Fixture>) {
    let place = Place::new(fixture).await;
    for _ in 0..3 {
        place.append_signals().await;
        let hub = place.start().await;
        place.until_all_is_observed(&hub).await;
        hub.shutdown().await;
        place.assert_no_failure(&hub);
    }
}

/// As a crash would: nothing is finished, nothing is told, and the next life finds what the last one left.
pub(super) async fn it_survives_a_crash(fixture: Arc<dyn Fixture>) {
    let place = Place::new(fixture).await;
    for wait in [0, 5, 50] {
        place.append_signals().await;
        let hub = place.start().await;
        sleep(Duration::from_millis(wait)).await;
        place.kill(hub).await;
    }
    let hub = place.start().await;
    place.until_all_is_observed(&hub).await;
    place.until_it_runs(&hub).await;
    hub.shutdown().await;
    place.assert_no_failure(&hub);
}
