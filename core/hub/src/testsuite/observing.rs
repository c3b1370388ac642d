//! Signals: once, again, and odd ones.

use std::sync::Arc;

use super::{Fixture, Place, place::bare_rows};

/// Every column of a table may be empty.
pub(super) async fn it_bears_rows_without_values(fixture: Arc<dyn Fixture>) {
    let place = Place::new(fixture).await;
    place.append(bare_rows(&place.manifest(), &place.catalog)).await;
    let hub = place.start().await;
    place.until_all_is_observed(&hub).await;
    hub.shutdown().await;
    place.assert_no_failure(&hub);
}

/// Signals are given at least once. What the service believes, remembers and asks for must not depend on
/// how often.
pub(super) async fn signals_that_come_again_change_nothing(fixture: Arc<dyn Fixture>) {
    let place = Place::new(fixture).await;
    place.append_signals().await;
    let mut first = None;
    for round in 0..3 {
        let hub = place.start().await;
        place.until_it_runs(&hub).await;
        place.until_all_is_observed(&hub).await;
        hub.shutdown().await;
        place.assert_no_failure(&hub);
        let documents = place.documents().await;
        match &first {
            None => first = Some(documents),
            Some(first) => assert_eq!(&documents, first, "after signals came {} times", round + 1),
        }
        place.forget_what_was_observed().await;
    }
}
