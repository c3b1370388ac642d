//! When there is no room.

use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::{Context, MAX_BYTES, PATIENCE, TOO_LARGE_BYTES, noise};
use crate::{AppendError, FullReason, Position, Start};

/// An entry that takes its room on any medium.
const PIECE: usize = MAX_BYTES / 32;

pub async fn a_lagging_consumer_makes_it_full(context: Context) {
    let journal = &context.journal;
    for name in ["lags", "works"] {
        journal.register(name, Start::Oldest).await.expect("it is registered");
    }
    let AppendError::Full { reason, retry_after } = fill(&context).await else {
        panic!("a full journal says so");
    };
    assert!(retry_after > Duration::ZERO);
    let head = journal.head();
    journal.commit("works", head).expect("it is registered");
    // What was on its way when it became full may leave room for an entry more, but not for a segment.
    let error = fill(&context).await;
    assert!(matches!(&error, AppendError::Full { .. }), "{error}");
    assert!(error.retry_after().is_some(), "who can wait may come again");
    assert!(journal.head().0 <= head.0 + 2, "one still lags: {} after {head}", journal.head());
    let head = journal.head();
    assert!(matches!(&reason, FullReason::Lag { consumer } if consumer == "lags"), "{reason}");
    journal.commit("lags", head).expect("it is registered");
    append_when_there_is_room(&context).await;
}

pub async fn without_a_consumer_it_fills_up(context: Context) {
    let AppendError::Full { reason, .. } = fill(&context).await else { panic!("a full journal says so") };
    assert_eq!(reason, FullReason::NoConsumer);
    context.journal.register("new", Start::Head).await.expect("it is registered");
    append_when_there_is_room(&context).await;
}

pub async fn too_large_an_entry_is_refused(context: Context) {
    let error = context.journal.append(0, vec![noise(1, TOO_LARGE_BYTES)]).await.expect_err("too large");
    assert!(matches!(error, AppendError::TooLarge { bytes, limit } if bytes > limit), "{error}");
    assert_eq!(error.retry_after(), None, "waiting makes it no smaller");
    assert_eq!(context.append(1).await, Position(1), "nothing was appended");
}

pub async fn a_full_journal_loses_nothing(mut context: Context) {
    context.journal.register("reader", Start::Oldest).await.expect("it is registered");
    fill(&context).await;
    let head = context.journal.head();
    for _ in 0..2 {
        let entries = context.read(Position::ZERO, head.0 as usize).await;
        for (at, entry) in entries.iter().enumerate() {
            assert_eq!(entry.position, Position(at as u64 + 1));
            assert_eq!(entry.batches[0].rows, noise(at as u64, PIECE).rows);
        }
        if !context.reopen().await {
            return;
        }
        assert_eq!(context.journal.head(), head, "refused entries are not there");
    }
}

/// Appends until that is refused.
async fn fill(context: &Context) -> AppendError {
    for number in 0..10 * (MAX_BYTES / PIECE) as u64 {
        if let Err(error) = context.journal.append(0, vec![noise(number, PIECE)]).await {
            return error;
        }
    }
    panic!("the journal holds ten times what it should");
}

async fn append_when_there_is_room(context: &Context) {
    let appended = async {
        while context.journal.append(0, vec![noise(0, PIECE)]).await.is_err() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, appended).await.expect("there is room when all have committed");
}
