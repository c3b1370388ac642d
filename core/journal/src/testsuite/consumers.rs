//! Consumers: where they start, what they commit, what is kept for them.

use super::{Context, append, eventually, next};
use crate::{ConsumerError, Position, Start};

pub async fn a_new_consumer_starts_where_it_wishes(context: Context) {
    let journal = &context.journal;
    assert_eq!(journal.committed("old"), None);
    assert_eq!(journal.register("first", Start::Oldest).await.expect("it is registered"), Position::ZERO);
    context.append_all(1..=10).await;
    for (name, start, expected) in [
        ("old", Start::Oldest, 0),
        ("new", Start::Head, 10),
        ("own", Start::After(Position(7)), 7),
        ("next", Start::After(Position(10)), 10),
    ] {
        let position = journal.register(name, start).await.expect("it is registered");
        assert_eq!(position, Position(expected), "{start:?}");
        assert_eq!(journal.committed(name), Some(position));
    }
}

pub async fn a_known_consumer_keeps_its_position(mut context: Context) {
    context.append_all(1..=10).await;
    context.journal.register("a", Start::After(Position(4))).await.expect("it is registered");
    for _ in 0..2 {
        for start in [Start::Oldest, Start::Head] {
            let position = context.journal.register("a", start).await.expect("it is registered");
            assert_eq!(position, Position(4), "{start:?}");
        }
        if !context.reopen().await {
            return;
        }
    }
}

pub async fn a_consumer_may_say_where_it_is(context: Context) {
    let journal = &context.journal;
    journal.register("keeps", Start::Oldest).await.expect("it is registered");
    context.append_all(1..=10).await;
    for at in [9, 3, 10, 0] {
        let position = journal.register("a", Start::After(Position(at))).await.expect("it is registered");
        assert_eq!((position, journal.committed("a")), (Position(at), Some(Position(at))));
    }
    let error = journal.register("a", Start::After(Position(u64::MAX))).await.expect_err("no such position");
    assert!(matches!(error, ConsumerError::BeyondHead { .. }), "{error}");
    assert_eq!(journal.committed("a"), Some(Position::ZERO), "a refused wish changes nothing");
}

pub async fn no_entry_gets_a_position_that_was_promised_away(mut context: Context) {
    context.journal.register("keeps", Start::Oldest).await.expect("it is registered");
    context.append_all(1..=3).await;
    // Entries that are on their way are before the promise or behind it.
    let appending: Vec<_> = (4..=200)
        .map(|number| {
            let journal = context.journal.clone();
            tokio::spawn(async move { (number, append(&*journal, number).await) })
        })
        .collect();
    let promise = Position(1_000_000);
    let position = context.journal.register("ahead", Start::After(promise)).await.expect("it is registered");
    assert_eq!(position, promise);
    let before = context.journal.head();
    let mut reader = context.journal.reader("ahead", promise);
    let next_one = context.append(999).await;
    assert!(next_one > promise);
    for task in appending {
        let (number, position) = task.await.expect("it is appended");
        assert!(position <= before || position > promise, "{number} got {position}");
    }
    assert!(next(&mut reader).await[0].position > promise);
    let head = context.journal.head();
    assert_eq!(context.numbers(Position::ZERO, 201).await.len(), 201, "a jump hides nothing");
    assert_eq!(context.journal.status().damage, Default::default());
    if context.reopen().await {
        assert_eq!(context.journal.head(), head);
        assert_eq!(context.append(1_000).await, head.next());
        assert_eq!(context.numbers(Position::ZERO, 202).await.len(), 202);
        assert_eq!(context.journal.status().damage, Default::default(), "a jump is no damage");
        context.journal.register("further", Start::After(Position(2_000_000))).await.expect("registered");
        context.reopen().await;
        assert!(context.append(1_001).await > Position(2_000_000), "a promise survives");
    }
}

pub async fn a_commit_only_moves_forward(context: Context) {
    let journal = &context.journal;
    context.append_all(1..=10).await;
    journal.register("a", Start::Oldest).await.expect("it is registered");
    for (commit, expected) in [(5, 5), (3, 5), (5, 5), (0, 5), (10, 10), (9, 10)] {
        journal.commit("a", Position(commit)).expect("the consumer is known");
        assert_eq!(journal.committed("a"), Some(Position(expected)), "after {commit}");
    }
}

