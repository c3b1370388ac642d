//! Many at once.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use serde_json::json;

use super::{Context, Fixture, PATIENCE, feed};
use crate::{Error, Precondition, Query, ResumeToken, State};

const WRITERS: u64 = 8;
const INCREMENTS: u64 = 25;

/// Writers of two processes count in one document, each increment on condition that no one came between.
pub(super) async fn no_update_is_lost(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    context.put("counter", json!({"n": 0})).await;
    let other = context.other_process().await;
    let followers: Vec<_> = [&context.state, &other]
        .into_iter()
        .map(|state| {
            let state = state.clone();
            tokio::spawn(async move { feed::follow(&*state, (WRITERS * INCREMENTS + 1) as usize).await })
        })
        .collect();
    let writers = (0..WRITERS).map(|number| {
        let state = if number % 2 == 0 { context.state.clone() } else { other.clone() };
        let (key, author) = (context.key("counter"), context.author.clone());
        tokio::spawn(async move {
            for _ in 0..INCREMENTS {
                loop {
                    let document = state.get(&key).await.expect("it reads").expect("it is there");
                    let body = json!({"n": document.body["n"].as_u64().expect("it is a count") + 1});
                    match state.put(&key, body, Precondition::Matches(document.etag), &author).await {
                        Ok(_) => break,
                        Err(Error::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        })
    });
    for writer in join_all(writers).await {
        writer.expect("no writer panics");
    }
    let counter = context.state.get(&context.key("counter")).await.expect("it reads").expect("it is there");
    assert_eq!(counter.body, json!({"n": WRITERS * INCREMENTS}));
    assert_eq!(counter.version, WRITERS * INCREMENTS + 1);

    for follower in followers {
        let seen = follower.await.expect("it doesn't panic");
        for (number, change) in seen.iter().enumerate() {
            assert_eq!(change.token.position(), number as u64 + 1);
            assert_eq!(change.body, Some(json!({ "n": number })), "each change once, in order");
        }
    }
    other.close().await;
    context.finish().await;
}

/// Writers of two processes take the same documents in opposite orders. Neither waits for the other for ever,
/// and neither is told of a deadlock.
pub(super) async fn crossing_writes_all_succeed(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let other = context.other_process().await;
    let writers = (0..6_u64).map(|number| {
        let state = if number % 2 == 0 { context.state.clone() } else { other.clone() };
        let mut keys: Vec<_> = (0..8).map(|key| context.key(&key.to_string())).collect();
        if number % 3 == 0 {
            keys.reverse();
        }
        let author = context.author.clone();
        tokio::spawn(async move {
            for round in 0..15 {
                keys.rotate_left(1);
                let writes = feed::puts(keys.clone(), &json!({"writer": number, "round": round}));
                state.write(writes, &author).await.expect("it only has to wait its turn");
            }
        })
    });
    for writer in join_all(writers.collect::<Vec<_>>()).await {
        writer.expect("no writer panics");
    }
    let head = context.state.head().await.expect("it reads");
    assert_eq!(head.position(), 6 * 15 * 8);
    other.close().await;
    context.finish().await;
}

/// While documents change together, every page and every piece of the feed has them together.
pub(super) async fn readers_see_whole_transactions(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let keys: Vec<_> = (0..5).map(|number| context.key(&number.to_string())).collect();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (state, author, keys) = (context.state.clone(), context.author.clone(), keys.clone());
            tokio::spawn(async move {
                for round in 0..20 {
                    let writes = feed::puts(keys.clone(), &json!({"writer": writer, "round": round}));
                    state.write(writes, &author).await.expect("nothing forbids it");
                }
            })
        })
        .collect();
    let query = Query::new(context.tenant, "things");
    let mut after = ResumeToken::START;
    let mut seen = 0;
    while seen < 4 * 20 * 5 {
        assert!(
            context.state.wait_for_change(after, PATIENCE).await.expect("it waits"),
            "{seen} changes came"
        );
        let documents = context.state.query(&query).await.expect("it reads").documents;
        assert!(documents.windows(2).all(|pair| pair[0].body == pair[1].body), "{documents:?}");
        let changes = context.state.changes(after, 1000).await.expect("it reads");
        assert_eq!(changes.changes.len() % 5, 0, "a transaction is in the feed wholly or not at all");
        for transaction in changes.changes.chunks(5) {
            assert!(transaction.windows(2).all(|pair| pair[0].body == pair[1].body));
        }
        seen += changes.changes.len();
        after = changes.next;
    }
    for writer in writers {
        writer.await.expect("no writer panics");
    }
    context.finish().await;
}

pub(super) async fn a_caller_that_leaves_does_not_stop_its_write(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    for number in 0..20_u64 {
        let state: Arc<dyn State> = context.state.clone();
        let (key, author) = (context.key(&number.to_string()), context.author.clone());
        let write = async move { state.put(&key, json!({}), Precondition::None, &author).await };
        // The write is asked for, and given up at some point of its way.
        let gone = tokio::time::timeout(Duration::from_micros(number * 50), write).await;
        assert!(gone.is_err() || gone.is_ok_and(|written| written.is_ok()));
    }
    let seen = feed::follow(&*context.state, 20).await;
    assert_eq!(seen.len(), 20);
    // Readers that leave disturb no one either.
    for number in 0..20_u64 {
        let query = Query::new(context.tenant, "things");
        let page =
            tokio::time::timeout(Duration::from_micros(number * 20), context.state.query(&query)).await;
        assert!(page.is_err() || page.is_ok_and(|page| page.is_ok()));
    }
    assert_eq!(context.state.count(&Query::new(context.tenant, "things")).await.expect("it counts"), 20);
    context.finish().await;
}
