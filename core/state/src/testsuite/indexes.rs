//! Declaring indexes.

use std::sync::Arc;

use serde_json::json;

use super::{Context, Fixture};
use crate::{Error, Filter, Index, IndexKind, Order, Precondition, Query};

async fn ids(context: &Context, filter: Filter) -> Vec<String> {
    let query = Query::new(context.tenant, "things").filter(filter);
    let page = context.state.query(&query).await.expect("the filter is well-formed");
    page.documents.into_iter().map(|document| document.key.id().to_owned()).collect()
}

pub(super) async fn a_declaration_can_be_repeated(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let indexes =
        [Index::new("name", "/name", IndexKind::Text), Index::new("tags", "/tags", IndexKind::Text).multi()];
    for _ in 0..3 {
        context.state.declare("things", &indexes).await.expect("the indexes are well-formed");
        context.put("a", json!({"name": "x", "tags": ["t", "u"]})).await;
        assert_eq!(ids(&context, Filter::eq("name", "x")).await, ["a"]);
        assert_eq!(ids(&context, Filter::eq("tags", "u")).await, ["a"]);
    }
    let reversed = [indexes[1].clone(), indexes[0].clone()];
    context.state.declare("things", &reversed).await.expect("the order doesn't matter");
    assert_eq!(context.state.verify().await.expect("it agrees").indexes, 2);
    context.finish().await;
}

pub(super) async fn an_index_is_built_from_what_is_stored(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    for number in 0..700_i64 {
        context.put(&format!("{number:03}"), json!({"n": number, "tags": [number % 7, 100]})).await;
    }
    let n = Index::new("n", "/n", IndexKind::Integer).unique();
    context.state.declare("things", std::slice::from_ref(&n)).await.expect("it fits");
    assert_eq!(ids(&context, Filter::ge("n", 698)).await, ["698", "699"]);
    let tags = Index::new("tags", "/tags", IndexKind::Integer).multi();
    context.state.declare("things", &[n, tags]).await.expect("it fits");
    let count = Query::new(context.tenant, "things").filter(Filter::eq("tags", 3));
    assert_eq!(context.state.count(&count).await.expect("it counts"), 100);
    context.put("000", json!({"n": 1000, "tags": []})).await;
    assert_eq!(ids(&context, Filter::is_null("tags")).await, ["000"]);
    assert!(ids(&context, Filter::eq("n", 0)).await.is_empty());
    context.delete("001").await;
    assert!(ids(&context, Filter::eq("n", 1)).await.is_empty());
    context.finish().await;
}

pub(super) async fn an_index_that_does_not_fit_is_not_declared(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let name = Index::new("name", "/name", IndexKind::Text);
    context.state.declare("things", std::slice::from_ref(&name)).await.expect("it fits");
    context.put("a", json!({"name": "x", "n": 1})).await;
    context.put("b", json!({"name": "x", "n": "two"})).await;

    let unique = context.state.declare("things", &[name.clone().unique()]).await;
    assert!(matches!(&unique, Err(Error::Duplicate { index, .. }) if index == "name"), "{unique:?}");
    let typed = context.state.declare("things", &[name, Index::new("n", "/n", IndexKind::Integer)]).await;
    assert_eq!(
        typed.expect_err("a number is no text").to_string(),
        "document `things/b`: field `/n` doesn't fit index `n`: expected a whole number that fits 64 bits, found text"
    );
    assert_eq!(ids(&context, Filter::eq("name", "x")).await, ["a", "b"], "the old index still works");
    let ordered = Query::new(context.tenant, "things").order(Order::ascending("n"));
    let undeclared = context.state.query(&ordered).await;
    assert!(matches!(&undeclared, Err(Error::NotIndexed { index, .. }) if index == "n"), "{undeclared:?}");
    context.finish().await;
}

pub(super) async fn indexes_can_be_changed_and_dropped(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let index = |kind| Index::new("name", "/name", kind);
    context.state.declare("things", &[index(IndexKind::Text)]).await.expect("it fits");
    context.put("a", json!({"name": "Case", "other": "y"})).await;
    assert!(ids(&context, Filter::eq("name", "case")).await.is_empty());
    context.state.declare("things", &[index(IndexKind::TextCaseless)]).await.expect("it fits");
    assert_eq!(ids(&context, Filter::eq("name", "case")).await, ["a"]);
    let moved = Index::new("name", "/other", IndexKind::Text);
    context.state.declare("things", &[moved]).await.expect("it fits");
    assert_eq!(ids(&context, Filter::eq("name", "y")).await, ["a"]);
    context.state.declare("things", &[]).await.expect("nothing must fit");
    let query = Query::new(context.tenant, "things").filter(Filter::eq("name", "y"));
    assert!(matches!(context.state.query(&query).await, Err(Error::NotIndexed { .. })));
    // What no index demands any more is free.
    context.put("a", json!({"name": 1, "other": []})).await;
    context.finish().await;
}

pub(super) async fn unique_indexes_hold(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let indexes = [
        Index::new("mail", "/mail", IndexKind::TextCaseless).unique(),
        Index::new("aliases", "/aliases", IndexKind::TextCaseless).unique().multi(),
    ];
    context.state.declare("things", &indexes).await.expect("it fits");
    context.put("a", json!({"mail": "A@x.example", "aliases": ["one", "two", "ONE"]})).await;
    context.put("none", json!({})).await;
    context.put("nothing", json!({"mail": null, "aliases": []})).await;
    for (body, index) in [
        (json!({"mail": "a@X.example"}), "mail"),
        (json!({"mail": "b@x.example", "aliases": ["three", "TWO"]}), "aliases"),
    ] {
        let refused = context.state.put(&context.key("b"), body, Precondition::None, &context.author).await;
        assert!(
            matches!(&refused, Err(Error::Duplicate { key, index: found }) if found == index && key.id() == "b"),
            "{refused:?}"
        );
    }
    context.put("a", json!({"mail": "a@X.EXAMPLE", "aliases": ["two"]})).await;
    context.put("b", json!({"mail": "b@x.example", "aliases": ["one"]})).await;
    context.delete("a").await;
    context.put("b", json!({"mail": "a@x.example", "aliases": ["one", "two"]})).await;
    context.finish().await;
}

pub(super) async fn fields_must_fit_their_index(fixture: Arc<dyn Fixture>) {
    let context = Context::new(&fixture).await;
    let indexes = [
        Index::new("text", "/text", IndexKind::Text),
        Index::new("number", "/number", IndexKind::Integer),
        Index::new("time", "/time", IndexKind::DateTime),
    ];
    context.state.declare("things", &indexes).await.expect("it fits");
    for body in [
        json!({"text": 1}),
        json!({"text": ["x"]}),
        json!({"text": "x".repeat(1025)}),
        json!({"number": 1.5}),
        json!({"number": "1"}),
        json!({"time": "2024-02-30T00:00:00Z"}),
        json!({"time": 5}),
    ] {
        let refused = context.state.put(&context.key("a"), body, Precondition::None, &context.author).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    }
    assert_eq!(context.state.head().await.expect("it reads").position(), 0, "nothing was changed");
    context
        .put("a", json!({"text": "x".repeat(1024), "number": 1, "time": "2024-02-29T00:00:00+01:00"}))
        .await;
    let instant = "2024-02-28T23:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().expect("it is a time");
    assert_eq!(ids(&context, Filter::eq("time", instant)).await, ["a"]);
    context.finish().await;
}
