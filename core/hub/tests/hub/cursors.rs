//! How far a source was read is known exactly, whatever was saved before a crash.

use std::sync::Arc;

use phalanx_hub::{Hub, Service};
use tokio::sync::mpsc;

use crate::support::*;

/// A service that reads numbers from a source, from behind its cursor up to `until`.
fn reader(until: u32, done: mpsc::UnboundedSender<Option<u32>>) -> Arc<dyn Service> {
    let fake = Fake::new(manifest("reader").provides_signals(["DeviceInfo"], []));
    fake.run(move |ctx, ()| {
        let done = done.clone();
        async move {
            let cursor: Option<u32> = ctx.cursor("numbers").await.and_then(|c| c.parse().ok());
            for number in cursor.map_or(1, |cursor| cursor + 1)..=until {
                let batch = row(ctx.catalog(), "DeviceInfo", &number.to_string());
                ctx.emit_with_cursor("numbers", &number.to_string(), vec![batch]).await?;
            }
            done.send(cursor)?;
            ctx.shutdown().cancelled().await;
            Ok(())
        }
    })
    .build()
}

/// Reads up to a number; gives the hub and the cursor that was found.
async fn read(place: &Place, until: u32) -> (Hub, Option<u32>) {
    let (done, mut ended) = mpsc::unbounded_channel();
    let hub = place.start([reader(until, done)]).await;
    let cursor = soon("it is read", ended.recv()).await.expect("the service lives");
    (hub, cursor)
}

async fn numbers(place: &Place) -> Vec<String> {
    place.texts("DeviceInfo", "DeviceName").await
}

fn up_to(last: u32) -> Vec<String> {
    (1..=last).map(|number| number.to_string()).collect()
}

#[tokio::test]
async fn nothing_is_read_twice_across_stops_and_crashes() {
    let place = Place::new().await;
    let (hub, cursor) = read(&place, 10).await;
    assert_eq!(cursor, None);
    // A crash: nothing was saved, and the journal alone knows.
    place.kill(hub).await;
    let (hub, cursor) = read(&place, 20).await;
    assert_eq!(cursor, Some(10));
    hub.shutdown().await;
    drop(hub);
    for number in 0..100 {
        place.append(&["Syslog"], &number.to_string()).await;
    }
    let (hub, cursor) = read(&place, 30).await;
    assert_eq!(cursor, Some(20));
    place.kill(hub).await;
    let (hub, cursor) = read(&place, 30).await;
    assert_eq!(cursor, Some(30));
    hub.shutdown().await;
    assert_eq!(numbers(&place).await, up_to(30));
}

#[tokio::test]
async fn the_journal_keeps_what_the_cursors_need_and_no_more() {
    let place = Place::new().await;
    let (hub, _) = read(&place, 5).await;
    let committed = || place.journal.committed("hub/cursors");
    assert!(committed().is_some_and(|at| at < place.journal.head()));
    hub.shutdown().await;
    assert_eq!(committed(), Some(place.journal.head()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cursors_are_in_the_files_of_the_journal() {
    let mut place = Place::new().await;
    let (hub, _) = read(&place, 10).await;
    place.kill(hub).await;
    place.journal.close().await.expect("closed");
    place.journal = open_journal(&place.folder).await;
    let (hub, cursor) = read(&place, 15).await;
    assert_eq!(cursor, Some(10));
    hub.shutdown().await;
    assert_eq!(numbers(&place).await, up_to(15));
}
