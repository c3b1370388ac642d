//! The end.

use tokio::time::timeout;

use super::{Context, PATIENCE, batch, next, number};
use crate::{AppendError, ConsumerError, Limit, Position, ReadError, Start};

pub async fn a_closed_journal_takes_nothing(context: Context) {
    let journal = &context.journal;
    journal.register("a", Start::Oldest).await.expect("it is registered");
    context.append(1).await;
    journal.close().await.expect("it closes");
    for rows in [1, 5_000] {
        let error = journal.append(0, vec![batch(2, rows)]).await.expect_err("it is closed");
        assert!(matches!(error, AppendError::Closed), "{error}");
    }
    assert!(matches!(journal.register("b", Start::Oldest).await, Err(ConsumerError::Closed)));
    assert!(matches!(journal.commit("a", Position(1)), Err(ConsumerError::Closed)));
    assert!(matches!(journal.unregister("a").await, Err(ConsumerError::Closed)));
    assert_eq!((journal.head(), journal.committed("a")), (Position(1), Some(Position::ZERO)));
    assert_eq!(journal.status().head, Position(1));
}

pub async fn readers_get_what_is_left(context: Context) {
    let mut waiting = context.journal.reader("waits", Position(100));
    let waiting = tokio::spawn(async move { waiting.next(Limit::default()).await });
    context.append_all(1..=100).await;
    let mut behind = context.journal.reader("behind", Position::ZERO);
    context.journal.close().await.expect("it closes");
    let mut at = 0;
    while at < 100 {
        for entry in next(&mut behind).await {
            at += 1;
            assert_eq!((entry.position, number(&entry)), (Position(at), at));
        }
    }
    for _ in 0..2 {
        assert!(matches!(behind.next(Limit::default()).await, Err(ReadError::Closed)));
    }
    let waited = timeout(PATIENCE, waiting).await.expect("in time").expect("no panic");
    assert!(matches!(waited, Err(ReadError::Closed)));
}

pub async fn who_waits_is_answered(mut context: Context) {
    let mut tasks = Vec::new();
    for number in 0..100 {
        let journal = context.journal.clone();
        tasks.push(tokio::spawn(async move { journal.append(number as i64, vec![batch(number, 3)]).await }));
    }
    tokio::task::yield_now().await;
    context.journal.close().await.expect("it closes");
    let mut appended = Vec::new();
    for (number, task) in tasks.into_iter().enumerate() {
        match timeout(PATIENCE, task).await.expect("it is answered").expect("no panic") {
            Ok(acknowledged) => appended.push((acknowledged.position().0, number as u64)),
            Err(error) => assert!(matches!(error, AppendError::Closed), "{error}"),
        }
    }
    appended.sort();
    assert_eq!(context.journal.head(), Position(appended.len() as u64));
    if context.reopen().await {
        let numbers = context.numbers(Position::ZERO, appended.len()).await;
        assert_eq!(numbers, appended.into_iter().map(|(_, number)| number).collect::<Vec<_>>());
    }
}

pub async fn closing_twice_does_nothing(context: Context) {
    context.append(1).await;
    let (first, second) = tokio::join!(context.journal.close(), context.journal.close());
    first.expect("it closes");
    second.expect("it is closed");
    context.journal.close().await.expect("it is closed");
}
