//! The audit trail.

use std::{sync::Arc, time::Duration};

use serde_json::json;

use super::{Clock, Context, Fixture, tenant};
use crate::{AuditQuery, AuditRecord, Author, ChangeKind, Error, Key, Precondition};

async fn trail(context: &Context, mut query: AuditQuery) -> Vec<AuditRecord> {
    let mut records = Vec::new();
    loop {
        let page = context.state.audit(&query).await.expect("the query is well-formed");
        records.extend(page.records);
        let Some(next) = page.next else {
            return records;
        };
        query.after = Some(next);
    }
}

pub(super) async fn every_change_is_accounted_for(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let start = context.clock.now();
    let alice = Author::new("alice").expect("it is well-formed");
    let bob = Author::new("bob").expect("it is well-formed").because("she left").expect("it is well-formed");
    let key = context.key("a");
    let first = context
        .state
        .put(&key, json!({"n": 1}), Precondition::None, &alice)
        .await
        .expect("nothing forbids it");
    context.clock.advance(Duration::from_secs(1));
    let second = context
        .state
        .put(&key, json!({"n": 2}), Precondition::None, &alice)
        .await
        .expect("nothing forbids it");
    context.put("b", json!({})).await;
    context.state.delete(&key, Precondition::None, &bob).await.expect("nothing forbids it");
    context.state.put(&key, json!({"n": 3}), Precondition::None, &alice).await.expect("nothing forbids it");

    let records = trail(&context, AuditQuery::of(&key)).await;
    let kinds: Vec<_> = records.iter().map(|record| record.change.kind()).collect();
    assert_eq!(kinds, [ChangeKind::Create, ChangeKind::Delete, ChangeKind::Update, ChangeKind::Create]);
    let [reborn, deleted, updated, created] = &records[..] else { panic!("there are four") };
    assert_eq!((&reborn.body_before, &reborn.change.body), (&None, &Some(json!({"n": 3}))));
    assert_eq!((&deleted.body_before, &deleted.change.body), (&Some(json!({"n": 2})), &None));
    assert_eq!((&deleted.change.before, &deleted.change.after), (&Some(second.etag.clone()), &None));
    assert_eq!((deleted.change.by.as_str(), deleted.change.reason.as_deref()), ("bob", Some("she left")));
    assert_eq!(
        (&updated.body_before, &updated.change.body),
        (&Some(json!({"n": 1})), &Some(json!({"n": 2})))
    );
    assert_eq!(
        (&updated.change.before, &updated.change.after),
        (&Some(first.etag.clone()), &Some(second.etag))
    );
    assert_eq!(
        (created.change.at, &created.change.before, &created.change.after),
        (start, &None, &Some(first.etag))
    );

    context.state.prune(start + Duration::from_secs(1)).await.expect("it prunes");
    let records = trail(&context, AuditQuery::of(&key)).await;
    let oldest = records.last().expect("some are kept");
    assert_eq!(oldest.body_before, None, "that content was pruned");
    assert_eq!(oldest.change.kind(), ChangeKind::Update);
    context.finish().await;
}

pub(super) async fn the_trail_can_be_narrowed(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let start = context.clock.now();
    for number in 0..20_u32 {
        let key = context.key_in(if number % 2 == 0 { "even" } else { "odd" }, &number.to_string());
        let author = Author::new(if number % 5 == 0 { "fifth" } else { "other" }).expect("it is well-formed");
        let body = json!({ "n": number });
        context.state.put(&key, body, Precondition::None, &author).await.expect("nothing forbids it");
        context.clock.advance(Duration::from_secs(10));
    }
    let strange = Key::new(tenant(7), "even", "0").expect("it is well-formed");
    context
        .state
        .put(&strange, json!({}), Precondition::None, &context.author)
        .await
        .expect("nothing forbids it");

    let check = async |query: AuditQuery, expected: &[u32]| {
        let records = trail(&context, AuditQuery { page_size: 3, ..query }).await;
        let ids: Vec<_> = records.iter().map(|record| record.change.key.id().to_owned()).collect();
        assert_eq!(ids, expected.iter().map(u32::to_string).collect::<Vec<_>>());
    };
    let all = AuditQuery::new(context.tenant);
    check(all.clone(), &(0..20).rev().collect::<Vec<_>>()).await;
    check(AuditQuery { collection: Some("odd".into()), ..all.clone() }, &[19, 17, 15, 13, 11, 9, 7, 5, 3, 1])
        .await;
    check(AuditQuery { by: Some("fifth".into()), ..all.clone() }, &[15, 10, 5, 0]).await;
    let from = Some(start + Duration::from_secs(50));
    let until = Some(start + Duration::from_secs(90));
    check(AuditQuery { from, until, ..all.clone() }, &[8, 7, 6, 5]).await;
    let both = AuditQuery { from, collection: Some("even".into()), by: Some("fifth".into()), ..all.clone() };
    check(both, &[10]).await;
    check(AuditQuery { by: Some("no one".into()), ..all.clone() }, &[]).await;

    let no_collection = context.state.audit(&AuditQuery { id: Some("1".into()), ..all.clone() }).await;
    assert!(matches!(no_collection, Err(Error::Invalid(_))));
    let page = context.state.audit(&AuditQuery { page_size: 1, ..all.clone() }).await.expect("it reads");
    let other = AuditQuery { by: Some("fifth".into()), after: page.next, ..all };
    assert!(matches!(context.state.audit(&other).await, Err(Error::Invalid(_))), "it is of another query");
    context.finish().await;
}
