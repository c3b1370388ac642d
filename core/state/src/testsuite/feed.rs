//! The change feed.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::time::timeout;

use super::{Context, Fixture, PATIENCE};
use crate::{ChangeKind, Error, Precondition, ResumeToken, Write};

pub(super) async fn changes_come_in_order_and_once(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let state = &context.state;
    assert_eq!(state.changes(ResumeToken::START, 10).await.expect("it reads").changes, []);
    let mut etags = Vec::new();
    for number in 0..25 {
        let author = context.author.clone().because(format!("reason {number}")).expect("it is well-formed");
        let key = context.key_in(if number % 2 == 0 { "even" } else { "odd" }, &(number / 4).to_string());
        let stored = state.put(&key, json!({ "n": number }), Precondition::None, &author).await;
        etags.push(stored.expect("nothing forbids it").etag);
    }
    let mut after = ResumeToken::START;
    let mut seen = Vec::new();
    loop {
        let changes = state.changes(after, 4).await.expect("it reads");
        if changes.changes.is_empty() {
            assert_eq!(changes.next.position(), after.position());
            break;
        }
        assert_eq!(changes.next, changes.changes[changes.changes.len() - 1].token);
        // A token is kept as text, or in a document.
        after = changes.next.to_string().parse().expect("it is what was given");
        assert_eq!(
            serde_json::from_value::<ResumeToken>(json!(after)).expect("it is what was given"),
            changes.next
        );
        seen.extend(changes.changes);
    }
    assert_eq!(after, state.head().await.expect("it reads"));
    assert_eq!(
        seen.iter().map(|change| change.token.position()).collect::<Vec<_>>(),
        (1..=25).collect::<Vec<_>>()
    );
    for (number, change) in seen.iter().enumerate() {
        assert_eq!(change.body, Some(json!({ "n": number })));
        assert_eq!(change.after.as_ref(), Some(&etags[number]));
        assert_eq!(change.reason, Some(format!("reason {number}")));
        let first = number % 4 < 2;
        assert_eq!(change.kind(), if first { ChangeKind::Create } else { ChangeKind::Update });
        assert_eq!(change.before.as_ref(), if first { None } else { Some(&etags[number - 2]) });
        assert_eq!(change.version, if first { 1 } else { 2 });
    }
    context.finish().await;
}

pub(super) async fn deletions_are_tombstones(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let stored = context.put("a", json!({})).await;
    let after = context.state.head().await.expect("it reads");
    context.delete("a").await;
    let changes = context.state.changes(after, 10).await.expect("it reads").changes;
    assert_eq!(changes.len(), 1);
    let tombstone = &changes[0];
    assert_eq!(tombstone.kind(), ChangeKind::Delete);
    assert_eq!((&tombstone.key, tombstone.version), (&context.key("a"), 2));
    assert_eq!(
        (tombstone.before.as_ref(), &tombstone.after, &tombstone.body),
        (Some(&stored.etag), &None, &None)
    );
    context.finish().await;
}

pub(super) async fn a_change_wakes_who_waits(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let head = context.state.head().await.expect("it reads");
    let moment = Duration::from_millis(1);
    assert!(!context.state.wait_for_change(head, moment).await.expect("it waits"), "nothing happens");
    let waiting = {
        let state = context.state.clone();
        tokio::spawn(async move { state.wait_for_change(head, PATIENCE).await })
    };
    context.put("a", json!({})).await;
    assert!(waiting.await.expect("it doesn't panic").expect("it waits"));
    assert!(
        context.state.wait_for_change(head, moment).await.expect("it waits"),
        "the change is there still"
    );
    assert!(context.state.wait_for_change(ResumeToken::START, Duration::MAX).await.expect("it waits"));
    context.finish().await;
}