pub async fn nobody_commits_what_is_not_there(context: Context) {
    let journal = &context.journal;
    context.append_all(1..=2).await;
    journal.register("a", Start::Oldest).await.expect("it is registered");
    let beyond = journal.commit("a", Position(3)).expect_err("there is no third entry");
    assert!(
        matches!(beyond, ConsumerError::BeyondHead { position: Position(3), head: Position(2) }),
        "{beyond}"
    );
    assert_eq!(journal.committed("a"), Some(Position::ZERO));
    let unknown = journal.commit("b", Position(1)).expect_err("nobody has this name");
    assert!(matches!(unknown, ConsumerError::Unknown(name) if name == "b"));
}

pub async fn names_are_checked(context: Context) {
    let journal = &context.journal;
    for name in ["", "a b", "a\n", "\u{e9}", &"x".repeat(129)] {
        let error = journal.register(name, Start::Oldest).await.expect_err("no name for a consumer");
        assert!(matches!(error, ConsumerError::Name(_)), "{error}");
        assert_eq!(journal.committed(name), None);
    }
    for name in ["lake", "hub/cursors", "A-1_2.3/4", &"x".repeat(128)] {
        journal.register(name, Start::Oldest).await.expect("a good name");
    }
}

pub async fn a_forgotten_consumer_holds_nothing_back(mut context: Context) {
    for name in ["slow", "quick"] {
        context.journal.register(name, Start::Oldest).await.expect("it is registered");
    }
    context.append_all(1..=300).await;
    let journal = context.journal.clone();
    journal.commit("quick", Position(300)).expect("it is registered");
    assert_eq!(context.numbers(Position::ZERO, 300).await.len(), 300, "the slow one needs them");
    journal.unregister("slow").await.expect("it is registered");
    assert_eq!(journal.committed("slow"), None);
    let again = journal.unregister("slow").await.expect_err("it is forgotten");
    assert!(matches!(again, ConsumerError::Unknown(name) if name == "slow"));
    eventually("entries are dropped", || journal.status().oldest > Position(1)).await;
    drop(journal);
    if context.reopen().await {
        assert_eq!(context.journal.committed("slow"), None, "it stays forgotten");
        assert!(context.journal.status().oldest > Position(1), "and what was dropped stays dropped");
        assert_eq!(context.journal.status().damage, Default::default());
    }
}

pub async fn consumers_and_their_positions_survive(mut context: Context) {
    for name in ["a", "b"] {
        context.journal.register(name, Start::Oldest).await.expect("it is registered");
    }
    context.append_all(1..=100).await;
    context.journal.commit("a", Position(60)).expect("it is registered");
    if !context.reopen().await {
        return;
    }
    assert_eq!(context.journal.committed("a"), Some(Position(60)), "closing makes commits durable");
    assert_eq!(context.journal.committed("b"), Some(Position::ZERO));
    assert_eq!(context.numbers(Position(60), 40).await, (61..=100).collect::<Vec<_>>());
}

pub async fn the_status_tells_who_lags(context: Context) {
    let journal = &context.journal;
    for name in ["b", "a"] {
        journal.register(name, Start::Oldest).await.expect("it is registered");
    }
    context.append_all(1..=10).await;
    journal.commit("a", Position(10)).expect("it is registered");
    journal.commit("b", Position(4)).expect("it is registered");
    let status = journal.status();
    let [a, b] = &status.consumers[..] else { panic!("two consumers: {:?}", status.consumers) };
    assert_eq!((&*a.name, a.committed, a.lag_entries, a.pending_since), ("a", Position(10), 0, None));
    assert_eq!((&*b.name, b.committed, b.lag_entries), ("b", Position(4), 6));
    // The helper gives entry n the time n.
    assert!(b.pending_since.is_some_and(|since| since <= 5), "{:?}", b.pending_since);
    assert!(b.lag(1_000_005) >= std::time::Duration::from_secs(1));
    assert!(a.lag(i64::MAX).is_zero());
    assert!(status.bytes > 0);
}