pub(super) async fn a_change_by_another_process_is_noticed(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let other = context.other_process().await;
    let head = other.head().await.expect("it reads");
    let waiting = {
        let other = other.clone();
        tokio::spawn(async move { other.wait_for_change(head, PATIENCE).await })
    };
    let stored = context.put("a", json!({"n": 1})).await;
    assert!(waiting.await.expect("it doesn't panic").expect("it waits"));
    assert_eq!(other.get(&context.key("a")).await.expect("it reads"), Some(stored));
    other.close().await;
    let closed = other.get(&context.key("a")).await;
    assert!(closed.as_ref().is_err_and(Error::is_retryable), "{closed:?}");
    context.finish().await;
}

pub(super) async fn pruning_forgets_the_oldest(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let state = &context.state;
    let start = super::Clock::now(&*context.clock);
    let hour = Duration::from_secs(3600);
    for number in 0..5 {
        context.put("a", json!({ "n": number })).await;
        context.clock.advance(hour);
    }
    let early = state.changes(ResumeToken::START, 1).await.expect("it reads").next;
    assert_eq!(state.prune(start).await.expect("it prunes"), 0);
    assert_eq!(state.prune(start + 2 * hour).await.expect("it prunes"), 2);
    assert_eq!(state.prune(start + 2 * hour).await.expect("it prunes"), 0);
    for gone in [ResumeToken::START, early] {
        assert!(matches!(state.changes(gone, 10).await, Err(Error::Expired)));
        assert!(matches!(state.wait_for_change(gone, hour).await, Err(Error::Expired)));
    }
    let kept: ResumeToken = early.to_string().replacen('1', "2", 1).parse().expect("it is a token");
    assert_eq!(state.changes(kept, 10).await.expect("nothing after it is missing").changes.len(), 3);
    state.verify().await.expect("it agrees");

    assert_eq!(state.prune(start + 100 * hour).await.expect("it prunes"), 3);
    assert!(state.get(&context.key("a")).await.expect("it reads").is_some(), "documents stay");
    let head = state.head().await.expect("it reads");
    assert_eq!(head.position(), 5);
    context.put("a", json!({ "n": 5 })).await;
    assert_eq!(state.changes(head, 10).await.expect("it reads").changes[0].version, 6);
    context.finish().await;
}

pub(super) async fn foreign_tokens_are_refused(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let other = Context::new(&fixture).await;
    context.put("a", json!({})).await;
    other.put("a", json!({})).await;
    let foreign = other.state.head().await.expect("it reads");
    assert!(matches!(context.state.changes(foreign, 1).await, Err(Error::UnknownToken)));
    let future: ResumeToken = foreign.to_string().replacen('1', "2", 1).parse().expect("it is a token");
    assert!(matches!(other.state.changes(future, 1).await, Err(Error::UnknownToken)));
    for text in [
        "",
        "1",
        ".",
        "1.x",
        "-1.00000000000000000000000000000000",
        "9223372036854775808.00000000000000000000000000000000",
    ] {
        assert!(matches!(text.parse::<ResumeToken>(), Err(Error::Invalid(_))), "{text}");
    }
    context.finish().await;
    other.finish().await;
}

/// What [`super::concurrency`] follows while others write.
pub(super) async fn follow(state: &dyn crate::State, count: usize) -> Vec<crate::Change> {
    let mut after = ResumeToken::START;
    let mut seen = Vec::new();
    while seen.len() < count {
        let waited =
            timeout(PATIENCE, state.wait_for_change(after, PATIENCE)).await.expect("it keeps its time");
        assert!(waited.expect("it waits"), "{} of {count} changes came", seen.len());
        let changes = state.changes(after, 7).await.expect("it reads");
        after = changes.next;
        seen.extend(changes.changes);
    }
    seen
}

/// A write of the same body to several documents.
pub(super) fn puts(keys: Vec<crate::Key>, body: &serde_json::Value) -> Vec<Write> {
    keys.into_iter()
        .map(|key| Write::Put { key, body: body.clone(), precondition: Precondition::None })
        .collect()
}
